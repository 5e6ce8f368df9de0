#!/usr/bin/env python3
"""The choice of λ among 100: five folds and leave-one-out, against scikit-learn and himalaya, in turns, in one run.

    pip install -r benches/peers/requirements.txt
    python3 benches/peers/cv.py --markdown cv.md --json cv.json

The same data, the same alphas, all cores for everyone, in double precision; the scores are held against each other. Times
are those within a process that has started and solved once. What takes longer than --most seconds once is not run again.
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

SIZES = [(1_000, 50, 1), (20_000, 200, 1), (2_000, 500, 100)]
ALPHAS = 100


class Ours:
    name = "ridgepath"

    def __init__(self, choice, file, size, alphas, scheme):
        numbers = [str(number) for number in size]
        self.command = [choice, file, *numbers, scheme, "1", ",".join(repr(float(alpha)) for alpha in alphas)]
        self.mean = self.chosen = None

    def run(self):
        own = program.told(self.command)
        self.mean, self.chosen = numpy.array(own["mean"]), numpy.array(own["chosen"])
        return {"total": own["seconds"][0]}


class Peer:
    mean = chosen = None

    def __init__(self, x, y, alphas, most):
        self.x, self.y, self.alphas = x, y, alphas
        # The first run is not counted, unless one is all there is time for.
        begun = time.perf_counter()
        self.solve()
        took = time.perf_counter() - begun
        self.once = took if took > most else None

    def run(self):
        if self.once is not None:
            return {"total": self.once}
        begun = time.perf_counter()
        self.solve()
        return {"total": time.perf_counter() - begun}


class SklearnFolds(Peer):
    name = "scikit-learn, RidgeCV(cv=5)"

    def solve(self):
        from sklearn.linear_model import RidgeCV

        found = RidgeCV(alphas=self.alphas, cv=5, scoring="neg_mean_squared_error").fit(self.x, self.y.squeeze())
        self.chosen = numpy.atleast_1d(found.alpha_)


class SklearnLoo(Peer):
    name = "scikit-learn, RidgeCV"

    def solve(self):
        from sklearn.linear_model import RidgeCV

        found = RidgeCV(alphas=self.alphas, store_cv_results=True, alpha_per_target=self.y.shape[1] > 1)
        found.fit(self.x, self.y.squeeze())
        self.mean = found.cv_results_.mean(axis=0).reshape(self.y.shape[1], len(self.alphas)).T
        self.chosen = numpy.atleast_1d(found.alpha_)


class Himalaya(Peer):
    name = "himalaya, RidgeCV(cv=5)"

    def solve(self):
        from himalaya.backend import set_backend
        from himalaya.ridge import RidgeCV
        from sklearn.model_selection import KFold

        set_backend("numpy", on_error="raise")
        found = RidgeCV(alphas=self.alphas, fit_intercept=True, cv=KFold(5)).fit(self.x, self.y)
        self.chosen = numpy.atleast_1d(found.best_alphas_)


SCHEMES = {"5": [SklearnFolds, Himalaya], "loo": [SklearnLoo]}


def measure(arguments, choice, size, scheme):
    rows, features, targets = size
    print(f"{rows} rows, {features} features, {targets} targets, {ALPHAS} alphas: {scheme}", flush=True)
    alphas = numpy.logspace(2, -3, ALPHAS) * rows
    x, y = made.made(*size)
    missing = {}
    with tempfile.NamedTemporaryFile() as file:
        file.write(x.tobytes(order="F") + y.tobytes(order="F"))
        file.flush()
        contenders = [Ours(choice, file.name, size, alphas, scheme)]
        for kind in SCHEMES[scheme]:
            try:
                contenders.append(kind(x, y, alphas, arguments.most))
            except Exception as error:  # a peer that is not there, or that fails, must not stop the others
                missing[kind.name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
                print(f"  !!! {kind.name} is not measured: {missing[kind.name]}", flush=True)
        runs, failed = race.race(contenders, arguments.rounds, say=lambda words: "!!!" in words and print(words))
    missing |= failed
    ratios = race.ratios(runs, Ours.name) if Ours.name in runs else {}
    ours = contenders[0]
    entries = {}
    for own in contenders:
        if own.name in runs:
            known = own.mean is not None and own is not ours and ours.mean is not None
            entries[own.name] = {
                "total": race.middle(runs[own.name], "total"),
                "ratio": ratios.get(own.name),
                "scores_apart": float(numpy.abs(own.mean / ours.mean - 1.0).max()) if known else None,
                "same_choice": bool(numpy.allclose(own.chosen, ours.chosen)) if own.chosen is not None and len(own.chosen) == len(ours.chosen) else None,
                "runs": runs[own.name],
            }
    return {"size": size, "scheme": scheme, "entries": entries, "missing": missing}


def report(record):
    host = record["machine"]
    lines = [f"{host['cpu']}, {host['cores']} cores; {host['os']}; Python {host['python']}; "
             + ", ".join(f"{name} {version}" for name, version in record["versions"].items()) + ".",
             f"{ALPHAS} alphas; medians of {record['rounds']} rounds in turns; in brackets how many times as long, the median of "
             "the rounds' ratios.", ""]
    cells = []
    for own in record["sizes"]:
        ours = own["entries"].get(Ours.name)
        row = [*own["size"], "leave-one-out" if own["scheme"] == "loo" else f"{own['scheme']} folds"]
        row.append(race.seconds(ours["total"]) if ours else own["missing"].get(Ours.name, "-"))
        for kind in ("scikit-learn", "himalaya"):
            name, entry = next(((n, e) for n, e in own["entries"].items() if n.startswith(kind)), (None, None))
            if entry is None:
                row.append(next((why for n, why in own["missing"].items() if n.startswith(kind)), "-"))
                continue
            apart = "" if entry["scores_apart"] is None else f", scores {entry['scores_apart']:.0e} apart"
            choice = "" if entry["same_choice"] is None else (", same choice" if entry["same_choice"] else ", other choice")
            row.append(f"{race.seconds(entry['total'])} ({race.ratio(entry['ratio'])}){apart}{choice}")
        cells.append(row)
    lines.append(race.markdown(["m", "n", "t", "", "ridgepath", "scikit-learn", "himalaya"], cells))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="what `cargo bench --bench choice --no-run` has built [default: built now]")
    parser.add_argument("--sizes", help="ROWSxFEATURESxTARGETS,… [default: 1000x50x1,20000x200x1,2000x500x100]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=float, default=20.0, help="seconds a run from which one run is enough")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    sizes = SIZES if not arguments.sizes else [tuple(map(int, own.split("x"))) for own in arguments.sizes.split(",")]
    choice = os.path.abspath(arguments.program) if arguments.program else program.build("choice")
    record = {
        "schema": "ridgepath/peers-cv/1",
        "date": time.strftime("%Y-%m-%d"),
        "machine": race.machine(),
        "versions": race.versions(["numpy", "scipy", "scikit-learn", "himalaya"]),
        "rounds": arguments.rounds,
        "sizes": [],
    }
    for size in sizes:
        for scheme in SCHEMES:
            record["sizes"].append(measure(arguments, choice, size, scheme))
            race.keep(record, report(record), arguments)
    print("\n" + report(record))


if __name__ == "__main__":
    main()
