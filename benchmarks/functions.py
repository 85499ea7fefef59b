"""Times the package's heavy functions beside what a user would otherwise take (`make bench` runs it last).

Each pair runs on the same input in the same process, one after the other, and gives answers that are compared;
the ratio of the least of a few times is printed. Below 1 the package is faster.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

import numpy as np

from llmlimits import conformal, consistency, positions, quantization, samples


def least_time(function: Callable, repeats: int) -> tuple[float, object]:
    """Least seconds of a few calls, and the last answer."""
    best, answer = math.inf, None
    for _ in range(repeats):
        start = time.perf_counter()
        answer = function()
        best = min(best, time.perf_counter() - start)
    return best, answer


def codebooks():
    """Distortion of 64 codewords for 20,000 points in the plane: the same method inside, so about 1."""
    from sklearn.cluster import KMeans

    points = np.random.default_rng(0).standard_normal((20_000, 2))

    def ours():
        return quantization.distortion(points, quantization.lloyd(points, 64, np.random.default_rng(1)))

    def theirs():
        return KMeans(64, n_init=1, random_state=1).fit(points).inertia_ / len(points)

    return "quantization.lloyd", "scikit-learn KMeans", ours, theirs, 0.05


def repairs(with_sat: bool):
    """Least cost of a repair of 30 beliefs under 60 random clauses with three literals."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 30)
    beliefs = rng.uniform(0.05, 0.95, 30).round(3).tolist()
    clauses = []
    while len(clauses) < 60:
        members = rng.choice(30, 3, replace=False)
        clause = tuple(
            int(i + 1) * int(sign) for i, sign in zip(members, rng.choice([-1, 1], 3), strict=True)
        )
        if any((literal > 0) == bool(truth[abs(literal) - 1]) for literal in clause):
            clauses.append(clause)
    costs = [abs(math.log(b / (1 - b))) for b in beliefs]
    raw = [i + 1 if b > 0.5 else -i - 1 for i, b in enumerate(beliefs)]

    def ours():
        return consistency.repair(beliefs, clauses).cost

    def rc2():
        from pysat.examples.rc2 import RC2Stratified
        from pysat.formula import WCNF

        formula = WCNF()
        formula.extend([list(clause) for clause in clauses])
        for literal, cost in zip(raw, costs, strict=True):
            formula.append([literal], weight=round(1e6 * cost))
        with RC2Stratified(formula) as solver:
            solver.compute()
            return solver.cost / 1e6

    def z3():
        from z3 import Bool, Not, Optimize, Or, sat

        names = [Bool(f"x{i}") for i in range(30)]

        def literal(value):
            return names[value - 1] if value > 0 else Not(names[-value - 1])

        solver = Optimize()
        for clause in clauses:
            solver.add(Or([literal(value) for value in clause]))
        for value, cost in zip(raw, costs, strict=True):
            solver.add_soft(literal(value), round(1e6 * cost))
        assert solver.check() == sat
        found = solver.model()
        pairs = zip(raw, costs, strict=True)
        return sum(cost for value, cost in pairs if not found.eval(literal(value), model_completion=True))

    return (
        "consistency.repair",
        "python-sat RC2Stratified" if with_sat else "z3 Optimize",
        ours,
        rc2 if with_sat else z3,
        1e-4,
    )


def intervals():
    """Conformal threshold for 10,000 absolute residuals at 90 %; MAPIE also keeps the predictor."""
    from mapie.regression import SplitConformalRegressor
    from sklearn.linear_model import LinearRegression

    logging.getLogger("mapie").setLevel(logging.ERROR)
    rng = np.random.default_rng(3)
    x = rng.standard_normal((10_000, 1))
    y = 2 * x[:, 0] + rng.standard_normal(10_000)
    line = LinearRegression().fit(x[:100], y[:100])

    def ours():
        return conformal.split_quantile(np.abs(y - line.predict(x)), 0.1)

    def theirs():
        fitted = SplitConformalRegressor(line, confidence_level=0.9, prefit=True).conformalize(x, y)
        _, bounds = fitted.predict_interval(x[:1])
        return float(bounds[0, 1, 0] - bounds[0, 0, 0]) / 2

    return "conformal.split_quantile", "MAPIE", ours, theirs, 1e-9


def simulations():
    """Mean unseen share of 1,000 facts after 1,000 examples, 2,000 worlds; one world after the other by hand."""

    def ours():
        return samples.simulate_memoriser(1000, 1000, 2000, np.random.default_rng(4)).mean()

    def theirs():
        rng, wrong = np.random.default_rng(5), []
        for _ in range(2000):
            truth, seen = rng.integers(0, 2, 1000), rng.integers(0, 1000, 1000)
            answers = rng.integers(0, 2, 1000)
            answers[seen] = truth[seen]
            wrong.append((answers != truth).mean())
        return float(np.mean(wrong))

    return "samples.simulate_memoriser", "a NumPy loop", ours, theirs, 0.02


def shares():
    """Share of the pairs beyond 700 tokens in 500 segments; by hand a sum over all distances of each."""
    lengths = np.random.default_rng(6).integers(2, 4000, 500).tolist()

    def ours():
        return float(positions.pooled_share(lengths, 700))

    def theirs():
        far = total = 0
        for n in lengths:
            pairs = n - np.arange(1, n)
            total += int(pairs.sum())
            far += int(pairs[699:].sum())
        return far / total

    return "positions.pooled_share", "a NumPy loop", ours, theirs, 1e-12


def main() -> None:
    print(f"{'function':28}{'instead of':26}{'seconds':>10}{'theirs':>10}{'ratio':>9}")
    for case in (codebooks(), repairs(True), repairs(False), intervals(), simulations(), shares()):
        name, other, ours, theirs, tolerance = case
        ours(), theirs()  # imports and caches
        (mine, answer), (yours, reference) = least_time(ours, 3), least_time(theirs, 3)
        if not math.isclose(answer, reference, rel_tol=tolerance):
            raise SystemExit(f"{name} gives {answer}, {other} gives {reference}")
        print(f"{name:28}{other:26}{mine:10.4f}{yours:10.4f}{mine / yours:9.2f}", flush=True)


if __name__ == "__main__":
    main()
