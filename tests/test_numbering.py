"""Numbers follow the folders: chapter 2 is chapter 2 though no chapter 1 exists, in every place."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from support import build_book, rebuild

OPENING = """# Second chapter

## Unnumbered heading

```{prf:lemma}
:label: tb-opening
Opens. See {prf:ref}`tb-first`, {prf:ref}`tb-moved`, {prf:ref}`tb-one` and {numref}`sec-inner`.
```
"""
SECTION = """# First page

(sec-inner)=
## Inner

$$ a = b $$ (eq-first)

```{prf:theorem}
:label: tb-first
By {eq}`eq-first`, {eq}`eq-tool` and {prf:ref}`tb-opening`.
```

```{exercise}
:label: ex-first
Why?
```

```{solution} ex-first
:label: ex-first-solution
Because.
```

```{list-table} A table
:name: tbl-first
* - 1
```
"""
MOVED = "---\nsection: 4\n---\n# Fourth page\n\n```{prf:theorem}\n:label: tb-moved\nTrue.\n```\n"
ALONE = "# Seventh chapter\n\n## Part\n\n### Detail\n\nText.\n"
TOOLBOX = """# Toolbox

## Counting

$$ c = d $$ (eq-tool)

```{prf:lemma}
:label: tb-one
One.
```

```{prf:lemma}
:label: tb-two
Two.
```
"""
PAGES = {
    "index": "# A book\n",
    "02-second/index": OPENING,
    "02-second/first": SECTION,
    "02-second/moved": MOVED,
    "07-alone": ALONE,
    "toolbox": TOOLBOX,
}
TOC = """format: jb-book
root: book/index
options:
  numbered: true
chapters:
  - file: book/02-second/index
    sections:
      - file: book/02-second/first
      - file: book/02-second/moved
  - file: book/07-alone
  - file: book/toolbox
"""


def read(where: Path) -> dict[str, str]:
    """The text of every page, markup removed, and the order of its next and previous links kept."""
    pages = {}
    for path in (where / "_build" / "html" / "book").rglob("*.html"):
        source = path.read_text(encoding="utf-8")
        text = re.sub(r"<script.*?</script>|<[^>]+>", "", source, flags=re.S)
        text = html.unescape(re.sub(r"\s+", " ", text))
        links = re.findall(r'<link rel="(next|prev)" title="([^"]*)"', source)
        name = path.relative_to(where / "_build" / "html" / "book").with_suffix("").as_posix()
        pages[name] = text + " " + " ".join(f"[{way}: {html.unescape(title)}]" for way, title in links)
    return pages


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    where = tmp_path_factory.mktemp("numbered")
    build_book(where, PAGES)  # with a flat table of contents: the nested one must replace all its numbers
    (where / "_toc.yml").write_text(TOC, encoding="utf-8")
    built = rebuild(where)
    assert built.returncode == 0, built.stdout[-3000:]
    return where


EXPECTED = {
    "02-second/index": [
        "2. Second chapter", "Lemma 2.1 ", "See Theorem 2.1.1, Theorem 2.4.1, Lemma 1 and Section 2.1.1.",
        "[next: 2.1. First page]", "[prev: A book]",
    ],
    "02-second/first": [
        "2.1. First page", "2.1.1. Inner", "(2.1.1)", "Theorem 2.1.1 ", "By (2.1.1), (1) and Lemma 2.1.",
        "Exercise 2.1.1", "Solution to Exercise 2.1.1", "Table 2.1.1 ", "[next: 2.4. Fourth page]",
        "[prev: 2. Second chapter]",
    ],
    "02-second/moved": ["2.4. Fourth page", "Theorem 2.4.1 ", "[next: 7. Seventh chapter]"],
    "07-alone": ["7. Seventh chapter", "7.1. Part", "7.1.1. Detail", "[next: Toolbox]"],
    "toolbox": ["Lemma 1 ", "Lemma 2 ", "[prev: 7. Seventh chapter]"],
}  # fmt: skip


@pytest.mark.parametrize("page", EXPECTED)
def test_numbers(book, page):
    text = read(book)[page]
    assert [number for number in EXPECTED[page] if number not in text] == []


def test_sidebar_carries_the_numbers_on_every_page(book):
    for text in read(book).values():
        assert re.search(
            r"2\. Second chapter.*?2\.1\. First page.*?2\.4\. Fourth page.*?7\. Seventh chapter", text
        )


def test_unnumbered_stays_unnumbered(book):
    pages = read(book)
    assert not re.search(r"\d\. (Unnumbered heading|Toolbox|Counting|A book)", " ".join(pages.values()))


def test_numbers_survive_an_incremental_build(book):
    before = read(book)
    page = book / "book" / "07-alone.md"
    page.write_text(ALONE.replace("Text.", "More text."), encoding="utf-8")
    built = rebuild(book)
    assert built.returncode == 0, built.stdout[-3000:]
    after = read(book)
    assert "More text." in after["07-alone"]
    assert {name: text.replace("More text.", "Text.") for name, text in after.items()} == before
    # a page whose numbers did not change is not written again
    assert "book/02-second/first" not in built.stdout


def test_another_builder_reads_the_same_numbers(book):
    built = rebuild(book, "xml")
    assert built.returncode == 0, built.stdout[-3000:]
    assert "0 added, 0 changed, 0 removed" in built.stdout
    text = (book / "_build" / "xml" / "book" / "02-second" / "index.xml").read_text(encoding="utf-8")
    assert re.findall(r">((?:Theorem|Lemma) [\d.]+)</reference>", text) == [
        "Theorem 2.1.1", "Theorem 2.4.1", "Lemma 1",
    ]  # fmt: skip
