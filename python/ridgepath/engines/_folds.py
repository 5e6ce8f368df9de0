"""The fold of each row of a block: by a label, or by a hash of where the row stands."""

import json

import numpy as np

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mixed(value):
    """The finaliser of SplitMix64: 64 bits of each of which all bits of the value decide. Of an int, or of an array of uint64."""
    if isinstance(value, int):
        return int(mixed(np.array([value & _MASK], dtype=np.uint64))[0])
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def hashed(folds, seed, partition, first, count):
    """Folds of rows `first` to `first + count` of a partition, each of 0 to `folds - 1` with the same chance.

    They depend on nothing but the arguments, so that a task that is tried again deals its rows out as before.
    """
    start = mixed(mixed(seed + _GOLDEN) ^ mixed(partition + 2 * _GOLDEN))
    rows = np.arange(first, first + count, dtype=np.uint64) * np.uint64(_GOLDEN) + np.uint64(start)
    # The upper half: it is the better mixed one, and a product of two halves cannot overflow.
    return (((mixed(rows) >> np.uint64(32)) * np.uint64(folds)) >> np.uint64(32)).astype(np.int64)


def labelled(column):
    """Of each row the number of its label among those of a column, and these as text that `in_order` reads."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
        column = column.cast(pa.string())
    encoded = pc.dictionary_encode(column)
    labels = [json.dumps(int(value) if isinstance(value, bool) else value) for value in encoded.dictionary.to_pylist()]
    return encoded.indices.to_numpy(zero_copy_only=False), labels


def in_order(labels):
    """Labels of `labelled` without repetition, sorted: numbers by size, text by its letters."""
    return sorted(set(labels), key=json.loads)
