"""Attention: exact margins, crowding and its finite form, regimes, repairs, costs, precision, paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from llmlimits import attention as a

scores = st.lists(st.floats(-20, 20), min_size=1, max_size=40)
shares = st.floats(1e-4, 1 - 1e-4)


def gaussians(sigma=1.0):
    return lambda rng, size: sigma * rng.standard_normal(size)


# --- one key against many ---


@given(st.floats(-30, 30), scores, shares)
def test_mass_and_required_score(s, others, p):
    assert a.attention_mass(s, others) == pytest.approx(softmax([s, *others])[0], rel=1e-9)
    assert a.attention_mass(a.required_score(others, p), others) == pytest.approx(p, rel=1e-9)


@given(scores, shares)
def test_margin_over_the_mean(others, p):
    x = np.array(others)
    cost = a.spread_cost(x)
    margin = a.required_score(x, p) - x.mean() - math.log(len(x)) - math.log(p / (1 - p))
    assert margin == pytest.approx(cost, abs=1e-9)
    assert 0 <= cost <= np.ptp(x) ** 2 / 8 + 1e-9


def test_spread_cost_of_equal_and_of_gaussian_scores():
    assert a.spread_cost(np.full(9, 3.3)) == pytest.approx(0, abs=1e-12)
    x = 2 * np.random.default_rng(0).standard_normal(10**6)
    assert a.spread_cost(x) == pytest.approx(2, abs=0.03)
    assert a.spread_cost(np.array([[0.0, 0.0], [0.0, 2.0]])) == pytest.approx([0, math.log(math.cosh(1))])


def test_printed_margin_fails_for_spread_distractors():
    # "about ln N above the average of the others" gives 12 %, not 50 %, for scores N(mu, 4)
    n = 131_071
    assert math.log(n) == pytest.approx(11.783494, abs=1e-6)
    assert a.crowded_mass(math.log(n), n, 2.0) == pytest.approx(0.119203, abs=1e-6)
    assert a.crowded_mass(math.log(n) + 2, n, 2.0) == pytest.approx(0.5, abs=1e-12)


# --- extreme distractors ---


def test_mean_of_the_largest():
    assert a.gaussian_max_mean(1) == pytest.approx(0, abs=1e-9)
    assert a.gaussian_max_mean(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-9)
    assert a.gaussian_max_mean(3) == pytest.approx(1.5 / math.sqrt(math.pi), abs=1e-9)
    assert a.gaussian_max_mean(1000) == pytest.approx(3.2414, abs=1e-4)
    draws = np.random.default_rng(1).standard_normal((2000, 1000)).max(axis=1)
    assert draws.mean() == pytest.approx(a.gaussian_max_mean(1000), abs=4 * draws.std() / math.sqrt(2000))


@given(st.integers(2, 10**9), st.floats(0.1, 5))
@settings(max_examples=30, deadline=None)
def test_bounds_on_the_largest(n, sigma):
    assert sigma * a.gaussian_max_mean(n) <= a.max_mean_bound(n, sigma)


def test_bound_on_the_largest_needs_no_independence():
    rng = np.random.default_rng(2)
    common, own = rng.standard_normal((4000, 1)), rng.standard_normal((4000, 64))
    assert (0.8 * common + 0.6 * own).max(axis=1).mean() <= a.max_mean_bound(64)


def test_exceedances():
    assert a.exceedance_count(4, 0.5) == 21_886
    for n, good in ((21_885, False), (21_886, True)):
        assert (1 - (1 - 3.16712418331199e-5) ** n >= 0.5) == good


# --- crowding ---


@given(st.lists(scores, min_size=1, max_size=5))
def test_streamed_log_sum(chunks):
    whole = np.concatenate(chunks)
    assert a.log_sum_exp(map(np.array, chunks)) == pytest.approx(np.logaddexp.reduce(whole), abs=1e-9)


def test_streamed_log_sum_does_not_overflow():
    assert a.log_sum_exp([[1e4], [-1e4, 1e4]]) == pytest.approx(1e4 + math.log(2))


def test_crowding_rate():
    rng = np.random.default_rng(3)
    for n in (10**6, 3 * 10**6):
        mass = a.crowded_mass(1, n - 1, a.sampled_log_sum(n - 1, gaussians(), rng) - math.log(n - 1))
        assert n * mass == pytest.approx(math.exp(0.5), rel=0.01)
    # without a mean of e^X the weight falls faster: Pareto with exponent 1/2
    heavy = a.sampled_log_sum(10**6, lambda r, k: r.exponential(2, k), rng)
    assert 10**6 * math.exp(1 - heavy) < 1e-3


def test_crowding_needs_the_scores_to_be_alike():
    # X_k = -2 ln k: the sum converges, so a fixed score keeps its weight for ever
    x = -2 * np.log(np.arange(1, 10**6))
    assert a.attention_mass(0, x) == pytest.approx(1 / (1 + math.pi**2 / 6), abs=1e-5)


def test_cells_instead_of_draws():
    rng = np.random.default_rng(4)
    for sigma in (0.5, 1.5):
        exact = 12 * math.log(10) + sigma**2 / 2
        assert a.gaussian_log_sum(10**12, sigma, rng) == pytest.approx(exact, abs=0.002)
    few = [a.gaussian_log_sum(4096, 5, rng) for _ in range(400)]
    drawn = [a.sampled_log_sum(4096, gaussians(5), rng) for _ in range(400)]
    assert np.mean(few) == pytest.approx(np.mean(drawn), abs=0.5)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_corollary_one(p):
    n = 10**6
    s = math.log(n) + 0.5 + math.log(p / (1 - p))
    total = a.sampled_log_sum(n - 1, gaussians(), np.random.default_rng(5))
    assert a.crowded_mass(s, 1, total) == pytest.approx(p, abs=0.004)


@pytest.mark.parametrize("law", ["uniform", "gaussian"])
def test_finite_form_of_crowding(law):
    rng, n, eps, runs = np.random.default_rng(6), 200, 0.2, 5000
    if law == "uniform":  # on [0, 1]
        x, mean, second = rng.random((runs, n)), math.e - 1, (math.e**2 - 1) / 2
        bounds = a.failure_bounds(n, eps, mean, low=0, high=1, second_moment=second)
        assert set(bounds) == {"hoeffding", "chebyshev", "lower"}
    else:
        x, mean, second = rng.standard_normal((runs, n)), math.exp(0.5), math.exp(2)
        bounds = a.failure_bounds(n, eps, mean, second_moment=second)
        assert bounds["chebyshev"] == pytest.approx((math.e - 1) / (n * eps**2))
    total = np.exp(x).sum(axis=1)
    left = np.abs(total - n * mean) > eps * n * mean
    error = 4 * math.sqrt(0.25 / runs)
    assert all(left.mean() <= bound + error for name, bound in bounds.items() if name != "lower")
    assert (total <= (1 - eps) * n * mean).mean() <= bounds["lower"] + error
    low, high = a.crowding_band(1, n, eps, math.log(mean))
    mass = a.attention_mass(1, x)
    assert ((mass < low - 1e-12) | (mass > high + 1e-12))[~left].sum() == 0


# --- heavy tails and growing variance ---


@given(st.integers(2, 10**9), st.floats(0, 20))
def test_rem_bound_is_continuous_and_below_the_naive_formula(n, sigma):
    critical = a.critical_sigma(n)
    assert a.rem_bound(n, critical) == pytest.approx(2 * math.log(n))
    assert a.rem_bound(n, sigma) <= math.log(n) + sigma**2 / 2 + 1e-9


def test_rem_bound_holds_for_the_mean():
    rng = np.random.default_rng(7)
    for sigma, seen in ((1, 8.817), (3, 12.713), (5, 18.936), (12, 43.900)):
        values = [a.sampled_log_sum(4096, gaussians(sigma), rng) for _ in range(300)]
        assert np.mean(values) == pytest.approx(seen, abs=4 * np.std(values) / 17 + 0.3)
        assert np.mean(values) - 3 * np.std(values) / 17 <= a.rem_bound(4096, sigma)


def test_printed_scaling_fails_when_the_variance_grows():
    assert a.critical_sigma(4096) == pytest.approx(4.079, abs=1e-3)
    assert a.critical_sigma(131_072) == pytest.approx(4.855, abs=1e-3)
    rng, n = np.random.default_rng(8), 10**14
    for beta in (0.5, 1, math.sqrt(2), 2, 3):
        rate = a.gaussian_log_sum(n, beta * math.sqrt(math.log(n)), rng) / math.log(n)
        assert rate == pytest.approx(a.rem_rate(beta), rel=0.07)
    # sigma = 3 sqrt(ln n): the formula of constant variance says 5.5 ln n
    assert rate < 4.3 < 1 + 3**2 / 2


@pytest.mark.parametrize("tail", [0.5, 0.8])
def test_heavy_tails_need_another_margin_and_keep_fluctuating(tail):
    rng = np.random.default_rng(9)

    def centred(n):
        logs = [a.sampled_log_sum(n, lambda r, k: r.exponential(1 / tail, k), rng) for _ in range(400)]
        return np.array(logs) - math.log(n) / tail

    small, large = centred(10**3), centred(10**5 // 2)
    assert np.median(small) == pytest.approx(np.median(large), abs=0.35)
    assert min(np.subtract(*np.quantile(x, [0.75, 0.25])) for x in (small, large)) > 0.4


# --- bounded logits ---


@given(st.lists(st.floats(0, 8), min_size=2, max_size=30))
def test_dispersion_of_bounded_logits(z):
    r = max(z) - min(z)
    weights = softmax(z)
    least, largest, entropy = a.dispersion_bounds(len(z), r)
    assert least - 1e-12 <= weights.min() and weights.max() <= largest + 1e-12
    assert -(weights * np.log(weights)).sum() >= entropy - 1e-9
    n = len(z)
    assert math.exp(-r) / n <= least * (1 + 1e-12) and largest <= math.exp(r) / n * (1 + 1e-12)


def test_dispersion_bounds_are_attained():
    z = np.array([3.0] + [0.0] * 9)
    assert softmax(z)[0] == pytest.approx(a.dispersion_bounds(10, 3).largest, rel=1e-12)
    assert a.dispersion_bounds(10, 3).largest == pytest.approx(0.690568, abs=1e-6)
    assert softmax(-z)[0] == pytest.approx(a.dispersion_bounds(10, 3).least, rel=1e-12)
    assert a.dispersion_bounds(1, 3) == (1, 1, 0)


def test_longest_context_with_a_bounded_range():
    assert a.max_context(20, 0.5) == 485_165_196
    assert a.max_context(10, 0.9) == 2448
    for r, p in ((3, 0.5), (5, 0.9)):
        n = a.max_context(r, p)
        assert a.dispersion_bounds(n, r).largest >= p > a.dispersion_bounds(n + 1, r).largest


# --- repairs ---


def test_rescaled_softmax():
    values = [a.scaled_softmax_mass(10**6, s) for s in (1, 2, 0.5)]
    assert values == pytest.approx([0.50000025, 0.999999, 0.000999], abs=1e-6)
    for strength in (0.3, 1.0, 1.7):
        z = np.array([1.0] + [0.0] * 99)
        assert softmax(strength * math.log(100) * z)[0] == pytest.approx(a.scaled_softmax_mass(100, strength))


def test_rescaling_does_not_survive_gaussian_distractors():
    z = np.random.default_rng(10).standard_normal(10**6)
    assert a.attention_mass(3 * math.log(10**6), z * math.log(10**6)) < 1e-6


def test_topk_drops():
    drop = a.topk_drop(2000, 5, 3)
    assert drop.bound == 1 and drop.exact == pytest.approx(0.13693, abs=1e-5)
    drop = a.topk_drop(2000, 5, 3.5)
    assert drop.exact == pytest.approx(1.2305e-4, abs=1e-8) and drop.exact <= drop.bound < 2e-4
    rng = np.random.default_rng(11)
    above = (rng.standard_normal((4000, 2000)) > 3).sum(axis=1) >= 5
    assert above.mean() == pytest.approx(0.13693, abs=4 * math.sqrt(0.137 * 0.863 / 4000))


@given(st.integers(2, 10**6), st.integers(1, 20), st.floats(1e-6, 0.5), st.floats(0.1, 5))
def test_topk_score_keeps_the_drop_below_the_chance(n, kept, chance, sigma):
    k = min(kept, n)
    s = a.topk_score(n, k, chance, sigma)
    assert a.topk_drop(n, k, s, sigma).exact <= chance * (1 + 1e-9)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30))
def test_sparsemax_is_the_projection(z):
    p = a.sparsemax(z)
    assert p.min() >= 0 and p.sum() == pytest.approx(1)
    # optimality: the residual z - p makes no larger product with any corner of the simplex
    gradient = np.array(z) - p
    assert gradient.max() <= gradient @ p + 1e-9


@given(st.floats(0, 2), st.integers(2, 2000))
def test_sparsemax_is_one_hot_exactly_from_gap_one(gap, n):
    z = np.zeros(n)
    z[0] = gap
    if abs(gap - 1) > 1e-9:
        assert (a.sparsemax(z)[0] == pytest.approx(1, abs=1e-12)) == (gap > 1)


@pytest.mark.parametrize(("bits", "beta", "mass"), [(4, 1.0, 0.6018710591), (10, 2.0, 0.8340188465)])
def test_binary_code_by_enumeration(bits, beta, mass):
    codes = np.array(list(itertools.product((-1, 1), repeat=bits)))
    assert a.binary_code_mass(bits, beta) == pytest.approx(mass, abs=1e-10)
    assert softmax(beta * codes @ codes[3])[3] == pytest.approx(mass, abs=1e-10)


@given(st.integers(1, 60), st.floats(1e-6, 0.9))
def test_binary_code_scale(bits, error):
    beta = a.binary_code_scale(bits, error)
    assert a.binary_code_mass(bits, beta) >= 1 - bits * math.exp(-2 * beta) - 1e-12 >= 1 - error - 2e-12


def test_seventeen_dimensions_find_any_of_131072_positions():
    # no mathematical necessity: the head exists, in single precision
    beta = a.binary_code_scale(17, 0.01)
    for target in (0, 77_777, 131_071):
        weights = a.binary_code_head(131_072, target, beta)
        assert weights.dtype == np.float32 and weights.argmax() == target
        assert weights[target] == pytest.approx(a.binary_code_mass(17, beta), abs=1e-4)
        assert weights[target] >= 0.99
    assert a.binary_code_head(100_000, 5, beta)[5] >= a.binary_code_mass(17, beta) - 1e-6


# --- memory and operations ---


@given(scores, st.integers(0, 2**32 - 1))
def test_online_softmax(s, seed):
    values = np.random.default_rng(seed).standard_normal((len(s), 3))
    assert a.online_softmax(s, values) == pytest.approx(softmax(s) @ values, abs=1e-10)


def test_printed_quadratic_memory_fails():
    # a hundred thousand keys in one pass, never more than one value held
    def values():
        for i in range(100_000):
            yield np.array([i, 1.0])

    out = a.online_softmax(itertools.repeat(0.0, 100_000), values())
    assert out == pytest.approx([49_999.5, 1])


def test_table_of_costs():
    gib, tib = 2**30, 2**40
    small, large = a.LLAMA_3_8B, a.LLAMA_3_70B
    assert [a.parameter_count(s) for s in (small, large)] == [8_030_261_248, 70_553_706_496]
    assert [a.kv_cache_bytes(s, 1) for s in (small, large)] == [131_072, 327_680]
    assert [a.kv_cache_bytes(small, n) for n in (2**17, 2**20)] == [16 * gib, 128 * gib]
    assert [a.kv_cache_bytes(large, n) for n in (2**17, 2**20)] == [40 * gib, 320 * gib]
    full = [s._replace(kv_heads=s.heads) for s in (small, large)]
    assert [a.kv_cache_bytes(s, 2**17) for s in full] == [64 * gib, 320 * gib]
    assert [a.score_matrix_bytes(s, 2**17) for s in (small, large)] == [tib, 2 * tib]
    assert [a.flops_crossover(s) for s in (small, large)] == [53_247, 104_447]
    peta = {
        (small, 2**17): (4.5036, 1.8296),
        (small, 2**20): (288.23, 14.637),
        (large, 2**17): (22.518, 17.944),
        (large, 2**20): (1441.2, 143.55),
    }
    for (shape, n), row in peta.items():
        values = a.attention_flops(shape, n) / 1e15, a.linear_flops(shape, n) / 1e15
        assert values == pytest.approx(row, rel=4e-5)
    assert a.kv_cache_bytes(small, 2**20, bits=4) == 32 * gib
    weights = 2 * a.parameter_count(small)
    assert weights // a.kv_cache_bytes(small, 1) == 122_532


def test_operations_by_counting_pairs():
    shape = a.ModelShape(2, 7, 3, 1, 5, 11, 13)
    pairs = sum(1 for i in range(17) for j in range(17) if j <= i)
    assert a.attention_flops(shape, 17) == 2 * 3 * pairs * (2 * 5 + 2 * 5) == 18_360
    assert sum(a.decode_flops(shape, n) for n in range(1, 18)) == 18_360
    n = a.flops_crossover(a.LLAMA_3_8B)
    assert a.attention_flops(a.LLAMA_3_8B, n) <= a.linear_flops(a.LLAMA_3_8B, n)
    assert a.attention_flops(a.LLAMA_3_8B, n + 1) > a.linear_flops(a.LLAMA_3_8B, n + 1)


# --- precision ---

NUMPY = {"fp16": np.float16, "fp32": np.float32}


@given(st.floats(-1e5, 1e5), st.sampled_from(sorted(NUMPY)))
@settings(max_examples=300)
def test_rounding_is_that_of_the_hardware(x, name):
    with np.errstate(over="ignore"):
        assert a.round_to(x, name) == float(NUMPY[name](x))


@given(st.floats(-(2.0**99), 2.0**99, width=32))
@settings(max_examples=50, deadline=None)
def test_bfloat_rounding_is_torchs(x):
    torch = pytest.importorskip("torch")
    expected = torch.tensor(x, dtype=torch.float32).to(torch.bfloat16).item()
    assert a.round_to(x, "bf16") == expected or abs(x) < 1e-37


def test_limits_of_the_formats():
    rows = {
        "fp16": (17.3287, 7.6246, 2048),
        "bf16": (92.8817, 5.5452, 256),
        "fp32": (103.9721, 16.6355, 2**24),
    }
    for name, row in rows.items():
        limits = a.precision_limits(name)
        assert limits == pytest.approx(row, abs=1e-4)
        # just before the edge a term survives, just after it is gone
        for edge, base in ((limits.underflow, 0.0), (limits.absorption, 1.0)):
            kept, gone = (a.round_to(base + math.exp(-edge * (1 + d)), name) for d in (-1e-6, 1e-6))
            assert kept > base == gone
        assert a.round_to(limits.stall + 1, name) == limits.stall


def test_hundred_thousand_equal_terms():
    ones = np.ones(100_000)
    assert [a.sum_in_format(ones, f) for f in ("fp16", "bf16", "fp32")] == [2048, 256, 100_000]
    assert a.sum_in_format(ones, "fp16", pairwise=True) == math.inf
    assert a.sum_in_format(ones, "fp32", pairwise=True) == 100_000
    assert a.round_to(100_001, "bf16") == 99_840
    assert a.round_to(1e-5, "fp16") / 1e-5 - 1 == pytest.approx(0.0014, abs=1e-4)
    assert a.round_to(2.0**-25, "fp16") == 0 < a.round_to(2.0**-24, "fp16")


@given(
    st.lists(st.floats(1e-3, 1), min_size=1, max_size=200), st.sampled_from(sorted(a.FORMATS)), st.booleans()
)
def test_sum_error_bound(terms, name, pairwise):
    rounded = [a.round_to(x, name) for x in terms]
    exact = math.fsum(rounded)
    error = abs(a.sum_in_format(rounded, name, pairwise) - exact) / exact
    assert error <= a.sum_error_bound(len(terms), name, pairwise) + 1e-12


def test_sum_error_values():
    assert a.sum_error_bound(10**5, "fp32") == pytest.approx(0.0060, abs=5e-5)
    assert a.sum_error_bound(10**5, "fp32", pairwise=True) == pytest.approx(1.0e-6, rel=0.02)
    assert a.sum_error_bound(10**5, "fp16") == math.inf


# --- paths and effective context ---


@given(st.integers(1, 6), st.integers(1, 5))
def test_paths_by_enumeration(n, layers):
    paths = [s for s in itertools.product(range(n + 1), repeat=layers) if sum(s) == n]
    assert a.path_count(n, layers) == len(paths)
    by_hops = [sum(1 for s in paths if np.count_nonzero(s) == h) for h in range(1, layers + 1)]
    assert [a.path_count_by_hops(n, layers, h) for h in range(1, layers + 1)] == by_hops
    # the direct edge at a given layer serves exactly one of them
    assert sum(1 for s in paths if s[0] == n) == 1


def test_printed_single_chance_fails():
    assert [a.path_count(*x) for x in ((3, 4), (5, 3), (1, 7))] == [20, 21, 7]
    assert a.path_count_by_hops(1000, 32, 1) == 32
    assert math.log10(a.path_count(1000, 32)) == pytest.approx(59.298, abs=1e-3)


def test_accuracy_radius():
    assert a.accuracy_radius(200, 0.05) == pytest.approx(0.09603, abs=1e-5)
    assert a.accuracy_radius(4612, 0.05) <= 0.02 < a.accuracy_radius(4611, 0.05)


def test_effective_context_is_a_question_about_growth():
    assert a.supported_context(10, 0.5) == pytest.approx(22_027.466, abs=1e-3)
    assert a.effective_context(10**5, 0.5) == pytest.approx(317.228, abs=1e-3)
    # growth 1 or more: the whole window, so sub-linearity is no theorem
    assert a.effective_context(10**5, 1.0) == 10**5


@given(st.floats(0, 30), shares, st.integers(2, 10**6))
def test_supported_context_inverts_the_crowded_mass(c, p, n):
    edge = a.supported_context(c, p)
    if abs(n - edge) > 1e-6 * edge:
        assert (a.crowded_mass(c, n - 1) >= p) == (n <= edge)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("score", lambda: a.attention_mass(math.inf, [0])),
        ("distractors", lambda: a.attention_mass(0, [])),
        ("distractors", lambda: a.attention_mass(0, 1.0)),
        ("mass", lambda: a.required_score([0], 1)),
        ("distractors", lambda: a.spread_cost([math.nan])),
        ("n", lambda: a.max_mean_bound(0)),
        ("sigma", lambda: a.max_mean_bound(3, -1)),
        ("n", lambda: a.gaussian_max_mean(1.5)),
        ("level", lambda: a.exceedance_count(40, 0.5)),
        ("chunks", lambda: a.log_sum_exp([])),
        ("draw", lambda: a.sampled_log_sum(3, 3, None)),
        (
            r"draw\(rng, size\)",
            lambda: a.sampled_log_sum(3, lambda r, k: np.zeros(k + 1), np.random.default_rng(0)),
        ),
        ("n", lambda: a.gaussian_log_sum(10, 1, None)),
        ("n", lambda: a.crowded_mass(0, 0)),
        ("epsilon", lambda: a.crowding_band(0, 5, 1)),
        ("low", lambda: a.failure_bounds(5, 0.1, 3, high=1)),
        ("mean", lambda: a.failure_bounds(5, 0.1, 0.5, low=0, high=1)),
        ("second_moment", lambda: a.failure_bounds(5, 0.1, 2, second_moment=3)),
        ("n", lambda: a.critical_sigma(1)),
        ("sigma", lambda: a.rem_bound(5, -1)),
        ("beta", lambda: a.rem_rate(-1)),
        ("logit_range", lambda: a.dispersion_bounds(5, -1)),
        ("logit_range", lambda: a.max_context(701, 0.5)),
        ("strength", lambda: a.scaled_softmax_mass(5, -1)),
        ("kept", lambda: a.topk_drop(5, 6, 1)),
        ("chance", lambda: a.topk_score(5, 2, 0)),
        ("logits", lambda: a.sparsemax([math.inf])),
        ("bits", lambda: a.binary_code_mass(0, 1)),
        ("error", lambda: a.binary_code_scale(3, 1)),
        ("target", lambda: a.binary_code_head(5, 5, 1)),
        ("scores", lambda: a.online_softmax([], [])),
        ("values", lambda: a.online_softmax([1, 2], [[1.0]])),
        ("values", lambda: a.online_softmax([1], [[1.0], [2.0]])),
        ("values", lambda: a.online_softmax([1, 2], [[1.0], [2.0, 3.0]])),
        ("shape", lambda: a.kv_cache_bytes(8, 1)),
        ("shape.heads", lambda: a.parameter_count(a.LLAMA_3_8B._replace(heads=0))),
        ("tokens", lambda: a.attention_flops(a.LLAMA_3_8B, -1)),
        ("bits", lambda: a.kv_cache_bytes(a.LLAMA_3_8B, 1, 0)),
        ("format", lambda: a.round_to(1, "fp8")),
        ("terms", lambda: a.sum_in_format([], "fp16")),
        ("n", lambda: a.sum_error_bound(0, "fp16")),
        ("distance", lambda: a.path_count(0, 3)),
        ("hops", lambda: a.path_count_by_hops(3, 3, 0)),
        ("items", lambda: a.accuracy_radius(0, 0.5)),
        ("margin", lambda: a.supported_context(800, 0.5)),
        ("growth", lambda: a.effective_context(10, -1)),
    ],
)
def test_bad_input_names_the_argument(name, call):
    with pytest.raises(ValueError, match=f"^{name} = "):
        call()
