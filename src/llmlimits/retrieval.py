r"""Retrieval, poisoning and conflicting sources, for the chapter on retrieval (5).

A small made-up corpus with two retrievers; selection under a token budget (knapsack, coverage), chunk
boundaries, prefix means, and how many dimensions single-vector search needs; ranking, positions, poisons,
detectors and certified votes; opinion pools, arbitration between memory and context, several intents, and
the information in many documents. Witness for the ledger rows ``s5-01`` to ``s5-37``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, expit, logsumexp
from scipy.stats import binom

from ._checks import array, choice, distribution, fail, generator, integer, probability, real

# --- a corpus and two retrievers ---

_FIRST = ("Al", "Bren", "Cor", "Dun", "Es", "Fal", "Gar", "Hol", "Ing", "Jor", "Kel", "Lun")
_LAST = ("mar", "wick", "ford", "holm")
_RIVERS = ("Arva", "Bire", "Cald", "Dorn", "Emme", "Fyle", "Gath", "Husk", "Ister", "Jarn", "Kolm", "Lethe")
_HILLS = ("Ash", "Birch", "Copper", "Drake", "Elder", "Flint", "Granite", "Heron", "Iron", "Juniper", "Kestrel",
          "Lark")  # fmt: skip
_GIVEN = ("Ada", "Boris", "Clara", "Dmitri", "Edda", "Felix", "Greta", "Hugo")
_FAMILY = ("Arnold", "Becker", "Costa", "Dahl", "Eriksen", "Fontaine")
_TRADES = ("weaver", "surgeon", "printer", "mason", "brewer", "notary", "clockmaker")
_FEASTS = ("bells", "lanterns", "apples", "kites", "masks")


class Passage(NamedTuple):
    """A text, its length in words, and the facts it states."""

    text: str
    length: int
    facts: frozenset[str]


class Question(NamedTuple):
    """A question, its kind ("one", "hop" or "wide"), the facts it needs, and one sub-question per aspect."""

    text: str
    kind: str
    needs: frozenset[str]
    aspects: tuple[str, ...]


class Corpus(NamedTuple):
    """Passages and questions."""

    passages: list[Passage]
    questions: list[Question]


def _passage(text: str, *facts: str) -> Passage:
    return Passage(text, len(words(text)), frozenset(facts))


def fictional_corpus(n_towns: int = 24) -> Corpus:
    r"""Made-up towns, rivers and founders: passages that state known facts, and questions that need them.

    A town has four passages (a gazetteer entry, a travel note that repeats its river, a long history, a
    feast), a river and a founder one each. Each town has three questions: "one" (a single fact), "hop" (the
    hills in which its river rises: two passages, of which the second does not name the town) and "wide"
    (four facts). Written for this book and under the licence of its text.

    Parameters
    ----------
    n_towns : 2 to 48.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        If `n_towns` is outside its range.

    Source: ledger ``s5-03``, ``s5-05``.
    """
    n = integer("n_towns", n_towns, 2, 48)
    passages, questions = [], []
    rivers = []
    for i in range(n):
        town = _FIRST[i % 12] + _LAST[(i // 12 + i) % 4]
        river = _RIVERS[(5 * i + i // 12) % 12]
        founder = f"{_GIVEN[i % 8]} {_FAMILY[i // 8]}"
        if river not in rivers:
            rivers.append(river)
        water, people, origin, feast = (f"{town}: {x}" for x in ("river", "population", "founder", "feast"))
        passages += [
            _passage(
                f"{town} is a market town on the river {river} with a population of {1200 + 370 * i}.",
                water, people,
            ),
            _passage(
                f"Travellers reach {town} by boat, since the town lies on the river {river}; inns line the quay.",
                water,
            ),
            _passage(
                f"The history of {town} begins in {1120 + 13 * i}, when {founder}, its founder, bought the meadow and "
                f"a mill from the abbey. A wall followed, then a school, then a fire that took half of the roofs; the "
                f"council rebuilt {town} in brick and forbade thatch.",
                origin,
            ),
            _passage(
                f"At the feast of {_FEASTS[i % 5]} the people of {town} walk from the church to the bridge and back.",
                feast,
            ),
            _passage(
                f"{founder} was a {_TRADES[(3 * i) % 7]} by training and wrote letters about bread, taxes and winter.",
                f"{founder}: trade",
            ),
        ]  # fmt: skip
        source = f"{river}: source"
        questions += [
            Question(f"On which river does the town of {town} lie?", "one", frozenset([water]), (f"river of {town}",)),
            Question(
                f"In which hills does the river of {town} rise?", "hop", frozenset([water, source]),
                (f"river of {town}", f"the {river} rises in which hills"),
            ),
            Question(
                f"Describe {town}: its river, its population, its founder and its feast.", "wide",
                frozenset([water, people, origin, feast]),
                (f"river of {town}", f"population of {town}", f"founder of {town}", f"feast in {town}"),
            ),
        ]  # fmt: skip
    for river in rivers:
        j = _RIVERS.index(river)
        passages.append(
            _passage(
                f"The {river} rises in the {_HILLS[j]} hills and runs {90 + 17 * j} kilometres to the sea.",
                f"{river}: source",
            )
        )
    return Corpus(passages, questions)


def words(text: str) -> list[str]:
    """The words of a text in lower case, letters and digits only.

    Parameters
    ----------
    text : any string.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If `text` is not a string.

    Source: ledger ``s5-03``.
    """
    if not isinstance(text, str):
        fail("text", text, "a string")
    return re.findall(r"[a-z0-9]+", text.lower())


def _texts(name: str, value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        fail(name, value, "a non-empty sequence of strings")
    if not all(isinstance(text, str) for text in value):
        fail(name, value, "a non-empty sequence of strings")
    return list(value)


def bm25_scores(query: str, passages: Sequence[str], k1: float = 1.5, b: float = 0.75) -> np.ndarray:
    r"""BM25 scores of all passages for one query.

    $\sum_{w\in q}\ln\bigl(1+\frac{N-n_w+1/2}{n_w+1/2}\bigr)\frac{f_w}{f_w+k_1(1-b+b\,\ell/\bar\ell)}$ with $f_w$
    the count of word $w$ in the passage, $n_w$ the number of the $N$ passages that contain it, and $\ell$ the
    length (the variant of Lucene).

    Parameters
    ----------
    query : a text.
    passages : non-empty sequence of texts.
    k1 : positive.
    b : in [0, 1].

    Returns
    -------
    array of shape (passages,)

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-03``.
    """
    texts = _texts("passages", passages)
    if not isinstance(query, str):
        fail("query", query, "a string")
    k1 = float(real("k1", k1, above=0))
    b = float(real("b", b, 0, 1))
    asked = words(query)
    counts = [Counter(words(text)) for text in texts]
    lengths = np.array([sum(count.values()) for count in counts], dtype=float)
    norm = k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-12))
    scores = np.zeros(len(texts))
    for word in asked:
        f = np.array([count[word] for count in counts], dtype=float)
        n = np.count_nonzero(f)
        scores += np.log1p((len(texts) - n + 0.5) / (n + 0.5)) * f / (f + norm)
    return scores


class Embedding(NamedTuple):
    """Unit vectors of the passages and of the queries, row by row, and the name of the model that made them."""

    passages: np.ndarray
    queries: np.ndarray
    model: str


def embed(passages: Sequence[str], queries: Sequence[str], dim: int = 64, model: str = "lsa") -> Embedding:
    r"""Dense vectors: TF-IDF reduced by a singular value decomposition, or a sentence-embedding model.

    Parameters
    ----------
    passages, queries : non-empty sequences of texts; the decomposition is fitted on the passages.
    dim : dimension of the reduced vectors, at least 1 and less than both the number of passages and of words.
    model : "lsa", or "minilm" for the sentence encoder ``pkg:minilm`` of `probes.load`. Where that is not
        available, "lsa" is used, and a printed line and the field `model` say so.

    Returns
    -------
    Embedding
        Rows have norm 1 (or 0 for a query without any known word), so that inner products are cosines.

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-14``.
    """
    texts, asked = _texts("passages", passages), _texts("queries", queries)
    choice("model", model, ("lsa", "minilm"))
    d = integer("dim", dim, 1)
    if model == "minilm":
        from llmlimits import probes

        try:
            network = probes.load("pkg:minilm")
        except probes.ModelUnavailable as reason:
            print(f"{reason}; using TF-IDF and SVD instead")
        else:
            both = [network.embed(part).astype(float) for part in (texts, asked)]
            return Embedding(both[0], both[1], "minilm")
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(tokenizer=words, lowercase=False, token_pattern=None, sublinear_tf=True)
    table = weigh.fit_transform(texts)
    if d >= min(table.shape):
        fail("dim", dim, f"less than {min(table.shape)}, the rank of the table of words")
    reduce = TruncatedSVD(d, algorithm="arpack", random_state=0).fit(table)
    vectors = [reduce.transform(part) for part in (table, weigh.transform(asked))]
    for v in vectors:
        v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    return Embedding(vectors[0], vectors[1], "lsa")


# --- what conditioning on documents does ---


class LatentDisplay(NamedTuple):
    """The law of the answer given the documents, and what the printed integral gives; shape (documents, answers)."""

    true: np.ndarray
    printed: np.ndarray


def latent_display(law: np.ndarray) -> LatentDisplay:
    r"""$P(y\mid D)$ beside $\sum_zP(y\mid z)P(z\mid D)$ for a joint law of documents, latent variable and answer.

    Equal if $y$ and $D$ are conditionally independent given $z$; in general the first factor must be
    $P(y\mid z,D)$.

    Parameters
    ----------
    law : array of shape (documents, latents, answers), non-negative with sum 1. Every value of the documents
        must have positive probability.

    Returns
    -------
    LatentDisplay

    Raises
    ------
    ValueError
        If `law` is no such array.

    Source: ledger ``s5-01``.
    """
    p = array("law", law, 3)
    if (p < 0).any() or abs(p.sum() - 1) > 1e-9 or (p.sum((1, 2)) == 0).any():
        fail("law", law, "non-negative with sum 1, every value of the documents with positive probability")
    given = p.sum((1, 2))[:, None]
    latent = p.sum((0, 2))
    answer = p.sum(0) / np.where(latent > 0, latent, 1)[:, None]
    return LatentDisplay(p.sum(1) / given, (p.sum(2) / given) @ answer)


def least_token_probability(vocabulary: int, logit_range: float) -> float:
    r"""Least probability softmax can give to a token: $1/(1+(V-1)e^r)$ for logits in a range of width $r$.

    Parameters
    ----------
    vocabulary : $V\ge1$.
    logit_range : $r$ in [0, 700].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-02``.
    """
    v = integer("vocabulary", vocabulary, 1)
    return 1 / (1 + (v - 1) * math.exp(float(real("logit_range", logit_range, 0, 700))))


# --- selection under a budget ---


def _scores(name: str, value: object) -> list:
    try:
        items = list(value)
    except TypeError:
        fail(name, value, "a non-empty sequence of numbers")
    if not items:
        fail(name, value, "a non-empty sequence of numbers")
    return [real(name, item) for item in items]


def prefix_means(scores: Sequence[float]) -> list:
    r"""Mean score of the $k$ best documents, $\bar s_k=\frac1k\sum_{i\le k}s_{(i)}$, for all $k$.

    Never increases with $k$.

    Parameters
    ----------
    scores : non-empty sequence of numbers in any order; integers and Fractions are averaged exactly.

    Returns
    -------
    list of numbers, as long as `scores`

    Raises
    ------
    ValueError
        If `scores` is empty or holds anything but finite numbers.

    Source: ledger ``s5-07``.
    """
    total, means = 0, []
    for k, score in enumerate(sorted(_scores("scores", scores), reverse=True), 1):
        total += score
        means.append(total / k)
    return means


class Selection(NamedTuple):
    """Indices of the chosen documents in increasing order, and what the choice is worth."""

    chosen: list[int]
    value: Fraction | float


def _knapsack_input(scores: object, lengths: object, budget: object) -> tuple[list, list[int], int]:
    s = _scores("scores", scores)
    l = [integer("lengths", item, 1) for item in lengths]
    if len(s) != len(l):
        fail("lengths", lengths, f"as many as scores ({len(s)})")
    return s, l, integer("budget", budget, 0)


def _selection(chosen: Iterable[int], scores: list) -> Selection:
    chosen = sorted(chosen)
    return Selection(chosen, sum((scores[i] for i in chosen), start=Fraction(0)))


def knapsack(scores: Sequence[float], lengths: Sequence[int], budget: int) -> Selection:
    r"""Documents with the largest sum of scores whose lengths fit the budget, exactly.

    $f_i(b)=\max\{f_{i-1}(b),f_{i-1}(b-\ell_i)+s_i\}$, $O(nB)$ operations; negative scores are left out.

    Parameters
    ----------
    scores : $n$ numbers; with integers and Fractions `value` is exact, but the choice is made in floats.
    lengths : $n$ integers, at least 1.
    budget : $B\ge0$, in the unit of the lengths.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-04``.
    """
    s, l, size = _knapsack_input(scores, lengths, budget)
    size = min(size, sum(l))
    if size * len(s) > 10**8:
        fail("budget", budget, "with at most 10^8 / number of documents units in use")
    best = np.zeros(size + 1)
    taken = np.zeros((len(s), size + 1), dtype=bool)
    for i, (score, length) in enumerate(zip(s, l, strict=True)):
        if length <= size and score > 0:
            with_it = best[: size + 1 - length] + float(score)
            taken[i, length:] = with_it > best[length:]
            best[length:] = np.maximum(best[length:], with_it)
    chosen, room = [], size
    for i in range(len(s) - 1, -1, -1):
        if taken[i, room]:
            chosen.append(i)
            room -= l[i]
    return _selection(chosen, s)


def greedy_fill(scores: Sequence[float], lengths: Sequence[int], budget: int, by: str = "score") -> Selection:
    r"""Fill the budget in decreasing order of score, of density $s/\ell$, or take the better of two.

    Parameters
    ----------
    scores, lengths, budget : as for `knapsack`.
    by : "score", "density", or "better": the better of the filling by density and the best single document
        that fits, worth at least half of the optimum.

    Returns
    -------
    Selection
        Documents that do not fit are skipped, documents without positive score are left out.

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-04``.
    """
    s, l, size = _knapsack_input(scores, lengths, budget)
    choice("by", by, ("score", "density", "better"))
    useful = [i for i in range(len(s)) if s[i] > 0 and l[i] <= size]
    key = (lambda i: s[i]) if by == "score" else (lambda i: s[i] / l[i])
    chosen, room = [], size
    for i in sorted(useful, key=lambda i: (-key(i), i)):
        if l[i] <= room:
            chosen.append(i)
            room -= l[i]
    filled = _selection(chosen, s)
    if by == "better" and useful:
        single = _selection([max(useful, key=lambda i: s[i])], s)
        return max(filled, single, key=lambda choice: choice.value)
    return filled


Covering = Iterable[Hashable] | Mapping[Hashable, float]


def _covering(sets: Sequence[Covering], weights: Mapping | None) -> tuple[list[dict], dict]:
    if isinstance(sets, str) or not isinstance(sets, Sequence) or not sets:
        fail("sets", sets, "a non-empty sequence of sets of facts, or of mappings from facts to degrees")
    degrees = []
    for item in sets:
        table = dict(item) if isinstance(item, Mapping) else dict.fromkeys(item, 1)
        degrees.append({fact: real("sets", degree, 0) for fact, degree in table.items()})
    if weights is not None and not isinstance(weights, Mapping):
        fail("weights", weights, "a mapping from facts to non-negative numbers")
    facts = sorted({fact for table in degrees for fact in table}, key=repr)
    weigh = {fact: real("weights", 1 if weights is None else weights.get(fact, 0), 0) for fact in facts}
    return degrees, weigh


def coverage(
    sets: Sequence[Covering], chosen: Iterable[int], weights: Mapping | None = None
) -> Fraction | float:
    r"""Covered weight $f(S)=\sum_uw_u\max_{d\in S}a(u,d)$ of the chosen documents, $\max\emptyset=0$.

    Monotone and submodular.

    Parameters
    ----------
    sets : per document the set of facts $u$ it states ($a=1$), or a mapping from facts to degrees $a\ge0$.
    chosen : indices into `sets`.
    weights : mapping from facts to $w_u\ge0$; 1 for every fact by default, and 0 for facts that it leaves out.

    Returns
    -------
    Fraction (if all numbers are exact) or float

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-05``.
    """
    degrees, weigh = _covering(sets, weights)
    indices = [integer("chosen", i, 0, len(degrees) - 1) for i in chosen]
    return _covered(degrees, weigh, indices)


def _covered(degrees: list[dict], weigh: dict, chosen: Sequence[int]) -> Fraction | float:
    total: Fraction | float = Fraction(0)
    for fact, weight in weigh.items():
        total += weight * max((degrees[i].get(fact, 0) for i in chosen), default=0)
    return total


def greedy_coverage(sets: Sequence[Covering], k: int, weights: Mapping | None = None) -> Selection:
    r"""Pick `k` documents one by one, each with the largest gain in `coverage`.

    Reaches at least $1-(1-\frac1k)^k\ge1-\frac1e$ of the best coverage of `k` documents.

    Parameters
    ----------
    sets, weights : as for `coverage`.
    k : number of picks, at least 0; fewer are made when nothing more can be gained.

    Returns
    -------
    Selection
        `chosen` is in the order of the picks; the first of equal documents is picked.

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-05``.
    """
    degrees, weigh = _covering(sets, weights)
    count = integer("k", k, 0)
    return _greedy(degrees, weigh, [1] * len(degrees), count)


def _greedy(degrees: list[dict], weigh: dict, costs: list, budget) -> Selection:
    chosen: list[int] = []
    value: Fraction | float = Fraction(0)
    best = dict.fromkeys(weigh, Fraction(0))

    def gain(i: int):
        return sum(
            (weigh[u] * (a - best[u]) for u, a in degrees[i].items() if a > best[u]), start=Fraction(0)
        )

    left = list(range(len(degrees)))
    while True:
        gains = [(gain(i), i) for i in left if costs[i] <= budget]
        if not gains:
            break
        won, i = max(gains, key=lambda pair: (pair[0] / costs[pair[1]], -pair[1]))
        if won <= 0:
            break
        chosen.append(i)
        left.remove(i)
        budget -= costs[i]
        value += won
        for u, a in degrees[i].items():
            best[u] = max(best[u], a)
    return Selection(chosen, value)


def budgeted_coverage(
    sets: Sequence[Covering], lengths: Sequence[int], budget: int, weights: Mapping | None = None
) -> Selection:
    r"""Coverage under a budget: the better of greedy by gain per length and the best single document.

    Reaches at least $\frac12(1-\frac1e)$ of the optimum.

    Parameters
    ----------
    sets, weights : as for `coverage`.
    lengths : one integer per document, at least 1.
    budget : at least 0; documents that do not fit are skipped.

    Returns
    -------
    Selection
        `chosen` is in the order of the picks.

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-05``.
    """
    degrees, weigh = _covering(sets, weights)
    costs = [integer("lengths", item, 1) for item in lengths]
    if len(costs) != len(degrees):
        fail("lengths", lengths, f"as many as sets ({len(degrees)})")
    size = integer("budget", budget, 0)
    filled = _greedy(degrees, weigh, costs, size)
    singles = [Selection([i], _covered(degrees, weigh, [i])) for i in range(len(costs)) if costs[i] <= size]
    return max([filled, *singles], key=lambda choice: choice.value)


# --- chunks, and what is lost ---


def split_probability(chunk: int, overlap: int, span: int) -> Fraction:
    r"""Chance that `span` linked tokens lie in no chunk: $\max\bigl(0,\frac{\ell-1-o}{C-o}\bigr)$.

    Chunks of $C$ tokens start every $C-o$ tokens; the span starts at a uniformly random offset.

    Parameters
    ----------
    chunk : $C\ge1$.
    overlap : $o$, 0 to $C-1$.
    span : $\ell$, 1 to $C$.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-06``.
    """
    c = integer("chunk", chunk, 1)
    o = integer("overlap", overlap, 0, c - 1)
    l = integer("span", span, 1, c)
    return max(Fraction(0), Fraction(l - 1 - o, c - o))


class FanoFloor(NamedTuple):
    """Least error of any reader, and Fano's lower bound on it."""

    error: float
    floor: float


def fano_floor(joint: np.ndarray) -> FanoFloor:
    r"""Least error of a reader of the context, and the bound $(H(Y\mid X)-1)/\log_2|\mathcal Y|$ on it.

    Parameters
    ----------
    joint : array of shape (answers, contexts), probabilities with sum 1, at least 2 answers.

    Returns
    -------
    FanoFloor

    Raises
    ------
    ValueError
        If `joint` is no such array.

    Source: ledger ``s5-09``.
    """
    p = array("joint", joint, 2)
    if (p < 0).any() or abs(p.sum() - 1) > 1e-9 or len(p) < 2:
        fail("joint", joint, "non-negative with sum 1 and at least 2 rows")
    seen = p.sum(0)
    ratio = np.divide(p, seen, out=np.ones_like(p), where=p > 0)
    entropy = -float((p * np.log2(ratio)).sum())
    return FanoFloor(1 - float(p.max(0).sum()), (entropy - 1) / math.log2(len(p)))


# --- dimensions ---


class CyclicEmbedding(NamedTuple):
    """Documents on the moment curve, one row of integers each; `query` gives the vector for a set."""

    documents: list[tuple[int, ...]]
    k: int

    def query(self, chosen: Iterable[int]) -> tuple[int, ...]:
        """Integer query whose `k` best documents are `chosen`: coefficients of minus the product of squares."""
        members = [integer("chosen", i, 0, len(self.documents) - 1) for i in chosen]
        if len(set(members)) != self.k or len(members) != self.k:
            fail("chosen", members, f"{self.k} different documents")
        polynomial = [-1]
        for i in members:
            for _ in range(2):  # times (t - s), lowest power first
                shifted = [0, *polynomial]
                polynomial = [a - (i + 1) * b for a, b in zip(shifted, [*polynomial, 0], strict=True)]
        return tuple(polynomial[1:])

    def top(self, query: Sequence[int]) -> set[int] | None:
        """The `k` best documents for the query, or None if the k-th and the next score are equal."""
        if not isinstance(query, Sequence | np.ndarray) or len(query) != 2 * self.k:
            fail("query", query, f"{2 * self.k} numbers")
        query = [real("query", item, any_size=True) for item in query]
        scores = [sum(a * b for a, b in zip(query, row, strict=True)) for row in self.documents]
        order = sorted(range(len(scores)), key=lambda i: -scores[i])
        if len(order) > self.k and scores[order[self.k - 1]] == scores[order[self.k]]:
            return None
        return set(order[: self.k])


def cyclic_embedding(n_documents: int, k: int) -> CyclicEmbedding:
    r"""Documents $v_t=(t,t^2,\dots,t^{2k})$, $t=1,\dots,n$, among which every $k$-set is the top $k$ of a query.

    The query for $S$ has the coefficients of $-\prod_{s\in S}(t-s)^2$ without the constant. Everything is in
    integers, hence exact.

    Parameters
    ----------
    n_documents : $n\ge k$.
    k : at least 1.

    Returns
    -------
    CyclicEmbedding

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-34``; Gale 1963 (cyclic polytopes), Wang et al. 2026.
    """
    size = integer("k", k, 1)
    n = integer("n_documents", n_documents, size, max(10**5 // size, size))
    return CyclicEmbedding(
        [tuple(t**power for power in range(1, 2 * size + 1)) for t in range(1, n + 1)], size
    )


def realises_all_sets(embedding: CyclicEmbedding) -> bool:
    """Whether each set of `k` documents is exactly the top `k` of its query, tried for all of them.

    Parameters
    ----------
    embedding : from `cyclic_embedding`.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If `embedding` is something else.

    Source: ledger ``s5-34``.
    """
    if not isinstance(embedding, CyclicEmbedding):
        fail("embedding", embedding, "a CyclicEmbedding")
    every = combinations(range(len(embedding.documents)), embedding.k)
    return all(embedding.top(embedding.query(chosen)) == set(chosen) for chosen in every)


class CircleEmbedding(NamedTuple):
    """Unit documents, unit queries (one per set) and the sets of document numbers, in the same order."""

    documents: np.ndarray
    queries: np.ndarray
    sets: np.ndarray


def circle_embedding(n_documents: int, k: int) -> CircleEmbedding:
    r"""Unit-norm form of `cyclic_embedding`: documents $\frac1{\sqrt k}(\cos jt,\sin jt)_{j\le k}$ at equal angles.

    The query for $S$ has the coefficients of $-\prod_{s\in S}(1-\cos(t-s))$, without the constant, scaled to
    norm 1.

    Parameters
    ----------
    n_documents : $n\ge k+1$.
    k : at least 1.

    Returns
    -------
    CircleEmbedding
        Arrays of shapes (n, 2k), (sets, 2k) and (sets, k).

    Raises
    ------
    ValueError
        If an argument is outside its range or there are more than a million sets.

    Source: ledger ``s5-34``.
    """
    size = integer("k", k, 1)
    n = integer("n_documents", n_documents, size + 1)
    if math.comb(n, size) > 10**6:
        fail("n_documents", n_documents, "small enough for at most a million sets")
    angles = 2 * math.pi * np.arange(n) / n
    sets = np.array(list(combinations(range(n), size)))
    # Fourier coefficients of the product, from -k to k; 1 - cos(t - s) has -e^{is}/2, 1, -e^{-is}/2
    spectrum = np.ones((len(sets), 1), dtype=complex)
    for column in range(size):
        turn = np.exp(-1j * angles[sets[:, column]])[:, None]
        wide = np.zeros((len(sets), spectrum.shape[1] + 2), dtype=complex)
        wide[:, 1:-1] += spectrum
        wide[:, :-2] -= spectrum / (2 * turn)
        wide[:, 2:] -= spectrum * turn / 2
        spectrum = wide
    positive = -spectrum[:, size + 1 :]
    queries = np.empty((len(sets), 2 * size))
    queries[:, 0::2], queries[:, 1::2] = 2 * positive.real, -2 * positive.imag
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    waves = np.arange(1, size + 1)[None, :] * angles[:, None]
    documents = np.empty((n, 2 * size))
    documents[:, 0::2], documents[:, 1::2] = np.cos(waves), np.sin(waves)
    return CircleEmbedding(documents / math.sqrt(size), queries, sets)


def set_margins(documents: np.ndarray, queries: np.ndarray, sets: np.ndarray) -> np.ndarray:
    r"""Gap of each query: least score inside its set minus largest score outside.

    Computed in the format of the arrays (float64, float32 or float16), products and sums included.

    Parameters
    ----------
    documents : array of shape (n, d).
    queries : array of shape (m, d).
    sets : integer array of shape (m, k) with $k<n$.

    Returns
    -------
    array of shape (m,); positive where the top $k$ of the query are exactly its set

    Raises
    ------
    ValueError
        If the shapes do not fit or an entry of `sets` is no document.

    Source: ledger ``s5-34``.
    """
    array("documents", documents, 2)
    array("queries", queries, 2)
    v, w = np.asarray(documents), np.asarray(queries)
    chosen = array("sets", sets, 2).astype(np.asarray(sets).dtype)
    if (
        chosen.ndim != 2
        or len(chosen) != len(w)
        or v.shape[1] != w.shape[1]
        or not 0 < chosen.shape[1] < len(v)
    ):
        fail("sets", sets, "one row of fewer than n document numbers per query, vectors of equal dimension")
    if not np.issubdtype(chosen.dtype, np.integer) or chosen.min() < 0 or chosen.max() >= len(v):
        fail("sets", sets, f"document numbers from 0 to {len(v) - 1}")
    scores = np.zeros((len(w), len(v)), dtype=np.result_type(v, w))
    for column in range(v.shape[1]):  # sum in the arrays' own format, in a fixed order
        scores += w[:, column, None] * v[None, :, column]
    inside = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(inside, chosen, True, axis=1)
    low = np.where(inside, scores, np.inf).min(1)
    return low - np.where(inside, -np.inf, scores).max(1)


def margin_ceiling(n_documents: int, k: int) -> float:
    r"""Largest gap any dimension allows for all $k$-sets of $n$ documents: $\frac n{\sqrt{k(n-1)(n-k)}}$.

    For vectors of norm at most 1; attained by the regular simplex.

    Parameters
    ----------
    n_documents : $n>k$.
    k : at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-34``.
    """
    size = integer("k", k, 1)
    n = integer("n_documents", n_documents, size + 1)
    return n / math.sqrt(size * (n - 1) * (n - size))


def packing_dimension(n_documents: int, gap: float) -> float:
    r"""Dimension below which a gap is impossible for $n$ documents: $\ln n/\ln(1+2/\epsilon)$.

    For vectors of norm at most 1 and all $k$-sets, whatever $k$ with $1\le k<n$.

    Parameters
    ----------
    n_documents : $n\ge2$.
    gap : $\epsilon$ in (0, 2].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-34``.
    """
    n = integer("n_documents", n_documents, 2)
    return math.log(n) / math.log1p(2 / float(real("gap", gap, above=0, most=2)))


def free_embedding(n_documents: int, dim: int, rng: np.random.Generator, steps: int = 600) -> float:
    r"""Share of pairs that gradient descent on free unit vectors makes the top two of their own query.

    One document vector per document and one query vector per pair, trained with the cross-entropy of the
    softmax of their cosines (temperature falling from 0.3 to 0.02) and Adam: what an encoder of unlimited
    capacity could do for single vectors, if it were trained like this.

    Parameters
    ----------
    n_documents : at least 3.
    dim : at least 1.
    rng : source of the start.
    steps : at least 1.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-34``; Weller et al. 2025.
    """
    n = integer("n_documents", n_documents, 3, 100)
    d = integer("dim", dim, 1, 1000)
    rounds = integer("steps", steps, 1, 10**6)
    generator("rng", rng)
    sets = np.array(list(combinations(range(n), 2)))
    target = np.zeros((len(sets), n))
    np.put_along_axis(target, sets, 0.5, axis=1)
    points = [rng.standard_normal((len(sets), d)), rng.standard_normal((n, d))]
    moments = [[np.zeros_like(x), np.zeros_like(x)] for x in points]
    for step in range(1, rounds + 1):
        sharp = 0.3 * (0.02 / 0.3) ** (step / rounds)
        norms = [np.linalg.norm(x, axis=1, keepdims=True) for x in points]
        w, v = (x / norm for x, norm in zip(points, norms, strict=True))
        logits = w @ v.T / sharp
        logits -= logits.max(1, keepdims=True)
        share = np.exp(logits)
        pull = (share / share.sum(1, keepdims=True) - target) / sharp
        for x, unit, norm, raw, (m, s) in zip(
            points, (w, v), norms, (pull @ v, pull.T @ w), moments, strict=True
        ):
            g = (raw - (raw * unit).sum(1, keepdims=True) * unit) / norm
            m += 0.1 * (g - m)
            s += 0.01 * (g * g - s)
            x -= 0.05 * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.99**step)) + 1e-12)
    w, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in points)
    return float((set_margins(v, w, sets) > 0).mean())


# --- ranking and positions ---


class Bounds(NamedTuple):
    """A lower and an upper bound, both attained."""

    low: Fraction | float
    high: Fraction | float


def all_hops_bounds(recall: float, hops: int) -> Bounds:
    r"""Chance that all `hops` needed documents are retrieved, each with probability `recall`.

    Between $\max(0,1-h(1-r))$ and $r$, both attained; $r^h$ if they are independent.

    Parameters
    ----------
    recall : $r$ in [0, 1].
    hops : $h\ge1$.

    Returns
    -------
    Bounds

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-11``.
    """
    r = probability("recall", recall)
    h = integer("hops", hops, 1)
    return Bounds(max(type(r)(0), 1 - h * (1 - r)), r)


def rollout(n: int, layers: int, uniform: float = 1.0, local: float = 0.0, rate: float = 0.2) -> np.ndarray:
    r"""Weights of the $n$ positions after `layers` causal layers, seen from the last position.

    Last row of $A^\Lambda$ with $A=(1-u-v)I+uU+vL$: the share $u$ of each layer goes to all earlier positions
    alike, the share $v$ to near ones with weights $\propto e^{-\text{rate}\cdot\delta}$ at distance $\delta$,
    the rest stays (residual stream). Contents play no part.

    Parameters
    ----------
    n : number of positions, at least 1.
    layers : $\Lambda\ge1$.
    uniform, local : $u$ and $v$, non-negative with sum at most 1.
    rate : at least 0.

    Returns
    -------
    array of shape (n,), non-negative with sum 1; entry 0 is the first position

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-12``; Abnar and Zuidema 2020.
    """
    size = integer("n", n, 1)
    depth = integer("layers", layers, 1)
    u = float(real("uniform", uniform, 0, 1))
    v = float(real("local", local, 0, 1))
    decay = float(real("rate", rate, 0))
    if size * size * depth > 10**10:
        fail("n", n, "small enough for at most 10^10 / layers products of positions")
    if u + v > 1 + 1e-12:
        fail("local", local, "with sum at most 1 together with uniform")
    gap = np.arange(size)[:, None] - np.arange(size)[None, :]
    near = np.where(gap >= 0, np.exp(-decay * np.maximum(gap, 0)), 0)
    layer = (1 - u - v) * np.eye(size) + v * near / near.sum(1, keepdims=True)
    layer += u * (gap >= 0) / np.arange(1, size + 1)[:, None]
    weights = np.zeros(size)
    weights[-1] = 1
    for _ in range(depth):
        weights = weights @ layer
    return weights


def failure_bound(exposed: float, attended: float, guess: float = 0) -> Fraction | float:
    r"""Lower bound on failure: $(1-g)\bigl(1-P(E)\,P(A\mid E)\bigr)$.

    Equality exactly if success is certain when the evidence is exposed and attended to.

    Parameters
    ----------
    exposed : $P(E)$, the evidence is among the retrieved documents.
    attended : $P(A\mid E)$, the model uses it, **given** that it is there.
    guess : $g$, chance of success without exposed and attended evidence.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is no probability.

    Source: ledger ``s5-13``.
    """
    e = probability("exposed", exposed)
    a = probability("attended", attended)
    g = probability("guess", guess)
    return (1 - g) * (1 - e * a)


# --- poisons ---


def poisons_in_topk(clean: Sequence[float], poison: Sequence[float], k: int) -> int:
    r"""Number of poisons among the `k` best: $\max\{j\le\min(N,k):p_j>c_{k-j+1}\}$, scores in falling order.

    Parameters
    ----------
    clean, poison : scores in any order, no value in both; `clean` is not empty.
    k : at least 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-14``.
    """
    c = sorted(_scores("clean", clean), reverse=True)
    p = sorted((real("poison", item) for item in poison), reverse=True)
    size = integer("k", k, 1)
    if set(c) & set(p):
        fail("poison", poison, "without ties with a clean score")
    fits = [j for j in range(1, min(len(p), size) + 1) if size - j >= len(c) or p[j - 1] > c[size - j]]
    return max(fits, default=0)


def median_best_clean(n_documents: int, dim: int) -> float:
    r"""Median of the best cosine between a query and `n_documents` uniform random unit vectors.

    The $t$ with $F(t)^n=\frac12$, where $\frac{1+\cos}2$ has the law Beta$(\frac{d-1}2,\frac{d-1}2)$.

    Parameters
    ----------
    n_documents : $n$, 1 to $10^{12}$.
    dim : $d\ge2$.

    Returns
    -------
    float in (-1, 1)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-14``.
    """
    n = integer("n_documents", n_documents, 1, 10**12)
    a = (integer("dim", dim, 2) - 1) / 2
    tail = -math.expm1(-math.log(2) / n)
    return float(brentq(lambda t: betainc(a, a, (1 - t) / 2) - tail, -1, 1, xtol=1e-13))


class AttackValue(NamedTuple):
    """Success of an attack, the product of two unconditional probabilities, and the product that is a bound."""

    success: Fraction | float
    printed: Fraction | float
    bound: Fraction | float


def attack_value(hit: float, given_hit: float, given_miss: float = 0) -> AttackValue:
    r"""Probability of the attacker's answer by total probability, beside the printed product.

    $ht+(1-h)u$ for the success, $h\cdot(ht+(1-h)u)$ for the product of the unconditional probabilities, $ht$
    for the product with the conditional one, a lower bound.

    Parameters
    ----------
    hit : $h$, a poison is retrieved.
    given_hit, given_miss : $t$ and $u$, the attacker's answer is given in that case.

    Returns
    -------
    AttackValue

    Raises
    ------
    ValueError
        If an argument is no probability.

    Source: ledger ``s5-15``.
    """
    h = probability("hit", hit)
    t = probability("given_hit", given_hit)
    u = probability("given_miss", given_miss)
    success = h * t + (1 - h) * u
    return AttackValue(success, h * success, h * t)


def max_orthogonal_score(query: np.ndarray, clean: np.ndarray) -> float:
    r"""Best score of a unit vector orthogonal to all clean documents: the norm of what is left of the query.

    $\max\{\langle q,p\rangle:\|p\|=1,\ p\perp V\}=\|q-\Pi_Vq\|$ with $V$ the span of the clean documents.

    Parameters
    ----------
    query : array of shape (d,).
    clean : array of shape (n, d).

    Returns
    -------
    float
        $-\infty$ if the documents span the whole space, since then no such vector exists.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Source: ledger ``s5-16``.
    """
    q = array("query", query, 1)
    c = array("clean", clean, 2)
    if c.shape[1] != len(q):
        fail("clean", clean, f"vectors of dimension {len(q)}")
    _, sizes, basis = np.linalg.svd(c, full_matrices=False)
    basis = basis[sizes > 1e-10 * max(sizes[0], 1e-300)]
    if len(basis) == len(q):
        return -math.inf
    return float(np.linalg.norm(q - basis.T @ (basis @ q)))


def least_overlap(poison_score: float, clean_score: float) -> float:
    r"""Least cosine of two unit documents with given cosines to the query: $st-\sqrt{(1-s^2)(1-t^2)}$.

    Parameters
    ----------
    poison_score, clean_score : $s$ and $t$ in [-1, 1].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-16``.
    """
    s = float(real("poison_score", poison_score, -1, 1))
    t = float(real("clean_score", clean_score, -1, 1))
    return s * t - math.sqrt((1 - s * s) * (1 - t * t))


def stable_radius(query: np.ndarray, documents: np.ndarray, k: int) -> float:
    r"""How far a query can move before its top `k` may change: $\gamma/R$.

    $\gamma=s_{(k)}-s_{(k+1)}$ and $R=\max\|c-c'\|$ over $c$ inside, $c'$ outside the top `k`. For unit
    documents it is at least $\gamma/2$.

    Parameters
    ----------
    query : array of shape (d,).
    documents : array of shape (n, d), not all equal.
    k : 1 to $n-1$.

    Returns
    -------
    float, at least 0

    Raises
    ------
    ValueError
        If the shapes do not fit, `k` is outside its range or all documents are equal.

    Source: ledger ``s5-08``, ``s5-17``.
    """
    q = array("query", query, 1)
    v = array("documents", documents, 2)
    if v.shape[1] != len(q) or (v == v[0]).all():
        fail("documents", documents, f"vectors of dimension {len(q)} that are not all equal")
    size = integer("k", k, 1, len(v) - 1)
    scores = v @ q
    order = np.argsort(-scores, kind="stable")
    inside, outside = v[order[:size]], v[order[size:]]
    reach = max(float(np.linalg.norm(outside - c, axis=1).max()) for c in inside)
    return float(scores[order[size - 1]] - scores[order[size]]) / reach


def alarm_precision(prevalence: float, hit_rate: float, false_rate: float) -> Fraction | float:
    r"""Share of alarms that are right: $\frac{t\pi}{t\pi+f(1-\pi)}$.

    Parameters
    ----------
    prevalence : $\pi$, share of poisoned cases.
    hit_rate : $t$, share of poisoned cases that raise the alarm.
    false_rate : $f$, share of clean cases that do.

    Returns
    -------
    Fraction or float

    Raises
    ------
    ValueError
        If an argument is no probability, or no case ever raises the alarm.

    Source: ledger ``s5-18``.
    """
    pi = probability("prevalence", prevalence)
    t = probability("hit_rate", hit_rate)
    f = probability("false_rate", false_rate)
    alarms = t * pi + f * (1 - pi)
    if alarms == 0:
        fail("hit_rate", hit_rate, "such that some case raises the alarm")
    return t * pi / alarms


def smallest_removals(supports: Sequence[Iterable[Hashable]]) -> list[frozenset]:
    r"""All smallest sets of documents that meet every support set (minimum hitting sets), by enumeration.

    The attacker's answer is given as long as one of the support sets is intact; removing a set of documents
    flips it exactly if the set meets all of them.

    Parameters
    ----------
    supports : non-empty sequence of non-empty sets of documents, at most 20 documents in all.

    Returns
    -------
    list of frozenset

    Raises
    ------
    ValueError
        If `supports` is not of this kind.

    Source: ledger ``s5-19``.
    """
    if isinstance(supports, str) or not isinstance(supports, Sequence) or not supports:
        fail("supports", supports, "a non-empty sequence of sets of documents")
    families = [frozenset(item) for item in supports]
    documents = sorted({d for family in families for d in family}, key=repr)
    if not all(families) or len(documents) > 20:
        fail("supports", supports, "non-empty sets of at most 20 documents in all")
    for size in range(1, len(documents) + 1):
        found = [frozenset(s) for s in combinations(documents, size) if all(f & set(s) for f in families)]
        if found:
            return found
    raise AssertionError("the set of all documents meets every support set")


class VoteCertificate(NamedTuple):
    """Winner of a vote, its margin over the second, and how many votes may be replaced without any effect."""

    winner: Hashable | None
    margin: int
    certified: int


def vote_certificate(votes: Sequence[Hashable]) -> VoteCertificate:
    r"""Plurality with a certificate: replacing at most $k'$ votes changes nothing if the margin exceeds $2k'$.

    Parameters
    ----------
    votes : non-empty sequence with the answer of each passage, read on its own.

    Returns
    -------
    VoteCertificate
        `certified` is the largest such $k'$, $\lfloor(m-1)/2\rfloor$. A tie has the winner None, margin 0 and
        nothing certified.

    Raises
    ------
    ValueError
        If `votes` is empty or no sequence.

    Source: ledger ``s5-37``; Xiang et al. 2024.
    """
    if not isinstance(votes, Sequence) or isinstance(votes, str) or not votes:
        fail("votes", votes, "a non-empty sequence of answers")
    counts = Counter(votes).most_common()
    margin = counts[0][1] - (counts[1][1] if len(counts) > 1 else 0)
    if margin == 0:
        return VoteCertificate(None, 0, 0)
    return VoteCertificate(counts[0][0], margin, (margin - 1) // 2)


# --- pools ---


class PassageShares(NamedTuple):
    """The printed share of each passage, its share by mass (sums to 1), and the mass on all passages per head."""

    printed: np.ndarray
    mass: np.ndarray
    total: float


def passage_shares(attention: np.ndarray, lengths: Sequence[int]) -> PassageShares:
    r"""Two readings of "how strongly the model attends to passage $i$".

    Printed: $\alpha_i=\frac1L\sum_{l,h}\frac1{n_i}\sum_{t\in d_i}a^{(l,h)}_t$. By mass:
    $\bar\alpha_i=\frac1{LH\rho}\sum_{l,h}\sum_{t\in d_i}a^{(l,h)}_t$, $\rho$ the mean mass on all passages. So
    $\sum_in_i\alpha_i=H\rho$ and $\sum_i\bar\alpha_i=1$.

    Parameters
    ----------
    attention : array of shape (layers, heads, tokens), weights that sum to 1 along the last axis. The
        passages come first, in order; further tokens are the rest of the prompt.
    lengths : tokens of each passage, at least 1 each, at most `tokens` in all.

    Returns
    -------
    PassageShares

    Raises
    ------
    ValueError
        If an argument is not of this kind or no mass is on the passages.

    Source: ledger ``s5-21``.
    """
    a = array("attention", attention, 3)
    if (a < 0).any() or (abs(a.sum(2) - 1) > 1e-6).any():
        fail("attention", attention, "non-negative with sum 1 along the last axis")
    sizes = [integer("lengths", item, 1) for item in lengths]
    if not sizes or sum(sizes) > a.shape[2]:
        fail("lengths", lengths, f"at least one passage and at most {a.shape[2]} tokens in all")
    ends = np.cumsum([0, *sizes])
    mass = np.array([a[:, :, s:e].sum() for s, e in zip(ends[:-1], ends[1:], strict=True)])
    if mass.sum() == 0:
        fail("attention", attention, "with some mass on the passages")
    layers, heads = a.shape[:2]
    return PassageShares(
        mass / np.array(sizes) / layers, mass / mass.sum(), float(mass.sum() / (layers * heads))
    )


def _laws(p: object) -> np.ndarray:
    laws = array("p", p, 2)
    if (laws < 0).any() or (abs(laws.sum(1) - 1) > 1e-9).any():
        fail("p", p, "rows of non-negative numbers that sum to 1")
    return laws


def _pool_input(p: object, weights: object) -> tuple[np.ndarray, np.ndarray]:
    laws = _laws(p)
    w = distribution("weights", weights)
    if len(w) != len(laws):
        fail("weights", weights, f"as many as rows of p ({len(laws)})")
    return laws, w


def linear_pool(p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Mixture $\sum_iw_iP_i$ of the rows: what averaging the answers' probabilities gives.

    Parameters
    ----------
    p : array of shape (sources, answers), rows sum to 1.
    weights : array of shape (sources,), non-negative with sum 1.

    Returns
    -------
    array of shape (answers,)

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-22``, ``s5-31``.
    """
    laws, w = _pool_input(p, weights)
    return w @ laws


def log_pool(p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Logarithmic pool $\propto\prod_iP_i^{w_i}$: what averaging logits gives.

    Parameters
    ----------
    p : array of shape (sources, answers), rows sum to 1. A zero vetoes its answer if its weight is positive.
    weights : array of shape (sources,), non-negative with sum 1.

    Returns
    -------
    array of shape (answers,)

    Raises
    ------
    ValueError
        If an argument is not of this kind, or every answer is vetoed.

    Source: ledger ``s5-22``, ``s5-31``.
    """
    laws, w = _pool_input(p, weights)
    return _product(laws, w, "p")


def _product(laws: np.ndarray, powers: np.ndarray, name: str, extra: np.ndarray | float = 0.0) -> np.ndarray:
    used = powers != 0
    with np.errstate(divide="ignore"):
        logs = (powers[used, None] * np.log(laws[used])).sum(0) + extra
    if not np.isfinite(logs).any():
        fail(name, laws, "with some answer that no source excludes")
    return np.exp(logs - logsumexp(logs))


def independent_pool(p: np.ndarray, prior: np.ndarray | None = None) -> np.ndarray:
    r"""Bayes' rule for conditionally independent sources: $\propto\pi^{1-J}\prod_jP_j$.

    Parameters
    ----------
    p : array of shape (J, answers): the posterior of each source, all from the same prior.
    prior : $\pi$, array of shape (answers,), positive; uniform by default.

    Returns
    -------
    array of shape (answers,)

    Raises
    ------
    ValueError
        If an argument is not of this kind, or every answer is excluded.

    Source: ledger ``s5-25``, ``s5-32``.
    """
    laws = _laws(p)
    before = np.full(laws.shape[1], 1 / laws.shape[1]) if prior is None else distribution("prior", prior)
    if len(before) != laws.shape[1] or (before <= 0).any():
        fail("prior", prior, f"{laws.shape[1]} positive numbers that sum to 1")
    return _product(laws, np.ones(len(laws)), "p", (1 - len(laws)) * np.log(before))


# --- softmax and distraction ---


def softmax_weights(logits: np.ndarray) -> np.ndarray:
    r"""Attention weights $\alpha_t=e^{z_t}/\sum_se^{z_s}$; the ratio of two of them is $e^{z_t-z_s}$.

    Parameters
    ----------
    logits : array of shape (..., n).

    Returns
    -------
    array of the same shape, sums to 1 along the last axis

    Raises
    ------
    ValueError
        If `logits` is empty or not finite.

    Source: ledger ``s5-23``.
    """
    z = array("logits", logits)
    if z.ndim == 0:
        fail("logits", logits, "an array with at least one axis")
    return np.exp(z - logsumexp(z, axis=-1, keepdims=True))


def cosine_ceiling(n_keys: int, dim: int, chance: float) -> float:
    r"""Height $\sqrt{2\ln(n/\delta)/d}$ that no cosine of a fixed vector with $n$ random ones passes, mostly.

    Some cosine with independent uniform unit vectors is at least this large with probability at most
    $\delta$.

    Parameters
    ----------
    n_keys : $n\ge1$.
    dim : $d\ge1$.
    chance : $\delta$ in (0, 1].

    Returns
    -------
    float (above 1 where the bound says nothing)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-23b``.
    """
    n = integer("n_keys", n_keys, 1)
    return math.sqrt(
        2 * math.log(n / float(real("chance", chance, most=1, above=0))) / integer("dim", dim, 1)
    )


def distractor_mass(n_distractors: int, gap: float) -> float:
    r"""Most attention that distractors get if each logit is `gap` below the best relevant one.

    $\frac{ne^{-g}}{1+ne^{-g}}$, attained with a single relevant token and equal distractors.

    Parameters
    ----------
    n_distractors : $n\ge0$, number of distractor tokens.
    gap : $g$, a real number.

    Returns
    -------
    float in [0, 1)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-24b``.
    """
    n = integer("n_distractors", n_distractors, 0)
    g = float(real("gap", gap))
    return 0.0 if n == 0 else float(expit(math.log(n) - g))


# --- memory against context ---


def arbitrate(prior: Sequence[float], context: Sequence[float], trust: float) -> int:
    r"""Answer with the largest $\lambda s_{\rm param}(y)+(1-\lambda)s_{\rm ctx}(y)$, the first among equals.

    Parameters
    ----------
    prior, context : scores of the same answers, at least one.
    trust : $\lambda$, any real number; negative values are context-aware decoding.

    Returns
    -------
    int, the index of the answer

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-25``.
    """
    p, c = _scores("prior", prior), _scores("context", context)
    if len(p) != len(c):
        fail("context", context, f"as many scores as prior ({len(p)})")
    trust = real("trust", trust)
    scores = [trust * a + (1 - trust) * b for a, b in zip(p, c, strict=True)]
    return scores.index(max(scores))


def arbitration_threshold(prior_gap: float, context_gap: float) -> Fraction | float:
    r"""Trust above which memory wins against the context: $\lambda^*=\frac{|b|}{a+|b|}$.

    Parameters
    ----------
    prior_gap : $a=s_{\rm param}(y_p)-s_{\rm param}(y_c)>0$, how much memory prefers its own answer.
    context_gap : $|b|>0$, how much the context prefers its own. The paper's
        $b=s_{\rm ctx}(y_p)-s_{\rm ctx}(y_c)$ is negative under conflict and may be given as it is.

    Returns
    -------
    Fraction or float in (0, 1)

    Raises
    ------
    ValueError
        If `prior_gap` is not positive or `context_gap` is 0.

    Source: ledger ``s5-26``.
    """
    a = real("prior_gap", prior_gap, above=0)
    b = abs(real("context_gap", context_gap))
    if b == 0:
        fail("context_gap", context_gap, "not 0: without a gap the context prefers no answer")
    return b / (a + b)


def majority_error(sources: int, reliability: float) -> float:
    r"""Chance that most of $k$ (odd) independent binary sources are wrong, each right with probability $r$.

    At most $e^{-2k(r-1/2)^2}$ for $r>\frac12$.

    Parameters
    ----------
    sources : $k\ge1$, odd.
    reliability : $r$ in [0, 1].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is outside its range or `sources` is even.

    Source: ledger ``s5-27``; Condorcet 1785.
    """
    k = integer("sources", sources, 1)
    if k % 2 == 0:
        fail("sources", sources, "odd")
    return float(binom.cdf(k // 2, k, float(probability("reliability", reliability))))


# --- intents ---


def intent_regret(utilities: np.ndarray, p: Sequence[float], believed: Sequence[float]) -> float:
    r"""Loss from planning with the wrong law of intents: $\max_DE_pU-E_pU(D_0)$, $D_0$ best under `believed`.

    At most $2\,\mathrm{TV}(p,\hat p)$, and at most TV if $\hat p$ is a point mass. Among equally good plans the
    one that is worst under `p` counts.

    Parameters
    ----------
    utilities : array of shape (plans, intents) with entries in [0, 1].
    p, believed : laws of the intents.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-29``.
    """
    u = array("utilities", utilities, 2)
    if u.min() < 0 or u.max() > 1:
        fail("utilities", utilities, "numbers in [0, 1]")
    law, hat = distribution("p", p), distribution("believed", believed)
    if len(law) != u.shape[1] or len(hat) != u.shape[1]:
        fail("believed", believed, f"like p, one number per intent ({u.shape[1]})")
    true, planned = u @ law, u @ hat
    return float(true.max() - true[planned >= planned.max() - 1e-12].min())


def best_guesses(p: Sequence[float], guesses: int = 1) -> float:
    r"""Largest chance that one of `guesses` different guesses names the intent: the sum of the largest $p(z)$.

    Parameters
    ----------
    p : law of the intents given the question.
    guesses : at least 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is not of this kind.

    Source: ledger ``s5-33``.
    """
    law = distribution("p", p)
    return float(np.sort(law)[::-1][: integer("guesses", guesses, 1)].sum())


# --- breadth ---


def information_from_copies(noise: float, n: int) -> float:
    r"""Bits that `n` noisy copies of a fair bit hold about it: $1-E\,h_2(P(Y=1\mid D_{1:n}))$.

    Each copy is wrong with probability `noise`, independently given the bit.

    Parameters
    ----------
    noise : in [0, 1].
    n : number of copies, 0 to 1000.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-35``.
    """
    e = float(probability("noise", noise))
    count = integer("n", n, 0, 1000)
    if e in (0.0, 1.0):
        return float(count > 0)
    wrong = np.arange(count + 1)
    law = binom.pmf(wrong, count, e)
    # log-odds of the true value: (copies - 2 wrong) ln((1-e)/e)
    odds = (count - 2 * wrong) * (math.log1p(-e) - math.log(e))
    return float(1 - law @ np.logaddexp(0, -odds) / math.log(2))


class Breadth(NamedTuple):
    """Bits about the answer, accuracy of the best reader, accuracy of a majority vote with fair ties."""

    information: float
    best: float
    majority: float


def breadth(noises: Sequence[float]) -> Breadth:
    r"""What documents of unequal quality say about a fair bit, and what two readers make of them.

    Document $i$ states the bit and is wrong with probability `noises[i]`, independently given the bit. The
    best reader weighs each document by its log-odds; the bounded one takes a majority.

    Parameters
    ----------
    noises : 1 to 16 numbers in [0, 1].

    Returns
    -------
    Breadth

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Source: ledger ``s5-35``.
    """
    e = np.array([float(probability("noises", item)) for item in noises])
    if not 1 <= len(e) <= 16:
        fail("noises", noises, "1 to 16 numbers")
    wrong = np.array(list(product((0, 1), repeat=len(e))), dtype=bool)
    true = np.where(wrong, e, 1 - e).prod(1)  # the statements if the bit is 1 (wrong means: says 0)
    false = np.where(wrong, 1 - e, e).prod(1)
    total = (true + false) / 2
    share = np.divide(true / 2, total, out=np.full_like(true, 0.5), where=total > 0)
    inner = np.clip(share, 1e-300, 1)
    entropy = -(share * np.log2(inner) + (1 - share) * np.log2(np.clip(1 - share, 1e-300, 1)))
    for_one = (~wrong).sum(1) * 2 - len(e)
    vote = np.where(for_one > 0, 1.0, np.where(for_one == 0, 0.5, 0.0))
    return Breadth(float(1 - total @ entropy), float(np.maximum(true, false).sum() / 2), float(true @ vote))


def one_good_document(k: int) -> Fraction:
    r"""Accuracy of a majority among one document that states the bit and $k-1$ fair coins, $k$ odd.

    $\frac12+\binom{k-1}{(k-1)/2}2^{-k}$.

    Parameters
    ----------
    k : odd, at least 1.

    Returns
    -------
    Fraction

    Raises
    ------
    ValueError
        If `k` is even or less than 1.

    Source: ledger ``s5-35``.
    """
    count = integer("k", k, 1)
    if count % 2 == 0:
        fail("k", k, "odd")
    return Fraction(1, 2) + Fraction(math.comb(count - 1, count // 2), 2**count)
