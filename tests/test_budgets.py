"""The costs in `book/budgets.yml`, measured by `make bench`, are within what a reader is promised."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SECONDS, MEGABYTES, ALL_SECONDS = 30, 1500, 360


def problems(budgets: dict[str, dict[str, int]], with_cells: set[str]) -> list[str]:
    """Notebooks that cost too much, all together as well, that were not measured or do not exist."""
    found = []
    for page, cost in budgets.items():
        if not 0 < cost["seconds"] <= SECONDS:
            found.append(f"{page}: {cost['seconds']} s, at most {SECONDS}")
        if not 0 < cost["megabytes"] <= MEGABYTES:
            found.append(f"{page}: {cost['megabytes']} MB, at most {MEGABYTES}")
    total = sum(cost["seconds"] for cost in budgets.values())
    if total > ALL_SECONDS:
        found.append(f"all notebooks: {total} s, at most {ALL_SECONDS}")
    found += [f"{page}: not measured" for page in sorted(with_cells - set(budgets))]
    return found + [f"{page}: has no cells" for page in sorted(set(budgets) - with_cells)]


def test_every_notebook_is_within_its_budget():
    budgets = yaml.safe_load((ROOT / "book" / "budgets.yml").read_text(encoding="utf-8"))
    pages = {
        page.relative_to(ROOT).with_suffix("").as_posix()
        for page in (ROOT / "book").rglob("*.md")
        if "```{code-cell}" in page.read_text(encoding="utf-8")
    }
    assert problems(budgets, pages) == []


@pytest.mark.parametrize(
    ("budgets", "says"),
    [
        ({"a": {"seconds": 31, "megabytes": 100}}, "31 s"),
        ({"a": {"seconds": 9, "megabytes": 1501}}, "1501 MB"),
        ({"a": {"seconds": 0, "megabytes": 100}}, "0 s"),
        ({}, "not measured"),
        ({"a": {"seconds": 9, "megabytes": 100}, "b": {"seconds": 9, "megabytes": 100}}, "has no cells"),
    ],
)
def test_a_budget_can_be_exceeded(budgets, says):
    (found,) = problems(budgets, {"a"})
    assert says in found


def test_the_sum_can_be_exceeded():
    budgets = {str(k): {"seconds": 30, "megabytes": 100} for k in range(13)}
    assert problems(budgets, set(budgets)) == ["all notebooks: 390 s, at most 360"]
