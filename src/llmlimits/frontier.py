r"""Guarantees for systems around a model, for the chapter on the frontier (8).

A lower bound on irreducible failure that can be read off counts, choosing passages under a token budget with a
guarantee, Hedge for switching between modes with a regret bound, and a toy world in which every resource can be
sent to infinity. Witness for the ledger rows ``8-1``, ``8-4`` and ``8-5``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np

from ._checks import array, fail, integer, probability, real
from .capacity import distortion_at_rate


def unseen_floor(n_once: int, n_draws: int, delta: Real) -> float:
    r"""Lower confidence bound on the expected unseen mass, $\frac{N_1-1}n-\sqrt{\frac2n\ln\frac1\delta}$, at least 0.

    With probability at least $1-\delta$ over the $n$ independent draws the expected mass $E\,M_n$ of facts that $n$
    draws do not show is at least this.

    Parameters
    ----------
    n_once : $N_1$, number of facts seen exactly once, 0 to n_draws.
    n_draws : $n$, number of draws, at least 1.
    delta : allowed chance that the bound fails, in (0, 1).

    Returns
    -------
    float in [0, 1)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``8-1``.
    """
    n = integer("n_draws", n_draws, 1)
    once = integer("n_once", n_once, 0, n)
    delta = float(probability("delta", delta, open_ends=True))
    return max(0.0, (once - 1) / n - math.sqrt(2 * math.log(1 / delta) / n))


class Selection(NamedTuple):
    """Indices of the chosen passages and the number of facts that they cover together."""

    chosen: tuple[int, ...]
    covered: int


def _passages(sets: object, costs: object, budget: object) -> tuple[list[frozenset], list[Real], Real]:
    if not isinstance(sets, Sequence) or not sets or not all(isinstance(s, Collection) for s in sets):
        fail("sets", sets, "a non-empty sequence of collections of facts")
    limit = real("budget", budget, above=0)
    prices = [real("costs", cost, above=0) for cost in costs]
    if len(prices) != len(sets):
        fail("costs", costs, f"one positive number for each of the {len(sets)} sets")
    return [frozenset(s) for s in sets], prices, limit


def budgeted_greedy(sets: Sequence[Collection], costs: Sequence[Real], budget: Real) -> Selection:
    r"""The better of density-greedy and the best single passage: at least $\frac12(1-\frac1e)$ of the optimum.

    Density-greedy looks at the passage with the largest number of new facts per cost, takes it if it fits and
    drops it for good if not, until none is left. Passages that exceed the budget alone are left out.

    Parameters
    ----------
    sets : the facts that each passage holds (collections of hashable items), at least one.
    costs : a positive cost for each passage.
    budget : positive.

    Returns
    -------
    Selection(chosen, covered)

    Raises
    ------
    ValueError
        If there is no passage, or costs and budget are not positive or do not match.

    Source: ledger ``8-4``.
    """
    facts, prices, limit = _passages(sets, costs, budget)
    candidates = [i for i, price in enumerate(prices) if price <= limit]
    best = max(candidates, key=lambda i: len(facts[i]), default=None)
    chosen, covered, spent = [], frozenset(), 0
    while candidates:
        i = max(candidates, key=lambda i: Fraction(len(facts[i] - covered)) / Fraction(prices[i]))
        candidates.remove(i)
        if spent + prices[i] <= limit:
            chosen.append(i)
            covered |= facts[i]
            spent += prices[i]
    if best is not None and len(facts[best]) > len(covered):
        return Selection((best,), len(facts[best]))
    return Selection(tuple(chosen), len(covered))


def best_selection(sets: Sequence[Collection], costs: Sequence[Real], budget: Real) -> Selection:
    """The optimum by trying all subsets of the passages; at most 20 of them.

    Parameters, returns and errors as in `budgeted_greedy`; also ``ValueError`` for more than 20 passages.

    Source: ledger ``8-4``.
    """
    facts, prices, limit = _passages(sets, costs, budget)
    if len(facts) > 20:
        fail("sets", sets, "at most 20 sets, since all their subsets are tried")
    number = {fact: i for i, fact in enumerate(set().union(*facts))}
    unions, spent = [0], [0]  # of the subset whose bits are the index: facts as bits, cost
    for one, price in zip(facts, prices, strict=True):
        bits = sum(1 << number[fact] for fact in one)
        unions += [union | bits for union in unions]
        spent += [cost + price for cost in spent]
    affordable = (subset for subset, cost in enumerate(spent) if cost <= limit)
    best = max(affordable, key=lambda subset: (unions[subset].bit_count(), -subset.bit_count()))
    return Selection(tuple(i for i in range(len(facts)) if best >> i & 1), unions[best].bit_count())


class HedgeRun(NamedTuple):
    """A run of Hedge: the weights used in each round, and the regret at the end."""

    weights: np.ndarray
    regret: float


def hedge(losses: np.ndarray, rate: Real | None = None) -> HedgeRun:
    r"""Hedge over `K` modes: weights proportional to $e^{-\eta L}$, with $L$ the loss so far.

    With $\eta=\sqrt{8\ln K/T}$ the regret $\sum_t\langle w_t,\ell_t\rangle-\min_iL_i$ is at most `hedge_bound(T, K)`.

    Parameters
    ----------
    losses : array of shape (T, K), entries in [0, 1], T >= 1, K >= 2.
    rate : $\eta$, positive; by default the one above.

    Returns
    -------
    HedgeRun(weights of shape (T, K), regret)

    Raises
    ------
    ValueError
        If a loss is outside [0, 1], there are fewer than two modes, or `rate` is not positive.

    Source: ledger ``8-5``.
    """
    loss = array("losses", losses, 2)
    rounds, modes = loss.shape
    if modes < 2 or (loss < 0).any() or (loss > 1).any():
        fail("losses", losses, "a table of numbers in [0, 1], one row per round, at least two modes")
    eta = math.sqrt(8 * math.log(modes) / rounds) if rate is None else float(real("rate", rate, above=0))
    so_far = np.vstack([np.zeros(modes), np.cumsum(loss, axis=0)[:-1]])
    weights = np.exp(-eta * (so_far - so_far.min(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    return HedgeRun(weights, float((weights * loss).sum() - loss.sum(axis=0).min()))


def hedge_bound(n_rounds: int, n_modes: int) -> float:
    r"""The regret bound $\sqrt{T\ln K/2}$ of `hedge` at its default rate.

    Parameters
    ----------
    n_rounds, n_modes : $T\ge1$ and $K\ge2$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is too small.

    Source: ledger ``8-5``.
    """
    return math.sqrt(integer("n_rounds", n_rounds, 1) * math.log(integer("n_modes", n_modes, 2)) / 2)


class ToyError(NamedTuple):
    """Error of the toy world, split by kind of question."""

    recall: float
    search: float
    ambiguous: float

    @property
    def total(self) -> float:
        """Sum of the three parts."""
        return self.recall + self.search + self.ambiguous


def toy_error(
    capacity: Real, examples: Real, operations: Real, n_facts: int = 1000, n_candidates: int = 65_536
) -> ToyError:
    r"""Lower bound on the error of a system with given resources, each of them possibly infinite.

    Half of the questions ask for one of `n_facts` arbitrary bits, three in ten for the one right item among
    `n_candidates` that can only be checked one by one (a new one for each question), two in ten have a coin flip
    for an answer. A system that keeps `capacity` bits of what it saw, saw uniform `examples` of the facts and may
    check `operations` candidates before it answers errs at least

    $$\tfrac12\Bigl(\frac DN\,g\bigl(\tfrac mD\bigr)+\frac{1-D/N}2\Bigr)
    +\tfrac3{10}\Bigl(1-\min\bigl(1,\tfrac{c+1}K\bigr)\Bigr)+\tfrac2{10}\cdot\tfrac12,$$

    where $D=N(1-(1-\frac1N)^n)$ is the mean number of different facts among the examples and $g(r)$ the least
    average error with $r$ bits per fact, `llmlimits.capacity.distortion_at_rate` (storing some bits and guessing
    the rest would be worse). The recall part is convex in the number of facts seen, so its value at the mean is a
    lower bound (Jensen). After $c$ failed checks one candidate can still be guessed, hence $c+1$.

    Parameters
    ----------
    capacity, examples, operations : non-negative numbers or ``math.inf``.
    n_facts, n_candidates : $N$ and $K$, at least 1.

    Returns
    -------
    ToyError(recall, search, ambiguous)

    Raises
    ------
    ValueError
        If an argument is negative, not a number, or a count is below 1.

    Source: ledger ``i-4``.
    """
    resources = []
    for name, value in (("capacity", capacity), ("examples", examples), ("operations", operations)):
        resources.append(
            math.inf if isinstance(value, float) and value == math.inf else float(real(name, value, 0))
        )
    bits, seen, tries = resources
    n, k = integer("n_facts", n_facts, 1), integer("n_candidates", n_candidates, 1)
    distinct = (
        n if seen == math.inf else -n * math.expm1(seen * math.log1p(-1 / n)) if n > 1 else min(1.0, seen)
    )
    lossy = distortion_at_rate(min(1.0, bits / distinct)) if distinct > 0 else 0.0
    recall = (distinct * lossy + (n - distinct) / 2) / (2 * n)
    return ToyError(recall, 0.3 * (1 - min(1.0, (tries + 1) / k)), 0.1)
