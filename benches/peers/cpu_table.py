"""What cpu.py measured, as Markdown."""

import race
from cpu_lineup import NAMES, OURS, Auto

PEERS = NAMES[len(OURS):]
EXPLAINED = (
    "everyone in turns, in double precision; ridgepath: the median, the strategy that it took, and digits that agree with the "
    "right answer; the others: how many times as long they take, the median of the rounds' ratios (below 1 they are faster), "
    "and digits."
)


def ours(entry):
    return f"{race.seconds(entry['total'])}, {entry['strategy']}, {race.digits(entry['deviation'])}"


def theirs(entry):
    agreed = race.digits(entry["deviation"])
    return race.ratio(entry["ratio"]) + ("" if agreed == "-" else f", {agreed}")


def cells(record):
    """The table, with columns for those who were measured anywhere."""
    names = [name for name in NAMES if any(name in own["entries"] for own in record["sizes"])]
    lines = []
    for own in record["sizes"]:
        size, entries, missing = own["size"], own["entries"], own["missing"]
        shown = lambda name: (ours if name == Auto.name else theirs)(entries[name])
        line = [shown(name) if name in entries else missing.get(name, own["left_out"] or "-") for name in names]
        lines.append([size["features"], size["rows"], size["targets"], size["alphas"], *line])
    return race.markdown(["n", "m", "t", "k", *names], lines)


def absent(record):
    """Those who were measured nowhere, and why."""
    measured = {name for own in record["sizes"] for name in own["entries"]}
    reasons = {name: why for own in record["sizes"] for name, why in own["missing"].items() if name not in measured}
    return ["Measured nowhere:\n\n" + "\n".join(f"- {name}: {why}" for name, why in reasons.items())] if reasons else []


def fastest(own):
    """The peer of the least ratio among those who answer every alpha; nothing where there is none."""
    known = {name: own["entries"][name] for name in PEERS if name in own["entries"]}
    ratios = [(entry["ratio"], name) for name, entry in known.items() if entry["ratio"] and entry["deviation"] is not None]
    return min(ratios, default=None)


def summary(record):
    """By m/n and t: where the fastest peer comes off best."""
    groups = {}
    for own in record["sizes"]:
        size, best = own["size"], fastest(own)
        if best:
            groups.setdefault((size["rows"] // size["features"], size["targets"]), []).append((*best, size))
    lines = []
    for (ratio, targets), found in groups.items():
        least, name, size = min(found, key=lambda cell: cell[0])
        where = f"{name}; n = {size['features']}, k = {size['alphas']}"
        behind = sum(cell[0] < 1.0 for cell in found)
        lines.append([f"m = {ratio}n, t = {targets}", race.ratio(least), where, f"{behind} of {len(found)}"])
    return race.markdown(["", "least ratio of the fastest peer", "which, where", "cells with a faster peer"], lines)


def report(record):
    host = record["machine"]
    machine = f"{host['cpu']}, {host['cores']} cores; {host['os']}; Python {host['python']}"
    versions = [*(f"{name} {version}" for name, version in record["versions"].items()), *record["threads"]]
    starts = [[name, race.seconds(own)] for name, own in record["start_up"].items()]
    parts = [
        "\n".join([machine, "; ".join(versions), f"{record['rounds']} rounds, {EXPLAINED}"]),
        cells(record),
        "By those who answer every alpha:",
        summary(record),
        *absent(record),
        "Starting up:",
        race.markdown(["", "median"], starts),
    ]
    return "\n\n".join(parts)
