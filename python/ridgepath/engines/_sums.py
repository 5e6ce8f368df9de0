"""What a partition is summed to, and how the sums of all partitions become moments by fold.

A partition travels as records of Arrow, one for each fold that has rows in it: (partition, fold, moments, problem). What is wrong with the
data is a record too, so that it is told once, in words, by who called, and no engine tries a task again that can only fail.
"""

import hashlib
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ridgepath._ridgepath import Moments
from ridgepath.engines._columns import Columns
from ridgepath.engines._folds import hashed, in_order, labelled

#: Numbers of a block, about, and rows of it at the least and at the most. Blocks are cut by these alone, so that bits do not depend on
#: the batches in which rows came.
_NUMBERS, _LEAST, _MOST = 1 << 22, 1024, 1 << 16


@dataclass(frozen=True)
class Request:
    """What is summed: columns, and the folds to which rows go. None: one for all."""

    columns: Columns
    folds: Optional[int] = None
    seed: int = 0


def schema():
    """That of the records."""
    import pyarrow as pa

    return pa.schema([("partition", pa.int64()), ("fold", pa.string()), ("moments", pa.binary()), ("problem", pa.string())])


def summed(request, batches, partition=None):
    """The records of a partition, as a table: of its rows, which come as batches or tables of Arrow, in their order.

    `partition` is its number. Where the engine tells none, it is taken from the numbers of the first rows.
    """
    import pyarrow as pa

    sums, seen = {}, 0
    where = "a partition" if partition is None else f"partition {partition}"
    try:
        for block in _blocks(request.columns, batches):
            if partition is None:
                partition = _number(request.columns, block)
            for fold, rows in _parted(request, block, partition, seen, where):
                if fold not in sums:
                    sums[fold] = Moments(list(request.columns.features), list(request.columns.targets))
                _push(request.columns, sums[fold], rows, block, seen, where)
            seen += block.num_rows
    except ValueError as error:
        records = [{"partition": partition, "fold": None, "moments": None, "problem": str(error)}]
    else:
        order = sorted(sums)
        records = [{"partition": partition, "fold": fold, "moments": sums[fold].to_bytes(), "problem": None} for fold in order]
    return pa.Table.from_pylist(records, schema=schema())


def gathered(request, records, numbered=True):
    """The moments of each fold, of the records of all partitions in any order.

    They are merged by the number of their partition. `numbered` says that the engine told it: then a record that came twice is taken
    once. Numbers that were made from rows are the same for the same rows, and each record counts.
    """
    taken = {}
    problems = []
    for record in records.to_pylist():
        if record["problem"] is not None:
            problems.append((-1 if record["partition"] is None else record["partition"], record["problem"]))
            continue
        key = (record["partition"], record["fold"])
        if numbered and key in taken and taken[key] != [record["moments"]]:
            raise RuntimeError(f"partition {key[0]} came twice, with other rows in fold {key[1]}: its rows are not the same each time")
        if not numbered or key not in taken:
            taken.setdefault(key, []).append(record["moments"])
    if problems:
        raise ValueError(min(problems)[1])
    if not taken:
        raise ValueError("found no rows")
    whole = {}
    for (_, fold), parts in sorted(taken.items()):
        for part in sorted(parts):
            own = Moments.from_bytes(part, list(request.columns.features), list(request.columns.targets))
            whole[fold] = whole[fold].merge(own) if fold in whole else own
    return _by_fold(request, whole)


def _by_fold(request, whole):
    if request.columns.fold is not None:
        return [whole[fold] for fold in in_order(whole)]
    if request.folds is None:
        return list(whole.values())
    rows = sum(own.n_samples for own in whole.values())
    for fold in map(str, range(request.folds)):
        if fold not in whole:
            raise ValueError(f"fold {fold} of {request.folds} has no rows: {rows} rows are too few for so many; fewer folds, or fold_column")
    return [whole[str(fold)] for fold in range(request.folds)]


def _blocks(columns, batches):
    """Rows in blocks of one size, the last one smaller."""
    import pyarrow as pa

    size = min(max(_NUMBERS // len(columns.used), _LEAST), _MOST)
    waiting, count = [], 0
    for batch in batches:
        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        table = table.select(columns.used)
        start = 0
        while start < table.num_rows:
            piece = table.slice(start, size - count)
            start += piece.num_rows
            waiting.append(piece)
            count += piece.num_rows
            if count == size:
                yield pa.concat_tables(waiting, promote_options="permissive").combine_chunks()
                waiting, count = [], 0
    if count > 0:
        yield pa.concat_tables(waiting, promote_options="permissive").combine_chunks()


def _parted(request, block, partition, first, where):
    """The folds of a block, and their rows in order."""
    if request.columns.fold is not None:
        column = block[request.columns.fold]
        if column.null_count > 0:
            raise _problem(request.columns.fold, _first(column.is_null()), first, where, "is null; every row needs a fold")
        numbers, names = labelled(column)
    elif request.folds is None:
        return [("0", block)]
    else:
        numbers = hashed(request.folds, request.seed, partition, first, block.num_rows)
        names = [str(fold) for fold in range(request.folds)]
    counts = np.bincount(numbers, minlength=len(names))
    ordered = block.take(np.argsort(numbers, kind="stable"))
    ends = np.cumsum(counts)
    return [(name, ordered.slice(end - count, count)) for name, count, end in zip(names, counts, ends) if count > 0]


def _push(columns, sums, rows, block, first, where):
    """Adds rows; an error names the row by its place in the partition."""
    try:
        sums.push(rows, sample_weight=columns.weight)
    except ValueError as error:
        for name in columns.numbers:
            missing, infinite = _wrong(block[name])
            if missing is not None:
                raise _problem(name, missing, first, where, "is null; a number is needed") from error
            if infinite is not None:
                raise _problem(name, infinite, first, where, "is not finite") from error
        raise ValueError(f"rows {first} to {first + block.num_rows} of {where}: {error}") from error


def _wrong(column):
    """The first null of a column, and the first number that is not finite."""
    import pyarrow as pa
    import pyarrow.compute as pc

    infinite = pc.invert(pc.is_finite(column)) if pa.types.is_floating(column.type) else None
    return _first(column.is_null()), None if infinite is None else _first(infinite)


def _first(flags):
    """Where the first true one stands, if any does."""
    found = np.flatnonzero(flags.to_numpy() if not hasattr(flags, "combine_chunks") else flags.combine_chunks().to_numpy(False))
    return int(found[0]) if found.size else None


def _problem(name, row, first, where, words):
    return ValueError(f"column {name!r}: row {first + row} of {where} {words}")


def _number(columns, block):
    """A number made from the numbers of some rows."""
    import pyarrow as pa

    digest = hashlib.blake2b(digest_size=8)
    for name in columns.numbers:
        column = block[name].slice(0, _LEAST)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        digest.update(np.ascontiguousarray(column.cast(pa.float64(), safe=False).to_numpy()).tobytes())
    return int.from_bytes(digest.digest(), "little") >> 1
