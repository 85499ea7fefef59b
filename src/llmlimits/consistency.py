r"""Repair of beliefs that contradict each other, for the section on consistency (4.2).

Statement number $i$ has the belief $b_i\in(0,1)$ that it is true, and its answer is $a_i\in\{0,1\}$. A **clause** is
a tuple of signed statement numbers, counted from 1: ``(-1, 2)`` reads "not 1, or 2", that is, "1 implies 2". Rules
that must hold are a list of clauses; a soft rule is a pair of a clause and a weight. The module repairs beliefs by
weighted partial MaxSAT (an integer programme, solved to a proven optimum by HiGHS), names rules that contradict each
other, computes exactly what repair does to accuracy, and carries out the analogy with decoders of linear codes.
Witness for the ledger rows ``4-40``, ``4-40b``, ``4-41``, ``4-41b``, ``4-42`` and ``4-42b``.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from ._checks import fail, flag, generator, integer, probability, real

Clause = tuple[int, ...]
Answers = tuple[int, ...]

#: The parity checks of the Hamming code of length 7: check $j$ holds the positions whose binary digit $j$ is 1,
#: the digit of 4 first, so that the values of the checks, read as a binary number, name a position.
HAMMING_CHECKS: tuple[Clause, ...] = ((4, 5, 6, 7), (2, 3, 6, 7), (1, 3, 5, 7))

_MOST = 16  # statements that are enumerated: 65,536 answer vectors
# Numbers of statements in clauses that come without a list of statements.
_MOST_STATEMENTS = 10_000


class Repair(NamedTuple):
    """The most probable answers that obey the rules, their cost in nats, and the statements that changed."""

    answers: Answers
    cost: float
    flipped: tuple[int, ...]


class Risks(NamedTuple):
    """Exact accuracies of three rules: the raw answers, the repaired ones, and each answer's posterior mode."""

    raw_joint: Fraction | float
    raw_each: Fraction | float
    repaired_joint: Fraction | float
    repaired_each: Fraction | float
    marginal_each: Fraction | float
    marginal_inconsistent: Fraction | float


class Guessed(NamedTuple):
    """Answers found by guessing noise, their cost in nats, and the number of guesses."""

    answers: Answers
    cost: float
    guesses: int


class HammingRepair(NamedTuple):
    """Raw answers and the checks they violate; what flipping one bit gives; the optimal repair."""

    raw: Answers
    syndrome: tuple[int, ...]
    one_flip: Answers
    answers: Answers
    cost: float
    flipped: tuple[int, ...]


class BeliefBase(NamedTuple):
    """A made-up belief base: the truth, the beliefs, and rules that the truth obeys."""

    truth: Answers
    beliefs: np.ndarray
    rules: list[Clause]


def _beliefs(beliefs: Sequence[Real]) -> list[float]:
    if isinstance(beliefs, str | bytes) or not hasattr(beliefs, "__len__") or len(beliefs) == 0:
        fail("beliefs", beliefs, "a non-empty sequence of probabilities in (0, 1)")
    return [float(probability("beliefs", b, open_ends=True)) for b in beliefs]


def _clause(name: str, clause: object, n: int | None) -> Clause:
    allowed = "a clause: a tuple of signed statement numbers, not 0" + f", at most {n or _MOST_STATEMENTS}"
    if isinstance(clause, str | bytes) or not isinstance(clause, Sequence | np.ndarray) or len(clause) == 0:
        fail(name, clause, allowed)
    literals = []
    for literal in clause:
        whole = isinstance(literal, Integral) and not isinstance(literal, bool | np.bool_)
        if not whole or literal == 0 or abs(literal) > (_MOST_STATEMENTS if n is None else n):
            fail(name, clause, allowed)
        literals.append(int(literal))
    return tuple(dict.fromkeys(literals))


def _clauses(name: str, clauses: Iterable, n: int | None) -> list[Clause]:
    if isinstance(clauses, str | bytes) or not isinstance(clauses, Iterable):
        fail(name, clauses, "a sequence of clauses")
    return [_clause(name, clause, n) for clause in clauses]


def _soft(soft: Iterable, n: int) -> list[tuple[Clause, float]]:
    if isinstance(soft, str | bytes) or not isinstance(soft, Iterable):
        fail("soft", soft, "a sequence of pairs (clause, weight)")
    pairs = []
    for pair in soft:
        if not isinstance(pair, Sequence) or len(pair) != 2:
            fail("soft", pair, "a pair (clause, weight)")
        pairs.append((_clause("soft", pair[0], n), float(real("soft", pair[1], above=0))))
    return pairs


def _holds(clause: Clause, answers: Sequence[int]) -> bool:
    return any(answers[abs(literal) - 1] == (literal > 0) for literal in clause)


def _logit(b: float) -> float:
    return math.log(b) - math.log1p(-b)


def _solve(weights: np.ndarray, hard: list[Clause], soft: list[tuple[Clause, float]]) -> np.ndarray | None:
    """Answers that maximise the sum of `weights` of the true ones less the weight of falsified soft clauses.

    Each clause is one row: the true literals plus, for a soft clause, its slack are at least 1. None if no answers
    satisfy all hard clauses.
    """
    n, clauses = len(weights), hard + [clause for clause, _ in soft]
    price = np.concatenate([-weights, [weight for _, weight in soft]])
    if not clauses:
        return (weights > 0).astype(int)
    entries = [
        (row, abs(literal) - 1, 1.0 if literal > 0 else -1.0)
        for row, clause in enumerate(clauses)
        for literal in clause
    ] + [(len(hard) + k, n + k, 1.0) for k in range(len(soft))]
    rows, columns, values = zip(*entries, strict=True)
    places = (
        np.array(rows, dtype=np.int32),
        np.array(columns, dtype=np.int32),
    )  # all that older solvers take
    matrix = coo_array((values, places), shape=(len(clauses), n + len(soft))).tocsr()
    least = np.array([1.0 - sum(literal < 0 for literal in clause) for clause in clauses])
    result = milp(
        price,
        integrality=np.concatenate([np.ones(n), np.zeros(len(soft))]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, least, np.inf),
        options={"mip_rel_gap": 0.0},  # the default stops at 0.01 %, short of a proof
    )
    if result.status == 2:
        return None
    if result.status != 0:
        raise RuntimeError(f"the solver stopped without a proof of optimality: {result.message}")
    answers = np.rint(result.x[:n]).astype(int)
    if not all(_holds(clause, answers) for clause in hard):
        raise RuntimeError("the solver's answers violate a hard clause after rounding")
    return answers


def models(n: int, rules: Iterable[Clause]) -> list[Answers]:
    r"""All answer vectors that satisfy every clause, by enumeration.

    Parameters
    ----------
    n : number of statements, 1 to 16.
    rules : clauses over the statements 1 to `n`.

    Returns
    -------
    list of tuples of `n` int, each 0 or 1, in binary order

    Raises
    ------
    ValueError
        If `n` is out of range or a clause is empty, holds 0 or names an unknown statement.

    Source: ledger ``4-40``.
    """
    n = integer("n", n, 1, _MOST)
    rules = _clauses("rules", rules, n)
    return [a for a in product((0, 1), repeat=n) if all(_holds(clause, a) for clause in rules)]


def score(answers: Sequence[int], rules: Iterable[Clause]) -> int:
    r"""The consistency score $\prod_c\mathbb 1[c(a)]$ of equation (40): 1 if all clauses hold, else 0.

    Parameters
    ----------
    answers : sequence of 0 and 1.
    rules : clauses over the statements 1 to ``len(answers)``.

    Returns
    -------
    int, 0 or 1

    Raises
    ------
    ValueError
        If an answer is not 0 or 1, or a clause is malformed.

    Source: ledger ``4-40``.
    """
    answers = [integer("answers", a, 0, 1) for a in answers]
    return int(all(_holds(clause, answers) for clause in _clauses("rules", rules, len(answers))))


def repair(
    beliefs: Sequence[Real], hard: Iterable[Clause] = (), soft: Iterable[tuple[Clause, Real]] = ()
) -> Repair:
    r"""The answers that maximise $\sum_i\log b_i(a_i)+\sum_cw_c\mathbb 1[a\models c]$ subject to the hard clauses.

    Computed as weighted partial MaxSAT: the cost $\sum_{i\text{ flipped}}|\ell_i|+\sum_{c\text{ falsified}}w_c$ with
    $\ell_i=\log\frac{b_i}{1-b_i}$ is minimal, up to the solver's absolute tolerance of $10^{-6}$, and the solver has
    proved it. Several answers may have the same cost; then one of them is returned.

    Parameters
    ----------
    beliefs : probabilities in (0, 1) that statements 1, 2, ... are true.
    hard : clauses that must hold, as ``(-1, 2)`` for "1 implies 2".
    soft : pairs (clause, weight in nats above 0).

    Returns
    -------
    Repair
        `answers`, a tuple of 0 and 1; `cost` in nats, at least 0; `flipped`, the numbers of the statements whose
        answer differs from the raw one (1 if the belief exceeds 1/2, 0 if it is below; a belief of 1/2 has no raw
        answer and is never listed).

    Raises
    ------
    ValueError
        If a belief is outside (0, 1), a clause is malformed or names an unknown statement, a weight is not positive,
        or no answers satisfy all hard clauses (`core` then names some that contradict each other).
    RuntimeError
        If the solver gives up.

    Source: ledger ``4-41``, ``4-42``.
    """
    beliefs = _beliefs(beliefs)
    hard = _clauses("hard", hard, len(beliefs))
    soft = _soft(soft, len(beliefs))
    weights = np.array([_logit(b) for b in beliefs])
    answers = _solve(weights, hard, soft)
    if answers is None:
        fail("hard", hard, "clauses that can hold together; consistency.core names some that cannot")
    flipped = [i for i, w in enumerate(weights) if w and answers[i] != (w > 0)]
    cost = sum(abs(weights[i]) for i in flipped) + sum(w for c, w in soft if not _holds(c, answers))
    return Repair(tuple(answers.tolist()), float(cost), tuple(i + 1 for i in flipped))


def core(hard: Iterable[Clause]) -> list[Clause]:
    r"""Clauses out of `hard` that cannot hold together, none of which can be spared.

    Clauses are taken away, first in large blocks, then one by one, as long as the rest stays contradictory.

    Parameters
    ----------
    hard : clauses.

    Returns
    -------
    list of clauses
        In the given order; without any one of them the rest can be satisfied. Empty if all of `hard` can be.
        Which core is found, if there are several, depends on the order.

    Raises
    ------
    ValueError
        If a clause is malformed.
    RuntimeError
        If the solver gives up.

    Source: ledger ``4-41``.
    """
    kept = _clauses("hard", hard, None)
    n = max((abs(literal) for clause in kept for literal in clause), default=1)
    nothing = np.zeros(n)
    if _solve(nothing, kept, []) is not None:
        return []
    size = len(kept)
    while size > 1:
        size = (size + 1) // 2
        start = 0
        while start < len(kept):
            rest = kept[:start] + kept[start + size :]
            if _solve(nothing, rest, []) is None:
                kept = rest
            else:
                start += size
    return kept


def belief_base(
    n_topics: int, n_statements: int, n_rules: int, evidence: float, rng: np.random.Generator, width: int = 2
) -> BeliefBase:
    r"""A made-up belief base, whose rules the truth obeys.

    Each statement is true with probability 1/2. A rule takes `width` random statements, of one topic in nine cases
    out of ten, and claims that they are not all true together or that all but the last imply the last (with equal
    chances); rules that the truth violates and repetitions are drawn again. The belief has log-odds
    $\ell_i=2\mu(\pm\mu+g_i)$ with $\mu$ = `evidence` and independent standard normal $g_i$, plus sign for true
    statements: the log-likelihood ratio of a noisy measurement.

    Parameters
    ----------
    n_topics : number of topics, at least 1.
    n_statements : statements of each topic, at least `width`.
    n_rules : number of different clauses, at least 0.
    evidence : $\mu$, above 0 and at most 10; the raw answer is wrong with probability $\Phi(-\mu)$.
    rng : random generator.
    width : literals in each clause, at least 2.

    Returns
    -------
    BeliefBase
        `truth`, `beliefs` and `rules` over ``n_topics * n_statements`` statements; topic $t$ holds the numbers
        $tn+1$ to $tn+n$ with $n$ = `n_statements`.

    Raises
    ------
    ValueError
        If an argument is out of range, or so many different rules are not found in 100 draws for each.

    Source: ledger ``4-41``.
    """
    n_topics = integer("n_topics", n_topics, 1)
    width = integer("width", width, 2)
    n_statements = integer("n_statements", n_statements, width)
    n_rules = integer("n_rules", n_rules, 0, 10**5)
    evidence = float(real("evidence", evidence, above=0, most=10))
    generator("rng", rng)
    if n_topics * n_statements > 10**6:
        fail("n_topics", n_topics, "at most a million statements in all")
    n = n_topics * n_statements
    truth = rng.integers(0, 2, n)
    odds = 2 * evidence * (evidence * (2 * truth - 1) + rng.standard_normal(n))
    rules: dict[Clause, None] = {}
    for _ in range(100 * n_rules):
        if len(rules) == n_rules:
            break
        first, size = 0, n
        if rng.random() < 0.9:
            first, size = n_statements * int(rng.integers(n_topics)), n_statements
        members = first + rng.choice(size, width, replace=False)
        clause = [-int(i) - 1 for i in members]
        if rng.random() < 0.5:
            clause[-1] = -clause[-1]
        if _holds(tuple(clause), truth):
            rules[tuple(sorted(clause))] = None
    if len(rules) < n_rules:
        fail("n_rules", n_rules, "fewer rules, or more statements to choose from")
    return BeliefBase(tuple(truth.tolist()), 1 / (1 + np.exp(-odds)), list(rules))


def risks(code: Iterable[Sequence[int]], noise: Real) -> Risks:
    r"""Exact accuracy of answers before and after repair, if the truth is uniform on `code`.

    Each answer is wrong independently with probability `noise`, so that the repaired answers are the members of
    `code` nearest to the raw ones; among several of them one is drawn at random. The rule that gives each answer its
    posterior mode keeps the raw answer if both are equally likely.

    Parameters
    ----------
    code : answer vectors that obey the rules, as of `models`: non-empty, distinct, of one length, at most 16.
    noise : probability of a wrong answer, in [0, 1/2).

    Returns
    -------
    Risks
        Fractions if `noise` is one. `raw_joint`, `repaired_joint` are probabilities that all answers are right;
        `raw_each`, `repaired_each`, `marginal_each` expected shares of right answers; `marginal_inconsistent` is the
        probability that the posterior modes are not in `code`.

    Raises
    ------
    ValueError
        If `code` is not such a collection or `noise` is out of range.

    Source: ledger ``4-41b``.
    """
    try:
        code = [tuple(integer("code", a, 0, 1) for a in word) for word in code]
    except TypeError:
        fail("code", code, f"answer vectors of one length, 1 to {_MOST}")
    if not code or not 1 <= len(code[0]) <= _MOST or {len(word) for word in code} != {len(code[0])}:
        fail("code", code, f"answer vectors of one length, 1 to {_MOST}")
    if len(set(code)) != len(code):
        fail("code", code, "distinct answer vectors")
    eps = real("noise", noise, 0, below=Fraction(1, 2))
    n, members, words = len(code[0]), set(code), np.array(code)
    chance = np.array([eps**d * (1 - eps) ** (n - d) for d in range(n + 1)])
    joint = each = marginal = inconsistent = 0 * eps
    for raw in product((0, 1), repeat=n):
        wrong = (words != np.array(raw)).astype(int)
        distance = wrong.sum(axis=1)
        here = (distance == np.arange(n + 1)[:, None]).astype(int)  # which codewords are at which distance
        nearest = words[distance == distance.min()]
        joint += chance[distance.min()]
        agreements = sum(here @ (words == near).sum(axis=1) for near in nearest)
        each += chance @ agreements / (n * len(nearest))
        total, against = chance @ here.sum(axis=1), chance @ (here @ wrong)
        marginal += sum(np.maximum(against, total - against)) / n
        if tuple(int(a) ^ bool(2 * w > total) for a, w in zip(raw, against, strict=True)) not in members:
            inconsistent += total
    size = len(code)
    q = 1 - eps
    found = (q**n, q, joint / size, each / size, marginal / size, inconsistent / size)
    return Risks(*(x if isinstance(x, Fraction) else float(x) for x in found))


def parity_clauses(variables: Sequence[int], odd: bool = False) -> list[Clause]:
    r"""Clauses that together say: an even number (with `odd`: an odd number) of the statements is true.

    Each of the $2^{w-1}$ assignments of the other parity is excluded by one clause of length $w$.

    Parameters
    ----------
    variables : distinct statement numbers, 1 to 16 of them.
    odd : whether the number of true statements has to be odd.

    Returns
    -------
    list of $2^{w-1}$ clauses

    Raises
    ------
    ValueError
        If `variables` is empty, too long, or holds a number twice or below 1.

    Source: ledger ``4-42``.
    """
    variables = [integer("variables", v, 1) for v in variables]
    odd = flag("odd", odd)
    if not 1 <= len(variables) <= _MOST or len(set(variables)) != len(variables):
        fail("variables", variables, f"distinct statement numbers, 1 to {_MOST} of them")
    return [
        tuple(-v if bit else v for v, bit in zip(variables, bits, strict=True))
        for bits in product((0, 1), repeat=len(variables))
        if sum(bits) % 2 != odd
    ]


def syndrome(answers: Sequence[int], checks: Iterable[Sequence[int]]) -> tuple[int, ...]:
    r"""The parities $s_j=\bigoplus_{i\in c_j}a_i$: entry $j$ is 1 exactly if check $j$ is violated.

    Parameters
    ----------
    answers : sequence of 0 and 1.
    checks : sets of positions, counted from 1.

    Returns
    -------
    tuple of int, each 0 or 1

    Raises
    ------
    ValueError
        If an answer is not 0 or 1, or a position is unknown.

    Source: ledger ``4-42b``.
    """
    answers = [integer("answers", a, 0, 1) for a in answers]
    return tuple(
        sum(answers[integer("checks", i, 1, len(answers)) - 1] for i in check) % 2 for check in checks
    )


def _in_order(weights: Sequence[float]) -> Iterator[tuple[float, tuple[int, ...]]]:
    """All sets of indices by increasing sum of weights (non-negative), one after the other."""
    yield 0.0, ()
    order = sorted(range(len(weights)), key=lambda i: weights[i])
    if not order:
        return
    queue = [(weights[order[0]], (0,))]  # sets of ranks; the last rank moves on, or a rank joins
    while queue:
        total, ranks = heapq.heappop(queue)
        yield total, tuple(order[r] for r in ranks)
        last = ranks[-1]
        if last + 1 < len(order):
            after = weights[order[last + 1]]
            heapq.heappush(queue, (total + after, (*ranks, last + 1)))
            heapq.heappush(queue, (total + after - weights[order[last]], (*ranks[:-1], last + 1)))


def grand(beliefs: Sequence[Real], hard: Iterable[Clause]) -> Guessed:
    r"""Repair by guessing noise: sets of flips in order of cost $\sum|\ell_i|$, until all hard clauses hold.

    The first hit has minimal cost, for any constraints. The number of guesses can be $2^n$.

    Parameters
    ----------
    beliefs : probabilities in (0, 1), at most 16.
    hard : clauses that must hold.

    Returns
    -------
    Guessed
        `answers`, `cost` in nats, and `guesses`, 1 if the raw answers obey the rules.

    Raises
    ------
    ValueError
        If an argument is malformed, there are more than 16 beliefs, or the clauses cannot hold together.

    Source: ledger ``4-42b``.
    """
    beliefs = _beliefs(beliefs)
    integer("len(beliefs)", len(beliefs), 1, _MOST)
    hard = _clauses("hard", hard, len(beliefs))
    odds = [_logit(b) for b in beliefs]
    raw = [int(w > 0) for w in odds]
    for guesses, (cost, flips) in enumerate(_in_order([abs(w) for w in odds]), 1):
        answers = [1 - a if i in flips else a for i, a in enumerate(raw)]
        if all(_holds(clause, answers) for clause in hard):
            return Guessed(tuple(answers), float(cost), guesses)
    fail("hard", hard, "clauses that can hold together")


def bit_flipping(answers: Sequence[int], checks: Iterable[Sequence[int]]) -> Answers | None:
    r"""Flip all answers that take part in the largest number of violated checks, again and again.

    Parameters
    ----------
    answers : sequence of 0 and 1.
    checks : sets of positions, counted from 1.

    Returns
    -------
    tuple of int, or None
        The first answers without a violated check; None if the answers come back to where they were.

    Raises
    ------
    ValueError
        If an answer is not 0 or 1, or a position is unknown.

    Source: ledger ``4-42b``.
    """
    checks = [tuple(check) for check in checks]
    word = tuple(integer("answers", a, 0, 1) for a in answers)
    seen = set()
    while word not in seen:
        seen.add(word)
        violated = [set(check) for check, s in zip(checks, syndrome(word, checks), strict=True) if s]
        if not violated:
            return word
        touched = [sum(i + 1 in check for check in violated) for i in range(len(word))]
        word = tuple(a ^ (t == max(touched)) for a, t in zip(word, touched, strict=True))
    return None


def _seven(beliefs: Sequence[Real]) -> list[float]:
    beliefs = _beliefs(beliefs)
    if len(beliefs) != 7:
        fail("beliefs", beliefs, "seven probabilities in (0, 1)")
    return beliefs


def _one_flip(word: Sequence[int]) -> Answers:
    """Nearest word of the Hamming code: the syndrome is the number of the position to flip."""
    position = int("".join(map(str, syndrome(word, HAMMING_CHECKS))), 2)
    return tuple(a ^ (i == position) for i, a in enumerate(word, 1))


def hamming_repair(beliefs: Sequence[Real]) -> HammingRepair:
    r"""Repair seven beliefs whose answers must obey the three parity checks `HAMMING_CHECKS`.

    Parameters
    ----------
    beliefs : seven probabilities in (0, 1).

    Returns
    -------
    HammingRepair
        `raw` answers (a belief of 1/2 counts as 0); their `syndrome`, read as a binary number the position of a
        single error; `one_flip`, the answers after flipping that position; and `answers`, `cost`, `flipped` as from
        `repair` with the 24 clauses of the three checks: the maximum-likelihood codeword.

    Raises
    ------
    ValueError
        If there are not seven beliefs or one is outside (0, 1).

    Source: ledger ``4-42b``.
    """
    beliefs = _seven(beliefs)
    raw = tuple(int(b > 0.5) for b in beliefs)
    clauses = [clause for check in HAMMING_CHECKS for clause in parity_clauses(check)]
    return HammingRepair(raw, syndrome(raw, HAMMING_CHECKS), _one_flip(raw), *repair(beliefs, clauses))


def hamming_chase(beliefs: Sequence[Real]) -> Answers:
    r"""Chase's second algorithm for the Hamming code: decode twice, the second time with the least sure bit flipped.

    Of the two codewords the more probable one is returned. In general $\lfloor d/2\rfloor$ bits are varied; here the
    minimum distance is $d=3$.

    Parameters
    ----------
    beliefs : seven probabilities in (0, 1).

    Returns
    -------
    tuple of seven int, each 0 or 1

    Raises
    ------
    ValueError
        If there are not seven beliefs or one is outside (0, 1).

    Source: ledger ``4-42b``.
    """
    odds = [_logit(b) for b in _seven(beliefs)]
    raw = [int(w > 0) for w in odds]
    least = min(range(7), key=lambda i: abs(odds[i]))
    varied = [a ^ (i == least) for i, a in enumerate(raw)]
    candidates = [_one_flip(raw), _one_flip(varied)]
    return max(candidates, key=lambda word: sum(w for w, a in zip(odds, word, strict=True) if a))


def hamming_bit_error(noise: Real) -> Fraction | float:
    r"""Expected share of wrong answers after repair by the Hamming code of length 7.

    $P_b=9\varepsilon^2-26\varepsilon^3+30\varepsilon^4-12\varepsilon^5$ for hard decisions, each wrong independently
    with probability $\varepsilon$; $P_b<\varepsilon$ exactly for $0<\varepsilon<\frac{3-\sqrt3}6$ and for
    $\frac12<\varepsilon<\frac{3+\sqrt3}6$.

    Parameters
    ----------
    noise : probability of a wrong answer, in [0, 1].

    Returns
    -------
    Fraction if `noise` is one or an integer, else float

    Raises
    ------
    ValueError
        If `noise` is outside [0, 1].

    Source: ledger ``4-42b``.
    """
    eps = probability("noise", noise)
    return eps**2 * (9 - 26 * eps + 30 * eps**2 - 12 * eps**3)
