"""Calls functions with hostile arguments, one at a time, and says what goes wrong.

Allowed is a ValueError that names an argument, a TypeError with a message, or a finite value. Everything else is
a problem: another exception, a warning, a NaN or an infinity that the docstring does not mention, a number made
from something that is no number, a call that takes long.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import math
import re
import resource
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np

SECONDS = 2.0  # of processor time for one call
MEMORY = 2 * 10**9  # bytes that all calls may take

NO_NUMBERS = {
    "NaN": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "None": None,
    "a string": "x",
    "a digit as a string": "3",
    "an empty list": [],
    "a dict": {},
    "a complex number": 1j,
    "a bool": True,
    "an object": object(),
}
STRANGE_NUMBERS = {
    "0": 0,
    "-1": -1,
    "1": 1,
    "0.0": 0.0,
    "-0.5": -0.5,
    "0.5": 0.5,
    "1.0": 1.0,
    "1e-59": 1e-59,
    "5e-324": 5e-324,
    "1e59": 1e59,
    "-1e59": -1e59,
    "1.7e308": 1.7e308,
    "10**12": 10**12,
    "2**63": 2**63,
    "10**400": 10**400,
    "-10**400": -(10**400),
    "10**400/3": Fraction(10**400, 3),
    "3/10**400": Fraction(3, 10**400),
    "1-1/10**400": 1 - Fraction(1, 10**400),
}
ARRAYS = {
    "no entries": np.array([]),
    "no rows": np.zeros((0, 3)),
    "no columns": np.zeros((3, 0)),
    "no axis": np.array(3.0),
    "three axes": np.ones((2, 3, 4)),
    "zeros": np.zeros(3),
    "a NaN": np.array([math.nan, 1.0]),
    "an infinity": np.array([[math.inf, 1.0], [0.0, 1.0]]),
    "strings": np.array(["a", "b"]),
    "digits as strings": ["1", "2"],
    "objects": np.array([None, object()]),
    "complex numbers": np.array([1j, 2.0]),
    "rows of unequal lengths": [[1.0], [1.0, 2.0]],
    "negative numbers": np.array([-1.0, 2.0]),
    "a huge number": [10**400, 1],
    "huge numbers": np.full((2, 2), 1.7e308),
    "large numbers": np.array([1e59, -1e59]),
    "huge integers": np.array([2**62, 2**62]),
}
NO_NUMBER_ARRAYS = {"a NaN", "strings", "digits as strings", "objects", "complex numbers"}
FUNCTIONS = {
    "a function that returns NaN": lambda *_: math.nan,
    "a function that returns None": lambda *_: None,
}
SCALAR = {"int", "float", "Real", "Fraction | float", "int | None", "float | None", "Real | None"}
VECTOR = {"np.ndarray", "Sequence[Real]", "Sequence[float]", "Sequence[int]", "np.ndarray | None"}


class TooLong(BaseException):
    """The call was still running; no `except Exception` can hide it."""


def call(*args: Any, **kwargs: Any) -> tuple[tuple, dict]:
    """Arguments, written as in a call."""
    return args, kwargs


def public_functions(module: ModuleType) -> Iterator[Callable]:
    """Functions defined in a module, methods with arguments, and classes that have a constructor of their own."""
    for name, item in vars(module).items():
        if name.startswith("_") or getattr(item, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(item):
            yield item
        elif inspect.isclass(item):
            if inspect.isfunction(vars(item).get("__init__")) and not hasattr(item, "__dataclass_fields__"):
                yield item
            for method_name, method in vars(item).items():
                if not method_name.startswith("_") and inspect.isfunction(method):
                    if len(inspect.signature(method).parameters) > 1:
                        yield method


def changed(value: Any) -> dict[str, Any]:
    """A valid array, sequence or mapping with one fault in it."""
    if isinstance(value, np.ndarray) and value.ndim and value.size:
        first = (0,) * value.ndim
        out: dict[str, Any] = {
            "one row less": value[:-1],
            "one row more": np.concatenate([value, value[-1:]]),
            "one more axis": value[None],
            "the same as strings": value.astype(str),
            "the same as complex numbers": value.astype(complex) + 1j,
        }
        for label, entry in (
            ("NaN", math.nan),
            ("infinity", math.inf),
            ("-1", -1.0),
            ("1e59", 1e59),
            ("1.7e308", 1.7e308),
        ):
            out[f"{label} inside"] = value.astype(float)
            out[f"{label} inside"][first] = entry
        for label, entry in (("None", None), ("10**400", 10**400)):
            out[f"{label} inside"] = value.astype(object)
            out[f"{label} inside"][first] = entry
        return out
    if isinstance(value, list | tuple) and value:
        make = list if isinstance(value, list) else tuple
        out = {"one entry less": make(value[:-1]), "one entry more": make([*value, value[-1]])}
        for label, entry in {**NO_NUMBERS, **STRANGE_NUMBERS}.items():
            out[f"{label} inside"] = make([entry, *value[1:]])
        if isinstance(value[0], list | tuple):
            for label, entry in changed(value[0]).items():
                out[f"{label} of the first entry"] = make([entry, *value[1:]])
        return out
    if isinstance(value, Mapping) and value:
        key = next(iter(value))
        out = {f"{label} as a value": {**value, key: entry} for label, entry in NO_NUMBERS.items()}
        out["one key less"] = {k: v for k, v in value.items() if k != key}
        return out
    return {}


def numbers_in(value: Any, depth: int = 0) -> Iterator[float]:
    """All floats somewhere in a result."""
    if isinstance(value, float | np.floating):
        yield float(value)
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            yield from value.ravel()[:10_000].tolist()
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from numbers_in(entry, depth + 1)
    elif isinstance(value, list | tuple) and depth < 6:
        for entry in value[:1000]:
            yield from numbers_in(entry, depth + 1)


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Inside, memory is limited and a SIGPROF raises `TooLong`."""

    def stop(*_: object) -> None:
        raise TooLong

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as sizes:
        used = int(sizes.read().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, before)


def outcome(function: Callable, arguments: dict[str, Any], must_fail: bool) -> str | None:
    """What is wrong with one call, or None."""
    doc = inspect.getdoc(function) or ""
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                result = function(**arguments)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except ValueError as error:
        words = set(re.findall(r"\w+", str(error)))
        if not words & {*inspect.signature(function).parameters, *arguments}:
            return f"ValueError does not name the argument: {str(error)[:100]}"
    except TypeError as error:
        if not str(error):
            return "TypeError without a message"
    except TooLong:
        return f"runs longer than {SECONDS:g} s"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:100]}"
    else:
        found = list(numbers_in(result))
        if any(map(math.isnan, found)) and not re.search(r"\b(NaN|nan)\b", doc):
            return "returns NaN"
        if any(map(math.isinf, found)) and not re.search(r"inf\b|infinit", doc):
            return "returns an infinity"
        if must_fail:
            return f"takes it for a number: {str(result)[:60]}"
    return None


def hostile(parameter: inspect.Parameter, valid: Any, doc: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Label, value, and whether the value can only be refused."""
    kind = str(parameter.annotation)
    scalar, vector = kind in SCALAR, kind in VECTOR
    for label, value in NO_NUMBERS.items():
        allowed = (
            (value is None and parameter.default is None)
            or (vector and value in ([], {}))
            or (value == math.inf and "``math.inf``" in doc)
        )
        yield label, value, (scalar or vector) and not allowed
    for label, value in STRANGE_NUMBERS.items():
        yield label, value, False
    for label, value in ARRAYS.items():
        yield f"an array with {label}", value, scalar or (vector and label in NO_NUMBER_ARRAYS)
    for label, value in FUNCTIONS.items():
        yield label, value, scalar or vector
    for label, value in changed(valid).items():
        no_number = label in (
            "NaN inside",
            "the same as strings",
            "the same as complex numbers",
            "None inside",
        )
        yield label, value, vector and no_number


def fresh(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Copies, so that no call changes what the next one gets."""
    plain = np.ndarray | np.random.Generator | list | dict | tuple | set
    return {
        name: copy.deepcopy(item) if isinstance(item, plain) else item for name, item in arguments.items()
    }


def problems(function: Callable, valid: tuple[tuple, dict], trusted: Iterable[str] = ()) -> list[str]:
    """All that goes wrong when one argument of a valid call is hostile; those called `trusted` are left alone."""
    signature = inspect.signature(function)
    bound = signature.bind(*valid[0], **valid[1])
    bound.apply_defaults()
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", *trusted)]
    given = dict(bound.arguments)
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:  # what it holds counts as arguments of their own
            parameters.remove(parameter)
            inside = given.pop(parameter.name)
            parameters += [parameter.replace(name=name, kind=parameter.KEYWORD_ONLY) for name in inside]
            given |= inside
    found = []
    name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function(**fresh(given))  # not timed: it may import what it needs
    usual = outcome(function, fresh(given), False)
    if usual is not None:
        return [f"{name}: the valid call fails: {usual}"]
    for parameter in parameters:
        for label, value, must_fail in hostile(
            parameter, given[parameter.name], inspect.getdoc(function) or ""
        ):
            arguments = fresh({**given, parameter.name: value})
            problem = outcome(function, arguments, must_fail)
            if problem is not None:
                found.append(f"{name}({parameter.name}={label}): {problem}")
    return found
