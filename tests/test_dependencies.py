"""The lock: what is asked for is used, what is pinned is needed, licences are listed and allow every use.

Known vulnerabilities are looked up once a week (`.github/workflows/weekly.yml`), since that needs the network.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import dependency_checks as checks

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def project_texts() -> list[str]:
    """Everything that may use a package: code, cells, tests, settings."""
    files = [ROOT / "Makefile", ROOT / "_config.yml"]
    for folder in ("src", "book", "tests", "benchmarks", "proofs", "teaching"):
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")]
    return [path.read_text(encoding="utf-8") for path in files if path.name != "dependency_checks.py"]


def test_what_is_asked_for_is_used():
    assert checks.not_used(checks.asked_for(LOCK), project_texts()) == []


def test_what_is_pinned_is_needed():
    assert checks.not_needed(LOCK) == []


def test_what_is_needed_is_pinned():
    assert checks.not_pinned(LOCK) == []


def test_what_is_installed_is_what_is_pinned():
    assert checks.not_as_pinned(LOCK) == []


def test_licences_allow_every_use():
    assert checks.forbidding(checks.licences(LOCK)) == []


def test_licences_are_listed():
    """After a change to the lock: `python tests/dependency_checks.py`."""
    assert checks.TABLE.read_text(encoding="utf-8") == checks.table(LOCK)


@pytest.mark.parametrize(("what", "where", "name", "file"), checks.VENDORED)
def test_copied_software_comes_with_its_licence(what, where, name, file):
    text = (ROOT / where / file).read_text(encoding="utf-8").lower()
    assert {
        "Apache-2.0": "apache license",
        "OFL-1.1": "open font license",
        "MPL-2.0": "mozilla public license",
        "MIT": "permission is hereby granted, free of charge",
    }[name] in text


def test_all_copied_software_is_listed():
    folders = {
        path for root in ("book/_static/vendor", "teaching/vendor") for path in (ROOT / root).iterdir()
    } | {ROOT / "tests/vendor"}
    assert folders == {ROOT / where for _, where, _, _ in checks.VENDORED}


# ---- Negative controls -------------------------------------------------------------------------------------


def test_a_pin_that_nothing_needs_is_found():
    assert checks.not_needed(LOCK + "pip==1.0\n") == ["pip"]


def test_a_missing_pin_is_found():
    lines = [line for line in LOCK.splitlines() if not line.startswith("numpy==")]
    assert checks.not_pinned("\n".join(lines)) == ["numpy"]


def test_another_version_is_found():
    (line,) = (line for line in LOCK.splitlines() if line.startswith("numpy=="))
    assert len(checks.not_as_pinned(LOCK.replace(line, "numpy==0.1"))) == 1
    assert len(checks.not_as_pinned(LOCK + "no-such-package==1.0\n")) == 1


def test_an_unused_package_is_found():
    names = [*checks.asked_for(LOCK), "left-pad"]
    assert checks.not_used(names, project_texts()) == ["left-pad"]
    assert "numpy" in checks.not_used(names, [text for text in project_texts() if "numpy" not in text])


def test_an_unclear_licence_is_found():
    found = checks.forbidding({"a": "MIT", "b": "CC BY-NC 4.0", "c": "not stated"})
    assert found == ["b: CC BY-NC 4.0", "c: not stated"]
