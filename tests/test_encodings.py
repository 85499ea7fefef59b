"""Encodings: the kernel and its laws, where the attenuation lemma fails, rotary scores, biases, no positions."""

from __future__ import annotations

import math
import tracemalloc
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import encodings as e

SHAPES = [(128, 1e4), (512, 1e4), (128, 5e5), (512, 5e5)]


def exact_kernel(distance: int, dim: int, base: float) -> float:
    """Thirty digits of the geometric kernel."""
    with mpmath.workdps(40):
        m = dim // 2
        b = mpmath.mpf(base)
        return float(mpmath.fsum(mpmath.cos(distance * b ** (-mpmath.mpf(k) / m)) for k in range(m)) / m)


# --- the kernel ---


def test_kernel_is_right_to_rounding_at_any_distance():
    for dim, base, distance in (
        (128, 1e4, 19_999),
        (512, 1e4, 19_999),
        (64, 5e5, 10**9),
        (8, 1e4, 2**53 - 1),
    ):
        value = exact_kernel(distance, dim, base)
        assert e.geometric_kernel(distance, dim, base) == pytest.approx(value, abs=1e-14)
        assert e.kernel_range(distance, distance + 1, dim, base)[0] == pytest.approx(value, abs=1e-13)


@given(st.integers(0, 2**53), st.lists(st.floats(0, 7), min_size=1, max_size=5))
def test_mean_cosine_against_exact_reduction(distance, frequencies):
    with mpmath.workdps(60):
        value = mpmath.fsum(mpmath.cos(mpmath.mpf(w) * distance) for w in frequencies) / len(frequencies)
    assert e.mean_cosine(distance, frequencies) == pytest.approx(float(value), abs=1e-13)


def test_kernel_values_of_the_two_tables():
    rows = {
        (128, 1e4): (0.4772, 0.1590, -0.0279, -0.1015),
        (512, 1e4): (0.4373, 0.1757, -0.0644, -0.0593),
        (128, 5e5): (0.6110, 0.4923, 0.1870, 0.1291),
        (512, 5e5): (0.6066, 0.4233, 0.2374, 0.2124),
    }
    limits = {1e4: (0.4368, 0.1877, -0.0366, -0.0459), 5e5: (0.6047, 0.4297, 0.2541, 0.2013)}
    at = [100, 1000, 10_000, 19_999]
    for (dim, base), row in rows.items():
        assert e.geometric_kernel(at, dim, base) == pytest.approx(row, abs=5e-5)
        assert e.geometric_kernel_limit(at, base) == pytest.approx(limits[base], abs=5e-5)
    assert [e.first_negative(*shape) for shape in SHAPES] == [1707, 3284, 18_438, 81_717]


def test_dot_product_of_codes_is_the_kernel():
    w = e.geometric_frequencies(64)
    near, far = e.sinusoidal_code([3, 17], w), e.sinusoidal_code([10**6 + 3, 10**6 + 17], w)
    assert near[0] @ near[1] / 32 == pytest.approx(e.mean_cosine(14, w), abs=1e-12)
    # the same distance apart at a million: nothing saturates
    assert far[0] @ far[1] == pytest.approx(near[0] @ near[1], abs=1e-9)
    assert np.linalg.norm(far, axis=1) == pytest.approx(np.sqrt([32, 32]))


def test_no_near_coincidence_within_a_million_positions():
    for dim, nearest in ((128, 0.9702), (512, 0.9731)):
        assert e.max_kernel(1, 10**6 + 1, dim) == (pytest.approx(nearest, abs=5e-5), 1)
    assert e.max_kernel(2, 10**6 + 1, 128) == (pytest.approx(0.896592, abs=1e-6), 2)
    assert e.max_kernel(1000, 10**6 + 1, 128) == (pytest.approx(0.377547, abs=1e-6), 978_796)
    assert e.max_kernel(1000, 10**6 + 1, 512) == (pytest.approx(0.225736, abs=1e-6), 1016)


def test_a_million_distances_fit_in_a_few_seconds_and_300_megabytes():
    tracemalloc.start()
    values = e.kernel_range(0, 10**6, 512)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6
    some = np.arange(0, 10**6, 49_999)
    assert values[some] == pytest.approx(e.geometric_kernel(some, 512), abs=1e-12)


# --- no limit at a fixed width ---


@pytest.mark.parametrize("m", [1, 4, 64, 1000])
def test_printed_limit_fails_on_a_uniform_grid(m):
    grid = 2 * math.pi * (m + np.arange(1, m + 1)) / (8 * m)
    assert e.mean_cosine(8 * m, grid) == pytest.approx(1, abs=1e-9)
    assert e.dirichlet_kernel(8 * m, m, grid[0], math.pi / (4 * m)) == pytest.approx(1, abs=1e-9)
    # the printed leading term at the same distance is of order 1 / m
    assert 2 / (math.pi / 4 * 8 * m) < 0.32 / m


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=3), st.integers(2, 7), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_kernel_returns_in_dirichlets_time(frequencies, q, start):
    last = start * q ** len(frequencies)
    found = e.first_return(frequencies, math.cos(2 * math.pi / q) - 1e-12, start, last)
    assert start <= found <= last


def test_return_with_two_frequencies():
    assert 1 - e.mean_cosine(710, [1.0, 2.0]) == pytest.approx(4.543e-9, rel=1e-3)
    assert e.first_return([1.0, 2.0], 1 - 1e-8) == 710


@given(st.lists(st.floats(0.1, 3), min_size=1, max_size=5, unique=True), st.integers(1, 300))
def test_mean_square_is_the_average(frequencies, horizon):
    values = e.mean_cosine(np.arange(horizon), frequencies)
    assert e.mean_square(frequencies, horizon) == pytest.approx(np.mean(values**2), abs=1e-9)


def test_mean_square_tends_to_a_floor_set_by_the_width():
    for dim in (128, 512):
        floor = 1 / dim  # 1 / (2m)
        assert e.mean_square(e.geometric_frequencies(dim), 10**12) == pytest.approx(floor, abs=1e-6)
        assert e.kernel_rms(10**9, 10**9 + 10**6, dim) ** 2 == pytest.approx(floor, rel=0.15)


# --- uniform grids ---


@given(st.integers(1, 40), st.floats(0, 2), st.floats(1e-3, 1), st.floats(1e-3, 5000))
@settings(max_examples=300, deadline=None)
def test_dirichlet_kernel_and_its_bounds(m, first, spacing, distance):
    grid = first + spacing * np.arange(m)
    value = e.dirichlet_kernel(distance, m, first, spacing)
    assert value == pytest.approx(np.cos(grid * distance).mean(), abs=1e-8)
    if 0 < spacing * distance <= math.pi:
        assert abs(value) <= e.arithmetic_bound(distance, m, spacing) + 1e-9


@given(st.lists(st.floats(0.5, 2), min_size=1, max_size=30), st.floats(0.01, 300))
def test_koksma_bound_for_any_grid(grid, distance):
    gap = e.mean_cosine(distance, grid) - e.band_kernel(distance, 0.5, 2.0)
    assert abs(gap) <= e.band_error_bound(distance, grid, 0.5, 2.0) + 1e-12


def test_midpoint_grid_has_the_least_discrepancy_and_no_decay_follows():
    m = 256
    grid = e.midpoint_frequencies(m, math.pi / 4, math.pi / 2)
    assert e.star_discrepancy((grid - math.pi / 4) / (math.pi / 4)) == pytest.approx(1 / (2 * m))
    x = np.geomspace(1, 10**5, 4000)
    total = 2 / (math.pi / 4 * x) + e.band_error_bound(x, grid, math.pi / 4, math.pi / 2)
    assert total.min() >= 2 / math.sqrt(m) - 1e-12


# --- the logarithmic law ---


@pytest.mark.parametrize("dim", [64, 128, 512, 4096])
@pytest.mark.parametrize("base", [100.0, 1e4, 5e5])
def test_limit_law_and_its_error_bounds(dim, base):
    x = np.unique(np.geomspace(1, 10**5, 200).astype(int))
    box = e.kernel_enclosure(x, dim, base)
    kernel = e.geometric_kernel(x, dim, base)
    assert (kernel >= box.low - 1e-12).all() and (kernel <= box.high + 1e-12).all()
    law = e.limit_enclosure(x, base)
    limit = e.geometric_kernel_limit(x, base)
    assert (limit >= law.low - 1e-12).all() and (limit <= law.high + 1e-12).all()


def test_limit_law_is_the_limit_of_wide_encodings():
    for x in (1, 10, 100):
        assert e.geometric_kernel(x, 2 * 20_000) == pytest.approx(e.geometric_kernel_limit(x), abs=1e-4)


def test_printed_lemma_does_not_describe_the_encodings_in_use():
    # a law 1 / distance through the value at 10 would give 0.0068 at 1000
    at_ten, at_thousand = e.geometric_kernel([10, 1000], 512)
    assert at_ten / 100 == pytest.approx(0.0068, abs=1e-4)
    assert at_thousand == pytest.approx(0.17567, abs=1e-5)


def test_landmarks_of_the_limit_law():
    half, zero = e.limit_landmarks(1e4)
    assert half == pytest.approx(56.146, abs=1e-3) and zero == pytest.approx(6165.05, abs=0.01)
    assert e.geometric_kernel_limit(half) == pytest.approx(0.49921, abs=1e-5)
    assert zero / 1e4 == pytest.approx(float(mpmath.findroot(mpmath.ci, 0.6)), abs=1e-12)
    half = e.limit_landmarks(5e5)[0]
    assert e.geometric_kernel_limit(half, 5e5) == pytest.approx(0.50018, abs=1e-5)
    # negative, then positive: the law is not monotone
    assert e.geometric_kernel_limit(3e4) < 0 < e.geometric_kernel_limit(6e4)


@pytest.mark.parametrize(
    ("dim", "base", "rms", "predicted"),
    [
        (128, 1e4, 0.08280, 0.08341),
        (512, 1e4, 0.03746, 0.03787),
        (128, 5e5, 0.07161, 0.07160),
        (512, 5e5, 0.03244, 0.03257),
    ],
)
def test_scatter_at_a_finite_width(dim, base, rms, predicted):
    scatter = e.limit_scatter(50_000, 100_000, dim, base)
    assert scatter.rms == pytest.approx(rms, abs=1e-5)
    assert scatter.predicted_rms == pytest.approx(predicted, abs=1e-5)


def test_scatter_over_the_range_of_use():
    assert e.limit_scatter(1, 10_001, 128)[:2] == pytest.approx((0.2222, 0.0660), abs=5e-5)
    assert e.limit_scatter(1, 10_001, 512)[:2] == pytest.approx((0.0944, 0.0278), abs=5e-5)
    assert e.limit_scatter(1, 200_001, 128, 5e5)[:2] == pytest.approx((0.2969, 0.0715), abs=5e-5)
    assert e.limit_scatter(1, 200_001, 512, 5e5)[:2] == pytest.approx((0.1478, 0.0323), abs=5e-5)


def test_positions_one_and_twenty_thousand():
    value = e.geometric_kernel(19_999, 512)
    assert value == pytest.approx(-0.059341188829821, abs=1e-14)
    assert math.degrees(math.acos(value)) == pytest.approx(93.402, abs=1e-3)
    # the lemma's leading term for the whole band is 593 times smaller
    assert abs(value) * 19_999 / 2 > 590


@given(st.integers(0, 300), st.integers(0, 300), st.integers(-50, 5000))
@settings(max_examples=30, deadline=None)
def test_a_head_can_prefer_any_offset(i, j, shift):
    w = e.geometric_frequencies(16)
    score = e.sinusoidal_code(i, w) @ e.offset_matrix(w, shift) @ e.sinusoidal_code(j, w)
    assert score == pytest.approx(8 * e.mean_cosine(i - j - shift, w), abs=1e-9)


def test_favourite_offset_is_the_unique_maximum():
    w = e.geometric_frequencies(64)
    matrix = e.offset_matrix(w, 4321)
    assert matrix @ matrix.T == pytest.approx(np.eye(64), abs=1e-12)
    scores = e.sinusoidal_code(np.arange(5000), w) @ (e.sinusoidal_code(5000, w) @ matrix)
    assert 5000 - scores.argmax() == 4321


# --- rotary encoding ---


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_rotary_score_depends_on_the_distance_only(i, j, seed):
    q, k = np.random.default_rng(seed).standard_normal((2, 8))
    product = e.rope_rotate(q, i) @ e.rope_rotate(k, j)
    assert product == pytest.approx(e.rope_score(q, k, i - j), abs=1e-9)
    assert np.linalg.norm(e.rope_rotate(q, i)) == pytest.approx(np.linalg.norm(q))


@pytest.mark.parametrize("target", [1, 37, 5000, 123_456])
def test_printed_damping_fails_any_distance_can_be_the_favourite(target):
    q = np.ones(128) / math.sqrt(128)
    scores = e.rope_score(q, e.rope_rotate(q, target), np.arange(150_000))
    assert scores.argmax() == target and scores[target] == pytest.approx(1, abs=1e-12)
    assert np.sort(scores)[-2] == pytest.approx(1 - 0.029786, abs=1e-6)


def test_rotary_mass_on_a_far_key():
    values = [e.rope_mass(131_072, 100_000, 128, scale) for scale in (100, 300, 500)]
    assert values == pytest.approx([0.90761, 0.99974, 0.9999993], abs=1e-5)
    q = np.ones(8) / math.sqrt(8)
    logits = 20 * e.rope_score(q, e.rope_rotate(q, 30), np.arange(64))
    assert e.rope_mass(64, 30, 8, 20) == pytest.approx((np.exp(logits) / np.exp(logits).sum())[30])


def test_no_decaying_bound_can_hold():
    # query = key: the score returns close to its maximum for ever (shown here for four pairs)
    w = e.geometric_frequencies(8)
    assert e.first_return(w, 0.95, start=10**6, most=10**8) > 10**6
    assert e.geometric_kernel(10**5, 128) > 0 > e.geometric_kernel(19_999, 128)


def test_random_keys_are_not_damped():
    rng = np.random.default_rng(4)
    q = rng.standard_normal(128)
    for distance in (0, 1, 100, 10**6):
        scores = rng.standard_normal((20_000, 128)) @ e.rope_rotate(q, distance)
        assert abs(scores.mean()) < 4 * np.linalg.norm(q) / math.sqrt(20_000)
        assert scores.var() == pytest.approx(q @ q, rel=0.04)


def test_advantage_of_a_similar_key_is_the_kernel():
    rng = np.random.default_rng(5)
    q, other, noise = rng.standard_normal((3, 20_000, 128))
    for distance in (0, 3, 50):
        turned = np.array([e.rope_rotate(row, distance) for row in np.eye(128)])
        gap = ((q @ turned) * (q + noise - other)).sum(axis=1)
        assert gap.mean() == pytest.approx(128 * e.geometric_kernel(distance, 128), abs=4 * gap.std() / 141)


def test_abel_bound_says_less_than_nothing():
    x = np.arange(1, 100_001)
    bound = e.abel_bound(x, 128)
    assert (np.abs(e.kernel_range(1, 100_001, 128)) <= bound).all()
    assert bound.min() == pytest.approx(1.17935, abs=1e-5) and x[bound.argmin()] == 70_508


def test_llama_shapes():
    shapes = {
        (128, 1e4, 2048): (41, 23, 82),
        (128, 1e4, 4096): (46, 18, 92),
        (128, 1e6, 16_384): (37, 27, 74),
        (128, 5e5, 8192): (35, 29, 70),
        (128, 5e5, 131_072): (49, 15, 98),
    }
    for shape, row in shapes.items():
        assert e.rope_periods(*shape)[:3] == row
    assert e.rope_periods(128, 1e4, 4096).longest_wavelength == pytest.approx(54_410.1, abs=0.1)
    assert e.rope_periods(128, 5e5, 4096).longest_wavelength == pytest.approx(2_559_195.5, abs=0.1)


@given(st.integers(2, 100), st.floats(2, 1e7), st.integers(7, 10**6))
def test_completing_pairs_by_the_formula(m, base, length):
    done = e.rope_periods(2 * m, base, length).completing
    formula = m * math.log(length / (2 * math.pi), base)
    assert done == min(m, math.floor(formula + 1e-12) + 1)
    if length < 2 * math.pi * base ** ((m - 1) / m) * (1 - 1e-9):
        assert done == math.ceil(formula - 1e-12)


def test_no_cliff_at_the_trained_length():
    bands = [e.kernel_rms(2**k, 2 ** (k + 1), 128) for k in (11, 12, 13, 14)]
    assert bands == pytest.approx([0.0926, 0.0703, 0.0861, 0.0838], abs=1e-4)


def test_context_extension_lowers_frequencies():
    # the printed "amplifies" has the wrong direction
    for scale in (2, 4, 8, 32):
        new, old = e.geometric_frequencies(128, e.ntk_base(1e4, scale, 128)), e.geometric_frequencies(128)
        ratio = new / old
        assert ratio[0] == 1 and ratio[-1] == pytest.approx(1 / scale, rel=1e-12) and (ratio <= 1).all()
    worst = [e.arc_ratios(128, 1e4, scale, "ntk")[46] for scale in (2, 4, 8, 32)]
    assert worst == pytest.approx([1.206, 1.454, 1.753, 2.548], abs=1e-3)
    assert e.arc_ratios(128, 1e4, 8, "interpolation") == pytest.approx(np.ones(64))
    assert e.arc_ratios(128, 1e4, 8) == pytest.approx(np.full(64, 8))


def test_bases_that_keep_the_kernel_positive():
    bases = 1000 * 1.02 ** np.arange(137)
    for length in (1024, 2048):
        allowed = e.admissible_bases(length, 128, bases)
        for base, good in zip(bases[::17], allowed[::17], strict=True):
            assert good == (e.first_negative(128, float(base)) >= length)
        # several times the base that the limit law asks for
        assert bases[allowed][0] > 2 * length / 0.6165


# --- learned rows ---


def test_untrained_rows_are_far_apart():
    value = e.max_row_cosine(1024, 768, np.random.default_rng(0))
    assert 0.15 < value < e.row_cosine_level(1024, 768, 0.01) < 0.22
    tries = [e.max_row_cosine(20, 40, np.random.default_rng(seed)) for seed in range(300)]
    assert np.mean(np.array(tries) >= e.row_cosine_level(20, 40, 0.2)) <= 0.2


@given(st.integers(1, 60), st.floats(0, 1))
def test_cap_bound(dim, t):
    # P(<u, v> >= t) = I_{1 - t^2}((d - 1) / 2, 1/2) / 2 for uniform u
    exact = 0.5 if dim == 1 else float(mpmath.betainc((dim - 1) / 2, 0.5, 0, 1 - t * t, regularized=True)) / 2
    assert exact <= math.exp(-dim * t * t / 2) + 1e-12


# --- biases by distance ---


def test_printed_claim_fails_t5_saturates():
    assert e.t5_bucket(np.arange(130)).tolist()[:20] == [*range(16), 16, 16, 16, 17]
    assert (e.t5_bucket(np.arange(200)) == 31).argmax() == 113
    assert e.t5_bucket(113) == e.t5_bucket(10**6) == 31
    assert (np.diff(e.t5_bucket(np.arange(10**4))) >= 0).all()


@given(st.integers(1, 80), st.floats(0.01, 1), st.floats(0, 5), st.data())
@settings(deadline=None)
def test_alibi_cuts_off_exponentially(n, slope, spread, data):
    z = np.array(data.draw(st.lists(st.floats(0, spread), min_size=n, max_size=n)))
    logits = z - slope * np.arange(n)
    weights = np.exp(logits - logits.max())
    weights /= weights.sum()
    eps = data.draw(st.floats(0.001, 0.5))
    reach = e.alibi_reach(slope, spread, eps)
    assert weights[reach + 1 :].sum() <= eps * (1 + 1e-9)


def test_alibi_reach_values():
    assert e.alibi_reach(1 / 256, 0, 0.01) == 1178
    assert e.alibi_reach(1 / 256, 20, 0.01) == 6298


# --- attention without positions ---


def test_order_is_invisible_only_without_mask_or_in_one_layer():
    rng = np.random.default_rng(7)
    x = rng.standard_normal((6, 4))
    swapped = x[[0, 2, 1, 3, 4, 5]]
    layers = [tuple(rng.standard_normal((3, 4, 4))) for _ in range(2)]

    def change(depth, causal):
        out, other = (e.attention_layers(t, layers[:depth], causal) for t in (x, swapped))
        return np.abs(out[-1] - other[-1]).max()

    assert change(2, False) < 1e-12 and change(1, True) < 1e-12
    assert change(2, True) > 0.5


def test_unmasked_layers_are_equivariant():
    rng = np.random.default_rng(9)
    x, order = rng.standard_normal((7, 4)), rng.permutation(7)
    layers = [tuple(rng.standard_normal((3, 4, 4))) for _ in range(3)]
    out = e.attention_layers(x, layers, False)
    assert e.attention_layers(x[order], layers, False) == pytest.approx(out[order], abs=1e-12)


def test_a_causal_head_reads_off_the_position():
    marker = np.zeros((50, 2))
    marker[0, 0] = 1
    layer = (np.zeros((2, 2)), np.zeros((2, 2)), np.array([[0.0, 1.0], [0.0, 0.0]]))
    out = e.attention_layers(marker, [layer], True)
    assert out[:, 1] == pytest.approx([1 / i for i in range(1, 51)], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("dim", lambda: e.geometric_frequencies(7)),
        ("dim", lambda: e.geometric_frequencies(0)),
        ("base", lambda: e.geometric_kernel(3, 8, 1)),
        ("distance", lambda: e.geometric_kernel(2.0**54, 8)),
        ("distance", lambda: e.geometric_kernel(math.inf, 8)),
        ("frequencies", lambda: e.mean_cosine(1, [[1.0]])),
        ("stop", lambda: e.kernel_range(5, 5, 8)),
        ("start", lambda: e.kernel_rms(-1, 5, 8)),
        ("stop", lambda: e.max_kernel(5, 4, 8)),
        ("most", lambda: e.first_return([1.0, 2.0], 0.999999, 1, 10)),
        ("level", lambda: e.first_return([1.0], 1)),
        ("horizon", lambda: e.mean_square([1.0], 0)),
        ("high", lambda: e.midpoint_frequencies(4, 1, 1)),
        ("spacing", lambda: e.dirichlet_kernel(1, 4, 1, 0)),
        ("distance", lambda: e.arithmetic_bound(4, 4, 1)),
        ("distance", lambda: e.band_kernel(0, 1, 2)),
        ("points", lambda: e.star_discrepancy([1.5])),
        ("frequencies", lambda: e.band_error_bound(1, [3.0], 1, 2)),
        ("distance", lambda: e.geometric_kernel_limit(-1)),
        ("distance", lambda: e.limit_enclosure(0)),
        ("base", lambda: e.limit_landmarks(1)),
        ("base", lambda: e.first_negative(8, 1e9)),
        ("query", lambda: e.rope_score(np.ones(3), np.ones(3), 1)),
        ("key", lambda: e.rope_score(np.ones(4), np.ones(2), 1)),
        ("target", lambda: e.rope_mass(10, 10, 8, 1)),
        ("length", lambda: e.rope_periods(8, 1e4, 0)),
        ("scale", lambda: e.ntk_base(1e4, 0.5, 8)),
        ("dim", lambda: e.ntk_base(1e4, 2, 2)),
        ("method", lambda: e.arc_ratios(8, 1e4, 2, "yarn")),
        ("bases", lambda: e.admissible_bases(10, 8, [0.5])),
        ("chance", lambda: e.row_cosine_level(10, 8, 1)),
        ("rows", lambda: e.max_row_cosine(1, 8, None)),
        ("buckets", lambda: e.t5_bucket(1, 31)),
        ("distance", lambda: e.t5_bucket(-1)),
        ("mass", lambda: e.alibi_reach(1, 0, 1)),
        ("slope", lambda: e.alibi_reach(0, 0, 0.5)),
        ("weights", lambda: e.attention_layers(np.ones((2, 3)), [(np.eye(3), np.eye(3))], True)),
    ],
)
def test_bad_input_names_the_argument(name, call):
    with pytest.raises(ValueError, match=f"^{name} = "):
        call()


def test_exact_bases_are_accepted():
    assert e.geometric_kernel(100, 8, Fraction(10_000)) == e.geometric_kernel(100, 8, 10_000)
