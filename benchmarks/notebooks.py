"""Measures seconds and memory of every notebook and writes them to book/budgets.yml (`make bench`).

Each notebook of the Colab edition runs from its first to its last cell in a kernel of its own, one after the
other. Seconds include the start of the kernel and all imports; memory is the kernel's peak resident set. Both
are rounded up. Names of notebooks on the command line restrict the run to these.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
BUDGETS = ROOT / "book" / "budgets.yml"
HEAD = "# Seconds and megabytes of each notebook on two CPU cores, measured by `make bench`.\n"


def peak_megabytes(pid: int) -> float:
    """Peak resident memory of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmHWM of process {pid}")


def measure(notebook: Path) -> dict[str, int]:
    """Run one notebook; whole seconds and megabytes in tens, rounded up."""
    client = NotebookClient(nbformat.read(notebook, as_version=4), timeout=120, kernel_name="python3")
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, index)
        megabytes = peak_megabytes(client.km.provisioner.pid)
    return {"seconds": math.ceil(time.perf_counter() - start), "megabytes": 10 * math.ceil(megabytes / 10)}


def main(names: list[str]) -> None:
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from nbedition import notebook_name

    budgets = yaml.safe_load(BUDGETS.read_text(encoding="utf-8")) or {}
    pages = [page.relative_to(ROOT).with_suffix("").as_posix() for page in (ROOT / "book").rglob("*.md")]
    for page in sorted(pages):
        notebook = ROOT / "notebooks" / notebook_name(page)
        if notebook.exists() and (not names or notebook.stem in names):
            budgets[page] = measure(notebook)
            print(f"{page}: {budgets[page]['seconds']} s, {budgets[page]['megabytes']} MB", flush=True)
    rows = (
        f"{page}: {{seconds: {row['seconds']}, megabytes: {row['megabytes']}}}\n"
        for page, row in sorted(budgets.items())
    )
    BUDGETS.write_text(HEAD + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
