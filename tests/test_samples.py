"""Examples for arbitrary facts: exact laws against enumeration, bounds that sandwich them, and the printed bounds."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.special import zeta

from llmlimits import samples as s

TWENTIETH = Fraction(1, 20)


def unseen_law(n_facts: int, n_examples: int) -> np.ndarray:
    """Probabilities of 0, 1, ..., m unseen facts, example by example (only non-negative numbers are added)."""
    law = np.zeros(n_facts + 1)
    law[n_facts] = 1
    unseen = np.arange(n_facts + 1)
    for _ in range(n_examples):
        found = law * unseen / n_facts
        law = law - found
        law[:-1] += found[1:]
    return law


def failure_in_long_arithmetic(n_facts: int, n_examples: int, digits: int = 80) -> Decimal:
    """The inclusion-exclusion sum with logarithms in `digits` digits."""
    with localcontext(prec=digits):
        total, choose = Decimal(0), 1
        for k in range(1, min(n_facts, 120)):
            choose = choose * (n_facts - k + 1) // k
            log_unseen = n_examples * (Decimal(n_facts - k) / n_facts).ln()
            total -= choose * Decimal("-0.5") ** k * log_unseen.exp()
        return total


def majority_by_counting(k: int, edge: Fraction) -> Fraction:
    good, bad = Fraction(1, 2) + edge, Fraction(1, 2) - edge
    error = Fraction(0)
    for votes in product((0, 1), repeat=k):
        share = good ** sum(votes) * bad ** (k - sum(votes))
        error += share * (Fraction(1, 2) if 2 * sum(votes) == k else int(2 * sum(votes) < k))
    return error


# --- the VC bound (equation 3) ---


def test_vc_bound_constants():
    assert s.vc_bound(10**6, 10**3, 0.05) == pytest.approx(0.126984, abs=5e-7)
    classical = math.sqrt(8 / 1e6 * (1e3 * math.log(2 * math.e * 1e3) + math.log(4 / 0.05)))
    assert s.vc_bound(10**6, 10**3, 0.05) < classical == pytest.approx(0.262378, abs=5e-7)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(1e-9, 0.999))
def test_vc_bound_at_equality_and_beyond(dimension, more, delta):
    assert s.vc_bound(dimension, dimension, delta) >= math.sqrt(2)
    bound = s.vc_bound(dimension + more, dimension, delta)
    assert s.vc_bound(dimension + more + 1, dimension, delta) <= bound + 1e-15
    # From two examples per dimension on, the printed form with a constant covers it.
    n = 2 * dimension + more
    printed = math.sqrt((dimension * math.log(n / dimension) + math.log(1 / delta)) / n)
    assert s.vc_bound(n, dimension, delta) <= 3 * printed


def test_printed_vc_form_fails():
    assert s.printed_vc_gap(100, Fraction(1, 4)) == pytest.approx(3.11, abs=5e-3)
    assert s.printed_vc_gap(1000, Fraction(1, 4)) == pytest.approx(9.88, abs=5e-3)
    assert s.printed_vc_gap(10**4, Fraction(1, 4)) == pytest.approx(31.24, abs=5e-3)
    for d in (100, 400):
        # A hypothesis right on the seen points only: no empirical error, risk = share of unseen points.
        law, share = unseen_law(d, d), np.arange(d + 1) / d
        assert law.sum() == pytest.approx(1, abs=1e-12)
        printed = math.sqrt(math.log(4) / d)
        assert law[share > printed].sum() > 0.999  # constant 1: violated almost surely, allowed with 1/4
        assert (
            law[share >= s.printed_vc_gap(d, 0.25) * printed].sum() > 0.25
        )  # any smaller constant fails too
        assert law[share > s.vc_bound(d, d, 0.25)].sum() == 0


# --- average risk (Theorem 4, corrected) ---


def test_average_risk_exact():
    assert s.expected_risk_exact(3, 4) == Fraction(8, 81)
    unseen = [3 - len(set(draws)) for draws in product(range(3), repeat=4)]
    assert Fraction(sum(unseen), 2 * 3 * len(unseen)) == Fraction(8, 81)
    assert s.expected_risk_exact(5, 0, 4) == Fraction(3, 4)
    assert s.expected_risk_exact(1, 1) == 0
    assert s.samples_for_average(1000, 0.01) == 3911
    assert s.samples_for_average(1000, Fraction(1, 100)) == 3911


def test_no_learner_beats_the_memoriser():
    # Two facts, one example: all 256 deterministic learners.
    data = list(product(range(2), range(2)))
    risks, successes = [], []
    for table in product(product(range(2), repeat=2), repeat=4):
        learner = dict(zip(data, table, strict=True))
        wrong = [
            sum(guess != fact for guess, fact in zip(learner[j, facts[j]], facts, strict=True))
            for facts in product(range(2), repeat=2)
            for j in range(2)
        ]
        risks.append(Fraction(sum(wrong), 2 * 8))
        successes.append(Fraction(wrong.count(0), 8))
    assert len(risks) == 256
    assert min(risks) == s.expected_risk_exact(2, 1) == Fraction(1, 4)
    assert max(successes) == s.success_probability_exact(2, 1) == Fraction(1, 2)


@given(st.integers(1, 60), st.integers(0, 300), st.integers(2, 9))
def test_expected_risk_float_matches_exact(n_facts, n_examples, n_labels):
    exact = s.expected_risk_exact(n_facts, n_examples, n_labels)
    assert s.expected_risk(n_facts, n_examples, n_labels) == pytest.approx(float(exact), rel=1e-12, abs=0)


def test_expected_risk_at_large_sizes():
    # (1 - 1/m)^n in long arithmetic.
    for m, n in ((10**9, 3 * 10**10), (10**15, 10**16), (10**12, 1)):
        with localcontext(prec=60):
            exact = (n * (Decimal(m - 1) / m).ln()).exp() / 2
        assert s.expected_risk(m, n) == pytest.approx(float(exact), rel=1e-12, abs=0)
    assert s.expected_risk(10, 10**18) == 0


@given(
    st.integers(1, 40),
    st.fractions(min_value=Fraction(1, 1000), max_value=1, max_denominator=1000),
    st.integers(2, 5),
)
def test_samples_for_average_is_the_least(n_facts, epsilon, n_labels):
    n = s.samples_for_average(n_facts, epsilon, n_labels)
    assert s.expected_risk_exact(n_facts, n, n_labels) <= epsilon
    assert n == 0 or s.expected_risk_exact(n_facts, n - 1, n_labels) > epsilon


@given(st.integers(2, 200), st.integers(0, 400), st.integers(2, 5))
def test_samples_for_average_decides_ties(n_facts, n_examples, n_labels):
    tie = s.expected_risk_exact(n_facts, n_examples, n_labels)
    assert s.samples_for_average(n_facts, tie, n_labels) == n_examples
    assert s.samples_for_average(n_facts, tie * (1 - Fraction(1, 10**200)), n_labels) == n_examples + 1


@given(st.integers(2, 10**15), st.floats(1e-12, 0.5, exclude_max=True))
def test_average_risk_interval(n_facts, epsilon):
    n = s.samples_for_average(n_facts, epsilon)
    low, high = (n_facts - 1) * math.log(0.5 / epsilon), n_facts * math.log(0.5 / epsilon)
    assert low * (1 - 1e-12) <= n <= high * (1 + 1e-12) + 1


# --- every fact (Theorem 4, corrected) ---


def test_all_facts_probability_by_enumeration():
    assert s.success_probability_exact(3, 4) == Fraction(77, 108)
    for m in (1, 2, 3, 4):
        for n in range(6):
            known = [Fraction(1, 2 ** (m - len(set(draws)))) for draws in product(range(m), repeat=n)]
            assert s.success_probability_exact(m, n) == sum(known) / len(known)


@pytest.mark.parametrize("n_facts", [1, 2, 3, 5, 8, 13, 30, 77, 150, 300])
def test_success_probability_has_no_cancellation(n_facts):
    log = math.ceil(n_facts * math.log(n_facts))
    sizes = {0, 1, 2, 4, 9, n_facts // 3, n_facts // 2, n_facts, n_facts + 1, 2 * n_facts, log, 10 * n_facts}
    for n in sizes | {3 * n_facts, 5 * n_facts, log // 2}:
        exact = s.success_probability_exact(n_facts, n)
        assert abs(Fraction(s.success_probability(n_facts, n)) / exact - 1) < Fraction(1, 10**12)


def test_plain_float_sum_would_cancel():
    # Why the module does not add up the alternating formula: at m = n = 300 floats return nonsense.
    m = n = 300
    plain = sum((-1) ** k * math.comb(m, k) / 2**k * (1 - k / m) ** n for k in range(m + 1))
    exact = s.success_probability_exact(m, n)
    assert abs(plain / float(exact) - 1) > 1
    assert s.success_probability(m, n) == pytest.approx(float(exact), rel=1e-12, abs=0)


@pytest.mark.parametrize("n_facts", [10**4, 10**6, 10**9, 10**12, 10**15])
@pytest.mark.parametrize("wrong", [20, 3, 1.01, 0.99, 0.05, 1e-6])
def test_success_probability_at_large_sizes(n_facts, wrong):
    # About `wrong` facts unseen and wrongly guessed: both sides of the switch between the two methods.
    n = math.ceil(n_facts * math.log(n_facts / (2 * wrong)))
    exact = 1 - failure_in_long_arithmetic(n_facts, n)
    assert abs(Decimal(s.success_probability(n_facts, n)) / exact - 1) < Decimal("1e-11")


@given(st.integers(1, 10**15), st.floats(0.01, 60))
def test_success_probability_is_monotone(n_facts, load):
    n = int(load * n_facts)
    here, later = s.success_probability(n_facts, n), s.success_probability(n_facts, n + 1 + n // 1000)
    assert 0 <= here <= later * (1 + 1e-11) <= 1 + 2e-11


def test_samples_for_all_values():
    assert s.samples_for_all(30, TWENTIETH) == 168
    assert s.samples_for_all(1000, TWENTIETH) == 9181
    assert s.samples_for_all(2, Fraction(1, 8)) == 3  # 1 - 2^-n exactly
    assert s.samples_for_all(2, 0.125) == 3
    assert [s.samples_for_all(1, d) for d in (Fraction(1, 2), Fraction(49, 100))] == [0, 1]
    assert s.samples_for_all(4, Fraction(999, 1000)) == 0
    assert (
        s.samples_for_all(100, Fraction(1, 10**500)) > s.samples_for_all(100, Fraction(1, 10**400)) > 90_000
    )


@pytest.mark.parametrize("n_facts", [10**6, 10**9, 10**15])
@pytest.mark.parametrize("delta", [Fraction(1, 10**9), TWENTIETH, Fraction(3, 4), Fraction(9999, 10000)])
def test_samples_for_all_is_right_to_the_last_unit(n_facts, delta):
    n = s.samples_for_all(n_facts, delta)
    with localcontext(prec=70):
        target = Decimal(delta.numerator) / delta.denominator
    assert failure_in_long_arithmetic(n_facts, n) <= target < failure_in_long_arithmetic(n_facts, n - 1)


@given(st.integers(1, 25), st.fractions(min_value=Fraction(1, 500), max_value=Fraction(499, 500)))
def test_samples_for_all_is_the_least(n_facts, delta):
    n = s.samples_for_all(n_facts, delta)
    assert s.success_probability_exact(n_facts, n) >= 1 - delta
    assert n == 0 or s.success_probability_exact(n_facts, n - 1) < 1 - delta


@given(st.integers(2, 25), st.integers(1, 120))
@settings(max_examples=50)
def test_samples_for_all_decides_ties(n_facts, n_examples):
    tie = 1 - s.success_probability_exact(n_facts, n_examples)
    assert s.samples_for_all(n_facts, tie) == n_examples
    assert s.samples_for_all(n_facts, tie * (1 - Fraction(1, 10**300))) == n_examples + 1


def test_all_facts_bounds():
    assert s.samples_for_all_bounds(30, TWENTIETH) == (146, 172)
    assert s.samples_for_all_bounds(1000, TWENTIETH) == (8509, 9211)
    assert s.samples_for_all_bounds(100, Fraction(1, 100)) == (775, 852)
    # A million facts at 95%: linear times a logarithm, not exponential.
    assert s.samples_for_all_bounds(2**20, TWENTIETH)[1] == 16_950_786 >= s.samples_for_all(2**20, TWENTIETH)


@given(st.integers(2, 10**15), st.fractions(min_value=Fraction(1, 10**9), max_value=Fraction(374, 1000)))
@example(2, Fraction(374, 1000))
def test_all_facts_bounds_sandwich(n_facts, delta):
    low, high = s.samples_for_all_bounds(n_facts, delta)
    assert low <= s.samples_for_all(n_facts, delta) <= high


def test_printed_sample_bound_is_not_needed():
    m, epsilon, delta = 1000, Fraction(1, 100), TWENTIETH
    assert s.printed_bound(m, epsilon, delta) == 99_034_876 == math.ceil(1e7 * math.log(20_000))
    # Far fewer examples give error zero on all facts with the wanted confidence: exact arithmetic, least number.
    assert s.success_probability_exact(m, 9181) >= 1 - delta > s.success_probability_exact(m, 9180)
    assert s.samples_for_all(m, delta) == 9181 < s.printed_bound(m, epsilon, delta) // 10_000
    # The printed number grows without limit as epsilon falls; the true one does not depend on it.
    printed = [s.printed_bound(m, Fraction(1, 10**k), delta) for k in range(1, 9)]
    assert all(later > 99 * before for before, later in zip(printed, printed[1:], strict=False))


def test_memoriser_simulation():
    rng = np.random.default_rng(11)
    trials = 4000
    risks = s.simulate_memoriser(1000, 9181, trials, rng)
    assert risks.shape == (trials,)
    # Four standard deviations.
    assert abs((risks == 0).mean() - 0.95) < 4 * math.sqrt(0.95 * 0.05 / trials)
    risks = s.simulate_memoriser(50, 60, trials, rng, n_labels=4)
    assert abs(risks.mean() - s.expected_risk(50, 60, 4)) < 4 * risks.std() / math.sqrt(trials)
    assert (s.simulate_memoriser(1, 1, 5, rng) == 0).all()


# --- the worst query distribution ---


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.integers(1, 200), st.integers(2, 5))
def test_worst_query_law(weights, n_examples, n_labels):
    m = len(weights)
    assume(n_examples >= m - 2)
    low, high = s.worst_query_bounds(m, n_examples, n_labels)
    wrong = Fraction(n_labels - 1, n_labels)
    masses = [Fraction(w, sum(weights)) for w in weights]
    assert wrong * s.unseen_mass(masses, n_examples) <= high * (1 + 1e-12)
    hard = [Fraction(1, n_examples + 1)] * (m - 1)
    assert wrong * s.unseen_mass([*hard, 1 - sum(hard)], n_examples) >= low * (1 - 1e-12)


# --- noisy examples ---


def test_majority_label_error_by_counting():
    assert s.majority_label_error(5, 0.2) == pytest.approx(0.16308, abs=1e-12)
    for k in range(9):
        for edge in (Fraction(0), Fraction(1, 5), Fraction(2, 5), Fraction(1, 2)):
            assert s.majority_label_error(k, edge) == majority_by_counting(k, edge)
            assert s.majority_label_error(k, float(edge)) == pytest.approx(
                float(majority_by_counting(k, edge)), rel=1e-12, abs=0
            )


@given(st.integers(0, 400), st.fractions(min_value=0, max_value=Fraction(1, 2), max_denominator=50))
def test_majority_label_error_bounds(k, edge):
    error = s.majority_label_error(k, edge)
    square = 1 - 4 * edge**2
    assert square**k / 4 <= error
    assert error**2 <= square**k / 4
    assert s.majority_label_error(k + 1, edge) <= error
    assert s.majority_label_error(k, float(edge)) == pytest.approx(float(error), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("k", "edge"), [(10**6 - 1, 0.002), (99_999, 0.01), (10**6 - 1, 0.015)])
def test_majority_label_error_of_many_labels(k, edge):
    # e_k = 2 gamma * sum over s >= (k-1)/2 of C(2s+1, s+1) (1/4 - gamma^2)^(s+1): positive terms.
    index = np.arange((k - 1) // 2, (k - 1) // 2 + 40_000_000 // k + int(20 / edge**2))
    start = (k - 1) // 2
    log_first = math.lgamma(2 * start + 2) - math.lgamma(start + 2) - math.lgamma(start + 1)
    ratio = np.log1p(-4 * edge**2) + np.log1p(-0.5 / (index + 2))  # (2s+3)(2s+2)/((s+2)(s+1)) (1/4 - gamma^2)
    terms = np.exp(np.concatenate([[0.0], np.cumsum(ratio[:-1])]))
    value = 2 * edge * math.exp(log_first + (start + 1) * (math.log(0.25) + math.log1p(-4 * edge**2)))
    assert s.majority_label_error(k, edge) == pytest.approx(value * terms.sum(), rel=1e-7, abs=0)


def test_noisy_success_by_enumeration():
    edge = Fraction(1, 4)
    for m, n in ((1, 4), (2, 5), (3, 5), (4, 3)):
        total = Fraction(0)
        for draws in product(range(m), repeat=n):
            counts = Counter(draws)
            total += math.prod(1 - majority_by_counting(counts[j], edge) for j in range(m))
        assert s.noisy_success(m, n, edge) == pytest.approx(float(total / m**n), abs=1e-12)
    assert s.noisy_success(3, 0, edge) == 1 / 8
    # Without noise it is the law of the memoriser.
    for m, n in ((7, 30), (50, 400), (1000, 9181)):
        assert s.noisy_success(m, n, Fraction(1, 2)) == pytest.approx(s.success_probability(m, n), abs=1e-10)


def test_noisy_bounds():
    assert s.noisy_samples_for_all(4, 0.25, Fraction(1, 10)) == 57
    assert s.noisy_sample_bounds(4, 0.25, Fraction(1, 10)) == (28, 96)
    assert s.enough_noisy_samples(4, 0.25, Fraction(1, 10)) == 90
    assert s.noisy_samples_for_all(6, 0.25, TWENTIETH) == 128
    # The printed expression with epsilon read as the edge of one observation: the right order.
    low, high = s.noisy_sample_bounds(1000, 0.01, 0.05)
    assert (low, high) == (21_220_649, 46_051_702)
    assert low < s.printed_bound(1000, 0.01, 0.05) < 5 * low
    # A small failure probability is not lost in 1 - delta.
    assert s.noisy_sample_bounds(1, 0.25, Fraction(1, 10**300))[0] == math.ceil(
        3 * (300 * math.log(10) - math.log(4))
    )


def test_price_of_ordinary_label_noise():
    edge = Fraction(1, 2) - Fraction(3, 100)
    ratio = s.enough_noisy_samples(10**9, edge, TWENTIETH) / s.samples_for_all_bounds(10**9, TWENTIETH)[1]
    assert ratio == pytest.approx(1.518, abs=5e-4)


@given(st.integers(1, 8), st.floats(0.15, 0.45), st.floats(0.02, 0.6))
@settings(max_examples=25)
def test_noisy_bounds_sandwich(n_facts, edge, delta):
    n = s.noisy_samples_for_all(n_facts, edge, delta)
    low, high = s.noisy_sample_bounds(n_facts, edge, delta)
    assert low <= n <= s.enough_noisy_samples(n_facts, edge, delta) <= high
    assert s.noisy_success(n_facts, n, edge) >= 1 - delta - 1e-12
    assert n == 0 or s.noisy_success(n_facts, n - 1, edge) < 1 - delta


@pytest.mark.parametrize(("n_facts", "n_examples"), [(1, 1), (3, 3), (5, 40), (10, 1000)])
def test_agnostic_excess_bounds(n_facts, n_examples):
    low, high = s.agnostic_excess_bounds(n_facts, n_examples)
    assert low / math.sqrt(n_facts / n_examples) == pytest.approx(0.0883, abs=2e-4)
    assert high / math.sqrt(n_facts / n_examples) == pytest.approx(0.3033, abs=1e-4)
    # Exact excess of majority votes under uniform queries, all facts with the same margin.
    p, k = 1 / n_facts, np.arange(n_examples + 1)
    counts = np.array([math.comb(n_examples, i) * p**i * (1 - p) ** (n_examples - i) for i in k])
    excess = [
        2 * edge * float(counts @ [s.majority_label_error(int(i), float(edge)) for i in k])
        for edge in np.linspace(0.01, 0.5, 50)
    ]
    assert low <= max(excess) <= high


# --- unseen mass, long tails, Good-Turing ---


def test_unseen_mass_exact_and_float():
    masses = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 8)]
    assert s.unseen_mass(masses, 3) == Fraction(687, 2048)
    assert s.unseen_mass([float(p) for p in masses], 3) == pytest.approx(687 / 2048, rel=1e-14)
    assert s.unseen_mass([1], 0) == 1 == s.unseen_mass([1.0], 0)
    assert s.unseen_mass([1.0, 0.0], 5) == 0 == s.unseen_mass([1, 0], 5)
    assert s.unseen_mass(np.full(1000, 1e-3), 10**4) == pytest.approx(
        2 * s.expected_risk(1000, 10**4), rel=1e-11
    )


def test_long_tail_law():
    main, error = s.zipf_power_law(2, 10**4)
    assert main == pytest.approx(0.00690988, abs=5e-9)
    assert error == pytest.approx(0.91e-4, rel=2e-3)
    value = s.zipf_unseen_mass(2, 10**4)
    assert value == pytest.approx(0.00690962, abs=5e-9)
    # Error epsilon costs epsilon^(-s/(s-1)) examples: at s = 1.1, half the error for 2^11 times the examples.
    assert s.zipf_unseen_mass(1.1, 10**6 * 2**11) / s.zipf_unseen_mass(1.1, 10**6) == pytest.approx(
        0.5, abs=1e-4
    )


@pytest.mark.parametrize(("exponent", "n"), [(2, 10**4), (2, 1), (3, 100), (2.5, 10**5), (6, 40), (20, 1000)])
def test_long_tail_sum_by_brute_force(exponent, n):
    last = 2 * 10**6
    p = np.arange(1.0, last + 1) ** -exponent / zeta(exponent)
    # One minus the largest mass is the sum of the others.
    log_rest = np.log1p(-p[1:])
    beyond = (last + 0.5) ** (1 - exponent) / (exponent - 1)
    rest = p[1:][::-1].sum() + beyond / zeta(exponent)
    head = p[0] * rest**n + (p[1:] * np.exp(n * log_rest)).sum()
    tail = beyond
    tail -= n * (last + 0.5) ** (1 - 2 * exponent) / (2 * exponent - 1) / zeta(exponent)
    assert s.zipf_unseen_mass(exponent, n) == pytest.approx(head + tail / zeta(exponent), rel=1e-9, abs=0)


@given(st.floats(1.001, 50), st.integers(1, 10**10))
@settings(max_examples=60)
def test_long_tail_error_bound(exponent, n):
    main, error = s.zipf_power_law(exponent, n)
    value = s.zipf_unseen_mass(exponent, n)
    assert 0 < value < 1
    assert abs(value - main) <= error + 1e-10 * value


def test_long_tail_without_examples():
    assert s.zipf_unseen_mass(1.5, 0) == pytest.approx(1, abs=1e-10)


MASSES = st.lists(st.integers(1, 20), min_size=1, max_size=4).map(lambda w: [Fraction(x, sum(w)) for x in w])


@given(MASSES, st.integers(1, 5))
@example([Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 8)], 3)
@settings(max_examples=40, deadline=None)
def test_good_turing_identity(masses, n):
    # Expectation of the estimate over every sample, against the unseen mass one example earlier.
    expected = Fraction(0)
    for draws in product(range(len(masses)), repeat=n):
        counts = [draws.count(j) for j in range(len(masses))]
        expected += math.prod(masses[j] for j in draws) * s.good_turing(counts, n)
    assert expected == s.good_turing_expected(masses, n) == s.unseen_mass(masses, n - 1)
    assert 0 <= expected - s.unseen_mass(masses, n) <= Fraction(1, n)


@given(MASSES, st.integers(1, 4), st.fractions(min_value=0, max_value=1, max_denominator=10))
@settings(max_examples=40, deadline=None)
def test_generator_floor(masses, n, kept):
    # A generator that mentions unseen subjects `kept` times as often as they occur, and guesses among 3 values.
    false, distance = Fraction(0), Fraction(0)
    for draws in product(range(len(masses)), repeat=n):
        share = math.prod(masses[j] for j in draws)
        unseen = sum((masses[j] for j in range(len(masses)) if j not in draws), Fraction(0))
        false += share * Fraction(2, 3) * kept * unseen
        distance += share * (1 - kept) * unseen
    assert false == s.generator_floor(s.unseen_mass(masses, n), distance, 3)
    assert s.generator_floor(0.2, 0.5) == 0


# --- PAC-Bayes (equation 6) ---


def test_pac_bayes_bound_values():
    assert s.pac_bayes_bound(0.02, 5000, 10**6, 0.05) == pytest.approx(0.070053, abs=5e-7)
    # Prior chosen before the data, no empirical error: the closed form of the inverted divergence.
    budget = (7 * math.log(2) + math.log(2 * math.sqrt(40) / 0.1)) / 40
    assert s.pac_bayes_kl_bound(0, 7 * math.log(2), 40, 0.1) == pytest.approx(
        1 - math.exp(-budget), rel=1e-14
    )
    assert s.pac_bayes_kl_bound(1, 0, 40, 0.1) == 1


def test_pac_bayes_example_table():
    table = {500: (0.3032, 0.4284, 0.5288), 1000: (0.1838, 0.3594, 0.4719), 5000: (0.0034, 0.1300, 0.2639)}
    table[20_000] = (0.0000, 0.0345, 0.1325)
    for n, row in table.items():
        found = s.gibbs_example(1000, n)
        assert found == pytest.approx(row, abs=5.1e-5)
        assert found.true_risk < found.kl_bound < found.root_bound
    assert s.distinct_expected(3, 2) == pytest.approx(5 / 3)
    assert s.distinct_expected(10**15, 10**3) == pytest.approx(1000, rel=1e-11)


def test_xi_moment():
    values = [s.xi(n) for n in range(1, 8)]
    assert values[2] == Fraction(26, 9)
    assert [float(v) for v in values] == pytest.approx(
        [2, 2.5, 2.8889, 3.2188, 3.5104, 3.7747, 4.0181], abs=5e-5
    )
    for n in range(1, 80):
        assert s.xi(n) ** 2 <= 4 * n
        # Abel's identity: a sum of falling powers.
        assert s.xi(n) == sum(Fraction(math.perm(n, j), n**j) for j in range(n + 1))


@given(st.integers(1, 40), st.floats(0.01, 0.99))
def test_xi_is_the_moment_for_every_risk(n, p):
    def kl(a):
        return sum(x * math.log(x / y) for x, y in ((a, p), (1 - a, 1 - p)) if x)

    moment = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) * math.exp(n * kl(k / n)) for k in range(n + 1))
    assert moment == pytest.approx(float(s.xi(n)), rel=1e-9)


@given(st.floats(0, 1), st.floats(0, 1e6), st.integers(1, 10**9), st.floats(1e-6, 0.999))
def test_pac_bayes_kl_inversion(empirical, kl, n, delta):
    bound = s.pac_bayes_kl_bound(empirical, kl, n, delta)
    assert empirical <= bound <= min(1.0, s.pac_bayes_bound(empirical, kl, n, delta)) + 1e-12
    budget = (kl + math.log(2 * math.sqrt(n) / delta)) / n
    # Round trip through the divergence, in long arithmetic; the float `bound` has a rounding error of its own.
    assume(1e-3 < empirical < 0.999 and bound < 1 - 1e-6)
    with localcontext(prec=50):
        a = Decimal(empirical)

        def divergence(r):
            return a * (a / r).ln() + (1 - a) * ((1 - a) / (1 - r)).ln()

        slack = Decimal("1e-15")
        assert divergence(Decimal(bound) - slack) <= Decimal(budget) * (1 + slack)
        assert divergence(Decimal(bound) + slack) >= Decimal(budget) * (1 - slack)


def test_pac_bayes_holds_for_many_posteriors_at_once():
    # Six facts, uniform prior on the 64 hypotheses: all point masses and the Gibbs posterior of every sample.
    rng = np.random.default_rng(5)
    n, delta, trials = 60, 0.1, 2000
    hypotheses = np.array(list(product((0, 1), repeat=6)))  # 1: wrong on this fact
    counts = rng.multinomial(n, np.full(6, 1 / 6), size=trials)
    empirical, risk = counts @ hypotheses.T / n, hypotheses.mean(axis=1)
    points = np.array([s.pac_bayes_bound(k / n, math.log(64), n, delta) for k in range(n + 1)])
    violated = (risk > points[np.rint(empirical * n).astype(int)]).any(axis=1)
    seen = (counts > 0).sum(axis=1)
    gibbs = np.array([s.pac_bayes_kl_bound(0, d * math.log(2), n, delta) for d in range(7)])
    violated |= (6 - seen) / 12 > gibbs[seen]
    assert violated.mean() <= delta
    assert points[0] < 0.5  # the bound is not vacuous here


def test_prior_after_data_breaks_the_bound():
    # Prior = posterior = the model right exactly on the seen facts: no divergence, no empirical error.
    m, n, delta = 1000, 500, 0.05
    bound = s.pac_bayes_bound(0, 0, n, delta)
    assert bound == pytest.approx(0.0824, abs=5e-5)
    # 500 examples show at most 500 of 1000 facts, so the risk is at least 1/2 for every sample.
    assert 1 - Fraction(n, m) > bound
    draws = np.random.default_rng(8).integers(m, size=(200, n))
    risks = np.array([1 - len(set(row.tolist())) / m for row in draws])
    assert (risks > bound).all()
    assert risks.mean() == pytest.approx((1 - 1 / m) ** n, abs=0.005)  # 0.606; one mean deviates by 0.0008
    # With the prior fixed in advance (fair coins) the same posterior pays for its knowledge.
    assert s.pac_bayes_bound(0, m * math.log(2), n, delta) > risks.max()


# --- bad input ---


@pytest.mark.parametrize(
    "call",
    [
        lambda: s.vc_bound(10, 11, 0.1),
        lambda: s.vc_bound(10, 0, 0.1),
        lambda: s.vc_bound(10, 5, 0),
        lambda: s.printed_vc_gap(0, 0.1),
        lambda: s.expected_risk(0, 1),
        lambda: s.expected_risk(1e9, 1),
        lambda: s.expected_risk(10, -1),
        lambda: s.expected_risk(10, 1, 1),
        lambda: s.expected_risk_exact(3, 1.0),
        lambda: s.samples_for_average(10, 0),
        lambda: s.samples_for_average(10, 1.5),
        lambda: s.samples_for_average(10**16, 0.1),
        lambda: s.success_probability(True, 3),
        lambda: s.success_probability(3, -1),
        lambda: s.success_probability(10**15 + 1, 3),
        lambda: s.success_probability_exact(0, 3),
        lambda: s.samples_for_all(10, 0),
        lambda: s.samples_for_all(10, 1.0),
        lambda: s.samples_for_all(10, math.nan),
        lambda: s.samples_for_all(10.0, 0.1),
        lambda: s.samples_for_all_bounds(10, Fraction(3, 8)),
        lambda: s.samples_for_all_bounds(1, 0.1),
        lambda: s.printed_bound(10, 0, 0.1),
        lambda: s.printed_bound(10, 0.1, 1),
        lambda: s.simulate_memoriser(10, 10, 0, np.random.default_rng(0)),
        lambda: s.simulate_memoriser(10, 10, 5, 12345),
        lambda: s.simulate_memoriser(10**6, 10, 100, np.random.default_rng(0)),
        lambda: s.worst_query_bounds(10, 7),
        lambda: s.worst_query_bounds(2, 0),
        lambda: s.majority_label_error(-1, 0.1),
        lambda: s.majority_label_error(3, 0.6),
        lambda: s.majority_label_error(10**7, 0.1),
        lambda: s.noisy_sample_bounds(10, 0, 0.1),
        lambda: s.noisy_sample_bounds(10, Fraction(1, 2), 0.1),
        lambda: s.enough_noisy_samples(0, 0.1, 0.1),
        lambda: s.noisy_success(3, 10**5, 0.1),
        lambda: s.noisy_success(3, 10, -0.1),
        lambda: s.noisy_samples_for_all(10**6, 0.1, 0.1),
        lambda: s.agnostic_excess_bounds(10, 9),
        lambda: s.unseen_mass([Fraction(1, 2), Fraction(1, 3)], 3),
        lambda: s.unseen_mass([0.5, 0.6], 3),
        lambda: s.unseen_mass([], 3),
        lambda: s.unseen_mass([0.5, 0.5], -1),
        lambda: s.zipf_power_law(1, 10),
        lambda: s.zipf_power_law(2, 0),
        lambda: s.zipf_unseen_mass(1, 10),
        lambda: s.zipf_unseen_mass(51, 10),
        lambda: s.zipf_unseen_mass(2, 10**13),
        lambda: s.good_turing([1, 2], 4),
        lambda: s.good_turing([3, -1], 2),
        lambda: s.good_turing([1.0, 1.0], 2),
        lambda: s.good_turing([], 0),
        lambda: s.good_turing_expected([1], 0),
        lambda: s.generator_floor(1.2, 0),
        lambda: s.generator_floor(0.2, 0, 1),
        lambda: s.xi(0),
        lambda: s.pac_bayes_bound(-0.1, 1, 10, 0.1),
        lambda: s.pac_bayes_bound(0.1, -1, 10, 0.1),
        lambda: s.pac_bayes_bound(0.1, 1, 0, 0.1),
        lambda: s.pac_bayes_kl_bound(0.1, math.inf, 10, 0.1),
        lambda: s.pac_bayes_kl_bound(0.1, 1, 10, 1),
        lambda: s.distinct_expected(0, 1),
        lambda: s.gibbs_example(10, 0),
        lambda: s.gibbs_example(10, 5, 2),
    ],
)
def test_bad_input_raises(call):
    with pytest.raises(ValueError, match="is not allowed"):
        call()
