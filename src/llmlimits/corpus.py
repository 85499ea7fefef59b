r"""What a training corpus does to the facts a model tells, for the section on data (2.2).

Coverage of a long tail by count and by demand, greedy answers, a rule that makes unseen questions easy, label
noise under four models and three ways of decoding, ageing facts, the drift of generated prefixes away from the
data, models trained on their predecessors' answers, and retrieval. Witness for the ledger rows ``eq-7`` to
``eq-14``, ``fn-1``, ``s2-p16`` and ``s2-p17``. Probabilities given as integers or Fractions give exact results.
"""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Real

import numpy as np
from scipy import linalg, special, stats

from . import samples
from ._checks import array, distribution, fail, generator, integer, power, probability, real

Number = Fraction | float


# --- coverage, equation (7) ---


def uncovered_demand(exponent: Real, n_known: int) -> float:
    r"""Share of the questions about facts beyond the `n_known` most popular ones.

    $\sum_{j>k}j^{-s}/\zeta(s)$ for the demand $p_j=j^{-s}/\zeta(s)$ over infinitely many facts (ledger
    ``eq-7``). Guessing among $q$ labels there costs $1-\frac1q$ of it.

    Parameters
    ----------
    exponent : $s$, above 1 and at most 50.
    n_known : number $k$ of known facts, from 0 to $10^{15}$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    s = float(real("exponent", exponent, most=50, above=1))
    k = integer("n_known", n_known, 0, 10**15)
    return float(special.zeta(s, k + 1) / special.zeta(s))


# --- the answer, equation (8) ---


def greedy_answer(law: np.ndarray) -> tuple[int, ...]:
    r"""The answer of greedy decoding: token after token, the most probable continuation.

    Parameters
    ----------
    law : probabilities of all answers of $L$ tokens, an array of shape (V,) * L that sums to 1.

    Returns
    -------
    tuple of L int, the first token among equals at every step

    Raises
    ------
    ValueError
        If `law` is no probability law or its axes differ in length.

    Source: ledger ``eq-8``.
    """
    law = _joint("law", law)
    answer = []
    while law.ndim:
        answer.append(int(np.argmax(law.reshape(law.shape[0], -1).sum(1))))
        law = law[answer[-1]]
    return tuple(answer)


def _joint(name: str, value: object) -> np.ndarray:
    out = array(name, value)
    if out.ndim == 0 or len(set(out.shape)) > 1:
        fail(name, value, "an array whose axes all have the same length")
    if (out < 0).any() or abs(float(out.sum()) - 1) > 1e-9:
        fail(name, value, "non-negative numbers that sum to 1 (within 1e-09)")
    return out


# --- seen and unseen, equation (9) ---


def rule_errors(n_bits: int, n_examples: int, rng: np.random.Generator) -> tuple[float, float]:
    r"""Errors on seen and on unseen inputs when the truth is a linear rule over $\mathbb F_2$.

    The learner draws `n_examples` random inputs of `n_bits` bits, and answers the label that all rules
    consistent with them give, or a coin when they differ (ledger ``eq-9``). An input is determined exactly when
    it is a sum of seen ones.

    Parameters
    ----------
    n_bits : from 1 to 16.
    n_examples : at least 0.
    rng : source of the rule and the examples.

    Returns
    -------
    tuple of two float
        Expected error (coins averaged) on the seen and on the unseen inputs; 0 where there are none.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n = integer("n_bits", n_bits, 1, 16)
    m = integer("n_examples", n_examples, 0, 10**7)
    generator("rng", rng)
    inputs = rng.integers(0, 2**n, m)
    rule = int(rng.integers(0, 2**n))
    parity = np.array([x.bit_count() % 2 for x in range(2**n)], dtype=np.int8)
    labels = parity[inputs & rule]
    # label[x] of every sum x of seen inputs; the sum of no inputs is 0 and has label 0
    known = np.full(2**n, -1, dtype=np.int8)
    known[0] = 0
    for x, y in zip(inputs, labels, strict=True):
        if known[x] < 0:
            span = np.flatnonzero(known >= 0)
            known[span ^ x] = known[span] ^ y
    truth = parity[np.arange(2**n) & rule]
    error = np.where(known < 0, 0.5, (known != truth).astype(float))
    seen = np.isin(np.arange(2**n), inputs)
    return tuple(float(error[mask].mean()) if mask.any() else 0.0 for mask in (seen, ~seen))


# --- the noise floor, equation (10) ---


def majority_error(n_mentions: int, noise: Real) -> Number:
    r"""Error on one binary fact stated `n_mentions` times, each time wrong independently with rate `noise`.

    The majority answers, a coin at ties: $P(\mathrm{Bin}(k,\eta)>\frac k2)+\frac12P(\mathrm{Bin}(k,\eta)=\frac
    k2)$ (ledger ``eq-10``).

    Parameters
    ----------
    n_mentions : number $k$ of statements, from 0 to a million.
    noise : $\eta$, in [0, 1]; above one half the majority is mostly wrong.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    n_mentions = integer("n_mentions", n_mentions, 0, 10**6)
    eta = probability("noise", noise)
    flipped = 2 * eta > 1
    edge = eta - Fraction(1, 2) if flipped else Fraction(1, 2) - eta
    wrong = samples.majority_label_error(n_mentions, edge)
    return 1 - wrong if flipped else wrong


def independent_risk(n_facts: int, n_examples: int, noise: Real) -> float:
    r"""Exact clean risk of majority votes when every example is wrong independently.

    $\sum_k P(\mathrm{Bin}(n,\frac1m)=k)\,e_k$, with $e_k$ the `majority_error` of $k$ mentions: examples and
    questions are uniform on $m$ binary facts (ledger ``eq-10``).

    Parameters
    ----------
    n_facts : $m$, at least 1.
    n_examples : $n$, from 0 to a million.
    noise : $\eta$, in [0, 1].

    Returns
    -------
    float
        Relative error about $10^{-9}$.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    m = integer("n_facts", n_facts, 1)
    n = integer("n_examples", n_examples, 0, 10**6)
    eta = float(probability("noise", noise))
    k = np.arange(n + 1)
    share = stats.binom.pmf(k, n, 1 / m)
    half = np.maximum(k - 1, 0) // 2
    errors = special.betainc(half + 1, half + 1, eta)
    errors[0] = 0.5
    return float(share @ errors)


def independent_bound(n_facts: int, n_examples: int, noise: Real) -> float:
    r"""Bound on `independent_risk`: $\frac12\big(1-\frac1m(1-2\sqrt{\eta(1-\eta)})\big)^n$ (ledger ``eq-10``).

    Parameters
    ----------
    n_facts, n_examples : as in `independent_risk`.
    noise : $\eta$, in [0, 1/2].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    m = integer("n_facts", n_facts, 1)
    n = integer("n_examples", n_examples, 0)
    eta = float(real("noise", noise, 0, Fraction(1, 2)))
    gap = (1 - 2 * math.sqrt(eta * (1 - eta))) / m
    return 0.5 * math.exp(float(special.xlog1py(n, -gap)))


def printed_floor(noise: Real, capacity: int, n_examples: int, constant: Real = 1) -> float:
    r"""Right side of equation (10) with a constant in place of the O: $\eta(1-C\sqrt{d/n})$ (ledger ``eq-10``).

    Parameters
    ----------
    noise : $\eta$, in [0, 1].
    capacity : $d$, at least 1.
    n_examples : $n$, at least 1.
    constant : $C$, at least 0.

    Returns
    -------
    float
        May be negative.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    eta = float(probability("noise", noise))
    d = integer("capacity", capacity, 1)
    n = integer("n_examples", n_examples, 1)
    return eta * (1 - float(real("constant", constant, 0)) * math.sqrt(d / n))


def noisy_test_risk(risk: Real, noise: Real, n_labels: int = 2) -> Number:
    r"""Error measured on test labels that are wrong with rate `noise`: $\eta+(1-\frac{q\eta}{q-1})\mathcal R$.

    A wrong test label is uniform among the $q-1$ wrong ones and independent of the model's answer given the
    question (ledger ``eq-10``).

    Parameters
    ----------
    risk : error $\mathcal R$ on correct labels, in [0, 1].
    noise : $\eta$, in [0, 1].
    n_labels : $q$, at least 2.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    r = probability("risk", risk)
    eta = probability("noise", noise)
    q = integer("n_labels", n_labels, 2)
    return eta + (1 - Fraction(q, q - 1) * eta) * r


def persistent_risk(n_facts: int, n_examples: int, noise: Real) -> Number:
    r"""Least expected clean risk when a false fact is false in all its mentions: $\eta(1-M_n)+\frac12M_n$.

    Each of $m$ uniform binary facts is false in the corpus independently with probability $\eta\le\frac12$;
    $M_n=(1-\frac1m)^n$ is the unseen share under uniform examples (ledger ``eq-10``).

    Parameters
    ----------
    n_facts : $m$, at least 1.
    n_examples : $n$, at least 0.
    noise : $\eta$, in [0, 1/2].

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    m = integer("n_facts", n_facts, 1)
    n = integer("n_examples", n_examples, 0)
    eta = real("noise", noise, 0, Fraction(1, 2))
    if isinstance(eta, float):
        unseen = float((1 - 1 / m) ** n)
        return eta * (1 - unseen) + 0.5 * unseen
    unseen = power("n_examples", Fraction(m - 1, m), n)
    return eta * (1 - unseen) + unseen / 2


def targeted_risk(n_mentions: int, noise: Real, rate: Real) -> Number:
    r"""Clean risk of majority votes when all the noise is aimed at a few facts.

    Facts of mass $\eta/\rho$ are stated wrongly with rate $\rho$, all others never: the average rate is
    $\eta$, the risk $\frac\eta\rho$ times the `majority_error` at rate $\rho$, every fact having the same number
    of mentions (ledger ``eq-10``).

    Parameters
    ----------
    n_mentions : from 0 to a million; with 0 mentions the error on *all* facts is one half.
    noise : average rate $\eta$, above 0.
    rate : rate $\rho$ on the targeted facts, from $\eta$ to 1.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    k = integer("n_mentions", n_mentions, 0, 10**6)
    eta = real("noise", noise, above=0, most=1)
    rho = real("rate", rate, eta, 1)
    if k == 0:
        return Fraction(1, 2)
    return eta / rho * majority_error(k, rho)


def sampling_error(noise: Real, temperature: Real) -> float:
    r"""Error of sampled answers of a model that has learnt the corpus: false share $\eta$, two answers.

    $\eta_T=\frac{\eta^{1/T}}{\eta^{1/T}+(1-\eta)^{1/T}}$; $T=1$ gives $\eta$, $T\to0$ greedy decoding (ledger
    ``eq-10``).

    Parameters
    ----------
    noise : $\eta$, in [0, 1].
    temperature : $T$, at least 0; 0 means greedy, with a coin at $\eta=\frac12$.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    eta = float(probability("noise", noise))
    t = float(real("temperature", temperature, 0))
    if t == 0:
        return float(eta > 0.5) if eta != 0.5 else 0.5
    if eta in (0.0, 1.0):
        return eta
    return float(special.expit((math.log(eta) - math.log1p(-eta)) / t))


# --- ageing facts, equation (12) ---


def _times(t: object) -> np.ndarray | float:
    times = array("t", t)
    if (times < 0).any():
        fail("t", t, "times, at least 0")
    return times


def _plain(value: np.ndarray) -> np.ndarray | float:
    return float(value) if np.ndim(value) == 0 else value


def staleness(half_life: Real, t: Real | np.ndarray) -> float | np.ndarray:
    r"""Probability that a fact with constant hazard is outdated: $1-2^{-t/T_{1/2}}$ (ledger ``eq-12``).

    Parameters
    ----------
    half_life : $T_{1/2}$, positive, in the unit of `t`.
    t : time since the cutoff, at least 0: a number or an array.

    Returns
    -------
    float or array of the shape of `t`

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    half = float(real("half_life", half_life, above=0))
    return _plain(-np.expm1(-_times(t) * (math.log(2) / half)))


def mixture_staleness(shares: np.ndarray, hazards: np.ndarray, t: Real | np.ndarray) -> float | np.ndarray:
    r"""Outdated share of several kinds of facts: $1-\sum_iw_ie^{-\lambda_it}$ (ledger ``eq-12``).

    Parameters
    ----------
    shares : $w_i$, shape (k,), non-negative with sum 1.
    hazards : $\lambda_i$, shape (k,), at least 0.
    t : time since the cutoff, at least 0: a number or an array.

    Returns
    -------
    float or array of the shape of `t`

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    w = distribution("shares", shares)
    rate = array("hazards", hazards, 1)
    if len(rate) != len(w) or (rate < 0).any():
        fail("hazards", hazards, f"{len(w)} numbers, at least 0")
    return _plain(-np.expm1(-np.multiply.outer(_times(t), rate)) @ w)


def chain_staleness(rates: np.ndarray, t: Real | np.ndarray, start: int = 0) -> float | np.ndarray:
    r"""Probability that a fact whose value follows a Markov chain differs from its value at the cutoff.

    $1-(e^{tQ})_{xx}$ with $Q$ the generator of the rates. It need not increase with $t$; it does when the chain
    is reversible (ledger ``eq-12``).

    Parameters
    ----------
    rates : shape (k, k), the rate of change from value i to value j; the diagonal is ignored.
    t : time since the cutoff, at least 0: a number or an array.
    start : the value $x$ at the cutoff, an index below k.

    Returns
    -------
    float or array of the shape of `t`

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    q = array("rates", rates, 2).copy()
    if q.shape[0] != q.shape[1]:
        fail("rates", rates, "a square array")
    np.fill_diagonal(q, 0)
    if (q < 0).any():
        fail("rates", rates, "rates, at least 0")
    x = integer("start", start, 0, len(q) - 1)
    np.fill_diagonal(q, -q.sum(1))
    times = _times(t)
    if float(times.max()) * float(np.abs(q).max()) > 1e9:
        fail("t", t, "times with at most 10^9 expected changes")
    values = [1 - linalg.expm(q * s)[x, x] for s in times.ravel()]
    return _plain(np.array(values).reshape(times.shape))


def refresh_average(changes: Real) -> float:
    r"""Time average of the staleness when all is learnt anew at regular intervals: $1-\frac{1-e^{-x}}x$.

    Parameters
    ----------
    changes : $x=\lambda T$, hazard times interval, at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `changes` is negative.

    Source: ledger ``eq-12``.
    """
    x = float(real("changes", changes, 0))
    if x < 1e-4:
        return x / 2 - x * x / 6 + x**3 / 24
    return 1 + math.expm1(-x) / x


# --- generated prefixes, equations (13) and (14) ---


def _pair(model: object, data: object) -> tuple[np.ndarray, np.ndarray]:
    p, q = _joint("model", model), _joint("data", data)
    if p.shape != q.shape:
        fail("data", data, f"an array of the shape {p.shape} of the model's")
    return p, q


def _prefix(law: np.ndarray, t: int) -> np.ndarray:
    return law.reshape(law.shape[0] ** t, -1).sum(1)


def prefix_kl(model: np.ndarray, data: np.ndarray) -> np.ndarray:
    r"""Divergence $\mathrm{KL}(P_t\Vert Q_t)$ between the laws of the first $t$ tokens, $t=0,\dots,L$.

    Its steps are the expected divergences of the next-token laws under the model's own prefixes, so it never
    falls (ledger ``eq-13``).

    Parameters
    ----------
    model, data : joint laws $P$ and $Q$ of $L$ tokens, arrays of shape (V,) * L.

    Returns
    -------
    array of shape (L + 1,), in nats, infinite from where the model writes what the data never contain

    Raises
    ------
    ValueError
        If an argument is no probability law or the shapes differ.
    """
    p, q = _pair(model, data)
    return np.array([float(special.rel_entr(_prefix(p, t), _prefix(q, t)).sum()) for t in range(p.ndim + 1)])


def prefix_tv(model: np.ndarray, data: np.ndarray) -> np.ndarray:
    r"""Total variation between the laws of the first $t$ tokens, $t=0,\dots,L$ (ledger ``eq-13``).

    Parameters
    ----------
    model, data : as in `prefix_kl`.

    Returns
    -------
    array of shape (L + 1,), non-decreasing

    Raises
    ------
    ValueError
        If an argument is no probability law or the shapes differ.
    """
    p, q = _pair(model, data)
    return np.array([float(abs(_prefix(p, t) - _prefix(q, t)).sum()) / 2 for t in range(p.ndim + 1)])


def step_tv(model: np.ndarray, data: np.ndarray) -> np.ndarray:
    r"""Expected total variation of the next-token laws under the *data's* prefixes.

    Entry $s$ is $E_{x\sim Q_s}\mathrm{TV}(P(\cdot|x),Q(\cdot|x))$; the sum of the first $t$ entries bounds
    `prefix_tv` (ledger ``eq-13``).

    Parameters
    ----------
    model, data : as in `prefix_kl`; the model must give positive probability to every prefix of the data.

    Returns
    -------
    array of shape (L,)

    Raises
    ------
    ValueError
        If an argument is no probability law, the shapes differ, or a prefix of the data has probability 0 under
        the model (its next-token law is then unknown).
    """
    p, q = _pair(model, data)
    steps = []
    for s in range(p.ndim):
        before_p, before_q = _prefix(p, s), _prefix(q, s)
        if (before_q[before_p <= 0] > 0).any():
            fail("model", model, "positive on every prefix of the data")
        positive = before_q > 0
        next_p = _prefix(p, s + 1).reshape(len(before_p), -1)[positive] / before_p[positive, None]
        next_q = _prefix(q, s + 1).reshape(len(before_q), -1)[positive] / before_q[positive, None]
        steps.append(float(before_q[positive] @ abs(next_p - next_q).sum(1)) / 2)
    return np.array(steps)


def _track(leave: Real, back: Real) -> tuple[Number, Number, Number, Number]:
    e = probability("e", leave)
    r = probability("r", back)
    if not 0 < e + r <= 1:
        fail("r", back, "such that 0 < e + r <= 1")
    return e, r, e / (e + r), 1 - e - r


def off_track(e: Real, r: Real, t: int) -> Number:
    r"""Probability to be off track after `t` tokens: $\frac e{e+r}(1-(1-e-r)^t)$, started on track.

    A token leads off track with probability $e$ and back with probability $r$ (ledger ``eq-14``).

    Parameters
    ----------
    e, r : in [0, 1] with $0<e+r\le1$.
    t : number of tokens, at least 0.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    _, _, share, rho = _track(e, r)
    return share * (1 - power("t", rho, integer("t", t, 0)))


def excess_after_error(e: Real, r: Real, t: int, gap: int) -> Number:
    r"""By how much an error at token `t` raises the chance of one `gap` tokens later.

    $P(\mathrm{off}_{t+k}|\mathrm{off}_t)-P(\mathrm{off}_{t+k})=(1-e-r)^k(1-P(\mathrm{off}_t))$: it falls
    with the gap (ledger ``eq-14``).

    Parameters
    ----------
    e, r : in [0, 1] with $e>0$, $e+r\le1$.
    t : token of the error, at least 1.
    gap : $k$, at least 0.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    real("e", e, above=0)
    _, _, _, rho = _track(e, r)
    t = integer("t", t, 1)
    return power("gap", rho, integer("gap", gap, 0)) * (1 - off_track(e, r, t))


def total_off(e: Real, r: Real, n_tokens: int) -> Number:
    r"""Expected number of off-track tokens among the first `n_tokens`: $\sum_{t=1}^TP(\mathrm{off}_t)$.

    At most $\frac e{e+r}T$, and at most $e\frac{T(T+1)}2$ (ledger ``eq-14``, ``s2-p17``).

    Parameters
    ----------
    e, r : in [0, 1] with $0<e+r\le1$.
    n_tokens : $T$, at least 0.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    e, r, share, rho = _track(e, r)
    n = integer("n_tokens", n_tokens, 0)
    return share * (n - rho * (1 - power("n_tokens", rho, n)) / (e + r))


# --- models trained on models ---


def collapse_variance(noise: Real, n: int, fresh: Real) -> Number:
    r"""Limiting variance of the false share when each generation learns from its predecessor's answers.

    $\frac{\eta(1-\eta)}{n(1-(1-\alpha)^2(1-\frac1n))}$ for `n` answers a generation, each a fresh one from the
    corpus with probability $\alpha$; for $\alpha=0$ it is $\eta(1-\eta)$, the variance of a coin (ledger
    ``s2-p16``).

    Parameters
    ----------
    noise : false share $\eta$ of the corpus, in [0, 1].
    n : answers per generation, at least 1.
    fresh : $\alpha$, in [0, 1].

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    eta = probability("noise", noise)
    n = integer("n", n, 1)
    alpha = probability("fresh", fresh)
    return eta * (1 - eta) / (n * (1 - (1 - alpha) ** 2 * (1 - Fraction(1, n))))


def collapse_matrix(noise: Real, n: int, fresh: Real = 0) -> np.ndarray:
    r"""Transition matrix of the number of false answers from one generation to the next.

    Row $i$ is the law $\mathrm{Bin}(n,\alpha\eta+(1-\alpha)\frac in)$ (ledger ``s2-p16``).

    Parameters
    ----------
    noise, n, fresh : as in `collapse_variance`, n at most 1000.

    Returns
    -------
    array of shape (n + 1, n + 1)

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    eta = float(probability("noise", noise))
    n = integer("n", n, 1, 1000)
    alpha = float(probability("fresh", fresh))
    counts = np.arange(n + 1)
    mean = alpha * eta + (1 - alpha) * counts / n
    return stats.binom.pmf(counts[None, :], n, mean[:, None])


def collapse_paths(
    noise: Real, n: int, fresh: Real, n_generations: int, n_paths: int, rng: np.random.Generator
) -> np.ndarray:
    r"""False shares of successive generations, simulated (ledger ``s2-p16``).

    Parameters
    ----------
    noise, n, fresh : as in `collapse_variance`.
    n_generations, n_paths : at least 0 and 1.
    rng : source of the answers.

    Returns
    -------
    array of shape (n_generations + 1, n_paths); the first row is `noise`

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    eta = float(probability("noise", noise))
    n = integer("n", n, 1)
    alpha = float(probability("fresh", fresh))
    n_generations, n_paths = integer("n_generations", n_generations, 0), integer("n_paths", n_paths, 1)
    if (n_generations + 1) * n_paths > 10**8:
        fail("n_paths", n_paths, "at most 10^8 numbers in all")
    generator("rng", rng)
    paths = np.full((n_generations + 1, n_paths), eta)
    for g in range(1, len(paths)):
        paths[g] = rng.binomial(n, alpha * eta + (1 - alpha) * paths[g - 1]) / n
    return paths


# --- retrieval ---


def retrieval_error(unseen: Real, hit_rate: Real, reading_error: Real, n_labels: int = 2) -> Number:
    r"""Error with retrieval on the unseen questions: $M\big(\rho e+(1-\rho)(1-\frac1q)\big)$.

    Parameters
    ----------
    unseen : share $M$ of questions that training did not answer, in [0, 1]; the others are answered rightly.
    hit_rate : $\rho$, share of these for which the answer is retrieved, in [0, 1].
    reading_error : $e$, error with the right passage at hand, in [0, 1].
    n_labels : $q$, at least 2; without a hit the model guesses.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``eq-9``.
    """
    m = probability("unseen", unseen)
    rho = probability("hit_rate", hit_rate)
    e = probability("reading_error", reading_error)
    q = integer("n_labels", n_labels, 2)
    return m * (rho * e + (1 - rho) * Fraction(q - 1, q))
