"""Hostile input: a clear ValueError or TypeError or a sound value, never a wrong number, another error or a hang.

`valid_calls.py` has one valid call of every public function (found by introspection, so none can be forgotten);
`robustness_checks.py` puts one hostile value after the other into each of its arguments.
"""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import warnings

import numpy as np
import pytest

import llmlimits
import robustness_checks as checks
from robustness_checks import call
from valid_calls import PROBES, VALID

MODULES = [f"llmlimits.{module.name}" for module in pkgutil.iter_modules(llmlimits.__path__)]
FUNCTIONS = [
    function
    for name in MODULES
    # what measures real models takes a loaded one; of the probes only what reads measurements is tried, below
    if not name.startswith("llmlimits._") and name != "llmlimits.probes"
    for function in checks.public_functions(importlib.import_module(name))
]


def name_of(function) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"


def test_every_public_function_has_a_valid_call():
    assert [name_of(function) for function in FUNCTIONS if function not in VALID] == []
    assert [name_of(function) for function in VALID if function not in FUNCTIONS] == []


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_hostile_input(function):
    with checks.limited():
        found = checks.problems(function, VALID[function])
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("function", PROBES, ids=name_of)
def test_hostile_input_to_what_reads_measurements(function):
    """The measurements are taken as a probe has made them; every other argument is hostile in its turn."""
    with checks.limited():
        found = checks.problems(function, PROBES[function], trusted=("values", "live"))
    assert not found, "\n".join(["", *found])


def test_imports_without_a_warning():
    code = "; ".join(f"import {name}" for name in MODULES)
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# ---- Negative controls: a fragile function for each kind of problem ------------------------------------------


def no_check(n: int) -> float:
    return 1 / n


def wrong_name(n: int) -> float:
    if not isinstance(n, int) or isinstance(n, bool) or not 0 < n < 100:
        raise ValueError("bad input")
    return 1.0


def loops(n: int) -> float:
    return float(sum(1 for _ in range(n)))


def warns(n: int) -> float:
    warnings.warn("careful", RuntimeWarning, stacklevel=2)
    return 1.0


def silent_nan(x: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.asarray(x, dtype=float).mean())


def takes_all(n: int) -> float:
    return 0.0


def grows(n: int) -> np.ndarray:
    return np.ones(n)


@pytest.mark.parametrize(
    ("function", "valid", "says"),
    [
        (no_check, call(2), "ZeroDivisionError"),
        (no_check, call(2), "n=a bool): takes it for a number"),
        (wrong_name, call(2), "does not name the argument"),
        (loops, call(2), "n=10**12): runs longer"),
        (warns, call(2), "RuntimeWarning"),
        (silent_nan, call(np.array([1.0, 2.0])), "returns NaN"),
        (takes_all, call(2), "n=NaN): takes it for a number"),
        (grows, call(2), "MemoryError"),
    ],
)
def test_fragile_functions_are_caught(monkeypatch, function, valid, says):
    monkeypatch.setattr(checks, "SECONDS", 0.1)
    with checks.limited():
        found = checks.problems(function, valid)
    assert any(says in problem for problem in found), found


def test_a_trusted_argument_is_left_alone():
    with checks.limited():
        assert checks.problems(no_check, call(2), trusted=("n",)) == []
