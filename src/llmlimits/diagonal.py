r"""Truths that a listed family of models cannot match, for the section on fundamental limits (2.1).

Inputs are numbered $s_0, s_1, \dots$ and appear here as their numbers $k$; a family is a function
``model(i, k)``, the answer of model $i$ to input $k$; a truth is the list of its labels on the first inputs.
The module holds the diagonal, the truth that resists learners trained on it, the index schedules (the printed
one included), the truth that keeps every model near guessing, and the counterpoint: how short a table of
answers may be. Witness for the ledger rows ``thm-1``, ``eq-1``, ``thm-2``, ``eq-2``, ``s2-p1`` and ``s2-p2``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from numbers import Real
from typing import NamedTuple

from ._checks import fail, integer, probability, real

# Loops over inputs are no longer than this.
_MOST_INPUTS = 10**7
Family = Callable[[int, int], int]
Ask = Callable[[int], int]
Hypothesis = Callable[[int], int]
Learner = Callable[[Ask, int], Hypothesis]

# Learning rates 2^-1 ... 2^-20 are enough for the bound at every length up to 4^20.
_LEVELS = 20


def _function(name: str, value: object) -> None:
    if not callable(value):
        fail(name, value, "a function")


def _functions(name: str, value: Sequence[Callable]) -> list[Callable]:
    if not isinstance(value, Sequence) or not value or not all(callable(item) for item in value):
        fail(name, value, "a non-empty sequence of functions")
    return list(value)


def cantor_pair(i: int, j: int) -> int:
    r"""Number of the pair $(i, j)$: $\tfrac12(i+j)(i+j+1)+j$.

    Gives one index to a model $i$ after $j$ training steps (ledger ``thm-1``).

    Parameters
    ----------
    i, j : integers, at least 0.

    Returns
    -------
    int
        A natural number; every natural number belongs to exactly one pair.

    Raises
    ------
    ValueError
        If `i` or `j` is negative or not an integer.
    """
    i = integer("i", i, 0, any_size=True)
    j = integer("j", j, 0, any_size=True)
    return (i + j) * (i + j + 1) // 2 + j


def cantor_unpair(k: int) -> tuple[int, int]:
    r"""The pair whose number is `k`, the inverse of `cantor_pair`.

    With $w=\lfloor(\sqrt{8k+1}-1)/2\rfloor$: $j=k-\tfrac12w(w+1)$, $i=w-j$ (ledger ``thm-1``).

    Parameters
    ----------
    k : integer, at least 0, of any size.

    Returns
    -------
    tuple of two int

    Raises
    ------
    ValueError
        If `k` is negative or not an integer.
    """
    k = integer("k", k, 0, any_size=True)
    diagonal = (math.isqrt(8 * k + 1) - 1) // 2
    j = k - diagonal * (diagonal + 1) // 2
    return diagonal - j, j


def diagonal_truth(model: Family, n: int) -> list[int]:
    r"""Labels $f(s_k)=1-h_k(s_k)$ of the first `n` inputs: model $k$ is wrong at input $k$.

    Parameters
    ----------
    model : function; ``model(i, k)`` is 0 or 1, the answer of model i to input k.
    n : number of inputs, at least 0.

    Returns
    -------
    list of `n` int, each 0 or 1

    Raises
    ------
    ValueError
        If `model` is no function or gives another label, or `n` is negative or not an integer.

    Source: ledger ``thm-1``, ``eq-1``.
    """
    return aimed_truth(model, n, lambda k: k)


def aimed_truth(model: Family, n: int, schedule: Callable[[int], int]) -> list[int]:
    r"""Labels $f(s_k)=1-h_{\sigma(k)}(s_k)$: input $k$ is aimed at model $\sigma(k)$.

    Parameters
    ----------
    model : function; ``model(i, k)`` is 0 or 1, the answer of model i to input k.
    n : number of inputs, at least 0.
    schedule : function from input numbers to model numbers, for example `ruler_schedule`.

    Returns
    -------
    list of `n` int, each 0 or 1

    Raises
    ------
    ValueError
        If `model` gives a label other than 0 and 1, `schedule` gives no natural number, either of them is no
        function, or `n` is negative or not an integer.

    Source: ledger ``thm-2``, ``eq-2``.
    """
    _function("model", model)
    _function("schedule", schedule)
    n = integer("n", n, 0, _MOST_INPUTS)
    targets = (integer("schedule(k)", schedule(k), 0, any_size=True) for k in range(n))
    return [1 - integer("model(i, k)", model(i, k), 0, 1) for k, i in enumerate(targets)]


def errors_of(model: Family, truth: Sequence[int], i: int) -> int:
    r"""Number of inputs $k$ below ``len(truth)`` at which $h_i(s_k)\ne f(s_k)$.

    Parameters
    ----------
    model : function; ``model(i, k)`` is a label, a natural number.
    truth : labels of the inputs 0, 1, ...
    i : number of the model, at least 0.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `model` is no function, an answer or an entry of `truth` is not a natural number, or `i` is
        negative or not an integer.

    Source: ledger ``thm-2``.
    """
    _function("model", model)
    i = integer("i", i, 0)
    labels = [integer("truth", label, 0) for label in truth]
    return sum(
        integer("model(i, k)", model(i, k), 0, any_size=True) != label for k, label in enumerate(labels)
    )


def least_likely_truth(model: Callable[[int, int], Sequence[Real]], n: int, n_labels: int = 2) -> list[int]:
    r"""Diagonal for randomised models: label $k$ is the answer that model $k$ is least likely to give.

    The labels' probabilities sum to at most 1, so $P(h_k(s_k)=f(s_k))\le 1/q$ with $q$ = `n_labels`.

    Parameters
    ----------
    model : function; ``model(i, k)`` is a sequence of `n_labels` probabilities with sum at most 1 (what is
        missing is the probability of any other output). Fractions are compared exactly.
    n : number of inputs, at least 0.
    n_labels : number of labels, at least 2.

    Returns
    -------
    list of `n` int in ``range(n_labels)``; the least label among equals

    Raises
    ------
    ValueError
        If `model` is no function or its answers are not such sequences, `n` < 0 or `n_labels` < 2.

    Source: ledger ``thm-1``.
    """
    _function("model", model)
    n = integer("n", n, 0, _MOST_INPUTS)
    n_labels = integer("n_labels", n_labels, 2)
    truth = []
    for k in range(n):
        law = [probability("model(i, k)", p) for p in model(k, k)]
        if len(law) != n_labels or sum(law) > 1 + 1e-9:
            fail("model(i, k)", law, f"{n_labels} probabilities with sum at most 1")
        truth.append(law.index(min(law)))
    return truth


class StageError(NamedTuple):
    """One constructed error: which learner, after how many training steps, at which input."""

    learner: int
    step: int
    input: int


class Resisted(NamedTuple):
    """A finite table of the truth and the errors it forces, one per stage."""

    truth: dict[int, int]
    errors: list[StageError]


class Trained(NamedTuple):
    """A hypothesis and the set of inputs whose labels its training asked for."""

    hypothesis: Hypothesis
    asked: set[int]


def _train(learner: Learner, steps: int, answer: Ask) -> Trained:
    asked: set[int] = set()
    training = True

    def ask(x: int) -> int:
        # A finished hypothesis that could still look labels up would never be wrong.
        if not training:
            fail("learner", learner, "a learner whose hypothesis asks for no labels after training")
        x = integer("ask(x)", x, 0)
        asked.add(x)
        return answer(x)

    hypothesis = learner(ask, steps)
    training = False
    if not callable(hypothesis):
        fail("learner", hypothesis, "a learner that returns a function of the input")
    return Trained(hypothesis, asked)


def train_on(learner: Learner, steps: int, truth: Mapping[int, int]) -> Trained:
    """Train `learner` for `steps` steps on the labels of a finished truth.

    Parameters
    ----------
    learner : function; ``learner(ask, steps)`` may call ``ask(x)`` and returns a function of the input.
    steps : number of training steps, at least 0.
    truth : table from inputs to labels that holds every input the learner asks for.

    Returns
    -------
    Trained
        The fields are `hypothesis` and `asked`.

    Raises
    ------
    ValueError
        If `learner` is no function, asks outside the table, returns no function or returns one that asks for
        labels; or `steps` is negative or not an integer.

    Source: ledger ``thm-1``.
    """
    _function("learner", learner)
    steps = integer("steps", steps, 0, _MOST_INPUTS)

    def answer(x: int) -> int:
        if x not in truth:
            fail("truth", sorted(truth), f"a table that holds the input {x} the learner asked for")
        return truth[x]

    return _train(learner, steps, answer)


def resist_learners(learners: Sequence[Learner], n_stages: int) -> Resisted:
    r"""Build one truth on which every learner, trained on that same truth, errs outside its training data.

    Stage $t=\langle\langle i,j\rangle,r\rangle$ trains learner $i$ for $j$ steps; a label it asks for is
    fixed (as 0) the moment it is asked. The hypothesis is then fixed too, and the first input without a label
    gets the label that it does not give; since it is the first, no input is left out in the limit.

    Parameters
    ----------
    learners : non-empty sequence of deterministic functions ``learner(ask, steps)``: each may ask for labels
        through ``ask(x)``, as many and as adaptively as it likes, and returns a function from inputs to 0 or
        1 that asks no more. A finite list stands for its periodic repetition: "learner $i$" is number
        ``i % len(learners)``.
    n_stages : number of stages, at least 0.

    Returns
    -------
    Resisted
        `truth`, a table that holds the inputs 0 to ``n_stages - 1`` and whatever else was asked or aimed at,
        and `errors`, one ``(learner, step, input)`` per stage. `train_on` with the finished table gives each
        hypothesis again; it is wrong at the recorded input, which its training never asked for.

    Raises
    ------
    ValueError
        If `learners` is not such a sequence, a hypothesis gives a label other than 0 and 1 or asks for
        labels, or `n_stages` is negative or not an integer.

    Source: ledger ``thm-1``.
    """
    learners = _functions("learners", learners)
    n_stages = integer("n_stages", n_stages, 0, _MOST_INPUTS)
    truth: dict[int, int] = {}
    errors = []
    free = 0  # every input below it has a label
    for stage in range(n_stages):
        state, _ = cantor_unpair(stage)
        i, steps = cantor_unpair(state)
        i %= len(learners)
        hypothesis, _ = _train(learners[i], steps, lambda x: truth.setdefault(x, 0))
        while free in truth:
            free += 1
        truth[free] = 1 - integer("learner", hypothesis(free), 0, 1)
        errors.append(StageError(i, steps, free))
    return Resisted(truth, errors)


def memoriser(ask: Ask, steps: int) -> Hypothesis:
    r"""The learner that stores the labels of the first `steps` inputs and answers 0 elsewhere.

    For every truth it is right at input $k$ in all states with `steps` $>k$: each state can be wrong
    somewhere while each question is, in the end and for good, answered rightly.

    Parameters
    ----------
    ask : function from inputs to labels.
    steps : number of training steps, at least 0.

    Returns
    -------
    function from inputs to labels

    Raises
    ------
    ValueError
        If `ask` is no function or `steps` is negative or not an integer.

    Source: ledger ``thm-1``.
    """
    _function("ask", ask)
    stored = [ask(k) for k in range(integer("steps", steps, 0, _MOST_INPUTS))]
    return lambda k: stored[k] if k < len(stored) else 0


def beatable_classes(n_points: int, n_labels: int = 2) -> int:
    r"""Count by brute force the classes of functions on finitely many points that some truth beats.

    A truth beats a class if it differs from every member somewhere. All $2^{q^N}$ classes and all truths are
    tried, which is feasible up to $q^N=16$; `beatable_classes_formula` is the closed form.

    Parameters
    ----------
    n_points : number $N$ of points, at least 1.
    n_labels : number $q$ of labels, at least 2, with $q^N\le16$.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is out of range or there are more than 16 functions.

    Source: ledger ``thm-1``, ``s2-p2``.
    """
    n_points = integer("n_points", n_points, 1, 4)
    n_labels = integer("n_labels", n_labels, 2, 16)
    if n_labels**n_points > 16:
        fail("n_labels", n_labels, f"at most 16 functions, so n_labels ** {n_points} at most 16")
    functions = list(product(range(n_labels), repeat=n_points))
    # A class is a bit mask over the functions; met[t] marks the members that truth t does not differ from.
    met = [
        sum(1 << j for j, h in enumerate(functions) if all(a == b for a, b in zip(f, h, strict=True)))
        for f in functions
    ]
    return sum(any(not family & mask for mask in met) for family in range(2 ** len(functions)))


def beatable_classes_formula(n_points: int, n_labels: int = 2) -> int:
    r"""Number $2^{q^N}-1$ of classes that some truth beats: all but the class of all functions.

    Parameters
    ----------
    n_points : number $N$ of points, 1 to 16.
    n_labels : number $q$ of labels, 2 to 16, with $q^N\le2^{16}$ (the answer has $q^N$ bits).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is out of range or there are more than $2^{16}$ functions.

    Source: ledger ``thm-1``, ``s2-p2``.
    """
    n_points = integer("n_points", n_points, 1, 16)
    n_labels = integer("n_labels", n_labels, 2, 16)
    if n_labels**n_points > 2**16:
        fail("n_labels", n_labels, f"n_labels ** {n_points} at most {2**16}")
    return 2**n_labels**n_points - 1


def printed_schedule(k: int) -> int:
    r"""The index map as printed, $k\bmod(k+1)$; since $k<k+1$ it is the identity.

    Parameters
    ----------
    k : number of an input, at least 0.

    Returns
    -------
    int
        `k` itself.

    Raises
    ------
    ValueError
        If `k` is negative or not an integer.

    Source: ledger ``eq-2``.
    """
    k = integer("k", k, 0, any_size=True)
    return k % (k + 1)


def cantor_schedule(k: int) -> int:
    r"""First coordinate of the pair with number `k`: every model is aimed at infinitely often.

    Parameters
    ----------
    k : number of an input, at least 0.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `k` is negative or not an integer.

    Source: ledger ``thm-2``, ``eq-2``.
    """
    return cantor_unpair(k)[0]


def ruler_schedule(k: int) -> int:
    r"""Number of trailing zero bits of $k+1$: model $i$ is aimed at on a share $2^{-(i+1)}$ of the inputs.

    Among the first $N$ inputs exactly $\lfloor(N+2^i)/2^{i+1}\rfloor$ are aimed at model $i$.

    Parameters
    ----------
    k : number of an input, at least 0.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `k` is negative or not an integer.

    Source: ledger ``thm-2``, ``eq-2``.
    """
    number = integer("k", k, 0, any_size=True) + 1
    return (number & -number).bit_length() - 1


class HardTruth(NamedTuple):
    """A truth, how often each model is right on it, and the potential before each round and at the end."""

    truth: list[int]
    right: list[int]
    potential: list[Fraction]


def hard_truth_trace(
    models: Sequence[Callable[[int, tuple[int, ...]], int]], n: int, n_labels: int = 2
) -> HardTruth:
    r"""The truth of `hard_truth` with the count of right answers of each model and the potential.

    Expert $(i,m)$, $1\le m\le20$, bets on model $i$ with stake rate $\eta_m=2^{-m}$ from round $i+m-1$ on; it
    starts with capital $2^{-(i+1)-m}$, which is multiplied by $\frac{1+\eta_m}{1+\eta_m/q}$ when the model is
    right and by $\frac1{1+\eta_m/q}$ when it is wrong. Each label is chosen (the least among equals) so that
    the total capital, the potential, comes out smallest. Averaged over the labels it would stay the same, so
    it never exceeds 1 and no single expert ever owns more than 1, which is what `accuracy_bound` spells out.

    Capitals are integers in units of $2^{-148-L}$ for $L$ models, always rounded up. So each is at least its
    exact value, and the total, which starts at or below $1-2^{-20}$ and gains less than one unit per expert
    and round by rounding, stays at or below 1: the bound holds exactly, without floating point. The cost is
    about 20 small-integer divisions per model and round (24 models, n = 4000: about half a second).

    Parameters
    ----------
    models : non-empty sequence of at most 2**20 functions; ``models[i](k, earlier)`` is the answer to input
        k, where `earlier` is the tuple of the k true labels before it: online learners are included.
    n : number of inputs, 0 to 10**7. A longer truth begins with the shorter one.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    HardTruth
        `truth`, `n` labels; `right`, one count per model; `potential`, n + 1 exact numbers.

    Raises
    ------
    ValueError
        If an argument is out of range or a model gives a label outside ``range(n_labels)``.

    Source: ledger ``thm-2``.
    """
    models = _functions("models", models)
    if len(models) > 2**20:
        fail("models", len(models), f"at most {2**20} models")
    n = integer("n", n, 0, _MOST_INPUTS)
    q = integer("n_labels", n_labels, 2, 10**6)
    unit = 1 << (len(models) + _LEVELS + 128)
    divisors = [q * 2**m + 1 for m in range(1, _LEVELS + 1)]
    capital = [[unit >> (i + 1 + m) for m in range(1, _LEVELS + 1)] for i in range(len(models))]
    potential = [sum(map(sum, capital))]
    truth: list[int] = []
    right = [0] * len(models)
    for k in range(n):
        earlier = tuple(truth)
        answers = [integer("models[i](k, earlier)", model(k, earlier), 0, q - 1) for model in models]
        # With u = c / (q 2^m + 1), a wrong answer turns the capital c into c - u and a right one into
        # c + (q - 1) u; u is rounded down in the first and up in the second, so both results are rounded up.
        # Expert (i, m) is active once m <= k + 1 - i.
        shares = [
            [c // d for c, d in zip(own[: max(0, k + 1 - i)], divisors, strict=False)]
            for i, own in enumerate(capital)
        ]
        # The total comes out smallest for the label whose experts would gain least over being wrong.
        votes = [0] * q
        for answer, own in zip(answers, shares, strict=True):
            votes[answer] += q * sum(own) + (q - 1) * len(own)
        label = votes.index(min(votes))
        truth.append(label)
        for i, (answer, own) in enumerate(zip(answers, shares, strict=True)):
            if answer == label:
                right[i] += 1
                changed = [c + (q - 1) * (u + 1) for c, u in zip(capital[i], own, strict=False)]
            else:
                changed = [c - u for c, u in zip(capital[i], own, strict=False)]
            capital[i][: len(own)] = changed
        potential.append(sum(map(sum, capital)))
    return HardTruth(truth, right, [Fraction(value, unit) for value in potential])


def hard_truth(
    models: Sequence[Callable[[int, tuple[int, ...]], int]], n: int, n_labels: int = 2
) -> list[int]:
    r"""Labels on which no model of the list, online learners included, does much better than guessing.

    The weighted-experts construction described at `hard_truth_trace`: with $q$ = `n_labels`, model $i$ is
    right on at most a share `accuracy_bound(N, i, q)` $=\frac1q+O\big(\frac{i+\log N}{\sqrt N}\big)$ of the
    first $N$ inputs, for every $N\le n$.

    Parameters
    ----------
    models : non-empty sequence of functions; ``models[i](k, earlier)`` is the answer to input k given the
        tuple of the k true labels before it.
    n : number of inputs, 0 to 10**7.
    n_labels : number of labels, at least 2.

    Returns
    -------
    list of `n` int in ``range(n_labels)``

    Raises
    ------
    ValueError
        If an argument is out of range or a model gives a label outside ``range(n_labels)``.

    Source: ledger ``thm-2``.
    """
    return hard_truth_trace(models, n, n_labels).truth


def accuracy_bound(n: int, index: int, n_labels: int = 2) -> float:
    r"""Upper bound on the accuracy of model number `index` on the first `n` inputs of `hard_truth`.

    $$\min_m\;\frac1N\Big((i+m-1)+\frac{N\ln(1+\eta_m/q)+(i+m+1)\ln2}{\ln(1+\eta_m)}\Big),\qquad\eta_m=2^{-m},$$

    over $1\le m\le20$ and at most 1. The term $m=\lceil\frac12\log_2N\rceil$ alone gives, for $N\ge2$, a
    count of at most $\frac Nq+\sqrt N(\frac1q+1.85(i+m+1))+i+m$ right answers.

    Parameters
    ----------
    n : number $N$ of inputs, 1 to 4**20.
    index : number $i$ of the model, at least 0.
    n_labels : number $q$ of labels, at least 2.

    Returns
    -------
    float in (1/q, 1]

    Raises
    ------
    ValueError
        If an argument is out of range or not an integer.

    Source: ledger ``thm-2``.
    """
    n = integer("n", n, 1, 4**_LEVELS)
    index = integer("index", index, 0)
    n_labels = integer("n_labels", n_labels, 2)
    best = 1.0
    for m in range(1, _LEVELS + 1):
        rate = 2.0**-m
        share = math.log1p(rate / n_labels) / math.log1p(rate)
        extra = (index + m - 1) + (index + m + 1) * math.log(2) / math.log1p(rate)
        best = min(best, share + extra / n)
    return best


def infinite_answers_truth(model: Family, n: int) -> list[int]:
    r"""Truth for infinitely many possible answers: model $i$ is wrong at every input from $i$ on.

    $f(s_k)=\min\big(\mathbb N\setminus\{h_0(s_k),\dots,h_k(s_k)\}\big)$, so model $i$ is right on at most $i$
    inputs. Asks `model` $n(n+1)/2$ times.

    Parameters
    ----------
    model : function; ``model(i, k)`` is a natural number, the answer of model i to input k.
    n : number of inputs, at least 0.

    Returns
    -------
    list of `n` int; entry k is at most k + 1

    Raises
    ------
    ValueError
        If `model` is no function or gives no natural number, or `n` is negative or not an integer.

    Source: ledger ``thm-2``.
    """
    _function("model", model)
    n = integer("n", n, 0, 10**4)
    truth = []
    for k in range(n):
        taken = {integer("model(i, k)", model(i, k), 0, any_size=True) for i in range(k + 1)}
        truth.append(next(y for y in range(k + 2) if y not in taken))
    return truth


def table_size(masses: Sequence[Real], epsilon: Real) -> int:
    r"""Fewest inputs whose answers a table must hold to err with probability at most `epsilon`.

    $N_\varepsilon(\mu)=\min\{|S|:\mu(S)\ge1-\varepsilon\}$; exact for the numbers given (a float counts as
    the binary fraction it is).

    Parameters
    ----------
    masses : probabilities of the inputs in any order, with sum at most 1. A law on infinitely many inputs may
        be cut off where the missing mass is at most the smallest mass that the answer needs.
    epsilon : allowed probability of error, in (0, 1).

    Returns
    -------
    int, at least 1

    Raises
    ------
    ValueError
        If `masses` is no list of probabilities with sum at most 1 or too short to decide the answer, or
        `epsilon` is outside (0, 1).

    Source: ledger ``thm-2``.
    """
    missing_allowed = Fraction(probability("epsilon", epsilon, open_ends=True))
    ordered = sorted((Fraction(real("masses", mass, 0, 1)) for mass in masses), reverse=True)
    total = sum(ordered)
    if total > 1 + Fraction(1, 10**9):
        fail("masses", float(total), "probabilities with sum at most 1")
    covered = Fraction(0)
    for size, mass in enumerate(ordered, start=1):
        covered += mass
        if covered >= 1 - missing_allowed:
            if mass >= 1 - total:
                return size
            break
    fail("masses", float(total), "a list that leaves out less mass than the last entry the table needs")
