#!/usr/bin/env python3
"""Digits correct of scikit-learn's Ridge on the sets of the accuracy bench.

    cargo bench --bench accuracy -- --export DIR
    python3 benches/peers/accuracy_sklearn.py DIR --json benches/record/accuracy_sklearn.json

The exact answers are the bench's; the digits are counted as it counts them. Prints a Markdown table.
"""

import argparse
import json
import math
import platform
import warnings
from pathlib import Path

import numpy
import scipy
import sklearn
from sklearn.linear_model import Ridge

SOLVERS = ("svd", "cholesky")


def digits(w, truth):
    """-log10 of the relative error, between 0 and 16; the truth is held in two doubles."""
    # Scaled first: squares of 1e±200 are out of range.
    size = max(abs(high) for high, _ in truth) or 1.0
    away = math.sqrt(sum((((own - high) - low) / size) ** 2 for own, (high, low) in zip(w, truth)))
    norm = math.sqrt(sum((high / size) ** 2 for high, _ in truth))
    if away == 0.0:
        return 16.0
    if norm == 0.0 or not math.isfinite(away):
        return 0.0
    return min(16.0, max(0.0, -math.log10(away / norm)))


def cell(data, answer, solver):
    model = Ridge(alpha=answer["shift"], fit_intercept=data["intercept"], solver=solver)
    try:
        with warnings.catch_warnings(), numpy.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model.fit(numpy.array(data["x"], dtype=numpy.float64), numpy.array(data["y"], dtype=numpy.float64))
    except (ValueError, ArithmeticError, numpy.linalg.LinAlgError) as error:
        return type(error).__name__
    w = [float(value) for value in model.coef_]
    if "singular" in answer:
        return f"‖w‖ = {math.hypot(*w):.0e}"
    return round(digits(w, answer["w"]), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what the bench exported")
    parser.add_argument("--json", type=Path, help="where to write what the bench reads with --peers")
    arguments = parser.parse_args()

    sets = {}
    print("| set | shift |", " | ".join(SOLVERS), "|")
    print("|---|---|" + "---|" * len(SOLVERS))
    for path in sorted(arguments.folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = []
        for answer in data["answers"]:
            row = {"shift": answer["shift"], **{solver: cell(data, answer, solver) for solver in SOLVERS}}
            rows.append(row)
            print(f"| {data['name']} | {answer['shift']:g} |", " | ".join(str(row[solver]) for solver in SOLVERS), "|")
        sets[data["name"]] = rows
    versions = (
        f"scikit-learn {sklearn.__version__} (`Ridge`, solvers {' and '.join(SOLVERS)}), numpy {numpy.__version__}, "
        f"scipy {scipy.__version__}, Python {platform.python_version()}"
    )
    if arguments.json:
        record = {"versions": versions, "solvers": [*SOLVERS], "sets": sets}
        arguments.json.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
