"""What is checked about the built pages: first on the files alone, then in a browser.

Every check returns a list of problems in words; an empty list is a pass. The negative controls in
`test_site.py` give each of them a page with one fault.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
# Attributes through which a page loads something, as against those through which a reader goes somewhere.
LOADS = {("script", "src"), ("img", "src"), ("img", "srcset"), ("iframe", "src"), ("source", "src"),
         ("source", "srcset"), ("video", "src"), ("audio", "src"), ("embed", "src"), ("object", "data"),
         ("link", "href")}  # fmt: skip
CSS_URL = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")
CODE_URL = re.compile(r"""["'`]((?:https?:)?//[\w-]+\.[^"'`\s]+)""")


class _Reader(HTMLParser):
    """Collects from one page what the file checks need."""

    def __init__(self, text: str):
        super().__init__()
        self.loads: list[str] = []  # addresses of what the page loads
        self.links: list[str] = []  # addresses of what the page loads or links to
        self.ids: set[str] = set()
        self.images: list[tuple[str, str | None, bool]] = []  # address, alternative text, in the article?
        self.code = ""  # inline scripts
        self.style = ""  # inline styles
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.update(given[key] for key in ("id", "name") if given.get(key))
        if tag in ("script", "style", "article"):
            self._inside.append(tag)
        self.style += (given.get("style") or "") + "\n"
        for key, value in attrs:
            if value and (tag, key) in LOADS and given.get("rel") != "canonical":  # that only names the page
                self.loads.append(value)
            if value and key in ("href", "src"):
                self.links.append(value)
        if tag == "meta" and (given.get("http-equiv") or "").lower() == "refresh":
            self.links.append(given["content"].split("url=", 1)[-1])
        if tag == "img":
            self.images.append((given.get("src") or "", given.get("alt"), "article" in self._inside))

    def handle_endtag(self, tag):
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data):
        if self._inside and self._inside[-1] == "script":
            self.code += data
        elif self._inside and self._inside[-1] == "style":
            self.style += data


@functools.cache
def _read(page: Path) -> _Reader:
    return _Reader(page.read_text(encoding="utf-8"))


def _all_pages(html_dir: Path) -> list[Path]:
    return sorted(
        path for path in html_dir.rglob("*.html") if "_static" not in path.relative_to(html_dir).parts
    )


def _foreign(address: str) -> bool:
    return address.startswith(("http:", "https:", "//"))


def pages(html_dir: Path) -> list[str]:
    """The pages of the book itself, as addresses relative to the site's root."""
    return sorted(path.relative_to(html_dir).as_posix() for path in (html_dir / "book").rglob("*.html"))


def third_party(html_dir: Path) -> list[str]:
    """Everything that a page or a style sheet would load from another host."""
    found = []
    for page in _all_pages(html_dir):
        name, read = page.relative_to(html_dir), _read(page)
        found += [f"{name}: loads {address}" for address in read.loads if _foreign(address)]
        found += [f"{name}: a style loads {address}" for address in CSS_URL.findall(read.style)]
        found += [f"{name}: a script names {address}" for address in CODE_URL.findall(read.code)]
    for sheet in sorted(html_dir.rglob("*.css")):
        text = sheet.read_text(encoding="utf-8")
        found += [f"{sheet.relative_to(html_dir)}: loads {address}" for address in CSS_URL.findall(text)]
    return found


def broken_links(html_dir: Path) -> list[str]:
    """Internal links and sources whose file is missing, and fragments without an element of that id."""
    found, root = [], html_dir.resolve()
    for page in _all_pages(root):
        for address in _read(page).links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            path = unquote(parts.path)
            target = (
                (root / path.lstrip("/") if path.startswith("/") else page.parent / path) if path else page
            )
            target = target.resolve()
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(parts.fragment)
            if not target.is_file():
                found.append(f"{page.relative_to(root)}: {address} does not exist")
            elif fragment and target.suffix == ".html" and fragment not in _read(target).ids:
                found.append(f"{page.relative_to(root)}: {address} has no such place")
    return found


def blocking_problems(html_dir: Path) -> list[str]:
    """What would hold up the first sight of a page: scripts that do not wait, many style sheets, inlined pictures."""
    found = []
    for page in pages(html_dir):
        text = (html_dir / page).read_text(encoding="utf-8")
        head = text.partition("</head>")[0]
        scripts = re.findall(r"<script[^>]* src=[^>]*>", head)
        found += [
            f"{page}: does not wait: {tag}" for tag in scripts if not re.search(r" (?:defer|async)\b", tag)
        ]
        sheets = re.findall(r"""<link[^>]* rel=["']stylesheet["'][^>]*>""", head)
        if len(sheets) > 1:
            found.append(f"{page}: {len(sheets)} style sheets")
        for image in re.findall(r"<img[^>]*>", text.partition('class="explorer-frames"')[2]):
            if "data:image/webp" in image:
                found.append(f"{page}: carries a picture in its text: {image[:60]}")
            elif " hidden" in image and 'loading="lazy"' not in image:
                found.append(f"{page}: loads a hidden picture: {image[:60]}")
    return found


MOST_KILOBYTES = 500


def _loaded(html_dir: Path, page: Path) -> set[Path]:
    """The files of the site that a page loads, and those that its style sheets load."""
    loads, found = _read(page).loads, set()
    todo = [page.parent / unquote(urlsplit(load).path) for load in loads if not load.startswith("data:")]
    while todo:
        path = todo.pop().resolve()
        if path in found or not path.is_file() or not path.is_relative_to(html_dir):
            continue
        found.add(path)
        if path.suffix == ".css":
            inside = re.findall(r"""url\(\s*["']?([^"')]+)""", path.read_text(encoding="utf-8"))
            todo += [
                path.parent / unquote(urlsplit(load).path) for load in inside if not load.startswith("data:")
            ]
    return {path for path in found if path.suffix != ".html"}


def kilobytes(html_dir: Path, page: str) -> float:
    """What a page and all that it loads weigh when compressed, without fonts and MathJax."""
    root = html_dir.resolve()
    files = [
        path
        for path in _loaded(root, root / page)
        if path.suffix not in (".woff", ".woff2", ".ttf", ".otf", ".eot") and "mathjax" not in path.parts
    ]
    return sum(_compressed(path) for path in [root / page, *files]) / 1000


@functools.cache
def _compressed(path: Path) -> int:
    data = path.read_bytes()
    return min(len(data), len(gzip.compress(data, 6)))


def weight_problems(html_dir: Path, most: float = MOST_KILOBYTES) -> list[str]:
    """Pages that weigh too much."""
    weights = {page: kilobytes(html_dir, page) for page in pages(html_dir)}
    return [f"{page}: {weight:.0f} KB, at most {most}" for page, weight in weights.items() if weight > most]


# What may be cited: boxes, exercises, sections, figures, tables, rows of the ledger and of the errata
ANCHOR = re.compile(r"(?:alg|cor|def|ex|fig|lem|prop|rem|sec|tb|tbl|thm|claim|erratum)-[\w-]+")


def anchors(html_dir: Path) -> list[str]:
    """Every place of the book that has a name of its own, as `page.html#name`."""
    return sorted(
        f"{page}#{name}"
        for page in pages(html_dir)
        for name in _read(html_dir / page).ids
        if ANCHOR.fullmatch(name)
    )


def anchor_problems(html_dir: Path, published: list[str]) -> list[str]:
    """Published places that are gone, and places that are not on the list yet."""
    present = anchors(html_dir)
    gone = [f"{place} was published and is gone" for place in sorted(set(published) - set(present))]
    return gone + [f"{place} is new: run `make notebooks`" for place in sorted(set(present) - set(published))]


def sharing_problems(html_dir: Path) -> list[str]:
    """Pages without a description, a canonical address that the site map knows, or a picture that exists."""
    found = []
    places = re.findall(r"<loc>([^<]+)</loc>", (html_dir / "sitemap.xml").read_text(encoding="utf-8"))
    for page in pages(html_dir):
        text = (html_dir / page).read_text(encoding="utf-8")
        canonical = re.search(r'<link rel="canonical" href="([^"]+)">', text)
        card = dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)">', text))
        picture = html_dir / "_static" / "cards" / card.get("og:image", "none").rpartition("/")[2]
        if not canonical or not canonical[1].endswith(page) or canonical[1] not in places:
            found.append(f"{page}: its canonical address is missing or not in sitemap.xml")
        if not re.search(r'<meta name="description" content="[^"]', text):
            found.append(f"{page}: no description")
        if not card.get("og:title") or not picture.is_file():
            found.append(f"{page}: no card, or one without its picture")
    if len(places) != len(set(places)) or not (html_dir / "404.html").is_file():
        found.append("sitemap.xml has an address twice, or there is no 404.html")
    return found


def missing_alt(html_dir: Path) -> list[str]:
    """Images without alternative text; only outside the article may it be empty (ornament)."""
    return [
        f"{page.relative_to(html_dir)}: no alternative text for {address[:80]}"
        for page in _all_pages(html_dir)
        for address, alt, in_article in _read(page).images
        if alt is None or (in_article and not alt.strip())
    ]


def colab_address(root: Path, docname: str) -> str:
    """The address under which Colab opens a page's notebook, from the repository that `_config.yml` names."""
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    path = repository["url"].removeprefix("https://github.com/").strip("/")
    name = docname.removeprefix("book/").replace("/", "-")
    return (
        f"https://colab.research.google.com/github/{path}/blob/{repository['branch']}/notebooks/{name}.ipynb"
    )


def colab_problems(html_dir: Path, root: Path) -> list[str]:
    """Pages with a kernel that do not open their own notebook in Colab, and pages without one that do."""
    found = []
    for page in pages(html_dir):
        docname = page.removesuffix(".html")
        source = (root / f"{docname}.md").read_text(encoding="utf-8")
        links = {
            address for address in _read(html_dir / page).links if "colab.research.google.com" in address
        }
        sets = {address for address in links if "/notebooks/problem-sets/" in address}
        links -= sets
        for address in sorted(sets):
            if not (root / "notebooks" / "problem-sets" / address.rpartition("/")[2]).is_file():
                found.append(f"{page}: the problem set {address} is missing")
        if re.match(r"---\n(?:(?!---\n).*\n)*?kernelspec:", source) is None:
            found += [f"{page}: has no notebook but links to {address}" for address in links]
            continue
        expected = colab_address(root, docname)
        if links != {expected}:
            found.append(f"{page}: opens {sorted(links)} instead of {expected}")
        if not (root / "notebooks" / expected.rpartition("/")[2]).is_file():
            found.append(f"{page}: its notebook is missing")
    return found


# ---- In a browser ------------------------------------------------------------------------------------------


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve `folder` on the loopback interface; yields the address of its root."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except ConnectionError:  # the browser left the page before it had everything
                self.close_connection = True

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def visit(
    browser: Browser, url: str, mode: str = "light", width: int = 1280
) -> Iterator[tuple[Page, list[str]]]:
    """Open `url` in light or dark mode; yields the page and its growing list of loading problems.

    Loading problems are errors on the console, exceptions, failed requests, and requests to another host
    (which are blocked as well).
    """
    home = "{0.scheme}://{0.netloc}/".format(urlsplit(url))
    problems: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=mode, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)

    def guard(route):
        address = route.request.url
        if address.startswith((home, "data:", "blob:")):
            route.continue_()
        else:
            problems.append(f"asks another host for {address}")
            route.abort()

    context.route("**/*", guard)
    context.add_init_script(
        f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}')"
    )
    page = context.new_page()
    page.on(
        "console",
        lambda message: problems.append(f"console: {message.text}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(f"exception: {error}"))
    page.on(
        "response",
        lambda answer: problems.append(f"{answer.status} for {answer.url}") if answer.status >= 400 else None,
    )
    try:
        page.goto(url, wait_until="load")
        page.evaluate("async () => { await window.MathJax?.startup?.promise; await document.fonts.ready }")
        page.evaluate("() => new Promise(done => setTimeout(done, 50))")
        yield page, problems
    finally:
        context.close()


def chromium() -> str | None:
    """The path of a Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def open_folds(page: Page) -> None:
    """Unfold solutions, long proofs and hidden cells, as a reader would."""
    page.evaluate(
        """() => {
        const shut = 'button.toggle-button[aria-expanded=false]';
        document.querySelectorAll(shut).forEach(button => button.click());
        document.querySelectorAll('article details').forEach(fold => { fold.open = true });
        return new Promise(done => setTimeout(done, 50));
    }"""
    )


def structure_problems(page: Page) -> list[str]:
    """Language, one main landmark, one title on top, a description for search engines, no id twice."""
    return page.evaluate(
        """() => {
        const found = [], count = selector => document.querySelectorAll(selector).length;
        if (!document.documentElement.lang) found.push('the page has no language');
        if (count('main, [role=main]') !== 1) found.push(`${count('main, [role=main]')} main landmarks`);
        if (count('article h1') !== 1) found.push(`${count('article h1')} first-level headings`);
        const description = document.querySelector('meta[name=description]');
        if (!description || !description.content.trim()) found.push('no description in the front matter');
        const ids = [...document.querySelectorAll('article [id]')].map(element => element.id);
        for (const id of new Set(ids.filter((id, k) => ids.indexOf(id) !== k))) found.push(`id twice: ${id}`);
        return found;
    }"""
    )


def math_problems(page: Page) -> list[str]:
    """Formulas that were not typeset, typeset with an error, or left as raw TeX in the text."""
    return page.evaluate(
        r"""() => {
        const found = [];
        for (const formula of document.querySelectorAll('.math'))
            if (!formula.querySelector('mjx-container'))
                found.push(`not typeset: ${formula.textContent.slice(0, 60)}`);
        for (const error of document.querySelectorAll('mjx-merror, [data-mjx-error]'))
            found.push(`TeX error: ${error.getAttribute('data-mjx-error') ?? error.textContent}`);
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const text = walker.currentNode;
            if (text.parentElement.closest('pre, code, script, style, mjx-container, .math')) continue;
            if (/\\[(\[]|\\begin\{|\$\$|\\(frac|sum|mathbb|le|ge)\b/.test(text.data))
                found.push(`raw TeX: ${text.data.trim().slice(0, 60)}`);
        }
        return found;
    }"""
    )


def sideways_problems(page: Page, width: int = 360) -> list[str]:
    """Does the page scroll sideways on a phone of `width` pixels? Names what sticks out."""
    height = page.viewport_size["height"]
    before = page.viewport_size["width"]
    page.set_viewport_size({"width": width, "height": height})
    found = page.evaluate(
        """async width => {
        await new Promise(done => setTimeout(done, 250));  // book.js waits for the end of the resizing
        const wide = document.scrollingElement.scrollWidth;
        if (wide <= width + 1) return [];
        const scrolls = element => element && element !== document.body &&
            (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
        const guilty = [...document.body.querySelectorAll('*')].filter(element =>
            element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement));
        const name = element => `${element.tagName.toLowerCase()}.${element.className}`;
        return [`${wide} pixels wide at ${width}: ` + guilty.slice(0, 3).map(element =>
            `${name(element)} "${element.textContent.trim().slice(0, 30)}"`)];
    }""",
        width,
    )
    page.set_viewport_size({"width": before, "height": height})
    return found


def darkness_problems(page: Page) -> list[str]:
    """On a dark page: a bright background anywhere in the article, or a plot that was not turned over."""
    return page.evaluate(
        """() => {
        const found = [];
        const light = colour => {  // relative luminance, or null where the colour is see-through
            const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
            if (a < 0.5) return null;
            const lin = x => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
            return 0.2126 * lin(r) + 0.7152 * lin(g) + 0.0722 * lin(b);
        };
        const ground = light(getComputedStyle(document.body).backgroundColor);
        if (ground === null || ground > 0.05) found.push('the page itself is bright');
        const bright = 'p, pre, div, section, figure, table, tr, td, th, details, summary, blockquote';
        for (const element of document.querySelectorAll('article :is(' + bright + ')')) {
            const value = light(getComputedStyle(element).backgroundColor);
            if (value > 0.2) found.push(`bright: ${element.tagName.toLowerCase()}.${element.className}`);
        }
        for (const image of document.querySelectorAll('.cell_output img, .explorer img'))
            if (!image.closest('.tag_photo') && !getComputedStyle(image).filter.includes('invert'))
                found.push(`not turned over: ${image.alt.slice(0, 60)}`);
        return found;
    }"""
    )


def explorer_problems(page: Page) -> list[str]:
    """Does one key press on each explorer change the picture, its description and the reading?"""
    found = []
    state = """input => {
        const explorer = input.closest('.explorer');
        const shown = [...explorer.querySelectorAll('img')].filter(image => image.checkVisibility());
        return { shown: shown.length, picture: shown[0]?.src, description: shown[0]?.alt,
                 reading: explorer.querySelector('.explorer-reading')?.textContent,
                 spoken: input.getAttribute('aria-valuetext'), last: input.value === input.max,
                 named: input.labels.length > 0 };
    }"""
    for explorer in page.locator(".explorer input[type=range]").all():
        before = explorer.evaluate(state)
        explorer.focus()
        page.keyboard.press("ArrowLeft" if before["last"] else "ArrowRight")
        after = explorer.evaluate(state)
        name = explorer.get_attribute("id")
        if not before["named"]:
            found.append(f"explorer {name}: the slider has no label")
        for moment in (before, after):
            if moment["shown"] != 1:
                found.append(f"explorer {name}: {moment['shown']} pictures are visible")
        found += [
            f"explorer {name}: the key leaves the {part} as it is"
            for part in ("picture", "description", "reading", "spoken")
            if before[part] == after[part] or not after[part]
        ]
    return found


def frame_problems(page: Page) -> list[str]:
    """Are an explorer's hidden pictures fetched only when somebody comes near it, and then all of them?"""
    return page.evaluate(
        """async () => {
        const found = [];
        for (const explorer of document.querySelectorAll('.explorer')) {
            const images = [...explorer.querySelectorAll('img')], there = () => images.filter(i => i.naturalWidth);
            const name = explorer.querySelector('input').id;
            if (there().some(image => image.hidden)) found.push(`explorer ${name}: hidden pictures were fetched`);
            explorer.dispatchEvent(new Event('pointerenter'));
            for (let k = 0; k < 100 && there().length < images.length; k++)
                await new Promise(done => setTimeout(done, 20));
            if (there().length < images.length) found.push(`explorer ${name}: hidden pictures were not fetched`);
        }
        return found;
    }"""
    )


def keyboard_problems(page: Page) -> list[str]:
    """Walks through the page with the Tab key alone: what is never reached, and what does not show that it is.

    On the way every fold is opened and shut again with the keyboard.
    """
    page.evaluate(
        """() => {
        document.body.tabIndex = -1;  // the first Tab starts from the top of the page, wherever the focus was
        document.body.focus();
        document.body.removeAttribute('tabindex');
        window.reached = new Set();
        window.bare = [];
        window.operable = () => [...document.querySelectorAll(
            'article a[href], article button, article summary, article input, article select, article textarea'
        )].filter(element => element.checkVisibility({visibilityProperty: true}) && !element.disabled &&
            !element.closest('.mosaic'));  // its squares are the rows of the ledger once more
    }"""
    )
    step = """() => {
        const element = document.activeElement;
        if (!element || element === document.body || reached.has(element)) return null;
        reached.add(element);
        const style = getComputedStyle(element);
        const ring = style.boxShadow !== 'none' || (style.outlineStyle !== 'none' && style.outlineWidth !== '0px');
        if (element.closest('article') && !ring) bare.push(element.outerHTML.slice(0, 80));
        if (element.matches('article button.toggle-button')) return 'button';
        return element.matches('article summary') ? 'summary' : 'other';
    }"""
    state = """() => {
        const element = document.activeElement;
        return element.matches('summary') ? element.parentElement.open : element.getAttribute('aria-expanded');
    }"""
    found = []
    for _ in range(5000):
        page.keyboard.press("Tab")
        kind = page.evaluate(step)
        if kind is None:
            break
        if kind != "other":
            before = page.evaluate(state)
            page.keyboard.press("Enter")
            between = page.evaluate(state)
            page.keyboard.press("Enter")
            if before == between or page.evaluate(state) != before:
                found.append(
                    f"a fold does not follow the keyboard: {page.evaluate('document.activeElement.outerHTML')[:80]}"
                )
    lost = page.evaluate("operable().filter(e => !reached.has(e)).map(e => e.outerHTML.slice(0, 80))")
    found += [f"out of reach of the keyboard: {element}" for element in lost]
    return found + [f"does not show the focus: {element}" for element in page.evaluate("bare")]


def motion_problems(page: Page) -> list[str]:
    """What moves although the reader has asked for less motion (as every visit of these checks does)."""
    return page.evaluate(
        """() => {
        const found = new Set(), longest = times => Math.max(...times.split(',').map(parseFloat));
        for (const element of document.querySelectorAll('*')) {
            const style = getComputedStyle(element), name = `${element.tagName.toLowerCase()}.${element.className}`;
            if (style.animationName !== 'none' && longest(style.animationDuration) > 0.01)
                found.add(`animated: ${name}`);
            if (longest(style.transitionDuration) > 0.01) found.add(`in transition: ${name}`);
            if (style.scrollBehavior === 'smooth') found.add(`scrolls smoothly: ${name}`);
        }
        return [...found];
    }"""
    )


def print_problems(page: Page) -> list[str]:
    """On paper: folds that stay shut, navigation that shows, code that is cut off, the dark theme."""
    page.emulate_media(media="print")
    found = page.evaluate(
        """() => {
        window.dispatchEvent(new Event('beforeprint'));
        const found = [], all = selector => document.querySelectorAll(selector);
        const seen = element => element.checkVisibility() && element.getClientRects().length > 0;
        for (const part of all('.admonition.dropdown > :not(.admonition-title)'))
            if (!seen(part)) found.push(`stays folded: ${part.textContent.trim().slice(0, 40)}`);
        for (const fold of all('article details'))
            if (!fold.open) found.push(`stays folded: ${fold.textContent.trim().slice(0, 40)}`);
        for (const bar of all('.bd-sidebar-primary, .bd-header-article, .prev-next-footer'))
            if (seen(bar)) found.push(`navigation on paper: ${bar.className}`);
        for (const code of all('article pre'))
            if (seen(code) && code.scrollWidth > code.clientWidth + 1)
                found.push(`cut off: ${code.textContent.trim().slice(0, 40)}`);
        if (document.documentElement.dataset.theme === 'dark') found.push('dark paper');
        window.dispatchEvent(new Event('afterprint'));
        return found;
    }"""
    )
    page.emulate_media(media="screen")
    return found


def axe_problems(page: Page) -> list[str]:
    """Serious and critical violations found by axe-core."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))} {node['html'][:100]}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:5]
    ]
