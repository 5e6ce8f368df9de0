#!/usr/bin/env python3
"""Thousands of problems in one call, against what people write in its place, in turns, in one run.

    pip install -r benches/peers/requirements.txt
    python3 benches/peers/many.py --markdown many.md --json many.json

Groups, windows and bootstrap replicates with a path of λ each, and a λ for each of many targets, some with gaps. The same data and
alphas, all cores for everyone, in double precision; the coefficients are held against each other. Times are those within a process
that has started and solved once. A loop over scikit-learn would take hours: it does some of the problems, and the time of
all is by their number.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy

import made
import program
import race

#: name: rows, features, targets, alphas, arguments of the program
TASKS = {
    "groups": (2_000_000, 20, 1, 50, ["groups", 10_000]),
    "windows": (100_230, 10, 1, 20, ["windows", 250, 20]),
    "bootstrap": (1_000, 50, 1, 50, ["bootstrap", 2_000]),
    "targets": (2_000, 300, 5_000, 20, ["targets", 5]),
    "gaps": (2_000, 300, 5_000, 20, ["targets", 5]),
}
#: Patterns of missing values, and the share of values that is missing.
PATTERNS, MISSING = 20, 0.05
#: Problems that a loop over scikit-learn does in place of all.
SOME = 40


def data(task):
    """X (rows × features), Y (rows × targets) and alphas of a task."""
    rows, features, targets, count, _ = TASKS[task]
    x, y = made.made(rows, features, targets)
    if task == "gaps":
        for pattern in range(PATTERNS):
            rows_missing = made.random(pattern * rows, rows) < 2 * MISSING - 1
            y[numpy.ix_(rows_missing, range(pattern, targets, PATTERNS))] = numpy.nan
    length = {"groups": 200, "windows": 250}.get(task, rows)
    return numpy.ascontiguousarray(x), y, numpy.logspace(2, -3, count) * length


class Ours:
    name = "ridgepath"

    def __init__(self, path, file, task, alphas):
        rows, features, targets, _, arguments = TASKS[task]
        sizes = [str(size) for size in (rows, features, targets)]
        self.command = [path, file, *sizes, "1", program.listed(alphas), *map(str, arguments)]
        self.answer = None

    def run(self):
        own = program.told(self.command)
        self.answer = own["answer"]
        return {"total": own["seconds"][0]}


class Peer:
    """What solves `task` by `solve`, which returns the answer and the share of the problems that it did."""

    def __init__(self, task, x, y, alphas):
        self.task, self.x, self.y, self.alphas, self.answer = task, x, y, alphas, None
        self.arguments = TASKS[task][4]

    def run(self):
        begun = time.perf_counter()
        self.answer, share = self.solve()
        return {"total": (time.perf_counter() - begun) / share}

    def problems(self):
        """X [p, m, n] and y [p, m] of groups or windows, without a copy."""
        if self.task == "groups":
            return self.x.reshape(self.arguments[1], -1, self.x.shape[1]), self.y.reshape(self.arguments[1], -1)
        length, step = self.arguments[1:]
        windows = numpy.lib.stride_tricks.sliding_window_view
        x = windows(self.x, length, axis=0)[::step].swapaxes(1, 2)
        return x, windows(self.y[:, 0], length)[::step]

    def draws(self):
        """Counts of rows in each replicate."""
        generator, rows = numpy.random.default_rng(1), len(self.x)
        return generator.multinomial(rows, numpy.full(rows, 1 / rows), size=self.arguments[1]).astype(float)


class Sklearn(Peer):
    name = "scikit-learn's Ridge in a loop"

    def solve(self):
        from joblib import Parallel, delayed

        if self.task == "bootstrap":
            weights = self.draws()[:SOME]
            parts, count = [(self.x, self.y[:, 0], own) for own in weights], self.arguments[1]
        else:
            xs, ys = self.problems()
            count = len(xs)
            some = numpy.unique(numpy.linspace(0, count - 1, SOME).astype(int))
            parts = [(xs[at], ys[at], None) for at in some]
        found = Parallel(n_jobs=-1)(delayed(sklearn_path)(*part, self.alphas) for part in parts)
        return (None if self.task == "bootstrap" else {0: found[0], -1: found[-1]}), len(parts) / count


def sklearn_path(x, y, weights, alphas):
    from sklearn.linear_model import Ridge

    return [Ridge(alpha=alpha).fit(x, y, sample_weight=weights).coef_ for alpha in alphas]


class Stacked(Peer):
    """numpy on stacked arrays: all Gram matrices by one product, then `linalg` on all of them, some hundred problems at a time."""

    together = 256

    def solve(self):
        answer = {}
        if self.task == "bootstrap":
            weights = self.draws()
            for first in range(0, len(weights), self.together):
                own = weights[first : first + self.together]
                total = own.sum(axis=1)
                x_mean, y_mean = own @ self.x / total[:, None], own @ self.y[:, 0] / total
                gram = (self.x.T[None] * own[:, None, :]) @ self.x - total[:, None, None] * x_mean[:, :, None] * x_mean[:, None, :]
                cross = (own * self.y[:, 0]) @ self.x - (total * y_mean)[:, None] * x_mean
                self.paths(gram, cross)
            return None, 1.0
        xs, ys = self.problems()
        for first in range(0, len(xs), self.together):
            x, y = xs[first : first + self.together], ys[first : first + self.together]
            x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
            across = x.swapaxes(1, 2)
            found = self.paths(across @ x, (across @ y[:, :, None])[:, :, 0])
            if first == 0:
                answer[0] = found[0]
        answer[-1] = found[-1]
        return answer, 1.0


class StackedSolve(Stacked):
    name = "numpy, linalg.solve on stacked arrays"

    def paths(self, gram, cross):
        shifted = gram[:, None] + self.alphas[:, None, None] * numpy.eye(gram.shape[-1])
        return numpy.linalg.solve(shifted, numpy.broadcast_to(cross[:, None, :, None], (*shifted.shape[:3], 1)))[..., 0]


class StackedEigh(Stacked):
    name = "numpy, linalg.eigh on stacked arrays"

    def paths(self, gram, cross):
        values, vectors = numpy.linalg.eigh(gram)
        turned = (vectors.swapaxes(1, 2) @ cross[:, :, None])[:, :, 0]
        return (turned[:, None, :] / (values[:, None, :] + self.alphas[None, :, None])) @ vectors.swapaxes(1, 2)


class PolarsOls(Peer):
    name = "polars-ols, over groups"

    def __init__(self, task, x, y, alphas):
        import polars
        import polars_ols  # noqa: F401  (registers `least_squares`)

        super().__init__(task, x, y, alphas)
        count = self.arguments[1]
        columns = {f"x{j}": x[:, j] for j in range(x.shape[1])}
        label = numpy.repeat(numpy.arange(count), len(x) // count)
        self.frame = polars.DataFrame({**columns, "y": y[:, 0], "group": label})

    def solve(self):
        import polars

        features = [polars.col(f"x{j}") for j in range(self.x.shape[1])]
        some = self.alphas[:: max(1, len(self.alphas) // 5)]
        for alpha in some:
            own = polars.col("y").least_squares.ridge(*features, alpha=float(alpha), mode="coefficients", add_intercept=True)
            self.frame.group_by("group").agg(own)
        return None, len(some) / len(self.alphas)


class Himalaya(Peer):
    name = "himalaya, RidgeCV(cv=5)"

    def solve(self):
        from himalaya.backend import set_backend
        from himalaya.ridge import RidgeCV
        from sklearn.model_selection import KFold

        set_backend("numpy", on_error="raise")
        chosen = numpy.empty(self.y.shape[1])
        groups = [(range(self.y.shape[1]), slice(None))]
        if self.task == "gaps":
            of_pattern = [range(pattern, self.y.shape[1], PATTERNS) for pattern in range(PATTERNS)]
            groups = [(targets, ~numpy.isnan(self.y[:, targets[0]])) for targets in of_pattern]
        for targets, rows in groups:
            found = RidgeCV(alphas=self.alphas, fit_intercept=True, cv=KFold(self.arguments[1]))
            chosen[targets] = found.fit(self.x[rows], self.y[rows][:, targets]).best_alphas_
        return chosen, 1.0


PEERS = {
    "groups": [Sklearn, StackedSolve, StackedEigh, PolarsOls],
    "windows": [Sklearn, StackedSolve, StackedEigh],
    "bootstrap": [Sklearn, StackedSolve, StackedEigh],
    "targets": [Himalaya],
    "gaps": [Himalaya],
}


def agreement(task, ours, theirs):
    """How far the coefficients lie apart, or how many choices are the same."""
    if theirs is None or ours is None:
        return ""
    if task in ("targets", "gaps"):
        return f"{numpy.isclose(theirs, ours).mean():.1%} same choices"
    own = {0: numpy.array(ours[0]), -1: numpy.array(ours[-1])}
    away = [made.deviation(numpy.array(theirs[at]), own[at].reshape(len(theirs[at]), -1)) for at in theirs]
    return f"{max(away):.0e} apart"


def measure(arguments, path, task):
    print(f"{task}: {TASKS[task]}", flush=True)
    x, y, alphas = data(task)
    missing = {}
    with tempfile.NamedTemporaryFile() as file:
        file.write(x.tobytes(order="C") + y.tobytes(order="F"))
        file.flush()
        contenders = [Ours(path, file.name, task, alphas)]
        for kind in PEERS[task]:
            try:
                contenders.append(kind(task, x, y, alphas))
            except Exception as error:  # a peer that is not there must not stop the others
                missing[kind.name] = program.reason(error)
                print(f"  !!! {kind.name} is not measured: {missing[kind.name]}", flush=True)
        runs, failed = race.race(contenders, arguments.rounds, say=lambda words: "!!!" in words and print(words))
    missing |= failed
    ratios = race.ratios(runs, Ours.name) if Ours.name in runs else {}
    ours = contenders[0]
    entries = {
        own.name: {
            "total": race.middle(runs[own.name], "total"),
            "ratio": ratios.get(own.name),
            "agreement": "" if own is ours else agreement(task, ours.answer, own.answer),
            "runs": runs[own.name],
        }
        for own in contenders
        if own.name in runs
    }
    return {"task": task, "size": TASKS[task], "entries": entries, "missing": missing}


def report(record):
    host = record["machine"]
    lines = [
        f"{host['cpu']}, {host['cores']} cores; {host['os']}; Python {host['python']}; "
        + ", ".join(f"{name} {version}" for name, version in record["versions"].items()) + ".",
        f"Medians of {record['rounds']} rounds in turns; × is how many times as long, the median of the rounds' ratios.",
        "",
    ]
    cells = []
    for own in record["tasks"]:
        rows, features, targets, alphas, arguments = own["size"]
        words = " ".join(map(str, arguments))
        size = f"{words}: {rows:,} × {features}, {targets} targets, {alphas} λ" + (", with gaps" if own["task"] == "gaps" else "")
        for name, entry in own["entries"].items():
            cells.append([size, name, race.seconds(entry["total"]), race.ratio(entry["ratio"]), entry["agreement"]])
            size = ""
        cells += [["", name, "-", "-", why] for name, why in own["missing"].items()]
    lines.append(race.markdown(["problems", "", "time", "×", ""], cells))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="what `cargo bench --bench many --no-run` has built [default: built now]")
    parser.add_argument("--tasks", help=f"some of {','.join(TASKS)} [default: all]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    path = os.path.abspath(arguments.program) if arguments.program else program.build("many")
    record = {
        "schema": "ridgepath/peers-many/1",
        "date": time.strftime("%Y-%m-%d"),
        "machine": race.machine(),
        "versions": race.versions(["numpy", "scikit-learn", "himalaya", "polars-ols"]),
        "rounds": arguments.rounds,
        "tasks": [],
    }
    for task in arguments.tasks.split(",") if arguments.tasks else TASKS:
        record["tasks"].append(measure(arguments, path, task))
        race.keep(record, report(record), arguments)
    print("\n" + report(record))


if __name__ == "__main__":
    main()
