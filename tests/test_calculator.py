"""Every line of the calculator is the number of the function that it names, and says what it assumes."""

from __future__ import annotations

import importlib
import math
import re
import sys
from fractions import Fraction

import pytest

from llmlimits import (
    attention,
    calculator,
    capacity,
    conformal,
    evaluation,
    quantization,
    reasoning,
    retrieval,
    samples,
)
from support import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import ledger

ALL = {
    "facts": 1000, "answers": 4, "bits": 700, "examples": 900, "delta": 0.1, "context": 5000, "logit_range": 6.5,
    "documents": 300, "depth": 3, "gap": 0.2, "recall": 0.95, "hops": 2, "codes": 64, "dimension": 5,
    "questions": 400, "accuracy": 0.7, "difference": 0.05, "votes": 9, "steps": 4, "calibration": 49, "alpha": 0.2,
}  # fmt: skip
EXPECTED = {
    "least average error of any memory": capacity.distortion_at_rate(0.7, 4),
    "most facts known for sure": capacity.known_facts_cap(700, 0.1, 4),
    "least mean error after training": samples.expected_risk(1000, 900, 4),
    "examples until all facts are right": samples.samples_for_all(1000, 0.1),
    "largest weight of one key": attention.dispersion_bounds(5000, 6.5).largest,
    "most keys with weight 1/2 on one": attention.max_context(6.5, 0.5),
    "largest gap for all sets of k": retrieval.margin_ceiling(300, 3),
    "dimension needed for the gap": retrieval.packing_dimension(300, 0.2),
    "chance of all hops, at least": retrieval.all_hops_bounds(0.95, 2)[0],
    "least mean squared error of codes": quantization.ball_bound(64, 5),
    "half-width of a score's error bar": attention.accuracy_radius(400, 0.1),
    "questions per model for the difference": evaluation.sample_size(0.7, 0.75),
    "accuracy of the majority": reasoning.majority_accuracy(9, 0.7),
    "chance that all steps are right": reasoning.chain_accuracy(0.7, 4),
    "coverage of a conformal set": conformal.coverage(49, 0.2),
}


def test_every_line_is_the_function_it_names():
    lines = calculator.limits(**ALL)
    assert {line.name: line.value for line in lines} == pytest.approx(EXPECTED, rel=1e-12)
    for line in lines:
        module, _, name = line.function.partition(".")
        assert callable(getattr(importlib.import_module(f"llmlimits.{module}"), name))
        assert line.assumes and line.formula


def test_formulas_are_those_of_the_lines():
    value_of = {line.name: line.value for line in calculator.limits(**ALL)}
    assert value_of["least mean error after training"] == pytest.approx(0.75 * 0.999**900)
    assert value_of["largest weight of one key"] == pytest.approx(1 / (1 + 4999 * math.exp(-6.5)))
    assert value_of["most keys with weight 1/2 on one"] == math.floor(1 + math.exp(6.5))
    assert value_of["largest gap for all sets of k"] == pytest.approx(300 / math.sqrt(3 * 299 * 297))
    assert value_of["chance of all hops, at least"] == pytest.approx(0.9)
    assert value_of["half-width of a score's error bar"] == pytest.approx(math.sqrt(math.log(20) / 800))
    assert value_of["coverage of a conformal set"] == pytest.approx(40 / 50)


def value(name, **numbers):
    return next(line.value for line in calculator.limits(**numbers) if line.name == name)


def test_what_scaling_removes():
    """Each bound falls to nothing when its own resource grows, and only then (ledger 9-1)."""
    facts = 1000
    memory = [value("least average error of any memory", facts=facts, bits=bits) for bits in (0, 500, 1000)]
    assert memory[0] == 0.5 and 0.1 < memory[1] < 0.12 and memory[2] == 0
    errors = [
        value("least mean error after training", facts=facts, examples=n) for n in (0, facts, 30 * facts)
    ]
    assert errors[0] == 0.5 and errors[1] == pytest.approx(0.5 / math.e, rel=1e-3) and errors[2] < 1e-12
    weights = [value("largest weight of one key", context=10**6, logit_range=r) for r in (5, 10, 30)]
    assert weights[0] < 1e-3 and weights[2] > 0.999  # a larger range of logits
    assert value("largest weight of one key", context=10**9, logit_range=10) < 1e-4  # a fixed one
    votes = [value("accuracy of the majority", votes=101, accuracy=p) for p in (0.4, 0.6)]
    assert votes[0] < 0.03 and votes[1] > 0.97
    small, large = (value("least mean squared error of codes", codes=2**b, dimension=16) for b in (8, 72))
    assert large / small == pytest.approx(2.0**-8)  # eight times fewer digits than bits: slow, and to zero


def test_labels_are_theorems_of_the_ledger_and_stand_on_the_page():
    rows, _ = ledger.read((ROOT / "book" / "claims.yml").read_text(encoding="utf-8"))
    known = {label for row in rows for label in row["labels"]}
    page = (ROOT / "book" / "09-conclusion.md").read_text(encoding="utf-8")
    for line in calculator.limits(**ALL):
        assert line.label in known
        assert f"{{prf:ref}}`{line.label}`" in page


@pytest.mark.parametrize("name", calculator.SCENARIOS)
def test_scenarios(name):
    lines = calculator.limits(**calculator.SCENARIOS[name])
    text = calculator.report(lines)
    assert all(len(row) <= 76 for row in text.splitlines())
    for line in lines:
        assert line.name in text and calculator.shown(line.value) in text
        assert line.unit or 0 <= line.value <= 1
    assert text.count("assumes ") >= len(lines)


def test_a_line_appears_with_its_numbers_only():
    assert calculator.limits() == []
    assert [line.label for line in calculator.limits(questions=100)] == ["prop-benchmark-error"]
    assert len(calculator.limits(facts=10, bits=3)) == 3


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"tokens": 3}, "tokens"),
        ({"context": 100}, "context and logit_range"),
        ({"depth": 3, "bits": 8}, "documents and depth"),
        ({"facts": 0, "bits": 1}, "facts"),
        ({"facts": 2.5, "bits": 1}, "facts"),
        ({"facts": 3, "bits": -1}, "bits"),
        ({"recall": 1.5, "hops": 2}, "recall"),
        ({"accuracy": 0.9, "difference": 0.2}, "p2"),
        ({"questions": 0}, "items"),
        ({"codes": 4, "dimension": 0}, "dim"),
    ],
)
def test_bad_input(numbers, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        calculator.limits(**numbers)


def test_a_report_needs_lines():
    with pytest.raises(ValueError, match="lines"):
        calculator.report([])


def test_numbers_near_one_are_not_one():
    shown = [calculator.shown(value) for value in (0.99992, 0.5, Fraction(1), 0.001234, 1234.5)]
    assert shown == ["0.9999", "0.5", "1", "0.00123", "1,234"]
