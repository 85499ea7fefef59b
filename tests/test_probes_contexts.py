"""Probes of contexts on tiny random models, whose heads know nothing: what the theorems predict is sharp there."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from llmlimits import probes
from llmlimits.probes import contexts

SMALL = {
    "crowding": {"seeds": 2, "pairs": (8, 16, 32), "targets": 2},
    "needles": {"trials": 1, "sentences": (8, 16)},
    "distances": {"contents": 1},
    "conflict": {"facts": 4},
    "distraction": {"items": 1, "distractors": (2, 4)},
}


@pytest.fixture(scope="module")
def tiny():
    return probes.load("tiny:llama", device="cpu")


@pytest.fixture(scope="module")
def measured(tiny):
    return {name: probes.measure(name, tiny, **SMALL[name])["values"] for name in SMALL}


@pytest.mark.parametrize("name", SMALL)
def test_fewer_items_are_the_first_ones(tiny, measured, name):
    fewer = {
        "crowding": {"seeds": 1, "pairs": (8, 16), "targets": 2},
        "needles": {"trials": 1, "sentences": (8,)},
        "distances": {"contents": 1},
        "conflict": {"facts": 2},
        "distraction": {"items": 1, "distractors": (2,)},
    }[name]
    values = probes.measure(name, tiny, **fewer)["values"]
    assert probes.compare(name, values, measured[name]) == []
    key = next(key for key, value in values.items() if value.dtype.kind == "f")
    assert probes.compare(name, values, measured[name] | {key: measured[name][key] + 1}) != []


@pytest.mark.parametrize("name", SMALL)
def test_records_have_the_arrays_of_the_probe(measured, name):
    record = probes.recorded(name)
    assert {key: value.ndim for key, value in record.items()} == {
        k: v.ndim for k, v in measured[name].items()
    }


@pytest.mark.parametrize("name", SMALL)
def test_figures_draw_record_and_live(measured, name):
    draw = getattr(contexts, f"draw_{name}")
    record = probes.recorded(name)
    alone, both = draw(record), draw(record, measured[name])

    def drawn(fig):
        return sum(len(ax.lines) + len(ax.collections) for ax in fig.axes)

    assert drawn(both) > drawn(alone) or name == "distances"
    plt.close("all")


# --- crowding ---


def test_an_untrained_head_crowds_with_slope_minus_one(measured):
    values = measured["crowding"]
    slopes = contexts.log_slopes(values["logit"].mean(0), values["pairs"])
    assert slopes.shape == (2, 4) and abs(np.median(slopes) + 1) < 0.15
    assert values["spread"].max() < 0.5  # its scores are nearly equal


def test_scores_obey_the_exact_margin():
    """Log-odds among the values = margin - ln n - kappa, on any weights."""
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(30), size=(2, 3))
    places, right = [3, 7, 11, 20, 29], 2
    logit, margin, kappa, spread = contexts._scores(weights, places, right)
    p = weights[..., places[right]]
    others = weights[..., [3, 7, 20, 29]]
    np.testing.assert_allclose(margin - np.log(4) - kappa, np.log(p / others.sum(-1)))
    np.testing.assert_allclose(logit, np.log(p / (1 - p)))
    r = np.log(others).max(-1) - np.log(others).min(-1)
    assert (kappa >= 0).all() and (kappa <= r**2 / 8).all()
    np.testing.assert_allclose(spread, np.log(others).std(-1))


def test_weights_are_read_at_the_value(tiny):
    """The place counted as right is the first token of the value: checked against the text itself."""
    pairs = contexts._pairs(tiny, np.random.default_rng([0, 1]))
    ask, value, word = pairs[0]
    assert tiny.text(ask + value).startswith("The secret word of the ") and tiny.text(value) == f" {word}"
    assert len({tuple(ask) for ask, _, _ in pairs}) == 400


def test_finders_are_chosen_on_the_first_half():
    logit = np.full((4, 2, 3, 2), -5.0)
    logit[:2, :, 1, 0], logit[2:, :, 2, 1] = 3, 9
    layers, heads = contexts.finders({"logit": logit}, 1)
    assert (layers.tolist(), heads.tolist()) == ([1], [0])


# --- needles ---


def test_kinds_differ_only_in_what_is_between(measured):
    values = measured["needles"]
    assert values["kinds"].tolist() == ["filler", "dense"]
    assert (np.diff(values["tokens"], axis=-1) > 0).all() and (values["logp"] < 0).all()


# --- distances ---


def test_first_layer_scores_are_sums_of_rotations(measured):
    assert contexts.fit_rotations(measured["distances"]).min() > 0.999


def test_a_gap_between_positions_is_a_distance(measured):
    """Not the start of a new text: then weights would be zero."""
    values = measured["distances"]
    assert abs(values["first"]).max() < 1 and (values["first"].std(1) > 1e-6).all()


def test_scatter_leaves_out_the_drift(measured):
    """First layer, an octave at a time, by hand."""
    values = measured["distances"]
    octave = np.floor(np.log2(values["distances"])).astype(int)
    by_hand = [[values["first"][0][octave == o].std(0)] for o in range(len(values["octaves"]))]
    np.testing.assert_allclose(contexts.scatter(values)[0][:, :1], by_hand, atol=1e-6)


def test_other_frequencies_do_not_fit(measured):
    values = measured["distances"]
    wrong = values | {"frequencies": values["frequencies"] * 1.3}
    assert contexts.fit_rotations(wrong).min() < 0.9


def test_models_without_rotations_are_refused():
    with pytest.raises(ValueError, match="rotary"):
        contexts.distances(probes.load("tiny:gpt2", device="cpu"))


# --- conflict ---


def test_trust_is_found_where_the_mixture_is_exact():
    rng = np.random.default_rng(1)
    a, b = rng.normal(3, 1, 8), rng.normal(-2, 1, (8, 3))
    values = {"memory": a, "context": b, "both": 0.3 * a[:, None] + 0.7 * b}
    assert contexts.trust_in_memory(values) == pytest.approx(0.3)


# --- arguments ---


@pytest.mark.parametrize(
    ("probe", "bad", "name"),
    [
        (contexts.crowding, {"pairs": (8, 4)}, "pairs"),
        (contexts.crowding, {"pairs": (1, 4)}, "pairs"),
        (contexts.crowding, {"seeds": 0}, "seeds"),
        (contexts.needles, {"sentences": (6,)}, "sentences"),
        (contexts.needles, {"trials": 0}, "trials"),
        (contexts.distances, {"grid": 10}, "grid"),
        (contexts.conflict, {"facts": 1}, "facts"),
        (contexts.distraction, {"distractors": (3,)}, "distractors"),
        (contexts.distraction, {"items": 0}, "items"),
    ],
)
def test_bad_arguments_are_refused(tiny, probe, bad, name):
    with pytest.raises(ValueError, match=name):
        probe(tiny, **bad)
