"""Argument checks shared by all modules: every public function calls these before it computes anything.

Each returns the checked value in a plain type and raises ``ValueError`` naming the argument, the value
received and what is allowed. Sizes of numbers are limited where a function sets no limit of its own, so that sums,
squares and quotients stay inside the range of floats: integers to $10^{18}$ and real numbers to $10^{60}$ (either
sign); real numbers that have to be above 0 are at least $10^{-60}$.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from numbers import Integral, Rational, Real

import numpy as np

MOST_INTEGER = 10**18
MOST_REAL = 10**60


def fail(name: str, value: object, allowed: str) -> None:
    """Raise the one kind of error the package raises for bad input."""
    try:
        shown = repr(value)
    except ValueError:  # an integer with more digits than Python writes
        shown = f"a {type(value).__name__} with very many digits"
    if len(shown) > 80:
        shown = shown[:77] + "..."
    raise ValueError(f"{name} = {shown} is not allowed: {allowed}")


def integer(
    name: str, value: object, least: int | None = None, most: int | None = None, *, any_size: bool = False
) -> int:
    """An integer (not a bool, not a float) in the closed range [least, most].

    Without `most` it is at most `MOST_INTEGER` in size, unless `any_size` is set.
    """
    allowed = "an integer"
    if least is not None:
        allowed += f", at least {least}"
    if most is not None:
        allowed += f", at most {most}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        fail(name, value, allowed)
    number = int(value)
    if (least is not None and number < least) or (most is not None and number > most):
        fail(name, value, allowed)
    if most is None and not any_size and abs(number) > MOST_INTEGER:
        fail(name, value, f"{allowed}, of size at most {MOST_INTEGER}")
    return number


def real(
    name: str,
    value: object,
    least: Real | None = None,
    most: Real | None = None,
    *,
    above: Real | None = None,
    below: Real | None = None,
    any_size: bool = False,
) -> Fraction | float:
    """A finite real number with optional closed (least, most) or open (above, below) ends.

    Integers and Fractions come back as `Fraction`, everything else as `float`: exact in, exact out. The size is
    at most `MOST_REAL`, and at least 1 / `MOST_REAL` if 0 is excluded by `above`; `any_size` lifts both limits. A
    number that is rounded to an open end counts as that end (with `any_size` only at the upper one).
    """
    parts = ["a finite real number"]
    for word, end in (("at least", least), ("above", above), ("at most", most), ("below", below)):
        if end is not None:
            parts.append(f"{word} {end}")
    allowed = ", ".join(parts)
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        fail(name, value, allowed)
    if isinstance(value, Rational):
        number: Fraction | float = Fraction(int(value.numerator), int(value.denominator))
    else:
        number = float(value)
        if not math.isfinite(number):
            fail(name, value, allowed)
    if not any_size and abs(number) > MOST_REAL:
        fail(name, value, f"{allowed}, of size at most {float(MOST_REAL):g}")
    if not any_size and above == 0 and 0 < number * MOST_REAL < 1:
        fail(name, value, f"{allowed}, at least {1 / MOST_REAL:g}")
    if (
        (least is not None and number < least)
        or (most is not None and number > most)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        fail(name, value, allowed)
    if (above is not None and not any_size and float(number) <= above) or (
        below is not None and float(number) >= below
    ):
        fail(name, value, f"{allowed}, not so near to an end that it rounds to it")
    return number


def probability(
    name: str, value: object, *, open_ends: bool = False, any_size: bool = False
) -> Fraction | float:
    """A number in [0, 1], or in (0, 1) with `open_ends`; `any_size` as for `real`."""
    if open_ends:
        return real(name, value, above=0, below=1, any_size=any_size)
    return real(name, value, 0, 1, any_size=any_size)


def flag(name: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        fail(name, value, "True or False")
    return bool(value)


def choice(name: str, value: object, options: Iterable[str]) -> str:
    """One of a few strings."""
    options = tuple(options)
    if not isinstance(value, str) or value not in options:
        fail(name, value, "one of " + ", ".join(f'"{option}"' for option in options))
    return value


def array(
    name: str, value: object, ndim: int | None = None, *, finite: bool = True, any_size: bool = False
) -> np.ndarray:
    """A non-empty float array with `ndim` axes and, by default, only finite entries, at most `MOST_REAL`."""
    allowed = "a non-empty array of " + ("finite " if finite else "") + "numbers"
    if ndim is not None:
        allowed += f" with {ndim} axes" if ndim != 1 else " with one axis"
    try:
        raw = np.asarray(value)
        if raw.dtype.kind == "O" and not all(isinstance(entry, Real) for entry in raw.flat):
            fail(name, value, allowed)
        if raw.dtype.kind not in "biufO":
            fail(name, value, allowed)
        out = np.asarray(raw, dtype=float)
    except (TypeError, ValueError, OverflowError):
        fail(name, value, allowed)
    if out.size == 0 or (ndim is not None and out.ndim != ndim):
        fail(name, value, allowed)
    if np.isnan(out).any() or (finite and not np.isfinite(out).all()):
        fail(name, value, allowed)
    if finite and not any_size and np.abs(out).max() > MOST_REAL:
        fail(name, value, f"{allowed} of size at most {float(MOST_REAL):g}")
    return out


def distribution(name: str, value: object, tolerance: float = 1e-9) -> np.ndarray:
    """A one-axis array of probabilities that sum to 1 within `tolerance`."""
    out = array(name, value, 1)
    if (out < 0).any() or abs(float(out.sum()) - 1.0) > tolerance:
        fail(name, value, f"non-negative numbers that sum to 1 (within {tolerance:g})")
    return out


def generator(name: str, value: object) -> np.random.Generator:
    """A NumPy random generator, as `np.random.default_rng(seed)` makes one."""
    if not isinstance(value, np.random.Generator):
        fail(name, value, "a numpy.random.Generator")
    return value


def power(name: str, base: Fraction | float, exponent: int) -> Fraction | float:
    """`base` to the power `exponent`, the argument `name`; an exact result has at most about a million bits."""
    if isinstance(base, Fraction):
        bits = max(abs(base.numerator), base.denominator).bit_length()
        if bits > 1 and exponent * bits > 10**6:
            fail(
                name,
                exponent,
                f"at most {10**6 // bits} where the result is exact; floats have no such limit",
            )
    return base**exponent
