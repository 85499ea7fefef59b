"""What is checked about the notebooks of the Colab edition.

`leaks` finds what only the site's own tools understand, or links that lead nowhere; `differences` compares the
committed notebooks with those of the current build. Both return problems in words; an empty list is a pass.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

PICTURE = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")
FENCE = re.compile(r"^([> ]*)(`{3,}).*?^\1\2 *$", re.S | re.M)
CODE = re.compile(r"(?<!\\)(`+)(?!`).+?(?<!`)\1(?!`)")
FORMULA = re.compile(r"(?<!\\)(\$\$?)(?!\$).+?(?<!\\)\1")
# In the text as it stands, code blocks aside
LEAKS = {
    "a role": r"(?<!`)\{[a-z][\w:.-]*\}`",
    "a directive": r"^[> ]*(?:`{3,}|~{3,}|:{3,}) *\{",
    "a fence of colons": r"^[> ]*:{3,}",
    "a label": r"^[> ]*\([\w-]+\)=\s*$",
    "an option of a directive": r"^[> ]*:[a-z][\w-]*:(?:\s|$)",
    "a placeholder": r"(?<!\\)%[sd]",
    "a numbered environment": r"\\begin\{(?:align|gather|equation|multline)\*?\}",
    "a TeX reference": r"\\(?:eq)?(?:label|ref)\{",
    "a comment of MyST": r"^[> ]*%",
    "a link without text": r"(?<!!)\[\s*\]\(",
    "a link without address": r"\]\(\s*\)",
    "a link that depends on the site": r"\[[^\[\]]*\]\((?!<?(?:https?:|mailto:|#))[^)\s]+",
}


def leaks(notebook: nbformat.NotebookNode) -> list[str]:
    """Surviving syntax of MyST or Sphinx, broken formulas, links that lead nowhere, folds that do not close."""
    found = []
    texts = [(cell.id, FENCE.sub("", cell.source)) for cell in notebook.cells if cell.cell_type == "markdown"]
    places = re.findall(r'<a id="([^"]*)"></a>', "\n".join(text for _, text in texts))
    found += [f"the place {name} is there twice" for name in set(places) if places.count(name) > 1]
    for name, text in texts:
        plain = CODE.sub("code", text)
        for kind, pattern in LEAKS.items():
            # what looks like an empty role has lost its argument to CODE, so roles are sought before
            for match in re.finditer(pattern, text if kind == "a role" else plain, re.M):
                found.append(f"{name}: {kind}: {match[0].strip()[:60]}")
        for line in plain.split("\n"):
            rest = FORMULA.sub("", line)
            if re.search(r"(?<!\\)\$", rest):
                found.append(f"{name}: a formula without end: {line.strip()[:60]}")
            if re.search(r"\{\{|\}\}", rest):
                found.append(f"{name}: a substitution: {line.strip()[:60]}")
        found += [
            f"{name}: nothing at {place}"
            for place in re.findall(r"\]\(#([^)]*)\)", plain)
            if place not in places
        ]
        if text.count("<details>") != text.count("</details>"):
            found.append(f"{name}: a fold that does not close")
    for cell in notebook.cells:
        if cell.cell_type == "code" and re.match(r":[a-z-]+:|---", cell.source):
            found.append(f"{cell.id}: options of a directive in a code cell")
    return found


def comparable(notebook: nbformat.NotebookNode) -> list[dict]:
    """Everything in a notebook but the bytes of its pictures, which depend on fonts and libraries."""
    cells = []
    for cell in notebook.cells:
        cell = nbformat.from_dict(cell)
        for output in cell.get("outputs", []):
            for kind, content in output.get("data", {}).items():
                if kind in ("image/png", "image/jpeg"):
                    output.data[kind] = "a picture"
                elif isinstance(content, str):
                    output.data[kind] = PICTURE.sub("a picture", content)
        cells.append(cell)
    return [*cells, {"metadata": notebook.metadata}]


def differences(committed: Path, built: Path) -> list[str]:
    """Notebooks that are missing, left over, or not what the current build gives."""
    names = {folder: {path.name for path in folder.glob("*.ipynb")} for folder in (committed, built)}
    found = [f"{name} is missing" for name in sorted(names[built] - names[committed])]
    found += [f"{name} belongs to no page" for name in sorted(names[committed] - names[built])]
    for name in sorted(names[committed] & names[built]):
        old, new = (comparable(nbformat.read(folder / name, as_version=4)) for folder in (committed, built))
        if len(old) != len(new):
            found.append(f"{name} has {len(old) - 1} cells, the build gives {len(new) - 1}")
        found += [
            f"{name}: {part.get('id', 'metadata')} differs"
            for part, now in zip(old, new, strict=False)
            if part != now
        ][:3]
    return found
