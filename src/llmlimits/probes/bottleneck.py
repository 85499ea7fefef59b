r"""Two probes that train: labels read from a codebook, and position rows that are rarely visited.

`label_capacity` cuts real handwritten digits into the cells of a codebook and asks how often the label can be
read from the number of the cell, for the section on codebooks (6.2, ledger ``6-p4``). `position_training`
trains small GPT-2 and Llama models on short documents and measures the loss at every position of the window, for
the section on training positions (3.1, ledger ``s3-06``). Neither needs weights from elsewhere: they take the
subject that every probe takes and do not use it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import plotting, quantization
from .._checks import array, choice, fail, generator, integer, real
from .._training import flushed_denormals
from . import Subject, probe

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
    generator("rng", rng)
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
    plotting.label_line(made, "made for labels", where=0.6, dx=2, dy=-8)
    plotting.label_line(blind, "made for pixels", where=0.4, dx=14, dy=-14)
    ax.set(xlabel="codewords $K$", ylabel="labels read rightly", ylim=(0, 1.06))
    return fig


# --- position rows that training rarely visits ---

WINDOW, WORDS, GAP, MEAN = 128, 24, 3, 20  # window, vocabulary, distance of the copied token, mean length
RUNS = (  # positions, lengths of the documents, optimiser
    ("learned", "short", "sgd"),
    ("learned", "short", "adam"),
    ("rotary", "short", "adam"),
    ("learned", "full", "adam"),
)


def copy_loss(rate: float = 0.9) -> float:
    r"""Least mean loss, in nats, on the task of `position_training`: copy the token three places back.

    A token equals that one with probability `rate` and is uniform among 24 otherwise: the entropy of this law.

    Parameters
    ----------
    rate : in [0, 1).

    Raises
    ------
    ValueError
        If `rate` is outside its range.

    Source: ledger ``s3-06``.
    """
    rate = float(real("rate", rate, 0, below=1))
    other = (1 - rate) / WORDS
    return -(rate + other) * np.log(rate + other) - (WORDS - 1) * other * np.log(other)


def reach(kind: str) -> np.ndarray:
    r"""Probability that a document of `position_training` reads the row of position 0, 1, ..., 127.

    Row $j$ counts if some later token is predicted with it: $P(n\ge j+2)=(1-\frac1{20})^{j+1}$ for geometric
    lengths $n$ with mean 20, and 0 for the last row, after which no token comes.

    Parameters
    ----------
    kind : ``short`` (geometric lengths with mean 20, cut at the window) or ``full`` (always 128).

    Raises
    ------
    ValueError
        If `kind` is another word.

    Source: ledger ``s3-06``.
    """
    short = choice("kind", kind, ("short", "full")) == "short"
    out = (1 - 1 / MEAN) ** np.arange(1, WINDOW + 1) if short else np.ones(WINDOW)
    out[-1] = 0
    return out


@probe(model="tiny:gpt2", quick={"runs": 1}, tolerance={"loss": 0.1, "moved": 0.02})
def position_training(
    subject: Subject | None, runs: int = 4, steps: int = 240, seed: int = 0
) -> dict[str, np.ndarray]:
    r"""Train small language models on short documents, and measure the loss at every place of the window.

    Two classes of transformers with two layers, width 64, four heads and 128 positions: GPT-2, in which every
    position has a learned row, and Llama, in which positions rotate queries and keys. The task is to copy the token
    three places back. Runs 1 and 2 train GPT-2 on short documents, with plain gradient descent, to which the theorem
    on undertraining applies, and with Adam; run 3 trains Llama on them, run 4 GPT-2 on full windows.

    Parameters
    ----------
    subject : not used; the models are trained from random weights.
    runs : how many of the four runs, 1 to 4.
    steps : training steps of 24 short or 8 full documents, 1 to 10,000.
    seed : of the weights and the documents.

    Returns
    -------
    dict of arrays: `positions`, `lengths`, `optimizer` (texts, one per run), `loss` (runs, 32), the mean loss on full
    windows in 32 parts of four positions, and `moved` (runs, 128), how far the row of a position moved (0 for Llama)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s3-06``.
    """
    runs = integer("runs", runs, 1, len(RUNS))
    steps = integer("steps", steps, 1, 10_000)
    seed = integer("seed", seed, 0)
    found = [_train_positions(*run, steps, seed) for run in RUNS[:runs]]
    names = ("positions", "lengths", "optimizer")
    out = {name: np.array(column) for name, column in zip(names, zip(*RUNS[:runs], strict=True), strict=True)}
    return out | {
        "loss": np.stack([loss for loss, _ in found]),
        "moved": np.stack([moved for _, moved in found]),
    }


def _copies(rng: np.random.Generator, n: int, length: int) -> np.ndarray:
    """`n` sequences in which a token repeats the one three places back with probability 0.9."""
    tokens = rng.integers(WORDS, size=(n, length))
    again = rng.random((n, length)) < 0.9
    for t in range(GAP, length):
        tokens[:, t] = np.where(again[:, t], tokens[:, t - GAP], tokens[:, t])
    return tokens


def _train_positions(positions: str, lengths: str, optimizer: str, steps: int, seed: int):
    import torch
    import transformers as tf

    common = {"vocab_size": WORDS, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    if positions == "learned":
        config = tf.GPT2Config(
            n_positions=WINDOW, n_embd=64, n_layer=2, n_head=4,
            resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, **common,
        )  # fmt: skip
    else:
        config = tf.LlamaConfig(
            max_position_embeddings=WINDOW, hidden_size=64, intermediate_size=256, num_hidden_layers=2,
            num_attention_heads=4, **common,
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the same numbers with any number of processors
    try:
        with torch.random.fork_rng(devices=[]), flushed_denormals():
            torch.manual_seed(seed)
            model = tf.AutoModelForCausalLM.from_config(config)
            table = model.transformer.wpe.weight if positions == "learned" else None
            start = None if table is None else table.detach().clone()
            if optimizer == "adam":
                descent = torch.optim.Adam(model.parameters(), lr=3e-3)
            else:
                descent = torch.optim.SGD(model.parameters(), lr=0.5)
            for _ in range(steps):
                size = np.full(8, WINDOW)
                if lengths == "short":
                    size = np.minimum(rng.geometric(1 / MEAN, size=24), WINDOW)
                tokens = torch.from_numpy(_copies(rng, len(size), max(int(size.max()), 2)))
                inside = torch.from_numpy(np.arange(1, tokens.shape[1])[None, :] < size[:, None])
                logits = model(tokens, use_cache=False).logits[:, :-1]
                each = torch.nn.functional.cross_entropy(
                    logits.transpose(1, 2), tokens[:, 1:], reduction="none"
                )
                loss = (each * inside).sum() / inside.sum().clamp(min=1)
                descent.zero_grad()
                loss.backward()
                descent.step()
            moved = np.zeros(WINDOW)
            with torch.inference_mode():
                if table is not None:
                    moved = (table - start).norm(dim=1).numpy().astype(float)
                tokens = torch.from_numpy(_copies(np.random.default_rng([seed, 1]), 64, WINDOW + 1))
                logits = model(tokens[:, :-1], use_cache=False).logits
                each = torch.nn.functional.cross_entropy(
                    logits.transpose(1, 2), tokens[:, 1:], reduction="none"
                )
    finally:
        torch.set_num_threads(threads)
    return each.mean(0).numpy().astype(float).reshape(-1, 4).mean(axis=1), moved


def position_slope(values: dict, run: int = 0) -> float:
    r"""Slope of the logarithm of a row's displacement in that of its probability; the bound has slope 1.

    Parameters
    ----------
    values : what `position_training` returned.
    run : a run in which rows are learned from short documents.

    Raises
    ------
    ValueError
        If there is no such run, or it is of another kind.

    Source: ledger ``s3-06``.
    """
    run = integer("run", run, 0, len(values["loss"]) - 1)
    if (values["positions"][run], values["lengths"][run]) != ("learned", "short"):
        fail("run", run, "a run with learned positions and short documents")
    p, moved = reach("short"), values["moved"][run]
    seen = (p > 0) & (moved > 0)
    return float(np.polyfit(np.log(p[seen]), np.log(moved[seen]), 1)[0])


def draw_position_training(values: dict, live: dict | None = None):
    """Left the loss along the window, right how far the rows moved; live runs are dashed and hollow."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6))
    names = {
        ("rotary", "short"): ("rotary, short documents", plotting.GREEN),
        ("learned", "full"): ("learned, full windows", plotting.BLUE),
        ("learned", "short"): ("learned, short documents", plotting.VERMILION),
    }
    places = np.arange(WINDOW).reshape(-1, 4).mean(axis=1)
    for data, line, size, face in ((values, "-", 3, None), (live, "--", 6, "none")):
        for run in range(0 if data is None else len(data["loss"])):
            kind = str(data["positions"][run]), str(data["lengths"][run])
            adam = data["optimizer"][run] == "adam"
            name, colour = names[kind]
            if adam:
                (curve,) = left.plot(places, data["loss"][run], line, color=colour, lw=1.5)
                if data is values:
                    curve.set_label(name)
            if kind == ("learned", "short"):
                p = reach("short")[:-1]
                style = {"color": colour if adam else plotting.BLACK, "ms": size, "mfc": face}
                label = ("Adam" if adam else "gradient descent") if data is values else None
                right.loglog(p, data["moved"][run][:-1], "s" if adam else "o", label=label, **style)
    left.axhline(copy_loss(), color="0.4", ls=":", lw=1)
    left.axhline(np.log(WORDS), color="0.4", ls=":", lw=1)
    left.text(4, np.log(WORDS) + 0.08, "guessing", fontsize=8.5, color="0.3")
    left.set(xlabel="position", ylabel="loss (nats)", ylim=(0, None))
    left.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.98))
    p = reach("short")[:-1]
    right.loglog(p, values["moved"][0][:8].mean() * p, color="0.4", ls=":", lw=1.2, label="slope 1")
    right.set(xlabel="probability $p$ that a document reads the row", ylabel="distance moved by the row")
    right.legend(fontsize=8)
    return fig
