"""Rows of DataFusion's DataFrames, summed within its queries; and the function that does so, for queries in SQL."""

import numpy as np

from ridgepath import _ridgepath as core
from ridgepath.engines._columns import of_arrow
from ridgepath.engines._folds import labelled, mixed
from ridgepath.engines._sums import gathered, schema
from ridgepath.engines._ways import refuse, required, ways

_ORDER = """Rows are summed by ``GROUP BY`` on the fold, on all threads of DataFusion. Rows go to folds by a hash of the seed and their numbers,
    so that the same rows are in the same folds in whatever order and partitions they come, and rows that are alike in one. DataFusion
    decides in which order sums are merged, which moves last bits. Rows of weight 0 are left out."""


def register(ctx):
    """Make ``ridge_moments(y, x1, x2, ...)`` a function of a session.

    An aggregate of numbers, the target first: the bytes of the moments of a group's rows, for `Moments.from_bytes`. Rows with a NULL in
    any argument are left out, and the value of no rows is NULL; NaN and infinity are an error that names the column.

    Parameters
    ----------
    ctx : datafusion.SessionContext

    Examples
    --------
    >>> from datafusion import SessionContext  # doctest: +SKIP
    >>> register(ctx := SessionContext())  # doctest: +SKIP
    >>> rows = ctx.sql("SELECT shop, ridge_moments(sales, price, holiday) AS moments FROM days GROUP BY shop")  # doctest: +SKIP
    """
    datafusion = required("datafusion", "datafusion>=55,<56")
    if not isinstance(ctx, datafusion.SessionContext):
        raise TypeError(f"ctx: found {type(ctx).__module__}.{type(ctx).__qualname__}, wanted a SessionContext of DataFusion")
    ctx.register_udaf(_summing(datafusion, 1, False))


def _summing(datafusion, targets, weighted):
    if not hasattr(core, "RidgeMoments"):
        raise ImportError(
            "ridgepath was built without its feature datafusion: "
            'MATURIN_PEP517_ARGS="--features pyo3/extension-module,datafusion" pip install ./python'
        )
    return datafusion.udaf(core.RidgeMoments(targets, weighted))


def _prepare(frame):
    datafusion = required("datafusion", "datafusion>=55,<56")
    if not isinstance(frame, datafusion.DataFrame):
        raise refuse(frame, "a DataFrame of DataFusion")

    def moments(request):
        return gathered(request, _records(request, _counted(datafusion, frame, request)))

    return of_arrow(frame.schema()), moments


def _counted(datafusion, frame, request):
    """Of each fold its label, its moments, and how many rows it has: of all, and of each column those with a number."""
    import pyarrow as pa

    columns = request.columns

    def column(name):
        # Without quotation marks letters are made small.
        return datafusion.col('"' + name.replace('"', '""') + '"')

    weight = [] if columns.weight is None else [columns.weight]
    summing = _summing(datafusion, len(columns.targets), bool(weight))
    made = summing(*map(column, [*weight, *columns.targets, *columns.features])).alias("moments")
    count = datafusion.functions.count
    counts = [count(column(name)).alias(f"count {number}") for number, name in enumerate(columns.numbers)]
    rows = count(datafusion.lit(1)).alias("rows")
    if columns.fold is not None:
        by = [column(columns.fold).alias("fold")]
    elif request.folds is None:
        by = []
    else:
        double = pa.float64()

        def fold(*values):
            return pa.array(_hashed(request, [own.to_numpy(zero_copy_only=False) for own in values]))

        numbers = [column(name).cast(double) for name in columns.numbers]
        hashing = datafusion.udf(fold, [double] * len(numbers), pa.int64(), "immutable", "ridge_fold")
        by = [hashing(*numbers).alias("fold")]
    try:
        return frame.aggregate(by, [made, rows, *counts]).to_arrow_table()
    except Exception as error:  # DataFusion's errors have no class of their own
        _, found, words = str(error).partition("ridge_moments: ")
        if found and type(error) is Exception:
            raise ValueError(words) from error
        raise


def _hashed(request, columns):
    """Folds of rows, of 0 to `folds - 1`, of which nothing but the seed and the rows' numbers decide."""
    mixes = np.full(len(columns[0]), mixed(request.seed), dtype=np.uint64)
    for column in columns:
        # 0.0 and -0.0 are one number.
        mixes = mixed((mixes ^ (column + 0.0).view(np.uint64)) + np.uint64(0x9E3779B97F4A7C15))
    return (((mixes >> np.uint64(32)) * np.uint64(request.folds)) >> np.uint64(32)).astype(np.int64)


def _records(request, counted):
    import pyarrow as pa
    import pyarrow.compute as pc

    for number, name in enumerate(request.columns.numbers):
        missing = pc.sum(pc.subtract(counted["rows"], counted[f"count {number}"])).as_py()
        if missing:
            raise ValueError(f"column {name!r}: {missing} rows are null; a number is needed")
    if request.columns.fold is not None:
        if counted["fold"].null_count > 0:
            raise ValueError(f"column {request.columns.fold!r} is null; every row needs a fold")
        numbers, names = labelled(counted["fold"])
        folds = [names[number] for number in numbers]
    else:
        folds = ["0"] * counted.num_rows if request.folds is None else map(str, counted["fold"].to_pylist())
    records = [
        {"partition": 0, "fold": fold, "moments": moments, "problem": None}
        for fold, moments in zip(folds, counted["moments"].to_pylist())
        if moments is not None
    ]
    return pa.Table.from_pylist(records, schema=schema())


moments, choose = ways(__name__, "datafusion.DataFrame", _ORDER, _prepare)
