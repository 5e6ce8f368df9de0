"""Rows of DuckDB's relations and queries."""

from ridgepath.engines._columns import of_arrow
from ridgepath.engines._sums import gathered, summed
from ridgepath.engines._ways import refuse, required, ways

#: Rows that DuckDB hands over at a time.
_BATCH = 1 << 16

_ORDER = """Rows are streamed: a few batches of the columns used are held, whatever their number. All rows are one partition, in the order in
    which DuckDB gives them: that of files and tables while its setting ``preserve_insertion_order`` is on, as it is by default, and
    that of ORDER BY. After a join or GROUP BY without it the order may be another each time, and with it folds and last bits. A query given as text
    finds tables and files; frames in variables of the caller are found by ``duckdb.sql``."""


def _prepare(frame):
    duckdb = required("duckdb", "duckdb>=1.4")
    if isinstance(frame, str):
        frame = duckdb.sql(frame)
    elif isinstance(frame, tuple) and len(frame) == 2 and isinstance(frame[0], duckdb.DuckDBPyConnection) and isinstance(frame[1], str):
        frame = frame[0].sql(frame[1])
    if not isinstance(frame, duckdb.DuckDBPyRelation):
        raise refuse(frame, "a relation of DuckDB, a query, or a connection and a query")

    def moments(request):
        columns = ", ".join('"' + name.replace('"', '""') + '"' for name in request.columns.used)
        return gathered(request, summed(request, frame.project(columns).to_arrow_reader(_BATCH), 0))

    return of_arrow(frame.limit(0).to_arrow_reader(1).schema), moments


moments, choose = ways(
    __name__, "duckdb.DuckDBPyRelation, str (a query), or (duckdb.DuckDBPyConnection, str)", _ORDER, _prepare
)
