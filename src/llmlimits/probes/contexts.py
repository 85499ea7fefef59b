"""Probes of what a causal model does with a context: crowding, distance, needles, conflicts and distractors.

For the sections on attention, encodings and conflicting sources, beside the theorems of the ledger rows ``s3-17`` and
``s3-19`` (crowding), ``s3-14`` (rotary scores), ``s3-28`` (reach), ``s5-24`` (distraction), ``s5-26`` (memory against
context). Contexts are made of short sentences of one form, "The secret word of the red box is lemon.", so that the
number of competing keys, their distance and the place of the right one are known exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import _checks, plotting
from . import Subject, probe

COLOURS = (
    "red blue green white black yellow brown grey pink purple orange golden silver wooden plastic paper glass stone "
    "heavy tiny"
).split()
THINGS = (
    "box bag jar chest drawer basket bucket case cup bowl crate tin bottle trunk pouch tray barrel sack locker wallet"
).split()
VALUES = (
    "lemon spoon ring coin key book ball hat shoe candle pencil stone flower feather button mirror knife brush bell "
    "map watch cake potato shell rope nail letter stamp ticket clock lamp pipe drum flute doll toy card chain cup fork"
).split()
FILLER = (
    "It rained a little on the way home.",
    "The bus was late again this morning.",
    "Nobody in the village had seen such a winter.",
    "We walked along the river until it was dark.",
    "The bakery opens at six on most days.",
    "Her brother works in a small town nearby.",
    "They talked for hours about the old school.",
    "A dog was barking somewhere behind the houses.",
    "The garden looks much better after the rain.",
    "He reads the newspaper while he eats breakfast.",
    "The train stopped twice before the bridge.",
    "In summer the lake is full of people.",
    "The teacher asked them to be quiet.",
    "Most of the shops were closed by then.",
    "She wrote a long letter to her aunt.",
    "The wind was cold, but the sun was shining.",
    "Children were playing football in the street.",
    "The doctor told him to rest for a week.",
    "We had soup and bread for dinner.",
    "The road to the coast is narrow and steep.",
    "Her neighbours moved away last spring.",
    "The museum shows paintings from many countries.",
    "He forgot his umbrella on the train.",
    "The farmers were worried about the harvest.",
)

QUESTION = "\nQuestion and answer.\n"  # without it, a small model adds one more sentence to the list


def _pairs(subject: Subject, rng: np.random.Generator) -> list[tuple[list[int], list[int], str]]:
    """Sentences on all things in random order: ids of what comes before the value, of the value, and the value."""
    order = rng.permutation(len(COLOURS) * len(THINGS))
    values = rng.integers(len(VALUES), size=order.size)
    out = []
    for k, v in zip(order, values, strict=True):
        ask = f"The secret word of the {COLOURS[k // len(THINGS)]} {THINGS[k % len(THINGS)]} is"
        out.append((subject.ids(ask), subject.ids(f" {VALUES[v]}"), VALUES[v]))
    return out


def _counts(name: str, value: Sequence[int], most: int) -> list[int]:
    """Increasing positive integers."""
    out = [_checks.integer(name, n, 2, most) for n in value]
    if out != sorted(set(out)) or not out:
        _checks.fail(name, value, "increasing integers")
    return out


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    logits = logits.astype(float)
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


# --- crowding -------------------------------------------------------------------------------------------------------


@probe(
    model="pkg:smollm2",
    quick={"seeds": 1, "pairs": (8, 16, 32)},
    tolerance={"logit": 0.05, "margin": 0.05, "kappa": 0.05, "spread": 0.05, "right": 0.01},
)
def crowding(
    subject: Subject, seeds: int = 4, pairs: Sequence[int] = (8, 16, 32, 64, 128), targets: int = 4
) -> dict[str, np.ndarray]:
    r"""Attention of the question's last token to the value asked for, among N sentences of the same form.

    The context is N sentences "The secret word of the red box is lemon."; the question repeats one of them up to the
    value. For every head, with $s$ the score of the value asked for and $X_k$ those of the other $n=N-1$ values (all
    up to the same constant, as logarithms of attention weights): the log-odds of its weight among all tokens
    (`logit`), the margin $s-\bar X$, the price of spread $\kappa$ = log-mean-exp minus mean, and the standard
    deviation of the $X_k$. By ``thm-exact-margin`` its log-odds among the values alone are $s-\bar X-\ln n-\kappa$.

    Parameters
    ----------
    seeds : contexts, each with its own sentences; a context with fewer sentences is the beginning of a longer one.
    pairs : the numbers N of sentences, increasing, each at least 2.
    targets : sentences asked for in each context, spread evenly over it; all numbers are means over them.

    Returns
    -------
    ``logit``, ``margin``, ``kappa``, ``spread`` of shape (seeds, numbers, layers, heads); ``right``, the probability
    of the right value's first token, of shape (seeds, numbers); ``pairs``.
    """
    pairs = _counts("pairs", pairs, len(COLOURS) * len(THINGS))
    seeds, targets = _checks.integer("seeds", seeds, 1), _checks.integer("targets", targets, 1)
    out: dict[str, list] = {key: [] for key in ("logit", "margin", "kappa", "spread", "right")}
    for seed in range(seeds):
        sentences = _pairs(subject, np.random.default_rng([seed, 1]))
        stop, question = subject.ids(".\n"), subject.ids(QUESTION)
        cache, places, end, rows = None, [], 0, []
        for n in pairs:
            block: list[int] = []
            for ask, value, _ in sentences[len(places) : n]:
                places.append(end + len(block) + len(ask))
                block += ask + value + stop
            cache, end = subject.read(block, cache), end + len(block)
            asked = [int((i + 0.5) * n / targets) for i in range(targets)]
            logits, weights = subject.ask(cache, [question + sentences[i][0] for i in asked], attention=True)
            logp = _log_softmax(logits)
            rows.append(
                [
                    (*_scores(row, places, i), np.exp(line[sentences[i][1][0]]))
                    for i, row, line in zip(asked, weights, logp, strict=True)
                ]
            )
        for k, key in enumerate(out):
            out[key].append([np.mean([target[k] for target in row], axis=0) for row in rows])
    return {key: np.array(value) for key, value in out.items()} | {"pairs": np.array(pairs)}


def _scores(weights: np.ndarray, places: Sequence[int], right: int) -> tuple[np.ndarray, ...]:
    """Log-odds, margin, price of spread and standard deviation per head, from weights (layers, heads, tokens)."""
    weights = np.clip(weights.astype(float), 1e-30, 1 - 1e-9)  # single precision may round a weight to 0
    mass = weights[..., places[right]]
    others = np.log(np.delete(weights[..., list(places)], right, axis=-1))
    mean = others.mean(-1)
    kappa = np.logaddexp.reduce(others, axis=-1) - np.log(others.shape[-1]) - mean
    return np.log(mass / (1 - mass)), np.log(mass) - mean, kappa, others.std(-1)


def log_slopes(values: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Least-squares slope against the logarithm of the counts along the first axis.

    Parameters
    ----------
    values : finite, of any shape; the first axis belongs to the counts.
    counts : at least two positive numbers, not all equal.

    Raises
    ------
    ValueError
        If the counts are too few, equal or not positive, or the values do not fit them.
    """
    counts = _checks.array("counts", counts, 1)
    if len(counts) < 2 or counts.min() <= 0 or counts.min() == counts.max():
        _checks.fail("counts", counts, "at least two positive numbers, not all equal")
    values = np.asarray(values)
    values = _checks.array("values", values, max(values.ndim, 1))
    if len(values) != len(counts):
        _checks.fail("values", values.shape, f"an array whose first axis has {len(counts)} entries")
    x = np.log(counts)
    x -= x.mean()
    return np.tensordot(x, values, axes=(0, 0)) / (x @ x)


def finders(values: dict[str, np.ndarray], heads: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """The heads with the most weight on the value asked for, chosen on the first half of the seeds.

    Returns
    -------
    Layers and heads, most weight first; judge them on the other seeds.

    Raises
    ------
    ValueError
        If `heads` is no integer of at least 1.
    """
    heads = _checks.integer("heads", heads, 1)
    half = max(1, len(values["logit"]) // 2)
    mass = (1 / (1 + np.exp(-values["logit"][:half]))).mean((0, 1))
    order = np.argsort(-mass, axis=None)[:heads]
    return np.unravel_index(order, mass.shape)


def draw_crowding(values: dict[str, np.ndarray], live: dict[str, np.ndarray] | None = None):
    """Log-odds against the number of sentences: the middle of all heads, five that find, and the law's slope."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.1), layout="constrained")
    for k, data in enumerate([values] if live is None else [values, live]):
        n, style = data["pairs"], ("-", "--")[k]
        held = data["logit"][max(1, len(data["logit"]) // 2) :] if len(data["logit"]) > 1 else data["logit"]
        low, middle, high = np.quantile(data["logit"].mean(0).reshape(len(n), -1), (0.1, 0.5, 0.9), axis=1)
        if k == 0:
            left.fill_between(n, low, high, color=plotting.SKY, alpha=0.3, lw=0)
            left.plot(n, middle[0] - np.log(n / n[0]), ":", color=plotting.BLACK, lw=1.2)
        left.plot(n, middle, style, color=plotting.BLUE, lw=2)
        for a, b in zip(*finders(data), strict=True):
            left.plot(n, held.mean(0)[:, a, b], style, color=plotting.VERMILION, lw=1)
        x, y = data["spread"].mean(0)[-1].ravel() ** 2 / 2, data["kappa"].mean(0)[-1].ravel()
        filled = {"color": plotting.BLUE} if k == 0 else {"facecolors": "none", "edgecolors": plotting.PINK}
        right.scatter(x, y, s=9, lw=0.7, **filled)
    top = float(np.nanmax(values["kappa"].mean(0)[-1])) * 1.1
    right.plot([0, top], [0, top], ":", color=plotting.BLACK, lw=1.2)
    left.set(xscale="log", xlabel="number of sentences", ylabel="log-odds of the weight")
    left.set_xticks(values["pairs"], [str(n) for n in values["pairs"]])
    left.minorticks_off()
    right.set(xlabel="half the variance of the scores", ylabel="price of the spread")
    return fig


# --- needles --------------------------------------------------------------------------------------------------------

DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


@probe(
    model="pkg:smollm2",
    quick={"trials": 1, "sentences": (8, 16, 32)},
    tolerance={"logp": 0.05},
)
def needles(
    subject: Subject, trials: int = 3, sentences: Sequence[int] = (8, 16, 32, 64, 128)
) -> dict[str, np.ndarray]:
    """Recall of a sentence by its depth and the length of the context, among filler and among sentences like it.

    The context has S sentences, each about as long as "The secret word of the red box is lemon."; five of them, at
    depths 0 (the beginning), 1/4, 1/2, 3/4 and 1 (the end), are asked for. In the kind ``filler`` the others are
    plain prose (but for the needles of the other lengths), in the kind ``dense`` all are of the needle's form.

    Parameters
    ----------
    trials : contexts of each kind; a shorter context is the beginning of a longer one.
    sentences : the numbers S, increasing multiples of 4.

    Returns
    -------
    ``logp`` (log-probability of the first token of the right value) and ``right`` (whether that token is the likeliest
    of the first tokens of all values), of shape (trials, kinds, lengths, depths); ``tokens`` (trials, kinds, lengths);
    ``sentences``, ``kinds``.
    """
    sentences = _counts("sentences", sentences, len(COLOURS) * len(THINGS))
    if any(n % 4 for n in sentences):
        _checks.fail("sentences", sentences, "multiples of 4")
    trials = _checks.integer("trials", trials, 1)
    first = np.array(sorted({subject.ids(f" {value}")[0] for value in VALUES}))
    places = {n: [min(int(d * n), n - 1) for d in DEPTHS] for n in sentences}
    asked = {i for n in sentences for i in places[n]}
    logp, right, tokens = [], [], []
    for trial in range(trials):
        for dense in (False, True):
            rng = np.random.default_rng([trial, 2])
            pairs = _pairs(subject, rng)
            prose = [subject.ids(f"{FILLER[i]}\n") for i in rng.integers(len(FILLER), size=len(pairs))]
            stop, question = subject.ids(".\n"), subject.ids(QUESTION)
            cache, done, end = None, 0, 0
            for n in sentences:
                block: list[int] = []
                for i in range(done, n):
                    ask, value, _ = pairs[i]
                    block += ask + value + stop if dense or i in asked else prose[i]
                cache, done, end = subject.read(block, cache), n, end + len(block)
                lines = _log_softmax(subject.ask(cache, [question + pairs[i][0] for i in places[n]])[0])
                target = [pairs[i][1][0] for i in places[n]]
                logp.append(lines[np.arange(len(target)), target])
                right.append(first[lines[:, first].argmax(1)] == target)
                tokens.append(end)
    shape = (trials, 2, len(sentences))
    return {
        "logp": np.reshape(logp, (*shape, len(DEPTHS))),
        "right": np.reshape(right, (*shape, len(DEPTHS))),
        "tokens": np.reshape(tokens, shape),
        "sentences": np.array(sentences),
        "kinds": np.array(["filler", "dense"]),
    }


def draw_needles(values: dict[str, np.ndarray], live: dict[str, np.ndarray] | None = None):
    """Probability of the right value: by length for both kinds (left), by depth in the longest context (right)."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(6.8, 3), sharey=True, layout="constrained")
    for k, data in enumerate([values] if live is None else [values, live]):
        p, style = np.exp(data["logp"]).mean(0), ("-", "--")[k]
        for i, (kind, colour) in enumerate(
            zip(data["kinds"], (plotting.BLUE, plotting.VERMILION), strict=True)
        ):
            (line,) = axes[0].plot(data["sentences"], p[i].mean(-1), style, color=colour, marker="o", ms=4)
            axes[1].plot(DEPTHS, p[i, -1], style, color=colour, marker="o", ms=4)
            if k == 0:
                plotting.label_line(line, str(kind), where=0.5, dx=0, dy=10 if i == 0 else -12, ha="center")
    axes[0].set(
        xscale="log", xlabel="sentences in the context", ylabel="probability of the right value", ylim=(0, 1)
    )
    axes[0].set_xticks(values["sentences"], [str(n) for n in values["sentences"]])
    axes[0].minorticks_off()
    axes[1].set(xlabel=f"depth among {values['sentences'][-1]} sentences")
    axes[1].set_xticks(DEPTHS)
    return fig


# --- rotary scores against distance ---------------------------------------------------------------------------------


@probe(model="pkg:smollm2", quick={"contents": 1}, tolerance={"first": 0.01, "level": 0.05, "swing": 0.05})
def distances(
    subject: Subject, contents: int = 2, grid: int = 256, longest: int = 8191
) -> dict[str, np.ndarray]:
    r"""Score of a query for a key against the distance between them, contents held fixed.

    Three tokens are read: a start, a key and a query, at the positions 0, 1 and $1+\Delta$, through the argument
    ``position_ids`` of the transformers interface. The logarithm of the query's weight on the key over its weight on
    itself is the score at distance $\Delta$ minus the score at distance 0 of the query with itself, which does not
    depend on $\Delta$. In the first layer the contents are the same at every distance, exactly; in later layers the
    query's content depends a little on $\Delta$.

    Parameters
    ----------
    contents : pairs of key and query words.
    grid : number of distances, all up to 32 and then log-uniform at random, at least 64.
    longest : largest distance.

    Returns
    -------
    ``first`` (contents, distances, heads): scores of the first layer; ``level`` and ``swing`` (contents, octaves,
    layers, heads): mean over an octave, and root mean square around the mean over all octaves; ``distances``;
    ``octaves`` (their first distances); ``frequencies`` (of the rotary pairs).

    Raises
    ------
    ValueError
        If the model has no rotary encoding.
    """
    import torch

    contents, grid = _checks.integer("contents", contents, 1), _checks.integer("grid", grid, 64)
    longest = _checks.integer("longest", longest, 64)
    frequencies = _rotary_frequencies(subject)
    rng = np.random.default_rng(3)
    far = np.exp(rng.uniform(np.log(33), np.log(longest + 1), 8 * grid)).astype(int)
    near = np.arange(1, 33)
    x = np.sort(np.concatenate([near, np.unique(far)[rng.permutation(len(np.unique(far)))[: grid - 32]]]))
    octave = np.floor(np.log2(x)).astype(int)
    start = subject.tokenizer.bos_token_id
    start = subject.ids("\n")[0] if start is None else start
    first, level, swing = [], [], []
    for content in range(contents):
        words = np.random.default_rng([content, 4]).choice(len(VALUES), 2, replace=False)
        row = [start, *(subject.ids(f" {VALUES[w]}")[0] for w in words)]
        scores = []
        for at in np.array_split(x, -(-len(x) // 32)):
            places = torch.tensor([[0, 1, 1 + int(d)] for d in at], device=subject.device)
            with torch.inference_mode():
                ids = torch.tensor([row] * len(at), device=subject.device)
                out = subject.model(
                    ids,
                    attention_mask=torch.ones_like(ids),  # else a gap between positions counts as a new text
                    position_ids=places,
                    output_attentions=True,
                    use_cache=False,
                )
            last = torch.stack([layer[:, :, -1].float() for layer in out.attentions], 1).cpu().numpy()
            last = np.log(np.clip(last.astype(float), 1e-30, 1))
            scores.append(last[..., 1] - last[..., 2])
        scores = np.concatenate(scores)
        off = scores - np.mean([scores[octave == o].mean(0) for o in np.unique(octave)], axis=0)
        first.append(scores[:, 0])
        level.append([scores[octave == o].mean(0) for o in np.unique(octave)])
        swing.append([np.sqrt((off[octave == o] ** 2).mean(0)) for o in np.unique(octave)])
    return {
        "first": np.array(first),
        "level": np.array(level),
        "swing": np.array(swing),
        "distances": x,
        "octaves": 2 ** np.unique(octave),
        "frequencies": frequencies,
    }


def _rotary_frequencies(subject: Subject) -> np.ndarray:
    """Angles per token of the rotary pairs, from the model's configuration."""
    config = subject.model.config
    rope = getattr(config, "rope_parameters", None) or {"rope_theta": getattr(config, "rope_theta", None)}
    base = rope.get("rope_theta")
    if base is None:
        _checks.fail("subject", subject.name, "a model with rotary encoding")
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    size = int(size * rope.get("partial_rotary_factor", 1))
    return float(base) ** (-np.arange(0, size, 2) / size)


def fit_rotations(values: dict[str, np.ndarray]) -> np.ndarray:
    """How well turns with the model's frequencies predict scores of the first layer that they were not fitted to.

    Returns
    -------
    Share of the variance at every second distance explained by the fit to the others, shape (contents, heads).
    """
    x, angles = values["distances"], np.outer(values["distances"], values["frequencies"])
    design = np.concatenate([np.ones((len(x), 1)), np.cos(angles), np.sin(angles)], axis=1)
    out = []
    for scores in values["first"]:
        fitted = np.linalg.lstsq(design[::2], scores[::2], rcond=1e-9)[0]
        rest = scores[1::2] - design[1::2] @ fitted
        out.append(1 - rest.var(0) / scores[1::2].var(0))
    return np.array(out)


def scatter(values: dict[str, np.ndarray]) -> np.ndarray:
    """Standard deviation of the scores within each octave, without the drift of their mean from octave to octave.

    Returns
    -------
    Shape (contents, octaves, layers, heads).
    """
    drift = values["level"] - values["level"].mean(1, keepdims=True)
    return np.sqrt(np.maximum(values["swing"] ** 2 - drift**2, 0))


def draw_distances(values: dict[str, np.ndarray], live: dict[str, np.ndarray] | None = None):
    """First-layer scores against the distance (left); scatter by octave, median heads by layers (right)."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3), layout="constrained")
    data = values if live is None else live
    heads = data["first"].shape[-1]
    for k in np.linspace(0, heads - 1, min(heads, 4)).astype(int):
        left.plot(data["distances"], data["first"][0][:, k], lw=1)
    for k, data in enumerate([values] if live is None else [values, live]):
        by_layer = np.median(scatter(data).mean(0), axis=-1)  # octaves, layers
        third = max(2, by_layer.shape[1] // 3)
        rows = {"first": by_layer[:, :1], "early": by_layer[:, 1:third], "late": by_layer[:, third:]}
        for i, (name, row) in enumerate(rows.items()):
            if row.size:
                (line,) = right.plot(data["octaves"], np.median(row, 1), ("-", "--")[k], color=f"C{i}")
                if k == 0:
                    plotting.label_line(
                        line, name, where=(0.75, 0.65, 0.8)[i], dx=0, dy=(9, 7, 9)[i], ha="center"
                    )
    left.set(xscale="log", xlabel="distance (tokens)", ylabel="score in the first layer")
    right.set(
        xscale="log",
        xlabel="distance from (tokens), by octaves",
        ylabel="scatter of the score",
        ylim=(0, 1.15 * right.get_ylim()[1]),
    )
    return fig


# --- memory against context -----------------------------------------------------------------------------------------

CAPITALS = (
    ("France", "Paris"),
    ("Japan", "Tokyo"),
    ("Italy", "Rome"),
    ("Spain", "Madrid"),
    ("Germany", "Berlin"),
    ("Russia", "Moscow"),
    ("China", "Beijing"),
    ("Egypt", "Cairo"),
    ("Greece", "Athens"),
    ("Portugal", "Lisbon"),
    ("Austria", "Vienna"),
    ("Poland", "Warsaw"),
    ("Hungary", "Budapest"),
    ("Ireland", "Dublin"),
    ("Cuba", "Havana"),
    ("Peru", "Lima"),
    ("Kenya", "Nairobi"),
    ("Thailand", "Bangkok"),
    ("Norway", "Oslo"),
    ("Sweden", "Stockholm"),
    ("Denmark", "Copenhagen"),
    ("Chile", "Santiago"),
    ("Iran", "Tehran"),
    ("Iraq", "Baghdad"),
)
INVENTED = ("Zorvania", "Belmora", "Quandia", "Tresland")
PASSAGES = {
    "hearsay": "Some people say that the capital of {place} might be {city}.",
    "statement": "The capital of {place} is {city}.",
    "insistence": "The capital of {place} is {city}. Everyone agrees that {city} is the capital of {place}.",
}


@probe(model="pkg:smollm2", quick={"facts": 4}, tolerance=0.05)
def conflict(subject: Subject, facts: int = 20) -> dict[str, np.ndarray]:
    r"""What memory and a passage say of the capital of a country, each alone and both together.

    Let $y_p$ be the true capital and $y_c$ that of the next country of the list, which a passage claims. All numbers
    are differences of log-probabilities $y_p$ minus $y_c$ (of their first tokens): `memory` without a passage ($a$),
    `context` with the same passage about an invented country, of which nothing can be remembered ($b$), and `both`
    with the passage about the country itself.

    Parameters
    ----------
    facts : the first so many of `CAPITALS`, at least 2.

    Returns
    -------
    ``memory`` (facts,); ``context``, ``both`` (facts, passages); ``country``, ``passage``.
    """
    facts = _checks.integer("facts", facts, 2, len(CAPITALS))
    first = {city: subject.ids(f" {city}")[0] for _, city in CAPITALS}
    prompts, gaps = [], []
    for i in range(facts):
        country, true = CAPITALS[i]
        false = CAPITALS[(i + 1) % len(CAPITALS)][1]
        invented = INVENTED[i % len(INVENTED)]
        ask = "Question: What is the capital of {place}?\nAnswer: The capital of {place} is"
        prompts.append(ask.format(place=country))
        for passage in PASSAGES.values():
            for place in (invented, country):
                prompts.append(f"{passage}\n{ask}".format(place=place, city=false))
        gaps += [(first[true], first[false])] * (1 + 2 * len(PASSAGES))
    logits = subject.last_logits(prompts).astype(float)
    true, false = np.transpose(gaps)
    gap = (logits[np.arange(len(gaps)), true] - logits[np.arange(len(gaps)), false]).reshape(facts, -1)
    return {
        "memory": gap[:, 0],
        "context": gap[:, 1::2],
        "both": gap[:, 2::2],
        "country": np.array([country for country, _ in CAPITALS[:facts]]),
        "passage": np.array(list(PASSAGES)),
    }


def trust_in_memory(values: dict[str, np.ndarray], facts: slice = slice(None)) -> float:
    r"""The weight $\lambda$ for which $\lambda a+(1-\lambda)b$ is nearest to the measured differences (squares)."""
    a = values["memory"][facts][:, None]
    b, f = values["context"][facts], values["both"][facts]
    return float(((f - b) * (a - b)).sum() / ((a - b) ** 2).sum())


def draw_conflict(values: dict[str, np.ndarray], live: dict[str, np.ndarray] | None = None):
    """Measured difference with both sources against the mixture of the two, one colour per passage."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for k, data in enumerate([values] if live is None else [values, live]):
        trust = trust_in_memory(values, slice(0, None, 2))
        x = trust * data["memory"][:, None] + (1 - trust) * data["context"]
        for i, name in enumerate(data["passage"]):
            colour = (plotting.GREEN, plotting.BLUE, plotting.VERMILION)[i]
            filled = (
                {"color": colour, "label": str(name)}
                if k == 0
                else {"facecolors": "none", "edgecolors": colour}
            )
            ax.scatter(x[:, i], data["both"][:, i], s=24, marker="os^"[i], **filled)
    ends = np.array(ax.get_xlim())
    ax.plot(ends, ends, ":", color=plotting.BLACK, lw=1.2)
    ax.axhline(0, color=plotting.BLACK, lw=0.6)
    ax.axvline(0, color=plotting.BLACK, lw=0.6)
    ax.set(xlabel="predicted: mixture of memory and context (nats)", ylabel="measured with both (nats)")
    ax.legend(loc="upper left", title="passage", frameon=True, edgecolor="none", framealpha=1)
    return fig


# --- distractors and the place of the evidence ----------------------------------------------------------------------

PLACES = ("first", "middle", "last")


@probe(model="pkg:smollm2", quick={"items": 1, "distractors": (2, 4)}, tolerance=0.03)
def distraction(
    subject: Subject, items: int = 5, distractors: Sequence[int] = (2, 4, 8, 16)
) -> dict[str, np.ndarray]:
    """What irrelevant sentences do to an answer, by their number, their kind and the place of the evidence.

    The evidence is one sentence "The secret word of the red box is lemon."; n sentences that are of no help are
    around it, plain prose (``filler``) or sentences about other things (``alike``).

    Parameters
    ----------
    items : questions.
    distractors : even numbers of such sentences, increasing.

    Returns
    -------
    ``alone`` (items,): probability of the right value (its first token) with the evidence alone; ``right``, the same
    with distractors, ``shift``, the total variation distance of the law of the next token from that with the evidence
    alone, and ``mass``, the share of the attention to all sentences (mean over heads) that distractors get, all of
    shape (items, kinds, places of the evidence, numbers); ``distractors``, ``kinds``, ``places``.
    """
    numbers = _counts("distractors", distractors, len(COLOURS) * len(THINGS) - 1)
    if any(n % 2 for n in numbers):
        _checks.fail("distractors", distractors, "even numbers")
    alone, right, shift, mass = [], [], [], []
    question, stop = subject.ids(QUESTION), subject.ids(".\n")
    for item in range(_checks.integer("items", items, 1)):
        rng = np.random.default_rng([item, 5])
        (ask, value, word), *others = _pairs(subject, rng)
        alike = [a + v + stop for a, v, w in others if w != word]
        filler = [subject.ids(f"{FILLER[i]}\n") for i in rng.integers(len(FILLER), size=len(others))]
        evidence = ask + value + stop
        base = np.exp(_log_softmax(subject.last_logits([evidence + question + ask])[0]))
        alone.append(base[value[0]])
        for noise in (filler, alike):
            for place in range(len(PLACES)):
                for n in numbers:
                    cut = (0, n // 2, n)[place]
                    before = [token for sentence in noise[:cut] for token in sentence]
                    after = [token for sentence in noise[cut:n] for token in sentence]
                    cache = subject.read(before + evidence + after)
                    logits, (row,) = subject.ask(cache, [question + ask], attention=True)
                    law, row = np.exp(_log_softmax(logits[0])), row.mean((0, 1))
                    own = row[len(before) : len(before) + len(evidence)].sum()
                    everything = row[: len(before + evidence + after)].sum()
                    right.append(law[value[0]])
                    shift.append(np.abs(law - base).sum() / 2)
                    mass.append(1 - own / everything)
    shape = (len(alone), 2, len(PLACES), len(numbers))
    return {
        "alone": np.array(alone),
        "right": np.reshape(right, shape),
        "shift": np.reshape(shift, shape),
        "mass": np.reshape(mass, shape),
        "distractors": np.array(numbers),
        "kinds": np.array(["filler", "alike"]),
        "places": np.array(PLACES),
    }


def draw_distraction(values: dict[str, np.ndarray], live: dict[str, np.ndarray] | None = None):
    """Probability of the right value against the number of distractors, for both kinds and all places."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(6.8, 3), sharey=True, layout="constrained")
    for k, data in enumerate([values] if live is None else [values, live]):
        n = np.concatenate([[0], data["distractors"]])
        for i, ax in enumerate(axes):
            for j, place in enumerate(data["places"]):
                y = np.concatenate([[data["alone"].mean()], data["right"].mean(0)[i, j]])
                colour = (plotting.BLUE, plotting.GREEN, plotting.VERMILION)[j]
                ax.plot(
                    n, y, ("-", "--")[k], color=colour, marker="os^"[j], ms=4, label=place if k == 0 else None
                )
            ax.set(xlabel=f"distractors ({data['kinds'][i]})", ylim=(0, 1))
    axes[0].set(ylabel="probability of the right value")
    axes[1].legend(title="evidence")
    return fig
