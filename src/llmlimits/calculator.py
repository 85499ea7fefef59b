r"""The limits calculator of the conclusion: the book's bounds, side by side, for a reader's own numbers.

It computes nothing of its own. Each line calls one function of another module and says what that number assumes; a
line appears if all the numbers that it needs are given (ledger rows ``9-1``, and those that the theorems belong to).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

from . import attention, capacity, conformal, evaluation, quantization, reasoning, retrieval, samples
from ._checks import fail, integer, real


class Line(NamedTuple):
    """One bound: what it is, its formula, what it assumes, its value, and the theorem behind it."""

    name: str
    formula: str
    assumes: str
    value: float
    unit: str  # empty for a probability or a share
    label: str  # of the theorem, as in the book's sources
    function: str  # the function that computed the value


class _Rule(NamedTuple):
    needs: tuple[str, ...]
    name: str
    formula: str
    assumes: str
    unit: str
    label: str
    function: str
    compute: Callable[[Mapping], Real]


MEANING = {
    "facts": "number of arbitrary facts, none of which follows from others",
    "answers": "answers that each fact could have, equally likely (2 if not given)",
    "bits": "bits that a model keeps about the facts",
    "examples": "random training examples, each stating one fact",
    "delta": "allowed failure probability (0.05 if not given)",
    "context": "number of keys that compete for attention",
    "logit_range": "largest minus smallest attention logit",
    "documents": "documents in the index",
    "depth": "number k of documents retrieved",
    "gap": "gap of scores between retrieved and other documents",
    "recall": "chance that one needed document is retrieved",
    "hops": "documents that a question needs",
    "codes": "entries of a codebook",
    "dimension": "dimension of what the codebook describes",
    "questions": "independent questions of a benchmark",
    "accuracy": "chance that one answer is right",
    "difference": "difference of accuracy to be found, the better model having accuracy + difference",
    "votes": "independent answers that are put to the vote",
    "steps": "independent steps that must all be right",
    "calibration": "calibration examples",
    "alpha": "allowed chance that the right label is left out (0.1 if not given)",
}
DEFAULTS = {"answers": 2, "delta": 0.05, "alpha": 0.1}

_FACTS = "facts independent, answers equally likely"
_UNIFORM = "examples and questions uniform over the facts, no noise, no other source"
_RULES = (
    _Rule(
        ("facts", "bits"), "least average error of any memory", "D with R(D) = bits / facts",
        f"{_FACTS}; mean over all that the facts could be; every fact asked equally often; must answer",
        "", "thm-rate-distortion", "capacity.distortion_at_rate",
        lambda x: capacity.distortion_at_rate(
            integer("bits", x["bits"], 0) / integer("facts", x["facts"], 1), x["answers"]
        ),
    ),
    _Rule(
        ("bits",), "most facts known for sure", "(log2 M + log2 1/delta) / log2 answers, M models of so many bits",
        f"{_FACTS}; all models that so many bits describe; never wrong, may stay silent; "
        "holds with probability 1 - delta",
        "facts", "thm-known-facts", "capacity.known_facts_cap",
        lambda x: capacity.known_facts_cap(x["bits"], x["delta"], x["answers"]),
    ),
    _Rule(
        ("facts", "examples"), "least mean error after training", "(1 - 1/q) (1 - 1/facts)^examples, q answers",
        f"{_FACTS}; {_UNIFORM}; must answer; room for all facts",
        "", "thm-unseen", "samples.expected_risk",
        lambda x: samples.expected_risk(x["facts"], x["examples"], x["answers"]),
    ),
    _Rule(
        ("facts",), "examples until all facts are right", "least n with P(all right) >= 1 - delta",
        f"{_FACTS}, two answers (whatever number is given above); {_UNIFORM}; room for all facts",
        "examples", "thm-all-facts", "samples.samples_for_all",
        lambda x: samples.samples_for_all(x["facts"], x["delta"]),
    ),
    _Rule(
        ("context", "logit_range"), "largest weight of one key", "1 / (1 + (n - 1) e^-r)",
        "one softmax head over n keys; all logits within r of one another",
        "", "thm-dispersion", "attention.dispersion_bounds",
        lambda x: attention.dispersion_bounds(x["context"], x["logit_range"]).largest,
    ),
    _Rule(
        ("logit_range",), "most keys with weight 1/2 on one", "floor(1 + e^r)",
        "one softmax head; all logits within r of one another; larger ranges are not excluded",
        "keys", "thm-dispersion", "attention.max_context",
        lambda x: attention.max_context(x["logit_range"], 0.5),
    ),
    _Rule(
        ("documents", "depth"), "largest gap for all sets of k", "n / sqrt(k (n - 1)(n - k))",
        "inner products of vectors of norm at most 1; every set of k documents has a query; any dimension",
        "score", "thm-margin", "retrieval.margin_ceiling",
        lambda x: retrieval.margin_ceiling(x["documents"], x["depth"]),
    ),
    _Rule(
        ("documents", "gap"), "dimension needed for the gap", "ln n / ln(1 + 2/gap)",
        "inner products of vectors of norm at most 1; for some k every set of k documents has a query with this gap",
        "dimensions", "thm-margin", "retrieval.packing_dimension",
        lambda x: retrieval.packing_dimension(x["documents"], x["gap"]),
    ),
    _Rule(
        ("recall", "hops"), "chance of all hops, at least", "max(0, 1 - hops (1 - recall))",
        "each needed document is retrieved with the same chance; nothing about dependence; at most, it is the recall",
        "", "prop-hops", "retrieval.all_hops_bounds",
        lambda x: float(retrieval.all_hops_bounds(x["recall"], x["hops"])[0]),
    ),
    _Rule(
        ("codes", "dimension"), "least mean squared error of codes", "d/(d+2) (K omega_d)^(-2/d)",
        "source uniform on a set of volume 1 in d dimensions; real data fill fewer dimensions and do better",
        "squared length", "thm-vq-ball", "quantization.ball_bound",
        lambda x: quantization.ball_bound(x["codes"], x["dimension"]),
    ),
    _Rule(
        ("questions",), "half-width of a score's error bar", "sqrt(ln(2/delta) / (2 n))",
        "questions drawn independently from the law one cares about, none leaked; confidence 1 - delta",
        "", "prop-benchmark-error", "attention.accuracy_radius",
        lambda x: attention.accuracy_radius(x["questions"], x["delta"]),
    ),
    _Rule(
        ("accuracy", "difference"), "questions per model for the difference", "(1.96 + 0.84)^2 (p1 q1 + p2 q2) / D^2",
        "separate independent questions for each model; two-sided level 0.05, power 0.8; normal approximation",
        "questions", "prop-sample-size", "evaluation.sample_size",
        lambda x: evaluation.sample_size(x["accuracy"], x["accuracy"] + x["difference"]),
    ),
    _Rule(
        ("votes", "accuracy"), "accuracy of the majority", "P(Bin(n, p) > n/2), a coin for ties",
        "two answers; votes independent, all with the same chance to be right on the question asked",
        "", "thm-majority", "reasoning.majority_accuracy",
        lambda x: float(reasoning.majority_accuracy(x["votes"], x["accuracy"])),
    ),
    _Rule(
        ("steps", "accuracy"), "chance that all steps are right", "accuracy^steps",
        "steps independent, each right with the same chance, no check and no repair on the way",
        "", "thm-chains", "reasoning.chain_accuracy",
        lambda x: float(reasoning.chain_accuracy(x["accuracy"], x["steps"])),
    ),
    _Rule(
        ("calibration",), "coverage of a conformal set", "min(ceil((n + 1)(1 - alpha)), n + 1) / (n + 1)",
        "calibration examples and the new one exchangeable, no ties of scores; mean over calibration sets and inputs",
        "", "thm-conformal", "conformal.coverage",
        lambda x: float(conformal.coverage(x["calibration"], x["alpha"])),
    ),
)  # fmt: skip

SCENARIOS = {
    "small assistant": {"facts": 10**6, "bits": 5 * 10**5, "examples": 3 * 10**6, "calibration": 200},
    "long-context model": {"context": 10**6, "logit_range": 10},
    "retrieval system": {"documents": 10**6, "depth": 10, "gap": 0.1, "recall": 0.9, "hops": 3},
    "picture tokenizer": {"codes": 8192, "dimension": 16},
    "benchmark builder": {"questions": 500, "accuracy": 0.70, "difference": 0.02},
    "reasoning agent": {"accuracy": 0.98, "steps": 50, "votes": 5},
}  # fmt: skip


def limits(**numbers: Real) -> list[Line]:
    """The bounds that the given numbers determine, each with what it assumes.

    Parameters
    ----------
    numbers : any of the names in `MEANING`; those in `DEFAULTS` may be left out. Ranges are those of the functions
        that the lines name.

    Returns
    -------
    list of Line, in the order of the book's chapters

    Raises
    ------
    ValueError
        If a name is unknown, a value is outside its range, or a number takes part in no line (because another one
        that it needs is missing).

    Source: ledger ``9-1``.
    """
    for name in numbers:
        if name not in MEANING:
            fail("name", name, "one of " + ", ".join(MEANING))
    given = DEFAULTS | numbers
    rules = [rule for rule in _RULES if all(name in numbers for name in rule.needs)]
    used = {name for rule in rules for name in rule.needs} | set(DEFAULTS)
    for name in numbers:
        if name not in used:
            with_it = [" and ".join(rule.needs) for rule in _RULES if name in rule.needs]
            fail(name, numbers[name], "to be given together with others: " + ", or ".join(with_it))
    lines = []
    for rule in rules:
        try:
            lines.append(Line(*rule[1:4], rule.compute(given), *rule[4:7]))
        except ValueError as error:  # it names the function's argument; add the reader's names
            raise ValueError(f"{rule.name}, from {', '.join(rule.needs)}: {error}") from error
    return lines


def report(lines: Iterable[Line]) -> str:
    """The lines as text of at most 76 columns: name and value, formula, what it assumes, function.

    Raises
    ------
    ValueError
        If there is no line.
    """
    lines = list(lines) if isinstance(lines, Iterable) else []
    if not lines or not all(isinstance(line, Line) for line in lines):
        fail("lines", lines, "at least one line, as `limits` returns them")
    parts = []
    for line in lines:
        parts.append(f"{line.name:44} {shown(line.value)} {line.unit}".rstrip())
        for lead, text in (("is", line.formula), ("assumes", line.assumes), ("from", line.function)):
            parts.append(
                textwrap.fill(f"{lead:8}{text}", 76, initial_indent="    ", subsequent_indent=12 * " ")
            )
    return "\n".join(parts)


def shown(value: Real) -> str:
    """A number as the calculator writes it: large ones in whole units, small ones with three digits."""
    value = real("value", value)
    if abs(value) >= 1000 or (isinstance(value, Fraction) and value.denominator == 1):
        return f"{round(value):,}"
    digits = 3
    while digits < 17 and value < 1 and f"{float(value):.{digits}g}" == "1":
        digits += 1  # 0.99992, not 1
    return f"{float(value):.{digits}g}"
