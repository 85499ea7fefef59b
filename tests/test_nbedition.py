"""The Colab edition: a rule for every construct, nothing lost, nothing left of the site's syntax, stable bytes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from docutils import nodes

from notebook_checks import leaks
from support import FRONT_MATTER, ROOT, build_book, rebuild, unavailable

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from nbedition import notebook_name, site
from notebook_writer import Writer, bars, escape, escape_start, stable_outputs, tex

PARTS = ROOT / "tests" / "edition"
SITE = "https://example.github.io/llmlimits/"
PAGE = "02-part/everything"


def build(where: Path) -> Path:
    """A book with one page of every construct, as a site and as an edition."""
    (where / "book").mkdir()
    shutil.copy(PARTS / "picture.png", where / "book")
    pages = {
        "index": "# Book\n",
        PAGE: (PARTS / "everything.md").read_text(encoding="utf-8"),
        "other": (PARTS / "other.md").read_text(encoding="utf-8"),
        "ledger": "# Ledger\n\n```{ledger}\n```\n",
        "bibliography": "# Bibliography\n\n```{bibliography}\n```\n",
    }
    claims = (PARTS / "claims.yml").read_text(encoding="utf-8")
    built = build_book(where, pages, claims, budgets=f"book/{PAGE}: {{seconds: 1, megabytes: 100}}\n")
    assert built.returncode == 0, built.stdout[-3000:]
    built = rebuild(where, "nbedition")
    assert built.returncode == 0, built.stdout[-3000:]
    assert "0 added, 0 changed, 0 removed" in built.stdout  # nothing is read or run again
    return where


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return build(tmp_path_factory.mktemp("edition"))


@pytest.fixture(scope="module")
def notebook(book):
    return nbformat.read(book / "_build" / "nbedition" / "02-part-everything.ipynb", as_version=4)


@pytest.fixture(scope="module")
def text(notebook):
    """All Markdown cells, separated by lines that name the code cells between them."""
    return "\n\n".join(
        cell.source if cell.cell_type == "markdown" else f"[code {cell.execution_count}]"
        for cell in notebook.cells
    )


CONSTRUCTS = {
    "title": "# 2.1. Every construct, once & for all\n\n*From [",
    "budget": "About 5 minutes to read · runs in 1 s with 100 MB",
    "inline markup": "Text with *emphasis*, **strong**, `code | with`, `` a ` tick ``, $a< b|c$, a_b, 2 \\* 3 \\* 4,",
    "raw inline HTML": "<kbd>Enter</kbd> and \\$5. A line break<br />here",
    "escaped text": "&lt;tag&gt;, a # sign, \\~\\~tildes\\~\\~ and an underscore \\_at edges\\_.",
    "not a link": "Brackets &#91;0,1](no link)",
    "not a list": "\\- not a list\n\n1\\. not a list either\n",
    "link to the web": "[web page](https://example.org/a_b?x=1&amp;y=2)",
    "link to a page": f"[another page]({SITE}book/other.html), [its place]({SITE}book/other.html#elsewhere)",
    "link to a heading": "[the start](#sec-first)",
    "heading with its place": '## 2.1.1. First heading\n\n<a id="sec-first"></a>\n\nEquation',
    "reference to an equation": f"[(2.1.1)](#equation-eq-one), [(1)]({SITE}book/other.html#equation-eq-far)",
    "reference to a theorem": f"[Theorem 2.1.1](#thm-one), [Theorem 1]({SITE}book/other.html#thm-far)",
    "reference to a figure": "[Fig. 2.1.1](#fig-plot), [Table 2.1.1](#tbl-one), [Section 2.1.1](#sec-first)",
    "reference to an exercise": "[Exercise 2.1.1](#ex-fold)",
    "citations": "Hoeffding [[1963](#ref-hoeffding1963probability)], [[Turing, 1936](#ref-turing1936computable), [",
    "reference list": '\n\n## References\n\n- <a id="ref-hoeffding1963probability"></a>Wassily Hoeffding. Prob',
    "reference with markup": "*Journal of the American Statistical Association*, 58(301):13–30, 1963. [doi:10.1080/",
    "numbered equation": '<a id="equation-eq-one"></a>\n\n'
    "$$\\begin{aligned} a&< b,\\\\ c&=d. \\end{aligned} \\tag{2.1.1}$$",
    "unnumbered equation": "\n\n$$e^{i\\pi}=-1$$\n\n",
    "equation without link": "\n\n$$x = 1 \\tag{2.1.2}$$\n\n",
    "theorem": '> <a id="thm-one"></a>**Theorem 2.1.1** (Name of $T_1$ (with *care*))\n>\n> Let $a\\ge0$. Then by',
    "equation in a box": "> $$a+1>0 \\tag{2.1.3}$$\n>\n> 1. first\n> 2. second\n",
    "verdict": f"Verdict [**needs hypothesis**]({SITE}book/ledger.html#claim-row-one).",
    "claim": f"> **The paper, Theorem 1 [needs hypothesis]({SITE}book/ledger.html#claim-row-one)**\n>\n> The claim",
    "reason and comment": "> **Why:** Since [(2.1.1)](#equation-eq-one) and $|a|$.\n>\n> Our *comment* on it.\n",
    "claims": "| Where | Claim | Verdict | Why |\n| --- | --- | --- | --- |\n| Theorem 1 | The claim of $a< b$. |",
    "bars in a table": "| Since [(2.1.1)](#equation-eq-one) and $\\vert a\\vert $. |\n| Theorem 2 | Another. |",
    "unnamed lemma": "> **Lemma 2.1.2**\n>\n> No name.\n",
    "definition": "> **Definition 2.1.3** (Thing)\n>\n> A thing.\n",
    "algorithm": "> **Algorithm 2.1.1** (Steps)\n>\n> 1. Do:\n>\n>    1. this,\n>    2. that.\n",
    "unnumbered remark": "> **Remark** (Unnumbered)\n>\n> Careful.\n",
    "proof": "> **Proof.** **Step 1 (count).** One display:\n>\n> $$\\begin{aligned} b &= 1 "
    "\\\\ c &= 2 \\end{aligned}$$",
    "folded proof": "<details>\n<summary><b>Proof of <i>the</i> theorem, $x< y$</b></summary>\n\n"
    "**Step 1 (fold).** See $x|y$.",
    "equation in a fold": '<a id="equation-eq-folded"></a>\n\n$$z = 2 \\tag{2.1.4}$$\n\n</details>',
    "objectives": "> **After this section you can**\n>\n> - state a *thing*,\n> - prove it by "
    "[(2.1.4)](#equation-eq-folded).",
    "note with a quote": "> **Note**\n>\n> A note with two lines.\n>\n> > and a quote\n",
    "folded tip": "<details>\n<summary><b>Tip</b></summary>\n\nFolded tip.\n\n</details>",
    "caption": '[code 4]\n\n<a id="fig-plot"></a>**Fig. 2.1.1** The finding, with $x^2$ and *care*.\n\n[code 5]',
    "nested list with code": "- two with code\n\n  ```python\n  x = 1\n  ```\n\n  - nested $y$\n\n    - deeper\n\n"
    "- three",
    "numbered list": "3. three\n4. four\n",
    "definition list": "- **Term**: Meaning of the term.\n\n  Second paragraph.\n- **Other *term***: Its meaning.",
    "table": '<a id="tbl-one"></a>**Table 2.1.1** A table of $a|b$\n\n'
    "| head $\\Vert x\\Vert $ | `a\\|b` |\n| --- | --- |\n",
    "cells of a table": "| text \\| bar | • in<br>• list |\n|   | [(2.1.1)](#equation-eq-one) |\n",
    "aligned column": "| left | right |\n| --- | ---: |\n| $P(a\\mid b)$ | 2 |",
    "quotation": "> A quotation.\n>\n> $$q = 1$$\n",
    "footnote": "A footnote<sup>[1](#note)</sup> and the same<sup>[1](#note)</sup> again.",
    "text of a footnote": '<a id="note"></a><sup>1</sup> The text of the *footnote*.',
    "tabs": "**First tab**\n\nOne.\n\n**Second tab**\n\nTwo.\n",
    "card": "**Card title**\n\nCard text.\n",
    "dropdown": "<details>\n<summary><b>Design dropdown</b></summary>\n\nIts text.\n\n</details>",
    "figure from a file": 'alt="a dot" width="40">\n\n**Fig. 2.1.2** A picture with a *caption*.',
    "image": '<img src="data:image/png;base64,iVBO',
    "raw HTML": '<div class="own"><b>raw</b> block</div>',
    "rubric": "\n\n**A rubric**\n\n",
    "code block": "````text\nplain ``` text\n````",
    "other roles": 'H<sub>2</sub>O, x<sup>2</sup>, <abbr title="probably approximately correct">PAC</abbr>, `Ctrl`.',
    "exercise": '### Exercise 2.1.1: Fold ★ (5 min)\n\n<a id="ex-fold"></a>\n\n'
    "> Is $a< b$? See [Theorem 2.1.1](#thm-one).",
    "folded solution": "<details>\n<summary><b>Solution to Exercise 2.1.1</b></summary>\n\n"
    "Yes, by [(2.1.1)](#equation-eq-one).",
    "exercise without name": '### Exercise 2.1.2\n\n<a id="ex-code"></a>\n\n> Compute.\n\n[code 7]',
    "solution with code": "#### Solution to Exercise 2.1.2\n\nAdd them:\n\n[code 8]\n\nDone.\n\n### Exercise 2.1.3",
    "exercise and solution with code, amid text": '### Exercise 2.1.3: Gates\n\n<a id="ex-gates"></a>\n\nWith code:\n\n'
    "[code 9]\n\n#### Solution to Exercise 2.1.3\n\n[code 10]\n\n---\n\nThe text goes on.\n",
    "licence": "---\n\nText: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/) · code: MIT licence · © 2026 ",
}


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_construct(text, construct):
    assert CONSTRUCTS[construct] in text


def test_title_cell_leads_to_the_site(notebook):
    link = f"*From [The Limits of Large Language Models]({SITE}): [this page on the web]({SITE}book/{PAGE}.html).*"
    assert notebook.cells[0].source.split("\n\n")[:2] == ["# 2.1. Every construct, once & for all", link]


def test_setup_cell_installs_only_what_is_missing(notebook, monkeypatch):
    setup = notebook.cells[1]
    assert setup.cell_type == "code" and setup.outputs == []
    assert 'pip install -q "git+https://github.com/example/llmlimits"' in setup.source
    calls = []
    code = setup.source.replace("%pip install -q ", "install(").replace('limits"\n', 'limits")\n')
    code = code.removesuffix('"') + '")' if code.endswith('"') else code
    exec(code, {"install": calls.append})
    assert calls == []
    exec(code.replace('find_spec("llmlimits")', 'find_spec("no_such_package")'), {"install": calls.append})
    assert calls == ["git+https://github.com/example/llmlimits"]


def test_code_cells_are_complete_in_order_and_hidden_as_on_the_page(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, 11))
    assert cells[1].source == "hidden = 1"  # not on the page, but later cells need it
    assert cells[1].metadata == {
        "cellView": "form", "jupyter": {"source_hidden": True, "outputs_hidden": True}, "tags": ["remove-cell"],
    }  # fmt: skip
    assert cells[4].metadata["jupyter"] == {"source_hidden": True}
    assert cells[2].outputs[0].text == "value 1\n"
    assert cells[4].outputs[0].data["text/plain"] == "2"
    assert cells[4].outputs[0].execution_count == 5
    assert "mystnb" not in cells[3].metadata


def test_pictures_keep_their_alternative_text(notebook):
    plot, explorer = notebook.cells[6], notebook.cells[9]
    assert plot.outputs[0].metadata["image/png"]["alt"] == "a rising line"
    assert explorer.outputs[0].data["text/html"].count("<img") == 2
    assert explorer.outputs[0].data["text/plain"] == "size = 1: value 1\nsize = 2: value 2"


def test_a_solution_with_code_opens_folded_unless_text_would_be_hidden_too(notebook):
    heading, amid = (
        next(cell for cell in notebook.cells if cell.source == f"#### Solution to Exercise 2.1.{k}")
        for k in (2, 3)
    )
    assert amid.metadata == {}
    assert heading.metadata == {"id": heading.id, "jp-MarkdownHeadingCollapsed": True}
    assert notebook.metadata["colab"]["collapsed_sections"] == [heading.id]


def test_every_heading_begins_a_cell(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not any(line.startswith("#") for line in cell.source.split("\n")[1:])


def test_only_pages_with_a_kernel_have_a_notebook(book):
    for folder in ("nbedition", "html/notebooks"):
        names = [path.name for path in (book / "_build" / folder).glob("*.ipynb")]
        assert names == ["02-part-everything.ipynb"]


def test_buttons_lead_to_the_notebook(book):
    html = book / "_build" / "html" / "book"
    page = (html / f"{PAGE}.html").read_text(encoding="utf-8")
    assert (
        'href="https://colab.research.google.com/github/example/llmlimits/blob/main/notebooks/02-part-everything.ipynb"'
        in page
    )
    assert 'href="../../notebooks/02-part-everything.ipynb"' in page
    assert "_sources/" not in page
    other = (html / "other.html").read_text(encoding="utf-8")
    assert "colab" not in other and ".ipynb" not in other and "_sources/" not in other
    assert "window.print()" in other


def test_committed_notebooks_serve_the_site_until_the_edition_is_built(book):
    site_copy = book / "_build" / "html" / "notebooks" / "02-part-everything.ipynb"
    site_copy.unlink()
    (book / "notebooks").mkdir()
    shutil.copy(book / "_build" / "nbedition" / site_copy.name, book / "notebooks")
    assert rebuild(book).returncode == 0
    assert site_copy.is_file()


def test_the_same_book_gives_the_same_bytes(book, tmp_path):
    name = "_build/nbedition/02-part-everything.ipynb"
    assert (book / name).read_bytes() == (build(tmp_path) / name).read_bytes()


FAULTS = """# Faults

```{hlist}
- one
```

Take {download}`../book/picture.png`.
"""


def test_what_has_no_rule_is_an_error(tmp_path):
    (tmp_path / "book").mkdir()
    shutil.copy(PARTS / "picture.png", tmp_path / "book")
    built = build_book(tmp_path, {"index": FRONT_MATTER + FAULTS}, builder="nbedition")
    assert built.returncode != 0
    for fault in ("no rule for <hlist>", "no rule for <download_reference> within a line"):
        assert f"notebook: {fault}" in built.stdout


def code(index: int) -> nodes.container:
    return nodes.container(nb_element="cell_code", cell_index=index)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (nodes.note("", code(0)), "a code cell stands in a section"),
        (nodes.section("", code(1), code(0)), "a code cell stands in a section"),
        (
            nodes.paragraph("", "", nodes.reference("", "", refuri="https://example.org")),
            "a link without text",
        ),
        (nodes.paragraph("", "", nodes.problematic("", "x")), "no rule for <problematic> within a line"),
        (nodes.system_message("x"), "no rule for <system_message>"),
        (nodes.row("", nodes.entry("", nodes.paragraph("", "x"), morecols=1)), "cannot span others"),
        (
            nodes.row("", nodes.entry("", nodes.note("", nodes.paragraph("", "x")))),
            "no rule for <note> within a line",
        ),
    ],
)
def test_what_cannot_be_written_is_a_complaint(node, says):
    env = SimpleNamespace(
        get_domain=lambda name: SimpleNamespace(citations=[]), toc_secnumbers={}, toc_fignumbers={}
    )
    executed = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("2")]
    )
    writer = Writer(env, "book/page", executed, f"{SITE}book/page.html")
    complaints = []
    writer.complain = lambda node, problem: complaints.append(problem)
    if isinstance(node, nodes.row):
        node = nodes.table("", nodes.tgroup("", nodes.tbody("", node)))
    writer.blocks(nodes.document(None, None, "", node))
    assert len(complaints) == 1 and says in complaints[0]


# ---- Parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("docname", "name"),
    [
        ("book/toolbox", "toolbox.ipynb"),
        ("book/02-hallucination/fundamental-limits", "02-hallucination-fundamental-limits.ipynb"),
    ],
)
def test_notebook_name(docname, name):
    assert notebook_name(docname) == name


@pytest.mark.parametrize(
    ("repository", "base", "address"),
    [
        ("https://github.com/Someone/thing", "", "https://someone.github.io/thing/"),
        ("https://github.com/someone/thing.git", "", "https://someone.github.io/thing/"),
        ("https://github.com/someone/someone.github.io/", "", "https://someone.github.io/"),
        ("https://git.example/a/b", "https://book.example/x", "https://book.example/x/"),
    ],
)
def test_site_address(repository, base, address):
    config = SimpleNamespace(html_baseurl=base, html_theme_options={"repository_url": repository})
    assert site(config) == address


def test_an_unknown_site_address_is_an_error():
    config = SimpleNamespace(
        html_baseurl="", html_theme_options={"repository_url": "https://git.example/a/b"}
    )
    with pytest.raises(Exception, match=r"set html\.baseurl or repository\.url"):
        site(config)


def test_escape():
    assert escape("a_b _c_ *d* `e` $f\n<g> &amp; & \\(h\\) [i](j) [0, 1] #k") == (
        r"a_b \_c\_ \*d\* \`e\` \$f &lt;g&gt; &amp;amp; & &#92;(h&#92;) &#91;i](j) [0, 1] #k"
    )
    assert [escape_start(line) for line in ("# a", "1. b", "- c", "1.5 d", "x - y")] == [
        r"\# a", r"1\. b", r"\- c", "1.5 d", "x - y",
    ]  # fmt: skip


def test_tex():
    assert tex(" a<b % comment\n\\% c\n") == r"a< b \% c"
    assert bars(r"$|x|\|y\|\left|z\right|$") == r"$\vert x\vert \Vert y\Vert \left\vert z\right\vert $"


def test_outputs_are_stable():
    def stream(text, name="stdout"):
        return nbformat.v4.new_output("stream", name=name, text=text)

    error = nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["at /some/path"])
    widget = nbformat.v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}
    )
    stable = stable_outputs([stream("a"), stream("b"), stream("c", "stderr"), error, widget])
    assert [output.get("text") for output in stable] == ["ab", "c", None]
    assert stable[2].traceback == ["E: v"]


# ---- Nothing of the site's syntax is left ------------------------------------------------------------------


def test_no_leak_in_the_page_of_every_construct(notebook):
    assert leaks(notebook) == []


def test_no_leak_in_the_edition():
    notebooks = sorted((ROOT / "_build" / "nbedition").glob("*.ipynb"))
    if not notebooks:
        unavailable("no notebooks in _build/nbedition: run `make book` first")
    found = {path.name: leaks(nbformat.read(path, as_version=4)) for path in notebooks}
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("See {prf:ref}`thm-a`.", "a role"),
        ("```{note}\nText\n", "a directive"),
        ("> ```{note}\n> Text\n", "a directive"),
        (":::\n", "a fence of colons"),
        ("(sec-a)=\n## Title", "a label"),
        (":label: thm-a", "an option"),
        ("**Theorem %s**", "a placeholder"),
        ("\\begin{align}a&=b\\end{align}", "a numbered environment"),
        ("$$a \\label{eq-a}$$", "a TeX reference"),
        ("% a comment", "a comment of MyST"),
        ("[](https://example.org)", "a link without text"),
        ("[a]()", "a link without address"),
        ("[a](other.html)", "depends on the site"),
        ("[a](#gone)", "nothing at gone"),
        ('<a id="x"></a> and <a id="x"></a>', "twice"),
        ("$$\na\n$$", "a formula without end"),
        ("costs 5$ a", "a formula without end"),
        ("{{ name }}", "a substitution"),
        ("<details>\n<summary>s</summary>", "does not close"),
    ],
)
def test_leak_check_can_fail(source, says):
    cells = [nbformat.v4.new_markdown_cell(source)]
    found = leaks(nbformat.v4.new_notebook(cells=cells))
    assert len(found) >= 1 and all(says in problem or "formula" in problem for problem in found), found
    assert any(says in problem for problem in found)


def test_leak_check_sees_options_in_a_code_cell():
    cells = [nbformat.v4.new_code_cell(":tags: [hide-input]\n1")]
    assert len(leaks(nbformat.v4.new_notebook(cells=cells))) == 1


def test_leak_check_lets_code_and_formulas_pass():
    source = (
        "Write `{role}` or `(label)=`:\n\n```text\n:::{note}\n```\n\n"
        '$a\\{b\\}$, $x_{{1}}$, \\$5 and 5\\% [a](#x)<a id="x"></a>'
    )
    assert leaks(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])) == []


def test_notebooks_are_valid(book):
    path = book / "_build" / "nbedition" / "02-part-everything.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(content)
    assert [cell["id"] for cell in content["cells"]] == [
        f"cell-{k:03d}" for k in range(len(content["cells"]))
    ]
