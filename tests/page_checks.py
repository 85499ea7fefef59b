"""What is checked about the source of a section: its parts, cells, figures and exercises.

Every check returns a list of problems in words; the negative controls are in `test_pages.py`.
"""

from __future__ import annotations

import re

import yaml

CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.S | re.M)
FRONT = re.compile(r"---\n(.*?)\n---\n", re.S)
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\}(.*)\n:label: (\S+)", re.M)
SOLUTION = re.compile(r"^`{3,}\{solution(?:-start)?\} (\S+)\n:label: (\S+)\n:class: dropdown$", re.M)
LEVEL = re.compile(r" ★{1,3} \(\d+ min\)$")
INTERNAL = re.compile(r"\b(?:R\d{1,2}\.\d|S[35]-\d\d|TB\d|RL\.\d)\b")  # numbers of working notes
WIDTH, LINES, EXERCISES = 78, 15, 6


def cells(text: str) -> list[tuple[dict, str]]:
    """Settings and code of every cell."""
    found = []
    for body in CELL.findall(text):
        front = FRONT.match(body)
        found.append((yaml.safe_load(front[1]) if front else {}, body[front.end() if front else 0 :]))
    return found


def part_problems(text: str) -> list[str]:
    """A section has a description, a budget line, objectives, exercises, a summary and further reading."""
    wanted = {
        "description": r"\A---\n(?:.*\n)*?description: \S",
        "budget line": r"^```\{budget\}$",
        "objectives": r"^:class: objectives$",
        "box that says what the result does not say": r"^:class: says$",
        "summary": r"^## Summary$",
        "further reading": r"^## Further reading$",
    }
    return [f"no {name}" for name, pattern in wanted.items() if not re.search(pattern, text, re.M)]


def cell_problems(text: str) -> list[str]:
    """Lines that are cut off in the column, and open cells that are too long to be read."""
    found = []
    for settings, code in cells(text):
        lines = [line for line in code.splitlines() if line.strip()]
        found += [f"{len(line)} columns: {line.strip()[:60]}" for line in lines if len(line) > WIDTH]
        if len(lines) > LINES and "hide-input" not in settings.get("tags", []):
            found.append(f"{len(lines)} lines in an open cell: {lines[0][:60]}")
    return found


def figure_problems(text: str) -> list[str]:
    """Figures without a caption or an alternative text (an explorer brings its own)."""
    found = []
    for settings, code in cells(text):
        shown = settings.get("mystnb", {})
        explorer = "Explorer(" in code
        if "plt.show()" in code or explorer:
            name = shown.get("figure", {}).get("name", code.strip().splitlines()[0][:60])
            if not str(shown.get("figure", {}).get("caption", "")).strip():
                found.append(f"figure without a caption: {name}")
            if not explorer and not str(shown.get("image", {}).get("alt", "")).strip():
                found.append(f"figure without an alternative text: {name}")
    return found


def exercise_problems(text: str) -> list[str]:
    """Exercises without level, minutes or a folded solution; solutions to nothing; too few of them."""
    exercises = {label: title for title, label in EXERCISE.findall(text)}
    solved = [exercise for exercise, _ in SOLUTION.findall(text)]
    found = [
        f"{label}: no level and minutes" for label, title in exercises.items() if not LEVEL.search(title)
    ]
    found += [f"{label}: {solved.count(label)} solutions" for label in exercises if solved.count(label) != 1]
    found += [f"a solution to the unknown exercise {label}" for label in solved if label not in exercises]
    if len(exercises) < EXERCISES:
        found.append(f"{len(exercises)} exercises, at least {EXERCISES} wanted")
    return found


def wording_problems(text: str) -> list[str]:
    """Labels with colons, and numbers that only the makers know."""
    found = [f"label with a colon: {label}" for label in re.findall(r"^:label: (\S*:\S*)", text, re.M)]
    return found + [f"internal number: {number}" for number in INTERNAL.findall(text)]


CHECKS = (part_problems, cell_problems, figure_problems, exercise_problems, wording_problems)
