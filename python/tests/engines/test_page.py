"""The examples of the page docs/ways-in/clusters.md, each run as it stands."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

PAGE = Path(__file__).parents[3] / "docs" / "ways-in" / "clusters.md"
EXAMPLES = re.findall(r"^\*\*(\w+)\*\*.*?```python\n(.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
NEEDS = {
    "Spark": "pyspark.core.context",
    "Sail": "pysail",
    "Dask": "dask.dataframe",
    "Ray": "ray.data",
    "polars": "polars",
    "DuckDB": "duckdb",
}


def test_every_engine_has_an_example():
    assert [name for name, _ in EXAMPLES] == list(NEEDS)


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_runs(name, code, tmp_path):
    try:
        found = importlib.util.find_spec(NEEDS[name])
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "lake").mkdir()
    for year in (2024, 2025):
        rng = np.random.default_rng(year)
        columns = {name: rng.uniform(1.0, 5.0, size=200) for name in ("area", "rooms", "price", "rent")}
        pq.write_table(pa.table({**columns, "year": [year] * 200}), tmp_path / "lake" / f"{year}.parquet")
    settings = {**os.environ, "PYSPARK_PYTHON": sys.executable, "RAY_AUTH_MODE": "disabled"}
    code += "\nassert choice.coef.shape[1] >= 2 and (choice.coef == choice.coef).all()\n"
    (tmp_path / "example.py").write_text(code)
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
