"""Problem sets: stubs fail, solutions pass, nothing else differs; the grader tells right from wrong."""

from __future__ import annotations

import json
import re
import sys

import nbformat
import pytest
import yaml

from support import ROOT, build_book, rebuild

sys.path.insert(0, str(ROOT / "teaching"))
import grade
import problem_sets as sets

SEEDS = (0, 7)
NAMES = [path.stem for path in sets.sources()]
SAMPLE = """\
---
title: "Problem set 1: A sample"
sections: [book/toolbox]
---
```python given
from llmlimits.check import check
```

## compute, 2 points, 5 min: A root

```python draw
n = rng.choice([4, 9, 16])
```

Whose square is <<n>>?

```python stub
x = None  # a number
```

```python solution
x = <<n>> ** 0.5
```

```python wrong
x = <<n>>
```

```python check
check(x, lambda x: abs(x * x - <<n>>) < 1e-9, "square it")
```

:::solution
The root of <<n>>.
:::

## prove, 3 points, 5 min: A proof

Show it.

:::rubric
- 3 points: all of it.
:::

:::solution
Clear.
:::
"""


def filled(name: str, seed: int) -> sets.ProblemSet:
    return sets.variant(sets.read(sets.SOURCES / f"{name}.md"), seed)


def sample(folder, text: str = SAMPLE, seed: int = 1) -> sets.ProblemSet:
    path = folder / "ps1.md"
    path.write_text(text, encoding="utf-8")
    return sets.variant(sets.read(path), seed)


def outside(student, solution) -> list[str]:
    """Cells in which the two differ although they should not, and answers in which they do not differ."""
    added = {"rubric", "solution", "note"}
    kept = [c for c in solution.cells if "solution" not in c.metadata.get("tags", [])]
    assert all(c.id.split("-")[-1] in added for c in solution.cells if c not in kept)
    found = [] if len(kept) == len(student.cells) else ["another number of cells"]
    for mine, theirs in zip(student.cells, kept, strict=False):
        if (mine.source == theirs.source) == mine.id.endswith("-answer") or mine.id != theirs.id:
            found.append(mine.id)
    return found


def test_there_are_six_sets_for_all_chapters():
    assert NAMES == [f"ps{k}" for k in range(1, 7)]
    read = [sets.read(path) for path in sets.sources()]
    assert all(4 <= len(one.problems) <= 6 for one in read)
    kinds = {problem.kind for one in read for problem in one.problems}
    assert kinds == set(sets.KINDS)
    pages = {section for one in read for section in one.sections}
    assert {page.split("/")[1][:2] for page in pages} == {"02", "03", "04", "05", "06", "07", "08"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_stubs_fail_solutions_pass_wrong_answers_are_seen(name, seed):
    problems = filled(name, seed)
    checked = {problem.number for problem in problems.problems if not problem.by_hand}
    wanted = {
        "student": r"not answered yet \(",
        "solutions": r"right$",
        "wrong": r"not yet: (?!your answer raises)",
    }
    for edition, words in wanted.items():
        said = grade.run_here(sets.notebook(problems, seed, edition))
        assert set(said) == checked
        assert all(re.match(words, line) for line in said.values()), (edition, said)


@pytest.mark.parametrize("name", NAMES)
def test_stub_and_solution_differ_only_where_they_should(name):
    problems = filled(name, 0)
    assert outside(*(sets.notebook(problems, 0, edition) for edition in ("student", "solutions"))) == []


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_another_variant_and_the_same_seed_the_same_bytes(name):
    texts = {seed: sets.text_of(sets.notebook(filled(name, seed), 0, "student")) for seed in range(12)}
    assert len(set(texts.values())) >= 10
    assert texts[3] == sets.text_of(sets.notebook(filled(name, 3), 0, "student"))
    assert not any("<<" in text for text in texts.values())


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_in_the_student_notebook(name):
    problems = filled(name, 0)
    text = sets.text_of(sets.notebook(problems, 0, "student"))
    for problem in problems.problems:
        hidden = [problem.block("solution-text")] + ([] if problem.by_hand else [problem.block("solution")])
        for block in hidden:
            longest = max(block.splitlines(), key=len)
            assert json.dumps(longest)[1:-1] not in text, longest


def test_committed_student_notebooks_are_current(tmp_path):
    sets.write_students(tmp_path)
    made, kept = (
        {p.name: p.read_text("utf-8") for p in f.glob("*.ipynb")} for f in (tmp_path, sets.COMMITTED)
    )
    assert made == kept, "run `make notebooks` and commit the result"


def test_addresses_follow_the_repository():
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    text = sets.text_of(sets.notebook(filled("ps1", 0), 0, "student"))
    assert f"git+{url}" in text


# ---- Grading -----------------------------------------------------------------------------------------------


def submission(where, name: str, edition: str, change=None):
    made = sets.notebook(filled(name, 7), 7, edition)
    if change:
        change(made)
    path = where / f"{edition}.ipynb"
    nbformat.write(made, path)
    return grade.grade(path)[1]


def test_a_correct_and_a_wrong_submission(tmp_path):
    right, wrong = (submission(tmp_path, "ps6", edition) for edition in ("solutions", "wrong"))
    assert [row.points for row in right] == [2, 3, 4, 4, 2, None]
    assert [row.points for row in wrong] == [0, 0, 0, 0, 0, 0]
    assert all(row.said.startswith("not yet: ") for row in wrong[:-1])


def test_a_submission_that_was_tampered_with_or_damaged(tmp_path):
    def change(made):
        for cell in made.cells:
            if cell.id == "ps4-1-check":  # edited
                cell.source = cell.source.partition("\n")[0] + "\nprint('right')"
            elif cell.id == "ps4-2-answer":  # raises, and hides the check
                cell.source += "\ncheck = print\n1 / 0"
            elif cell.id == "ps4-3-answer":  # uses a cell of one's own
                cell.source = cell.source.partition("\n")[0] + "\nclauses = mine"
        made.cells = [cell for cell in made.cells if cell.id != "ps4-4-check"]  # deleted
        own = next(k for k, cell in enumerate(made.cells) if cell.id == "ps4-3-answer")
        solution = sets.notebook(filled("ps4", 7), 7, "solutions")
        text = next(cell.source for cell in solution.cells if cell.id == "ps4-3-answer")
        made.cells.insert(own, nbformat.v4.new_code_cell(text.partition("\n")[2] + "\nmine = clauses"))
        answer = next(cell.source for cell in solution.cells if cell.id == "ps4-4-answer")
        next(cell for cell in made.cells if cell.id == "ps4-4-answer").source = answer
        del made.metadata["problem_set"]  # as after some editors
        made.nbformat_minor = 4
        for cell in made.cells:
            del cell["id"]

    rows = submission(tmp_path, "ps4", "student", change)
    assert [row.points for row in rows] == [0, 0, 4, 4, 0, 0], rows
    assert [row.said.partition(" (")[0] for row in rows[:2]] == ["not answered yet"] * 2


def test_what_is_no_submission_is_refused():
    with pytest.raises(ValueError, match="no problem set"):
        grade.filled_like(nbformat.v4.new_notebook())
    other = nbformat.v4.new_notebook(metadata={"problem_set": {"name": "../ps1", "seed": 0}})
    with pytest.raises(ValueError, match="unknown problem set"):
        grade.filled_like(other)


# ---- nbgrader's format -------------------------------------------------------------------------------------

# The metadata schema 3 as nbgrader documents it (docs, "Metadata format"; nbgrader/nbgraderformat/v3.py)
SCHEMA = {
    "type": "object",
    "required": ["grade_id", "grade", "solution", "locked", "task", "schema_version"],
    "additionalProperties": False,
    "properties": {
        "grade_id": {"type": "string", "pattern": r"^[a-zA-Z0-9_\-]+$"},
        "grade": {"type": "boolean"},
        "solution": {"type": "boolean"},
        "locked": {"type": "boolean"},
        "task": {"type": "boolean"},
        "points": {"type": "number", "minimum": 0},
        "schema_version": {"const": 3},
    },
    "if": {"properties": {"grade": {"const": True}}},
    "then": {"required": ["points"]},
}


@pytest.mark.parametrize("name", NAMES)
def test_the_export_is_what_nbgrader_reads(name):
    import jsonschema

    problems = filled(name, 0)
    made = sets.notebook(problems, 0, "nbgrader")
    cells = [cell for cell in made.cells if "nbgrader" in cell.metadata]
    for cell in cells:
        jsonschema.validate(cell.metadata.nbgrader, SCHEMA)
        for sort in ("SOLUTION", "HIDDEN TESTS"):
            assert cell.source.count(f"### BEGIN {sort}") == cell.source.count(f"### END {sort}")
    ids = [cell.metadata.nbgrader.grade_id for cell in cells]
    assert len(set(ids)) == len(ids)
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in cells) == problems.points


def test_nbgraders_tests_raise_exactly_for_wrong_answers():
    for edition, raises in (("solutions", False), ("wrong", True), ("student", True)):
        answers = {c.id: c.source for c in sets.notebook(filled("ps5", 0), 0, edition).cells}
        names: dict = {}
        for cell in sets.notebook(filled("ps5", 0), 0, "nbgrader").cells:
            if cell.cell_type != "code" or cell.source.startswith(grade.INSTALL):
                continue
            source = answers[cell.id] if cell.id.endswith("-answer") else cell.source
            try:
                exec(compile(source, cell.id, "exec", dont_inherit=True), names)
                raised = False
            except AssertionError:
                raised = True
            assert raised == (raises and cell.id.endswith("-check")), (edition, cell.id)


# ---- The list in the site ----------------------------------------------------------------------------------


def test_the_page_lists_the_sets_offers_the_notebooks_and_leads_to_slides_once_they_are_made(tmp_path):
    page = "# Teaching\n\n```{problem-sets}\n```\n\n```{slides}\n```\n"
    files = {f"notebooks/problem-sets/{name}.ipynb": "{}" for name in NAMES}
    built = build_book(tmp_path, {"index": "# Book\n", "teaching/sets": page}, files=files)
    assert built.returncode == 0, built.stdout[-3000:]
    html = tmp_path / "_build/html/book/teaching/sets.html"
    text = html.read_text(encoding="utf-8")
    for name in NAMES:
        assert f'href="../../notebooks/problem-sets/{name}.ipynb"' in text
        assert (tmp_path / f"_build/html/notebooks/problem-sets/{name}.ipynb").is_file()
        assert f"blob/main/notebooks/problem-sets/{name}.ipynb" in text
    assert "slides/index.html" not in text
    (tmp_path / "_build/slides").mkdir()
    (tmp_path / "_build/slides/index.html").write_text("<p>Slides</p>")
    assert rebuild(tmp_path).returncode == 0
    assert 'href="../../slides/index.html"' in html.read_text(encoding="utf-8")
    assert (tmp_path / "_build/html/slides/index.html").is_file()


# ---- Negative controls -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("```python wrong\nx = <<n>>\n```\n", "", "0 blocks 'wrong'"),
        (":::solution\nClear.\n:::\n", "", "0 blocks 'solution-text'"),
        ("compute, 2 points", "compute", "heading without"),
        ("```python stub", "```python answer", "unknown block"),
        (":::rubric\n- 3 points: all of it.\n:::\n", ":::rubric\n", "block without end|0 blocks"),
        ("Whose square is <<n>>?", "Whose square is <<m>>?", "nothing was drawn for <<m>>"),
        ("Show it.", "```python check\ncheck(1, bool, '')\n```", "has a self-check"),
    ],
)
def test_faulty_sources_are_refused(tmp_path, old, new, words):
    assert old in SAMPLE
    with pytest.raises(ValueError, match=words):
        sample(tmp_path, SAMPLE.replace(old, new))


def test_a_check_that_nbgrader_cannot_use_is_refused(tmp_path):
    text = SAMPLE.replace('"square it")\n', '"square it")\nprint()\n')
    with pytest.raises(ValueError, match="has to end in check"):
        sets.notebook(sample(tmp_path, text), 1, "nbgrader")


def test_a_solution_that_fails_and_a_difference_elsewhere_are_seen(tmp_path):
    good, broken = sample(tmp_path), sample(tmp_path, SAMPLE.replace("** 0.5", "** 0.4"))
    assert grade.run_here(sets.notebook(good, 1, "solutions")) == {1: "right"}
    assert grade.run_here(sets.notebook(broken, 1, "solutions")) == {1: "not yet: square it"}
    student, solution = (sets.notebook(good, 1, edition) for edition in ("student", "solutions"))
    assert outside(student, solution) == []
    solution.cells[2].source += " "
    student.cells[-2].source = "another text"
    assert len(outside(student, solution)) == 2
    given_away = sample(tmp_path, SAMPLE.replace("x = None  # a number", "x = <<n>> ** 0.5"))
    assert outside(*(sets.notebook(given_away, 1, edition) for edition in ("student", "solutions"))) == [
        "ps1-1-answer"
    ]
