"""Reasoning: shortcuts, parities, effects of traces, planning, decoding, votes, checks and chains, all exact."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import reasoning as r

HALF, TENTH = Fraction(1, 2), Fraction(1, 10)
SHARES = st.fractions(0, 1, max_denominator=30)
INNER = st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=50)


def laws(size: int):
    return st.lists(st.integers(1, 9), min_size=size, max_size=size).map(
        lambda counts: [Fraction(count, sum(counts)) for count in counts]
    )


def lists(entries, size: int):
    return st.lists(entries, min_size=size, max_size=size)


def entropy(p: float) -> float:
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


# --- likelihood (equation 26) ---


def test_maximum_likelihood_reaches_the_shortcut():
    fit = r.shortcut_fit(0.9)
    assert fit.weights == pytest.approx([0, 0, math.log(9), 0], abs=1e-9)
    assert fit.loss == pytest.approx(0.3250829733914482, abs=1e-12)
    assert fit.loss == pytest.approx(entropy(0.1))
    assert fit.accuracy == pytest.approx((0.9, 0.5, 0.1))


@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98))
@settings(max_examples=40, deadline=None)
def test_weights_are_log_odds(cue, rule):
    without, fit = r.shortcut_fit(cue, rule), r.shortcut_fit(cue, rule, product=True)
    log_odds = [math.log(p / (1 - p)) for p in (cue, rule)]
    assert without.weights == pytest.approx([0, 0, log_odds[0], 0], abs=1e-7)
    assert fit.weights == pytest.approx([0, 0, log_odds[0], 0, log_odds[1]], abs=1e-7)
    assert fit.loss <= without.loss + 1e-12


def test_the_feature_cures_if_the_rule_is_more_reliable():
    assert r.shortcut_fit(0.9, 0.99, product=True).accuracy == pytest.approx((0.99, 0.99, 0.99))
    assert r.shortcut_fit(0.9, 0.8, product=True).accuracy == pytest.approx((0.9, 0.5, 0.1))
    # without noise in the rule no weights are best: the loss tends to 0
    losses = [r.shortcut_fit(0.9, 1 - 10.0**-k, product=True).loss for k in (2, 4, 6)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 2e-5


def test_log_loss_is_proper_and_free_off_the_support():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4)).reshape(2, 2)
    p[1] = 0  # the prefix 1 never occurs
    p /= p.sum()

    def loss(first, after):
        q = first[:, None] * after
        return -(p[p > 0] * np.log(q[p > 0])).sum()

    entropy_p = -(p[p > 0] * np.log(p[p > 0])).sum()
    best = p[0] / p[0].sum()
    for free in (0.1, 0.5, 0.9):
        assert loss(np.array([1.0, 0.0]), np.array([best, [free, 1 - free]])) == pytest.approx(entropy_p)
    for _ in range(50):
        first, after = rng.dirichlet([1, 1]), rng.dirichlet([1, 1], 2)
        divergence = -math.log(first[0]) + (best * np.log(best / after[0])).sum()
        assert loss(first, after) == pytest.approx(entropy_p + divergence)


@given(st.integers(0, 6), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_walsh_is_the_definition(n, seed):
    g = np.random.default_rng(seed).uniform(-1, 1, 2**n)
    signs = np.array([[(-1.0) ** (x & s).bit_count() for x in range(2**n)] for s in range(2**n)])
    assert r.walsh(g) == pytest.approx(signs @ g / 2**n)
    assert (r.walsh(g) ** 2).sum() == pytest.approx((g**2).mean())
    assert r.walsh(np.stack([g, 2 * g], axis=1))[:, 1] == pytest.approx(2 * r.walsh(g))


def test_gradients_carry_little_information_about_a_parity():
    n, rng = 8, np.random.default_rng(0)
    x = np.array([[1 - 2 * (k >> i & 1) for i in range(n)] for k in range(2**n)])
    h = np.tanh(x @ rng.normal(size=n) + rng.normal())
    slope = np.column_stack([x, np.ones(len(x))]) * (1 - h**2)[:, None]  # gradient of h in the weights
    spread = 0.0
    for s in range(2**n):
        parity = np.array([(-1.0) ** (k & s).bit_count() for k in range(2**n)])
        gradient = 2 * ((h - parity)[:, None] * slope).mean(axis=0)
        spread += ((gradient - 2 * (h[:, None] * slope).mean(axis=0)) ** 2).sum()
    predicted = 4 * (slope**2).sum(axis=1).mean() / 2**n
    assert spread / 2**n == pytest.approx(predicted, rel=1e-12)
    assert 4 * (r.walsh(slope) ** 2).sum() / 2**n == pytest.approx(predicted, rel=1e-12)


def test_few_parities_are_heard_by_a_query():
    rng = np.random.default_rng(1)
    for tau in (0.05, 0.1, 0.3):
        g = rng.uniform(-1, 1, (2, 2**8))  # g(x, 1) and g(x, -1)
        heard = np.abs(r.walsh((g[0] - g[1]) / 2)) > tau
        assert heard.sum() < 1 / tau**2


@given(SHARES, SHARES, SHARES, SHARES, SHARES)
@settings(max_examples=40, deadline=None)
def test_mixtures_change_only_what_they_cover(share, p1, p2, a, b):
    total = share * p1 + (1 - share) * p2
    if total:
        w = r.mixture_weight(share, p1, p2)
        joint = share * p1 * a + (1 - share) * p2 * b
        assert joint / total == w * a + (1 - w) * b
    assert r.mixture_weight(TENTH, Fraction(2, 100), Fraction(1, 1000)) == Fraction(20, 29)
    assert r.mixture_weight(TENTH, 0, HALF) == 0


# --- efficiency (equation 27) ---


def test_two_efficiencies_order_two_models_differently():
    a, b = r.efficiency((1, 0), (1, 1)), r.efficiency((1, 1), (1, 9))
    assert a == (HALF, HALF)
    assert b == (Fraction(5, 9), Fraction(1, 5))
    assert b.per_task > a.per_task and b.throughput < a.throughput


@given(st.lists(st.tuples(SHARES, st.integers(1, 9)), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_efficiency_identity(tasks):
    quality, compute = zip(*tasks, strict=True)
    n = len(tasks)
    mean_q, inverse = sum(quality) / n, sum(Fraction(1, c) for c in compute) / n
    covariance = sum((q - mean_q) * (Fraction(1, c) - inverse) for q, c in tasks) / n
    found = r.efficiency(quality, compute)
    assert found.per_task == mean_q * inverse + covariance
    assert inverse >= Fraction(n, sum(compute))
    assert r.efficiency(quality, compute, [Fraction(1, n)] * n) == found


def test_throughput_is_the_ratio_of_means():
    rng = np.random.default_rng(2)
    compute = rng.choice([1.0, 9.0], 500_000)
    done = np.searchsorted(np.cumsum(compute), 2e6, side="right")
    assert done / 2e6 == pytest.approx(0.2, abs=2e-3)


@given(st.lists(st.tuples(SHARES, st.integers(1, 9)), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_right_price_finds_the_best_throughput(policies):
    best = max(q / c for q, c in policies)
    values = [q - best * c for q, c in policies]
    assert max(values) == 0
    assert [value == 0 for value in values] == [q / c == best for q, c in policies]


# --- traces (equations 28 to 30) ---


@given(
    st.lists(laws(2), min_size=2, max_size=2),
    st.lists(st.lists(laws(3), min_size=2, max_size=2), min_size=2, max_size=2),
)
def test_a_decorative_trace_has_the_same_marginal(traces, answers):
    law = r.answer_law(traces, answers)
    for x in (0, 1):
        assert sum(law[x]) == 1
        for y in range(3):
            assert law[x][y] == sum(traces[x][z] * answers[x][z][y] for z in (0, 1))
            assert all(law[x][y] >= traces[x][z] * answers[x][z][y] for z in (0, 1))
    assert r.answer_law(traces, [[row, row] for row in law]) == law


def test_outcome_reward_scales_the_likelihood_gradient():
    rng = np.random.default_rng(3)
    logits = rng.normal(size=10)  # 2 for z, 4 for y given each z

    def right(theta):
        z = np.exp(theta[:2]) / np.exp(theta[:2]).sum()
        y = np.exp(theta[2:].reshape(2, 4))
        return float(z @ (y[:, 0] / y.sum(axis=1)))

    steps = 1e-5 * np.eye(10)
    reward = [(right(logits + s) - right(logits - s)) / 2e-5 for s in steps]
    log = [(math.log(right(logits + s)) - math.log(right(logits - s))) / 2e-5 for s in steps]
    assert reward == pytest.approx(right(logits) * np.array(log), abs=1e-8)


def test_a_used_and_a_copied_trace_look_alike():
    # A: Z = X, Y = Z; B: Z = X, Y = X
    joint, forced = [], []
    for answer in (lambda x, z: z, lambda x, z: x):
        joint.append({(x, x, answer(x, x)) for x in (0, 1)})
        forced.append(Fraction(sum(answer(x, 1) for x in (0, 1)), 2))
    assert joint[0] == joint[1]
    assert forced == [1, HALF]


def test_the_printed_sum_exceeds_one_for_a_binary_answer():
    quarter = Fraction(1, 4)
    traces = [[1 - quarter, quarter], [quarter, 1 - quarter]]  # Z = X xor N
    found = r.mediation(traces, [[0, 0], [0, 1]])  # Y = X and Z
    assert found == (Fraction(3, 4), quarter, 0, -HALF, Fraction(5, 4))
    assert r.mediation(traces, [[0, 0], [0, 1]], contrast=(0, 1)).printed == quarter
    assert found.interaction == HALF
    assert found.nde + found.nie != found.te


def test_mediation_of_an_exclusive_or():
    found = r.mediation([[1, 0], [0, 1]], [[0, 1], [1, 0]])
    assert (found.te, found.nde, found.nie, found.interaction) == (0, 1, 1, -2)


@given(laws(3), laws(3), lists(lists(SHARES, 3), 2))
@settings(max_examples=40, deadline=None)
def test_mediation_identities(law0, law1, mu):
    found = r.mediation([law0, law1], mu)
    # potential outcomes: Z_0, Z_1 and the answers are drawn independently
    crossed = [[sum(p * mu[a][z] for z, p in enumerate(law)) for law in (law0, law1)] for a in (0, 1)]
    assert found.te == crossed[1][1] - crossed[0][0] == found.nde - found.nie_reverse
    assert found.nde == sum((mu[1][z] - mu[0][z]) * law0[z] for z in range(3))
    assert found.nie == sum(mu[0][z] * (law1[z] - law0[z]) for z in range(3))
    assert found.interaction == sum((mu[1][z] - mu[0][z]) * (law1[z] - law0[z]) for z in range(3))
    additive = [[mu[0][z] + x for z in range(3)] for x in (0, 1)]
    assert r.mediation([law0, law1], additive).interaction == 0


def tenths(*numbers):
    return [Fraction(k, 10) for k in numbers]


HIDDEN = [HALF, HALF]
INPUTS = [tenths(8, 2), tenths(2, 8)]
TRACES = [tenths(9, 1), tenths(1, 9)]
ANSWERS = [tenths(1, 6), tenths(3, 9)]  # [z][u]


def test_front_door_by_hand():
    seen = r.confounded(HIDDEN, INPUTS, TRACES, [ANSWERS] * 2)
    assert seen.truth == (Fraction(3, 8), Fraction(23, 40))
    assert r.front_door(*seen[:3]) == seen.truth
    assert seen.naive == (Fraction(111, 500), Fraction(94, 125))
    # pruned to z = 1: mass 9/10, another intervention when it is normalised
    forced = r.front_door(seen.p_x, [[1, 0], [0, 1]], seen.mean_y)
    assert Fraction(9, 10) * forced[1] == Fraction(27, 50) and forced[1] == Fraction(3, 5)


@given(laws(2), lists(laws(3), 2), lists(laws(2), 3), lists(SHARES, 4))
@settings(max_examples=60)
def test_front_door_theorem(hidden, inputs, traces, means):
    answers = [means[:2], means[2:]]
    seen = r.confounded(hidden, inputs, traces, [answers] * 3)
    assert r.front_door(*seen[:3]) == seen.truth


def test_front_door_needs_its_hypotheses():
    direct = [[tenths(1, 6), tenths(3, 9)], [tenths(3, 8), tenths(5, 10)]]
    seen = r.confounded(HIDDEN, INPUTS, TRACES, direct)
    assert r.front_door(*seen[:3])[1] != seen.truth[1]
    hidden_arrow = [[tenths(9, 1), tenths(6, 4)], [tenths(4, 6), tenths(1, 9)]]  # U acts on Z
    seen = r.confounded(HIDDEN, INPUTS, hidden_arrow, [ANSWERS] * 2)
    assert r.front_door(*seen[:3])[1] != seen.truth[1]
    # Y = X: the formula says one half
    assert r.front_door([HALF, HALF], [[HALF, HALF]] * 2, [[0, 0], [1, 1]]) == (HALF, HALF)


def test_front_door_without_a_hidden_cause_is_conditioning():
    seen = r.confounded([1], [tenths(3, 7)], TRACES, [[[TENTH], [HALF]]] * 2)
    assert r.front_door(*seen[:3]) == seen.naive == seen.truth


# --- planning and search (equation 31) ---


def test_the_printed_policy_prefers_the_other_branch():
    tree = [0.8, [1, 0]]
    soft, printed = r.plan(tree, 1), r.plan(tree, 1, soft=False)
    assert (soft.action_values[1], printed.action_values[1]) == pytest.approx(
        (1.3132617, 0.7310586), abs=1e-7
    )
    assert (soft.policy[1], printed.policy[1]) == pytest.approx((0.6255708, 0.4827715), abs=1e-7)
    assert soft.objective > printed.objective
    assert soft.reward < printed.reward  # what the soft policy maximises is reward plus entropy


def random_tree(rng, depth):
    if depth == 0:
        return float(rng.uniform(0, 1))
    return [random_tree(rng, depth - 1) for _ in range(int(rng.integers(1, 4)))]


def best_leaf(node):
    return max(map(best_leaf, node)) if isinstance(node, list) else node


def test_soft_planning_is_optimal():
    rng = np.random.default_rng(4)
    for _ in range(100):
        tree, tau = random_tree(rng, 3), float(rng.uniform(0.05, 3))
        soft, printed = r.plan(tree, tau), r.plan(tree, tau, soft=False)
        value = tau * np.logaddexp.reduce(np.array(soft.action_values) / tau)
        assert soft.objective == pytest.approx(value, abs=1e-9)
        assert printed.objective <= value + 1e-9
        assert best_leaf(tree) - soft.reward <= tau * 3 * math.log(3) + 1e-9


def test_limits_of_the_temperature():
    tree = [[0.1, 0.2, 0.9], 0.5]
    assert r.plan(tree, 1e-3).policy[0] == pytest.approx(1)
    assert r.plan(tree, 1e6).policy == pytest.approx((0.75, 0.25), abs=1e-5)  # number of leaves
    assert r.plan(tree, 1e6, soft=False).policy == pytest.approx((0.5, 0.5), abs=1e-5)


def flat(*shares):
    return {k: (share, {}) for k, share in enumerate(shares)}


FOUR = flat(*[Fraction(1, 4)] * 4)
TREE = {
    "x": (
        Fraction(52, 100),
        {
            "x1": (Fraction(34, 100), flat(1)),
            "x2": (Fraction(33, 100), FOUR),
            "x3": (Fraction(33, 100), FOUR),
        },
    ),
    "y": (Fraction(48, 100), {"y1": (HALF, FOUR), "y2": (HALF, FOUR)}),
}


def test_a_wider_beam_finds_less():
    found = [r.beam_search(TREE, width)[1] for width in (1, 2, 3)]
    assert found == [Fraction(221, 1250), Fraction(3, 50), Fraction(221, 1250)]
    assert r.best_first(TREE)[:2] == (("x", "x1", 0), Fraction(221, 1250))


@pytest.mark.parametrize(("width", "factor"), [(1, 2), (4, 50), (7, 100)])
def test_beam_trap(width, factor):
    tree = r.beam_trap(width, factor)
    ratio = r.best_first(tree)[1] / r.beam_search(tree, width)[1]
    assert ratio >= Fraction(99, 100) * factor
    if (width, factor) == (4, 50):
        assert float(ratio) == pytest.approx(49.9375, abs=1e-3)


def token_tree(rng, depth):
    if depth == 0:
        return {}
    counts = rng.integers(1, 9, int(rng.integers(1, 4)))
    return {
        k: (Fraction(int(n), int(counts.sum())), token_tree(rng, depth - 1)) for k, n in enumerate(counts)
    }


def most_probable(node):
    return max((p * most_probable(rest) for p, rest in node.values()), default=Fraction(1))


def test_best_first_and_wide_beams_are_exact():
    rng = np.random.default_rng(5)
    for _ in range(60):
        tree = token_tree(rng, 3)
        best = most_probable(tree)
        assert r.best_first(tree)[1] == best == r.beam_search(tree, 3**2)[1]
        assert r.beam_search(tree, 1)[1] <= best


def test_complete_sequences_stay_in_the_beam():
    tree = {"stop": (Fraction(6, 10), {}), "go": (Fraction(4, 10), flat(HALF, HALF))}
    assert r.beam_search(tree, 2) == (("stop",), Fraction(6, 10))


def test_a_guide_with_errors_loses_at_most_twice_the_error_per_step():
    rng, horizon, error = np.random.default_rng(6), 3, 0.1
    for _ in range(100):
        rewards = rng.uniform(0, 1, (horizon, 2**horizon, 2))  # reward of action a at node s of layer t
        value = np.zeros((horizon + 1, 2 ** (horizon + 1)))
        q = np.zeros_like(rewards)
        for t in reversed(range(horizon)):
            for s in range(2**t):
                q[t, s] = [rewards[t, s, a] + value[t + 1, 2 * s + a] for a in (0, 1)]
                value[t, s] = q[t, s].max()
        guess, node, total = q + rng.uniform(-error, error, q.shape), 0, 0.0
        for t in range(horizon):
            action = int(guess[t, node].argmax())
            total, node = total + rewards[t, node, action], 2 * node + action
        assert value[0, 0] - total <= 2 * error * horizon + 1e-12


# --- the price of compute (equations 32 to 34) ---


@given(INNER, st.fractions(Fraction(1, 200), 1, max_denominator=200))
@settings(max_examples=60, deadline=None)
def test_stopping(p, price):
    n = r.best_samples(p, price)

    def value(k):
        return 1 - (1 - p) ** k - price * k

    assert all(value(n) >= value(k) for k in range(min(n + 30, 300)))
    assert value(n) > value(n + 1)


def test_stopping_by_hand():
    assert (r.best_samples(0.2, 0.01), r.best_samples(HALF, Fraction(4, 100))) == (14, 4)
    assert r.best_samples(HALF, Fraction(1, 4)) == 2  # a tie: the second try pays exactly its price
    assert r.best_samples(TENTH, HALF) == 0


def test_a_price_misses_a_configuration():
    costs, qualities = (1, 2, 3), (Fraction(50, 100), Fraction(55, 100), Fraction(90, 100))
    assert r.priced_choices(costs, qualities) == (0, 2)
    assert r.priced_choices(costs, (0, Fraction(1, 2), 1)) == (0, 1, 2)
    assert r.priced_choices((1, 1), (0, 1)) == (1,)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_priced_choices_against_a_grid(points):
    costs, qualities = zip(*points, strict=True)
    found = set()
    slopes = {Fraction(q - s, c - d) for (c, q), (d, s) in itertools.permutations(points, 2) if c != d}
    prices = {Fraction(0)} | {slope for slope in slopes if slope >= 0}
    for price in prices | {price + Fraction(1, 100) for price in prices}:
        values = [q - price * c for c, q in points]
        found |= {i for i, value in enumerate(values) if value == max(values)}
    assert set(r.priced_choices(costs, qualities)) == found


def test_routing():
    easy, hard = Fraction(95, 100), Fraction(2, 10)
    found = r.routed_value(
        (Fraction(7, 10), Fraction(3, 10)), (easy, hard), (Fraction(96, 100), Fraction(8, 10)), TENTH
    )
    assert found == (Fraction(725, 1000), Fraction(812, 1000), Fraction(875, 1000))


@given(laws(3), lists(SHARES, 3), lists(SHARES, 3), SHARES)
@settings(max_examples=40, deadline=None)
def test_routing_gain(law, short, think, price):
    fast, slow, routed = r.routed_value(law, short, think, price)
    gains = [t - s - price for s, t in zip(short, think, strict=True)]
    mean = sum(p * g for p, g in zip(law, gains, strict=True))
    assert routed - max(fast, slow) == sum(p * max(g, 0) for p, g in zip(law, gains, strict=True)) - max(
        mean, 0
    )


@given(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=2, max_size=8), st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_the_weight_is_a_switch(answers, weight):
    scores, fits = zip(*answers, strict=True)
    if len(set(fits)) < 2:
        return
    switch = r.switch_price(scores, fits)
    values = [score + weight * fit for score, fit in answers]
    chosen = {fit for value, (_, fit) in zip(values, answers, strict=True) if value == max(values)}
    if weight > switch:
        assert chosen == {True}
    if weight < switch:
        assert chosen == {False}
    assert r.switch_price((-1, -3), (False, True)) == 2


# --- votes (equation 36) ---


def test_majority_by_hand():
    assert r.majority_accuracy(11, Fraction(3, 5)) == Fraction(36791901, 48828125)
    assert r.majority_accuracy(11, Fraction(2, 5)) == Fraction(12036224, 48828125)
    assert r.majority_accuracy(101, 0.6) == pytest.approx(0.97910331, abs=1e-8)
    assert r.majority_accuracy(3, Fraction(1, 3)) == 3 * Fraction(1, 9) - 2 * Fraction(1, 27)


@given(st.integers(1, 12), SHARES)
@settings(max_examples=40, deadline=None)
def test_majority_is_enumeration(n, p):
    total = Fraction(0)
    for k in range(n + 1):
        share = math.comb(n, k) * p**k * (1 - p) ** (n - k)
        total += share * (1 if 2 * k > n else HALF if 2 * k == n else 0)
    assert r.majority_accuracy(n, p) == total
    assert r.majority_accuracy(n, float(p)) == pytest.approx(float(total), abs=1e-12)


@given(st.integers(0, 15), SHARES)
@settings(max_examples=40, deadline=None)
def test_condorcet_increment(m, p):
    gain = r.majority_accuracy(2 * m + 3, p) - r.majority_accuracy(2 * m + 1, p)
    assert gain == (2 * p - 1) * math.comb(2 * m + 1, m) * (p * (1 - p)) ** (m + 1)
    if p > HALF:
        n = 2 * m + 1
        assert 1 - r.majority_accuracy(n, float(p)) <= math.exp(-2 * n * float(p - HALF) ** 2) + 1e-12


def test_votes_that_share_difficulty():
    found = [0.3 + 0.7 * r.majority_accuracy(n, 0.45) for n in (1, 11, 101, 1001)]
    assert found == pytest.approx([0.615, 0.5568141934, 0.4093712203, 0.3005287743], abs=1e-9)
    symmetric = [(Fraction(1, 5), HALF), (Fraction(4, 5), HALF)]
    for n in (1, 3, 9):
        assert sum(share * r.majority_accuracy(n, p) for p, share in symmetric) == HALF
    copied = 0.3 * 0.6 + 0.7 * r.majority_accuracy(2001, 0.6)
    assert copied == pytest.approx(0.88, abs=1e-6)


def test_the_average_of_votes_can_rise_and_then_fall():
    # half of the questions with accuracy 0.9, half with 0.45
    found = [(r.majority_accuracy(n, 0.9) + r.majority_accuracy(n, 0.45)) / 2 for n in (1, 3, 5, 7, 101)]
    assert found == pytest.approx([0.675, 0.698625, 0.699158, 0.694535, 0.578096], abs=1e-4)
    assert found[0] < found[1] < found[2] > found[3] > found[4] < found[0]


def test_plurality():
    found = [r.plurality_accuracy(n, (0.4, 0.3, 0.3)) for n in (11, 101, 301)]
    assert found == pytest.approx([0.41894244, 0.79507696, 0.96327227], abs=1e-8)
    for n in (11, 101, 301):
        assert 1 - r.plurality_accuracy(n, (0.4, 0.3, 0.3)) <= 2 * math.exp(-n * 0.01 / 2)


@given(st.integers(1, 6), laws(3))
@settings(max_examples=25, deadline=None)
def test_plurality_is_enumeration(n, law):
    total = 0.0
    for votes in itertools.product(range(3), repeat=n):
        counts = [votes.count(k) for k in range(3)]
        if counts[0] > max(counts[1:]):
            total += math.prod(float(law[v]) for v in votes)
    assert r.plurality_accuracy(n, law) == pytest.approx(total, abs=1e-12)


@given(st.integers(1, 9), SHARES)
@settings(max_examples=20, deadline=None)
def test_plurality_of_two_answers(n, p):
    exact = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n // 2 + 1, n + 1))
    assert r.plurality_accuracy(n, (p, 1 - p)) == pytest.approx(float(exact), abs=1e-12)


# --- verification and chains (section 4.4) ---


def test_verification_by_hand():
    p, a, b = Fraction(6, 10), Fraction(9, 10), TENTH
    assert r.verified_accuracy(p, a, b) == Fraction(27, 29)
    assert r.verified_accuracy(p, a, b, 3) == Fraction(2727, 3125)
    assert r.verified_accuracy(p, a, b, 1) == p
    assert r.verified_accuracy(0.6, 0.9, 0.1, 3) == pytest.approx(0.87264)
    assert r.verified_accuracy(0.6, 1e-18, 1e-18, 5) == pytest.approx(0.6)
    assert r.verified_accuracy(p, 1, 0, 4) == 1 - Fraction(4, 10) ** 4  # a perfect verifier


@given(SHARES, SHARES, SHARES, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_verification_is_the_recursion(p, a, b, attempts):
    def accuracy(left):
        accepted = p * a
        rejected = p * (1 - a) + (1 - p) * (1 - b)
        return p if left == 1 else accepted + rejected * accuracy(left - 1)

    # the last attempt is kept whether it is accepted or not
    assert r.verified_accuracy(p, a, b, attempts) == accuracy(attempts)
    found = r.verified_accuracy(float(p), float(a), float(b), attempts)
    assert found == pytest.approx(float(accuracy(attempts)), abs=1e-12)
    assert r.verified_accuracy(p, a, a, attempts) == p
    s = p * a + (1 - p) * b
    if 0 < p < 1 and s:
        ceiling = r.verified_accuracy(p, a, b)
        assert (ceiling > p) == (a > b)
        assert (ceiling == 1) == (b == 0)


def test_tries_for_a_chain():
    assert [r.tries_per_step(n, 0.6, 0.01) for n in (10, 100, 1000)] == [8, 11, 13]
    for n in (1, 7, 300):
        for p in (0.1, 0.6, 0.99):
            k = r.tries_per_step(n, p, 0.01)
            assert (1 - (1 - p) ** k) ** n >= 0.99
            assert k == 1 or (1 - (1 - p) ** (k - 1)) ** n < 0.99
            assert k <= math.ceil(math.log(n / 0.01) / -math.log1p(-p))
    assert r.tries_per_step(5, 1, 0.1) == 1
    assert 0.6**10 == pytest.approx(0.0060466, abs=1e-7)
    assert (1 - 0.4**3) ** 10 == pytest.approx(0.516, abs=1e-3)
    assert r.verified_accuracy(0.6, 0.9, 0.1) ** 10 == pytest.approx(0.4893929, abs=1e-7)


@given(INNER, INNER)
@settings(max_examples=40, deadline=None)
def test_program_threshold(g, p):
    n = r.program_threshold(g, p)
    assert p**n < g and (n == 0 or p ** (n - 1) >= g)


def test_program_threshold_by_hand():
    assert r.program_threshold(Fraction(72, 100), Fraction(95, 100)) == 7
    assert r.program_threshold(Fraction(72, 100), Fraction(99, 100)) == 33
    assert r.program_threshold(1, HALF) == 1


def test_bounds_for_all_steps_are_attained():
    assert r.all_right_bounds([Fraction(9, 10)] * 5) == (HALF, Fraction(9, 10))
    assert r.all_right_bounds([HALF] * 3) == (0, HALF)
    assert r.all_right_bounds((1 - TENTH, Fraction(98, 100), Fraction(97, 100)))[0] == Fraction(85, 100)
    # disjoint failures on a circle of length 1, and one common failure
    for steps in ([Fraction(9, 10)] * 5, [Fraction(7, 10), HALF, Fraction(9, 10)]):
        failed, start = [], Fraction(0)
        for p in steps:
            failed.append((start, start + 1 - p))
            start += 1 - p
        grid = [Fraction(k, 1000) for k in range(1000)]
        disjoint = sum(not any(a <= t < b for a, b in failed) for t in grid)
        common = sum(all(t < p for p in steps) for t in grid)
        assert (Fraction(disjoint, 1000), Fraction(common, 1000)) == r.all_right_bounds(steps)


def test_chains():
    assert r.chain_accuracy(0.95, 20) == pytest.approx(0.35848592)
    assert r.chain_accuracy(HALF, 3) == Fraction(1, 8)
    assert r.chain_accuracy(HALF, 0) == 1
    assert r.parity_chain(0.05, 31) == pytest.approx((0.51907602, 0.20390683, 0.31516920), abs=1e-8)
    assert [r.and_tree(0.05, d) for d in range(1, 6)] == pytest.approx(
        [0.95, 0.86225, 0.71912756, 0.51543000, 0.28910127], abs=1e-8
    )


@given(SHARES, st.integers(0, 8))
@settings(max_examples=40, deadline=None)
def test_parity_chain_is_enumeration(e, n):
    final = sum(math.comb(n, k) * e**k * (1 - e) ** (n - k) for k in range(0, n + 1, 2))
    assert r.parity_chain(e, n) == (final, (1 - e) ** n, final - (1 - e) ** n)


@given(SHARES)
@settings(max_examples=40, deadline=None)
def test_and_tree_of_depth_two_is_enumeration(e):
    total = Fraction(0)
    for flips in itertools.product((0, 1), repeat=3):
        left, right = 1 ^ flips[0], 1 ^ flips[1]
        if (left & right) ^ flips[2]:
            total += math.prod(e if flip else 1 - e for flip in flips)
    assert r.and_tree(e, 2) == total


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_composed_questions_need_no_facts_of_their_own(k, m, seed):
    table = np.random.default_rng(seed).integers(0, m, (k, m))  # k m facts answer k^3 m questions
    questions = list(itertools.product(*[range(k)] * 3, range(m)))
    assert len(questions) == k**3 * m
    whole = {(f, g, h): table[h][table[g][table[f]]] for f, g, h in itertools.product(range(k), repeat=3)}
    for f, g, h, point in questions:
        answer = point
        for step in (f, g, h):
            answer = table[step, answer]
        assert answer == whole[f, g, h][point]


# --- bad input ---


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: r.shortcut_fit(1), "cue"),
        (lambda: r.shortcut_fit(0.9, 1, True), "rule"),
        (lambda: r.walsh([1, 2, 3]), "values"),
        (lambda: r.mixture_weight(1, 0, HALF), "share"),
        (lambda: r.efficiency((1,), (0,)), "compute"),
        (lambda: r.efficiency((1,), (1, 2)), "compute"),
        (lambda: r.efficiency((1, 2), (1, 2), (1,)), "shares"),
        (lambda: r.answer_law([[HALF, HALF]], [[[1]]]), "p_y_given_xz"),
        (lambda: r.answer_law([[1, 1]], [[[1], [1]]]), "sum to 1"),
        (lambda: r.mediation([[1]], [[1]]), "two laws"),
        (lambda: r.mediation([[1], [1]], [[1, 2], [1, 2]]), "mean_y"),
        (lambda: r.mediation([[1], [1]], [[1], [1]], contrast=(0, 1)), "contrast"),
        (lambda: r.front_door([1], [[HALF, HALF]], [[1]]), "mean_y"),
        (lambda: r.front_door([1], [[1], [1]], [[1]]), "p_z_given_x"),
        (lambda: r.confounded([1], [[1]], [[1, 0]], [[[1], [1]]]), "every trace"),
        (lambda: r.confounded([1], [[1], [1]], [[1]], [[[1]]]), "p_x_given_u"),
        (lambda: r.confounded([1], [[1]], 4, [[[1]]]), "p_z_given_x"),
        (lambda: r.confounded([1], [[1]], [[]], [[[1]]]), "p_z_given_x"),
        (lambda: r.confounded([1], [[1]], [[1]], 5), "mean_y"),
        (lambda: r.confounded([1], [[1, 0]], [[1], [1]], [[[1]], [[1]]]), "every input"),
        (lambda: r.answer_law([[1]], 3), "p_y_given_xz"),
        (lambda: r.plan(1.0, 1), "tree"),
        (lambda: r.plan([[], 1], 1), "tree"),
        (lambda: r.plan([1, 2], 0), "temperature"),
        (lambda: r.beam_search({}, 0), "width"),
        (lambda: r.beam_search({"a": (HALF, {})}, 1), "sum to 1"),
        (lambda: r.beam_search({"a": 1}, 1), "tree"),
        (lambda: r.best_first([1]), "tree"),
        (lambda: r.beam_trap(0, 1), "width"),
        (lambda: r.best_samples(1, HALF), "p = 1"),
        (lambda: r.best_samples(HALF, 0), "price"),
        (lambda: r.priced_choices((1,), ()), "qualities"),
        (lambda: r.routed_value((1,), (1, 1), (1,), 0), "think"),
        (lambda: r.switch_price((1, 2), (True, True)), "consistent"),
        (lambda: r.majority_accuracy(0, HALF), "n_votes"),
        (lambda: r.majority_accuracy(3, 1.5), "p = 1.5"),
        (lambda: r.plurality_accuracy(3, (HALF,)), "sum to 1"),
        (lambda: r.verified_accuracy(HALF, 0, 0), "accept_right"),
        (lambda: r.verified_accuracy(HALF, 1, 0, 0), "attempts"),
        (lambda: r.tries_per_step(0, HALF, HALF), "n_steps"),
        (lambda: r.program_threshold(0, HALF), "program"),
        (lambda: r.all_right_bounds([]), "probabilities"),
        (lambda: r.chain_accuracy(HALF, -1), "n = -1"),
        (lambda: r.parity_chain(2, 1), "noise"),
        (lambda: r.and_tree(HALF, 16), "depth"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
