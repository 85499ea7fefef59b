"""The ledger is complete and each of its rows is real; its pages show it, and every fault turns the build red."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import site_checks as checks
from support import ROOT, build_book, rebuild

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import ledger
from llmlimits import verdicts

TEXT = (ROOT / "book" / "claims.yml").read_text(encoding="utf-8")
ROWS, PROBLEMS = ledger.read(TEXT)

# ---- The real ledger ---------------------------------------------------------------------------------------


def items() -> set[str]:
    """The ids of all claims that must have a row."""
    lines = (ROOT / "tests" / "items.txt").read_text(encoding="utf-8").splitlines()
    return {name for line in lines if not line.startswith("#") for name in line.split()}


def numbered() -> list[str]:
    """The numbered statements of the paper, as places name them."""
    counts = {"Theorem": 4, "Lemma": 4, "Corollary": 1, "Proposition": 7, "Table": 1, "Figure": 8}
    return [f"{kind} {n}" for kind, last in counts.items() for n in range(1, last + 1)] + [
        f"Eq. ({n})" for n in range(1, 55)
    ]


def without_row(rows: list[dict]) -> list[str]:
    """Items and numbered statements of the paper that no row covers."""
    ids = {row["id"] for row in rows}
    places = " ".join(re.sub(r"Figures 2 and 3", "Figure 2, Figure 3", row["where"]) + ";" for row in rows)
    return sorted(items() - ids) + [
        place for place in numbered() if not re.search(rf"{re.escape(place)}(?!\d)", places)
    ]


def bad_witnesses(rows: list[dict]) -> list[str]:
    """Witnesses that are not public functions of the package."""
    found = []
    for row in rows:
        for path in row["witness"]:
            module, _, name = path.rpartition(".")
            try:
                witness = getattr(importlib.import_module(module), name)
            except (ImportError, AttributeError, ValueError) as error:
                found.append(f"{row['id']}: {path}: {error}")
                continue
            if not (path.startswith("llmlimits.") and callable(witness) and not name.startswith("_")):
                found.append(f"{row['id']}: {path} is not a public function of the package")
    return found


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The test functions of a file, by the name pytest gives them."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}::{part.name}": part for part in node.body if isinstance(part, ast.FunctionDef)
            }
    return found


def bad_tests(rows: list[dict], root: Path = ROOT) -> list[str]:
    """Named tests that do not exist, or that may be skipped or fail without anyone noticing.

    That they ran and passed is checked at the end of a full run, in `conftest.py`.
    """
    found = []
    for row in rows:
        for test in row["tests"]:
            file, _, name = test.partition("::")
            path = root / file
            if not re.fullmatch(r"tests/test_\w+\.py", file) or not path.is_file():
                found.append(f"{row['id']}: {test}: no such file of tests")
                continue
            source = path.read_text(encoding="utf-8")
            node = functions(ast.parse(source)).get(name)
            if node is None or not name.rpartition("::")[2].startswith("test"):
                found.append(f"{row['id']}: {test}: no such test")
            elif any(re.search("skip|xfail", ast.unparse(mark)) for mark in node.decorator_list) or (
                re.search(r"^pytestmark\b.*(skip|xfail)", source, re.M)
            ):
                found.append(f"{row['id']}: {test}: may be skipped or fail")
    return found


def bad_literature(rows: list[dict]) -> list[str]:
    """Keys that the bibliography does not have."""
    keys = set(
        re.findall(r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.M)
    )
    return [f"{row['id']}: {key}" for row in rows for key in row["literature"] if key not in keys]


def bad_text(rows: list[dict]) -> list[str]:
    """Sentences that do not end, and formulas that do."""
    return [
        f"{row['id']}: {key}: {row[key]}"
        for row in rows
        for key in ("claim", "why", "note", *ledger.ERRATUM)
        if row[key] and (not row[key].endswith(".") or row[key].count("$") % 2 or "\n" in row[key])
    ]


PAGES = {
    "01-introduction": [],
    "02-hallucination": ["index", "fundamental-limits", "data", "evaluation", "creativity"],
    "03-context": ["index", "training-positions", "encodings", "attention"],
    "04-reasoning": ["index", "likelihood", "consistency", "verification"],
    "05-retrieval": ["index", "budget", "ranking-and-poisoning", "conflicts"],
    "06-multimodality": ["index", "alignment", "quantization", "grounding", "scaling"],
    "07-evaluation": [],
    "08-frontier": [],
    "09-conclusion": [],
}


def bad_pages(rows: list[dict]) -> list[str]:
    """Pages that the book neither has nor plans."""
    planned = {
        f"book/{'/'.join(filter(None, (name, part)))}"
        for name, parts in PAGES.items()
        for part in parts or [""]
    }
    return [f"{row['id']}: {row['page']}" for row in rows if row["page"] not in planned]


CHECKS = [without_row, bad_witnesses, bad_tests, bad_literature, bad_text, bad_pages]


def test_rows_are_sound():
    assert PROBLEMS == []


@pytest.mark.parametrize("check", CHECKS)
def test_ledger(check):
    assert check(ROWS) == []


# ---- Negative controls of these checks ---------------------------------------------------------------------

ROW = ROWS[0] | {"witness": ["llmlimits.diagonal.diagonal_truth"]}


@pytest.mark.parametrize(
    ("check", "rows", "says"),
    [
        (without_row, [row for row in ROWS if row["id"] != "s5-20"], "s5-20"),
        (without_row, [row | {"where": row["where"].replace("Eq. (5)", "there")} for row in ROWS], "Eq. (5)"),
        (
            without_row,
            [row | {"where": row["where"].replace("Figure 7", "there")} for row in ROWS],
            "Figure 7",
        ),
        (bad_witnesses, [ROW | {"witness": ["llmlimits.nowhere.f"]}], "No module"),
        (bad_witnesses, [ROW | {"witness": ["llmlimits.diagonal.nothing"]}], "no attribute"),
        (bad_witnesses, [ROW | {"witness": ["math.sqrt"]}], "not a public function"),
        (bad_tests, [ROW | {"tests": ["tests/test_nowhere.py::test_f"]}], "no such file"),
        (bad_tests, [ROW | {"tests": ["tests/test_ledger.py::test_nothing"]}], "no such test"),
        (bad_tests, [ROW | {"tests": ["tests/test_ledger.py::items"]}], "no such test"),
        (bad_literature, [ROW | {"literature": ["nobody1900nothing"]}], "nobody1900nothing"),
        (bad_text, [ROW | {"claim": "Not a sentence"}], "Not a sentence"),
        (bad_text, [ROW | {"why": "An open $formula."}], "open"),
        (bad_text, [ROW | {"counterexample": "No stop"}], "No stop"),
        (bad_pages, [ROW | {"page": "book/02-hallucination/data-induced"}], "data-induced"),
    ],
)
def test_checks_can_fail(check, rows, says):
    found = check(rows)
    assert len(found) == 1 and says in found[0]


@pytest.mark.parametrize(
    "mark", ["@pytest.mark.skip", "@pytest.mark.xfail", "pytestmark = pytest.mark.skipif(True)"]
)
def test_a_test_that_may_be_skipped_is_no_evidence(tmp_path, mark):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(f"{mark}\ndef test_a():\n    pass\n", encoding="utf-8")
    assert "may be skipped" in bad_tests([ROW | {"tests": ["tests/test_a.py::test_a"]}], tmp_path)[0]


SUITE = """import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_good(n):
    assert n

def test_sometimes():
    {}

def test_other():
    pass
"""


def run_suite(where: Path, named: str, body: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a suite of three tests with this suite's `conftest.py` and a ledger that names `named`."""
    (where / "tests").mkdir(exist_ok=True)
    (where / "book").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tests" / "conftest.py", where / "tests")
    (where / "tests" / "test_a.py").write_text(SUITE.format(body), encoding="utf-8")
    (where / "book" / "claims.yml").write_text(f"- id: a\n  tests: ['{named}']\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=where, env=environment, text=True, capture_output=True, timeout=120)


@pytest.mark.parametrize(
    ("named", "body", "arguments", "fails"),
    [
        ("tests/test_a.py::test_good", "pass", [], False),
        ("tests/test_a.py::test_sometimes", "pass", ["tests"], False),
        ("tests/test_a.py::test_sometimes", "pytest.skip('no browser')", ["tests"], True),
        ("tests/test_a.py::test_sometimes", "pytest.xfail('known')", [], True),
        ("tests/test_a.py::test_gone", "pass", ["tests"], True),
        ("tests/test_a.py::test_sometimes", "pytest.skip('no browser')", ["tests/test_a.py"], False),
        ("tests/test_a.py::test_sometimes", "pass", ["tests", "-k", "good"], False),
    ],
)
def test_named_tests_must_pass_in_a_full_run(tmp_path, named, body, arguments, fails):
    run = run_suite(tmp_path, named, body, *arguments)
    assert run.returncode == int(fails), run.stdout
    assert (f"a: {named}" in run.stdout) == fails


# ---- Pages -------------------------------------------------------------------------------------------------

LIVE = """
  witness: [llmlimits.diagonal.diagonal_truth]
  tests: ["tests/test_diagonal.py::test_a"]
"""
CLAIMS = f"""- id: thm-1
  section: "2.1"
  where: Theorem 1
  claim: Every *listed* family has a truth $f$.
  verdict: needs hypothesis
  why: 'See `diagonal`: it needs a list.'
  page: book/first
  labels: [thm-a]
  literature: [cover2006elements]{LIVE}
- id: eq-1
  section: "2.2"
  where: Eq. (1)
  claim: The diagonal.
  verdict: fails
  why: There is none.
  page: book/first
  counterexample: The number $2$ is *one*.
  holds: What is smaller.
  labels: [eq-a]{LIVE}
- id: s3-01
  section: "3.1"
  where: Section 3.1
  claim: A sentence.
  verdict: holds
  why: It does.
  page: book/first
  labels: [sec-a]{LIVE}
- id: s3-02
  section: "3.1"
  where: Table 1
  claim: Some numbers.
  verdict: empirical
  why: They are reports.
  page: book/first
  labels: [tbl-a]
  note: Nothing to compute.
- id: s3-03
  section: "3.1"
  where: Lemma 2
  claim: A task.
  verdict: repaired
  why: As a task.
  page: book/first
  labels: [ex-a]{LIVE}
- id: fig-1
  section: "3.1"
  where: Figure 1
  claim: A plan.
  verdict: assumption
  why: It is one.
  page: book/later
  status: planned
"""
FIRST = """# First

## Part

Badges: {verdict}`thm-1` and {verdict}`fig-1`.

```{claim} thm-1
```

```{claim} thm-1, eq-1
Our *own* words.
```

```{prf:theorem}
:label: thm-a
True.
```

$$ a = b $$ (eq-a)

```{exercise}
:label: ex-a
Why?
```

```{solution} ex-a
:label: ex-a-solution
Because.
```

```{list-table} Numbers
:name: tbl-a
* - 1
```

(sec-a)=
## Checked

```{claims}
:ids: s3-01, s3-02 fig-1
```

```{claims}
:page:
```
"""
BOOK = {
    "index": "# A book\n\n```{mosaic}\nThe *caption*.\n```\n\n```{claims}\n:chapter: 3\n```\n\n"
    "```{ledger-counts}\n```\n",
    "first": FIRST,
    "other": "# Other\n\nNothing.\n",
    "ledger": "# Ledger\n\n```{ledger}\n```\n",
    "errata": "# Errata\n\n## Paper\n\n```{errata}\n```\n\nSee {ref}`erratum-thm-1`, {repository}`issues`.\n",
    "bibliography": "# Bibliography\n\n```{bibliography}\n```\n",
}


def page(where: Path, name: str) -> str:
    """The article of a page, white space folded."""
    source = (where / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")
    article = re.search(r"<article.*?</article>", source, re.S)[0]
    return re.sub(r"\s+", " ", article)


def warnings(stdout: str) -> list[str]:
    return re.findall(r"WARNING: (.*?)(?:\x1b\[39;49;00m)?$", stdout, re.M)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    where = tmp_path_factory.mktemp("ledger")
    built = build_book(
        where, BOOK, CLAIMS, files={str(ledger.COUNTS): ledger.counts_text(ledger.read(CLAIMS)[0])}
    )
    assert built.returncode == 0, built.stdout[-3000:]
    return where


def test_badge_leads_to_the_row(book):
    badge = (
        '<a class="reference internal" href="ledger.html#claim-thm-1" title="Ledger: Theorem 1">'
        '<span class="verdict verdict-needs-hypothesis">needs hypothesis</span></a>'
    )
    assert page(book, "first").count(badge) == 4  # inline, two boxes, the table of the page
    assert '<tr class="is-needs-hypothesis is-chapter-2 is-treated row-even" id="claim-thm-1">' in page(
        book, "ledger"
    )


def test_box_says_place_verdict_claim_and_reason(book):
    text = re.sub(r"<[^>]+>", "", page(book, "first"))
    assert (
        "The paper, Theorem 1 needs hypothesis Every listed family has a truth \\(f\\). Why: See diagonal:"
        in text
    )
    assert "The paper, Theorem 1 and Eq. (1) Theorem 1 needs hypothesis Every" in text
    assert "Eq. (1) fails The diagonal. Why: There is none. Our own words." in text


@pytest.mark.parametrize(
    ("row", "link"),
    [
        ("thm-1", 'href="first.html#thm-a">Theorem 1</a>'),
        ("eq-1", 'Equation <a class="reference internal" href="first.html#equation-eq-a">(1)</a>'),
        ("s3-01", 'href="first.html#sec-a"><span class="std std-ref">Checked</span></a>'),
        ("s3-02", 'href="first.html#tbl-a"><span class="std std-numref">Table 1</span></a>'),
        ("s3-03", 'href="first.html#ex-a"><span class="std std-numref">Exercise 1</span></a>'),
        ("fig-1", "not yet written"),
    ],
)
def test_row_leads_to_its_treatment(book, row, link):
    line = re.search(rf'id="claim-{row}".*?</tr>', page(book, "ledger"))[0]
    assert link in line
    if row == "thm-1":
        assert "Witness: <code" in line and "diagonal_truth" in line and "Cover and Thomas" in line
    if row.startswith("s3"):
        assert link in page(book, "index")


def test_ledger_counts_by_verdict_and_status(book):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page(book, "ledger")))
    assert "Verdict Claims Treated Planned holds 1 1 0" in text
    assert "assumption 1 0 1 empirical 1 1 0 all 6 5 1" in text


def test_errata_say_place_claim_example_and_rest(book):
    boxes = dict(
        re.findall(r'<div class="erratum [^>]*id="erratum-([^"]*)">(.*?)</div>', page(book, "errata"))
    )
    assert list(boxes) == ["thm-1", "eq-1", "s3-03"]  # not what holds, is assumed or measured
    text = re.sub(r"<[^>]+>", "", boxes["eq-1"])
    assert "Eq. (1) fails What it says. The diagonal. Counterexample. The number \\(2\\) is one." in text
    assert "What still holds. What is smaller. In this book: Equation (1) · ledger · erratum-eq-1" in text
    assert 'href="ledger.html#claim-eq-1"' in boxes["eq-1"] and 'href="#erratum-eq-1"' in boxes["eq-1"]
    assert "The gap. See diagonal: it needs a list. In this book: Theorem 1" in re.sub(
        "<[^>]+>", "", boxes["thm-1"]
    )
    assert "The repair. As a task. In this book: Exercise 1" in re.sub("<[^>]+>", "", boxes["s3-03"])


def test_errata_are_grouped_counted_and_linked(book):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page(book, "errata")))
    assert (
        "Of the 6 claims of the paper in the ledger, 3 have an entry here: 1 that fail, 1 that need" in text
    )
    heads = re.findall(r"Section [\d.]+: [A-Z][a-z ]+", text)
    assert heads == [f"Section {n}: {ledger.SECTIONS[n]}" for n in ("2.1", "2.2", "3.1")]
    assert (
        '<a class="reference internal" href="#erratum-thm-1"><span class="std std-ref">Erratum: Theorem 1'
        in page(book, "errata")
    )
    assert 'href="https://github.com/example/llmlimits/issues"' in page(book, "errata")
    linked = re.findall(r'href="errata.html#erratum-([^"]*)"', page(book, "ledger"))
    assert linked == ["thm-1", "eq-1", "s3-03"]


def test_rows_about_the_literature_are_no_errata():
    row = {"verdict": "fails", "origin": ""}
    assert ledger.amends(row) and not ledger.amends(row | {"origin": "literature"})
    assert [row["id"] for row in ROWS if row["origin"]] == ["s5-34"]


def test_counts_by_chapter(book):
    assert ledger.verdict_counts(ledger.read(CLAIMS)[0]) == {
        "2": {"holds": 0, "repaired": 0, "needs hypothesis": 1, "fails": 1, "assumption": 0, "empirical": 0},
        "3": {"holds": 1, "repaired": 1, "needs hypothesis": 0, "fails": 0, "assumption": 1, "empirical": 1},
    }
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page(book, "index")))
    assert (
        "Verdict 2 3 all holds 0 1 1 repaired 0 1 1 needs hypothesis 1 0 1 fails 1 0 1 assumption 0 1 1"
        in text
    )
    assert "all 2 4 6" in text


def test_mosaic_has_a_square_for_each_claim_and_says_so(book):
    source = page(book, "index")
    squares = re.findall(
        r'<a class="verdict-([\w-]+)" href="ledger.html#claim-([\w-]+)" tabindex="-1"', source
    )
    assert squares == [
        ("needs-hypothesis", "thm-1"),
        ("fails", "eq-1"),
        ("holds", "s3-01"),
        ("repaired", "s3-03"),
        ("assumption", "fig-1"),
        ("empirical", "s3-02"),
    ]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", source))
    assert (
        "One square for each of 6 claims, chapter by chapter. Hallucination: 1 needs hypothesis, 1 fails;"
        in text
    )
    assert "holds 1: true as stated" in text and "The caption." in text


def test_the_package_carries_the_counts_of_the_ledger():
    """What a cell on Colab draws is what `book/claims.yml` says; `make notebooks` brings it up to date."""
    assert (ROOT / ledger.COUNTS).read_text(encoding="utf-8") == ledger.counts_text(ROWS)
    assert verdicts.counts() == ledger.verdict_counts(ROWS)


def test_stale_counts_turn_the_build_red(book, tmp_path):
    changed = CLAIMS.replace("verdict: repaired", "verdict: holds")
    stale = ledger.counts_text(ledger.read(CLAIMS)[0])
    assert ledger.counts_text(ledger.read(changed)[0]) != stale
    built = build_book(tmp_path, BOOK, changed, files={str(ledger.COUNTS): stale})
    assert built.returncode != 0
    assert warnings(built.stdout) == [
        "src/llmlimits/verdicts.json does not hold the counts of the ledger: run `make notebooks`"
    ]


def test_only_the_ledger_loads_the_filters(book):
    for name in BOOK:
        source = (book / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")
        assert ("ledger.js" in source) == (name == "ledger")


def shown(view) -> list[str]:
    return view.eval_on_selector_all(
        ".ledger-rows tbody tr", "rows => rows.filter(r => r.getClientRects().length).map(r => r.id.slice(6))"
    )


def test_filters_by_keyboard(book, browser):
    with (
        checks.serve(book / "_build" / "html") as root,
        checks.visit(browser, root + "book/ledger.html") as (view, problems),
    ):
        status = view.get_by_role("status")
        assert len(shown(view)) == 6 and status.text_content() == "6 of 6 claims"
        view.locator("#ledger-verdict").focus()
        view.keyboard.press("f")  # fails
        assert shown(view) == ["eq-1"] and status.text_content() == "1 of 6 claims"
        assert view.locator("#section-3-1").is_hidden()
        view.keyboard.press("Home")  # all
        view.keyboard.press("Tab")
        view.keyboard.press("3")
        assert shown(view) == ["s3-01", "s3-02", "s3-03", "fig-1"]
        view.keyboard.press("Tab")
        view.keyboard.press("t")  # treated
        assert shown(view) == ["s3-01", "s3-02", "s3-03"]
        view.keyboard.press("Tab")
        view.keyboard.type("NUMBERS some")
        assert shown(view) == ["s3-02"]
        view.keyboard.press("Enter")  # does not send the form
        assert shown(view) == ["s3-02"]
        view.evaluate("location.hash = 'claim-thm-1'")  # a link to a hidden row
        view.wait_for_function("document.getElementById('claim-thm-1').getClientRects().length > 0")
        assert len(shown(view)) == 6
        view.locator("#ledger-verdict").select_option("is-holds")
        view.get_by_role("button", name="Show all").press("Enter")
        view.wait_for_function("document.getElementById('ledger-count').textContent === '6 of 6 claims'")
        assert problems == []


def test_ledger_without_script_shows_everything(book, browser):
    with checks.serve(book / "_build" / "html") as root:
        context = browser.new_context(java_script_enabled=False)
        view = context.new_page()
        view.goto(root + "book/ledger.html")
        assert view.locator(".ledger-rows tbody tr:visible").count() == 6
        assert view.locator("#ledger-filter").is_hidden()
        context.close()


def test_tables_fit_a_phone(book, browser):
    with checks.serve(book / "_build" / "html") as root:
        for name in ("ledger", "errata", "first", "index"):
            with checks.visit(browser, root + f"book/{name}.html", width=360) as (view, _):
                assert checks.sideways_problems(view) == []
                overflow = "t => t.filter(t => t.scrollWidth > t.parentElement.clientWidth).length"
                assert view.eval_on_selector_all("table.claims", overflow) == 0


def test_another_builder_reads_ordinary_nodes(book):
    built = rebuild(book, "xml")
    assert built.returncode == 0, built.stdout[-3000:]
    text = (book / "_build" / "xml" / "book" / "first.xml").read_text(encoding="utf-8")
    assert not re.search("row_link|treatment_link|pending_xref", text)
    assert '<inline classes="verdict verdict-needs-hypothesis">needs hypothesis</inline></reference>' in text


def test_changes_are_seen(book):
    """Of the ledger, of a number, of a label, of the page that badges lead to. (The last test of this book.)"""
    first, before = book / "book" / "first.md", "```{prf:theorem}\n:label: tb-before\nFirst.\n```\n\n"
    theorem = "```{prf:theorem}\n:label: thm-a"
    first.write_text(FIRST.replace(theorem, before + theorem), encoding="utf-8")
    changed = CLAIMS.replace("verdict: fails", "verdict: repaired")
    (book / "book" / "claims.yml").write_text(changed, encoding="utf-8")
    (book / ledger.COUNTS).write_text(ledger.counts_text(ledger.read(changed)[0]), encoding="utf-8")
    built = rebuild(book)
    assert built.returncode == 0, built.stdout[-3000:]
    assert 'href="first.html#thm-a">Theorem 2</a>' in page(book, "ledger")
    assert re.search('<tr class="is-repaired [^>]*id="claim-eq-1">', page(book, "ledger"))
    assert "verdict-fails" not in page(book, "first") and "book/other" not in built.stdout

    first.write_text(FIRST.replace(theorem, theorem.replace("thm-a", "tb-a")), encoding="utf-8")
    (book / "book" / "ledger.md").write_text("# Ledger\n", encoding="utf-8")
    for _ in range(2):  # the second time nothing has changed, and the faults are still reported
        built = rebuild(book)
        assert built.returncode != 0
        assert warnings(built.stdout) == [
            "ledger: row 'thm-1': the book has no label 'thm-a'",
            "ledger: badges lead to book/ledger, which has no {ledger} directive",
        ]


# ---- Negative controls of the build ------------------------------------------------------------------------

FAULTY_CLAIMS = (
    CLAIMS
    + f"""- id: eq-1
  section: "2.2"
  where: Eq. (1)
  claim: Again.
  verdict: perhaps
  why: A second row.
  page: book/first
  labels: [eq-a]{LIVE}
- id: Bad_id
  section: 2.9
  where: Eq. (9)
  claim: A row of faults.
  verdict: holds
  page: book/later
  page: book/later
  status: done
  colour: red
  labels: thm-a
  note: no
- id: bare
  section: "2.9"
  where: Eq. (8)
  claim: Nothing behind it.
  verdict: holds
  why: Nothing.
  page: book/first
- id: early
  section: "2.1"
  where: Eq. (7)
  claim: Planned and treated.
  verdict: holds
  why: Both.
  page: book/first
  status: planned
  labels: [eq-a]
- id: astray
  section: "2.1"
  where: Eq. (6)
  claim: Labels astray.
  verdict: holds
  why: They are.
  page: book/other
  labels: [thm-a, thm-nowhere]{LIVE}
- id: unproved
  section: "2.1"
  where: Eq. (4)
  claim: A refutation without an example.
  verdict: fails
  why: It does.
  page: book/first
  labels: [eq-a]
  holds: Something.
  origin: elsewhere{LIVE}
- id: superfluous
  section: "2.1"
  where: Eq. (3)
  claim: An example against what holds.
  verdict: holds
  why: It does.
  page: book/first
  labels: [eq-a]
  counterexample: An example.{LIVE}
- id: homeless
  section: "2.1"
  where: Eq. (5)
  claim: A page astray.
  verdict: assumption
  why: It is.
  page: book/nowhere
  labels: [eq-a]
  note: Nothing to compute.
- only text
"""
)
FAULTS = """

Unknown: {verdict}`thm-9`.

```{claim} thm-8
```

```{claims}
:ids: thm-7
```

```{claims}
```

```{claims}
:chapter: 9
```

```{ledger}
```

```{errata}
```

```{prf:lemma}
:label: lem-unnamed
Nobody names it.
```

```{prf:corollary}
No label.
```

```{prf:definition}
Needs none.
```

```{prf:lemma}
:label: tb-free
Exempt.
```
"""
EXPECTED = [
    "no claim 'thm-9' in the ledger",
    "no claim 'thm-8' in the ledger",
    "no claim 'thm-7' in the ledger",
    "give {claims} one of ids, chapter and page",
    "no claim of chapter '9' in the ledger",
    "{ledger} belongs to the page book/ledger: badges lead there",
    "{errata} belongs to the page book/errata: the ledger leads there",
    "ledger: no row names the lemma 'lem-unnamed'",
    "ledger: a corollary has no label",
    "ledger: the id 'eq-1' is not unique",
    "ledger: the id 'eq-1' is not unique",
    "ledger: row 'eq-1': no verdict is called 'perhaps'; choose from "
    "holds, repaired, needs hypothesis, fails, assumption, empirical",
    "ledger: 'page' is given twice",
    "ledger: row 'Bad_id': 'why' is missing",
    "ledger: row 'Bad_id': unknown field 'colour'",
    "ledger: row 'Bad_id': 'section' must be text (put it in quotes), got 2.9",
    "ledger: row 'Bad_id': 'note' must be text (put it in quotes), got False",
    "ledger: row 'Bad_id': 'labels' must be a list of one or more words, got 'thm-a'",
    "ledger: row 'Bad_id': an id has lower-case letters and digits joined by hyphens",
    "ledger: row 'Bad_id': the only status is 'planned', got 'done'",
    "ledger: row 'Bad_id': has labels and is 'planned': drop the status of a row that a page treats",
    "ledger: row 'Bad_id': no section 2.9 of the paper",
    "ledger: row 'bare': no section '2.9' of the paper",
    "ledger: row 'bare': 'labels' is missing: the first label is where the badge leads",
    "ledger: row 'bare': 'witness' is missing (a row without it is an assumption or empirical, and its note says why)",
    "ledger: row 'bare': 'tests' is missing (a row without it is an assumption or empirical, and its note says why)",
    "ledger: row 'bare': its page book/first does not show it",
    "ledger: row 'early': has labels and is 'planned': drop the status of a row that a page treats",
    "ledger: row 'astray': the book has no label 'thm-nowhere'",
    "ledger: row 'astray': the label 'thm-a' is on book/first",
    "ledger: row 'astray': its page book/other does not show it",
    "ledger: row 'unproved': 'counterexample' is missing: a claim that fails needs the smallest counterexample "
    "and what still holds",
    "ledger: row 'unproved': the only origin other than the paper is 'literature', got 'elsewhere'",
    "ledger: row 'superfluous': 'counterexample' belongs to the verdicts fails, needs hypothesis, repaired",
    "ledger: row 'unproved': its page book/first does not show it",
    "ledger: row 'superfluous': its page book/first does not show it",
    "ledger: row 'homeless': the book has no page 'book/nowhere'",
    "ledger: row 'homeless': the label 'eq-a' is on book/first",
    "ledger: is not a row: expected `- id: ...` with further fields below",
]


def test_every_fault_is_a_warning(tmp_path):
    built = build_book(
        tmp_path,
        BOOK | {"first": FIRST.replace(":page:", ":ids: s3-03") + FAULTS, "index": "# A book\n"},
        FAULTY_CLAIMS,
    )
    assert built.returncode != 0
    found = [message.partition(" in 1,")[0] for message in warnings(built.stdout)]
    assert sorted(found) == sorted(EXPECTED)
    line = FAULTY_CLAIMS.splitlines().index("- id: bare") + 1
    assert f"claims.yml:{line}: WARNING: ledger: row 'bare'" in built.stdout


def test_a_ledger_is_a_list():
    assert ledger.read("thm-1: holds\n")[1] == [(1, "the ledger is not a list of rows")]
    assert ledger.read("")[1] == [(1, "the ledger is not a list of rows")]
