r"""What a memory of given size can know about facts without structure, for the section on fundamental limits (2.1).

A world is a list of $N$ facts, each one of $q$ labels chosen uniformly and independently; a model answers all
of them. The module counts how well every model of a finite family can do at once (with high probability, for
one constructed truth, on average), what lossy storage gains over "store some, guess the rest", and how many
facts an abstaining model can know for sure. Witness for the ledger rows ``lem-1`` and ``s2-p7``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from numbers import Real

import numpy as np

from ._checks import array, fail, integer, probability, real

# Sizes up to this one keep every intermediate float far from overflow.
_LARGEST = 10**18
# Cells of the largest table an exhaustive search over codebooks builds (one byte each).
_TABLE_CELLS = 2 * 10**7
_DATA_POSITIONS = [2, 4, 5, 6]


def _log2(x: Fraction | float) -> float:
    # A Fraction may lie below the smallest float; its parts are integers of any size, which log2 accepts.
    if isinstance(x, Fraction):
        return math.log2(x.numerator) - math.log2(x.denominator)
    return math.log2(x)


def _log2_models(n_bits: int) -> float:
    # log2 of the 2^(c+1) - 1 descriptions of at most c bits.
    return n_bits + 1 + math.log1p(-(2.0 ** -(n_bits + 1))) / math.log(2)


def _labels_array(name: str, value: object, n_labels: int, ndim: int | None = None) -> np.ndarray:
    allowed = f"a non-empty array of integers from 0 to {n_labels - 1}"
    if ndim is not None:
        allowed += f" with {ndim} axes"
    try:
        out = np.asarray(value)
    except ValueError:
        fail(name, value, allowed)
    if out.dtype.kind not in "iu" or out.size == 0 or (ndim is not None and out.ndim != ndim):
        fail(name, value, allowed)
    if out.min() < 0 or out.max() >= n_labels:
        fail(name, value, allowed)
    return out.astype(np.intp)


def count_strings(n_symbols: int, length: int) -> int:
    r"""Number of strings of at most `length` symbols, $|\Sigma^{\le n}|=\sum_{i=0}^n|\Sigma|^i$.

    Equals $\frac{|\Sigma|^{n+1}-1}{|\Sigma|-1}$, or $n+1$ for an alphabet with one symbol (ledger ``lem-1``).

    Parameters
    ----------
    n_symbols : size $|\Sigma|$ of the alphabet, at least 1.
    length : largest length $n$, at least 0.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `n_symbols` < 1 or `length` < 0.
    """
    n_symbols = integer("n_symbols", n_symbols, 1)
    length = integer("length", length, 0)
    if n_symbols > 1 and (length + 1) * n_symbols.bit_length() > 10**7:
        fail("length", length, "small enough for a number of at most ten million bits")
    if n_symbols == 1:
        return length + 1
    return (n_symbols ** (length + 1) - 1) // (n_symbols - 1)


def _rate(n_bits: int, n_facts: int, n_labels: int, delta: Real) -> tuple[float, int]:
    n_bits = integer("n_bits", n_bits, 0, _LARGEST)
    n_facts = integer("n_facts", n_facts, 1, _LARGEST)
    n_labels = integer("n_labels", n_labels, 2, _LARGEST)
    delta = probability("delta", delta, open_ends=True, any_size=True)
    return (_log2_models(n_bits) - _log2(delta)) / n_facts, n_labels


def accuracy_cap(n_bits: int, n_facts: int, n_labels: int = 2, delta: Real = 1e-6) -> float:
    r"""Accuracy that no model of at most `n_bits` bits exceeds, with probability at least $1-\delta$.

    The $a\ge\frac1q$ with $\mathrm{kl}(a\,\|\,\frac1q)=\frac1N(\ln M+\ln\frac1\delta)$, $M=2^{c+1}-1$
    descriptions of at most $c$ = `n_bits` bits; 1 if there is none. The probability is over a uniformly
    random truth, and the statement is about all $M$ models together (ledger ``lem-1``: exact Chernoff
    form and union bound).

    Parameters
    ----------
    n_bits : longest description $c$ of a model, from 0 to $10^{18}$.
    n_facts : number $N$ of facts, from 1 to $10^{18}$.
    n_labels : number $q$ of labels, at least 2.
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    float
        A number in [1/q, 1].

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    rate, n_labels = _rate(n_bits, n_facts, n_labels, delta)
    return float(1.0 - _distortion(np.array(rate), n_labels))


def accuracy_cap_pinsker(n_bits: int, n_facts: int, n_labels: int = 2, delta: Real = 1e-6) -> float:
    r"""The weaker closed form of `accuracy_cap`: $\frac1q+\sqrt{\frac{\ln M+\ln(1/\delta)}{2N}}$, at most 1.

    Follows from `accuracy_cap` by Pinsker's inequality (ledger ``lem-1``).

    Parameters
    ----------
    n_bits, n_facts, n_labels, delta : as in `accuracy_cap`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    rate, n_labels = _rate(n_bits, n_facts, n_labels, delta)
    return min(1.0, 1 / n_labels + math.sqrt(rate * math.log(2) / 2))


def greedy_hard_truth(models: np.ndarray, n_labels: int = 2) -> np.ndarray:
    r"""A truth on which every listed model is hardly better than guessing.

    Each of the $M\ge2$ models has accuracy at most $\frac1q+\sqrt{\ln M/(2N)}$. Chooses the labels one after
    the other; label $l$ is the one whose supporters carry the least total weight, where a model right on $C$
    of the earlier facts weighs $e^{\lambda C}$, $\lambda=\sqrt{8\ln M/N}$. A single model is wrong everywhere
    (ledger ``lem-1``: the method of conditional expectations).

    Parameters
    ----------
    models : integer array of shape (M, N), the answer of each model to each fact, from 0 to `n_labels` - 1.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    integer array of shape (N,)

    Raises
    ------
    ValueError
        If `models` is not such an array or `n_labels` < 2.
    """
    n_labels = integer("n_labels", n_labels, 2, 10**6)
    models = _labels_array("models", models, n_labels, 2)
    n_models, n_facts = models.shape
    # With one model any positive rate does; ln 2 keeps the weights unequal.
    rate = math.sqrt(8 * math.log(max(n_models, 2)) / n_facts)
    right = np.zeros(n_models)
    truth = np.empty(n_facts, dtype=np.intp)
    for fact in range(n_facts):
        # Relative to the best model, so that no weight overflows.
        weights = np.exp(rate * (right - right.max()))
        truth[fact] = np.bincount(models[:, fact], weights, minlength=n_labels).argmin()
        right += models[:, fact] == truth[fact]
    return truth


def _distortion(rate: np.ndarray, n_labels: int) -> np.ndarray:
    """Error at which the rate function falls to `rate` bits, by bisection on the better conditioned form."""
    guess_right, guess_wrong = 1 / n_labels, (n_labels - 1) / n_labels
    nats = rate * math.log(2)
    gap = (math.log2(n_labels) - rate) * math.log(2)
    low, high = np.zeros_like(rate), np.full_like(rate, guess_wrong)
    for _ in range(128):
        middle = (low + high) / 2
        # Below half the guessing error: what is missing to full storage, h(D) + D ln(q - 1), a sum of
        # positive terms. (The floor keeps the logarithm finite where the answer is an error of zero.)
        small = np.clip(middle, 1e-300, guess_wrong / 2)
        missing = -small * np.log(small / (n_labels - 1)) - (1 - small) * np.log1p(-small)
        # Above: the divergence from guessing in terms of the distance to it.
        edge = np.minimum(guess_wrong - middle, guess_wrong / 2)
        divergence = (guess_right + edge) * np.log1p(edge / guess_right)
        divergence += (guess_wrong - edge) * np.log1p(-edge / guess_wrong)
        too_large = np.where(middle <= guess_wrong / 2, missing > gap, divergence < nats)
        low, high = np.where(too_large, low, middle), np.where(too_large, middle, high)
    return np.where(gap <= 0, 0.0, np.where(rate <= 0, guess_wrong, high))


def distortion_at_rate(rate: float | np.ndarray, n_labels: int = 2) -> float | np.ndarray:
    r"""Least average error of any memory with `rate` bits per fact: the inverse of the rate function.

    The $D\in[0,1-\frac1q]$ with $\log_2q-h_2(D)-D\log_2(q-1)=r$; 0 for $r\ge\log_2q$. No memory of $rN$ bits,
    however trained and decoded, has a smaller average error over uniform truths. It holds without any
    probability, and $1-D$ is also the accuracy in `accuracy_cap` (ledger ``lem-1``).

    Parameters
    ----------
    rate : bits per fact, at least 0; a number or an array.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    float or array of the shape of `rate`

    Raises
    ------
    ValueError
        If a rate is negative or not finite, or `n_labels` < 2.
    """
    rates = array("rate", rate)
    n_labels = integer("n_labels", n_labels, 2, _LARGEST)
    if (rates < 0).any():
        fail("rate", rate, "numbers of bits, at least 0")
    out = _distortion(rates, n_labels)
    return float(out) if out.ndim == 0 else out


def naive_accuracy(rate: Real | np.ndarray, n_labels: int = 2) -> Fraction | float | np.ndarray:
    r"""Accuracy of storing a share of the facts exactly and guessing the rest.

    $\frac1q+\frac r{\log_2q}(1-\frac1q)$, at most 1. The straight line that lossy storage beats (ledger
    ``lem-1``).

    Parameters
    ----------
    rate : bits per fact $r$, at least 0; a number or an array.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    Fraction, float or array
        A Fraction if `rate` is an integer or a Fraction and `n_labels` a power of two.

    Raises
    ------
    ValueError
        If a rate is negative or `n_labels` < 2.
    """
    n_labels = integer("n_labels", n_labels, 2, _LARGEST)
    guess = Fraction(1, n_labels)
    bits = n_labels.bit_length() - 1 if n_labels & (n_labels - 1) == 0 else math.log2(n_labels)
    if isinstance(rate, Real):
        stored = min(real("rate", rate, 0) / bits, 1)
        return guess + stored * (1 - guess)
    rates = array("rate", rate)
    if (rates < 0).any():
        fail("rate", rate, "numbers of bits, at least 0")
    return float(guess) + np.minimum(rates / bits, 1.0) * float(1 - guess)


def best_codebook_error(n_facts: int, n_codewords: int, n_labels: int = 2) -> Fraction:
    r"""Least average error of any memory with `n_codewords` states, found by trying every codebook.

    $\min_{|C|=M}\;q^{-N}\sum_{f\in[q]^N}\min_{c\in C}\frac1N\#\{j:c_j\ne f_j\}$. Translations preserve the
    distance, so the first codeword is taken to be zero (ledger ``lem-1``).

    Parameters
    ----------
    n_facts : number $N$ of facts, at least 1.
    n_codewords : number $M$ of memory states, at least 1.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If an argument is too small, or the search would need more than twenty million table cells.
    """
    n_facts = integer("n_facts", n_facts, 1, 30)
    n_codewords = integer("n_codewords", n_codewords, 1)
    n_labels = integer("n_labels", n_labels, 2)
    n_truths = n_labels**n_facts
    if n_codewords >= n_truths:
        return Fraction(0)
    if n_truths > 4096:
        fail("n_facts", n_facts, f"at most 4096 truths for an exhaustive search, not {n_labels}^{n_facts}")
    n_codebooks = math.comb(n_truths - 1, n_codewords - 1)
    if n_codebooks * n_codewords * n_truths > _TABLE_CELLS:
        fail(
            "n_codewords",
            n_codewords,
            f"fewer than {n_codebooks} codebooks for {n_truths} truths",
        )
    truths = np.indices((n_labels,) * n_facts).reshape(n_facts, n_truths)
    distance = (truths[:, :, None] != truths[:, None, :]).sum(axis=0, dtype=np.int8)
    codebooks = np.zeros((n_codebooks, n_codewords), dtype=np.intp)
    codebooks[:, 1:] = list(combinations(range(1, n_truths), n_codewords - 1))
    errors = distance[codebooks].min(axis=1).sum(axis=1, dtype=np.int64)
    return Fraction(int(errors.min()), n_facts * n_truths)


def _bit_rows(name: str, value: object, width: int) -> np.ndarray:
    bits = _labels_array(name, value, 2)
    if bits.ndim == 0 or bits.shape[-1] != width:
        fail(name, value, f"an array of bits whose last axis has length {width}")
    return bits


def hamming_encode(facts: np.ndarray) -> np.ndarray:
    """Four memory bits for seven binary facts, by the [7, 4] Hamming code.

    The data bits of the nearest codeword. The code is perfect: every list of seven bits is a codeword or one
    bit away from exactly one (ledger ``lem-1``).

    Parameters
    ----------
    facts : integer array of shape (..., 7) with entries 0 and 1.

    Returns
    -------
    integer array of shape (..., 4)

    Raises
    ------
    ValueError
        If `facts` is not such an array.
    """
    facts = _bit_rows("facts", facts, 7)
    # Bits are numbered 1 to 7; in a codeword the numbers of the ones add (bit by bit, without carry) to zero.
    syndrome = np.bitwise_xor.reduce(facts * np.arange(1, 8), axis=-1)
    codeword = facts ^ (syndrome[..., None] == np.arange(1, 8))
    return codeword[..., _DATA_POSITIONS]


def hamming_decode(memory: np.ndarray) -> np.ndarray:
    """The seven answers recalled from four memory bits, by the [7, 4] Hamming code.

    The codeword with these data bits. At most one of the seven answers differs from what was stored by
    `hamming_encode` (ledger ``lem-1``).

    Parameters
    ----------
    memory : integer array of shape (..., 4) with entries 0 and 1.

    Returns
    -------
    integer array of shape (..., 7)

    Raises
    ------
    ValueError
        If `memory` is not such an array.
    """
    memory = _bit_rows("memory", memory, 4)
    codeword = np.zeros((*memory.shape[:-1], 7), dtype=memory.dtype)
    codeword[..., _DATA_POSITIONS] = memory
    # The check bits 1, 2 and 4 cancel what the data bits leave.
    syndrome = np.bitwise_xor.reduce(codeword * np.arange(1, 8), axis=-1)
    for place in range(3):
        codeword[..., 2**place - 1] = syndrome >> place & 1
    return codeword


def hamming_accuracy() -> Fraction:
    """Average accuracy over all 128 truths of seven binary facts kept in four bits by the Hamming code.

    Exactly 7/8: one truth in eight comes back unharmed, the others with one error. Storing four facts and
    guessing three gives 11/14 (ledger ``lem-1``).

    Returns
    -------
    Fraction
    """
    truths = np.arange(128)[:, None] >> np.arange(7) & 1
    right = int((hamming_decode(hamming_encode(truths)) == truths).sum())
    return Fraction(right, truths.size)


def known_facts_cap(n_bits: int, delta: Real, n_labels: int = 2) -> float:
    r"""Most questions a model of at most `n_bits` bits may answer if it is never wrong and free to abstain.

    $\frac{\log_2M+\log_2(1/\delta)}{\log_2q}$, $M=2^{c+1}-1$: with probability at least $1-\delta$ over
    uniform truths, no model without a wrong answer answers more, however many facts there are (ledger
    ``lem-1``).

    Parameters
    ----------
    n_bits : longest description $c$ of a model, from 0 to $10^{18}$.
    delta : allowed failure probability, in (0, 1).
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_bits = integer("n_bits", n_bits, 0, _LARGEST)
    delta = probability("delta", delta, open_ends=True, any_size=True)
    n_labels = integer("n_labels", n_labels, 2, _LARGEST)
    return (_log2_models(n_bits) - _log2(delta)) / math.log2(n_labels)
