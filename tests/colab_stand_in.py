"""A stand-in for Colab, `make colab`: clean environments in which the notebooks' own first cell installs the package.

One environment has the lowest versions that pyproject.toml allows, one the newest; both have what Colab ships
(numpy, scipy, torch, matplotlib, networkx, scikit-learn, sympy, ipywidgets 7 or 8) before the first cell runs. The
cell installs from the repository in this folder in place of the public one. Nothing that was there may change, the
notebooks must run, and from the first cell to the first figure it must take less than 20 seconds.

Not part of `make test`, since it installs from the network; pytest finds it only by name.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
import venv
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOWEST = [requirement.replace(">=", "==") for requirement in PROJECT["dependencies"]]
NEWEST = [requirement.partition(">=")[0] for requirement in PROJECT["dependencies"]]
TORCH = next(line for line in (ROOT / "requirements.txt").read_text().split() if line.startswith("torch=="))
ALWAYS = [TORCH, "sympy", "ipykernel", "nbclient"]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
SECONDS_TO_FIRST_FIGURE = 20
RUN = """
import sys, time, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
start = time.perf_counter()
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
print(time.perf_counter() - start)
"""


def run(python: Path, *arguments: str) -> str:
    """Run Python with `arguments`; its output, or a failure that shows it."""
    done = subprocess.run([python, *arguments], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def packages(python: Path) -> dict[str, str]:
    lines = run(python, "-m", "pip", "freeze", "--all").splitlines()
    return dict(re.split(r"==| @ ", line, maxsplit=1) for line in lines)


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What the installation did to packages that were there before."""
    return [
        f"{name} {version} -> {after.get(name)}"
        for name, version in before.items()
        if after.get(name) != version
    ]


@pytest.fixture(scope="module", params=["lowest", "newest"])
def colab(request, tmp_path_factory) -> Path:
    """The Python of an environment in which the first cell has run."""
    where = tmp_path_factory.mktemp(request.param)
    venv.create(where, with_pip=True)
    python = where / "bin" / "python"
    versions = [*LOWEST, "ipywidgets==7.7.1"] if request.param == "lowest" else [*NEWEST, "ipywidgets>=8"]
    run(python, "-m", "pip", "install", "-q", *versions, *ALWAYS)
    before = packages(python)
    first = nbformat.v4.new_notebook(cells=[setup_cell("01-introduction")])
    nbformat.write(first, where / "first.ipynb")
    run(python, "-c", RUN, str(where / "first.ipynb"))
    after = packages(python)
    assert changes(before, after) == []
    assert set(after) - set(before) == {"llmlimits"}
    return python


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def setup_cell(name: str) -> nbformat.NotebookNode:
    """The notebook's first code cell, with the repository of this folder for the public one."""
    cell = next(cell for cell in read(name).cells if cell.cell_type == "code")
    cell.source, count = re.subn(r'"git\+[^"]+"', f'"git+file://{ROOT}"', cell.source)
    assert count == 1
    return cell


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs(colab, tmp_path, name):
    notebook = read(name)
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    run(colab, "-c", RUN, str(tmp_path / "notebook.ipynb"))


def test_first_figure_comes_soon(colab, tmp_path):
    notebook = read("02-hallucination-fundamental-limits")
    drawn = next(
        i
        for i, cell in enumerate(notebook.cells)
        if any(
            "image/png" in output.get("data", {}) or "<img" in str(output)
            for output in cell.get("outputs", [])
        )
    )
    notebook.cells = notebook.cells[: drawn + 1]
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    start = time.perf_counter()
    run(colab, "-c", RUN, str(tmp_path / "notebook.ipynb"))
    seconds = time.perf_counter() - start
    print(f"first figure after {seconds:.1f} s", file=sys.stderr)
    assert seconds < SECONDS_TO_FIRST_FIGURE


def test_a_replaced_package_is_noticed():
    assert changes({"numpy": "1.26.0", "scipy": "1.11.0"}, {"numpy": "2.4.6", "scipy": "1.11.0"}) == [
        "numpy 1.26.0 -> 2.4.6"
    ]
