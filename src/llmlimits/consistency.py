r"""Consistent answers: constraints on answer bits, their most likely repair, and decoders, for section 4.3.

Answer $i$ is a bit $a_i$: "statement $i$ is true". A belief is a number in (0, 1), how likely the model holds
statement $i$ to be true. A clause is a tuple of numbers as in the DIMACS format: $i$ stands for "statement $i$
is true", $-i$ for "is false" (counted from 1), and one of them has to hold; $(-1, 2)$ is "1 implies 2". Witness
for the ledger rows ``4-40``, ``4-40b``, ``4-41``, ``4-41b``, ``4-42`` and ``4-42b``.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy import optimize, sparse

from ._checks import array, fail, integer, probability, real

Clause = tuple[int, ...]

# All assignments are tried up to this number of statements.
_MOST_ENUMERATED = 20
# Squared number of received words in the exact risks.
_MOST_RISK = 12

#: Parity checks of the Hamming code: check $k$ reads the positions whose number has bit $k$.
HAMMING_CHECKS = np.array([[position >> k & 1 for position in range(1, 8)] for k in range(3)])


class Repair(NamedTuple):
    """Repaired answers (0 or 1), what they cost in nats, and the statements (from 1) that were flipped."""

    answers: tuple[int, ...]
    cost: float
    flipped: tuple[int, ...]


class Risks(NamedTuple):
    """Joint and per-answer accuracy of raw answers, of the repair, and of the marginal modes."""

    raw_joint: Fraction | float
    raw_each: Fraction | float
    map_joint: Fraction | float
    map_each: Fraction | float
    mode_each: Fraction | float
    inconsistent: Fraction | float


class Decoded(NamedTuple):
    """Raw answers, the bits of the violated checks, and the answers after decoding."""

    raw: tuple[int, ...]
    syndrome: tuple[int, ...]
    answers: tuple[int, ...]


class BeliefBase(NamedTuple):
    """Beliefs about statements, rules (clauses) that the truth obeys, the truth, and each statement's topic."""

    beliefs: tuple[float, ...]
    rules: tuple[Clause, ...]
    truth: tuple[int, ...]
    topics: tuple[int, ...]


def _beliefs(value: object) -> np.ndarray:
    out = array("beliefs", value, 1)
    if ((out <= 0) | (out >= 1)).any():
        fail("beliefs", value, "probabilities above 0 and below 1")
    return out


def _clause(name: str, value: object, n: int) -> Clause:
    allowed = f"a non-empty tuple of statement numbers 1 to {n}, negative for 'false'"
    try:
        literals = tuple(value)  # type: ignore[arg-type]
    except TypeError:
        fail(name, value, allowed)
    for literal in literals:
        if isinstance(literal, bool) or not isinstance(literal, Integral) or not 1 <= abs(literal) <= n:
            fail(name, value, allowed)
    if not literals:
        fail(name, value, allowed)
    return tuple(dict.fromkeys(int(literal) for literal in literals))


def _clauses(name: str, value: object, n: int) -> list[Clause]:
    try:
        return [_clause(name, clause, n) for clause in value]  # type: ignore[attr-defined]
    except TypeError:
        fail(name, value, "a sequence of clauses")
        raise  # not reached: fail raises


def _holds(clause: Clause, answers: Sequence[int]) -> bool:
    return any(answers[abs(literal) - 1] == (literal > 0) for literal in clause)


# --- constraints and what they allow ---


def models(n_statements: int, clauses: Sequence[Sequence[int]]) -> np.ndarray:
    """All answer vectors that satisfy every clause, in the order of counting in binary.

    Parameters
    ----------
    n_statements : number of answers, from 1 to 20.
    clauses : tuples of statement numbers, negative for "false".

    Returns
    -------
    array of 0 and 1, shape (number of allowed vectors, `n_statements`), perhaps with no row.

    Raises
    ------
    ValueError
        If an argument is outside its range or a clause names an unknown statement.

    Source: ledger ``4-40``.
    """
    n = integer("n_statements", n_statements, 1, _MOST_ENUMERATED)
    rules = _clauses("clauses", clauses, n)
    answers = (np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1
    for clause in rules:
        index = np.array([abs(literal) - 1 for literal in clause])
        wanted = np.array([int(literal > 0) for literal in clause])
        answers = answers[(answers[:, index] == wanted).any(axis=1)]
    return answers


def attained(queries: Sequence[Callable], n_atoms: int) -> set[tuple[int, ...]]:
    """The globally consistent answers: those which some assignment of truth values to the atoms gives.

    Parameters
    ----------
    queries : functions of `n_atoms` truth values, each one formula.
    n_atoms : number of atomic statements, from 1 to 20.

    Returns
    -------
    set of tuples of 0 and 1, one entry for each query.

    Raises
    ------
    ValueError
        If there is no query, one is not callable, or `n_atoms` is outside its range.

    Source: ledger ``4-40b``.
    """
    n = integer("n_atoms", n_atoms, 1, _MOST_ENUMERATED)
    queries = list(queries)
    if not queries or not all(callable(query) for query in queries):
        fail("queries", queries, "a non-empty sequence of functions")
    valuations = itertools.product((False, True), repeat=n)
    return {tuple(int(bool(query(*values))) for query in queries) for values in valuations}


def xor_clauses(statements: Sequence[int], parity: int = 0) -> list[Clause]:
    r"""The $2^{w-1}$ clauses that say that the sum of $w$ answers is even (`parity` 0) or odd (1).

    Each clause excludes one assignment of the wrong parity.

    Parameters
    ----------
    statements : different statement numbers, from 1 on, at most 20 of them.
    parity : 0 or 1.

    Raises
    ------
    ValueError
        If a number is below 1, occurs twice, or there are none or more than 20.

    Source: ledger ``4-42``.
    """
    parity = integer("parity", parity, 0, 1)
    numbers = [integer("statements", number, 1) for number in statements]
    if not 1 <= len(numbers) <= _MOST_ENUMERATED or len(set(numbers)) < len(numbers):
        fail("statements", statements, f"1 to {_MOST_ENUMERATED} different statement numbers")
    wrong = (bits for bits in itertools.product((0, 1), repeat=len(numbers)) if sum(bits) % 2 != parity)
    return [tuple(-i if bit else i for i, bit in zip(numbers, bits, strict=True)) for bits in wrong]


# --- the most likely consistent answers: weighted partial MaxSAT ---


def _program(n: int, hard: list[Clause], soft: list[tuple[Clause, float]], gains: np.ndarray):
    """Solve: maximise gains @ a minus the weights of falsified soft clauses, subject to the hard clauses."""
    clauses = hard + [clause for clause, _ in soft]
    row, column, entry, least = [], [], [], []
    for k, clause in enumerate(clauses):
        for literal in clause:
            row.append(k)
            column.append(abs(literal) - 1)
            entry.append(1.0 if literal > 0 else -1.0)
        least.append(1.0 - sum(literal < 0 for literal in clause))
        if k >= len(hard):  # a soft clause may be bought off
            row.append(k)
            column.append(n + k - len(hard))
            entry.append(1.0)
    width = n + len(soft)
    cost = np.concatenate([-gains, [weight for _, weight in soft]])
    constraints = []
    if clauses:
        matrix = sparse.coo_array((entry, (row, column)), shape=(len(clauses), width)).tocsr()
        constraints = [optimize.LinearConstraint(matrix, lb=np.array(least))]
    kind = np.concatenate([np.ones(n), np.zeros(len(soft))])
    options = {"mip_rel_gap": 0.0}
    result = optimize.milp(cost, integrality=kind, bounds=(0, 1), constraints=constraints, options=options)
    if result.status not in (0, 2):
        raise RuntimeError(f"the solver stopped without a proof: {result.message}")
    return result


def repair(
    beliefs: Sequence[Real],
    hard: Sequence[Sequence[int]],
    soft: Sequence[tuple[Sequence[int], Real]] = (),
) -> Repair:
    r"""The most likely answers that satisfy all `hard` clauses: weighted partial MaxSAT, to proven optimality.

    Minimises $\sum_{i\text{ flipped}}|\ell_i|+\sum_{c\text{ falsified}}w_c$ with $\ell_i=\ln\frac{b_i}{1-b_i}$,
    as an integer linear program (HiGHS). Optimal up to the solver's absolute tolerance of $10^{-6}$ nats.

    Parameters
    ----------
    beliefs : $b_i$, $n$ probabilities above 0 and below 1; a belief of exactly 1/2 takes no side.
    hard : clauses that have to hold.
    soft : pairs (clause, weight) with weights $w_c>0$ in nats.

    Returns
    -------
    Repair
        ``(answers, cost, flipped)``; `flipped` lists the statements, from 1, whose answer is not the one
        believed more likely.

    Raises
    ------
    ValueError
        If a belief is outside (0, 1), a clause names an unknown statement, a weight is not positive, or no
        answers satisfy `hard` (then `conflict` finds a smallest contradiction).

    Source: ledger ``4-41``, ``4-42``.
    """
    held = _beliefs(beliefs)
    n = len(held)
    rules = _clauses("hard", hard, n)
    wishes = []
    for pair in soft:
        if not isinstance(pair, Sequence) or len(pair) != 2:
            fail("soft", pair, "a pair (clause, weight)")
        wishes.append((_clause("soft", pair[0], n), float(real("soft", pair[1], above=0))))
    log_odds = np.log(held) - np.log1p(-held)
    result = _program(n, rules, wishes, log_odds)
    if result.status == 2:
        fail("hard", hard, "constraints that some answers satisfy together")
    answers = tuple(int(value > 0.5) for value in result.x[:n])
    flipped = tuple(i + 1 for i in range(n) if log_odds[i] and answers[i] != (log_odds[i] > 0))
    paid = [abs(log_odds[i - 1]) for i in flipped]
    paid += [weight for clause, weight in wishes if not _holds(clause, answers)]
    return Repair(answers, math.fsum(paid), flipped)


def conflict(n_statements: int, hard: Sequence[Sequence[int]]) -> tuple[Clause, ...]:
    """A contradiction that needs all of its clauses: without any one of them the others can be satisfied.

    Parameters
    ----------
    n_statements : number of answers, at least 1.
    hard : clauses.

    Returns
    -------
    tuple of clauses, empty if `hard` can be satisfied.

    Raises
    ------
    ValueError
        If a clause names an unknown statement.

    Source: ledger ``4-41``; QuickXplain, divide and conquer.
    """
    n = integer("n_statements", n_statements, 1)
    clauses = _clauses("hard", hard, n)

    def contradictory(rules: list[Clause]) -> bool:
        return _program(n, rules, [], np.zeros(n)).status == 2

    def explain(given: list[Clause], added: bool, rest: list[Clause]) -> list[Clause]:
        if added and contradictory(given):
            return []
        if len(rest) == 1:
            return rest
        first, second = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        late = explain(given + first, True, second)
        return explain(given + late, bool(late), first) + late

    if not clauses or not contradictory(clauses):
        return ()
    return tuple(explain([], False, clauses))


def marginals(beliefs: Sequence[Real], hard: Sequence[Sequence[int]]) -> np.ndarray:
    r"""Probability that each statement is true, given that the hard clauses hold.

    $P(a\mid e)\propto\mathbb 1[a\models\Phi]\prod_ib_i(a_i)$, summed by enumeration.

    Parameters
    ----------
    beliefs : at most 20 probabilities above 0 and below 1.
    hard : clauses that have to hold.

    Returns
    -------
    array, one probability for each statement.

    Raises
    ------
    ValueError
        If an argument is outside its range or no answers satisfy `hard`.

    Source: ledger ``4-41b``.
    """
    held = _beliefs(beliefs)
    allowed = models(len(held), hard)
    if not len(allowed):
        fail("hard", hard, "constraints that some answers satisfy together")
    weight = np.where(allowed, held, 1 - held).prod(axis=1)
    return weight @ allowed / weight.sum()


def risks(code: Sequence[Sequence[int]], noise: Real) -> Risks:
    r"""What repair does to accuracy if the truth is uniform on the allowed answers and each answer may be wrong.

    Every answer is wrong independently with probability `noise`. The repair takes the allowed vector that
    differs in the fewest answers (a tie is settled by a fair draw); the mode takes each answer's more likely
    value given all of them (a tie keeps the raw answer). By enumeration, exactly for a Fraction.

    Parameters
    ----------
    code : the allowed answer vectors, different rows of 0 and 1, 1 to 12 columns.
    noise : probability that an answer is wrong, above 0 and below 1/2.

    Returns
    -------
    Risks
        ``(raw_joint, raw_each, map_joint, map_each, mode_each, inconsistent)``: probabilities that all
        answers are right and mean share of right answers, without and with repair; the share for the modes,
        and the probability that the modes are not an allowed vector.

    Raises
    ------
    ValueError
        If `code` is no such table or `noise` is outside its range.

    Source: ledger ``4-41b``.
    """
    allowed = "a table of different rows of 0 and 1 with 1 to 12 columns"
    table = array("code", code, 2)
    if not np.isin(table, (0, 1)).all() or table.shape[1] > _MOST_RISK:
        fail("code", code, allowed)
    table = table.astype(np.int64)
    if len(np.unique(table, axis=0)) < len(table):
        fail("code", code, allowed)
    noise = real("noise", noise, above=0, below=Fraction(1, 2))
    exact = Fraction(noise)  # a float is a fraction, too: ties are settled without rounding
    size, n = table.shape
    received = models(n, [])
    distance = (received[:, None, :] != table).sum(axis=2)  # [received, truth]
    wrong, right = exact.numerator, exact.denominator - exact.numerator
    weight = np.array([wrong**d * right ** (n - d) for d in range(n + 1)], dtype=object)
    chance = weight[distance]  # times size * denominator ** n
    scale = size * exact.denominator**n
    # the repair: the nearest allowed vectors share the probability of the received one
    nearest = (distance == distance.min(axis=1, keepdims=True)).astype(np.int64)
    agree = n - (table[:, None, :] != table).sum(axis=2)
    ties = nearest.sum(axis=1)
    joint = _over_ties((chance * nearest).sum(axis=1), ties)
    each = _over_ties((chance * (nearest @ agree)).sum(axis=1), ties)
    # the modes: each answer's more likely value given all that was received
    ones, total = chance @ table, chance.sum(axis=1)[:, None]
    mode = np.where(2 * ones == total, received, 2 * ones > total).astype(np.int64)
    mode_each = (chance * (n - (mode[:, None, :] != table).sum(axis=2))).sum()
    member = set(map(tuple, table.tolist()))
    outside = chance[[tuple(row) not in member for row in mode.tolist()]].sum()
    out = (
        (1 - exact) ** n,
        1 - exact,
        joint / scale,
        each / (scale * n),
        Fraction(int(mode_each), scale * n),
        Fraction(int(outside), scale),
    )
    return Risks(*out) if isinstance(noise, Fraction) else Risks(*map(float, out))


def _over_ties(values: np.ndarray, ties: np.ndarray) -> Fraction:
    return sum((Fraction(int(v), int(t)) for v, t in zip(values, ties, strict=True)), Fraction(0))


# --- a large belief base ---


def belief_base(n_topics: int, per_topic: int, rules_per_topic: int, rng: np.random.Generator) -> BeliefBase:
    r"""A random base of calibrated beliefs about statements in topics, with rules that the truth obeys.

    Truths are fair coins. Statement $i$ has a reliability $r_i$, uniform on (0.55, 0.95); its belief is on the
    true side with probability $r_i$ and then has the value $r_i$ (else $1-r_i$), so beliefs are calibrated.
    In each topic a fifth of the statements, at least one pair, are paired as statement and negation (two
    clauses each, counted as one rule); the other rules are implications between random statements, one in
    twenty of which leads to another topic.

    Parameters
    ----------
    n_topics : number of topics, at least 1.
    per_topic : statements in each, at least 4.
    rules_per_topic : rules in each, at least the number of pairs.
    rng : random numbers.

    Returns
    -------
    BeliefBase
        ``(beliefs, rules, truth, topics)``; `rules` lists the clauses.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-42``.
    """
    n_topics = integer("n_topics", n_topics, 1)
    per_topic = integer("per_topic", per_topic, 4)
    pairs = max(1, per_topic // 10)
    rules_per_topic = integer("rules_per_topic", rules_per_topic, pairs)
    n = n_topics * per_topic
    truth = rng.integers(0, 2, n)
    rules: list[Clause] = []
    for topic in range(n_topics):
        first = topic * per_topic
        members = first + rng.permutation(per_topic)
        for a, b in zip(members[:pairs], members[pairs : 2 * pairs], strict=True):
            truth[b] = 1 - truth[a]
            rules += [(int(a) + 1, int(b) + 1), (-int(a) - 1, -int(b) - 1)]
    for topic in range(n_topics):
        first = topic * per_topic
        missing = rules_per_topic - pairs
        while missing:
            a = first + int(rng.integers(per_topic))
            b = int(rng.integers(n)) if rng.random() < 0.05 else first + int(rng.integers(per_topic))
            if a != b and not (truth[a] and not truth[b]):
                rules.append((-a - 1, b + 1))
                missing -= 1
    reliability = rng.uniform(0.55, 0.95, n)
    right = rng.random(n) < reliability
    beliefs = np.where(right == (truth == 1), reliability, 1 - reliability)
    topics = tuple(k // per_topic for k in range(n))
    return BeliefBase(tuple(beliefs.tolist()), tuple(rules), tuple(truth.tolist()), topics)


# --- decoders ---


def _checks_and_beliefs(beliefs: object, checks: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    held = _beliefs(beliefs)
    parity = array("checks", checks, 2)
    if not np.isin(parity, (0, 1)).all() or parity.shape[1] != len(held):
        fail("checks", checks, f"a table of 0 and 1 with {len(held)} columns, one for each belief")
    log_odds = np.log(held) - np.log1p(-held)
    return log_odds, (log_odds > 0).astype(np.int64), parity.astype(np.int64)


def _by_weight(weights: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Subsets of positions in the order of non-decreasing total weight, the empty one first."""
    order = np.argsort(weights, kind="stable")
    yield ()
    heap = [(float(weights[order[0]]), (0,))]
    while heap:
        total, ranks = heapq.heappop(heap)
        yield tuple(int(order[rank]) for rank in ranks)
        last = ranks[-1]
        if last + 1 < len(order):
            more = float(weights[order[last + 1]])
            heapq.heappush(heap, (total + more, (*ranks, last + 1)))
            swapped = total - float(weights[order[last]]) + more
            heapq.heappush(heap, (swapped, (*ranks[:-1], last + 1)))


def grand(beliefs: Sequence[Real], checks: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], int]:
    """Guessing random additive noise decoding: try flips in the order of their likelihood until all checks hold.

    Parameters
    ----------
    beliefs : $n$ probabilities above 0 and below 1.
    checks : parity checks, rows of 0 and 1, shape (number of checks, $n$); the sum over a row has to be even.

    Returns
    -------
    tuple
        The answers, which are the most likely codeword, and the number of noise words tried.

    Raises
    ------
    ValueError
        If a belief is outside (0, 1) or the shapes do not match.

    Source: ledger ``4-42b``.
    """
    log_odds, raw, parity = _checks_and_beliefs(beliefs, checks)
    for tried, flips in enumerate(_by_weight(np.abs(log_odds)), 1):
        word = raw.copy()
        word[list(flips)] ^= 1
        if not (parity @ word % 2).any():
            return tuple(word.tolist()), tried
    raise AssertionError("the zero word satisfies every check")


def chase(beliefs: Sequence[Real], checks: Sequence[Sequence[int]], tested: int = 1) -> tuple[int, ...]:
    """Chase's second algorithm on top of a decoder that corrects one error: a short list of test patterns.

    Every pattern of flips on the `tested` least reliable answers is corrected by flipping the one answer
    whose column of `checks` is the syndrome; of the codewords found, the most likely one is returned (the raw
    answers if there is none).

    Parameters
    ----------
    beliefs, checks : as in `grand`.
    tested : number of least reliable answers in the test patterns, from 0 to $n$ and at most 12.

    Returns
    -------
    tuple of 0 and 1

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``4-42b``.
    """
    log_odds, raw, parity = _checks_and_beliefs(beliefs, checks)
    tested = integer("tested", tested, 0, min(len(raw), _MOST_RISK))
    weakest = np.argsort(np.abs(log_odds), kind="stable")[:tested]
    found = []
    for flips in itertools.product((0, 1), repeat=tested):
        word = raw.copy()
        word[weakest] ^= np.array(flips, dtype=np.int64)
        syndrome = parity @ word % 2
        if syndrome.any():
            fits = np.flatnonzero((parity == syndrome[:, None]).all(axis=0))
            if not len(fits):
                continue
            word[fits[0]] ^= 1
        found.append(tuple(word.tolist()))
    if not found:
        return tuple(raw.tolist())
    return max(found, key=lambda word: float(log_odds @ np.array(word)))


def bit_flipping(
    answers: Sequence[int], checks: Sequence[Sequence[int]], rounds: int = 50
) -> tuple[tuple[int, ...], bool]:
    """Flip, all at once, the answers that touch the most violated checks; repeat until none is violated.

    Parameters
    ----------
    answers : $n$ bits.
    checks : as in `grand`.
    rounds : rounds after which it gives up, at least 0.

    Returns
    -------
    tuple
        The last answers, and whether all checks hold.

    Raises
    ------
    ValueError
        If an argument is no such table of bits.

    Source: ledger ``4-42b``.
    """
    bits = array("answers", answers, 1)
    if not np.isin(bits, (0, 1)).all():
        fail("answers", answers, "0 or 1 each")
    _, _, parity = _checks_and_beliefs(np.full(len(bits), 0.5), checks)
    rounds = integer("rounds", rounds, 0)
    word = bits.astype(np.int64)
    for _ in range(rounds):
        violated = parity @ word % 2
        if not violated.any():
            break
        touched = violated @ parity
        word = word ^ (touched == touched.max())
    return tuple(word.tolist()), not (parity @ word % 2).any()


def hamming_repair(beliefs: Sequence[Real]) -> Decoded:
    """Seven beliefs tied together by the three checks of the Hamming code: the most likely consistent answers.

    Parameters
    ----------
    beliefs : seven probabilities above 0 and below 1.

    Returns
    -------
    Decoded
        ``(raw, syndrome, answers)``; check $k$ is violated if ``syndrome[k]`` is 1. Read as a binary number,
        lowest bit first, the syndrome is the position of a single error.

    Raises
    ------
    ValueError
        If there are not seven beliefs in (0, 1).

    Source: ledger ``4-42``.
    """
    if len(_beliefs(beliefs)) != 7:
        fail("beliefs", beliefs, "seven probabilities above 0 and below 1")
    _, raw, _ = _checks_and_beliefs(beliefs, HAMMING_CHECKS)
    syndrome = HAMMING_CHECKS @ raw % 2
    return Decoded(tuple(raw.tolist()), tuple(syndrome.tolist()), grand(beliefs, HAMMING_CHECKS)[0])


def hamming_bit_error(noise: Real) -> Fraction | float:
    r"""Share of wrong answers after repair with the Hamming code, if each was wrong with probability `noise`.

    $P_b=9\varepsilon^2-26\varepsilon^3+30\varepsilon^4-12\varepsilon^5$; below $\varepsilon$ exactly if
    $\varepsilon<\frac{3-\sqrt3}6\approx0.2113$, for $0<\varepsilon<\frac12$.

    Parameters
    ----------
    noise : $\varepsilon$, in [0, 1].

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If `noise` is outside [0, 1].

    Source: ledger ``4-42``.
    """
    e = probability("noise", noise)
    return e * e * (9 - 26 * e + 30 * e * e - 12 * e**3)
