"""Halting: contrarian programs, certified loops, the version with a budget, and advice for small machines."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import halting as h

COUNTDOWN = (("dec", 0, 2), ("goto", 0))
COUNT_UP = (("inc", 0), ("goto", 0))
EVEN = (("dec", 0, 3), ("dec", 0, 1), ("goto", 0))  # halts on even inputs, stays in line 1 on odd ones

SIX = [
    h.ALWAYS_HALTS,
    h.NEVER_HALTS,
    h.keyword("goto"),
    h.length(3),
    h.hashed(),
    h.simulate(40),
]


@st.composite
def programs(draw):
    n_lines = draw(st.integers(1, 6))
    register, target = st.integers(0, 2), st.integers(0, n_lines)
    line = st.one_of(
        st.tuples(st.just("inc"), register),
        st.tuples(st.just("dec"), register, target),
        st.tuples(st.just("goto"), target),
        st.tuples(
            st.just("ask"), st.sampled_from([h.ALWAYS_HALTS, h.NEVER_HALTS, h.simulate(9)]), target, target
        ),
    )
    return tuple(draw(st.lists(line, min_size=n_lines, max_size=n_lines)))


# --- the counter machine ---


@pytest.mark.parametrize("start", [0, 1, 5, 40])
def test_run_counts_steps(start):
    assert h.run(COUNTDOWN, start, 1000) == 2 * start + 1
    assert h.run(COUNTDOWN, start, 2 * start + 1) == 2 * start + 1
    assert h.run(COUNTDOWN, start, 2 * start) is None


def test_moving_a_number_between_registers():
    move = (("dec", 0, 3), ("inc", 1), ("goto", 0), ("dec", 1, 5), ("goto", 3))
    assert h.run(move, 7, 1000) == (3 * 7 + 1) + (2 * 7 + 1)
    assert h.run((), 3, 0) == 0


def test_outcome_certifies_or_says_nothing():
    assert h.outcome(COUNTDOWN, 3, 100) == (True, 7)
    assert h.outcome((("goto", 0),), 3, 100) == (False, 1)
    assert h.outcome((("inc", 1), ("dec", 1, 0), ("goto", 0)), 0, 100) == (False, 3)
    assert h.outcome(COUNT_UP, 0, 1000).halts is None  # it never halts, and never repeats a state
    assert h.outcome(COUNTDOWN, 3, 6).halts is None
    assert [h.outcome(EVEN, start, 100).halts for start in range(6)] == [True, False] * 3


@settings(max_examples=300)
@given(programs(), st.integers(0, 5))
def test_outcome_agrees_with_longer_runs(program, start):
    halts, steps = h.outcome(program, start, 200)
    assert h.run(program, start, 200) == (steps if halts else None)
    if halts is False:
        assert h.run(program, start, 2000) is None


def test_listing():
    assert h.listing(h.contrarian(h.simulate(7))) == "0: ask simulate 7 1 2\n1: goto 1"


# --- every predictor is fooled (Theorem 3) ---


@pytest.mark.parametrize("predictor", SIX, ids=lambda p: p.name)
def test_contrarian_fools_every_predictor(predictor):
    pairs = h.fooled(predictor, range(26))
    assert len(pairs) == 26
    assert all(predicted is not actual for predicted, actual in pairs)
    program = h.contrarian(predictor)
    for start, (predicted, actual) in enumerate(pairs):
        assert (h.run(program, start, 10 * predictor.steps + 10) is not None) is actual
        assert predictor.answer(program, start) is predicted


def test_predictors_give_both_answers():
    """The six predictors are not six names for one; the hash changes its mind from input to input."""
    says = {p.name: {predicted for predicted, _ in h.fooled(p, range(26))} for p in SIX}
    assert says["always halts"] == says["length 3"] == {True}
    assert says["never halts"] == says["keyword 'goto'"] == says["simulate 40"] == {False}
    assert says["hash"] == {True, False}


@given(st.sets(st.integers(0, 50)), st.integers(1, 30))
def test_contrarian_fools_any_table(halting_inputs, steps):
    predictor = h.Predictor("table", lambda program, start: start in halting_inputs, steps)
    assert h.fooled(predictor, range(51)) == [
        (k in halting_inputs, k not in halting_inputs) for k in range(51)
    ]


@given(programs(), st.integers(0, 4))
def test_simulation_only_misses(program, start):
    """Errors can all be of one kind: simulating never calls a looping program halting."""
    if h.simulate(60).answer(program, start):
        assert h.outcome(program, start, 60).halts is True
    else:
        assert h.outcome(program, start, 60).halts is not True


@given(st.integers(0, 500), st.integers(0, 9))
def test_contrarian_of_a_simulation_halts_just_after_the_budget(budget, start):
    """Bounded time: the question is decidable, and a simulator with one more step answers it rightly."""
    program = h.contrarian(h.simulate(budget))
    assert h.run(program, start, 10**6) == budget + 1
    assert h.simulate(budget).answer(program, start) is False
    assert h.simulate(budget + 1).answer(program, start) is True


def test_large_budgets_cost_nothing():
    assert h.run(h.contrarian(h.simulate(10**9)), 0, 10**10) == 10**9 + 1


def test_predictor_that_hides_its_cost_is_refused():
    cheat = h.Predictor("cheat", lambda program, start: h.run(program, start, 50) is not None, steps=1)
    with pytest.raises(ValueError, match=r"^predictor\b"):
        h.fooled(cheat, [0])


def test_predictor_that_changes_its_mind_is_refused():
    answers = iter([True, False] * 10)
    with pytest.raises(ValueError, match=r"^predictor\b"):
        h.fooled(h.Predictor("moody", lambda program, start: next(answers)), [0])


# --- small Turing machines and advice ---


@pytest.mark.parametrize(
    ("table", "steps"),
    [
        ("1RH1RA", 1),
        ("1RB1LB_1LA1RH", 6),
        ("1RB1RH_1LB0RC_1LC1LA", 21),
        ("1RB1LB_1LA0LC_1RH1LD_1RD0RA", 107),
    ],
)
def test_busy_beaver_champions(table, steps):
    assert h.run_turing(table, 1000) == steps
    assert h.run_turing(table, steps) == steps
    assert h.run_turing(table, steps - 1) is None


def test_two_state_machines():
    assert 20736 == (4 * 3) ** 4 == len(h.halting_times(2, 1))
    assert h.count_halting(2, 60) == (9784, 6)
    assert h.count_halting(2, 6) == (9784, 6)
    assert h.count_halting(2, 5).halting < 9784
    # A first transition into the halt state: 4 of 12 entries, whatever the other three are.
    assert h.count_halting(2, 1) == (4 * 12**3, 1)


def test_one_state_machines():
    assert len(h.halting_times(1, 3)) == 8**2
    assert h.count_halting(1, 100) == (32, 1)


def test_fast_and_plain_simulators_agree_on_every_machine():
    tables = [h.turing_table(2, index) for index in range(20736)]
    assert len(set(tables)) == 20736 and "1RB1LB_1LA1RH" in tables
    times = h.halting_times(2, 12)
    assert [h.run_turing(table, 12) or 0 for table in tables] == times.tolist()


def test_one_state_machines_agree():
    times = h.halting_times(1, 30)
    assert [h.run_turing(h.turing_table(1, index), 30) or 0 for index in range(64)] == times.tolist()


@given(st.integers(0, 10**30))
def test_advice_bits(n_questions):
    bits = h.advice_bits(n_questions)
    assert n_questions < 2**bits and (bits == 0 or n_questions >= 2 ** (bits - 1))


def test_fifteen_bits_answer_all_questions():
    machines = [partial(h.run_turing, h.turing_table(2, index)) for index in range(20736)]
    assert h.advice_bits(20736) == 15
    advised = h.answer_with_advice(machines, 9784)
    assert advised.steps == 6
    assert advised.answers == (h.halting_times(2, 100) > 0).tolist()


def test_advice_must_be_right():
    """A count that is too small can go unnoticed and give wrong answers; one too large ends the budget."""
    times = h.halting_times(2, 100)
    some = np.flatnonzero(times)[::40].tolist() + np.flatnonzero(times == 0)[::40].tolist()
    machines = [partial(h.run_turing, h.turing_table(2, index)) for index in some]
    truth = (times[some] > 0).tolist()
    assert h.answer_with_advice(machines, sum(truth)).answers == truth
    early = int(((times[some] > 0) & (times[some] <= 1)).sum())
    assert h.answer_with_advice(machines, early).answers != truth
    with pytest.raises(ValueError, match="n_halting"):
        h.answer_with_advice(machines, early - 1)
    with pytest.raises(ValueError, match="n_halting"):
        h.answer_with_advice(machines, sum(truth) + 1, budget=64)


def test_advice_on_the_counter_machine():
    questions = [(COUNTDOWN, 9), (COUNT_UP, 0), (EVEN, 4), (EVEN, 5), ((("goto", 0),), 1)]
    questions += [(h.contrarian(predictor), 3) for predictor in SIX]
    answers, steps = h.answer_with_advice([partial(h.run, *question) for question in questions], 6)
    assert answers[:5] == [True, False, True, False, False]
    assert answers[5:] == [h.fooled(predictor, [3])[0][1] for predictor in SIX]
    assert steps == 41  # the contrarian of 40 simulated steps is the slowest


def test_no_questions_need_no_wait():
    assert h.answer_with_advice([], 0) == ([], 0)


# --- bad input ---


@pytest.mark.parametrize("bad", [-1, True, 2.0, "3", None])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("start", lambda v: h.run(COUNTDOWN, v, 5)),
        ("budget", lambda v: h.run(COUNTDOWN, 0, v)),
        ("start", lambda v: h.outcome(COUNTDOWN, v, 5)),
        ("budget", lambda v: h.outcome(COUNTDOWN, 0, v)),
        ("limit", h.length),
        ("budget", h.simulate),
        ("inputs", lambda v: h.fooled(h.ALWAYS_HALTS, [v])),
        ("predictor", lambda v: h.contrarian(h.Predictor("x", lambda program, start: True, v))),
        ("register", lambda v: h.run((("inc", v),), 0, 5)),
        ("target", lambda v: h.run((("goto", v),), 0, 5)),
        ("n_questions", h.advice_bits),
        ("n_halting", lambda v: h.answer_with_advice([], v)),
        ("budget", lambda v: h.answer_with_advice([], 0, v)),
        ("n_states", lambda v: h.turing_table(v, 0)),
        ("index", lambda v: h.turing_table(2, v)),
        ("budget", lambda v: h.run_turing("1RH1RA", v)),
        ("n_states", lambda v: h.halting_times(v, 5)),
        ("n_states", lambda v: h.count_halting(v, 5)),
        ("budget", lambda v: h.halting_times(1, v)),
        ("budget", lambda v: h.count_halting(1, v)),
    ],
)
def test_bad_count(name, call, bad):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call(bad)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("program", lambda: h.run([("inc", 0)], 0, 5)),
        ("program", lambda: h.run((("add", 0),), 0, 5)),
        ("program", lambda: h.run((("inc", 0, 1),), 0, 5)),
        ("target", lambda: h.run((("goto", 2),), 0, 5)),
        ("predictor", lambda: h.run((("ask", "oracle", 0, 1),), 0, 5)),
        ("program", lambda: h.listing("goto 0")),
        ("predictor", lambda: h.contrarian(lambda program, start: True)),
        ("predictor", lambda: h.fooled(h.Predictor("maybe", lambda program, start: None), [0])),
        ("predictor", lambda: h.fooled(h.Predictor("two", lambda program, start: 2), [0])),
        ("word", lambda: h.keyword("")),
        ("word", lambda: h.keyword(3)),
        ("programs", lambda: h.answer_with_advice([COUNTDOWN], 1)),
        ("n_halting", lambda: h.answer_with_advice([], 1)),
        ("n_states", lambda: h.halting_times(3, 21)),
        ("budget", lambda: h.halting_times(2, 1001)),
        ("index", lambda: h.turing_table(2, 20736)),
        ("table", lambda: h.run_turing("1RB1LB", 5)),
        ("table", lambda: h.run_turing("2RA1LA", 5)),
        ("table", lambda: h.run_turing("1SA1LA", 5)),
        ("table", lambda: h.run_turing("1RA1L", 5)),
        ("table", lambda: h.run_turing("", 5)),
        ("table", lambda: h.run_turing(["1RH1RA"], 5)),
    ],
)
def test_bad_input(name, call):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call()
