#!/usr/bin/env python3
"""This library's CPU backend, by each strategy, against scikit-learn, numpy, himalaya and Rust's nalgebra, faer, smartcore
and linfa-elasticnet, in double precision, in turns, in one run.

    cargo build --release
    pip install -r benches/peers/requirements.txt
    python3 benches/peers/cpu.py --markdown cpu.md --json cpu.json

The same data, the same alphas, all cores for everyone, the same accuracy measured. Times are those within a process that
has started and solved once; starting up is shown apart. `--program FILE` or $RIDGEPATH names a program built elsewhere. The
Rust peers are a package of their own in benches/peers/rust, which is built into target/peers now: cargo downloads them the
first time. Who is not installed is left out, and what is estimated to take longer than --most seconds a run; the table
says so. --features, --rows-per-feature, --targets and --alphas choose a part of the sizes.
"""

import argparse
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from statistics import median

import cpu_lineup
import cpu_table
import made
import program
import race

FEATURES = [10, 50, 200, 500, 1_000, 2_000]
ROWS_PER_FEATURE = [2, 100]
TARGETS = [1, 100]
ALPHAS = [1, 10, 100, 1_000]
# Multiply-adds a second that no core surpasses: what takes longer even at this pace is not tried.
PACE = 5e10
CRATES = ["nalgebra", "faer", "smartcore", "linfa-elasticnet"]


def say(words):
    print(words, flush=True)


def measure(arguments, programs, shape):
    """A cell of the table for each number of alphas."""
    rows, features, targets = shape
    say(f"{rows} rows, {features} features, {targets} targets")
    try:
        least = rows * features * (features + targets) / 2 / (PACE * race.machine()["cores"])
        if least > arguments.most:
            raise program.Missing(f"{least:.3g} s a run or more")
        task = cpu_lineup.Task(*shape)
    except (program.Missing, MemoryError) as error:
        say(f"  !!! left out: {program.reason(error)}")
        return [cell(shape, count, {}, {}, program.reason(error)) for count in arguments.alphas]
    contenders, missing = cpu_lineup.lineup(task, arguments.most, *programs, say)
    return [raced(arguments.rounds, task, contenders, missing, count) for count in arguments.alphas]


def raced(rounds, task, contenders, missing, count):
    say(f"  {count} alphas")
    alphas, chosen, missing = task.alphas(count), [], dict(missing)
    for own in contenders:
        try:
            own.start(alphas)
            chosen.append(own)
        except program.Missing as error:
            missing[own.name] = program.reason(error)
    runs, failed = race.race(chosen, rounds, say=lambda words: "!!!" in words and say(words))
    ours = cpu_lineup.Auto.name
    ratios = race.ratios(runs, ours) if ours in runs else {}
    wanted = made.oracle(task.x, task.y, alphas[made.probes(count)])
    entries = {
        own.name: {
            "total": race.middle(runs[own.name], "total"),
            "first": own.first,
            "strategy": own.strategy,
            "ratio": ratios.get(own.name),
            "deviation": None if own.answer is None else made.deviation(own.answer, wanted),
            "runs": runs[own.name],
        }
        for own in chosen
        if own.name in runs
    }
    return cell(task.shape, count, entries, missing | failed)


def cell(shape, count, entries, missing, left_out=None):
    rows, features, targets = shape
    size = {"rows": rows, "features": features, "targets": targets, "alphas": count}
    return {"size": size, "entries": entries, "missing": missing, "left_out": left_out}


def start_up(ours):
    """Seconds from nothing to ready: the program's, and Python's with its libraries; the median of five."""
    commands = {} if isinstance(ours, program.Missing) else {"ridgepath": [str(ours), "--version"]}
    for name, module in {
        "numpy": "numpy",
        "scikit-learn": "sklearn.linear_model",
        "himalaya": "himalaya.ridge",
        "torch": "torch",
    }.items():
        commands[f"python, import {name}"] = [sys.executable, "-c", f"import {module}"]
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


def crates():
    """Versions of the Rust peers."""
    packages = tomllib.loads((program.RUST / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {own["name"]: own["version"] for own in packages if own["name"] in CRATES}


def keep_within_memory():
    """What asks for more than there is then fails alone, where it would be killed, and this script with it."""
    try:
        import resource

        most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (ImportError, ValueError, OSError):  # not here
        pass


def attempt(find, *arguments):
    """A program, or why there is none."""
    try:
        return find(*arguments)
    except program.Missing as error:
        say(f"!!! {error}")
        return error


def counts(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the program ridgepath [default: $RIDGEPATH, or target/release/ridgepath]")
    parser.add_argument("--features", type=counts, default=FEATURES, help="n [default: 10,50,200,500,1000,2000]")
    parser.add_argument("--rows-per-feature", type=counts, default=ROWS_PER_FEATURE, help="m/n [default: 2,100]")
    parser.add_argument("--targets", type=counts, default=TARGETS, help="t [default: 1,100]")
    parser.add_argument("--alphas", type=counts, default=ALPHAS, help="k [default: 1,10,100,1000]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=float, default=2.0, help="seconds that a run may be estimated to take [default: 2]")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()

    programs = attempt(program.find, arguments.program), attempt(program.build_rust)
    keep_within_memory()
    record = {
        "schema": "ridgepath/peers-cpu/1",
        "date": time.strftime("%Y-%m-%d"),
        "machine": race.machine(),
        "versions": race.versions(["numpy", "scipy", "scikit-learn", "himalaya", "torch"]) | crates(),
        "threads": threads(),
        "rounds": arguments.rounds,
        "start_up": start_up(programs[0]),
        "sizes": [],
    }
    shapes = [(ratio * n, n, t) for n in arguments.features for ratio in arguments.rows_per_feature for t in arguments.targets]
    for shape in shapes:
        record["sizes"] += measure(arguments, programs, shape)
        race.keep(record, cpu_table.report(record), arguments)
    print("\n" + cpu_table.report(record))


if __name__ == "__main__":
    main()
