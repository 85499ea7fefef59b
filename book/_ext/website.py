"""Makes the pages self-contained and their HTML sound.

Jupyter Book's defaults load MathJax, widget managers and Thebe from content delivery networks. Here MathJax
is served from `_static/vendor`, and what no page of this book uses (Thebe, widget managers) is left out. The page
body is repaired where extensions write invalid or unhelpful HTML, and the description of a page comes from
`description:` in its front matter. The role ``{repository}`issues` `` links to a part of the repository that
`_config.yml` names, so that a fork's pages lead to the fork.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from nbedition import repository

FORMULA = r'<span class="math notranslate nohighlight">[^<]*</span>'
# What docutils, sphinx-proof, sphinx-exercise and MyST-NB write, and what a page should say instead.
BODY_REPAIRS = [
    # an untitled box with the same id for every proof on the page
    (re.compile(r'<div class="proof admonition" id="proof">\s*<p>Proof\.'),
     '<div class="proof-text">\n<p><span class="proof-name">Proof.</span>'),
    # ids that repeat in every box
    (re.compile(r' id="(?:proof|exercise|solution)-content"'), ""),
    # a name that hides the visible one ("Show code cell source")
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # a list whose children are not list items
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    # brackets around a title that ends in brackets of its own: "(A diagonal by hand ★ (5 min))"
    (re.compile(r'(<span class="caption-number">Exercise [\d.]+ </span>) \((.*)\)</p>'), r"\1 \2</p>"),
    # a link that begins with a space, and repeats the title that stands right above it
    (re.compile(r'(<p class="admonition-title">Solution to)(<a [^>]*>) (Exercise [\d.]+)(?: .*)?</a>'),
     r"\1 \2\3</a>"),
    # a formula that a line break may part from its brackets and its punctuation
    (re.compile(rf"([(\[“‘]+{FORMULA}[.,;:!?)\]’”%]*|{FORMULA}(?:[.,;:!?)\]’”%]+|-[a-z]+))"),
     r'<span class="joined">\1</span>'),
]  # fmt: skip


def configure(app, config) -> None:
    """The settings on which the pages' looks and their independence of other hosts rest."""
    config.mathjax_path = "vendor/mathjax/tex-chtml.js"
    config.mathjax_options = {"defer": "defer"}
    # MathJax's menu would make every formula a tab stop and offers features that load from elsewhere; the
    # MathML that screen readers use does not depend on it.
    # A fixed size: measuring the text's font would depend on whether that font has arrived yet.
    config.mathjax3_config = {
        "options": {"enableMenu": False},
        "chtml": {"matchFontHeight": False, "scale": 1.04},
    }
    config.nb_ipywidgets_js = {}
    config.html_css_files = [*config.html_css_files, "book.css"]
    # before MathJax, which it tells in what order to work
    config.html_js_files = [*config.html_js_files, ("book.js", {"defer": "defer", "priority": 300})]
    config.html_logo = "book/_static/logo.svg"
    config.html_favicon = "book/_static/favicon.svg"
    config.html_theme_options = {
        **config.html_theme_options,
        "logo": {"text": config.html_title, "alt_text": ""},
        "home_page_in_toc": False,
    }
    config.togglebutton_hint = config.togglebutton_hint_hide = ""


def drop_thebe_nodes(app, doctree, docname) -> None:
    """Remove what sphinx-thebe adds to each page; Jupyter Book 1 cannot switch it off."""
    for raw in list(doctree.findall(nodes.raw)):
        if "x-thebe-config" in raw.astext() or raw.astext().startswith("<script>kernelName"):
            raw.parent.remove(raw)


def complete_page(app, pagename, templatename, context, doctree) -> None:
    """Leave Thebe's scripts out, repair the body, add the description and ask early for the text's font."""
    for key in ("script_files", "css_files"):
        context[key] = [file for file in context[key] if "thebe" not in f"{file} {vars(file)}".lower()]
    if "body" in context:
        for pattern, repair in BODY_REPAIRS:
            context["body"] = pattern.sub(repair, context["body"])
    font = context["pathto"](
        "_static/vendor/source-serif/source-serif-4-latin-wght-normal.woff2", resource=True
    )
    tags = [f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{font}">']
    if description := app.env.metadata.get(pagename, {}).get("description"):
        tags.append(f'<meta name="description" content="{html.escape(description)}">')
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def keep_percent(app, doctree, docname) -> None:
    """Let no line break part a number from its per cent sign."""
    if app.builder.format != "html":
        return
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(
            text.parent, nodes.literal | nodes.literal_block | nodes.raw | nodes.math
        ):
            text.parent.replace(text, nodes.Text(re.sub(r"(?<=\d) %", "\u00a0%", text)))


class Repository(SphinxRole):
    """A link to a part of the book's repository, shown as its address."""

    def run(self):
        address = f"{repository(self.config)}/{self.text}".rstrip("/")
        return [nodes.reference("", address, refuri=address)], []


def setup(app):
    app.add_role("repository", Repository())
    app.connect("config-inited", configure, priority=400)
    app.connect("doctree-resolved", drop_thebe_nodes, priority=950)
    app.connect("doctree-resolved", keep_percent, priority=960)
    app.connect("html-page-context", complete_page, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
