"""Writes a page of the book as the cells of a plain notebook.

`write_cells` walks the page's *resolved* document: every cross-reference, number and citation in it is final, so
the notebook says what the page says. Code cells come from the executed notebook, outputs included. The text is
Markdown as Colab, JupyterLab and GitHub all show it: boxes are quotes with a bold title, folds are ``<details>``,
and each formula stands on one line. An element of the document without a rule here is a warning, hence an error.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Callable
from html import escape as html
from pathlib import Path
from urllib.parse import urljoin

import nbformat
import pybtex_docutils
from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)
code_cell, markdown_cell = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell

HIDDEN_SOURCE = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
HIDDEN_OUTPUT = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
FOLDED = "jp-MarkdownHeadingCollapsed"  # JupyterLab: a heading that hides its section
BEGIN_WITH_HEADING = {"section", "exercise_node", "exercise_enumerable_node"}
UNSTABLE = "application/vnd.jupyter.widget-view+json"  # names a random model


# ---- Markdown ----------------------------------------------------------------------------------------------


def escape(text: str) -> str:
    """Text as Markdown that shows just this text."""
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text.replace("\n", " "))
    text = text.replace("\\", "&#92;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"[*`$|~]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)
    return re.sub(r"\[(?=[^\]]*\][(\[:])", "&#91;", text)  # a backslash would begin a formula on some hosts


def escape_start(line: str) -> str:
    """A line whose beginning would make it a heading, a list or a quote."""
    return re.sub(r"^(\d+)([.)])(?=\s)|^([-+#=])", lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", line)


def tex(source: str) -> str:
    """A formula on one line, without comments, and with nothing that looks like an HTML tag."""
    source = re.sub(r"(?<!\\)%.*", "", source)
    return re.sub(r"<(?=[\w/!?])", "< ", re.sub(r"\s*\n\s*", " ", source).strip())


def bars(source: str) -> str:
    """A formula without vertical bars, which would end the cell of a table."""
    return re.sub(r"(?<!\\)\|", r"\\vert ", source.replace(r"\|", r"\Vert "))


def quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def indent(text: str, by: int) -> str:
    return text.replace("\n", "\n" + " " * by).replace("\n" + " " * by + "\n", "\n\n")


def fence(text: str, language: str = "") -> str:
    ticks = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


# ---- Code cells --------------------------------------------------------------------------------------------


def stable_outputs(outputs: list, alt: str | None = None) -> list:
    """Outputs without what differs from run to run, and with the alternative text of a picture."""
    kept = []
    for output in outputs:
        output = nbformat.from_dict(output)
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text  # a kernel sends one print in several parts, by chance
                continue
        elif output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
        else:
            output.data.pop(UNSTABLE, None)
            for kind in output.data:
                if alt and kind.startswith("image/"):
                    output.metadata[kind] = {**output.metadata.get(kind, {}), "alt": alt}
            if not output.data:
                continue
        kept.append(output)
    return kept


def clean_cell(executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """An executed code cell as the edition shows it."""
    image = executed.metadata.get("mystnb", {}).get("image", {})
    cell = code_cell(executed.source, outputs=stable_outputs(executed.outputs, image.get("alt")))
    tags = set(executed.metadata.get("tags", []))
    if tags:
        cell.metadata["tags"] = sorted(tags)
    if tags & HIDDEN_SOURCE:
        cell.metadata["cellView"] = "form"  # Colab
        cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
    if tags & HIDDEN_OUTPUT:
        cell.metadata.setdefault("jupyter", {})["outputs_hidden"] = True
    return cell


# ---- The page ----------------------------------------------------------------------------------------------


def write_cells(
    env: BuildEnvironment,
    docname: str,
    doctree: nodes.document,
    executed: nbformat.NotebookNode,
    page_url: str,
) -> list[nbformat.NotebookNode]:
    """The cells of a page whose address on the site is `page_url`."""
    writer = Writer(env, docname, executed, page_url)
    writer.wanted = {
        link[1:] for link in map(writer.address, doctree.findall(is_link)) if link.startswith("#")
    }
    writer.blocks(doctree)
    writer.code_until(len(executed.cells))
    writer.references()
    writer.flush()
    return writer.cells


def is_link(node: nodes.Node) -> bool:
    return isinstance(node, nodes.reference | addnodes.number_reference | nodes.footnote_reference)


def has_title(node: nodes.Element) -> bool:
    return any(isinstance(part, nodes.title) for part in node.children[:1])


def has_code(node: nodes.Node) -> bool:
    return any(part.get("nb_element") == "cell_code" for part in node.findall(nodes.container))


class Writer:
    """Collects the Markdown of the current cell in `text` and finished cells in `cells`.

    The rule for a node stands in the method `block_<class>` (it adds to `text`) or, within a line, in
    `span_<class>` (it returns Markdown).
    """

    def __init__(self, env: BuildEnvironment, docname: str, executed: nbformat.NotebookNode, page_url: str):
        self.env, self.docname, self.executed, self.page_url = env, docname, executed, page_url
        self.cells: list[nbformat.NotebookNode] = []
        self.text: list[str] = []
        self.wanted: set[str] = set()  # places that something on this page links to
        self.level = 0  # of the heading above
        self.next_cell = 0  # of the executed notebook
        self.folded = False  # does the current cell open folded, with what follows below its heading?
        self.nested = False  # inside a box, a list or a fold, where no code cell can stand
        top = "../" * docname.count("/")
        self.bibliography = {
            urljoin(page_url, f"{top}{entry.bibliography_key.docname}.html#{entry.citation_id}"): entry
            for entry in env.get_domain("cite").citations
        }
        self.cited: set[str] = set()  # keys of the bibliography

    def complain(self, node: nodes.Node, problem: str) -> None:
        logger.warning("notebook: %s", problem, location=node)

    # -- Cells ----

    def flush(self) -> None:
        """Finish the current Markdown cell."""
        if text := "\n\n".join(filter(None, self.text)):
            self.cells.append(markdown_cell(text, metadata={FOLDED: True} if self.folded else {}))
        self.text, self.folded = [], False

    def code_until(self, stop: int) -> None:
        """Add the code cells before number `stop`, also those that the page leaves out: later ones need them."""
        for cell in self.executed.cells[self.next_cell : stop]:
            if cell.cell_type == "code":
                self.flush()
                self.cells.append(clean_cell(cell))
        self.next_cell = max(self.next_cell, stop)

    def code(self, node: nodes.Element) -> None:
        """A code cell; the caption of its figure begins the text below it."""
        if self.nested or node["cell_index"] < self.next_cell:
            self.complain(
                node, "a code cell stands in a section or between the gates of an exercise or solution"
            )
            return
        figures = list(node.findall(nodes.figure))
        anchors = "".join(map(self.anchor, figures))
        if self.text and anchors:  # above the picture, where that costs no cell of its own
            self.text.append(anchors)
            anchors = ""
        self.code_until(node["cell_index"] + 1)
        if figures:
            self.text += [anchors + self.caption(figures[0]), *map(self.caption, figures[1:])]

    # -- Places and links ----

    def address(self, node: nodes.Element) -> str:
        """Where a link leads: to a place in this notebook, to a page of the site, or elsewhere."""
        if "refid" in node:
            return f"#{node['refid']}"
        full = urljoin(self.page_url, node.get("refuri", ""))
        if full in self.bibliography:
            return f"#ref-{self.bibliography[full].key}"
        page, _, place = full.partition("#")
        return f"#{place}" if place and page == self.page_url else full

    def anchor(self, node: nodes.Element) -> str:
        """Marks the place of a node, if anything on the page links to it."""
        return "".join(f'<a id="{name}"></a>' for name in node["ids"] if name in self.wanted)

    def number(self, kind: str, node: nodes.Element) -> str:
        """The number of a theorem, an exercise, a figure, a table or an equation, as on the page."""
        numbers = self.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        return next((".".join(map(str, numbers[name])) for name in node["ids"] if name in numbers), "")

    def numbered(self, kind: str, node: nodes.Element) -> str:
        """`Fig. 2.1.1`, `Table 2.1.1`, or nothing if the node has no number."""
        number = self.number(kind, node)
        return f"**{self.env.config.numfig_format[kind] % number}** " if number else ""

    def references(self) -> None:
        """The works that the page cites."""
        if not self.cited:
            return
        self.heading(2, "References")
        entries = []
        for entry in self.bibliography.values():
            if entry.key in self.cited:
                text = entry.formatted_entry.text.render(pybtex_docutils.Backend())
                entries.append(f'- <a id="ref-{entry.key}"></a>{self.inline(nodes.inline("", "", *text))}')
        self.text.append("\n".join(entries))

    # -- Within a line ----

    def inline(self, node: nodes.Element) -> str:
        """The children of a node as Markdown."""
        return "".join(self.span(child) for child in node.children)

    def span(self, node: nodes.Node) -> str:
        rule = getattr(self, f"span_{type(node).__name__}", None)
        if rule is None:
            self.complain(node, f"no rule for <{type(node).__name__}> within a line")
            return ""
        return rule(node)

    def span_Text(self, node: nodes.Text) -> str:
        return escape(node.astext())

    def span_math(self, node: nodes.Element) -> str:
        return f"${tex(node.astext())}$"

    def span_literal(self, node: nodes.Element) -> str:
        text = node.astext()
        ticks = "`" * max([1, *(len(run) + 1 for run in re.findall("`+", text))])
        space = " " if "`" in text else ""
        return f"{ticks}{space}{text}{space}{ticks}"

    def span_strong(self, node: nodes.Element) -> str:
        return f"**{self.inline(node)}**"

    def span_emphasis(self, node: nodes.Element) -> str:
        return f"*{self.inline(node)}*"

    def span_inline(self, node: nodes.Element) -> str:
        return self.span_strong(node) if "verdict" in node["classes"] else self.inline(node)

    def span_reference(self, node: nodes.Element) -> str:
        text, address = self.inline(node).strip(), self.address(node)
        if not text or not address:
            self.complain(node, "a link without text or address")
        if address.startswith("#ref-"):
            self.cited.add(address.removeprefix("#ref-"))
        return f"[{text}](<{address}>)" if re.search(r"[\s()]", address) else f"[{text}]({address})"

    def span_footnote_reference(self, node: nodes.Element) -> str:
        return f"<sup>[{node.astext()}](#{node['refid']})</sup>"

    def span_superscript(self, node: nodes.Element) -> str:
        return f"<sup>{self.inline(node)}</sup>"

    def span_subscript(self, node: nodes.Element) -> str:
        return f"<sub>{self.inline(node)}</sub>"

    def span_abbreviation(self, node: nodes.Element) -> str:
        return f'<abbr title="{html(node["explanation"])}">{self.inline(node)}</abbr>'

    def span_target(self, node: nodes.Element) -> str:
        return self.anchor(node) + self.inline(node)

    def span_raw(self, node: nodes.Element) -> str:
        return node.astext().strip("\n") if "html" in node["format"].split() else ""

    def span_image(self, node: nodes.Element) -> str:
        """A picture, its data included: the notebook stands alone."""
        path = Path(self.env.srcdir) / node["uri"]
        data = base64.b64encode(path.read_bytes()).decode()
        width = f' width="{node["width"].removesuffix("px")}"' if node.get("width") else ""
        source = f"data:{mimetypes.guess_type(path.name)[0]};base64,{data}"
        return f'<img src="{source}" alt="{html(node.get("alt", ""))}"{width}>'

    def span_comment(self, node: nodes.Element) -> str:
        return ""

    span_index = span_comment
    span_number_reference = span_reference
    span_title_reference = span_literal_emphasis = span_emphasis
    span_literal_strong = span_strong
    span_PassthroughTextElement = inline

    # -- Blocks ----

    def blocks(self, node: nodes.Element, start: int = 0) -> None:
        """The children of a node, from number `start`."""
        for child in node.children[start:]:
            rule = getattr(self, f"block_{type(child).__name__}", None)
            if rule is None:
                self.complain(child, f"no rule for <{type(child).__name__}>")
            else:
                rule(child)

    def inside(self, node: nodes.Element, start: int = 0) -> str:
        """The same as Markdown that goes into a box, a list or a fold."""
        outer, self.text = self.text, []
        was, self.nested = self.nested, True
        self.blocks(node, start)
        inner, self.text, self.nested = self.text, outer, was
        return "\n\n".join(filter(None, inner))

    def heading(self, level: int, text: str) -> None:
        """A heading begins a cell: notebooks list and fold their sections by such cells."""
        self.flush()
        self.text.append(f"{'#' * min(level, 6)} {text}")

    def block_section(self, node: nodes.Element) -> None:
        if not has_title(node):  # the body of a box of sphinx-proof or sphinx-exercise
            self.blocks(node)
            return
        self.level += 1
        names = [f"#{name}" for name in node["ids"]] if self.level > 1 else [""]
        numbers = self.env.toc_secnumbers.get(self.docname, {})
        number = next((numbers[name] for name in names if numbers.get(name)), ())
        self.heading(self.level, " ".join(["".join(f"{n}." for n in number), self.inline(node[0])]).strip())
        self.text.append(self.anchor(node))
        self.blocks(node, 1)
        self.level -= 1

    def block_paragraph(self, node: nodes.Element) -> None:
        self.text.append(self.anchor(node) + escape_start(self.inline(node).strip()))

    def block_rubric(self, node: nodes.Element) -> None:
        self.text.append(f"{self.anchor(node)}**{self.inline(node)}**")

    def block_math_block(self, node: nodes.Element) -> None:
        source, number = tex(node.astext()), self.number("displaymath", node)
        if outer := re.fullmatch(
            r"\\begin\{(align|gather|equation|multline)(\*?)\}(.*)\\end\{\1\2\}", source
        ):
            inner = {"align": "aligned", "equation": None}.get(outer[1], "gathered")
            source = rf"\begin{{{inner}}}{outer[3]}\end{{{inner}}}" if inner else outer[3].strip()
        elif r"\\" in source and not source.startswith(r"\begin{"):
            source = rf"\begin{{aligned}} {source} \end{{aligned}}"
        tag = rf" \tag{{{number}}}" if number else ""
        self.text += [self.anchor(node), f"$${source}{tag}$$"]

    def block_literal_block(self, node: nodes.Element) -> None:
        language = node.get("language", "")
        self.text.append(fence(node.astext(), language if language not in ("default", "none") else ""))

    def block_bullet_list(self, node: nodes.Element) -> None:
        self.items(node, lambda k: "- ")

    def block_enumerated_list(self, node: nodes.Element) -> None:
        self.items(node, lambda k: f"{node.get('start', 1) + k}. ")

    def items(self, node: nodes.Element, mark: Callable[[int], str]) -> None:
        entries = [
            mark(k) + indent(self.anchor(item) + self.inside(item), len(mark(k)))
            for k, item in enumerate(node.children)
        ]
        tight = all("\n\n" not in entry for entry in entries)
        self.text.append(("\n" if tight else "\n\n").join(entries))

    def block_definition_list(self, node: nodes.Element) -> None:
        entries = []
        for item in node.children:
            terms = " / ".join(
                f"{self.anchor(term)}**{self.inline(term)}**" for term in item.findall(nodes.term)
            )
            meanings = [child for child in item.children if isinstance(child, nodes.definition)]
            entries.append(indent(f"- {terms}: " + "\n\n".join(map(self.inside, meanings)), 2))
        self.text.append("\n".join(entries))

    def block_line_block(self, node: nodes.Element) -> None:
        self.text.append("<br>".join(self.inline(line) for line in node.findall(nodes.line)))

    def block_block_quote(self, node: nodes.Element) -> None:
        self.text.append(quote(self.inside(node)))

    def block_attribution(self, node: nodes.Element) -> None:
        self.text.append(f"— {self.inline(node)}")

    def block_footnote(self, node: nodes.Element) -> None:
        self.text.append(f"{self.anchor(node)}<sup>{node[0].astext()}</sup> {self.inside(node, 1)}")

    def block_transition(self, node: nodes.Element) -> None:
        self.text.append("---")

    def block_image(self, node: nodes.Element) -> None:
        self.text.append(self.span_image(node))

    def block_raw(self, node: nodes.Element) -> None:
        self.text.append(self.span_raw(node))

    def block_figure(self, node: nodes.Element) -> None:
        picture = next(node.findall(nodes.image))
        self.text += [self.anchor(node) + self.span_image(picture), self.caption(node)]

    def caption(self, figure: nodes.Element) -> str:
        """Number, caption and legend of a figure."""
        parts = [
            self.numbered("figure", figure) + self.inline(text) for text in figure.findall(nodes.caption)
        ]
        return "\n\n".join(parts + [self.inside(legend) for legend in figure.findall(nodes.legend)])

    def block_caption(self, node: nodes.Element) -> None:
        self.text.append(f"**{self.inline(node)}**")

    def block_container(self, node: nodes.Element) -> None:
        """Code cells, and what sphinx-design makes: tabs, cards and grids stand in a row, a dropdown folds."""
        kind = node.get("design_component")
        if node.get("nb_element") == "cell_code":
            self.code(node)
        elif kind == "dropdown" and node["has_title"]:
            self.fold(self.summary(node[0]), node, 1)
        elif kind == "card-title":
            self.text.append(f"**{self.inside(node)}**")
        else:
            self.blocks(node)

    def block_PassthroughTextElement(self, node: nodes.Element) -> None:
        self.text.append(self.inline(node))

    def block_compound(self, node: nodes.Element) -> None:
        if "toctree-wrapper" not in node["classes"]:  # the site's list of pages
            self.blocks(node)

    def block_glossary(self, node: nodes.Element) -> None:
        self.blocks(node)

    def block_target(self, node: nodes.Element) -> None:
        self.text.append(self.anchor(node))

    def block_comment(self, node: nodes.Element) -> None:
        pass

    block_index = block_meta = block_substitution_definition = block_tabular_col_spec = block_comment

    # -- Tables ----

    def block_table(self, node: nodes.Element) -> None:
        for title in node.findall(nodes.title):
            self.text.append(self.anchor(node) + self.numbered("table", node) + self.inline(title))
        rows = list(node.findall(nodes.row))
        cells = [[self.entry(entry) for entry in row.children] for row in rows]
        for row, line in zip(rows, cells, strict=True):
            line[0] = self.anchor(row) + line[0]
        if not list(node.findall(nodes.thead)):  # Markdown has no table without a head
            cells.insert(0, [" "] * len(cells[0]))
        sides = {"text-left": ":---", "text-center": ":---:", "text-right": "---:"}
        rule = [
            next((sides[name] for name in entry["classes"] if name in sides), "---") for entry in rows[-1]
        ]
        self.text.append("\n".join(f"| {' | '.join(line)} |" for line in [cells[0], rule, *cells[1:]]))

    def entry(self, node: nodes.Element) -> str:
        """The cell of a table, or an item of a list in it, on one line."""
        if node.get("morecols") or node.get("morerows"):
            self.complain(node, "a cell of a table cannot span others")
        lines = []
        for child in node.children:
            if isinstance(child, nodes.paragraph):
                lines.append(self.inline(child))
            elif isinstance(child, nodes.math_block):
                lines.append(rf"$\displaystyle {tex(child.astext())}$")
            elif isinstance(child, nodes.bullet_list):
                lines += [f"• {self.entry(item)}" for item in child]
            elif isinstance(child, nodes.enumerated_list):
                lines += [f"{k}. {self.entry(item)}" for k, item in enumerate(child, child.get("start", 1))]
            else:
                lines.append(self.span(child))
        text = re.sub(
            r"(?<!\\)\$.*?(?<!\\)\$", lambda formula: bars(formula[0]), "<br>".join(filter(None, lines))
        )
        return re.sub(r"(?<!\\)(`+).*?\1", lambda code: re.sub(r"(?<!\\)\|", r"\|", code[0]), text) or " "

    # -- Boxes ----

    def box(self, title: str, node: nodes.Element, start: int) -> None:
        self.text.append(quote("\n\n".join(filter(None, [title, self.inside(node, start)]))))

    def fold(self, title: str, node: nodes.Element, start: int) -> None:
        body = self.inside(node, start)
        anchor = self.anchor(node)
        self.text.append(f"<details>\n<summary>{anchor}<b>{title}</b></summary>\n\n{body}\n\n</details>")

    def summary(self, node: nodes.Node) -> str:
        """A title as HTML: hosts read no Markdown between the tags of a fold's title."""
        if isinstance(node, nodes.Text):
            return html(node.astext(), quote=False)
        if isinstance(node, nodes.math):
            return self.span_math(node)
        tag = {nodes.emphasis: "i", nodes.literal: "code"}.get(type(node))
        inner = "".join(map(self.summary, node.children))
        return f"<{tag}>{inner}</{tag}>" if tag else inner

    def block_admonition(self, node: nodes.Element) -> None:
        titled = int(has_title(node))
        if "dropdown" in node["classes"]:
            self.fold(self.summary(node[0]) if titled else self.kind(node), node, titled)
        else:  # strong parts of a title stay what they are, as all of it is strong
            title = self.inline(node[0]).replace("**", "").strip() if titled else self.kind(node)
            self.box(f"{self.anchor(node)}**{title}**", node, titled)

    @staticmethod
    def kind(node: nodes.Element) -> str:
        """The title of a note, a tip and so on."""
        name = type(node).__name__
        return "See also" if name == "seealso" else name.capitalize()

    block_attention = block_caution = block_danger = block_error = block_hint = block_important = (
        block_admonition
    )
    block_note = block_seealso = block_tip = block_warning = block_topic = block_sidebar = block_admonition

    def block_proof_node(self, node: nodes.Element) -> None:
        """A proof: an untitled box whose text begins with its name."""
        (inner,) = node.children
        name, first = nodes.strong("", "Proof."), next(inner.findall(nodes.Text))
        first.parent.replace(first, [name, nodes.Text(first.astext().removeprefix("Proof."))])
        self.box("", inner, 0)

    def block_theorem_node(self, node: nodes.Element) -> None:
        number, name = self.number(node["countertype"], node), self.inline(node[0]).strip()
        head = " ".join(filter(None, [node["realtype"].capitalize(), number]))
        self.box(f"{self.anchor(node)}**{head}**{' ' * bool(name)}{name}", node, 1)

    block_algorithm_node = block_axiom_node = block_conjecture_node = block_criterion_node = (
        block_theorem_node
    )
    block_assumption_node = block_notation_node = block_observation_node = block_property_node = (
        block_theorem_node
    )
    block_unenumerable_node = block_theorem_node

    def block_exercise_node(self, node: nodes.Element) -> None:
        """An exercise has a heading, so that its solution can be folded below it."""
        name = self.inline(node[0]).strip()
        name = name[1:-1] if name.startswith("(") else name
        number = self.number("exercise", node)
        self.heading(self.level + 1, ": ".join(filter(None, [f"Exercise {number}".strip(), name])))
        self.text.append(self.anchor(node))
        if has_code(node):
            self.blocks(node, 1)
        else:
            self.box("", node, 1)

    block_exercise_enumerable_node = block_exercise_node

    def block_solution_node(self, node: nodes.Element) -> None:
        """A fold; a solution with code cells, which no fold can hold, is a section that opens folded."""
        if not has_code(node):
            self.fold(node["title"], node, 1)
            return
        below = node.parent.children[node.parent.index(node) + 1 :]
        after = next((part for part in below if not isinstance(part, nodes.target | nodes.comment)), None)
        self.heading(self.level + 2, node["title"])
        # what is folded reaches to the next heading, and must not take more than the solution along
        self.folded = after is None or type(after).__name__ in BEGIN_WITH_HEADING
        folded = self.folded
        self.text.append(self.anchor(node))
        self.flush()  # a folded heading shows the rest of its own cell
        self.blocks(node, 1)
        if not folded:
            self.text.append("---")
