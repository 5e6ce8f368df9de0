#!/usr/bin/env python3
"""This library's GPU backend against torch, CuPy and himalaya on the same card, in turns, in one run: paths, by both strategies
where there are two, and the choice of λ by five folds.

    cargo build --release
    python3 benches/peers/gpu.py --markdown gpu.md --json gpu.json

Needs numpy and whatever peers are to be measured; nothing is downloaded, and a peer that is missing is left out
with the reason in the table. The same data, the same alphas, TF32 off, the same accuracy measured; transfers are timed
apart. `--program FILE` or $RIDGEPATH names a program built elsewhere, `--choice FILE` what `cargo bench --bench choice --no-run`
has built, which times the folds. `--quick` takes small sizes. `--device cpu` runs the same code where there is no GPU: that
tests this script, and says nothing about any GPU.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy

import gpu_arrays as arrays
import made
import program
import race

# Rows, features, alphas, targets, folds; without folds, the path of all rows.
SIZES = [
    (2_000, 64, 1_000, 1, 0),
    (20_000, 128, 1_000, 1, 0),
    (20_000, 256, 100, 1, 0),
    (20_000, 256, 100, 1, 5),
    (20_000, 512, 100, 1, 0),
    (20_000, 512, 100, 100, 0),
    (20_000, 1_024, 64, 1, 0),
    (20_000, 2_048, 16, 1, 0),
    (100_000, 512, 100, 1, 0),
    (50_000, 2_048, 1_000, 1, 0),
]
QUICK = [(300, 20, 10, 2, 0), (400, 48, 90, 1, 0), (400, 48, 90, 2, 5)]
# From so many alphas on, a path is made of the answers of a few nodes unless a strategy is named.
NODES = 76


class Ours:
    """This library's program, with the times that it takes itself."""

    def __init__(self, arguments, how, task):
        strategy, precision = how
        self.name = f"ridgepath {strategy}, {precision}"
        software = ["--allow-software-gpu"] if arguments.device == "cpu" else []
        # The stages are timed in single precision, whatever the precision of the whole fit: once is enough.
        self.parts = precision == "single"
        without = "cpu,reference" if self.parts else "cpu,reference,stages"
        self.arguments = [*program.task(task["size"], task["alphas"]), "--backend", "gpu", "--precision", precision]
        self.arguments += [*software, "--strategy", strategy, "--without", without]
        self.path = program.find(arguments.program)
        self.answer = self.first = self.machine = None
        self.run()

    def run(self):
        document = program.bench(self.path, self.arguments)
        own = document["gpu"]
        self.answer, self.first, self.machine = own["coefficients"], own["first"], document["machine"]
        run = {"up": None, "device": None, "down": None, "total": own["seconds"]}
        if self.parts and document["gpu_stages"]:
            stages = {stage["name"]: stage["host_seconds"] for stage in document["gpu_stages"]["stages"]}
            run["up"], run["down"] = stages["transfer up"], stages["transfer down"]
            run["device"] = document["gpu_stages"]["rows_on_device_seconds"] - run["down"]
        return run


class OursByFolds:
    """The choice of λ by this library, in a process of its own that takes the times."""

    machine = None

    def __init__(self, arguments, how, task):
        strategy, precision = how
        self.name = f"ridgepath {strategy}, {precision}"
        rows, features, _, targets = task["size"]
        device = "software" if arguments.device == "cpu" else "gpu"
        arguments.choice = arguments.choice or program.build("choice")
        self.command = [arguments.choice, task["file"], *map(str, (rows, features, targets, task["folds"], 1))]
        self.command += [program.listed(task["alphas"]), device, strategy, precision]
        self.answer = self.first = None
        self.run()

    def run(self):
        told = program.told(self.command)
        scores = numpy.array(told["mean"])
        self.answer, self.first = scores[made.probes(len(scores))], told["first"]
        return {"up": None, "device": None, "down": None, "total": told["seconds"][0]}


def lineup(arguments, task):
    """Contenders, and {name: reason} of those who are none."""
    contenders, missing = [], {}

    def out(name, error):
        missing[name] = program.reason(error)
        print(f"  !!! {name} is not measured: {missing[name]}", flush=True)

    # A peer that is not there, or that fails in whatever way, must not stop the others.
    ours = OursByFolds if task["folds"] else Ours
    nodes = [("nodes", "double")] if len(task["alphas"]) >= NODES else []
    for how in [*nodes, ("cholesky", "double"), ("cholesky", "single")]:
        try:
            contenders.append(ours(arguments, how, task))
        except Exception as error:
            out(f"ridgepath {how[0]}, {how[1]}", error)
    for kind in (arrays.Torch, arrays.CuPy, arrays.Himalaya):
        try:
            opened = kind(arguments.device)
        except Exception as error:
            out(kind.name, error)
            continue
        for solve in opened.solvers:
            for dtype in ("float64", "float32"):
                try:
                    chosen = arrays.folds(solve, task["folds"]) if task["folds"] else solve
                    contenders.append(arrays.Peer(opened, dtype, task, chosen))
                except Exception as error:
                    out(f"{kind.name} {solve.__name__}, {dtype}", error)
    return contenders, missing


def mean_squares(x, y, alphas, count):
    """The scores [alpha, target] of folds of consecutive rows, by the oracle."""
    total = 0.0
    for own in numpy.array_split(numpy.arange(len(x)), count):
        fitted_x, fitted_y = numpy.delete(x, own, axis=0), numpy.delete(y, own, axis=0)
        w = made.oracle(fitted_x, fitted_y, alphas)
        held_x, held_y = x[own] - fitted_x.mean(axis=0), y[own] - fitted_y.mean(axis=0)
        total = total + numpy.stack([((held_y - held_x @ one.T) ** 2).mean(axis=0) for one in w])
    return total / count


def measure(arguments, size):
    rows, features, lambdas, targets, folds = size
    kind = f"scores of {folds} folds" if folds else "the path"
    print(f"{rows} rows, {features} features, {lambdas} alphas, {targets} targets: {kind}", flush=True)
    # From strong shrinkage to weak, for singular values of X near the square root of rows / 3.
    alphas = numpy.logspace(2, -3, lambdas) * rows
    x, y = made.made(rows, features, targets)
    at = made.probes(lambdas)
    wanted = mean_squares(x, y, alphas[at], folds) if folds else made.oracle(x, y, alphas[at])
    with tempfile.NamedTemporaryFile() as file:
        if folds:
            file.write(x.tobytes(order="F") + y.tobytes(order="F"))
            file.flush()
        task = {"data": (x, y), "alphas": alphas, "size": size[:4], "folds": folds, "file": file.name}
        contenders, missing = lineup(arguments, task)
        runs, failed = race.race(contenders, arguments.rounds)
    missing |= failed
    entries = {}
    # Against the first that is there: this library in double precision.
    reference = next((own.name for own in contenders if own.name in runs), None)
    totals = race.ratios(runs, reference) if reference else {}
    for own in contenders:
        if own.name not in runs:
            continue
        ours = isinstance(own, (Ours, OursByFolds))
        answer, right = numpy.asarray(own.answer)[slice(None) if ours else at], wanted
        if folds:  # numbers, each held against its own
            answer, right = answer[..., None], right[..., None]
        entries[own.name] = {
            **{part: race.middle(runs[own.name], part) for part in ("up", "device", "down", "total")},
            "first": own.first,
            "ratio": totals[own.name],
            "deviation": made.deviation(answer, right),
            "runs": runs[own.name],
        }
    machine = next((own.machine for own in contenders if getattr(own, "machine", None)), None)
    named = dict(zip(("rows", "features", "alphas", "targets", "folds"), size))
    return {"size": named, "against": reference, "entries": entries, "missing": missing, "machine": machine}


def card(device):
    """The name of the CUDA card, if torch or CuPy can tell."""
    if device == "cpu":
        return None
    try:
        import torch

        return torch.cuda.get_device_name()
    except Exception:  # without torch, or without a card that it can use
        pass
    try:
        import cupy

        return cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    except Exception:
        return None


def ours(record):
    """What this library's program ran on."""
    machine = next((own["machine"] for own in record["sizes"] if own["machine"]), None)
    if machine is None:
        return "no ridgepath"
    adapter = machine["adapter"]
    return f"ridgepath {machine['version']} on {adapter['name']} ({adapter['api']}), driver {adapter['driver']}"


def report(record):
    lines = []
    if record["device"] == "cpu":
        lines += ["**NOT A GPU RESULT: a dry run on the CPU (and a software adapter), which tests the script alone.**", ""]
    host = record["machine"]
    lines += [f"{record['card'] or 'no CUDA card'}; {host['cpu']}, {host['cores']} cores; {host['os']}",
              "; ".join([ours(record), *(f"{name} {version}" for name, version in record["versions"].items())]),
              f"{record['rounds']} rounds, everyone in turns; medians; ratio: the median of the rounds' ratios of totals, "
              "above 1 where ridgepath is faster. TF32 off. Peers are handed the data in the type that they compute in; "
              "ridgepath is handed 64 bits, and its time on the device is that of its stages, without corrections.", ""]
    for own in record["sizes"]:
        size = own["size"]
        lines += ["### " + ", ".join(f"{count} {name}" for name, count in size.items() if count), ""]
        header = ["", "up", "on the device", "down", "total", f"total over {own['against']}", "first", "digits"]
        cells = [
            [name, *(race.seconds(entry[part]) for part in ("up", "device", "down", "total")),
             race.ratio(entry["ratio"]), race.seconds(entry["first"]), race.digits(entry["deviation"])]
            for name, entry in own["entries"].items()
        ]
        cells += [[name, "-", "-", "-", "-", "-", "-", f"not measured: {reason}"] for name, reason in own["missing"].items()]
        lines += [race.markdown(header, cells), ""]
    return "\n".join(lines)


def sizes(text):
    """ROWSxFEATURESxALPHASxTARGETS and, for scores, xFOLDS; more of them after commas."""
    found = [tuple(int(part) for part in own.split("x")) for own in text.split(",")]
    if any(len(own) not in (4, 5) or min(own) < 1 for own in found):
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted ROWSxFEATURESxALPHASxTARGETS[xFOLDS],…")
    return [(*own, 0)[:5] for own in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the program ridgepath [default: $RIDGEPATH, or target/release/ridgepath]")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: a dry run, no GPU result")
    parser.add_argument("--choice", help="what `cargo bench --bench choice --no-run` has built [default: built when needed]")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--sizes", type=sizes, help="ROWSxFEATURESxALPHASxTARGETS[xFOLDS],… [default: ten, to n = 2048]")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()

    chosen = arguments.sizes or (QUICK if arguments.quick or arguments.device == "cpu" else SIZES)
    record = {
        "schema": "ridgepath/peers-gpu/2",
        "date": time.strftime("%Y-%m-%d"),
        "device": arguments.device,
        "card": card(arguments.device),
        "machine": race.machine(),
        "versions": race.versions(["numpy", "torch", "cupy-cuda12x", "cupy-cuda13x", "cupy", "himalaya"]),
        "rounds": arguments.rounds,
        "sizes": [],
    }
    for size in chosen:
        record["sizes"].append(measure(arguments, size))
        race.keep(record, report(record), arguments)
    print("\n" + report(record))
    if not any(own["entries"] for own in record["sizes"]):
        raise SystemExit("nothing was measured")


if __name__ == "__main__":
    main()
