"""What others see of a page when it is shared, searched for or cited.

Each page gets its canonical address, the tags from which social networks make a card (with a picture of the
chapter: one square for each claim of the paper, by verdict), and a button that shows how to cite it. Theorems and
exercises get a link to themselves. The site gets a map for search engines and a page for addresses that lead nowhere.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path

import yaml
from PIL import Image

from nbedition import site

# The order and the colours of the verdicts in the pictures, as in _static/book.css (light theme).
VERDICTS = {
    "holds": "#2a6a2f", "repaired": "#0a655f", "needs hypothesis": "#845400",
    "fails": "#9a3f0a", "assumption": "#6b7280", "empirical": "#37459b",
}  # fmt: skip
PICTURES = "_static/cards"
# the caption of a theorem or an exercise, after the box that has its label as id
CAPTION = re.compile(
    r'(<div class="(?:proof|exercise)[^"]*admonition" id="([\w-]+)">\s*<p class="admonition-title">.*?)(</p>)',
    re.S,
)


def chapter_of(pagename: str) -> str:
    """The name of the card of a page: `book/02-hallucination/data` and `.../index` -> `02-hallucination`."""
    return pagename.removeprefix("book/").partition("/")[0] if pagename.startswith("book/") else "index"


def plain_title(app, pagename: str) -> str:
    """A page's title as text, and that of the book after it unless the page is the first."""
    title = app.env.titles[pagename].astext() if pagename in app.env.titles else ""
    return title if title in ("", app.config.html_title) else f"{title} · {app.config.html_title}"


def citation(app, pagename: str, address: str) -> str:
    """The BibTeX entry of a page."""
    words = re.findall(r"[a-z]+", pagename.removeprefix("book/").removesuffix("/index"))
    title, book = app.env.titles[pagename].astext(), app.config.html_title
    part = "" if title == book else f"{title}. In: "
    fields = {
        "author": f"{{{app.config.author}}}", "title": f"{{{part}{book}}}",
        "year": app.config.copyright, "url": address,
    }  # fmt: skip
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{llmlimits-{'-'.join(words)},", *lines, "}"])


def complete_page(app, pagename, templatename, context, doctree) -> None:
    """Canonical address, card, citation, links to boxes."""
    if app.builder.format != "html" or doctree is None:
        return
    address = f"{site(app.config)}{pagename}.html"
    description = app.env.metadata.get(pagename, {}).get("description", "")
    picture = f"{site(app.config)}{PICTURES}/{chapter_of(pagename)}.png"
    card = {
        "og:type": "article" if pagename != app.config.root_doc else "website",
        "og:site_name": app.config.html_title, "og:title": plain_title(app, pagename), "og:url": address,
        "og:description": description, "og:image": picture, "og:image:width": "1200", "og:image:height": "630",
        "og:image:alt": "A square for each claim of the paper that this chapter treats, coloured by its verdict",
    }  # fmt: skip
    tags = [
        f'<link rel="canonical" href="{address}">',
        '<meta name="twitter:card" content="summary_large_image">',
    ]
    tags += [f'<meta property="{name}" content="{html.escape(text)}">' for name, text in card.items() if text]
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])
    context["body"] = CAPTION.sub(
        r'\1<a class="headerlink" href="#\2" title="Link to this box">#</a>\3', context["body"]
    )
    context["body"] += (
        '<dialog id="citation" aria-label="How to cite this page"><p>To cite this page:</p>'
        f'<pre tabindex="0">{html.escape(citation(app, pagename, address))}</pre>'
        "<p>To cite a theorem, add the link behind its title: it will not change.</p>"
        '<form method="dialog"><button type="button" class="copy">Copy</button> <button>Close</button></form></dialog>'
    )
    context["header_buttons"].append({
        "type": "javascript", "javascript": "document.getElementById('citation').showModal()", "text": "",
        "icon": "fas fa-quote-right", "tooltip": "Cite this page", "label": "cite-button",
    })  # fmt: skip


def draw_card(path: Path, book: str, title: str, counts: Counter) -> None:
    """A picture of 1200 by 630 points: the titles, and one square for each claim. Drawn again when one changed."""
    import textwrap

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    source = f"{book}, {title}, {sorted(counts.items())}"
    if path.is_file() and Image.open(path).text.get("Source") == source:
        return
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    renderer = FigureCanvasAgg(figure).get_renderer()
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(0, 630))
    axes.set_axis_off()
    axes.text(60, 560, book, fontsize=20, color="#4b5563", va="center")
    axes.text(60, 440, textwrap.fill(title, 36), fontsize=36, weight="bold", color="#111827", va="center")
    squares = [VERDICTS[verdict] for verdict in VERDICTS for _ in range(counts[verdict])]
    size, gap, columns = (34, 8, 26) if len(squares) <= 104 else (22, 6, 39)
    for i, colour in enumerate(squares):
        row, column = divmod(i, columns)
        axes.add_patch(
            Rectangle((60 + column * (size + gap), 270 - row * (size + gap)), size, size, color=colour)
        )
    x = 60
    for verdict, colour in VERDICTS.items():
        if counts[verdict]:
            text = axes.text(x, 50, f"{counts[verdict]} {verdict}", fontsize=15, color=colour, va="center")
            x += 22 + text.get_window_extent(renderer).width
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None, "Source": source})


def write_site_files(app, exception) -> None:
    """Cards, the map of the site and the page that is shown for an unknown address."""
    if exception or app.builder.format != "html":
        return
    out, root = Path(app.outdir), site(app.config)
    rows = yaml.safe_load((Path(app.srcdir) / "book" / "claims.yml").read_text(encoding="utf-8")) or []
    everything, counts = Counter(), {}
    for row in rows:
        counts.setdefault(chapter_of(row["page"]), Counter())[row["verdict"]] += 1
        everything[row["verdict"]] += 1
    pages = sorted(page for page in app.env.found_docs if page in app.env.titles)
    for page in pages:
        chapter = chapter_of(page)
        first = page == f"book/{chapter}" or page.endswith("/index")
        if first:
            title = app.env.titles[page].astext()
            draw_card(
                out / PICTURES / f"{chapter}.png",
                app.config.html_title,
                title,
                counts.get(chapter) or everything,
            )
    places = "".join(f"<url><loc>{html.escape(f'{root}{page}.html')}</loc></url>\n" for page in pages)
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n',
        encoding="utf-8",
    )
    (out / "404.html").write_text(
        NOT_FOUND.format(book=html.escape(app.config.html_title), root=json.dumps(root)[1:-1]),
        encoding="utf-8",
    )


# Shown at addresses of any depth, so its links are whole addresses and it loads nothing.
NOT_FOUND = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>No such page · {book}</title>
<style>body {{ font: 1.2rem/1.6 serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem }}</style>
</head>
<body>
<main>
<h1>No such page</h1>
<p>Nothing stands at this address. Try the
<a href="{root}book/index.html">first page of the book</a>, the
<a href="{root}book/ledger.html">ledger of all claims</a>, or the <a href="{root}search.html">search</a>.</p>
</main>
</body>
</html>
"""


def setup(app):
    app.connect("html-page-context", complete_page, priority=960)
    app.connect("build-finished", write_site_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
