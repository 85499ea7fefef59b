"""Runs the cells again when the code that they call has changed.

The cache of executed notebooks knows a notebook by its cells alone, and Sphinx reads a page again only when the
page changes. So a change in the package, in the installed libraries or in an extension would go unnoticed: a cell
that fails now would still show its old output. Here a digest of that code is kept with what was built from it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "llmlimits"


def digest(paths: Iterable[Path]) -> str:
    """One number for the names and the contents of files."""
    total = hashlib.sha256(sys.version.encode())
    for path in sorted(paths):
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def called_code(srcdir: Path) -> list[Path]:
    """What the cells depend on: the package that they import and the list of libraries."""
    package = Path(importlib.util.find_spec(PACKAGE).origin).parent
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return files + [path for path in [srcdir / "requirements.txt"] if path.is_file()]


def drop_cache(app, config) -> None:
    """Forget executed notebooks that other code has computed."""
    build = Path(app.outdir).parent
    cache, stamp = build / ".jupyter_cache", build / ".code-digest"
    current = digest(called_code(Path(app.srcdir)))
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != current:
        shutil.rmtree(cache, ignore_errors=True)
        build.mkdir(parents=True, exist_ok=True)
        stamp.write_text(current, encoding="utf-8")


def outdated_pages(app, env, added, changed, removed) -> Iterable[str]:
    """All pages, if they were last read with other code or other extensions."""
    extensions = (Path(app.srcdir) / "book" / "_ext").glob("*.py")
    current = digest([*called_code(Path(app.srcdir)), *extensions])
    before, env.code_digest = getattr(env, "code_digest", None), current
    return [] if before in (None, current) else env.found_docs


def setup(app):
    app.connect("config-inited", drop_cache)
    app.connect("env-get-outdated", outdated_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
