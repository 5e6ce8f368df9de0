"""Contenders that take turns, and the table of what they did."""

import json
import math
import os
import platform
from importlib import metadata
from statistics import median


def race(contenders, rounds, say=print):
    """Lets everyone run once a round, whoever was first last time last. A contender is an object with `name` and
    `run() -> {"total": seconds, ...}`; one that fails is out, with the reason. Gives {name: [run, ...]} and
    {name: reason}."""
    runs, failed = {own.name: [] for own in contenders}, {}
    order = list(contenders)
    for number in range(rounds):
        for own in order:
            if own.name in failed:
                continue
            try:
                runs[own.name].append(own.run())
            except Exception as error:  # whatever a peer throws, the others go on
                failed[own.name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
                say(f"  !!! {own.name} is out: {failed[own.name]}")
        order = order[1:] + order[:1]
        say(f"  round {number + 1} of {rounds}")
    return {name: own for name, own in runs.items() if name not in failed}, failed


def ratios(runs, ours, part="total"):
    """Their time over ours, the median of the rounds; above 1 this library is faster."""
    theirs = {}
    for name, own in runs.items():
        pairs = zip(own, runs[ours])
        known = [a[part] / b[part] for a, b in pairs if a.get(part) is not None and b.get(part)]
        theirs[name] = median(known) if known else None
    return theirs


def middle(runs, part):
    """The median of a part of the runs, if every run has it."""
    known = [run[part] for run in runs if run.get(part) is not None]
    return median(known) if known and len(known) == len(runs) else None


def seconds(value):
    """Three digits with a unit."""
    if value is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def ratio(value):
    """Two or three digits."""
    return "-" if value is None else f"{value:.3g}"


def digits(deviation):
    """Decimal digits that agree, of 16."""
    if deviation is None or not math.isfinite(deviation):
        return "-"
    return f"{min(16.0, max(0.0, -math.log10(deviation or 1e-16))):.1f}"


def markdown(header, lines):
    """A table."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def machine():
    """What the host is."""
    cpu = platform.processor() or "unknown"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), cpu)
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": cpu, "cores": cores, "os": platform.platform(), "python": platform.python_version()}


def versions(names):
    """Installed versions of packages."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return found


def keep(record, table, arguments):
    """Writes what there is so far, so that a run cut short leaves what it had."""
    if arguments.json:
        arguments.json.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(table + "\n", encoding="utf-8")
