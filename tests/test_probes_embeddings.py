"""Guarantees about inner products hold for the vectors of any model, trained or not."""

from __future__ import annotations

import numpy as np
import pytest

from llmlimits import probes, retrieval
from llmlimits.probes import embeddings


@pytest.fixture(scope="module")
def tiny():
    return probes.load("tiny:bert", device="cpu")


@pytest.mark.parametrize("source", ["tiny", "record"])
def test_no_guarantee_is_broken(tiny, source):
    record = source == "record"
    values = probes.recorded("retrieval_margins") if record else embeddings.retrieval_margins(tiny, 6)
    sure = values["step"] < values["radius"][:, None] - 1e-5
    assert values["same"][sure].all()
    for kind in (0, 1):
        kept = embeddings.poison_survival(values, kind)
        assert kept["retrieved"][kept["promised"]].all()
        assert (kept["retrieved"] | ~kept["first"]).all()
        for a, b, overlap in zip(
            values["poison"][:, 0, kind], values["best"][:, 0, 0], values["overlap"][:, kind], strict=True
        ):
            assert overlap >= retrieval.least_overlap(min(a, 1), min(b, 1)) - 1e-4


def test_shifts_change_nothing_at_zero(tiny):
    values = embeddings.shifted_positions(tiny, 3)
    np.testing.assert_allclose(values["cosine"][:, 0], 1, atol=1e-5)
    assert values["nearest"][:, 0].all() and values["norm"].shape == (512,)
    assert values["cosine"].min() >= -1


def test_bad_input(tiny):
    with pytest.raises(ValueError, match=r"^questions ="):
        embeddings.retrieval_margins(tiny, 61)
    with pytest.raises(ValueError, match=r"^passages ="):
        embeddings.shifted_positions(tiny, 0)
    with pytest.raises(ValueError, match=r"^kind ="):
        embeddings.poison_survival({}, 2)
    with pytest.raises(ValueError, match=r"^subject ="):
        embeddings.shifted_positions(probes.load("tiny:llama", device="cpu"), 2)
