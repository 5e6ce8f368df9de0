#!/usr/bin/env python3
"""This library's GPU backend against torch, CuPy and himalaya on the same card, in turns, in one run.

    cargo build --release
    python3 benches/peers/gpu.py --markdown gpu.md --json gpu.json

Needs numpy and whatever peers are to be measured; nothing is downloaded, and a peer that is missing is left out
with the reason in the table. The same data, the same alphas, TF32 off, the same accuracy measured; transfers are timed
apart. `--program FILE` or $RIDGEPATH names a program built elsewhere. `--device cpu` runs the same code where there is
no GPU: that tests this script, and says nothing about any GPU.
"""

import argparse
import time
from pathlib import Path

import numpy

import made
import program
import race

# Rows, features, alphas, targets.
SIZES = [
    (2_000, 64, 1_000, 1),
    (20_000, 128, 1_000, 1),
    (20_000, 256, 100, 1),
    (20_000, 512, 100, 1),
    (20_000, 512, 100, 100),
    (20_000, 1_024, 64, 1),
    (20_000, 2_048, 16, 1),
]
QUICK = [(300, 20, 10, 2), (400, 48, 7, 1)]
# Bytes of factors held at a time, as much as this library takes unless told otherwise.
AT_ONCE = 1 << 30


class Peer:
    """A peer on an array library: `array` uploads, `wait` waits, `host` downloads."""

    def __init__(self, kind, dtype, task, solve):
        self.kind, self.dtype, self.solve = kind, dtype, solve
        self.name = f"{kind.name} {solve.__name__.replace('_', ' ')}, {'single' if dtype == 'float32' else 'double'}"
        self.x, self.y = (numpy.ascontiguousarray(own, dtype=dtype) for own in task["data"])
        self.alphas = task["alphas"].astype(dtype)
        self.answer = None
        begun = time.perf_counter()
        self.run()
        self.first = time.perf_counter() - begun

    def run(self):
        begun = time.perf_counter()
        x, y, alphas = (self.kind.array(own) for own in (self.x, self.y, self.alphas))
        self.kind.wait()
        uploaded = time.perf_counter()
        w = self.solve(self.kind, x, y, alphas)
        self.kind.wait()
        solved = time.perf_counter()
        self.answer = self.kind.host(w)
        done = time.perf_counter()
        return {"up": uploaded - begun, "device": solved - uploaded, "down": done - solved, "total": done - begun}


def chunks(x, alphas):
    """Runs of alphas whose factors fit."""
    own = max(1, AT_ONCE // (x.shape[1] ** 2 * x.dtype.itemsize))
    return [alphas[first : first + own] for first in range(0, len(alphas), own)]


class Torch:
    """torch; W is alphas × targets × features."""

    name = "torch"

    def __init__(self, device):
        import torch

        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.set_float32_matmul_precision("highest")
        self.torch, self.device = torch, device
        if device == "cuda" and not torch.cuda.is_available():
            raise program.Missing("torch finds no CUDA device")
        self.solvers = [cholesky, eigh]

    def array(self, values):
        return self.torch.from_numpy(values).to(self.device)

    def host(self, values):
        return values.cpu().numpy()

    def wait(self):
        if self.device == "cuda":
            self.torch.cuda.synchronize()

    def cholesky(self, gram, cross, alphas):
        shifted = gram + alphas[:, None, None] * self.torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        factor, info = self.torch.linalg.cholesky_ex(shifted)
        if int(info.max()):
            raise ArithmeticError("a matrix is not positive definite to working precision")
        return self.torch.cholesky_solve(cross.expand(len(alphas), *cross.shape), factor).transpose(1, 2)

    def eigh(self, gram):
        return self.torch.linalg.eigh(gram)

    def stack(self, parts):
        return self.torch.cat(parts)


class CuPy:
    """CuPy."""

    name = "CuPy"

    def __init__(self, device):
        if device != "cuda":
            raise program.Missing("CuPy needs a CUDA device")
        import os

        os.environ["CUPY_TF32"] = "0"
        import cupy

        if cupy.cuda.runtime.getDeviceCount() == 0:
            raise program.Missing("CuPy finds no CUDA device")
        self.cupy = cupy
        self.solvers = [cholesky, eigh]

    def array(self, values):
        return self.cupy.asarray(values)

    def host(self, values):
        return self.cupy.asnumpy(values)

    def wait(self):
        self.cupy.cuda.runtime.deviceSynchronize()

    def cholesky(self, gram, cross, alphas):
        """`posv` has one right-hand side a matrix in a batch, so a batch a target."""
        from cupyx.lapack import posv

        shifted = gram + alphas[:, None, None] * self.cupy.eye(len(gram), dtype=gram.dtype)
        columns = []
        for target in range(cross.shape[1]):
            right = self.cupy.repeat(cross[None, :, target : target + 1], len(alphas), axis=0)
            columns.append(posv(shifted, right))
        return self.cupy.concatenate(columns, axis=2).transpose(0, 2, 1)

    def eigh(self, gram):
        return self.cupy.linalg.eigh(gram)

    def stack(self, parts):
        return self.cupy.concatenate(parts)


class Himalaya:
    """himalaya, whose solver has one alpha a target: every target once for each alpha, so that one decomposition of X
    serves them all."""

    name = "himalaya"

    def __init__(self, device):
        from himalaya.backend import set_backend

        self.torch = Torch(device)
        self.backend = set_backend("torch_cuda" if device == "cuda" else "torch", on_error="raise")
        self.solvers = [svd]
        self.array, self.host, self.wait = self.torch.array, self.torch.host, self.torch.wait


def centred(x):
    return x - x.mean(0)


def cholesky(kind, x, y, alphas):
    x, y = centred(x), centred(y)
    gram, cross = x.T @ x, x.T @ y
    return kind.stack([kind.cholesky(gram, cross, own) for own in chunks(x, alphas)])


def eigh(kind, x, y, alphas):
    x, y = centred(x), centred(y)
    values, vectors = kind.eigh(x.T @ x)
    cross = vectors.T @ (x.T @ y)
    scaled = cross.T[None] / (values + alphas[:, None])[:, None, :]
    return scaled @ vectors.T


def svd(kind, x, y, alphas):
    from himalaya.ridge import solve_ridge_svd

    x, y = centred(x), centred(y)
    targets = y.shape[1]
    every = kind.torch.torch.repeat_interleave(alphas, targets)
    # It holds a matrix as large as X for each target of a batch.
    batch = max(1, AT_ONCE // (x.numel() * x.element_size()))
    w = solve_ridge_svd(x, y.repeat(1, len(alphas)), every, n_targets_batch=batch, warn=False)
    return w.T.reshape(len(alphas), targets, x.shape[1])


class Ours:
    """This library's program, with the times that it takes itself."""

    def __init__(self, path, device, precision, size, alphas):
        self.name = f"ridgepath, {precision}"
        software = ["--allow-software-gpu"] if device == "cpu" else []
        # The stages are timed in single precision, whatever the precision of the whole fit: once is enough.
        self.parts = precision == "single"
        without = "cpu,reference" if self.parts else "cpu,reference,stages"
        self.arguments = [*program.task(size, alphas), "--backend", "gpu", "--precision", precision, *software]
        self.arguments += ["--without", without]
        self.path, self.answer, self.first, self.document = path, None, None, None
        self.run()

    def run(self):
        document = program.bench(self.path, self.arguments)
        own = document["gpu"]
        self.answer, self.first, self.document = own["coefficients"], own["first"], document
        run = {"up": None, "device": None, "down": None, "total": own["seconds"]}
        if self.parts and document["gpu_stages"]:
            stages = {stage["name"]: stage["host_seconds"] for stage in document["gpu_stages"]["stages"]}
            run["up"], run["down"] = stages["transfer up"], stages["transfer down"]
            run["device"] = document["gpu_stages"]["rows_on_device_seconds"] - run["down"]
        return run


def lineup(arguments, size, task):
    """Contenders, and {name: reason} of those who are none."""
    contenders, missing = [], {}

    def out(name, error):
        reason = str(error) if isinstance(error, program.Missing) else f"{type(error).__name__}: {error}"
        missing[name] = reason.splitlines()[0][:200]
        print(f"  !!! {name} is not measured: {missing[name]}", flush=True)

    # A peer that is not there, or that fails in whatever way, must not stop the others.
    for precision in ("double", "single"):
        try:
            path = program.find(arguments.program)
            contenders.append(Ours(path, arguments.device, precision, size, task["alphas"]))
        except Exception as error:
            out(f"ridgepath, {precision}", error)
    for kind in (Torch, CuPy, Himalaya):
        try:
            opened = kind(arguments.device)
        except Exception as error:
            out(kind.name, error)
            continue
        for solve in opened.solvers:
            for dtype in ("float64", "float32"):
                try:
                    contenders.append(Peer(opened, dtype, task, solve))
                except Exception as error:
                    out(f"{kind.name} {solve.__name__}, {dtype}", error)
    return contenders, missing


def measure(arguments, size):
    rows, features, lambdas, targets = size
    print(f"{rows} rows, {features} features, {lambdas} alphas, {targets} targets", flush=True)
    # From strong shrinkage to weak, for singular values of X near the square root of rows / 3.
    alphas = numpy.logspace(2, -3, lambdas) * rows
    x, y = made.made(rows, features, targets)
    task = {"data": (x, y), "alphas": alphas}
    at = made.probes(lambdas)
    wanted = made.oracle(x, y, alphas[at])
    contenders, missing = lineup(arguments, size, task)
    runs, failed = race.race(contenders, arguments.rounds)
    missing |= failed
    entries = {}
    # Against the first that is there: this library in double precision.
    reference = next((own.name for own in contenders if own.name in runs), None)
    totals = race.ratios(runs, reference) if reference else {}
    for own in contenders:
        if own.name not in runs:
            continue
        answer = own.answer if isinstance(own, Ours) else numpy.asarray(own.answer)[at]
        entries[own.name] = {
            **{part: race.middle(runs[own.name], part) for part in ("up", "device", "down", "total")},
            "first": own.first,
            "ratio": totals[own.name],
            "deviation": made.deviation(answer, wanted),
            "runs": runs[own.name],
        }
    machine = next((own.document["machine"] for own in contenders if isinstance(own, Ours)), None)
    named = dict(zip(("rows", "features", "alphas", "targets"), size))
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
        lines += ["### " + ", ".join(f"{count} {name}" for name, count in size.items()), ""]
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
    """ROWSxFEATURESxALPHASxTARGETS, more of them after commas."""
    found = [tuple(int(part) for part in own.split("x")) for own in text.split(",")]
    if any(len(own) != 4 or min(own) < 1 for own in found):
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted ROWSxFEATURESxALPHASxTARGETS,…")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the program ridgepath [default: $RIDGEPATH, or target/release/ridgepath]")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: a dry run, no GPU result")
    parser.add_argument("--sizes", type=sizes, help="ROWSxFEATURESxALPHASxTARGETS,… [default: seven, to n = 2048]")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()

    chosen = arguments.sizes or (QUICK if arguments.device == "cpu" else SIZES)
    record = {
        "schema": "ridgepath/peers-gpu/1",
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
