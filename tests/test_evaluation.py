"""Scores, leaks, judges, ratings, sample sizes: exact laws, brute force, and the paper's figures where they slip."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import binom

from llmlimits import evaluation as e

F = Fraction
SHARE = st.fractions(0, 1, max_denominator=60)


# --- contamination ---


@given(SHARE, SHARE, SHARE)
def test_clean_score_inverts_total_probability(clean, leaked, share):
    assume(share < 1)
    observed = (1 - share) * clean + share * leaked
    assert e.clean_score(observed, share, leaked) == clean
    if leaked >= clean:
        low, high = e.clean_score_interval(observed, share)
        assert low <= clean <= high


@given(SHARE, SHARE)
def test_both_ends_of_the_interval_are_attained(observed, share):
    assume(share < 1)
    low, high = e.clean_score_interval(observed, share)
    assert high == e.clean_score(observed, share, observed) == observed
    best = min(F(1), observed / share) if share else F(1)
    assert low == e.clean_score(observed, share, best)


def test_clean_interval_of_the_worked_example():
    assert e.clean_score_interval(F(4, 5), F(3, 10)) == (F(5, 7), F(4, 5))
    assert e.clean_score(F(4, 5), F(1, 2), 1) == F(3, 5)  # a drop from .8 to .6 explained by a half leaked


def test_overlap_depends_on_the_unit_of_counting():
    # The paper's ratio for one benchmark of two documents, one of them leaked with 3 of the 12 sentences.
    assert F(1, 2) != F(3, 12)


@settings(max_examples=60)
@given(st.integers(1, 60), st.floats(0.02, 0.98), st.floats(0.001, 0.5))
def test_threshold_is_the_least_with_the_level(n, p0, alpha):
    k = e.contamination_threshold(n, p0, alpha)
    tails = [binom.sf(j - 1, n, p0) for j in range(n + 2)]
    assert k == min(j for j in range(1, n + 2) if tails[j] <= alpha)
    assert e.contamination_power(n, p0, 0, 1, alpha) == pytest.approx(tails[k], abs=1e-12)


def test_power_of_the_leak_test():
    assert [e.contamination_threshold(n, 0.25, 0.05) for n in (30, 100, 1000)] == [13, 33, 274]
    measured = [
        e.contamination_power(*a, 1, 0.05) for a in ((100, 0.25, 0.1), (100, 0.25, 0.3), (1000, 0.25, 0.05))
    ]
    assert measured == pytest.approx([0.4950061, 0.9988124, 0.8359605], abs=1e-7)
    assert e.contamination_power(30, 0.25, 0.3, 1, 0.05) == pytest.approx(0.7378804, abs=1e-7)


def test_order_test_has_its_size_exactly():
    # All orders of four items equally likely as the published one; statistic: how sorted the list is.
    def sortedness(items):
        return sum(a < b for a, b in zip(items, items[1:], strict=False))

    rng, n_orders, small = np.random.default_rng(1), 19, 0
    orders = list(permutations(range(4)))
    for _ in range(40):
        small += sum(e.order_test(sortedness, order, n_orders, rng) <= F(1, 10) for order in orders)
    rate = small / (40 * len(orders))  # 960 runs: standard error below 0.01
    assert rate <= 0.1 + 0.03
    assert e.order_test(sortedness, [3, 1, 2, 0] * 3, 99, rng) > F(1, 100)
    assert e.order_test(sortedness, list(range(12)), 99, rng) == F(1, 100)


def test_ngram_collisions():
    found = [e.ngram_collisions(1e12, 200, F(1, 50), n) for n in (5, 8, 13)]
    assert found == pytest.approx([6.4e5, 5.12, 1.6384e-8])
    texts = list(product(range(2), repeat=3))  # two tokens: match 1/2; T = l = 2 positions of bigrams
    exact = sum(
        sum(s[i : i + 2] == t[j : j + 2] for i in range(2) for j in range(2)) for s in texts for t in texts
    )
    assert exact / len(texts) ** 2 == e.ngram_collisions(2, 2, 0.5, 2)


# --- judges ---


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_swapping_recovers_the_gap_and_shrinks_the_average(gap, bias):
    a, b = expit(gap + bias), expit(gap - bias)
    assert e.swap_logit(a, b) == pytest.approx(gap, abs=1e-6)
    average = e.swap_average(gap, bias)
    assert average == pytest.approx(
        0.5 + 0.5 * math.sinh(gap) / (math.cosh(gap) + math.cosh(bias)), abs=1e-12
    )
    assert abs(average - 0.5) <= abs(expit(gap) - 0.5) + 1e-12
    if abs(gap) > 1e-6:
        assert (average > 0.5) == (gap > 0)


def test_swapping_a_whole_benchmark_can_reverse_it():
    # A is much better on one question in five and a little worse on the others: an unbiased judge prefers B, the
    # same judge with a position bias prefers A in the average over both orders; so does the mean of the logits.
    gaps, weights = np.array([3.5, -1.0]), np.array([0.2, 0.8])
    assert weights @ gaps < 0 and weights @ expit(gaps) < 0.5
    assert weights @ [e.swap_average(gap, 3) for gap in gaps] > 0.5
    assert e.swap_logit(weights @ expit(gaps + 3), weights @ expit(gaps - 3)) > 0
    logits = [e.swap_logit(expit(gap + 3), expit(gap - 3)) for gap in gaps]
    assert logits == pytest.approx(gaps)  # question by question the gaps are recovered


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_one_judge_cannot_tell_quality_from_self_preference(gap, preference, bias):
    # (gap, preference) and (gap + preference, 0) give the same verdicts in both orders ...
    for sign in (1, -1):
        assert expit(gap + preference + sign * bias) == expit((gap + preference) + 0 + sign * bias)
    # ... and two judges with the same preference for their own family identify both
    found = e.two_judges(expit(gap + preference), expit(gap - preference))
    assert found == pytest.approx((gap, preference), abs=1e-9)


def test_swapping_does_not_cure_self_preference():
    # The worse model (gap -0.2) wins with a judge that adds 0.5 to its own family, whatever the order.
    assert e.swap_average(-0.2 + 0.5, 1) == pytest.approx(0.5588236, abs=1e-7)


def test_length_control_erases_a_real_advantage():
    assert e.length_control(1, 1, 1, 1) == F(1, 2)
    assert e.length_control(F(3, 5), 0, 1, 1) == F(3, 5)
    rng = np.random.default_rng(0)
    m = rng.integers(0, 2, 400_000)
    quality = 0.7 * m + rng.normal(0, 1.5, m.size)
    length = 2 * quality + rng.normal(0, 2, m.size)
    design = np.column_stack([np.ones(m.size), m, length])
    for bias in (0, 0.5, -1):  # a length bias of the judge changes the coefficient of length only
        measured = np.linalg.lstsq(design, quality + bias * length, rcond=None)[0][1]
        assert measured == pytest.approx(float(e.length_control(0.7, 2, 2.25, 4)), abs=0.02)


# --- ratings ---


def test_elo_depends_on_the_order_of_the_same_results():
    first, second = e.elo([(0, 1), (1, 0)]), e.elo([(1, 0), (0, 1)])
    assert first[0] - first[1] == pytest.approx(-2.9390031, abs=1e-6)
    assert second[0] - second[1] == pytest.approx(2.9390031, abs=1e-6)
    wins = np.array([[0, 1], [1, 0]])
    assert e.bradley_terry(wins) == pytest.approx([0, 0], abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda g: g[0] != g[1]), min_size=1))
def test_elo_keeps_the_sum_of_ratings(games):
    rating = e.elo(games)
    assert rating.sum() == pytest.approx(1500 * len(rating))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**31))
def test_bradley_terry_solves_its_equations(n, seed):
    rng = np.random.default_rng(seed)
    wins = rng.integers(1, 9, (n, n)) * (1 - np.eye(n))
    theta = e.bradley_terry(wins)
    expected = (wins + wins.T) * expit(theta[:, None] - theta)
    assert expected.sum(1) == pytest.approx(wins.sum(1), abs=1e-4)  # at the maximum: wins = expected wins
    order = rng.permutation(n)
    assert e.bradley_terry(wins[np.ix_(order, order)]) == pytest.approx(theta[order], abs=1e-5)


def test_bradley_terry_for_two_and_for_a_cycle():
    assert e.bradley_terry([[0, 3], [1, 0]]) == pytest.approx([math.log(3) / 2, -math.log(3) / 2], abs=1e-8)
    assert e.bradley_terry([[0, 4, 1], [1, 0, 4], [4, 1, 0]]) == pytest.approx([0, 0, 0], abs=1e-8)
    with pytest.raises(ValueError, match="strongly connected"):
        e.bradley_terry([[0, 2, 1], [0, 0, 1], [0, 1, 0]])  # player 0 never lost


# --- stability ---


def test_score_variance_by_enumeration():
    # Two kinds of questions, p = 1/4 or 1 (equally likely), two questions, two seeds each.
    kinds, n, seeds = (F(1, 4), F(1)), 2, 2
    law = {}
    for ps in product(kinds, repeat=n):
        for right in product(range(seeds + 1), repeat=n):
            weight = F(1, len(kinds) ** n)
            for p, k in zip(ps, right, strict=True):
                weight *= math.comb(seeds, k) * p**k * (1 - p) ** (seeds - k)
            score = F(sum(right), n * seeds)
            law[score] = law.get(score, F(0)) + weight
    mean = sum(score * weight for score, weight in law.items())
    variance = sum(score**2 * weight for score, weight in law.items()) - mean**2
    p_mean, p_var = sum(kinds) / 2, sum(p * p for p in kinds) / 2 - (sum(kinds) / 2) ** 2
    assert mean == p_mean
    assert e.score_variance(p_mean, p_var, n, seeds).total == pytest.approx(float(variance))


def test_seeds_cannot_replace_questions():
    parts = [e.score_variance(0.5, 0.125, 30, s) for s in (1, 8, 64)]  # difficulties Beta(1/2, 1/2)
    assert [math.sqrt(v.total) for v in parts] == pytest.approx([0.0912871, 0.0684653, 0.0650521], abs=1e-7)
    assert all(v.total > v.questions == 0.125 / 30 for v in parts)
    # two runs of the same questions differ by 9.1 points: the quoted 5 to 15 is what chance gives
    assert math.sqrt(2 * parts[0].seeds) == pytest.approx(0.0912871, abs=1e-7)


def test_one_question_is_two_to_three_points_only_between_33_and_50():
    inside = [n for n in range(1, 1001) if 2 <= 100 / n <= 3]
    assert (inside[0], inside[-1]) == (34, 50)
    assert not {30, 40, 500} <= set(inside)


@pytest.mark.parametrize(
    ("p1", "p2", "n", "expected"),
    [
        (0.55, 0.5, 30, (0.3019672, 0.0952611)),
        (0.55, 0.5, 500, (0.0530277, 0.0072022)),
        (0.55, 0.5, 1319, (0.0047619, 0.0005680)),
        (0.6, 0.5, 30, (0.1804994, 0.0760384)),
    ],
)
def test_rank_reversals(p1, p2, n, expected):
    assert e.reversal_probability(p1, p2, n) == pytest.approx(expected, abs=1e-7)


@given(st.integers(1, 5), SHARE, SHARE)
def test_rank_reversals_by_enumeration(n, p, q):
    p, q = max(p, q), min(p, q)
    law = [[math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(n + 1)] for x in (p, q)]
    reverse = sum(law[0][i] * law[1][j] for i in range(n + 1) for j in range(n + 1) if i < j)
    tie = sum(a * b for a, b in zip(*law, strict=True))
    assert e.reversal_probability(p, q, n) == pytest.approx((float(reverse), float(tie)), abs=1e-12)


def test_sample_sizes():
    assert e.sample_size(0.5, 0.53) == pytest.approx(4352.64, abs=0.01)
    assert e.paired_sample_size(0.03, 0.1) == pytest.approx(864.25, abs=0.01)
    # independent right answers are the case of unpaired questions
    p, q = 0.5, 0.53
    independent = p * (1 - q) + q * (1 - p)
    assert e.paired_sample_size(q - p, independent) == pytest.approx(e.sample_size(p, q))


def test_sample_size_reaches_its_power_in_simulation():
    n = math.ceil(e.sample_size(0.5, 0.6))
    rng = np.random.default_rng(3)
    a, b = rng.binomial(n, [[0.5], [0.6]], (2, 20_000)) / n
    z = (b - a) / np.sqrt((a * (1 - a) + b * (1 - b)) / n)
    assert np.mean(np.abs(z) > 1.959964) == pytest.approx(
        0.8, abs=0.02
    )  # standard error 0.003, normal approximation


# --- repeated sampling and prompts ---


@given(st.integers(1, 12), st.integers(1, 12), SHARE)
def test_pass_at_k_is_unbiased_and_the_plug_in_is_low(n, k, p):
    assume(k <= n)
    truth = 1 - (1 - p) ** k
    assert e.expected_estimate(e.pass_at_k, n, k, p) == truth
    bias = e.expected_estimate(e.plug_in_pass_at_k, n, k, p) - truth
    assert bias < 0 if k > 1 and 0 < p < 1 else bias == 0


def test_pass_at_k_by_subsets():
    from itertools import combinations

    answers = [1, 0, 0, 1, 0]
    subsets = list(combinations(answers, 3))
    assert e.pass_at_k(5, 2, 3) == F(sum(any(s) for s in subsets), len(subsets)) == F(9, 10)
    assert e.expected_estimate(e.plug_in_pass_at_k, 20, 5, F(1, 10)) - (1 - F(9, 10) ** 5) == pytest.approx(
        -0.0316356, abs=1e-7
    )
    assert 1 - 0.999**1024 == pytest.approx(0.6410285, abs=1e-7)  # guessing one in a thousand, 1,024 times


def test_frontier():
    assert e.frontier([1, 5, 6, 20], [0.6, 0.66, 0.65, 0.7]) == [0, 1, 3]
    assert e.frontier([1, 1, 2], [0.5, 0.5, 0.5]) == [0, 1]  # equals do not beat each other


def test_best_of_prompts():
    assert e.best_of_prompts_excess(1) == pytest.approx(0, abs=1e-12)
    assert e.best_of_prompts_excess(2) == pytest.approx(1 / math.sqrt(math.pi))
    assert [e.best_of_prompts_excess(m) for m in (10, 100)] == pytest.approx([1.5387527, 2.5075936], abs=1e-7)
    for m in (2, 10, 1000, 10**6):
        assert e.best_of_prompts_excess(m) < math.sqrt(2 * math.log(m))
    draws = np.random.default_rng(0).normal(size=(200_000, 10)).max(axis=1)
    assert draws.mean() == pytest.approx(e.best_of_prompts_excess(10), abs=0.01)


# --- bad input ---


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: e.clean_score(0.5, 1, 0.5), "share"),
        (lambda: e.clean_score(0.1, 0.5, 1), "observed"),
        (lambda: e.clean_score_interval(1.2, 0.5), "observed"),
        (lambda: e.contamination_threshold(0, 0.25, 0.05), "n"),
        (lambda: e.contamination_threshold(10, 1, 0.05), "p0"),
        (lambda: e.contamination_power(10, 0.25, 2, 1, 0.05), "share"),
        (lambda: e.order_test(len, [1], 9, np.random.default_rng()), "items"),
        (lambda: e.order_test(len, [1, 2], 0, np.random.default_rng()), "n_orders"),
        (lambda: e.ngram_collisions(-1, 2, 0.5, 2), "n_training"),
        (lambda: e.swap_logit(0, 0.5), "a"),
        (lambda: e.swap_average(math.nan, 0), "gap"),
        (lambda: e.two_judges(0.5, 1), "second"),
        (lambda: e.length_control(1, 1, 1, 0), "length_var"),
        (lambda: e.elo([]), "results"),
        (lambda: e.elo([(1, 1)]), "results"),
        (lambda: e.elo([(0, 1, 2)]), "results"),
        (lambda: e.bradley_terry([[0, -1], [1, 0]]), "wins"),
        (lambda: e.bradley_terry([[1, 1], [1, 0]]), "wins"),
        (lambda: e.score_variance(0.5, 0.3, 10), "variance"),
        (lambda: e.reversal_probability(0.4, 0.5, 10), "p1"),
        (lambda: e.sample_size(0.5, 0.5), "p2"),
        (lambda: e.sample_size(0.5, 0.6, power=1), "power"),
        (lambda: e.paired_sample_size(0.2, 0.1), "difference"),
        (lambda: e.paired_sample_size(0, 0.1), "difference"),
        (lambda: e.pass_at_k(5, 6, 1), "c"),
        (lambda: e.pass_at_k(5, 2, 6), "k"),
        (lambda: e.plug_in_pass_at_k(5.0, 2, 1), "n"),
        (lambda: e.expected_estimate(e.pass_at_k, 5, 2, 1.5), "p"),
        (lambda: e.frontier([1, 2], [1]), "accuracies"),
        (lambda: e.best_of_prompts_excess(0), "m"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        call()


def test_logit_helpers_agree_with_scipy():
    assert e.swap_logit(0.8, 0.8) == pytest.approx(logit(0.8))
