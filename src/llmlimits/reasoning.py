r"""What likelihood can see, what traces cause, and what search, votes and checks buy, for the sections 4.1 and 4.3.

The first half belongs to 4.1: the shortcut that maximum likelihood prefers, parities, efficiency, and
the effect of a trace $Z$ between an input $X$ and an answer $Y$. The second half belongs to 4.3: planning
in trees, decoding, the price of compute, votes, verification, chains of steps. Witness for the ledger rows
``4-26`` to ``4-39``, ``4-pal``, ``4-cove`` and ``4-chain``. Integers and Fractions give exact results.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from ._checks import array, fail, flag, integer, power, probability, real

Number = Fraction | float


class ShortcutFit(NamedTuple):
    """Weights of x1, x2, cue, constant (and x1 x2), loss in nats, accuracy as trained, cue random, cue reversed."""

    weights: np.ndarray
    loss: float
    accuracy: tuple[float, float, float]


class Efficiency(NamedTuple):
    """Mean of quality divided by compute, and mean quality divided by mean compute."""

    per_task: Number
    throughput: Number


class Mediation(NamedTuple):
    """Total, natural direct, natural indirect and reversed indirect effect; the sum printed as equation (29)."""

    te: Number
    nde: Number
    nie: Number
    nie_reverse: Number
    printed: Number

    @property
    def interaction(self) -> Number:
        """What is missing in "total = direct + indirect"."""
        return self.te - self.nde - self.nie


class Observed(NamedTuple):
    """What can be seen of a confounded model, and the truth: $E[Y|do(x)]$ for each $x$."""

    p_x: tuple[Number, ...]
    p_z_given_x: tuple[tuple[Number, ...], ...]
    mean_y: tuple[tuple[Number, ...], ...]
    naive: tuple[Number, ...]
    truth: tuple[Number, ...]


class Plan(NamedTuple):
    """Values of the actions at the root, their probabilities, mean reward, and reward plus entropy bonus."""

    action_values: tuple[float, ...]
    policy: tuple[float, ...]
    reward: float
    objective: float


class ParityChain(NamedTuple):
    """Probabilities that the final bit is right, that all steps are, and of a right bit after wrong steps."""

    final: Number
    all_right: Number
    lucky: Number


def _law(name: str, value: object) -> tuple[Number, ...]:
    """A probability law as a tuple, exact if all its entries are."""
    try:
        law = tuple(probability(name, p) for p in value)  # type: ignore[attr-defined]
    except TypeError:
        fail(name, value, "a sequence of probabilities")
    total = sum(law)
    if not law or (abs(total - 1) > 1e-9 if isinstance(total, float) else total != 1):
        fail(name, value, "probabilities that sum to 1")
    return law


def _table(name: str, value: object, rows: int, columns: int) -> tuple[tuple[Number, ...], ...]:
    """A table of real numbers as nested tuples."""
    allowed = f"a table of numbers with {rows} rows and {columns} columns"
    try:
        table = tuple(tuple(real(name, entry) for entry in row) for row in value)  # type: ignore[attr-defined]
    except TypeError:
        fail(name, value, allowed)
    if len(table) != rows or any(len(row) != columns for row in table):
        fail(name, value, allowed)
    return table


def _laws(name: str, value: object) -> tuple[tuple[Number, ...], ...]:
    try:
        laws = tuple(_law(name, row) for row in value)  # type: ignore[attr-defined]
    except TypeError:
        fail(name, value, "a sequence of probability laws")
    if not laws or len({len(law) for law in laws}) > 1:
        fail(name, value, "probability laws of equal length")
    return laws


def _mean(law: Sequence[Number], values: Sequence[Number]) -> Number:
    return sum((p * v for p, v in zip(law, values, strict=True)), Fraction(0))


# --- 4.1: likelihood ---


def shortcut_fit(cue: Real, rule: Real = 1, product: bool = False) -> ShortcutFit:
    r"""The logistic model of largest likelihood when a rule and a cue both predict the answer.

    $x_1,x_2$ are fair signs, $y=x_1x_2\eta$ with $P(\eta=1)$ = `rule`, and the cue is $s=y\xi$ with $P(\xi=1)$ =
    `cue`. Without the product the maximum is at $(0,0,\ln\frac r{1-r},0)$, $r$ = `cue`; with the feature
    $x_1x_2$ it gets the weight $\ln\frac\rho{1-\rho}$, $\rho$ = `rule`. Found here by Newton's method.

    Parameters
    ----------
    cue : reliability of the cue, in (0, 1).
    rule : reliability of the rule, in (0, 1]; below 1 with `product` (at 1 no maximum is attained).
    product : whether the model may use $x_1x_2$.

    Returns
    -------
    ShortcutFit
        ``(weights, loss, accuracy)``; accuracy on data as trained, with a random cue, and with a cue whose
        reliability is $1-r$; a tie counts one half.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-26``.
    """
    r = float(probability("cue", cue, open_ends=True))
    rho = float(real("rule", rule, above=0, most=1))
    product = flag("product", product)
    if product and rho == 1:
        fail("rule", rule, "below 1 with the product, else no finite weights are best")
    points, labels, chances = [], [], []
    for x1, x2, eta, xi in itertools.product((1, -1), repeat=4):
        y = x1 * x2 * eta
        points.append([x1, x2, y * xi, 1, x1 * x2][: 5 if product else 4])
        labels.append(y)
        chances.append(
            [(rho if eta == 1 else 1 - rho) * (q if xi == 1 else 1 - q) / 4 for q in (r, 0.5, 1 - r)]
        )
    features, y, mass = np.array(points, dtype=float), np.array(labels), np.array(chances)
    weights = np.zeros(features.shape[1])
    for _ in range(100):
        wrong = special.expit(-y * (features @ weights))
        gradient = -(mass[:, 0] * wrong * y) @ features
        hessian = (features * (mass[:, 0] * wrong * (1 - wrong))[:, None]).T @ features
        step = np.linalg.solve(hessian, gradient)
        # Far out the Newton step overshoots; two units at most keep it on the way.
        weights -= step * min(1.0, 2 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-13:
            break
    weights[np.abs(weights) < 1e-10] = 0.0
    margin = y * (features @ weights)
    margin[np.abs(margin) < 1e-9] = 0.0
    right = (margin > 0) + 0.5 * (margin == 0)
    loss = float(mass[:, 0] @ np.logaddexp(0, -margin))
    return ShortcutFit(weights, loss, tuple(float(v) for v in right @ mass))


def walsh(values: Sequence[Real] | np.ndarray) -> np.ndarray:
    r"""Correlations of a function of $n$ signs with all $2^n$ parities: $\hat g(S)=2^{-n}\sum_xg(x)\chi_S(x)$.

    Entry $k$ of the input is $g$ at the point whose $i$-th sign is $-1$ where bit $i$ of $k$ is set; entry $S$
    of the output belongs to the set of the bits of $S$. Parseval: the squares sum to the mean of $g^2$.

    Parameters
    ----------
    values : $2^n$ numbers, $0\le n\le20$; a second axis holds further functions.

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If the number of values is no power of two.

    Source: ledger ``4-26``.
    """
    out = array("values", values).copy()
    size = len(out) if out.ndim in (1, 2) else 0
    if size not in {2**n for n in range(21)}:
        fail("values", values, "2**n numbers with n from 0 to 20")
    half = 1
    while half < size:
        pair = out.reshape(size // (2 * half), 2, half, -1)
        out = np.stack([pair[:, 0] + pair[:, 1], pair[:, 0] - pair[:, 1]], axis=1).reshape(out.shape)
        half *= 2
    return out / size


def mixture_weight(share: Real, first: Real, second: Real) -> Number:
    r"""How much of the first source's conditional law a mixture learns after a prefix.

    $w=\frac{\lambda p_1(x)}{\lambda p_1(x)+(1-\lambda)p_2(x)}$: training on $\lambda p_1+(1-\lambda)p_2$ teaches
    $w\,p_1(\cdot|x)+(1-w)\,p_2(\cdot|x)$.

    Parameters
    ----------
    share : $\lambda$, in [0, 1].
    first, second : probabilities $p_1(x)$ and $p_2(x)$ of the prefix.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is no probability or the mixture never contains the prefix.

    Source: ledger ``4-39``.
    """
    share = probability("share", share)
    first, second = probability("first", first), probability("second", second)
    total = share * first + (1 - share) * second
    if not total:
        fail("share", share, "a mixture that contains the prefix")
    return share * first / total


def efficiency(
    quality: Sequence[Real], compute: Sequence[Real], shares: Sequence[Real] | None = None
) -> Efficiency:
    r"""Equation (27), $E[Q/C]$, and the throughput $E[Q]/E[C]$ of a list of tasks.

    Parameters
    ----------
    quality : $Q$ of each task, real numbers.
    compute : $C$ of each task, above 0.
    shares : probabilities of the tasks; equal ones by default.

    Returns
    -------
    Efficiency
        ``(per_task, throughput)``, exact for integers and Fractions.

    Raises
    ------
    ValueError
        If the lengths differ or a number is outside its range.

    Source: ledger ``4-27``.
    """
    good = [real("quality", q) for q in quality]
    spent = [real("compute", c, above=0) for c in compute]
    if not good or len(spent) != len(good):
        fail("compute", compute, f"as many numbers as quality, {len(good)}, and at least one")
    law = (Fraction(1, len(good)),) * len(good) if shares is None else _law("shares", shares)
    if len(law) != len(good):
        fail("shares", shares, f"{len(good)} probabilities")
    ratios = [q / c for q, c in zip(good, spent, strict=True)]
    return Efficiency(_mean(law, ratios), _mean(law, good) / _mean(law, spent))


# --- 4.2: traces ---


def answer_law(
    p_z_given_x: Sequence[Sequence[Real]], p_y_given_xz: Sequence[Sequence[Sequence[Real]]]
) -> tuple[tuple[Number, ...], ...]:
    r"""Equation (28): $P(y|x)=\sum_zP(z|x)P(y|x,z)$.

    Parameters
    ----------
    p_z_given_x : for each $x$ the law of the trace.
    p_y_given_xz : for each $x$ and each $z$ the law of the answer.

    Returns
    -------
    tuple of tuples
        For each $x$ the law of the answer.

    Raises
    ------
    ValueError
        If an entry is no probability law or the shapes do not match.

    Source: ledger ``4-28``, ``4-28b``.
    """
    traces = _laws("p_z_given_x", p_z_given_x)
    if not isinstance(p_y_given_xz, Sequence):
        fail("p_y_given_xz", p_y_given_xz, "for each x and each trace one law")
    answers = [_laws("p_y_given_xz", block) for block in p_y_given_xz]
    if [len(block) for block in answers] != [len(traces[0])] * len(traces):
        fail("p_y_given_xz", p_y_given_xz, "for each x and each trace one law")
    if len({len(block[0]) for block in answers}) > 1:
        fail("p_y_given_xz", p_y_given_xz, "laws of equal length")
    return tuple(
        tuple(_mean(law, column) for column in zip(*block, strict=True))
        for law, block in zip(traces, answers, strict=True)
    )


def mediation(
    p_z_given_x: Sequence[Sequence[Real]],
    mean_y: Sequence[Sequence[Real]],
    p_x: Real = Fraction(1, 2),
    contrast: tuple[int, int] = (1, 0),
) -> Mediation:
    r"""Effects of $X=1$ against $X=0$ on $Y$, through a trace $Z$ and around it.

    With $\mu(x,z)=E[Y|x,z]$, no confounding, and fresh randomness for the answer:
    $\mathrm{TE}=\sum_z\mu(1,z)P(z|1)-\sum_z\mu(0,z)P(z|0)$,
    $\mathrm{NDE}=\sum_z[\mu(1,z)-\mu(0,z)]P(z|0)$, $\mathrm{NIE}=\sum_z\mu(0,z)[P(z|1)-P(z|0)]$ and
    $\mathrm{NIE}^r=\sum_z\mu(1,z)[P(z|0)-P(z|1)]$. Always $\mathrm{TE}=\mathrm{NDE}-\mathrm{NIE}^r$.

    Parameters
    ----------
    p_z_given_x : two laws of the trace, for $x=0$ and $x=1$.
    mean_y : $\mu$, two rows of real numbers, one column for each trace.
    p_x : $P(X=1)$; only the printed sum depends on it.
    contrast : the traces $z,z'$ of the printed sum
        $E[Y|do(1)]-E[Y|do(0),z]+E[Y|do(z)]-E[Y|do(z')]$.

    Returns
    -------
    Mediation
        ``(te, nde, nie, nie_reverse, printed)``, exact for integers and Fractions; its property
        `interaction` is TE - NDE - NIE.

    Raises
    ------
    ValueError
        If the laws or the shapes are wrong.

    Source: ledger ``4-29``.
    """
    laws = _laws("p_z_given_x", p_z_given_x)
    if len(laws) != 2:
        fail("p_z_given_x", p_z_given_x, "two laws, for x = 0 and x = 1")
    mu = _table("mean_y", mean_y, 2, len(laws[0]))
    one = probability("p_x", p_x)
    if not isinstance(contrast, Sequence) or len(contrast) != 2:
        fail("contrast", contrast, "two numbers of traces")
    z, other = (integer("contrast", k, 0, len(laws[0]) - 1) for k in contrast)
    crossed = [[_mean(laws[b], mu[a]) for b in (0, 1)] for a in (0, 1)]  # E[Y_{a, Z_b}]
    forced = [(1 - one) * mu[0][k] + one * mu[1][k] for k in range(len(laws[0]))]  # E[Y | do(z)]
    return Mediation(
        crossed[1][1] - crossed[0][0],
        crossed[1][0] - crossed[0][0],
        crossed[0][1] - crossed[0][0],
        crossed[1][0] - crossed[1][1],
        crossed[1][1] - mu[0][z] + forced[z] - forced[other],
    )


def front_door(
    p_x: Sequence[Real], p_z_given_x: Sequence[Sequence[Real]], mean_y: Sequence[Sequence[Real]]
) -> tuple[Number, ...]:
    r"""The front-door formula: $\sum_zP(z|x)\sum_{x'}P(x')E[Y|x',z]$ for each $x$, from observed tables.

    Equal to $E[Y|do(x)]$ if $X$ acts on $Y$ through $Z$ alone, no hidden cause acts on $Z$, and every
    trace occurs with every input.

    Parameters
    ----------
    p_x : law of the input.
    p_z_given_x : for each input the law of the trace.
    mean_y : $E[Y|x,z]$, a row for each input and a column for each trace.

    Returns
    -------
    tuple
        One number for each input, exact for integers and Fractions.

    Raises
    ------
    ValueError
        If the laws or the shapes are wrong.

    Source: ledger ``4-30``.
    """
    law = _law("p_x", p_x)
    traces = _laws("p_z_given_x", p_z_given_x)
    if len(traces) != len(law):
        fail("p_z_given_x", p_z_given_x, f"{len(law)} laws, one for each input")
    table = _table("mean_y", mean_y, len(law), len(traces[0]))
    forced = [_mean(law, column) for column in zip(*table, strict=True)]  # E[Y | do(z)]
    return tuple(_mean(row, forced) for row in traces)


def confounded(
    p_u: Sequence[Real],
    p_x_given_u: Sequence[Sequence[Real]],
    p_z_given_x: Sequence,
    mean_y: Sequence[Sequence[Sequence[Real]]],
) -> Observed:
    r"""Observed tables and true effects of a model with a hidden cause $U\to X$, $U\to Y$.

    $P(u)P(x|u)P(z|x)$ with $E[Y|x,z,u]$ given; a direct arrow $X\to Y$ is there if that depends on $x$. An
    arrow $U\to Z$ is there if `p_z_given_x` has a law for each $x$ and each $u$.

    Parameters
    ----------
    p_u : law of the hidden cause.
    p_x_given_u : for each $u$ the law of the input; every input has positive probability.
    p_z_given_x : for each $x$ the law of the trace, or for each $x$ a list with a law for each $u$.
    mean_y : $E[Y|x,z,u]$ as nested lists in this order.

    Returns
    -------
    Observed
        ``(p_x, p_z_given_x, mean_y, naive, truth)``: what `front_door` needs, $E[Y|x]$ and $E[Y|do(x)]$.

    Raises
    ------
    ValueError
        If the laws or the shapes are wrong, or some pair $(x,z)$ never occurs.

    Source: ledger ``4-30``.
    """
    hidden = _law("p_u", p_u)
    inputs = _laws("p_x_given_u", p_x_given_u)
    if len(inputs) != len(hidden):
        fail("p_x_given_u", p_x_given_u, f"{len(hidden)} laws, one for each hidden value")
    sizes = range(len(inputs[0]))
    if not isinstance(p_z_given_x, Sequence) or len(p_z_given_x) != len(inputs[0]):
        fail("p_z_given_x", p_z_given_x, f"a sequence with an entry for each of the {len(inputs[0])} inputs")
    if not all(isinstance(row, Sequence) and len(row) for row in p_z_given_x):
        fail("p_z_given_x", p_z_given_x, "for each x a law, or a list of laws")
    nested = all(isinstance(row[0], Sequence) for row in p_z_given_x)
    traces = [_laws("p_z_given_x", row if nested else [row] * len(hidden)) for row in p_z_given_x]
    if any(len(row) != len(hidden) or len(row[0]) != len(traces[0][0]) for row in traces):
        fail("p_z_given_x", p_z_given_x, "laws of equal length, one for each x (and u)")
    n_z = len(traces[0][0])
    if not isinstance(mean_y, Sequence) or len(mean_y) != len(inputs[0]):
        fail("mean_y", mean_y, f"a table for each of the {len(inputs[0])} inputs")
    mu = [_table("mean_y", block, n_z, len(hidden)) for block in mean_y]
    u = range(len(hidden))
    p_x = tuple(sum(hidden[k] * inputs[k][x] for k in u) for x in sizes)
    if not all(p_x):
        fail("p_x_given_u", p_x_given_u, "laws under which every input occurs")
    joint = [[[hidden[k] * inputs[k][x] * traces[x][k][z] for k in u] for z in range(n_z)] for x in sizes]
    if any(not sum(cell) for row in joint for cell in row):
        fail("p_z_given_x", p_z_given_x, "every trace occurs with every input")
    seen = tuple(tuple(sum(cell) / p_x[x] for cell in joint[x]) for x in sizes)
    mean = tuple(tuple(_mean(joint[x][z], mu[x][z]) / sum(joint[x][z]) for z in range(n_z)) for x in sizes)
    naive = tuple(_mean(seen[x], mean[x]) for x in sizes)
    truth = tuple(
        sum(hidden[k] * _mean(traces[x][k], [mu[x][z][k] for z in range(n_z)]) for k in u) for x in sizes
    )
    return Observed(p_x, seen, mean, naive, truth)


# --- 4.2: planning and search ---


def _is_leaf(node: object) -> bool:
    return isinstance(node, Real)


def plan(tree: Sequence, temperature: Real, soft: bool = True) -> Plan:
    r"""Boltzmann planning in a finite tree, with soft values or, as printed in (31), with the policy's own.

    Soft: $V(s)=\tau\ln\sum_ae^{V(sa)/\tau}$ and $\pi(a|s)=e^{(V(sa)-V(s))/\tau}$, the policy that maximises mean
    reward plus $\tau$ times the entropies of its choices. Printed: the same exponentials of $Q^\pi$, the mean
    reward under $\pi$ itself.

    Parameters
    ----------
    tree : nested sequences; a number is a leaf and its reward, a sequence lists the children of a node.
    temperature : $\tau>0$.
    soft : whether to use soft values.

    Returns
    -------
    Plan
        ``(action_values, policy, reward, objective)`` at the root; `objective` is mean reward plus $\tau$ times
        the expected sum of entropies (nats) along the path.

    Raises
    ------
    ValueError
        If the tree is a leaf, has a node without children, or the temperature is not positive.

    Source: ledger ``4-31``.
    """
    tau = float(real("temperature", temperature, above=0))
    soft = flag("soft", soft)

    def visit(node: object) -> tuple[float, float, float, tuple[float, ...], tuple[float, ...]]:
        if _is_leaf(node):
            reward = float(real("tree", node))
            return reward, reward, reward, (), ()
        if not isinstance(node, Sequence) or isinstance(node, str) or not len(node):
            fail("tree", node, "nested non-empty sequences of numbers")
        below = [visit(child) for child in node]
        values = np.array([child[0] for child in below])
        log_policy = values / tau - special.logsumexp(values / tau)
        policy = np.exp(log_policy)
        reward = float(policy @ [child[1] for child in below])
        bonus = float(-tau * special.xlogy(policy, policy).sum())
        objective = float(policy @ [child[2] for child in below]) + bonus
        value = float(tau * special.logsumexp(values / tau)) if soft else reward
        return value, reward, objective, tuple(values.tolist()), tuple(policy.tolist())

    if _is_leaf(tree):
        fail("tree", tree, "a node with children")
    _, reward, objective, values, policy = visit(tree)
    return Plan(values, policy, reward, objective)


def _children(node: object) -> list[tuple[object, Number, object]]:
    """Tokens, probabilities and subtrees of a node of a token tree."""
    if not isinstance(node, Mapping):
        fail("tree", node, "a mapping from tokens to pairs (probability, subtree)")
    out = []
    for token, pair in node.items():
        if not isinstance(pair, Sequence) or len(pair) != 2:
            fail("tree", pair, "a pair (probability, subtree)")
        out.append((token, probability("tree", pair[0]), pair[1]))
    if out:
        _law("tree", [p for _, p, _ in out])
    return out


def beam_search(tree: Mapping, width: int) -> tuple[tuple, Number]:
    """The sequence that beam search returns, and its probability; width 1 is greedy decoding.

    At every step all beginnings in the beam are continued by all tokens, and the `width` most probable
    results are kept (the earlier one in a tie; complete sequences stay and compete).

    Parameters
    ----------
    tree : mapping from each token to a pair (conditional probability, subtree); an empty mapping ends a sequence.
    width : number of beginnings kept, at least 1.

    Returns
    -------
    tuple
        The tokens and their probability, exact for integers and Fractions.

    Raises
    ------
    ValueError
        If the tree is malformed, the probabilities after a beginning do not sum to 1, or `width` < 1.

    Source: ledger ``4-31b``.
    """
    width = integer("width", width, 1)
    beam: list[tuple[tuple, Number, list]] = [((), Fraction(1), _children(tree))]
    while any(choices for _, _, choices in beam):
        longer = []
        for tokens, p, choices in beam:
            if not choices:
                longer.append((tokens, p, choices))
            longer += [((*tokens, token), p * q, _children(rest)) for token, q, rest in choices]
        beam = sorted(longer, key=lambda item: -item[1])[:width]
    return beam[0][0], beam[0][1]


def best_first(tree: Mapping) -> tuple[tuple, Number, int]:
    """The most probable sequence, by always continuing the most probable beginning.

    Parameters
    ----------
    tree : as in `beam_search`.

    Returns
    -------
    tuple
        The tokens, their probability, and the number of beginnings that were continued.

    Raises
    ------
    ValueError
        If the tree is malformed.

    Source: ledger ``4-31b``.
    """
    count, continued = itertools.count(), 0
    queue: list[tuple] = [(Fraction(-1), next(count), (), tree)]
    while True:
        minus, _, tokens, node = heapq.heappop(queue)
        choices = _children(node)
        if not choices:
            return tokens, -minus, continued
        continued += 1
        for token, q, rest in choices:
            heapq.heappush(queue, (minus * q, next(count), (*tokens, token), rest))


def beam_trap(width: int, factor: int) -> dict:
    r"""A tree of two steps on which a beam of `width` misses the best sequence by about `factor`.

    `width` first tokens have probability $\frac1{k+1}+\delta$ and `factor` equal continuations; one more has
    $\frac1{k+1}-k\delta$ and a single one; $\delta=\frac1{1000k(k+1)}$.

    Parameters
    ----------
    width : $k$, at least 1.
    factor : $M$, a whole number, at least 1.

    Returns
    -------
    dict
        A tree for `beam_search`, with exact probabilities.

    Raises
    ------
    ValueError
        If an argument is below 1.

    Source: ledger ``4-31b``.
    """
    k = integer("width", width, 1, 10**4)
    m = integer("factor", factor, 1, 10**4)
    delta = Fraction(1, 1000 * k * (k + 1))
    wide: dict = {j: (Fraction(1, m), {}) for j in range(m)}
    tree: dict = {f"wide {j}": (Fraction(1, k + 1) + delta, wide) for j in range(k)}
    tree["narrow"] = (Fraction(1, k + 1) - k * delta, {0: (Fraction(1), {})})
    return tree


# --- 4.2, 4.3: the price of compute ---


def best_samples(p: Real, price: Real) -> int:
    r"""How many independent tries maximise $1-(1-p)^n-\lambda n$: $1+\lfloor\ln(\lambda/p)/\ln(1-p)\rfloor$.

    The largest $n$ whose last try still pays, $p(1-p)^{n-1}\ge\lambda$; 0 if not even the first does.

    Parameters
    ----------
    p : chance of one try, in (0, 1).
    price : $\lambda>0$ of a try.

    Returns
    -------
    int
        Compared exactly for integers and Fractions.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-32``.
    """
    p = probability("p", p, open_ends=True)
    price = real("price", price, above=0)
    if price > p:
        return 0
    log_ratio = math.log(float(price / p)) if price < p else 0.0
    n = max(0, math.floor(log_ratio / math.log1p(-float(p))) - 1)
    while p * (1 - p) ** n >= price:  # try n + 1 still pays
        n += 1
    return n


def priced_choices(costs: Sequence[Real], qualities: Sequence[Real]) -> tuple[int, ...]:
    r"""The configurations that maximise quality minus $\lambda$ times cost for some price $\lambda\ge0$.

    Parameters
    ----------
    costs, qualities : one number for each configuration.

    Returns
    -------
    tuple of int
        Their numbers from 0 on, each best or among the best at some price. Comparisons are exact for
        integers and Fractions.

    Raises
    ------
    ValueError
        If the lengths differ.

    Source: ledger ``4-32``.
    """
    c = [real("costs", value) for value in costs]
    q = [real("qualities", value) for value in qualities]
    if not c or len(c) != len(q):
        fail("qualities", qualities, f"as many numbers as costs, {len(c)}, and at least one")
    chosen = []
    for i in range(len(c)):
        least, most = Fraction(0), math.inf  # the prices at which i beats all others
        for j in range(len(c)):
            gain, saved = q[i] - q[j], c[j] - c[i]  # need gain + price * saved >= 0
            if saved > 0:
                least = max(least, -gain / saved)
            elif saved < 0:
                most = min(most, gain / -saved)
            elif gain < 0:
                most = -1
        if least <= most:
            chosen.append(i)
    return tuple(chosen)


def routed_value(
    shares: Sequence[Real], short: Sequence[Real], think: Sequence[Real], price: Real
) -> tuple[Number, Number, Number]:
    r"""Value of always answering at once, of always thinking, and of thinking exactly where it pays.

    Thinking pays where $a_t-a_s>\lambda\kappa$.

    Parameters
    ----------
    shares : law of the groups of inputs.
    short, think : accuracy in each group, in [0, 1].
    price : $\lambda\kappa\ge0$, the price of thinking once.

    Returns
    -------
    tuple
        Three expected values, exact for integers and Fractions.

    Raises
    ------
    ValueError
        If the lengths differ or a number is outside its range.

    Source: ledger ``4-33``.
    """
    law = _law("shares", shares)
    fast = [probability("short", a) for a in short]
    slow = [probability("think", a) for a in think]
    price = real("price", price, 0)
    if not len(law) == len(fast) == len(slow):
        fail("think", think, f"{len(law)} accuracies in short and in think, one for each group")
    paid = [a - price for a in slow]
    return (
        _mean(law, fast),
        _mean(law, paid),
        _mean(law, [max(a, b) for a, b in zip(fast, paid, strict=True)]),
    )


def switch_price(likelihoods: Sequence[Real], consistent: Sequence[bool]) -> Number:
    r"""The weight $\lambda^*$ at which (34) switches: best likelihood minus best likelihood of a consistent answer.

    Below it no maximiser of likelihood plus $\lambda$ times consistency is consistent, above it all are.

    Parameters
    ----------
    likelihoods : $L$, one real number for each answer.
    consistent : for each answer whether all constraints hold; at least one does and one does not.

    Returns
    -------
    Fraction or float, at least 0

    Raises
    ------
    ValueError
        If the lengths differ or all answers are alike.

    Source: ledger ``4-34``.
    """
    score = [real("likelihoods", value) for value in likelihoods]
    fits = [flag("consistent", value) for value in consistent]
    if len(fits) != len(score) or len(set(fits)) < 2:
        fail("consistent", consistent, f"{len(score)} truth values, not all alike")
    return max(score) - max(value for value, fit in zip(score, fits, strict=True) if fit)


# --- 4.3: votes ---


def majority_accuracy(n_votes: int, p: Real) -> Number:
    r"""Accuracy of the majority of independent votes, each right with probability `p`.

    $P(\mathrm{Bin}(n,p)>\frac n2)$, plus one half of $P(=\frac n2)$ for even $n$: a tie is settled by a coin.

    Parameters
    ----------
    n_votes : $n$, at least 1.
    p : in [0, 1].

    Returns
    -------
    Fraction or float
        Exact for integers and Fractions.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-36``.
    """
    n = integer("n_votes", n_votes, 1)
    p = probability("p", p)
    if isinstance(p, Fraction):
        integer("n_votes", n_votes, 1, 10**4)  # exact results get long
        a, b = p.numerator, p.denominator - p.numerator
        won = sum(math.comb(n, k) * a**k * b ** (n - k) for k in range(n // 2 + 1, n + 1))
        tied = math.comb(n, n // 2) * (a * b) ** (n // 2) if n % 2 == 0 else 0
        return Fraction(2 * won + tied, 2 * p.denominator**n)
    # with a coin, an even vote is as good as one vote less
    odd = n - 1 + n % 2
    return float(stats.binom.sf(odd // 2, odd, p))


def plurality_accuracy(n_votes: int, probabilities: Sequence[Real]) -> float:
    r"""Probability that the first answer gets more votes than every other one, for independent votes.

    Ties count as errors.

    Parameters
    ----------
    n_votes : from 1 to 10,000.
    probabilities : law of one vote; the first entry belongs to the right answer.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-36``.
    """
    n = integer("n_votes", n_votes, 1, 10_000)
    law = [float(p) for p in _law("probabilities", probabilities)]
    votes = np.arange(n + 1)
    # Independent Poisson counts with means n p_j are multinomial once their sum is known to be n.
    counts = [stats.poisson.pmf(votes, n * p) for p in law]
    total = 0.0
    for k in range(1, n + 1):
        rest = np.array([1.0])
        for count in counts[1:]:
            rest = np.convolve(rest, count[: min(k, n - k + 1)])[: n - k + 1]
        if len(rest) == n - k + 1:
            total += counts[0][k] * rest[-1]
    return float(total / stats.poisson.pmf(n, n))


# --- 4.4: verification and chains ---


def verified_accuracy(p: Real, accept_right: Real, accept_wrong: Real, attempts: int | None = None) -> Number:
    r"""Accuracy of "generate, verify, try again": at most $K$ attempts, the last one is kept if none is accepted.

    With $s=p\alpha+(1-p)\beta$ and $a=\frac{p\alpha}s$: $a+(1-s)^{K-1}(p-a)$, and $a$ without a limit.

    Parameters
    ----------
    p : probability that an attempt is right, in [0, 1].
    accept_right, accept_wrong : $\alpha,\beta$, probabilities that a right or a wrong attempt is accepted.
    attempts : $K\ge1$, or None for "until accepted".

    Returns
    -------
    Fraction or float
        Exact for integers and Fractions.

    Raises
    ------
    ValueError
        If an argument is outside its range, or nothing is ever accepted and `attempts` is None.

    Source: ledger ``4-cove``, ``4-38``.
    """
    p = probability("p", p)
    alpha = probability("accept_right", accept_right)
    beta = probability("accept_wrong", accept_wrong)
    accepted = p * alpha + (1 - p) * beta
    if attempts is None:
        if not accepted:
            fail("accept_right", accept_right, "such that some attempt can be accepted, if attempts is None")
        return p * alpha / accepted
    rounds = integer("attempts", attempts, 1)
    if not accepted:
        return p
    ceiling = p * alpha / accepted
    return ceiling + power("attempts", 1 - accepted, rounds - 1) * (p - ceiling)


def tries_per_step(n_steps: int, p: Real, delta: Real) -> int:
    r"""Least number $k$ of tries a step, with a perfect verifier, for $n$ right steps: $(1-(1-p)^k)^n\ge1-\delta$.

    Parameters
    ----------
    n_steps : at least 1.
    p : probability that a try is right, in (0, 1].
    delta : allowed failure probability, in (0, 1).

    Returns
    -------
    int
        At most $\lceil\ln(n/\delta)/\ln\frac1{1-p}\rceil$.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-cove``.
    """
    n = integer("n_steps", n_steps, 1)
    p = float(real("p", p, above=0, most=1))
    delta = float(probability("delta", delta, open_ends=True))
    if p == 1:
        return 1
    failing = -math.expm1(math.log1p(-delta) / n)  # allowed for each step
    return max(1, math.ceil(math.log(failing) / math.log1p(-p) - 1e-12))


def program_threshold(program: Real, step: Real) -> int:
    r"""Least number $n$ of steps from which a right program beats a chain by hand: $p^n<g$.

    Parameters
    ----------
    program : $g$, probability that the program is right, in (0, 1].
    step : $p$, probability that a step by hand is right, in (0, 1).

    Returns
    -------
    int
        Compared exactly for integers and Fractions.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-pal``.
    """
    g = real("program", program, above=0, most=1)
    p = probability("step", step, open_ends=True)
    n = max(0, math.floor(math.log(float(g)) / math.log(float(p))) - 1)
    while p**n >= g:
        n += 1
    return n


def all_right_bounds(probabilities: Sequence[Real]) -> tuple[Number, Number]:
    r"""Bounds for the probability that all of several steps are right, however they depend on each other.

    $\max(0,1-\sum_i(1-p_i))\le P\le\min_ip_i$, both attained.

    Parameters
    ----------
    probabilities : $p_i$, that step $i$ is right, at least one.

    Returns
    -------
    tuple
        Lower and upper bound, exact for integers and Fractions.

    Raises
    ------
    ValueError
        If there is no step or an entry is no probability.

    Source: ledger ``4-chain``, ``4-35``.
    """
    steps = [probability("probabilities", p) for p in probabilities]
    if not steps:
        fail("probabilities", probabilities, "at least one probability")
    return max(Fraction(0), 1 - sum(1 - p for p in steps)), min(steps)


def chain_accuracy(p: Real, n: int) -> Number:
    """Probability that `n` independent steps, each right with probability `p`, are all right: $p^n$.

    Parameters
    ----------
    p : in [0, 1].
    n : number of steps, at least 0.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-chain``.
    """
    return power("n", probability("p", p), integer("n", n, 0))


def parity_chain(noise: Real, n: int) -> ParityChain:
    r"""A chain of XOR steps whose outputs flip independently: right at the end with $\frac12(1+(1-2\varepsilon)^n)$.

    Parameters
    ----------
    noise : $\varepsilon$, probability that a step is wrong, in [0, 1].
    n : number of steps, at least 0.

    Returns
    -------
    ParityChain
        ``(final, all_right, lucky)``; `lucky` is the probability of a right end with at least one wrong step.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-chain``.
    """
    e = probability("noise", noise)
    n = integer("n", n, 0)
    final, all_right = (1 + power("n", 1 - 2 * e, n)) / 2, power("n", 1 - e, n)
    return ParityChain(final, all_right, final - all_right)


def and_tree(noise: Real, depth: int) -> Number:
    r"""Accuracy of a complete binary AND tree with true leaves whose gates flip independently.

    $u_0=1$, $u_{d+1}=(1-\varepsilon)u_d^2+\varepsilon(1-u_d^2)$.

    Parameters
    ----------
    noise : $\varepsilon$, probability that a gate's output is flipped, in [0, 1].
    depth : number of layers of gates, from 0 to 60 (exact results double in length with each layer).

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-chain``.
    """
    e = probability("noise", noise)
    depth = integer("depth", depth, 0, 15 if isinstance(e, Fraction) else 60)
    u: Number = Fraction(1)
    for _ in range(depth):
        u = (1 - e) * u * u + e * (1 - u * u)
    return u
