"""The bibliography: entries are complete and unambiguous, and every key that the book cites exists."""

from __future__ import annotations

import re

import pytest
import yaml
from pybtex.database import BibliographyData, BibliographyDataError, parse_string

from support import ROOT

BOOK = ROOT / "book"
REQUIRED = {
    "article": {"title", "journal", "year"},
    "book": {"title", "publisher", "year"},
    "incollection": {"title", "booktitle", "publisher", "year"},
    "inproceedings": {"title", "booktitle", "year"},
    "misc": {"title", "year"},
    "phdthesis": {"title", "school", "year"},
    "techreport": {"title", "institution", "year"},
}
WHERE = {"doi", "eprint", "url", "isbn", "publisher", "school"}  # one of them says where to find the work
ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}")
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


def read(bibtex: str) -> BibliographyData:
    """Parse BibTeX; a key that occurs twice raises."""
    return parse_string(bibtex, "bibtex")


def faults(library: BibliographyData) -> list[str]:
    """Everything that is wrong with the entries, one line each."""
    found, places = [], {}
    for key, entry in library.entries.items():
        fields = {name.lower(): value for name, value in entry.fields.items()}
        if not re.fullmatch(r"[a-z]+\d{4}[a-z]*", key):
            found.append(f"{key}: the key is not surname, year, word")
        if entry.type not in REQUIRED:
            found.append(f"{key}: unknown type {entry.type}")
        for name in sorted(REQUIRED.get(entry.type, set()) - fields.keys()):
            found.append(f"{key}: no {name}")
        if not entry.persons.get("author"):
            found.append(f"{key}: no author")
        if not re.fullmatch(r"\d{4}", fields.get("year", "")) or not 1800 <= int(fields["year"]) <= 2026:
            found.append(f"{key}: year {fields.get('year')}")
        elif fields["year"] not in key:
            found.append(f"{key}: the key has another year than the entry")
        if not WHERE & fields.keys():
            found.append(f"{key}: nothing says where to find it")
        if not fields.get("doi", "10.").startswith("10."):
            found.append(f"{key}: doi {fields['doi']}")
        if "eprint" in fields and not (
            ARXIV.fullmatch(fields["eprint"]) and fields.get("archiveprefix") == "arXiv"
        ):
            found.append(f"{key}: eprint {fields['eprint']} is not an arXiv number")
        for name in ("doi", "eprint"):
            if name in fields and places.setdefault(fields[name].lower(), key) != key:
                found.append(f"{key}: same {name} as {places[fields[name].lower()]}")
    return found


def keys_cited(text: str) -> set[str]:
    """Keys in the citation roles of a page."""
    return {key.strip() for group in CITATION.findall(text) for key in group.split(",")}


def keys_in_ledger(rows: list[dict]) -> set[str]:
    """Keys in the `literature` lists of the claim ledger."""
    return {key for row in rows for key in row.get("literature") or []}


@pytest.fixture(scope="module")
def library() -> BibliographyData:
    return read((BOOK / "references.bib").read_text(encoding="utf-8"))


def test_every_entry_is_complete(library: BibliographyData) -> None:
    assert faults(library) == []


def test_the_paper_itself_is_listed(library: BibliographyData) -> None:
    assert library.entries["limits2025"].fields["eprint"] == "2511.12869"


def test_every_cited_key_exists(library: BibliographyData) -> None:
    pages = [path for path in BOOK.rglob("*.md") if "_build" not in path.parts]
    cited = {path: keys_cited(path.read_text(encoding="utf-8")) for path in pages}
    assert cited[BOOK / "toolbox.md"], "the search for citations found none"
    missing = {str(path.relative_to(BOOK)): keys - library.entries.keys() for path, keys in cited.items()}
    assert {page: keys for page, keys in missing.items() if keys} == {}


def test_every_key_in_the_ledger_exists(library: BibliographyData) -> None:
    ledger = BOOK / "claims.yml"
    if not ledger.exists():
        pytest.skip("no ledger yet")
    rows = yaml.safe_load(ledger.read_text(encoding="utf-8")) or []
    assert keys_in_ledger(rows) - library.entries.keys() == set()


GOOD = "@article{ada1843notes, author={Ada, B.}, title={Notes}, journal={J}, year={1843}, doi={10.1/x}}"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("journal={J}, ", "", "no journal"),
        ("author={Ada, B.}, ", "", "no author"),
        ("year={1843}", "year={2843}", "year 2843"),
        ("year={1843}", "year={1844}", "another year"),
        (", doi={10.1/x}", "", "where to find it"),
        ("10.1/x", "https://doi.org/10.1/x", "doi https"),
        ("doi={10.1/x}", "eprint={0612.3}, archiveprefix={arXiv}", "not an arXiv number"),
        ("ada1843notes", "Ada1843", "the key is not"),
        ("@article", "@journal", "unknown type"),
        ("}}", "}}" + GOOD.replace("ada1843", "ida1843"), "same doi"),
    ],
)
def test_a_fault_is_found(old: str, new: str, fault: str) -> None:
    assert faults(read(GOOD)) == []
    found = faults(read(GOOD.replace(old, new)))
    assert len(found) == 1 and fault in found[0]


def test_a_key_that_occurs_twice_is_found() -> None:
    with pytest.raises(BibliographyDataError, match="repeated"):
        read(GOOD + GOOD)


def test_a_citation_is_found_in_every_role() -> None:
    assert keys_cited("{cite}`a1,b2` and {cite:t}`c3`, {cite:p}`d4`; `e5`") == {"a1", "b2", "c3", "d4"}
    assert keys_in_ledger([{"id": "x", "literature": ["a1"]}, {"id": "y"}]) == {"a1"}
