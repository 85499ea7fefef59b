r"""What a real model believes about 180 capitals and some continents, asked once and analysed in five sections.

`fact_scores` stores, for every country, the model's scores of all beginnings of capitals; temperature and nucleus
(2.4, ledger ``eq-21``, ``eq-22``), calibration and abstention (2.3, ``eq-17``, ``eq-20``), rare facts (2.2, ``eq-7``)
and conformal sets (8, ``8-2``) are then exact computations on these numbers. `beliefs` asks yes-or-no questions
about continents in two ways, for the section on consistency (4.2, ``4-41b``).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from numbers import Real
from typing import NamedTuple

import numpy as np

from .. import conformal, consistency, plotting, sampling
from .._checks import array, flag, generator, integer, real
from . import Subject, probe


class Country(NamedTuple):
    """A row of the table: names, and the decimal logarithm of their frequency (per thousand million words)."""

    name: str
    capital: str
    continent: str
    zipf_name: float
    zipf_capital: float


@cache
def countries() -> tuple[Country, ...]:
    """The 180 countries of ``tables/countries.csv``, in alphabetical order; sources and licences stand beside it."""
    text = (files(__package__) / "tables" / "countries.csv").read_text(encoding="utf-8")
    return tuple(
        Country(name, capital, continent, float(a), float(b))
        for name, capital, continent, a, b in list(csv.reader(text.splitlines()))[1:]
    )


def _beginnings(subject: Subject, answers: Sequence[str]) -> tuple[list[int], list[int], np.ndarray]:
    """Tokens that all answers begin with, the different tokens that follow, and which of them each answer has."""
    ids = [subject.ids(" " + answer) for answer in answers]
    same = 0
    while all(len(row) > same + 1 for row in ids) and len({row[same] for row in ids}) == 1:
        same += 1
    tokens = list(dict.fromkeys(row[same] for row in ids))
    return ids[0][:same], tokens, np.array([tokens.index(row[same]) for row in ids])


FORMS = (  # solved examples, question
    ("Capital of Scotland: Edinburgh\nCapital of Greenland: Nuuk\nCapital of", " {}:"),
    ("The capital of Scotland is Edinburgh. The capital of Greenland is Nuuk. The capital of", " {} is"),
)


def _log_law(logits: np.ndarray) -> np.ndarray:
    logits = logits.astype(float) - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


@probe(
    model="pkg:smollm2",
    quick={"questions": 24},
    tolerance={"score": 0.15, "top": 0.05, "spread": 0.05, "second": 0.05, "total": 0.05, "epistemic": 0.03},
)
def fact_scores(subject: Subject, questions: int = 180) -> dict[str, np.ndarray]:
    r"""Scores of all capitals' beginnings after "Capital of Kenya:" and the like, with two solved examples before.

    A **label** is the first token in which capitals differ; capitals that begin alike share one. The second form of
    the question is a sentence.

    Parameters
    ----------
    subject : a causal model.
    questions : how many countries, in alphabetical order, 1 to 180.

    Returns
    -------
    dict of arrays with one row per country: `country`; `right`, the right label; `score` (countries, labels), the log
    probability of each label less that of the best (two decimals, one below -5); `top`, the log probability of the
    best label among all tokens; `first`, whether the best of *all* tokens is right; `spread`, the entropy of the next
    token in nats; `second` the probability of the right label among the labels in the second form, `choice`
    (countries, 2) the best label in each form; `total` and `epistemic`, entropy of the mean of the two laws of labels
    and the mutual information. `label`: the beginnings, as texts

    Raises
    ------
    ValueError
        If `questions` is out of range.

    Source: ledger ``eq-21``, ``eq-17``, ``eq-7``, ``8-2``.
    """
    questions = integer("questions", questions, 1, len(countries()))
    prefix, tokens, right = _beginnings(subject, [row.capital for row in countries()])
    asked, right = countries()[:questions], right[:questions]
    out: list[np.ndarray] = []
    for form in FORMS:
        endings = [subject.ids(form[1].format(row.name)) + prefix for row in asked]
        logs = _log_law(subject.ask(subject.read(subject.ids(form[0])), endings)[0])
        out.append(logs[:, tokens])
        if form == FORMS[0]:
            first = logs.argmax(axis=1) == np.array(tokens)[right]
            spread = -(np.exp(logs) * logs).sum(axis=1)
    top = out[0].max(axis=1)
    score = out[0] - top[:, None]
    laws = np.stack([np.exp(logs - logs.max(axis=1, keepdims=True)) for logs in out])
    laws /= laws.sum(axis=2, keepdims=True)
    return {
        "country": np.array([row.name for row in asked]),
        "label": np.array([subject.text([*prefix, token]).strip() for token in tokens]),
        "right": right,
        "score": np.where(score > -5, np.round(score, 2), np.round(score, 1)),
        "top": top,
        "first": first,
        "spread": spread,
        "second": laws[1][np.arange(questions), right],
        "choice": np.stack([logs.argmax(axis=1) for logs in out], axis=1),
        "total": np.array([sampling.entropy(law) for law in laws.mean(axis=0)]),
        "epistemic": np.array([sampling.mutual_information(laws[:, i]) for i in range(questions)]),
    }


def label_laws(values: dict, temperature: Real = 1) -> np.ndarray:
    r"""Laws on the labels at a temperature: $p_T(v)\propto e^{z_v/T}$, one row per question.

    Parameters
    ----------
    values : what `fact_scores` returned.
    temperature : $T$, above 0.

    Raises
    ------
    ValueError
        If `temperature` is not positive.

    Source: ledger ``eq-21``.
    """
    heated = values["score"] / float(real("temperature", temperature, above=0))
    law = np.exp(heated - heated.max(axis=1, keepdims=True))
    return law / law.sum(axis=1, keepdims=True)


def right_probability(values: dict, temperature: Real = 1) -> np.ndarray:
    """Probability of the right label at a temperature, one per question (ledger ``eq-21``); see `label_laws`."""
    return label_laws(values, temperature)[np.arange(len(values["right"])), values["right"]]


def temperature_cases(values: dict) -> np.ndarray:
    r"""The case of the classification for each question: 1 falls, 2 rises for ever, 3 rises and then falls.

    1 if $z_c=\max z$, 2 if $z_c\le\bar z$, else 3, with the right label's logit $z_c$ and the mean over labels.

    Parameters
    ----------
    values : what `fact_scores` returned.

    Source: ledger ``eq-21``.
    """
    z = values["score"]
    own = z[np.arange(len(z)), values["right"]]
    return np.where(own == z.max(axis=1), 1, np.where(own <= z.mean(axis=1), 2, 3))


def frequencies(values: dict) -> np.ndarray:
    """Frequency of each asked country's name, a decimal logarithm (ledger ``eq-7``); see `countries`."""
    known = {row.name: row.zipf_name for row in countries()}
    return np.array([known[str(name)] for name in values["country"]])


def draw_heat(values: dict, live: dict | None = None):
    """Mean accuracy and entropy of the label laws against temperature, by case; live: dashed."""
    import matplotlib.pyplot as plt

    heat = np.exp(np.linspace(np.log(0.1), np.log(10), 33))
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
    for data, line in ((values, "-"), (live, "--")):
        if data is None:
            continue
        accuracy = np.array([right_probability(data, T) for T in heat])
        entropy = np.array([np.mean([sampling.entropy(p) for p in label_laws(data, T)]) for T in heat])
        case = temperature_cases(data)
        for which, name, colour in (
            (1, "favourite right", plotting.BLUE),
            (3, "right one behind", plotting.VERMILION),
            (2, "right one below the mean", plotting.GREEN),
        ):
            if (case == which).any():
                (curve,) = left.semilogx(heat, accuracy[:, case == which].mean(axis=1), line, color=colour)
                if data is values:
                    curve.set_label(name)
        left.semilogx(
            heat, accuracy.mean(axis=1), line, color=plotting.BLACK, label="all" if data is values else None
        )
        right.semilogx(heat, entropy, line, color=plotting.BLACK)
    left.set(xlabel="temperature", ylabel="probability of the right label", ylim=(-0.02, 1.05))
    left.legend(fontsize=8)
    right.set(xlabel="temperature", ylabel="mean entropy (nats)", ylim=(0, None))
    return fig


def draw_reliability(values: dict, live: dict | None = None, bins: int = 6):
    """Confidence of the favourite label against the share right, in bins of equal size; live: hollow."""
    import matplotlib.pyplot as plt

    bins = integer("bins", bins, 1, len(values["right"]))

    fig, ax = plt.subplots(figsize=(4.8, 4))
    ax.plot([0, 1], [0, 1], color="0.5", lw=1)
    for data, style in ((values, {}), (live, {"mfc": "none", "ms": 9})):
        if data is None:
            continue
        law = label_laws(data)
        sure, hit = law.max(axis=1), law.argmax(axis=1) == data["right"]
        for part in np.array_split(np.argsort(sure, kind="stable"), bins):
            share = hit[part].mean()
            error = 2 * np.sqrt(max(share * (1 - share), 0.25 / len(part)) / len(part))
            ax.errorbar(sure[part].mean(), share, error, fmt="o", color=plotting.VERMILION, lw=1, **style)
    ax.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(-0.03, 1.03))
    return fig


def exam_marks(values: dict, threshold: Real) -> tuple[float, float]:
    r"""Mean marks of two candidates in the exam with a threshold: honest (answers if confidence exceeds it), always.

    A right answer scores 1, silence 0, a wrong one $-\frac t{1-t}$.

    Parameters
    ----------
    values : what `fact_scores` returned.
    threshold : $t$ in [0, 1).

    Raises
    ------
    ValueError
        If `threshold` is outside its range.

    Source: ledger ``eq-20``.
    """
    t = float(real("threshold", threshold, 0, below=1))
    law = label_laws(values)
    hit = law.argmax(axis=1) == values["right"]
    mark = np.where(hit, 1.0, -t / (1 - t))
    return float(np.where(law.max(axis=1) > t, mark, 0).mean()), float(mark.mean())


def draw_exams(values: dict, live: dict | None = None):
    """Mean marks of the honest candidate and of the one who always answers against the threshold; live: dashed."""
    import matplotlib.pyplot as plt

    grid = np.linspace(0, 0.95, 96)
    fig, ax = plt.subplots()
    for data, line in ((values, "-"), (live, "--")):
        if data is None:
            continue
        marks = np.array([exam_marks(data, t) for t in grid])
        (honest,) = ax.plot(grid, marks[:, 0], line, color=plotting.BLUE)
        (bluff,) = ax.plot(grid, marks[:, 1], line, color=plotting.VERMILION)
        if data is values:
            plotting.label_line(honest, "answers if sure enough", where=0.75, dx=-60, dy=22)
            plotting.label_line(bluff, "always answers", where=0.45, dx=-96, dy=-6)
    ax.axhline(0, color="0.4", lw=1)
    ax.set(xlabel="announced threshold $t$", ylabel="mean mark", ylim=(-2, 1))
    return fig


def draw_frequency(values: dict, live: dict | None = None):
    """Probability of the right label and agreement of two samples by frequency of the name; live: hollow."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
    for data, line, face in ((values, "-", None), (live, "--", "none")):
        if data is None:
            continue
        zipf, law = frequencies(data), label_laws(data)
        own, agree = right_probability(data), (law**2).sum(axis=1)
        hit = law.argmax(axis=1) == data["right"]
        parts = np.array_split(np.argsort(zipf, kind="stable"), 4)
        x = [zipf[part].mean() for part in parts]
        for what, colour, name in (
            (hit, plotting.BLUE, "favourite right"),
            (own, plotting.VERMILION, "a sample right"),
            (agree, plotting.GREEN, "two samples agree"),
        ):
            y = [what[part].mean() for part in parts]
            left.plot(x, y, "o" + line, color=colour, mfc=face, label=name if data is values else None)
        for part in np.array_split(np.argsort(agree, kind="stable"), 6):
            right.plot(agree[part].mean(), own[part].mean(), "o", color=plotting.VERMILION, mfc=face)
    right.plot([0, 1], [0, 1], color="0.5", lw=1)
    left.set(xlabel="frequency of the country's name (zipf)", ylabel="share", ylim=(-0.02, 1.02))
    left.legend(fontsize=8, loc="upper left")
    right.set(xlabel="two samples agree", ylabel="a sample is right", xlim=(0, 1))
    return fig


class Coverage(NamedTuple):
    """Mean coverage and mean set size over random calibration halves, for all, frequent and rare names."""

    all: float
    size: float
    frequent: float
    rare: float
    shifted: float  # calibrated on frequent names only, tested on rare ones
    shifted_size: float


def conformal_coverage(values: dict, alpha: Real, rng: np.random.Generator, repeats: int = 200) -> Coverage:
    r"""Split conformal sets on the model's scores: coverage for mixed questions, by frequency, and after a shift.

    The score of a label is one minus its probability. Half of the questions calibrate; `shifted` calibrates on the
    half with frequent names and tests on the other.

    Parameters
    ----------
    values : what `fact_scores` returned.
    alpha : allowed share of misses, in (0, 1).
    rng : source of the halves.
    repeats : number of random halves, 1 to 100,000.

    Returns
    -------
    Coverage

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``8-2``.
    """
    alpha = float(real("alpha", alpha, above=0, below=1))
    repeats = integer("repeats", repeats, 1, 100_000)
    generator("rng", rng)
    score = 1 - label_laws(values)
    own = score[np.arange(len(score)), values["right"]]
    common = np.zeros(len(own), dtype=bool)
    common[np.argsort(-frequencies(values), kind="stable")[: len(own) // 2]] = True
    found = np.zeros((repeats, 4))
    for row in found:
        seen, new = np.array_split(rng.permutation(len(own)), 2)
        cut = conformal.split_quantile(own[seen], alpha)
        hit = own[new] <= cut
        row[:] = (
            hit.mean(),
            (score[new] <= cut).sum(axis=1).mean(),
            hit[common[new]].mean(),
            hit[~common[new]].mean(),
        )
    cut = conformal.split_quantile(own[common], alpha)
    shifted = own[~common] <= cut
    sizes = (score[~common] <= cut).sum(axis=1)
    return Coverage(*found.mean(axis=0).tolist(), float(shifted.mean()), float(sizes.mean()))


def draw_conformal(values: dict, live: dict | None = None):
    """Coverage of rare names against the promised one, mixed and after a shift; live: hollow and dashed."""
    import matplotlib.pyplot as plt

    alphas = np.array([0.4, 0.3, 0.2, 0.15, 0.1])
    fig, ax = plt.subplots()
    for data, line, face in ((values, "-", None), (live, "--", "none")):
        if data is None:
            continue
        found = np.array([conformal_coverage(data, a, np.random.default_rng(0), 100) for a in alphas])
        for column, name, colour in (
            (0, "all names", plotting.BLACK),
            (2, "frequent names", plotting.BLUE),
            (3, "rare names", plotting.VERMILION),
            (4, "rare, calibrated on frequent", plotting.PINK),
        ):
            label = name if data is values else None
            ax.plot(1 - alphas, found[:, column], "o" + line, color=colour, mfc=face, label=label)
    ax.plot([0.55, 0.95], [0.55, 0.95], color="0.5", lw=1, ls=":")
    ax.set(xlabel="promised coverage", ylabel="measured coverage", ylim=(0, 1.03), xlim=(0.57, 0.93))
    fig.legend(fontsize=8, loc="outside upper center", ncols=4)
    return fig


# --- beliefs, asked both ways ---

CONTINENTS = ("Africa", "Asia", "Europe", "North America", "South America", "Oceania")
WAYS = (  # solved examples, question
    ("Is Berlin in Germany? Yes\nIs Tokyo in Italy? No\nIs", " {} in {}?"),
    ("Is Berlin outside Germany? No\nIs Tokyo outside Italy? Yes\nIs", " {} outside {}?"),
)


def _asked(number: int) -> list[Country]:
    """Countries in rounds of six, one of each continent, the most frequent names first."""
    order = sorted(countries(), key=lambda row: (-row.zipf_name, row.name))
    by = {name: [row for row in order if row.continent == name] for name in CONTINENTS}
    return [by[name][i] for i in range(-(-number // 6)) for name in CONTINENTS][:number]


@probe(model="pkg:smollm2", quick={"asked": 6}, tolerance=0.05)
def beliefs(subject: Subject, asked: int = 36) -> dict[str, np.ndarray]:
    r"""Log-odds of Yes against No for "is X in K?" and "is X outside K?", for all six continents K.

    Parameters
    ----------
    subject : a causal model.
    asked : number of countries, in rounds of one per continent, 1 to 60.

    Returns
    -------
    dict of arrays: `country` (n,), `place` (n,), the number of its continent, and `odds` (n, 6, 2), the log-odds of
    Yes in the two forms

    Raises
    ------
    ValueError
        If `asked` is out of range.

    Source: ledger ``4-41b``.
    """
    asked = integer("asked", asked, 1, 60)
    rows = _asked(asked)
    prefix, tokens, answer = _beginnings(subject, ["Yes", "No"])
    yes, no = (tokens[i] for i in answer)
    odds = []
    for start, question in WAYS:
        endings = [
            subject.ids(question.format(row.name, place)) + prefix for row in rows for place in CONTINENTS
        ]
        logits = subject.ask(subject.read(subject.ids(start)), endings)[0]
        odds.append((logits[:, yes] - logits[:, no]).astype(float).reshape(asked, 6))
    return {
        "country": np.array([row.name for row in rows]),
        "place": np.array([CONTINENTS.index(row.continent) for row in rows]),
        "odds": np.stack(odds, axis=2),
    }


class Repaired(NamedTuple):
    """Before and after: share of right statements, of right places, of contradictions; flips and hits."""

    raw: float  # the statement "X is in K" judged by the plain question alone
    contradictions: float  # pairs of answers that cannot both be right
    both: float  # after the rule "outside is the opposite of in"
    repaired: float  # after that rule and "exactly one continent"
    placed: float  # countries put on their continent by the repair
    flips: int  # answers that the last repair changes, of both forms
    hits: int  # of these, those that were wrong


def repair_beliefs(values: dict, centred: bool = False) -> Repaired:
    r"""Repair the belief set by weighted MaxSAT, country by country, and count right answers before and after.

    A country has twelve statements, "in K" and "outside K". Rules: exactly one of the two is true, and exactly one "in
    K" is. Flips change the number of right answers by twice the hits less the flips.

    Parameters
    ----------
    values : what `beliefs` returned.
    centred : subtract the mean log-odds over countries from each question first, which removes a habit of saying no.

    Returns
    -------
    Repaired

    Raises
    ------
    ValueError
        If the log-odds are not finite, or `centred` is neither True nor False.

    Source: ledger ``4-41b``.
    """
    odds = array("odds", values["odds"], 3)
    if flag("centred", centred):
        odds = odds - odds.mean(axis=0)
    place = values["place"]
    truth = np.zeros(odds.shape, dtype=bool)
    truth[np.arange(len(place)), place, 0] = True
    truth[..., 1] = ~truth[..., 0]
    answer = odds > 0
    opposite = [clause for k in range(1, 12, 2) for clause in ((k, k + 1), (-k, -k - 1))]
    one = [tuple(range(1, 12, 2))] + [(-a, -b) for a in range(1, 12, 2) for b in range(a + 2, 12, 2)]
    fixed = {"both": np.zeros_like(answer), "one": np.zeros_like(answer)}
    chance = np.clip(1 / (1 + np.exp(-odds)), 1e-9, 1 - 1e-9)
    for i, row in enumerate(chance.reshape(len(place), 12)):
        for name, rules in (("both", opposite), ("one", opposite + one)):
            fixed[name][i] = np.reshape(consistency.repair(row.tolist(), rules).answers, (6, 2)).astype(bool)
    flipped = fixed["one"] != answer
    return Repaired(
        float((answer == truth)[..., 0].mean()),
        float((answer[..., 0] == answer[..., 1]).mean()),
        float((fixed["both"] == truth)[..., 0].mean()),
        float((fixed["one"] == truth)[..., 0].mean()),
        float(fixed["one"][np.arange(len(place)), place, 0].mean()),
        int(flipped.sum()),
        int((flipped & (answer != truth)).sum()),
    )


def draw_beliefs(values: dict, live: dict | None = None):
    """Log-odds of "in" against log-odds of "outside"; on the falling diagonal the two ways agree. Live: hollow."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(5.4, 4))
    ax.axhline(0, color="0.6", lw=1)
    ax.axvline(0, color="0.6", lw=1)
    for data, face in ((values, None), (live, "none")):
        if data is None:
            continue
        own = np.zeros(data["odds"].shape[:2], dtype=bool)
        own[np.arange(len(own)), data["place"]] = True
        for mask, style, colour, name in (
            (~own, ".", plotting.SKY, "another continent"),
            (own, "s", plotting.VERMILION, "its continent"),
        ):
            label = name if data is values else None
            x, y = data["odds"][mask].T
            ax.plot(x, y, style, color=colour, mfc=face, ms=4 if style == "s" else 5, label=label)
    low, high = ax.get_xlim()
    ax.plot([low, high], [-low, -high], color="0.4", lw=1, ls=":")
    ax.set(xlabel="log-odds of Yes to “is it in?”", ylabel="log-odds of Yes to “is it outside?”")
    ax.legend(fontsize=8)
    return fig
