"""Problem sets: a student notebook and a solution notebook from one source, `problem-sets/psN.md`.

A source is Markdown with a few marked blocks, told apart by the second word after the fence:

    ```python draw       parameters of the variant, drawn with `rng` (a random.Random); in no notebook
    ```python given      code in both notebooks
    ```python stub       the answer cell of the student
    ```python solution   the same cell in the solution notebook
    ```python wrong      a plausible wrong answer: the self-check must say "not yet" (for tests and `make grade-demo`)
    ```python check      the self-check, in both notebooks; its last statement is `check(answer, test, hint)`
    :::solution          prose for the solution notebook only, ends with :::
    :::rubric            points for a proof that is graded by hand, solution notebook only

A problem starts with `## kind, N points, N min: Title`; kind is compute, build, refute or prove. A problem of the
last kind has a rubric in place of the code. `<<name>>` or `<<name:format>>` is replaced by a drawn parameter. The
same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SOURCES = HERE / "problem-sets"
COMMITTED = ROOT / "notebooks" / "problem-sets"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

KINDS = ("compute", "build", "refute", "prove")
HEADING = re.compile(rf"^## ({'|'.join(KINDS)}), (\d+) points, (\d+) min: (.+)$")
FENCE = re.compile(r"^```python (draw|given|stub|solution|wrong|check)$")
BOX = re.compile(r"^:::(solution|rubric)$")
PARAMETER = re.compile(r"<<(\w+)(?::([^<>]*))?>>")
LEAVE = "(leave as it is)"
ANSWER = "your answer"
PROMPT = "*Write your proof in this cell.*"
EDITIONS = ("student", "solutions", "wrong", "nbgrader")


@dataclass
class Problem:
    """One problem: `blocks` are (kind, text) in the order of the source, kind "text" for prose."""

    number: int
    kind: str
    points: int
    minutes: int
    title: str
    blocks: list[tuple[str, str]] = field(default_factory=list)

    def block(self, kind: str) -> str:
        found = [text for name, text in self.blocks if name == kind]
        if len(found) != 1:
            raise ValueError(f"problem {self.number} has {len(found)} blocks {kind!r}, one is wanted")
        return found[0]

    @property
    def by_hand(self) -> bool:
        return self.kind == "prove"


@dataclass
class ProblemSet:
    """A source that has been read, or a variant of it with the parameters filled in."""

    name: str
    title: str
    sections: list[str]
    opening: list[tuple[str, str]]
    problems: list[Problem]

    @property
    def points(self) -> int:
        return sum(problem.points for problem in self.problems)


# ---- Reading -----------------------------------------------------------------------------------------------


def blocks_of(lines: list[str]) -> list[tuple[str, str]]:
    """Split Markdown into marked blocks and the prose between them."""
    found, prose, k = [], [], 0

    def flush() -> None:
        if text := "\n".join(prose).strip():
            found.append(("text", text))
        prose.clear()

    while k < len(lines):
        fence, box = FENCE.match(lines[k]), BOX.match(lines[k])
        if not (fence or box):
            if lines[k].startswith(("```", ":::")):
                raise ValueError(f"unknown block: {lines[k]}")
            prose.append(lines[k])
            k += 1
            continue
        flush()
        end = "```" if fence else ":::"
        try:
            last = lines.index(end, k)
        except ValueError:
            raise ValueError(f"block without end: {lines[k]}") from None
        found.append(
            ((fence or box)[1] if fence else f"{box[1]}-text", "\n".join(lines[k + 1 : last]).strip())
        )
        k = last + 1
    flush()
    return found


def read(path: Path) -> ProblemSet:
    """Read a source; ValueError if a problem lacks one of its blocks."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    settings = yaml.safe_load(front)
    parts: list[tuple[re.Match | None, list[str]]] = [(None, [])]
    for line in body.splitlines():
        if line.startswith("## "):
            heading = HEADING.match(line)
            if not heading:
                raise ValueError(f"{path.name}: heading without kind, points and minutes: {line}")
            parts.append((heading, []))
        else:
            parts[-1][1].append(line)
    problems = []
    for number, (heading, lines) in enumerate(parts[1:], 1):
        kind, points, minutes, title = heading.groups()
        problem = Problem(number, kind, int(points), int(minutes), title, blocks_of(lines))
        wanted = ["rubric-text"] if problem.by_hand else ["stub", "solution", "wrong", "check"]
        for block in [*wanted, "solution-text"]:
            problem.block(block)
        if problem.by_hand and {"stub", "check"} & {name for name, _ in problem.blocks}:
            raise ValueError(f"{path.name}: problem {number} is graded by hand and has a self-check")
        problems.append(problem)
    return ProblemSet(path.stem, settings["title"], settings["sections"], blocks_of(parts[0][1]), problems)


def sources() -> list[Path]:
    return sorted(SOURCES.glob("ps*.md"))


def variant(source: ProblemSet, seed: int) -> ProblemSet:
    """Draw the parameters and fill them in."""
    values: dict = {"rng": random.Random(f"{source.name}, variant {seed}")}
    everything = [*source.opening, *(block for problem in source.problems for block in problem.blocks)]
    for kind, text in everything:
        if kind == "draw":
            exec(compile(text, f"{source.name}: draw", "exec"), values)

    def fill(blocks: list[tuple[str, str]]) -> list[tuple[str, str]]:
        def value(match: re.Match) -> str:
            if match[1] not in values:
                raise ValueError(f"{source.name}: nothing was drawn for {match[0]}")
            return format(values[match[1]], match[2] or "")

        return [(kind, PARAMETER.sub(value, text)) for kind, text in blocks if kind != "draw"]

    problems = [
        Problem(p.number, p.kind, p.points, p.minutes, p.title, fill(p.blocks)) for p in source.problems
    ]
    return ProblemSet(source.name, source.title, source.sections, fill(source.opening), problems)


# ---- Writing -----------------------------------------------------------------------------------------------


def marker(problem: Problem, part: str) -> str:
    """The words by which a cell is found again, in whatever program the notebook was edited."""
    return f"Problem {problem.number}: {part}"


def site_and_repository() -> tuple[str, str]:
    """The addresses of site and repository, from `_config.yml` as the Colab edition reads them."""
    from types import SimpleNamespace

    from nbedition import repository, site

    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    options = {"repository_url": settings["repository"]["url"]}
    baseurl = settings.get("html", {}).get("baseurl", "")
    config = SimpleNamespace(html_theme_options=options, html_baseurl=baseurl)
    return site(config), repository(config)


def title_of(section: str) -> str:
    text = (ROOT / f"{section}.md").read_text(encoding="utf-8")
    return re.search(r"^# (.+)$", text, re.M)[1]


def notebook(problems: ProblemSet, seed: int, edition: str) -> nbformat.NotebookNode:
    """The notebook of a variant in one of the EDITIONS."""
    from nbedition import SETUP

    solved = edition in ("solutions", "nbgrader")
    site, repository = site_and_repository()
    links = ", ".join(f"[{title_of(section)}]({site}{section}.html)" for section in problems.sections)
    by_hand = sum(p.points for p in problems.problems if p.by_hand)
    opening = (
        f"# {problems.title}\n\nVariant {seed} · {problems.points} points, {by_hand} of them by hand · "
        f"about {sum(p.minutes for p in problems.problems)} minutes · after {links}\n\n"
        "Fill in the cells that say *your answer*; the cell below each of them says at once how you stand, as often as "
        "you like. Leave the other cells as they are. You may add cells of your own."
    )
    cells = [new_markdown_cell(opening, id=f"{problems.name}-title")]
    if solved:
        note = "**Solutions.** Other answers with the same properties are right as well; the self-checks accept them."
        cells.append(new_markdown_cell(note, id=f"{problems.name}-note", metadata={"tags": ["solution"]}))
    setup = SETUP.format(package="llmlimits", repository=repository).rstrip()
    cells.append(new_code_cell(setup, id=f"{problems.name}-setup"))
    count = 0
    for kind, text in problems.opening:
        count += 1
        new = new_code_cell if kind == "given" else new_markdown_cell
        cells.append(new(text, id=f"{problems.name}-opening-{count}"))
    for problem in problems.problems:
        cells += problem_cells(problems.name, problem, edition)
    for cell in cells:
        if cell.cell_type == "code":
            cell.metadata.setdefault("tags", []).append("nbval-ignore-output")
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "problem_set": {"name": problems.name, "seed": seed},
    }
    made = new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(made)
    return made


def problem_cells(name: str, problem: Problem, edition: str) -> list[nbformat.NotebookNode]:
    prefix = f"{name}-{problem.number}"
    kind = f"{problem.kind}, graded by hand" if problem.by_hand else problem.kind
    costs = f"*{kind} · {problem.points} points · about {problem.minutes} min*"
    heading = f"## Problem {problem.number}: {problem.title}\n\n{costs}"
    cells, count = [], 0

    def add(make, text: str, part: str, **metadata) -> None:
        cells.append(make(text, id=f"{prefix}-{part}", metadata=metadata))

    for kind, text in problem.blocks:
        count += 1
        if kind == "text":
            text, heading = (f"{heading}\n\n{text}", "") if heading else (text, "")
            add(new_markdown_cell, text, f"text-{count}")
        elif kind == "given":
            add(new_code_cell, f"# {marker(problem, 'given')} {LEAVE}\n{text}", f"given-{count}")
        elif kind == "stub":
            chosen = {
                "student": text,
                "solutions": problem.block("solution"),
                "wrong": problem.block("wrong"),
            }
            chosen["nbgrader"] = f"{text}\n### BEGIN SOLUTION\n{problem.block('solution')}\n### END SOLUTION"
            extra = nbgrader(prefix, "answer") if edition == "nbgrader" else {}
            add(new_code_cell, f"# {marker(problem, ANSWER)}\n{chosen[edition]}", "answer", **extra)
        elif kind == "check":
            text = f"# {marker(problem, 'self-check')} {LEAVE}\n{text}"
            extra = {}
            if edition == "nbgrader":
                text += f"\n### BEGIN HIDDEN TESTS\n{assertion(text)}\n### END HIDDEN TESTS"
                extra = nbgrader(prefix, "check", points=problem.points)
            add(new_code_cell, text, "check", **extra)
            add(new_markdown_cell, "Expected, once you have it: `right`", "expected")
        elif kind == "rubric-text":
            answer = f"**{marker(problem, ANSWER)}**\n\n"
            if edition == "solutions":
                answer += "*The solution stands below.*"
            else:
                answer += PROMPT
            extra = (
                nbgrader(prefix, "answer", points=problem.points, solution=True)
                if edition == "nbgrader"
                else {}
            )
            add(new_markdown_cell, answer, "answer", **extra)
            if edition == "solutions":
                add(new_markdown_cell, f"**Rubric**\n\n{text}", "rubric", tags=["solution"])
        elif kind == "solution-text" and edition == "solutions":
            add(new_markdown_cell, f"**Solution.** {text}", "solution", tags=["solution"])
    return cells


def assertion(check: str) -> str:
    """The last statement `check(answer, test, hint)` as an assert, for a grader that knows only exceptions."""
    last = ast.parse(check).body[-1]
    call = getattr(last, "value", None)
    if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "check" or len(call.args) != 3:
        raise ValueError(f"a self-check has to end in check(answer, test, hint): {check[:80]}")
    answer, test, _ = map(ast.unparse, call.args)
    return f"assert {answer} is not None and {test}({answer})"


def nbgrader(prefix: str, part: str, points: int | None = None, solution: bool | None = None) -> dict:
    """Cell metadata in nbgrader's schema, version 3."""
    solution = part == "answer" if solution is None else solution
    settings = {
        "schema_version": 3,
        "grade_id": f"{prefix}-{part}",
        "grade": points is not None,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    if points is not None:
        settings["points"] = points
    return {"nbgrader": settings}


NBGRADER_CONFIG = """\
# For nbgrader 0.9: `nbgrader generate_assignment ps1`, and so on, in this folder
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "llmlimits"
# The stubs set every answer to None, and the self-check says that it is missing; nothing has to raise
c.ClearSolutions.code_stub = {"python": "# your code here"}
c.ClearSolutions.text_stub = "*Write your proof in this cell.*"
"""


def text_of(made: nbformat.NotebookNode) -> str:
    return nbformat.writes(made) + "\n"


def write_all(out: Path, seed: int) -> None:
    """Student and solution notebooks of every set, and nbgrader's sources."""
    for path in sources():
        filled = variant(read(path), seed)
        targets = {
            "student": out / "student" / f"{path.stem}.ipynb",
            "solutions": out / "solutions" / f"{path.stem}.ipynb",
            "nbgrader": out / "nbgrader" / "source" / path.stem / f"{path.stem}.ipynb",
        }
        for edition, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text_of(notebook(filled, seed, edition)), encoding="utf-8")
    (out / "nbgrader" / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")


def write_students(out: Path, seed: int = 0) -> None:
    """The student notebooks for Colab; those of sets that are gone are removed."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.ipynb"):
        old.unlink()
    for path in sources():
        made = notebook(variant(read(path), seed), seed, "student")
        (out / f"{path.stem}.ipynb").write_text(text_of(made), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the notebooks of the problem sets.")
    parser.add_argument("--seed", type=int, default=0, help="another number gives another variant")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "problem-sets")
    parser.add_argument(
        "--committed", action="store_true", help="write notebooks/problem-sets (variant 0) instead"
    )
    arguments = parser.parse_args()
    if arguments.committed:
        write_students(COMMITTED)
        print(f"{len(sources())} student notebooks in {COMMITTED.relative_to(ROOT)}")
    else:
        write_all(arguments.out, arguments.seed)
        print(f"variant {arguments.seed} of {len(sources())} problem sets in {arguments.out}")


if __name__ == "__main__":
    main()
