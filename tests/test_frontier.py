"""Counts as a floor, passages under a budget, Hedge, and the toy world with resources at infinity."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import attention, capacity
from llmlimits import frontier as c

F = Fraction


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(1, 5))
def test_good_turing_gap_is_the_sum_of_squares(weights, n):
    masses = [F(w, sum(weights)) for w in weights]
    once, unseen = F(0), F(0)
    for draws in product(range(len(masses)), repeat=n):
        weight = math.prod(masses[i] for i in draws)
        counts = Counter(draws)
        once += weight * F(sum(v == 1 for v in counts.values()), n)
        unseen += weight * sum(m for i, m in enumerate(masses) if i not in counts)
    assert once - unseen == sum(p * p * (1 - p) ** (n - 1) for p in masses)
    assert 0 <= once - unseen <= F(1, n)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=8), st.data())
def test_one_draw_changes_the_count_of_singletons_by_at_most_two(draws, data):
    i, other = data.draw(st.integers(0, len(draws) - 1)), data.draw(st.integers(0, 3))
    changed = [*draws[:i], other, *draws[i + 1 :]]
    once = [sum(v == 1 for v in Counter(d).values()) for d in (draws, changed)]
    assert abs(once[0] - once[1]) <= 2


def test_the_floor_holds_as_often_as_it_promises():
    rng, n = np.random.default_rng(0), 400
    masses = np.arange(1, 5001) ** -1.5
    masses /= masses.sum()
    expected = float(masses @ (1 - masses) ** n)
    floors = []
    for _ in range(400):
        counts = np.bincount(rng.choice(5000, n, p=masses))
        floors.append(c.unseen_floor(int((counts == 1).sum()), n, 0.1))
    assert np.mean(np.array(floors) <= expected) >= 0.9
    assert max(floors) > 0  # the bound says something


SETS = st.lists(st.frozensets(st.integers(0, 9), max_size=6), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(SETS, st.data())
def test_budgeted_greedy_keeps_its_guarantee(sets, data):
    costs = data.draw(st.lists(st.integers(1, 9), min_size=len(sets), max_size=len(sets)))
    budget = data.draw(st.integers(1, 20))
    found, best = c.budgeted_greedy(sets, costs, budget), c.best_selection(sets, costs, budget)
    assert sum(costs[i] for i in found.chosen) <= budget
    assert found.covered == len(frozenset().union(*(sets[i] for i in found.chosen)))
    assert best.covered >= found.covered >= 0.5 * (1 - 1 / math.e) * best.covered


def test_greedy_is_tight_for_two_picks_and_density_alone_is_not_enough():
    left, right, middle = {0, 1}, {2, 3}, {0, 2}
    assert c.budgeted_greedy([middle, left, right], [1, 1, 1], 2).covered == 3
    assert c.best_selection([middle, left, right], [1, 1, 1], 2).covered == 4
    # two facts at cost 1 against 19 facts at cost 10, budget 10: the single passage saves the guarantee
    assert c.budgeted_greedy([{"a", "b"}, set(range(19))], [1, 10], 10) == ((1,), 19)


def test_nothing_fits():
    assert c.budgeted_greedy([{1}], [5], 3) == c.best_selection([{1}], [5], 3) == ((), 0)


@settings(max_examples=60)
@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 2**31))
def test_hedge_keeps_its_bound(rounds, modes, seed):
    rng = np.random.default_rng(seed)
    losses = rng.integers(0, 2, (rounds, modes)) * rng.random(modes)
    run = c.hedge(losses)
    assert run.regret <= c.hedge_bound(rounds, modes) + 1e-9
    assert run.weights.sum(axis=1) == pytest.approx(np.ones(rounds))


def test_hedge_against_an_adversary():
    # The mode with the largest weight is the one that loses: the worst the bound allows for, and it holds.
    losses = np.zeros((400, 5))
    for t in range(400):
        losses[t, np.argmax(c.hedge(losses[: t + 1], rate=math.sqrt(8 * math.log(5) / 400)).weights[t])] = 1
    assert 0 < c.hedge(losses).regret <= c.hedge_bound(400, 5) == pytest.approx(17.941, abs=1e-3)


def test_hedge_by_hand():
    run = c.hedge([[1, 0], [1, 0]], rate=math.log(2))
    assert run.weights == pytest.approx(np.array([[1 / 2, 1 / 2], [1 / 3, 2 / 3]]))
    assert run.regret == pytest.approx(5 / 6)


@given(st.floats(0, 30), st.lists(st.floats(0, 30), min_size=1, max_size=8))
def test_logarithmic_margins(margin, below):
    # all others at least `margin` below: the weight is at least that of equal competitors
    scores = np.array([-margin - b for b in below])
    n = len(scores) + 1
    weight = attention.attention_mass(0.0, scores)
    assert weight >= 1 / (1 + (n - 1) * math.exp(-margin)) - 1e-12
    spread = max(0.0, -scores.min())
    assert weight <= attention.dispersion_bounds(n, spread).largest + 1e-12
    enough = math.log(n - 1) + math.log(0.9 / 0.1)
    assert attention.attention_mass(0.0, np.full(n - 1, -enough)) == pytest.approx(0.9)


def test_toy_world_at_infinity():
    inf = math.inf
    assert c.toy_error(inf, inf, inf) == (0, 0, 0.1)
    assert c.toy_error(0, inf, inf).total == pytest.approx(0.35)
    assert c.toy_error(inf, 0, inf).total == pytest.approx(0.35)
    assert c.toy_error(inf, inf, 0, n_candidates=4).search == pytest.approx(0.3 * 3 / 4)  # one free guess
    assert c.toy_error(inf, inf, 3, n_candidates=4).search == 0  # three failed checks leave one candidate
    seen = c.toy_error(inf, 1, inf, n_facts=4).recall
    assert seen == pytest.approx(0.25 * 3 / 4)
    assert c.toy_error(inf, 2, inf, n_facts=1).recall == 0


def test_lossy_memory_beats_storing_some_facts():
    # Four bits of memory, seven facts, all seen: the Hamming code errs on 1/8, four stored bits and guesses on 3/14.
    error = 1 - capacity.hamming_accuracy()
    bound = 2 * c.toy_error(4, math.inf, math.inf, n_facts=7).recall
    assert bound <= error == F(1, 8) < F(1, 2) * (1 - F(4, 7))


@given(st.floats(0, 60), st.integers(1, 40))
def test_recall_is_convex_in_the_number_of_facts_seen(bits, n):
    # so that its value at the mean number is a lower bound
    seen = np.arange(1, n + 1)
    wrong = seen * capacity.distortion_at_rate(np.minimum(1.0, bits / seen)) + (n - seen) / 2
    assert (np.diff(np.r_[n / 2, wrong], 2) >= -1e-9).all()


def test_distinct_facts_by_enumeration():
    draws = list(product(range(3), repeat=4))
    expected = sum(len(set(d)) for d in draws) / len(draws)
    assert c.toy_error(math.inf, 4, math.inf, n_facts=3).recall == pytest.approx(0.25 * (1 - expected / 3))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: c.unseen_floor(3, 2, 0.1), "n_once"),
        (lambda: c.unseen_floor(1, 2, 1), "delta"),
        (lambda: c.budgeted_greedy([], [], 1), "sets"),
        (lambda: c.budgeted_greedy([{1}], [0], 1), "costs"),
        (lambda: c.budgeted_greedy([{1}], [1, 2], 1), "costs"),
        (lambda: c.budgeted_greedy([{1}], [1], 0), "budget"),
        (lambda: c.best_selection([{1}] * 21, [1] * 21, 1), "sets"),
        (lambda: c.hedge([[0.5]]), "losses"),
        (lambda: c.hedge([[0.5, 2]]), "losses"),
        (lambda: c.hedge([[0.5, 1]], rate=0), "rate"),
        (lambda: c.hedge_bound(0, 2), "n_rounds"),
        (lambda: c.toy_error(-1, 1, 1), "capacity"),
        (lambda: c.toy_error(1, math.nan, 1), "examples"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name} = "):
        call()
