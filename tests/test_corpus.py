"""Data: coverage, noise in four models, ageing, exposure bias and collapse, exactly and against brute force."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import corpus as c

CYCLE = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])  # a value that moves on round a triangle
rates = st.floats(0.001, 0.5)


def joint_law(rng: np.random.Generator, size: int, length: int) -> np.ndarray:
    law = rng.dirichlet(np.full(size**length, 0.5)) + 1e-6
    return (law / law.sum()).reshape((size,) * length)


# --- coverage ---


def test_uncovered_demand_values():
    assert c.uncovered_demand(2, 0) == pytest.approx(1)
    assert c.uncovered_demand(2, 1000) == pytest.approx(0.00060762, abs=5e-9)
    assert c.uncovered_demand(2, 10) == pytest.approx(0.05785419, abs=5e-9)
    assert c.uncovered_demand(2, 60) > 0.01 > c.uncovered_demand(2, 61)
    partial = sum(1 / j**3 for j in range(1, 6)) / 1.2020569031595942
    assert c.uncovered_demand(3, 5) == pytest.approx(1 - partial, abs=1e-12)


@given(st.integers(1, 10**6))
def test_uncovered_demand_between_its_integrals(k):
    value = c.uncovered_demand(2, k) * math.pi**2 / 6
    assert 1 / (k + 1) * (1 - 1e-9) <= value <= 1 / k * (1 + 1e-9)


def test_coverage_ratio_neither_tends_to_zero_nor_bounds_the_risk():
    # The corpus that holds every second fact has coverage 1/2 in a world of any size.
    assert all(Fraction(n // 2, n) == Fraction(1, 2) for n in (10, 10**3, 10**6))
    # Count coverage 0 (a thousand of infinitely many facts), demand covered almost entirely.
    assert c.uncovered_demand(2, 1000) < 1e-3


# --- the answer ---


def test_greedy_is_not_the_mode():
    law = np.array([[0.3, 0.3], [0.4, 0.0]])
    assert c.greedy_answer(law) == (0, 0)
    assert law[c.greedy_answer(law)] == 0.3 < law.max()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4), st.integers(1, 4), st.integers(0, 10**6))
def test_greedy_finds_a_majority_and_at_least_an_average_answer(size, length, seed):
    rng = np.random.default_rng(seed)
    law = joint_law(rng, size, length)
    assert law[c.greedy_answer(law)] >= size**-length - 1e-12
    favourite = tuple(rng.integers(0, size, length))
    law = law * 0.49
    law[favourite] += 0.51
    assert c.greedy_answer(law) == favourite


@given(st.integers(2, 4), st.integers(2, 4), st.floats(0.001, 0.49))
def test_greedy_bound_is_nearly_attained(size, length, eps):
    law = np.zeros((size,) * length)
    law[0] = (0.5 + eps) / size ** (length - 1)
    law[(1,) + (0,) * (length - 1)] = 0.5 - eps
    assert law[c.greedy_answer(law)] == pytest.approx((0.5 + eps) * size ** -(length - 1))


@given(st.integers(0, 10**6))
def test_sampling_is_right_at_most_as_often_as_the_mode(seed):
    law = np.random.default_rng(seed).dirichlet(np.ones(6))
    assert (law**2).sum() <= law.max() + 1e-12


# --- seen and unseen ---


def test_a_rule_makes_unseen_as_easy_as_seen():
    for seed in range(20):
        assert c.rule_errors(10, 60, np.random.default_rng(seed)) == (0, 0)
    seen, unseen = c.rule_errors(10, 3, np.random.default_rng(0))
    assert seen == 0 and 0.49 < unseen <= 0.5
    assert c.rule_errors(3, 0, np.random.default_rng(0)) == (0, 3.5 / 8)


@given(st.integers(1, 6), st.integers(0, 8), st.integers(0, 10**6))
def test_rule_errors_counts_the_undetermined_inputs(n, m, seed):
    rng = np.random.default_rng(seed)
    inputs = rng.integers(0, 2**n, m)
    labels = [bin(x & int(r)).count("1") % 2 for r in [rng.integers(0, 2**n)] for x in inputs]
    rules = [
        w
        for w in range(2**n)
        if all(bin(w & int(x)).count("1") % 2 == y for x, y in zip(inputs, labels, strict=True))
    ]
    unseen = [x for x in range(2**n) if x not in inputs]
    answers = [{bin(w & x).count("1") % 2 for w in rules} for x in unseen]
    expected = sum(len(a) == 2 for a in answers) / 2 / len(unseen) if unseen else 0
    assert c.rule_errors(n, m, np.random.default_rng(seed)) == (0, pytest.approx(expected))


@given(st.integers(2, 12), st.fractions(0, 1))
def test_seen_is_better_iff_noise_is_below_guessing(q, eta):
    # A trusting memoriser repeats a persistent falsehood: error eta on seen facts, 1 - 1/q on unseen ones.
    assert (eta < 1 - Fraction(1, q)) == (eta * q < q - 1)


# --- noise ---


def test_majority_error_values():
    assert c.majority_error(5, 0.03) == pytest.approx(0.000257996, abs=5e-10)
    assert c.majority_error(3, Fraction(3, 100)) == Fraction(2646, 10**6)
    assert c.majority_error(0, 0.03) == 0.5 and c.majority_error(1, 0.2) == pytest.approx(0.2)


@given(st.integers(0, 9), st.fractions(0, 1, max_denominator=50))
def test_majority_error_counts_votes(k, eta):
    error = Fraction(0)
    for wrong in product((0, 1), repeat=k):
        share = eta ** sum(wrong) * (1 - eta) ** (k - sum(wrong))
        error += share * (Fraction(1, 2) if 2 * sum(wrong) == k else int(2 * sum(wrong) > k))
    assert c.majority_error(k, eta) == error
    assert float(c.majority_error(k, float(eta))) == pytest.approx(float(error), abs=1e-12)


def test_independent_noise_breaks_the_printed_floor():
    risk, bound = c.independent_risk(100, 5000, 0.03), c.independent_bound(100, 5000, 0.03)
    assert risk == pytest.approx(3.0e-16, rel=0.02) and bound == pytest.approx(2.2e-15, rel=0.02)
    assert c.printed_floor(0.03, 100, 5000) == pytest.approx(0.02576, abs=5e-6)
    for constant in (1, 2, 5):  # whatever the constant behind the O
        n = 16 * constant**2 * 100
        assert c.independent_risk(100, n, 0.03) < 1.4e-5 < c.printed_floor(0.03, 100, n, constant)


@given(st.integers(1, 6), st.integers(0, 60), st.floats(0, 0.5))
def test_independent_risk_below_its_bound(m, n, eta):
    assert c.independent_risk(m, n, eta) <= c.independent_bound(m, n, eta) * (1 + 1e-9) + 1e-12


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(0, 4), st.fractions(0, Fraction(1, 2), max_denominator=9))
def test_independent_risk_enumerated(m, n, eta):
    risk = Fraction(0)
    for draw in product(range(m), repeat=n):
        for fact in range(m):
            risk += c.majority_error(draw.count(fact), eta) / m ** (n + 1)
    assert c.independent_risk(m, n, float(eta)) == pytest.approx(float(risk), abs=1e-12)


@given(st.fractions(0, 1), st.integers(2, 9), st.data())
def test_noisy_test_never_scores_below_the_noise(risk, q, data):
    eta = data.draw(st.fractions(0, 1 - Fraction(1, q)))
    measured = c.noisy_test_risk(risk, eta, q)
    assert measured == risk * (1 - eta / (q - 1)) + (1 - risk) * eta >= eta
    assert c.noisy_test_risk(Fraction(1, 4), Fraction(1, 10), 3) == Fraction(5, 16)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(0, 3), st.fractions(0, Fraction(1, 2), max_denominator=7))
def test_persistent_risk_is_the_bayes_risk(m, n, eta):
    # The best answer for every data set: all draws of facts, all values the corpus shows for the drawn ones.
    risk = Fraction(0)
    for draw in product(range(m), repeat=n):
        seen = sorted(set(draw))
        for values in product((0, 1), repeat=len(seen)):
            shown = dict(zip(seen, values, strict=True))
            for query in range(m):
                weight = [Fraction(0), Fraction(0)]  # joint probability of the data and the true label
                for truth in product((0, 1), repeat=m):
                    false = sum(shown[j] != truth[j] for j in seen)
                    weight[truth[query]] += eta**false * (1 - eta) ** (len(seen) - false)
                risk += min(weight) / (2**m * m ** (n + 1))
    assert c.persistent_risk(m, n, eta) == risk
    assert c.persistent_risk(3, 4, Fraction(3, 100)) == Fraction(199, 1620)


def test_targeted_noise_holds_the_floor_and_hurts_majorities_more():
    eta = 0.03
    for k in (1, 10, 1000):
        assert c.targeted_risk(k, eta, 0.5) == pytest.approx(
            eta
        )  # labels without information: for every learner
    assert c.targeted_risk(100_001, eta, 0.51) == pytest.approx(eta / 0.51, abs=1e-6)
    assert c.targeted_risk(0, eta, 0.5) == Fraction(1, 2)


@given(st.floats(0.001, 0.499), st.floats(0, 1), st.integers(0, 500))
def test_targeted_risk_below_twice_the_rate(eta, where, k):
    rho = eta + where * (1 - eta)
    if k:
        assert c.targeted_risk(k, eta, rho) <= 2 * eta + 1e-12


def test_malicious_examples_make_two_truths_look_alike():
    eta = Fraction(1, 10)
    query = eta / (1 - eta)
    for truth in (0, 1):
        honest, adversary = (1 - eta) * query, eta
        law = {truth: honest, 1 - truth: adversary}
        assert law == {0: eta, 1: eta}  # the same data law in both worlds


def test_sampling_error_values_and_limits():
    assert c.sampling_error(0.03, 0.5) == pytest.approx(0.000956, abs=5e-7)
    assert c.sampling_error(0.03, 2) == pytest.approx(0.149561, abs=5e-7)
    assert c.sampling_error(0.03, 1) == pytest.approx(0.03)
    assert [c.sampling_error(e, 0) for e in (0.2, 0.5, 0.7)] == [0, 0.5, 1]
    assert c.sampling_error(0, 3) == 0


@given(st.floats(0.001, 0.499), st.floats(0.05, 20), st.floats(0.05, 20))
def test_sampling_error_grows_with_temperature(eta, s, t):
    low, high = sorted((s, t))
    assert c.sampling_error(eta, low) <= c.sampling_error(eta, high) + 1e-12 <= 0.5 + 1e-12


def test_likelihood_learns_frequencies():
    grid = np.arange(1, 1000) / 1000
    loss = -97 * np.log(1 - grid) - 3 * np.log(grid)
    assert grid[loss.argmin()] == 0.03


# --- ageing ---


def test_staleness_values():
    assert c.staleness(6, 6) == pytest.approx(0.5)
    assert c.staleness(2, [0, 2, 4]) == pytest.approx([0, 0.5, 0.75])
    assert c.refresh_average(math.log(2)) == pytest.approx(0.278652, abs=5e-7)
    stale = c.mixture_staleness([0.5, 0.3, 0.2], [0, 0.1, 1.4], [0.5, 1, 2, 5])
    assert stale == pytest.approx([0.1153, 0.1792, 0.2422, 0.3179], abs=5e-5)
    assert c.chain_staleness([[0, 1], [0, 0]], 1.7) == pytest.approx(c.staleness(math.log(2), 1.7))


def test_staleness_need_not_increase():
    peak = 4 * math.pi / (3 * math.sqrt(3))
    formula = [2 / 3 * (1 - math.exp(-1.5 * t) * math.cos(math.sqrt(3) * t / 2)) for t in (0.3, peak, 4.5)]
    values = c.chain_staleness(CYCLE, [0.3, peak, 4.5])
    assert values == pytest.approx(formula)
    assert values[1] == pytest.approx(0.6755266, abs=5e-8) and values[2] < values[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10**6))
def test_reversible_facts_age_monotonically(k, seed):
    rng = np.random.default_rng(seed)
    flow = rng.exponential(size=(k, k))
    stationary = rng.dirichlet(np.ones(k)) + 0.01
    values = c.chain_staleness((flow + flow.T) / stationary[:, None], np.linspace(0, 1, 12))
    assert (np.diff(values) >= -1e-10).all()


@given(rates, rates, st.floats(0, 30))
def test_two_valued_facts(leave, back, t):
    expected = leave / (leave + back) * -math.expm1(-(leave + back) * t)
    assert c.chain_staleness([[0, leave], [back, 0]], t) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 10**6), st.floats(0, 20))
def test_mixtures_outlast_their_average(seed, t):
    rng = np.random.default_rng(seed)
    w, hazard = rng.dirichlet(np.ones(4)), rng.exponential(size=4)
    assert c.mixture_staleness(w, hazard, t) <= -math.expm1(-(w @ hazard) * t) + 1e-12
    alive = 1 - c.mixture_staleness(w, hazard, np.array([t, t + 0.1, t + 0.2]))
    assert alive[1] ** 2 <= alive[0] * alive[2] + 1e-12  # log-convex: the hazard falls


@given(st.floats(0, 50))
def test_refresh_bounds(x):
    assert x / 2 - x * x / 6 - 1e-12 <= c.refresh_average(x) <= x / 2 + 1e-12
    if x > 0.01:
        t = (np.arange(2000) + 0.5) / 2000 * x
        assert c.refresh_average(x) == pytest.approx(-np.expm1(-t).mean(), abs=1e-4)


# --- exposure bias ---


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 3), st.integers(1, 4), st.integers(0, 10**6))
def test_prefix_divergence_chain_rule_and_bounds(size, length, seed):
    rng = np.random.default_rng(seed)
    p, q = joint_law(rng, size, length), joint_law(rng, size, length)
    kl, tv, steps = c.prefix_kl(p, q), c.prefix_tv(p, q), c.step_tv(p, q)
    assert max(abs(kl[0]), tv[0]) < 1e-12 and (np.diff(kl) >= -1e-12).all() and (np.diff(tv) >= -1e-12).all()
    assert (tv[1:] <= np.cumsum(steps) + 1e-12).all()
    assert (tv <= np.sqrt(abs(kl) / 2) + 1e-12).all() and (tv <= np.sqrt(-np.expm1(-abs(kl))) + 1e-12).all()
    total = 0.0
    for s in range(length):  # expected divergence of the next token under the model's prefixes
        for x in product(range(size), repeat=s):
            px = p[x].reshape(size, -1).sum(1)
            qx = q[x].reshape(size, -1).sum(1)
            total += float((px * np.log(px / px.sum() / (qx / qx.sum()))).sum())
        assert kl[s + 1] == pytest.approx(total, abs=1e-10)


def test_conditional_divergence_need_not_grow():
    # The model differs from the data in the first token only.
    model, data = np.full((2, 2), 0.25) * [[1.6], [0.4]], np.full((2, 2), 0.25)
    kl = c.prefix_kl(model, data)
    assert kl[1] > 0 and kl[2] - kl[1] == pytest.approx(0)
    assert c.prefix_kl(data, np.array([[0.5, 0], [0, 0.5]]))[2] == math.inf


def test_printed_lower_bound_after_an_error_fails():
    def kl(a, b):
        return sum(x * math.log(x / y) for x, y in zip(a, b, strict=True))

    assert kl((0.99, 0.01), (0.01, 0.99)) == pytest.approx(4.503217, abs=5e-7)  # a probability above 1
    assert kl((0.9, 0.1), (0.8, 0.2)) == pytest.approx(0.03669, abs=5e-6)
    assert 0.1 < 0.1 + kl((0.9, 0.1), (0.8, 0.2)) < 1  # independent errors: left side 0.1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_error_after_an_event_within_total_variation(seed):
    rng = np.random.default_rng(seed)
    law, kernel = rng.dirichlet(np.ones(8)), rng.random(8)
    event = rng.random(8) < 0.5
    event[0] = True
    given_ = np.where(event, law, 0) / law[event].sum()
    assert abs(given_ @ kernel - law @ kernel) <= abs(given_ - law).sum() / 2 + 1e-12


def test_off_track_values():
    assert c.off_track(0.01, 0, 100) == pytest.approx(0.633968, abs=5e-7)
    assert c.total_off(0.01, 0, 50) == pytest.approx(10.8956, abs=5e-5)
    assert c.total_off(0.01, 0.05, 50) == pytest.approx(5.8406, abs=5e-5)
    assert c.excess_after_error(0.01, 0.05, 20, 10) == pytest.approx(0.474889, abs=5e-7)
    assert c.off_track(0.01, 0, 69) > 0.5 > c.off_track(0.01, 0, 68)
    assert c.off_track(Fraction(1, 100), Fraction(19, 100), 10**4) <= Fraction(1, 20)


@given(
    st.fractions(0, 1, max_denominator=20),
    st.fractions(0, 1, max_denominator=20),
    st.integers(1, 8),
    st.integers(0, 6),
)
def test_off_track_chain(e, r, t, gap):
    if not 0 < e + r <= 1 or e == 0:
        with pytest.raises(ValueError, match=r"is not allowed"):
            c.excess_after_error(e, r, t, gap)
        return
    step = np.array([[1 - e, e], [r, 1 - r]], dtype=object)
    law, total = np.array([1, 0], dtype=object), 0
    for _ in range(t):
        law = law @ step
        total += law[1]
    assert c.off_track(e, r, t) == law[1] and c.total_off(e, r, t) == total
    assert total <= min(e * t * (t + 1) / 2, e / (e + r) * t)
    later, after = law, np.array([0, 1], dtype=object)
    for _ in range(gap):
        later, after = later @ step, after @ step
    assert c.excess_after_error(e, r, t, gap) == after[1] - later[1]
    assert c.excess_after_error(e, r, t, gap + 1) <= c.excess_after_error(e, r, t, gap)


@given(st.floats(0.001, 0.2), st.integers(1, 200))
def test_absorbing_chain_has_the_order_of_the_ross_bagnell_bound(e, n):
    assert c.total_off(e, 0, n) <= e * n * (n + 1) / 2 + 1e-9
    if e * n < 0.1:
        assert c.total_off(e, 0, n) >= 0.45 * e * n * (n + 1)


# --- collapse ---


def test_collapse_variance_values():
    assert c.collapse_variance(0.1, 20, 0.05) == pytest.approx(0.031551, abs=5e-7)
    assert c.collapse_variance(Fraction(1, 10), 20, 0) == Fraction(9, 100)
    assert c.collapse_variance(0.1, 100, 0.196) <= 0.05**2 <= c.collapse_variance(0.1, 100, 0.1959)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 25), st.floats(0, 1), st.floats(0.05, 1))
def test_collapse_is_neutral_drift(n, eta, fresh):
    share = np.arange(n + 1) / n
    drift, law = c.collapse_matrix(eta, n), c.collapse_matrix(eta, n, 1)[0]
    for g in range(1, 6):
        assert law @ share == pytest.approx(eta)  # no amplification on average
        assert law @ (share * (1 - share)) == pytest.approx(eta * (1 - eta) * (1 - 1 / n) ** g, abs=1e-12)
        law = law @ drift
    limit = c.collapse_matrix(eta, n, 1)[0] @ np.linalg.matrix_power(drift, 4000)
    assert limit[-1] == pytest.approx(eta, abs=1e-9) and limit[0] == pytest.approx(1 - eta, abs=1e-9)
    mixed = np.linalg.matrix_power(c.collapse_matrix(eta, n, fresh), 2000)[0]
    variance = mixed @ share**2 - (mixed @ share) ** 2
    assert mixed @ share == pytest.approx(eta, abs=1e-9)
    assert variance == pytest.approx(float(c.collapse_variance(eta, n, fresh)), abs=1e-9)


def test_collapse_paths_follow_the_law():
    paths = c.collapse_paths(0.1, 20, 0.05, 60, 4000, np.random.default_rng(1))
    assert paths.shape == (61, 4000) and (paths[0] == 0.1).all()
    assert paths[-1].mean() == pytest.approx(0.1, abs=0.012)
    assert paths[-1].var() == pytest.approx(c.collapse_variance(0.1, 20, 0.05), rel=0.12)


def test_retrieval_error():
    assert c.retrieval_error(0.3, 0.9, 0.02, 4) == pytest.approx(0.0279)
    assert c.retrieval_error(Fraction(3, 10), 0, 0, 4) == Fraction(9, 40)


@pytest.mark.parametrize(
    "call",
    [
        lambda: c.uncovered_demand(1, 5),
        lambda: c.greedy_answer([[0.5, 0.5, 0.0]]),
        lambda: c.greedy_answer([0.5, 0.6]),
        lambda: c.rule_errors(0, 1, np.random.default_rng(0)),
        lambda: c.majority_error(-1, 0.1),
        lambda: c.independent_bound(3, 3, 0.6),
        lambda: c.persistent_risk(3, 3, 0.6),
        lambda: c.targeted_risk(3, 0.3, 0.2),
        lambda: c.sampling_error(0.1, -1),
        lambda: c.staleness(0, 1),
        lambda: c.staleness(1, -1),
        lambda: c.mixture_staleness([0.5, 0.5], [1], 1),
        lambda: c.chain_staleness([[0, -1], [1, 0]], 1),
        lambda: c.chain_staleness([[0, 1]], 1),
        lambda: c.prefix_kl([0.5, 0.5], [0.2, 0.3, 0.5]),
        lambda: c.step_tv(np.array([[1.0, 0], [0, 0]]), np.full((2, 2), 0.25)),
        lambda: c.off_track(0, 0, 3),
        lambda: c.off_track(0.9, 0.2, 3),
        lambda: c.collapse_variance(0.1, 0, 0.5),
        lambda: c.retrieval_error(0.1, 2, 0),
    ],
)
def test_bad_input(call):
    with pytest.raises(ValueError, match="is not allowed"):
        call()
