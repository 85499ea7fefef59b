r"""Knowing when not to answer, for the chapter on the frontier (8).

Split conformal prediction with its exact coverage and the law of the coverage, the optimal rule for abstaining
(Chow), and curves of risk against coverage. Witness for the ledger row ``8-2``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.stats import beta

from ._checks import array, fail, integer, probability


def _rank(n: int, alpha: Fraction | float) -> int:
    """Rank ceil((n + 1)(1 - alpha)), exact also where the product is an integer in decimal but not in binary."""
    level = Fraction(alpha) if isinstance(alpha, Fraction) else Fraction(str(alpha))
    return math.ceil((n + 1) * (1 - level))


def split_quantile(scores: np.ndarray, alpha: Real) -> float:
    r"""The $k$-th smallest calibration score, $k=\lceil(n+1)(1-\alpha)\rceil$; infinity if $k>n$.

    The set of all answers with a score of at most this contains the right one with probability at least
    $1-\alpha$ if the calibration scores and the new one are exchangeable.

    Parameters
    ----------
    scores : array of shape (n,), scores of the right answers of the calibration examples, n >= 1.
    alpha : allowed chance of a miss, in (0, 1).

    Returns
    -------
    float, possibly infinity (then every answer is in the set)

    Raises
    ------
    ValueError
        If there is no score, one is not finite, or `alpha` is outside (0, 1).

    Source: ledger ``8-2``.
    """
    values = np.sort(array("scores", scores, 1))
    k = _rank(len(values), probability("alpha", alpha, open_ends=True))
    return float(values[k - 1]) if k <= len(values) else math.inf


def coverage(n: int, alpha: Real) -> Fraction:
    r"""Exact coverage $\min(k,n+1)/(n+1)$ of a split conformal set when scores have no ties.

    Parameters
    ----------
    n : number of calibration examples, at least 1.
    alpha : allowed chance of a miss, in (0, 1).

    Returns
    -------
    Fraction in [1 - alpha, 1 - alpha + 1 / (n + 1))

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``8-2``.
    """
    n = integer("n", n, 1)
    return Fraction(min(_rank(n, probability("alpha", alpha, open_ends=True)), n + 1), n + 1)


def coverage_quantile(n: int, alpha: Real, q: Real) -> float:
    r"""The `q`-quantile of the coverage over calibration sets, a $\mathrm{Beta}(k,n+1-k)$ law ($1$ if $k>n$).

    Parameters
    ----------
    n, alpha : as in `coverage`.
    q : level of the quantile, in (0, 1).

    Returns
    -------
    float in (0, 1]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``8-2``.
    """
    n = integer("n", n, 1)
    k = _rank(n, probability("alpha", alpha, open_ends=True))
    q = float(probability("q", q, open_ends=True))
    return 1.0 if k > n else float(beta.ppf(q, k, n + 1 - k))


class RiskCoverage(NamedTuple):
    """Selective risk at each coverage, answering the most confident questions first."""

    coverage: np.ndarray
    risk: np.ndarray


def risk_coverage(confidence: np.ndarray, correct: np.ndarray) -> RiskCoverage:
    """Share of wrong answers among those given, for every threshold of the confidence that can be set.

    Questions with the same confidence are answered together, so the curve does not depend on their order.

    Parameters
    ----------
    confidence : array of shape (n,), any finite numbers; higher is more confident.
    correct : array of shape (n,) of 0 and 1 (or bools).

    Returns
    -------
    RiskCoverage(coverage, risk), arrays with one entry per distinct confidence, coverage increasing to 1

    Raises
    ------
    ValueError
        If the shapes differ, are empty, or `correct` has other values.

    Source: ledger ``8-2``.
    """
    c, right = array("confidence", confidence, 1), array("correct", correct, 1)
    if c.shape != right.shape:
        fail("correct", correct, f"as many values as confidences, {len(c)}")
    if not np.isin(right, (0, 1)).all():
        fail("correct", correct, "zeros and ones")
    order = np.argsort(-c, kind="stable")
    last = np.flatnonzero(np.append(np.diff(c[order]) != 0, True))
    answered = last + 1
    wrong = np.cumsum(1 - right[order])[last]
    return RiskCoverage(answered / len(c), wrong / answered)


def abstention_cost(error: np.ndarray, cost: Real) -> float:
    r"""Mean cost $E\min(e(x),c)$ of the optimal rule (Chow): answer exactly where the error chance is at most $c$.

    Parameters
    ----------
    error : array of shape (n,), chance of an error on each of n equally likely inputs, in [0, 1].
    cost : $c$, price of abstaining where an error costs 1, in [0, 1].

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``8-2``.
    """
    e = array("error", error, 1)
    if (e < 0).any() or (e > 1).any():
        fail("error", error, "chances in [0, 1]")
    return float(np.minimum(e, float(probability("cost", cost))).mean())
