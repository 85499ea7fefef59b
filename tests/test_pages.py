"""Every section has all its parts: what a reader expects is checked on the source, with a fault for each check."""

from __future__ import annotations

import re

import pytest

import page_checks as checks
from support import ROOT

BOOK = ROOT / "book"
SECTIONS = sorted(
    path
    for path in BOOK.rglob("*.md")
    if re.match(r"\d\d-", path.relative_to(BOOK).as_posix()) and path.name != "index.md"
)


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_section(path):
    text = path.read_text(encoding="utf-8")
    assert [problem for check in checks.CHECKS for problem in check(text)] == []


def test_there_are_sections():
    assert SECTIONS


PLOT = """```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-a
    caption: Rises.
  image:
    alt: a rising line
---
plt.plot([1, 2])
plt.show()
```
"""
EXPLORER = """```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-b
    caption: Falls.
---
Explorer(draw, [1, 2], name="n", alt="a falling line")
```
"""
GOOD = (
    """---
description: A section.
---
# Title

```{budget}
```

:::{admonition} After this section you can
:class: objectives
- read.
:::

"""
    + PLOT
    + EXPLORER
    + """
:::{admonition} What it says
:class: says
It says.
:::
"""
    + "".join(
        f"```{{exercise}} Name ★★ (15 min)\n:label: ex-{k}\nWhy?\n```\n"
        f"```{{solution}} ex-{k}\n:label: ex-{k}-solution\n:class: dropdown\nSo.\n```\n"
        for k in range(6)
    )
    + "## Summary\n\nShort.\n\n## Further reading\n\nMore.\n"
)


def test_a_good_section_passes():
    assert [problem for check in checks.CHECKS for problem in check(GOOD)] == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("description: A section.\n", "title: T\n", "no description"),
        ("```{budget}\n```\n", "", "no budget line"),
        (":class: objectives", ":class: tip", "no objectives"),
        (":class: says", ":class: tip", "no box that says"),
        ("## Summary", "## End", "no summary"),
        ("## Further reading", "## End", "no further reading"),
        ("plt.plot([1, 2])", "plt.plot([" + "1, " * 30 + "])", "columns: plt.plot"),
        ("plt.plot([1, 2])\n", "plt.plot([1, 2])\n" * 15, "16 lines in an open cell"),
        ("    caption: Rises.\n", "", "figure without a caption: fig-a"),
        ("    alt: a rising line\n", "    width: 9px\n", "figure without an alternative text: fig-a"),
        ("    caption: Falls.\n", "", "figure without a caption: fig-b"),
        ("Name ★★ (15 min)\n:label: ex-3", "Name\n:label: ex-3", "ex-3: no level and minutes"),
        ("{solution} ex-2\n", "{solution} ex-1\n", "ex-2: 0 solutions"),
        ("{solution} ex-2\n", "{solution} ex-7\n", "unknown exercise ex-7"),
        ("Why?\n```\n```{solution} ex-5\n", "Why?\n```\n```{solution-start} ex-5\n", None),
        ("{exercise} Name ★★ (15 min)\n:label: ex-5", "{tip} Name\n:label: ex-5", "5 exercises"),
        (":label: ex-4\n", ":label: ex:4\n", "label with a colon: ex:4"),
        ("Short.", "By R2.3.", "internal number: R2.3"),
    ],
)
def test_a_fault_is_found(old, new, says):
    assert old in GOOD
    found = [problem for check in checks.CHECKS for problem in check(GOOD.replace(old, new))]
    assert found == [] if says is None else any(says in problem for problem in found)
