"""What is computed from a model's scores, on made-up scores with known answers, and the probes on tiny models."""

from __future__ import annotations

import numpy as np
import pytest

from llmlimits import probes, sampling
from llmlimits.probes import facts


def made_up(seed=0, n=180, labels=40, strength=2.0):
    """Scores of a calibrated answerer: the right label is drawn from the law."""
    rng = np.random.default_rng(seed)
    score = strength * rng.standard_normal((n, labels))
    score -= score.max(axis=1, keepdims=True)
    law = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    right = np.array([rng.choice(labels, p=row) for row in law])
    names = np.array([row.name for row in facts.countries()[:n]])
    return {"score": score, "right": right, "country": names}


def test_the_table_has_180_countries_without_gaps():
    rows = facts.countries()
    assert len(rows) == len({row.name for row in rows}) == 180
    assert {row.continent for row in rows} == set(facts.CONTINENTS)
    assert all(row.capital and 0 <= row.zipf_name < 8 and 0 <= row.zipf_capital < 8 for row in rows)
    assert dict((row.name, row.capital) for row in rows)["Kenya"] == "Nairobi"


def test_cases_say_what_heating_does():
    values = made_up(n=60)
    case = facts.temperature_cases(values)
    assert set(case) == {1, 2, 3}
    for k, (z, c) in enumerate(zip(values["score"], values["right"], strict=True)):
        turn = sampling.turning_temperature(z, int(c))
        assert (turn == 0, turn == np.inf) == (case[k] == 1, case[k] == 2)
    heat = np.array([facts.right_probability(values, T) for T in (0.5, 0.7, 1, 1.5, 3)])
    assert (np.diff(heat[:, case == 1], axis=0) < 0).all()
    assert (np.diff(heat[:, case == 2], axis=0) > 0).all()


def test_the_exam_pays_a_calibrated_model_for_silence():
    values = made_up(1)
    law = facts.label_laws(values)
    np.testing.assert_allclose(law.sum(axis=1), 1)
    honest, bluff = facts.exam_marks(values, 0.8)
    assert honest > bluff
    hit = law.argmax(axis=1) == values["right"]
    assert facts.exam_marks(values, 0)[1] == pytest.approx(hit.mean())


def test_conformal_sets_cover_when_questions_are_alike_and_not_after_a_shift():
    values = made_up(2)
    same = facts.conformal_coverage(values, 0.2, np.random.default_rng(0))
    assert abs(same.all - 0.8) < 0.03
    zipf = facts.frequencies(values)
    rare = zipf < np.median(zipf)
    rng = np.random.default_rng(3)
    values["right"] = np.where(rare, rng.integers(40, size=180), values["score"].argmax(axis=1))
    shifted = facts.conformal_coverage(values, 0.2, np.random.default_rng(0))
    assert shifted.shifted < 0.3 < 0.7 < shifted.all


def test_repair_obeys_the_rules_and_counts_flips():
    odds = np.full((6, 6, 2), -1.0)  # "no" to everything
    odds[np.arange(6), np.arange(6), 0] = -0.5  # least firmly to the truth
    found = facts.repair_beliefs({"odds": odds, "place": np.arange(6)})
    assert found.contradictions == 1 and found.raw == pytest.approx(5 / 6)
    assert found.repaired == found.placed == 1
    assert found.flips == found.hits == 6 * 6  # six answers per country were wrong
    odds[:, 0, 0] = 3.0  # a firm wrong belief: consistent, and wrong
    wrong = facts.repair_beliefs({"odds": odds, "place": np.arange(6)})
    assert wrong.placed == pytest.approx(1 / 6)
    assert 2 * wrong.hits - wrong.flips < 6 * 6


def test_tiny_models_give_the_same_rows_whatever_is_asked_besides():
    subject = probes.load("tiny:llama", device="cpu")
    few, more = (facts.fact_scores(subject, n) for n in (2, 4))
    assert more["score"].shape == (4, len(more["label"])) and (more["score"].max(axis=1) == 0).all()
    for key, value in few.items():
        if value.dtype.kind == "f":
            np.testing.assert_allclose(value, more[key][: len(value)], atol=0.02)
    asked = facts.beliefs(subject, 6)
    assert asked["odds"].shape == (6, 6, 2) and set(asked["place"]) == set(range(6))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: facts.fact_scores(None, 0), "questions"),
        (lambda: facts.fact_scores(None, 181), "questions"),
        (lambda: facts.beliefs(None, 61), "asked"),
        (lambda: facts.label_laws(made_up(), 0), "temperature"),
        (lambda: facts.exam_marks(made_up(), 1), "threshold"),
        (lambda: facts.conformal_coverage(made_up(), 0, np.random.default_rng(0)), "alpha"),
        (lambda: facts.conformal_coverage(made_up(), 0.1, 0), "rng"),
        (lambda: facts.conformal_coverage(made_up(), 0.1, np.random.default_rng(0), 0), "repeats"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(ValueError, match=f"^{argument} ="):
        call()
