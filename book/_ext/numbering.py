"""Numbers chapters by their folder, not by their place in the table of contents.

The book mirrors the nine sections of the paper, whichever of its chapters exist: `book/02-hallucination/...`
is chapter 2 even when it is the first one. Within a chapter the pages count from 1 in the order of
`_toc.yml`, or from the number that a page gives itself with `section: N` in its front matter. A chapter's
opening page keeps its own headings unnumbered, so that 2.1 is always a page. Every other page of the book
carries no number; what it numbers (lemmas of the toolbox, say) counts 1, 2, 3.

Sphinx derives the numbers of figures, equations, theorems and exercises from the section numbers, so
replacing the one function that assigns those is enough. To resolve a reference by number it loads the whole page
that is referred to; here each page is loaded once for all references, which halves the time of a rebuild.
"""

from __future__ import annotations

import functools
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

CHAPTER = re.compile(r"book/(\d\d)-[^/]+(/.+)?$")


def page_numbers(env: BuildEnvironment) -> dict[str, tuple[int, ...]]:
    """The number of every page that has one: docname -> (chapter,) or (chapter, section)."""
    numbers: dict[str, tuple[int, ...]] = {}
    last: dict[int, int] = {}  # chapter -> number of its latest page

    def walk(docname: str) -> None:
        if match := CHAPTER.match(docname):
            chapter = int(match[1])
            if match[2] in (None, "/index"):
                numbers[docname] = (chapter,)
            else:
                own = env.metadata[docname].get("section")
                last[chapter] = last.get(chapter, 0) + 1 if own is None else int(own)
                numbers[docname] = (chapter, last[chapter])
        for child in env.toctree_includes.get(docname, []):
            walk(child)

    walk(env.config.root_doc)
    return numbers


def number_page(env: BuildEnvironment, docname: str, number: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Write `number` and those of the headings below it into the page's table of contents; () clears them."""
    anchors: dict[str, tuple[int, ...]] = {}
    opening = docname.endswith("/index")

    def walk(node: nodes.Element, prefix: tuple[int, ...], *, title: bool) -> None:
        count = 0
        for child in node.children:
            if isinstance(child, addnodes.compact_paragraph):
                reference = child[0]
                if number:  # a heading that is missing here would be shown with its page's number
                    anchors[reference["anchorname"]] = prefix
                reference["secnumber"] = list(prefix) or None
            elif isinstance(child, nodes.bullet_list | addnodes.only):
                walk(child, prefix, title=title)
            elif isinstance(child, nodes.list_item):
                count += 1
                below = prefix if title or not prefix else (*prefix, count)
                walk(child, () if opening and not title else below, title=False)

    walk(env.tocs[docname], number, title=True)
    env.titles[docname]["secnumber"] = list(number) or None
    return anchors


def assign_section_numbers(self: TocTreeCollectorWithStyles, env: BuildEnvironment) -> list[str]:
    """Number all pages; returns the pages to write again because their numbers changed."""
    before, pages = env.toc_secnumbers, page_numbers(env)
    env.toc_secnumbers = {docname: number_page(env, docname, pages.get(docname, ())) for docname in env.tocs}
    return [docname for docname, numbers in env.toc_secnumbers.items() if numbers != before.get(docname, {})]


class PagesOnce:
    """The environment, with every page loaded once. The pages are for reading: a change would show everywhere."""

    def __init__(self, env: BuildEnvironment):
        self._env, self.get_doctree = env, functools.cache(env.get_doctree)

    def __getattr__(self, name: str):
        return getattr(self._env, name)


class References(StandardDomain):
    """Sphinx's references, resolved with pages that are loaded once."""

    def __init__(self, env: BuildEnvironment):
        super().__init__(env)
        self.pages = PagesOnce(env)

    def resolve_xref(self, env, *reference):
        return super().resolve_xref(self.pages, *reference)


def setup(app):
    app.add_domain(References, override=True)
    # The collector that Jupyter Book's table of contents puts in place of Sphinx's own
    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers
    return {"parallel_read_safe": True, "parallel_write_safe": True}
