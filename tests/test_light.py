"""What the site leaves out to be light, and what it must not leave out."""

from __future__ import annotations

import base64
import io
import re
import sys

import pytest
import tinycss2
from fontTools.ttLib import TTFont

from support import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import light

WORDS = {"page", "note", "open", "div"}


def lightened(css: str) -> str:
    return light.used(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), WORDS)


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".page{color:red}", ".page{color:red}"),
        (".gone{color:red}", ""),
        (".gone .page,.page>.note{color:red}", ".page>.note{color:red}"),
        ("p,#gone{color:red}", "p,#gone{color:red}"),  # elements and ids always stay
        (".page:not(.gone){color:red}", ".page:not(.gone){color:red}"),
        (":is(.page,.gone) a{color:red}", ":is(.page,.gone) a{color:red}"),
        ('a[href=".gone"]{color:red}', 'a[href=".gone"]{color:red}'),
        (".bs-tooltip-auto{color:red}", ".bs-tooltip-auto{color:red}"),
        (
            "@media print{.gone{color:red} .page{color:red}}",
            "@media print{.page{color:red}}",
        ),
        ("@media print{.gone{color:red}}", ""),
        ("@font-face{font-family:x}", "@font-face{font-family:x}"),
        (".page{background:url(data:,a;b)}", ".page{background:url(data:,a;b)}"),
    ],
)
def test_rules_for_absent_classes_go_and_others_stay(css, left):
    assert lightened(css) == left


def test_addresses_are_seen_from_the_merged_sheet(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.css").write_text("a{b:url(c.png)}", encoding="utf-8")
    (tmp_path / "deep" / "x.css").write_text(
        '@import "../base.css";\na{b:url(d.png) url(\'data:,x\') url("/e.png")}', encoding="utf-8"
    )
    text = light.merged(tmp_path, ["deep/x.css"])
    assert re.findall(r"url\([^)]*\)", text) == [
        "url(deep/../c.png)",
        "url(deep/d.png)",
        "url('data:,x')",
        'url("/e.png")',
    ]


def test_fonts_have_the_icons_in_use_and_no_others():
    text = light.icon_styles({"moon", "github", "not-an-icon"}, {"\uf071"})
    assert re.findall(r"\.fa-([\w-]+):before", text) == ["github", "moon"]
    found = set()
    for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", text):
        found |= set(TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
    assert found == {0xF186, 0xF09B, 0xF071}
    assert "Font Awesome Free" in text and len(text) < 10_000


def test_pages_are_lightened_once_and_again(tmp_path):
    """A page that is written anew beside lightened ones gets the same sheet; nothing is done twice."""
    static = tmp_path / "_static"
    static.mkdir()
    (static / "a.css").write_text(".page{color:red}.gone{color:red}", encoding="utf-8")
    (static / "b.css").write_text("p{color:blue}", encoding="utf-8")
    page = (
        '<head><link rel="stylesheet" href="_static/a.css?v=1" />\n<link href="_static/b.css" rel="stylesheet" />\n'
        '<script src="_static/x.js"></script><script>DOCUMENTATION_OPTIONS.pagename = "p";</script></head>'
        '<body class="page"><i class="fa-solid fa-moon"></i></body>'
    )

    class App:
        class builder:
            format = "html"

        outdir = tmp_path

    for name in ("one.html", "two.html"):
        (tmp_path / name).write_text(page, encoding="utf-8")
    light.lighten_pages(App, None)
    first = (tmp_path / "one.html").read_text(encoding="utf-8")
    sheet = (static / light.STYLES).read_text(encoding="utf-8")
    assert first.count("stylesheet") == 1 and '<script defer src="_static/x.js">' in first
    assert '<script type="module">DOCUMENTATION_OPTIONS' in first
    assert (
        ".page{color:red}" in sheet
        and ".gone" not in sheet
        and sheet.index(".page{") < sheet.index("p{color:blue}")
    )

    (tmp_path / "two.html").write_text(page, encoding="utf-8")
    light.lighten_pages(App, None)
    assert (tmp_path / "one.html").read_text(encoding="utf-8") == first
    assert (tmp_path / "two.html").read_text(encoding="utf-8") == first
    assert (static / light.STYLES).read_text(encoding="utf-8") == sheet
