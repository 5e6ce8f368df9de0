"""Frames of Spark's kind, for Spark and Sail."""

import pyarrow.parquet as pq


def read(session, folder, parts):
    """A frame of a Parquet file for each table."""
    for number, part in enumerate(parts):
        pq.write_table(part, folder / f"{number}.parquet")
    return session.read.parquet(*[str(folder / f"{number}.parquet") for number in range(len(parts))])
