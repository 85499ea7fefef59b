r"""Two probes that train: labels read from a codebook, and position rows that are rarely visited.

`label_capacity` cuts real handwritten digits into the cells of a codebook and asks how often the label can be
read from the number of the cell, for the section on codebooks (6.1.4, ledger ``6-p4``). `position_training`
trains small GPT-2 and Llama models on short documents and measures the loss at every position of the window, for
the section on training positions (3.2, ledger ``s3-06``). Neither needs weights from elsewhere: they take the
subject that every probe takes and do not use it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import plotting, quantization
from .._checks import array, fail, integer

CODES = (1, 2, 3, 4, 6, 8, 10, 16, 32, 64, 128)


def label_cap(shares: Sequence[float], n_codes: int) -> float:
    r"""Largest share of labels that any decoder can name from a code of $K$ values: the $K$ largest shares.

    $\max P(\hat y(k(x))=y)\le p_{(1)}+\dots+p_{(K)}$ with the shares $p$ of the labels in decreasing order.

    Parameters
    ----------
    shares : probabilities of the labels, non-negative, with sum 1.
    n_codes : $K$, at least 1.

    Returns
    -------
    float in (0, 1]

    Raises
    ------
    ValueError
        If the shares are no law, or `n_codes` is no integer of at least 1.

    Source: ledger ``6-p4``.
    """
    shares = array("shares", shares, 1)
    if (shares < 0).any() or abs(shares.sum() - 1) > 1e-9:
        fail("shares", shares.tolist(), "non-negative numbers that sum to 1")
    return float(np.sort(shares)[::-1][: integer("n_codes", n_codes, 1)].sum())


def label_capacity(rng: np.random.Generator, repeats: int = 5) -> dict[str, np.ndarray]:
    r"""Share of unseen digits whose label is read rightly from the number of their codeword.

    Each repeat splits scikit-learn's 1,797 digits into halves, learns a codebook of $K$ codewords on one half
    without labels (Lloyd), gives each codeword the commonest label of its cell, and reads the other half. The
    second code is made for labels: the label of the nearest training digit, if it is among the $K$ commonest.

    Parameters
    ----------
    rng : source of the splits and the starts.
    repeats : number of random splits, 1 to 50.

    Returns
    -------
    dict of arrays: `codes` (the sizes), and of shape (repeats, sizes) `pixels`, `labels` (shares read rightly from
    the two codes) and `cap` (the counting cap for the unseen half)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``6-p4``.
    """
    from sklearn.datasets import load_digits

    repeats = integer("repeats", repeats, 1, 50)
    if not isinstance(rng, np.random.Generator):
        fail("rng", rng, "a numpy.random.Generator")
    images, label = load_digits(return_X_y=True)
    images = images / 16
    found = {name: np.zeros((repeats, len(CODES))) for name in ("pixels", "labels", "cap")}
    for r in range(repeats):
        seen, unseen = np.array_split(rng.permutation(len(label)), 2)
        said = label[seen][quantization.nearest(images[unseen], images[seen])]
        common = np.argsort(-np.bincount(label[seen]), kind="stable")
        shares = np.bincount(label[unseen], minlength=10) / len(unseen)
        for i, k in enumerate(CODES):
            book = quantization.lloyd(images[seen], k, rng)
            table = np.zeros((k, 10), dtype=int)
            np.add.at(table, (quantization.nearest(images[seen], book), label[seen]), 1)
            read = table.argmax(axis=1)[quantization.nearest(images[unseen], book)]
            found["pixels"][r, i] = (read == label[unseen]).mean()
            found["labels"][r, i] = ((said == label[unseen]) & np.isin(said, common[:k])).mean()
            found["cap"][r, i] = label_cap(shares, k)
    return {"codes": np.array(CODES)} | found


def draw_label_capacity(values: dict):
    """The two codes against the cap, on a logarithmic axis of the number of codewords."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    codes = values["codes"]
    (cap,) = ax.semilogx(codes, values["cap"].mean(axis=0), "--", color=plotting.BLACK, base=2)
    (made,) = ax.semilogx(codes, values["labels"].mean(axis=0), "s-", ms=4, base=2, color=plotting.GREEN)
    (blind,) = ax.semilogx(codes, values["pixels"].mean(axis=0), "o-", ms=4, base=2, color=plotting.BLUE)
    plotting.label_line(cap, "counting cap", where=0.4, dx=-86, dy=2)
    plotting.label_line(made, "made for labels", where=0.6, dx=8, dy=-11)
    plotting.label_line(blind, "made for pixels", where=0.4, dx=14, dy=-14)
    ax.set(xlabel="codewords $K$", ylabel="labels read rightly", ylim=(0, 1.06))
    return fig
