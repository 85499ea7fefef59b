"""Decoding: temperature, nuclei, entropy and error, and the frontier, against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmlimits import sampling as m

seeds = st.integers(0, 10**6)
HEATED = [2, 1.5, 0, 0, 0, 0]


def random_law(seed: int, size: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(size, rng.choice([0.1, 1, 10])))


# --- temperature ---


def test_softmax_limits():
    assert m.softmax([1, 1, 0], 0) == pytest.approx([0.5, 0.5, 0])
    assert m.softmax([1, 1, 0], 1e-3) == pytest.approx([0.5, 0.5, 0])  # not deterministic: two maximisers
    assert m.softmax([5, 1, 0], 1e9) == pytest.approx([1 / 3] * 3)
    assert m.softmax([1e308, -1e308], 1e-300) == pytest.approx([1, 0])
    assert m.softmax([3.0, 1.0], 2) == pytest.approx(np.exp([1.5, 0.5]) / np.exp([1.5, 0.5]).sum())


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.floats(0.2, 5), seeds)
def test_entropy_slope(size, t, seed):
    z = np.random.default_rng(seed).normal(size=size) * 2
    h = 1e-5 * t
    numeric = (m.entropy(m.softmax(z, t + h)) - m.entropy(m.softmax(z, t - h))) / (2 * h)
    assert m.entropy_slope(z, t) == pytest.approx(numeric, rel=1e-4, abs=1e-8)


def test_temperature_values():
    assert m.entropy_slope([2, 0], 1) == pytest.approx(0.419974, abs=5e-7)
    assert m.entropy(m.softmax([2, 0], 1)) == pytest.approx(0.365334, abs=5e-7)
    assert m.turning_temperature(HEATED, 1) == pytest.approx(0.804859, abs=5e-7)
    accuracy = [m.softmax(HEATED, t)[1] for t in (0.1, 0.5, 0.804859, 1, 2)]
    assert accuracy == pytest.approx([0.006693, 0.255269, 0.287223, 0.282387, 0.239608], abs=5e-7)


def test_heating_can_help_and_a_right_arg_max_set_is_not_enough():
    assert m.softmax(HEATED, 1)[1] > m.softmax(HEATED, 0.5)[1]
    z = np.r_[3, [-5] * 100, [2] * 20]
    accuracy = [m.softmax(z, t)[:101].sum() for t in (0.1, 1, 2, 5, 100)]
    assert accuracy == pytest.approx([0.9991, 0.1232, 0.1892, 0.5641, 0.8249], abs=5e-5)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 7), seeds)
def test_classification_of_accuracy_in_temperature(size, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=size)
    c = int(rng.integers(size))
    turn = m.turning_temperature(z, c)
    grid = np.exp(np.linspace(-2.5, 4, 200))
    accuracy = np.array([m.softmax(z, t)[c] for t in grid])
    rising = np.diff(accuracy) > 0
    if z[c] == z.max():
        assert turn == 0 and not rising[accuracy[:-1] < 1 - 1e-9].any()
    elif z[c] <= z.mean():
        assert turn == math.inf and rising[accuracy[:-1] > 1e-300].all()
    else:
        assert m.softmax(z, turn) @ z == pytest.approx(z[c])
        assert (
            rising[(grid[1:] < turn) & (accuracy[:-1] > 1e-300)].all() and not rising[grid[:-1] > turn].any()
        )


def test_turning_temperature_scales_with_the_logits():
    assert m.turning_temperature(np.array(HEATED) * 7 + 3, 1) == pytest.approx(
        7 * m.turning_temperature(HEATED, 1)
    )
    assert m.turning_temperature([1, 1, 0], 0) == 0  # a shared maximum still falls, from 1/2
    assert m.turning_temperature([2, 0], 1) == math.inf


# --- nucleus ---


def test_nucleus_is_not_unique():
    assert m.nucleus_minimisers([0.5, 0.3, 0.2], 0.7) == [(0, 1), (0, 2)]
    assert m.nucleus([0.5, 0.3, 0.2], 0.7) == [0, 1]
    assert len(m.nucleus_minimisers([0.1] * 10, 0.85)) == 10
    assert len(m.nucleus_minimisers([0.1] * 10, 0.95)) == 1
    assert [m.nucleus_law([0.5, 0.3, 0.2], p)[1] for p in (0.5, 0.7, 0.95)] == pytest.approx([0, 3 / 8, 0.3])


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9), seeds, st.floats(0.01, 1))
@example(3, 0, 1.0)
def test_nucleus_is_a_minimiser_of_largest_mass(size, seed, mass):
    p = random_law(seed, size)
    kept = tuple(sorted(m.nucleus(p, mass)))
    sets = m.nucleus_minimisers(p, mass)
    assert kept in sets
    heaviest = max(p[list(t)].sum() for t in sets)
    assert p[list(kept)].sum() == pytest.approx(heaviest, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 9), seeds)
def test_nucleus_entropy_grows_and_accuracy_falls_after_entry(size, seed):
    p = random_law(seed, size)
    grid = np.linspace(0.02, 1, 50)
    laws = [m.nucleus_law(p, mass) for mass in grid]
    assert (np.diff([m.entropy(law) for law in laws]) >= -1e-12).all()
    for c in range(size):
        accuracy = np.array([law[c] for law in laws])
        inside = accuracy[accuracy > 0]
        assert (np.diff(inside) <= 1e-12).all() and (accuracy[: len(grid) - len(inside)] == 0).all()


# --- entropy and error ---


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 12), seeds)
def test_error_between_its_bounds(size, seed):
    p = random_law(seed, size)
    h, greedy, sampled = m.entropy(p), 1 - p.max(), 1 - (p**2).sum()
    low, high = m.error_bounds(min(h, math.log(size)), size)
    assert low - 1e-9 <= greedy <= high + 1e-9
    assert greedy - 1e-12 <= sampled <= min(2 * greedy, -math.expm1(-h)) + 1e-12


def test_error_bounds_values():
    assert m.error_bounds(0.1, 10)[1] == pytest.approx(0.0721, abs=5e-5)
    assert m.error_bounds(math.log(10), 10) == pytest.approx((0.9, 0.9))
    assert m.error_bounds(0, 10) == pytest.approx((0, 0), abs=1e-12)
    p = np.r_[0.9, [0.1 / 9] * 9]  # Fano is an equality for it
    assert m.error_bounds(m.entropy(p), 10)[0] == pytest.approx(0.1)


def test_semantic_entropy():
    assert m.semantic_entropy([0.25] * 4, "aaaa") == 0  # paraphrases of one statement
    assert m.entropy([0.25] * 4) == pytest.approx(math.log(4))
    assert m.semantic_entropy([0.25] * 4, "aabb") == pytest.approx(math.log(2))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), seeds)
def test_semantic_chain_rule(size, seed):
    p = random_law(seed, size) + 1e-9
    p /= p.sum()
    meaning = np.random.default_rng(seed).integers(0, 3, size)
    inside = 0.0
    for g in set(meaning.tolist()):
        share = p[meaning == g].sum()
        inside += share * m.entropy(p[meaning == g] / share)
    assert m.entropy(p) == pytest.approx(m.semantic_entropy(p, meaning.tolist()) + inside)


def test_two_ensembles_with_one_mean():
    assert m.mutual_information([(0.99, 0.01), (0.01, 0.99)]) == pytest.approx(0.637146, abs=5e-7)
    assert m.mutual_information([(0.5, 0.5), (0.5, 0.5)]) == 0
    assert m.pair_information([(0.99, 0.01), (0.01, 0.99)]) > 0.59
    assert m.pair_information([(0.5, 0.5), (0.5, 0.5)]) == 0


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.integers(2, 5), seeds)
def test_a_second_answer_reveals_ignorance(k, size, seed):
    rng = np.random.default_rng(seed)
    members, w = rng.dirichlet(np.ones(size), k), rng.dirichlet(np.ones(k))
    between, total = m.pair_information(members, w), m.mutual_information(members, w)
    assert -1e-12 <= between <= total + 1e-12
    if k > 1 and total > 1e-6:
        assert between > 0
    # total entropy = expected entropy + mutual information
    expected = sum(x * m.entropy(law) for x, law in zip(w, members, strict=True))
    assert m.entropy(w @ members) == pytest.approx(expected + total)


# --- the frontier ---


def test_frontier_values():
    assert [m.frontier(a, 10) for a in (0.1, 0.5, 0.9, 1)] == pytest.approx(
        [2.302585, 1.791759, 0.544805, 0], abs=5e-7
    )
    assert m.frontier(1, 10, 4) == pytest.approx(math.log(4))
    assert m.frontier(0.95, 100) == pytest.approx(0.4283, abs=5e-5)


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 9), seeds, st.data())
def test_no_law_beats_the_frontier(size, seed, data):
    k = data.draw(st.integers(1, size - 1))
    p = random_law(seed, size)
    a = min(1.0, p[:k].sum())
    assert m.entropy(p) <= m.frontier(a, size, k) + 1e-9
    best = np.r_[np.full(k, a / k), np.full(size - k, (1 - a) / (size - k))]
    assert m.entropy(best / best.sum()) == pytest.approx(m.frontier(a, size, k))
    peak = m.frontier(k / size, size, k)
    assert peak == pytest.approx(math.log(size)) and m.frontier(a, size, k) <= peak + 1e-9


@given(st.integers(2, 50), st.data())
def test_frontier_is_concave_and_falls_beyond_chance(q, data):
    k = data.draw(st.integers(1, q - 1))
    grid = np.linspace(0, 1, 41)
    values = np.array([m.frontier(a, q, k) for a in grid])
    assert (np.diff(values, 2) < 1e-12).all()
    assert (np.diff(values[grid >= k / q]) <= 1e-12).all()


def test_accuracy_plus_diversity_is_not_constant():
    # No slope alpha > 0 and no constant fit three points of one frontier, let alone the interior.
    (a, x), (b, y), (c, z) = [(t, m.frontier(t, 10)) for t in (0.5, 0.9, 1)]
    assert (b - a) / (x - y) != pytest.approx((c - b) / (y - z), rel=0.5)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 7), st.floats(0.3, 4), seeds)
def test_tradeoff_slope(size, t, seed):
    rng = np.random.default_rng(seed)
    z, c, h = rng.normal(size=size), int(rng.integers(size)), 1e-4 * t
    hot, cold = m.softmax(z, t + h), m.softmax(z, t - h)
    numeric = (hot[c] - cold[c]) / (m.entropy(hot) - m.entropy(cold))
    assert m.tradeoff_slope(z, c, t) == pytest.approx(numeric, rel=1e-3, abs=1e-6)


def test_more_entropy_can_mean_more_accuracy():
    assert m.tradeoff_slope(HEATED, 1, 0.5) > 0 > m.tradeoff_slope(HEATED, 1, 1)


def test_one_temperature_against_two():
    def score(t_fact, t_free):
        return m.softmax([2, 0, 0, 0], t_fact)[0] + m.entropy(m.softmax([2, 0, 0, 0], t_free)) / math.log(4)

    best = max(score(t, t) for t in np.exp(np.linspace(-4, 6, 2001)))
    assert best == pytest.approx(math.log(7, 4), abs=1e-5) and best <= math.log(7, 4) + 1e-12
    assert score(1 / math.log(2), 1 / math.log(2)) == pytest.approx(math.log(7, 4))
    assert score(0.01, 1e6) == pytest.approx(2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: m.softmax([], 1),
        lambda: m.softmax([1, 2], -1),
        lambda: m.entropy([0.5, 0.4]),
        lambda: m.entropy_slope([1, 2], 0),
        lambda: m.turning_temperature([1, 1], 0),
        lambda: m.turning_temperature([1, 2], 2),
        lambda: m.nucleus([0.5, 0.5], 0),
        lambda: m.nucleus_minimisers([1 / 21] * 21, 0.5),
        lambda: m.error_bounds(3, 2),
        lambda: m.semantic_entropy([0.5, 0.5], "a"),
        lambda: m.mutual_information([(0.5, 0.6)]),
        lambda: m.pair_information([(0.5, 0.5)], [0.5, 0.5]),
        lambda: m.frontier(0.5, 4, 4),
        lambda: m.tradeoff_slope([1, 1], 0, 1),
    ],
)
def test_bad_input(call):
    with pytest.raises(ValueError, match="is not allowed"):
        call()
