"""Consistency and repair: each theorem as a property, exact values, and two independent solvers."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.examples.musx import MUSX
from pysat.examples.rc2 import RC2
from pysat.formula import WCNF
from pysat.solvers import Solver

from llmlimits import consistency as c

BITS = (0, 1)
EVEN3 = [a for a in product(BITS, repeat=3) if sum(a) % 2 == 0]
HAMMING = [clause for check in c.HAMMING_CHECKS for clause in c.parity_clauses(check)]
TENTH = Fraction(1, 10)


def holds(clause, answers):
    return any(answers[abs(v) - 1] == (v > 0) for v in clause)


def penalty(answers, beliefs, soft=()):
    """Loss of log-probability against the raw answers, plus the weight of falsified soft clauses."""
    lost = sum(
        math.log(max(b, 1 - b)) - math.log(b if a else 1 - b) for a, b in zip(answers, beliefs, strict=True)
    )
    return lost + sum(w for clause, w in soft if not holds(clause, answers))


def brute(beliefs, hard, soft=()):
    every = (a for a in product(BITS, repeat=len(beliefs)) if all(holds(clause, a) for clause in hard))
    return min((penalty(a, beliefs, soft), a) for a in every)


def rc2(beliefs, hard, soft=(), scale=10**7):
    """Cost by an independent solver, with weights rounded to integers."""
    formula = WCNF()
    for clause in hard:
        formula.append(list(clause))
    for i, b in enumerate(beliefs, 1):
        weight = round(scale * math.log(b / (1 - b)))
        if weight:
            formula.append([i if weight > 0 else -i], weight=abs(weight))
    for clause, weight in soft:
        formula.append(list(clause), weight=round(scale * weight))
    with RC2(formula) as solver:
        assert solver.compute() is not None
        return solver.cost / scale


def sigmoid(odds):
    return 1 / (1 + np.exp(-np.asarray(odds, dtype=float)))


def random_clauses(rng, n, m, width=3):
    return [
        tuple(
            int(v)
            for v in (1 + rng.choice(n, min(n, width), replace=False)) * rng.choice([-1, 1], min(n, width))
        )
        for _ in range(m)
    ]


def satisfiable(clauses):
    with Solver(bootstrap_with=[list(clause) for clause in clauses]) as solver:
        return solver.solve()


# --- the constraint sets (equation 40) ---


def test_listed_constraints_are_tautologies():
    implies = lambda a, b: not a or b  # noqa: E731
    assert all((p != (not p)) and not (p and not p) for p in BITS)
    assert all(implies(implies(p, q) and p, q) for p, q in product(BITS, repeat=2))
    assert all(implies(implies(p, q) and implies(q, r), implies(p, r)) for p, q, r in product(BITS, repeat=3))


def test_constraints_on_answers_exclude_something():
    assert len(c.models(2, [(1, 2), (-1, -2)])) == 2
    assert len(c.models(3, [(-1, -2, 3)])) == 7


def test_factuality_rejects_true_answers():
    # with an empty knowledge base only tautologies are entailed: the true answer p is not
    assert satisfiable([(1,)]) and satisfiable([(-1,)])


def test_local_rules_are_not_global_consistency():
    # queries p, q, r, p->q, q->r, p->r, not p
    local = [(1, 7), (-1, -7), (-4, -1, 2), (-5, -2, 3), (-6, -1, 3), (-4, -5, 6)]
    answers = c.models(7, local)
    consistent = {
        (p, q, r, int(not p or q), int(not q or r), int(not p or r), int(not p))
        for p, q, r in product(BITS, repeat=3)
    }
    assert len(answers) == 40 and len(consistent) == 8 and consistent < set(answers)


def test_two_premises_are_not_pairwise():
    allowed = c.models(3, [(-1, -2, 3)])
    for pair in combinations(range(3), 2):
        assert {tuple(a[i] for i in pair) for a in allowed} == set(product(BITS, repeat=2))


def test_pairwise_consistent_and_jointly_not():
    beliefs = [(1, 2), (-1,), (-2,)]
    assert all(satisfiable(pair) for pair in combinations(beliefs, 2)) and not satisfiable(beliefs)
    assert c.core(beliefs) == beliefs


def test_score():
    assert (
        c.score((1, 1, 0), [(-1, 2)]) == 1 and c.score((1, 0, 0), [(-1, 2)]) == 0 and c.score((1,), []) == 1
    )


# --- repair is weighted partial MaxSAT (equations 41 and 42) ---


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_repair_is_map_by_brute_force_and_rc2(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    beliefs = rng.uniform(0.02, 0.98, n)
    hard = random_clauses(rng, n, int(rng.integers(0, 2 * n)))
    soft = [
        (clause, float(rng.uniform(0.1, 3))) for clause in random_clauses(rng, n, int(rng.integers(0, 5)), 2)
    ]
    if not satisfiable(hard):
        with pytest.raises(ValueError, match="hard"):
            c.repair(beliefs, hard, soft)
        return
    found = c.repair(beliefs, hard, soft)
    best, answers = brute(beliefs, hard, soft)
    assert found.cost == pytest.approx(best, abs=2e-6) and found.answers == answers
    assert found.cost == pytest.approx(rc2(beliefs, hard, soft), abs=1e-5)
    assert found.flipped == tuple(i for i, b in enumerate(beliefs, 1) if found.answers[i - 1] != (b > 0.5))
    # the objective of (41) differs from the cost by a constant
    objective = sum(math.log(b if a else 1 - b) for a, b in zip(found.answers, beliefs, strict=True))
    objective += sum(w for clause, w in soft if holds(clause, found.answers))
    constant = sum(math.log(max(b, 1 - b)) for b in beliefs) + sum(w for _, w in soft)
    assert objective == pytest.approx(constant - found.cost, abs=1e-9)


def test_weight_counts_and_not_number():
    # three weak beliefs against one strong one: fewer satisfied constraints, more weight
    found = c.repair([0.99, 0.6, 0.6, 0.6], [(-1, -2), (-1, -3), (-1, -4)])
    assert found.answers == (1, 0, 0, 0) and found.flipped == (2, 3, 4)


def test_soft_relation_by_an_auxiliary_variable():
    rng = np.random.default_rng(5)
    for _ in range(20):
        beliefs, weight = rng.uniform(0.05, 0.95, 3), float(rng.uniform(0.1, 4))
        best = min(penalty(a, beliefs) + weight * (sum(a) % 2) for a in product(BITS, repeat=3))
        switched = [(*clause, -4) for clause in c.parity_clauses((1, 2, 3))]
        assert c.repair([*beliefs, 0.5], switched, [((4,), weight)]).cost == pytest.approx(best, abs=2e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9))
def test_repair_solves_independent_set(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    edges = [pair for pair in combinations(range(1, n + 1), 2) if rng.random() < 0.4]
    found = c.repair([2 / 3] * n, [(-u, -v) for u, v in edges])
    free = lambda s: not any(u in s and v in s for u, v in edges)  # noqa: E731
    largest = max(len(s) for k in range(n + 1) for s in combinations(range(1, n + 1), k) if free(s))
    assert sum(found.answers) == largest
    assert found.cost == pytest.approx((n - largest) * math.log(2))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**9))
def test_core_is_minimal(seed):
    rng = np.random.default_rng(seed)
    clauses = random_clauses(rng, 4, 30, 2)
    kept = c.core(clauses)
    if satisfiable(clauses):
        assert kept == []
        return
    assert not satisfiable(kept) and all(satisfiable(kept[:k] + kept[k + 1 :]) for k in range(len(kept)))
    formula = WCNF()
    for clause in kept:
        formula.append(list(clause), weight=1)
    with MUSX(formula, verbosity=0) as extractor:
        assert sorted(extractor.compute()) == list(range(1, len(kept) + 1))


def test_consistency_weight_is_a_switch():
    # soft copies of a rule: below the threshold nothing changes, above it the repair is that of the hard rule
    beliefs, rule = [0.9, 0.2], [(-1, 2)]
    threshold = c.repair(beliefs, rule).cost
    assert threshold == pytest.approx(math.log(4))
    assert c.repair(beliefs, soft=[(rule[0], threshold - 0.01)]).answers == (1, 0)
    assert (
        c.repair(beliefs, soft=[(rule[0], threshold + 0.01)]).answers
        == c.repair(beliefs, rule).answers
        == (1, 1)
    )


def test_large_base_to_a_proven_optimum():
    base = c.belief_base(25, 40, 5000, 1.0, np.random.default_rng(1))
    assert len(set(base.rules)) == 5000 and all(holds(rule, base.truth) for rule in base.rules)
    start = time.process_time()
    found = c.repair(base.beliefs, base.rules)
    assert time.process_time() - start < 20
    assert all(holds(rule, found.answers) for rule in base.rules)
    assert found.cost == pytest.approx(rc2(base.beliefs, base.rules), abs=1e-4)
    raw = [int(b > 0.5) for b in base.beliefs]
    right = [sum(x == t for x, t in zip(a, base.truth, strict=True)) for a in (raw, found.answers)]
    assert right[1] > right[0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_three_literal_rules_to_a_proven_optimum(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, 200)
    beliefs = sigmoid(2 * truth - 1 + rng.normal(0, 1, 200))
    rules = [rule for rule in random_clauses(rng, 200, 800) if holds(rule, truth)][:600]
    assert len(rules) == 600
    start = time.process_time()
    found = c.repair(beliefs, rules)
    assert time.process_time() - start < 20
    assert all(holds(rule, found.answers) for rule in rules)
    assert found.cost == pytest.approx(penalty(found.answers, beliefs))
    assert found.cost <= penalty(truth, beliefs)


def test_belief_base_has_the_stated_law():
    base = c.belief_base(1, 20000, 0, 1.0, np.random.default_rng(0))
    truth, odds = np.array(base.truth), np.log(base.beliefs / (1 - base.beliefs))
    assert np.mean((odds > 0) != truth) == pytest.approx(0.15866, abs=0.01)  # Phi(-1), 20,000 draws
    signed = odds * (2 * truth - 1)
    assert signed.mean() == pytest.approx(2, abs=0.06) and signed.std() == pytest.approx(2, abs=0.05)
    # log-odds of this kind are log-likelihood ratios: among beliefs near 0.8 four in five are true
    near = np.abs(base.beliefs - 0.8) < 0.05
    assert truth[near].mean() == pytest.approx(0.8, abs=0.03)


# --- what is optimal, and for what ---


def test_parity_numbers():
    found = c.risks(EVEN3, TENTH)
    assert found == (
        Fraction(729, 1000), Fraction(9, 10), Fraction(81, 100), Fraction(131, 150), Fraction(9, 10), Fraction(61, 250),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.fractions(0, Fraction(49, 100), max_denominator=200))
def test_parity_formulas(eps):
    found, q = c.risks(EVEN3, eps), 1 - eps
    assert found.repaired_each == q - eps * (1 - 2 * eps) / 3
    assert found.repaired_joint == q**3 + eps * q**2
    assert found.marginal_each == q and found.marginal_inconsistent == 3 * eps * q**2 + eps**3
    assert found.repaired_each >= q - Fraction(1, 24)
    assert c.risks(EVEN3, Fraction(1, 4)).repaired_each == Fraction(3, 4) - Fraction(1, 24)


def test_paraphrases():
    for eps in (TENTH, Fraction(2, 5)):
        assert c.risks([(0, 0), (1, 1)], eps).repaired_each == 1 - eps
        three = c.risks([(0, 0, 0), (1, 1, 1)], eps)
        assert three.repaired_each == three.repaired_joint == 1 - 3 * eps**2 + 2 * eps**3


def test_implication_numbers():
    found = c.risks(c.models(3, [(-1, -2, 3)]), 0.1)
    assert found.repaired_joint == pytest.approx(0.7405714285714288)
    assert found.repaired_each == pytest.approx(0.8966190476190476)


def simulated(code, eps, rng, runs=20000):
    """Accuracies by drawing truths and errors, with an independent decoder."""
    code = np.array(code)
    truth = code[rng.integers(len(code), size=runs)]
    raw = truth ^ (rng.random(truth.shape) < eps)
    distance = (raw[:, None] != code[None]).sum(2)
    fixed = code[np.argmin(distance + rng.random(distance.shape) / 2, axis=1)]
    return (fixed == truth).all(1).mean(), (fixed == truth).mean()


def test_risks_by_simulation():
    rng = np.random.default_rng(2)
    for code in (EVEN3, c.models(3, [(-1, -2, 3)]), c.models(7, HAMMING), [(0, 1, 1), (1, 1, 0)]):
        joint, each = simulated(code, 0.2, rng)
        found = c.risks(code, 0.2)
        assert joint == pytest.approx(found.repaired_joint, abs=0.015)
        assert each == pytest.approx(found.repaired_each, abs=0.01)


def test_repair_never_loses_jointly_and_marginal_never_loses_per_answer():
    rng = np.random.default_rng(3)
    worse = 0
    for _ in range(150):
        n = int(rng.integers(2, 5))
        every = list(product(BITS, repeat=n))
        size = int(rng.integers(1, len(every) + 1))
        code = [every[i] for i in rng.choice(len(every), size, replace=False)]
        found = c.risks(code, Fraction(int(rng.integers(1, 49)), 100))
        assert found.repaired_joint >= found.raw_joint
        assert found.marginal_each >= max(found.raw_each, found.repaired_each)
        worse += found.repaired_each < found.raw_each
    assert worse > 20  # "enforcing consistency improves accuracy" fails often


def test_posterior_modes_with_soft_evidence():
    # uneven evidence: the joint mode is what repair returns, and maximises the chance that all are right
    rng = np.random.default_rng(4)
    rules = [(-1, -2, 3), (1, -4)]
    for _ in range(20):
        beliefs = rng.uniform(0.05, 0.95, 4)
        mass = {
            a: math.prod(b if x else 1 - b for x, b in zip(a, beliefs, strict=True))
            for a in c.models(4, rules)
        }
        assert c.repair(beliefs, rules).answers == max(mass, key=mass.get)


def test_flip_criterion():
    # the expected number of errors changes by sum (1 - 2 pi_i) over flipped answers
    eps, code = Fraction(1, 5), c.models(3, [(-1, -2, 3)])
    raw = (1, 1, 0)
    mass = {
        a: eps ** sum(x != y for x, y in zip(a, raw, strict=True))
        * (1 - eps) ** sum(x == y for x, y in zip(a, raw, strict=True))
        for a in code
    }
    total = sum(mass.values())
    wrong = [sum(m for a, m in mass.items() if a[i] != raw[i]) / total for i in range(3)]
    for flips in product(BITS, repeat=3):
        answers = [x ^ f for x, f in zip(raw, flips, strict=True)]
        errors = sum(
            m / total * sum(x != y for x, y in zip(a, answers, strict=True)) for a, m in mass.items()
        )
        assert errors - sum(wrong) == sum(1 - 2 * wrong[i] for i in range(3) if flips[i])


def test_miscalibrated_beliefs_lose_the_right_answer():
    found = c.repair([0.95, 0.7], [(1, 2), (-1, -2)])  # truth: (0, 1); raw answers (1, 1)
    assert found.answers == (1, 0)


def test_calibrated_beliefs_count_a_rule_twice():
    # truth uniform on the models of 1 -> 2, likelihood ratios 1/2 and 9/10
    ratio = (Fraction(1, 2), Fraction(9, 10))
    mass = {a: math.prod(r for r, x in zip(ratio, a, strict=True) if x) for a in c.models(2, [(-1, 2)])}
    assert max(mass, key=mass.get) == (0, 0)
    total = sum(mass.values())
    assert total == 1 + Fraction(9, 10) + Fraction(9, 20)
    prior = (Fraction(1, 3), Fraction(2, 3))
    alone = [
        p * r / (p * r + 1 - p) for p, r in zip(prior, ratio, strict=True)
    ]  # P(statement true | its own evidence)
    assert alone == [Fraction(1, 5), Fraction(9, 14)]
    assert c.repair(alone, [(-1, 2)]).answers == (0, 1)
    assert c.repair([r / (1 + r) for r in ratio], [(-1, 2)]).answers == (0, 0)


# --- decoders (the analogy after equation 42) ---


def test_parity_clauses():
    for w in range(1, 7):
        clauses = c.parity_clauses(range(1, w + 1))
        assert len(clauses) == 2 ** (w - 1) and all(len(clause) == w for clause in clauses)
        assert c.models(w, clauses) == [a for a in product(BITS, repeat=w) if sum(a) % 2 == 0]
        odd = c.parity_clauses(range(1, w + 1), odd=True)
        assert c.models(w, odd) == [a for a in product(BITS, repeat=w) if sum(a) % 2 == 1]


def test_long_parity_in_pieces():
    # x1 + ... + x5 = 0 by three checks of three with two auxiliary variables
    pieces = c.parity_clauses((1, 2, 6)) + c.parity_clauses((6, 3, 7)) + c.parity_clauses((7, 4, 5))
    assert len(pieces) == 12
    assert {a[:5] for a in c.models(7, pieces)} == set(c.models(5, c.parity_clauses(range(1, 6))))


def test_hamming_example():
    found = c.hamming_repair([0.9, 0.2, 0.8, 0.7, 0.6, 0.85, 0.1])
    assert len(HAMMING) == 24 and len(c.models(7, HAMMING)) == 16
    assert found.raw == (1, 0, 1, 1, 1, 1, 0) and found.syndrome == (1, 0, 1)
    assert found.answers == found.one_flip == (1, 0, 1, 1, 0, 1, 0) and found.flipped == (5,)


def test_grand_equals_repair_equals_codebook_search():
    rng = np.random.default_rng(6)
    code = np.array(c.models(7, HAMMING))
    for _ in range(60):
        odds = rng.normal(0, 1.5, 7)
        best = tuple(code[np.argmax(code @ odds)])
        beliefs = sigmoid(odds)
        assert c.grand(beliefs, HAMMING).answers == best == c.hamming_repair(beliefs).answers
        assert c.hamming_repair(beliefs).cost == pytest.approx(rc2(beliefs, HAMMING), abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_grand_is_optimal_for_any_rules(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    beliefs, hard = rng.uniform(0.05, 0.95, n), random_clauses(rng, n, int(rng.integers(0, n + 1)))
    if satisfiable(hard):
        found = c.grand(beliefs, hard)
        assert (found.cost, found.answers) == (
            pytest.approx(brute(beliefs, hard)[0]),
            brute(beliefs, hard)[1],
        )
        assert 1 <= found.guesses <= 2**n


def test_noise_is_guessed_in_order():
    weights = [0.3, 0.1, 0.25, 0.7]
    guesses = list(c._in_order(weights))
    assert len(guesses) == 16 and len({frozenset(s) for _, s in guesses}) == 16
    sums = [sum(weights[i] for i in s) for _, s in guesses]
    assert sums == pytest.approx(sorted(sums)) and sums == pytest.approx([t for t, _ in guesses])


def test_bit_flipping_is_no_decoder():
    outcomes = [c.bit_flipping(word, c.HAMMING_CHECKS) for word in product(BITS, repeat=7)]
    assert sum(o is None for o in outcomes) == 48
    code = set(c.models(7, HAMMING))
    assert all(o in code for o in outcomes if o is not None)
    # it fails exactly where one check alone is violated
    words = list(product(BITS, repeat=7))
    assert all(
        (o is None) == (sum(c.syndrome(w, c.HAMMING_CHECKS)) == 1)
        for w, o in zip(words, outcomes, strict=True)
    )


def test_chase_misses_the_optimum():
    beliefs = sigmoid([0.04, -1.23, -1.27, -1.99, 0.10, 2.14, -0.65])
    assert c.hamming_repair(beliefs).answers == (1, 0, 0, 0, 0, 1, 1)
    assert c.hamming_chase(beliefs) == (1, 1, 0, 0, 1, 1, 0)
    code = np.array(c.models(7, HAMMING))
    rng = np.random.default_rng(7)
    for odds in rng.normal(0, 1.5, (200, 7)):
        word = c.hamming_chase(sigmoid(odds))
        assert word in set(c.models(7, HAMMING)) and np.dot(word, odds) <= (code @ odds).max() + 1e-9
        # the better of two decodings, the second after the least sure bit is turned over
        turned = np.where(np.abs(odds) == np.abs(odds).min(), -odds, odds)
        both = [c.hamming_repair(sigmoid(x)).one_flip for x in (odds, turned)]
        assert np.dot(word, odds) == pytest.approx(max(np.dot(both[0], odds), np.dot(both[1], odds)))


def test_hamming_bit_error():
    assert c.hamming_bit_error(TENTH) == Fraction(209, 3125) == 1 - Fraction(93312, 100000)
    for eps in (Fraction(0), TENTH, Fraction(1, 5), Fraction(1, 4), Fraction(2, 5)):
        found, q = c.risks(c.models(7, HAMMING), eps), 1 - eps
        assert found.repaired_each == 1 - c.hamming_bit_error(eps)
        assert found.repaired_joint == q**7 + 7 * eps * q**6
        assert found.marginal_each == max(found.raw_each, found.repaired_each)
    residual = [0] * 8
    for z in product(BITS, repeat=7):
        residual[sum(z)] += sum(c._one_flip(z))
    assert residual == [0, 0, 63, 133, 112, 84, 49, 7]


@settings(deadline=None)
@given(st.fractions(0, 1, max_denominator=500))
def test_hamming_threshold(eps):
    excess = c.hamming_bit_error(eps) - eps
    assert excess == -eps * (1 - eps) * (1 - 2 * eps) * (6 * eps**2 - 6 * eps + 1)
    if 0 < eps < Fraction(1, 2):
        assert (excess < 0) == (float(eps) < (3 - math.sqrt(3)) / 6)


# --- bad input ---


@pytest.mark.parametrize(
    "beliefs", [[], [0.0, 0.5], [1.0], [1.2], [-0.1], [float("nan")], ["a"], 0.5, "0.5", [True]]
)
def test_bad_beliefs(beliefs):
    with pytest.raises(ValueError, match="beliefs"):
        c.repair(beliefs, [])


@pytest.mark.parametrize("hard", [[(3,)], [(0,)], [()], [(1.0,)], [3], ["12"], 7, "12", [(True,)], [(-3, 1)]])
def test_bad_clauses(hard):
    with pytest.raises(ValueError, match="hard"):
        c.repair([0.3, 0.6], hard)


@pytest.mark.parametrize(
    "soft", [[(1, 2)], [((1,), 0)], [((1,), -1)], [((1,), math.inf)], [((3,), 1)], [((1,),)], 5]
)
def test_bad_soft(soft):
    with pytest.raises(ValueError, match="soft"):
        c.repair([0.3, 0.6], [], soft)


def test_contradiction_is_named():
    with pytest.raises(ValueError, match=r"hard = .*core"):
        c.repair([0.3], [(1,), (-1,)])
    with pytest.raises(ValueError, match="hard"):
        c.grand([0.3], [(1,), (-1,)])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: c.risks([], 0.1), "code"),
        (lambda: c.risks(5, 0.1), "code"),
        (lambda: c.risks([3], 0.1), "code"),
        (lambda: c.risks([(0, 1), (0,)], 0.1), "code"),
        (lambda: c.risks([(0, 1), (0, 1)], 0.1), "code"),
        (lambda: c.risks([(0, 2)], 0.1), "code"),
        (lambda: c.risks([(0, 1)], 0.5), "noise"),
        (lambda: c.risks([(0, 1)], -0.1), "noise"),
        (lambda: c.models(17, []), "n ="),
        (lambda: c.models(2, [(3,)]), "rules"),
        (lambda: c.core([(0,)]), "hard"),
        (lambda: c.score((2,), []), "answers"),
        (lambda: c.parity_clauses(()), "variables"),
        (lambda: c.parity_clauses((1, 1)), "variables"),
        (lambda: c.syndrome((0, 1), [(3,)]), "checks"),
        (lambda: c.bit_flipping((0, 3), [(1,)]), "answers"),
        (lambda: c.grand([0.5] * 17, []), "beliefs"),
        (lambda: c.hamming_repair([0.5] * 6), "beliefs"),
        (lambda: c.hamming_chase([0.5] * 8), "beliefs"),
        (lambda: c.hamming_bit_error(1.5), "noise"),
        (lambda: c.belief_base(0, 3, 1, 1, np.random.default_rng(0)), "n_topics"),
        (lambda: c.belief_base(1, 1, 1, 1, np.random.default_rng(0)), "n_statements"),
        (lambda: c.belief_base(1, 3, 1, 0, np.random.default_rng(0)), "evidence"),
        (lambda: c.belief_base(1, 2, 50, 1, np.random.default_rng(0)), "n_rules"),
    ],
)
def test_bad_arguments(call, name):
    with pytest.raises(ValueError, match=name):
        call()
