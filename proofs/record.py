"""Writes down what only Coq can say: the axioms of every theorem, the goals after each step of some proofs, values.

    make record        (in the folder above: compiles the proofs and runs this)

The result, `recorded.json`, is committed: the book is built from it and needs no Coq. A test compares it with a
fresh run where Coq is installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "book" / "_ext"))
import coq_scripts  # noqa: E402

RECORD = HERE / "recorded.json"
STEPPED = (
    "Diagonal.every_state_errs",
    "Counting.complex_truth_one_error",
    "Consistency.implication_is_not_pairwise",
)
MARK = "tt\n     : unit"


def coqtop(commands: list[str], folder: Path = HERE) -> list[str]:
    """What Coq answers to each command."""
    script = "Set Printing Width 68.\n" + "".join(f"{command}\nCheck tt.\n" for command in commands)
    run = subprocess.run(
        ["coqtop", "-q", "-w", "none", "-Q", ".", "Limits"],
        input=script, cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = [part.strip("\n") for part in run.stdout.split(MARK)]
    if "Error" in run.stderr or len(answers) != len(commands) + 1:
        raise RuntimeError(f"Coq: {run.stderr[-2000:]}")
    return answers[:-1]


def version() -> str:
    """The version of Coq, as major.minor."""
    answer = subprocess.run(["coqc", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (\d+\.\d+)", answer)[1]


def axioms(names: list[str], folder: Path = HERE) -> dict[str, list[str]]:
    """The axioms on which each theorem rests."""
    load = loading(names)
    answers = coqtop([*load, *(f"Print Assumptions {name}." for name in names)], folder)[len(load) :]
    return dict(zip(names, map(uses, answers), strict=True))


def common_axioms(groups: list[list[str]], folder: Path = HERE) -> list[list[str]]:
    """The axioms on which the theorems of each group rest together; much faster."""
    load = loading([name for names in groups for name in names])
    asked = []
    for number, names in enumerate(groups):
        asked += [f"Definition all{number} := ({', '.join(names)}).", f"Print Assumptions all{number}."]
    return [uses(answer) for answer in coqtop([*load, *asked], folder)[len(load) + 1 :: 2]]


def loading(names: list[str]) -> list[str]:
    return [
        f"From Limits Require {module}." for module in dict.fromkeys(name.partition(".")[0] for name in names)
    ]


def uses(answer: str) -> list[str]:
    """The axioms that Coq lists."""
    if "Closed under the global context" in answer:
        return []
    return re.findall(r"^(?!Axioms:)([\w.]+)\s*:", answer, re.M)


def missing(names: list[str], folder: Path = HERE) -> list[str]:
    """The names that are no theorem of the compiled development."""
    found = []
    for name in names:
        try:
            coqtop([f"From Limits Require {name.partition('.')[0]}.", f"Check {name}."], folder)
        except RuntimeError:
            found.append(name)
    return found


def block(text: str) -> str:
    """Lines without their common margin."""
    return textwrap.dedent(text.strip("\n")).strip()


def state(answer: str) -> dict:
    """What Coq shows after a step: hypotheses and goal in focus, and the goals that wait."""
    if "====" not in answer:
        waiting = re.split(r"^goal \d+ is:$", answer, flags=re.M)[1:]
        return {"known": [], "goal": None, "waiting": list(map(block, waiting))}
    before, _, after = re.sub(r"^\d+ goals?.*$", "", answer, count=1, flags=re.M).partition("====")
    first, *waiting = re.split(r"^goal \d+ is:$", after.lstrip("="), flags=re.M)
    known: list[str] = []
    for line in before.splitlines():
        if re.match(r"  \S", line):
            known.append(line.strip())
        elif line.strip():
            known[-1] += "\n" + line[2:]
    return {"known": known, "goal": block(first), "waiting": list(map(block, waiting))}


def goals(name: str, folder: Path = HERE) -> dict:
    """The context of a theorem, and comment, code and state for every step of its proof."""
    module, _, theorem = name.partition(".")
    text = (folder / f"{module}.v").read_text(encoding="utf-8")
    script = coq_scripts.sentences(text)
    parts = coq_scripts.steps(text, theorem)
    answers = coqtop([sentence.code for sentence in script[: parts[-1].last + 1]], folder)
    begin = next(k for k, s in enumerate(script) if re.match(rf"Theorem\s+{theorem}\b", s.code))
    first = state(answers[begin])
    return {
        "given": first["known"],
        "goal": first["goal"],
        "steps": [
            {"comment": part.comment, "code": part.code} | without(state(answers[part.last]), first["known"])
            for part in parts
        ],
    }


def without(shown: dict, given: list[str]) -> dict:
    return shown | {"known": [line for line in shown["known"] if line not in given]}


def vectors(folder: Path = HERE) -> dict:
    """The values of the definitions of `Vectors.v` as lists of numbers, true and false as 1 and 0."""
    text = (folder / "Vectors.v").read_text(encoding="utf-8")
    names = re.findall(r"^Definition (\w+) :=", text, re.M)
    head = [
        "From Coq Require Import List ZArith.",
        "Import ListNotations.",
        "From Limits Require Import Vectors.",
    ]
    answers = coqtop(head + [f"Eval vm_compute in {name}." for name in names], folder)[len(head) :]
    return {name: value(answer) for name, answer in zip(names, answers, strict=True)}


def value(answer: str) -> list:
    """A list that Coq has printed."""
    shown = re.search(r"= (.*?)\n\s+: ", answer, re.S)[1]
    for old, new in ((";", ","), ("(", "["), (")", "]"), ("true", "1"), ("false", "0")):
        shown = shown.replace(old, new)
    return json.loads(re.sub(r"%\w+", "", shown))


def record(folder: Path = HERE) -> dict:
    names = list(coq_scripts.development(folder))
    return {
        "coq": version(),
        "sources": coq_scripts.fingerprint(folder),
        "axioms": axioms(names, folder),
        "goals": {name: goals(name, folder) for name in STEPPED},
        "vectors": vectors(folder),
    }


def written(recorded: dict) -> str:
    """JSON with one line for each short list."""
    text = json.dumps(recorded, indent=1, ensure_ascii=False)
    return (
        re.sub(r"\[[\s\d,\[\]-]+\]", lambda block: re.sub(r"\s+", "", block[0]).replace(",", ", "), text)
        + "\n"
    )


if __name__ == "__main__":
    RECORD.write_text(written(record()), encoding="utf-8")
