"""Consistency: repairs against brute force and RC2, exact risks, constraints, decoders against maximum likelihood."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import consistency as c

TENTH = Fraction(1, 10)
EVEN = [row for row in itertools.product((0, 1), repeat=3) if sum(row) % 2 == 0]
HAMMING_CLAUSES = [
    clause for row in c.HAMMING_CHECKS for clause in c.xor_clauses([int(i) + 1 for i in np.flatnonzero(row)])
]
HAMMING = c.models(7, HAMMING_CLAUSES)


def odds(belief: float) -> float:
    return math.log(belief) - math.log1p(-belief)


def price(answers, beliefs, soft=()) -> float:
    flips = [abs(odds(b)) for a, b in zip(answers, beliefs, strict=True) if (a == 1) != (b > 0.5)]
    return math.fsum(flips + [w for clause, w in soft if not satisfied(clause, answers)])


def satisfied(clause, answers) -> bool:
    return any(answers[abs(i) - 1] == (i > 0) for i in clause)


def random_problem(rng, n: int, n_hard: int, n_soft: int):
    """Clauses of one to three literals; the hard ones hold for a planted truth."""
    truth = rng.integers(0, 2, n)

    def clause():
        chosen = rng.choice(n, int(rng.integers(1, min(n, 3) + 1)), replace=False)
        return tuple(int(i + 1) * int(rng.choice((-1, 1))) for i in chosen)

    hard = []
    while len(hard) < n_hard:
        candidate = clause()
        if satisfied(candidate, truth):
            hard.append(candidate)
    soft = [(clause(), float(rng.uniform(0.1, 3))) for _ in range(n_soft)]
    return rng.uniform(0.05, 0.95, n).tolist(), hard, soft


def rc2_cost(beliefs, hard, soft) -> float:
    from pysat.examples.rc2 import RC2
    from pysat.formula import WCNF

    formula = WCNF()
    for clause in hard:
        formula.append(list(clause))
    for i, belief in enumerate(beliefs, 1):
        if belief != 0.5:
            formula.append([i if belief > 0.5 else -i], weight=abs(odds(belief)))
    for clause, weight in soft:
        formula.append(list(clause), weight=weight)
    with RC2(formula) as solver:
        model = set(solver.compute())
    return price([int(i in model) for i in range(1, len(beliefs) + 1)], beliefs, soft)


# --- constraints (equation 40) ---


def test_printed_constraints_are_tautologies():
    def implies(a, b):
        return not a or b

    printed = [
        (1, lambda p: p != (not p)),
        (1, lambda p: not (p and not p)),
        (2, lambda p, q: implies(implies(p, q) and p, q)),
        (3, lambda p, q, r: implies(implies(p, q) and implies(q, r), implies(p, r))),
    ]
    for atoms, formula in printed:
        assert c.attained([formula], atoms) == {(1,)}


def test_answer_bits_exclude_something():
    negation = c.xor_clauses([1, 2], 1)
    ponens = [(-1, -2, 3)]  # bits of p -> q, p, q; transitivity has the same form
    assert (len(c.models(2, negation)), len(c.models(3, ponens))) == (2, 7)


def test_seven_queries():
    queries = [
        lambda p, q, r: p,
        lambda p, q, r: q,
        lambda p, q, r: r,
        lambda p, q, r: not p or q,
        lambda p, q, r: not q or r,
        lambda p, q, r: not p or r,
        lambda p, q, r: not p,
    ]
    # modus ponens for each implication, transitivity, negation
    local = [(-4, -1, 2), (-5, -2, 3), (-6, -1, 3), (-4, -5, 6), (1, 7), (-1, -7)]
    allowed = {tuple(row) for row in c.models(7, local).tolist()}
    consistent = c.attained(queries, 3)
    assert (2**7, len(allowed), len(consistent)) == (128, 40, 8)
    assert consistent < allowed
    # what is missing: a false implication has a true premise and a false conclusion
    complete = list(local)
    for implication, a, b in ((4, 1, 2), (5, 2, 3), (6, 1, 3)):
        complete += [(implication, a), (implication, -b)]
    assert {tuple(row) for row in c.models(7, complete).tolist()} == consistent


def test_pairs_are_not_enough():
    queries = [lambda p, q: p or q, lambda p, q: not p, lambda p, q: not q]
    answers = c.attained(queries, 2)
    assert (1, 1, 1) not in answers
    for pair in itertools.combinations(range(3), 2):
        assert (1, 1) in {tuple(answer[i] for i in pair) for answer in answers}
    ponens = c.models(3, [(-1, -2, 3)])
    for pair in itertools.combinations(
        range(3), 2
    ):  # every pair of values occurs: no binary relation follows
        assert len({tuple(row) for row in ponens[:, pair].tolist()}) == 4


@given(st.integers(1, 8), st.integers(0, 1))
def test_xor_clauses(width, parity):
    clauses = c.xor_clauses(range(1, width + 1), parity)
    assert len(clauses) == 2 ** (width - 1)
    assert (c.models(width, clauses).sum(axis=1) % 2 == parity).all()
    assert len(c.models(width, clauses)) == 2 ** (width - 1)


def test_models_are_in_order():
    assert c.models(2, []).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert c.models(2, [(1,), (-1,)]).shape == (0, 2)


# --- repair (equations 41 and 42) ---


def test_repair_of_a_small_base():
    # a bird flies; it is a bird; it does not fly
    repaired = c.repair([0.9, 0.8, 0.3], [(-1, -2, 3)])
    assert repaired.answers == (1, 1, 1)
    assert repaired.flipped == (3,)
    assert repaired.cost == pytest.approx(math.log(7 / 3))
    assert c.repair([0.9, 0.2], []) == ((1, 0), 0.0, ())


def test_soft_clauses_are_bought_off():
    beliefs, rule = [0.9, 0.1], (-1, 2)
    weight = math.log(9)
    assert c.repair(beliefs, [], [(rule, 0.9 * weight)]).flipped == ()
    assert len(c.repair(beliefs, [], [(rule, 1.1 * weight)]).flipped) == 1
    assert c.repair(beliefs, [], [(rule, 0.5)]).cost == pytest.approx(0.5)


def test_an_open_belief_takes_no_side():
    assert c.repair([0.5, 0.9], [(-1,)]) == ((0, 1), 0.0, ())
    assert c.repair([0.5, 0.9], [(1,)]) == ((1, 1), 0.0, ())


def test_milp_rc2_and_brute_force_agree():
    rng = np.random.default_rng(0)
    for _ in range(150):
        n = int(rng.integers(2, 9))
        beliefs, hard, soft = random_problem(rng, n, int(rng.integers(0, 3 * n)), int(rng.integers(0, n)))
        allowed = c.models(n, hard)
        best = min(price(row, beliefs, soft) for row in allowed.tolist())
        repaired = c.repair(beliefs, hard, soft)
        assert list(repaired.answers) in allowed.tolist()
        assert repaired.cost == pytest.approx(price(repaired.answers, beliefs, soft), abs=1e-9)
        assert repaired.cost == pytest.approx(best, abs=2e-6)
        assert rc2_cost(beliefs, hard, soft) == pytest.approx(best, abs=2e-6)


def test_repair_is_the_posterior_mode():
    rng = np.random.default_rng(1)
    for _ in range(30):
        beliefs, hard, _ = random_problem(rng, 6, 6, 0)
        allowed = c.models(6, hard)
        likelihood = np.where(allowed, beliefs, 1 - np.array(beliefs)).prod(axis=1)
        assert list(c.repair(beliefs, hard).answers) == allowed[likelihood.argmax()].tolist()


def test_independent_sets():
    rng = np.random.default_rng(2)
    for _ in range(40):
        n = int(rng.integers(3, 10))
        edges = [pair for pair in itertools.combinations(range(1, n + 1), 2) if rng.random() < 0.4]
        hard = [(-u, -v) for u, v in edges]
        largest = max(c.models(n, hard).sum(axis=1))
        repaired = c.repair([Fraction(2, 3)] * n, hard)
        assert sum(repaired.answers) == largest
        assert repaired.cost == pytest.approx((n - largest) * math.log(2))


def test_a_thousand_statements():
    base = c.belief_base(40, 25, 125, np.random.default_rng(7))
    assert len(base.beliefs) == 1000
    assert len(base.rules) == 40 * 125 + 40 * 2  # a pair of statement and negation is one rule, two clauses
    assert all(satisfied(rule, base.truth) for rule in base.rules)
    raw = [int(belief > 0.5) for belief in base.beliefs]
    repaired = c.repair(base.beliefs, base.rules)
    assert all(satisfied(rule, repaired.answers) for rule in base.rules)
    assert sum(not satisfied(rule, raw) for rule in base.rules) > 500
    assert rc2_cost(base.beliefs, base.rules, ()) == pytest.approx(repaired.cost, abs=1e-5)
    right = np.mean(np.array(repaired.answers) == base.truth), np.mean(np.array(raw) == base.truth)
    assert right[0] > 0.95 > 0.8 > right[1]


def test_two_hundred_beliefs_and_six_hundred_rules_of_three():
    rng = np.random.default_rng(3)
    n, truth, hard = 200, rng.integers(0, 2, 200), []
    while len(hard) < 600:
        chosen, signs = rng.choice(n, 3, replace=False), rng.integers(0, 2, 3)
        if (truth[chosen] == signs).any():
            hard.append(tuple(int(i + 1) if s else -int(i + 1) for i, s in zip(chosen, signs, strict=True)))
    reliability = rng.uniform(0.55, 0.95, n)
    right = rng.random(n) < reliability
    beliefs = np.where(right == (truth == 1), reliability, 1 - reliability)
    repaired = c.repair(beliefs, hard)
    assert all(satisfied(rule, repaired.answers) for rule in hard)
    assert repaired.cost <= price(truth, beliefs) + 1e-6


def test_conflict_is_smallest():
    rules = [(1, 2), (3,), (-1,), (1, 3), (-2,)]
    assert set(c.conflict(3, rules)) == {(1, 2), (-1,), (-2,)}
    assert c.conflict(3, [(1, 2), (-1,)]) == ()
    assert c.conflict(3, []) == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3]), min_size=1, max_size=3), max_size=12))
def test_conflict_needs_all_its_clauses(rules):
    core = list(c.conflict(3, rules))
    assert bool(core) == (len(c.models(3, rules)) == 0)
    if core:
        assert len(c.models(3, core)) == 0
        for k in range(len(core)):
            assert len(c.models(3, core[:k] + core[k + 1 :]))


def test_rc2_reports_the_same_contradiction():
    from pysat.examples.musx import MUSX
    from pysat.formula import WCNF

    rules = [(1, 2), (3,), (-1,), (1, 3), (-2,)]
    formula = WCNF()
    for rule in rules:
        formula.append(list(rule), weight=1)
    with MUSX(formula, verbosity=0) as finder:
        core = {rules[k - 1] for k in finder.compute()}
    assert core == set(c.conflict(3, rules))


# --- what repair does to accuracy ---


def test_parity_trades_single_answers_for_all():
    exact = c.risks(EVEN, TENTH)
    assert exact == (
        Fraction(729, 1000), Fraction(9, 10), Fraction(81, 100), Fraction(131, 150), Fraction(9, 10),
        Fraction(61, 250),
    )  # fmt: skip
    assert c.risks(EVEN, 0.1) == pytest.approx(tuple(map(float, exact)))


@given(st.fractions(Fraction(1, 100), Fraction(49, 100), max_denominator=100))
def test_parity_formulas(e):
    q, found = 1 - e, c.risks(EVEN, e)
    assert found.map_joint - found.raw_joint == e * q * q
    assert found.raw_each - found.map_each == e * (1 - 2 * e) / 3
    assert found.mode_each == q
    assert found.inconsistent == 3 * e * q * q + e**3


def test_parity_loss_is_largest_at_a_quarter():
    losses = {
        e: c.risks(EVEN, e).raw_each - c.risks(EVEN, e).map_each
        for e in (Fraction(k, 100) for k in range(1, 50))
    }
    assert max(losses, key=losses.get) == Fraction(1, 4)
    assert losses[Fraction(1, 4)] == Fraction(1, 24)


def test_implication_and_paraphrases():
    found = c.risks(c.models(3, [(-1, -2, 3)]), TENTH)
    assert (found.map_joint, found.map_each) == (Fraction(648, 875), Fraction(18829, 21000))
    two = c.risks([(0, 0), (1, 1)], TENTH)
    assert two.map_each == two.raw_each == Fraction(9, 10)
    for n in (1, 3, 5, 7):
        same = c.risks([(0,) * n, (1,) * n], TENTH)
        majority = sum(
            math.comb(n, k) * Fraction(9, 10) ** k * TENTH ** (n - k) for k in range(n // 2 + 1, n + 1)
        )
        assert same.map_joint == same.map_each == same.mode_each == majority


def test_repair_is_best_jointly_and_modes_are_best_each():
    rng = np.random.default_rng(4)
    worse = 0
    for _ in range(150):
        n = int(rng.integers(2, 5))
        words = c.models(n, [])
        code = words[rng.permutation(2**n)[: rng.integers(1, 2**n + 1)]]
        found = c.risks(code, Fraction(int(rng.integers(1, 50)), 100))
        assert found.map_joint >= found.raw_joint
        assert found.mode_each >= max(found.raw_each, found.map_each)
        worse += found.map_each < found.raw_each
    assert 0 < worse < 150


def test_miscalibrated_beliefs_make_repair_worse():
    # p is false; the model gives p 0.95 and not-p 0.7: one answer of two right, none after repair
    repaired = c.repair([0.95, 0.7], c.xor_clauses([1, 2], 1))
    assert repaired.answers == (1, 0)


def test_marginals_and_the_flip_criterion():
    rng = np.random.default_rng(5)
    for _ in range(40):
        beliefs, hard, _ = random_problem(rng, 5, 5, 0)
        allowed = c.models(5, hard)
        posterior = np.where(allowed, beliefs, 1 - np.array(beliefs)).prod(axis=1)
        posterior /= posterior.sum()
        true = c.marginals(beliefs, hard)
        assert true == pytest.approx(posterior @ allowed)
        raw = np.array(beliefs) > 0.5
        wrong = np.where(raw, 1 - true, true)
        flips = rng.integers(0, 2, 5).astype(bool)
        change = posterior @ ((raw ^ flips) != allowed).sum(axis=1) - posterior @ (raw != allowed).sum(axis=1)
        assert change == pytest.approx((1 - 2 * wrong[flips]).sum())


def test_belief_base_is_calibrated():
    base = c.belief_base(100, 20, 20, np.random.default_rng(6))
    held, truth = np.array(base.beliefs), np.array(base.truth)
    for low in (0.05, 0.2, 0.6, 0.8):
        band = (held > low) & (held < low + 0.15)
        assert abs(held[band].mean() - truth[band].mean()) < 0.06
    assert base.topics[0] == 0 and base.topics[-1] == 99


# --- decoders ---


def random_beliefs(rng) -> np.ndarray:
    return 1 / (1 + np.exp(-rng.normal(0, 1.5, 7)))


def most_likely(beliefs) -> tuple[int, ...]:
    return tuple(HAMMING[(HAMMING @ np.log(beliefs / (1 - beliefs))).argmax()].tolist())


def test_grand_and_maxsat_are_maximum_likelihood():
    rng = np.random.default_rng(7)
    assert len(HAMMING_CLAUSES) == 24
    assert len(HAMMING) == 16
    for k in range(200):
        beliefs = random_beliefs(rng)
        best = most_likely(beliefs)
        assert c.grand(beliefs, c.HAMMING_CHECKS)[0] == best == c.hamming_repair(beliefs).answers
        if k < 60:
            repaired = c.repair(beliefs, HAMMING_CLAUSES)
            assert repaired.answers == best
            assert rc2_cost(beliefs, HAMMING_CLAUSES, ()) == pytest.approx(repaired.cost, abs=2e-6)


def test_noise_is_tried_in_order():
    weights = np.array([0.7, 0.2, 0.5, 0.2, 1.1])
    tried = list(c._by_weight(weights))
    totals = [weights[list(flips)].sum() for flips in tried]
    assert len(set(map(frozenset, tried))) == len(tried) == 2**5
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(totals))


def test_repair_by_hand():
    found = c.hamming_repair([0.9, 0.2, 0.8, 0.7, 0.6, 0.85, 0.1])
    assert found == ((1, 0, 1, 1, 1, 1, 0), (1, 0, 1), (1, 0, 1, 1, 0, 1, 0))


def test_flipping_bits_is_no_decoder_of_the_kind():
    words = list(itertools.product((0, 1), repeat=7))
    results = [c.bit_flipping(word, c.HAMMING_CHECKS) for word in words]
    assert sum(not settled for _, settled in results) == 48
    assert all(tuple(word) in {tuple(w) for w in HAMMING.tolist()} for word, settled in results if settled)


def test_chase_is_not_maximum_likelihood():
    ratios = np.array([0.04, -1.23, -1.27, -1.99, 0.10, 2.14, -0.65])
    beliefs = 1 / (1 + np.exp(-ratios))
    assert most_likely(beliefs) == (1, 0, 0, 0, 0, 1, 1)
    assert c.chase(beliefs, c.HAMMING_CHECKS) == (1, 1, 0, 0, 1, 1, 0)
    rng = np.random.default_rng(8)
    for _ in range(50):  # with all patterns it is
        beliefs = random_beliefs(rng)
        assert c.chase(beliefs, c.HAMMING_CHECKS, 7) == most_likely(beliefs)


def test_chase_without_a_codeword_returns_the_raw_answers():
    checks = [[1, 1, 0, 0], [0, 0, 1, 1]]  # the syndrome (1, 1) is no column
    assert c.chase([0.9, 0.2, 0.9, 0.2], checks, 0) == (1, 0, 1, 0)


@given(st.fractions(Fraction(1, 100), Fraction(49, 100), max_denominator=100))
@settings(max_examples=10, deadline=None)
def test_hamming_bit_error(e):
    found, q = c.risks(HAMMING, e), 1 - e
    assert 1 - found.map_each == c.hamming_bit_error(e)
    assert found.map_joint == q**7 + 7 * e * q**6
    counts = (0, 0, 63, 133, 112, 84, 49, 7)
    assert c.hamming_bit_error(e) == sum(k * e**w * q ** (7 - w) for w, k in enumerate(counts)) / 7
    assert (c.hamming_bit_error(e) < e) == (6 * e * e - 6 * e + 1 > 0)


def test_hamming_threshold():
    threshold = (3 - math.sqrt(3)) / 6
    assert threshold == pytest.approx(0.2113249, abs=1e-7)
    assert c.hamming_bit_error(threshold) == pytest.approx(threshold)
    assert c.hamming_bit_error(0.2) < 0.2 and c.hamming_bit_error(0.22) > 0.22
    assert c.hamming_bit_error(TENTH) == 1 - Fraction(93312, 100000)


def test_hamming_residual_errors_by_weight():
    counts = [0] * 8
    for noise in itertools.product((0, 1), repeat=7):
        residual = c.grand(0.3 + 0.4 * np.array(noise), c.HAMMING_CHECKS)[0]
        counts[sum(noise)] += sum(residual)
    assert counts == [0, 0, 63, 133, 112, 84, 49, 7]


# --- bad input ---


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: c.repair([0.5, 1.0], []), "beliefs"),
        (lambda: c.repair([0.5, 0.0], []), "beliefs"),
        (lambda: c.repair([], []), "beliefs"),
        (lambda: c.repair([0.5], [(2,)]), "statement numbers 1 to 1"),
        (lambda: c.repair([0.5], [(0,)]), "hard"),
        (lambda: c.repair([0.5], [()]), "hard"),
        (lambda: c.repair([0.5], [1]), "hard"),
        (lambda: c.repair([0.5], 3), "hard"),
        (lambda: c.repair([0.5], [(1.5,)]), "hard"),
        (lambda: c.repair([0.7], [(1,), (-1,)]), "satisfy together"),
        (lambda: c.repair([0.7], [], [((1,), 0)]), "soft"),
        (lambda: c.repair([0.7], [], [((3,), 1)]), "soft"),
        (lambda: c.repair([0.7], [], [(1,)]), "soft"),
        (lambda: c.models(21, []), "n_statements"),
        (lambda: c.models(2, [(3,)]), "clauses"),
        (lambda: c.attained([], 1), "queries"),
        (lambda: c.attained([1], 1), "queries"),
        (lambda: c.xor_clauses([1, 1]), "statements"),
        (lambda: c.xor_clauses([1], 2), "parity"),
        (lambda: c.conflict(1, [(2,)]), "hard"),
        (lambda: c.marginals([0.5], [(1,), (-1,)]), "satisfy together"),
        (lambda: c.risks([(0, 2)], 0.1), "code"),
        (lambda: c.risks([(0, 1), (0, 1)], 0.1), "code"),
        (lambda: c.risks([(0, 1)], 0.5), "noise"),
        (lambda: c.risks([(0, 1)], 0), "noise"),
        (lambda: c.belief_base(1, 3, 9, np.random.default_rng(0)), "per_topic"),
        (lambda: c.belief_base(1, 20, 1, np.random.default_rng(0)), "rules_per_topic"),
        (lambda: c.grand([0.5, 0.5], c.HAMMING_CHECKS), "checks"),
        (lambda: c.chase([0.5] * 7, c.HAMMING_CHECKS, 8), "tested"),
        (lambda: c.bit_flipping([0, 2], [[1, 1]]), "answers"),
        (lambda: c.hamming_repair([0.5] * 6), "seven"),
        (lambda: c.hamming_bit_error(1.5), "noise"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
