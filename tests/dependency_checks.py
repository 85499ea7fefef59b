"""What is checked about the lock, `requirements.txt`, against the metadata of what is installed.

Also writes the table of licences: `python tests/dependency_checks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "THIRD_PARTY.md"
# How files show that a package is used, where it is not imported under its own name.
TRACES = {
    "scikit-learn": r"import sklearn|from sklearn", "pillow": r"from PIL", "z3-solver": r"import z3|from z3",
    "python-sat": r"from pysat", "bm25s": r"importorskip\(.bm25s.\)", "pytest-xdist": r"-n 2 --dist",
    "nbval": r"--nbval ", "ruff": r"bin/ruff check",
    "check-jsonschema": r"check.jsonschema", "jupyter-book": r"bin/jupyter-book build",
    "fonttools": r"from fontTools", "sphinx-proof": r"- sphinx_proof", "sphinx-exercise": r"- sphinx_exercise",
}  # fmt: skip
# Jupyter Book loads these itself; they are asked for since their versions matter.
LOADED_BY_JUPYTER_BOOK = {"sphinx-book-theme", "myst-nb", "sphinxcontrib-bibtex"}
# Licences that let everybody use, change and pass on the book's tools. LGPL, MPL and the like ask only that
# changes of the library itself are passed on; nothing of these packages is copied into the book.
PERMITTED = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software|ISC|MPL|Mozilla|Unlicense|HPND|LGPL|Lesser|0BSD|CNRI|Zope|ZPL"
)
# Written into the built pages or the repository, with the file that holds the licence.
VENDORED = [
    ("MathJax 3", "book/_static/vendor/mathjax", "Apache-2.0", "LICENSE"),
    ("Source Serif 4", "book/_static/vendor/source-serif", "OFL-1.1", "LICENSE"),
    ("reveal.js", "teaching/vendor/reveal", "MIT", "LICENSE"),
    ("axe-core", "tests/vendor", "MPL-2.0", "axe.LICENSE"),
]


def pins(lock: str) -> dict[str, str]:
    """Name, in its canonical form, and version of each pin."""
    found = {}
    for line in lock.splitlines():
        if match := re.fullmatch(r"([\w.-]+)==(\S+)", line.partition(" #")[0].strip()):
            found[canonicalize_name(match[1])] = match[2]
    return found


def asked_for(lock: str) -> list[str]:
    """The names after "Asked for directly:" in the lock's head, and the build tool."""
    head = "".join(line.lstrip("# ") + " " for line in lock.splitlines() if line.startswith("#"))
    text = re.search(r"Asked for directly:(.*?)\.\s", head)[1]
    names = re.sub(r"\([^)]*\)", "", text)
    return [canonicalize_name(name.strip()) for name in re.split(r"[,;]", names) if name.strip()]


def needs(name: str, extras: Iterable[str] = ()) -> list[tuple[str, frozenset[str]]]:
    """What an installed package asks for here, with the extras it wants of it."""
    found = []
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        environments = [{"extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(requirement.marker.evaluate(e) for e in environments):
            found.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def reachable(names: Iterable[str]) -> set[str]:
    """All packages that these need, directly or not, and themselves."""
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [(canonicalize_name(name), frozenset()) for name in names]
    while todo:
        item = todo.pop()
        if item in seen:
            continue
        seen.add(item)
        try:
            todo += needs(*item)
        except metadata.PackageNotFoundError:
            pass
    return {name for name, _ in seen}


def not_needed(lock: str) -> list[str]:
    """Pins that nothing asks for."""
    return sorted(set(pins(lock)) - reachable(asked_for(lock)))


def not_pinned(lock: str) -> list[str]:
    """What is needed and installed, but has no pin."""
    installed = {canonicalize_name(d.metadata["Name"]) for d in metadata.distributions()}
    return sorted((reachable(asked_for(lock)) & installed) - set(pins(lock)) - {"pip", "wheel"})


def not_as_pinned(lock: str) -> list[str]:
    """Pins that differ from what is installed."""
    found = []
    for name, version in pins(lock).items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "nothing"
        if installed.partition("+")[0] != version.partition("+")[0]:
            found.append(f"{name}: {version} is pinned, {installed} is installed")
    return found


def not_used(names: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Packages that no file imports, runs or names as an extension."""
    text = "\n".join(texts)
    loaded = LOADED_BY_JUPYTER_BOOK & {name for name, _ in needs("jupyter-book")}
    found = []
    for name in names:
        trace = TRACES.get(name, rf"^\s*(?:from|import) +{re.escape(name.replace('-', '_'))}\b")
        if name not in loaded and not re.search(trace, text, re.M):
            found.append(name)
    return found


def licence(name: str) -> str:
    """The licence as the package's metadata state it, shortened to a name."""
    data = metadata.metadata(name)
    if expression := data.get("License-Expression"):
        return expression
    classes = [
        line.rpartition(" :: ")[2]
        for line in data.get_all("Classifier") or []
        if line.startswith("License ::") and line != "License :: OSI Approved"
    ]
    if classes:
        return ", ".join(classes)
    return (
        (data.get("License") or "").strip().splitlines()[0].strip() if data.get("License") else "not stated"
    )


def licences(lock: str) -> dict[str, str]:
    return {name: licence(name) for name in sorted(pins(lock))}


def forbidding(found: dict[str, str]) -> list[str]:
    """Packages whose licence is not known to allow every use."""
    return [f"{name}: {text}" for name, text in found.items() if not PERMITTED.search(text)]


def table(lock: str) -> str:
    """The list of licences, as the file holds it."""
    head = (
        "# Software by others\n\n"
        "Generated from the metadata of the locked packages by `python tests/dependency_checks.py`.\n\n"
        "## Copied into this repository\n\n| what | where | licence |\n|---|---|---|\n"
    )
    rows = "".join(
        f"| {what} | `{where}` | [{text}]({where}/{file}) |\n" for what, where, text, file in VENDORED
    )
    head += rows + "\n## Installed to build and test the book\n\n| package | licence |\n|---|---|\n"
    return head + "".join(f"| {name} | {text} |\n" for name, text in licences(lock).items())


if __name__ == "__main__":
    TABLE.write_text(table((ROOT / "requirements.txt").read_text(encoding="utf-8")), encoding="utf-8")
