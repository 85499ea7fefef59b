"""The costs of pages and chapters are those that were counted and measured, and a missing one turns the build red."""

from __future__ import annotations

import re
import sys

import pytest

from support import ROOT, build_book

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import budget

WORDS = "word " * 1600
PAGES = {
    "index": "# A book\n\nChapter: {costs}`02-a`.\n\nPage: {costs}`03-b`.\n",
    "02-a/index": f"# Opening\n\n{WORDS}\n",
    "02-a/first": f"# First\n\n```{{budget}}\n```\n\n{WORDS * 4}\n",
    "02-a/second": "# Second\n\n```{budget}\n```\n",
    "03-b": "# Alone\n\n```{budget}\n```\n",
}
BUDGETS = """book/02-a/first: {seconds: 7, megabytes: 100}
book/02-a/second: {seconds: 5, megabytes: 200}
book/03-b: {seconds: 2, megabytes: 90}
book/02-ab: {seconds: 50, megabytes: 90}
"""


def text(where) -> str:
    source = (where / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.search(r"<article.*?</article>", source, re.S)[0]))


def test_costs_of_a_chapter_are_the_sums_of_its_pages(tmp_path):
    built = build_book(tmp_path, PAGES, budgets=BUDGETS)
    assert built.returncode == 0, built.stdout[-3000:]
    sources = [(tmp_path / "book" / f"02-a/{name}.md").read_text() for name in ("index", "first", "second")]
    assert [budget.reading_minutes(source) for source in sources] == [10, 45, 5]
    assert "Chapter: 1 h to read, 12 s to run." in text(tmp_path)
    assert "Page: 5 min to read, 2 s to run." in text(tmp_path)


def test_costs_of_nothing_are_a_fault(tmp_path):
    pages = {"index": "# A book\n\n{costs}`04-c`\n\n{costs}`05-d`\n", "04-c": "# Not measured\n"}
    built = build_book(tmp_path, pages, budgets=BUDGETS)
    assert built.returncode != 0
    assert "no measured page of book/04-c in the book" in built.stdout
    assert "no measured page of book/05-d in the book" in built.stdout


@pytest.mark.parametrize(("minutes", "words"), [(5, "5 min"), (60, "1 h"), (85, "1 h 25 min"), (0, "0 min")])
def test_duration(minutes, words):
    assert budget.duration(minutes) == words
