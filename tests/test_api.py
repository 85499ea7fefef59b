"""The reference of the package is complete: every public name of every module stands on the page of its module."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from support import ROOT, build_book

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import api

PAGES = ROOT / "book" / "api"
SITE = ROOT / "_build" / "html" / "book"


def public_names(source: str) -> list[str]:
    """The public classes and functions of a module, and the documented public methods of these classes."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            found.append(node.name)
            parts = node.body if isinstance(node, ast.ClassDef) else []
            found += [
                f"{node.name}.{part.name}"
                for part in parts
                if isinstance(part, ast.FunctionDef) and part.name[0] != "_" and ast.get_docstring(part)
            ]
    return found


SOURCE = ROOT / "src" / "llmlimits"
# "samples", "probes" (a package), "probes.facts" (a module of it): a package and its modules share a page
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): public_names(
        path.read_text(encoding="utf-8")
    )
    for path in sorted(
        [*SOURCE.glob("[a-z]*.py"), *SOURCE.glob("*/__init__.py"), *SOURCE.glob("*/[a-z]*.py")]
    )
}
TOP = sorted({name.partition(".")[0] for name in MODULES})


def missing(module: str, html: str, names: list[str]) -> list[str]:
    """Names that have no entry on a page."""
    return [name for name in names if f'id="llmlimits.{module}.{name}"' not in html]


def unreadable(html: str) -> list[str]:
    """What a reader should not meet: formulas that were not typeset, addresses of objects, heads of docstrings."""
    article = re.search(r"<article.*?</article>", html, re.S)[0]
    text = re.sub(r"<span class=\"math.*?</span>|<[^>]+>", "", article, flags=re.S)
    return re.findall(r"\$.{0,40}|object at 0x\w+|&lt;function .{0,30}|-{4,}|``.{0,20}", text)


def test_every_module_has_a_page():
    assert sorted(api.module_names()) == sorted(path.stem for path in PAGES.glob("*.md")) == TOP
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert re.findall(r"file: book/api/(\w+)", toc) == TOP
    for name in MODULES:
        page = PAGES / f"{name.partition('.')[0]}.md"
        assert f"```{{api}} {name}\n```" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_on_the_page(module):
    html = (SITE / "api" / f"{module.partition('.')[0]}.html").read_text(encoding="utf-8")
    assert missing(module, html, MODULES[module]) == []
    assert unreadable(html) == []


def test_every_module_is_in_the_table():
    html = (SITE / "api.html").read_text(encoding="utf-8")
    article = re.search(r"<article.*?</article>", html, re.S)[0]
    assert re.findall(r'href="api/(\w+)\.html"', article) == TOP


def test_these_checks_can_fail():
    html = (SITE / "api" / "check.html").read_text(encoding="utf-8")
    assert missing("check", html.replace('id="llmlimits.check.check"', ""), ["check"]) == ["check"]
    assert public_names("def f(): pass\nclass A:\n  def g(self):\n    'G.'\n  def _h(self): pass\n") == [
        "f",
        "A",
        "A.g",
    ]
    assert unreadable("<article><p>costs $x$ and <code>&lt;function f</code></p></article>") != []


DOC = """What it gives, $x^2$ (ledger ``row-a``).

Parameters
----------
n, m : numbers, at least `k`,
    and even.
rng : generator.

Returns
-------
float or int
    The value.

Raises
------
ValueError
    If not.

Source: somewhere.
"""


def test_docstrings_become_lists():
    text = api.markdown(DOC.strip(), {"row-a": {}})
    assert "(ledger {row}`row-a`)" in text and text.rstrip().endswith("Source: somewhere.")
    assert "**Parameters**\n\n`n`, `m`\n: numbers, at least `k`,\n  and even.\n\n`rng`\n: generator." in text
    assert "**Returns**\n\nfloat or int\n: The value." in text and "`ValueError`\n: If not." in text


def test_an_unknown_row_is_a_warning(tmp_path):
    built = build_book(tmp_path, {"index": "# A\n\n{row}`nowhere`\n", "ledger": "# L\n\n```{ledger}\n```\n"})
    assert built.returncode != 0 and "no claim 'nowhere' in the ledger" in built.stdout
