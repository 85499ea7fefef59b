"""Machine-checked proofs in the book: statements and scripts from `proofs/*.v`, axioms and goals from its record.

==========================  =======================================================================================
``{checked} Module``        all theorems of a script: name, words, statement, the folded proof
``{checked-list}``          a table of all theorems: where the book states them, length, axioms
``{proof-steps} M.name``    a proof step by step, with what is known and what is to be shown (`proofs.js` turns the
                            list into a stepper)
``{coq} M.name[, ...]``     definitions, or theorems with their proofs, as they stand in a script
==========================  =======================================================================================

A theorem of the book that a script names, ``(Book: thm-label)`` or ``(Book: part of thm-label)``, gets a fold with
statement and proof below it. A row of the ledger names theorems in its field `proof`; its badge leads to the page
`book/machine-checked`. A name that the development does not have, or that this page does not show, is a warning, hence
an error. No Coq is needed to build the book.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from coq_scripts import Theorem, development

logger = logging.getLogger(__name__)

PAGE = "book/machine-checked"
APART = ("Solutions",)  # the solutions of the page's exercises are shown there, not among the theorems
KINDS = ("theorem", "lemma", "proposition", "corollary")
IN_PART = " in part"
NOTHING = {"axioms": {}, "goals": {}}


# ---- The development ---------------------------------------------------------------------------------------


def folder(env: BuildEnvironment) -> Path:
    return Path(env.srcdir) / "proofs"


def sources(env: BuildEnvironment) -> list[Path]:
    return sorted(path for path in folder(env).glob("*") if path.suffix in (".v", ".json"))


@lru_cache(maxsize=4)
def _read_version(where: Path, changed: tuple[int, ...]) -> tuple[dict[str, Theorem], dict]:
    record = where / "recorded.json"
    recorded = json.loads(record.read_text(encoding="utf-8")) if record.exists() else NOTHING
    return development(where) if where.is_dir() else {}, recorded


def load(env: BuildEnvironment) -> tuple[dict[str, Theorem], dict]:
    """The theorems by name and the record, once per version of the files."""
    return _read_version(folder(env), tuple(path.stat().st_mtime_ns for path in sources(env)))


def depend(env: BuildEnvironment) -> None:
    """Read the current page again when a script or the record changes."""
    for path in sources(env):
        env.note_dependency(str(path))


def anchor(name: str) -> str:
    return "checked-" + re.sub(r"[._]", "-", name.lower())


def by_label(theorems: dict[str, Theorem]) -> dict[str, list[Theorem]]:
    found: dict[str, list[Theorem]] = {}
    for theorem in theorems.values():
        for label in theorem.labels:
            found.setdefault(label, []).append(theorem)
    return found


# ---- What stands on the pages ------------------------------------------------------------------------------


class proof_link(nodes.General, nodes.Inline, nodes.Element):
    """Becomes a link to the theorem `name` on the page of checked proofs when all pages are known."""


def badge(env: BuildEnvironment, names: list[str]) -> nodes.Element:
    """The badge of a claim, which leads to the first of the theorems that Coq has checked about it."""
    depend(env)
    theorems = load(env)[0]
    part = all(theorems[name].part for name in names if name in theorems)
    word = nodes.inline("", f"machine-checked{IN_PART * part}", classes=["verdict", "verdict-checked"])
    return proof_link("", word, name=names[0])


def words(theorem: Theorem) -> nodes.paragraph:
    """What a theorem says; names between brackets are code."""
    parts = re.split(r"\[([^\]]+)\]", theorem.words)
    return nodes.paragraph(
        "", "", *(nodes.literal("", part) if k % 2 else nodes.Text(part) for k, part in enumerate(parts))
    )


def code(text: str, language: str = "coq", classes: tuple[str, ...] = ()) -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language, classes=list(classes))


def count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def script_lines(theorem: Theorem) -> int:
    return len(theorem.script.splitlines())


def fold(title: list[nodes.Node], *body: nodes.Node) -> nodes.admonition:
    return nodes.admonition("", nodes.title("", "", *title), *body, classes=["dropdown", "checked-fold"])


class AddProofs(SphinxTransform):
    """Puts the checked statement and its proof below the theorems of the book that have one."""

    default_priority = 500

    def apply(self, **kwargs) -> None:
        boxes = [
            node
            for node in self.document.findall(nodes.Element)
            if node.get("realtype") in KINDS and node.get("label")
        ]
        if not boxes or self.env.docname == PAGE:
            return
        depend(self.env)
        checked = by_label(load(self.env)[0])
        for box in boxes:
            if own := checked.get(box["label"]):
                siblings = box.parent.children
                place = siblings.index(box) + 1
                if place < len(siblings) and is_proof(siblings[place]):
                    place += 1
                box.parent.insert(place, self.box(own))

    @staticmethod
    def box(own: list[Theorem]) -> nodes.admonition:
        part = IN_PART * all(theorem.part for theorem in own)
        title: list[nodes.Node] = [nodes.Text(f"Machine-checked{part}: ")]
        body: list[nodes.Node] = []
        for number, theorem in enumerate(own):
            title += [nodes.Text(", ")] * bool(number) + [nodes.literal("", theorem.name)]
            given = f"{theorem.given}\n\n" if theorem.given else ""
            body += [words(theorem), code(f"{given}{theorem.statement}\n{theorem.script}")]
        link = proof_link("", nodes.Text("How to read this, definitions and axioms"), name=own[0].name)
        return fold(title, *body, nodes.paragraph("", "", link, classes=["evidence"]))


def is_proof(node: nodes.Node) -> bool:
    if type(node).__name__ == "proof_node":
        return True
    title = next(iter(node.children), None) if isinstance(node, nodes.admonition) else None
    return isinstance(title, nodes.title) and title.astext().startswith("Proof")


class FromScripts(SphinxDirective):
    """What the directives share."""

    required_arguments = 1

    def theorem(self, name: str) -> Theorem | None:
        depend(self.env)
        found = load(self.env)[0].get(name)
        if found is None:
            logger.warning("no checked theorem %r in proofs/", name, location=self.get_location())
        return found

    def inline(self, text: str) -> list[nodes.Node]:
        return self.state.inline_text(text, self.lineno)[0]


class Checked(FromScripts):
    def run(self) -> list[nodes.Node]:
        depend(self.env)
        theorems, recorded = load(self.env)
        own = [theorem for name, theorem in theorems.items() if name.partition(".")[0] == self.arguments[0]]
        if not own:
            logger.warning("no checked theorems in %r", self.arguments[0], location=self.get_location())
        found: list[nodes.Node] = []
        given = ""
        for theorem in own:
            if theorem.given != given:
                given = theorem.given
                lead = "Given for what follows:" if given else "For what follows nothing is given."
                found += [nodes.paragraph("", lead), *([code(given)] if given else [])]
            shown = self.env.metadata[self.env.docname].setdefault("checked", set())
            shown.add(theorem.name)
            head = nodes.paragraph("", "", nodes.strong("", "", nodes.literal("", theorem.name)))
            head["ids"], head["classes"] = [anchor(theorem.name)], ["checked-name"]
            if theorem.labels:
                places = " and ".join(f"{{prf:ref}}`{label}`" for label in theorem.labels)
                head += [nodes.Text(" for a part of " if theorem.part else " for "), *self.inline(places)]
            axioms = "axioms of the real numbers" if recorded["axioms"].get(theorem.name) else "no axioms"
            title = f"Proof ({count(script_lines(theorem), 'line')}, {axioms})"
            found += [
                head,
                words(theorem),
                code(theorem.statement),
                fold([nodes.Text(title)], code(theorem.script)),
            ]
        return found


class CheckedList(FromScripts):
    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        depend(self.env)
        theorems, recorded = load(self.env)
        table = nodes.table(classes=["checked-list", "colwidths-given"])
        group = nodes.tgroup(cols=4)
        table += group
        group += [nodes.colspec(colwidth=width) for width in (36, 24, 8, 32)]
        head, body = nodes.thead(), nodes.tbody()
        group += [head, body]
        titles = ("Theorem", "In the book", "Lines", "Axioms")
        head += nodes.row("", *(nodes.entry("", nodes.paragraph("", title)) for title in titles))
        for name, theorem in theorems.items():
            if name.partition(".")[0] in APART:
                continue
            link = nodes.paragraph("", "", proof_link("", nodes.literal("", name), name=name))
            places = ", ".join(f"{{prf:ref}}`{label}`" for label in theorem.labels)
            lead = [nodes.Text("part of ")] * theorem.part
            place = nodes.paragraph("", "", *(lead + self.inline(places) if places else [nodes.Text("–")]))
            axioms = [axiom.rpartition(".")[2] for axiom in recorded["axioms"].get(name, [])]
            needed = [part for axiom in axioms for part in (nodes.literal("", axiom), nodes.Text(", "))][:-1]
            cells = (
                link, place, nodes.paragraph("", str(script_lines(theorem))),
                nodes.paragraph("", "", *(needed or [nodes.Text("none")])),
            )  # fmt: skip
            body += nodes.row("", *(nodes.entry("", cell) for cell in cells))
            for entry, title in zip(body[-1], titles, strict=True):
                entry["classes"].append(f"cell-{title.split()[-1].lower()}")
        return [table]


class ProofSteps(FromScripts):
    def run(self) -> list[nodes.Node]:
        theorem = self.theorem(self.arguments[0])
        if theorem is None:
            return []
        recorded = load(self.env)[1]["goals"].get(theorem.name)
        if recorded is None:
            logger.warning(
                "no goals of %s are recorded: name it in proofs/record.py", theorem.name,
                location=self.get_location(),
            )  # fmt: skip
            return []
        self.env.metadata[self.env.docname]["proof_steps"] = True
        items = nodes.enumerated_list(enumtype="arabic", prefix="", suffix=".")
        first = {"known": recorded["given"], "goal": recorded["goal"], "waiting": []}
        items += nodes.list_item(
            "", nodes.paragraph("", "The claim."), code(state(first), "none", ("proof-state",))
        )
        for step in recorded["steps"]:
            shown = code(state(step), "none", ("proof-state",))
            items += nodes.list_item("", nodes.paragraph("", step["comment"]), code(step["code"]), shown)
        return [nodes.container("", items, classes=["proof-steps"])]


def state(step: dict) -> str:
    """Known facts above a line, below it what is to be shown, and how much is waiting."""
    if step["goal"] is None:
        return (
            "done"
            if not step["waiting"]
            else f"this part is done, {count(len(step['waiting']), 'part')} to go"
        )
    lines = [*step["known"], "─" * 40, step["goal"]] if step["known"] else [step["goal"]]
    if step["waiting"]:
        lines += ["", f"({count(len(step['waiting']), 'further part')} to show after this)"]
    return "\n".join(lines)


class Coq(FromScripts):
    """Definitions, or theorems with their proofs, without the words before them."""

    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        depend(self.env)
        parts = [self.part(name) for name in re.split(r"[,\s]+", self.arguments[0].strip())]
        return [code("\n\n".join(filter(None, parts)))]

    def part(self, name: str) -> str:
        if theorem := load(self.env)[0].get(name):
            return f"{theorem.statement}\n{theorem.script}"
        module, _, short = name.partition(".")
        path = folder(self.env) / f"{module}.v"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        pattern = rf"^( *)(?:Fixpoint|Definition|Inductive|Lemma) {short}\b.*?\.(?=\s)"
        found = re.search(pattern, text, re.S | re.M)
        if found is None:
            logger.warning("no %r in proofs/%s.v", short, module, location=self.get_location())
            return ""
        return "\n".join(line.removeprefix(found[1]) for line in found[0].splitlines())


# ---- Links and checks --------------------------------------------------------------------------------------


class ResolveProofLinks(SphinxPostTransform):
    default_priority = 3

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(proof_link)):
            target, title = anchor(node["name"]), f"Checked by Coq: {node['name']}"
            node.replace_self(
                make_refnode(self.app.builder, self.env.docname, PAGE, target, node.children, title)
                if PAGE in self.env.all_docs else node.children
            )  # fmt: skip


def review(app, env: BuildEnvironment) -> list[str]:
    """The scripts name theorems that the book has; the page shows every theorem. No page has to be written again."""
    if PAGE not in env.all_docs:
        return []
    theorems, recorded = load(env)
    places = getattr(env, "proof_list", {})
    for theorem in theorems.values():
        for label in theorem.labels:
            if label not in places:
                logger.warning("proofs: %s: the book has no theorem %r", theorem.name, label)
        apart = theorem.name.partition(".")[0] in APART
        if not apart and theorem.name not in env.metadata[PAGE].get("checked", ()):
            logger.warning("proofs: %s is not shown on %s", theorem.name, PAGE)
        if theorem.name not in recorded["axioms"]:
            logger.warning("proofs: %s is not in the record: run `make record`", theorem.name)
    return []


def unknown(env: BuildEnvironment, names: list[str]) -> list[str]:
    """The names of a ledger row that no theorem of the development has."""
    return [name for name in names if name not in load(env)[0]]


def add_script(app, pagename, templatename, context, doctree) -> None:
    if app.env.metadata.get(pagename, {}).get("proof_steps"):
        app.add_js_file("proofs.js", defer="defer")


def setup(app):
    for name, directive in {
        "checked": Checked, "checked-list": CheckedList, "proof-steps": ProofSteps, "coq": Coq,
    }.items():  # fmt: skip
        app.add_directive(name, directive)
    app.add_transform(AddProofs)
    app.add_post_transform(ResolveProofLinks)
    app.connect("env-get-updated", review, priority=900)
    app.connect("html-page-context", add_script)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
