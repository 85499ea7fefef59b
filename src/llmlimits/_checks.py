"""Argument checks shared by all modules: every public function calls these before it computes anything.

Each returns the checked value in a plain type and raises ``ValueError`` naming the argument, the value
received and what is allowed.
"""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Integral, Rational, Real

import numpy as np


def fail(name: str, value: object, allowed: str) -> None:
    """Raise the one kind of error the package raises for bad input."""
    shown = repr(value)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    raise ValueError(f"{name} = {shown} is not allowed: {allowed}")


def integer(name: str, value: object, least: int | None = None, most: int | None = None) -> int:
    """An integer (not a bool, not a float) in the closed range [least, most]."""
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
    return number


def real(
    name: str,
    value: object,
    least: Real | None = None,
    most: Real | None = None,
    *,
    above: Real | None = None,
    below: Real | None = None,
) -> Fraction | float:
    """A finite real number with optional closed (least, most) or open (above, below) ends.

    Integers and Fractions come back as `Fraction`, everything else as `float`: exact in, exact out.
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
    if (
        (least is not None and number < least)
        or (most is not None and number > most)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        fail(name, value, allowed)
    return number


def probability(name: str, value: object, *, open_ends: bool = False) -> Fraction | float:
    """A number in [0, 1], or in (0, 1) with `open_ends`."""
    if open_ends:
        return real(name, value, above=0, below=1)
    return real(name, value, 0, 1)


def array(name: str, value: object, ndim: int | None = None, *, finite: bool = True) -> np.ndarray:
    """A non-empty float array with `ndim` axes and, by default, only finite entries."""
    allowed = "a non-empty array of " + ("finite " if finite else "") + "numbers"
    if ndim is not None:
        allowed += f" with {ndim} axes" if ndim != 1 else " with one axis"
    try:
        out = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        fail(name, value, allowed)
    if out.size == 0 or (ndim is not None and out.ndim != ndim):
        fail(name, value, allowed)
    if np.isnan(out).any() or (finite and not np.isfinite(out).all()):
        fail(name, value, allowed)
    return out


def distribution(name: str, value: object, tolerance: float = 1e-9) -> np.ndarray:
    """A one-axis array of probabilities that sum to 1 within `tolerance`."""
    out = array(name, value, 1)
    if (out < 0).any() or abs(float(out.sum()) - 1.0) > tolerance:
        fail(name, value, f"non-negative numbers that sum to 1 (within {tolerance:g})")
    return out
