"""The exercises' self-check: right, not yet, not answered, and never the answer."""

from __future__ import annotations

import pytest

from llmlimits.check import check


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (4, "right"),
        (5, "not yet: an even number"),
        (None, "not answered yet (an even number)"),
        ("4", "not yet: your answer raises TypeError: not all arguments converted during string formatting "
              "(an even number)"),
    ],
)  # fmt: skip
def test_every_outcome(capsys, answer, says):
    check(answer, lambda a: a % 2 == 0, "an even number")
    assert capsys.readouterr().out == says + "\n"


def test_a_function_can_be_the_answer(capsys):
    check(lambda n: n * n, lambda f: all(f(n) == n**2 for n in range(9)), "square it")
    check(lambda n: 2 * n, lambda f: all(f(n) == n**2 for n in range(9)), "square it")
    assert capsys.readouterr().out == "right\nnot yet: square it\n"


def test_bad_checks_are_refused():
    with pytest.raises(ValueError, match="test = 3 is not allowed"):
        check(1, 3, "hint")
    with pytest.raises(ValueError, match="hint = ' ' is not allowed"):
        check(1, bool, " ")
