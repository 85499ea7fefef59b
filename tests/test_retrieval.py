"""Retrieval: budgets and dimensions exactly, rankings and poisons, pools and arbitration, information in breadth."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import entropy

from llmlimits import probes
from llmlimits import retrieval as r

FEW = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10**6).map(np.random.default_rng)
tenths = st.integers(0, 10).map(lambda k: Fraction(k, 10))


def unit(rng, *shape):
    x = rng.standard_normal(shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def laws(rng, rows, columns):
    return rng.dirichlet(np.ones(columns), rows)


# --- corpus and retrievers ---


def test_corpus_is_what_it_says():
    corpus = r.fictional_corpus()
    stated = {fact for passage in corpus.passages for fact in passage.facts}
    assert len(corpus.passages) == len({p.text for p in corpus.passages}) == 24 * 5 + 12
    assert all(q.needs <= stated for q in corpus.questions)
    assert [sum(q.kind == kind for q in corpus.questions) for kind in ("one", "hop", "wide")] == [24] * 3
    assert all(p.length == len(r.words(p.text)) for p in corpus.passages)
    hop = next(q for q in corpus.questions if q.kind == "hop")
    town = hop.text.split(" of ")[1].split()[0]
    second = [p for p in corpus.passages if p.facts & hop.needs and town not in p.text]
    assert len(second) == 1  # the passage of the second hop does not name the town
    assert len({p.text for p in r.fictional_corpus(48).passages}) == 48 * 5 + 12


def test_bm25_agrees_with_an_independent_implementation():
    bm25s = pytest.importorskip("bm25s")
    corpus = r.fictional_corpus(10)
    texts = [p.text for p in corpus.passages]
    tokens = [r.words(text) for text in texts]
    index = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    index.index(tokens, show_progress=False)
    for question in corpus.questions[:9]:
        theirs = index.get_scores(r.words(question.text))
        np.testing.assert_allclose(r.bm25_scores(question.text, texts), theirs, rtol=1e-4, atol=1e-5)


def test_bm25_by_hand():
    scores = r.bm25_scores("cat", ["cat dog", "dog dog"], k1=1, b=0)
    assert scores == pytest.approx([math.log(2) / 2, 0])


def test_embedding_has_unit_rows_and_finds_near_texts():
    corpus = r.fictional_corpus(6)
    texts = [p.text for p in corpus.passages]
    e = r.embed(texts, [*texts[:3], "zzz"], dim=12)
    assert e.model == "lsa" and e.passages.shape == (len(texts), 12)
    assert np.linalg.norm(e.passages, axis=1) == pytest.approx(1)
    assert [int(i) for i in (e.queries[:3] @ e.passages.T).argmax(1)] == [0, 1, 2]
    assert not e.queries[3].any()


def test_a_missing_model_is_replaced_and_named(monkeypatch, capsys):
    def unavailable(name):
        raise probes.ModelUnavailable(f"{name} is not installed")

    monkeypatch.setattr(probes, "load", unavailable)
    texts = ["red apple", "green pear", "blue plum", "red plum"]
    assert r.embed(texts, ["apple"], dim=2, model="minilm").model == "lsa"
    assert "pkg:minilm is not installed" in capsys.readouterr().out


def test_the_sentence_encoder_is_used_where_it_is_installed(monkeypatch):
    class Network:
        def embed(self, texts):
            return unit(np.random.default_rng(len(texts)), len(texts), 5).astype(np.float32)

    monkeypatch.setattr(probes, "load", {"pkg:minilm": Network()}.get)
    e = r.embed(["red apple", "green pear"], ["apple", "pear", "plum"], model="minilm")
    assert e.model == "minilm" and e.passages.shape == (2, 5) and e.queries.shape == (3, 5)


# --- what conditioning does ---


@FEW
@given(seeds)
def test_latent_display_holds_under_conditional_independence(rng):
    documents, latent, answer = rng.dirichlet(np.ones(3)), laws(rng, 3, 4), laws(rng, 4, 2)
    law = documents[:, None, None] * latent[:, :, None] * answer[None]
    shown = r.latent_display(law)
    np.testing.assert_allclose(shown.true, shown.printed, atol=1e-12)


def test_latent_display_fails_for_copying():
    law = np.zeros((2, 2, 2))
    for d, z in product(range(2), repeat=2):
        law[d, z, d] = 1 / 4  # the answer copies the document, the latent variable is an unrelated coin
    shown = r.latent_display(law)
    np.testing.assert_allclose(shown.true, np.eye(2))
    np.testing.assert_allclose(shown.printed, 1 / 2)


@given(st.integers(2, 9), st.floats(0, 5), seeds)
@FEW
def test_softmax_keeps_every_token_possible(v, width, rng):
    logits = rng.uniform(0, width, v)
    assert np.exp(logits).min() / np.exp(logits).sum() >= r.least_token_probability(v, width) - 1e-15
    worst = np.array([0.0] + [width] * (v - 1))
    assert np.exp(worst).min() / np.exp(worst).sum() == pytest.approx(r.least_token_probability(v, width))


def test_least_token_probability_value():
    assert r.least_token_probability(128256, 30) == pytest.approx(7.2961e-19, rel=1e-4)


# --- selection ---


@given(st.lists(st.fractions(-2, 2, max_denominator=9), min_size=1, max_size=12))
def test_prefix_means_never_increase(scores):
    means = r.prefix_means(scores)
    assert all(a >= b for a, b in zip(means, means[1:], strict=False))
    assert means[-1] == sum(scores, start=Fraction(0)) / len(scores)


def test_precision_can_rise_while_the_mean_score_falls():
    relevant = [0, 1, 0]  # by rank
    precision = [Fraction(sum(relevant[:k]), k) for k in (1, 2, 3)]
    assert r.prefix_means([9, 8, 3])[:2] == [9, Fraction(17, 2)] and precision[1] > precision[0]


instances = st.lists(st.tuples(st.integers(-3, 20), st.integers(1, 9)), min_size=1, max_size=8)


@given(instances, st.integers(0, 25))
@FEW
def test_knapsack_is_optimal_and_the_better_of_two_is_half(items, budget):
    scores, lengths = zip(*items, strict=True)
    best = max(
        sum(scores[i] for i in chosen)
        for size in range(len(items) + 1)
        for chosen in combinations(range(len(items)), size)
        if sum(lengths[i] for i in chosen) <= budget
    )
    found = r.knapsack(scores, lengths, budget)
    assert found.value == best == sum(scores[i] for i in found.chosen)
    assert sum(lengths[i] for i in found.chosen) <= budget
    assert best >= r.greedy_fill(scores, lengths, budget, by="better").value >= Fraction(best, 2)
    for by in ("score", "density"):
        filled = r.greedy_fill(scores, lengths, budget, by)
        assert filled.value <= best and sum(lengths[i] for i in filled.chosen) <= budget


def test_greedy_filling_has_no_ratio():
    budget = 1000
    scores, lengths = [1, *[Fraction(99, 100)] * budget], [budget, *[1] * budget]
    assert r.greedy_fill(scores, lengths, budget, by="score").value == 1
    assert r.knapsack(scores, lengths, budget).value == 990
    pair = ([2, budget], [1, budget], budget)
    assert r.greedy_fill(*pair, by="density").value == 2
    assert r.greedy_fill(*pair, by="better").value == r.knapsack(*pair).value == budget


def test_knapsack_decides_partition():
    assert r.knapsack([3, 5, 8, 9, 7], [3, 5, 8, 9, 7], 16).value == 16
    assert r.knapsack([2, 2, 2, 2, 20, 2], [2, 2, 2, 2, 20, 2], 15).value == 10


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 4), st.integers(0, 20))
def test_equal_lengths_make_the_top_k_optimal(scores, length, budget):
    top = sorted(scores, reverse=True)[: budget // length]
    assert r.knapsack(scores, [length] * len(scores), budget).value == sum(top)


facts = st.lists(st.dictionaries(st.integers(0, 5), st.integers(0, 4), max_size=4), min_size=1, max_size=6)


@given(facts, st.data())
@FEW
def test_coverage_is_monotone_and_submodular(sets, data):
    n = len(sets)
    weights = {u: data.draw(st.integers(0, 3)) for u in range(6)}
    small = data.draw(st.sets(st.integers(0, n - 1)))
    large = small | data.draw(st.sets(st.integers(0, n - 1)))
    extra = data.draw(st.integers(0, n - 1))

    def value(chosen):
        return r.coverage(sets, chosen, weights)

    assert value(small) <= value(large)
    assert value(small | {extra}) - value(small) >= value(large | {extra}) - value(large)


@given(facts, st.integers(1, 4), st.lists(st.integers(1, 4), min_size=6, max_size=6), st.integers(0, 8))
@FEW
def test_greedy_coverage_guarantees(sets, k, costs, budget):
    n, costs = len(sets), costs[: len(sets)]
    best = max(r.coverage(sets, c) for c in combinations(range(n), min(k, n)))
    found = r.greedy_coverage(sets, k)
    assert found.value == r.coverage(sets, found.chosen) >= (1 - (1 - Fraction(1, k)) ** k) * best
    affordable = [
        c for size in range(n + 1) for c in combinations(range(n), size) if sum(costs[i] for i in c) <= budget
    ]
    best = max(r.coverage(sets, c) for c in affordable)
    found = r.budgeted_coverage(sets, costs, budget)
    assert sum(costs[i] for i in found.chosen) <= budget and found.value == r.coverage(sets, found.chosen)
    assert found.value >= (1 - 1 / math.e) / 2 * float(best)


def test_greedy_coverage_is_tight_for_two():
    sets = [{1, 3}, {1, 2}, {3, 4}]  # all equal at first; the first one is a mistake
    assert r.greedy_coverage(sets, 2).value == 3 and r.coverage(sets, [1, 2]) == 4


def test_chains_are_not_submodular():
    def answered(chosen):  # both pieces are needed
        return int({0, 1} <= set(chosen))

    assert answered({0, 1}) - answered({0}) > answered({1}) - answered(set())


def test_sum_of_scores_prefers_duplicates():
    scores, sets = [Fraction(9, 10), Fraction(9, 10), Fraction(1, 2)], [{1, 2}, {1, 2}, {3}]
    assert r.coverage(sets, r.knapsack(scores, [1, 1, 1], 2).chosen) == 2
    assert r.greedy_coverage(sets, 2).value == 3


def test_pareto_family_of_prefixes():
    sets = [{1}, {1, 2}, {3}]
    assert r.prefix_means([Fraction(9, 10), Fraction(8, 10), Fraction(3, 10)]) == [
        Fraction(9, 10), Fraction(17, 20), Fraction(2, 3),
    ]  # fmt: skip
    assert [r.coverage(sets, range(k)) for k in (1, 2, 3)] == [1, 2, 3]


# --- chunks and loss ---


@given(st.integers(1, 15), st.data())
def test_split_probability_by_counting(chunk, data):
    overlap = data.draw(st.integers(0, chunk - 1))
    span = data.draw(st.integers(1, chunk))
    stride = chunk - overlap
    starts = range(5 * chunk, 5 * chunk + stride)
    chunks = [(c, c + chunk) for c in range(0, 12 * chunk, stride)]
    lost = sum(not any(a <= s and s + span <= b for a, b in chunks) for s in starts)
    assert r.split_probability(chunk, overlap, span) == Fraction(lost, stride)


def test_split_probability_values():
    assert r.split_probability(512, 0, 64) == Fraction(63, 512)
    assert r.split_probability(512, 63, 64) == 0 < r.split_probability(512, 62, 64)


@FEW
@given(seeds, st.floats(0.01, 0.99))
def test_halves_of_a_mean_pooled_unit(rng, w):
    u1, u2, q = unit(rng, 3, 5)
    whole, halves = q @ (w * u1 + (1 - w) * u2), (q @ u1, q @ u2)
    assert min(halves) - 1e-12 <= whole <= max(halves) + 1e-12
    cosine = whole / np.linalg.norm(w * u1 + (1 - w) * u2)
    if cosine >= 0:
        assert max(halves) >= cosine * math.cos(math.acos(np.clip(u1 @ u2, -1, 1)) / 2) - 1e-9


def test_both_halves_can_lose_their_cosine():
    u1, u2 = np.eye(2)
    q = (u1 + u2) / math.sqrt(2)
    assert q @ q == pytest.approx(1) and max(q @ u1, q @ u2) == pytest.approx(math.sqrt(1 / 2))


@FEW
@given(seeds, st.integers(2, 6), st.integers(1, 5))
def test_fano_floor(rng, answers, contexts):
    joint = rng.dirichlet(np.full(answers * contexts, 0.4)).reshape(answers, contexts)
    found = r.fano_floor(joint)
    assert found.error >= found.floor - 1e-12
    given = entropy(joint.ravel(), base=2) - entropy(joint.sum(0), base=2)
    assert found.floor == pytest.approx((given - 1) / math.log2(answers))


# --- dimensions ---


@pytest.mark.parametrize("n, k", [(12, 2), (50, 2), (9, 1), (12, 3), (3, 3)])
def test_twice_k_dimensions_realise_all_sets_exactly(n, k):
    embedding = r.cyclic_embedding(n, k)
    assert {len(row) for row in embedding.documents} == {2 * k}
    assert r.realises_all_sets(embedding)


def test_the_query_is_the_polynomial():
    embedding = r.cyclic_embedding(6, 2)
    query = embedding.query([0, 4])  # documents t = 1 and t = 5
    for t, row in enumerate(embedding.documents, 1):
        assert sum(a * b for a, b in zip(query, row, strict=True)) - 25 == -((t - 1) ** 2) * (t - 5) ** 2


def test_realises_all_sets_can_fail():
    embedding = r.cyclic_embedding(6, 2)
    assert not r.realises_all_sets(
        embedding._replace(documents=[(*row[:2], 0, 0) for row in embedding.documents])
    )
    assert embedding.top((0, 0, 0, 0)) is None


def separable(points, chosen) -> bool:
    """Is there a query with gap at least 1 for the set?"""
    inside, outside = points[list(chosen)], np.delete(points, list(chosen), axis=0)
    gaps = (outside[None] - inside[:, None]).reshape(-1, points.shape[1])
    zero = np.zeros(points.shape[1])
    return linprog(zero, A_ub=gaps, b_ub=-np.ones(len(gaps)), bounds=(None, None)).status == 0


def test_three_dimensions_do_not_suffice_for_six_documents():
    rng = np.random.default_rng(0)
    for _ in range(10):
        points = rng.standard_normal((6, 3))
        assert not all(separable(points, s) for s in combinations(range(6), 2))
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1], [0.1, 0.05, 0.02]])
    assert all(separable(corners, s) for s in combinations(range(5), 2))  # five documents: three are enough


@pytest.mark.parametrize("n, k", [(7, 1), (9, 2), (30, 2), (9, 3), (4, 3)])
def test_circle_embedding_has_unit_vectors_and_positive_margins(n, k):
    e = r.circle_embedding(n, k)
    assert e.documents.shape == (n, 2 * k)
    np.testing.assert_allclose(np.linalg.norm(e.documents, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(e.queries, axis=1), 1)
    margins = r.set_margins(*e)
    assert 0 < margins.min() <= r.margin_ceiling(n, k) + 1e-12
    angles = 2 * math.pi * np.arange(n) / n
    scores = -np.prod(1 - np.cos(angles[None, :, None] - angles[e.sets][:, None, :]), axis=2)
    shift = scores - scores[:, :1]
    ours = e.queries @ e.documents.T
    scale = np.abs(shift).max(1) / np.abs(ours - ours[:, :1]).max(1)
    np.testing.assert_allclose((ours - ours[:, :1]) * scale[:, None], shift, atol=1e-9)


def test_circle_margins_shrink_like_the_fourth_power_and_precision_gives_out():
    sizes = [25, 50, 100, 200]
    embeddings = [r.circle_embedding(n, 2) for n in sizes]
    margins = [r.set_margins(*e).min() for e in embeddings]
    assert margins[1] == pytest.approx(2.1486e-5, rel=1e-3) and margins[3] == pytest.approx(
        8.355e-8, rel=1e-3
    )
    slope = np.polyfit(np.log(sizes), np.log(margins), 1)[0]
    assert slope == pytest.approx(-4, abs=0.1)
    half = [x.astype(np.float16) for x in embeddings[2][:2]]
    assert (r.set_margins(*half, embeddings[2].sets) > 0).mean() < 0.9


@FEW
@given(seeds, st.integers(3, 7), st.data())
def test_margin_ceiling(rng, n, data):
    k = data.draw(st.integers(1, n - 1))
    sets = np.array(list(combinations(range(n), k)))
    documents = unit(rng, n, 4)
    inside = np.array([documents[s].mean(0) - np.delete(documents, s, axis=0).mean(0) for s in sets])
    queries = inside / np.linalg.norm(inside, axis=1, keepdims=True)
    assert r.set_margins(documents, queries, sets).min() <= r.margin_ceiling(n, k) + 1e-12


@pytest.mark.parametrize("n, k", [(7, 2), (5, 1), (8, 4)])
def test_the_simplex_attains_the_ceiling(n, k):
    simplex = np.eye(n) - 1 / n
    simplex /= np.linalg.norm(simplex, axis=1, keepdims=True)
    sets = np.array(list(combinations(range(n), k)))
    queries = simplex[sets].sum(1)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    assert r.set_margins(simplex, queries, sets) == pytest.approx(r.margin_ceiling(n, k))


def test_bounds_for_all_sets_at_a_fixed_gap():
    assert r.margin_ceiling(50, 2) == pytest.approx(0.729015, abs=1e-6)
    assert r.packing_dimension(10**6, 0.5) == pytest.approx(8.584, abs=1e-3)
    assert r.packing_dimension(10**9, 0.1) == pytest.approx(6.81, abs=5e-3)


@FEW
@given(seeds, st.integers(1, 3))
def test_nearly_orthogonal_documents_give_a_gap(rng, k):
    documents = unit(rng, 8, 60)
    overlap = np.abs(documents @ documents.T - np.eye(8)).max()
    sets = np.array(list(combinations(range(8), k)))
    queries = documents[sets].sum(1)
    assert r.set_margins(documents, queries, sets).min() >= 1 - (2 * k - 1) * overlap - 1e-12
    assert (np.linalg.norm(queries, axis=1) <= math.sqrt(k + k * (k - 1) * overlap) + 1e-12).all()


def test_free_embedding_solves_few_documents_and_not_many():
    rng = np.random.default_rng(0)
    assert r.free_embedding(8, 4, rng) == 1
    assert r.free_embedding(24, 4, rng) < 0.95


# --- ranking and positions ---


@given(tenths, st.integers(1, 6))
def test_all_hops_bounds_are_attained(recall, hops):
    low, high = r.all_hops_bounds(recall, hops)
    assert low <= recall**hops <= high
    missed = 10 - int(10 * recall)  # of ten equally likely cells
    apart = [{(h * missed + i) % 10 for i in range(missed)} for h in range(hops)]
    assert Fraction(sum(all(c not in miss for miss in apart) for c in range(10)), 10) == low
    same = [set(range(missed))] * hops
    assert Fraction(sum(all(c not in miss for miss in same) for c in range(10)), 10) == high


@given(st.integers(1, 40), st.integers(1, 8), st.floats(0, 1))
@FEW
def test_rollout_theorem(n, layers, share):
    w = r.rollout(n, layers, share)
    assert w.sum() == pytest.approx(1)
    assert np.arange(n) @ w == pytest.approx((n - 1) * (1 - share / 2) ** layers, abs=1e-9)
    assert w[0] >= 1 - (n - 1) * (1 - share / 2) ** layers - 1e-9
    assert w[-1] == pytest.approx((1 - share + share / n) ** layers)


def test_primacy_recency_and_the_u():
    assert (np.diff(r.rollout(50, 3)) < 0).all()
    assert (np.diff(r.rollout(50, 1, 0, 1, rate=0.1)) > 0).all()
    w = r.rollout(200, 2, 0.5, 0.5).reshape(10, 20).sum(1)
    assert w[0] > w[4] < w[-1] and w == pytest.approx(
        [0.138, 0.099, 0.085, 0.077, 0.071, 0.066, 0.061, 0.059, 0.075, 0.269], abs=6e-4
    )


@given(st.lists(st.integers(0, 5), min_size=8, max_size=8).filter(any))
def test_failure_bound_on_joint_laws(cells):
    law = {key: Fraction(c, sum(cells)) for key, c in zip(product((0, 1), repeat=3), cells, strict=True)}
    exposed = sum(p for (e, a, s), p in law.items() if e)
    both = sum(p for (e, a, s), p in law.items() if e and a)
    lucky = sum(p for (e, a, s), p in law.items() if s and not (e and a))
    guess = lucky / (1 - both) if both < 1 else Fraction(0)
    failure = sum(p for (e, a, s), p in law.items() if not s)
    bound = r.failure_bound(exposed, both / exposed if exposed else Fraction(0), guess)
    assert failure >= bound
    assert (failure == bound) == all(p == 0 for (e, a, s), p in law.items() if e and a and not s)


def test_the_printed_failure_bound_fails():
    half = Fraction(1, 2)
    assert 1 - half * half > half == r.failure_bound(half, 1)  # exposed = attended = success
    assert 1 - 0 * 0 > 0 == r.failure_bound(0, 0, 1)  # right without any evidence
    assert r.failure_bound(Fraction(8, 10), Fraction(7, 10), Fraction(1, 4)) == Fraction(33, 100)


# --- poisons ---


@given(st.permutations(range(12)), st.integers(1, 11), st.integers(1, 13))
def test_poison_count_by_sorting(order, n_poison, k):
    poison, clean = order[:n_poison], order[n_poison:]
    top = sorted(order, reverse=True)[:k]
    assert r.poisons_in_topk(clean, poison, k) == len(set(top) & set(poison))


def test_poison_count_example():
    assert r.poisons_in_topk([0.8, 0.7, 0.6], [0.75, 0.65], 3) == 1


def test_median_best_clean():
    assert r.median_best_clean(10**6, 768) == pytest.approx(0.1730317, abs=1e-6)
    assert r.median_best_clean(1, 5) == pytest.approx(0, abs=1e-9)
    rng = np.random.default_rng(1)
    best = unit(rng, 2000, 20, 3)[:, :, 0].max(1)
    assert np.mean(best < r.median_best_clean(20, 3)) == pytest.approx(0.5, abs=0.04)


@given(tenths, tenths, tenths)
def test_attack_value(hit, given_hit, given_miss):
    value = r.attack_value(hit, given_hit, given_miss)
    assert value.bound <= value.success and value.printed <= value.success
    assert (value.bound == value.success) == (given_miss == 0 or hit == 1)


def test_the_printed_attack_value_is_too_small():
    assert r.attack_value(Fraction(1, 2), 1)[:2] == (Fraction(1, 2), Fraction(1, 4))


@FEW
@given(seeds, st.integers(2, 6), st.integers(1, 7))
def test_best_orthogonal_score(rng, d, n):
    q, clean = unit(rng, d), unit(rng, n, d)
    best = r.max_orthogonal_score(q, clean)
    if n >= d:
        assert best == -math.inf
        return
    free = np.linalg.svd(clean)[2][n:]  # a basis of the orthogonal complement
    tried = unit(rng, 50, len(free)) @ free
    assert (tried @ q).max() <= best + 1e-9
    assert np.linalg.norm(free @ q) == pytest.approx(best)
    assert best**2 + (clean @ q).max() ** 2 <= 1 + 1e-9


def test_max_orthogonal_score_of_a_query_inside_the_span():
    assert r.max_orthogonal_score([1, 0, 0], [[1, 0, 0], [1, 0, 0]]) == pytest.approx(0, abs=1e-12)


@FEW
@given(seeds, st.integers(2, 5))
def test_least_overlap(rng, d):
    q, p, c = unit(rng, 3, d)
    assert p @ c >= r.least_overlap(np.clip(q @ p, -1, 1), np.clip(q @ c, -1, 1)) - 1e-9


def test_least_overlap_values():
    assert r.least_overlap(0.9, 0.8) == pytest.approx(0.458466, abs=1e-6)
    assert r.least_overlap(0.95, math.sqrt(1 - 0.95**2)) == pytest.approx(0, abs=1e-12)


@FEW
@given(seeds, st.integers(1, 4))
def test_stable_radius(rng, k):
    documents, q = unit(rng, 6, 3), unit(rng, 3)
    radius = r.stable_radius(q, documents, k)
    before = set(np.argsort(-(documents @ q))[:k])
    for step in unit(rng, 20, 3):
        assert set(np.argsort(-(documents @ (q + 0.999 * radius * step)))[:k]) == before
    scores = np.sort(documents @ q)[::-1]
    assert radius >= (scores[k - 1] - scores[k]) / 2 - 1e-12


def test_stable_radius_is_sharp_and_small_margins_are_fragile():
    documents, q = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([0.3, 0.9])
    radius = r.stable_radius(q, documents, 1)
    moved = documents @ (q - radius * np.array([1, 0]))
    assert moved[0] == pytest.approx(moved[1])
    rng = np.random.default_rng(2)
    angle, poison, clean = rng.normal(0, 0.05, 4000), 0.4, -0.4 - 1e-6
    assert np.mean(np.cos(angle - poison) > np.cos(angle - clean)) == pytest.approx(0.5, abs=0.03)


def test_alarm_precision():
    t, f = Fraction(98, 100), Fraction(2, 100)
    values = [r.alarm_precision(pi, t, f) for pi in (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100))]
    assert [float(v) for v in values] == pytest.approx([0.98, 0.844828, 0.331081], abs=1e-6)
    assert r.alarm_precision(f / (t + f), t, f) == Fraction(1, 2)
    assert float(r.alarm_precision(Fraction(1, 1000), t**2, f**2)) == pytest.approx(0.706, abs=1e-3)


def test_smallest_removal_need_not_hold_a_poison():
    assert r.smallest_removals([{"p", "c"}]) == [frozenset("c"), frozenset("p")]
    assert r.smallest_removals([{"p1", "c"}, {"p2", "c"}]) == [frozenset({"c"})]
    assert r.smallest_removals([{"p1"}, {"p2"}]) == [frozenset({"p1", "p2"})]


@given(st.lists(st.sets(st.integers(0, 6), min_size=1), min_size=1, max_size=5))
def test_removals_meet_every_support(supports):
    found = r.smallest_removals(supports)
    every = [s for size in range(len(found[0])) for s in combinations(range(7), size)]
    assert all(s & set(f) for f in found for s in supports)
    assert not any(all(s & set(f) for s in supports) for f in every)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_vote_certificate_exhaustively(k):
    answers = "abc"
    for votes in product(answers, repeat=k):
        winner, margin, certified = r.vote_certificate(votes)
        if winner is None:
            continue
        for replaced in range(k + 1):
            changed = [
                r.vote_certificate([new.get(i, v) for i, v in enumerate(votes)]).winner
                for where in combinations(range(k), replaced)
                for new in (
                    dict(zip(where, values, strict=True)) for values in product(answers, repeat=replaced)
                )
            ]
            assert (set(changed) == {winner}) == (replaced <= certified), (votes, replaced)
            assert (replaced <= certified) == (margin > 2 * replaced)


def test_two_poisons_among_five_do_not_win():
    assert r.vote_certificate(["clean"] * 5) == ("clean", 5, 2)
    assert r.vote_certificate(["clean"] * 3 + ["false"] * 2).winner == "clean"
    assert r.vote_certificate(["w"] * 8 + ["s"] * 2).certified == 2
    assert r.vote_certificate(["a", "b"]) == (None, 0, 0)


def test_the_printed_poison_bound_fails():
    posteriors = [[0.6, 0.4]] + [
        [0.0, 1.0]
    ] * 4  # one poison, four good documents; answer 0 is the attacker's
    failure = r.linear_pool(posteriors, [0.2] * 5)[0]
    printed = 1.0  # the poison is retrieved, and alone it convinces with 0.6 > 0.5
    assert failure == pytest.approx(0.12) and printed > failure


# --- pools ---


@FEW
@given(seeds)
def test_passage_shares(rng):
    attention = rng.dirichlet(np.ones(12), (3, 4))
    lengths = [2, 5, 3]
    shares = r.passage_shares(attention, lengths)
    assert shares.mass.sum() == pytest.approx(1)
    assert np.array(lengths) @ shares.printed == pytest.approx(4 * shares.total)
    assert shares.total == pytest.approx(attention[:, :, :10].sum(2).mean())


def test_mean_and_mass_can_disagree():
    attention = np.r_[np.full(200, 0.004), np.full(10, 0.02)].reshape(1, 1, -1)
    shares = r.passage_shares(attention, [200, 10])
    assert shares.mass == pytest.approx([0.8, 0.2]) and shares.printed == pytest.approx([0.004, 0.02])
    even = r.passage_shares(np.full((5, 32, 1000), 1e-3), [100] * 10)
    assert even.printed.sum() == pytest.approx(0.32)


@FEW
@given(seeds, st.integers(1, 4))
def test_a_linear_reader_is_a_logarithmic_pool(rng, n):
    values, unembed, bias = rng.standard_normal((n, 3)), rng.standard_normal((5, 3)), rng.standard_normal(5)
    weights = rng.dirichlet(np.ones(n))

    def softmax(z):
        return np.exp(z - z.max(-1, keepdims=True)) / np.exp(z - z.max(-1, keepdims=True)).sum(
            -1, keepdims=True
        )

    read = softmax(bias + unembed @ (weights @ values))
    single = softmax(bias + values @ unembed.T)
    np.testing.assert_allclose(read, r.log_pool(single, weights), atol=1e-10)


def test_linear_reader_example():
    p = [[1 / (1 + math.exp(-4)), 1 / (1 + math.exp(4))], [1 / (1 + math.exp(4)), 1 / (1 + math.exp(-4))]]
    assert r.linear_pool(p, [0.8, 0.2])[0] == pytest.approx(0.789208, abs=1e-6)
    assert r.log_pool(p, [0.8, 0.2])[0] == pytest.approx(0.916827, abs=1e-6)


@FEW
@given(seeds, st.floats(0.01, 0.99))
def test_a_mixture_withstands_foreign_mass_below_the_threshold(rng, foreign):
    own, other = laws(rng, 2, 4)
    first, second = np.sort(own)[::-1][:2]
    margin = first - second
    limit = margin / (1 + margin)
    if foreign < limit:
        assert r.linear_pool([own, other], [1 - foreign, foreign]).argmax() == own.argmax()
    runner = np.eye(4)[np.argsort(-own)[1]]
    mixed = r.linear_pool([own, runner], [1 - foreign, foreign])
    assert (mixed[own.argmax()] > mixed[runner.argmax()]) == (foreign < limit)


def test_no_mixture_computes_an_exclusive_or():
    alone = [[0.5, 0.5], [0.5, 0.5]]  # one bit says nothing about the sum of two
    for weight in (0, 0.3, 1):
        assert r.linear_pool(alone, [weight, 1 - weight]) == pytest.approx([0.5, 0.5])


THREE = [[0.85, 0.14, 0.01], [0.01, 0.19, 0.80]]


def test_expected_log_posterior_is_not_bayes():
    linear, logs = r.linear_pool(THREE, [0.5, 0.5]), r.log_pool(THREE, [0.5, 0.5])
    assert linear == pytest.approx([0.43, 0.165, 0.405]) and linear.argmax() == 0
    assert logs.argmax() == 1
    two = [[0.7, 0.3], [0.001, 0.999]]
    assert r.linear_pool(two, [0.8, 0.2])[0] == pytest.approx(0.5602) and r.log_pool(two, [0.8, 0.2])[0] < 0.5


@FEW
@given(seeds, st.integers(1, 4))
def test_each_pool_minimises_its_own_divergence(rng, n):
    p, w, other = laws(rng, n, 3) + 1e-3, rng.dirichlet(np.ones(n)), laws(rng, 1, 3)[0] + 1e-3
    p, other = p / p.sum(1, keepdims=True), other / other.sum()

    def forward(q):
        return sum(weight * entropy(row, q) for weight, row in zip(w, p, strict=True))

    def backward(q):
        return sum(weight * entropy(q, row) for weight, row in zip(w, p, strict=True))

    assert forward(r.linear_pool(p, w)) <= forward(other) + 1e-9
    assert backward(r.log_pool(p, w)) <= backward(other) + 1e-9
    agreed = np.sort(p, axis=1)[:, ::-1]  # all rows prefer answer 0
    assert r.linear_pool(agreed, w).argmax() == r.log_pool(agreed, w).argmax() == 0


def test_a_zero_vetoes_in_the_logarithmic_pool_only():
    p = [[0.9, 0.1], [0.0, 1.0]]
    assert r.log_pool(p, [0.9, 0.1])[0] == 0 and r.linear_pool(p, [0.9, 0.1])[0] == pytest.approx(0.81)
    assert r.log_pool(p, [1, 0])[0] == pytest.approx(0.9)


@FEW
@given(seeds, st.integers(1, 3), st.integers(2, 4))
def test_independent_pool_is_bayes(rng, sources, answers):
    prior = rng.dirichlet(np.full(answers, 3)) + 1e-6
    prior /= prior.sum()
    likelihoods = rng.uniform(0.1, 1, (sources, answers))
    single = prior * likelihoods / (prior * likelihoods).sum(1, keepdims=True)
    joint = prior * likelihoods.prod(0)
    np.testing.assert_allclose(r.independent_pool(single, prior), joint / joint.sum())
    flat = likelihoods / likelihoods.sum(1, keepdims=True)
    np.testing.assert_allclose(r.independent_pool(flat), r.log_pool(flat, np.full(sources, 1 / sources)) ** sources
                               / (r.log_pool(flat, np.full(sources, 1 / sources)) ** sources).sum())  # fmt: skip


def test_no_trust_between_0_and_1_gives_bayes():
    prior, report = [0.9, 0.1], [0.6, 0.4]
    assert r.independent_pool([report, report], prior) == pytest.approx([0.2, 0.8])
    logs = np.log(report)
    assert all(r.arbitrate(logs, logs, trust) == 0 for trust in np.linspace(0, 1, 11))
    assert r.independent_pool([[0.7, 0.3], [0.4, 0.6]])[0] == pytest.approx(28 / 46)


def test_unequal_weights_are_not_independence():
    rows = [[0.6, 0.4], [0.6, 0.4], [0.2, 0.8]]
    assert r.log_pool(rows, [0.45, 0.45, 0.1])[0] > 0.5 > r.independent_pool(rows)[0]


# --- softmax and distraction ---


@FEW
@given(seeds, st.integers(2, 6))
def test_attention_ratio_and_lipschitz_bound(rng, n):
    z, step = 3 * rng.standard_normal((2, n))
    a, b = r.softmax_weights(z), r.softmax_weights(z + step)
    assert a[1] / a[0] == pytest.approx(math.exp(z[1] - z[0]))
    assert np.linalg.norm(a - b) <= np.linalg.norm(step) / 2 + 1e-12
    near = r.softmax_weights([1e-4, -1e-4]) - 0.5  # sharp at equal weights
    assert np.linalg.norm(near) / np.linalg.norm([1e-4, 1e-4]) == pytest.approx(0.5, abs=1e-6)


def test_cosine_ceiling():
    rng = np.random.default_rng(3)
    best = [(unit(rng, 500, d)[:, 0]).max() for d in (16, 256) for _ in range(20)]
    assert all(b <= r.cosine_ceiling(500, d, 0.01) for b, d in zip(best, [16] * 20 + [256] * 20, strict=True))
    assert np.mean(best[20:]) < 0.35 * np.mean(best[:20])
    logits = [
        (rng.standard_normal((500, d)) @ rng.standard_normal(d) / math.sqrt(d)).max() for d in [16, 256] * 20
    ]
    assert np.mean(logits[1::2]) == pytest.approx(np.mean(logits[::2]), rel=0.2)


@FEW
@given(seeds, st.integers(1, 4), st.integers(1, 6), st.floats(0, 5))
def test_distractor_mass_bound_and_gradient(rng, relevant, distractors, gap):
    z = rng.standard_normal(relevant)
    z = np.r_[z, z.max() - gap - rng.exponential(1, distractors)]
    foreign = np.arange(len(z)) >= relevant
    weights = r.softmax_weights(z)
    mass = weights[foreign].sum()
    assert mass <= r.distractor_mass(distractors, gap) + 1e-12
    for t in range(len(z)):
        moved = z.copy()
        moved[t] += 1e-6
        slope = (r.softmax_weights(moved)[foreign].sum() - mass) / 1e-6
        assert slope == pytest.approx(weights[t] * (foreign[t] - mass), abs=1e-5)
    values = rng.standard_normal((len(z), 3))
    inside = weights[~foreign] @ values[~foreign] / (1 - mass)
    outside = weights[foreign] @ values[foreign] / mass
    np.testing.assert_allclose(weights @ values - inside, mass * (outside - inside), atol=1e-9)


def test_distractor_mass_values():
    assert r.distractor_mass(1000, 14) == pytest.approx(8.3083e-4, abs=1e-7)
    assert r.distractor_mass(0, 1) == 0
    single = r.softmax_weights(np.r_[0, np.full(7, -2)])[1:].sum()
    assert r.distractor_mass(7, 2) == pytest.approx(single)


@FEW
@given(seeds)
def test_zero_values_have_no_effect_after_normalisation(rng):
    def rms_norm(x):
        return x / np.sqrt((x**2).mean())

    values = rng.standard_normal((3, 4))
    weights = r.softmax_weights(rng.standard_normal(5))
    with_distractors = weights @ np.vstack([values, np.zeros((2, 4))])
    without = weights[:3] / weights[:3].sum() @ values
    np.testing.assert_allclose(rms_norm(with_distractors), rms_norm(without))


# --- arbitration ---


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3, unique=True), st.permutations(range(3)), tenths)
def test_threshold_decides_and_the_printed_sign_never_does(prior, order, trust):
    context = [prior[i] for i in order]
    mine, theirs = prior.index(max(prior)), context.index(max(context))
    if mine == theirs:
        return
    a = prior[mine] - prior[theirs]
    b = context[mine] - context[theirs]
    assert a - b > 0  # the printed margin, under every conflict
    limit = r.arbitration_threshold(a, b)
    assert limit == r.arbitration_threshold(a, -b) == Fraction(-b, a - b)
    pair = [[scores[mine], scores[theirs]] for scores in (prior, context)]
    if trust != limit:
        assert (r.arbitrate(*pair, trust) == 0) == (trust > limit)


def test_arbitration_examples():
    assert r.arbitration_threshold(2, -3) == Fraction(3, 5)
    assert [r.arbitrate([2, 0], [0, 3], trust) for trust in (Fraction(1, 2), Fraction(7, 10))] == [1, 0]
    assert (
        r.arbitrate([3, 0, Fraction(29, 10)], [0, 3, Fraction(29, 10)], Fraction(1, 2)) == 2
    )  # a third answer


@given(st.integers(-9, -1), st.integers(1, 9), st.sampled_from([Fraction(k, 8) for k in range(8)]), tenths)
def test_decision_is_stable_against_small_shifts(b, a, trust, shift):
    force = trust * a + (1 - trust) * b
    moved = [trust * a + (1 - trust) * (b + change) for change in (-2 * shift, 2 * shift)]
    safe = abs(force) > 2 * (1 - trust) * shift
    assert safe == all(m * force > 0 for m in moved)


@given(st.integers(0, 12), st.floats(0.51, 0.99))
def test_majority_error_below_the_bound(half, reliability):
    k = 2 * half + 1
    assert r.majority_error(k, reliability) <= math.exp(-2 * k * (reliability - 0.5) ** 2) + 1e-12


def test_majority_error_values():
    assert r.majority_error(3, 0.7) == pytest.approx(0.216)
    assert r.majority_error(11, 0.7) == pytest.approx(0.0782248, abs=1e-6)


def test_unknown_reliability_cannot_be_resolved():
    r0 = Fraction(7, 10)
    for k in (1, 4):
        for votes in product((0, 1), repeat=k):
            right_side = math.prod(r0 if v == 1 else 1 - r0 for v in votes)  # truth 1, reliability r
            other_side = math.prod(1 - r0 if v == 0 else r0 for v in votes)  # truth 0, reliability 1 - r
            assert right_side == other_side


# --- intents ---


def test_the_printed_objective_serves_one_intent():
    scores = np.array([[1, 0], [1, 0], [0, 1]])  # a1, a2 for intent 1, b1 for intent 2
    p = np.array([0.6, 0.4])
    best = max(combinations(range(3), 2), key=lambda d: (scores[list(d)] @ p).sum())
    assert set(best) == {0, 1}
    sets = [{0}, {0}, {1}]
    weights = {0: Fraction(6, 10), 1: Fraction(4, 10)}
    assert r.coverage(sets, best, weights) == Fraction(6, 10)
    assert r.greedy_coverage(sets, 2, weights).value == 1


@FEW
@given(seeds, st.integers(1, 4))
def test_the_printed_objective_is_additive(rng, k):
    scores, p = rng.uniform(0, 1, (6, 3)), rng.dirichlet(np.ones(3))
    mean = scores @ p
    best = max(combinations(range(6), k), key=lambda d: mean[list(d)].sum())
    assert set(best) == set(np.argsort(-mean)[:k])


@FEW
@given(seeds, st.integers(2, 4))
def test_intent_regret_bounds(rng, intents):
    u, p, hat = rng.uniform(0, 1, (5, intents)), *laws(rng, 2, intents)
    assert r.intent_regret(u, p, hat) <= np.abs(p - hat).sum() + 1e-12
    point = np.eye(intents)[0]
    assert r.intent_regret(u, p, point) <= 1 - p[0] + 1e-12


def test_intent_regret_is_sharp():
    assert r.intent_regret([[1, 0], [1, 1]], [0.6, 0.4], [1, 0]) == pytest.approx(0.4)
    assert r.intent_regret([[1, 0], [1 - 1e-9, 1]], [0.6, 0.4], [1, 0]) == pytest.approx(0.4, abs=1e-8)


@FEW
@given(seeds, st.integers(2, 5), st.integers(1, 3))
def test_best_guess_of_the_intent(rng, intents, guesses):
    p = rng.dirichlet(np.ones(intents))
    tried = [p[list(c)].sum() for c in combinations(range(intents), min(guesses, intents))]
    assert r.best_guesses(p, guesses) == pytest.approx(max(tried))
    assert r.best_guesses([0.6, 0.4]) == pytest.approx(0.6)


# --- breadth ---


@given(st.floats(0.01, 0.49), st.integers(1, 8))
@FEW
def test_information_grows_and_its_increments_fall(noise, n):
    values = [r.information_from_copies(noise, k) for k in range(n + 2)]
    steps = np.diff(values)
    assert values[0] == pytest.approx(0, abs=1e-12) and (steps >= -1e-12).all()
    assert (np.diff(steps) <= 1e-12).all()
    per_document = [values[k] / k for k in range(1, n + 2)]
    assert (np.diff(per_document) <= 1e-12).all()
    assert r.breadth([noise] * n).information == pytest.approx(values[n], abs=1e-9)


@FEW
@given(seeds)
def test_breadth_never_loses_information_but_a_majority_may(rng):
    noises = rng.uniform(0, 0.5, 6)
    found = [r.breadth(noises[:k]) for k in range(1, 7)]
    assert (np.diff([b.information for b in found]) >= -1e-12).all()
    assert (np.diff([b.best for b in found]) >= -1e-12).all()
    assert all(b.majority <= b.best + 1e-12 for b in found)


def test_two_documents_can_create_the_information():
    law = np.zeros((2, 2, 2))  # Y is the sum of two bits
    for a, b in product(range(2), repeat=2):
        law[a ^ b, a, b] = 1 / 4

    def information(table):
        return entropy(table.sum(1), base=2) + entropy(table.sum(0), base=2) - entropy(table.ravel(), base=2)

    assert information(law.sum(2)) == pytest.approx(0, abs=1e-12)
    assert information(law.reshape(2, 4)) == pytest.approx(1)


def test_a_majority_drowns_the_one_good_document():
    values = [r.one_good_document(k) for k in (1, 3, 5, 7)]
    assert values == [1, Fraction(3, 4), Fraction(11, 16), Fraction(21, 32)]
    assert float(r.one_good_document(51)) == pytest.approx(0.556138, abs=1e-6)
    found = r.breadth([0.0, 0.5, 0.5])
    assert found == pytest.approx((1, 1, 0.75))
    assert float(r.one_good_document(2001)) == pytest.approx(
        0.5 + 1 / math.sqrt(2 * math.pi * 2001), abs=1e-5
    )


def test_shuffled_and_unmarked_three_documents():
    # the informative document is at an unknown place: the best reader sees only the number of ones
    right = sum(
        Fraction(1, 2) * max(Fraction(sum(sum(s) == ones and s[i] == y for s in product((0, 1), repeat=3)
                                          for i in range(3)), 12) for y in (0, 1))
        for ones in range(4)
    )  # fmt: skip
    assert right == Fraction(3, 4)


# --- bad input ---


@pytest.mark.parametrize(
    "call",
    [
        lambda: r.fictional_corpus(1),
        lambda: r.words(3),
        lambda: r.bm25_scores("a", []),
        lambda: r.bm25_scores("a", "text"),
        lambda: r.embed(["a b", "b c"], ["a"], dim=9),
        lambda: r.embed(["a b", "b c"], ["a"], dim=1, model="large"),
        lambda: r.latent_display(np.ones((2, 2, 2))),
        lambda: r.least_token_probability(0, 1),
        lambda: r.prefix_means([]),
        lambda: r.knapsack([1, 2], [1], 3),
        lambda: r.knapsack([1], [0], 3),
        lambda: r.greedy_fill([1], [1], 1, by="luck"),
        lambda: r.coverage([{1}], [1]),
        lambda: r.greedy_coverage([{"a": -1}], 1),
        lambda: r.greedy_coverage([], 1),
        lambda: r.budgeted_coverage([{1}], [1, 1], 3),
        lambda: r.split_probability(5, 5, 1),
        lambda: r.split_probability(5, 1, 6),
        lambda: r.fano_floor([[1.0]]),
        lambda: r.cyclic_embedding(1, 2),
        lambda: r.cyclic_embedding(5, 2).query([1, 1]),
        lambda: r.realises_all_sets(3),
        lambda: r.circle_embedding(2, 2),
        lambda: r.set_margins(np.eye(3), np.eye(3), np.array([[0], [1], [3]])),
        lambda: r.margin_ceiling(2, 2),
        lambda: r.packing_dimension(10, 0),
        lambda: r.free_embedding(2, 2, np.random.default_rng(0)),
        lambda: r.all_hops_bounds(1.1, 2),
        lambda: r.rollout(4, 1, 0.7, 0.7),
        lambda: r.failure_bound(0.5, 2),
        lambda: r.poisons_in_topk([1], [1], 1),
        lambda: r.median_best_clean(0, 3),
        lambda: r.attack_value(2, 0),
        lambda: r.max_orthogonal_score([1, 0], [[1, 0, 0]]),
        lambda: r.least_overlap(2, 0),
        lambda: r.stable_radius([1, 0], [[1, 0], [1, 0]], 1),
        lambda: r.alarm_precision(0, 1, 0),
        lambda: r.smallest_removals([set()]),
        lambda: r.vote_certificate([]),
        lambda: r.passage_shares(np.full((1, 1, 2), 0.5), [3]),
        lambda: r.linear_pool([[0.5, 0.6]], [1]),
        lambda: r.log_pool([[0.0, 1.0], [1.0, 0.0]], [0.5, 0.5]),
        lambda: r.independent_pool([[0.5, 0.5]], [1, 0]),
        lambda: r.softmax_weights([math.nan]),
        lambda: r.cosine_ceiling(0, 3, 0.5),
        lambda: r.distractor_mass(-1, 2),
        lambda: r.best_guesses([0.5, 0.5], 0),
        lambda: r.arbitrate([1], [1, 2], 0.5),
        lambda: r.arbitration_threshold(0, 1),
        lambda: r.arbitration_threshold(1, 0),
        lambda: r.majority_error(2, 0.7),
        lambda: r.intent_regret([[2.0]], [1], [1]),
        lambda: r.information_from_copies(0.1, -1),
        lambda: r.breadth([]),
        lambda: r.one_good_document(2),
    ],
)
def test_bad_input_is_named(call):
    with pytest.raises(ValueError, match="is not allowed"):
        call()
