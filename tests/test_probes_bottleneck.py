"""Labels read from K codes, and position rows that training rarely visits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from llmlimits import probes
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
        (lambda: bottleneck.position_training(None, runs=5), "runs"),
        (lambda: bottleneck.position_training(None, steps=0), "steps"),
        (lambda: bottleneck.reach("long"), "kind"),
        (lambda: bottleneck.copy_loss(1), "rate"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(ValueError, match=f"^{argument} ="):
        call()


def test_rows_that_no_document_reads_stay_where_they_are(monkeypatch):
    monkeypatch.setattr(bottleneck, "MEAN", 4)  # no document of this run comes near the end of the window
    values = bottleneck.position_training(None, runs=2, steps=3)
    moved = values["moved"]
    assert (moved[:, 0] > 0).all() and (moved[:, -30:] == 0).all()
    assert values["loss"].shape == (2, 32)
    again = bottleneck.position_training(None, runs=1, steps=3)
    np.testing.assert_array_equal(again["moved"], moved[:1])


def test_the_record_shows_what_the_page_says():
    values = probes.recorded("position_training")
    assert (values["moved"][:, -1] == 0).all() and (values["moved"][2] == 0).all()
    assert 0.6 < bottleneck.position_slope(values, 0) < 1.1
    assert bottleneck.position_slope(values, 1) < 0.3
    near, far = values["loss"][:, 1:12].mean(axis=1), values["loss"][:, 20:31].mean(axis=1)
    assert far[1] > np.log(24) > near[1]  # learned rows, short documents: worse than guessing
    assert far[3] < 1.1 and far[2] < far[1] - 1


def test_reach_is_the_share_of_documents():
    rng = np.random.default_rng(0)
    size = np.minimum(rng.geometric(1 / bottleneck.MEAN, 200_000), bottleneck.WINDOW)
    for j in (0, 10, 60, bottleneck.WINDOW - 1):
        assert bottleneck.reach("short")[j] == pytest.approx((size >= j + 2).mean(), abs=0.004)
    assert bottleneck.reach("full")[-1] == 0 and bottleneck.reach("full")[0] == 1


def test_least_loss_is_the_entropy():
    law = np.full(24, 0.1 / 24)
    law[0] += 0.9
    assert bottleneck.copy_loss() == pytest.approx(-(law * np.log(law)).sum())
