"""Conformal sets and abstention: exact coverage, its Beta law, brute force, an independent library."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from llmlimits import conformal as c

F = Fraction
LEVEL = st.fractions(F(1, 50), F(49, 50), max_denominator=50)


@given(st.integers(1, 5), LEVEL)
def test_coverage_by_all_orders(n, alpha):
    # n + 1 scores without ties in every order: how often does the last one stay within the quantile of the others?
    orders = list(permutations(range(n + 1)))
    covered = sum(order[-1] <= c.split_quantile(order[:-1], alpha) for order in orders)
    assert F(covered, len(orders)) == c.coverage(n, alpha)
    assert 1 - alpha <= c.coverage(n, alpha) < 1 - alpha + F(1, n + 1)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=6), LEVEL)
def test_ties_never_lower_the_coverage(values, alpha):
    orders = list(permutations(values))
    covered = sum(order[-1] <= c.split_quantile(order[:-1], alpha) for order in orders)
    assert F(covered, len(orders)) >= 1 - alpha


def test_coverage_values():
    assert c.coverage(99, 0.1) == F(9, 10)
    assert c.coverage(30, 0.1) == F(28, 31)
    assert c.coverage(8, 0.1) == 1 and c.split_quantile(np.arange(8.0), 0.1) == math.inf
    assert c.coverage(9, 0.1) == F(9, 10)  # the least n with a finite set
    assert c.coverage(500, 0.05) == F(476, 501)


@given(st.integers(1, 400), st.integers(1, 99))
def test_decimal_levels_are_taken_as_written(n, percent):
    assert c.coverage(n, percent / 100) == c.coverage(n, F(percent, 100))


def test_coverage_over_calibration_sets_has_the_beta_law():
    rng = np.random.default_rng(0)
    scores = np.sort(rng.normal(size=(20_000, 99)), axis=1)
    covered = norm.cdf(scores[:, 89])
    assert covered.mean() == pytest.approx(0.9, abs=0.002)
    assert covered.std() == pytest.approx(math.sqrt(0.9 * 0.1 / 101), abs=0.001)
    for q in (0.05, 0.5, 0.95):
        assert np.quantile(covered, q) == pytest.approx(c.coverage_quantile(99, 0.1, q), abs=0.003)
    assert c.coverage_quantile(99, 0.1, 0.05) == pytest.approx(0.8467249, abs=1e-7)
    assert c.coverage_quantile(8, 0.1, 0.05) == 1


def test_marginal_coverage_hides_a_group_and_shift_breaks_it():
    # 90 % of the questions have residuals N(0, 1), 10 % N(0, 25): the 90 % quantile of |residual| ...
    grid = np.linspace(0, 20, 200_001)
    mixed = 0.9 * (2 * norm.cdf(grid) - 1) + 0.1 * (2 * norm.cdf(grid / 5) - 1)
    threshold = grid[np.searchsorted(mixed, 0.9)]
    shares = [2 * norm.cdf(threshold / scale) - 1 for scale in (1, 5)]
    assert shares == pytest.approx([0.9639, 0.3249], abs=1e-4)
    assert 2 * norm.cdf(norm.ppf(0.95) / 2) - 1 == pytest.approx(0.5891660, abs=1e-6)


def test_sets_equal_those_of_an_independent_library():
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mapie.classification import SplitConformalClassifier

        x, y = load_digits(return_X_y=True)
        x = x / 16
        order = np.random.default_rng(0).permutation(len(y))
        train, calibrate, test = np.split(order, [300, 600])
        model = LogisticRegression(C=0.05, max_iter=500).fit(x[train], y[train])
        oracle = SplitConformalClassifier(model, confidence_level=0.95, conformity_score="lac", prefit=True)
        oracle.conformalize(x[calibrate], y[calibrate])
        theirs = oracle.predict_set(x[test])[1][:, :, 0]
    scores = 1 - model.predict_proba(x[calibrate])[np.arange(300), y[calibrate]]
    ours = 1 - model.predict_proba(x[test]) <= c.split_quantile(scores, 0.05) + 1e-12
    assert (ours == theirs).all()
    assert ours.sum() > len(test)  # some sets hold more than one label, so the comparison means something


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=12))
def test_risk_coverage_by_definition(data):
    confidence, correct = np.array([d[0] for d in data]), np.array([d[1] for d in data], dtype=int)
    curve = c.risk_coverage(confidence, correct)
    for share, risk, level in zip(
        curve.coverage, curve.risk, sorted(set(confidence), reverse=True), strict=True
    ):
        chosen = confidence >= level
        assert share == pytest.approx(chosen.mean())
        assert risk == pytest.approx(1 - correct[chosen].mean())
    assert curve.coverage[-1] == 1


@given(
    st.lists(st.fractions(0, 1, max_denominator=12), min_size=1, max_size=6),
    st.fractions(0, 1, max_denominator=12),
)
def test_chow_beats_every_rule(errors, cost):
    rules = product((0, 1), repeat=len(errors))
    best = min(
        sum(error if answer else cost for error, answer in zip(errors, rule, strict=True)) for rule in rules
    )
    assert c.abstention_cost(errors, cost) == pytest.approx(float(best / len(errors)))


@given(st.lists(st.fractions(0, 1, max_denominator=12), min_size=1, max_size=7), st.data())
def test_answering_the_surest_minimises_selective_risk(errors, data):
    k = data.draw(st.integers(1, len(errors)))
    surest = F(sum(sorted(errors)[:k]), k)
    for rule in product((0, 1), repeat=len(errors)):
        if sum(rule) >= k:
            assert surest <= F(
                sum(error for error, answer in zip(errors, rule, strict=True) if answer), sum(rule)
            )


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: c.split_quantile([], 0.1), "scores"),
        (lambda: c.split_quantile([1, math.nan], 0.1), "scores"),
        (lambda: c.split_quantile([1.0], 0), "alpha"),
        (lambda: c.coverage(0, 0.1), "n"),
        (lambda: c.coverage_quantile(9, 0.1, 1), "q"),
        (lambda: c.risk_coverage([1, 2], [1]), "correct"),
        (lambda: c.risk_coverage([1, 2], [1, 2]), "correct"),
        (lambda: c.abstention_cost([1.5], 0.1), "error"),
        (lambda: c.abstention_cost([0.5], 2), "cost"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        call()


@given(st.floats(0.001, 0.999), st.integers(1, 50))
def test_any_level_keeps_the_guarantee(alpha, n):
    assume(alpha == alpha)
    assert 1 - F(str(alpha)) <= c.coverage(n, alpha) <= 1
