"""Evaluation: grading rules, the tilt, calibration, contamination and likelihood, against brute force."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import scoring as s

seeds = st.integers(0, 10**6)
TABLE_CONFIDENCE = np.repeat([0.1, 0.5, 0.9], 10)
TABLE_CORRECT = np.concatenate([np.arange(10) < right for right in (3, 2, 6)]).astype(int)


# --- grading ---


@given(st.integers(1, 6), st.integers(1, 6), seeds)
def test_no_abstention_is_optimal_under_binary_grading(m, k, seed):
    rng = np.random.default_rng(seed)
    right = rng.integers(0, 2, (m, k))
    right[np.arange(m), rng.integers(0, k, m)] = 1  # every grader accepts some answer
    graders = np.column_stack([np.zeros(m), right])  # response 0 abstains
    scores = s.best_scores(rng.dirichlet(np.ones(m)), graders)
    assert scores[0] == 0 and scores[1:].max() >= 1 / k - 1e-12


def test_abstention_is_optimal_when_nothing_is_right():
    scores = s.best_scores([1.0], [[0, 0, 0]])
    assert scores[0] == scores.max()  # the hypothesis "some answer is right" is needed


@given(st.fractions(0, 1), st.fractions(0, Fraction(99, 100)))
def test_answer_iff_above_the_threshold(p, t):
    mark = s.threshold_mark(p, t)
    assert mark == p - (1 - p) * t / (1 - t)
    assert (mark > 0) == (p > t) and (mark == 0) == (p == t)


@given(st.fractions(-3, 3), st.fractions(-3, 3), st.fractions(-3, 3), st.fractions(0, 1))
def test_threshold_of_three_scores(x, y, z, p):
    wrong, abstain, right = sorted((x, y, z))
    if wrong < right:
        t = s.answer_threshold(right, abstain, wrong)
        assert (p * right + (1 - p) * wrong > abstain) == (p > t)


def test_grading_values():
    assert s.threshold_mark(0.8, 0.75) == pytest.approx(0.2)
    assert [s.threshold_mark(0, t) for t in (Fraction(3, 4), Fraction(9, 10))] == [-3, -9]
    assert s.answer_threshold(1, 0, Fraction(-1, 3)) == Fraction(1, 4)
    assert s.answer_threshold(10, 3, 0) == Fraction(3, 10)
    p = (np.arange(4000) + 0.5) / 4000  # uniform confidence
    for t, always in ((0.5, 0), (0.75, -1), (0.9, -4)):
        marks = np.array([s.threshold_mark(x, t) for x in p])
        assert marks.mean() == pytest.approx(always, abs=1e-6)
        assert np.where(p > t, marks, 0).mean() == pytest.approx((1 - t) / 2, abs=1e-6)


# --- the tilt ---


def test_printed_tilt_forgets_the_reference():
    best = s.tilt((0.9, 0.1), (0, 1), 1)
    assert best == pytest.approx([0.768031, 0.231969], abs=5e-7)
    printed = s.tilt((0.5, 0.5), (0, 1), 1)  # proportional to exp(beta R)
    assert printed == pytest.approx([0.268941, 0.731059], abs=5e-7)
    objective = [s.tilt_objective(policy, (0.9, 0.1), (0, 1), 1) for policy in (best, printed)]
    assert objective == pytest.approx([0.158565, -0.398399], abs=5e-7)
    assert s.tilt((1, 0), (0, 1000), 5) == pytest.approx([1, 0])  # never leaves the support


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.floats(0.05, 5), seeds)
def test_tilt_is_the_unique_maximiser(n, beta, seed):
    rng = np.random.default_rng(seed)
    ref, reward, other = rng.dirichlet(np.ones(n)), rng.normal(size=n), rng.dirichlet(np.ones(n))
    best = s.tilt(ref, reward, beta)
    top = s.tilt_objective(best, ref, reward, beta)
    assert top == pytest.approx(math.log(ref @ np.exp(beta * reward)) / beta)
    loss = np.sum(other * np.log(other / best)) / beta
    assert s.tilt_objective(other, ref, reward, beta) == pytest.approx(top - loss, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.floats(0.1, 4), seeds)
def test_tilt_slopes(n, beta, seed):
    rng = np.random.default_rng(seed)
    ref, reward, right = rng.dirichlet(np.ones(n)), rng.normal(size=n), rng.integers(0, 2, n)

    def numbers(b):
        pi = s.tilt(ref, reward, b)
        return np.array([pi @ right, pi @ reward, np.sum(pi * np.log(pi / ref))])

    slope = (numbers(beta + 1e-5) - numbers(beta - 1e-5)) / 2e-5
    assert tuple(slope) == pytest.approx(tuple(s.tilt_slopes(ref, reward, right, beta)), abs=1e-6)
    assert s.tilt_slopes(ref, reward, right, beta).reward >= 0


def test_over_optimisation_peak():
    peak = math.log(2.5) / 2
    accuracy = [s.tilt((0.5, 0.3, 0.2), (0, 1, 2), b)[1] for b in (0, peak, 8)]
    assert accuracy == pytest.approx([0.3, 0.321731, 0.000503], abs=5e-7)
    assert s.tilt_slopes((0.5, 0.3, 0.2), (0, 1, 2), (0, 1, 0), peak).accuracy == pytest.approx(0, abs=1e-12)


# --- calibration ---


def test_calibration_table():
    assert s.brier(TABLE_CONFIDENCE, TABLE_CORRECT) == pytest.approx(83 / 300)
    assert s.expected_calibration_error(TABLE_CONFIDENCE, TABLE_CORRECT, 10) == pytest.approx(4 / 15)
    assert s.murphy(TABLE_CONFIDENCE, TABLE_CORRECT).reliability == pytest.approx(11 / 150)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), seeds)
def test_murphy_and_binned_error(n, bins, seed):
    rng = np.random.default_rng(seed)
    p, y = rng.integers(0, 11, n) / 10, rng.integers(0, 2, n)
    parts = s.murphy(p, y)
    assert s.brier(p, y) == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty)
    coarse = s.expected_calibration_error(p, y, bins)
    assert coarse <= math.sqrt(parts.reliability) + 1e-12
    # with one bin per level the binned error is the mean gap
    levels = np.unique(p)
    gap = sum(abs(p[p == v] - y[p == v].mean()).sum() for v in levels) / n
    assert s.expected_calibration_error(p, y, 10_000) == pytest.approx(gap)
    assert coarse <= gap + 1e-12


def test_bins_on_their_edges():
    assert s.expected_calibration_error([0.3, 0.6, 1.0], [0, 1, 1], 10) == pytest.approx((0.3 + 0.4) / 3)


def test_one_bin_hides_and_small_samples_invent_miscalibration():
    p, y = np.repeat([0.1, 0.9], 10), np.r_[np.ones(9), 0, 1, np.zeros(9)]
    assert s.expected_calibration_error(p, y, 1) == pytest.approx(0, abs=1e-12)
    assert s.expected_calibration_error(p, y, 2) == pytest.approx(0.8)
    levels = np.arange(10) / 10 + 0.05
    bias = s.calibrated_ece(levels, 20)
    assert bias == pytest.approx(0.069038, abs=5e-7)
    rng = np.random.default_rng(0)
    confidence = np.repeat(levels, 20)
    draws = [s.expected_calibration_error(confidence, rng.random(200) < confidence, 10) for _ in range(400)]
    assert np.mean(draws) == pytest.approx(bias, abs=0.004)
    assert s.calibrated_ece(levels, 2000) < 0.0075


# --- contamination ---


def test_contamination_values():
    assert s.observed_error(Fraction(2, 5), Fraction(3, 10), Fraction(1, 50)) == Fraction(286, 1000)
    # easy items (error .1) all leaked (.02), hard ones (.5) not: observed, "true", deployment
    assert s.observed_error(0.5, 0.5, 0.02) == pytest.approx(0.26)
    assert (0.1 + 0.5) / 2 == pytest.approx(0.3)
    assert s.contamination_sd(0.4, 0.286, 0.02, 2000, 2000) == pytest.approx(0.03338, abs=5e-6)


@given(st.fractions(0, 1), st.fractions(0, Fraction(9, 10)), st.fractions(0, 1))
def test_contamination_inverts(clean, share, memorised):
    o = s.observed_error(clean, share, memorised)
    assert s.clean_error_interval(o, (share, share), (memorised, memorised)) == (clean, clean)
    if clean != memorised:
        assert s.contamination_estimate(clean, o, memorised) == share


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_interval_holds_what_it_should(seed):
    rng = np.random.default_rng(seed)
    clean, (z0, z, z1) = rng.random(), np.sort(rng.random(3)) * 0.9
    m0, m, m1 = np.sort(rng.random(3))
    low, high = s.clean_error_interval(s.observed_error(clean, z, m), (z0, z1), (m0, m1))
    assert 0 <= low <= clean + 1e-9 and clean - 1e-9 <= high <= 1


def test_contamination_sd_by_simulation():
    rng = np.random.default_rng(2)
    fresh, bench = rng.binomial(2000, 0.4, 4000) / 2000, rng.binomial(2000, 0.286, 4000) / 2000
    estimates = (fresh - bench) / (fresh - 0.02)
    assert estimates.std() == pytest.approx(s.contamination_sd(0.4, 0.286, 0.02, 2000, 2000), rel=0.05)


# --- likelihood ---


def test_fact_error_cap_values_and_attained():
    assert s.fact_error_cap(0.05, 0.05) == pytest.approx(0.632121, abs=5e-7)
    assert s.false_text_cap(0.03, 0.01) == pytest.approx(0.0606, abs=5e-5)
    assert s.false_text_cap(0, 0.5) == pytest.approx(1 - math.exp(-0.5))
    assert s.false_text_cap(1, 0.2) == 1


@given(seeds, st.floats(0.01, 1))
def test_facts_under_an_average_loss(seed, share):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.01, 1, 20)  # probability of the true token at twenty fact positions
    excess = share * -np.log(truth).mean()
    assert (1 - truth).mean() <= s.fact_error_cap(excess, share) + 1e-12


@given(st.integers(2, 6), seeds)
def test_likelihood_is_proper_and_bounds_false_texts(n, seed):
    rng = np.random.default_rng(seed)
    data, model, false = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n)), rng.random(n) < 0.5
    kl = np.sum(data * np.log(data / model))
    loss, best = -data @ np.log(model), -data @ np.log(data)
    assert loss == pytest.approx(best + kl) and kl >= -1e-12  # any departure from the corpus law costs
    assert model[false].sum() <= s.false_text_cap(min(1, data[false].sum()), max(kl, 0)) + 1e-9


# --- confidence-aware grading ---


@given(st.fractions(0, 3), st.fractions(0, 1))
def test_rule20_has_no_interior_threshold(lam, p):
    gain = s.rule20_gain(lam, p)
    assert gain == (1 - lam * (1 - p)) - p
    if p < 1:
        assert (gain > 0) == (lam < 1) and (gain == 0) == (lam == 1)


def test_rule20_fails():
    assert s.rule20_gain(Fraction(3, 10), Fraction(1, 2)) == Fraction(35, 100)
    reported = 1  # "I abstain, and I am sure": full marks on every question
    assert all(1 - lam * (1 - reported) == 1 for lam in (0.1, 0.5, 1))


@given(st.fractions(0, 1), st.integers(0, 1))
def test_brier_is_the_mixture_of_all_threshold_exams(r, y):
    assert s.threshold_mixture(r, y) == Fraction(y, 2) - (y - r) ** 2 / 2
    t = (np.arange(2000) + 0.5) / 2000
    right = np.array([1.0 if y else -x / (1 - x) for x in t])
    exams = np.where(t < float(r), (1 - t) * right, 0)
    assert exams.mean() == pytest.approx(float(s.threshold_mixture(r, y)), abs=1e-3)


@given(
    st.fractions(0, 1),
    st.fractions(0, 1),
    st.fractions(0, Fraction(1, 2)),
    st.fractions(Fraction(51, 100), 1),
)
def test_mixtures_are_proper(pi, r, low, high):
    def mean(report):
        return pi * s.threshold_mixture(report, 1, low, high) + (1 - pi) * s.threshold_mixture(
            report, 0, low, high
        )

    assert mean(pi) >= mean(r)
    if low < pi < high and r != pi:
        assert mean(pi) > mean(r)
    full = [pi * s.threshold_mixture(x, 1) + (1 - pi) * s.threshold_mixture(x, 0) for x in (pi, r)]
    assert full[0] - full[1] == (r - pi) ** 2 / 2


@pytest.mark.parametrize(
    "call",
    [
        lambda: s.best_scores([0.5, 0.5], [[0, 1]]),
        lambda: s.best_scores([1.0], [[0, 0.5]]),
        lambda: s.threshold_mark(0.5, 1),
        lambda: s.answer_threshold(0, 1, 0),
        lambda: s.tilt((0.5, 0.5), (1, 2, 3), 1),
        lambda: s.tilt((0.5, 0.5), (1, 2), -1),
        lambda: s.tilt_objective((0.5, 0.5), (0.5, 0.5), (1, 2), 0),
        lambda: s.tilt_slopes((0.5, 0.5), (1, 2), (0, 2), 1),
        lambda: s.brier([0.5], [0.5]),
        lambda: s.brier([1.5], [1]),
        lambda: s.expected_calibration_error([0.5], [1], 0),
        lambda: s.calibrated_ece([2], 3),
        lambda: s.clean_error_interval(0.3, (0.1, 1), (0, 0)),
        lambda: s.clean_error_interval(0.01, (0.5, 0.5), (0.9, 1)),
        lambda: s.clean_error_interval(0.3, (0.2, 0.1), (0, 0)),
        lambda: s.contamination_estimate(0.3, 0.2, 0.3),
        lambda: s.fact_error_cap(0.1, 0),
        lambda: s.false_text_cap(0.1, -1),
        lambda: s.threshold_mixture(0.5, 2),
        lambda: s.threshold_mixture(0.5, 1, 0.5, 0.5),
    ],
)
def test_bad_input(call):
    with pytest.raises(ValueError, match="is not allowed"):
        call()
