r"""Vector quantisation: bounds, codebooks and collapse, for the section on codebooks (6.2).

A codebook is an array of shape (K, D); a vector is replaced by its nearest codeword, and the distortion is
the mean squared distance. The module holds the ball bound, which is true, next to the printed bound, which
is not; Lloyd's algorithm and exact codebooks to compare with; lattices; the three terms of the VQ-VAE loss
and what their gradients do; and a bound for a finite cloud of points such as the patches of a photograph.
Witness for the ledger rows ``6-nn``, ``6-51``, ``6-52``, ``6-52b``, ``6-p4`` and ``6-p4b``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np

from ._checks import array, fail, flag, generator, integer, real
from ._training import flushed_denormals


def unit_ball_volume(dim: int) -> float:
    r"""Volume $\omega_d=\pi^{d/2}/\Gamma(\frac d2+1)$ of the unit ball in `dim` dimensions.

    Parameters
    ----------
    dim : dimension, 1 to 300.

    Raises
    ------
    ValueError
        If `dim` is out of range or not an integer.

    Source: ledger ``6-p4``.
    """
    dim = integer("dim", dim, 1, 300)
    return math.exp(dim / 2 * math.log(math.pi) - math.lgamma(dim / 2 + 1))


def printed_bound(n_codes: int, dim: int, volume: Real = 1.0) -> float:
    r"""The bound as printed, $K^{-2/d}(\mathrm{Vol}/\omega_d)^{2/d}$. It is not a lower bound.

    Parameters
    ----------
    n_codes : number of codewords $K$, at least 1.
    dim : intrinsic dimension $d$, 1 to 300.
    volume : volume of the set of features, above 0.

    Returns
    -------
    float, a squared length

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p4``.
    """
    n_codes = integer("n_codes", n_codes, 1, 10**60)
    omega = unit_ball_volume(dim)
    volume = float(real("volume", volume, above=0))
    return (volume / (n_codes * omega)) ** (2 / dim)


def ball_bound(n_codes: int, dim: int, volume: Real = 1.0) -> float:
    r"""A distortion that no $K$ codewords get below on a uniform source: $\frac
    d{d+2}(\mathrm{Vol}/K\omega_d)^{2/d}$.

    For the uniform law on a set of the given volume in $\mathbb R^d$; for a density of at most $B$ use
    ``volume = 1 / B``, and for a law with $\mu(B(x,r))\le Cr^d$ use ``volume = omega_d / C``.

    Parameters
    ----------
    n_codes : number of codewords $K$, or only of those that are ever nearest, at least 1.
    dim : dimension $d$, 1 to 300.
    volume : volume of the set, above 0.

    Returns
    -------
    float, a squared length

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p4``.
    """
    dim = integer("dim", dim, 1, 300)
    return dim / (dim + 2) * printed_bound(n_codes, dim, volume)


def collapse_factor(n_codes: int, n_used: int, dim: int) -> float:
    r"""Factor $(K/K_{\mathrm{eff}})^{2/d}$ by which the ball bound rises if only `n_used` codewords are used.

    Parameters
    ----------
    n_codes : number of codewords $K$, at least 1.
    n_used : number of codewords that are ever nearest, 1 to `n_codes`.
    dim : dimension $d$, at least 1.

    Returns
    -------
    float, at least 1

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p4b``.
    """
    n_codes = integer("n_codes", n_codes, 1, 10**60)
    n_used = integer("n_used", n_used, 1, n_codes)
    dim = integer("dim", dim, 1)
    return (n_codes / n_used) ** (2 / dim)


def random_codes_limit(dim: int) -> float:
    r"""Limit of $K^{2/d}$ times the mean distortion of $K$ random codewords in a unit volume.

    $\Gamma(1+\frac2d)\,\omega_d^{-2/d}$ for codewords drawn uniformly from the cube that holds the source.

    Parameters
    ----------
    dim : dimension $d$, 1 to 300.

    Raises
    ------
    ValueError
        If `dim` is out of range or not an integer.

    Source: ledger ``6-p4``.
    """
    return math.gamma(1 + 2 / integer("dim", dim, 1, 300)) * printed_bound(1, dim)


def _cloud(points: object, codebook: object, name: str = "points") -> tuple[np.ndarray, np.ndarray]:
    points = array(name, points, 2)
    codebook = array("codebook", codebook, 2)
    if codebook.shape[1] != points.shape[1]:
        fail("codebook", codebook.shape, f"an array with {points.shape[1]} columns, as {name}")
    return points, codebook


def nearest(points: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    r"""Index $\arg\min_k\|x-e_k\|$ of the nearest codeword, the smallest index among equals.

    Parameters
    ----------
    points : shape (n, D).
    codebook : shape (K, D).

    Returns
    -------
    array of n integers below K

    Raises
    ------
    ValueError
        If an array is empty, not finite or of another shape.

    Source: ledger ``6-nn``.
    """
    points, codebook = _cloud(points, codebook)
    found = np.empty(len(points), dtype=int)
    block = max(1, 4_000_000 // codebook.size)
    for start in range(0, len(points), block):
        part = points[start : start + block, None, :] - codebook[None, :, :]
        found[start : start + block] = np.einsum("nkd,nkd->nk", part, part).argmin(axis=1)
    return found


def distortion(points: np.ndarray, codebook: np.ndarray) -> float:
    r"""Mean squared distance $\frac1n\sum_i\min_k\|x_i-e_k\|^2$ to the nearest codeword.

    Parameters
    ----------
    points : shape (n, D).
    codebook : shape (K, D).

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If an array is empty, not finite or of another shape.

    Source: ledger ``6-52``.
    """
    points, codebook = _cloud(points, codebook)
    return float(((points - codebook[nearest(points, codebook)]) ** 2).sum(axis=1).mean())


def lloyd(points: np.ndarray, n_codes: int, rng: np.random.Generator) -> np.ndarray:
    r"""A codebook from Lloyd's algorithm (scikit-learn's `KMeans` with one k-means++ start).

    Alternates assignment to the nearest codeword and replacement of each codeword by the mean of its cell; it
    stops at a local optimum. Measure it on fresh points: on its own it looks better than it is.

    Parameters
    ----------
    points : shape (n, D), with at least `n_codes` different rows.
    n_codes : number of codewords, at least 1.
    rng : source of randomness for the start.

    Returns
    -------
    array of shape (n_codes, D)

    Raises
    ------
    ValueError
        If there are fewer different points than codewords, or an argument is out of range.

    Source: ledger ``6-p4``.
    """
    from sklearn.cluster import KMeans

    points = array("points", points, 2)
    n_codes = integer("n_codes", n_codes, 1, 10**60)
    generator("rng", rng)
    if n_codes > len(points) or (n_codes > 1 and len(np.unique(points, axis=0)) < n_codes):
        fail("n_codes", n_codes, "at most the number of different points")
    start = int(rng.integers(2**31))
    return KMeans(n_codes, n_init=1, max_iter=100, random_state=start).fit(points).cluster_centers_


def ramp_codebook(n_codes: int) -> tuple[np.ndarray, float]:
    r"""The optimal codebook for the density $2x$ on $[0,1]$, and its distortion.

    Lloyd's conditions with exact cell means $\frac23\frac{a^2+ab+b^2}{a+b}$; the density is log-concave, so
    that the conditions have one solution.

    Parameters
    ----------
    n_codes : number of codewords, 1 to 100.

    Returns
    -------
    codebook of `n_codes` increasing numbers, and the distortion $\frac12-\sum_k(b_k^2-a_k^2)e_k^2$

    Raises
    ------
    ValueError
        If `n_codes` is out of range or not an integer.

    Source: ledger ``6-p4``.
    """
    n_codes = integer("n_codes", n_codes, 1, 100)
    ends = np.linspace(0, 1, n_codes + 1) ** 0.75  # the asymptotic density of codewords: a good start
    for _ in range(20 * n_codes**2):
        low, high = ends[:-1], ends[1:]
        codes = 2 / 3 * (low**2 + low * high + high**2) / (low + high)
        moved = np.concatenate(([0.0], (codes[1:] + codes[:-1]) / 2, [1.0]))
        step = np.abs(moved - ends).max()
        ends = moved
        if step < 1e-14:
            break
    low, high = ends[:-1], ends[1:]
    codes = 2 / 3 * (low**2 + low * high + high**2) / (low + high)
    mean_of_squares = (high**2 + low**2) / 2
    return codes, float(((high**2 - low**2) * (mean_of_squares - codes**2)).sum())


def circle_distortion(n_codes: int) -> float:
    r"""Least distortion of $K$ codewords in the plane for the uniform law on the unit circle.

    $1-\big(\frac{\sin\alpha}\alpha\big)^2$ with $\alpha=\pi/K$: equal arcs, codewords at their centres of
    mass. No cells are better: among sets with a share $m$ of the circle an arc has the centre of mass
    farthest out, and $\sum_km_k(\frac{\sin\pi m_k}{\pi m_k})^2$ is largest for equal shares.

    Parameters
    ----------
    n_codes : number of codewords $K$, at least 1.

    Returns
    -------
    float in (0, 1]

    Raises
    ------
    ValueError
        If `n_codes` is out of range or not an integer.

    Source: ledger ``6-p4``.
    """
    half = math.pi / integer("n_codes", n_codes, 1)
    return 1.0 - (math.sin(half) / half) ** 2 if half < math.pi else 1.0


_MOMENTS = {
    "integers": (1, Fraction(1, 12)),
    "hexagonal": (2, 5 / (36 * math.sqrt(3))),
    "E8": (8, Fraction(929, 12960)),
}


def _lattice(name: object) -> tuple[int, Fraction | float]:
    if name not in _MOMENTS:
        fail("name", name, "one of " + ", ".join(map(repr, _MOMENTS)))
    return _MOMENTS[name]


def lattice_moment(name: str) -> Fraction | float:
    r"""Mean squared error per dimension of a lattice quantiser with one codeword per unit volume.

    $\frac1{12}$ for the integers (in every dimension), $\frac5{36\sqrt3}$ for the hexagonal lattice,
    $\frac{929}{12960}$ for $E_8$.

    Parameters
    ----------
    name : ``"integers"``, ``"hexagonal"`` or ``"E8"``.

    Returns
    -------
    Fraction where the value is rational, else float

    Raises
    ------
    ValueError
        If `name` is another word.

    Source: ledger ``6-p4``.
    """
    return _lattice(name)[1]


def nearest_lattice_point(points: np.ndarray, name: str) -> np.ndarray:
    r"""Nearest point of a lattice with one point per unit volume, for every row of `points`.

    The hexagonal lattice and $E_8$ are unions of two shifted rectangular or checkerboard lattices: round in
    each and keep the nearer.

    Parameters
    ----------
    points : shape (n, d) with d = 1 for ``"integers"`` (any d is allowed there), 2 or 8.
    name : ``"integers"``, ``"hexagonal"`` or ``"E8"``.

    Returns
    -------
    array of shape (n, d)

    Raises
    ------
    ValueError
        If `name` is another word or `points` has the wrong number of columns.

    Source: ledger ``6-p4``.
    """
    dim, _ = _lattice(name)
    points = array("points", points, 2)
    if name == "integers":
        return np.rint(points)
    if points.shape[1] != dim:
        fail("points", points.shape, f"an array with {dim} columns")
    if name == "hexagonal":
        # Centred rectangles with sides a and a sqrt 3: two points in an area of 2.
        side = np.array([1.0, math.sqrt(3.0)]) * math.sqrt(2 / math.sqrt(3.0))
        shift = side / 2
        options = [np.rint(points / side) * side, np.rint((points - shift) / side) * side + shift]
    else:
        options = [_nearest_checkerboard(points), _nearest_checkerboard(points - 0.5) + 0.5]
    errors = [((points - option) ** 2).sum(axis=1) for option in options]
    return np.where((errors[0] <= errors[1])[:, None], options[0], options[1])


def _nearest_checkerboard(points: np.ndarray) -> np.ndarray:
    """Nearest integer vector with even sum: round, and if the sum is odd re-round the worst coordinate."""
    rounded = np.rint(points)
    gap = points - rounded
    worst = np.abs(gap).argmax(axis=1)
    rows = np.flatnonzero(rounded.sum(axis=1) % 2)
    columns = worst[rows]
    rounded[rows, columns] += np.where(gap[rows, columns] >= 0, 1.0, -1.0)
    return rounded


class VQGradients(NamedTuple):
    """Gradients of the terms of the VQ-VAE loss, summed over the batch; each has the shape of its
    argument."""

    literal: np.ndarray
    straight_through: np.ndarray
    commitment: np.ndarray
    codebook: np.ndarray


def vq_gradients(
    inputs: np.ndarray,
    encodings: np.ndarray,
    codebook: np.ndarray,
    decoder: Callable,
    commitment: Real = 0.25,
) -> VQGradients:
    r"""What automatic differentiation makes of the loss (51), term by term.

    With $z_q$ the nearest codeword: the gradient of $\|x-D(z_q)\|^2$ with respect to the encoding $z_e$ as
    the formula stands (`literal`) and with $z_q$ replaced by $z_e+\mathrm{sg}[z_q-z_e]$
    (`straight_through`); that of $\beta\|z_e-\mathrm{sg}[e_k]\|^2$ (`commitment`); and that of
    $\|\mathrm{sg}[z_e]-e_k\|^2$ with respect to the codebook (`codebook`).

    Parameters
    ----------
    inputs : the data $x$, shape (n, m).
    encodings : the encodings $z_e$, shape (n, D).
    codebook : shape (K, D).
    decoder : function from a torch tensor of shape (n, D) to one of shape (n, m).
    commitment : the weight $\beta$, at least 0.

    Returns
    -------
    VQGradients
        Three arrays of shape (n, D) and one of shape (K, D).

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not fit.

    Source: ledger ``6-51``.
    """
    import torch

    inputs = array("inputs", inputs, 2)
    encodings, codebook = _cloud(encodings, codebook, "encodings")
    commitment = float(real("commitment", commitment, 0))
    if len(inputs) != len(encodings):
        fail("inputs", inputs.shape, f"an array with {len(encodings)} rows, as the encodings")
    if not callable(decoder):
        fail("decoder", decoder, "a function")
    chosen = torch.as_tensor(nearest(encodings, codebook))
    x = torch.as_tensor(inputs)
    z = torch.tensor(encodings, requires_grad=True)
    e = torch.tensor(codebook, requires_grad=True)
    z_q = e[chosen]

    def decoded(at):
        out = decoder(at)
        if not isinstance(out, torch.Tensor) or out.shape != x.shape:
            fail("decoder", out, f"a function to tensors of shape {tuple(x.shape)}")
        return out

    def gradient(loss, at) -> np.ndarray:
        (found,) = torch.autograd.grad(loss, at, allow_unused=True)
        return (torch.zeros_like(at) if found is None else found).numpy()

    return VQGradients(
        literal=gradient(((x - decoded(z_q)) ** 2).sum(), z),
        straight_through=gradient(((x - decoded(z + (z_q - z).detach())) ** 2).sum(), z),
        commitment=gradient(commitment * ((z - z_q.detach()) ** 2).sum(), z),
        codebook=gradient(((z.detach() - z_q) ** 2).sum(), e),
    )


class LayerErrors(NamedTuple):
    """Distance of two signals after each layer, and its bound; entry 0 is before the first layer."""

    distances: np.ndarray
    bounds: np.ndarray


def layer_errors(first: np.ndarray, second: np.ndarray, layers: Sequence[np.ndarray]) -> LayerErrors:
    r"""How far two signals are apart after each layer $x\mapsto\max(W_ix,0)$, and the bound $\epsilon\prod\|W_i\|$.

    Parameters
    ----------
    first, second : shape (D,).
    layers : weight matrices $W_i$, the first with D columns, each with as many columns as the last had rows.

    Returns
    -------
    LayerErrors
        Two arrays with one entry more than there are layers.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Source: ledger ``6-52b``.
    """
    first, second = array("first", first, 1), array("second", second, 1)
    if first.shape != second.shape:
        fail("second", second.shape, f"an array of shape {first.shape}, as first")
    distances = [float(np.linalg.norm(first - second))]
    bounds = list(distances)
    for weights in layers:
        weights = array("layers", weights, 2)
        if weights.shape[1] != len(first):
            fail("layers", weights.shape, f"an array with {len(first)} columns")
        first, second = np.maximum(weights @ first, 0), np.maximum(weights @ second, 0)
        distances.append(float(np.linalg.norm(first - second)))
        bounds.append(bounds[-1] * float(np.linalg.norm(weights, 2)))
    return LayerErrors(np.array(distances), np.array(bounds))


def train_codebook(
    points: np.ndarray,
    codebook: np.ndarray,
    steps: int,
    rng: np.random.Generator,
    *,
    batch: int = 256,
    rate: Real = 0.5,
    revive: bool = False,
) -> np.ndarray:
    r"""Stochastic gradient descent on the codebook term $\|\mathrm{sg}[z]-e_k\|^2$, from a given start.

    Each step moves a codeword by $\frac{2\,\text{rate}\,n_k}{\text{batch}}(\bar z_k-e_k)$, where $\bar z_k$
    is the mean of the $n_k$ points of the batch in its cell; a codeword without points stands still.

    Parameters
    ----------
    points : shape (n, D).
    codebook : the start, shape (K, D).
    steps : number of steps, at least 0.
    rng : source of randomness for the batches.
    batch : points per step, at least 1.
    rate : step size, in (0, 1/2]; at 1/2 a codeword that gets the whole batch moves to its mean.
    revive : after each step, put the codewords without points on random points of the batch.

    Returns
    -------
    array of shape (K, D)

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not fit.

    Source: ledger ``6-51``.
    """
    import torch

    points, codebook = _cloud(points, codebook)
    steps = integer("steps", steps, 0, 10**6)
    batch = integer("batch", batch, 1, 10**6)
    revive = flag("revive", revive)
    rate = float(real("rate", rate, above=0, most=Fraction(1, 2)))
    generator("rng", rng)
    e = torch.tensor(codebook, requires_grad=True)
    with flushed_denormals():
        for _ in range(steps):
            drawn = points[rng.integers(len(points), size=batch)]
            z = torch.as_tensor(drawn)
            chosen = nearest(drawn, e.detach().numpy())
            loss = ((z - e[torch.as_tensor(chosen)]) ** 2).sum() / batch
            (gradient,) = torch.autograd.grad(loss, e)
            with torch.no_grad():
                e -= rate * gradient
            if revive:
                idle = np.setdiff1d(np.arange(len(codebook)), chosen)
                with torch.no_grad():
                    idle = idle[:batch]
                    e[torch.as_tensor(idle)] = z[torch.as_tensor(rng.permutation(batch)[: len(idle)])]
    return e.detach().numpy().copy()


def patches(image: np.ndarray, side: int) -> np.ndarray:
    """The square patches of an image, cut side by side, one per row, with values as given.

    Parameters
    ----------
    image : shape (height, width) or (height, width, channels); what does not fill a patch is cut off.
    side : side of a patch in pixels, 1 to the smaller side of the image.

    Returns
    -------
    array of shape (number of patches, side * side * channels), in reading order

    Raises
    ------
    ValueError
        If `image` has another number of axes or `side` is out of range.

    Source: ledger ``6-50``, ``6-p4``.
    """
    image = array("image", image)
    if image.ndim not in (2, 3):
        fail("image", image.shape, "an array with two or three axes")
    side = integer("side", side, 1, min(image.shape[:2]))
    channels = image.shape[2] if image.ndim == 3 else 1
    rows, columns = image.shape[0] // side, image.shape[1] // side
    cut = image[: rows * side, : columns * side].reshape(rows, side, columns, side, channels)
    return cut.swapaxes(1, 2).reshape(rows * columns, side * side * channels)


def sample_bound(points: np.ndarray, n_codes: int) -> float:
    r"""A lower bound on the distortion of every codebook on this very cloud of points.

    $$\max_A\;\frac{|A|}{2n}\int_0^\infty\big(1-K\,M_A(r)\big)_+\,d(r^2),$$

    where $M_A(r)$ is the largest share of $A$ within $r$ of a point of $A$, and the maximum is over the
    whole cloud and over nine parts from which the points in the densest regions are left out. Nothing is
    assumed about the points. Uses $O(n^2)$ memory.

    Parameters
    ----------
    points : shape (n, D), at most 5,000 rows.
    n_codes : number of codewords $K$, at least 1.

    Returns
    -------
    float, at least 0 (and 0 if `n_codes` is n or more)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p4``.
    """
    points = array("points", points, 2)
    n_codes = integer("n_codes", n_codes, 1, 10**60)
    n = len(points)
    if n > 5000:
        fail("points", points.shape, "at most 5000 rows")
    points = points - points.mean(axis=0)
    norms = (points**2).sum(axis=1)
    squared = np.maximum(norms[:, None] + norms - 2 * points @ points.T, 0.0)
    np.fill_diagonal(squared, 0.0)
    if n_codes >= n:
        return 0.0
    reach = np.partition(squared, min(n - 1, max(1, n // (2 * n_codes))), axis=1)
    sparse_last = np.argsort(reach[:, min(n - 1, max(1, n // (2 * n_codes)))], kind="stable")
    best = 0.0
    for tenth in range(10):
        part = sparse_last[tenth * n // 10 :]
        # least[j] is the smallest squared radius at which some ball around a point holds j + 1 points.
        least = np.sort(squared[np.ix_(part, part)], axis=1).min(axis=0)
        room = np.maximum(1 - n_codes * np.arange(1, len(part)) / len(part), 0.0)
        best = max(best, len(part) / (2 * n) * float((room * np.diff(least)).sum()))
    return best
