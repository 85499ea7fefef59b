r"""Softmax attention among many keys, for the section on attention (3.3).

The module holds the exact margin a key needs, crowding with its rate and its finite form, maxima of random
scores, the change of regime when their variance grows, dispersion of bounded logits, repairs (rescaling,
top-k, sparsemax, a head that finds any position), memory and operation counts, low-precision sums,
information paths, and what all this says about effective context. Sums over up to $10^8$ keys are streamed.
Witness for the ledger rows ``s3-17`` to ``s3-28``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.special import expit, log_ndtr, logit, logsumexp, ndtr
from scipy.stats import binom

from ._checks import array, fail, flag, generator, integer, probability, real

_CHUNK = 2**20


def _plain(values: np.ndarray) -> np.ndarray | float:
    return float(values) if np.ndim(values) == 0 else values


def _share(name: str, value: object) -> float:
    return float(probability(name, value, open_ends=True))


def _scores(name: str, value: object) -> np.ndarray:
    x = array(name, value)
    if x.ndim == 0:
        fail(name, value, "an array with at least one axis")
    return x


# --- one key against many ---


def attention_mass(score: float, distractors: np.ndarray) -> np.ndarray | float:
    r"""Softmax weight of one key against the others: $\sigma\bigl(s-\ln\sum_k e^{X_k}\bigr)$.

    Parameters
    ----------
    score : $s$, the score of the key.
    distractors : array of shape (..., n), the scores of the other keys along the last axis.

    Returns
    -------
    float, or array of shape (...)

    Raises
    ------
    ValueError
        If a score is not finite or there is no distractor.

    Source: ledger ``s3-17``.
    """
    s = float(real("score", score))
    return _plain(expit(s - logsumexp(_scores("distractors", distractors), axis=-1)))


def required_score(distractors: np.ndarray, mass: float) -> np.ndarray | float:
    r"""Score that gives a key exactly this weight: $\ln\sum_k e^{X_k}+\ln\frac p{1-p}$.

    Parameters
    ----------
    distractors : array of shape (..., n), the scores of the other keys along the last axis.
    mass : $p$ in (0, 1).

    Returns
    -------
    float, or array of shape (...)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-17``, ``s3-20``.
    """
    total = logsumexp(_scores("distractors", distractors), axis=-1)
    return _plain(total + logit(_share("mass", mass)))


def spread_cost(distractors: np.ndarray) -> np.ndarray | float:
    r"""What the margin over the mean must exceed $\ln n+{\rm logit}\,p$ by.

    $\kappa=\ln\frac1n\sum e^{X_k}-\bar X$.

    $0\le\kappa\le r^2/8$ for scores of range $r$, and 0 only for equal ones; $\sigma^2/2$ for many Gaussians.

    Parameters
    ----------
    distractors : array of shape (..., n).

    Returns
    -------
    float, or array of shape (...)

    Raises
    ------
    ValueError
        If a score is not finite or there is no distractor.

    Source: ledger ``s3-17``; Hoeffding 1963.
    """
    x = _scores("distractors", distractors)
    centred = x - x.mean(axis=-1, keepdims=True)
    return _plain(np.maximum(logsumexp(centred, axis=-1) - math.log(x.shape[-1]), 0.0))


# --- extreme distractors ---


def max_mean_bound(n: int, sigma: float = 1.0) -> float:
    r"""Bound on the mean of the largest of `n` sub-Gaussian scores, independent or not.

    $\sigma\sqrt{2\ln n}$.

    Parameters
    ----------
    n : at least 1.
    sigma : at least 0.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-18``; Boucheron, Lugosi and Massart 2013, chapter 2.
    """
    return float(real("sigma", sigma, 0)) * math.sqrt(2 * math.log(integer("n", n, 1)))


def gaussian_max_mean(n: int) -> float:
    r"""Mean of the largest of `n` independent standard Gaussians, by quadrature.

    $\int_0^\infty(1-\Phi^n)\,dx-\int_{-\infty}^0\Phi^n\,dx$.

    Parameters
    ----------
    n : at least 1.

    Raises
    ------
    ValueError
        If `n` is no positive integer.

    Source: ledger ``s3-18``.
    """
    count = integer("n", n, 1)
    middle = math.sqrt(2 * math.log(count)) if count > 1 else 0.5
    above = quad(lambda x: -math.expm1(count * log_ndtr(x)), 0, middle + 12, points=[middle], limit=200)[0]
    below = quad(lambda x: math.exp(count * log_ndtr(x)), -40, 0, limit=200)[0]
    return above - below


def exceedance_count(level: float, chance: float) -> int:
    r"""How many independent standard Gaussians until one exceeds `level` with probability at least `chance`.

    Smallest $n$ with $1-\Phi(x)^n\ge c$.

    Parameters
    ----------
    level : $x$, at most 37.
    chance : $c$ in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-18``.
    """
    x = float(real("level", level, most=37))
    return max(1, math.ceil(math.log1p(-_share("chance", chance)) / float(log_ndtr(x))))


# --- crowding ---


def log_sum_exp(chunks: Iterable[np.ndarray]) -> float:
    r"""$\ln\sum_k e^{X_k}$ of a stream of score arrays, holding one of them at a time.

    Keeps the largest score so far and the sum relative to it.

    Parameters
    ----------
    chunks : non-empty iterable of arrays of finite scores.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a score is not finite or there is none.

    Source: ledger ``s3-19``, ``s3-24``.
    """
    top, total = -math.inf, 0.0
    for chunk in chunks:
        x = array("chunks", chunk)
        new = max(top, float(x.max()))
        total = total * math.exp(top - new) + float(np.exp(x - new).sum())
        top = new
    if total == 0:
        fail("chunks", chunks, "at least one array")
    return top + math.log(total)


def sampled_log_sum(
    n: int, draw: Callable[[np.random.Generator, int], np.ndarray], rng: np.random.Generator
) -> float:
    r"""$\ln\sum_{k\le n}e^{X_k}$ of `n` independent scores, drawn a million at a time.

    Parameters
    ----------
    n : number of scores, 1 to $10^{10}$.
    draw : function; ``draw(rng, size)`` returns an array of `size` independent scores.
    rng : source of the scores.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `n` < 1 or `draw` is no function or returns something else.

    Source: ledger ``s3-19``, ``s3-21``.
    """
    count = integer("n", n, 1, 10**10)
    if not callable(draw):
        fail("draw", draw, "a function of a generator and a size")
    generator("rng", rng)

    def chunks():
        for done in range(0, count, _CHUNK):
            size = min(_CHUNK, count - done)
            x = array("draw(rng, size)", draw(rng, size), 1)
            if len(x) != size:
                fail("draw(rng, size)", x, f"{size} scores")
            yield x

    return log_sum_exp(chunks())


def gaussian_log_sum(n: int, sigma: float, rng: np.random.Generator) -> float:
    r"""$\ln\sum_{k\le n}e^{\sigma g_k}$ of standard Gaussians for huge `n`, from the counts of narrow cells.

    Cells of width $0.002$ get independent Poisson counts, so the number of scores is Poisson with mean `n`;
    the result is off by at most $0.001\,\sigma$ for the width and by about $1/\sqrt n$ for the random
    number.

    Parameters
    ----------
    n : mean number of scores, 1000 to $10^{18}$.
    sigma : at least 0.
    rng : source of the counts.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-19``, ``s3-21``.
    """
    count = integer("n", n, 1000, 10**18)
    s = float(real("sigma", sigma, 0))
    generator("rng", rng)
    edges = np.arange(0, 10, 0.002)
    # tail probabilities keep their digits far out, where the few largest scores are
    cells = ndtr(-edges) - ndtr(-edges - 0.002)
    counts = rng.poisson(count * np.concatenate([cells[::-1], cells]))
    middles = np.concatenate([-edges[::-1] - 0.001, edges + 0.001])
    kept = counts > 0
    return float(logsumexp(s * middles[kept], b=counts[kept]))


def crowded_mass(score: float, n: int, log_mean_exp: float = 0.0) -> float:
    r"""Weight of a key against `n` others with the mean in place of the sum: $1/(1+nMe^{-s})$.

    Parameters
    ----------
    score : $s$.
    n : number of other keys, at least 1.
    log_mean_exp : $\ln M=\ln\mathbb E e^{X}$ of their scores.

    Returns
    -------
    float in (0, 1)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-19``, ``s3-28``.
    """
    s, log_m = float(real("score", score)), float(real("log_mean_exp", log_mean_exp))
    return float(expit(s - math.log(integer("n", n, 1)) - log_m))


def crowding_band(score: float, n: int, epsilon: float, log_mean_exp: float = 0.0) -> tuple[float, float]:
    r"""Interval for the weight while the sum of the others is within a factor $1\pm\epsilon$ of its mean.

    $\frac1{1+(1+\epsilon)nMe^{-s}}\le P\le\frac1{1+(1-\epsilon)nMe^{-s}}$; how often the sum leaves,
    `failure_bounds` says.

    Parameters
    ----------
    score : $s$.
    n : number of other keys, at least 1.
    epsilon : in (0, 1).
    log_mean_exp : $\ln M=\ln\mathbb E e^{X}$ of their scores.

    Returns
    -------
    tuple of two float, low and high

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-19``.
    """
    eps = _share("epsilon", epsilon)
    log_m = float(real("log_mean_exp", log_mean_exp))
    return (
        crowded_mass(score, n, log_m + math.log1p(eps)),
        crowded_mass(score, n, log_m + math.log1p(-eps)),
    )


def failure_bounds(
    n: int,
    epsilon: float,
    mean: float,
    *,
    low: float | None = None,
    high: float | None = None,
    second_moment: float | None = None,
) -> dict[str, float]:
    r"""Bounds on the probability that $\sum_{k\le n}e^{X_k}$ is not within $1\pm\epsilon$ of its mean $nM$.

    With scores in $[a,c]$, "hoeffding": $2e^{-2n\epsilon^2M^2/(e^c-e^a)^2}$; with $M_2=\mathbb E e^{2X}$,
    "chebyshev": $(M_2/M^2-1)/(n\epsilon^2)$ and, for the lower side alone, "lower": $e^{-\epsilon^2nM^2/(2M_2)}$.
    For scores $N(\mu,\sigma^2)$ the ratio $M_2/M^2$ is $e^{\sigma^2}$.

    Parameters
    ----------
    n : number of scores, at least 1.
    epsilon : in (0, 1).
    mean : $M=\mathbb E e^X>0$.
    low, high : $a<c$, if known (both or none), at most 300 in size.
    second_moment : $M_2\ge M^2$, if known.

    Returns
    -------
    dict of the bounds that apply, each at most 1

    Raises
    ------
    ValueError
        If an argument is outside its range or the moments contradict each other.

    Source: ledger ``s3-19``.
    """
    count = integer("n", n, 1)
    eps = _share("epsilon", epsilon)
    m = float(real("mean", mean, above=0))
    out = {}
    if low is not None or high is not None:
        a = float(real("low", low, -300, 300))
        c = float(real("high", high, above=a, most=300))
        bottom, top = math.exp(a), math.exp(c)
        if not bottom <= m <= top:
            fail("mean", mean, f"from exp(low) = {bottom:g} to exp(high) = {top:g}")
        out["hoeffding"] = 2 * math.exp(-2 * count * (eps * m / (top - bottom)) ** 2)
    if second_moment is not None:
        ratio = float(real("second_moment", second_moment, m * m)) / (m * m)
        out["chebyshev"] = (ratio - 1) / (count * eps * eps)
        out["lower"] = math.exp(-eps * eps * count / (2 * ratio))
    return {name: min(value, 1.0) for name, value in out.items()}


# --- heavy tails and growing variance ---


def critical_sigma(n: int) -> float:
    r"""Standard deviation at which the largest of `n` Gaussian scores takes over the sum: $\sqrt{2\ln n}$.

    Parameters
    ----------
    n : at least 2.

    Raises
    ------
    ValueError
        If `n` is no integer of at least 2.

    Source: ledger ``s3-21``.
    """
    return max_mean_bound(integer("n", n, 2))


def rem_bound(n: int, sigma: float) -> float:
    r"""Bound on the mean log-sum of `n` Gaussian scores, and its leading order (random energy model).

    $\mathbb E\ln\sum_{k\le n}e^{\sigma g_k}$ is at most $\ln n+\sigma^2/2$ up to $\sigma_c=\sqrt{2\ln n}$,
    $\sigma\sqrt{2\ln n}$ from there on.

    Parameters
    ----------
    n : at least 1.
    sigma : at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-21``; Derrida 1981.
    """
    log_n = math.log(integer("n", n, 1))
    s = float(real("sigma", sigma, 0))
    return log_n + s * s / 2 if s * s <= 2 * log_n else s * math.sqrt(2 * log_n)


def rem_rate(beta: float) -> float:
    r"""Log-sum of Gaussian scores of standard deviation $\beta\sqrt{\ln n}$ per $\ln n$, in the limit.

    $f(\beta)=1+\beta^2/2$ up to $\sqrt2$, $\sqrt2\,\beta$ from there on.

    Parameters
    ----------
    beta : at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `beta` is negative.

    Source: ledger ``s3-21``.
    """
    b = float(real("beta", beta, 0))
    return 1 + b * b / 2 if b * b <= 2 else math.sqrt(2) * b


# --- bounded logits ---


class Dispersion(NamedTuple):
    """Least and largest possible weight, and a lower bound on the entropy in nats."""

    least: float
    largest: float
    entropy: float


def dispersion_bounds(n: int, logit_range: float) -> Dispersion:
    r"""What softmax can do with `n` logits of bounded range $r$: every weight is of order $1/n$.

    $\frac1{1+(n-1)e^r}\le\alpha_i\le\frac1{1+(n-1)e^{-r}}$, both attained, and
    $H(\alpha)\ge\ln n-\min(r,r^2/8)$.

    Parameters
    ----------
    n : number of keys, at least 1.
    logit_range : $r\ge0$, largest minus smallest logit.

    Returns
    -------
    Dispersion

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-22``.
    """
    count = integer("n", n, 1)
    r = float(real("logit_range", logit_range, 0))
    if count == 1:
        return Dispersion(1.0, 1.0, 0.0)
    others = math.log(count - 1)
    entropy = max(math.log(count) - min(r, r * r / 8), 0.0)
    return Dispersion(float(expit(-others - r)), float(expit(r - others)), entropy)


def max_context(logit_range: float, mass: float) -> int:
    r"""Largest number of keys among which one can get weight `mass`: $\lfloor1+e^r\frac{1-p}p\rfloor$.

    Parameters
    ----------
    logit_range : $r$, 0 to 700.
    mass : $p$ in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-22``.
    """
    return math.floor(supported_context(real("logit_range", logit_range, 0, 700), mass))


# --- repairs ---


def scaled_softmax_mass(n: int, strength: float) -> float:
    r"""Weight of a key under logits $s\ln n\cdot z$ when all others lie the gap $g$ below.

    $1/(1+(n-1)n^{-sg})$.

    At least one half for every `n` if $sg\ge1$, tends to 0 if $sg<1$.

    Parameters
    ----------
    n : number of keys, at least 1.
    strength : $sg$, at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-23`` (1).
    """
    count = integer("n", n, 1)
    sg = float(real("strength", strength, 0))
    return 1 / (1 + (count - 1) * math.exp(-sg * math.log(count)))


class TopkDrop(NamedTuple):
    """Probability that top-k drops the relevant key, exactly and by the union bound."""

    exact: float
    bound: float


def topk_drop(n: int, kept: int, score: float, sigma: float = 1.0) -> TopkDrop:
    r"""Chance that at least `kept` of `n` independent Gaussian distractors score above the relevant key.

    Exactly a binomial tail with $Q=P(X>s)$; at most $\binom nkQ^k$.

    Parameters
    ----------
    n : number of distractors, at least 1.
    kept : $k$, 1 to `n`.
    score : $s$, the relevant score, with the distractors centred at 0.
    sigma : their standard deviation, positive.

    Returns
    -------
    TopkDrop, the bound at most 1

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-23`` (3).
    """
    count = integer("n", n, 1)
    k = integer("kept", kept, 1, count)
    level = float(real("score", score)) / float(real("sigma", sigma, above=0))
    log_choose = math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
    bound = math.exp(min(log_choose + k * float(log_ndtr(-level)), 0.0))
    return TopkDrop(float(binom.sf(k - 1, count, ndtr(-level))), bound)


def topk_score(n: int, kept: int, chance: float, sigma: float = 1.0) -> float:
    r"""Score with which the relevant key is dropped with probability at most `chance`.

    $\sigma\sqrt{2\ln(en/k)+\frac2k\ln\frac1\delta}$ against Gaussian distractors.

    Parameters
    ----------
    n : number of distractors, at least 1.
    kept : $k$, 1 to `n`.
    chance : $\delta$ in (0, 1).
    sigma : positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-23`` (3).
    """
    count = integer("n", n, 1)
    k = integer("kept", kept, 1, count)
    delta = _share("chance", chance)
    s = float(real("sigma", sigma, above=0))
    return s * math.sqrt(2 * (1 + math.log(count / k)) - 2 / k * math.log(delta))


def sparsemax(logits: np.ndarray) -> np.ndarray:
    r"""The point of the simplex nearest to the logits; puts all weight on a key iff it leads all others by 1.

    Parameters
    ----------
    logits : array of shape (n,).

    Returns
    -------
    array of shape (n,), non-negative with sum 1

    Raises
    ------
    ValueError
        If a logit is not finite.

    Source: ledger ``s3-23`` (4); Martins and Astudillo 2016.
    """
    z = array("logits", logits, 1)
    z = z - z.max()
    ordered = np.sort(z)[::-1]
    excess = np.cumsum(ordered) - 1
    size = int(np.flatnonzero(ordered * np.arange(1, len(z) + 1) > excess)[-1]) + 1
    return np.maximum(z - excess[size - 1] / size, 0.0)


def binary_code_mass(bits: int, beta: float) -> float:
    r"""Weight on the right one of $2^b$ positions that carry binary codes.

    With codes $c\in\{\pm1\}^b$ and logits $\beta\langle c^*,c\rangle$ it is $(1+e^{-2\beta})^{-b}$, and at
    least this for fewer positions; at least $1-be^{-2\beta}$.

    Parameters
    ----------
    bits : $b\ge1$.
    beta : at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-23`` (5), ``s3-28``.
    """
    b = integer("bits", bits, 1)
    return math.exp(-b * math.log1p(math.exp(-2 * float(real("beta", beta, 0)))))


def binary_code_scale(bits: int, error: float) -> float:
    r"""Scale with which a binary position code leaves at most `error` elsewhere.

    $\beta=\frac12\ln(b/\epsilon)$.

    Parameters
    ----------
    bits : $b\ge1$.
    error : $\epsilon$ in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-23`` (5).
    """
    return math.log(integer("bits", bits, 1) / _share("error", error)) / 2


def binary_code_head(length: int, target: int, beta: float) -> np.ndarray:
    r"""Attention, in single precision, of the head that looks for one position by its binary code.

    Keys are the codes of 0, ..., `length` - 1 in $\{\pm1\}^b$, $b=\lceil\log_2N\rceil$ (17 for 131,072
    positions); the query is $\beta$ times the code of `target`.

    Parameters
    ----------
    length : number of positions $N$, 2 to $2^{24}$.
    target : 0 to `length` - 1.
    beta : at least 0.

    Returns
    -------
    float32 array of shape (length,)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-23`` (5), ``s3-28``.
    """
    n = integer("length", length, 2, 2**24)
    t = integer("target", target, 0, n - 1)
    scale = np.float32(real("beta", beta, 0, 10**30))
    bits = (n - 1).bit_length()
    codes = ((np.arange(n)[:, None] >> np.arange(bits)) & 1).astype(np.float32) * 2 - 1
    logits = codes @ (scale * codes[t])
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


# --- memory and operations ---


def online_softmax(scores: Iterable[float], values: Iterable[np.ndarray]) -> np.ndarray:
    r"""Attention output $\sum_i{\rm softmax}(s)_iv_i$ in one pass that never holds more than one value.

    Keeps the largest score, the sum of weights relative to it and the weighted sum: $d_v+2$ numbers.

    Parameters
    ----------
    scores : n finite scores.
    values : n arrays of shape (d_v,).

    Returns
    -------
    array of shape (d_v,)

    Raises
    ------
    ValueError
        If there is no score, the numbers of scores and values differ, or a value has another shape.

    Source: ledger ``s3-24``; Milakov and Gimelshein 2018.
    """
    top, total, out = -math.inf, 0.0, None
    # two iterators by hand: zip would hide a missing or surplus value
    rest = iter(values)
    for score in scores:
        s = float(real("scores", score))
        value = next(rest, None)
        if value is None:
            fail("values", values, "one value for each score")
        v = array("values", value, 1)
        if out is None:
            out = np.zeros(v.shape)
        elif v.shape != out.shape:
            fail("values", value, f"arrays of shape {out.shape}")
        new = max(top, s)
        old_weight, weight = math.exp(top - new), math.exp(s - new)
        total = total * old_weight + weight
        out = out * old_weight + weight * v
        top = new
    if out is None:
        fail("scores", scores, "at least one score")
    if next(rest, None) is not None:
        fail("values", values, "one value for each score")
    return out / total


class ModelShape(NamedTuple):
    """Sizes of a decoder with grouped queries and a gated feed-forward block."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    vocabulary: int


LLAMA_3_8B = ModelShape(32, 4096, 32, 8, 128, 14336, 128256)
LLAMA_3_70B = ModelShape(80, 8192, 64, 8, 128, 28672, 128256)


def _shape(shape: object) -> ModelShape:
    if not isinstance(shape, ModelShape):
        fail("shape", shape, "a ModelShape")
    return ModelShape(*(integer(f"shape.{name}", size, 1) for name, size in shape._asdict().items()))


def layer_parameters(shape: ModelShape) -> int:
    r"""Matrix entries of one layer: $2dHd_h+2dH_{kv}d_h+3d\,d_{\rm ff}$.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.

    Raises
    ------
    ValueError
        If a size is no positive integer.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    return s.width * (2 * s.head_dim * (s.heads + s.kv_heads) + 3 * s.hidden)


def parameter_count(shape: ModelShape) -> int:
    r"""All parameters: layers, two norm vectors in each and one at the end, input and output embeddings.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.

    Raises
    ------
    ValueError
        If a size is no positive integer.

    Source: ledger ``s3-24``; Llama team 2024, arXiv:2407.21783.
    """
    s = _shape(shape)
    return s.layers * (layer_parameters(s) + 2 * s.width) + s.width + 2 * s.vocabulary * s.width


def kv_cache_bytes(shape: ModelShape, tokens: int, bits: int = 16) -> int:
    r"""Size of the key-value cache: $2\Lambda H_{kv}d_hN$ numbers.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.
    tokens : $N\ge0$.
    bits : bits per number, at least 1.

    Returns
    -------
    int, rounded up to a whole byte

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    numbers = 2 * s.layers * s.kv_heads * s.head_dim * integer("tokens", tokens, 0)
    return -(-numbers * integer("bits", bits, 1) // 8)


def score_matrix_bytes(shape: ModelShape, tokens: int, bits: int = 16) -> int:
    r"""Size of one layer's full score matrices, if they were stored: $HN^2$ numbers; no good kernel does.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.
    tokens : $N\ge0$.
    bits : bits per number, at least 1.

    Returns
    -------
    int, rounded up to a whole byte

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    return -(-s.heads * integer("tokens", tokens, 0) ** 2 * integer("bits", bits, 1) // 8)


def attention_flops(shape: ModelShape, tokens: int) -> int:
    r"""Operations of all causal score and value products of a prompt: $2\Lambda Hd_hN(N+1)$.

    A multiply-add counts as two; the softmax itself is not counted.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.
    tokens : $N\ge0$.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    n = integer("tokens", tokens, 0)
    return 2 * s.layers * s.heads * s.head_dim * n * (n + 1)


def decode_flops(shape: ModelShape, tokens: int) -> int:
    r"""Score and value products of one more token with a cache of `tokens`, itself included.

    $4\Lambda Hd_hN$.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.
    tokens : $N\ge0$.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    return 4 * s.layers * s.heads * s.head_dim * integer("tokens", tokens, 0)


def linear_flops(shape: ModelShape, tokens: int) -> int:
    r"""Operations of the layers' matrices on a prompt: $2\Lambda WN$, $W$ from `layer_parameters`.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.
    tokens : $N\ge0$.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    return 2 * s.layers * layer_parameters(s) * integer("tokens", tokens, 0)


def flops_crossover(shape: ModelShape) -> int:
    r"""Longest prompt for which attention costs no more than the matrices: $\lfloor W/(Hd_h)\rfloor-1$.

    Parameters
    ----------
    shape : ModelShape, all sizes positive integers.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a size is no positive integer.

    Source: ledger ``s3-24``.
    """
    s = _shape(shape)
    return layer_parameters(s) // (s.heads * s.head_dim) - 1


# --- precision ---


class Format(NamedTuple):
    """A binary format: significant bits, exponent of the smallest normal number, largest number."""

    bits: int
    least_exponent: int
    largest: float


FORMATS = {
    "fp16": Format(11, -14, 65504.0),
    "bf16": Format(8, -126, (2 - 2.0**-7) * 2.0**127),
    "fp32": Format(24, -126, (2 - 2.0**-23) * 2.0**127),
}


def _format(name: object) -> Format:
    if not isinstance(name, str) or name not in FORMATS:
        fail("format", name, "one of " + ", ".join(FORMATS))
    return FORMATS[name]


def _round(value: float, form: Format) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    # spacing of the format at this value, subnormals included; Python rounds ties to even
    spacing = max(math.frexp(value)[1] - form.bits, form.least_exponent - form.bits + 1)
    out = math.ldexp(round(math.ldexp(value, -spacing)), spacing)
    return out if abs(out) <= form.largest else math.copysign(math.inf, out)


def round_to(value: float, format: str) -> float:
    r"""The number of the format nearest to `value`: ties to even, subnormals kept, overflow to infinity.

    Parameters
    ----------
    value : finite real number.
    format : "fp16", "bf16" or "fp32".

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-25``.
    """
    form = _format(format)
    return _round(float(real("value", value)), form)


def sum_in_format(terms: Sequence[float], format: str, pairwise: bool = False) -> float:
    r"""Sum with every partial sum rounded to the format, one after the other or in a balanced tree.

    Parameters
    ----------
    terms : array of shape (n,); each is rounded first.
    format : "fp16", "bf16" or "fp32".
    pairwise : add neighbours, then neighbouring sums, and so on.

    Returns
    -------
    float, possibly infinite, or NaN if infinities of both signs are added

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-25``; Higham 2002.
    """
    form = _format(format)
    pairwise = flag("pairwise", pairwise)
    level = [_round(x, form) for x in array("terms", terms, 1).tolist()]
    # A sum of two numbers of at most 24 bits, rounded to 53 and then to the format, is correctly rounded.
    if not pairwise:
        total = level[0]
        for x in level[1:]:
            total = _round(total + x, form)
        return total
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [_round(a + b, form) for a, b in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


class PrecisionLimits(NamedTuple):
    """Where sums of exponentials lose terms in a format, after subtraction of the largest score."""

    underflow: float
    absorption: float
    stall: int


def precision_limits(format: str) -> PrecisionLimits:
    r"""Gap below the maximum at which a term vanishes, gap at which a sum of 1 ignores it, and the stall.

    $(p-e_{\min})\ln2$: then $e^{-x}$ rounds to 0. $p\ln2$: then $1\oplus e^{-x}=1$. $2^p$: where a sum of
    ones stops, and up to which integers (positions) are exact.

    Parameters
    ----------
    format : "fp16", "bf16" or "fp32".

    Returns
    -------
    PrecisionLimits

    Raises
    ------
    ValueError
        If the format is unknown.

    Source: ledger ``s3-25``.
    """
    form = _format(format)
    ln2 = math.log(2)
    return PrecisionLimits((form.bits - form.least_exponent) * ln2, form.bits * ln2, 2**form.bits)


def sum_error_bound(n: int, format: str, pairwise: bool = False) -> float:
    r"""Bound on the relative error of a sum of `n` positive terms of the format.

    $\frac{ku}{1-ku}$, $u=2^{-p}$.

    $k=n-1$ roundings one after the other, $k=\lceil\log_2n\rceil$ in a balanced tree; overflow aside.

    Parameters
    ----------
    n : number of terms, at least 1.
    format : "fp16", "bf16" or "fp32".
    pairwise : balanced tree.

    Returns
    -------
    float, infinite if $ku\ge1$

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-25``; Higham 2002.
    """
    count = integer("n", n, 1)
    pairwise = flag("pairwise", pairwise)
    ku = ((count - 1).bit_length() if pairwise else count - 1) * 2.0 ** -_format(format).bits
    return ku / (1 - ku) if ku < 1 else math.inf


# --- paths ---


def path_count(distance: int, layers: int) -> int:
    r"""Ways for information to move `distance` positions through `layers` layers: $\binom{n+\Lambda-1}{n}$.

    At each layer a path stays or goes to any later position; exactly one path uses the direct edge at a given
    layer, so there are `layers` single-hop paths, whatever the distance.

    Parameters
    ----------
    distance : $n\ge1$.
    layers : $\Lambda\ge1$.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-26``.
    """
    n = integer("distance", distance, 1)
    depth = integer("layers", layers, 1)
    return math.comb(n + depth - 1, n)


def path_count_by_hops(distance: int, layers: int, hops: int) -> int:
    r"""Paths that move at exactly `hops` of the layers: $\binom\Lambda h\binom{n-1}{h-1}$.

    Parameters
    ----------
    distance : $n\ge1$.
    layers : $\Lambda\ge1$.
    hops : $h\ge1$.

    Returns
    -------
    int, 0 for more hops than layers or positions

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-26``.
    """
    n = integer("distance", distance, 1)
    depth = integer("layers", layers, 1)
    h = integer("hops", hops, 1)
    return math.comb(depth, h) * math.comb(n - 1, h - 1)


def accuracy_radius(items: int, chance: float) -> float:
    r"""Half-width of a confidence interval for an accuracy: $\sqrt{\ln(2/\delta)/(2n)}$ (Hoeffding).

    Parameters
    ----------
    items : independent test items $n\ge1$.
    chance : $\delta$ in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-27``.
    """
    return math.sqrt(math.log(2 / _share("chance", chance)) / (2 * integer("items", items, 1)))


# --- effective context ---


def supported_context(margin: float, mass: float) -> float:
    r"""Number of keys up to which a margin over $\ln M$ keeps the weight `mass`: $1+e^c\frac{1-p}p$.

    Parameters
    ----------
    margin : $c$, at most 700.
    mass : $p$ in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-28``.
    """
    p = _share("mass", mass)
    return 1 + math.exp(float(real("margin", margin, most=700))) * (1 - p) / p


def effective_context(length: int, growth: float, offset: float = 0.0, mass: float = 0.5) -> float:
    r"""Context that a margin $c=\kappa\ln L+c_0$ supports in a window $L$.

    $\min(L,\ 1+e^{c_0}\frac{1-p}pL^\kappa)$.

    Sub-linear for growth $\kappa<1$, the whole window for $\kappa>1$ and $L$ large: a question about
    $\kappa$, which no theorem answers.

    Parameters
    ----------
    length : $L\ge1$.
    growth : $\kappa\ge0$.
    offset : $c_0$.
    mass : $p$ in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-28``.
    """
    n = integer("length", length, 1)
    margin = float(real("growth", growth, 0)) * math.log(n) + float(real("offset", offset))
    return min(float(n), supported_context(min(margin, 700.0), mass))
