"""The machine-checked proofs: they compile, the book shows what Coq says of them, and the package computes the same.

What needs no Coq runs everywhere; where Coq is missing the rest is skipped, which is a failure on CI.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import yaml

from llmlimits import capacity, diagonal, samples
from support import ROOT, unavailable

sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "proofs")]
import record  # noqa: E402

import coq_scripts  # noqa: E402

FOLDER = ROOT / "proofs"
RECORDED = json.loads(record.RECORD.read_text(encoding="utf-8"))
THEOREMS = coq_scripts.development(FOLDER)
VALUES = RECORDED["vectors"]
REALS = {"Majority", "Averages", "Attention", "Arbitration"}
ALLOWED = {
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}


def needs_coq() -> None:
    if shutil.which("coqc") is None:
        unavailable("no Coq on this machine: the proofs are not checked again (apt-get install coq)")


def make(folder) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", "-s", "-j2", "-C", str(folder)],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
    )  # fmt: skip


@pytest.fixture(scope="module")
def compiled():
    needs_coq()
    built = make(FOLDER)
    assert built.returncode == 0, built.stdout
    return FOLDER


# ---- What Coq says -----------------------------------------------------------------------------------------


def test_recorded_axioms_and_values_are_those_of_a_fresh_run(compiled):
    real = [name for name in THEOREMS if name.partition(".")[0] in REALS]
    groups = [[name for name in THEOREMS if name not in real], real]
    recorded = [{axiom for name in names for axiom in RECORDED["axioms"][name]} for names in groups]
    assert list(map(set, record.common_axioms(groups, compiled))) == recorded
    assert record.vectors(compiled) == VALUES


def test_recorded_goals_are_those_of_a_fresh_run(compiled):
    if record.version() != RECORDED["coq"]:
        pytest.skip(
            f"goals were recorded with Coq {RECORDED['coq']}; another version may print them differently"
        )
    fresh = {name: record.goals(name, compiled) for name in record.STEPPED}
    assert json.loads(record.written(fresh)) == RECORDED["goals"]


def test_every_theorem_of_the_scripts_is_in_the_compiled_development(compiled):
    assert record.missing([*THEOREMS][-2:], compiled) == []  # of all of them the axioms are asked for above


def test_a_false_claim_does_not_compile(tmp_path):
    needs_coq()
    text = (FOLDER / "Averages.v").read_text(encoding="utf-8")
    assert text.count("mean x (S n) <= mean x n") == 1
    (tmp_path / "Averages.v").write_text(
        text.replace("mean x (S n) <= mean x n", "mean x (S n) < mean x n"), encoding="utf-8"
    )
    run = subprocess.run(
        ["coqc", "-q", "-Q", ".", "Limits", "Averages.v"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode != 0 and "Error" in run.stderr


def test_a_renamed_theorem_is_missed(tmp_path, compiled):
    for path in (*compiled.glob("Diagonal.v"), *compiled.glob("Makefile")):
        shutil.copy(path, tmp_path)
    script = tmp_path / "Diagonal.v"
    script.write_text(
        script.read_text(encoding="utf-8").replace("every_model_errs", "each_model_errs"), encoding="utf-8"
    )
    subprocess.run(["coqc", "-q", "-Q", ".", "Limits", "Diagonal.v"], cwd=tmp_path, check=True)
    names = ["Diagonal.every_model_errs", "Diagonal.each_model_errs"]
    assert record.missing(names, tmp_path) == names[:1]


# ---- What the scripts and the record say, without Coq ------------------------------------------------------


def stale(folder, recorded: dict) -> bool:
    return coq_scripts.fingerprint(folder) != recorded["sources"]


def loopholes(text: str) -> list[str]:
    """Ways to end a proof without proving anything."""
    code = " ".join(sentence.code for sentence in coq_scripts.sentences(text))
    return re.findall(
        r"\b(?:Admitted|admit|Axiom|Axioms|Parameter|Conjecture|Abort|Unset Guard Checking)\b", code
    )


def unknown_proofs(rows: list[dict], names) -> list[str]:
    """Proofs that the ledger names and the development lacks."""
    return [f"{row['id']}: {name}" for row in rows for name in row.get("proof", []) if name not in names]


def ledger_rows() -> list[dict]:
    return yaml.safe_load((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))


def test_the_record_is_up_to_date():
    assert not stale(FOLDER, RECORDED), "run `make record`"
    assert list(RECORDED["axioms"]) == list(THEOREMS)


def test_a_changed_script_makes_the_record_stale(tmp_path):
    for path in FOLDER.glob("*.v"):
        shutil.copy(path, tmp_path)
    assert not stale(tmp_path, RECORDED)
    (tmp_path / "Diagonal.v").write_text("(* changed *)\n", encoding="utf-8")
    assert stale(tmp_path, RECORDED)


def test_nothing_is_taken_for_granted():
    for path in FOLDER.glob("*.v"):
        assert loopholes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("end", ["Admitted.", "admit. Qed.", "Abort."])
def test_a_loophole_is_found(end):
    assert loopholes(f"Theorem t : 1 = 2.\nProof. {end}\n")
    assert not loopholes(f"(* {end} *) Theorem t : 1 = 1. Proof. reflexivity. Qed.\n")


def test_axioms_are_those_of_the_real_numbers():
    for name, axioms in RECORDED["axioms"].items():
        assert set(axioms) <= ALLOWED
        assert bool(axioms) == (name.partition(".")[0] in REALS)


def test_every_proof_named_in_the_ledger_exists():
    assert unknown_proofs(ledger_rows(), THEOREMS) == []


def test_a_renamed_theorem_turns_the_ledger_red():
    rows = [{"id": "thm-1", "proof": ["Diagonal.every_model_errs"]}]
    assert unknown_proofs(rows, THEOREMS) == []
    renamed = {name.replace("every_model", "each_model") for name in THEOREMS}
    assert unknown_proofs(rows, renamed) == ["thm-1: Diagonal.every_model_errs"]


def test_every_theorem_says_in_words_what_it_says():
    assert [name for name, theorem in THEOREMS.items() if not theorem.words.endswith(".")] == []


SCRIPT = """(** * Title *)
Section S.
  Variable
    m : nat.
  (** Two is two.
      (Book: part of thm-a, thm-b) *)
  Theorem two : forall n : nat,
    n = n.
  Proof.
    (* Take any. (* A comment in a comment. *) *)
    intro n. simpl.
    split.
    - (* One. *) reflexivity.
    - reflexivity.
  Qed.
End S.
Theorem three : 3 = 3. Proof. reflexivity. Qed.
"""


def test_scripts_are_read(tmp_path):
    (tmp_path / "A.v").write_text(SCRIPT, encoding="utf-8")
    found = coq_scripts.development(tmp_path)
    assert list(found) == ["A.two", "A.three"]
    two = found["A.two"]
    assert (two.words, two.labels, two.part) == ("Two is two.", ("thm-a", "thm-b"), True)
    assert (two.given, found["A.three"].given) == ("Variable m : nat.", "")
    assert two.statement == "Theorem two : forall n : nat,\n  n = n."
    assert two.script.startswith("Proof.\n  (* Take any.") and two.script.endswith("\nQed.")
    steps = [(step.comment, step.code) for step in coq_scripts.steps(SCRIPT, "two")]
    assert steps == [
        ("Take any. A comment in a comment.", "intro n.\nsimpl.\nsplit."),
        ("One.", "- reflexivity.\n- reflexivity."),
    ]


def test_goals_are_read():
    hypotheses, rule = "  y : Y\n  long : a =\n         b\n", "  ==========\n"
    shown = f"2 goals\n  \n{hypotheses}{rule}  y1 <> y0\n\ngoal 2 is:\n y0 <> y"
    assert record.state(shown) == {
        "known": ["y : Y", "long : a =\n       b"], "goal": "y1 <> y0", "waiting": ["y0 <> y"],
    }  # fmt: skip
    assert record.state("No more goals.") == {"known": [], "goal": None, "waiting": []}


# ---- The package computes what Coq computes ----------------------------------------------------------------


def family(i, k):
    return (i * i + i * k + k // 3) % 2


def many(i, k):
    return (i * k + i) % 7


def one_off(i, k):
    return int(k != i)


def test_schedules_and_truths():
    assert [list(diagonal.cantor_unpair(k)) for k in range(40)] == VALUES["pairs"]
    assert [diagonal.printed_schedule(k) for k in range(40)] == VALUES["printed_turns"]
    assert [diagonal.cantor_schedule(k) for k in range(40)] == VALUES["cantor_turns"]
    assert [diagonal.ruler_schedule(k) for k in range(80)] == VALUES["ruler_turns"]
    assert diagonal.diagonal_truth(family, 40) == VALUES["diagonal_truths"]
    assert diagonal.aimed_truth(family, 40, diagonal.ruler_schedule) == VALUES["ruler_truths"]
    assert diagonal.infinite_answers_truth(many, 40) == VALUES["open_truths"]


def test_hits_and_errors():
    turns = [diagonal.ruler_schedule(k) for k in range(200)]
    assert [turns.count(i) for i in range(8)] == VALUES["ruler_hits"]
    truth = diagonal.aimed_truth(one_off, 40, diagonal.printed_schedule)
    assert [diagonal.errors_of(one_off, truth, i) for i in range(8)] == VALUES["one_off_errors"] == [1] * 8


def test_counting_and_success():
    assert [capacity.count_strings(2, c) for c in range(9)] == VALUES["program_counts"]
    for m, line in enumerate(VALUES["all_known"], 1):
        for n, value in enumerate(line):
            assert samples.success_probability_exact(m, n) == Fraction(value, 2**m * m**n)


def test_hamming():
    words, memories = map(np.array, zip(*VALUES["memories"], strict=True))
    assert (capacity.hamming_encode(words) == memories).all()
    memories, recalls = map(np.array, zip(*VALUES["recalls"], strict=True))
    assert (capacity.hamming_decode(memories) == recalls).all()


def test_consistency():
    """By brute force, with the rules as the book states them."""
    words = {tuple(n >> k & 1 for k in range(7)) for n in range(128)}
    local = {
        (p, q, r, pq, qr, pr, np)
        for p, q, r, pq, qr, pr, np in words
        if p != np and (pq & p) <= q and (qr & q) <= r and (pr & p) <= r and (pq & qr) <= pr
    }
    consistent = {(p, q, r, int(p <= q), int(q <= r), int(p <= r), 1 - p) for p, q, r, *_ in words}
    assert local == set(map(tuple, VALUES["local_answers"])) and len(local) == 40
    assert consistent == set(map(tuple, VALUES["consistent_answers"])) and len(consistent) == 8
