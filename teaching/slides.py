"""Slides for every section, made from the built site: `make slides` writes them to `_build/slides`.

A deck is one section, hence one class meeting. What is shown is chosen by marks that the pages have anyway. Each part
(`##`) with a claim of the paper or a theorem gives: the claim with its verdict; its main results, which are the
theorems that the ledger names, as their boxes; the figures; the first cell with a printed output after the theorem,
as witness; and the question what it says and does not say, with the book's answer one click later. Proofs and
captions are in the speaker notes (key S). The boxes, numbers and formulas are those of the site. Nothing is loaded
from another host. With a Chromium on the PATH each deck is also printed to PDF.
"""

from __future__ import annotations

import argparse
import copy
import html
import re
import shutil
import sys
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MOST = 2  # theorems and figures of one part that get a slide; the others are named in the notes
LONG = 1400  # letters of a claim box from which on the reasons go to the notes
LINES = 24  # of code and output on one slide
PROOFS = ("theorem", "corollary", "proposition", "lemma")
QUESTION = "What does it say, and what does it not say?"
PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/reveal/reset.css">
<link rel="stylesheet" href="assets/reveal/reveal.css">
<link rel="stylesheet" href="assets/pygments.css">
<link rel="stylesheet" href="assets/slides.css">
<script>
window.MathJax = {{
  options: {{ enableMenu: false, ignoreHtmlClass: "notes" }},
  chtml: {{ matchFontHeight: false }},
  startup: {{ typeset: false }},
}};
</script>
<script src="assets/mathjax/tex-chtml.js"></script>
<script src="assets/reveal/reveal.js"></script>
<script src="assets/reveal/notes.js"></script>
</head>
<body class="measuring">
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="assets/slides.js"></script>
</body>
</html>
"""


def element(text: str) -> Tag:
    return next(tag for tag in BeautifulSoup(text, "html.parser").children if isinstance(tag, Tag))


# ---- Choosing ----------------------------------------------------------------------------------------------


def ranks() -> dict[str, int]:
    """For each label in the ledger: 0 if a row names it first, which makes it a main result, otherwise 1."""
    found: dict[str, int] = {}
    for row in yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8")):
        for place, label in enumerate(row.get("labels") or []):
            found[label] = min(found.get(label, 1), int(place > 0))
    return found


def flow(part: Tag) -> list[Tag]:
    """The blocks of a part in order, those of its subsections included."""
    found = []
    for child in part.find_all(True, recursive=False):
        found += flow(child) if child.name == "section" else [child]
    return found


def classes(tag: Tag) -> set[str]:
    return set(tag.get("class") or [])


def printed(block: Tag) -> bool:
    """Whether a block is an open cell with a printed output and without a picture."""
    return (
        "cell" in classes(block)
        and not classes(block) & {"tag_hide-input", "tag_remove-cell"}
        and block.select_one(".cell_output .stream, .cell_output .text_plain") is not None
        and block.select_one("figure, img") is None
        and "check(" not in block.get_text()
    )


def main_results(blocks: list[Tag], rank: dict[str, int]) -> list[Tag]:
    """The theorems of a part that get a slide, in order; without one in the ledger the first of them."""
    boxes = [block for block in blocks if "proof" in classes(block) and classes(block) & set(PROOFS)]
    kind = {box.get("id"): next(k for k, name in enumerate(PROOFS) if name in classes(box)) for box in boxes}
    ranked = sorted(boxes, key=lambda box: (kind[box.get("id")] > 0, rank.get(box.get("id"), 2)))
    chosen = {box.get("id") for box in ranked[:MOST]}
    return [box for box in boxes if box.get("id") in chosen]


def proof_after(blocks: list[Tag], box: Tag) -> str:
    """The proof that follows a theorem, as HTML; empty if there is none before the next box."""
    place = blocks.index(box)
    for block in blocks[place + 1 : place + 4]:
        title = block.find("p", class_="admonition-title")
        if "proof-text" in classes(block) or (title and title.get_text().startswith("Proof")):
            return plain(block)
        if "proof" in classes(block):
            break
    return ""


# ---- Writing -----------------------------------------------------------------------------------------------


class Deck:
    """Collects the slides of one page."""

    def __init__(self, article: Tag, page: Path, out: Path, address: str):
        self.article, self.page, self.out, self.address = article, page, out, address
        self.slides: list[str] = []
        self.asked: list[Tag] = []  # exercises that have a slide

    def clean(self, block: Tag) -> Tag:
        """A copy for a slide: no links, ids or buttons; pictures beside the deck; an explorer's first frame."""
        block = copy.copy(block)
        for tag in block.select(".headerlink, script, button, .explorer-controls, img[hidden], summary"):
            tag.decompose()
        for tag in block.find_all("a"):
            tag.unwrap()
        for tag in [block, *block.find_all(True)]:
            for name in ("id", "aria-live", "title"):
                tag.attrs.pop(name, None)
        for tag in block.find_all("section"):  # reveal.js would take them for slides
            tag.name = "div"
        for image in block.find_all("img"):
            for name in ("style", "loading", "width", "height"):
                image.attrs.pop(name, None)
            if not image["src"].startswith("data:"):
                source = (self.page.parent / image["src"]).resolve()
                (self.out / "images").mkdir(exist_ok=True)
                shutil.copy(source, self.out / "images" / source.name)
                image["src"] = f"images/{source.name}"
        return block

    def add(self, kind: str, title: str, body: str, notes: str = "") -> None:
        heading = f"<h2>{title}</h2>" if title else ""
        aside = f'\n<aside class="notes">{notes}</aside>' if notes else ""
        fitted = f'<div class="fit"><div class="inner">\n{body}\n</div></div>'
        self.slides.append(f'<section data-kind="{kind}">{heading}{fitted}{aside}\n</section>')

    def opening(self) -> None:
        title = heading(self.article.find("h1"))
        opening = [self.clean(p) for p in self.article.find("section").find_all("p", recursive=False)]
        marked = [inner(tag) for p in opening for tag in p.find_all(["strong", "em"])]
        spoken = [sentence for p in opening for sentence in re.split(r"(?<=[.?;:])\s+", inner(p))]
        questions = [text.strip() for text in marked + spoken if text.strip().endswith("?")]
        asked = f'<p class="question">{questions[0][:1].upper()}{questions[0][1:]}</p>' if questions else ""
        goals = self.article.find("div", class_="objectives")
        notes = plain(goals) if goals else ""
        address = f'<p class="address">{html.escape(self.address)}</p>'
        self.add("title", "", f"<h1>{title}</h1>{asked}{address}", notes)

    def part(self, part: Tag, rank: dict[str, int]) -> None:
        blocks = flow(part)
        results = main_results(blocks, rank)
        claims = [block for block in blocks if "claim" in classes(block)]
        if not (results or claims):
            return
        title = heading(part.find("h2"))
        boxes = [block for block in blocks if "proof" in classes(block) and classes(block) & set(PROOFS)]
        others = [title_of(box) for box in boxes if box not in results]
        also = f"<p>Also in this part: {'; '.join(others)}.</p>" if others else ""
        before = [block for block in blocks if block.name == "p"][:1]
        for k, claim in enumerate(claims):
            notes = "".join(plain(block) for block in before) if k == 0 else ""
            box = self.clean(claim)
            if (
                len(box.get_text()) > LONG
            ):  # several claims of the paper in one box: the reasons are told, not shown
                for why in box.select(".claim-why"):
                    notes += plain(why)
                    why.decompose()
            self.add("claim", title, str(box), notes)
        shown: list[Tag] = []
        for k, box in enumerate(results):
            last = len(blocks) if k + 1 == len(results) else blocks.index(results[k + 1])
            after = blocks[blocks.index(box) : last]
            notes = proof_after(blocks, box) + (also if k == 0 else "")
            self.add("theorem", title, str(self.clean(box)), notes)
            if witness := next((block for block in after if printed(block)), None):
                self.witness(title, witness)
            for figure in [f for block in after for f in block.find_all("figure")][: MOST if k == 0 else 1]:
                self.figure(title, figure)
                shown.append(figure)
        for figure in [f for block in blocks for f in block.find_all("figure")]:
            if figure not in shown and len(shown) < MOST:
                self.figure(title, figure)
                shown.append(figure)
        self.question(title, blocks, results)

    def witness(self, title: str, cell: Tag) -> None:
        cell = self.clean(cell)
        lines = sum(len(pre.get_text().rstrip().splitlines()) for pre in cell.find_all("pre"))
        if lines > LINES and (code := cell.select_one(".cell_input")):
            code.decompose()
        self.add("witness", title, f'<div class="witness">{cell}</div>')

    def figure(self, title: str, figure: Tag) -> None:
        clean = self.clean(figure)
        caption = clean.find("figcaption")
        notes = inner(caption) if caption else ""
        if caption:
            caption.decompose()
        reading = ""
        if figure.find(class_="explorer"):
            name = figure.select_one(".explorer-controls label").get_text()
            value = figure.select_one(".explorer-controls output").get_text()
            reading = f'<p class="knob">{html.escape(name)} = {html.escape(value)} (a slider on the page)</p>'
            notes += f"<p>Move the slider on the page: {html.escape(self.address)}</p>"
        self.add("figure", title, f"{clean}{reading}", notes)

    def question(self, title: str, blocks: list[Tag], results: list[Tag]) -> None:
        says = [block for block in blocks if "says" in classes(block)]
        if says:
            box = self.clean(says[-1])
            box.find("p", class_="admonition-title").decompose()
            body = f'<p class="question">{QUESTION}</p><div class="fragment answer">{box}</div>'
            self.add("question", title, body, plain(says[-1]))
            return
        labels = [box.get("id") for box in results]
        for exercise in self.unasked():
            if any(exercise.find("a", href=f"#{label}") for label in labels):
                self.exercise(title, exercise)
                return
        if results:
            body = '<p class="question">Which hypothesis is used where in the proof, and what fails without it?</p>'
            self.add("question", title, body, proof_after(blocks, results[0]))

    def unasked(self) -> list[Tag]:
        return [
            one
            for one in self.article.select("div.exercise")
            if all(one is not other for other in self.asked)
        ]

    def exercise(self, title: str, exercise: Tag) -> None:
        self.asked.append(exercise)
        solution = self.article.find("div", id=f"{exercise.get('id')}-solution")
        notes = plain(solution) if solution else ""
        self.add("question", title, str(self.clean(exercise)), notes)

    def closing(self) -> None:
        for exercise in self.unasked()[:1]:
            self.exercise("A question to take along", exercise)
        for part in self.article.find_all("h2"):
            if heading(part) == "Summary":
                lists = [child for child in part.parent.find_all(["ol", "ul"], recursive=False)]
                if lists:
                    self.add("summary", "Summary", str(self.clean(lists[0])))


def heading(tag: Tag) -> str:
    tag = copy.copy(tag)
    for extra in tag.select(".headerlink, .section-number"):
        extra.decompose()
    return inner(tag).strip()


def title_of(box: Tag) -> str:
    title = copy.copy(box.find("p", class_="admonition-title"))
    for link in title.find_all("a"):
        link.unwrap()
    return re.sub(r"\s+", " ", title.get_text()).strip()


def inner(tag: Tag) -> str:
    return "".join(map(str, tag.children))


def plain(tag: Tag) -> str:
    """Paragraphs and lists for the notes: text and TeX, without pictures, cells and links."""
    tag = copy.copy(tag)
    for extra in tag.select(".headerlink, img, .cell, script, .admonition-title, .eqno, summary"):
        extra.decompose()
    for link in tag.find_all(["a", "span", "em", "strong", "code"]):
        link.unwrap()
    parts = [block for block in tag.find_all(["p", "li", "div"]) if not block.find(["p", "li", "div"])]
    texts = [
        re.sub(r"\s+", " ", html.escape(part.get_text(), quote=False)).strip() for part in parts or [tag]
    ]
    return "".join(f"<p>{text}</p>" for text in texts if text)


def deck(page: Path, out: Path, address: str, rank: dict[str, int]) -> Deck | None:
    """The slides of one built page; None if it has neither theorems nor claims in its parts."""
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
    made = Deck(article, page, out, address)
    made.opening()
    for part in article.select("section > section"):
        if part.find("h2", recursive=False):
            made.part(part, rank)
    if len(made.slides) == 1:
        return None
    made.closing()
    return made


def pages() -> list[str]:
    """The sections and short chapters, in the order of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = []
    for chapter in toc["chapters"]:
        for entry in [chapter, *chapter.get("sections", [])]:
            if re.match(r"book/\d\d-", entry["file"]) and not entry["file"].endswith("/index"):
                found.append(entry["file"])
    return found


def name_of(docname: str) -> str:
    return docname.removeprefix("book/").replace("/", "-")


def write_assets(site: Path, out: Path) -> None:
    assets = out / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "vendor" / "reveal", assets / "reveal", dirs_exist_ok=True)
    vendor = ROOT / "book" / "_static" / "vendor"
    for folder in ("mathjax", "source-serif"):
        shutil.copytree(vendor / folder, assets / folder, dirs_exist_ok=True)
    shutil.copy(site / "_static" / "pygments.css", assets)
    for name in ("slides.css", "slides.js"):
        shutil.copy(HERE / name, assets)


def write(site: Path, out: Path, base: str, docnames: list[str]) -> dict[str, int]:
    """Write the decks of the pages; returns the number of slides of each."""
    shutil.rmtree(out, ignore_errors=True)
    write_assets(site, out)
    rank, counts, entries = ranks(), {}, []
    for docname in docnames:
        page = site / f"{docname}.html"
        if not page.is_file():
            raise FileNotFoundError(f"{page} is missing: run `make book` first")
        made = deck(page, out, f"{base}{docname}.html", rank)
        if made is None:
            continue
        name, title = name_of(docname), heading(made.article.find("h1"))
        text = PAGE.format(
            title=f"Slides: {BeautifulSoup(title, 'html.parser').get_text()}", slides="\n".join(made.slides)
        )
        (out / f"{name}.html").write_text(text, encoding="utf-8")
        counts[name] = len(made.slides)
        number = made.article.find("h1").select_one(".section-number")
        entries.append((name, f"{number.get_text() if number else ''}{title}", len(made.slides)))
    write_index(out, entries)
    return counts


def write_index(out: Path, entries: list[tuple[str, str, int]]) -> None:
    rows = "\n".join(
        f'<li><a href="{name}.html">{title}</a> ({count} slides) <a href="{name}.pdf" class="pdf">PDF</a></li>'
        for name, title, count in entries
    )
    (out / "index.html").write_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Slides</title>'
        '<link rel="stylesheet" href="assets/slides.css"></head>\n<body class="index"><main><h1>Slides</h1>\n'
        "<p>One deck per section. Keys: S speaker notes, F full screen, O overview, B black screen.</p>\n"
        f"<ul>\n{rows}\n</ul></main></body></html>\n",
        encoding="utf-8",
    )


# ---- In a browser ------------------------------------------------------------------------------------------


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


MISFITS = "[...document.querySelectorAll('[data-misfit]')].map((s) => `${s.dataset.kind}: ${s.textContent}`)"


def visit_decks(out: Path, names: list[str], pdf: bool = True) -> list[str]:
    """Open each deck and print it to PDF, one slide a page; returns what does not fit or does not load."""
    sys.path.insert(0, str(ROOT / "tests"))
    from playwright.sync_api import sync_playwright

    from site_checks import serve

    found = []
    with serve(out) as root, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium())
        for name in names:
            said: list[str] = []
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.on(
                "console",
                lambda message, said=said: said.append(message.text) if message.type == "error" else None,
            )
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.on("request", lambda request, said=said: said.append(request.url))
            page.goto(f"{root}{name}.html" + ("?print-pdf" if pdf else ""))
            sign = ".pdf-page" if pdf else ".present"
            page.wait_for_function(f"window.slidesReady && document.querySelector('{sign}')", timeout=120_000)
            misfits = [f"does not fit: {' '.join(text.split())[:90]}" for text in page.evaluate(MISFITS)]
            foreign = [line for line in said if not line.startswith((root, "data:"))]
            found += [f"{name}: {line}" for line in foreign + misfits]
            if pdf:
                page.pdf(path=out / f"{name}.pdf", prefer_css_page_size=True, print_background=True)
            page.close()
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the slides from the built site.")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "slides")
    parser.add_argument("--no-pdf", action="store_true")
    parser.add_argument("names", nargs="*", help="only these pages, such as 02-hallucination/data")
    arguments = parser.parse_args()
    from problem_sets import site_and_repository

    docnames = [f"book/{name}" for name in arguments.names] or pages()
    counts = write(arguments.site, arguments.out, site_and_repository()[0], docnames)
    print(f"{sum(counts.values())} slides in {len(counts)} decks in {arguments.out}")
    if arguments.no_pdf or not chromium():
        if not arguments.no_pdf:
            print("no PDF: there is no Chromium on this machine")
        index = arguments.out / "index.html"
        index.write_text(
            re.sub(r' <a href="[^"]*" class="pdf">PDF</a>', "", index.read_text("utf-8")), "utf-8"
        )
        return
    if problems := visit_decks(arguments.out, list(counts)):
        sys.exit("\n".join(problems))
    print(f"{len(counts)} PDF files; every slide fits")


if __name__ == "__main__":
    main()
