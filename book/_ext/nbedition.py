"""The Colab edition: a plain notebook for every page that has a kernel, and the buttons that lead to it.

The builder `nbedition` runs after the HTML build and reads the same pages and the same executed cells. It writes
`_build/nbedition/<name>.ipynb`, and a copy for the download button into the built site. `make notebooks` copies
the edition to `notebooks/`, where Colab finds it. The same book gives the same bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from jupyter_cache import get_cache
from sphinx.builders import Builder
from sphinx.errors import ConfigError

from freshness import PACKAGE
from notebook_writer import FOLDED, write_cells

SETUP = """\
# Installs the book's package where it is missing, for instance on Colab
import importlib.util

if importlib.util.find_spec("{package}") is None:
    %pip install -q "git+{repository}"
"""
LICENCE = (
    "Text: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/) · code: MIT licence · "
    "© {copyright} {author} · [sources]({repository})"
)


def notebook_name(docname: str) -> str:
    """The file name of a page's notebook: `book/02-hallucination/data` -> `02-hallucination-data.ipynb`."""
    return docname.removeprefix("book/").replace("/", "-") + ".ipynb"


def has_notebook(env, docname: str) -> bool:
    return "kernelspec" in env.metadata.get(docname, {})


def repository(config) -> str:
    """The address of the repository, from `repository.url` in `_config.yml`."""
    return config.html_theme_options.get("repository_url", "").rstrip("/").removesuffix(".git")


def site(config) -> str:
    """The public address of the site, with a slash at its end."""
    if config.html_baseurl:
        return config.html_baseurl.rstrip("/") + "/"
    address = urlsplit(repository(config))
    owner, _, name = address.path.strip("/").partition("/")
    if address.netloc != "github.com" or not name:
        raise ConfigError(
            "the address of the site is unknown: set html.baseurl or repository.url in _config.yml"
        )
    root = f"https://{owner.lower()}.github.io/"
    return root if name.lower() == f"{owner.lower()}.github.io" else f"{root}{name}/"


class NotebookEdition(Builder):
    name = format = "nbedition"
    epilog = "The notebooks are in %(outdir)s."
    supported_image_types = [  # noqa: RUF012  (Sphinx reads a list)
        "image/svg+xml",
        "image/png",
        "image/jpeg",
        "image/gif",
    ]

    def init(self) -> None:
        self.site = site(self.config)
        build = Path(self.outdir).parent
        self.executed = build / "jupyter_execute"
        self.cache = get_cache(self.config.nb_execution_cache_path or build / ".jupyter_cache")

    def get_outdated_docs(self) -> list[str]:
        return [docname for docname in self.env.found_docs if has_notebook(self.env, docname)]

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return f"{docname}.html"

    def prepare_writing(self, docnames: set[str]) -> None:
        pass

    def write_doc(self, docname: str, doctree) -> None:
        if not has_notebook(self.env, docname):
            return
        # with a warm cache MyST-NB writes the notebook without its outputs
        executed = nbformat.read(self.executed / f"{docname}.ipynb", as_version=4)
        _, executed = self.cache.merge_match_into_notebook(executed)
        page = self.site + self.get_target_uri(docname)
        cells = write_cells(self.env, docname, doctree, executed, page)
        self.frame(cells, page)
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=self.metadata(cells))
        nbformat.validate(notebook)
        path = Path(self.outdir) / notebook_name(docname)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")

    def frame(self, cells: list[nbformat.NotebookNode], page: str) -> None:
        """Add the way to the site, the setup cell and the licence; name and number the cells."""
        title, gap, opening = cells[0].source.partition("\n\n")
        book = f"*From [{self.config.html_title or self.config.project}]({self.site}): [this page on the web]({page}).*"
        cells[0].source = f"{title}\n\n{book}{gap}{opening}"
        names = {"package": PACKAGE, "repository": repository(self.config)}
        cells.insert(1, nbformat.v4.new_code_cell(SETUP.format(**names).rstrip()))
        names |= {"copyright": self.config.copyright, "author": self.config.author}
        cells.append(nbformat.v4.new_markdown_cell(f"---\n\n{LICENCE.format(**names)}"))
        count = 0
        for position, cell in enumerate(cells):
            cell.id = f"cell-{position:03d}"
            if cell.cell_type == "code":  # as in a fresh run from top to bottom
                count += 1
                cell.execution_count = count
                for output in cell.outputs:
                    if output.output_type == "execute_result":
                        output.execution_count = count
            elif cell.metadata.get(FOLDED):
                cell.metadata["id"] = cell.id  # by which Colab knows a folded section

    def metadata(self, cells: list[nbformat.NotebookNode]) -> dict:
        folded = [cell.id for cell in cells if cell.metadata.get(FOLDED)]
        return {
            "colab": {"collapsed_sections": folded, "provenance": [], "toc_visible": True},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }

    def finish(self) -> None:
        """Drop the notebooks of pages that are gone; give the site its copies."""
        names = {notebook_name(docname) for docname in self.get_outdated_docs()}
        html = Path(self.outdir).parent / "html"
        for path in Path(self.outdir).glob("*.ipynb"):
            if path.name not in names:
                path.unlink()
        if html.is_dir():
            shutil.rmtree(html / "notebooks", ignore_errors=True)
            (html / "notebooks").mkdir()
            for name in names:
                shutil.copy(Path(self.outdir) / name, html / "notebooks")


# ---- The site ----------------------------------------------------------------------------------------------


def retarget_buttons(app, pagename, templatename, context, doctree) -> None:
    """Lead the theme's buttons to the edition: Colab, and a download in place of those of the MyST source."""
    notebook = has_notebook(app.env, pagename)
    for group in context.get("header_buttons", []):
        buttons = group.get("buttons", [])
        if group.get("label") == "launch-buttons":
            for button in buttons:
                if button["text"] == "Colab":
                    before, _, _ = button["url"].rpartition(f"{pagename}.")
                    button["url"] = f"{before}notebooks/{notebook_name(pagename)}"
        elif group.get("label") == "download-buttons":
            kept = [button for button in buttons if button["label"] == "download-pdf-button"]
            if notebook:
                link = context["pathto"](f"notebooks/{notebook_name(pagename)}", resource=True)
                kept.insert(0, {
                    "type": "link", "url": link, "text": ".ipynb", "icon": "fas fa-code",
                    "tooltip": "Download notebook file", "label": "download-notebook-button",
                })  # fmt: skip
            group["buttons"] = kept


def offer_committed_notebooks(app, exception) -> None:
    """Until the edition is built anew, the site's downloads are the committed notebooks."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "notebooks"
    target.mkdir(exist_ok=True)
    for docname in app.env.found_docs:
        name = notebook_name(docname)
        committed = Path(app.srcdir) / "notebooks" / name
        if has_notebook(app.env, docname) and committed.is_file() and not (target / name).exists():
            shutil.copy(committed, target / name)


def setup(app):
    app.add_builder(NotebookEdition)
    app.connect("html-page-context", retarget_buttons, priority=900)
    app.connect("build-finished", offer_committed_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
