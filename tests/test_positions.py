"""Positions: exact shares and the ceiling, the undertraining bounds, and where the printed lemma fails."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import positions as p

# --- effective length ---


def test_effective_length_depends_on_the_threshold():
    lengths = [2**k for k in range(12, 18)]
    scores = [96, 95, 94, 93, 88, 67]
    assert [p.effective_length(lengths, scores, t) for t in (85.6, 66, 90, 97)] == [65536, 131072, 32768, 0]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8, unique=True), st.data())
def test_every_tested_length_is_effective_for_some_threshold(scores, data):
    falling = sorted(scores, reverse=True)
    lengths = list(range(1, len(scores) + 1))
    k = data.draw(st.integers(0, len(scores) - 1))
    assert p.effective_length(lengths, falling, falling[k]) == lengths[k]


# --- shares of distances ---


def test_distance_share_values():
    assert p.distance_share(2048, 1024) == Fraction(1024 * 1025, 2048 * 2047)
    assert float(p.distance_share(2048, 1024)) == pytest.approx(0.250366, abs=1e-6)
    assert float(p.distance_share(2048, 1536)) == pytest.approx(0.062653, abs=1e-6)


@given(st.integers(2, 30), st.data())
def test_distance_share_counts_pairs(n, data):
    d = data.draw(st.integers(1, n))
    far = sum(i - j >= d for i in range(n) for j in range(i))
    assert p.distance_share(n, d) == Fraction(far, n * (n - 1) // 2)


@given(st.integers(2, 60), st.integers(1, 59))
def test_distance_share_grows_with_the_segment(n, d):
    if d <= n:
        later, now = p.distance_share(n + 1, d), p.distance_share(n, d)
        assert later > now if d > 1 else later == now == 1


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(2, 40))
def test_ceiling_no_corpus_exceeds_full_windows(lengths, d):
    if max(lengths) < 2:
        lengths = [*lengths, 2]
    share = p.pooled_share(lengths, d)
    pairs = [i - j for n in lengths for i in range(n) for j in range(i)]
    assert share == Fraction(sum(gap >= d for gap in pairs), len(pairs))
    ceiling = p.distance_share(40, d)
    assert share <= ceiling
    full = all(n in (1, 40) for n in lengths)
    assert (share == ceiling) == (full or d == 40)  # no segment has a pair at distance 40


def test_printed_skew_is_the_triangle_not_the_data():
    # "fewer than 20 % and 5 %" is read as skewed data; full windows alone stop at 25.04 % and 6.27 %
    assert 0.20 / float(p.distance_share(2048, 1024)) > 0.79
    assert 0.05 / float(p.distance_share(2048, 1536)) > 0.79
    # documents that are on average longer than the window give the printed figures
    assert p.memoryless_share(2048, 1 / 3155.8, 1024) == pytest.approx(0.2, abs=1e-5)
    assert p.memoryless_share(2048, 1 / 3155.8, 1536) == pytest.approx(0.04482, abs=1e-5)
    # skewness of the triangle law on (0, 1): the mass is at small distances, so it is positive
    x = np.arange(1, 2048)
    w = (2048 - x) / (2048 - x).sum()
    mean = w @ x
    assert w @ (x - mean) ** 3 / (w @ (x - mean) ** 2) ** 1.5 == pytest.approx(0.566, abs=1e-3)


def test_memoryless_share_values():
    assert p.memoryless_share(2048, 1 / 1000, 1024) == pytest.approx(0.117128, abs=1e-5)
    assert p.memoryless_share(2048, 1 / 1000, 1536) == pytest.approx(0.020405, abs=1e-5)
    assert p.memoryless_share(2048, 0, 1024) == pytest.approx(float(p.distance_share(2048, 1024)), rel=1e-12)


def cuts(length, pattern):
    """Lengths of the documents of a window whose boundary gaps are the ones of `pattern`."""
    sizes = [1]
    for gap in pattern:
        if gap:
            sizes.append(1)
        else:
            sizes[-1] += 1
    return sizes


@given(st.integers(2, 8), st.fractions(0, 1, max_denominator=9), st.data())
@settings(max_examples=40, deadline=None)
def test_memoryless_documents_by_enumeration(length, c, data):
    d = data.draw(st.integers(1, length - 1))
    far = pairs = some = Fraction(0)
    for pattern in product((0, 1), repeat=length - 1):
        weight = c ** sum(pattern) * (1 - c) ** (length - 1 - sum(pattern))
        sizes = cuts(length, pattern)
        far += weight * sum((n - d) * (n - d + 1) // 2 for n in sizes if n > d)
        pairs += weight * sum(n * (n - 1) // 2 for n in sizes)
        some += weight * (max(sizes) > d)
    assert p.occurrence_probability(length, c, d) == some
    if c < 1:
        assert p.memoryless_share(length, c, d) == pytest.approx(float(far / pairs), rel=1e-12)


def test_occurrence_probability_values():
    assert p.occurrence_probability(2048, 1 / 1000, 1024) == pytest.approx(0.72620, abs=1e-4)
    assert p.occurrence_probability(2048, 1 / 1000, 2000) == pytest.approx(0.14155, abs=1e-4)
    chances = [p.occurrence_probability(64, Fraction(1, 20), d) for d in range(1, 64)]
    assert chances == sorted(chances, reverse=True)


# --- three readings of "a position is seen" ---


def test_three_readings_of_rarely_seen():
    tokens, by_query, by_key = p.index_shares(2048, 1536)
    assert tokens == Fraction(1, 4)
    assert float(by_query) == pytest.approx(0.4376, abs=5e-5)
    assert float(by_key) == pytest.approx(0.0624, abs=5e-5)


@given(st.integers(2, 25), st.data())
def test_index_shares_count_pairs(n, data):
    s = data.draw(st.integers(0, n))
    pairs = [(i, j) for i in range(1, n + 1) for j in range(1, i)]
    by_query = Fraction(sum(i > s for i, _ in pairs), len(pairs))
    by_key = Fraction(sum(j > s for _, j in pairs), len(pairs))
    assert p.index_shares(n, s) == (Fraction(n - s, n), by_query, by_key)


def test_exposure_is_linear_and_not_small():
    assert p.exposure(2048, 1024) == Fraction(1, 2)
    assert p.exposure(2048, 1536) == Fraction(1, 4)
    assert p.exposure(2048, 2047) == Fraction(1, 2048)
    assert p.exposure(4096, 1024) == Fraction(3, 4)
    assert p.exposure(5, 9) == 0


@given(st.integers(1, 30), st.integers(1, 40))
def test_exposure_counts_queries_with_a_key(n, d):
    assert p.exposure(n, d) == Fraction(sum(i - d >= 0 for i in range(n)), n)


def test_late_positions_are_near_their_queries():
    # the printed hypothesis "p(j) -> 0 as j -> L" speaks about the nearest keys, not the distant ones
    assert p.farthest_query(2048, 2040) == 8
    assert p.farthest_query(2048, 1) == 2047
    assert all(p.farthest_query(9, j) == max(i - j for i in range(j, 10)) for j in range(1, 10))


# --- Lemma 2: where it fails and what replaces it ---


@pytest.mark.parametrize("eps", [Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000)])
def test_printed_gradient_bound_fails_for_shared_parameters(eps):
    g = p.shared_gradient(eps)
    assert g.total == Fraction(1, 2) - eps / 6
    assert g.total > g.printed_bound == eps
    assert g.pathway <= g.printed_bound


def test_shared_gradient_against_a_numerical_derivative():
    def loss(theta, third):
        return -theta + math.log(1 + (1 + third) * math.exp(theta))

    h = 1e-5
    for eps in (0.0, 0.3, 1.0):
        slope = sum(w * (loss(h, third) - loss(-h, third)) / (2 * h) for w, third in ((1 - eps, 0), (eps, 1)))
        assert p.shared_gradient(eps).total == pytest.approx(-slope, abs=1e-9)


@given(
    st.floats(0, 0.95),
    st.floats(0.01, 1),
    st.lists(st.floats(-1, 1), min_size=1, max_size=40),
)
def test_displacement_bound_with_momentum_holds_pathwise(beta, eta, gradients):
    x = m = 0.0
    for g in gradients:
        m = beta * m + g
        x -= eta * m
    seen = sum(g != 0 for g in gradients)
    # in every run: the bound with the actual number of touched steps in place of p T
    assert abs(x) <= p.displacement_bound(1, 1, seen, eta, beta) * (1 + 1e-9) + 1e-12


def test_displacement_bound_is_attained_and_exact():
    assert p.displacement_bound(2, Fraction(1, 100), 300, Fraction(1, 5)) == Fraction(6, 5)
    assert p.displacement_bound(2, Fraction(1, 100), 300, Fraction(1, 5), Fraction(9, 10)) == 12


def test_printed_attention_bound_fails_by_jensen():
    gap = p.jensen_gap()
    assert gap.attention_change == pytest.approx(0.2310585786, abs=1e-10)
    assert gap.mean_displacement == 0
    # with the mean distance instead of the mean displacement the inequality is right
    theta = np.linspace(-1, 1, 20001)
    s = 1 / (1 + np.exp(-(theta**2)))
    lipschitz = np.abs(2 * theta * s * (1 - s)).max()
    assert lipschitz == pytest.approx(0.393224, abs=1e-6)
    assert gap.attention_change <= lipschitz * gap.mean_distance


@given(st.floats(1e-3, 3))
def test_jensen_gap_is_positive_for_every_step(step):
    gap = p.jensen_gap(step)
    assert gap.attention_change > 0 == gap.mean_displacement
    assert gap.attention_change == pytest.approx(1 / (1 + math.exp(-(step**2))) - 0.5, abs=1e-14)


# --- the time scale ---


def test_rare_block_time_scale_values():
    assert p.mean_fraction(0.01, 1000, 0.1) == pytest.approx(0.632305, abs=1e-6)
    assert p.half_time(0.01, 0.1) == pytest.approx(692.8005, abs=1e-3)
    assert p.half_time(1, 0.1) == pytest.approx(6.5788, abs=1e-3)
    assert p.mean_fraction(0.02, 400, 0.1) == pytest.approx(1 - 0.448969, abs=1e-6)
    assert p.mean_square_error(0.02, 400, 0.1) == pytest.approx(0.218080, abs=1e-6)


def test_rare_block_can_move_more_than_a_frequent_one():
    # near block at its optimum stays; the far one moves: "nearer weights move strictly more" fails
    near = 0.0 * p.mean_fraction(1, 1000, 0.1)
    assert p.mean_fraction(0.01, 1000, 0.1) > 0.6 > near


@given(st.fractions(0, 1, max_denominator=12), st.integers(0, 8), st.integers(1, 9))
@settings(deadline=None)
def test_time_scale_by_enumeration(rate, steps, tenths):
    s = Fraction(tenths, 10)
    mean = square = Fraction(0)
    for pattern in product((0, 1), repeat=steps):
        weight = rate ** sum(pattern) * (1 - rate) ** (steps - sum(pattern))
        left = (1 - s) ** sum(pattern)
        mean += weight * left
        square += weight * left**2
    assert p.mean_fraction(rate, steps, s) == 1 - mean
    assert p.mean_square_error(rate, steps, s) == square


@given(st.floats(1e-6, 1), st.floats(1e-6, 0.999))
def test_half_time_bracket(rate, s):
    t = p.half_time(rate, s)
    assert math.log(2) / (s * rate) * (1 - s * rate) <= t * (1 + 1e-12)
    assert t <= math.log(2) / (s * rate) * (1 + 1e-12)


# --- Adam ---


def test_adam_isolated_values():
    assert p.adam_isolated(0.9, 0.999) == pytest.approx(31.76583, abs=1e-4)
    assert p.adam_isolated(0.9, 0.95) == pytest.approx(5.83681, abs=1e-4)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e3])
def test_adam_isolated_event_in_torch(size):
    torch = pytest.importorskip("torch")
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([x], lr=1.0, eps=1e-30)
    x.grad = torch.zeros(1, dtype=torch.float64)
    adam.step()
    adam.state[x]["step"] += 100_000  # late in training: the bias corrections are 1
    for g in [size] + [0.0] * 400:
        x.grad = torch.tensor([g], dtype=torch.float64)
        adam.step()
    assert -x.item() == pytest.approx(p.adam_isolated(), rel=1e-3)


# --- the training run ---


def short_documents(runs, steps, window, seed):
    rng = np.random.default_rng(seed)
    return np.minimum(rng.geometric(1 / 6, size=(runs, steps)), window), rng


def test_training_obeys_both_bounds_for_private_biases():
    lengths, rng = short_documents(24, 150, 16, 5)
    run = p.train_distance_biases(lengths, 16, 0.2, rng)
    moved = np.abs(run.biases)
    assert (moved <= 0.2 * run.exposure + 1e-12).all()
    assert (run.exposure <= run.seen).all()
    # the mean bound with p = P(n > distance); n is geometric with mean 6
    for k in range(15):
        bound = p.displacement_bound(1, (5 / 6) ** (k + 1), 150, 0.2)
        assert moved[:, k].mean() <= bound
    # far biases have travelled less of their way than near ones
    travelled = (run.biases * run.target).mean(axis=0)
    assert travelled[:4].mean() > 5 * travelled[-4:].mean()


def test_a_distance_that_never_occurs_keeps_its_bias():
    lengths, rng = short_documents(4, 20, 16, 5)
    run = p.train_distance_biases(np.minimum(lengths, 9), 16, 0.2, rng)
    assert (run.seen[:, 8:] == 0).all() and (run.biases[:, 8:] == 0).all() and (run.seen[:, 0] > 0).all()


def test_shared_weight_breaks_the_printed_displacement_bound():
    lengths, rng = short_documents(24, 150, 16, 5)
    run = p.train_distance_biases(lengths, 16, 0.2, rng)
    # the content weight also serves the pair at distance 15, which is nearly never seen (score gradient <= |cue|)
    assert run.content.mean() > 0.5
    rate = run.seen[:, -1].mean() / 150
    assert run.content.mean() > 1.5 * p.displacement_bound(4 / 15, rate, 150, 0.2)


def test_adam_breaks_the_printed_displacement_bound():
    lengths, rng = short_documents(24, 150, 16, 5)
    run = p.train_distance_biases(lengths, 16, 0.01, rng, "adam")
    # a gradient at distance 15 is at most 1/16 (one query of a full window); Adam does not care
    rate = run.seen[:, -1].mean() / 150
    assert np.abs(run.biases[:, -1]).mean() > 10 * p.displacement_bound(1 / 16, rate, 150, 0.01)


def test_training_is_repeatable_and_leaves_torch_alone():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    one, two = (p.train_distance_biases(*_few()) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert torch.get_num_threads() == threads
    assert torch.tensor(1e-310, dtype=torch.float64).mul(0.5).item() > 0


def _few():
    lengths, rng = short_documents(3, 5, 6, 9)
    return lengths, 6, 0.3, rng


def test_one_training_step_by_hand():
    lengths = np.array([[4]])
    run = p.train_distance_biases(lengths, 5, 0.7, np.random.default_rng(2))
    cues = np.random.default_rng(2).standard_normal((1, 4, 5))[0]
    gradient, content = np.zeros(4), 0.0
    for i in range(1, 4):
        gaps = i - np.arange(i)
        teacher = np.exp(cues[i - 1, :i] + np.where(gaps % 2, 1.0, -1.0))
        pull = np.full(i, 1 / i) - teacher / teacher.sum()
        gradient[gaps - 1] += pull / 4
        content += pull @ cues[i - 1, :i] / 4
    assert np.allclose(run.biases[0], -0.7 * gradient, atol=1e-14)
    assert run.content[0] == pytest.approx(-0.7 * content, abs=1e-14)
    assert run.seen.tolist() == [[1, 1, 1, 0]]
    assert np.allclose(run.exposure[0], [float(p.exposure(4, d)) for d in range(1, 5)])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("lengths", lambda: p.effective_length([4, 4], [1, 2], 0)),
        ("scores", lambda: p.effective_length([4, 8], [1], 0)),
        ("length", lambda: p.distance_share(1, 1)),
        ("distance", lambda: p.distance_share(8, 9)),
        ("distance", lambda: p.distance_share(8, 2.0)),
        ("lengths", lambda: p.pooled_share([1, 1], 1)),
        ("boundary", lambda: p.memoryless_share(8, 1, 2)),
        ("boundary", lambda: p.occurrence_probability(8, -0.1, 2)),
        ("distance", lambda: p.occurrence_probability(8, 0.1, 8)),
        ("start", lambda: p.index_shares(8, 9)),
        ("distance", lambda: p.exposure(8, 0)),
        ("position", lambda: p.farthest_query(8, 9)),
        ("rate", lambda: p.shared_gradient(1.5)),
        ("momentum", lambda: p.displacement_bound(1, 0.5, 10, 0.1, 1)),
        ("step", lambda: p.jensen_gap(-1)),
        ("step", lambda: p.mean_fraction(0.5, 10, 1)),
        ("p", lambda: p.half_time(0, 0.1)),
        ("p", lambda: p.mean_square_error(2, 1, 0.1)),
        ("beta1", lambda: p.adam_isolated(0.99, 0.9)),
        ("lengths", lambda: p.train_distance_biases(np.array([[9]]), 8, 0.1, np.random.default_rng(0))),
        ("lengths", lambda: p.train_distance_biases(np.array([[2.5]]), 8, 0.1, np.random.default_rng(0))),
        ("optimizer", lambda: p.train_distance_biases(np.ones((1, 1)), 8, 0.1, None, "lion")),
    ],
)
def test_positions_bad_input(name, call):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        call()
