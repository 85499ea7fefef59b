"""Diagonal truths: each theorem as a property, exact values, and the printed construction's failure."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import diagonal as d

BIG = st.integers(0, 10**60)


def parity(i: int, k: int) -> int:
    return (i & k).bit_count() % 2


def one_error(i: int, k: int) -> int:
    """Model i answers 1 everywhere but at input i."""
    return int(k != i)


def from_table(table):
    return lambda i, k: table[i][k]


# --- the diagonal (Theorem 1, equation 1) ---


def test_cantor_pairing_value():
    assert d.cantor_pair(3, 4) == 32
    assert [d.cantor_unpair(k) for k in range(6)] == [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]


@given(BIG, BIG)
def test_cantor_pairing_round_trip(i, j):
    assert d.cantor_unpair(d.cantor_pair(i, j)) == (i, j)
    assert d.cantor_pair(*d.cantor_unpair(i)) == i


def test_diagonal_beats_every_model():
    truth = d.diagonal_truth(parity, 400)
    assert sum(parity(i, i) != truth[i] for i in range(400)) == 400
    assert all(d.errors_of(parity, truth, i) >= 1 for i in range(400))


@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n),
                                                     min_size=n, max_size=n)))  # fmt: skip
def test_diagonal_beats_any_family(table):
    truth = d.diagonal_truth(from_table(table), len(table))
    assert all(truth[i] != row[i] for i, row in enumerate(table))
    assert truth not in table


def test_truth_added_to_the_family_is_a_perfect_member():
    """The diagonal beats the family it was made for, not every family."""
    truth = d.diagonal_truth(parity, 50)

    def larger(i, k):
        return truth[k] if i == 0 else parity(i - 1, k)

    assert d.errors_of(larger, truth, 0) == 0
    assert d.diagonal_truth(larger, 50) != truth


def test_training_states_need_the_pairing():
    """Every pair (model, step) has an index of its own, so every state is beaten."""

    def state(index, k):
        model, step = d.cantor_unpair(index)
        return ((model + 1) * k + step) % 3 % 2

    truth = d.diagonal_truth(state, 500)
    for model in range(20):
        for step in range(10):
            assert d.errors_of(state, truth, d.cantor_pair(model, step)) >= 1


@pytest.mark.parametrize("q", [2, 3, 5])
def test_least_likely_truth(q):
    rng = np.random.default_rng(7)
    weights = rng.integers(1, 50, size=(40, 40, q))

    def law(i, k):
        return [Fraction(int(w), int(weights[i, k].sum())) for w in weights[i, k]]

    truth = d.least_likely_truth(law, 40, q)
    assert all(law(k, k)[truth[k]] <= Fraction(1, q) for k in range(40))
    assert d.least_likely_truth(lambda i, k: [Fraction(1, q)] * q, 3, q) == [0, 0, 0]


def learners():
    """Five learners, two of which choose their questions by the answers."""

    def nearest(ask, steps):
        seen = {3 * x: ask(3 * x) for x in range(steps)}
        return lambda k: seen[min(seen, key=lambda x: abs(x - k))] if seen else 1

    def majority(ask, steps):
        ones = sum(ask(x * x) for x in range(steps))
        return lambda k: int(2 * ones > steps)

    def bisect(ask, steps):
        low, high = 0, 64
        for _ in range(steps):
            middle = (low + high) // 2
            low, high = (low, middle) if ask(middle) else (middle, high)
        return lambda k: int(k > low)

    def walker(ask, steps):
        place, seen = 1, {}
        for _ in range(steps):
            seen[place] = ask(place)
            place = 2 * place + seen[place]
        return lambda k: seen.get(k, (k >> 1) & 1)

    return [d.memoriser, nearest, majority, bisect, walker]


def test_learners_fed_by_the_truth():
    n_stages = 700
    truth, errors = d.resist_learners(learners(), n_stages)
    assert len(errors) == n_stages and set(range(n_stages)) <= set(truth)
    assert len({(e.learner, e.step) for e in errors}) > 25
    for error in errors:
        hypothesis, asked = d.train_on(learners()[error.learner], error.step, truth)
        assert error.input not in asked
        assert hypothesis(error.input) != truth[error.input]
    per_state = {}
    for error in errors:
        per_state.setdefault((error.learner, error.step), set()).add(error.input)
    assert len(per_state[0, 0]) > 10  # one state, many different errors
    assert sum(map(len, per_state.values())) == n_stages


@given(st.integers(0, 60), st.integers(60, 90))
def test_resisting_truth_only_grows(short, long):
    first, second = d.resist_learners(learners(), short), d.resist_learners(learners(), long)
    assert first.truth.items() <= second.truth.items()
    assert second.errors[:short] == first.errors


@given(st.lists(st.integers(0, 1), min_size=1, max_size=40))
def test_memoriser_is_right_in_the_end(truth):
    for steps in range(len(truth) + 1):
        hypothesis, asked = d.train_on(d.memoriser, steps, dict(enumerate(truth)))
        assert asked == set(range(steps))
        assert all(hypothesis(k) == truth[k] for k in range(steps))
        assert hypothesis(steps) == 0


def test_hypothesis_must_not_ask():
    with pytest.raises(ValueError, match="learner"):
        d.resist_learners([lambda ask, steps: ask], 1)
    with pytest.raises(ValueError, match="truth"):
        d.train_on(d.memoriser, 3, {0: 1, 1: 0})


@pytest.mark.parametrize(
    ("n_points", "n_labels", "beaten"), [(1, 2, 3), (2, 2, 15), (3, 2, 255), (2, 3, 511), (1, 5, 31)]
)
def test_beatable_classes(n_points, n_labels, beaten):
    assert d.beatable_classes(n_points, n_labels) == beaten
    assert d.beatable_classes_formula(n_points, n_labels) == beaten


def test_correctors():
    """A corrector may make a defeated model perfect, but not one of a family closed under correction."""
    defeated = d.diagonal_truth(lambda i, k: 0, 20)  # the family {constant 0}: the truth is constant 1
    assert [1 - 0 for _ in range(20)] == defeated
    # Closed under negation: model 2i + 1 is the corrected model 2i.
    closed = lambda i, k: parity(i // 2, k) ^ (i % 2)  # noqa: E731
    truth = d.diagonal_truth(closed, 40)
    assert all(d.errors_of(closed, truth, i) > 0 for i in range(40))


# --- schedules (Theorem 2, equation 2) ---


def test_printed_schedule_is_the_identity():
    assert all(d.printed_schedule(k) == k for k in range(10**4))
    assert d.printed_schedule(10**60) == 10**60
    assert d.aimed_truth(parity, 300, d.printed_schedule) == d.diagonal_truth(parity, 300)


def test_one_error_family():
    """With the printed map every model of this family errs exactly once, so not infinitely often."""
    truth = d.aimed_truth(one_error, 1000, d.printed_schedule)
    assert truth == [1] * 1000
    assert all(d.errors_of(one_error, truth, i) == 1 for i in range(0, 1000, 37))
    assert d.errors_of(one_error, truth, 5) == 1


def test_repaired_schedules_give_the_same_family_many_errors():
    for schedule in (d.cantor_schedule, d.ruler_schedule):
        few, many = (d.aimed_truth(one_error, n, schedule) for n in (100, 1000))
        for i in range(4):
            assert 1 < d.errors_of(one_error, few, i) < d.errors_of(one_error, many, i)


def test_cantor_schedule_meets_every_index_again():
    hits = [d.cantor_schedule(k) for k in range(d.cantor_pair(0, 29) + 1)]
    assert all(hits.count(i) == 30 - i for i in range(30))


@pytest.mark.parametrize("n", [1, 2, 7, 64, 1000, 1024])
def test_ruler_density(n):
    hits = [d.ruler_schedule(k) for k in range(n)]
    assert all(hits.count(i) == (n + 2**i) // 2 ** (i + 1) for i in range(12))
    truth = d.aimed_truth(parity, n, d.ruler_schedule)
    assert all(d.errors_of(parity, truth, i) >= (n + 2**i) // 2 ** (i + 1) for i in range(12))


def test_ruler_values():
    truth = d.aimed_truth(one_error, 1024, d.ruler_schedule)
    assert d.errors_of(one_error, truth, 3) == 1021
    assert (1024 + 2**3) // 2**4 == 64
    assert d.ruler_schedule(2**200 - 1) == 200


# --- the truth that keeps everyone near guessing ---


def bit_readers():
    """Three models that read a bit of the input's number and one that repeats the last truth."""
    readers = [lambda k, earlier, i=i: (k >> i) & 1 for i in range(3)]
    return [*readers, lambda k, earlier: earlier[-1] if earlier else 0]


def rational_truth(models, n, q, levels):
    """The construction in rational arithmetic, written from its definition; returns truth and potential."""
    weight = {(i, m): Fraction(1, 2 ** (i + 1 + m)) for i in range(len(models)) for m in range(1, levels + 1)}
    truth, potential = [], [sum(weight.values())]
    for k in range(n):
        answers = [model(k, tuple(truth)) for model in models]

        def after(label, k=k, answers=answers, weight=weight):
            return {
                (i, m): w * (1 + Fraction(answers[i] == label, 2**m)) / (1 + Fraction(1, q * 2**m))
                if i + m - 1 <= k
                else w
                for (i, m), w in weight.items()
            }

        label = min(range(q), key=lambda y: sum(after(y).values()))
        weight = after(label)
        truth.append(label)
        potential.append(sum(weight.values()))
    return truth, potential


def test_hard_truth_exact_values():
    trace = d.hard_truth_trace(bit_readers(), 48)
    assert trace.right == [10, 14, 16, 18]
    assert trace.truth == d.hard_truth(bit_readers(), 48)
    assert len(trace.potential) == 49 and max(trace.potential) <= 1
    assert all(isinstance(value, Fraction) for value in trace.potential)
    replay = [
        sum(model(k, tuple(trace.truth[:k])) == trace.truth[k] for k in range(48)) for model in bit_readers()
    ]
    assert replay == trace.right


def one_against_five():
    """Five light models against a heavy one: most experts are right, so rounding down would show."""
    return [lambda k, earlier, c=c: c for c in (0, 1, 1, 1, 1, 1)]


@pytest.mark.parametrize("family", [bit_readers, one_against_five])
@pytest.mark.parametrize(("q", "levels"), [(2, 24), (2, 20), (3, 20)])
def test_hard_truth_is_the_rational_construction(family, q, levels):
    """Integers rounded up choose the same labels, with more levels too, and stay just above exact sums."""
    truth, potential = rational_truth(family(), 24, q, levels)
    trace = d.hard_truth_trace(family(), 24, q)
    assert trace.truth == truth
    assert all(later <= earlier for earlier, later in pairwise(potential))
    if levels == 20:
        gaps = [mine - exact for mine, exact in zip(trace.potential, potential, strict=True)]
        assert all(0 <= gap < Fraction(1, 2**120) for gap in gaps)


@st.composite
def families(draw):
    """A random family with q labels: tables and online models that look up the last true labels."""
    q = draw(st.sampled_from([2, 3, 5]))
    n = draw(st.integers(1, 120))
    seed = draw(st.integers(0, 2**32 - 1))
    n_models = draw(st.integers(1, 6))
    rng = np.random.default_rng(seed)
    table = rng.integers(0, q, size=(n_models, n)).tolist()
    reply = rng.integers(0, q, size=(n_models, q, q)).tolist()

    def model(i):
        if i % 2:
            return lambda k, earlier: reply[i][earlier[-1]][earlier[-2]] if k > 1 else 0
        return lambda k, earlier: table[i][k]

    return q, n, [model(i) for i in range(n_models)]


@settings(max_examples=60, deadline=None)
@given(families())
def test_hard_truth_bound(family):
    q, n, models = family
    trace = d.hard_truth_trace(models, n, q)
    assert max(trace.potential) <= 1
    for i, model in enumerate(models):
        right = 0
        for k, label in enumerate(trace.truth):
            right += model(k, tuple(trace.truth[:k])) == label
            assert right / (k + 1) <= d.accuracy_bound(k + 1, i, q) + 1e-12
        assert right == trace.right[i]


@pytest.mark.parametrize("q", [2, 3, 5])
def test_hard_truth_against_constants_is_tight(q):
    """With the q constants in the list some accuracy is at least 1/q, whatever the truth."""
    trace = d.hard_truth_trace([lambda k, earlier, c=c: c for c in range(q)], 600, q)
    assert sum(trace.right) == 600
    assert max(trace.right) >= 600 / q
    assert all(r / 600 <= d.accuracy_bound(600, i, q) for i, r in enumerate(trace.right))


def test_hard_truth_of_24_models_at_length_4000():
    def recent(window):
        return lambda k, earlier: int(2 * sum(earlier[-window:]) > window)

    models = [lambda k, earlier, i=i: (k >> i) & 1 for i in range(12)]
    models += [recent(w) for w in (1, 2, 3, 5, 8, 13, 50)]
    models += [lambda k, earlier, j=j: earlier[-j] if k >= j else 0 for j in range(1, 6)]
    trace = d.hard_truth_trace(models, 4000)
    assert len(models) == 24 and max(trace.potential) <= 1
    assert all(r / 4000 <= d.accuracy_bound(4000, i) for i, r in enumerate(trace.right))
    assert max(trace.right) / 4000 < 0.555
    assert d.hard_truth(models, 500) == trace.truth[:500]


@given(st.integers(2, 4**20), st.integers(0, 40), st.integers(2, 60))
def test_accuracy_bound_is_below_the_square_root_form(n, i, q):
    m = math.ceil(math.log2(n) / 2)
    closed = n / q + math.sqrt(n) * (1 / q + 1.85 * (i + m + 1)) + i + m
    assert 1 / q < d.accuracy_bound(n, i, q) <= min(1, closed / n)


def test_accuracy_bound_values():
    assert d.accuracy_bound(1, 0) == 1
    assert d.accuracy_bound(4**20, 0) == pytest.approx(0.5, abs=1e-4)
    # At 100 inputs the rate 1/2 gives the least bound, at 1000 inputs the rate 1/4.
    half = (100 * math.log(5 / 4) + 2 * math.log(2)) / math.log(3 / 2)
    assert 100 * d.accuracy_bound(100, 0) == pytest.approx(half, rel=1e-12)
    of_three = 3 + (100 * math.log(7 / 6) + 5 * math.log(2)) / math.log(3 / 2)
    assert 100 * d.accuracy_bound(100, 3, 3) == pytest.approx(of_three, rel=1e-12)
    quarter = 1 + (1000 * math.log(9 / 8) + 3 * math.log(2)) / math.log(5 / 4)
    assert 1000 * d.accuracy_bound(1000, 0) == pytest.approx(quarter, rel=1e-12)


# --- infinitely many answers, and the counterpoint ---


@given(st.integers(1, 15).flatmap(lambda n: st.lists(st.lists(st.integers(0, 20), min_size=n, max_size=n),
                                                     min_size=n, max_size=n)))  # fmt: skip
def test_infinite_answers_truth(table):
    n = len(table)
    truth = d.infinite_answers_truth(from_table(table), n)
    assert all(truth[k] != table[i][k] for i in range(n) for k in range(i, n))
    assert all(d.errors_of(from_table(table), truth, i) >= n - i for i in range(n))
    assert all(label <= k + 1 for k, label in enumerate(truth))


def test_infinite_answers_are_tight():
    """Model i can be right on i inputs: let it know the truth below i."""
    assert d.infinite_answers_truth(lambda i, k: i, 6) == [1, 2, 3, 4, 5, 6]
    taught = [0] * 8

    def model(i, k):
        return taught[k] if k < i else 9

    assert d.infinite_answers_truth(model, 8) == taught
    assert [8 - d.errors_of(model, taught, i) for i in range(8)] == list(range(8))


def test_table_size_of_the_geometric_law():
    masses = [Fraction(1, 2 ** (k + 1)) for k in range(60)]
    sizes = [d.table_size(masses, epsilon) for epsilon in (Fraction(1, 10**3), 1e-6, Fraction(1, 10**9))]
    assert sizes == [10, 20, 30]
    assert [d.table_size(masses, Fraction(1, 2**s)) for s in (1, 5, 12)] == [1, 5, 12]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(1, 99))
def test_table_size_by_brute_force(weights, percent):
    total = sum(weights)
    masses = [Fraction(w, total) for w in weights]
    least = next(
        size
        for size in range(1, len(masses) + 1)
        if any(sum(part) >= 1 - Fraction(percent, 100) for part in combinations(masses, size))
    )
    assert d.table_size(masses, Fraction(percent, 100)) == least


def test_table_size_needs_enough_of_the_law():
    with pytest.raises(ValueError, match="masses"):
        d.table_size([0.5, 0.2], 0.1)
    # the missing half may be one input, which would be the better first entry
    with pytest.raises(ValueError, match="masses"):
        d.table_size([Fraction(1, 4), Fraction(1, 4)], Fraction(1, 2))


# --- bad input ---


@pytest.mark.parametrize("bad", [-1, True, 1.0, "1", None])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("i", lambda v: d.cantor_pair(v, 0)),
        ("j", lambda v: d.cantor_pair(0, v)),
        ("k", d.cantor_unpair),
        ("k", d.printed_schedule),
        ("k", d.cantor_schedule),
        ("k", d.ruler_schedule),
        ("n", lambda v: d.diagonal_truth(parity, v)),
        ("n", lambda v: d.aimed_truth(parity, v, d.ruler_schedule)),
        ("schedule", lambda v: d.aimed_truth(parity, 1, lambda k: v)),
        ("i", lambda v: d.errors_of(parity, [0], v)),
        ("truth", lambda v: d.errors_of(parity, [v], 0)),
        ("n", lambda v: d.least_likely_truth(lambda i, k: [1, 0], v)),
        ("n_stages", lambda v: d.resist_learners([d.memoriser], v)),
        ("steps", lambda v: d.train_on(d.memoriser, v, {})),
        ("steps", lambda v: d.memoriser(lambda k: 0, v)),
        ("n_points", d.beatable_classes),
        ("n_points", d.beatable_classes_formula),
        ("n", lambda v: d.hard_truth([lambda k, e: 0], v)),
        ("n", lambda v: d.hard_truth_trace([lambda k, e: 0], v)),
        ("n", lambda v: d.accuracy_bound(v, 0)),
        ("index", lambda v: d.accuracy_bound(5, v)),
        ("n", lambda v: d.infinite_answers_truth(parity, v)),
        ("model", lambda v: d.diagonal_truth(lambda i, k: v, 1)),
        ("model", lambda v: d.errors_of(lambda i, k: v, [0], 0)),
        ("model", lambda v: d.infinite_answers_truth(lambda i, k: v, 1)),
        ("models", lambda v: d.hard_truth([lambda k, e: v], 1)),
        ("learner", lambda v: d.resist_learners([lambda ask, steps: lambda k: v], 1)),
    ],
)
def test_bad_count_or_answer(name, call, bad):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call(bad)


@pytest.mark.parametrize("bad", [1, 0, -2, True, 2.0])
@pytest.mark.parametrize(
    "call",
    [
        lambda q: d.hard_truth([lambda k, e: 0], 3, q),
        lambda q: d.accuracy_bound(10, 0, q),
        lambda q: d.beatable_classes(2, q),
        lambda q: d.beatable_classes_formula(2, q),
        lambda q: d.least_likely_truth(lambda i, k: [1, 0], 3, q),
    ],
)
def test_bad_number_of_labels(call, bad):
    with pytest.raises(ValueError, match=r"^n_labels"):
        call(bad)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("model", lambda: d.diagonal_truth(lambda i, k: 2, 3)),
        ("models", lambda: d.hard_truth([lambda k, e: 3], 3, 3)),
        ("models", lambda: d.hard_truth([], 3)),
        ("models", lambda: d.hard_truth([1], 3)),
        ("model", lambda: d.diagonal_truth("parity", 3)),
        ("schedule", lambda: d.aimed_truth(parity, 3, None)),
        ("model", lambda: d.least_likely_truth(lambda i, k: [Fraction(1, 2)], 1)),
        ("model", lambda: d.least_likely_truth(lambda i, k: [0.9, 0.9], 1)),
        ("model", lambda: d.least_likely_truth(lambda i, k: [-0.1, 0.9], 1)),
        ("learners", lambda: d.resist_learners([], 1)),
        ("learner", lambda: d.resist_learners([lambda ask, steps: 0], 1)),
        ("ask", lambda: d.resist_learners([lambda ask, steps: ask(-1)], 1)),
        ("ask", lambda: d.memoriser(None, 1)),
        ("n_labels", lambda: d.beatable_classes(3, 3)),
        ("n_labels", lambda: d.beatable_classes_formula(16, 3)),
        ("n", lambda: d.accuracy_bound(0, 0)),
        ("n", lambda: d.accuracy_bound(4**20 + 1, 0)),
        ("epsilon", lambda: d.table_size([1], 0)),
        ("epsilon", lambda: d.table_size([1], 1)),
        ("masses", lambda: d.table_size([], 0.5)),
        ("masses", lambda: d.table_size([0.8, 0.8], 0.5)),
        ("masses", lambda: d.table_size([-0.5, 1], 0.5)),
    ],
)
def test_bad_input(name, call):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call()
