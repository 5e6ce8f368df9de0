"""Rows of Dask's DataFrames."""

from ridgepath.engines._columns import of_arrow
from ridgepath.engines._sums import gathered, summed
from ridgepath.engines._ways import refuse, required, ways

_ORDER = """One task a partition, on the cluster of the current client, or in this process where there is none. Workers import ridgepath.
    Records are merged by the number of their partition, so that the same partitions give the same bits, whichever task ended first. What
    pandas has for missing, NaN too, is null."""


def _prepare(frame):
    required("dask.dataframe", "dask[dataframe]")
    import dask
    import dask.dataframe as dd
    import pyarrow as pa

    if not isinstance(frame, dd.DataFrame):
        raise refuse(frame, "a DataFrame of Dask")

    def moments(request):
        parts = frame[request.columns.used].to_delayed()
        tasks = [dask.delayed(_task, traverse=False)(request, part, number) for number, part in enumerate(parts)]
        return gathered(request, pa.concat_tables(dask.compute(*tasks)))

    return of_arrow(_schema(frame)), moments


def _schema(frame):
    import pyarrow as pa

    # A frame without rows: what pandas has for text and for anything at all looks alike there, and neither is a number.
    return pa.Schema.from_pandas(frame._meta_nonempty, preserve_index=False)


def _task(request, part, number):
    import pyarrow as pa

    table = pa.Table.from_pandas(part, preserve_index=False)
    return summed(request, [table], number)


moments, choose = ways(__name__, "dask.dataframe.DataFrame", _ORDER, _prepare)
