"""A small grader: runs a submitted notebook and turns its self-checks into points.

What counts is the variant made anew from the source: self-checks and given code of the submission are replaced by the
originals, so that an edited check earns nothing; everything else of the submission runs as it is. Proofs are listed
for grading by hand. This guards against accidents, not against malice: a submission is code that runs on your
machine with your rights, so run those of strangers in a container.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from problem_sets import ANSWER, PROMPT, ROOT, SOURCES, Problem, ProblemSet, marker, notebook, read, variant

OURS = re.compile(r"^# Problem (\d+): (?:self-check|given)\b")
INSTALL = "# Installs the book's package"
SECONDS = 120  # for one cell


@dataclass
class Row:
    """The line of one problem in the table of points; `points` is None if it is graded by hand."""

    problem: Problem
    points: int | None
    said: str


def filled_like(submission: nbformat.NotebookNode) -> tuple[ProblemSet, int]:
    """The problem set and seed that a submission says it belongs to, by its metadata or by its title."""
    about = submission.metadata.get("problem_set", {})
    name, seed = about.get("name"), about.get("seed")
    if name is None:  # some programs drop metadata that they do not know
        text = "\n".join(cell.source for cell in submission.cells if cell.cell_type == "markdown")
        number, drawn = (
            re.search(r"^# Problem set (\d+)", text, re.M),
            re.search(r"^Variant (\d+) ", text, re.M),
        )
        if not (number and drawn):
            raise ValueError("no problem set: neither the notebook's metadata nor its first cell names one")
        name, seed = f"ps{number[1]}", int(drawn[1])
    if not re.fullmatch(r"ps\d+", name) or not (SOURCES / f"{name}.md").is_file():
        raise ValueError(f"unknown problem set: {name}")
    return variant(read(SOURCES / f"{name}.md"), int(seed)), int(seed)


def restored(submission: nbformat.NotebookNode, original: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The submission with the original given cells and self-checks, each self-check marked by its problem."""
    ours = {}
    for cell in original.cells:
        if cell.cell_type == "code" and OURS.match(cell.source):
            ours[cell.source.partition("\n")[0]] = cell
    cells, seen = [], set()
    for cell in submission.cells:
        first = cell.source.partition("\n")[0]
        if cell.cell_type != "code" or cell.source.startswith(INSTALL):
            continue
        if OURS.match(first):
            if first in ours and first not in seen:
                seen.add(first)
                cells.append(ours[first])
        else:
            cells.append(new_code_cell(cell.source))
    cells += [cell for first, cell in ours.items() if first not in seen]  # deleted by accident
    for k, cell in enumerate(cells):
        source = cell.source
        if match := OURS.match(source):
            source = (
                f"from llmlimits.check import check\n{source}"  # in case the name was used for something else
            )
        cells[k] = new_code_cell(source, metadata={"problem": int(match[1])} if match else {})
    return nbformat.v4.new_notebook(cells=cells, metadata=original.metadata)


def run(made: nbformat.NotebookNode, folder: Path) -> None:
    """Run all cells in a kernel, going on after an error."""
    NotebookClient(
        made, timeout=SECONDS, allow_errors=True, interrupt_on_timeout=True,
        kernel_name="python3", resources={"metadata": {"path": str(folder)}},
    ).execute(stderr=subprocess.DEVNULL)  # fmt: skip


def verdicts(made: nbformat.NotebookNode) -> dict[int, str]:
    """What the self-check of each problem printed last, from a notebook that has been run."""
    said = {}
    for cell in made.cells:
        number = cell.metadata.get("problem")
        if number is None or "self-check" not in cell.source:
            continue
        printed = "".join(out.text for out in cell.outputs if out.get("name") == "stdout").strip()
        raised = [f"{out.ename}: {out.evalue}" for out in cell.outputs if out.output_type == "error"]
        said[number] = f"not yet: {raised[0]}" if raised else printed.rpartition("\n")[2]
    return said


def table(problems: ProblemSet, said: dict[int, str], submission: nbformat.NotebookNode) -> list[Row]:
    rows = []
    for problem in problems.problems:
        if problem.by_hand:
            heading = f"**{marker(problem, ANSWER)}**"
            written = [
                c.source.replace(heading, "") for c in submission.cells if c.source.startswith(heading)
            ]
            empty = not "".join(written).replace(PROMPT, "").strip()
            rows.append(
                Row(problem, 0 if empty else None, "not answered yet" if empty else "by hand, see the rubric")
            )
        else:
            line = said.get(problem.number, "not answered yet")
            rows.append(Row(problem, problem.points if line == "right" else 0, line))
    return rows


def grade(path: Path) -> tuple[ProblemSet, list[Row]]:
    """Grade one submitted notebook."""
    submission = nbformat.read(path, as_version=4)
    problems, seed = filled_like(submission)
    made = restored(submission, notebook(problems, seed, "student"))
    run(made, path.parent)
    return problems, table(problems, verdicts(made), submission)


def run_here(made: nbformat.NotebookNode) -> dict[int, str]:
    """Like `run` and `verdicts` for a notebook of our own, without a kernel: for tests and demonstrations."""
    names: dict = {"__name__": "__main__"}
    said = {}
    for cell in made.cells:
        if cell.cell_type == "code" and not cell.source.startswith(INSTALL):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(cell.source, cell.id, "exec", dont_inherit=True), names)
            if match := re.match(r"# Problem (\d+): self-check", cell.source):
                said[int(match[1])] = out.getvalue().strip().rpartition("\n")[2]
    return said


def total(rows: list[Row]) -> int:
    return sum(row.points or 0 for row in rows)


def show(path: Path, problems: ProblemSet, rows: list[Row]) -> None:
    print(f"{path.name}: {problems.title}")
    for row in rows:
        points = " ?" if row.points is None else f"{row.points:2d}"
        said = row.said if len(row.said) < 72 else f"{row.said[:69]}..."
        print(f"  {row.problem.number}. {row.problem.kind:8s}{points}/{row.problem.points}  {said}")
    waiting = sum(row.problem.points for row in rows if row.points is None)
    print(
        f"  together {total(rows)} of {problems.points}"
        + (f", {waiting} wait for a reader" if waiting else "")
    )


def demo(seed: int) -> None:
    """Grade a correct and a wrong submission of the first set, and say where they differ."""
    problems = variant(read(SOURCES / "ps1.md"), seed)
    folder = ROOT / "_build" / "grade-demo"
    folder.mkdir(parents=True, exist_ok=True)
    tables = []
    for name, edition in (("correct", "solutions"), ("wrong", "wrong")):
        path = folder / f"{name}.ipynb"
        nbformat.write(notebook(problems, seed, edition), path)
        tables.append(grade(path)[1])
        show(path, problems, tables[-1])
        print()
    lost = [
        f"{right.problem.number} ({right.problem.title})"
        for right, wrong in zip(*tables, strict=True)
        if right.points and not wrong.points
    ]
    print(f"The wrong submission loses the points of problems {', '.join(lost)}.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Grade submitted notebooks of the problem sets.")
    parser.add_argument("submissions", nargs="*", type=Path)
    parser.add_argument(
        "--csv", type=Path, help="also write the points to this file, one line per submission"
    )
    parser.add_argument("--demo", action="store_true", help="grade a correct and a wrong submission")
    parser.add_argument("--seed", type=int, default=0, help="variant of the demonstration")
    arguments = parser.parse_args()
    if arguments.demo:
        demo(arguments.seed)
    lines = []
    for path in arguments.submissions:
        problems, rows = grade(path)
        show(path, problems, rows)
        points = ["by hand" if row.points is None else row.points for row in rows]
        lines.append([path.name, problems.name, *points, total(rows)])
    if arguments.csv:
        with arguments.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)
    if not (arguments.demo or arguments.submissions):
        parser.print_usage(sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
