"""What the teaching pages show of the kit in `teaching/`: problem sets and slides, with the ways to open them.

`{problem-sets}` is a list of the sets, read from their sources: title, points, minutes, Colab and download. The site
offers the committed student notebooks; solutions are made by `make problem-sets` and are not in the site. `{slides}`
leads to the slides if they have been made (`make slides`), and says how to make them if not.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from nbedition import repository

FOLDER = "notebooks/problem-sets"
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "teaching"))


def colab(config, name: str) -> str:
    """The address under which Colab opens a student notebook."""
    path = repository(config).removeprefix("https://github.com/")
    branch = config.html_theme_options.get("repository_branch") or "main"
    return f"https://colab.research.google.com/github/{path}/blob/{branch}/{FOLDER}/{name}.ipynb"


class ProblemSets(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        from problem_sets import SOURCES, read, sources

        up = "../" * self.env.docname.count("/")
        items = nodes.bullet_list()
        for path in sources():
            self.env.note_dependency(str(SOURCES / path.name))
            problems = read(path)
            minutes = sum(problem.minutes for problem in problems.problems)
            line = nodes.paragraph("", "", nodes.strong("", problems.title))
            line += nodes.Text(
                f": {len(problems.problems)} problems, {problems.points} points, {minutes} minutes. "
            )
            line += nodes.reference("", "Open in Colab", refuri=colab(self.config, path.stem))
            line += nodes.Text(" or ")
            line += nodes.reference("", "download the notebook", refuri=f"{up}{FOLDER}/{path.stem}.ipynb")
            line += nodes.Text(".")
            items += nodes.list_item("", line)
        return [items]


class Slides(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        index = Path(self.env.srcdir) / "_build" / "slides" / "index.html"
        self.env.note_dependency(str(index))  # so that this page is read again once there are slides
        line = nodes.paragraph()
        if index.is_file():
            up = "../" * self.env.docname.count("/")
            line += nodes.reference("", "Slides for every section", refuri=f"{up}slides/index.html")
            line += nodes.Text(", made from these pages.")
        else:
            line += nodes.Text("The slides are not part of this build: ")
            line += nodes.literal("", "make slides")
            line += nodes.Text(" makes them from these pages and puts them into the site.")
        return [line]


def offer_slides(app, exception) -> None:
    """Copy the slides into the site, if they have been made."""
    source = Path(app.srcdir) / "_build" / "slides"
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "slides"
    shutil.rmtree(target, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, target)


def offer_notebooks(app, exception) -> None:
    """Copy the committed student notebooks into the site (the builders of site and edition both clear their place)."""
    source = Path(app.srcdir) / FOLDER
    html = Path(app.outdir).parent / "html"
    if exception or not source.is_dir() or not html.is_dir():
        return
    target = html / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def setup(app):
    app.add_directive("problem-sets", ProblemSets)
    app.add_directive("slides", Slides)
    app.connect("build-finished", offer_slides)
    app.connect("build-finished", offer_notebooks, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
