"""Vector quantisation: the ball bound, how the printed one fails, Lloyd, lattices, the loss (51), a cloud."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmlimits import quantization as vq

# Per (dimension, codewords): allowed ratio of Lloyd's distortion, on fresh points, to the ball bound.
LLOYD = {
    (1, 16): (1.0, 1.14),
    (2, 64): (1.02, 1.08),
    (2, 256): (1.03, 1.09),
    (3, 256): (1.06, 1.12),
    (4, 256): (1.08, 1.15),
    (8, 256): (1.14, 1.25),
}


def test_ball_volumes():
    assert [vq.unit_ball_volume(d) for d in (1, 2, 3)] == pytest.approx([2, math.pi, 4 * math.pi / 3])
    assert vq.unit_ball_volume(8) == pytest.approx(math.pi**4 / 24)


def test_bounds_in_closed_form():
    assert vq.ball_bound(5, 1) == pytest.approx(1 / (12 * 25))
    assert vq.printed_bound(5, 1) == pytest.approx(1 / (4 * 25))
    assert vq.ball_bound(7, 2, 3.0) == pytest.approx(0.5 * 3 / (7 * math.pi))
    # Density at most 2 on the line, and the circle with C = 1.
    assert vq.ball_bound(10, 1, Fraction(1, 2)) == pytest.approx(1 / 4800)
    assert vq.ball_bound(10, 1, vq.unit_ball_volume(1)) == pytest.approx(1 / 300)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))
def test_ball_bound_on_the_cube(k, d, seed):
    # Grid cells sent to the codeword of their centre: at least the distortion of the cube, known exactly.
    rng = np.random.default_rng(seed)
    codes = rng.random((k, d)) * 1.4 - 0.2
    side = {1: 2000, 2: 60, 3: 18}[d]
    axis = (np.arange(side) + 0.5) / side
    grid = np.array(list(itertools.product(axis, repeat=d)))
    exact_cells = vq.distortion(grid, codes) + d / (12 * side**2)
    assert exact_cells >= vq.ball_bound(k, d) * (1 - 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 3), st.integers(1, 8), st.integers(0, 10**6))
def test_mass_bound_for_a_non_uniform_law(power, k, seed):
    # P(X <= x) = x ** power on [0, 1] with power >= 1 has density power * x ** (power - 1) <= power.
    rng = np.random.default_rng(seed)
    n = 4000
    quantiles = ((np.arange(n) + 0.5) / n) ** (1 / power)
    codes = rng.random((k, 1))
    assert vq.distortion(quantiles[:, None], codes) >= 0.999 * vq.ball_bound(k, 1, 1 / power) - 1e-7


@pytest.mark.parametrize("d", range(1, 10))
def test_cubes_beat_the_printed_bound_up_to_dimension_nine(d):
    cubes = d / 12  # times K^(-2/d) for K = m^d cubes
    assert vq.ball_bound(1, d) <= cubes * (1 + 1e-12) < vq.printed_bound(1, d)


def test_cubes_are_above_the_printed_constant_from_dimension_ten_on():
    assert 10 / 12 > vq.printed_bound(1, 10)


@pytest.mark.parametrize("d", [3, 4, 8, 16, 64, 200])
def test_random_codewords_beat_the_printed_constant_in_every_dimension(d):
    assert vq.ball_bound(1, d) < vq.random_codes_limit(d) < vq.printed_bound(1, d)
    assert vq.random_codes_limit(d) / vq.printed_bound(1, d) == pytest.approx(math.gamma(1 + 2 / d))


def test_random_codewords_on_the_torus_reach_their_limit():
    rng = np.random.default_rng(0)
    k, d, tries = 2000, 3, 3000
    codes, x = rng.random((k, d)), rng.random((tries, d))
    gap = np.abs(x[:, None] - codes)
    gap = np.minimum(gap, 1 - gap)
    measured = k ** (2 / d) * (gap**2).sum(axis=2).min(axis=1).mean()
    assert measured == pytest.approx(vq.random_codes_limit(d), rel=0.05)


def test_circle_disproves_the_printed_and_even_the_flat_bound_on_curved_sets():
    around = 2 * math.pi
    assert vq.circle_distortion(1) == 1
    assert vq.printed_bound(1, 1, around) == pytest.approx(math.pi**2)
    assert vq.ball_bound(1, 1, around) == pytest.approx(math.pi**2 / 3)
    for k in range(1, 60):  # the arc-length law has mu(B(x, r)) <= r, so C = 1 is right
        assert vq.circle_distortion(k) > vq.ball_bound(k, 1, vq.unit_ball_volume(1))
    assert vq.circle_distortion(40) / vq.ball_bound(40, 1, around) == pytest.approx(1, abs=2e-3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_equal_arcs_are_the_best_division_of_the_circle(weights):
    shares = np.array(weights) + 1e-9
    shares /= shares.sum()
    error = 1 - (shares * np.sinc(shares) ** 2).sum()  # every cell an arc, its codeword the centre of mass
    assert error >= vq.circle_distortion(len(shares)) - 1e-12


def test_for_one_codeword_a_non_uniform_source_can_be_harder():
    ends = np.repeat([[0.0], [1.0]], 50, axis=0)
    assert vq.distortion(ends, [[0.5]]) == pytest.approx(3 * vq.ball_bound(1, 1))


def test_arc_mass_of_a_disc_is_at_most_its_radius():
    rng = np.random.default_rng(1)
    angles = np.linspace(0, 2 * np.pi, 20001)[:-1]
    circle = np.c_[np.cos(angles), np.sin(angles)]
    for _ in range(200):
        centre, r = rng.uniform(-1.5, 1.5, 2), rng.uniform(0.05, 2)
        assert (np.linalg.norm(circle - centre, axis=1) <= r).mean() <= r + 1e-3


def test_ramp_uses_every_codeword_and_is_easier_than_uniform():
    found = [k * k * vq.ramp_codebook(k)[1] for k in (1, 4, 16, 64)]
    assert found == pytest.approx([1 / 18, 0.0658049, 0.0691191, 0.0700097], abs=1e-6)
    zador = ((2 ** (1 / 3)) * 3 / 4) ** 3 / 12
    assert zador == pytest.approx(0.0703125) and zador < 1 / 12
    for k in (2, 5, 16):
        codes, value = vq.ramp_codebook(k)
        x = np.sqrt((np.arange(20000) + 0.5) / 20000)[:, None]
        assert len(np.unique(vq.nearest(x, codes[:, None]))) == k
        assert vq.distortion(x, codes[:, None]) == pytest.approx(value, rel=1e-3)
        assert value >= vq.ball_bound(k, 1, Fraction(1, 2))


def test_unused_codewords_are_never_optimal():
    # The least distortion strictly falls with every codeword (brute force on the line).
    points = np.array([0.0, 1.0, 3.0, 7.0])

    def best(k):
        cuts = itertools.combinations(range(1, 4), k - 1)
        return min(sum(part.var() * len(part) for part in np.split(points, c)) for c in cuts)

    values = [best(k) for k in range(1, 5)]
    assert all(a > b for a, b in itertools.pairwise(values)) and values[-1] == 0


def test_collapse_factor():
    assert [vq.collapse_factor(8192, 1024, d) for d in (1, 2)] == pytest.approx([64, 8])
    assert vq.collapse_factor(8192, 1024, 16) == pytest.approx(1.2968, abs=1e-4)
    for d in (1, 2, 7):
        assert vq.ball_bound(3, d) / vq.ball_bound(12, d) == pytest.approx(vq.collapse_factor(12, 3, d))


@pytest.mark.parametrize("case", LLOYD)
def test_lloyd_lies_between_the_ball_bound_and_the_printed_bound(case):
    d, k = case
    rng = np.random.default_rng(0)
    codes = vq.lloyd(rng.random((20_000, d)), k, rng)
    measured = vq.distortion(rng.random((20_000, d)), codes)
    low, high = LLOYD[case]
    assert low <= measured / vq.ball_bound(k, d) <= high * (1.02 if d == 8 else 1)
    assert measured < vq.printed_bound(k, d)


def test_lloyd_agrees_with_a_plain_implementation():
    rng = np.random.default_rng(3)
    x = rng.random((500, 2))
    codes = vq.lloyd(x, 7, rng)
    for _ in range(50):  # a fixed point of the plain iteration
        own = vq.nearest(x, codes)
        codes_next = np.array([x[own == k].mean(axis=0) for k in range(7)])
        assert np.abs(codes_next - codes).max() < 0.01
        codes = codes_next


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8), st.integers(1, 3), st.integers(0, 10**6))
def test_nearest_is_nearest(k, d, seed):
    rng = np.random.default_rng(seed)
    x, codes = rng.integers(0, 4, (30, d)).astype(float), rng.integers(0, 4, (k, d)).astype(float)
    for point, found in zip(x, vq.nearest(x, codes), strict=True):
        gaps = [sum((a - b) ** 2 for a, b in zip(point, code, strict=True)) for code in codes]
        assert found == gaps.index(min(gaps))


@pytest.mark.parametrize("name", ["integers", "hexagonal", "E8"])
def test_lattices(name):
    rng = np.random.default_rng(5)
    d = {"integers": 1, "hexagonal": 2, "E8": 8}[name]
    x = rng.random((40_000, d)) * 1000
    error = ((x - vq.nearest_lattice_point(x, name)) ** 2).mean()
    assert error == pytest.approx(float(vq.lattice_moment(name)), rel=0.01)
    assert float(vq.lattice_moment(name)) >= vq.ball_bound(1, d) / d * (1 - 1e-12)
    assert float(vq.lattice_moment(name)) < vq.printed_bound(1, d) / d


def test_lattice_constants():
    assert vq.lattice_moment("E8") == Fraction(929, 12960)
    assert vq.lattice_moment("hexagonal") * 4 * math.pi == pytest.approx(1.00766631, abs=1e-8)


def _vq_case(seed=0, n=40, k=6):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 3))
    codes = np.vstack([rng.standard_normal((k - 1, 3)), [[50.0, 50.0, 50.0]]])
    return rng.standard_normal((n, 4)), z, codes, rng.standard_normal((3, 4))


def test_loss_51_literally_gives_the_encoder_nothing_and_straight_through_gives_the_decoders_gradient():
    import torch

    x, z, codes, w = _vq_case()
    weights = torch.as_tensor(w)
    found = vq.vq_gradients(x, z, codes, lambda u: torch.tanh(u @ weights))
    assert not found.literal.any()
    # central differences of the literal reconstruction loss vanish too: it is locally constant
    own = vq.nearest(z, codes)
    for i, j in itertools.product(range(5), range(3)):
        moved = z.copy()
        moved[i, j] += 1e-6
        assert (vq.nearest(moved, codes) == own).all()
    z_q = codes[own]
    out = np.tanh(z_q @ w)
    expected = (2 * (out - x) * (1 - out**2)) @ w.T
    assert found.straight_through == pytest.approx(expected, abs=1e-12)
    assert found.commitment == pytest.approx(0.5 * (z - z_q), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 3))
def test_errors_through_layers(seed, scale):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 4))
    found = vq.layer_errors(x, y, scale * rng.standard_normal((5, 4, 4)))
    assert (found.distances <= found.bounds * (1 + 1e-12)).all()
    same = vq.layer_errors(np.abs(x), np.abs(y), [0.5 * np.eye(4)] * 3)  # equality, and a shrinking error
    assert same.distances == pytest.approx(same.bounds) and same.bounds[-1] == same.bounds[0] / 8


def test_codebook_term_pulls_to_the_centroid_and_leaves_dead_codes():
    x, z, codes, _ = _vq_case()
    found = vq.vq_gradients(x, z, codes, lambda u: u[:, :1].expand(-1, 4))
    own = vq.nearest(z, codes)
    for k in range(len(codes)):
        mine = z[own == k]
        expected = 2 * len(mine) * (codes[k] - mine.mean(axis=0)) if len(mine) else np.zeros(3)
        assert found.codebook[k] == pytest.approx(expected, abs=1e-10)
    assert not found.codebook[-1].any()


def test_training_keeps_dead_codes_where_they_are_and_revival_uses_all():
    points = np.random.default_rng(0).random((2000, 2))
    start = np.vstack([np.random.default_rng(1).random((8, 2)), 9 + np.random.default_rng(2).random((8, 2))])
    stuck = vq.train_codebook(points, start, 200, np.random.default_rng(3))
    assert (stuck[8:] == start[8:]).all() and len(np.unique(vq.nearest(points, stuck))) == 8
    freed = vq.train_codebook(points, start, 200, np.random.default_rng(3), revive=True)
    assert len(np.unique(vq.nearest(points, freed))) == 16
    assert vq.distortion(points, freed) < vq.distortion(points, stuck)
    assert (vq.train_codebook(points, start, 0, np.random.default_rng(3)) == start).all()


def test_patches():
    image = np.arange(5 * 7 * 3).reshape(5, 7, 3)
    cut = vq.patches(image, 2)
    assert cut.shape == (6, 12)
    assert (cut[1] == image[:2, 2:4].ravel()).all() and (cut[3] == image[2:4, :2].ravel()).all()
    assert vq.patches(image[:, :, 0], 5).shape == (1, 25)


def _least_distortion(points, k):
    """Brute force over all assignments to k cells."""
    least = math.inf
    for own in itertools.product(range(k), repeat=len(points)):
        cells = [points[[i for i, c in enumerate(own) if c == j]] for j in range(k)]
        least = min(least, sum(((c - c.mean(axis=0)) ** 2).sum() for c in cells if len(c)))
    return least / len(points)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2), st.integers(0, 10**6))
def test_cloud_bound_by_brute_force(k, seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((8, 2)) ** 3
    assert 0 <= vq.sample_bound(points, k) <= _least_distortion(points, k) + 1e-12


def test_sample_bound_on_a_photograph():
    from sklearn.datasets import load_sample_image

    every = vq.patches(load_sample_image("china.jpg") / 255.0, 4)
    points = every[np.random.default_rng(0).permutation(len(every))[:1500]]
    for k in (4, 16, 64):
        ratio = vq.distortion(points, vq.lloyd(points, k, np.random.default_rng(1))) / vq.sample_bound(
            points, k
        )
        assert 2 < ratio < 9
    assert vq.sample_bound(points, 2000) == 0


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: vq.ball_bound(0, 2), "n_codes"),
        (lambda: vq.ball_bound(3, 0), "dim"),
        (lambda: vq.printed_bound(3, 2, 0), "volume"),
        (lambda: vq.unit_ball_volume(301), "dim"),
        (lambda: vq.random_codes_limit(1.5), "dim"),
        (lambda: vq.collapse_factor(4, 5, 2), "n_used"),
        (lambda: vq.nearest(np.zeros((3, 2)), np.zeros((2, 3))), "codebook"),
        (lambda: vq.distortion(np.zeros(3), np.zeros((2, 3))), "points"),
        (lambda: vq.lloyd(np.zeros((3, 2)), 2, np.random.default_rng(0)), "n_codes"),
        (lambda: vq.lloyd(np.eye(3), 2, 0), "rng"),
        (lambda: vq.ramp_codebook(0), "n_codes"),
        (lambda: vq.circle_distortion(0), "n_codes"),
        (lambda: vq.lattice_moment("Leech"), "name"),
        (lambda: vq.nearest_lattice_point(np.zeros((2, 3)), "E8"), "points"),
        (lambda: vq.vq_gradients(np.eye(2), np.eye(3), np.eye(3), print), "inputs"),
        (lambda: vq.vq_gradients(np.eye(3), np.eye(3), np.eye(3), 1), "decoder"),
        (lambda: vq.train_codebook(np.eye(3), np.eye(3), 1, np.random.default_rng(0), rate=2), "rate"),
        (lambda: vq.train_codebook(np.eye(3), np.eye(3), -1, np.random.default_rng(0)), "steps"),
        (lambda: vq.train_codebook(np.eye(3), np.eye(3), 1, 0), "rng"),
        (lambda: vq.layer_errors(np.zeros(2), np.zeros(3), []), "second"),
        (lambda: vq.layer_errors(np.zeros(2), np.zeros(2), [np.eye(3)]), "layers"),
        (lambda: vq.patches(np.zeros(4), 1), "image"),
        (lambda: vq.patches(np.zeros((4, 4)), 5), "side"),
        (lambda: vq.sample_bound(np.zeros((5001, 1)), 2), "points"),
    ],
)
def test_bad_input(call, word):
    with pytest.raises(ValueError, match=word):
        call()
