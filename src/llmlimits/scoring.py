r"""What a score rewards, for the section on evaluation (2.3).

Grading rules with and without abstention, thresholds and the proper scores made of them, the policy that a
reward selects, calibration, contaminated benchmarks, and what likelihood does and does not pay for. Witness for
the ledger rows ``eq-15`` to ``eq-20``. Probabilities given as integers or Fractions give exact results where
the formula is rational.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from ._checks import array, distribution, fail, integer, probability, real

Number = Fraction | float


# --- grading, equation (15) ---


def best_scores(belief: np.ndarray, graders: np.ndarray) -> np.ndarray:
    r"""Expected score of every response: $\sum_i\rho_ig_i(r)$ (ledger ``eq-15``).

    Parameters
    ----------
    belief : $\rho$, shape (m,), probabilities of the graders.
    graders : $g_i(r)$, shape (m, n), each 0 or 1: whether response r is right in case i.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError
        If `belief` is no law, or `graders` has other entries or another number of rows.
    """
    rho = distribution("belief", belief)
    g = array("graders", graders, 2)
    if len(g) != len(rho) or not np.isin(g, (0, 1)).all():
        fail("graders", graders, f"{len(rho)} rows of zeros and ones")
    return rho @ g


def threshold_mark(p: Real, t: Real) -> Number:
    r"""Expected mark of answering with probability `p` of being right at threshold `t`: $\frac{p-t}{1-t}$.

    A right answer scores 1, a wrong one $-\frac t{1-t}$, abstaining 0: answer if and only if $p>t$ (ledger
    ``eq-15``).

    Parameters
    ----------
    p : in [0, 1].
    t : in [0, 1).

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    p = probability("p", p)
    t = real("t", t, 0, below=1)
    return (p - t) / (1 - t)


def answer_threshold(right: Real, abstain: Real, wrong: Real) -> Number:
    r"""Confidence above which answering beats abstaining: $\frac{s-b}{a-b}$ for the scores $a>s>b$.

    Parameters
    ----------
    right, abstain, wrong : the scores $a$, $s$, $b$; $b\le s\le a$ and $b<a$.

    Returns
    -------
    Fraction or float
        In [0, 1]. At 0 every answer with a chance pays (binary grading), at 1 none pays more than silence.

    Raises
    ------
    ValueError
        If the scores are not in this order.

    Source: ledger ``eq-15``.
    """
    a = real("right", right)
    b = real("wrong", wrong, below=a)
    s = real("abstain", abstain, b, a)
    return (s - b) / (a - b)


# --- the reward tilt, equation (16) ---


class Slopes(NamedTuple):
    """Derivatives with respect to the optimisation pressure."""

    accuracy: float
    reward: float
    divergence: float


def _policy(reference: object, reward: object, beta: object) -> tuple[np.ndarray, np.ndarray, float]:
    ref = distribution("reference", reference)
    r = array("reward", reward, 1)
    if len(r) != len(ref):
        fail("reward", reward, f"{len(ref)} numbers")
    return ref, r, float(real("beta", beta, 0))


def tilt(reference: np.ndarray, reward: np.ndarray, beta: Real) -> np.ndarray:
    r"""The policy that maximises reward minus divergence: $\pi_\beta\propto\pi_{\rm ref}e^{\beta R}$.

    Unique maximiser of $E_\pi R-\frac1\beta\mathrm{KL}(\pi\Vert\pi_{\rm ref})$ for $\beta>0$ (ledger ``eq-16``).
    The printed $e^{\beta R}$ is the case of a uniform reference.

    Parameters
    ----------
    reference : $\pi_{\rm ref}$, shape (n,).
    reward : $R$, shape (n,).
    beta : optimisation pressure $\beta$, at least 0.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    ref, r, b = _policy(reference, reward, beta)
    exponent = np.where(ref > 0, b * r, -np.inf)
    weight = ref * np.exp(exponent - exponent.max())
    return weight / weight.sum()


def tilt_objective(policy: np.ndarray, reference: np.ndarray, reward: np.ndarray, beta: Real) -> float:
    r"""Reward minus divergence: $E_\pi R-\frac1\beta\mathrm{KL}(\pi\Vert\pi_{\rm ref})$ (ledger ``eq-16``).

    Parameters
    ----------
    policy : $\pi$, shape (n,).
    reference, reward : as in `tilt`.
    beta : $\beta$, above 0.

    Returns
    -------
    float
        Minus infinity if the policy leaves the support of the reference.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    ref, r, b = _policy(reference, reward, real("beta", beta, above=0))
    pi = distribution("policy", policy)
    if len(pi) != len(ref):
        fail("policy", policy, f"{len(ref)} numbers")
    return float(pi @ r - special.rel_entr(pi, ref).sum() / b)


def tilt_slopes(reference: np.ndarray, reward: np.ndarray, right: np.ndarray, beta: Real) -> Slopes:
    r"""Derivatives of accuracy, reward and divergence in $\beta$ along `tilt`.

    $\mathrm{Cov}_{\pi_\beta}(A,R)$, $\mathrm{Var}_{\pi_\beta}(R)$ and $\beta\,\mathrm{Var}_{\pi_\beta}(R)$
    (ledger ``eq-16``).

    Parameters
    ----------
    reference, reward, beta : as in `tilt`.
    right : $A$, shape (n,), in [0, 1]: whether (or how often) each response is right.

    Returns
    -------
    Slopes
        ``(accuracy, reward, divergence)``.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    pi = tilt(reference, reward, beta)
    r, a = array("reward", reward, 1), array("right", right, 1)
    if len(a) != len(r) or (a < 0).any() or (a > 1).any():
        fail("right", right, f"{len(r)} numbers from 0 to 1")
    centred = r - pi @ r
    variance = float(pi @ centred**2)
    return Slopes(float(pi @ (a * centred)), variance, float(beta) * variance)


# --- calibration, equation (17) ---


class Murphy(NamedTuple):
    """Parts of the Brier score: it is reliability - resolution + uncertainty."""

    reliability: float
    resolution: float
    uncertainty: float


def _graded(confidence: object, correct: object) -> tuple[np.ndarray, np.ndarray]:
    p = array("confidence", confidence, 1)
    if (p < 0).any() or (p > 1).any():
        fail("confidence", confidence, "numbers from 0 to 1")
    y = array("correct", correct, 1)
    if len(y) != len(p) or not np.isin(y, (0, 1)).all():
        fail("correct", correct, f"{len(p)} zeros and ones")
    return p, y


def brier(confidence: np.ndarray, correct: np.ndarray) -> float:
    r"""Mean squared difference of confidence and outcome, $\frac1n\sum(p_i-y_i)^2$ (ledger ``eq-17``, ``eq-20``).

    Parameters
    ----------
    confidence : $p_i$, shape (n,), in [0, 1].
    correct : $y_i$, shape (n,), 0 or 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    p, y = _graded(confidence, correct)
    return float(np.mean((p - y) ** 2))


def murphy(confidence: np.ndarray, correct: np.ndarray) -> Murphy:
    r"""Murphy's decomposition: $\overline{(p-a(p))^2}$, variance of $a(p)$, and $b(1-b)$.

    $a(p)$ is the accuracy among items of equal confidence $p$, $b$ the accuracy of all (ledger ``eq-17``).

    Parameters
    ----------
    confidence, correct : as in `brier`.

    Returns
    -------
    Murphy
        ``(reliability, resolution, uncertainty)``.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    p, y = _graded(confidence, correct)
    levels, group = np.unique(p, return_inverse=True)
    size = np.bincount(group)
    accuracy = np.bincount(group, weights=y) / size
    base = float(y.mean())
    weight = size / len(p)
    reliability = float(weight @ (levels - accuracy) ** 2)
    return Murphy(reliability, float(weight @ (accuracy - base) ** 2), base * (1 - base))


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, n_bins: int) -> float:
    r"""Binned calibration error: $\sum_B\frac{|B|}n\,|\overline p_B-\overline y_B|$ over equal bins of [0, 1].

    Bin $b$ is $[\frac{b}{n_{\rm bins}},\frac{b+1}{n_{\rm bins}})$, the last one closed. In population it is at most
    $E|a(p)-p|$; on a sample it is biased upwards (ledger ``eq-17``).

    Parameters
    ----------
    confidence, correct : as in `brier`.
    n_bins : at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    p, y = _graded(confidence, correct)
    bins = integer("n_bins", n_bins, 1, 10**6)
    # a confidence that is an edge up to rounding, such as 0.3 with ten bins, belongs above the edge
    index = np.minimum(np.floor(p * bins + 1e-9).astype(int), bins - 1)
    return float(np.abs(np.bincount(index, weights=p - y)).sum() / len(p))


def calibrated_ece(levels: np.ndarray, n_items: int) -> float:
    r"""Expected binned error of a perfectly calibrated model: $\frac1k\sum_jE|\frac{X_j}n-p_j|$.

    $X_j\sim\mathrm{Bin}(n,p_j)$ of `n_items` items are right at the $j$-th of $k$ confidence levels, each level in a
    bin of its own (ledger ``eq-17``).

    Parameters
    ----------
    levels : $p_j$, shape (k,), in [0, 1].
    n_items : items per level, from 1 to 100 000.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    p = array("levels", levels, 1)
    if (p < 0).any() or (p > 1).any():
        fail("levels", levels, "numbers from 0 to 1")
    n = integer("n_items", n_items, 1, 100_000)
    right = np.arange(n + 1)
    return float(np.mean([stats.binom.pmf(right, n, q) @ abs(right / n - q) for q in p]))


# --- contamination, equation (18) ---


def observed_error(clean: Real, contamination: Real, memorised: Real) -> Number:
    r"""Error on a benchmark of which a share has leaked: $(1-\zeta)\mathcal R_{\rm true}+\zeta\mathcal R_{\rm mem}$.

    Parameters
    ----------
    clean : $\mathcal R_{\rm true}$, error on the items that have not leaked, in [0, 1].
    contamination : $\zeta$, share of leaked items, in [0, 1].
    memorised : $\mathcal R_{\rm mem}$, error on the leaked items, in [0, 1].

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``eq-18``.
    """
    t = probability("clean", clean)
    z = probability("contamination", contamination)
    return (1 - z) * t + z * probability("memorised", memorised)


def clean_error_interval(
    observed: Real, contamination: Sequence[Real], memorised: Sequence[Real]
) -> tuple[Number, Number]:
    r"""All clean errors compatible with an observed one and with ranges for the two unknowns.

    $\frac{o-\zeta\mu}{1-\zeta}$ is monotone in $\zeta$ and in $\mu$, so its extremes are at corners; what is not in
    [0, 1] is cut off (ledger ``eq-18``).

    Parameters
    ----------
    observed : $o$, in [0, 1].
    contamination : least and greatest $\zeta$, in [0, 1).
    memorised : least and greatest $\mu$, in [0, 1].

    Returns
    -------
    tuple of two Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range, a range is empty, or nothing is compatible.
    """
    o = probability("observed", observed)
    ends = []
    for name, pair in (("contamination", contamination), ("memorised", memorised)):
        if len(pair) != 2:
            fail(name, pair, "two numbers, the least and the greatest")
        low, high = (probability(name, value) for value in pair)
        if low > high or (name == "contamination" and high >= 1):
            fail(name, pair, "a range within [0, 1]" + (", below 1" if name == "contamination" else ""))
        ends.append((low, high))
    values = [(o - z * m) / (1 - z) for z in ends[0] for m in ends[1]]
    low, high = min(values), max(values)
    if high < 0 or low > 1:
        fail("observed", observed, "an error that these ranges can produce")
    return max(low, 0 * low), min(high, high * 0 + 1)


def contamination_estimate(clean: Real, observed: Real, memorised: Real) -> Number:
    r"""Share of leaked items from an error on fresh items: $\hat\zeta=\frac{t-o}{t-\mu}$ (ledger ``eq-18``).

    Parameters
    ----------
    clean : $t$, error on fresh items, in [0, 1].
    observed : $o$, error on the benchmark, in [0, 1].
    memorised : $\mu$, error on leaked items, in [0, 1], different from `clean`.

    Returns
    -------
    Fraction or float
        Negative when the benchmark was harder than the fresh items.

    Raises
    ------
    ValueError
        If an argument is outside its range or `memorised` equals `clean`.
    """
    t = probability("clean", clean)
    o = probability("observed", observed)
    m = probability("memorised", memorised)
    if t == m:
        fail("memorised", memorised, "an error different from the clean one")
    return (t - o) / (t - m)


def contamination_sd(clean: Real, observed: Real, memorised: Real, n_clean: int, n_observed: int) -> float:
    r"""Asymptotic standard deviation of `contamination_estimate`, the memorised error being known.

    $\sqrt{\frac{(o-\mu)^2}{(t-\mu)^4}\frac{t(1-t)}{n_2}+\frac1{(t-\mu)^2}\frac{o(1-o)}{n_1}}$ by the delta method
    (ledger ``eq-18``).

    Parameters
    ----------
    clean, observed, memorised : $t$, $o$, $\mu$, as in `contamination_estimate`.
    n_clean, n_observed : numbers $n_2$ of fresh and $n_1$ of benchmark items, at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    contamination_estimate(clean, observed, memorised)
    t, o, m = float(clean), float(observed), float(memorised)
    fresh = (o - m) ** 2 / (t - m) ** 4 * t * (1 - t) / integer("n_clean", n_clean, 1)
    bench = o * (1 - o) / (t - m) ** 2 / integer("n_observed", n_observed, 1)
    return math.sqrt(fresh + bench)


# --- likelihood, equation (19) ---


def fact_error_cap(excess: Real, share: Real) -> float:
    r"""Greatest error rate on fact tokens at a given excess loss: $1-e^{-\kappa/\phi}$ (ledger ``eq-19``).

    Parameters
    ----------
    excess : $\kappa$, average loss per token above the entropy of the data, in nats, at least 0.
    share : $\phi$, share of the tokens that state a determined fact, in (0, 1].

    Returns
    -------
    float
        Attained when all the excess sits on the fact tokens, evenly.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    kappa = float(real("excess", excess, 0))
    return -math.expm1(-kappa / float(real("share", share, above=0, most=1)))


def false_text_cap(false_share: Real, divergence: Real) -> float:
    r"""Greatest probability a model can give to false texts: largest $x$ with $\mathrm{kl}(a\Vert x)\le D$.

    $a$ is the share of false texts in the data, $D$ the divergence of the model from the data; $1-e^{-D}$ for a
    truthful corpus (ledger ``eq-19``).

    Parameters
    ----------
    false_share : $a$, in [0, 1].
    divergence : $D=\mathrm{KL}(p_{\rm data}\Vert p_\theta)$ in nats, at least 0.

    Returns
    -------
    float
        In [a, 1].

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    a = float(probability("false_share", false_share))
    d = float(real("divergence", divergence, 0))
    if a == 0:
        return -math.expm1(-d)
    low, high = a, 1.0
    for _ in range(200):
        x = (low + high) / 2
        if not low < x < high:
            break
        kl = a * math.log(a / x) + ((1 - a) * math.log((1 - a) / (1 - x)) if a < 1 else 0.0)
        low, high = (x, high) if kl <= d else (low, x)
    return low


# --- grading with confidence, equation (20) ---


def rule20_gain(lam: Real, p: Real) -> Number:
    r"""What abstaining scores above answering under equation (20), both at the honest confidence.

    $1-\lambda(1-p)-p=(1-\lambda)(1-p)$: never negative for $\lambda\le1$ (ledger ``eq-20``).

    Parameters
    ----------
    lam : $\lambda$, any real number.
    p : probability of being right, in [0, 1].

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    return (1 - real("lam", lam)) * (1 - probability("p", p))


def threshold_mixture(report: Real, correct: int, low: Real = 0, high: Real = 1) -> Number:
    r"""Average over the thresholds in [`low`, `high`] of the scaled threshold exam answered "iff $t<r$".

    $\frac1{b-a}\int_a^{\min(\max(r,a),b)}(Y-t)\,dt$, where $Y-t$ is $(1-t)$ times the mark of an answer and silence
    scores 0. For all thresholds it is $\frac Y2-\frac12(Y-r)^2$, the Brier score turned round (ledger ``eq-20``).

    Parameters
    ----------
    report : $r$, the confidence reported with the answer, in [0, 1].
    correct : $Y$, 0 or 1.
    low, high : $a<b$ in [0, 1].

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    r = probability("report", report)
    y = integer("correct", correct, 0, 1)
    a = probability("low", low)
    b = real("high", high, above=a, most=1)
    top = min(max(r, a), b)
    return (y * (top - a) - (top * top - a * a) / 2) / (b - a)
