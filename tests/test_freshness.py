"""A change in the code that the cells call is noticed, though neither the cells nor the pages change."""

from __future__ import annotations

import shutil

from support import FRONT_MATTER, ROOT, build_book, rebuild

PAGE = (
    FRONT_MATTER
    + "# Page\n\n```{code-cell} ipython3\nfrom llmlimits import helper\n\nprint('it says', helper.say())\n```\n"
)


def test_changed_code_is_run_again(tmp_path):
    source = tmp_path / "src"
    shutil.copytree(
        ROOT / "src" / "llmlimits", source / "llmlimits", ignore=shutil.ignore_patterns("__pycache__")
    )
    helper = source / "llmlimits" / "helper.py"

    def build(code: str):
        helper.write_text(code, encoding="utf-8")
        built = rebuild(tmp_path, source=source)
        return built, (tmp_path / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")

    helper.write_text("def say():\n    return 'one'\n", encoding="utf-8")
    built = build_book(tmp_path, {"index": PAGE}, source=source)
    assert built.returncode == 0, built.stdout[-3000:]

    built, page = build("def say():\n    return 'one'\n")
    assert "Executing notebook" not in built.stdout and "0 added, 0 changed" in built.stdout
    assert "it says one" in page

    built, page = build("def say():\n    return 'two'\n")
    assert built.returncode == 0 and "Executing notebook" in built.stdout
    assert "it says two" in page

    built, _ = build("def say():\n    raise ValueError('broken helper')\n")
    assert built.returncode != 0 and "broken helper" in built.stdout

    built, page = build("def say():\n    return 'three'\n")
    assert built.returncode == 0, built.stdout[-3000:]
    assert "it says three" in page
