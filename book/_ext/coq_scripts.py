"""Reads Coq scripts as text: their theorems, the words and labels that go with them, and the steps of a proof.

No Coq is needed for this. What only Coq can say (axioms, goals, computed values) stands in `proofs/recorded.json`,
which `proofs/record.py` writes.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

KINDS = ("Theorem", "Lemma", "Corollary", "Example")
GIVEN = ("Variable", "Variables", "Hypothesis")
LABELS = re.compile(r"\(Book: (part of )?([\w-]+(?:, [\w-]+)*)\)")


class Sentence(NamedTuple):
    """A sentence of a script, with the comment that stands before it."""

    comment: str
    doc: str  # the last comment, if it is made for readers: (** ... *)
    code: str
    start: int  # offset of its first character in the script
    end: int


class Theorem(NamedTuple):
    """A statement with its proof; `labels` are the theorems of the book that it checks, or checks in `part`.

    `given` are the variables and hypotheses of the sections around it.
    """

    name: str  # Module.name
    kind: str
    words: str
    labels: tuple[str, ...]
    part: bool
    given: str
    statement: str
    script: str


class Step(NamedTuple):
    """Some sentences of a proof that belong to one idea."""

    comment: str
    code: str
    last: int  # number of its last sentence in the script


def sentences(text: str) -> list[Sentence]:
    """Cut a script into sentences; bullets and braces are sentences, as Coq reads them."""
    found, comment, start, i = [], [], None, 0
    while i < len(text):
        if text.startswith("(*", i):
            depth, begin = 0, i
            while True:
                if text.startswith("(*", i):
                    depth, i = depth + 1, i + 2
                elif text.startswith("*)", i):
                    depth, i = depth - 1, i + 2
                    if not depth:
                        break
                else:
                    i += 1
            if start is None:
                comment.append(text[begin:i])
            continue
        if start is None and not text[i].isspace():
            start = i
        if start is not None:
            bullet = re.match(r"(?:-+|\++|\*+|[{}])(?=\s)", text[start:]) if i == start else None
            end = start + bullet.end() if bullet else i + 1
            if bullet or (text[i] == "." and text[i + 1 : i + 2] in ("", " ", "\n")):
                doc = clean(comment[-1]) if comment and comment[-1].startswith("(**") else ""
                found.append(Sentence(clean("\n".join(comment)), doc, text[start:end], start, end))
                comment, start, i = [], None, end
                continue
        i += 1
    return found


def clean(comment: str) -> str:
    """The words of a comment, on one line per paragraph."""
    words = re.sub(r"\(\*+|\*+\)", "", comment)
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", words) if part.strip())


def theorems(path: Path) -> list[Theorem]:
    """The theorems of a script, lemmas and examples left out."""
    return [theorem for theorem in statements(path) if theorem.kind == "Theorem"]


def statements(path: Path) -> list[Theorem]:
    """Every statement of a script that has a proof."""
    text, found, opened = path.read_text(encoding="utf-8"), [], None
    given: list[list[str]] = []  # for each open section
    for sentence in sentences(text):
        first = sentence.code.split()[0]
        if first == "Section":
            given.append([])
        elif first == "End":
            given.pop()
        elif first in GIVEN and given:
            given[-1].append(" ".join(sentence.code.split()))
        if head := re.match(rf"({'|'.join(KINDS)})\s+(\w+)", sentence.code):
            opened = (head, sentence)
        elif opened and sentence.code in ("Qed.", "Defined."):
            (kind, name), statement = opened[0].groups(), opened[1]
            doc = statement.doc
            marks = LABELS.findall(doc)
            labels = tuple(label for _, group in marks for label in group.split(", "))
            script = text[statement.end : sentence.end]
            found.append(
                Theorem(
                    name=f"{path.stem}.{name}",
                    kind=kind,
                    words=LABELS.sub("", doc).strip(),
                    labels=labels,
                    part=any(part for part, _ in marks),
                    given="\n".join(line for section in given for line in section),
                    statement=dedent(text, statement.start, statement.code),
                    script=dedent(text, statement.start, script.strip("\n")),
                )
            )
            opened = None
    return found


def dedent(text: str, start: int, part: str) -> str:
    """Take away the indentation of the line on which the statement begins."""
    margin = start - (text.rfind("\n", 0, start) + 1)
    return re.sub(rf"(?m)^ {{0,{margin}}}", "", part) if margin else part


def steps(text: str, name: str) -> list[Step]:
    """The proof of `name` (without its module) as steps: each comment begins one, a bullet belongs to what follows."""
    found: list[Step] = []
    inside, bullets = False, ""
    for number, sentence in enumerate(sentences(text)):
        if re.match(rf"(?:{'|'.join(KINDS)})\s+{name}\b", sentence.code):
            inside = True
        elif inside and sentence.code in ("Qed.", "Defined."):
            break
        elif inside and sentence.code != "Proof.":
            if re.fullmatch(r"[-+*{]+", sentence.code):
                bullets += sentence.code + " "
                if sentence.comment:
                    found.append(Step(sentence.comment, "", number))
                continue
            code = bullets + dedent(text, sentence.start, sentence.code)
            if sentence.comment or not found:
                found.append(Step(sentence.comment, code, number))
            else:
                last = found[-1]
                found[-1] = Step(last.comment, f"{last.code}\n{code}".strip("\n"), number)
            bullets = ""
    return found


def development(folder: Path) -> dict[str, Theorem]:
    """All theorems of the scripts in a folder by name, in the order of the folder's Makefile."""
    order = (folder / "Makefile").read_text(encoding="utf-8") if (folder / "Makefile").exists() else ""
    listed = re.search(r"^SCRIPTS := ((?:.*\\\n)*.*)$", order, re.M)
    names = (
        listed[1].replace("\\", " ").split() if listed else sorted(path.stem for path in folder.glob("*.v"))
    )
    return {theorem.name: theorem for name in names for theorem in theorems(folder / f"{name}.v")}


def fingerprint(folder: Path) -> dict[str, str]:
    """A hash of each script, by which a record that is out of date is known."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sorted(folder.glob("*.v"))
    }
