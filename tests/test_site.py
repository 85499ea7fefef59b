"""The built pages: self-contained, linked right, readable by everyone, in light and dark, on phone and paper.

`make test` builds the book first. The second half are the negative controls: one fault for each check.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import site_checks as checks
from support import unavailable

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
SCREENSHOTS = ROOT / "_build" / "screenshots"
PAGES = checks.pages(HTML) if HTML.is_dir() else []
ENLARGED = (640, 360, 320)  # a desktop enlarged twice, a phone, a desktop enlarged four times
# A page of every kind: explorers and folds, filters, proofs by steps, the first page, tables, the package
BY_KEYBOARD = [
    f"book/{name}.html"
    for name in (
        "04-reasoning/consistency",
        "ledger",
        "machine-checked",
        "index",
        "teaching/index",
        "api/halting",
    )
]


@pytest.fixture(scope="module")
def site() -> Path:
    if not PAGES:
        unavailable("no built book in _build/html: run `make book` first")
    return HTML


@pytest.fixture(scope="module")
def address(site):
    with checks.serve(site) as root:
        yield root


# ---- The files ---------------------------------------------------------------------------------------------


def test_nothing_is_loaded_from_another_host(site):
    assert checks.third_party(site) == []


def test_every_internal_link_arrives(site):
    assert checks.broken_links(site) == []


def test_every_image_has_alternative_text(site):
    assert checks.missing_alt(site) == []


def test_colab_opens_the_notebook_of_the_page(site):
    assert checks.colab_problems(site, ROOT) == []


def test_no_published_place_moves(site):
    """Others cite these: a line of tests/anchors.txt may be added, never taken out."""
    published = (ROOT / "tests" / "anchors.txt").read_text(encoding="utf-8").split()
    assert checks.anchor_problems(site, published) == []


def test_nothing_holds_up_a_page(site):
    assert checks.blocking_problems(site) == []


def test_no_page_is_too_heavy(site):
    assert checks.weight_problems(site) == []


def test_pages_can_be_shared_and_found(site):
    assert checks.sharing_problems(site) == []


# ---- In a browser ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_page(page, address, browser):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = SCREENSHOTS / page.removesuffix(".html").replace("/", "-")
    problems = []
    for mode in ("light", "dark"):
        with checks.visit(browser, address + page, mode) as (view, loading):
            view.screenshot(path=f"{picture}-{mode}.png")
            found = checks.math_problems(view) + checks.motion_problems(view)
            if mode == "light":
                found += checks.frame_problems(view)
            checks.open_folds(view)
            found += checks.axe_problems(view) + checks.print_problems(view)
            if mode == "dark":
                found += checks.darkness_problems(view)
            else:
                found += checks.structure_problems(view) + checks.explorer_problems(view)
                for width in ENLARGED:
                    found += checks.sideways_problems(view, width)
                view.set_viewport_size({"width": 360, "height": 800})
                view.evaluate("window.scrollTo(0, 0)")
                view.screenshot(path=f"{picture}-phone.png")
            problems += [f"{mode}: {problem}" for problem in [*loading, *found]]
    assert not problems, "\n".join(["", *problems])


@pytest.mark.parametrize("page", BY_KEYBOARD)
def test_everything_can_be_reached_by_keyboard(page, address, browser):
    with checks.visit(browser, address + page) as (view, _):
        assert checks.keyboard_problems(view) == []


def test_search_by_keyboard(site, address, browser):
    """From a page to the place that is sought, without a mouse."""
    with checks.visit(browser, address + "book/index.html") as (view, loading):
        view.keyboard.press("Control+k")
        view.keyboard.type("crowding")
        view.keyboard.press("Enter")
        view.wait_for_selector("#search-results li a")
        assert view.evaluate("new URLSearchParams(location.search).get('q')") == "crowding"
        found = view.evaluate("[...document.querySelectorAll('#search-results li a')].map(link => link.href)")
        assert any("book/03-context/attention.html" in link for link in found)
        for _ in range(100):
            view.keyboard.press("Tab")
            if view.evaluate("document.activeElement.closest('#search-results') !== null"):
                break
        view.keyboard.press("Enter")
        view.wait_for_url("**/book/**")
        assert loading == []


def test_search_finds_nothing_where_there_is_nothing(site, address, browser):
    with checks.visit(browser, address + "search.html?q=zyzzogeton") as (view, _):
        view.wait_for_function(
            "/did not match|no results/i.test(document.querySelector('#search-results').innerText)"
        )
        assert view.locator("#search-results li a").count() == 0


# ---- Negative controls -------------------------------------------------------------------------------------

SHELL = """<!DOCTYPE html><html lang="en"><head><title>t</title><link rel="icon" href="data:,">
<meta name="description" content="d"><style>body {{ margin: 0 }}</style></head>
<body><main><article><h1>Title</h1>{}</article></main></body></html>"""
EXPLORER = """<div class="explorer"><label for="k">k</label>
<input type="range" id="k" min="0" max="1" value="0" aria-valuetext="0" oninput="{}">
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="zero" width="9" height="9">
<img src="data:image/gif;base64,R0lGODdhAQABAAAAACw=" alt="one" width="9" height="9" hidden>
<p class="explorer-reading">0</p></div>"""
SECOND = (
    "R0lGODdhAQABAAAAACw=",
    "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
)  # a whole picture
TURNS = (
    "const e = this.closest('.explorer'), k = +this.value;"
    "e.querySelectorAll('img').forEach((m, i) => m.hidden = i !== k);"
    "e.querySelector('p').textContent = k; this.setAttribute('aria-valuetext', k)"
)


def write(folder: Path, body: str, shell: str = SHELL) -> Path:
    (folder / "book").mkdir()
    (folder / "book" / "page.html").write_text(shell.format(body), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("check", "fault", "says"),
    [
        (checks.third_party, '<script src="https://cdn.example/x.js"></script>', "cdn.example/x.js"),
        (checks.third_party, '<script>load("//cdn.example/x.js")</script>', "cdn.example/x.js"),
        (checks.third_party, "<style>@import url(https://fonts.example/css)</style>", "fonts.example"),
        (checks.third_party, '<img src="http://img.example/a.png" alt="a">', "img.example"),
        (checks.broken_links, '<a href="gone.html">x</a>', "gone.html does not exist"),
        (checks.broken_links, '<a href="page.html#gone">x</a>', "#gone has no such place"),
        (checks.broken_links, '<img src="gone.png" alt="a">', "gone.png does not exist"),
        (checks.missing_alt, '<img src="data:,">', "no alternative text"),
        (checks.missing_alt, '<img src="data:," alt="">', "no alternative text"),
    ],
)
def test_file_checks_can_fail(tmp_path, check, fault, says):
    found = check(write(tmp_path, fault))
    assert len(found) == 1 and says in found[0]


@pytest.mark.parametrize(
    ("front", "link", "notebooks", "says"),
    [
        ("kernelspec:\n  name: python3\n", "notebooks/page.ipynb", ["page.ipynb"], None),
        ("kernelspec:\n  name: python3\n", "book/page.md", ["page.ipynb"], "instead of"),
        ("kernelspec:\n  name: python3\n", "notebooks/page.ipynb", [], "is missing"),
        ("title: none\n", "notebooks/page.ipynb", [], "has no notebook but links"),
    ],
)
def test_colab_check_can_fail(tmp_path, front, link, notebooks, says):
    root = "https://colab.research.google.com/github/someone/thing/blob/main/"
    write(tmp_path, f'<a href="{root}{link}">Colab</a>')
    (tmp_path / "book" / "page.md").write_text(
        f"---\n{front}---\n# T\n\nkernelspec: none\n", encoding="utf-8"
    )
    config = "repository: {url: 'https://github.com/someone/thing', branch: main}\n"
    (tmp_path / "_config.yml").write_text(config, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for name in notebooks:
        (tmp_path / "notebooks" / name).write_text("{}", encoding="utf-8")
    found = checks.colab_problems(tmp_path, tmp_path)
    assert found == [] if says is None else len(found) == 1 and says in found[0]


def test_anchor_check_can_fail(tmp_path):
    write(tmp_path, '<p id="thm-here">x</p>')
    assert checks.anchor_problems(tmp_path, ["book/page.html#thm-here"]) == []
    assert checks.anchor_problems(tmp_path, ["book/page.html#thm-here", "book/page.html#thm-gone"]) == [
        "book/page.html#thm-gone was published and is gone"
    ]
    assert checks.anchor_problems(tmp_path, []) == ["book/page.html#thm-here is new: run `make notebooks`"]


def test_sharing_check_can_fail(tmp_path):
    write(tmp_path, "<p>x</p>")
    (tmp_path / "sitemap.xml").write_text("<urlset></urlset>", encoding="utf-8")
    assert len(checks.sharing_problems(tmp_path)) == 3  # the shell has a description


@pytest.mark.parametrize(
    ("head", "body", "says"),
    [
        ('<script src="a.js"></script>', "", "does not wait"),
        ('<link rel="stylesheet" href="a.css"><link rel="stylesheet" href="b.css">', "", "2 style sheets"),
        ("", '<div class="explorer-frames"><img src="data:image/webp;base64,x">', "carries a picture"),
        ("", '<div class="explorer-frames"><img src="a.webp" hidden="hidden">', "loads a hidden picture"),
        ('<script defer src="a.js"></script><link rel="stylesheet" href="a.css">', "", None),
    ],
)
def test_blocking_check_can_fail(tmp_path, head, body, says):
    write(tmp_path, body, SHELL.replace("</head>", f"{head}</head>"))
    found = checks.blocking_problems(tmp_path)
    assert found == [] if says is None else len(found) == 1 and says in found[0]


def test_style_sheets_are_searched(tmp_path):
    (write(tmp_path, "") / "a.css").write_text(
        "a { background: url('//cdn.example/a.png') }", encoding="utf-8"
    )
    assert len(checks.third_party(tmp_path)) == 1


def test_a_sound_page_passes_everything(tmp_path, browser):
    body = (
        '<p id="a">Text, <a href="#a">a link</a>, <a href="https://example.org">another</a>.</p>'
        + EXPLORER.format(TURNS)
    )
    write(tmp_path, body)
    assert checks.pages(tmp_path) == ["book/page.html"]
    assert checks.third_party(tmp_path) + checks.broken_links(tmp_path) + checks.missing_alt(tmp_path) == []
    with checks.serve(tmp_path) as root, checks.visit(browser, root + "book/page.html") as (view, loading):
        checks.open_folds(view)
        assert (
            checks.structure_problems(view) + checks.math_problems(view) + checks.sideways_problems(view)
            == []
        )
        assert checks.explorer_problems(view) + checks.axe_problems(view) + checks.print_problems(view) == []
        assert checks.keyboard_problems(view) + checks.motion_problems(view) == []
        assert loading == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("<script>console.error('broken')</script>", "console: broken"),
        ("<script>undefinedName()</script>", "undefinedName is not defined"),
        ('<img src="missing.png" alt="a">', "404"),
        ('<script>fetch("https://elsewhere.example/").catch(() => 0)</script>', "asks another host"),
    ],
)
def test_loading_checks_can_fail(tmp_path, browser, fault, says):
    with (
        checks.serve(write(tmp_path, fault)) as root,
        checks.visit(browser, root + "book/page.html") as (_, loading),
    ):
        assert any(says in problem for problem in loading)


@pytest.mark.parametrize(
    ("check", "fault", "says"),
    [
        (checks.structure_problems, "<h1>Second</h1>", "2 first-level headings"),
        (checks.structure_problems, '<p id="x"></p><p id="x"></p>', "id twice: x"),
        (checks.math_problems, '<span class="math">\\(x\\)</span>', "not typeset"),
        (checks.math_problems, "<p>a sum \\(x+y\\) in the text</p>", "raw TeX"),
        (checks.math_problems, "<mjx-merror data-mjx-error='Missing brace'></mjx-merror>", "Missing brace"),
        (checks.sideways_problems, '<div style="width: 800px">wide</div>', "800 pixels wide at 360"),
        (checks.darkness_problems, "<p>bright</p>", "the page itself is bright"),
        (checks.darkness_problems, '<div style="background: #fff">x</div>', "bright: div"),
        (
            checks.darkness_problems,
            '<div class="cell_output"><img src="data:," alt="plot"></div>',
            "not turned over: plot",
        ),
        (checks.explorer_problems, EXPLORER.format(""), "leaves the picture"),
        (checks.explorer_problems, EXPLORER.format(TURNS).replace(" hidden", ""), "2 pictures are visible"),
        (checks.explorer_problems, EXPLORER.format(TURNS).replace('for="k"', ""), "has no label"),
        (
            checks.print_problems,
            '<details><summary>s</summary><p style="width: 1px">x</p></details>',
            "stays folded: s",
        ),
        (
            checks.print_problems,
            '<pre style="width: 9px; overflow: auto">long code</pre>',
            "cut off: long code",
        ),
        (
            checks.print_problems,
            "<script>document.documentElement.dataset.theme = 'dark'</script>",
            "dark paper",
        ),
        (checks.print_problems, '<div class="bd-sidebar-primary">menu</div>', "navigation on paper"),
        (
            checks.print_problems,
            '<div class="admonition dropdown"><p style="display: none">hidden step</p></div>',
            "stays folded: hidden step",
        ),
        (checks.motion_problems, '<p style="transition: color 1s">x</p>', "in transition: p"),
        (checks.motion_problems, '<p style="animation: spin 1s">x</p>', "animated: p"),
        (checks.motion_problems, '<p style="scroll-behavior: smooth">x</p>', "scrolls smoothly: p"),
        (checks.frame_problems, EXPLORER.format(TURNS).replace(*SECOND), "hidden pictures were fetched"),
        (
            checks.frame_problems,
            EXPLORER.format(TURNS).replace("data:image/gif;base64,R0lGODdhAQABAAAAACw=", "gone.gif"),
            "hidden pictures were not fetched",
        ),
        (
            checks.keyboard_problems,
            '<button tabindex="-1">x</button>',
            "out of reach of the keyboard: <button",
        ),
        (checks.keyboard_problems, '<a href="#a" style="outline: none">x</a>', "does not show the focus: <a"),
        (
            checks.keyboard_problems,
            '<details><summary onkeydown="event.preventDefault()">s</summary>x</details>',
            "a fold does not follow the keyboard: <summary",
        ),
        (checks.axe_problems, '<input type="text">', "label"),
        (checks.axe_problems, '<p style="color: #bbb; background: #fff">pale</p>', "color-contrast"),
    ],
)
def test_browser_checks_can_fail(tmp_path, browser, check, fault, says):
    with (
        checks.serve(write(tmp_path, fault)) as root,
        checks.visit(browser, root + "book/page.html") as (view, _),
    ):
        assert any(says in problem for problem in check(view))


def test_structure_check_sees_a_bare_page(tmp_path, browser):
    write(tmp_path, "", shell="<!DOCTYPE html><html><body><p>{}</p></body></html>")
    with checks.serve(tmp_path) as root, checks.visit(browser, root + "book/page.html") as (view, _):
        found = checks.structure_problems(view)
    assert len(found) == 4, found
