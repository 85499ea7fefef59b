"""Writes the numbers of the README, all counted from the sources: run it with `make notebooks`."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import ledger  # noqa: E402

BEGIN, END = "<!-- counts, written by `make notebooks` -->", "<!-- end of counts -->"
BOX = re.compile(r"^`{3,}\{prf:(?:theorem|lemma|proposition|corollary)\}", re.M)
PROOF = re.compile(r"^(?:`{3,}\{prf:proof\}|:{3,}\{admonition\} Proof\b)", re.M)
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.S | re.M)


def pages(root: Path) -> dict[Path, str]:
    """The pages of the book that its table of contents names."""
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    names = re.findall(r"(?:root|file): (\S+)", toc)
    return {
        path: path.read_text(encoding="utf-8")
        for path in (root / f"{name}.md" for name in names)
        if path.is_file()
    }


def proved(text: str) -> int:
    """Theorems, lemmas, propositions and corollaries of a page whose proof follows before the next of them."""
    return sum(bool(PROOF.search(part)) for part in BOX.split(text)[1:])


@lru_cache(maxsize=4)
def verdicts(claims: str) -> dict[str, int]:
    """How many claims of a ledger have each verdict."""
    total = Counter(dict.fromkeys(ledger.VERDICTS, 0))
    for own in ledger.verdict_counts(ledger.read(claims)[0]).values():
        total.update(own)
    return dict(total)


def cited(root: Path, text: str) -> set[str]:
    """Entries of the bibliography that a page or a row of the ledger cites."""
    entries = set(
        re.findall(r"^@\w+\{([^,]+),", (root / "book" / "references.bib").read_text(encoding="utf-8"), re.M)
    )
    lists = re.findall(
        r"^  literature: \[(.*)\]$", (root / "book" / "claims.yml").read_text(encoding="utf-8"), re.M
    )
    lists += re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    return entries & {key.strip() for keys in lists for key in keys.split(",")}


def counts(root: Path = ROOT) -> dict[str, object]:
    """All numbers, by name."""
    claims = verdicts((root / "book" / "claims.yml").read_text(encoding="utf-8"))
    texts = pages(root)
    whole = "\n".join(texts.values())
    cells = CELL.findall(whole)
    budgets = yaml.safe_load((root / "book" / "budgets.yml").read_text(encoding="utf-8"))
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sorted((root / "tests").glob("test_*.py")))
    recorded = json.loads((root / "proofs" / "recorded.json").read_text(encoding="utf-8"))
    return {
        "claims": sum(claims.values()),
        "verdicts": claims,
        "proved": sum(map(proved, texts.values())),
        "machine-checked": len(recorded["axioms"]),
        "exercises": len(re.findall(r"^`{3,}\{exercise(?:-start)?\}", whole, re.M)),
        "figures": sum("plt.show()" in cell and "Explorer(" not in cell for cell in cells),
        "explorers": sum("Explorer(" in cell for cell in cells),
        "notebooks": sum("\nkernelspec:" in text for text in texts.values()),
        "seconds": sum(page["seconds"] for page in budgets.values()),
        "tests": len(re.findall(r"^ *def test_", tests, re.M)),
        "references": len(cited(root, whole)),
    }


def block(root: Path = ROOT) -> str:
    """What stands between the markers."""
    n = counts(root)
    by_verdict = " · ".join(f"{number} {verdict}" for verdict, number in n["verdicts"].items())
    return f"""{BEGIN}
| | |
|---|---|
| claims in the ledger | {n["claims"]}: {by_verdict} |
| theorems, lemmas, propositions and corollaries with a proof on the page | {n["proved"]} |
| theorems checked by Coq | {n["machine-checked"]} |
| exercises, all with solutions | {n["exercises"]} |
| figures made by the book's own cells, and explorers with a slider | {n["figures"]} and {n["explorers"]} |
| notebooks, and what they take together on two cores | {n["notebooks"]}, {n["seconds"]} s |
| test functions | {n["tests"]} |
| works cited | {n["references"]} |
{END}"""


def renewed(text: str, new: str) -> str:
    """The README with new numbers."""
    before, _, rest = text.partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise ValueError(f"README.md lacks the lines {BEGIN} and {END}")
    return before + new + after


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(renewed(readme.read_text(encoding="utf-8"), block()), encoding="utf-8")
