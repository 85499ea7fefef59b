"""Makes pages light to load, for a reader on a phone.

The explorers' pictures go into files of their own, of which a page loads those that are seen; scripts wait until the
page stands; the style sheets are one file; of its rules, of the icon fonts and of the pictures' colours, what the
book does not use is left out.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pydata_sphinx_theme
import tinycss2
from fontTools import subset
from PIL import Image

FRAME = re.compile(r'<img src="data:image/webp;base64,([A-Za-z0-9+/=]+)"')
SCRIPT = re.compile(r"<script(?![^>]*\b(?:async|defer)\b)([^>]* src=)")
# The name of the page, which Sphinx adds to what the first of its scripts, deferred now, has set
PAGE_NAME = re.compile(r"<script>(DOCUMENTATION_OPTIONS\.)")
# The script of 1.5 MB that would draw the icons once more
ICON_SCRIPT = re.compile(r'\s*<script[^>]*fontawesome/[^"]*/js/all\.min\.js[^>]*></script>')
ICON_PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*fontawesome[^>]*>')
STYLE = re.compile(r'\s*<link(?=[^>]* rel="stylesheet")[^>]* href="([^"?]*_static/)([^"?]+)[^"]*"[^>]*>')
STYLES = "all.css"

# ---- Pictures ----------------------------------------------------------------------------------------------


def frames_to_files(app, pagename, templatename, context, doctree) -> None:
    """Write the pictures of explorers to files, which a browser loads when they come into view."""
    if app.builder.format != "html" or "body" not in context:
        return
    images = Path(app.outdir) / "_images"
    images.mkdir(exist_ok=True)

    def to_file(match: re.Match) -> str:
        data = base64.b64decode(match[1])
        path = images / f"{hashlib.sha256(data).hexdigest()[:20]}.webp"
        path.write_bytes(data)
        width, height = Image.open(io.BytesIO(data)).size
        address = context["pathto"](f"_images/{path.name}", resource=True)
        return f'<img loading="lazy" src="{address}" width="{width}" height="{height}"'

    context["body"] = FRAME.sub(to_file, context["body"])


def lighten_pictures(out: Path) -> None:
    """Write the figures with 256 colours: line art does not need more, and pages get a third lighter."""
    for path in out.glob("_images/*.png"):
        picture = Image.open(path)
        if picture.mode == "P" or (picture.mode == "RGBA" and picture.getextrema()[3][0] < 255):
            continue
        before = path.stat().st_size
        small = io.BytesIO()
        picture.convert("RGB").quantize(256).save(small, format="png", optimize=True)
        if len(small.getvalue()) < before:
            path.write_bytes(small.getvalue())


# ---- Icons -------------------------------------------------------------------------------------------------

FONT_AWESOME = next((Path(pydata_sphinx_theme.__file__).parent / "theme").rglob("fontawesome/*/css")).parent
FONTS = {  # file -> selectors, family, weight
    "fa-solid-900": (".fa,.fas,.fa-solid", "Font Awesome 6 Free", 900),
    "fa-regular-400": (".far,.fa-regular", "Font Awesome 6 Free", 400),
    "fa-brands-400": (".fab,.fa-brands", "Font Awesome 6 Brands", 400),
}


def icon_styles(names: Iterable[str], characters: Iterable[str]) -> str:
    """The style sheet of the icons called `names`; its fonts have their characters and `characters` only."""
    original = (FONT_AWESOME / "css" / "all.min.css").read_text(encoding="utf-8")
    rules = re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}', original)
    codes = {name: code for selectors, code in rules for name in re.findall(r"\.fa-([\w-]+)", selectors)}
    chosen = {name: codes[name] for name in sorted(set(names)) if name in codes}
    lines = [original[original.index("/*!") : original.index("*/") + 2]]
    for file, (selectors, family, weight) in FONTS.items():
        options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
        codepoints = [int(code, 16) for code in chosen.values()] + [
            ord(character) for character in characters
        ]
        data = io.BytesIO()
        with subset.load_font(FONT_AWESOME / "webfonts" / f"{file}.ttf", options) as font:
            subsetter = subset.Subsetter(options)
            subsetter.populate(unicodes=codepoints)
            subsetter.subset(font)
            subset.save_font(font, data, options)
        address = f"data:font/woff;base64,{base64.b64encode(data.getvalue()).decode()}"
        lines += [
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:block;src:url({address})}}',
            f'{selectors}{{font-family:"{family}";font-weight:{weight}}}',
        ]
    everything = ",".join(selectors for selectors, _, _ in FONTS.values())
    names_of_fonts = re.findall(
        r"--fa-font-(?:solid|regular|brands):[^;}]+", original
    )  # the theme's icons use them
    lines += [
        f":root{{{';'.join(names_of_fonts)}}}",
        f"{everything}{{-webkit-font-smoothing:antialiased;display:inline-block;font-style:normal;line-height:1}}",
        ".fa-lg{font-size:1.25em;line-height:.05em;vertical-align:-.075em}",
        *(f'.fa-{name}:before{{content:"\\{code}"}}' for name, code in chosen.items()),
    ]
    return "\n".join(lines) + "\n"


# ---- Pages -------------------------------------------------------------------------------------------------


def merged(static: Path, sheets: Iterable[str]) -> str:
    """The style sheets, one after the other, with the addresses in them seen from the folder `static`."""
    parts = []
    for sheet in sheets:
        text = (static / sheet).read_text(encoding="utf-8")
        imported = re.findall(r'@import "([^"]+)";', text)
        parts += [merged(static, [(Path(sheet).parent / name).as_posix()]) for name in imported]
        text = re.sub(r'@import "[^"]+";', "", text)
        folder = "" if (parent := Path(sheet).parent.as_posix()) == "." else f"{parent}/"
        parts.append(re.sub(r"""(url\(\s*["']?)(?!["']?(?:data:|/|#|https?:))""", rf"\g<1>{folder}", text))
    return "\n".join(parts)


def used(rules: Iterable[tinycss2.ast.Node], words: set[str]) -> str:
    """The rules of a style sheet without those for classes that are not among `words`.

    Arguments, as in ``:not(.a)``, do not count, nor do the classes that Bootstrap's script puts together (``bs-...``).
    """
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [
                selector for selector in tops(rule.prelude)
                if all(name in words or name.startswith("bs-") for name in class_names(selector))
            ]  # fmt: skip
            if selectors:
                kept.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.lower_at_keyword in ("media", "supports"):
            inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if text := used(inside, words):
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}")
        else:
            kept.append(rule.serialize())
    return "\n".join(kept)


def tops(prelude: Iterable[tinycss2.ast.Node]) -> list[str]:
    """The selectors between the commas of a rule's prelude, commas in parentheses apart."""
    parts: list[list] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def class_names(selector: str) -> list[str]:
    """The classes that an element and its ancestors must have for `selector` to apply."""
    bare, count = re.subn(r"""\([^()]*\)|\[[^\]]*\]""", "", selector)
    return class_names(bare) if count else re.findall(r"\.(-?[A-Za-z_][\w-]*)", bare)


def lighten_pages(app, exception) -> None:
    """Leave out of the finished pages what they do not use, and let nothing hold up their first sight."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    lighten_pictures(out)
    texts = {
        path: path.read_text(encoding="utf-8") for path in out.rglob("*.html") if static not in path.parents
    }
    sheets = dict.fromkeys(sheet for text in texts.values() for _, sheet in STYLE.findall(text))
    sheets = [sheet for sheet in sheets if sheet != STYLES and "fontawesome" not in sheet]
    if sheets:  # else no page was written
        styles = merged(static, sheets)
        names = {name for text in texts.values() for name in re.findall(r"\bfa-([\w-]+)", text)}
        characters = set(re.findall("[\ue000-\uf8ff]", styles))
        characters |= {chr(int(code, 16)) for code in re.findall(r"\\(f[0-9a-f]{3})\b", styles)}
        scripts = [path for path in static.rglob("*.js") if "mathjax" not in path.parts]
        everything = [*texts.values(), *(path.read_text(encoding="utf-8") for path in scripts)]
        words = {word for text in everything for word in re.findall(r"[\w-]+", text)}
        rules = tinycss2.parse_stylesheet(styles, skip_comments=True, skip_whitespace=True)
        (static / STYLES).write_text(icon_styles(names, characters) + used(rules, words), encoding="utf-8")
    version = hashlib.sha256((static / STYLES).read_bytes()).hexdigest()[:8]
    for path, text in texts.items():
        light = ICON_SCRIPT.sub("", ICON_PRELOAD.sub("", text))
        if first := STYLE.search(light):
            link = f'<link rel="stylesheet" href="{first[1]}{STYLES}?v={version}" />'
            light = light[: first.start()] + link + STYLE.sub("", light[first.start() :])
        light = PAGE_NAME.sub(r'<script type="module">\1', SCRIPT.sub(r"<script defer\1", light))
        if light != text:
            path.write_text(light, encoding="utf-8")
    for folder in static.glob("vendor/fontawesome"):
        shutil.rmtree(folder)


def setup(app):
    app.connect("html-page-context", frames_to_files, priority=970)
    app.connect(
        "build-finished", lighten_pages, priority=990
    )  # after the theme has written its colours of code
    return {"parallel_read_safe": True, "parallel_write_safe": True}
