"""Programs run for their times, which they take themselves, in their own process: this library's, and the Rust peers'."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / "target" / "release" / "ridgepath"
RUST = Path(__file__).resolve().parent / "rust"


class Missing(Exception):
    """Why there are no times."""


def reason(error):
    """Of whatever was thrown, one line."""
    text = str(error) if isinstance(error, Missing) else f"{type(error).__name__}: {error}"
    return text.splitlines()[0][:200]


def find(given):
    """The program: what was given, $RIDGEPATH, or this repository's release build."""
    path = Path(given or os.environ.get("RIDGEPATH") or DEFAULT)
    if not path.is_file():
        raise Missing(f"{path} is not there; cargo build --release, or name one with --program or RIDGEPATH")
    return path


def build_rust():
    """The Rust peers' program, built where it is not: the first time, cargo downloads them."""
    target = ROOT / "target" / "peers"
    command = ["cargo", "build", "--release", "--locked", "--manifest-path", str(RUST / "Cargo.toml")]
    done = subprocess.run([*command, "--target-dir", str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(next((line for line in done.stderr.splitlines() if line.startswith("error")), "cargo build failed"))
    return target / "release" / "ridge-peers"


def build(bench):
    """The program of this name under benches/."""
    command = ["cargo", "bench", "--bench", bench, "--no-run", "--message-format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(next((line for line in done.stderr.splitlines() if line.startswith("error")), "cargo build failed"))
    artifacts = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return next(own["executable"] for own in artifacts if own.get("executable"))


def told(command, limit=None):
    """The JSON document that a program prints; what takes longer than `limit` seconds is ended."""
    environment = {"XDG_RUNTIME_DIR": "/tmp", **os.environ}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        raise Missing(f"not done in {limit:.0f} s") from None
    if done.returncode != 0:
        raise Missing(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}")
    return json.loads(done.stdout)


def bench(path, arguments, limit=None):
    """The JSON document of `ridgepath bench`."""
    return told([str(path), "bench", "--format", "json", *arguments], limit)


def listed(alphas):
    """To every digit."""
    return ",".join(repr(float(alpha)) for alpha in alphas)


def task(size, alphas, runs=1):
    """The arguments for made data of a size, some runs timed after one that is not, and the coefficients shown."""
    rows, features, lambdas, targets = size
    assert len(alphas) == lambdas
    return [
        *("--rows", str(rows), "--features", str(features), "--targets", str(targets)),
        *("--alphas", listed(alphas)),
        *("--repeat", str(runs), "--coefficients"),
    ]
