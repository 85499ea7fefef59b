"""The course plans fit the pages of the book, and a plan that does not fit fails the build."""

from __future__ import annotations

import copy
import sys

import pytest

from support import ROOT, build_book

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import syllabus

BOOK = ROOT / "book"
PAGE = """\
# A page

:::{admonition} After this section you can
:class: objectives
- count to
  three;
- stop.
:::

## First part

One, two, three.

```{prf:definition} Three
:label: def-three

Three is the number after two.
```

## Exercises

```{exercise} How many? ★ (10 min)
:label: ex-three
Count.
```
"""
PLAN = """\
small:
  minutes: 75
  per_week: 1
  meetings:
    - page: page
      objectives: [1]
      read: [First part]
      open: {"What comes after two?": 5}
      board: {def-three: 45}
      exercises: [ex-three]
      homework: [1]
"""


def plans() -> dict:
    return syllabus.load(BOOK)


@pytest.mark.parametrize("name", ["graduate", "short", "workshop"])
def test_a_course_fits_its_pages(name):
    assert syllabus.problems(BOOK, plans()[name]) == []


def test_minutes_of_every_meeting_add_up():
    for course in plans().values():
        known = syllabus.pages(BOOK, course)
        for meeting in course["meetings"]:
            page = known[meeting["page"]]
            parts = [meeting.get(part, {}) for part in ("open", "board", "live", "talk", "also")]
            planned = sum(sum(part.values()) for part in parts)
            planned += sum(page.exercises[label][1] for label in meeting.get("exercises", []))
            assert planned + syllabus.rest(meeting, page, course["minutes"]) == course["minutes"] == 75
            assert 60 <= planned <= 70


def test_the_graduate_course_covers_every_section_in_thirteen_weeks():
    course = plans()["graduate"]
    assert len(course["meetings"]) == 13 * course["per_week"]
    taught = {meeting["page"] for meeting in course["meetings"]}
    sections = {str(path.relative_to(BOOK))[:-3] for path in BOOK.glob("0*/*.md") if path.stem != "index"}
    sections |= {path.stem for path in BOOK.glob("0*.md")}
    assert taught == sections
    homework = [k for meeting in course["meetings"] for k in meeting.get("homework", [])]
    assert homework == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"page": "no-such-page"}, "no page no-such-page"),
        ({"objectives": [9]}, "has no objective 9"),
        ({"read": ["No such part"]}, "has no section 'No such part'"),
        ({"board": {"thm-no-such": 30}}, "has no thm-no-such for 'board'"),
        ({"live": {"fig-no-such": 5}}, "has no fig-no-such for 'live'"),
        ({"exercises": ["ex-no-such"]}, "has no ex-no-such for 'exercises'"),
        ({"also": {"Sing": 60}}, "minutes are left, not 5 to 15"),
        ({"board": {}}, "minutes are left, not 5 to 15"),
    ],
)
def test_a_plan_that_does_not_fit_is_named(change, said):
    course = copy.deepcopy(plans()["graduate"])
    course["meetings"][4].update(change)
    found = syllabus.problems(BOOK, course)
    assert any(problem.startswith("meeting 5") and said in problem for problem in found), found


def test_longer_exercises_break_the_plan(tmp_path):
    for minutes, fits in ((10, True), (25, False)):
        (tmp_path / "teaching").mkdir(exist_ok=True)
        (tmp_path / "teaching" / "plan.yml").write_text(PLAN, encoding="utf-8")
        (tmp_path / "page.md").write_text(PAGE.replace("(10 min)", f"({minutes} min)"), encoding="utf-8")
        assert (syllabus.problems(tmp_path, syllabus.load(tmp_path)["small"]) == []) is fits


def test_the_directive_writes_the_plan_and_refuses_a_bad_one(tmp_path):
    shown = "# Teaching\n\n```{syllabus} small\n```\n"
    root = "# Root\n"
    files = {"book/teaching/plan.yml": PLAN}
    good = build_book(tmp_path, {"index": root, "page": PAGE, "shown": shown}, files=files)
    assert good.returncode == 0, good.stdout
    html = (tmp_path / "_build" / "html" / "book" / "shown.html").read_text(encoding="utf-8")
    for text in ("Meeting 1. A page", "count to three", "45 min)", "problem set 1", "page.html#def-three"):
        assert text in html
    bad = {"book/teaching/plan.yml": PLAN.replace("def-three: 45", "def-four: 20")}
    refused = build_book(tmp_path, {"index": root, "page": PAGE, "shown": shown}, files=bad)
    assert refused.returncode != 0
    assert "page has no def-four for 'board'" in refused.stdout
    assert "40 minutes are left" in refused.stdout
