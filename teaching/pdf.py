"""The whole book on paper: `make pdf` prints the built site as one document to `_build/pdf/book.pdf`.

All pages are put into one, in the order of the table of contents: links between them become links within the file,
folds are open, an explorer shows its first frame and where it moves, and the code that only draws a figure is left to
the notebooks. Chromium typesets and paginates. The table of contents gets its page numbers from a first printing,
whose destinations are read from the PDF itself.
"""

from __future__ import annotations

import argparse
import html
import posixpath
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from problem_sets import ROOT, site_and_repository
from slides import chromium, heading

APPARATUS = {
    "Checked sentences",
    "Exercises",
    "Summary",
    "Further reading",
}  # in every section: not in the contents
PRINTINGS = 3  # the contents are right once a printing has the pages that they show
HERE = Path(__file__).resolve().parent
PAGE = """<!doctype html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
{styles}
<style>
{print}
{heads}
</style>
<script>
window.MathJax = {{
  // Sphinx marks pages as not to be processed, and formulas as to be
  options: {{ enableMenu: false, enableAssistiveMml: false, processHtmlClass: "math" }},
  chtml: {{ matchFontHeight: false, scale: 1.02 }}, startup: {{ typeset: false }},
}};
</script>
<script src="{static}/vendor/mathjax/tex-chtml.js"></script>
</head>
<body>
{cover}
{contents}
{articles}
<script>
window.addEventListener("load", async () => {{
  await MathJax.startup.promise;
  // One article at a time, the others hidden: measuring formulas in the whole book at once takes very long
  const articles = [...document.querySelectorAll(".bd-article")];
  articles.forEach((article) => {{ article.style.display = "none"; }});
  for (const article of articles) {{
    article.style.display = "";
    await MathJax.typesetPromise([article]);
    for (const item of MathJax.startup.document.getMathItemsWithin([article])) {{
      item.typesetRoot.setAttribute("role", "img"); // one thing with a name in the tagged PDF, not fifty glyphs
      item.typesetRoot.setAttribute("aria-label", item.math);
    }}
    MathJax.typesetClear([article]);
    article.style.display = "none";
    window.bookDone = article.id;
  }}
  articles.forEach((article) => {{ article.style.display = ""; }});
  // a font that came after the first printing would move the pages
  await Promise.all([...document.fonts].map((face) => face.load().catch(() => null)));
  await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
  window.bookReady = true;
}});
</script>
</body>
</html>
"""


def pages() -> list[str]:
    """All pages in the order of the contents, without the reference of the package, which is for the screen."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = [toc["root"]]
    for part in [toc, *toc.get("parts", [])]:
        for chapter in part.get("chapters", []):
            found += [entry["file"] for entry in [chapter, *chapter.get("sections", [])] if "file" in entry]
    return [name for name in found if not re.match(r"book/api\b", name)]


def slug(docname: str) -> str:
    return docname.removeprefix("book/").replace("/", "-")


# ---- One document ------------------------------------------------------------------------------------------


def merged(article: Tag, docname: str, docnames: set[str], base: str) -> Tag:
    """The article of a page, with names that are unique in the document and links that stay in it."""
    prefix = slug(docname)
    for tag in article.select(
        ".headerlink, script, button, .explorer-controls, img[hidden], .prev-next-footer"
    ):
        if "explorer-controls" in (tag.get("class") or []):
            name, value = (html.escape(tag.select_one(part).get_text()) for part in ("label", "output"))
            link = f'<a href="{base}{docname}.html">move the slider on the web</a>'
            note = f'<p class="explorer-link">{name} = {value}; {link}</p>'
            tag.replace_with(BeautifulSoup(note, "html.parser"))
        else:
            tag.decompose()
    for cell in article.select("div.cell.tag_hide-input > details"):
        cell.decompose()  # draws a figure
    for fold in article.select("div.checked-fold"):  # the scripts stand in full on a page of their own
        for part in fold.select("div[class*=highlight]"):
            part.decompose()
    for fold in article.find_all("details"):
        fold["open"] = ""
    for step in article.select("[hidden]"):
        del step["hidden"]
    for tag in article.find_all(True):
        if tag.get("id"):
            tag["id"] = f"{prefix}--{tag['id']}"
        for name in ("for", "aria-labelledby", "aria-describedby"):
            tag.attrs.pop(name, None)
        if tag.name == "a" and tag.get("href"):
            tag["href"] = target(tag["href"], docname, docnames, base)
        if tag.name == "img" and not tag["src"].startswith("data:"):
            for name in (
                "loading",
                "width",
                "height",
            ):  # paper shows every picture, in the width of its column
                tag.attrs.pop(name, None)
            tag["src"] = "../html/" + posixpath.normpath(
                posixpath.join(posixpath.dirname(docname), tag["src"])
            )
    article["id"] = prefix
    article["class"] = ["bd-article", f"page-{prefix}"]
    return article


def target(address: str, docname: str, docnames: set[str], base: str) -> str:
    """Where a link of a page leads in the document; what is not in it is linked on the web."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return address
    place = f"{docname}.html"
    if parts.path:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(docname), parts.path))
    name = place.removesuffix(".html")
    if name in docnames:
        return f"#{slug(name)}--{parts.fragment}" if parts.fragment else f"#{slug(name)}"
    return base + place + (f"#{parts.fragment}" if parts.fragment else "")


def contents(articles: list[tuple[str, Tag]]) -> str:
    """The table of contents: pages and their numbered parts; page numbers come after the first printing."""
    rows = []
    for docname, article in articles:
        title = article.find("h1")
        number = title.select_one(".section-number")
        deep = number is not None and number.get_text().strip().rstrip(".").count(".") == 1
        rows.append(row(slug(docname), title, "section" if deep else "chapter"))
        for part in article.find_all("h2"):
            if part.find_parent("section").get("id") and heading(part) not in APPARATUS:
                rows.append(row(part.find_parent("section")["id"], part, "part"))
    body = "\n".join(rows)
    return f'<nav class="contents bd-article"><h1>Contents</h1>\n{body}\n</nav>'


def row(place: str, title: Tag, level: str) -> str:
    number = title.select_one(".section-number")
    text = f"{number.get_text() if number else ''}{heading(title)}"
    ends = '<span class="dots"></span><span class="number">000</span>'
    return f'<a class="{level}" href="#{place}"><span>{text}</span>{ends}</a>'


def running_heads(articles: list[tuple[str, Tag]]) -> str:
    """A named page for each article, with its title at the top."""
    rules = []
    for docname, article in articles:
        title = BeautifulSoup(row("", article.find("h1"), ""), "html.parser").span.get_text()
        text = re.sub(r"\s+", " ", title).replace("\\", "").replace('"', "'").strip()
        name = f"page-{slug(docname)}"
        rules.append(f'@page {name} {{ @top-left {{ content: "{text}"; }} }}\n.{name} {{ page: {name}; }}')
    return "\n".join(rules)


def assemble(site: Path, docnames: list[str]) -> str:
    """The document as HTML; it belongs into a folder beside that of the site."""
    base, repository = site_and_repository()
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    articles, styles = [], ""
    for docname in docnames:
        page = site / f"{docname}.html"
        if not page.is_file():
            raise FileNotFoundError(f"{page} is missing: run `make book` first")
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        if not styles:
            sheets = [link["href"] for link in soup.select('head link[rel="stylesheet"]')]
            folder = posixpath.dirname(docname)
            places = [posixpath.normpath(posixpath.join(folder, sheet.partition("?")[0])) for sheet in sheets]
            styles = "\n".join(f'<link rel="stylesheet" href="../html/{place}">' for place in places)
        articles.append(
            (docname, merged(soup.select_one("article.bd-article"), docname, set(docnames), base))
        )
    title = settings["title"]
    cover = (
        f'<header class="cover"><h1>{html.escape(title)}</h1>'
        f"<p>{html.escape(settings['author'])}</p>"
        f"<p>Version {html.escape(str(citation.get('version', '')))}</p>"
        '<p class="small">The book on the web, where every cell runs and the explorers move: '
        f'<a href="{base}">{base}</a><br>'
        f'Sources: <a href="{repository}">{repository}</a><br>'
        "Text: CC BY 4.0 · code: MIT licence</p></header>"
    )
    body = "\n".join(str(article) for _, article in articles)
    ids = set(re.findall(r' id="([^"]+)"', body))
    if lost := sorted(
        {place for place in re.findall(r' href="#([^"]+)"', body) if html.unescape(place) not in ids}
    ):
        raise ValueError(f"links in the document that lead nowhere: {', '.join(lost)}")
    return PAGE.format(
        title=html.escape(title), styles=styles, static="../html/_static", cover=cover, contents=contents(articles),
        print=(HERE / "print.css").read_text(encoding="utf-8"), heads=running_heads(articles),
        articles=body,
    )  # fmt: skip


# ---- Printing ----------------------------------------------------------------------------------------------


def destinations(pdf: bytes) -> dict[str, int]:
    """The page, from 1, of every named destination in a PDF written by Chromium."""
    objects = {
        int(number): body for number, body in re.findall(rb"(?:^|\n)(\d+) 0 obj\n?(.*?)endobj", pdf, re.S)
    }

    def kids(number: int) -> list[int]:
        body = objects[number]
        if b"/Type /Pages" not in body:
            return [number]
        inside = re.search(rb"/Kids \[([^\]]*)\]", body)[1]
        return [leaf for child in re.findall(rb"(\d+) 0 R", inside) for leaf in kids(int(child))]

    catalog = next(body for body in objects.values() if b"/Type /Catalog" in body)
    order = {
        number: place
        for place, number in enumerate(kids(int(re.search(rb"/Pages (\d+) 0 R", catalog)[1])), 1)
    }
    named = re.search(rb"/Dests (\d+) 0 R", catalog)
    body = objects[int(named[1])] if named else b""
    found = {}
    for name, page in re.findall(rb"/([^\s/\[\]<>()]+)\s*\[(\d+) 0 R", body):
        plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), name)
        found[plain.decode("utf-8", "replace")] = order[int(page)]
    return found


FILL = """(pages) => {
  for (const row of document.querySelectorAll(".contents a")) {
    row.querySelector(".number").textContent = pages[row.getAttribute("href").slice(1)] ?? "000";
  }
}"""
ENTRIES = "[...document.querySelectorAll('.contents a')].map((row) => row.getAttribute('href').slice(1))"


def print_book(build: Path, out: Path, timeout: float = 1200) -> dict[str, int]:
    """Print `out`.html, in a folder beside the site in `build`, to `out`.pdf; returns the pages of its places."""
    sys.path.insert(0, str(ROOT / "tests"))
    from playwright.sync_api import sync_playwright

    from site_checks import serve

    with serve(build) as root, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium())
        options = {"prefer_css_page_size": True, "print_background": True, "tagged": True, "outline": True}
        said: list[str] = []
        places: dict[str, int] = {}
        shown: dict[str, int | None] = {}  # pages as the contents show them, and as they are
        printed: dict[str, int | None] = {}
        context = browser.new_context()
        context.set_default_timeout(timeout * 1000)
        context.on(
            "request", lambda r: None if r.url.startswith((root, "data:")) else said.append(f"loads {r.url}")
        )
        context.on("requestfailed", lambda r: said.append(f"fails {r.url}"))
        context.on("weberror", lambda error: said.append(str(error.error)))
        for _ in range(PRINTINGS):
            page = context.new_page()  # a second printing of the same one may break a few pages elsewhere
            page.goto(root + out.with_suffix(".html").relative_to(build).as_posix())
            page.wait_for_function("window.bookReady === true")
            page.evaluate(FILL, places)
            entries = page.evaluate(ENTRIES)
            pdf = page.pdf(**options)
            page.close()
            shown, places = {entry: places.get(entry) for entry in entries}, destinations(pdf)
            printed = {entry: places.get(entry) for entry in entries}
            said.extend(
                f"entry of the contents that leads nowhere: {e}"
                for e, number in printed.items()
                if not number
            )
            if said or shown == printed:
                break
        browser.close()
    if said:
        raise RuntimeError("\n".join(said))
    for entry in entries:
        if shown[entry] != printed[entry]:
            if abs(shown[entry] - printed[entry]) > 1:
                raise RuntimeError(
                    f"the contents say page {shown[entry]} for {entry}, it is on {printed[entry]}"
                )
            print(f"one page off in the contents: {entry}")
    out.with_suffix(".pdf").write_bytes(pdf)
    return places


def page_count(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the built site as one PDF.")
    parser.add_argument("--build", type=Path, default=ROOT / "_build", help="the folder with `html` in it")
    parser.add_argument("names", nargs="*", help="only these pages, such as 02-hallucination/data")
    arguments = parser.parse_args()
    if not chromium():
        sys.exit("make pdf needs a Chromium (`chromium` or `google-chrome` on the PATH)")
    build = arguments.build.resolve()
    out = build / "pdf" / "book"
    out.parent.mkdir(exist_ok=True)
    docnames = [f"book/{name}" for name in arguments.names] or pages()
    out.with_suffix(".html").write_text(assemble(build / "html", docnames), encoding="utf-8")
    print_book(build, out)
    pdf = out.with_suffix(".pdf").read_bytes()
    print(f"{page_count(pdf)} pages, {len(pdf) / 1e6:.1f} MB: {out.with_suffix('.pdf')}")


if __name__ == "__main__":
    main()
