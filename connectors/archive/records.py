"""One record of the log as a row of a day file.

Every row carries a digest of all its other columns, so that a changed byte is not only found by
the file's hash but named by topic, partition and offset.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP: Final = 65_536
DIGEST_BYTES: Final = 8
Headers = list[tuple[str, bytes | None]]
COLUMNS: Final = pa.schema(
    [
        pa.field("stamp", pa.int64(), nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("append_time_ms", pa.int64(), nullable=False),
        pa.field("seq", pa.int64()),
        pa.field("tick", pa.binary()),
        pa.field("repeat", pa.bool_(), nullable=False),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("headers", pa.map_(pa.string(), pa.binary())),
        pa.field("digest", pa.binary(DIGEST_BYTES), nullable=False),
    ]
)


class ArchivedRecord(NamedTuple):
    """One archived record; the columns of a day file in their order, the digest left out.

    Attributes:
        stamp: effective, microseconds.
        append_time_ms: Kafka's own timestamp; for retention and latency only.
        tick: the tick header; such a record has no body.
        repeat: its `seq` was there before; every reader drops it.
    """

    stamp: int
    partition: int
    offset: int
    append_time_ms: int
    seq: int | None
    tick: bytes | None
    repeat: bool
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def is_fact(self) -> bool:
        """Tell whether readers see it: neither a tick nor a repeat."""
        return self.tick is None and not self.repeat


encode_row = msgspec.msgpack.Encoder().encode
decode_row = msgspec.msgpack.Decoder(ArchivedRecord).decode


def digest_of(row: ArchivedRecord) -> bytes:
    """Return the digest of a row: BLAKE2b over its encoded columns."""
    return blake2b(encode_row(row), digest_size=DIGEST_BYTES).digest()


def table_of(rows: Sequence[ArchivedRecord]) -> pa.Table:
    """Return rows as a table with their digests."""
    columns = [*zip(*rows, strict=True), [digest_of(row) for row in rows]]
    arrays = [
        pa.array(list(column), type=field.type)
        for column, field in zip(columns, COLUMNS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=COLUMNS)


def read_rows(file: Path, *, headers: bool = True) -> Iterator[ArchivedRecord]:
    """Return a day file's rows in (stamp, partition, offset) order.

    Args:
        file: of the archive.
        headers: False leaves them empty; reading is then several times faster.
    """
    names = [n for n in ArchivedRecord._fields if headers or n != "headers"]
    for batch in pq.ParquetFile(file).iter_batches(ROW_GROUP, columns=names):
        columns: list[Any] = [batch.column(n).to_pylist() for n in names]
        if not headers:
            columns.append([[]] * len(batch))
        yield from map(ArchivedRecord._make, zip(*columns, strict=True))


def changed_row(file: Path) -> str | None:
    """Name the first row of a damaged file that is not what was written.

    Returns:
        Its place, or None where no single row can be blamed: the file cannot be read at all, or
        its rows are as written.
    """
    try:
        digests = pq.read_table(file, columns=["digest"])["digest"].to_pylist()
        for row, digest in zip(read_rows(file), digests, strict=True):
            if digest_of(row) != digest:
                return f"partition {row.partition}, offset {row.offset}"
    except (pa.ArrowException, OSError, ValueError):
        return None
    return None
