"""The committed notebooks are those of the current book, and running them gives the outputs that stand in them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from notebook_checks import differences
from support import ROOT, unavailable

BUILT = ROOT / "_build" / "nbedition"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EXPLORER = f'<p>4</p><img src="data:image/png;base64,{PNG}">'


def test_committed_notebooks_are_current():
    if not list(BUILT.glob("*.ipynb")):
        unavailable("no notebooks in _build/nbedition: run `make book` first")
    found = differences(ROOT / "notebooks", BUILT)
    assert not found, "run `make notebooks` and commit the result:\n" + "\n".join(found)


# ---- Negative controls -------------------------------------------------------------------------------------


def notebook(*cells: tuple) -> nbformat.NotebookNode:
    """Code cells, each given as its source and its outputs."""
    made = [
        nbformat.v4.new_code_cell(source, outputs=list(outputs), execution_count=k + 1, id=f"cell-{k}")
        for k, (source, *outputs) in enumerate(cells)
    ]
    text = nbformat.v4.new_markdown_cell("# Title", id="cell-t")
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return nbformat.v4.new_notebook(cells=[text, *made], metadata=kernel)


def printed(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def shown(**data: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output(
        "display_data", {kind.replace("_", "/"): value for kind, value in data.items()}
    )


def sample() -> nbformat.NotebookNode:
    """A notebook with a printed number, a picture, and an HTML output with a picture in it."""
    show = "from base64 import b64decode\nfrom IPython.display import HTML, Image, display\n"
    return notebook(
        ("print(2 + 2)", printed("4\n")),
        (
            f"{show}display(Image(b64decode('{PNG}')))",
            shown(image_png=PNG, text_plain="<IPython.core.display.Image object>"),
        ),
        (
            f"display(HTML('''{EXPLORER}'''))",
            shown(text_html=EXPLORER, text_plain="<IPython.core.display.HTML object>"),
        ),
    )


def change(book: nbformat.NotebookNode, what: str) -> None:
    cells = book.cells[1:]
    if what == "number":
        cells[0].outputs[0].text = "5\n"
    elif what == "source":
        cells[0].source = "print(4)"
    elif what == "raises":
        cells[0].source = "raise ValueError('broken')"
    elif what == "text":
        book.cells[0].source = "# Another title"
    elif what == "picture":
        cells[1].outputs[0].data["image/png"] = PNG.replace("jR9aw", "jR9bw")
    elif what == "picture in HTML":
        cells[2].outputs[0].data["text/html"] = EXPLORER.replace("jR9aw", "jR9bw")
    elif what == "number in HTML":
        cells[2].outputs[0].data["text/html"] = EXPLORER.replace("4", "5", 1)
    elif what == "output is gone":
        cells[0].outputs = []
    elif what == "cell is gone":
        book.cells.pop()


CHANGES = {"number": True, "source": True, "text": True, "number in HTML": True, "output is gone": True,
           "cell is gone": True, "picture": False, "picture in HTML": False}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_comparison_with_the_build_can_fail(tmp_path, what):
    for folder in ("committed", "built"):
        book = sample()
        if folder == "built":
            change(book, what)
        (tmp_path / folder).mkdir()
        nbformat.write(book, tmp_path / folder / "a.ipynb")
    found = differences(tmp_path / "committed", tmp_path / "built")
    assert bool(found) == CHANGES[what], found


def test_comparison_sees_missing_and_left_over_notebooks(tmp_path):
    for folder, name in (("committed", "old"), ("built", "new")):
        (tmp_path / folder).mkdir()
        nbformat.write(sample(), tmp_path / folder / f"{name}.ipynb")
    found = differences(tmp_path / "committed", tmp_path / "built")
    assert found == ["new.ipynb is missing", "old.ipynb belongs to no page"]


def run_as_make_does(notebooks: Path, where: Path) -> subprocess.CompletedProcess:
    """Run notebooks with the options that the Makefile gives to nbval, from the folder `where`."""
    options = re.search(r"^NBVAL *:= *(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1]
    arguments = shlex.split(options.replace("$(CURDIR)", str(ROOT)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        *arguments,
        str(notebooks),
    ]
    return subprocess.run(
        command, cwd=where, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )


def test_running_the_notebooks_can_fail(tmp_path):
    """One run of nbval over sound and faulty notebooks, from a folder of its own."""
    faults = ("number", "raises", "number in HTML", "output is gone")
    for what in ("nothing", "picture", "picture in HTML", *faults):
        book = sample()
        change(book, what)
        nbformat.write(book, tmp_path / f"{what.replace(' ', '-')}.ipynb")
    ran = run_as_make_does(tmp_path, tmp_path)
    failed = set(re.findall(r"^FAILED .*?([\w-]+)\.ipynb", ran.stdout, re.M))
    assert failed == {what.replace(" ", "-") for what in faults}, ran.stdout[-3000:]
    assert ran.returncode == 1


def test_cells_run_beside_their_notebook_whatever_the_working_directory(tmp_path):
    (tmp_path / "notebooks").mkdir()
    source = "import pathlib\nprint(sorted(path.name for path in pathlib.Path().iterdir()))"
    nbformat.write(notebook((source, printed("['a.ipynb']\n"))), tmp_path / "notebooks" / "a.ipynb")
    ran = run_as_make_does(tmp_path / "notebooks", tmp_path)
    assert ran.returncode == 0, ran.stdout[-3000:]
