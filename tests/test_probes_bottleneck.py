"""Labels read from K codes, and position rows that training rarely visits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from llmlimits.probes import bottleneck


def test_no_code_and_no_decoder_beats_the_label_cap():
    joint = np.array([[4, 1, 0], [0, 3, 2], [1, 1, 2], [2, 0, 3]]) / 19  # input x label
    for k in (1, 2, 3):
        best = 0
        for code in product(range(k), repeat=4):
            cells = [joint[np.array(code) == value].sum(axis=0) for value in range(k)]
            best = max(best, sum(cell.max() for cell in cells if len(cell)))
        assert best <= bottleneck.label_cap(joint.sum(axis=0), k) + 1e-12
    certain = np.diag([0.5, 0.3, 0.2])  # the input is the label
    for k, cap in ((1, 0.5), (2, 0.8), (3, 1), (9, 1)):
        assert bottleneck.label_cap(certain.sum(axis=0), k) == pytest.approx(cap)


def test_real_digits_stay_below_the_cap_and_a_code_made_for_labels_nearly_reaches_it():
    found = bottleneck.label_capacity(np.random.default_rng(0), repeats=1)
    for name in ("pixels", "labels"):
        assert (found[name] <= found["cap"] + 1e-12).all()
    ten = int(np.flatnonzero(found["codes"] == 10)[0])
    assert found["labels"][0, ten] > 0.95 > 0.85 > found["pixels"][0, ten]
    assert (found["labels"] / found["cap"])[0].min() > 0.8


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: bottleneck.label_cap([0.5, 0.6], 1), "shares"),
        (lambda: bottleneck.label_cap([1.5, -0.5], 1), "shares"),
        (lambda: bottleneck.label_cap([1.0], 0), "n_codes"),
        (lambda: bottleneck.label_capacity(0), "rng"),
        (lambda: bottleneck.label_capacity(np.random.default_rng(0), repeats=0), "repeats"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(ValueError, match=f"^{argument} ="):
        call()
