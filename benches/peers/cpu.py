#!/usr/bin/env python3
"""This library's CPU backend against scikit-learn, numpy and himalaya, in double precision, in turns, in one run.

    cargo build --release
    pip install -r benches/peers/requirements.txt
    python3 benches/peers/cpu.py --markdown cpu.md --json cpu.json

The same data, the same alphas, all cores for everyone, the same accuracy measured. Times are those within a process that
has started and solved once; starting up is shown apart. `--program FILE` or $RIDGEPATH names a program built elsewhere.
What is estimated to take longer than --most seconds a run is left out, and says so.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy

import made
import program
import race

FEATURES = [10, 50, 200, 500]
ROWS_PER_FEATURE = [2, 100]
ALPHAS = [1, 10, 100, 1_000]
TARGETS = [1, 100]
# Floating-point operations a second that estimates count with, and bytes that himalaya's products may take.
PACE = 10e9
BATCH = 1 << 28


class Ours:
    name = "ridgepath"

    def __init__(self, path, size, alphas):
        self.path = path
        self.arguments = [*program.task(size, alphas), "--backend", "cpu", "--without", "reference"]
        self.answer = self.first = None

    def run(self):
        own = program.bench(self.path, self.arguments)["cpu"]
        self.answer, self.first = numpy.array(own["coefficients"]), own["first"]
        return {"total": own["seconds"]}


class Peer:
    """One whose times are taken here."""

    def __init__(self, x, y, alphas, most):
        self.x, self.y, self.answer = x, y, None
        self.alphas = alphas[:1]
        begun = time.perf_counter()
        self.solve()
        self.first = time.perf_counter() - begun
        # What all alphas take is learned from few.
        one, three = self.few(alphas[:1]), self.few(alphas[:3])
        expected = one + max(0.0, three - one) / 2 * (len(alphas) - 1)
        if expected > most:
            raise program.Missing(f"about {expected:.0f} s a run")
        self.alphas = alphas

    def few(self, alphas):
        """Seconds of the best of five runs, or of fewer that take half a second."""
        self.alphas, best, begun = alphas, float("inf"), time.perf_counter()
        for _ in range(5):
            best = min(best, self.run()["total"])
            if time.perf_counter() - begun > 0.5:
                break
        return best

    def run(self):
        begun = time.perf_counter()
        w = self.solve()
        done = time.perf_counter()
        # alphas × targets × features at the probes; nothing where only one alpha is answered.
        self.answer = None if w is None else self.shown(w)
        return {"total": done - begun}

    def shown(self, w):
        return w[made.probes(len(self.alphas))]


class Numpy(Peer):
    name = "numpy, syrk and one eigh"

    def solve(self):
        from scipy.linalg.blas import dsyrk

        x, y = self.x - self.x.mean(axis=0), self.y - self.y.mean(axis=0)
        values, vectors = numpy.linalg.eigh(dsyrk(1.0, x, trans=1, lower=1), UPLO="L")
        cross = (vectors.T @ (x.T @ y)).T
        return numpy.stack([(cross / (values + alpha)) @ vectors.T for alpha in self.alphas])


class SklearnLoop(Peer):
    name = "scikit-learn, Ridge in a loop"

    def solve(self):
        from sklearn.linear_model import Ridge

        fit = lambda alpha: Ridge(alpha=alpha).fit(self.x, self.y).coef_.reshape(self.y.shape[1], -1)
        return numpy.stack([fit(alpha) for alpha in self.alphas])


class SklearnCV(Peer):
    name = "scikit-learn, RidgeCV (one alpha's answer)"

    def solve(self):
        from sklearn.linear_model import RidgeCV

        RidgeCV(alphas=self.alphas).fit(self.x, self.y)


class Himalaya(Peer):
    name = "himalaya, svd"

    def __init__(self, *task):
        from himalaya.backend import set_backend

        set_backend("numpy", on_error="raise")
        super().__init__(*task)

    def solve(self):
        """One alpha a target: every target once for each alpha, so that one decomposition serves them all."""
        from himalaya.ridge import solve_ridge_svd

        x, y = self.x - self.x.mean(axis=0), self.y - self.y.mean(axis=0)
        targets = y.shape[1]
        every = numpy.repeat(self.alphas, targets)
        batch = max(1, BATCH // (8 * x.size))
        w = solve_ridge_svd(x, numpy.tile(y, len(self.alphas)), every, n_targets_batch=batch, warn=False)
        return w.T.reshape(len(self.alphas), targets, x.shape[1])


PEERS = [Numpy, SklearnLoop, SklearnCV, Himalaya]


def measure(arguments, size):
    m, n, k, t = size
    print(f"{m} rows, {n} features, {k} alphas, {t} targets", flush=True)
    alphas = numpy.logspace(2, -3, k) * m
    x, y = made.made(m, n, t)
    contenders, missing = [], {}
    for kind in [Ours, *PEERS]:
        least = (m * n * (n + 2 * t) + (k * n**3 / 3 + 4 * k * t * n**2 if kind is Ours else 0.0)) / PACE
        try:
            if least > arguments.most:
                raise program.Missing(f"{least:.0f} s a run or more")
            if kind is Ours:
                contenders.append(Ours(program.find(arguments.program), size, alphas))
            else:
                contenders.append(kind(x, y, alphas, arguments.most))
        except Exception as error:  # a peer that is not there, or that fails in whatever way, must not stop the others
            reason = str(error) if isinstance(error, program.Missing) else f"{type(error).__name__}: {error}"
            missing[kind.name] = reason.splitlines()[0][:200]
            print(f"  !!! {kind.name} is not measured: {missing[kind.name]}", flush=True)
    runs, failed = race.race(contenders, arguments.rounds, say=lambda words: "!!!" in words and print(words))
    missing |= failed
    totals = race.ratios(runs, Ours.name) if Ours.name in runs else {}
    wanted = made.oracle(x, y, alphas[made.probes(k)])
    entries = {
        own.name: {
            "total": race.middle(runs[own.name], "total"),
            "first": own.first,
            "ratio": totals.get(own.name),
            "deviation": None if own.answer is None else made.deviation(own.answer, wanted),
            "runs": runs[own.name],
        }
        for own in contenders
        if own.name in runs
    }
    named = dict(zip(("rows", "features", "alphas", "targets"), size))
    return {"size": named, "entries": entries, "missing": missing}


def start_up(arguments):
    """Seconds from nothing to ready: the program's, and Python's with its libraries; the median of five."""
    commands = {"python, import numpy": [sys.executable, "-c", "import numpy"]}
    commands["python, import scikit-learn"] = [sys.executable, "-c", "import sklearn.linear_model"]
    commands["python, import himalaya"] = [sys.executable, "-c", "import himalaya.ridge"]
    try:
        commands = {"ridgepath": [str(program.find(arguments.program)), "--version"], **commands}
    except program.Missing:
        pass
    found = {}
    for name, command in commands.items():
        samples = []
        for _ in range(5):
            begun = time.perf_counter()
            if subprocess.run(command, capture_output=True, check=False).returncode:
                break
            samples.append(time.perf_counter() - begun)
        found[name] = median(samples) if len(samples) == 5 else None
    return found


def threads():
    try:
        from threadpoolctl import threadpool_info

        return [f"{own['internal_api']} {own.get('version')}, {own['num_threads']} threads" for own in threadpool_info()]
    except ImportError:
        return []


def report(record):
    host = record["machine"]
    lines = [f"{host['cpu']}, {host['cores']} cores; {host['os']}; Python {host['python']}",
             "; ".join([*(f"{name} {version}" for name, version in record["versions"].items()), *record["threads"]]),
             f"{record['rounds']} rounds, everyone in turns, in double precision; ridgepath: median; the others: how many "
             "times as long they take, the median of the rounds' ratios (below 1 they are faster), and digits that agree "
             "with the right answer.", ""]
    peers = [own.name for own in PEERS]
    cells = []
    for own in record["sizes"]:
        size, ours = own["size"], own["entries"].get(Ours.name)
        row = [size["features"], size["rows"], size["alphas"], size["targets"]]
        row.append(f"{race.seconds(ours['total'])}, {race.digits(ours['deviation'])}" if ours else own["missing"][Ours.name])
        for name in peers:
            entry = own["entries"].get(name)
            if entry is None:
                row.append(own["missing"].get(name, "-"))
            else:
                agreed = race.digits(entry["deviation"])
                row.append(race.ratio(entry["ratio"]) + ("" if agreed == "-" else f", {agreed}"))
        cells.append(row)
    lines += [race.markdown(["n", "m", "k", "t", "ridgepath", *peers], cells), "", "Starting up:", ""]
    lines.append(race.markdown(["", "median"], [[name, race.seconds(own)] for name, own in record["start_up"].items()]))
    return "\n".join(lines)


def counts(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the program ridgepath [default: $RIDGEPATH, or target/release/ridgepath]")
    parser.add_argument("--features", type=counts, default=FEATURES, help="default: 10,50,200,500; also 1000,2000")
    parser.add_argument("--rows-per-feature", type=counts, default=ROWS_PER_FEATURE)
    parser.add_argument("--alphas", type=counts, default=ALPHAS, help="how many")
    parser.add_argument("--targets", type=counts, default=TARGETS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=float, default=2.0, help="seconds that a run may be estimated to take")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()

    chosen = [
        (ratio * n, n, k, t)
        for n in arguments.features
        for ratio in arguments.rows_per_feature
        for k in arguments.alphas
        for t in arguments.targets
    ]
    record = {
        "schema": "ridgepath/peers-cpu/1",
        "date": time.strftime("%Y-%m-%d"),
        "machine": race.machine(),
        "versions": race.versions(["numpy", "scipy", "scikit-learn", "himalaya"]),
        "threads": threads(),
        "rounds": arguments.rounds,
        "start_up": start_up(arguments),
        "sizes": [],
    }
    for size in chosen:
        record["sizes"].append(measure(arguments, size))
        race.keep(record, report(record), arguments)
    print("\n" + report(record))


if __name__ == "__main__":
    main()
