r"""What a benchmark score can say, for the chapter on evaluation (7).

The module holds the effect of leaked items on a score, tests for leaks with their exact size and power, what
swapping, two judges and length control identify, Elo against Bradley-Terry, the variance of a score over
questions and seeds with sample sizes and rank reversals, pass@k, cost-accuracy frontiers and the inflation by
the best of several prompts. Witness for the ledger rows ``7-54`` to ``7-prm``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, log_ndtr, logit, ndtri
from scipy.stats import binom

from ._checks import array, fail, generator, integer, power, probability, real

# --- contamination ---


def clean_score(observed: Real, share: Real, leaked_score: Real) -> Fraction | float:
    r"""Score on the clean items, $a=(o-cm)/(1-c)$, from the law of total probability.

    Parameters
    ----------
    observed : $o$, the score on all items, in [0, 1].
    share : $c$, the share of leaked items, in [0, 1).
    leaked_score : $m$, the score on the leaked items, in [0, 1].

    Returns
    -------
    Fraction or float (exact in, exact out)

    Raises
    ------
    ValueError
        If an argument is out of range, or no clean score in [0, 1] gives the observed one.

    Source: ledger ``7-54``.
    """
    o, m = probability("observed", observed), probability("leaked_score", leaked_score)
    c = real("share", share, 0, below=1)
    a = (o - c * m) / (1 - c)
    if not 0 <= a <= 1:
        fail("observed", observed, f"a score that a share {share} with score {leaked_score} can produce")
    return a


def clean_score_interval(observed: Real, share: Real) -> tuple[Fraction | float, Fraction | float]:
    r"""All clean scores compatible with a score and a leaked share if leaking never lowers a score.

    The interval is $\bigl[\max(0,\frac{o-c}{1-c}),\,o\bigr]$: the leaked items score anything in $[o,1]$.

    Parameters
    ----------
    observed : $o$, the score on all items, in [0, 1].
    share : $c$, the share of leaked items, in [0, 1).

    Returns
    -------
    (lowest, highest) clean score; exact in, exact out

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-54``.
    """
    o, c = probability("observed", observed), real("share", share, 0, below=1)
    return max((o - c) / (1 - c), o - o), o


def contamination_threshold(n: int, p0: Real, alpha: Real) -> int:
    r"""Least $k$ with $P(\mathrm{Bin}(n,p_0)\ge k)\le\alpha$: the exact test rejects at $k$ recalls or more.

    Parameters
    ----------
    n : number of masked items, at least 1.
    p0 : chance that a clean model recalls an item, in (0, 1).
    alpha : level, in (0, 1).

    Returns
    -------
    int, between 1 and n + 1 (n + 1: no outcome is surprising enough)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-det``.
    """
    n = integer("n", n, 1, 10**9)
    p0 = float(probability("p0", p0, open_ends=True))
    alpha = float(probability("alpha", alpha, open_ends=True))
    k = int(binom.isf(alpha, n, p0)) + 1  # isf: least j with P(X > j) <= alpha
    while k > 1 and binom.sf(k - 2, n, p0) <= alpha:
        k -= 1
    while binom.sf(k - 1, n, p0) > alpha:
        k += 1
    return k


def contamination_power(n: int, p0: Real, share: Real, recall: Real, alpha: Real) -> float:
    r"""Probability $P(\mathrm{Bin}(n,(1-c)p_0+cm)\ge k)$ that the exact test finds the leak.

    Items are leaked independently with probability $c$ and then recalled with probability $m$. With
    ``share=0`` this is the exact size of the test.

    Parameters
    ----------
    n, p0, alpha : as in `contamination_threshold`.
    share : $c$, share of leaked items, in [0, 1].
    recall : $m$, chance that a leaked item is recalled, in [0, 1].

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-det``.
    """
    k = contamination_threshold(n, p0, alpha)
    c, m = float(probability("share", share)), float(probability("recall", recall))
    return float(binom.sf(k - 1, n, (1 - c) * float(p0) + c * m))


def order_test(
    statistic: Callable[[list], float], items: Sequence, n_orders: int, rng: np.random.Generator
) -> Fraction:
    r"""Permutation p-value $\frac{1+\#\{j:T(\pi_j)\ge T(\mathrm{id})\}}{1+M}$ of a benchmark's published order.

    If the order of the items is exchangeable and was not seen, the p-value is at most $u$ with probability at
    most $u$, for every statistic.

    Parameters
    ----------
    statistic : $T$, a function of a list of items (for instance a log-likelihood of the list).
    items : the benchmark in its published order, at least two items.
    n_orders : $M$, number of random orders, at least 1.
    rng : source of the random orders.

    Returns
    -------
    Fraction in [1 / (M + 1), 1]

    Raises
    ------
    ValueError
        If there are fewer than two items or `n_orders` < 1.

    Source: ledger ``7-det``.
    """
    if len(items) < 2:
        fail("items", items, "a sequence of at least two items")
    m = integer("n_orders", n_orders, 1, 10**7)
    generator("rng", rng)
    items = list(items)
    published = statistic(items)
    at_least = sum(statistic([items[i] for i in rng.permutation(len(items))]) >= published for _ in range(m))
    return Fraction(1 + at_least, 1 + m)


def ngram_collisions(n_training: Real, n_benchmark: Real, match: Real, n: int) -> float:
    r"""Expected accidental matches $T\ell\rho^n$ of $n$-grams between two texts of independent tokens.

    Parameters
    ----------
    n_training, n_benchmark : $T$ and $\ell$, numbers of positions, positive.
    match : $\rho$, chance that two tokens agree, in (0, 1).
    n : length of the n-gram, at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-det``.
    """
    t, ell = real("n_training", n_training, above=0), real("n_benchmark", n_benchmark, above=0)
    return float(t * ell * float(probability("match", match, open_ends=True)) ** integer("n", n, 1))


# --- judges ---


def swap_logit(a: Real, b: Real) -> float:
    r"""Quality gap $x=\frac12(\mathrm{logit}\,a+\mathrm{logit}\,b)$ from the two orders of one comparison.

    With a position bias $\delta$, $a=\sigma(x+\delta)$ (A shown first) and $b=\sigma(x-\delta)$ (A second).

    Parameters
    ----------
    a, b : chances that A wins when shown first and second, in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a chance is not in (0, 1).

    Source: ledger ``7-judge``.
    """
    a, b = probability("a", a, open_ends=True), probability("b", b, open_ends=True)
    return float(logit(float(a)) + logit(float(b))) / 2


def swap_average(gap: Real, bias: Real) -> float:
    r"""Mean win rate over both orders, $\frac12+\frac12\frac{\sinh x}{\cosh x+\cosh\delta}$.

    Parameters
    ----------
    gap : $x$, the quality gap in logits.
    bias : $\delta$, the position bias in logits.

    Returns
    -------
    float in (0, 1), on the same side of 1/2 as $\sigma(x)$ and no farther from it

    Raises
    ------
    ValueError
        If an argument is not finite.

    Source: ledger ``7-judge``.
    """
    x, d = float(real("gap", gap)), float(real("bias", bias))
    return float(expit(x + d) + expit(x - d)) / 2


def two_judges(first: Real, second: Real) -> tuple[float, float]:
    r"""Gap and self-preference from two judges, of A's family and of B's, with the same preference $s$.

    The judges give A the win rates $\sigma(x+s)$ and $\sigma(x-s)$ (order effects already averaged out in
    logits); half the sum of the logits is $x$, half the difference $s$.

    Parameters
    ----------
    first, second : A's win rates with the judge of its own family and of B's family, in (0, 1).

    Returns
    -------
    (gap, self_preference)

    Raises
    ------
    ValueError
        If a win rate is not in (0, 1).

    Source: ledger ``7-judge``.
    """
    u = float(logit(float(probability("first", first, open_ends=True))))
    v = float(logit(float(probability("second", second, open_ends=True))))
    return (u + v) / 2, (u - v) / 2


def length_control(
    advantage: Real, quality_to_length: Real, quality_var: Real, length_var: Real
) -> Fraction | float:
    r"""What length control leaves of a real advantage: $\delta\,\sigma_\nu^2/(\kappa^2\sigma_e^2+\sigma_\nu^2)$.

    Quality is $q=\delta m+e$ for system $m\in\{0,1\}$, length $\ell=\kappa q+\nu$, and the score is
    $q+\gamma\ell$ with any length bias $\gamma$. The value is the coefficient of $m$ in the population regression
    of the score on $(1,m,\ell)$; it does not depend on $\gamma$.

    Parameters
    ----------
    advantage : $\delta$.
    quality_to_length : $\kappa$.
    quality_var, length_var : variances of $e$ (at least 0) and $\nu$ (above 0).

    Returns
    -------
    Fraction or float (exact in, exact out)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-judge``.
    """
    d, kappa = real("advantage", advantage), real("quality_to_length", quality_to_length)
    e, nu = real("quality_var", quality_var, 0), real("length_var", length_var, above=0)
    return d * nu / (kappa * kappa * e + nu)


# --- ratings ---


def elo(results: Iterable[tuple[int, int]], k: Real = 32, start: Real = 1500) -> np.ndarray:
    r"""Elo ratings after a sequence of games: the winner gains $k\bigl(1-\frac1{1+10^{(r_l-r_w)/400}}\bigr)$.

    Parameters
    ----------
    results : pairs (winner, loser) of player numbers 0, 1, ..., in the order played; at least one.
    k : step size, positive.
    start : rating of every player before the first game.

    Returns
    -------
    array of shape (n_players,)

    Raises
    ------
    ValueError
        If there is no game, a pair is not two different non-negative integers, or `k` is not positive.

    Source: ledger ``7-elo``.
    """
    k, start = float(real("k", k, above=0)), float(real("start", start))
    games = [_game(pair) for pair in results]
    if not games:
        fail("results", results, "at least one (winner, loser) pair")
    rating = np.full(1 + max(max(game) for game in games), start)
    for winner, loser in games:
        gain = k / (1 + 10 ** ((rating[winner] - rating[loser]) / 400))
        rating[winner] += gain
        rating[loser] -= gain
    return rating


def _game(pair: object) -> tuple[int, int]:
    try:
        winner, loser = pair
    except (TypeError, ValueError):
        fail("results", pair, "pairs (winner, loser)")
    winner, loser = integer("results", winner, 0, 10**6), integer("results", loser, 0, 10**6)
    if winner == loser:
        fail("results", pair, "pairs of two different players")
    return winner, loser


def bradley_terry(wins: np.ndarray) -> np.ndarray:
    r"""Maximum-likelihood ratings $\theta$ with $P(i\text{ beats }j)=\sigma(\theta_i-\theta_j)$ and mean 0.

    They depend only on the table of wins, and exist exactly if the graph of wins is strongly connected (Ford).

    Parameters
    ----------
    wins : array of shape (n, n), `wins[i, j]` = how often i beat j, non-negative, zero on the diagonal; n >= 2.

    Returns
    -------
    array of shape (n,), in logits

    Raises
    ------
    ValueError
        If the table has the wrong shape or sign, or its graph is not strongly connected.

    Source: ledger ``7-elo``.
    """
    w = array("wins", wins, 2)
    n = len(w)
    if n < 2 or w.shape != (n, n) or (w < 0).any() or np.diagonal(w).any():
        fail("wins", wins, "a square table of at least two players, non-negative, with a zero diagonal")
    if connected_components(w > 0, directed=True, connection="strong")[0] > 1:
        fail(
            "wins", wins, "a table whose graph of wins is strongly connected (else no finite maximum exists)"
        )

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        gap = theta[:, None] - theta
        surprise = w * expit(-gap)
        return float((w * np.logaddexp(0, -gap)).sum()), surprise.sum(0) - surprise.sum(1)

    scale = w.sum()
    fit = minimize(lambda t: tuple(part / scale for part in loss(t)), np.zeros(n), jac=True, method="BFGS",
                   options={"gtol": 1e-11, "maxiter": 10_000})  # fmt: skip
    return fit.x - fit.x.mean()


# --- stability ---


class ScoreVariance(NamedTuple):
    """Variance of a mean score, split into its two sources."""

    questions: float  # from drawing the questions
    seeds: float  # from the randomness of the model

    @property
    def total(self) -> float:
        """Variance of the mean over new questions and new seeds."""
        return self.questions + self.seeds


def score_variance(mean: Real, variance: Real, n: int, seeds: int = 1) -> ScoreVariance:
    r"""Variance of a score: $\frac1n\mathrm{Var}(p)$ from questions plus $\frac1{nS}E[p(1-p)]$ from seeds.

    Parameters
    ----------
    mean : $E[p]$, mean chance of a right answer over questions, in [0, 1].
    variance : $\mathrm{Var}(p)$ over questions, in [0, mean (1 - mean)].
    n : number of questions, at least 1.
    seeds : $S$, independent runs of each question, at least 1.

    Returns
    -------
    ScoreVariance(questions, seeds)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-stab``.
    """
    mu = float(probability("mean", mean))
    spread = float(real("variance", variance, 0))
    if spread > mu * (1 - mu) + 1e-12:
        fail("variance", variance, f"at most mean (1 - mean) = {mu * (1 - mu):g}")
    n, s = integer("n", n, 1), integer("seeds", seeds, 1)
    return ScoreVariance(spread / n, (mu * (1 - mu) - spread) / (n * s))


class Reversal(NamedTuple):
    """Chances that a test ranks the worse of two models first, or ties them."""

    reversed: float
    tie: float


def reversal_probability(p1: Real, p2: Real, n: int) -> Reversal:
    r"""Chances $P(X_1<X_2)$ and $P(X_1=X_2)$ for independent $X_i\sim\mathrm{Bin}(n,p_i)$, exactly summed.

    Parameters
    ----------
    p1, p2 : accuracies of the better and of the other model, `p1` >= `p2`, in [0, 1].
    n : number of questions for each model, at least 1.

    Returns
    -------
    Reversal(reversed, tie)

    Raises
    ------
    ValueError
        If an accuracy is outside [0, 1], `p1` < `p2`, or `n` < 1.

    Source: ledger ``7-stab``.
    """
    p1, p2 = float(probability("p1", p1)), float(probability("p2", p2))
    if p1 < p2:
        fail("p1", p1, f"at least p2 = {p2}")
    n = integer("n", n, 1, 10**7)
    k = np.arange(n + 1)
    first = binom.pmf(k, n, p1)
    return Reversal(float(first @ binom.sf(k, n, p2)), float(first @ binom.pmf(k, n, p2)))


def _power_factor(power: Real, alpha: Real) -> float:
    power = float(probability("power", power, open_ends=True))
    alpha = float(probability("alpha", alpha, open_ends=True))
    return float(ndtri(power) - ndtri(alpha / 2)) ** 2


def sample_size(p1: Real, p2: Real, power: Real = 0.8, alpha: Real = 0.05) -> float:
    r"""Questions per model, $(z_{1-\alpha/2}+z_{1-\beta})^2\frac{p_1q_1+p_2q_2}{(p_1-p_2)^2}$, to part accuracies.

    Normal approximation, two-sided test, separate questions for the two models.

    Parameters
    ----------
    p1, p2 : two different accuracies, in [0, 1].
    power : $1-\beta$, chance to find the difference, in (0, 1).
    alpha : level of the test, in (0, 1).

    Returns
    -------
    float (round up)

    Raises
    ------
    ValueError
        If an argument is out of range or the accuracies are equal.

    Source: ledger ``7-stab``.
    """
    factor = _power_factor(power, alpha)
    p1, p2 = float(probability("p1", p1)), float(probability("p2", p2))
    if p1 == p2:
        fail("p2", p2, "an accuracy different from p1")
    return factor * (p1 * (1 - p1) + p2 * (1 - p2)) / (p1 - p2) ** 2


def paired_sample_size(difference: Real, discordance: Real, power: Real = 0.8, alpha: Real = 0.05) -> float:
    r"""Common questions to find a difference: $(z_{1-\alpha/2}+z_{1-\beta})^2\frac{D-\Delta^2}{\Delta^2}$.

    Parameters
    ----------
    difference : $\Delta$, difference of the accuracies, not 0, with $|\Delta|\le D$.
    discordance : $D$, chance that exactly one of the models is right, in (0, 1].
    power, alpha : as in `sample_size`.

    Returns
    -------
    float (round up)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-stab``.
    """
    factor = _power_factor(power, alpha)
    d = float(real("discordance", discordance, above=0, most=1))
    delta = float(real("difference", difference, -d, d))
    if abs(delta) < 1e-60:
        fail("difference", difference, "not zero, at least 1e-60 in size")
    return factor * (d - delta**2) / delta**2


# --- repeated sampling and prompts ---


def pass_at_k(n: int, c: int, k: int) -> Fraction:
    r"""Unbiased estimate $1-\binom{n-c}k/\binom nk$ of $1-(1-p)^k$ from `c` right answers in `n` samples.

    Parameters
    ----------
    n : number of samples, at least 1.
    c : number of right ones, 0 to n.
    k : number of attempts, 1 to n.

    Returns
    -------
    Fraction in [0, 1]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-cmp``.
    """
    n = integer("n", n, 1, 10**5)
    c, k = integer("c", c, 0, n), integer("k", k, 1, n)
    return 1 - Fraction(math.comb(n - c, k), math.comb(n, k))


def plug_in_pass_at_k(n: int, c: int, k: int) -> Fraction:
    r"""The biased estimate $1-(1-c/n)^k$; too low on average for $k\ge2$ and $0<p<1$.

    Parameters, returns and errors as in `pass_at_k`, with any `k` >= 1.

    Source: ledger ``7-cmp``.
    """
    n = integer("n", n, 1)
    return 1 - power("k", Fraction(n - integer("c", c, 0, n), n), integer("k", k, 1))


def expected_estimate(
    estimate: Callable[[int, int, int], Fraction], n: int, k: int, p: Real
) -> Fraction | float:
    r"""Mean $\sum_c\binom ncp^c(1-p)^{n-c}\,\mathrm{estimate}(n,c,k)$ of an estimator over the samples.

    Parameters
    ----------
    estimate : `pass_at_k` or `plug_in_pass_at_k`.
    n, k : as there.
    p : chance of a right answer, in [0, 1].

    Returns
    -------
    Fraction if `p` is exact, else float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``7-cmp``.
    """
    n, k, p = integer("n", n, 1, 1000), integer("k", k, 1), probability("p", p)
    if not callable(estimate):
        fail("estimate", estimate, "a function of n, c and k")
    values = [real("estimate", estimate(n, c, k)) for c in range(n + 1)]
    return sum(math.comb(n, c) * p**c * (1 - p) ** (n - c) * value for c, value in enumerate(values))


def frontier(costs: Sequence[Real], accuracies: Sequence[Real]) -> list[int]:
    """Indices of the systems that no other beats: none costs at most as much and is at least as accurate, one strictly.

    Parameters
    ----------
    costs, accuracies : one finite number per system, same length, at least one.

    Returns
    -------
    list of indices, in the given order

    Raises
    ------
    ValueError
        If the lists are empty, of different lengths, or not finite.

    Source: ledger ``7-cmp``.
    """
    cost, accuracy = array("costs", costs, 1), array("accuracies", accuracies, 1)
    if len(cost) != len(accuracy):
        fail("accuracies", accuracies, f"as many numbers as costs, {len(cost)}")
    as_good = (cost <= cost[:, None]) & (accuracy >= accuracy[:, None])
    better = as_good & ((cost < cost[:, None]) | (accuracy > accuracy[:, None]))
    return [int(i) for i in np.flatnonzero(~better.any(axis=1))]


def best_of_prompts_excess(m: int) -> float:
    r"""Expected maximum $\int x\,d\Phi(x)^m$ of `m` independent standard normals.

    The best of `m` prompts exceeds the common mean by this many standard errors though prompts do not matter;
    the bound $\sqrt{2\ln m}$ holds under any dependence.

    Parameters
    ----------
    m : number of prompts, at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `m` < 1.

    Source: ledger ``7-prm``.
    """
    m = integer("m", m, 1)

    def density(x: float) -> float:
        return x * math.exp(math.log(m) + (m - 1) * float(log_ndtr(x)) - x * x / 2) / math.sqrt(2 * math.pi)

    return quad(density, -10, 0)[0] + quad(density, 0, 40, limit=400, points=[1, 2, 4, 6, 8])[0]
