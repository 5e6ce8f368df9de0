#!/usr/bin/env python3
"""Rows of files to sums: `ridgepath moments` against what people read files with and numpy's XᵀX, in turns, in one run.

    pip install -r benches/peers/requirements.txt
    python3 benches/peers/streams.py --markdown streams.md --json streams.json

The files are made on the spot. A run is a process of its own, so that its peak of memory is that of what it did. Ours is timed from
its start to its end; theirs from where the modules are imported. Answers at one λ are held against each other. "Reading alone" ends with
the columns in memory, and sums nothing.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy

import made
import program
import race

#: Rows and features.
SIZES = "1000000x50,200000x200"
LAMBDA = 0.01


def write(folder, rows, features):
    """The same numbers as CSV and as Parquet: a third of the columns with 6 digits, the others with all."""
    import polars

    x, y = made.made(rows, features, 1)
    x[:, ::3] = numpy.round(x[:, ::3], 6)
    frame = polars.DataFrame({**{f"x{j}": x[:, j] for j in range(features)}, "y": y[:, 0]})
    frame.write_csv(folder / "rows.csv")
    frame.write_parquet(folder / "rows.parquet", compression="snappy")


def of_polars(file):
    import polars

    scan = polars.scan_csv if file.suffix == ".csv" else polars.scan_parquet
    begun = time.perf_counter()
    return begun, scan(file).collect(engine="streaming")


def of_pyarrow(file):
    import pyarrow.csv
    import pyarrow.parquet

    begun = time.perf_counter()
    return begun, (pyarrow.csv.read_csv(file) if file.suffix == ".csv" else pyarrow.parquet.read_table(file))


def of_duckdb(file):
    import duckdb

    connection = duckdb.connect()
    begun = time.perf_counter()
    return begun, connection.sql(f"select * from '{file}'").fetchnumpy()


def matrix(table):
    """[X | y] of whatever was read."""
    if hasattr(table, "to_numpy"):
        return table.to_numpy()
    if hasattr(table, "column_names"):
        return numpy.column_stack([column.to_numpy() for column in table.columns])
    return numpy.column_stack(list(table.values()))


def sums(table):
    """XᵀX of all columns, and their sums."""
    rows = matrix(table)
    return rows.T @ rows, rows.sum(axis=0), len(rows)


READERS = {"polars": of_polars, "pyarrow": of_pyarrow, "DuckDB": of_duckdb}
ALONE = ", reading alone"


def peer(name, file):
    """One run of a peer, in this process: prints what came of it."""
    begun, table = READERS[name.removesuffix(ALONE)](file)
    answer = None
    if not name.endswith(ALONE):
        gram, total, rows = sums(table)
    seconds = time.perf_counter() - begun
    if not name.endswith(ALONE):
        centred = gram - numpy.outer(total, total) / rows
        shifted = centred[:-1, :-1] + 2 * rows * LAMBDA * numpy.eye(len(gram) - 1)
        answer = numpy.linalg.solve(shifted, centred[:-1, -1]).tolist()
    # Kilobytes, as Linux has it.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"total": seconds, "peak": peak, "answer": answer}))


class Peer:
    def __init__(self, name, file):
        self.name, self.file, self.answer = name, file, None

    def run(self):
        own = program.told([sys.executable, __file__, "--peer", self.name, "--file", str(self.file)])
        self.answer = own.pop("answer")
        return own


class Ours:
    name = "ridgepath moments"

    def __init__(self, path, file):
        self.path, self.file, self.answer = path, file, None

    def run(self):
        output = self.file.with_suffix(".moments")
        begun = time.perf_counter()
        child = subprocess.Popen(
            [self.path, "moments", self.file, "--target", "y", "-o", output], stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        if status != 0:
            raise program.Missing(f"exit status {status}")
        told = program.told([self.path, "path", output, "--lambdas", str(LAMBDA), "--format", "json", "--backend", "cpu"])
        self.answer = told["path"][0]["coef"][0]
        return {"total": seconds, "peak": usage.ru_maxrss / 1024}


def measure(arguments, path, size, folder):
    rows, features = (int(number) for number in size.split("x"))
    print(f"{rows:,} × {features}", flush=True)
    files = []
    for file in (folder / "rows.csv", folder / "rows.parquet"):
        names = [*READERS, "polars" + ALONE, "pyarrow" + ALONE]
        contenders = [Ours(path, file), *(Peer(name, file) for name in names)]
        runs, failed = race.race(contenders, arguments.rounds, say=lambda words: "!!!" in words and print(words))
        ratios = race.ratios(runs, Ours.name) if Ours.name in runs else {}
        entries = {
            own.name: {
                "total": race.middle(runs[own.name], "total"),
                "ratio": ratios.get(own.name),
                "peak": race.middle(runs[own.name], "peak"),
                "deviation": made.deviation(own.answer, contenders[0].answer) if own.answer and ratios else None,
                "runs": runs[own.name],
            }
            for own in contenders
            if own.name in runs
        }
        kind = {".csv": "CSV", ".parquet": "Parquet"}[file.suffix]
        files.append({"kind": kind, "rows": rows, "bytes": file.stat().st_size, "entries": entries, "missing": failed})
    return {"size": [rows, features], "files": files}


def report(record):
    host = record["machine"]
    lines = [
        f"{host['cpu']}, {host['cores']} cores; {host['os']}; Python {host['python']}; "
        + ", ".join(f"{name} {version}" for name, version in record["versions"].items()) + ".",
        f"Medians of {record['rounds']} rounds in turns; × is how many times as long, the median of the rounds' ratios.",
        "",
    ]
    cells = []
    for size, file in ((own["size"], file) for own in record["sizes"] for file in own["files"]):
        words = f"{size[0]:,} × {size[1]}, {file['kind']} of {file['bytes'] / 1e6:.0f} MB"
        for name, entry in file["entries"].items():
            rate = f"{size[0] / entry['total'] / 1e6:.2f} M"
            agreement = "" if entry["deviation"] is None or name == Ours.name else f"{entry['deviation']:.0e} apart"
            times = [race.seconds(entry["total"]), race.ratio(entry["ratio"])]
            cells.append([words, name, rate, *times, f"{entry['peak']:.0f} MB", agreement])
            words = ""
        cells += [["", name, "-", "-", "-", "-", why] for name, why in file["missing"].items()]
    lines.append(race.markdown(["rows × features", "", "rows/s", "time", "×", "peak", ""], cells))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="the program [default: RIDGEPATH, or target/release/ridgepath]")
    parser.add_argument("--sizes", default=SIZES, help=f"rows x features, several by commas [default: {SIZES}]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        peer(arguments.peer, arguments.file)
        return
    if arguments.write:
        write(arguments.write, *(int(number) for number in arguments.sizes.split("x")))
        return
    record = {
        "schema": "ridgepath/peers-streams/1",
        "date": time.strftime("%Y-%m-%d"),
        "machine": race.machine(),
        "versions": race.versions(["numpy", "polars", "pyarrow", "duckdb"]),
        "rounds": arguments.rounds,
        "sizes": [],
    }
    path = program.find(arguments.program)
    for size in arguments.sizes.split(","):
        with tempfile.TemporaryDirectory() as folder:
            # Elsewhere, for a process begins with the peak of the one that starts it.
            subprocess.run([sys.executable, __file__, "--write", folder, "--sizes", size], check=True)
            record["sizes"].append(measure(arguments, path, size, Path(folder)))
        race.keep(record, report(record), arguments)
    print("\n" + report(record))


if __name__ == "__main__":
    main()
