r"""Sentence embeddings of a real model: paraphrases and poisons among passages, and positions it was not trained on.

`retrieval_margins` embeds a small corpus of true statements about 180 countries, questions in several forms and
false statements, for the section on ranks and poisons (5.2, ledger ``s5-08``, ``s5-16``, ``s5-17``).
`shifted_positions` embeds the same passages with their positions moved, for the section on encodings (3.2, ledger
``s3-16``).
"""

from __future__ import annotations

import numpy as np

from .. import plotting, retrieval
from .._checks import fail, integer
from . import Subject, _equal_lengths, probe
from .facts import countries

READ = 3  # passages that are read
ASKED = (
    "What is the capital of {}?",
    "Which city is the capital of {}?",
    "{}: capital city?",
    "Where does the government of {} sit?",
    "A friend moves to {}; in which city will he find the ministries?",
)
POISONS = ("The capital of {} is {}.", "What is the capital of {0}? The capital of {0} is {1}.")
SHIFTS = (0, 1, 16, 32, 64, 96, 112, 128, 144, 160, 192, 256, 320, 384, 440)


@probe(model="pkg:minilm", quick={"questions": 20}, tolerance=0.01)
def retrieval_margins(subject: Subject, questions: int = 60) -> dict[str, np.ndarray]:
    r"""Scores of questions, paraphrases and false passages among 360 true ones.

    For every country the corpus says "The capital of X is Y." and "X is a country in K."; each question asks for a
    capital in five forms. A poison gives the capital of another country, alone or after a copy of the question.

    Parameters
    ----------
    subject : an encoder.
    questions : countries that are asked about, every third of the table, 1 to 60.

    Returns
    -------
    dict of arrays with one row per question: `country`; `best` (n, 5, 4), the four best clean cosines in each form;
    `rank` (n, 5), clean passages above the true one; `step` (n, 5), the distance of a form from the first; `radius`
    (n,), how far the first form can move before its best three passages can change; `same` (n, 5), whether they are
    the same; `poison` (n, 5, 2), cosines of the two poisons; `overlap` (n, 2), theirs with the best clean passage

    Raises
    ------
    ValueError
        If `questions` is out of range.

    Source: ledger ``s5-08``, ``s5-16``, ``s5-17``.
    """
    questions = integer("questions", questions, 1, 60)
    rows = countries()
    true = [f"The capital of {row.name} is {row.capital}." for row in rows]
    other = [f"{row.name} is a country in {row.continent}." for row in rows]
    places = [3 * i for i in range(questions)]
    asked = [form.format(rows[i].name) for form in ASKED for i in places]
    lies = [form.format(rows[i].name, rows[(i + 90) % len(rows)].capital) for form in POISONS for i in places]
    clean = subject.embed(true + other).astype(float)
    query = subject.embed(asked).astype(float).reshape(len(ASKED), questions, -1).swapaxes(0, 1)
    poison = subject.embed(lies).astype(float).reshape(len(POISONS), questions, -1).swapaxes(0, 1)
    score = query @ clean.T
    order = np.argsort(-score, axis=2, kind="stable")
    sets = np.sort(order[:, :, :READ], axis=2)
    own = np.take_along_axis(score, np.array(places)[:, None, None], axis=2)
    return {
        "country": np.array([rows[i].name for i in places]),
        "best": np.take_along_axis(score, order[:, :, : READ + 1], axis=2),
        "rank": (score > own).sum(axis=2),
        "step": np.linalg.norm(query - query[:, :1], axis=2),
        "radius": np.array([retrieval.stable_radius(q, clean, READ) for q in query[:, 0]]),
        "same": (sets == sets[:, :1]).all(axis=2),
        "poison": np.einsum("nfd,npd->nfp", query, poison),
        "overlap": np.einsum("npd,nd->np", poison, clean[order[:, 0, 0]]),
    }


def poison_survival(values: dict, kind: int) -> dict[str, np.ndarray]:
    r"""For each form: is the poison among the three best, and does its margin at the first form promise it?

    The promise is $\|q'-q\|<\frac m2$ with the margin $m=\langle q,p\rangle-s_{(3)}$ at the first form.

    Parameters
    ----------
    values : what `retrieval_margins` returned.
    kind : 0 for the plain false statement, 1 for the one after a copy of the question.

    Returns
    -------
    dict of truth values of shape (questions, forms): `promised`, `retrieved`, `first` (above every clean passage)

    Raises
    ------
    ValueError
        If `kind` is neither 0 nor 1.

    Source: ledger ``s5-17``.
    """
    kind = integer("kind", kind, 0, 1)
    poison, best = values["poison"][:, :, kind], values["best"]
    margin = poison[:, 0] - best[:, 0, READ - 1]
    return {
        "promised": values["step"] < margin[:, None] / 2,
        "retrieved": poison > best[:, :, READ - 1],
        "first": poison > best[:, :, 0],
    }


def draw_retrieval_margins(values: dict, live: dict | None = None):
    """Cosines of the poison against those of the best clean passage, and their overlap against its floor."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8))
    for data, face, size in ((values, None, 4), (live, "none", 7)):
        if data is None:
            continue
        for kind, colour, mark, name in (
            (0, plotting.BLUE, "o", "plain"),
            (1, plotting.VERMILION, "s", "copied"),
        ):
            style = {"color": colour, "ms": size, "mfc": face}
            clean, poison = data["best"][:, 0, 0], data["poison"][:, 0, kind]
            left.plot(clean, poison, mark, label=name if data is values else None, **style)
            floor = [
                retrieval.least_overlap(min(a, 1), min(b, 1)) for a, b in zip(poison, clean, strict=True)
            ]
            right.plot(floor, data["overlap"][:, kind], mark, **style)
    for ax in (left, right):
        low, high = ax.get_xlim()
        ax.plot([low, high], [low, high], color="0.5", lw=1)
    left.set(xlabel="cosine of the best clean passage", ylabel="cosine of the poison")
    right.set(xlabel="floor for the overlap", ylabel="overlap of poison and clean passage")
    left.legend(fontsize=8)
    return fig


@probe(model="pkg:minilm", quick={"passages": 20}, tolerance=0.01)
def shifted_positions(subject: Subject, passages: int = 60) -> dict[str, np.ndarray]:
    r"""Cosine of a passage's embedding with that of the same passage at later positions, and the position rows.

    Passages of the made-up towns of the chapter on retrieval, at most 60 tokens each; every position is moved by the
    same shift, so that only the learned rows that are added change.

    Parameters
    ----------
    subject : an encoder with learned positions, 512 of them or more.
    passages : how many passages, 1 to 132.

    Returns
    -------
    dict of arrays: `shift`, the shifts; `cosine` (passages, shifts); `nearest` (passages, shifts), whether the
    unshifted passage nearest to the shifted one is the same passage; `norm`, the lengths of the first 512 rows

    Raises
    ------
    ValueError
        If `passages` is out of range, or the model has no 512 learned rows.

    Source: ledger ``s3-16``.
    """
    import torch

    passages = integer("passages", passages, 1, 132)
    rows = getattr(getattr(subject.model, "embeddings", None), "position_embeddings", None)
    if rows is None or len(rows.weight) < 512:
        fail("subject", subject.name, "an encoder with at least 512 learned position rows")
    texts = [passage.text for passage in retrieval.fictional_corpus().passages]
    tokens = [subject.tokenizer(text, truncation=True, max_length=60)["input_ids"] for text in texts]
    out = np.zeros((len(SHIFTS), len(texts), subject.model.config.hidden_size))
    with torch.inference_mode():
        for s, shift in enumerate(SHIFTS):
            for chunk in _equal_lengths(tokens if shift == 0 else tokens[:passages], 32):
                ids = torch.tensor([tokens[i] for i in chunk], device=subject.device)
                place = torch.arange(shift, shift + ids.shape[1], device=subject.device)[None].expand_as(ids)
                mean = subject.model(ids, position_ids=place).last_hidden_state.float().mean(1)
                out[s, chunk] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
        norm = rows.weight[:512].float().norm(dim=1).cpu().numpy()
    start, moved = out[0], out[:, :passages]
    cosine = np.einsum("spd,pd->ps", moved, start[:passages])
    nearest = np.einsum("spd,qd->psq", moved, start).argmax(axis=2) == np.arange(passages)[:, None]
    return {"shift": np.array(SHIFTS), "cosine": cosine, "nearest": nearest, "norm": norm.astype(float)}


def draw_shifted_positions(values: dict, live: dict | None = None):
    """Cosine against the shift with its middle half, and the lengths of the rows; live: dashed."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
    for data, line in ((values, "-"), (live, "--")):
        if data is None:
            continue
        low, middle, high = np.quantile(data["cosine"], (0.25, 0.5, 0.75), axis=0)
        left.plot(data["shift"], middle, "o" + line, ms=4, color=plotting.BLUE)
        if data is values:
            left.fill_between(data["shift"], low, high, color=plotting.SKY, alpha=0.3)
        right.plot(data["norm"], line, color=plotting.VERMILION, lw=1)
    for ax in (left, right):
        ax.axvline(128, color="0.4", lw=1, ls=":")
    left.set(xlabel="shift of all positions", ylabel="cosine with the unshifted")
    right.set(xlabel="position", ylabel="length of its row", ylim=(0, None))
    return fig
