"""Rows of Spark, and of Sail, which speaks Spark's language."""

from ridgepath.engines._columns import NUMBER, OTHER, TEXT, WHOLE
from ridgepath.engines._sums import gathered, schema, summed
from ridgepath.engines._ways import refuse, required, ways

_ORDER = """One task a partition, by ``mapInArrow``, and one record a partition and fold comes back to the driver. Tasks import ridgepath: the
    interpreter that PYSPARK_PYTHON names has it. Records are merged by the number of their partition, so that the same partitions give
    the same bits, whichever task ended first; where the engine tells no number (Sail), by one made from a partition's first rows. Rows
    within a partition come in the engine's order, which after a shuffle may be another each time."""


def _prepare(frame):
    sql = required("pyspark.sql", "pyspark>=4.0")
    if not isinstance(frame, sql.DataFrame):
        raise refuse(frame, "a DataFrame of Spark")

    def moments(request):
        columns = ["`" + name.replace("`", "``") + "`" for name in request.columns.used]
        # mapInArrow finds no columns whose names have a dot or a backtick.
        plain = frame.select(*columns).toDF(*[f"c{number}" for number in range(len(columns))])
        made = plain.mapInArrow(_task(request), "partition long, fold string, moments binary, problem string, numbered boolean")
        records = made.toArrow()
        numbered = all(records["numbered"].to_pylist())
        return gathered(request, records.select(schema().names), numbered)

    return [(field.name, _kind(field.dataType), field.dataType.simpleString()) for field in frame.schema.fields], moments


def _task(request):
    def task(batches):
        from pyspark import TaskContext

        context = TaskContext.get()
        number = None if context is None else context.partitionId()
        named = (batch.rename_columns(request.columns.used) for batch in batches)
        records = summed(request, named, number)
        yield from _with_flag(records, number is not None).to_batches()

    return task


def _with_flag(records, numbered):
    import pyarrow as pa

    return records.append_column("numbered", pa.array([numbered] * records.num_rows, pa.bool_()))


def _kind(type):
    from pyspark.sql import types

    if isinstance(type, (types.IntegralType, types.BooleanType)):
        return WHOLE
    if isinstance(type, types.NumericType):
        return NUMBER
    return TEXT if isinstance(type, (types.StringType, types.DateType, types.TimestampType)) else OTHER


moments, choose = ways(__name__, "pyspark.sql.DataFrame", _ORDER, _prepare)
