r"""Halting questions on two small machines, for the section on fundamental limits (2.1).

The first machine runs counter programs written as data, with one primitive beyond the usual ones: to ask a
predictor of halting about the running program itself. On it every predictor meets a program that does the
opposite of what is predicted. The second is the two-symbol Turing machine, small enough to list all programs,
run them from a blank tape and see how few bits of advice answer all halting questions at once. Witness for
the ledger rows ``thm-3`` and ``s2-p7``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ._checks import fail, integer

Instruction = tuple
Program = tuple[Instruction, ...]


class Predictor(NamedTuple):
    """A predictor of halting: its name, its answer to (program, input), and the steps one question costs.

    `steps` must exceed the number of steps of the asked program that the answer looks at: simulating a step
    takes at least a step. With an understated cost a predictor could know its own answer before giving it.
    """

    name: str
    answer: Callable[[Program, int], bool]
    steps: int = 1


def _predictor(value: object) -> Predictor:
    if not isinstance(value, Predictor) or not callable(value.answer):
        fail("predictor", value, "a Predictor with a function as its answer")
    integer("predictor.steps", value.steps, 1)
    return value


def _answer(predictor: Predictor, program: Program, start: int) -> bool:
    try:
        answer = predictor.answer(program, start)
    except RecursionError:
        fail("predictor", predictor.name, "a Predictor whose steps exceed the steps it simulates")
    if not isinstance(answer, bool | np.bool_):
        fail("predictor", answer, "a Predictor that answers True or False")
    return bool(answer)


def _program(value: object) -> Program:
    """Check the instructions and jump targets of a counter program."""
    if not isinstance(value, tuple):
        fail("program", value, "a tuple of instructions")
    for line in value:
        match line:
            case ("inc", register):
                integer("register", register, 0)
                targets = ()
            case ("dec", register, target):
                integer("register", register, 0)
                targets = (target,)
            case ("goto", target):
                targets = (target,)
            case ("ask", predictor, if_halts, if_loops):
                _predictor(predictor)
                targets = (if_halts, if_loops)
            case _:
                fail("program", line, "inc, dec, goto and ask instructions as listed at `run`")
        for target in targets:
            integer("target", target, 0, len(value))
    return value


def listing(program: Program) -> str:
    """The text of a counter program, one instruction a line, for predictors that judge a program by its text.

    Parameters
    ----------
    program : tuple of instructions, see `run`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `program` is not a counter program.

    Source: ledger ``thm-3``.
    """
    lines = [
        " ".join(part.name if isinstance(part, Predictor) else str(part) for part in line)
        for line in _program(program)
    ]
    return "\n".join(f"{number}: {line}" for number, line in enumerate(lines))


def _states(program: Program, start: int, budget: int) -> Iterator[tuple[int, tuple]]:
    """(steps so far, machine state) from the start on, as long as the steps so far stay within the budget."""
    line, registers, steps = 0, {0: start}, 0
    while True:
        yield steps, (line, tuple(sorted((r, value) for r, value in registers.items() if value)))
        if line == len(program):
            return
        steps += program[line][1].steps if program[line][0] == "ask" else 1
        if steps > budget:
            # Not only for speed: an answer that comes too late must not be computed. This is what ends the
            # regress of a predictor that simulates a program that asks this predictor.
            return
        match program[line]:
            case ("inc", r):
                registers[r] = registers.get(r, 0) + 1
                line += 1
            case ("dec", r, target):
                if registers.get(r, 0):
                    registers[r] -= 1
                    line += 1
                else:
                    line = target
            case ("goto", target):
                line = target
            case ("ask", predictor, if_halts, if_loops):
                line = if_halts if _answer(predictor, program, start) else if_loops


def run(program: Program, start: int, budget: int) -> int | None:
    """Run a counter program: the step at which it halts, or None if it has not halted within the budget.

    Registers hold natural numbers; register 0 starts with the input, all others with 0. The program halts
    when control reaches the line after its last one. Lines are numbered from 0; every instruction costs one
    step, except that ``ask`` costs the predictor's ``steps``:

    - ``("inc", r)``: add 1 to register r;
    - ``("dec", r, t)``: subtract 1 from register r, or go to line t if it is 0;
    - ``("goto", t)``: go to line t;
    - ``("ask", predictor, t, u)``: ask whether *this* program halts on *this* input; go to t if the answer is
    yes,
      to u if it is no.

    Parameters
    ----------
    program : tuple of instructions.
    start : the input, at least 0.
    budget : largest number of steps, 0 to $10^{11}$.

    Returns
    -------
    int or None

    Raises
    ------
    ValueError
        If `program` is not a counter program, or `start` or `budget` is negative or not an integer.

    Source: ledger ``thm-3``.
    """
    program = _program(program)
    start = integer("start", start, 0)
    budget = integer("budget", budget, 0, 10**11)
    for steps, (line, _) in _states(program, start, budget):
        if line == len(program):
            return steps
    return None


class Outcome(NamedTuple):
    """True, False or None (undecided), and the step that settled it (or the last one looked at)."""

    halts: bool | None
    steps: int


def outcome(program: Program, start: int, budget: int) -> Outcome:
    """Run a counter program and certify that it halts, or that it comes back to a state and so loops.

    The machine is deterministic: a repeated state (line and registers) repeats for ever. A program that runs
    on without repeating a state, such as one that counts up, stays undecided at any budget.

    Parameters
    ----------
    program : tuple of instructions, see `run`.
    start : the input, at least 0.
    budget : largest number of steps, 0 to $10^{11}$.

    Returns
    -------
    Outcome
        `halts` is True, False or None; `steps` is where the program halted, or where a state came back, or
        the last step within the budget.

    Raises
    ------
    ValueError
        If `program` is not a counter program, or `start` or `budget` is negative or not an integer.

    Source: ledger ``thm-3``.
    """
    program = _program(program)
    start = integer("start", start, 0)
    budget = integer("budget", budget, 0, 10**11)
    seen = set()
    for steps, state in _states(program, start, budget):
        if state[0] == len(program):
            return Outcome(True, steps)
        if state in seen:
            return Outcome(False, steps)
        seen.add(state)
    return Outcome(None, steps)


ALWAYS_HALTS = Predictor("always halts", lambda program, start: True)
NEVER_HALTS = Predictor("never halts", lambda program, start: False)


def keyword(word: str) -> Predictor:
    """The predictor that says "halts" exactly for the programs whose text does not contain `word`.

    Parameters
    ----------
    word : non-empty text, for example ``"goto"``.

    Returns
    -------
    Predictor

    Raises
    ------
    ValueError
        If `word` is not a non-empty str.

    Source: ledger ``thm-3``.
    """
    if not isinstance(word, str) or not word:
        fail("word", word, "a non-empty text")
    return Predictor(f"keyword {word!r}", lambda program, start: word not in listing(program))


def length(limit: int) -> Predictor:
    """The predictor that says "halts" exactly for the programs of at most `limit` instructions.

    Parameters
    ----------
    limit : at least 0.

    Returns
    -------
    Predictor

    Raises
    ------
    ValueError
        If `limit` is negative or not an integer.

    Source: ledger ``thm-3``.
    """
    limit = integer("limit", limit, 0)
    return Predictor(f"length {limit}", lambda program, start: len(program) <= limit)


def hashed() -> Predictor:
    """The predictor that says "halts" when a checksum (CRC-32) of the program's text and the input is even.

    Returns
    -------
    Predictor

    Source: ledger ``thm-3``.
    """

    def answer(program: Program, start: int) -> bool:
        return zlib.crc32(f"{listing(program)}\n{start}".encode()) % 2 == 0

    return Predictor("hash", answer)


def simulate(budget: int) -> Predictor:
    """The predictor that runs the program for `budget` steps and says "halts" if it has halted by then.

    One question costs ``budget + 1`` steps: one per simulated step and one to read the result.

    Parameters
    ----------
    budget : at least 0.

    Returns
    -------
    Predictor

    Raises
    ------
    ValueError
        If `budget` is negative or not an integer.

    Source: ledger ``thm-3``.
    """
    budget = integer("budget", budget, 0, 10**11)
    return Predictor(
        f"simulate {budget}", lambda program, start: run(program, start, budget) is not None, budget + 1
    )


def contrarian(predictor: Predictor) -> Program:
    """The program that asks `predictor` about itself and does the opposite, whatever its input.

    ``ask`` hands the predictor the running program, and the predictor is a primitive of the machine. In a
    full proof neither is needed: a predictor is itself a program, and Kleene's recursion theorem gives every
    program access to its own text.

    Parameters
    ----------
    predictor : the predictor to contradict.

    Returns
    -------
    tuple of two instructions
        It halts after ``predictor.steps`` steps if the prediction is "loops"; otherwise it loops.

    Raises
    ------
    ValueError
        If `predictor` is not a Predictor.

    Source: ledger ``thm-3``.
    """
    return (("ask", _predictor(predictor), 1, 2), ("goto", 1))


def fooled(predictor: Predictor, inputs: Iterable[int]) -> list[tuple[bool, bool]]:
    """What `predictor` says about its contrarian on each input, and what the contrarian does.

    Both are certain: halting by running the program until it halts, looping by a machine state that comes
    back.

    Parameters
    ----------
    predictor : the predictor to contradict.
    inputs : natural numbers.

    Returns
    -------
    list of (predicted, actual), True for "halts"

    Raises
    ------
    ValueError
        If `predictor` is not a Predictor, answers anything but True or False, or does not answer the same
        question twice in the same way; or if an input is negative or not an integer.

    Source: ledger ``thm-3``.
    """
    program = contrarian(predictor)
    pairs = []
    for start in inputs:
        start = integer("inputs", start, 0)
        predicted = _answer(predictor, program, start)
        actual = outcome(program, start, predictor.steps + 2).halts
        if actual == predicted:
            fail("predictor", predictor.name, "a function of the program and the input alone")
        pairs.append((predicted, actual))
    return pairs


def advice_bits(n_questions: int) -> int:
    r"""Bits that hold the number of yes answers to $n$ = `n_questions` questions: $\lceil\log_2(n+1)\rceil$.

    Parameters
    ----------
    n_questions : at least 0.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `n_questions` is negative or not an integer.

    Source: ledger ``s2-p7``.
    """
    return integer("n_questions", n_questions, 0, any_size=True).bit_length()


class Advised(NamedTuple):
    """The answers (True for "halts") and the step at which the last of the halting programs halts."""

    answers: list[bool]
    steps: int


def answer_with_advice(
    programs: Sequence[Callable[[int], int | None]], n_halting: int, budget: int = 10**5
) -> Advised:
    """Answer the halting question for all programs, knowing only how many of them halt.

    Runs all programs side by side, 1, 2, 4, ... steps each, until `n_halting` of them have halted: no other
    will. Correct advice always ends the wait; the budget is there for wrong advice.

    Parameters
    ----------
    programs : sequence of functions; ``program(budget)`` is the step at which it halts or None, for example
        ``functools.partial(run, program, start)`` or ``functools.partial(run_turing, table)``.
    n_halting : the advice, the number of programs that halt, 0 to ``len(programs)``.
    budget : number of steps after which to give up, at least 1.

    Returns
    -------
    Advised
        `answers`, one bool per program, and `steps`: no answer "loops" is certain before that step.

    Raises
    ------
    ValueError
        If `programs` is no sequence of functions, another argument is out of range, or the programs show that
        the advice is wrong: more of them halt, or fewer within the budget.

    Source: ledger ``s2-p7``.
    """
    if not isinstance(programs, Sequence) or not all(callable(program) for program in programs):
        fail("programs", programs, "a sequence of functions")
    n_halting = integer("n_halting", n_halting, 0, len(programs))
    budget = integer("budget", budget, 1, 10**11)
    limit, halted = 0, {}
    while len(halted) < n_halting:
        if limit == budget:
            fail(
                "n_halting", n_halting, f"a correct count; {len(halted)} programs halt within {budget} steps"
            )
        limit = min(2 * limit or 1, budget)
        for number, program in enumerate(programs):
            steps = None if number in halted else program(limit)
            if steps is not None:
                halted[number] = steps
    if len(halted) > n_halting:
        fail("n_halting", n_halting, f"a correct count; at least {len(halted)} programs halt")
    return Advised([number in halted for number in range(len(programs))], max(halted.values(), default=0))


def turing_table(n_states: int, index: int) -> str:
    r"""Table number `index` of the $(4(n+1))^{2n}$ two-symbol Turing machines with $n$ = `n_states` states.

    The table is text: states A, B, ... are separated by ``_``; each has one entry for symbol 0 and one for
    symbol 1, made of the symbol to write, the move L or R and the next state, H being the halt state (which
    is not counted among the $n$ and has no entries). An entry that halts also writes and moves, hence
    $2\cdot2\cdot(n+1)$ choices.

    Parameters
    ----------
    n_states : 1 to 7.
    index : 0 to $(4(n+1))^{2n}-1$.

    Returns
    -------
    str
        For example ``"1RB1LB_1LA1RH"``, a two-state machine that halts at step 6.

    Raises
    ------
    ValueError
        If an argument is out of range or not an integer.

    Source: ledger ``s2-p7``.
    """
    n_states = integer("n_states", n_states, 1, 7)
    choices = 4 * (n_states + 1)
    index = integer("index", index, 0, choices ** (2 * n_states) - 1)
    names = "ABCDEFG"[:n_states] + "H"
    entries = []
    for _ in range(2 * n_states):
        index, digit = divmod(index, choices)
        entries.append(f"{digit % 2}{'LR'[digit // 2 % 2]}{names[digit // 4]}")
    return "_".join(entries[2 * s] + entries[2 * s + 1] for s in range(n_states))


def _parse(table: object) -> list[tuple[int, int, int]]:
    """Entries (write, move, next state) in the order A0, A1, B0, ...; next state -1 is the halt state."""
    allowed = (
        'a table such as "1RB1LB_1LA1RH" (entries: symbol 0 or 1, move L or R, a state of the table or H)'
    )
    if not isinstance(table, str):
        fail("table", table, allowed)
    rows = table.split("_")
    names = "ABCDEFG"[: len(rows)]
    entries = []
    for row in rows:
        if len(row) != 6 or len(rows) > 7:
            fail("table", table, allowed)
        for write, move, name in (row[:3], row[3:]):
            if write not in "01" or move not in "LR" or name not in names + "H":
                fail("table", table, allowed)
            entries.append((int(write), 1 if move == "R" else -1, names.find(name)))
    return entries


def run_turing(table: str, budget: int) -> int | None:
    """Run a Turing machine from state A on a blank two-way infinite tape (all zeros).

    The transition into the halt state is counted as a step, as usual for busy beavers.

    Parameters
    ----------
    table : text as described at `turing_table`, at most 7 states.
    budget : largest number of steps, 0 to $10^{11}$.

    Returns
    -------
    int or None
        The step at which it halts, or None if it has not halted within the budget.

    Raises
    ------
    ValueError
        If `table` is not such a table or `budget` is negative or not an integer.

    Source: ledger ``s2-p7``.
    """
    entries = _parse(table)
    budget = integer("budget", budget, 0, 10**11)
    ones: set[int] = set()
    state = position = 0
    for step in range(1, budget + 1):
        write, move, state = entries[2 * state + (position in ones)]
        if write:
            ones.add(position)
        else:
            ones.discard(position)
        if state < 0:
            return step
        position += move
    return None


def halting_times(n_states: int, budget: int) -> np.ndarray:
    r"""Halting steps, from a blank tape, of all $(4(n+1))^{2n}$ Turing machines with one or two states.

    Parameters
    ----------
    n_states : 1 or 2 (64 or 20736 machines).
    budget : number of steps to run, 1 to 1000.

    Returns
    -------
    int array with one entry per machine, in the order of `turing_table`; 0 where it has not halted within the
    budget

    Raises
    ------
    ValueError
        If an argument is out of range or not an integer.

    Source: ledger ``s2-p7``.
    """
    n_states = integer("n_states", n_states, 1, 2)
    budget = integer("budget", budget, 1, 1000)
    choices = 4 * (n_states + 1)
    n_machines = choices ** (2 * n_states)
    digits = np.arange(n_machines)[:, None] // choices ** np.arange(2 * n_states) % choices
    times = np.zeros(n_machines, dtype=int)
    tape = np.zeros((n_machines, 2 * budget + 1), dtype=np.int8)
    running = np.arange(n_machines)
    position = np.full(n_machines, budget)
    state = np.zeros(n_machines, dtype=int)
    for step in range(1, budget + 1):
        entry = digits[running, 2 * state + tape[running, position]]
        tape[running, position] = entry % 2
        position += 2 * (entry // 2 % 2) - 1
        state = entry // 4
        times[running[state == n_states]] = step
        going = state < n_states
        running, position, state = running[going], position[going], state[going]
    return times


class HaltingCount(NamedTuple):
    """How many machines halt, and the step of the slowest of them."""

    halting: int
    slowest: int


def count_halting(n_states: int, budget: int) -> HaltingCount:
    r"""Count the Turing machines with one or two states that halt from a blank tape within `budget` steps.

    Two-symbol machines, two-way tape, a halt state besides the $n$ states: $(4(n+1))^{2n}$ tables
    (`turing_table`). No two-state machine halts after step 6 (Rado's $S(2)=6$), so from budget 6 on the count
    is final.

    Parameters
    ----------
    n_states : 1 or 2.
    budget : number of steps to run, 1 to 1000.

    Returns
    -------
    HaltingCount
        ``(9784, 6)`` for two states and a budget of at least 6.

    Raises
    ------
    ValueError
        If an argument is out of range or not an integer.

    Source: ledger ``s2-p7``.
    """
    times = halting_times(n_states, budget)
    return HaltingCount(int(np.count_nonzero(times)), int(times.max()))
