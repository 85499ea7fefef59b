"""Slides: what the marks of a page select, nothing from another host, every slide fits; and the checks can fail."""

from __future__ import annotations

import shutil
import sys

import pytest
from bs4 import BeautifulSoup

import site_checks
from support import FRONT_MATTER, ROOT, build_book, unavailable

sys.path.insert(0, str(ROOT / "teaching"))
import slides

SITE = ROOT / "_build" / "html"
PAGE = (
    FRONT_MATTER
    + """
# A *section*

Before. **Does it halt?**

:::{admonition} After this section you can
:class: objectives
- tell $a$ from $b$;
:::

## First part

Why one asks, with $x<1$.

```{claim} row-1
```

```{prf:lemma} Help
:label: tb-help

A lemma.
```

```{prf:theorem} Main
:label: thm-main

For $a<b$ see {prf:ref}`tb-help`.

$$
a\\le b
$$ (eq-main)
```

```{prf:proof}
**Step 1.** By $a<b$.
```

```{code-cell} ipython3
print("witness", 2 + 2)
```

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-line
    caption: |
      What it means.
  image:
    alt: A line.
---
import matplotlib.pyplot as plt

plt.plot([0, 1])
plt.show()
```

:::{admonition} What it says, and what it does not say
:class: says
Not everything.
:::

## Second part

No marks.

## Third part

```{prf:theorem} Other
:label: tb-other

Another one.
```

## Exercises

```{exercise} A question ★ (5 min)
:label: ex-one

Why is {prf:ref}`tb-other` true?
```

```{solution} ex-one
:label: ex-one-solution
:class: dropdown

Because of $y>2$.
```

## Summary

- One line.
"""
)
CLAIMS = """\
- id: row-1
  section: "2.1"
  where: Theorem 1
  claim: Everything halts.
  verdict: fails
  why: It does not.
  counterexample: A loop.
  holds: What stops halts.
  page: book/part/page
  labels: [thm-main]
  witness: [llmlimits.check.check]
  tests: ["tests/test_check.py::test_every_outcome"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    where = tmp_path_factory.mktemp("slides")
    pages = {"index": "# Book\n", "part/page": PAGE, "ledger": "# Ledger\n\n```{ledger}\n```\n"}
    built = build_book(where, pages, CLAIMS, budgets="book/part/page: {seconds: 1, megabytes: 100}\n")
    assert built.returncode == 0, built.stdout[-3000:]
    return where / "_build" / "html"


@pytest.fixture(scope="module")
def deck(site, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "slides"
    assert slides.write(site, out, "https://example.org/", ["book/part/page"]) == {"part-page": 10}
    return out


@pytest.fixture(scope="module")
def sections(deck):
    page = BeautifulSoup((deck / "part-page.html").read_text(encoding="utf-8"), "html.parser")
    return page.select(".slides > section")


def test_the_marks_choose_the_slides(sections):
    kinds = [section["data-kind"] for section in sections]
    first = ["claim", "theorem", "theorem", "witness", "figure", "question"]
    assert kinds == ["title", *first, "theorem", "question", "summary"]


def test_main_results_come_before_lemmas():
    soup = BeautifulSoup(
        '<div class="proof lemma" id="a"></div><div class="proof theorem" id="b"></div>'
        '<div class="proof theorem" id="c"></div><div class="proof theorem" id="d"></div>',
        "html.parser",
    )
    chosen = slides.main_results(list(soup.children), {"a": 0, "d": 0, "c": 1})
    assert [box["id"] for box in chosen] == ["c", "d"]


def test_every_slide_has_what_it_is_for(sections):
    by_kind = {section["data-kind"]: section for section in reversed(sections)}
    assert "Does it halt?" in by_kind["title"].get_text()
    assert "tell \\(a\\) from \\(b\\)" in by_kind["title"].aside.get_text()
    assert (
        "fails" in by_kind["claim"].get_text()
        and "Why one asks, with \\(x<1\\)." in by_kind["claim"].aside.get_text()
    )
    main = next(
        section for section in sections if "Main" in section.get_text() and section["data-kind"] == "theorem"
    )
    assert "a\\le b" in main.get_text() and "Step 1. By \\(a<b\\)." in main.aside.get_text()
    assert "witness 4" in by_kind["witness"].get_text()
    assert (
        by_kind["figure"].img["alt"].strip() == "A line."
        and "What it means." in by_kind["figure"].aside.get_text()
    )
    assert slides.QUESTION in by_kind["question"].get_text()
    assert by_kind["question"].select_one(".fragment").get_text().strip() == "Not everything."
    assert "One line." in by_kind["summary"].get_text()
    asked = [section for section in sections if "A question" in section.get_text()]
    assert asked and "\\(y>2\\)" in asked[0].aside.get_text() and "\\(y>2\\)" not in asked[0].div.get_text()
    assert not any("No marks" in section.get_text() for section in sections)


def test_slides_hold_no_links_ids_or_nested_sections(sections):
    for section in sections:
        assert not section.find_all(["a", "section", "script", "button"])
        assert not section.find_all(id=True)


def test_nothing_comes_from_another_host_and_nothing_is_missing(deck):
    assert site_checks.third_party(deck) == [] == site_checks.missing_alt(deck)
    assert [line for line in site_checks.broken_links(deck) if not line.endswith(".pdf does not exist")] == []


def test_every_slide_fits_and_prints(deck):
    if not slides.chromium():
        unavailable("no Chromium on this machine")
    assert slides.visit_decks(deck, ["part-page"]) == []
    assert (deck / "part-page.pdf").read_bytes()[:5] == b"%PDF-"


def test_a_slide_that_does_not_fit_or_loads_something_is_seen(deck, tmp_path):
    if not slides.chromium():
        unavailable("no Chromium on this machine")
    shutil.copytree(deck, tmp_path / "deck")
    page = tmp_path / "deck" / "part-page.html"
    text = page.read_text(encoding="utf-8")
    long = text.replace("Not everything.", "Not everything. " * 300)
    page.write_text(long.replace("</head>", '<img src="http://127.0.0.1:9/x.png"></head>'), encoding="utf-8")
    found = slides.visit_decks(tmp_path / "deck", ["part-page"], pdf=False)
    assert sum("does not fit" in line for line in found) == 1
    assert any("127.0.0.1:9/x.png" in line for line in found)


def test_a_page_that_was_not_built_is_refused(site, tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make book` first"):
        slides.write(site, tmp_path / "out", "", ["book/part/none"])


def test_every_section_of_the_book_gives_a_deck(tmp_path):
    if not (SITE / "book" / "index.html").is_file():
        unavailable("no site in _build/html: run `make book` first")
    some = slides.pages()[1:4:2]  # the whole book takes long: `make slides` checks every deck
    counts = slides.write(SITE, tmp_path, "", some)
    assert all(20 <= count <= 80 for count in counts.values()), counts
    assert len(slides.pages()) >= 20
