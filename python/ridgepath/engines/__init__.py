"""Rows that lie on a cluster, in files or in a database: summed where they are, by the engine that has them.

One module an engine: `spark` (Sail too), `dask`, `ray`, `polars`, `duckdb`. Each has `choose` and `moments`, with the same arguments.
An engine is imported when its function is called.

>>> from ridgepath.engines import spark
>>> spark.choose(frame, "y").coef  # doctest: +SKIP
"""
