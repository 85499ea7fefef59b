"""Directive ``{syllabus} course``: a course plan with its meetings, from `book/teaching/plan.yml`.

The plan names pages, sections, theorems, figures and exercises by their headings and labels; titles, objectives and
the minutes of readings and exercises are taken from the pages, so that they cannot drift. What a meeting has beyond
its fixed parts goes to questions: it must be neither too short nor too long. A label, heading or number that the
page does not have, and minutes that do not fit, are warnings, hence errors. A course in `plan.yml`:

    graduate:
      minutes: 75          # of one meeting
      per_week: 2
      meetings:
        - page: 02-hallucination/data        # below book/
          focus: gaps and noise              # if a page is spread over several meetings
          objectives: [1, 2]                 # numbers in the page's box; all of them if missing
          read: [What a gap costs, Noise]    # headings; all but the last ones if missing
          open: {"What is coverage?": 5}       # the first question, in minutes
          board: {thm-noise-averages: 10}    # theorems, definitions, examples
          live: {fig-coverage: 5}            # figures and explorers; a theorem stands for the cell below it
          talk: {sec-data-figures: 5}        # sections and tables to discuss
          also: {Groups present: 30}         # anything else
          exercises: [ex-data-vote]
          homework: [1]                      # numbers of problem sets
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from budget import reading_minutes

logger = logging.getLogger(__name__)
PLAN = "teaching/plan.yml"
REST = range(5, 16)  # minutes for questions at the end of a meeting
NOT_READ = {"Checked sentences", "Exercises", "For builders", "Summary", "Further reading"}
LABEL = re.compile(r"^(?::label: |:name: |\((?=sec-)| +name: )([a-z0-9-]+)(?:\)=)?$", re.M)
PROVED = re.compile(r"^`{3,}\{prf:\w+\} ?(.*)\n:label: (\S+)", re.M)
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\} (.+) (★+) \((\d+) min\)\n:label: (\S+)", re.M)
OBJECTIVES = re.compile(r"^:class: objectives\n(.*?)^:::", re.M | re.S)


class Page:
    """What a plan may refer to on one page: title, objectives, headings, labels and exercises."""

    def __init__(self, path: Path):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\A---\n.*?^---\n", "", text, flags=re.S | re.M)
        self.title = re.search(r"^# (.+)$", text, re.M)[1]
        box = OBJECTIVES.search(text)
        items = re.split(r"^- ", box[1], flags=re.M)[1:] if box else []
        self.objectives = [" ".join(item.split()).rstrip(";.") for item in items]
        prose = re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.S | re.M)
        parts = re.split(r"^## (.+)$", prose, flags=re.M)
        self.sections = dict(zip(parts[1::2], parts[2::2], strict=True))
        self.labels = set(LABEL.findall(text))
        self.proved = {label: title for title, label in PROVED.findall(text)}
        self.exercises = {label: (title, int(time)) for title, _, time, label in EXERCISE.findall(text)}

    def reading(self, headings: list[str] | None) -> int:
        """Minutes to read the named sections, or all that are read before a meeting."""
        if headings is None:
            headings = [heading for heading in self.sections if heading not in NOT_READ]
        return reading_minutes("\n".join(self.sections.get(heading, "") for heading in headings))


def load(book: Path) -> dict:
    return yaml.safe_load((book / PLAN).read_text(encoding="utf-8")) or {}


def pages(book: Path, course: dict) -> dict[str, Page]:
    """The pages of a course that exist."""
    names = {meeting["page"] for meeting in course["meetings"]}
    return {name: Page(book / f"{name}.md") for name in sorted(names) if (book / f"{name}.md").is_file()}


def rest(meeting: dict, page: Page, minutes: int) -> int:
    """Minutes of a meeting that no part of it claims."""
    parts = ("open", "board", "live", "talk", "also")
    fixed = sum(sum(meeting.get(part, {}).values()) for part in parts)
    tasks = sum(page.exercises.get(label, ("", 0))[1] for label in meeting.get("exercises", []))
    return minutes - fixed - tasks


def problems(book: Path, course: dict) -> list[str]:
    """What is wrong with a course: things its pages do not have, minutes that do not fit."""
    known, found = pages(book, course), []
    sets = book.parent / "teaching" / "problem-sets"
    for number, meeting in enumerate(course["meetings"], 1):
        where = f"meeting {number}"
        page = known.get(meeting["page"])
        if page is None:
            found.append(f"{where}: no page {meeting['page']}")
            continue
        found += [
            f"{where}: {meeting['page']} has no objective {k}"
            for k in meeting.get("objectives", [])
            if not 1 <= k <= len(page.objectives)
        ]
        found += [
            f"{where}: {meeting['page']} has no section '{heading}'"
            for heading in meeting.get("read", [])
            if heading not in page.sections
        ]
        for part, labels in (
            ("board", page.proved),
            ("live", page.labels),
            ("talk", page.labels),
            ("exercises", page.exercises),
        ):
            found += [
                f"{where}: {meeting['page']} has no {label} for '{part}'"
                for label in meeting.get(part, ())
                if label not in labels
            ]
        if sets.is_dir():
            found += [
                f"{where}: no problem set {k}"
                for k in meeting.get("homework", [])
                if not (sets / f"ps{k}.md").is_file()
            ]
        left = rest(meeting, page, course["minutes"])
        if left not in REST:
            found.append(f"{where}: {left} minutes are left, not {REST.start} to {REST.stop - 1}")
    return found


def link(label: str, page: Page) -> str:
    """A reference to a label, by what stands there."""
    if label in page.proved:
        return f"{{prf:ref}}`{label}`"
    return f"{{ref}}`{label}`" if label.startswith("sec-") else f"{{numref}}`{label}`"


def timed(entries: dict, page: Page, cell: str = "") -> str:
    """References with the names of theorems and the minutes; `cell` goes before a theorem."""
    found = []
    for label, minutes in entries.items():
        before = cell if label in page.proved else ""
        title = f"*{page.proved[label]}*, " if page.proved.get(label) else ""
        found.append(f"{before}{link(label, page)} ({title}{minutes} min)")
    return ", ".join(found)


def name(course: dict, number: int) -> str:
    """The name of a meeting: its week and a letter, or its number if there is only one week."""
    if len(course["meetings"]) <= course["per_week"]:
        return str(number)
    week, place = divmod(number - 1, course["per_week"])
    return f"{week + 1}{chr(ord('a') + place)}" if course["per_week"] > 1 else str(week + 1)


def table(course: dict, known: dict[str, Page]) -> list[str]:
    """One row for each meeting: what, how much to read before, which problem set after it."""
    lines = ["| meeting | section | read, min | set |", "|---|---|---|---|"]
    for number, meeting in enumerate(course["meetings"], 1):
        page = known[meeting["page"]]
        about = f"[{page.title}](/book/{meeting['page']}.md)"
        about += focus(page, meeting)
        read = str(page.reading(meeting.get("read"))) if meeting.get("read") != [] else ""
        homework = ", ".join(map(str, meeting.get("homework", [])))
        lines.append(f"| {name(course, number)} | {about} | {read} | {homework} |")
    return [*lines, ""]


def focus(page: Page, meeting: dict) -> str:
    """What a meeting takes from its page, to stand behind the page's title, which may end in a question mark."""
    if "focus" not in meeting:
        return ""
    return (
        f" {meeting['focus'][0].upper()}{meeting['focus'][1:]}"
        if page.title.endswith("?")
        else f": {meeting['focus']}"
    )


def details(called: str, meeting: dict, page: Page, minutes: int) -> list[str]:
    """One folded box for a meeting."""
    lines = [
        f":::{{admonition}} Meeting {called}. {page.title}{focus(page, meeting)}",
        ":class: dropdown",
        "",
    ]
    chosen = meeting.get("objectives", range(1, len(page.objectives) + 1))
    lines += ["**Afterwards students can**", ""]
    lines += [f"- {page.objectives[k - 1]}" for k in chosen] + [""]
    if meeting.get("read") != []:
        named = "; ".join(f"*{heading}*" for heading in meeting.get("read", ()))
        named = named or "the page up to its exercises"
        lines += [f"**Read before** ({page.reading(meeting.get('read'))} min): {named}.", ""]
    lines += [f"**In class** ({minutes} min)", ""]
    lines += [f"- *Open with* ({time} min): {text}" for text, time in meeting.get("open", {}).items()]
    if "board" in meeting:
        lines.append(f"- *At the board:* {timed(meeting['board'], page)}.")
    if "live" in meeting:
        lines.append(f"- *Run and change:* {timed(meeting['live'], page, 'the cell of ')}.")
    if "talk" in meeting:
        lines.append(f"- *Discuss:* {timed(meeting['talk'], page)}.")
    lines += [f"- {text} ({time} min)." for text, time in meeting.get("also", {}).items()]
    if "exercises" in meeting:
        named = ((label, *page.exercises[label]) for label in meeting["exercises"])
        tasks = (f"{{ref}}`{label}` (*{title}*, {time} min)" for label, title, time in named)
        lines.append(f"- *Exercises:* {', '.join(tasks)}.")
    lines += [f"- *Questions:* {rest(meeting, page, minutes)} min.", ""]
    if meeting.get("homework"):
        lines += [f"**Homework:** {', '.join(f'problem set {k}' for k in meeting['homework'])}.", ""]
    return [*lines, ":::", ""]


def markdown(course: dict, known: dict[str, Page]) -> list[str]:
    lines = table(course, known)
    for number, meeting in enumerate(course["meetings"], 1):
        lines += details(name(course, number), meeting, known[meeting["page"]], course["minutes"])
    return lines


class Syllabus(SphinxDirective):
    """Writes the meetings of one course."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        book = Path(self.env.srcdir) / "book"
        self.env.note_dependency(str(book / PLAN))
        plan, name = load(book), self.arguments[0]
        if name not in plan:
            logger.warning("no course %s in book/%s", name, PLAN, location=self.get_location())
            return []
        course = plan[name]
        for meeting in course["meetings"]:
            self.env.note_dependency(str(book / f"{meeting['page']}.md"))
        wrong = problems(book, course)
        for problem in wrong:
            logger.warning("book/%s, %s, %s", PLAN, name, problem, location=self.get_location())
        if wrong:
            return []
        box = nodes.container(classes=["syllabus"])
        text = StringList(markdown(course, pages(book, course)), source=str(book / PLAN))
        self.state.nested_parse(text, self.content_offset, box)
        return [box]


def setup(app):
    app.add_directive("syllabus", Syllabus)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
