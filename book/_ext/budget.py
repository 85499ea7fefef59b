"""Directive ``{budget}``: the line at the head of a notebook that says what it costs.

Reading minutes are counted from the page itself; seconds and memory come from `book/budgets.yml`, which
``make bench`` measures on two CPU cores. A notebook without a measurement fails the build.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
WORDS_PER_MINUTE = 150  # mathematical prose is read slowly


def reading_minutes(source: str) -> int:
    """Minutes to read a page, from its MyST source without code cells, rounded up to a multiple of five."""
    text = re.sub(r"^```\{code-cell\}.*?^```", "", source, flags=re.S | re.M)
    minutes = len(re.findall(r"[^\s`:]+", text)) / WORDS_PER_MINUTE
    return max(5, 5 * -(-int(minutes) // 5))


class Budget(SphinxDirective):
    """Writes the budget line of the page it stands in."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "book" / "budgets.yml"
        self.env.note_dependency(str(path))
        measured = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(self.env.docname)
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


def setup(app):
    app.add_directive("budget", Budget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
