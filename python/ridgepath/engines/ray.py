"""Rows of Ray's datasets."""

from ridgepath.engines._columns import of_arrow
from ridgepath.engines._sums import gathered, schema, summed
from ridgepath.engines._ways import refuse, required, ways

_ORDER = """One call a block of the dataset. Workers import ridgepath. Ray tells no number of a block: one is made from the first rows
    of a block, by which rows go to folds and records are merged. The same blocks give the same bits; how rows are
    cut into blocks is Ray's to decide."""


def _prepare(frame):
    data = required("ray.data", "ray[data]")
    import pyarrow as pa

    if not isinstance(frame, data.Dataset):
        raise refuse(frame, "a Dataset of Ray")

    def moments(request):
        made = frame.select_columns(request.columns.used).map_batches(
            _task, fn_args=(request,), batch_format="pyarrow", batch_size=None, zero_copy_batch=True
        )
        # Without it a block of several files has these in the order in which they were read. A dataset shares its options with those
        # made of it, so that they are put back.
        options = made.context.execution_options
        before, options.preserve_order = options.preserve_order, True
        try:
            found = list(made.iter_batches(batch_format="pyarrow", batch_size=None))
        finally:
            options.preserve_order = before
        records = [part.select(schema().names) for part in found if part.num_rows > 0]
        return gathered(request, pa.concat_tables([schema().empty_table(), *records]), numbered=False)

    return of_arrow(_schema(frame)), moments


def _schema(frame):
    import pyarrow as pa

    found = frame.schema()
    if found is None:
        raise ValueError("found no rows")
    if isinstance(found.base_schema, pa.Schema):
        return found.base_schema
    return pa.schema(list(zip(found.names, found.types)))


def _task(table, request):
    return summed(request, [table])


moments, choose = ways(__name__, "ray.data.Dataset", _ORDER, _prepare)
