#!/usr/bin/env python3
"""A choice of λ among 100 by five folds, through each engine, beside the engine's regression where it has one.

    pip install -r tests/engines/requirements.txt
    python3 bench/engines.py --sail PYTHON

PYTHON is an interpreter with tests/engines/requirements-sail.txt. Rows are made as Parquet files, and each engine reads them in every
round, in a process of its own with what it starts. Prints a table in Markdown.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

FEATURES = [f"x{number}" for number in range(20)]
FOLDS, LAMBDAS = 5, np.geomspace(1e2, 1e-6, 100)
ENGINES = ["scikit-learn", "spark", "sail", "dask", "ray", "polars", "duckdb"]
PACKAGES = {"scikit-learn": "scikit-learn", "spark": "pyspark", "sail": "pysail", **{name: name for name in ENGINES[3:]}}


def make(folder, rows, files):
    """Parquet files, the same for the same numbers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    weights = np.random.default_rng(0).normal(size=len(FEATURES))
    for number in range(files):
        rng = np.random.default_rng(number + 1)
        x = rng.normal(size=(rows // files, len(FEATURES)))
        columns = {**dict(zip(FEATURES, x.T)), "y": x @ weights + rng.normal(scale=10.0, size=rows // files)}
        pq.write_table(pa.table(columns), folder / f"{number}.parquet")


def whole(folder):
    """The moments of all rows, on one machine."""
    import pyarrow.dataset as ds

    from ridgepath import Moments

    return Moments(FEATURES, ["y"]).push(ds.dataset(folder).scanner().to_reader())


@contextlib.contextmanager
def opened(engine, folder):
    """What a round calls: our choice, and the regression of the engine for a λ, or None."""
    if engine == "scikit-learn":
        yield None, lambda penalty: scikit_learn(folder, penalty)
        return
    name = "spark" if engine == "sail" else engine
    own = __import__(f"ridgepath.engines.{name}", fromlist=["choose"])
    with contextlib.ExitStack() as stack:
        frame, regression = globals()[f"of_{engine}"](str(folder), stack)
        yield lambda: own.choose(frame(), "y", FEATURES, lambdas=LAMBDAS, folds=FOLDS), regression


def scikit_learn(folder, penalty):
    import pyarrow.parquet as pq
    from sklearn.linear_model import Ridge

    table = pq.read_table(folder)
    x = np.column_stack([table[name].to_numpy() for name in FEATURES])
    return Ridge(alpha=2.0 * table.num_rows * penalty).fit(x, table["y"].to_numpy()).coef_


def of_spark(folder, stack):
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    stack.callback(session.stop)

    deviation = session.read.parquet(folder).selectExpr("stddev_pop(y)").first()[0]

    def regression(penalty):
        # Its objective is 1/(2m) RSS/σ_y + regParam ‖w‖²/2, ours 1/(2m) RSS + λ ‖w‖².
        rows = VectorAssembler(inputCols=FEATURES, outputCol="features").transform(session.read.parquet(folder))
        settings = {"elasticNetParam": 0.0, "standardization": False, "solver": "normal"}
        model = LinearRegression(labelCol="y", regParam=2.0 * penalty * deviation, **settings)
        return model.fit(rows).coefficients.toArray()

    return lambda: session.read.parquet(folder), regression


def of_sail(folder, stack):
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer()
    server.start(background=True)
    stack.callback(server.stop)
    session = SparkSession.builder.remote(f"sc://localhost:{server.listening_address[1]}").getOrCreate()
    stack.callback(session.stop)
    return lambda: session.read.parquet(folder), None


def of_dask(folder, stack):
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    cluster = stack.enter_context(LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None))
    stack.enter_context(Client(cluster))
    return lambda: dd.read_parquet(folder), None


def of_ray(folder, stack):
    import ray
    import ray.data

    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    ray.init(num_cpus=2, include_dashboard=False, logging_level="WARNING")
    ray.data.DataContext.get_current().enable_progress_bars = False
    stack.callback(ray.shutdown)
    return lambda: ray.data.read_parquet(folder), None


def of_polars(folder, stack):
    import polars

    return lambda: polars.scan_parquet(folder), None


def of_duckdb(folder, stack):
    return lambda: f"SELECT * FROM '{folder}/*.parquet'", None


def measured(engine, folder, rounds):
    """Seconds of the first round and the median of the next, of our choice and of the engine's regression; how far the coefficients of both
    lie from those of one machine; and the most memory, in MiB, of the process that called, without those that it started."""
    from ridgepath import fit_moments

    told = {"version": version(PACKAGES[engine])}
    with opened(engine, folder) as (choose, regression):
        penalty = LAMBDAS[50]
        if choose is not None:
            told["choose"], choice = timed(choose, rounds)
            told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            reference = fit_moments(whole(folder), lambdas=LAMBDAS).coef
            told["choose_apart"] = float(np.max(np.linalg.norm(choice.path.coef - reference, axis=2) / np.linalg.norm(reference, axis=2)))
            penalty = float(choice.path.lambdas[choice.index[0]])
        if regression is not None:
            told["regression"], coef = timed(lambda: regression(penalty), rounds)
            reference = fit_moments(whole(folder), lambdas=[penalty]).coef[0, 0]
            told["regression_apart"] = float(np.linalg.norm(coef - reference) / np.linalg.norm(reference))
    return told


def timed(work, rounds):
    seconds = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - begun)
    return [seconds[0], statistics.median(seconds[1:])], found


def row(engine, told):
    def cells(name):
        if name not in told:
            return ["–"] * 3
        return [f"{told[name][0]:.2f} s", f"{told[name][1]:.2f} s", f"{told[name + '_apart']:.0e}"]

    memory = f"{told['memory']} MiB" if "memory" in told else "–"
    return "| " + " | ".join([f"{engine} {told['version']}", *cells("choose"), memory, *cells("regression")]) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="after the first, which is told apart")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--sail", metavar="PYTHON", help="an interpreter that has pysail; without it Sail is left out")
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.one[0], Path(asked.one[1]), asked.rounds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), asked.rows, asked.files)
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
        print(f"{asked.rows} × {len(FEATURES)} in {asked.files} Parquet files of {size:.0f} MB; {os.cpu_count()} cores.\n")
        print("| | choice, first | next | apart | memory of the caller | its regression, first | next | apart |")
        print("|---|---|---|---|---|---|---|---|")
        for engine in asked.engines.split(","):
            if engine == "sail" and asked.sail is None:
                continue
            python = asked.sail if engine == "sail" else sys.executable
            command = [python, __file__, "--one", engine, folder, "--rounds", str(asked.rounds)]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                sys.exit(f"{engine}: {done.stderr[-3000:]}")
            print(row(engine, json.loads(done.stdout.splitlines()[-1])), flush=True)


if __name__ == "__main__":
    main()
