"""What pages cost: directive ``{budget}`` at the head of a notebook, role ``{costs}`02-hallucination` `` for a chapter.

Reading minutes are counted from the page itself; seconds and memory come from `book/budgets.yml`, which
``make bench`` measures on two CPU cores. A notebook without a measurement fails the build. The costs of a chapter are
the sums over its pages, from the same numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

logger = logging.getLogger(__name__)
WORDS_PER_MINUTE = 150  # mathematical prose is read slowly


def reading_minutes(source: str) -> int:
    """Minutes to read a page, from its MyST source without code cells, rounded up to a multiple of five."""
    text = re.sub(r"^```\{code-cell\}.*?^```", "", source, flags=re.S | re.M)
    minutes = len(re.findall(r"[^\s`:]+", text)) / WORDS_PER_MINUTE
    return max(5, 5 * -(-int(minutes) // 5))


def measurements(env) -> dict[str, dict]:
    """Seconds and megabytes by page; the page being read is read again when they change."""
    path = Path(env.srcdir) / "book" / "budgets.yml"
    env.note_dependency(str(path))
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def duration(minutes: int) -> str:
    """Minutes in words, from an hour on in hours and minutes."""
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours))


class Budget(SphinxDirective):
    """Writes the budget line of the page it stands in."""

    def run(self) -> list[nodes.Node]:
        measured = measurements(self.env).get(self.env.docname)
        if measured is None:
            logger.warning(
                "no measurement of %s in book/budgets.yml: run `make bench`",
                self.env.docname, location=self.get_location(),
            )  # fmt: skip
            return []
        minutes = reading_minutes(Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8"))
        text = (
            f"About {minutes} minutes to read · runs in {measured['seconds']} s with {measured['megabytes']} MB "
            "on two CPU cores · no GPU needed"
        )
        return [nodes.paragraph(text, text, classes=["budget"])]


class Costs(SphinxRole):
    """Reading time and running time of a chapter: a page below book/, or a folder with all its pages."""

    def run(self):
        name = f"book/{self.text}"
        pages = sorted(page for page in self.env.found_docs if page == name or page.startswith(f"{name}/"))
        seconds = [cost["seconds"] for page, cost in measurements(self.env).items() if page in pages]
        if not seconds:
            logger.warning("no measured page of %s in the book", name, location=self.get_location())
            return [nodes.literal("", self.text)], []
        minutes = 0
        for page in pages:
            path = self.env.doc2path(page)
            self.env.note_dependency(path)
            minutes += reading_minutes(Path(path).read_text(encoding="utf-8"))
        text = f"{duration(minutes)} to read, {sum(seconds)} s to run"
        return [nodes.inline("", text, classes=["costs"])], []


def setup(app):
    app.add_directive("budget", Budget)
    app.add_role("costs", Costs())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
