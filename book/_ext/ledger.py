"""The claim ledger: badges, claim boxes and tables, all written from the rows of `book/claims.yml`.

========================  =========================================================================
``{verdict}`id```         the verdict of a claim, linked to its row
``{claim} id[, id ...]``  a box: place in the paper, verdict, the claim, the reason; own words may follow
``{claims}``              a table of the rows named by ``:ids:``, or all rows of a ``:chapter:`` of the paper,
                          or all rows treated on a ``:page:`` (this one, if none is named)
``{ledger}``              the whole ledger, with counts and filters (on the page `book/ledger` only)
``{errata}``              what the rows say against the paper, by its sections (on the page `book/errata` only)
``{ledger-counts}``       a table of the numbers of claims by verdict and chapter
``{mosaic}``              one square for each claim, linked to its row, a caption, and what the verdicts say
========================  =========================================================================

A row that is not sound, a label that leads nowhere, a page that does not show what it treats, and a theorem that no
row names are warnings, hence errors.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

import machine_checked

logger = logging.getLogger(__name__)

PAGE = "book/ledger"
ERRATA = "book/errata"
VERDICTS = ("holds", "repaired", "needs hypothesis", "fails", "assumption", "empirical")
REQUIRED = ("id", "section", "where", "claim", "verdict", "why", "page")
LISTS = ("labels", "witness", "tests", "proof", "literature")
ERRATUM = (
    "counterexample",
    "holds",
)  # the smallest counterexample to a claim that fails, and what still holds
TEXTS = (*REQUIRED, "status", "note", *ERRATUM, "origin")
OPTIONAL = (*TEXTS[len(REQUIRED) :], *LISTS)
AMENDED = ("fails", "needs hypothesis", "repaired")  # verdicts of which the page of errata speaks
THEOREMS = ("theorem", "lemma", "proposition", "corollary")
EXEMPT = "tb-"  # labels of the toolbox: lemmas that no claim of the paper rests on alone

# The sections of the paper that hold claims, named in our words
SECTIONS = {
    "1": "Introduction",
    "2.1": "Fundamental limits",
    "2.2": "Limits that come from data",
    "2.3": "Evaluation and rewards",
    "2.4": "Creativity and factuality",
    "3.1": "Effective context",
    "3.2": "Training positions",
    "3.3": "Position encodings",
    "3.4": "Attention over many keys",
    "4.1": "Likelihood and inference",
    "4.2": "Why reasoning fails",
    "4.3": "A unified objective",
    "4.4": "Practical patterns",
    "5": "What retrieval computes",
    "5.1": "Budget, ranking, poisoning",
    "5.2": "Distraction, conflict, intent",
    "6.1": "Alignment of modalities",
    "6.2": "Instruction tuning",
    "6.3": "Grounding",
    "6.4": "Scaling",
    "7": "Evaluation at scale",
    "8": "Directions",
    "9": "Conclusion",
}
CHAPTERS = {
    "1": "Introduction",
    "2": "Hallucination",
    "3": "Context",
    "4": "Reasoning",
    "5": "Retrieval",
    "6": "Multimodality",
    "7": "Evaluation",
    "8": "Directions",
    "9": "Conclusion",
}
MEANINGS = {
    "holds": "true as stated",
    "repaired": "true, once repaired",
    "needs hypothesis": "true with one more",
    "fails": "false as stated",
    "assumption": "a definition or a model",
    "empirical": "a measurement",
}
# The counts that the package carries, for cells that run where the book is not: written by `make notebooks`
COUNTS = Path("src", "llmlimits", "verdicts.json")


# ---- Rows --------------------------------------------------------------------------------------------------


def read(text: str) -> tuple[list[dict], list[tuple[int, str]]]:
    """The rows of a ledger, each with the `line` it begins on, and what is wrong with them: (line, problem).

    Missing fields of a row are filled in, so that a page with a faulty row can still be written.
    """
    loader = yaml.SafeLoader(text)
    root = loader.get_single_node()
    rows, problems = [], []
    for item in root.value if isinstance(root, yaml.SequenceNode) else []:
        line = item.start_mark.line + 1
        if not isinstance(item, yaml.MappingNode):
            problems.append((line, "is not a row: expected `- id: ...` with further fields below"))
            continue
        row = loader.construct_object(item, deep=True)
        keys = [key.value for key, _ in item.value]
        problems += [(line, f"{key!r} is given twice") for key, n in Counter(keys).items() if n > 1]
        problems += [(line, problem) for problem in row_problems(row)]
        complete = {key: str(row.get(key) or "") for key in TEXTS}
        complete |= {
            key: list(map(str, row.get(key) or [])) for key in LISTS if isinstance(row.get(key), list | None)
        }
        rows.append({key: [] for key in LISTS} | complete | {"line": line})
    if not isinstance(root, yaml.SequenceNode):
        problems.append((1, "the ledger is not a list of rows"))
    ids = Counter(row["id"] for row in rows)
    problems += [(row["line"], f"the id {row['id']!r} is not unique") for row in rows if ids[row["id"]] > 1]
    return rows, problems


def row_problems(row: dict) -> list[str]:
    """What is wrong with one row as such, labels aside."""
    name = f"row {row.get('id')!r}:"
    found = [f"{name} {key!r} is missing" for key in REQUIRED if not row.get(key)]
    found += [f"{name} unknown field {key!r}" for key in row if key not in REQUIRED + OPTIONAL]
    for key in TEXTS:
        if row.get(key) is not None and not isinstance(row[key], str):
            found.append(f"{name} {key!r} must be text (put it in quotes), got {row[key]!r}")
    for key in LISTS:
        if key in row and not (
            isinstance(row[key], list) and row[key] and all(isinstance(x, str) for x in row[key])
        ):
            found.append(f"{name} {key!r} must be a list of one or more words, got {row[key]!r}")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", str(row.get("id"))):
        found.append(f"{name} an id has lower-case letters and digits joined by hyphens")
    if row.get("verdict") and row["verdict"] not in VERDICTS:
        found.append(f"{name} no verdict is called {row['verdict']!r}; choose from {', '.join(VERDICTS)}")
    found += [
        f"{name} {key!r} is missing: a claim that fails needs the smallest counterexample and what still holds"
        for key in ERRATUM if row.get("verdict") == "fails" and not row.get(key)
    ]  # fmt: skip
    found += [
        f"{name} {key!r} belongs to the verdicts {', '.join(AMENDED)}"
        for key in ERRATUM if row.get(key) and row.get("verdict") not in AMENDED
    ]  # fmt: skip
    if row.get("origin", "literature") != "literature":
        found.append(f"{name} the only origin other than the paper is 'literature', got {row['origin']!r}")
    if row.get("section") and row["section"] not in SECTIONS:
        found.append(f"{name} no section {row['section']!r} of the paper in {', '.join(SECTIONS)}")
    if row.get("status"):
        if row["status"] != "planned":
            found.append(f"{name} the only status is 'planned', got {row['status']!r}")
        if row.get("labels"):
            found.append(f"{name} has labels and is 'planned': drop the status of a row that a page treats")
    else:
        if not row.get("labels"):
            found.append(f"{name} 'labels' is missing: the first label is where the badge leads")
        computed = row.get("verdict") not in ("assumption", "empirical") or not row.get("note")
        found += [
            f"{name} {key!r} is missing (a row without it is an assumption or empirical, and its note says why)"
            for key in ("witness", "tests") if computed and not row.get(key)
        ]  # fmt: skip
    return found


@lru_cache(maxsize=4)
def _read_version(path: Path, changed: int) -> tuple[list[dict], list[tuple[int, str]]]:
    return read(path.read_text(encoding="utf-8"))


def load(env: BuildEnvironment) -> tuple[list[dict], list[tuple[int, str]]]:
    """`read` of the book's ledger, once per version of the file."""
    path = claims_path(env)
    return _read_version(path, path.stat().st_mtime_ns)


def claims_path(env: BuildEnvironment) -> Path:
    return Path(env.srcdir) / "book" / "claims.yml"


def rows_of(env: BuildEnvironment) -> dict[str, dict]:
    """The rows by id; the page being read is read again when the ledger changes."""
    env.note_dependency(str(claims_path(env)))
    return {row["id"]: row for row in load(env)[0]}


def note(env: BuildEnvironment, rows: list[dict]) -> None:
    """Remember that the page being read shows these rows."""
    env.metadata[env.docname].setdefault("claims", set()).update(row["id"] for row in rows)


def anchor(row: dict) -> str:
    return f"claim-{row['id']}"


def erratum(row: dict) -> str:
    """Where the page of errata speaks of a row."""
    return f"erratum-{row['id']}"


def amends(row: dict) -> bool:
    """Whether the row says something against the paper (and not against the literature at large)."""
    return row["verdict"] in AMENDED and row["origin"] != "literature"


def slug(verdict: str) -> str:
    return verdict.replace(" ", "-")


# ---- What stands on the pages ------------------------------------------------------------------------------


class row_link(nodes.General, nodes.Inline, nodes.Element):
    """Becomes a link to the row `claim` when all pages are known."""


class treatment_link(nodes.General, nodes.Inline, nodes.Element):
    """Becomes a link to the place `label` of the book, named as cross-references name it."""


class erratum_link(nodes.General, nodes.Inline, nodes.Element):
    """Becomes a link to the erratum of the row `claim`, or nothing in a book without that page."""


class witness_link(nodes.General, nodes.Inline, nodes.Element):
    """Becomes a link to the function `name` in the reference of the package, if the book has one."""


def badge(row: dict, *, linked: bool = True) -> nodes.Element:
    """The verdict as a badge, linked to the row unless it stands in it."""
    word = nodes.inline("", row["verdict"], classes=["verdict", f"verdict-{slug(row['verdict'])}"])
    return row_link("", word, claim=row["id"], where=row["where"]) if linked else word


def badges(env: BuildEnvironment, row: dict) -> list[nodes.Node]:
    """The verdict and, if Coq has checked what the book proves about the claim, a badge that says so."""
    checked = [machine_checked.badge(env, row["proof"])] if row["proof"] else []
    return [part for mark in (badge(row), *checked) for part in (nodes.Text(" "), mark)]


class Verdict(SphinxRole):
    def run(self):
        row = rows_of(self.env).get(self.text)
        if row is None:
            logger.warning("no claim %r in the ledger", self.text, location=self.get_location())
            return [nodes.literal("", self.text)], []
        note(self.env, [row])
        return [badge(row)], []


class Row(SphinxRole):
    """The id of a claim, linked to its row."""

    def run(self):
        row = rows_of(self.env).get(self.text)
        if row is None:
            logger.warning("no claim %r in the ledger", self.text, location=self.get_location())
            return [nodes.literal("", self.text)], []
        return [row_link("", nodes.literal("", self.text), claim=row["id"], where=row["where"])], []


class FromLedger(SphinxDirective):
    """What the directives share."""

    def find(self, text: str) -> list[dict]:
        """The rows of the ids in `text`; an unknown one is a warning."""
        rows, found = rows_of(self.env), []
        for name in re.split(r"[,\s]+", text.strip()):
            if name in rows:
                found.append(rows[name])
            else:
                logger.warning("no claim %r in the ledger", name, location=self.get_location())
        return found

    def inline(self, text: str) -> list[nodes.Node]:
        return self.state.inline_text(text, self.lineno)[0]

    def paragraph(self, *parts: str | nodes.Node, classes: tuple[str, ...] = ()) -> nodes.paragraph:
        """A paragraph of nodes and of Markdown texts."""
        paragraph = nodes.paragraph(classes=list(classes))
        for part in parts:
            paragraph += self.inline(part) if isinstance(part, str) else part
        return paragraph

    def led(self, lead: str, text: str, name: str) -> nodes.paragraph:
        """A paragraph that begins with a word in bold face."""
        return self.paragraph(nodes.strong("", lead), nodes.Text(" "), text, classes=(name,))

    def why(self, row: dict) -> nodes.paragraph:
        return self.led("Why:", row["why"], "claim-why")

    def table(self, columns: dict[str, int], rows: list[tuple[list, dict]], name: str) -> nodes.table:
        """A table: heads with their widths, and (cells, attributes) of each row; narrow screens stack it.

        Each cell is a list of paragraphs and has the class `cell-<head>`.
        """
        table = nodes.table(classes=["claims", name, "colwidths-given"])
        group = nodes.tgroup(cols=len(columns))
        table += group
        group += [nodes.colspec(colwidth=width) for width in columns.values()]
        group[0]["stub"] = 1
        head, body = nodes.thead(), nodes.tbody()
        group += [head, body]
        head += nodes.row("", *(nodes.entry("", nodes.paragraph("", title)) for title in columns))
        for cells, attributes in rows:
            body += nodes.row("", **attributes)
            for title, cell in zip(columns, cells, strict=True):
                body[-1] += nodes.entry("", *cell, classes=[f"cell-{title.split()[0].lower()}"])
        return table


class Claim(FromLedger):
    """A box with one claim of the paper, or with several that belong together."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        rows = self.find(self.arguments[0])
        if not rows:
            return []
        note(self.env, rows)
        box = nodes.admonition(classes=["claim"])
        self.set_source_info(box)
        title = nodes.title("", "The paper, ")
        box += title
        for number, row in enumerate(rows):
            if number:
                title += nodes.Text("; " if len(rows) > 2 else " and ")
            title += self.inline(row["where"])
            if len(rows) == 1:
                title += badges(self.env, row)
                box += self.paragraph(row["claim"], classes=("claim-text",))
            else:
                place = nodes.strong("", "", *self.inline(row["where"]))
                box += self.paragraph(
                    place, *badges(self.env, row), nodes.Text(" "), row["claim"], classes=("claim-text",)
                )
            box += self.why(row)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Claims(FromLedger):
    """A table of some rows."""

    option_spec = dict.fromkeys(("ids", "chapter", "page"), directives.unchanged)

    def run(self) -> list[nodes.Node]:
        if len(self.options) != 1:
            logger.warning("give {claims} one of ids, chapter and page", location=self.get_location())
            return []
        (option, value), *_ = self.options.items()
        if option == "page":
            value = value or self.env.docname
        if option == "ids":
            rows = self.find(value)
        else:
            part = (lambda row: row["page"]) if option == "page" else chapter
            rows = [row for row in rows_of(self.env).values() if part(row) == value]
            if not rows:
                logger.warning("no claim of %s %r in the ledger", option, value, location=self.get_location())
        if not rows:
            return []
        note(self.env, rows)
        if option == "chapter":
            self.env.metadata[self.env.docname]["treatments"] = True
        lines = []
        for row in rows:
            where = [self.paragraph(row["where"])]
            if option == "chapter":
                where.append(treatment(row, "see "))
            cells = [[self.paragraph(part)] for part in (row["claim"], badge(row), row["why"])]
            lines.append(([where, *cells], {}))
        return [self.table({"Where": 19, "Claim": 31, "Verdict": 15, "Why": 35}, lines, "claims-some")]


def chapter(row: dict) -> str:
    """The section of the paper, without its subsection."""
    return row["section"].split(".")[0]


def verdict_counts(rows: list[dict]) -> dict[str, dict[str, int]]:
    """How many rows of each chapter of the paper have each verdict: chapter -> verdict -> number, zeros included.

    Chapters come in the order of the ledger, verdicts in that of `VERDICTS`.
    """
    counts = {number: dict.fromkeys(VERDICTS, 0) for number in dict.fromkeys(map(chapter, rows))}
    for row in rows:
        counts[chapter(row)][row["verdict"]] += 1
    return counts


def counts_text(rows: list[dict]) -> str:
    """What the file of the package that carries the counts must hold."""
    lines = [
        f"  {json.dumps(number)}: {json.dumps(counts)}" for number, counts in verdict_counts(rows).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def treatment(row: dict, lead: str = "") -> nodes.paragraph:
    """Where the book treats a claim."""
    place = nodes.paragraph(classes=["treatment"])
    if row["labels"]:
        place += [nodes.Text(lead), treatment_link("", label=row["labels"][0])]
    else:
        place += nodes.Text("not yet written")
    return place


class Ledger(FromLedger):
    """The page of the ledger."""

    def run(self) -> list[nodes.Node]:
        if self.env.docname != PAGE:
            logger.warning(
                "{ledger} belongs to the page %s: badges lead there", PAGE, location=self.get_location()
            )
            return []
        self.env.metadata[PAGE].update({"treatments": True, "ledger": True})
        rows = list(rows_of(self.env).values())
        found = [self.counts(rows), nodes.raw("", filter_form(rows), format="html")]
        for number, title in SECTIONS.items():
            if own := [row for row in rows if row["section"] == number]:
                found.append(self.section(number, title, own))
        return found

    def counts(self, rows: list[dict]) -> nodes.table:
        """How many rows have each verdict, and how many of them a page of the book treats already."""
        columns = {"Verdict": 40, "Claims": 20, "Treated": 20, "Planned": 20}
        lines = []
        for verdict in (*VERDICTS, None):
            own = [row for row in rows if verdict in (None, row["verdict"])]
            planned = sum(row["status"] == "planned" for row in own)
            name = badge({"verdict": verdict}, linked=False) if verdict else nodes.strong("", "all")
            counts = [nodes.paragraph("", str(n)) for n in (len(own), len(own) - planned, planned)]
            lines.append(([[nodes.paragraph("", "", name)], *([count] for count in counts)], {}))
        table = self.table(columns, lines, "ledger-counts")
        table["classes"].remove("claims")
        return table

    def section(self, number: str, title: str, rows: list[dict]) -> nodes.section:
        heading = f"Section {number}: {title}"
        section = nodes.section("", nodes.title("", heading), ids=[f"section-{number.replace('.', '-')}"])
        section["classes"].append("ledger-section")
        columns = {"Where": 21, "Verdict": 15, "Claim and reason": 64}
        section += self.table(columns, [self.line(row) for row in rows], "ledger-rows")
        return section

    def line(self, row: dict) -> tuple[list, dict]:
        where = [self.paragraph(row["where"]), treatment(row, "see ")]
        if amends(row):
            where.append(nodes.paragraph("", "", erratum_link("", claim=row["id"]), classes=["treatment"]))
        verdict = [self.paragraph(badge(row, linked=False))]
        claim = [self.paragraph(row["claim"], classes=("claim-text",)), self.why(row)]
        if row["note"]:
            claim.append(self.paragraph(nodes.emphasis("", "Note:"), nodes.Text(" "), row["note"]))
        for kind, lead in (("witness", "Witness: "), ("tests", "Test: ")):
            if row[kind]:
                names = [
                    (name, nodes.literal("", name.removeprefix("llmlimits.").rpartition("::")[2]))
                    for name in row[kind]
                ]
                links = [
                    code if kind == "tests" else witness_link("", code, name=name) for name, code in names
                ]
                code = [part for link in links for part in (link, nodes.Text(", "))]
                claim.append(self.paragraph(nodes.Text(lead), *code[:-1], classes=("evidence",)))
        if row["proof"]:
            links = [
                machine_checked.proof_link("", nodes.literal("", name), name=name) for name in row["proof"]
            ]
            parts = [part for link in links for part in (link, nodes.Text(", "))]
            claim.append(self.paragraph(nodes.Text("Machine-checked: "), *parts[:-1], classes=("evidence",)))
        if row["literature"]:
            keys = ",".join(row["literature"])
            claim.append(
                self.paragraph(nodes.Text("Literature: "), f"{{cite:t}}`{keys}`", classes=("evidence",))
            )
        status = row["status"] or "treated"
        classes = [f"is-{slug(row['verdict'])}", f"is-chapter-{chapter(row)}", f"is-{status}"]
        classes += ["is-machine-checked"] * bool(row["proof"])
        return [where, verdict, claim], {"ids": [anchor(row)], "classes": classes}


class Errata(FromLedger):
    """The errata to the paper: a box for each claim that fails, needs a hypothesis or had to be repaired."""

    LEADS: ClassVar = {"fails": "Counterexample.", "needs hypothesis": "The gap.", "repaired": "The repair."}

    def run(self) -> list[nodes.Node]:
        if self.env.docname != ERRATA:
            logger.warning(
                "{errata} belongs to the page %s: the ledger leads there",
                ERRATA,
                location=self.get_location(),
            )
            return []
        self.env.metadata[ERRATA].update({"treatments": True, "errata": True})
        rows = [row for row in rows_of(self.env).values() if row["origin"] != "literature"]
        found = [self.summary(rows)]
        for number, title in SECTIONS.items():
            if own := [row for row in rows if row["section"] == number and amends(row)]:
                section = nodes.section("", ids=[f"errata-section-{number.replace('.', '-')}"])
                section += [nodes.title("", f"Section {number}: {title}"), *map(self.box, own)]
                found.append(section)
        return found

    def summary(self, rows: list[dict]) -> nodes.paragraph:
        counts = Counter(row["verdict"] for row in rows)
        numbers = [f"{counts[verdict]} that {text}" for verdict, text in (
            ("fails", "fail"), ("needs hypothesis", "need a hypothesis"), ("repaired", "were repaired"))]  # fmt: skip
        total = sum(map(amends, rows))
        text = f"Of the {len(rows)} claims of the paper in the ledger, {total} have an entry here: "
        return self.paragraph(
            f"{text}{numbers[0]}, {numbers[1]} and {numbers[2]}.", classes=("errata-counts",)
        )

    def box(self, row: dict) -> nodes.admonition:
        name = erratum(row)
        box = nodes.admonition(classes=["erratum", f"is-{slug(row['verdict'])}"], ids=[name])
        self.set_source_info(box)
        box += nodes.title("", "", *self.inline(row["where"]), *badges(self.env, row))
        domain = self.env.get_domain("std")
        domain.anonlabels[name] = self.env.docname, name
        domain.labels[name] = self.env.docname, name, f"Erratum: {row['where']}"
        box += self.led("What it says.", row["claim"], "erratum-claim")
        box += self.led(self.LEADS[row["verdict"]], row["counterexample"] or row["why"], "erratum-gap")
        if row["holds"]:
            box += self.led("What still holds.", row["holds"], "erratum-holds")
        links = treatment(row, "In this book: ")
        links["classes"] = ["erratum-links"]
        links += [
            nodes.Text(" · "),
            row_link("", nodes.inline("", "ledger"), claim=row["id"], where=row["where"]),
        ]
        links += [
            nodes.Text(" · "),
            nodes.reference("", "", nodes.literal("", name), refid=name, internal=True),
        ]
        box += links
        return box


class LedgerCounts(FromLedger):
    """How many claims have which verdict, by chapter; the package must carry the same numbers."""

    def run(self) -> list[nodes.Node]:
        rows = list(rows_of(self.env).values())
        path = Path(self.env.srcdir) / COUNTS
        self.env.note_dependency(str(path))
        if not path.is_file() or path.read_text(encoding="utf-8") != counts_text(rows):
            logger.warning(
                "%s does not hold the counts of the ledger: run `make notebooks`", COUNTS.as_posix(),
                location=self.get_location(),
            )  # fmt: skip
        counts = verdict_counts(rows)
        columns = {"Verdict": 28} | dict.fromkeys(counts, 8) | {"all": 8}
        lines = []
        for verdict in (*VERDICTS, None):
            name = badge({"verdict": verdict}, linked=False) if verdict else nodes.strong("", "all")
            own = [sum(n for key, n in part.items() if verdict in (None, key)) for part in counts.values()]
            cells = [[nodes.paragraph("", str(n))] for n in (*own, sum(own))]
            lines.append(([[nodes.paragraph("", "", name)], *cells], {}))
        table = self.table(columns, lines, "ledger-counts")
        table["classes"].remove("claims")
        return [table]


class mosaic_picture(nodes.General, nodes.Element):
    """Becomes the squares when all pages are known; other builders than HTML write what it says in words."""


class Mosaic(FromLedger):
    """The picture of the ledger: a row of squares for each chapter, ordered by verdict; the content is the caption."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        rows = list(rows_of(self.env).values())
        total = Counter(row["verdict"] for row in rows)
        words = "; ".join(
            f"{CHAPTERS[number]}: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)
            for number, counts in verdict_counts(rows).items()
        )
        text = f"One square for each of {len(rows)} claims, chapter by chapter. {words}."
        picture = mosaic_picture("", nodes.paragraph("", text), rows=rows)
        caption = nodes.container(classes=["mosaic-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        legend = nodes.bullet_list(classes=["mosaic-legend"])
        for verdict in VERDICTS:
            parts = nodes.Text(f" {total[verdict]}: "), nodes.Text(MEANINGS[verdict])
            legend += nodes.list_item("", self.paragraph(badge({"verdict": verdict}, linked=False), *parts))
        return [picture, legend, caption]


def mosaic_html(rows: list[dict], ledger_page: str, words: str) -> str:
    """The squares as links; assistive technology and the tab key get the words instead of 200 links."""
    lines = []
    for number, title in CHAPTERS.items():
        own = [row for row in rows if chapter(row) == number]
        own.sort(key=lambda row: VERDICTS.index(row["verdict"]))
        squares = "".join(
            f'<a class="verdict-{slug(row["verdict"])}" href="{ledger_page}#{anchor(row)}" tabindex="-1" '
            f'title="{escape(plain(row["where"]))}: {row["verdict"]}"></a>'
            for row in own
        )
        if own:
            lines.append(f'<div><span>{number} {title}</span><span class="squares">{squares}</span></div>')
    return (
        f'<figure class="mosaic"><p class="mosaic-words">{escape(words)}</p>'
        f'<div class="mosaic-rows" aria-hidden="true">{"".join(lines)}</div></figure>'
    )


def plain(text: str) -> str:
    """Markdown without its marks, for a title."""
    return re.sub(r"[$`*\\]", "", text)


def filter_form(rows: list[dict]) -> str:
    """The filters of the page; `ledger.js` shows them, so that no dead control stands on a page without script."""
    chapters = dict.fromkeys(map(chapter, rows))
    selects = {
        "Verdict": {slug(verdict): verdict for verdict in VERDICTS},
        "Chapter": {f"chapter-{number}": number for number in chapters},
        "Status": {"treated": "treated", "planned": "planned", "machine-checked": "machine-checked"},
    }
    fields = []
    for label, options in selects.items():
        name = f"ledger-{label.lower()}"
        choices = "".join(
            f'<option value="is-{key}">{escape(text)}</option>' for key, text in options.items()
        )
        fields.append(
            f'<label for="{name}">{label}</label><select id="{name}"><option value="">all</option>{choices}</select>'
        )
    fields.append(
        '<label for="ledger-text">Text</label><input type="search" id="ledger-text" autocomplete="off">'
    )
    inner = "\n".join(f"<div>{field}</div>" for field in fields)
    return (
        '<form id="ledger-filter" class="ledger-filter" role="search" aria-label="Filter the claims" hidden>\n'
        f'{inner}\n<div><button type="reset">Show all</button></div>\n<p role="status" id="ledger-count"></p>\n</form>'
    )


# ---- Links -------------------------------------------------------------------------------------------------


def place_of(env: BuildEnvironment, label: str) -> tuple[str, str, str, object] | None:
    """Where a label stands: (page, domain and role that refer to it, its number or title); None if nowhere."""
    standard = env.get_domain("std")
    ids = {label}
    if label in getattr(env, "proof_list", {}):
        docname, domain, role = env.proof_list[label]["docname"], "prf", "ref"
    elif label in getattr(env, "sphinx_exercise_registry", {}):
        docname, domain, role = env.sphinx_exercise_registry[label]["docname"], "std", "ref"
    elif label in env.get_domain("math").equations:
        docname, domain, role = env.get_domain("math").equations[label][0], "math", "eq"
        ids = {nodes.make_id(f"equation-{label}")}
    elif label in standard.anonlabels:
        docname, labelid = standard.anonlabels[label]
        ids, domain, role = {labelid}, "std", "ref"
    else:
        return None
    counted = env.toc_fignumbers.get(docname, {}).values()
    number = next((numbers[name] for numbers in counted for name in ids if name in numbers), None)
    if number and (domain, role) == ("std", "ref"):
        role = "numref"
    return docname, domain, role, number or standard.labels.get(label, ("", "", ""))[2]


class ResolveLedgerLinks(SphinxPostTransform):
    """Turns the ledger's own nodes into ordinary references, before cross-references are resolved."""

    default_priority = 3

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(row_link)):
            target, title = f"claim-{node['claim']}", f"Ledger: {node['where']}".replace("$", "")
            node.replace_self(
                make_refnode(self.app.builder, self.env.docname, PAGE, target, node.children, title)
                if PAGE in self.env.all_docs else node.children
            )  # fmt: skip
        functions = self.env.get_domain("py").objects
        for node in list(self.document.findall(witness_link)):
            place = functions.get(node["name"])
            node.replace_self(
                make_refnode(self.app.builder, self.env.docname, place.docname, place.node_id, node.children)
                if place else node.children
            )  # fmt: skip
        for node in list(self.document.findall(erratum_link)):
            target = erratum({"id": node["claim"]})
            link = nodes.inline("", "erratum")
            node.replace_self(
                make_refnode(self.app.builder, self.env.docname, ERRATA, target, [link])
                if self.env.metadata[ERRATA].get("errata") else []
            )  # fmt: skip
        for node in list(self.document.findall(mosaic_picture)):
            if self.app.builder.format == "html" and PAGE in self.env.all_docs:
                address = self.app.builder.get_relative_uri(self.env.docname, PAGE)
                picture = mosaic_html(node["rows"], address, node.astext())
                node.replace_self(nodes.raw("", picture, format="html"))
            else:
                node.replace_self(node.children)
        for node in list(self.document.findall(treatment_link)):
            label = node["label"]
            place = place_of(self.env, label)
            if place is None:  # already reported
                node.replace_self(nodes.literal("", label))
                continue
            _, domain, role, _ = place
            link = addnodes.pending_xref(
                "", nodes.inline("", label), refdomain=domain, reftype=role, reftarget=label, refdoc=self.env.docname,
                refexplicit=False, refwarn=True,
            )  # fmt: skip
            node.replace_self([nodes.Text("Equation "), link] if role == "eq" else link)


def review(app, env: BuildEnvironment) -> list[str]:
    """Check rows and labels against each other; the pages to write again because a treatment has moved."""
    rows, problems = load(env)
    problems = list(problems)
    places = {label: place_of(env, label) for row in rows for label in row["labels"]}
    for row in rows:
        if not row["status"] and row["page"] not in env.all_docs:
            problems.append((row["line"], f"row {row['id']!r}: the book has no page {row['page']!r}"))
        elif not row["status"] and row["id"] not in env.metadata[row["page"]].get("claims", ()):
            problems.append((row["line"], f"row {row['id']!r}: its page {row['page']} does not show it"))
        for name in machine_checked.unknown(env, row["proof"]):
            problems.append((row["line"], f"row {row['id']!r}: proofs/ has no theorem {name!r}"))
        for position, label in enumerate(row["labels"]):
            if places[label] is None:
                problems.append((row["line"], f"row {row['id']!r}: the book has no label {label!r}"))
            elif position == 0 and places[label][0] != row["page"]:
                problems.append(
                    (row["line"], f"row {row['id']!r}: the label {label!r} is on {places[label][0]}")
                )
    for line, problem in problems:
        logger.warning("ledger: %s", problem, location=f"{claims_path(env)}:{line}")
    for label, box in getattr(env, "proof_list", {}).items():
        kind = box["realtype"]
        if kind not in THEOREMS or label.startswith(EXEMPT) or label in places:
            continue
        if re.fullmatch(rf"{kind}-\d+", label):
            logger.warning("ledger: a %s has no label", kind, location=(box["docname"], None))
        else:
            logger.warning("ledger: no row names the %s %r", kind, label, location=(box["docname"], None))
    if not env.metadata[PAGE].get("ledger") and any("claims" in data for data in env.metadata.values()):
        logger.warning("ledger: badges lead to %s, which has no {ledger} directive", PAGE)
    moved = places != getattr(env, "ledger_places", None)
    env.ledger_places = places
    return [name for name, data in env.metadata.items() if data.get("treatments")] if moved else []


def add_script(app, pagename, templatename, context, doctree) -> None:
    """The filters' script, on the page that has them."""
    if app.env.metadata.get(pagename, {}).get("ledger"):
        app.add_js_file("ledger.js", defer="defer")


def setup(app):
    app.add_role("verdict", Verdict())
    app.add_role("row", Row())
    directives_by_name = {
        "claim": Claim,
        "claims": Claims,
        "ledger": Ledger,
        "errata": Errata,
        "ledger-counts": LedgerCounts,
        "mosaic": Mosaic,
    }
    for name, directive in directives_by_name.items():
        app.add_directive(name, directive)
    app.add_post_transform(ResolveLedgerLinks)
    app.connect("env-get-updated", review, priority=900)  # after the numbers have been given
    app.connect("html-page-context", add_script)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":  # `make notebooks`
    root = Path(__file__).resolve().parents[2]
    (root / COUNTS).write_text(
        counts_text(read((root / "book" / "claims.yml").read_text(encoding="utf-8"))[0]), encoding="utf-8"
    )
