"""The README says what there is: its numbers are those of the sources, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from support import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import readme

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def outdated(text: str, root: Path = ROOT) -> bool:
    """Whether the numbers in a README differ from those of the sources."""
    return readme.renewed(text, readme.block(root)) != text


def dead_links(text: str, root: Path = ROOT) -> list[str]:
    """Links to files that do not exist, and to headings that the README lacks."""
    heads = {
        "#" + re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)", text, re.M)
    }
    return [
        link
        for link in re.findall(r"\]\(([^)]+)\)", text)
        if not link.startswith("https://") and link not in heads and not (root / link).exists()
    ]


def unknown_commands(text: str, makefile: str) -> list[str]:
    """Commands `make ...` that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    return [name for name in re.findall(r"\bmake ([a-z-]+)\b", text) if name not in targets | {"it"}]


def test_numbers_are_current():
    assert not outdated(TEXT), "run `make notebooks` and commit the result"


def test_links_and_commands():
    assert dead_links(TEXT) == []
    assert unknown_commands(TEXT, (ROOT / "Makefile").read_text(encoding="utf-8")) == []


def test_the_two_commands_come_first():
    first = re.search(r"```bash\n(.*?)```", TEXT, re.S)[1]
    assert [line.split()[:2] for line in first.splitlines()] == [["make", "book"], ["make", "test"]]
    assert TEXT.index("make book") < 80


# ---- Negative controls -------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    for folder in ("book", "tests", "proofs"):
        shutil.copytree(
            ROOT / folder,
            tmp_path / folder,
            ignore=shutil.ignore_patterns("_static", "vendor", "__pycache__"),
        )
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("book/claims.yml", "verdict: fails", "verdict: holds"),
        ("book/claims.yml", "- id: i-2\n", "  also: i-2\n"),
        ("book/toolbox.md", "```{prf:proof}\n", "```{prf:remark}\n"),
        ("book/07-evaluation.md", "{exercise", "{note"),
        ("book/07-evaluation.md", "plt.show()", "pass"),
        ("book/07-evaluation.md", "Explorer(", "Nothing("),
        ("book/budgets.yml", "seconds: ", "seconds: 1"),
        ("book/references.bib", "@misc{limits2025,", "@misc{limits,"),
        ("tests/test_check.py", "def test_", "def tried_"),
        ("_toc.yml", "  - file: book/07-evaluation\n", ""),
        ("proofs/recorded.json", '"Diagonal.no_complete_list": [],', ""),
    ],
)
def test_a_change_makes_the_numbers_outdated(copy, file, before, after):
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert outdated(TEXT, copy)


def test_other_checks_can_fail():
    assert outdated(TEXT.replace("claims in the ledger | 2", "claims in the ledger | 1"))
    assert dead_links("# A b\n[x](#a-b) [y](#c) [z](README.md) [w](nowhere.md)") == ["#c", "nowhere.md"]
    assert unknown_commands("make book, make cake", "book: x\n") == ["cake"]
    with pytest.raises(ValueError, match="lacks the lines"):
        readme.renewed("# No markers", readme.block())
