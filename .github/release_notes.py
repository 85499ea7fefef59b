"""The notes of a release, `python .github/release_notes.py v1.2.3`: the section of CHANGELOG.md with that version.

Fails if the tag, the package, the citation and the changelog do not agree.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path


def notes(tag: str, root: Path) -> str:
    """The changelog's section of version `tag`; `SystemExit` names every file that says something else."""
    version = tag.removeprefix("v")
    package = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = re.search(r"^version: (.+)$", (root / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    sections = re.split(r"^## ", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    section = next((text for text in sections if text.split()[:1] == [version]), None)
    problems = [
        f"pyproject.toml has version {package}" if package != version else "",
        f"CITATION.cff has version {citation and citation[1]}"
        if not citation or citation[1] != version
        else "",
        "CHANGELOG.md has no section of it" if section is None else "",
    ]
    if any(problems):
        raise SystemExit(f"{tag}: " + "; ".join(filter(None, problems)))
    return section.partition("\n")[2].strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(notes(sys.argv[1], Path(__file__).resolve().parents[1]))
