r"""What a training window shows of long distances, for the section on training windows (3.1).

Tokens of a segment see each other when they are in the same segment; a distance is $\delta=i-j\ge1$ between a
query at position $i$ and a key at position $j<i$. The module holds the exact shares of distances, three
readings of "a position is seen", the two ways in which the printed undertraining lemma breaks, the bounds and
the time scale that replace it, Adam's answer to a rare event, and a small training run that is compared with
the bounds. Witness for the ledger rows ``s3-01`` to ``s3-08``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ._checks import array, choice, fail, generator, integer, power, probability, real
from ._training import flushed_denormals


def effective_length(lengths: Sequence[int], scores: Sequence[float], threshold: float) -> int:
    r"""Largest tested length whose score reaches `threshold`: $\max\{\ell: A(\ell)\ge\tau\}$, 0 if none does.

    Parameters
    ----------
    lengths : tested lengths, positive and increasing.
    scores : the score at each of them, shape of `lengths`.
    threshold : real number $\tau$ in the unit of the scores.

    Raises
    ------
    ValueError
        If the lengths do not increase, or the two sequences differ in size.

    Source: ledger ``s3-01``.
    """
    tested = [integer("lengths", length, 1) for length in lengths]
    if any(b <= a for a, b in pairwise(tested)):
        fail("lengths", lengths, "increasing")
    values = array("scores", scores, 1)
    if len(values) != len(tested):
        fail("scores", scores, f"one score for each of the {len(tested)} lengths")
    limit = float(real("threshold", threshold))
    return max((length for length, value in zip(tested, values, strict=True) if value >= limit), default=0)


def distance_share(length: int, distance: int) -> Fraction:
    r"""Share of the pairs of one segment that lie at least `distance` apart.

    $S_n(\delta)=\frac{(n-\delta)(n-\delta+1)}{n(n-1)}$. With $n$ the window this is also the ceiling: no
    mixture of shorter segments has a larger share.

    Parameters
    ----------
    length : tokens of the segment, at least 2.
    distance : 1 to `length`.

    Returns
    -------
    Fraction in [0, 1]

    Raises
    ------
    ValueError
        If an argument is no integer or outside its range.

    Source: ledger ``s3-02``.
    """
    n = integer("length", length, 2)
    d = integer("distance", distance, 1, n)
    return Fraction((n - d) * (n - d + 1), n * (n - 1))


def pooled_share(lengths: Sequence[int], distance: int) -> Fraction:
    r"""Share of pairs at least `distance` apart when the pairs of many segments are pooled.

    $\sum_s (n_s-\delta)_+(n_s-\delta+1)_+ \big/ \sum_s n_s(n_s-1)$; at most `distance_share` of the longest
    segment.

    Parameters
    ----------
    lengths : tokens of each segment, at least 1 each and at least 2 for one of them.
    distance : at least 1.

    Returns
    -------
    Fraction in [0, 1]

    Raises
    ------
    ValueError
        If a length is no positive integer, no segment has a pair, or `distance` < 1.

    Source: ledger ``s3-02`` (ceiling theorem).
    """
    sizes = [integer("lengths", length, 1) for length in lengths]
    d = integer("distance", distance, 1)
    pairs = sum(n * (n - 1) for n in sizes)
    if pairs == 0:
        fail("lengths", lengths, "at least one segment of two or more tokens")
    return Fraction(sum((n - d) * (n - d + 1) for n in sizes if n > d), pairs)


def memoryless_share(length: int, boundary: float, distance: int) -> float:
    r"""Share of pairs at least `distance` apart when every gap of a window is a document boundary by chance.

    Two tokens at distance $\delta$ see each other with probability $(1-c)^\delta$, so the share is
    $\sum_{\delta\ge\delta_0}(L-\delta)(1-c)^\delta \big/ \sum_{\delta\ge1}(L-\delta)(1-c)^\delta$.

    Parameters
    ----------
    length : tokens $L$ of the window, at least 2.
    boundary : probability $c$ of a boundary in a gap, in [0, 1); documents have mean length $1/c$.
    distance : $\delta_0$, 1 to `length`.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-02``.
    """
    n = integer("length", length, 2, 10**7)
    c = float(real("boundary", boundary, 0, below=1))
    d = integer("distance", distance, 1, n)
    gaps = np.arange(1, n)
    # the common factor (1-c) is taken out, so that the sum is positive even for c close to 1
    weights = (n - gaps) * np.exp((gaps - 1) * math.log1p(-c))
    return float(weights[d - 1 :].sum() / weights.sum())


def occurrence_probability(length: int, boundary: float, distance: int) -> float:
    r"""Probability that a window holds some visible pair at `distance` or more, for memoryless documents.

    A run of $\delta$ gaps without a boundary among $L-1$: with $a_k=1$ for $k<\delta$,
    $a_\delta=1-q^\delta$ and $a_k=a_{k-1}-c\,q^\delta a_{k-\delta-1}$, $q=1-c$, it is $1-a_{L-1}$.

    Parameters
    ----------
    length : tokens $L$ of the window, at least 2.
    boundary : probability $c$ of a boundary in a gap; exact for a Fraction.
    distance : $\delta$, 1 to `length` - 1.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-02``; Feller 1968, vol. I, XIII.7.
    """
    c = probability("boundary", boundary)
    n = integer("length", length, 2, 10**6 if isinstance(c, float) else 10**4)
    d = integer("distance", distance, 1, n - 1)
    run = (1 - c) ** d
    none = [1 + 0 * c] * d + [1 - run]
    for k in range(d + 1, n):
        none.append(none[k - 1] - c * run * none[k - d - 1])
    return 1 - none[n - 1]


class IndexShares(NamedTuple):
    """Shares of a full window that belong to its last positions."""

    tokens: Fraction
    pairs_by_query: Fraction
    pairs_by_key: Fraction


def index_shares(length: int, start: int) -> IndexShares:
    r"""What the positions after `start` hold of a full window: tokens, pairs by query and pairs by key.

    $1-\frac sL$, $1-\frac{s(s-1)}{L(L-1)}$ and $\frac{(L-s)(L-s-1)}{L(L-1)}$.

    Parameters
    ----------
    length : tokens $L$ of the window, at least 2.
    start : $s$, 0 to `length`.

    Returns
    -------
    IndexShares of three Fractions

    Raises
    ------
    ValueError
        If an argument is no integer or outside its range.

    Source: ledger ``s3-02``, ``s3-03``.
    """
    n = integer("length", length, 2)
    s = integer("start", start, 0, n)
    pairs = n * (n - 1)
    return IndexShares(
        Fraction(n - s, n), 1 - Fraction(s * (s - 1), pairs), Fraction((n - s) * (n - s - 1), pairs)
    )


def exposure(length: int, distance: int) -> Fraction:
    r"""Share of the query tokens of a segment that have a key at `distance`: $(n-\delta)_+/n$.

    It bounds the mean gradient of a bias that belongs to this distance alone, in units of the largest score
    gradient.

    Parameters
    ----------
    length : tokens $n$ of the segment, at least 1.
    distance : $\delta$, at least 1.

    Returns
    -------
    Fraction in [0, 1)

    Raises
    ------
    ValueError
        If an argument is no integer or outside its range.

    Source: ledger ``s3-03``.
    """
    n = integer("length", length, 1)
    d = integer("distance", distance, 1)
    return Fraction(max(n - d, 0), n)


def farthest_query(length: int, position: int) -> int:
    r"""Largest distance at which a query of the window sees the key at `position`: $L-j$.

    So keys near the end of the window are close to every query that sees them.

    Parameters
    ----------
    length : tokens $L$ of the window, at least 1.
    position : $j$, 1 to `length`.

    Raises
    ------
    ValueError
        If an argument is no integer or outside its range.

    Source: ledger ``s3-05``.
    """
    n = integer("length", length, 1)
    return n - integer("position", position, 1, n)


class SharedGradient(NamedTuple):
    """A shared parameter's mean gradient, its part through the rare pathway, and the printed bound."""

    total: Fraction | float
    pathway: Fraction | float
    printed_bound: Fraction | float


def shared_gradient(rate: Fraction | float) -> SharedGradient:
    r"""One parameter that serves a frequent and a rare key: the gradient does not vanish with the rate.

    Scores: 0 for a sink, $\theta$ for the relevant key and, with probability $\varepsilon$, $\theta$ for a
    third key; loss $-\ln a_{\rm relevant}$ at $\theta=0$. The mean gradient has size
    $\frac12-\frac\varepsilon6$, its part through the third key $\frac\varepsilon3$, and the printed bound
    $BG\,p=\varepsilon$ (with $B=G=1$) concerns the part only.

    Parameters
    ----------
    rate : $\varepsilon$ in [0, 1]; exact for a Fraction.

    Returns
    -------
    SharedGradient

    Raises
    ------
    ValueError
        If `rate` is no probability.

    Source: ledger ``s3-04``.
    """
    eps = probability("rate", rate)
    # d/dtheta of -ln softmax is minus the mass of the sink: 1/2 with two keys, 1/3 with three
    total = (1 - eps) * Fraction(1, 2) + eps * Fraction(1, 3)
    return SharedGradient(total, eps * Fraction(1, 3), eps)


def displacement_bound(
    gradient: float, rate: float, steps: int, step: float, momentum: float = 0
) -> Fraction | float:
    r"""Bound on the mean displacement of a private block: $\frac{\eta}{1-\beta}\,T\,C\,p$.

    Holds for a block that only samples of an event of probability $p$ read, with gradients of norm at most
    $C$ there, fresh samples and (heavy-ball) gradient descent.

    Parameters
    ----------
    gradient : $C\ge0$.
    rate : $p$ in [0, 1].
    steps : $T\ge0$.
    step : $\eta\ge0$.
    momentum : $\beta$ in [0, 1).

    Returns
    -------
    Fraction for exact input, float otherwise

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-06``.
    """
    c = real("gradient", gradient, 0)
    p = probability("rate", rate)
    t = integer("steps", steps, 0)
    eta = real("step", step, 0)
    beta = real("momentum", momentum, 0, below=1)
    return eta * t * c * p / (1 - beta)


class JensenGap(NamedTuple):
    """Mean change of an attention weight, norm of the mean displacement, mean norm of the displacement."""

    attention_change: float
    mean_displacement: float
    mean_distance: float


def jensen_gap(step: float = 1.0) -> JensenGap:
    r"""A parameter that stays put on average while its attention weight moves in every run.

    $a(\theta)=\sigma(\theta^2)$ from $\theta_0=0$, loss $x\theta$ with $x=\pm1$ equally likely, one step
    $\eta$: $\mathbb E[\theta_1]=0$ but $\mathbb E[a(\theta_1)-a(\theta_0)]=\sigma(\eta^2)-\tfrac12$.

    Parameters
    ----------
    step : $\eta\ge0$.

    Returns
    -------
    JensenGap

    Raises
    ------
    ValueError
        If `step` is negative.

    Source: ledger ``s3-07``.
    """
    eta = float(real("step", step, 0))
    ends = np.array([-eta, eta])
    # sigma(x) - 1/2 = tanh(x/2)/2 keeps its digits for small steps
    return JensenGap(
        float(np.mean(np.tanh(ends**2 / 2) / 2)), abs(float(ends.mean())), float(np.abs(ends).mean())
    )


def mean_fraction(p: Fraction | float, steps: int, step: Fraction | float) -> Fraction | float:
    r"""Fraction of the way to its optimum that a rare quadratic block has travelled on average: $1-(1-sp)^T$.

    Parameters
    ----------
    p : probability that a sample touches the block.
    steps : $T\ge0$.
    step : $s=\eta\lambda$ in (0, 1), learning rate times curvature.

    Returns
    -------
    Fraction for exact input, float otherwise

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-08``.
    """
    p = probability("p", p)
    t = integer("steps", steps, 0)
    s = real("step", step, above=0, below=1)
    return 1 - power("steps", 1 - s * p, t)


def mean_square_error(p: Fraction | float, steps: int, step: Fraction | float) -> Fraction | float:
    r"""Mean squared distance left, in units of its start: $\bigl(1-p[1-(1-s)^2]\bigr)^T$.

    Parameters
    ----------
    p : probability that a sample touches the block.
    steps : $T\ge0$.
    step : $s=\eta\lambda$ in (0, 1), learning rate times curvature.

    Returns
    -------
    Fraction for exact input, float otherwise

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-08``.
    """
    p = probability("p", p)
    t = integer("steps", steps, 0)
    s = real("step", step, above=0, below=1)
    return power("steps", 1 - p * (1 - (1 - s) ** 2), t)


def half_time(p: float, step: float) -> float:
    r"""Steps after which a rare quadratic block is half-way on average: $\ln2/(-\ln(1-sp))$.

    Lies between $\frac{\ln2}{sp}(1-sp)$ and $\frac{\ln2}{sp}$: a rare block is late, not lost.

    Parameters
    ----------
    p : probability that a sample touches the block, in (0, 1].
    step : $s=\eta\lambda$ in (0, 1), learning rate times curvature.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-08``.
    """
    p = float(real("p", p, most=1, above=0))
    s = float(real("step", step, above=0, below=1))
    return math.log(2) / -math.log1p(-s * p)


def adam_isolated(beta1: float = 0.9, beta2: float = 0.999) -> float:
    r"""Total displacement, in units of the learning rate, that Adam makes of one isolated gradient.

    $\frac{1-\beta_1}{\sqrt{1-\beta_2}}\cdot\frac1{1-\beta_1/\sqrt{\beta_2}}$ for a coordinate at rest, late
    in training and with $\epsilon=0$, whatever the size of the gradient.

    Parameters
    ----------
    beta1 : in [0, 1), below the square root of `beta2`.
    beta2 : in (0, 1).

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-08``.
    """
    b2 = float(real("beta2", beta2, above=0, below=1))
    b1 = float(real("beta1", beta1, 0, below=math.sqrt(b2)))
    return (1 - b1) / math.sqrt(1 - b2) / (1 - b1 / math.sqrt(b2))


class BiasTraining(NamedTuple):
    """Outcome of `train_distance_biases`; row r is run r, column k is the distance k + 1."""

    biases: np.ndarray  # (runs, window - 1), all 0 before training
    content: np.ndarray  # (runs,), the shared content weight, 0 before training
    seen: np.ndarray  # (runs, window - 1), documents that had a pair at this distance
    exposure: np.ndarray  # (runs, window - 1), sum over the documents of (1 - distance / length)_+
    target: np.ndarray  # (window - 1,), the teacher's biases


def train_distance_biases(
    lengths: np.ndarray, window: int, step: float, rng: np.random.Generator, optimizer: str = "sgd"
) -> BiasTraining:
    r"""Train an attention head with one bias per distance and one shared content weight on short documents.

    Query $i$ scores key $j<i$ of its document with $\psi c_{ij}+b_{i-j}$, $c_{ij}$ standard Gaussian. A
    teacher with $\psi^*=1$ and $b^*_\delta=\pm1$ in turn gives the attention to imitate; the loss is the
    cross-entropy, averaged over the $n$ tokens of a document, one document a step. A bias is private to its
    distance and each score gradient is at most 1, so under gradient descent
    $|b_\delta|\le\eta\,E_\delta\le\eta\,N_\delta$ in every run, with $E$ and $N$ the fields `exposure` and
    `seen`. The shared weight obeys no such bound for a distance.

    Parameters
    ----------
    lengths : integer array of shape (runs, steps), the document lengths, 1 to `window`.
    window : at least 2.
    step : learning rate, positive.
    rng : source of the contents.
    optimizer : "sgd" or "adam".

    Returns
    -------
    BiasTraining

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-06``, ``s3-08``.
    """
    size = integer("window", window, 2)
    sizes = array("lengths", lengths, 2)
    if len(sizes) * size * size > 10**8:
        fail("window", window, "with at most 10^8 pairs of tokens in all runs")
    if (sizes != np.floor(sizes)).any() or sizes.min() < 1 or sizes.max() > size:
        fail("lengths", lengths, f"whole numbers from 1 to the window {size}")
    eta = float(real("step", step, above=0))
    choice("optimizer", optimizer, ("sgd", "adam"))
    generator("rng", rng)
    import torch

    runs, steps = sizes.shape
    distance = np.arange(1, size)
    # queries 1 .. window-1 (the first token has no key), keys 0 .. window-1
    gap = np.arange(1, size)[:, None] - np.arange(size)[None, :]
    hidden = torch.from_numpy(gap < 1)
    column = torch.from_numpy(np.maximum(gap - 1, 0))
    target = torch.from_numpy(np.where(distance % 2, 1.0, -1.0))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the same numbers on every machine
    try:
        with flushed_denormals():
            biases = torch.zeros((runs, size - 1), dtype=torch.float64, requires_grad=True)
            content = torch.zeros(runs, dtype=torch.float64, requires_grad=True)
            method = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
            descent = method([biases, content], lr=eta)
            for t in range(steps):
                cues = torch.from_numpy(rng.standard_normal((runs, size - 1, size)))
                length = torch.from_numpy(sizes[:, t])
                teacher = (cues + target[column]).masked_fill(hidden, -torch.inf).softmax(-1)
                scores = (content[:, None, None] * cues + biases[:, column]).masked_fill(hidden, -torch.inf)
                surprise = -(teacher * scores.log_softmax(-1).masked_fill(hidden, 0.0)).sum(-1)
                inside = torch.from_numpy(distance)[None, :] < length[:, None]
                loss = ((surprise * inside).sum(-1) / length).sum()
                descent.zero_grad()
                loss.backward()
                descent.step()
    finally:
        torch.set_num_threads(threads)
    room = np.maximum(1 - distance / sizes[:, :, None], 0)
    return BiasTraining(
        biases.detach().numpy(), content.detach().numpy(), (room > 0).sum(1), room.sum(1), target.numpy()
    )
