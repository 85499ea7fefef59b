"""Finite memories: counting caps over all truths, rate and distortion, codes, and what Lemma 1 misses."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import capacity as c

MILLIONTH = Fraction(1, 10**6)


def all_truths(n_facts: int, n_labels: int) -> np.ndarray:
    return np.array(list(product(range(n_labels), repeat=n_facts)))


def rate_needed(error: float, n_labels: int) -> Decimal:
    """The rate function log2 q - h2(D) - D log2(q - 1) in 50 digits."""
    with localcontext(prec=50):
        d, q = Decimal(error), Decimal(n_labels)
        entropy = -sum((x * x.ln() for x in (d, 1 - d) if x), Decimal(0))
        return (q.ln() - entropy - d * (q - 1).ln()) / Decimal(2).ln()


# --- counting (Lemma 1) ---


@pytest.mark.parametrize("n_symbols", [1, 2, 3])
def test_count_strings_by_enumeration(n_symbols):
    for length in range(5):
        listed = sum(len(list(product(range(n_symbols), repeat=i))) for i in range(length + 1))
        assert c.count_strings(n_symbols, length) == listed


def test_printed_number_of_functions_is_wrong():
    # Two symbols, two answers, inputs of length at most 1: the printed exponent |Sigma|^(n+1) counts 16.
    inputs = c.count_strings(2, 1)
    assert inputs == 3
    assert len(list(product(range(2), repeat=inputs))) == 8 != 2 ** (2 ** (1 + 1))


def test_complex_truth_may_differ_at_a_single_input():
    # More one-point changes of a model than programs of at most 9 bits: one of them is more complex than that,
    # and its error is still one in a thousand, so no error "above any tau" follows from complexity.
    programs = c.count_strings(2, 9)
    changes = 2**10
    assert changes > programs == 1023
    assert round(1 / changes, 6) == 0.000977


def test_accuracy_cap_values():
    assert c.accuracy_cap_pinsker(10**8, 10**9, 2, MILLIONTH) == pytest.approx(0.686165, abs=5e-7)
    cap = c.accuracy_cap(10**8, 10**9, 2, 1e-6)
    assert cap == pytest.approx(0.683981, abs=5e-7)
    # It solves kl(a || 1/2) = (ln M + ln 1/delta) / N.
    budget = ((10**8 + 1) * math.log(2) + math.log(1e6)) / 1e9
    assert cap * math.log(2 * cap) + (1 - cap) * math.log(2 * (1 - cap)) == pytest.approx(budget, rel=1e-12)


def test_accuracy_cap_at_the_extremes():
    assert c.accuracy_cap(10**12, 10**12) == 1  # more bits than facts
    assert c.accuracy_cap(10**12, 10**18) == pytest.approx(0.5 + math.sqrt(1e-6 * math.log(2) / 2), rel=1e-6)
    assert c.accuracy_cap(0, 1) == 1
    assert c.accuracy_cap(5, 10**6, 2, Fraction(1, 10**400)) < 0.53
    assert c.accuracy_cap(10**9, 10**9, 16) < 1 == c.accuracy_cap(4 * 10**9, 10**9, 16)


@pytest.mark.parametrize(("n_labels", "n_facts", "n_bits"), [(2, 10, 1), (2, 12, 2), (3, 7, 2), (4, 6, 1)])
def test_accuracy_cap_over_all_truths(n_labels, n_facts, n_bits):
    rng = np.random.default_rng(20240501)
    n_models = 2 ** (n_bits + 1) - 1
    truths = all_truths(n_facts, n_labels)
    seen_below_one = False
    for _ in range(20):
        models = rng.integers(n_labels, size=(n_models, n_facts))
        best = (truths[:, None, :] == models[None]).sum(axis=2).max(axis=1)
        for delta in (0.5, 0.2, 0.05, 0.01):
            cap = c.accuracy_cap(n_bits, n_facts, n_labels, delta)
            seen_below_one |= cap < 1
            assert (best > cap * n_facts + 1e-9).mean() <= delta
            assert cap <= c.accuracy_cap_pinsker(n_bits, n_facts, n_labels, delta) + 1e-15
    assert seen_below_one


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(2, 1000), st.floats(1e-9, 0.999))
def test_accuracy_cap_orders(n_bits, n_facts, n_labels, delta):
    cap = c.accuracy_cap(n_bits, n_facts, n_labels, delta)
    assert 1 / n_labels - 1e-15 <= cap <= c.accuracy_cap_pinsker(n_bits, n_facts, n_labels, delta) + 1e-14
    assert cap <= c.accuracy_cap(n_bits + 1 + n_bits // 10, n_facts, n_labels, delta) + 1e-15
    assert cap >= c.accuracy_cap(n_bits, 2 * n_facts, n_labels, delta) - 1e-15


@st.composite
def families(draw):
    n_labels = draw(st.integers(2, 4))
    shape = draw(st.integers(2, 12)), draw(st.integers(1, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).integers(n_labels, size=shape), n_labels


@given(families())
def test_greedy_hard_truth_keeps_every_model_near_guessing(family):
    models, n_labels = family
    truth = c.greedy_hard_truth(models, n_labels)
    cap = 1 / n_labels + math.sqrt(math.log(len(models)) / (2 * models.shape[1]))
    assert (models == truth).mean(axis=1).max() <= cap + 1e-12


def test_ends_are_exact():
    assert c.best_codebook_error(13, 2**13) == 0  # every truth has its own codeword; no search
    assert c.distortion_at_rate(0) == 0.5 and c.distortion_at_rate(0, 4) == 0.75
    assert c.distortion_at_rate(1) == 0 and c.distortion_at_rate(2, 4) == 0


def test_greedy_hard_truth_is_exponential_weighting():
    models = np.random.default_rng(2).integers(0, 30, (40, 60))
    rate, right, truth = math.sqrt(8 * math.log(40) / 60), np.zeros(40), []
    for answers in models.T:
        votes = [math.fsum(np.exp(rate * right[answers == label])) for label in range(30)]
        truth.append(int(np.argmin(votes)))
        right += answers == truth[-1]
    assert c.greedy_hard_truth(models, 30).tolist() == truth


def test_greedy_hard_truth_against_copies_and_single_models():
    # A majority of copies must not hide the one model that differs.
    models = np.vstack([np.zeros((50, 400), dtype=int), np.ones((1, 400), dtype=int)])
    assert (models == c.greedy_hard_truth(models)).mean(axis=1).max() <= 0.5 + math.sqrt(math.log(51) / 800)
    assert not (c.greedy_hard_truth(models[:1]) == models[0]).any()
    # Ten thousand facts: weights stay finite.
    many = np.random.default_rng(3).integers(2, size=(64, 10_000))
    assert (many == c.greedy_hard_truth(many)).mean(axis=1).max() <= 0.5 + math.sqrt(math.log(64) / 20_000)


# --- rate and distortion ---


def test_distortion_values():
    expected = [0.316019, 0.214502, 0.110028, 0.041693, 0.012987]
    assert c.distortion_at_rate([0.1, 0.25, 0.5, 0.75, 0.9]) == pytest.approx(expected, abs=5e-7)
    assert c.distortion_at_rate(1, 4) == pytest.approx(0.18929, abs=5e-6)
    assert 1 - c.distortion_at_rate(4 / 7) == pytest.approx(0.912352, abs=5e-7)
    assert c.distortion_at_rate(0) == 0.5 and c.distortion_at_rate(0, 5) == 0.8
    assert c.distortion_at_rate(1) == 0 == c.distortion_at_rate(7.5)
    assert c.distortion_at_rate(math.log2(10), 10) == 0


@given(st.floats(0, 1), st.integers(2, 50))
def test_distortion_inverts_the_rate_function(share, n_labels):
    rate = share * math.log2(n_labels)
    found = c.distortion_at_rate(rate, n_labels)
    slack = 1e-15 + 1e-12 * found
    assert rate_needed(min(found + slack, 1 - 1 / n_labels), n_labels) <= rate + 1e-17
    if found > slack:
        assert rate_needed(found - slack, n_labels) >= rate


@pytest.mark.parametrize("n_labels", [2, 3, 10])
def test_distortion_is_accurate_near_both_ends(n_labels):
    for exponent in range(4, 48, 4):
        # Close to full storage the small error is right in relative terms.
        rate = math.log2(n_labels) - 2.0**-exponent
        error = c.distortion_at_rate(rate, n_labels)
        gap_found = Decimal(math.log2(n_labels)) - Decimal(rate)
        with localcontext(prec=50):
            d = Decimal(error)
            gap = (-d * d.ln() - (1 - d) * (1 - d).ln() + d * Decimal(n_labels - 1).ln()) / Decimal(2).ln()
            assert abs(gap / gap_found - 1) < Decimal("1e-13")
        # Close to no storage the distance to guessing behaves like the root of the rate.
        edge = 1 - 1 / n_labels - c.distortion_at_rate(2.0**-exponent, n_labels)
        limit = math.sqrt(2 * math.log(2) * 2.0**-exponent * (n_labels - 1)) / n_labels
        assert edge == pytest.approx(limit, rel=2 * 2.0 ** (-exponent / 2) * n_labels**0.5 + 1e-8)


@given(st.integers(0, 2**32 - 1), st.sampled_from([(2, 6), (2, 8), (3, 4), (4, 3)]), st.integers(1, 12))
@settings(max_examples=60)
def test_rate_distortion_converse(seed, world, n_states):
    # Any memory with that many states: an arbitrary map from truths to states, then the best answers per state.
    n_labels, n_facts = world
    truths = all_truths(n_facts, n_labels)
    state = np.random.default_rng(seed).integers(n_states, size=len(truths))
    right = 0
    for s in range(n_states):
        group = truths[state == s]
        right += sum(np.bincount(group[:, j], minlength=n_labels).max() for j in range(n_facts))
    error = 1 - right / truths.size
    assert error >= c.distortion_at_rate(math.log2(n_states) / n_facts, n_labels) - 1e-12


@pytest.mark.parametrize(
    ("n_facts", "n_codewords", "n_labels", "error", "least"),
    [
        (3, 2, 2, Fraction(1, 4), 0.1740),
        (4, 4, 2, Fraction(3, 16), 0.1100),
        (3, 2, 3, Fraction(13, 27), 0.3333),
        (2, 1, 3, Fraction(2, 3), 0.6667),
        (2, 4, 2, Fraction(0), 0),
    ],
)
def test_best_codebooks(n_facts, n_codewords, n_labels, error, least):
    found = c.best_codebook_error(n_facts, n_codewords, n_labels)
    assert found == error
    bound = c.distortion_at_rate(math.log2(n_codewords) / n_facts, n_labels)
    assert bound == pytest.approx(least, abs=5e-5)
    assert found >= bound - 1e-12
    # Without the shortcut of a zero codeword: every set of codewords.
    truths = all_truths(n_facts, n_labels)
    distance = (truths[:, None] != truths[None]).sum(axis=2)
    best = min(
        distance[list(book)].min(axis=0).sum() for book in combinations(range(len(truths)), n_codewords)
    )
    assert found == Fraction(int(best), truths.size)


def test_hamming_point():
    truths = all_truths(7, 2)
    memory = c.hamming_encode(truths)
    assert memory.shape == (128, 4)
    wrong = (c.hamming_decode(memory) != truths).sum(axis=1)
    assert wrong.max() == 1 and (wrong == 0).sum() == 16
    assert c.hamming_accuracy() == 1 - Fraction(int(wrong.sum()), 7 * 128) == Fraction(7, 8)
    assert c.naive_accuracy(Fraction(4, 7)) == Fraction(11, 14) < c.hamming_accuracy()
    assert c.hamming_accuracy() < 1 - c.distortion_at_rate(4 / 7)


@given(st.lists(st.integers(0, 1), min_size=4, max_size=4))
def test_hamming_codewords_are_fixed(memory):
    assert c.hamming_encode(c.hamming_decode(memory)).tolist() == memory


def test_naive_accuracy():
    assert c.naive_accuracy(0, 4) == Fraction(1, 4)
    assert c.naive_accuracy(1, 4) == Fraction(5, 8)
    assert c.naive_accuracy(Fraction(9, 2), 4) == 1
    assert c.naive_accuracy(math.log2(3) / 2, 3) == pytest.approx(2 / 3)
    rates = np.linspace(0, 3, 31)
    assert c.naive_accuracy(rates, 4) == pytest.approx([float(c.naive_accuracy(float(r), 4)) for r in rates])
    # Lossy storage beats it strictly between the ends.
    inside = rates[(rates > 0) & (rates < 2)]
    assert (1 - c.distortion_at_rate(inside, 4) > c.naive_accuracy(inside, 4) + 1e-4).all()


# --- facts that can be known for sure ---


@pytest.mark.parametrize(("n_labels", "n_facts", "n_bits"), [(2, 10, 1), (2, 8, 2), (3, 6, 2)])
def test_known_for_sure(n_labels, n_facts, n_bits):
    rng = np.random.default_rng(7)
    truths = all_truths(n_facts, n_labels)
    reached = 0
    for delta in (0.5, 0.25, 0.05):
        cap = c.known_facts_cap(n_bits, delta, n_labels)
        for _ in range(20):
            models = rng.integers(n_labels, size=(2 ** (n_bits + 1) - 1, n_facts))
            answered = rng.random(models.shape) < rng.random((len(models), 1))
            never_wrong = ((truths[:, None] == models[None]) | ~answered[None]).all(axis=2)
            surprising = never_wrong & (answered.sum(axis=1) > cap)
            reached = max(reached, answered.sum(axis=1).max() - cap)
            assert surprising.any(axis=1).mean() <= delta
    assert reached > 0  # some models answered more than the cap, so the test could fail


def test_known_facts_cap_values():
    # Seven billion parameters of two bits, sixteen labels.
    cap = c.known_facts_cap(14 * 10**9, Fraction(1, 2**40), 16)
    assert cap == pytest.approx((14 * 10**9 + 41) / 4, rel=1e-12)
    assert c.known_facts_cap(0, Fraction(1, 8)) == pytest.approx(3)
    assert c.known_facts_cap(2, Fraction(1, 2)) == pytest.approx(math.log2(14))


# --- bad input ---


@pytest.mark.parametrize(
    "call",
    [
        lambda: c.count_strings(0, 3),
        lambda: c.count_strings(2, -1),
        lambda: c.accuracy_cap(-1, 10),
        lambda: c.accuracy_cap(1e8, 10**9),
        lambda: c.accuracy_cap(10, 0),
        lambda: c.accuracy_cap(10, 10, 1),
        lambda: c.accuracy_cap(10, 10, 2, 0),
        lambda: c.accuracy_cap_pinsker(10, 10, 2, 1.0),
        lambda: c.accuracy_cap_pinsker(True, 10),
        lambda: c.greedy_hard_truth([[0, 2]]),
        lambda: c.greedy_hard_truth([[0.0, 1.0]]),
        lambda: c.greedy_hard_truth([0, 1]),
        lambda: c.greedy_hard_truth([[0, 1], [1]]),
        lambda: c.greedy_hard_truth(np.zeros((0, 3), dtype=int)),
        lambda: c.distortion_at_rate(-0.1),
        lambda: c.distortion_at_rate(math.nan),
        lambda: c.distortion_at_rate([0.1, -0.1]),
        lambda: c.distortion_at_rate(0.5, 1),
        lambda: c.naive_accuracy(-1),
        lambda: c.naive_accuracy([0.5, -1]),
        lambda: c.naive_accuracy(0.5, 2.0),
        lambda: c.best_codebook_error(0, 1),
        lambda: c.best_codebook_error(3, 0),
        lambda: c.best_codebook_error(20, 2),
        lambda: c.best_codebook_error(8, 5),
        lambda: c.best_codebook_error(5, 6),
        lambda: c.best_codebook_error(13, 2**13 - 1),
        lambda: c.hamming_encode([0, 1, 0, 1]),
        lambda: c.hamming_encode([0, 1, 0, 1, 2, 0, 0]),
        lambda: c.hamming_decode([0, 1, 0, -1]),
        lambda: c.hamming_decode(1),
        lambda: c.known_facts_cap(10, 1),
        lambda: c.known_facts_cap(10, 0.5, 1),
        lambda: c.known_facts_cap(-1, 0.5),
    ],
)
def test_bad_input_raises(call):
    with pytest.raises(ValueError, match="is not allowed"):
        call()


def test_sizes_at_the_limits():
    """The largest sizes that are allowed work, the next ones are refused by name."""
    assert c.best_codebook_error(12, 1) == Fraction(1, 2)
    with pytest.raises(ValueError, match="n_facts"):
        c.best_codebook_error(13, 1)
    assert c.greedy_hard_truth(np.array([[999_999]]), 10**6).tolist() != [999_999]
    with pytest.raises(ValueError, match="n_labels"):
        c.greedy_hard_truth(np.array([[0]]), 10**6 + 1)
