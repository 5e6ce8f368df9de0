"""This library's program, run for its times: those that it takes itself, in its own process."""

import json
import os
import subprocess
from pathlib import Path

DEFAULT = Path(__file__).resolve().parents[2] / "target" / "release" / "ridgepath"


class Missing(Exception):
    """Why there are no times."""


def find(given):
    """The program: what was given, $RIDGEPATH, or this repository's release build."""
    path = Path(given or os.environ.get("RIDGEPATH") or DEFAULT)
    if not path.is_file():
        raise Missing(f"{path} is not there; cargo build --release, or name one with --program or RIDGEPATH")
    return path


def bench(path, arguments):
    """The JSON document of `ridgepath bench`."""
    environment = {"XDG_RUNTIME_DIR": "/tmp", **os.environ}
    command = [str(path), "bench", "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise Missing(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}")
    return json.loads(done.stdout)


def task(size, alphas):
    """The arguments for made data of a size, one run timed after one that is not, and the coefficients shown."""
    rows, features, lambdas, targets = size
    assert len(alphas) == lambdas
    return [
        *("--rows", str(rows), "--features", str(features), "--targets", str(targets)),
        *("--alphas", ",".join(repr(float(alpha)) for alpha in alphas)),
        *("--repeat", "1", "--coefficients"),
    ]
