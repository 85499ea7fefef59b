"""Builds small throw-away books with the project's own configuration and extensions.

The negative controls use it: they put one fault into a small book and check that the build or the test
that guards against this fault turns red.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FRONT_MATTER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""


def build_book(
    where: Path,
    pages: dict[str, str],
    claims: str = "[]\n",
    builder: str = "html",
    files: dict | None = None,
    budgets: str = "{}\n",
    source: Path = ROOT / "src",
) -> subprocess.CompletedProcess:
    """Build a book of `pages` (docname below book/ -> MyST source; the first is the root) in `where`.

    Returns the finished process: `returncode` and `stdout` (with standard error in it).
    """
    shutil.copy(ROOT / "_config.yml", where / "_config.yml")
    book = where / "book"
    book.mkdir(exist_ok=True)
    for part in ("_ext", "_static"):
        if not (book / part).exists():
            (book / part).symlink_to(ROOT / "book" / part)
    shutil.copy(ROOT / "book" / "references.bib", book / "references.bib")
    (book / "claims.yml").write_text(claims, encoding="utf-8")
    (book / "budgets.yml").write_text(budgets, encoding="utf-8")
    for name, text in (files or {}).items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(text, encoding="utf-8")
    for name, text in pages.items():
        path = book / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    root, *rest = pages
    toc = f"format: jb-book\nroot: book/{root}\noptions:\n  numbered: true\n"
    if rest:
        toc += "chapters:\n" + "".join(f"  - file: book/{name}\n" for name in rest)
    (where / "_toc.yml").write_text(toc, encoding="utf-8")
    return rebuild(where, builder, source)


def rebuild(where: Path, builder: str = "html", source: Path = ROOT / "src") -> subprocess.CompletedProcess:
    """Run the project's build command on the book in `where`; the edition needs an html build before it.

    The cells import the package from `source`.
    """
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-W", "-n", "--keep-going"]
    if builder != "html":
        command += ["--builder", "custom", "--custom-builder", builder]
    env = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(
        command, cwd=where, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )


def unavailable(reason: str) -> None:
    """On CI a check that cannot run is a failure; elsewhere it is skipped where everyone sees it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
