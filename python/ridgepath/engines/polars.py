"""Rows of polars, lazy or in memory."""

from ridgepath.engines._columns import of_arrow
from ridgepath.engines._sums import gathered, summed
from ridgepath.engines._ways import refuse, required, ways

_ORDER = """A lazy frame is streamed: a few batches of the columns used are held, whatever the number of rows. All rows are one partition, in
    the order of the frame, so that the same rows give the same bits."""


def _prepare(frame):
    pl = required("polars", "polars>=1.34")
    if not isinstance(frame, (pl.DataFrame, pl.LazyFrame)):
        raise refuse(frame, "a LazyFrame or DataFrame of polars")

    def moments(request):
        batches = frame.lazy().select(request.columns.used).collect_batches(maintain_order=True)
        return gathered(request, summed(request, (batch.to_arrow() for batch in batches), 0))

    return of_arrow(pl.DataFrame(schema=frame.collect_schema()).to_arrow().schema), moments


moments, choose = ways(__name__, "polars.LazyFrame or polars.DataFrame", _ORDER, _prepare)
