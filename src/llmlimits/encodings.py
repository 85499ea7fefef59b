r"""Sinusoidal and rotary position encodings, for the section on encodings (3.2).

Everything rests on one kernel, the mean cosine $C_m(\Delta)=\frac1m\sum_k\cos(\omega_k\Delta)$ of $m=d/2$
frequencies. The module computes it accurately at any distance below $2^{53}$ and quickly over millions of
distances, with its exact form on uniform grids, its logarithmic law on the geometric grid of real models
and the error bounds of both; then rotary scores, their favourite distances and periods, context extension,
learned rows, distance biases, and attention without positions. Witness for the ledger rows ``s3-09`` to
``s3-16``, ``s3-29`` and ``s3-30``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import sici

from ._checks import array, choice, fail, flag, generator, integer, real

_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803")
_DIGITS = 80
_SPLIT = 2**26
_MOST_DISTANCE = 2**53
_MOST_SCANNED = 10**8
_BLOCK = 1024
_CHUNK = 2**20


# --- phases: distance times frequency, in turns, reduced before anything is rounded away ---


class _Phases(NamedTuple):
    """Frequencies in turns per token, split into 26 exact bits and a tail, for both halves of a distance."""

    head: np.ndarray
    tail: np.ndarray
    high_head: np.ndarray
    high_tail: np.ndarray
    turns: np.ndarray


def _phases(turns: Sequence[Fraction]) -> _Phases:
    columns = []
    for factor in (1, _SPLIT):
        parts = [(turn * factor) % 1 for turn in turns]
        heads = [Fraction(round(part * _SPLIT), _SPLIT) for part in parts]
        columns.append(np.array([float(head) for head in heads]))
        columns.append(np.array([float(part - head) for part, head in zip(parts, heads, strict=True)]))
    return _Phases(*columns, np.array([float(turn) for turn in turns]))


@lru_cache(maxsize=32)
def _geometric_phases(dim: int, base: float | Fraction) -> _Phases:
    with localcontext() as context:
        context.prec = _DIGITS
        exact = Fraction(base)
        log_base = (Decimal(exact.numerator) / Decimal(exact.denominator)).ln()
        m = dim // 2
        return _phases([Fraction((-log_base * k / m).exp() / (2 * _PI)) for k in range(m)])


def _given_phases(frequencies: np.ndarray) -> _Phases:
    two_pi = 2 * Fraction(_PI)
    return _phases([Fraction(float(omega)) / two_pi for omega in frequencies])


def _reduced(distance: np.ndarray, phases: _Phases) -> np.ndarray:
    """Phases in turns, shape (len(distance), m), within about one turn of 0 and exact to rounding."""
    whole = np.floor(distance)
    high = np.floor(whole / _SPLIT)
    low = whole - high * _SPLIT
    turns = low[:, None] * phases.head
    turns -= np.rint(turns)
    turns += low[:, None] * phases.tail
    if high.any():
        upper = high[:, None] * phases.high_head
        turns += upper - np.rint(upper)
        turns += high[:, None] * phases.high_tail
    rest = distance - whole
    if rest.any():
        turns += rest[:, None] * phases.turns
    return turns


def _waves(distance: np.ndarray, phases: _Phases) -> tuple[np.ndarray, np.ndarray]:
    angle = _reduced(distance, phases)
    angle *= 2 * math.pi
    return np.cos(angle), np.sin(angle)


def _mean_cosines(distance: np.ndarray, phases: _Phases) -> np.ndarray:
    flat = distance.ravel()
    out = np.empty(flat.shape)
    rows = max(1, _CHUNK // len(phases.turns))
    for i in range(0, len(flat), rows):
        angle = _reduced(flat[i : i + rows], phases)
        angle *= 2 * math.pi
        out[i : i + rows] = np.cos(angle, out=angle).mean(axis=1)
    return out.reshape(distance.shape)


def _scan(start: int, stop: int, phases: _Phases) -> Iterator[tuple[int, np.ndarray]]:
    """The kernel at start .. stop-1 in chunks: cos(a + b) by two matrix products instead of a cosine each."""
    step_cos, step_sin = _waves(np.arange(_BLOCK, dtype=float), phases)
    for first in range(start, stop, _CHUNK):
        last = min(first + _CHUNK, stop)
        cos, sin = _waves(np.arange(first, last, _BLOCK, dtype=float), phases)
        values = cos @ step_cos.T
        values -= sin @ step_sin.T
        values /= len(phases.turns)
        yield first, values.ravel()[: last - first]


def _distances(name: str, value: object) -> np.ndarray:
    out = array(name, value)
    if (np.abs(out) > _MOST_DISTANCE).any() or ((out != 0) & (np.abs(out) < 1e-60)).any():
        fail(name, value, "at most 2**53 in size, and 0 or at least 1e-60")
    return out


def _plain(values: np.ndarray) -> np.ndarray | float:
    return float(values) if values.ndim == 0 else values


def _dim(dim: object) -> int:
    d = integer("dim", dim, 2, 2**16)
    if d % 2:
        fail("dim", dim, "an even integer, at least 2")
    return d


def _base(base: object) -> Fraction | float:
    return real("base", base, above=1)


def _range(start: object, stop: object) -> tuple[int, int]:
    first = integer("start", start, 0, _MOST_DISTANCE)
    return first, integer("stop", stop, first + 1, min(first + _MOST_SCANNED, _MOST_DISTANCE))


# --- the kernel ---


def geometric_frequencies(dim: int, base: float = 10_000.0) -> np.ndarray:
    r"""Frequencies of the original transformer and of RoPE: $\omega_k=b^{-k/m}$, $k=0,\dots,m-1$, $m=d/2$.

    Parameters
    ----------
    dim : $d$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    array of shape (dim / 2,), decreasing from 1

    Raises
    ------
    ValueError
        If `dim` is odd or too small, or `base` is at most 1.

    Source: ledger ``s3-12``.
    """
    d = _dim(dim)
    return float(_base(base)) ** (-np.arange(d // 2) / (d // 2))


def midpoint_frequencies(pairs: int, low: float, high: float) -> np.ndarray:
    r"""The uniform grid of cell midpoints of a band: $\omega_{\min}+\Omega\,\frac{2k-1}{2m}$, $k=1,\dots,m$.

    Parameters
    ----------
    pairs : $m\ge1$.
    low, high : ends of the band, $0\le$ low < high.

    Returns
    -------
    array of shape (pairs,)

    Raises
    ------
    ValueError
        If the band is empty or `pairs` < 1.

    Source: ledger ``s3-11``.
    """
    m = integer("pairs", pairs, 1, 10**7)
    a = float(real("low", low, 0))
    b = float(real("high", high, above=a))
    return a + (b - a) * (np.arange(m) + 0.5) / m


def sinusoidal_code(position: np.ndarray | float, frequencies: np.ndarray) -> np.ndarray:
    r"""The encoding $\phi(t)=(\sin\omega_1t,\cos\omega_1t,\dots,\sin\omega_mt,\cos\omega_mt)$.

    Parameters
    ----------
    position : number or array of any shape, at most $2^{53}$ in size.
    frequencies : array of shape (m,).

    Returns
    -------
    array of shape (\*position.shape, 2m); every row has norm $\sqrt m$

    Raises
    ------
    ValueError
        If an entry is not finite or a position is too large.

    Source: ledger ``s3-09``.
    """
    t = _distances("position", position)
    cos, sin = _waves(t.ravel(), _given_phases(array("frequencies", frequencies, 1)))
    return np.stack([sin, cos], axis=-1).reshape(*t.shape, -1)


def mean_cosine(distance: np.ndarray | float, frequencies: np.ndarray) -> np.ndarray | float:
    r"""The normalised dot product of two codes: $C_m(\Delta)=\frac1m\sum_k\cos(\omega_k\Delta)$.

    Each angle is reduced exactly before its cosine is taken, so the value is right to rounding for the given
    (double precision) frequencies at any distance.

    Parameters
    ----------
    distance : number or array of any shape, at most $2^{53}$ in size.
    frequencies : array of shape (m,).

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If an entry is not finite or a distance is too large.

    Source: ledger ``s3-09``, ``s3-10``.
    """
    x = _distances("distance", distance)
    return _plain(_mean_cosines(x, _given_phases(array("frequencies", frequencies, 1))))


def geometric_kernel(distance: np.ndarray | float, dim: int, base: float = 10_000.0) -> np.ndarray | float:
    r"""Mean cosine of the geometric grid, $C_m(\Delta)=\frac1m\sum_{k<m}\cos(\Delta b^{-k/m})$.

    As `mean_cosine`, but the frequencies themselves are not rounded either. For all integers of a range
    `kernel_range` is a hundred times faster.

    Parameters
    ----------
    distance : number or array of any shape, at most $2^{53}$ in size.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-12``, ``s3-13``.
    """
    x = _distances("distance", distance)
    return _plain(_mean_cosines(x, _geometric_phases(_dim(dim), _base(base))))


def kernel_range(start: int, stop: int, dim: int, base: float = 10_000.0) -> np.ndarray:
    r"""The geometric kernel at the integers `start`, ..., `stop` - 1, by angle addition on blocks.

    Parameters
    ----------
    start, stop : $0\le$ start < stop $\le2^{53}$.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    array of shape (stop - start,)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-12``.
    """
    first, last = _range(start, stop)
    chunks = _scan(first, last, _geometric_phases(_dim(dim), _base(base)))
    return np.concatenate([values for _, values in chunks])


class KernelMax(NamedTuple):
    """Largest kernel value of a range and the first distance where it is reached."""

    value: float
    distance: int


def max_kernel(start: int, stop: int, dim: int, base: float = 10_000.0) -> KernelMax:
    r"""Largest value of the geometric kernel over the integers `start`, ..., `stop` - 1.

    Parameters
    ----------
    start, stop : $0\le$ start < stop $\le2^{53}$.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    KernelMax

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-09``.
    """
    first, last = _range(start, stop)
    best = KernelMax(-math.inf, -1)
    for at, values in _scan(first, last, _geometric_phases(_dim(dim), _base(base))):
        k = int(values.argmax())
        if values[k] > best.value:
            best = KernelMax(float(values[k]), at + k)
    return best


# --- no limit at a fixed number of frequencies: returns, and a floor in mean square ---


def first_return(frequencies: np.ndarray, level: float, start: int = 1, most: int = 10**7) -> int:
    r"""First integer distance from `start` on where the mean cosine is back at `level` or above.

    It exists for every level below 1: with $\cos(2\pi/Q)$ for the level, at the latest at `start`
    $\cdot\,Q^m$.

    Parameters
    ----------
    frequencies : array of shape (m,).
    level : below 1.
    start : at least 1.
    most : last distance to try.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range, or no return happens up to `most`.

    Source: ledger ``s3-10`` (recurrence).
    """
    phases = _given_phases(array("frequencies", frequencies, 1))
    aim = float(real("level", level, below=1))
    first = integer("start", start, 1, _MOST_DISTANCE)
    last = integer("most", most, first, min(first + 10 * _MOST_SCANNED, _MOST_DISTANCE))
    for at, values in _scan(first, last + 1, phases):
        found = np.flatnonzero(values >= aim)
        if len(found):
            return at + int(found[0])
    fail("most", most, f"far enough: the mean cosine does not reach {aim} before")


def mean_square(frequencies: np.ndarray, horizon: int) -> float:
    r"""Mean of $C_m(\Delta)^2$ over $\Delta=0,\dots,T-1$, in closed form.

    $\frac1{2m^2}\sum_{k,l}[D(\omega_k-\omega_l)+D(\omega_k+\omega_l)]$ with $D(a)=\frac1T\sum_{t<T}\cos
    at$. For distinct frequencies in $(0,\pi)$ it tends to $1/(2m)$: a floor set by the number of
    frequencies.

    Parameters
    ----------
    frequencies : array of shape (m,).
    horizon : $T$, 1 to $2^{53}$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-10`` (mean square).
    """
    w = array("frequencies", frequencies, 1)
    t = integer("horizon", horizon, 1, _MOST_DISTANCE)
    m = len(w)
    total = 0.0
    for angles in (np.subtract.outer(w, w), np.add.outer(w, w)):
        half = np.remainder(angles / 2 + math.pi / 2, math.pi) - math.pi / 2
        # Close to a multiple of pi the quotient is 1 up to (T half)^2 / 6, far below rounding.
        small = np.abs(half) * t < 1e-9
        safe = np.where(small, 1.0, half)
        # The half turns taken off above change neither sign nor size of the product of these two factors:
        # both cos((T-1)x) sin(Tx) and sin x change sign with x -> x + pi by (-1)^(2T-1) = -1.
        wave = np.cos((t - 1) * safe) * np.sin(t * safe) / (t * np.sin(safe))
        total += float(np.where(small, 1.0, wave).sum())
    return total / (2 * m * m)


# --- uniform grids: the exact kernel and the rate ---


def dirichlet_kernel(
    distance: np.ndarray | float, pairs: int, first: float, spacing: float
) -> np.ndarray | float:
    r"""Mean cosine of the arithmetic grid $\omega_1+(k-1)h$ in closed form.

    $C_m(\Delta)=\cos(\bar\omega\Delta)\,\frac{\sin(mh\Delta/2)}{m\sin(h\Delta/2)}$, $\bar\omega$ the mean
    frequency; back at size $|\cos\bar\omega\Delta|$ whenever $h\Delta$ is a multiple of $2\pi$.

    Parameters
    ----------
    distance : number or array of any shape.
    pairs : $m\ge1$.
    first : $\omega_1$.
    spacing : $h>0$.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-11`` (A).
    """
    x = _distances("distance", distance)
    m = integer("pairs", pairs, 1)
    w = float(real("first", first))
    h = float(real("spacing", spacing, above=0))
    half = h * x / 2
    # Half turns come off first: each changes the sign of sin(m half) / sin(half) by (-1)^(m-1).
    turns = np.rint(half / math.pi)
    rest = half - turns * math.pi
    flat = np.abs(m * rest) < 1e-9
    safe = np.where(flat, 1.0, rest)
    peak = np.where(flat, 1.0, np.sin(m * safe) / (m * np.sin(safe)))
    sign = 1.0 if m % 2 else 1 - 2 * np.remainder(turns, 2)
    return _plain(np.asarray(np.cos((w + (m - 1) * h / 2) * x) * sign * peak))


def arithmetic_bound(distance: np.ndarray | float, pairs: int, spacing: float) -> np.ndarray | float:
    r"""Bound on the kernel of an arithmetic grid while $0<h\Delta\le\pi$.

    $\min\Bigl\{\frac{\pi}{mh\Delta},\ \frac{2}{mh\Delta\,(1-(h\Delta)^2/24)}\Bigr\}$.

    Parameters
    ----------
    distance : number or array, with $0<h\Delta\le\pi$.
    pairs : $m\ge1$.
    spacing : $h>0$.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If $h\Delta$ leaves $(0,\pi]$, or an argument is outside its range.

    Source: ledger ``s3-11`` (A).
    """
    x = _distances("distance", distance)
    m = integer("pairs", pairs, 1)
    step = float(real("spacing", spacing, above=0)) * x
    if (step <= 0).any() or (step > math.pi).any():
        fail("distance", distance, "such that spacing times distance is in (0, pi]")
    return _plain(np.asarray(np.minimum(math.pi, 2 / (1 - step**2 / 24)) / (m * step)))


def band_kernel(distance: np.ndarray | float, low: float, high: float) -> np.ndarray | float:
    r"""Mean cosine of a whole band: $\frac{\sin\omega_{\max}\Delta-\sin\omega_{\min}\Delta}{\Omega\Delta}$.

    Its size is at most $2/(\Omega\Delta)$; the printed lemma takes it for the kernel of a finite grid.

    Parameters
    ----------
    distance : positive number or array.
    low, high : ends of the band, $0\le$ low < high.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If the band is empty or a distance is not positive.

    Source: ledger ``s3-11``.
    """
    x = _distances("distance", distance)
    a = float(real("low", low, 0))
    b = float(real("high", high, above=a))
    if (x <= 0).any():
        fail("distance", distance, "positive")
    return _plain(np.asarray((np.sin(b * x) - np.sin(a * x)) / ((b - a) * x)))


def star_discrepancy(points: np.ndarray) -> float:
    r"""Star discrepancy, the largest gap between the share of points in $[0,u]$ and $u$.

    $D^*=\max_i\max(\frac im-x_i,\ x_i-\frac{i-1}m)$ for the sorted points.

    Parameters
    ----------
    points : array of shape (m,), entries in [0, 1].

    Returns
    -------
    float in [1 / (2m), 1]

    Raises
    ------
    ValueError
        If a point is outside [0, 1].

    Source: ledger ``s3-11`` (B); Kuipers and Niederreiter 1974.
    """
    x = np.sort(array("points", points, 1))
    if x[0] < 0 or x[-1] > 1:
        fail("points", points, "in [0, 1]")
    m = len(x)
    rank = np.arange(m)
    return float(np.maximum((rank + 1) / m - x, x - rank / m).max())


def band_error_bound(
    distance: np.ndarray | float, frequencies: np.ndarray, low: float, high: float
) -> np.ndarray | float:
    r"""Koksma's bound on the gap between a grid's mean cosine and `band_kernel`: $\Omega\Delta D^*$.

    For the midpoint grid it is $\Omega\Delta/(2m)$: it grows with the distance, so no decay follows from it.

    Parameters
    ----------
    distance : non-negative number or array.
    frequencies : array of shape (m,), entries in [low, high].
    low, high : ends of the band, $0\le$ low < high.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If the band is empty, a frequency is outside it or a distance is negative.

    Source: ledger ``s3-11`` (B).
    """
    x = _distances("distance", distance)
    a = float(real("low", low, 0))
    b = float(real("high", high, above=a))
    w = array("frequencies", frequencies, 1)
    if (w < a).any() or (w > b).any():
        fail("frequencies", frequencies, f"inside the band from {a} to {b}")
    if (x < 0).any():
        fail("distance", distance, "not negative")
    return _plain(np.asarray((b - a) * x * star_discrepancy(np.clip((w - a) / (b - a), 0, 1))))


# --- the geometric grid: a logarithmic law ---


def geometric_kernel_limit(distance: np.ndarray | float, base: float = 10_000.0) -> np.ndarray | float:
    r"""Limit of the geometric kernel for many frequencies.

    $G(\Delta)=\frac{{\rm Ci}(\Delta)-{\rm Ci}(\Delta/b)}{\ln b}$ with ${\rm Ci}(x)=-\int_x^\infty\frac{\cos
    t}t\,dt$; $G(0)=1$.

    Parameters
    ----------
    distance : non-negative number or array of any shape.
    base : $b>1$.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If a distance is negative or `base` is at most 1.

    Source: ledger ``s3-12`` (1).
    """
    x = _distances("distance", distance)
    b = float(_base(base))
    if (x < 0).any():
        fail("distance", distance, "not negative")
    safe = np.where(x > 0, x, 1.0)
    value = (sici(safe)[1] - sici(safe / b)[1]) / math.log(b)
    return _plain(np.asarray(np.where(x > 0, value, 1.0)))


class Enclosure(NamedTuple):
    """Proven lower and upper ends."""

    low: np.ndarray | float
    high: np.ndarray | float


def kernel_enclosure(distance: np.ndarray | float, dim: int, base: float = 10_000.0) -> Enclosure:
    r"""Interval around the limit law that holds the kernel of $m=d/2$ frequencies.

    The intersection of $|C_m-G|\le\frac1m\int_{\Delta/b}^\Delta|\sin x|\,dx$ and
    $|C_m-G-\frac{\cos\Delta-\cos(\Delta/b)}{2m}|\le\frac{\ln b}{8m^2}(\Delta+\frac{\Delta^2}2)$ with
    $[-1,1]$. Says nothing once $\Delta$ is well above $m$.

    Parameters
    ----------
    distance : non-negative number or array of any shape.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    Enclosure with ends of the shape of `distance`

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-12`` (1, 2).
    """
    m = _dim(dim) // 2
    b = float(_base(base))
    x = _distances("distance", distance)
    limit = np.asarray(geometric_kernel_limit(x, b))
    rough = (_sine_mass(x) - _sine_mass(x / b)) / m
    centre = limit + (np.cos(x) - np.cos(x / b)) / (2 * m)
    fine = math.log(b) / (8 * m * m) * (x + x * x / 2)
    low = np.maximum(np.maximum(limit - rough, centre - fine), -1)
    high = np.minimum(np.minimum(limit + rough, centre + fine), 1)
    return Enclosure(_plain(low), _plain(high))


def _sine_mass(x: np.ndarray) -> np.ndarray:
    """Integral of |sin| from 0 to x."""
    arches = np.floor(x / math.pi)
    return 2 * arches + 1 - np.cos(x - arches * math.pi)


def limit_enclosure(distance: np.ndarray | float, base: float = 10_000.0) -> Enclosure:
    r"""The logarithmic law $1-\frac{\ln\Delta+\gamma}{\ln b}$ with its error, as an interval around it.

    $G$ lies between $-\frac1{\Delta\ln b}$ and $(\frac1\Delta+\frac{\Delta^2}{4b^2})/\ln b$ around the law.

    Parameters
    ----------
    distance : positive number or array of any shape.
    base : $b>1$.

    Returns
    -------
    Enclosure with ends of the shape of `distance`

    Raises
    ------
    ValueError
        If a distance is not positive or `base` is at most 1.

    Source: ledger ``s3-12`` (3).
    """
    x = _distances("distance", distance)
    b = float(_base(base))
    if (x <= 0).any():
        fail("distance", distance, "positive")
    law = 1 - (np.log(x) + np.euler_gamma) / math.log(b)
    up = (1 / x + (x / b) ** 2 / 4) / math.log(b)
    return Enclosure(_plain(np.asarray(law - 1 / x / math.log(b))), _plain(np.asarray(law + up)))


def limit_landmarks(base: float = 10_000.0) -> tuple[float, float]:
    r"""Where the limit law is about one half, and where it changes sign first, for a large base.

    $e^{-\gamma}\sqrt b$ and $y_0b$ with $y_0=0.6165\ldots$ the first zero of Ci.

    Parameters
    ----------
    base : $b>1$; both are asymptotic in $b$.

    Returns
    -------
    tuple of two float

    Raises
    ------
    ValueError
        If `base` is at most 1.

    Source: ledger ``s3-12`` (4).
    """
    b = float(_base(base))
    return math.exp(-np.euler_gamma) * math.sqrt(b), 0.6165054856207163 * b


def first_negative(dim: int, base: float = 10_000.0) -> int:
    r"""First integer distance at which the geometric kernel is negative.

    It exists, because the kernel has mean 0 over all distances and starts at 1.

    Parameters
    ----------
    dim : $d=2m$, even, at least 2.
    base : $b$ in $(1,10^8]$; the search takes time in proportion to it.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-12``.
    """
    d = _dim(dim)
    b = real("base", base, above=1, most=10**8)
    phases = _geometric_phases(d, b)
    first, size = 1, 4096
    while True:
        for at, values in _scan(first, first + size, phases):
            found = np.flatnonzero(values < 0)
            if len(found):
                return at + int(found[0])
        first, size = first + size, 2 * size


class Scatter(NamedTuple):
    """Gap between the kernel and its limit law over a range of distances, with a heuristic prediction."""

    largest: float
    rms: float
    predicted_rms: float


def limit_scatter(start: int, stop: int, dim: int, base: float = 10_000.0) -> Scatter:
    r"""How far the kernel strays from its limit law at the integers `start`, ..., `stop` - 1.

    The prediction treats the phases of the $K$ frequencies whose step from one to the next exceeds half a
    turn, $\Delta\omega_k\ln b/m>\pi$ in the middle of the range, as independent: $\sqrt{K/2}/m$. A
    heuristic, no theorem.

    Parameters
    ----------
    start, stop : $0\le$ start < stop $\le2^{53}$.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    Scatter

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-12``.
    """
    first, last = _range(start, stop)
    d, b = _dim(dim), float(_base(base))
    largest = squares = 0.0
    for at, values in _scan(first, last, _geometric_phases(d, b)):
        gap = values - geometric_kernel_limit(np.arange(at, at + len(values)), b)
        largest = max(largest, float(np.abs(gap).max()))
        squares += float(gap @ gap)
    m = d // 2
    loose = ((first + last) / 2 * geometric_frequencies(d, b) * math.log(b) / m > math.pi).sum()
    return Scatter(largest, math.sqrt(squares / (last - first)), math.sqrt(loose / 2) / m)


def kernel_rms(start: int, stop: int, dim: int, base: float = 10_000.0) -> float:
    r"""Root mean square of the geometric kernel over the integers `start`, ..., `stop` - 1.

    Parameters
    ----------
    start, stop : $0\le$ start < stop $\le2^{53}$.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-15``.
    """
    first, last = _range(start, stop)
    chunks = _scan(first, last, _geometric_phases(_dim(dim), _base(base)))
    return math.sqrt(sum(float(values @ values) for _, values in chunks) / (last - first))


def offset_matrix(frequencies: np.ndarray, shift: float) -> np.ndarray:
    r"""Orthogonal $W$ with $\phi(i)^\top W\phi(j)=m\,C_m(i-j-\Delta^*)$: a head that looks back by `shift`.

    Parameters
    ----------
    frequencies : array of shape (m,).
    shift : $\Delta^*$, at most $2^{53}$ in size.

    Returns
    -------
    array of shape (2m, 2m), a rotation in each plane of `sinusoidal_code`

    Raises
    ------
    ValueError
        If an entry is not finite or `shift` too large.

    Source: ledger ``s3-13``.
    """
    w = array("frequencies", frequencies, 1)
    shift = float(real("shift", shift, -_MOST_DISTANCE, _MOST_DISTANCE))
    cos, sin = _waves(np.array([shift]), _given_phases(w))
    out = np.zeros((2 * len(w), 2 * len(w)))
    even = np.arange(0, 2 * len(w), 2)
    # (sin a, cos a) W = (sin(a - s), cos(a - s))
    out[even, even] = out[even + 1, even + 1] = cos[0]
    out[even, even + 1] = sin[0]
    out[even + 1, even] = -sin[0]
    return out


# --- rotary encoding ---


def _pairs(name: str, value: object) -> np.ndarray:
    x = array(name, value, 1)
    if len(x) % 2:
        fail(name, value, "a vector with an even number of entries")
    return x[::2] + 1j * x[1::2]


def rope_rotate(vector: np.ndarray, position: float, base: float = 10_000.0) -> np.ndarray:
    r"""Rotate pair $k$ (entries $2k$, $2k+1$) of a query or key by the angle $b^{-k/m}\,t$.

    Parameters
    ----------
    vector : array of shape (d,), d even.
    position : $t$, at most $2^{53}$ in size.
    base : $b>1$.

    Returns
    -------
    array of shape (d,), of the same norm

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-14``; Su et al. 2024 (RoFormer).
    """
    z = _pairs("vector", vector)
    t = np.array([float(real("position", position, -_MOST_DISTANCE, _MOST_DISTANCE))])
    cos, sin = _waves(t, _geometric_phases(2 * len(z), _base(base)))
    turned = z * (cos[0] + 1j * sin[0])
    return np.stack([turned.real, turned.imag], axis=-1).ravel()


def rope_score(
    query: np.ndarray, key: np.ndarray, distance: np.ndarray | float, base: float = 10_000.0
) -> np.ndarray | float:
    r"""Rotary score of a query and a key that lies `distance` positions before it.

    $s(\Delta)={\rm Re}\sum_k
    q_k\overline{k_k}e^{i\theta_k\Delta}=\sum_k|q_k||k_k|\cos(\theta_k\Delta+\varphi_k)$: a sum of cosines
    whose phases the contents choose.

    Parameters
    ----------
    query, key : arrays of shape (d,), d even, before rotation.
    distance : number or array of any shape, at most $2^{53}$ in size.
    base : $b>1$.

    Returns
    -------
    float, or array of the shape of `distance`; not divided by $\sqrt d$

    Raises
    ------
    ValueError
        If the vectors differ in length or an argument is outside its range.

    Source: ledger ``s3-14``.
    """
    q, k = _pairs("query", query), _pairs("key", key)
    if len(q) != len(k):
        fail("key", key, f"a vector of {2 * len(q)} entries, like the query")
    x = _distances("distance", distance)
    phases = _geometric_phases(2 * len(q), _base(base))
    weight = q * k.conj()
    flat = x.ravel()
    out = np.empty(flat.shape)
    rows = max(1, _CHUNK // len(q))
    for i in range(0, len(flat), rows):
        cos, sin = _waves(flat[i : i + rows], phases)
        out[i : i + rows] = cos @ weight.real - sin @ weight.imag
    return _plain(out.reshape(x.shape))


def rope_mass(length: int, target: int, dim: int, scale: float, base: float = 10_000.0) -> float:
    r"""Attention that the key at distance `target` receives among the distances 0, ..., `length` - 1.

    The uniform unit query $q$, and everywhere the same key, $q$ turned by `rope_rotate` to $\Delta^*$: the
    logits are `scale` times $C_m(\Delta-\Delta^*)$.

    Parameters
    ----------
    length : number of keys, at least 1.
    target : $\Delta^*$, 0 to `length` - 1.
    dim : $d=2m$, even, at least 2.
    scale : factor of the scores, at least 0.
    base : $b>1$.

    Returns
    -------
    float in (0, 1]

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-14``, ``s3-28``.
    """
    n = integer("length", length, 1, _MOST_SCANNED)
    t = integer("target", target, 0, n - 1)
    strength = float(real("scale", scale, 0))
    phases = _geometric_phases(_dim(dim), _base(base))
    total = 1.0
    for stop in (t + 1, n - t):
        for _, values in _scan(1, stop, phases):
            total += float(np.exp(strength * (values - 1)).sum())
    return 1 / total


def abel_bound(distance: np.ndarray | float, dim: int, base: float = 10_000.0) -> np.ndarray | float:
    r"""The summation-by-parts bound on a rotary score that is often read as decay, per pair.

    $\frac1m\sum_{j=1}^m|S_j|$, $S_j=\sum_{k<j}e^{i\theta_k\Delta}$, for query and key all ones; an upper
    bound on $|C_m(\Delta)|$ that never falls below the trivial bound 1 in the ranges tested.

    Parameters
    ----------
    distance : number or array of any shape, at most $2^{53}$ in size.
    dim : $d=2m$, even, at least 2.
    base : $b>1$.

    Returns
    -------
    float, or array of the shape of `distance`

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-14`` (5); Su et al. 2024, section 3.4.3.
    """
    x = _distances("distance", distance)
    m = _dim(dim) // 2
    phases = _geometric_phases(2 * m, _base(base))
    flat = x.ravel()
    out = np.empty(flat.shape)
    rows = max(1, _CHUNK // m)
    for i in range(0, len(flat), rows):
        cos, sin = _waves(flat[i : i + rows], phases)
        partial = np.hypot(np.cumsum(cos, axis=1), np.cumsum(sin, axis=1))
        out[i : i + rows] = partial.mean(axis=1)
    return _plain(out.reshape(x.shape))


class RopePeriods(NamedTuple):
    """Pairs that complete a full turn within a length, pairs that do not, and the longest wavelength."""

    completing: int
    incomplete: int
    critical_dimension: int
    longest_wavelength: float


def rope_periods(dim: int, base: float, length: int) -> RopePeriods:
    r"""Which pairs see a full turn within the trained length: those with $2\pi b^{k/m}\le T$.

    The critical dimension is twice the number of completing pairs, which is $2\lceil m\log_b(T/2\pi)\rceil$
    (the logarithm is never an integer over $m$ for an algebraic base, because $\pi$ is transcendental).

    Parameters
    ----------
    dim : $d=2m$, even, at least 2.
    base : $b>1$.
    length : trained length $T$, at least 1.

    Returns
    -------
    RopePeriods

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-15`` (1); Liu et al. 2024, arXiv:2310.05209.
    """
    d = _dim(dim)
    b = float(_base(base))
    t = integer("length", length, 1)
    wavelengths = 2 * math.pi / geometric_frequencies(d, b)
    done = int((wavelengths <= t).sum())
    return RopePeriods(done, d // 2 - done, 2 * done, float(wavelengths[-1]))


def ntk_base(base: float, scale: float, dim: int) -> float:
    r"""The "NTK-aware" base for a window `scale` times longer: $b'=b\,s^{d/(d-2)}$.

    Pair $k$ becomes $\theta_k s^{-k/(m-1)}$: the first is kept, the last divided by $s$, none is raised.

    Parameters
    ----------
    base : $b>1$.
    scale : $s\ge1$.
    dim : $d=2m$, even, at least 4.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-15`` (3); Peng et al. 2024 (YaRN).
    """
    d = _dim(integer("dim", dim, 4))
    return float(_base(base)) * float(real("scale", scale, 1)) ** (d / (d - 2))


def arc_ratios(dim: int, base: float, scale: float, method: str = "none") -> np.ndarray:
    r"""For each pair, the largest angle in a window `scale` times longer over the largest angle in training.

    $s$ without a change, 1 for position interpolation, $s^{1-k/(m-1)}$ for the NTK-aware base. Pairs that
    complete a turn in training have met every phase; for the others a ratio above 1 means unseen phases.

    Parameters
    ----------
    dim : $d=2m$, even, at least 4.
    base : $b>1$.
    scale : $s\ge1$.
    method : "none", "interpolation" or "ntk".

    Returns
    -------
    array of shape (dim / 2,)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-15`` (2, 3).
    """
    d = _dim(integer("dim", dim, 4))
    b = float(_base(base))
    s = float(real("scale", scale, 1))
    old = geometric_frequencies(d, b)
    choice("method", method, ("none", "interpolation", "ntk"))
    if method == "none":
        new = old
    elif method == "interpolation":
        new = old / s
    else:
        new = geometric_frequencies(d, ntk_base(b, s, d))
    return s * new / old


def admissible_bases(length: int, dim: int, bases: np.ndarray) -> np.ndarray:
    r"""Which bases keep the kernel from being negative at every distance below `length`.

    As long as it is not negative, a similar key keeps its mean advantage over a random one. The admissible
    bases form scattered intervals, so the first one on a grid depends on the grid; look at the last failure
    too.

    Parameters
    ----------
    length : $L$, 1 to $10^7$.
    dim : $d=2m$, even, at least 2.
    bases : array of shape (k,), entries above 1.

    Returns
    -------
    boolean array of shape (k,)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-15``; Men et al. 2024.
    """
    n = integer("length", length, 1, 10**7)
    d = _dim(dim)
    values = array("bases", bases, 1)
    if (values <= 1).any():
        fail("bases", bases, "above 1")
    out = []
    for b in values:
        # rounded frequencies are good enough for a sign, and there may be hundreds of bases
        phases = _given_phases(geometric_frequencies(d, float(b)))
        out.append(all(chunk.min() >= 0 for _, chunk in _scan(0, n, phases)))
    return np.array(out)


# --- learned rows ---


def row_cosine_level(rows: int, dim: int, chance: float) -> float:
    r"""Cosine that no two of `rows` independent random directions exceed, but with probability `chance`.

    $t=\sqrt{\frac2d\ln\frac{n^2}{2\delta}}$, from $P(\max\ge t)\le\frac{n^2}2e^{-dt^2/2}$: untrained rows
    are far apart. A level above 1 says nothing.

    Parameters
    ----------
    rows : $n\ge2$.
    dim : $d\ge1$.
    chance : $\delta$ in (0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-16``; Ball 1997 (caps).
    """
    n = integer("rows", rows, 2)
    d = integer("dim", dim, 1)
    delta = float(real("chance", chance, above=0, below=1))
    return math.sqrt(2 / d * math.log(n * n / (2 * delta)))


def max_row_cosine(rows: int, dim: int, rng: np.random.Generator) -> float:
    r"""Largest cosine between two of `rows` independent Gaussian rows of size `dim`.

    Parameters
    ----------
    rows : at least 2.
    dim : at least 1.
    rng : source of the rows.

    Returns
    -------
    float in [-1, 1]

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-16``.
    """
    shape = (integer("rows", rows, 2), integer("dim", dim, 1))
    if shape[0] * max(shape) > 10**8:
        fail("rows", rows, "times itself and times `dim` at most 10^8")
    generator("rng", rng)
    x = rng.standard_normal(shape)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    cosines = x @ x.T
    np.fill_diagonal(cosines, -1)
    return float(cosines.max())


# --- biases by distance ---


def t5_bucket(distance: np.ndarray | int, buckets: int = 32, most: int = 128) -> np.ndarray | int:
    r"""Causal T5 bucket of a distance: exact at first, then logarithmic, one bucket for the rest.

    $\delta$ below $B/2$, else $\min\bigl(B-1,\ B/2+\lfloor\frac{\ln(2\delta/B)}{\ln(2M/B)}\,\frac
    B2\rfloor\bigr)$.

    Parameters
    ----------
    distance : non-negative integer or array of integers.
    buckets : $B$, even, at least 4.
    most : $M$, above $B/2$; from some distance below $M$ on the bucket is always the last.

    Returns
    -------
    int, or integer array of the shape of `distance`

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-29``; Raffel et al. 2020.
    """
    size = integer("buckets", buckets, 4)
    if size % 2:
        fail("buckets", buckets, "an even integer, at least 4")
    half = size // 2
    top = integer("most", most, half + 1)
    x = _distances("distance", distance)
    if (x < 0).any() or (x != np.floor(x)).any():
        fail("distance", distance, "non-negative integers")
    steps = np.log(np.maximum(x, half) / half) / math.log(top / half) * half
    # the small addition keeps exact bucket edges, where the quotient is a whole number, from rounding down
    bucket = np.where(x < half, x, np.minimum(half + np.floor(steps + 1e-12), size - 1)).astype(int)
    return int(bucket) if bucket.ndim == 0 else bucket


def alibi_reach(slope: float, content_range: float, mass: float) -> int:
    r"""Smallest distance beyond which ALiBi leaves at most `mass`, whatever the window and the contents.

    Smallest $D\ge0$ with $e^{r-\mu(D+1)}\le\epsilon$.

    Parameters
    ----------
    slope : $\mu>0$.
    content_range : $r\ge0$.
    mass : $\epsilon$ in (0, 1).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-29``.
    """
    mu = float(real("slope", slope, above=0))
    r = float(real("content_range", content_range, 0))
    eps = float(real("mass", mass, above=0, below=1))
    return max(math.ceil((r - math.log(eps)) / mu) - 1, 0)


# --- attention without positions ---


def attention_layers(
    tokens: np.ndarray, weights: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], causal: bool
) -> np.ndarray:
    r"""Self-attention layers with residuals and no position code.

    $X\leftarrow X+{\rm softmax}(XW_Q(XW_K)^\top/\sqrt d)\,XW_V$ for each layer, over the earlier tokens and
    the token itself if `causal`.

    Parameters
    ----------
    tokens : array of shape (n, d).
    weights : for each layer $(W_Q,W_K,W_V)$, arrays of shape (d, d).
    causal : whether later tokens are hidden.

    Returns
    -------
    array of shape (n, d)

    Raises
    ------
    ValueError
        If a shape does not fit.

    Source: ledger ``s3-30``.
    """
    x = array("tokens", tokens, 2)
    n, d = x.shape
    for layer in weights:
        matrices = [array("weights", matrix, 2) for matrix in layer]
        if len(matrices) != 3 or any(matrix.shape != (d, d) for matrix in matrices):
            fail("weights", layer, f"three arrays of shape ({d}, {d}) for each layer")
        query, key, value = matrices
        scores = x @ query @ (x @ key).T / math.sqrt(d)
        if flag("causal", causal):
            scores = np.where(np.tri(n, dtype=bool), scores, -np.inf)
        share = np.exp(scores - scores.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        x = x + share @ (x @ value)
    return x
