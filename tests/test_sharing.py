"""What others see of a page: cards, canonical addresses, citations, the map of the site; workflows and releases."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import site_checks
from support import build_book

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
sys.path.insert(0, str(ROOT / ".github"))

from release_notes import notes  # noqa: E402

PAGES = {
    "index": "---\ndescription: All.\n---\n# The book & more\n\nText.\n",
    "02-part/index": "---\ndescription: The second.\n---\n# Second chapter\n\nText.\n",
    "02-part/one": """---
description: A page with "quotes".
---
# First page

```{prf:lemma} Small
:label: tb-small
True.
```

```{exercise} Why ★ (5 min)
:label: ex-why
Why?
```
""",
}
ROW = """- id: row-one
  section: "2.1"
  where: Theorem 1
  claim: A claim.
  verdict: holds
  why: Yes.
  page: book/02-part/one
  status: planned
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    where = tmp_path_factory.mktemp("sharing")
    done = build_book(where, PAGES, claims=ROW)
    assert done.returncode == 0, done.stdout
    return where / "_build" / "html"


def test_a_sound_book_can_be_shared(built):
    assert site_checks.sharing_problems(built) == []


def test_cards_and_citation_name_the_page(built):
    page = (built / "book/02-part/one.html").read_text(encoding="utf-8")
    address = "https://example.github.io/llmlimits/book/02-part/one.html"
    assert f'<link rel="canonical" href="{address}">' in page
    assert 'content="A page with &quot;quotes&quot;."' in page
    assert '_static/cards/02-part.png">' in page
    assert f"url = {{{address}}}" in page and "@misc{llmlimits-part-one," in page
    assert (built / "_static/cards/02-part.png").read_bytes()[:4] == b"\x89PNG"


def test_boxes_have_a_link_to_themselves(built):
    page = (built / "book/02-part/one.html").read_text(encoding="utf-8")
    assert [re.search(f'href="#{name}" title="Link to this box"', page) is None for name in ("tb-small", "ex-why")] == [
        False, False
    ]  # fmt: skip


def test_the_page_for_unknown_addresses_works_at_any_depth(built):
    text = (built / "404.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:href|src)="(?!https://example.github.io/llmlimits/)', text) == []
    for target in re.findall(r'href="https://example.github.io/llmlimits/([^"]+)"', text):
        assert (built / target).is_file() or target == "book/ledger.html"  # the small book has no ledger


# ---- Workflows and releases ----------------------------------------------------------------------------------


def validate(*files: Path) -> subprocess.CompletedProcess:
    command = [
        str(Path(sys.executable).with_name("check-jsonschema")),
        "--builtin-schema",
        "vendor.github-workflows",
    ]
    return subprocess.run([*command, *map(str, files)], text=True, capture_output=True)


def test_workflows_follow_the_schema(tmp_path):
    assert validate(*WORKFLOWS).returncode == 0
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8"
    )
    assert validate(wrong).returncode == 1


def unpinned(text: str) -> list[str]:
    return [
        line
        for line in re.findall(r"uses: *(.+)", text)
        if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line)
    ]


def test_actions_are_pinned_to_a_commit():
    for path in WORKFLOWS:
        assert unpinned(path.read_text(encoding="utf-8")) == []
    assert unpinned("uses: actions/checkout@v4") == ["actions/checkout@v4"]


def test_workflows_call_only_targets_that_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    called = {
        name
        for path in WORKFLOWS
        for name in re.findall(r"\bmake ([a-z]+)", path.read_text(encoding="utf-8"))
    }
    assert called and called <= targets


def test_a_fork_fills_in_its_own_address(tmp_path):
    for name in ("Makefile", "_config.yml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run(
        ["make", "address", "URL=https://github.com/Ada/limits"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    before = (ROOT / "_config.yml").read_text(encoding="utf-8")
    after = (tmp_path / "_config.yml").read_text(encoding="utf-8")
    assert re.sub(r"(?m)^  url: .*$", "  url: https://github.com/Ada/limits", before) == after != before
    refused = subprocess.run(["make", "address"], cwd=tmp_path, capture_output=True)
    assert refused.returncode != 0


def release(root: Path, package: str, citation: str, changelog: str) -> Path:
    (root / "pyproject.toml").write_text(f'[project]\nversion = "{package}"\n', encoding="utf-8")
    (root / "CITATION.cff").write_text(f"cff-version: 1.2.0\nversion: {citation}\n", encoding="utf-8")
    (root / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    return root


def test_release_notes_are_the_section_of_the_version(tmp_path):
    changelog = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.1.0\n\n- Old.\n"
    assert notes("v1.2.0", release(tmp_path, "1.2.0", "1.2.0", changelog)) == "- New.\n"


@pytest.mark.parametrize(
    "package, citation, changelog, says",
    [
        ("1.1.0", "1.2.0", "## 1.2.0\n", "pyproject.toml has version 1.1.0"),
        ("1.2.0", "1.1.0", "## 1.2.0\n", "CITATION.cff has version 1.1.0"),
        ("1.2.0", "1.2.0", "## Unreleased\n", "CHANGELOG.md has no section"),
    ],
)
def test_a_release_whose_versions_differ_is_refused(tmp_path, package, citation, changelog, says):
    with pytest.raises(SystemExit, match=says):
        notes("v1.2.0", release(tmp_path, package, citation, changelog))


def test_package_and_citation_have_the_same_version():
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)[1]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
