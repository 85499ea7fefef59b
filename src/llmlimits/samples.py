r"""How many examples arbitrary facts cost, and how few suffice, for the sections on limits and data (2.1, 2.2).

A world is a list of $m$ facts, each one of $q$ labels chosen uniformly and independently; a learner sees $n$
random examples. The module gives the exact average risk and the exact chance of knowing every fact, the least
numbers of examples they need, the regimes with noisy, unknown and long-tailed queries, Good-Turing estimates,
and the VC and PAC-Bayes bounds beside the truth they bound. Witness for the ledger rows ``eq-3``, ``thm-4``,
``eq-4``, ``eq-5``, ``eq-6``, ``s2-p5`` and ``s2-p6``. A float argument stands for its exact binary value, so
write ``Fraction(1, 20)``, not ``0.05``, where a tie matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from numbers import Rational, Real
from typing import NamedTuple

import numpy as np
from scipy import special

from ._checks import array, distribution, fail, generator, integer, power, probability, real

# Within these sizes the relative accuracy promised below holds (and is tested).
_MOST_FACTS = 10**15
_MOST_EXAMPLES = 10**18
_MOST_LABELS = 10**6
# Facts times squared examples stay affordable in the convolutions for noisy examples.
_MOST_NOISY_EXAMPLES = 20_000
# Float comparisons closer than this are repeated in long arithmetic; float errors are a hundred times
# smaller.
_UNSURE = 1e-10


class GibbsExample(NamedTuple):
    """True risk, bound from the inverted divergence, and equation (6), in the world of arbitrary facts."""

    true_risk: float
    kl_bound: float
    root_bound: float


def _log(x: Fraction | float) -> float:
    # A Fraction may lie below the smallest float; its parts are integers of any size, which log accepts.
    if isinstance(x, Fraction):
        return math.log(x.numerator) - math.log(x.denominator)
    return math.log(x)


def _decimal(x: Fraction | int) -> Decimal:
    return Decimal(x.numerator) / Decimal(x.denominator)


def _ceiling(formula: Callable[[], Decimal]) -> int:
    """Least natural number not below a value that is no integer, from thirty digits behind the point."""
    digits = 60
    while True:
        with localcontext(Context(prec=digits)):
            value = formula()
            if value.adjusted() < digits - 30:
                return max(0, math.ceil(value))
        digits = value.adjusted() + 60


def _log_unseen(n_facts: int, n_examples: int) -> float:
    """Logarithm of the probability $(1-1/m)^n$ that a given fact is unseen, perhaps minus infinity."""
    return float(special.xlog1py(n_examples, -1 / n_facts))


# --- the VC bound, equation (3) ---


def vc_bound(n: int, d: int, delta: Real) -> float:
    r"""What the VC bound, in a correct form, adds to the empirical risk.

    $\sqrt{\frac{2d\ln(en/d)}n}+\sqrt{\frac{\ln(1/\delta)}{2n}}$: with probability at least $1-\delta$ over
    $n$ i.i.d. examples no hypothesis of a class of VC dimension $d\le n$ has a risk further above its
    empirical risk (ledger ``eq-3``, corrected form with constants).

    Parameters
    ----------
    n : number of examples, at least `d`.
    d : VC dimension, at least 1.
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    float
        Not cut off at 1: a value above 1 says nothing.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    d = integer("d", d, 1, _MOST_EXAMPLES)
    n = integer("n", n, d, _MOST_EXAMPLES)
    delta = probability("delta", delta, open_ends=True, any_size=True)
    growth = 2 * d * (1 + math.log(n / d)) / n
    return math.sqrt(growth) + math.sqrt(-_log(delta) / (2 * n))


def printed_vc_gap(dimension: int, delta: Real) -> float:
    r"""Constant the printed VC bound would need at $n=d$: $(1-\frac1d)^d\big/\sqrt{\ln(1/\delta)/d}$.

    At $n=d$ the term $d\ln(n/d)$ vanishes, yet a hypothesis right exactly on the seen of $d$ equally likely
    points has mean risk $(1-\frac1d)^d$. The needed constant grows like $\sqrt d$: no universal one exists
    (ledger ``eq-3``).

    Parameters
    ----------
    dimension : $d=n$, at least 1.
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    dimension = integer("dimension", dimension, 1, _MOST_FACTS)
    delta = probability("delta", delta, open_ends=True, any_size=True)
    return math.exp(_log_unseen(dimension, dimension)) / math.sqrt(-_log(delta) / dimension)


# --- noise-free examples, average risk ---


def expected_risk(n_facts: int, n_examples: int, n_labels: int = 2) -> float:
    r"""Least expected risk of any learner after uniform, noise-free examples: $(1-\frac1q)(1-\frac1m)^n$.

    Attained by recalling seen facts and guessing the others (ledger ``thm-4``). Relative error below
    $10^{-12}$.

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    n_examples : number $n$ of examples, from 0 to $10^{18}$.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    n_examples = integer("n_examples", n_examples, 0, _MOST_EXAMPLES)
    n_labels = integer("n_labels", n_labels, 2)
    return (n_labels - 1) / n_labels * math.exp(_log_unseen(n_facts, n_examples))


def expected_risk_exact(n_facts: int, n_examples: int, n_labels: int = 2) -> Fraction:
    """The same as `expected_risk` as a Fraction, with about `n_examples` times log2(`n_facts`) bits.

    Parameters
    ----------
    n_facts : at least 1.
    n_examples : at least 0.
    n_labels : at least 2.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1)
    n_examples = integer("n_examples", n_examples, 0)
    n_labels = integer("n_labels", n_labels, 2)
    seen_none = power("n_examples", Fraction(n_facts - 1, n_facts), n_examples)
    return Fraction(n_labels - 1, n_labels) * seen_none


def samples_for_average(n_facts: int, epsilon: Real, n_labels: int = 2) -> int:
    r"""Least number of uniform, noise-free examples with expected risk at most `epsilon`.

    Smallest $n$ with $(1-\frac1q)(1-\frac1m)^n\le\epsilon$, decided without rounding (ledger ``thm-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    epsilon : allowed expected risk, in (0, 1].
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    epsilon = real("epsilon", epsilon, most=1, above=0, any_size=True)
    n_labels = integer("n_labels", n_labels, 2)
    unseen = Fraction(epsilon) * Fraction(n_labels, n_labels - 1)
    if unseen >= 1:
        return 0
    if n_facts == 1:
        return 1
    digits = 60
    while True:
        with localcontext(Context(prec=digits)):
            value = _decimal(unseen).ln() / _decimal(Fraction(n_facts - 1, n_facts)).ln()
            nearest = int(value.to_integral_value())
            # Both logarithms carry a rounding error of one last digit; the divisor is at least 1/m.
            error = (1 + value) * n_facts * Decimal(10) ** (2 - digits)
            if abs(value - nearest) > error:
                return math.ceil(value)
        # Near an integer: a tie needs the fraction (m - 1)^n / m^n itself, and that is in lowest terms.
        if nearest * (n_facts.bit_length() - 1) < unseen.denominator.bit_length():
            if unseen == Fraction(n_facts - 1, n_facts) ** nearest:
                return nearest
        digits *= 2


# --- noise-free examples, every fact ---


def _log_first_term(n_facts: int, n_examples: int) -> float:
    # Logarithm of (m/2)(1 - 1/m)^n, the expected number of facts unseen and wrongly guessed.
    return math.log(n_facts / 2) + _log_unseen(n_facts, n_examples)


def _log_failure(n_facts: int, n_examples: int) -> float:
    # Inclusion-exclusion; only called when its first term is at most 1, so that the k-th is at most 1/k! and
    # nothing cancels: the sum is at least half the first term. Terms are relative to the first (maybe tiny).
    term, total, k = 1.0, 0.0, 1
    while term > 1e-18:
        total += term if k % 2 else -term
        left = n_facts - k
        if left < 2:
            break
        k += 1
        term *= left / (2 * k) * math.exp(_log_unseen(left, n_examples))
    return _log_first_term(n_facts, n_examples) + math.log(total)


def _log_success(n_facts: int, n_examples: int) -> float:
    r"""Logarithm of the all-facts probability by a contour integral, for any $n\ge1$ and $m\ge2$.

    A box with a weight 1/2 when empty has the generating function $e^x-\frac12$, so the probability is
    $n!\,m^{-n}[x^n](e^x-\frac12)^m$. On the circle through the saddle point $r$ the integrand is the
    characteristic function of a sum of $m$ independent counts with mean $n$ and variance between $0.76n$ and
    $n$, and the trapezoidal rule errs only by probabilities more than 24 deviations away. Everything outside
    the integral is combined by hand: with $\sigma=1/(2e^r-1)$ and $r(1+\sigma)=n/m$ what remains of it is
    $m[(n/m-1)\ln(1+\sigma)-r\sigma]$.
    """
    ratio = n_examples / n_facts
    saddle = ratio
    for _ in range(40):  # a contraction with factor below 0.24
        saddle = ratio * (1 - math.exp(-saddle) / 2)
    excess = 1 / (2 * math.expm1(saddle) + 1)
    exponent = n_facts * ((ratio - 1) * math.log1p(excess) - saddle * excess)
    root = math.sqrt(n_examples)
    points = (math.ceil(24 * root) + 32) | 1
    # Half a circle, since the other half is conjugate; on a large one the integrand beyond 12.6 / sqrt(n) is
    # below 1e-25.
    last = points // 2 if points < 4096 else math.ceil(2 * points / root)
    steps = np.arange(last + 1)
    angle = 2 * np.pi * steps / points
    shift = saddle * (-2 * np.sin(angle / 2) ** 2 + 1j * np.sin(angle))
    # scipy's complex log1p and expm1 are accurate near zero in both parts, numpy's are not.
    remainder = shift + special.log1p(-excess * special.expm1(-shift)) - 1j * angle * ratio
    values = np.exp(n_facts * remainder).real
    density = (values[0] + 2 * values[1:].sum()) / points
    if n_examples < 30:
        stirling = math.exp(math.lgamma(n_examples + 1) - n_examples * math.log(n_examples) + n_examples)
    else:
        inverse = 1 / n_examples
        series = inverse / 12 - inverse**3 / 360 + inverse**5 / 1260
        stirling = math.sqrt(2 * math.pi * n_examples) * math.exp(series)
    return exponent + math.log(density * stirling)


def success_probability(n_facts: int, n_examples: int) -> float:
    r"""Best probability of being right on all binary facts after uniform, noise-free examples.

    $E\,2^{-U}=\sum_{k=0}^m(-\frac12)^k\binom mk(1-\frac km)^n$ with $U$ the number of unseen facts (ledger
    ``thm-4``). The alternating sum is used only where its terms decrease; elsewhere a contour integral
    with positive coefficients replaces it. Relative error below $10^{-11}$ (values below $10^{-300}$ may
    underflow to 0).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    n_examples : number $n$ of examples, from 0 to $10^{18}$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    n_examples = integer("n_examples", n_examples, 0, _MOST_EXAMPLES)
    if n_examples == 0:
        return 2.0**-n_facts
    if _log_first_term(n_facts, n_examples) <= 0:
        return 1 - math.exp(_log_failure(n_facts, n_examples))
    return math.exp(_log_success(n_facts, n_examples))


def success_probability_exact(n_facts: int, n_examples: int) -> Fraction:
    """The same as `success_probability` as a Fraction, for small arguments.

    Takes `n_facts` powers of integers with `n_examples` times log2(`n_facts`) bits.

    Parameters
    ----------
    n_facts : at least 1.
    n_examples : at least 0.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, 2000)
    n_examples = integer("n_examples", n_examples, 0, max(10**7 // n_facts, 1000))
    total, choose = 0, 1
    for k in range(n_facts + 1):
        total += (-1) ** k * choose * 2 ** (n_facts - k) * (n_facts - k) ** n_examples
        choose = choose * (n_facts - k) // (k + 1)
    return Fraction(total, 2**n_facts * n_facts**n_examples)


def _failure_decimal(n_facts: int, n_examples: int, digits: int) -> tuple[Decimal, Decimal]:
    """The failure probability and a bound on the error of this value, to about `digits` digits."""
    # A rounding of the base is multiplied by the power; the guard digits pay for that and for the products.
    with localcontext(Context(prec=digits + len(str(n_examples)) + 2 * len(str(n_facts)) + 10)):
        term = Decimal(n_facts) / 2 * _decimal(Fraction(n_facts - 1, n_facts)) ** n_examples
        total, largest, k = Decimal(0), Decimal(0), 1
        while True:
            total += term if k % 2 else -term
            largest = max(largest, term)
            left = n_facts - k
            following = term * left / (2 * (k + 1)) * _decimal(Fraction(left - 1, left)) ** n_examples
            # The ratio of successive terms falls, so once they fall the rest is less than the next term.
            if left < 2 or (following < term and following < largest.scaleb(-digits)):
                return total, following + largest.scaleb(1 - digits)
            term, k = following, k + 1


def _all_known(n_facts: int, n_examples: int, delta: Fraction) -> bool:
    """Whether the failure probability is at most `delta`: in floats when clear, else exactly."""
    if n_facts == 1 or n_examples == 0:
        return (1 - Fraction(1, 2**n_facts) if n_examples == 0 else Fraction(0)) <= delta
    if _log_first_term(n_facts, n_examples) <= 0:
        value = _log_failure(n_facts, n_examples)
        margin = value - _log(delta)
    else:
        value = _log_success(n_facts, n_examples)
        margin = _log(1 - delta) - value
    if abs(margin) > _UNSURE * max(1.0, -value):
        return margin < 0
    # Two different fractions with these denominators differ by more than ten to the minus this number.
    enough = n_facts * math.log10(2) + n_examples * math.log10(n_facts) + math.log10(delta.denominator)
    digits = 50
    while digits < enough:
        failure, error = _failure_decimal(n_facts, n_examples, digits)
        with localcontext(Context(prec=2 * digits)):
            difference = failure - _decimal(delta)
            if abs(difference) > error + _decimal(delta).scaleb(-digits):
                return difference < 0
        digits *= 2
    return 1 - success_probability_exact(n_facts, n_examples) <= delta


def samples_for_all(n_facts: int, delta: Real) -> int:
    r"""Least number of uniform, noise-free examples to know all facts with probability $1-\delta$.

    Smallest $n$ with $\sum_k(-\frac12)^k\binom mk(1-\frac km)^n\ge1-\delta$ for binary facts. Found by
    bisection; comparisons too close for floats are decided in long arithmetic, ties exactly (ledger
    ``thm-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    delta = Fraction(probability("delta", delta, open_ends=True, any_size=True))
    low, high = -1, _enough_for_all(n_facts, delta)
    while high - low > 1:
        middle = (low + high) // 2
        if _all_known(n_facts, middle, delta):
            high = middle
        else:
            low = middle
    return high


def _enough_for_all(n_facts: int, delta: Fraction) -> int:
    if n_facts <= 2 * delta:
        return 0
    return _ceiling(lambda: n_facts * _decimal(Fraction(n_facts) / (2 * delta)).ln())


def samples_for_all_bounds(n_facts: int, delta: Real) -> tuple[int, int]:
    r"""Bounds on `samples_for_all`, rounded up.

    $(m-1)\ln\frac m{4\delta}\le n\le\lceil m\ln\frac m{2\delta}\rceil$ for $m\ge2$ and $\delta<\frac38$
    (ledger ``thm-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 2 to $10^{15}$.
    delta : allowed failure probability, above 0 and below 3/8.

    Returns
    -------
    tuple of two int

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 2, _MOST_FACTS)
    delta = Fraction(real("delta", delta, above=0, below=Fraction(3, 8)))
    lower = _ceiling(lambda: (n_facts - 1) * _decimal(Fraction(n_facts) / (4 * delta)).ln())
    return lower, _enough_for_all(n_facts, delta)


def printed_bound(n_facts: int, epsilon: Real, delta: Real) -> int:
    r"""The number of examples that Theorem 4 prints as necessary.

    $\frac m{\epsilon^2}\ln\frac m\delta$, rounded up. The constant hidden in the printed order is taken as 1.
    It is not necessary: compare `samples_for_all`, which does not depend on $\epsilon$ (ledger ``thm-4``,
    ``eq-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    epsilon : target error, in (0, 1].
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    epsilon = Fraction(real("epsilon", epsilon, most=1, above=0, any_size=True))
    delta = Fraction(probability("delta", delta, open_ends=True, any_size=True))
    return _ceiling(lambda: _decimal(n_facts / epsilon**2) * _decimal(n_facts / delta).ln())


def simulate_memoriser(
    n_facts: int, n_examples: int, trials: int, rng: np.random.Generator, n_labels: int = 2
) -> np.ndarray:
    """Risks of the learner that recalls seen facts and guesses the others, in independent worlds.

    Their mean estimates `expected_risk`, the share of zeros (two labels) `success_probability` (ledger
    ``thm-4``).

    Parameters
    ----------
    n_facts : number of facts, at least 1; `trials` times `n_facts` at most ten million.
    n_examples : number of uniform, noise-free examples, at least 0.
    trials : number of worlds, at least 1.
    rng : source of randomness.
    n_labels : number of labels, at least 2.

    Returns
    -------
    float array of shape (trials,)

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, 10**7)
    n_examples = integer("n_examples", n_examples, 0, _MOST_EXAMPLES)
    trials = integer("trials", trials, 1, max(1, 10**7 // n_facts))
    n_labels = integer("n_labels", n_labels, 2)
    generator("rng", rng)
    seen = rng.multinomial(n_examples, np.full(n_facts, 1 / n_facts), size=trials)
    return rng.binomial((seen == 0).sum(axis=1), 1 - 1 / n_labels) / n_facts


# --- the worst query distribution ---


def worst_query_bounds(n_facts: int, n_examples: int, n_labels: int = 2) -> tuple[float, float]:
    r"""Bounds on the least expected risk under the worst distribution of queries, noise-free.

    $(1-\frac1q)\frac{m-1}{e(n+1)}$ and $(1-\frac1q)\frac m{en}$, for $n\ge\max(1,m-2)$ (ledger ``thm-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, at least 1.
    n_examples : number $n$ of examples, at least 1 and at least `n_facts` - 2.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    tuple of two float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    n_examples = integer("n_examples", n_examples, max(1, n_facts - 2), _MOST_EXAMPLES)
    n_labels = integer("n_labels", n_labels, 2)
    wrong = (n_labels - 1) / n_labels
    return wrong * (n_facts - 1) / (math.e * (n_examples + 1)), wrong * n_facts / (math.e * n_examples)


# --- noisy examples ---


def majority_label_error(n_labels_seen: int, edge: Real) -> Fraction | float:
    r"""Error of the majority of $k$ independent binary labels, each right with probability $\frac12+\gamma$.

    $e_k(\gamma)$, ties broken by a fair coin: the least average error of any rule for a uniform bit. An even
    $k$ is worth no more than $k-1$ (ledger ``thm-4``, noisy regimes).

    Parameters
    ----------
    n_labels_seen : number $k$ of labels, from 0 to a million (thousands are affordable for a Fraction).
    edge : $\gamma$, in [0, 1/2].

    Returns
    -------
    Fraction or float
        A Fraction if `edge` is an integer or a Fraction; else a float with relative error below $10^{-9}$.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    k = integer("n_labels_seen", n_labels_seen, 0, _MOST_LABELS)
    edge = real("edge", edge, 0, Fraction(1, 2))
    if k == 0:
        return Fraction(1, 2) if isinstance(edge, Fraction) else 0.5
    half = (k - 1) // 2
    if isinstance(edge, float):
        return float(special.betainc(half + 1, half + 1, 0.5 - edge))
    # The largest odd number of labels, written over the common denominator d^(2 half + 1).
    wrong = Fraction(1, 2) - edge
    bad, d = wrong.numerator, wrong.denominator
    n = 2 * half + 1
    choose, total = 1, 0
    for right in range(half + 1):
        total += choose * (d - bad) ** right * bad ** (n - right)
        choose = choose * (n - right) // (right + 1)
    return Fraction(total, d**n)


def _edge_and_delta(edge: Real, delta: Real) -> tuple[Fraction, Fraction]:
    edge = real("edge", edge, above=0, below=Fraction(1, 2))
    return Fraction(edge), Fraction(probability("delta", delta, open_ends=True, any_size=True))


def noisy_sample_bounds(n_facts: int, edge: Real, delta: Real) -> tuple[int, int]:
    r"""Numbers of noisy examples necessary, or enough, to know all facts with probability $1-\delta$.

    Each example shows the right bit with probability $\frac12+\gamma$. Necessary, for any allocation of the
    examples made without looking at their labels: $m\frac{1-4\gamma^2}{4\gamma^2}\ln\frac
    m{4\ln(1/(1-\delta))}$; enough, for uniform queries and majority votes: $\frac m{2\gamma^2}\ln\frac
    m{2\delta}$. Both rounded up, at least 0 (ledger ``thm-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    edge : $\gamma$, in (0, 1/2).
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    tuple of two int

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    edge, delta = _edge_and_delta(edge, delta)
    square = 4 * edge**2

    def needed() -> Decimal:
        with localcontext() as context:
            # A small delta must not be lost in 1 - delta.
            context.prec += len(str(delta.denominator))
            failures = -_decimal(1 - delta).ln()
        return _decimal(n_facts * (1 - square) / square) * (n_facts / (4 * failures)).ln()

    enough = _ceiling(lambda: _decimal(2 * n_facts / square) * _decimal(n_facts / (2 * delta)).ln())
    return _ceiling(needed), enough


def enough_noisy_samples(n_facts: int, edge: Real, delta: Real) -> int:
    r"""The sharper number of noisy examples that is enough to know every fact.

    $\frac m{1-\sqrt{1-4\gamma^2}}\ln\frac m{2\delta}$, rounded up. The second entry of `noisy_sample_bounds`
    follows from $1-\sqrt{1-x}\ge x/2$ (ledger ``thm-4``).

    Parameters
    ----------
    n_facts, edge, delta : as in `noisy_sample_bounds`.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    edge, delta = _edge_and_delta(edge, delta)

    def enough() -> Decimal:
        # m / (1 - root) without the difference of two nearly equal numbers.
        factor = n_facts * (1 + _decimal(1 - 4 * edge**2).sqrt()) / _decimal(4 * edge**2)
        return factor * _decimal(n_facts / (2 * delta)).ln()

    return _ceiling(enough)


def noisy_success(n_facts: int, n_examples: int, edge: Real) -> float:
    r"""Best probability of being right on all facts after uniform, noisy examples, by majority votes.

    $\frac{n!}{m^n}[x^n]\big(\sum_k(1-e_k(\gamma))\frac{x^k}{k!}\big)^m$ with $e_k$ from
    `majority_label_error`, by repeated convolution of non-negative numbers (ledger ``thm-4``). Absolute
    error below $10^{-10}$.

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    n_examples : number $n$ of examples, from 0 to 20000; time grows with its square.
    edge : $\gamma$, in [0, 1/2].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    n = integer("n_examples", n_examples, 0, _MOST_NOISY_EXAMPLES)
    edge = float(real("edge", edge, 0, Fraction(1, 2)))
    if n == 0:
        return 2.0**-n_facts
    # Examples per fact as independent Poisson counts; that they add up to n is restored at the end.
    k = np.arange(n + 1)
    half = np.maximum(k - 1, 0) // 2
    right = np.where(k > 0, special.betainc(half + 1, half + 1, 0.5 + edge), 0.5)
    mean = n / n_facts
    base = np.exp(k * math.log(mean) - mean - special.gammaln(k + 1)) * right
    power, copies = np.eye(1, n + 1)[0], n_facts
    while True:
        if copies % 2:
            power = np.convolve(power, base)[: n + 1]
        copies //= 2
        if not copies:
            return float(power[n] / math.exp(n * math.log(n) - n - math.lgamma(n + 1)))
        base = np.convolve(base, base)[: n + 1]


def noisy_samples_for_all(n_facts: int, edge: Real, delta: Real) -> int:
    r"""Least number of uniform, noisy examples after which all facts are known with probability $1-\delta$.

    Smallest $n$ with `noisy_success` at least $1-\delta$, decided in floating point; for small cases
    (ledger ``thm-4``).

    Parameters
    ----------
    n_facts, edge, delta : as in `noisy_sample_bounds`, with `enough_noisy_samples` at most 20000.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range or the case is too large.
    """
    high = enough_noisy_samples(n_facts, edge, delta)
    if high > _MOST_NOISY_EXAMPLES:
        fail("n_facts", n_facts, f"enough_noisy_samples at most {_MOST_NOISY_EXAMPLES}, here {high}")
    low, target = -1, float(1 - Fraction(delta))
    while high - low > 1:
        middle = (low + high) // 2
        if noisy_success(n_facts, middle, edge) >= target:
            high = middle
        else:
            low = middle
    return high


def agnostic_excess_bounds(n_facts: int, n_examples: int) -> tuple[float, float]:
    r"""Bounds on the expected excess risk when nothing is known about the noise.

    $\sqrt{\frac m{128n}}$ and $\frac1{2\sqrt e}\sqrt{\frac mn}$. Under uniform queries every learner has at
    least the first for some noise (needs $n\ge m$); majority votes have at most the second, for all noise and
    all query distributions (ledger ``thm-4``).

    Parameters
    ----------
    n_facts : number $m$ of facts, at least 1.
    n_examples : number $n$ of examples, at least `n_facts`.

    Returns
    -------
    tuple of two float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    n_examples = integer("n_examples", n_examples, n_facts, _MOST_EXAMPLES)
    root = math.sqrt(n_facts / n_examples)
    return root / math.sqrt(128), root / (2 * math.sqrt(math.e))


# --- any query distribution: unseen mass, the long tail, Good-Turing ---


def unseen_mass(masses: Sequence[Real] | np.ndarray, n_examples: int) -> Fraction | float:
    r"""Expected probability that the next query is new: $E M_n=\sum_jp_j(1-p_j)^n$.

    Times $1-\frac1q$ it is the least expected risk of any learner (ledger ``thm-4``, any query
    distribution).

    Parameters
    ----------
    masses : probabilities $p_j$ of the facts, summing to 1 (exactly, if all are integers or Fractions).
    n_examples : number $n$ of examples, from 0 to $10^{18}$.

    Returns
    -------
    Fraction or float
        A Fraction if all masses are integers or Fractions.

    Raises
    ------
    ValueError
        If the masses are no probability distribution or `n_examples` < 0.
    """
    n = integer("n_examples", n_examples, 0, _MOST_EXAMPLES)
    if isinstance(masses, Sequence) and len(masses) and all(isinstance(p, Rational) for p in masses):
        exact = [probability("masses", p) for p in masses]
        if sum(exact) != 1:
            fail("masses", masses, "probabilities that sum to 1")
        return sum((p * power("n_examples", 1 - p, n) for p in exact), Fraction(0))
    p = distribution("masses", masses)
    # Rounding may leave a mass a little above 1.
    return float((p * np.exp(special.xlog1py(n, -np.minimum(p, 1.0)))).sum())


def zipf_unseen_mass(s: Real, n: int) -> float:
    r"""The unseen mass $\sum_jp_j(1-p_j)^n$ of the long tail $p_j=j^{-s}/\zeta(s)$.

    The first terms are added up; the rest is the Euler-Maclaurin formula, whose integral is an incomplete
    beta function. Relative error below $10^{-10}$; the time grows like $n^{1/(1+s)}$ (ledger ``s2-p6``).

    Parameters
    ----------
    s : exponent, above 1 and at most 50.
    n : number of examples, from 0 to $10^{12}$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    s = float(real("s", s, most=50, above=1))
    n = integer("n", n, 0, 10**12)
    scale = 1 / float(special.zeta(s))
    # From this place on the terms change by less than a hundredth from one to the next.
    start = 100 * math.ceil(s) + math.ceil((100 * s * n * scale) ** (1 / (1 + s)))
    j = np.arange(2, start)
    mass = scale * j**-s
    # The first mass may be so close to 1 that only its distance from 1 is known well.
    head = scale * math.exp(n * math.log(scale * float(special.zetac(s))))
    head += float((mass * np.exp(n * np.log1p(-mass))).sum())
    p = scale * start**-s
    value = p * math.exp(n * math.log1p(-p))
    # x f'(x) = f(x) s (n p / (1 - p) - 1)
    slope = value * s * (n * p / (1 - p) - 1) / start
    integral = scale ** (1 / s) / s * special.beta(1 - 1 / s, n + 1) * special.betainc(1 - 1 / s, n + 1, p)
    return float(head + integral + value / 2 - slope / 12)


def zipf_power_law(s: Real, n: int) -> tuple[float, float]:
    r"""Power law for `zipf_unseen_mass` with a proved error: main term and error bound.

    For $p_j=j^{-s}/\zeta(s)$:
    $\big|M_n-\frac{\zeta(s)^{-1/s}}s\Gamma(1-\frac1s)\,n^{-(1-1/s)}\big|\le\frac{4e^{-2}+e^{-1}}n$ (ledger
    ``s2-p6``).

    Parameters
    ----------
    s : exponent, above 1 and at most 50.
    n : number of examples, from 1 to $10^{15}$.

    Returns
    -------
    tuple of two float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    s = float(real("s", s, most=50, above=1))
    n = integer("n", n, 1, 10**15)
    power = 1 - 1 / s
    main = float(special.zeta(s)) ** (-1 / s) / s * math.gamma(power) * n**-power
    return main, (4 * math.exp(-2) + math.exp(-1)) / n


def good_turing(counts: Sequence[int] | np.ndarray, n_examples: int) -> Fraction:
    r"""Good-Turing estimate of the unseen mass: the share $G_n$ of examples whose fact was seen exactly once.

    $E\,G_n=E\,M_{n-1}$ exactly, and $0\le E\,G_n-E\,M_n\le\frac1n$ (ledger ``thm-4``).

    Parameters
    ----------
    counts : non-negative integers that sum to `n_examples`, how often each fact was seen (zeros optional).
    n_examples : number $n$ of examples, at least 1.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If the counts are not such numbers.
    """
    n = integer("n_examples", n_examples, 1)
    allowed = f"non-negative integers that sum to n_examples = {n}"
    array("counts", counts, 1)
    seen = np.asarray(counts)
    if seen.ndim != 1 or seen.dtype.kind not in "iu" or (seen < 0).any() or int(seen.sum()) != n:
        fail("counts", counts, allowed)
    return Fraction(int((seen == 1).sum()), n)


def good_turing_expected(masses: Sequence[Real] | np.ndarray, n_examples: int) -> Fraction | float:
    r"""Expectation of the Good-Turing estimate, the unseen mass one example earlier.

    $E\,G_n=\sum_jp_j(1-p_j)^{n-1}=E\,M_{n-1}$ (ledger ``thm-4``).

    Parameters
    ----------
    masses : as in `unseen_mass`.
    n_examples : number $n$ of examples, at least 1.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    return unseen_mass(masses, integer("n_examples", n_examples, 1) - 1)


def generator_floor(unseen: Real, distance: Real, n_labels: int = 2) -> Fraction | float:
    r"""Least expected share of false statements of a generator.

    $(1-\frac1q)(E M_n-E\,\mathrm{TV})$, at least 0. A generator avoids false statements about unseen subjects
    only by mentioning them less often than they occur (ledger ``thm-4``).

    Parameters
    ----------
    unseen : expected unseen mass $E M_n$, in [0, 1].
    distance : expected total variation between mentioned and true subjects, in [0, 1].
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    unseen = probability("unseen", unseen)
    distance = probability("distance", distance)
    n_labels = integer("n_labels", n_labels, 2)
    return Fraction(n_labels - 1, n_labels) * max(unseen - distance, 0 * unseen)


# --- PAC-Bayes, equation (6) ---


def xi(n_examples: int) -> Fraction:
    r"""The moment behind the PAC-Bayes bound, at most $2\sqrt n$.

    $\xi(n)=\sum_{k=0}^n\binom nk(\frac kn)^k(1-\frac kn)^{n-k}$ equals $E\,e^{n\,\mathrm{kl}(K/n\|p)}$ for
    $K\sim\mathrm{Bin}(n,p)$ and every $p$ in (0, 1) (ledger ``eq-6``).

    Parameters
    ----------
    n_examples : $n$, at least 1.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If `n_examples` < 1.
    """
    n = integer("n_examples", n_examples, 1, 5000)
    return Fraction(sum(math.comb(n, k) * k**k * (n - k) ** (n - k) for k in range(n + 1)), n**n)


def _pac_bayes_budget(kl: Real, n: int, delta: Real) -> float:
    kl = float(real("kl", kl, 0, 10**300))
    n = integer("n", n, 1, _MOST_EXAMPLES)
    delta = probability("delta", delta, open_ends=True, any_size=True)
    return (kl + math.log(2) + math.log(n) / 2 - _log(delta)) / n


def pac_bayes_bound(empirical: Real, kl: Real, n: int, delta: Real) -> float:
    r"""Equation (6): $\widehat{\mathcal R}(Q)+\sqrt{\frac{\mathrm{KL}(Q\|P)+\ln(2\sqrt n/\delta)}{2n}}$.

    With probability at least $1-\delta$ over $n$ i.i.d. examples it bounds the risk of every $Q$ at once, if
    the prior $P$ was fixed before seeing them (ledger ``eq-6``, in Maurer's form).

    Parameters
    ----------
    empirical : empirical risk of $Q$, in [0, 1].
    kl : $\mathrm{KL}(Q\|P)$ in nats, at least 0.
    n : number of examples, at least 1.
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    float
        Not cut off at 1: a value above 1 says nothing.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    empirical = float(probability("empirical", empirical))
    return empirical + math.sqrt(_pac_bayes_budget(kl, n, delta) / 2)


def pac_bayes_kl_bound(empirical: Real, kl: Real, n: int, delta: Real) -> float:
    r"""The sharper bound behind equation (6), by inverting the binary divergence.

    Largest $r$ with $\mathrm{kl}(\widehat{\mathcal R}(Q)\|r)\le\frac An$,
    $A=\mathrm{KL}(Q\|P)+\ln\frac{2\sqrt n}\delta$, under the hypotheses of `pac_bayes_bound`; $1-e^{-A/n}$
    without empirical errors (ledger ``eq-6``).

    Parameters
    ----------
    empirical, kl, n, delta : as in `pac_bayes_bound`.

    Returns
    -------
    float
        A number in [`empirical`, 1].

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    a = float(probability("empirical", empirical))
    budget = _pac_bayes_budget(kl, n, delta)
    if a < 1e-300:  # its share of the divergence is too small to count
        return -math.expm1(-budget)
    # In terms of x = r - a nothing cancels; the divergence increases with x and is infinite at the end.
    low, high = 0.0, 1 - a
    for _ in range(200):
        x = (low + high) / 2
        if low < x < high and -a * math.log1p(x / a) - (1 - a) * math.log1p(-x / (1 - a)) <= budget:
            low = x
        else:
            high = x
    return a + high


def distinct_expected(n_facts: int, n_examples: int) -> float:
    r"""Expected number of different facts among uniform examples: $m(1-(1-\frac1m)^n)$ (ledger ``eq-6``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    n_examples : number $n$ of examples, from 0 to $10^{18}$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_facts = integer("n_facts", n_facts, 1, _MOST_FACTS)
    n_examples = integer("n_examples", n_examples, 0, _MOST_EXAMPLES)
    return -n_facts * math.expm1(_log_unseen(n_facts, n_examples))


def gibbs_example(n_facts: int, n_examples: int, delta: Real = 0.05) -> GibbsExample:
    r"""PAC-Bayes beside the truth it bounds, for arbitrary binary facts.

    Prior: fair coins on all facts. Posterior: seen facts pinned, coins on the rest; no empirical error and
    $\mathrm{KL}=D\ln2$ with $D$ facts seen, here set to its mean. The true risk $\frac12(1-\frac1m)^n$ falls
    exponentially, the bounds like $m/n$ and $\sqrt{m/n}$ (ledger ``eq-6``).

    Parameters
    ----------
    n_facts : number $m$ of facts, from 1 to $10^{15}$.
    n_examples : number $n$ of examples, from 1 to $10^{18}$.
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    GibbsExample
        ``(true_risk, kl_bound, root_bound)``.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_examples = integer("n_examples", n_examples, 1, _MOST_EXAMPLES)
    kl = distinct_expected(n_facts, n_examples) * math.log(2)
    return GibbsExample(
        expected_risk(n_facts, n_examples),
        pac_bayes_kl_bound(0, kl, n_examples, delta),
        pac_bayes_bound(0, kl, n_examples, delta),
    )
