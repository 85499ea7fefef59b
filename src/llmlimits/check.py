"""Self-checks for exercises: they try a property of the reader's answer and never show the answer.

Used by every computational exercise of the book, on the site's notebooks and on Colab alike.
"""

from __future__ import annotations

from collections.abc import Callable

from ._checks import fail


def check(answer: object, test: Callable[[object], bool], hint: str) -> None:
    """Print whether `answer` has the property `test`: ``not answered yet``, ``right`` or ``not yet`` and the hint.

    Parameters
    ----------
    answer : what the reader computed: a number, an array, a function...; None means not answered yet.
    test : a function of the answer that returns whether it is right. An exception inside it means that the
        answer has the wrong type or shape, and is reported as such.
    hint : one sentence that helps and does not give the answer away.

    Raises
    ------
    ValueError
        If `test` is not callable or `hint` is empty.
    """
    if not callable(test):
        fail("test", test, "a function of the answer")
    if not isinstance(hint, str) or not hint.strip():
        fail("hint", hint, "a non-empty sentence")
    if answer is None:
        print(f"not answered yet ({hint})")
        return
    try:
        right = bool(test(answer))
    except Exception as error:
        print(f"not yet: your answer raises {type(error).__name__}: {error} ({hint})")
        return
    print("right" if right else f"not yet: {hint}")
