r"""Images and text in one model, for the sections on alignment, grounding and scaling (6.1 to 6.4).

What a linear map keeps, what one attention read passes back, how far a contrastive loss can go, how far a
centroid can drift, the information bottleneck in closed form; a network that keeps a property its captions
never mention; losses under shift, the parts of a variance, synthetic data; scaling laws with one or several
terms. Witness for the ledger rows ``6-43`` to ``6-50`` and ``6-p5`` to ``6-txt``. Information is in nats
where laws are continuous and in bits where tables are finite; every function says which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Rational, Real
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from ._checks import array, distribution, fail, generator, integer, probability, real
from ._training import flushed_denormals


def projected_information(weights: np.ndarray, covariance: np.ndarray, noise: Real) -> float:
    r"""Information in nats that $Wv+\eta$ keeps about $v\sim\mathcal N(0,\Sigma)$.

    $\tfrac12\ln\det\big(I+s^{-2}W\Sigma W^\top\big)$ for $\eta\sim\mathcal N(0,s^2I)$.

    Parameters
    ----------
    weights : $W$, shape (d_out, d_in).
    covariance : $\Sigma$, shape (d_in, d_in), symmetric and positive semidefinite.
    noise : standard deviation $s$, above 0.

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If the shapes do not fit, `covariance` is no covariance, or `noise` is out of range.

    Source: ledger ``6-43``.
    """
    weights = array("weights", weights, 2)
    covariance = array("covariance", covariance, 2)
    noise = float(real("noise", noise, above=0))
    if covariance.shape != (weights.shape[1],) * 2 or not np.allclose(covariance, covariance.T):
        fail("covariance", covariance.shape, f"a symmetric array with {weights.shape[1]} rows")
    if np.linalg.eigvalsh(covariance)[0] < -1e-9 * max(1.0, float(np.abs(covariance).max())):
        fail("covariance", covariance.shape, "a positive semidefinite array")
    signal = weights @ covariance @ weights.T / noise**2
    return float(np.linalg.slogdet(np.eye(len(weights)) + signal)[1] / 2)


class Read(NamedTuple):
    """Weights of one attention read, its output, and the gradient of ``upstream @ output`` at every token."""

    weights: np.ndarray
    output: np.ndarray
    gradients: np.ndarray


def attention_read(
    tokens: np.ndarray, query: np.ndarray, keys: np.ndarray, values: np.ndarray, upstream: np.ndarray
) -> Read:
    r"""One attention read and the gradient it passes back to its tokens, the query held fixed.

    With $\alpha=\mathrm{softmax}(q^\top W_Kx_i/\sqrt d)$ and $o=\sum_i\alpha_iW_Vx_i$,
    $\nabla_{x_i}(g\cdot o)=\alpha_i\big(W_V^\top g+(g\cdot(W_Vx_i-o))\,W_K^\top q/\sqrt d\big)$.

    Parameters
    ----------
    tokens : $x$, shape (n, D).
    query : $q$, shape (d,).
    keys : $W_K$, shape (d, D).
    values : $W_V$, shape (m, D).
    upstream : $g$, shape (m,).

    Returns
    -------
    Read
        Arrays of shapes (n,), (m,) and (n, D).

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Source: ledger ``6-p1``, ``6-47``.
    """
    tokens, keys, values = array("tokens", tokens, 2), array("keys", keys, 2), array("values", values, 2)
    query, upstream = array("query", query, 1), array("upstream", upstream, 1)
    width = tokens.shape[1]
    for name, value, shape in (
        ("keys", keys, (len(query), width)),
        ("values", values, (len(upstream), width)),
    ):
        if value.shape != shape:
            fail(name, value.shape, f"an array of shape {shape}")
    direction = keys.T @ query / math.sqrt(len(query))
    weights = special.softmax(tokens @ direction)
    read = tokens @ values.T
    output = weights @ read
    pull = (read - output) @ upstream
    gradients = weights[:, None] * (values.T @ upstream + pull[:, None] * direction)
    return Read(weights, output, gradients)


def text_share(n_text: int, n_visual: int, ratio: Real) -> Fraction | float:
    r"""Share of attention on text if a text token gets `ratio` times the weight of a visual token.

    $\frac{rn_t}{rn_t+n_v}$.

    Parameters
    ----------
    n_text, n_visual : numbers of tokens, at least 0, not both 0.
    ratio : $r$, above 0.

    Returns
    -------
    Fraction if `ratio` is exact, else float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-157``.
    """
    n_text = integer("n_text", n_text, 0)
    n_visual = integer("n_visual", n_visual, 0 if n_text else 1)
    ratio = real("ratio", ratio, above=0)
    return ratio * n_text / (ratio * n_text + n_visual)


def contrastive_loss(images: np.ndarray, texts: np.ndarray, temperature: Real) -> float:
    r"""The loss (45) of one batch: image $i$ must find text $i$ among all texts, by cosine similarity.

    Parameters
    ----------
    images, texts : shape (N, d), no zero rows; they are scaled to unit length.
    temperature : $\tau$, above 0.

    Returns
    -------
    float, at least 0, in nats

    Raises
    ------
    ValueError
        If the shapes differ, a row is zero, or `temperature` is out of range.

    Source: ledger ``6-45``.
    """
    images, texts = array("images", images, 2), array("texts", texts, 2)
    temperature = float(real("temperature", temperature, above=0))
    if images.shape != texts.shape:
        fail("texts", texts.shape, f"an array of shape {images.shape}, as images")
    for name, value in (("images", images), ("texts", texts)):
        if not np.linalg.norm(value, axis=1).all():
            fail(name, value.shape, "an array without zero rows")
    images = images / np.linalg.norm(images, axis=1, keepdims=True)
    texts = texts / np.linalg.norm(texts, axis=1, keepdims=True)
    scores = images @ texts.T / temperature
    return float((special.logsumexp(scores, axis=1) - np.diag(scores)).mean())


def contrastive_floor(batch: int, temperature: Real) -> float:
    r"""Least value of `contrastive_loss` over all unit vectors: $\ln\big(1+(N-1)e^{-N/((N-1)\tau)}\big)$.

    It is at least $\ln N-\frac1\tau$.

    Parameters
    ----------
    batch : number of pairs $N$, at least 2.
    temperature : $\tau$, above 0.

    Returns
    -------
    float, above 0 unless it underflows, in nats

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-45``.
    """
    batch = integer("batch", batch, 2)
    temperature = float(real("temperature", temperature, above=0))
    return math.log1p((batch - 1) * math.exp(-batch / ((batch - 1) * temperature)))


def infonce_ceiling(n_symbols: int, batch: int) -> float:
    r"""Best value of $\ln N-L_N$ when image and text are one and the same of $M$ equally likely symbols.

    $\ln N-E\ln(1+B)$ with $B\sim\mathrm{Bin}(N-1,\frac1M)$, the number of other pairs of the batch with the
    same symbol. It is at most $\min(\ln M,\ln N)$, and $\ln M$ is the mutual information.

    Parameters
    ----------
    n_symbols : $M$, at least 1.
    batch : $N$, 1 to 1,000,000.

    Returns
    -------
    float, in nats

    Raises
    ------
    ValueError
        If an argument is out of range or not an integer.

    Source: ledger ``6-45``.
    """
    n_symbols = integer("n_symbols", n_symbols, 1)
    batch = integer("batch", batch, 1, 10**6)
    others = np.arange(batch)
    collisions = stats.binom.pmf(others, batch - 1, 1 / n_symbols)
    return float(math.log(batch) - collisions @ np.log1p(others))


def transport_bound(kl: Real, sigma: Real = 1.0) -> float:
    r"""Farthest a mean can move at divergence `kl` from a law with sub-Gaussian width `sigma`:
    $\sigma\sqrt{2\,\mathrm{KL}}$.

    Parameters
    ----------
    kl : $\mathrm{KL}(P\Vert Q)$ in nats, at least 0.
    sigma : $\sigma$ with $E_Qe^{\lambda\langle u,X-\mu_Q\rangle}\le e^{\lambda^2\sigma^2/2}$ for unit $u$,
        above 0.

    Returns
    -------
    float, an upper bound on $\|\mu_P-\mu_Q\|$

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p2``.
    """
    kl = float(real("kl", kl, 0))
    sigma = float(real("sigma", sigma, above=0))
    return sigma * math.sqrt(2 * kl)


class Bottleneck(NamedTuple):
    """Rate $I(X;Z)$ and relevant information $I(Z;Y)$ of an optimal code."""

    rate: float
    relevant: float


def gaussian_bottleneck(rho: Real, beta: Real) -> Bottleneck:
    r"""The optimum of $I(X;Z)-\beta I(Z;Y)$ for a Gaussian pair with correlation `rho`, in nats.

    $R=0$ for $\beta\le\rho^{-2}$, else $R=\frac12\ln\frac{\rho^2(\beta-1)}{1-\rho^2}$; and
    $I(Z;Y)=-\frac12\ln(1-\rho^2+\rho^2e^{-2R})$.

    Parameters
    ----------
    rho : correlation, between -1 and 1, not 0.
    beta : worth of a nat about $Y$, in nats of rate, above 0.

    Returns
    -------
    Bottleneck

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-48``.
    """
    rho = float(real("rho", rho, above=-1, below=1))
    beta = float(real("beta", beta, above=0))
    if rho == 0:
        fail("rho", rho, "a correlation other than 0")
    square = rho * rho
    rate = 0.0 if beta * square <= 1 else math.log(square * (beta - 1) / (1 - square)) / 2
    return Bottleneck(rate, -math.log1p(square * math.expm1(-2 * rate)) / 2)


def _binary_entropy(p: float) -> float:
    return float(-(special.xlogy(p, p) + special.xlog1py(1 - p, -p)) / math.log(2))


def binary_bottleneck(flip: Real, rate: Real) -> float:
    r"""Most that a code of `rate` bits of a fair bit can tell about a copy flipped with probability `flip`.

    $1-h_2\big(\delta*h_2^{-1}(1-R)\big)$ with $a*b=a(1-b)+b(1-a)$, in bits.

    Parameters
    ----------
    flip : $\delta$, in [0, 1/2].
    rate : $R=I(X;Z)$ in bits, in [0, 1].

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-48``.
    """
    flip = float(real("flip", flip, 0, Fraction(1, 2)))
    rate = float(real("rate", rate, 0, 1))
    low, high = 0.0, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _binary_entropy(middle) < 1 - rate else (low, middle)
    noise = (low + high) / 2
    return max(0.0, 1.0 - _binary_entropy(flip * (1 - noise) + noise * (1 - flip)))


def mutual_information(joint: np.ndarray) -> float:
    r"""$I(A;B)$ in bits of a table of joint probabilities.

    Parameters
    ----------
    joint : shape (a, b), non-negative, sum 1.

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If `joint` is no table of joint probabilities.

    Source: ledger ``6-p3``, ``6-p5``.
    """
    joint = array("joint", joint, 2)
    distribution("joint", joint.ravel())
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return max(0.0, float(special.rel_entr(joint, apart).sum() / math.log(2)))


def conditional_information(joint: np.ndarray) -> float:
    r"""$I(A;B\mid C)$ in bits of a table of joint probabilities of $(A,B,C)$.

    Parameters
    ----------
    joint : shape (a, b, c), non-negative, sum 1.

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If `joint` is no table of joint probabilities.

    Source: ledger ``6-p5``.
    """
    joint = array("joint", joint, 3)
    distribution("joint", joint.ravel())
    mass = joint.sum(axis=(0, 1))
    slices = (joint[:, :, c] / mass[c] for c in np.flatnonzero(mass))
    return sum(m * mutual_information(part) for m, part in zip(mass[mass > 0], slices, strict=True))


class PatchMap(NamedTuple):
    """Numbers in a patch, width of the embedding, rank of a random embedding, dimensions that it erases."""

    inputs: int
    width: int
    rank: int
    erased: int


def patch_map(side: int, width: int, rng: np.random.Generator, channels: int = 3) -> PatchMap:
    r"""Rank of a random linear patch embedding (50): almost surely $\min(d,Cp^2)$.

    Parameters
    ----------
    side : side $p$ of a patch in pixels, at least 1.
    width : dimension $d$ of a token, at least 1.
    rng : source of randomness for the weights.
    channels : $C$, at least 1.

    Returns
    -------
    PatchMap

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-50``.
    """
    side, width = integer("side", side, 1), integer("width", width, 1)
    inputs = integer("channels", channels, 1) * side * side
    if inputs * width > 10**7:
        fail("width", width, "at most ten million weights in all")
    weights = generator("rng", rng).standard_normal((width, inputs))
    rank = int(np.linalg.matrix_rank(weights))
    return PatchMap(inputs, width, rank, inputs - rank)


class Detachment(NamedTuple):
    """Test accuracies: the caption, a linear probe for B on the hidden layer, the same with shuffled
    labels."""

    caption: float
    probe: float
    control: float


def detachment(
    rng: np.random.Generator,
    *,
    hidden: int = 32,
    noise: Real = 0.0,
    pixels: int = 20,
    examples: int = 1000,
    steps: int = 200,
) -> Detachment:
    r"""Train a network on captions that never mention $B$, then read $B$ from its hidden layer.

    An image is $x=A\,u+B\,w+0.3\,\xi$ with fair signs $A,B$, orthogonal vectors $u,w$ of length 2 and
    standard normal $\xi$; the caption is $A$. The network is $\tanh$ of a linear layer with `hidden` units,
    to which normal noise is added, and a linear output; it is trained with the log loss of $A$ only
    (gradient descent on all examples). The probe is a least-squares line on the hidden layer of fresh
    images.

    Parameters
    ----------
    rng : source of randomness, also for the start of the network.
    hidden : number of hidden units, at least 1.
    noise : standard deviation of the noise on the hidden units, at least 0.
    pixels : dimension of an image, at least 2.
    examples : images for training, for the probe and for each test, at least 100.
    steps : steps of gradient descent, at least 0 (0 leaves the network at its random start).

    Returns
    -------
    Detachment

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p5``.
    """
    import torch

    generator("rng", rng)
    hidden, pixels = integer("hidden", hidden, 1, 10**4), integer("pixels", pixels, 2, 10**4)
    noise = float(real("noise", noise, 0))
    examples, steps = integer("examples", examples, 100, 10**6), integer("steps", steps, 0, 10**5)
    if examples * max(hidden, pixels) > 10**8:
        fail("examples", examples, "times the dimension at most 10^8")
    directions = 2 * np.linalg.qr(rng.standard_normal((pixels, 2)))[0].T

    def draw():
        signs = rng.choice([-1.0, 1.0], size=(examples, 2))
        image = signs @ directions + 0.3 * rng.standard_normal((examples, pixels))
        return torch.as_tensor(image), torch.as_tensor(signs)

    first = torch.tensor(rng.standard_normal((pixels, hidden)) / math.sqrt(pixels), requires_grad=True)
    second = torch.tensor(rng.standard_normal(hidden) / math.sqrt(hidden), requires_grad=True)

    def represent(image):
        clean = torch.tanh(image @ first)
        return clean + noise * torch.as_tensor(rng.standard_normal(clean.shape)) if noise else clean

    images, signs = draw()
    with flushed_denormals():
        for _ in range(steps):
            loss = torch.nn.functional.softplus(-signs[:, 0] * (represent(images) @ second)).mean()
            gradients = torch.autograd.grad(loss, (first, second))
            with torch.no_grad():
                for weights, gradient in zip((first, second), gradients, strict=True):
                    weights -= gradient
    with torch.no_grad():
        (seen, known), (fresh, truth) = draw(), draw()
        inside, outside = represent(seen).numpy(), represent(fresh).numpy()
        known, truth = known.numpy(), truth.numpy()
        caption = np.mean(np.sign(outside @ second.numpy()) == truth[:, 0])

    def probe(labels: np.ndarray) -> float:
        line = np.linalg.lstsq(np.c_[inside, np.ones(examples)], labels, rcond=None)[0]
        return float(np.mean(np.sign(np.c_[outside, np.ones(examples)] @ line) == truth[:, 1]))

    shuffled = [probe(rng.permutation(known[:, 1])) for _ in range(10)]
    return Detachment(float(caption), probe(known[:, 1]), float(np.mean(shuffled)))


class Shift(NamedTuple):
    """Losses in bits of the training law used as predictor, the best test loss, and the excess over it."""

    train_loss: float
    test_loss: float
    best_test_loss: float
    excess: float


def shift_loss(p_test: np.ndarray, p_train: np.ndarray) -> Shift:
    r"""Log loss in bits of the predictor $q=p_{\mathrm{train}}$ under the training law and under the test
    law.

    $E_{\mathrm{test}}[-\log_2q]=H(p_{\mathrm{test}})+\mathrm{KL}(p_{\mathrm{test}}\Vert q)$: the training
    loss is $H(p_{\mathrm{train}})$, the best test loss $H(p_{\mathrm{test}})$, and the excess is the
    divergence. For a table with pairs in rows and relations in columns the losses are those of the relation
    given the pair (rows with no training mass are predicted uniformly), and the excess is the mean
    divergence of the rows.

    Parameters
    ----------
    p_test, p_train : probabilities of the same shape, one or two axes, sum 1.

    Returns
    -------
    Shift
        `test_loss` and `excess` are infinite if something happens that training gave probability 0.

    Raises
    ------
    ValueError
        If an argument is no law or the shapes differ.

    Source: ledger ``6-p6``.
    """
    p_test, p_train = array("p_test", p_test), array("p_train", p_train)
    if p_test.shape != p_train.shape or p_test.ndim > 2:
        fail("p_test", p_test.shape, "an array with one or two axes and the shape of p_train")
    for name, law in (("p_test", p_test), ("p_train", p_train)):
        distribution(name, law.ravel())

    def conditional(law: np.ndarray) -> np.ndarray:
        mass = law.sum(axis=-1, keepdims=True)
        return np.where(mass > 0, law / np.where(mass > 0, mass, 1), 1 / law.shape[-1])

    def loss(law: np.ndarray, predictor: np.ndarray) -> float:
        with np.errstate(divide="ignore"):
            bits = -np.log2(predictor)
        return float(np.where(law > 0, law * np.where(law > 0, bits, 0.0), 0.0).sum())

    test, best = loss(p_test, conditional(p_train)), loss(p_test, conditional(p_test))
    return Shift(loss(p_train, conditional(p_train)), test, best, test - best)


class VarianceParts(NamedTuple):
    r"""Variances of a table: total, $E\,\mathrm{Var}[Y|V,T]$, $E\,\mathrm{Var}[Y|V]$,
    $E\,\mathrm{Var}[Y|T]$, and the
    parts of $\mathrm{Var}\,m$ with $m=E[Y|V,T]$: the mean effects of $V$ and $T$, and the remainder."""

    total: Fraction | float
    given_both: Fraction | float
    given_v: Fraction | float
    given_t: Fraction | float
    effect_v: Fraction | float
    effect_t: Fraction | float
    remainder: Fraction | float


def variance_parts(table: Sequence) -> VarianceParts:
    r"""How the variance of $Y$ splits over an image $V$ and a text $T$, from joint probabilities.

    $\mathrm{Var}\,Y=E\,\mathrm{Var}[Y|V,T]+\mathrm{Var}\,E[Y|V]+\mathrm{Var}\,E[Y|T]+\text{remainder}$; the
    remainder is the interaction, at least 0, if $V$ and $T$ are independent, and may be negative if not.

    Parameters
    ----------
    table : ``table[v][t][y]``, the probability of $(V,T,Y)=(v,t,y)$ with $Y=0,1,\dots$; sum 1.

    Returns
    -------
    VarianceParts
        Fractions if all entries are integers or Fractions, else floats.

    Raises
    ------
    ValueError
        If `table` is no table of joint probabilities with three axes.

    Source: ledger ``6-var``.
    """
    law = array("table", table, 3)
    distribution("table", law.ravel())
    given = np.array(table, dtype=object)
    if all(isinstance(p, Rational) for p in given.ravel()):
        law = np.vectorize(Fraction, otypes=[object])(given)
        if law.sum() != 1:
            fail("table", table, "probabilities that sum to 1")
    values = np.arange(law.shape[2])
    mean = (law * values).sum()
    square = (law * values**2).sum()

    def spread(axes: tuple[int, ...]):
        """E of the squared conditional mean, given the axes that are kept."""
        mass, first = law.sum(axis=axes).ravel(), (law * values).sum(axis=axes).ravel()
        return sum(f * f / m for f, m in zip(first, mass, strict=True) if m > 0)

    both, only_v, only_t = spread((2,)), spread((1, 2)), spread((0, 2))
    total, effect_v, effect_t = square - mean**2, only_v - mean**2, only_t - mean**2
    parts = (total, square - both, square - only_v, square - only_t, effect_v, effect_t)
    remainder = both - mean**2 - effect_v - effect_t
    if law.dtype != object:
        parts, remainder = map(float, parts), float(remainder)
    return VarianceParts(*parts, remainder)


class Mixing(NamedTuple):
    """Best weight of the synthetic mean, and mean squared errors: real data only, pooled, best weight."""

    weight: Fraction | float
    real_only: Fraction | float
    pooled: Fraction | float
    best: Fraction | float


def mix_synthetic(bias: Real, n_real: int, n_synthetic: int, variance: Real = 1) -> Mixing:
    r"""Estimating a mean from real samples and from synthetic ones whose mean is off by `bias`.

    $\mathrm{MSE}(w)=w^2(b^2+\sigma^2/n_s)+(1-w)^2\sigma^2/n_r$ for weight $w$ on the synthetic mean;
    pooling is $w=\frac{n_s}{n_s+n_r}$ and has bias $wb$.

    Parameters
    ----------
    bias : $b$.
    n_real, n_synthetic : sample sizes, at least 1.
    variance : $\sigma^2$ of both kinds of sample, above 0.

    Returns
    -------
    Mixing
        Fractions for exact arguments, else floats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-bias``.
    """
    bias, variance = real("bias", bias), real("variance", variance, above=0)
    n_real, n_synthetic = integer("n_real", n_real, 1), integer("n_synthetic", n_synthetic, 1)
    synthetic, real_only = bias**2 + variance / n_synthetic, variance / n_real
    weight = real_only / (synthetic + real_only)
    pool = Fraction(n_synthetic, n_synthetic + n_real)
    if not isinstance(weight, Fraction):
        pool = float(pool)

    def error(w):
        return w**2 * synthetic + (1 - w) ** 2 * real_only

    return Mixing(weight, real_only, error(pool), error(weight))


class Allocation(NamedTuple):
    """Parameters, tokens and loss at the best split of a compute budget."""

    parameters: float
    tokens: float
    loss: float


def compute_optimal(
    flops: Real,
    floor: Real = 1.69,
    a: Real = 406.4,
    b: Real = 410.7,
    alpha: Real = 0.34,
    beta: Real = 0.28,
) -> Allocation:
    r"""The split of a budget $C=6ND$ that minimises $E+AN^{-\alpha}+BD^{-\beta}$.

    $N^*=G(C/6)^{\beta/(\alpha+\beta)}$, $D^*=G^{-1}(C/6)^{\alpha/(\alpha+\beta)}$,
    $G=(\alpha A/\beta B)^{1/(\alpha+\beta)}$. The defaults are the constants printed by Hoffmann et al.
    (2022).

    Parameters
    ----------
    flops : budget $C$, above 0.
    floor : $E$, at least 0.
    a, b, alpha, beta : constants of the law, above 0.

    Returns
    -------
    Allocation

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-scal``.
    """
    flops, floor = float(real("flops", flops, above=0)), float(real("floor", floor, 0))
    a, b, alpha, beta = (
        float(real(name, value, above=0))
        for name, value in (("a", a), ("b", b), ("alpha", alpha), ("beta", beta))
    )
    tilt = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    parameters = tilt * (flops / 6) ** (beta / (alpha + beta))
    tokens = (flops / 6) ** (alpha / (alpha + beta)) / tilt
    return Allocation(parameters, tokens, floor + a * parameters**-alpha + b * tokens**-beta)


def _mixture(coefficients: object, exponents: object) -> tuple[np.ndarray, np.ndarray]:
    coefficients, exponents = array("coefficients", coefficients, 1), array("exponents", exponents, 1)
    if (coefficients <= 0).any():
        fail("coefficients", coefficients.tolist(), "numbers above 0")
    if exponents.shape != coefficients.shape or (exponents < 0).any():
        fail("exponents", exponents.tolist(), f"{len(coefficients)} numbers, at least 0")
    return coefficients, exponents


def local_exponent(coefficients: Sequence[float], exponents: Sequence[float], size: Real) -> float:
    r"""Local exponent $-\frac{d\ln L}{d\ln N}$ of a sum of power laws $L(N)=\sum_ic_iN^{-\alpha_i}$.

    It is the mean of the $\alpha_i$ with weights $w_i=c_iN^{-\alpha_i}/L(N)$, the shares of the terms in
    the loss; a constant floor is a term with exponent 0.

    Parameters
    ----------
    coefficients : $c_i$, above 0.
    exponents : $\alpha_i$, at least 0, as many.
    size : $N$, above 0.

    Returns
    -------
    float between the least and the largest exponent

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-p7``.
    """
    coefficients, exponents = _mixture(coefficients, exponents)
    size = float(real("size", size, above=0))
    weights = special.softmax(np.log(coefficients) - exponents * math.log(size))
    return float(weights @ exponents)


class LayerCost(NamedTuple):
    """Multiply-adds of one transformer layer: the part linear in the tokens, and the quadratic part."""

    linear: int
    quadratic: int


def layer_cost(n_tokens: int, width: int) -> LayerCost:
    r"""Multiply-adds $12nd^2$ and $2n^2d$ of one layer of width $d$ with a feed-forward block of width $4d$.

    Parameters
    ----------
    n_tokens : $n=n_v+n_t$, at least 0.
    width : $d$, at least 1.

    Returns
    -------
    LayerCost
        They are equal at $n=6d$.

    Raises
    ------
    ValueError
        If an argument is out of range or not an integer.

    Source: ledger ``6-att``.
    """
    n_tokens, width = integer("n_tokens", n_tokens, 0), integer("width", width, 1)
    return LayerCost(12 * n_tokens * width**2, 2 * n_tokens**2 * width)


class BadPairs(NamedTuple):
    """Probability of at least one bad pair, mean and standard deviation of the fraction of bad pairs."""

    at_least_one: float
    fraction: float
    deviation: float


def bad_pairs(n_pairs: int, p: Real) -> BadPairs:
    r"""Bad pairs among `n_pairs` independent ones: $1-(1-p)^D$ is the chance of at least one, not their
    share.

    Parameters
    ----------
    n_pairs : $D$, at least 1.
    p : probability that a pair is misaligned, in [0, 1].

    Returns
    -------
    BadPairs

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-noise``.
    """
    n_pairs, p = integer("n_pairs", n_pairs, 1), float(probability("p", p))
    at_least_one = 1.0 if p == 1 else -math.expm1(n_pairs * math.log1p(-p))
    return BadPairs(at_least_one, p, math.sqrt(p * (1 - p) / n_pairs))


def label_snr(n_labels: int, p: Real) -> Fraction | float:
    r"""Signal-to-noise ratio of the mean of `n_labels` labels $\pm1$, each flipped with probability `p`.

    $N\frac{(1-2p)^2}{4p(1-p)}$: squared mean over variance of the mean.

    Parameters
    ----------
    n_labels : $N$, at least 1.
    p : probability of a flip, in (0, 1).

    Returns
    -------
    Fraction if `p` is exact, else float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: ledger ``6-snr``.
    """
    n_labels, p = integer("n_labels", n_labels, 1), probability("p", p, open_ends=True)
    return n_labels * (1 - 2 * p) ** 2 / (4 * p * (1 - p))
