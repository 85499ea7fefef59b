r"""What a decoding rule does to diversity and to accuracy, for the section on creativity (2.4).

The softmax at any temperature, the exact effect of temperature on entropy and on the probability of a right
token, nuclei and their ties, entropy against error from both sides, the entropy of meanings, the two kinds of
uncertainty, and the frontier of accuracy and entropy. Entropies are in nats. Witness for the ledger rows
``eq-21`` to ``eq-25``, ``s2-p12``, ``s2-p13`` and ``s2-p15``.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import combinations
from numbers import Real

import numpy as np
from scipy import optimize, special

from ._checks import array, distribution, fail, integer, probability, real

# Sums of probabilities closer to a target than this count as reaching it.
_SLACK = 1e-12


# --- temperature, equation (21) ---


def softmax(logits: np.ndarray, temperature: Real) -> np.ndarray:
    r"""Next-token law $p_T(v)\propto e^{z_v/T}$ (ledger ``eq-21``).

    Parameters
    ----------
    logits : $z$, shape (V,).
    temperature : $T$, at least 0; 0 gives the limit, uniform over the largest logits.

    Returns
    -------
    array of shape (V,)

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    z = array("logits", logits, 1, any_size=True)
    t = float(real("temperature", temperature, 0))
    with np.errstate(over="ignore"):  # a logit out of reach has weight exp(-inf) = 0
        gap = z - z.max()
        weight = np.exp(gap / t) if t else (gap == 0).astype(float)
    return weight / weight.sum()


def entropy(p: np.ndarray) -> float:
    r"""Entropy $-\sum_vp_v\ln p_v$ in nats (ledger ``eq-23``).

    Parameters
    ----------
    p : probabilities, shape (V,).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `p` is no probability law.
    """
    return float(special.entr(distribution("p", p)).sum())


def _moments(z: np.ndarray, t: float) -> tuple[np.ndarray, float, float]:
    p = softmax(z, t)
    mean = float(p @ z)
    return p, mean, float(p @ (z - mean) ** 2)


def entropy_slope(logits: np.ndarray, temperature: Real) -> float:
    r"""Derivative of the entropy in the temperature: $\mathrm{Var}_{p_T}(z)/T^3\ge0$ (ledger ``eq-21``).

    Parameters
    ----------
    logits : shape (V,).
    temperature : $T$, positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    z = array("logits", logits, 1)
    t = float(real("temperature", temperature, above=0))
    return _moments(z, t)[2] / t**3


def turning_temperature(logits: np.ndarray, correct: int) -> float:
    r"""Temperature at which the token `correct` is most probable.

    0 if its logit is the largest, infinite if its logit is at most the mean of all, and otherwise the unique $T^*$
    with $E_{p_{T^*}}z=z_c$: below it heating helps, above it heating hurts (ledger ``eq-21``).

    Parameters
    ----------
    logits : shape (V,), not all equal.
    correct : index of the one right token.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If all logits are equal or `correct` is no index.
    """
    z = array("logits", logits, 1)
    c = integer("correct", correct, 0, len(z) - 1)
    spread = float(np.ptp(z))
    if spread == 0:
        fail("logits", logits, "numbers that are not all equal")
    z = (z - z.max()) / spread  # in [-1, 0]; the answer scales with the spread
    if z[c] == 0:
        return 0.0
    if z[c] <= z.mean():
        return math.inf

    def excess(log_t: float) -> float:
        return _moments(z, math.exp(log_t))[1] - z[c]

    low = high = 0.0
    while excess(low) <= 0:
        low -= 1
    while excess(high) >= 0 and high < 100:
        high += 1
    if high >= 100:  # the logit is the mean up to rounding
        return math.inf
    return spread * math.exp(optimize.brentq(excess, low, high, xtol=1e-14))


# --- nucleus, equation (22) ---


def nucleus(p: np.ndarray, mass: Real) -> list[int]:
    r"""Shortest prefix of the tokens, sorted by falling probability, of mass at least `mass`.

    It is a smallest set of that mass and, of these, one of largest mass; ties go to the lower index (ledger
    ``eq-22``).

    Parameters
    ----------
    p : probabilities, shape (V,).
    mass : in (0, 1].

    Returns
    -------
    list of indices, most probable first

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    law = distribution("p", p)
    mass = float(real("mass", mass, above=0, most=1))
    order = np.argsort(-law, kind="stable")
    size = int(np.argmax(np.cumsum(law[order]) >= min(mass, law.sum()) - _SLACK)) + 1
    return [int(v) for v in order[:size]]


def nucleus_minimisers(p: np.ndarray, mass: Real) -> list[tuple[int, ...]]:
    r"""All sets of tokens of least size among those of mass at least `mass`, by enumeration (ledger ``eq-22``).

    Parameters
    ----------
    p : probabilities, shape (V,), at most 20 tokens.
    mass : in (0, 1].

    Returns
    -------
    list of tuples of indices

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    law = distribution("p", p)
    if len(law) > 20:
        fail("p", p, "at most 20 tokens")
    size = len(nucleus(law, mass))
    target = min(float(mass), float(law.sum())) - _SLACK
    return [s for s in combinations(range(len(law)), size) if law[list(s)].sum() >= target]


def nucleus_law(p: np.ndarray, mass: Real) -> np.ndarray:
    r"""The law restricted to its `nucleus` and scaled to sum 1 (ledger ``eq-22``).

    Parameters
    ----------
    p, mass : as in `nucleus`.

    Returns
    -------
    array of shape (V,)

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    law = distribution("p", p)
    kept = nucleus(law, mass)
    out = np.zeros_like(law)
    out[kept] = law[kept] / law[kept].sum()
    return out


# --- entropy and error, equation (23) ---


def error_bounds(entropy: Real, n_tokens: int) -> tuple[float, float]:
    r"""Least and greatest error $1-\max p$ that laws of a given entropy can have, as far as proved.

    Lower: the smallest $e$ with $h(e)+e\ln(V-1)\ge H$ (Fano). Upper: the smaller of $1-e^{-H}$ and
    $\frac H{2\ln2}$ (ledger ``eq-23``).

    Parameters
    ----------
    entropy : $H$ in nats, from 0 to $\ln V$.
    n_tokens : $V$, at least 2.

    Returns
    -------
    tuple of two float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    size = integer("n_tokens", n_tokens, 2)
    h = float(real("entropy", entropy, 0, math.log(size) * (1 + 1e-12)))
    upper = min(-math.expm1(-h), h / (2 * math.log(2)))
    low, high = 0.0, 1 - 1 / size
    if frontier(1 - high, size) <= h:
        return high, max(high, upper)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if frontier(1 - middle, size) >= h else (middle, high)
    return high, upper


def semantic_entropy(p: np.ndarray, meanings: Sequence[Hashable]) -> float:
    r"""Entropy of the meaning of a text: the probabilities of texts with equal meaning are added first.

    $H(\text{text})=H(\text{meaning})+H(\text{text}\mid\text{meaning})$ (ledger ``eq-23``).

    Parameters
    ----------
    p : probabilities of the texts, shape (n,).
    meanings : n labels; equal labels mean the same.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `p` is no probability law or the lengths differ.
    """
    law = distribution("p", p)
    if len(meanings) != len(law):
        fail("meanings", meanings, f"{len(law)} labels")
    mass: dict[Hashable, float] = {}
    for weight, meaning in zip(law, meanings, strict=True):
        mass[meaning] = mass.get(meaning, 0.0) + float(weight)
    return float(special.entr(np.array(list(mass.values()))).sum())


def _members(members: object, weights: object) -> tuple[np.ndarray, np.ndarray]:
    laws = array("members", members, 2)
    if (laws < 0).any() or (abs(laws.sum(1) - 1) > 1e-9).any():
        fail("members", members, "rows of probabilities that sum to 1")
    w = np.full(len(laws), 1 / len(laws)) if weights is None else distribution("weights", weights)
    if len(w) != len(laws):
        fail("weights", weights, f"{len(laws)} numbers")
    return laws, w


def mutual_information(members: np.ndarray, weights: np.ndarray | None = None) -> float:
    r"""Epistemic part of the entropy of an ensemble: $H(\bar p)-\overline{H(p_k)}$ (ledger ``eq-23``, ``s2-p12``).

    Parameters
    ----------
    members : laws $p_k$, shape (k, V).
    weights : shape (k,); equal by default.

    Returns
    -------
    float
        0 if and only if all members of positive weight agree.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    laws, w = _members(members, weights)
    return max(0.0, float(special.entr(w @ laws).sum() - w @ special.entr(laws).sum(1)))


def pair_information(members: np.ndarray, weights: np.ndarray | None = None) -> float:
    r"""Mutual information of two answers drawn from the same, unknown member: $I(Y_1;Y_2)$.

    The joint law is $\sum_kw_kp_k(y_1)p_k(y_2)$. At most `mutual_information`, and 0 if and only if that is 0
    (ledger ``s2-p12``).

    Parameters
    ----------
    members, weights : as in `mutual_information`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    laws, w = _members(members, weights)
    joint = np.einsum("k,ki,kj->ij", w, laws, laws)
    mean = w @ laws
    return max(0.0, float(special.rel_entr(joint, np.outer(mean, mean)).sum()))


# --- accuracy against entropy, equations (24) and (25) ---


def frontier(accuracy: Real, n_tokens: int, n_right: int = 1) -> float:
    r"""Largest entropy at a given accuracy: $F_{q,k}(a)=h(a)+a\ln k+(1-a)\ln(q-k)$ (ledger ``eq-24``).

    Attained by the law that is uniform inside and outside the right set.

    Parameters
    ----------
    accuracy : $a$, probability of the right set, in [0, 1].
    n_tokens : $q$, at least 2.
    n_right : $k$, from 1 to $q-1$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    a = float(probability("accuracy", accuracy))
    q = integer("n_tokens", n_tokens, 2)
    k = integer("n_right", n_right, 1, q - 1)
    two = float(special.entr(a) + special.entr(1 - a))
    return two + a * math.log(k) + (1 - a) * math.log(q - k)


def tradeoff_slope(logits: np.ndarray, correct: int, temperature: Real) -> float:
    r"""Slope of accuracy against entropy along the temperature curve.

    $\frac{d\mathcal A}{dH}=-\frac{T\,p_T(c)\,(z_c-E_{p_T}z)}{\mathrm{Var}_{p_T}(z)}$: positive where the logit of the
    right token is below the current mean (ledger ``eq-25``).

    Parameters
    ----------
    logits : shape (V,), not all equal.
    correct : index of the one right token.
    temperature : $T$, positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range, or the variance vanishes (equal logits, or $T$ too small for floats).
    """
    z = array("logits", logits, 1)
    c = integer("correct", correct, 0, len(z) - 1)
    t = float(real("temperature", temperature, above=0))
    p, mean, variance = _moments(z, t)
    if variance == 0:
        fail(
            "temperature",
            temperature,
            "one at which two tokens with different logits have positive probability",
        )
    return -t * float(p[c]) * (float(z[c]) - mean) / variance
