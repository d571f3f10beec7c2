"""One record of the log as the archive keeps it, row by row.

Every row carries a digest of all its other columns, so that a changed byte is not only found by
the file's hash but named by topic, partition and offset.
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

DIGEST_BYTES: Final = 8
Headers = list[tuple[str, bytes | None]]


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


def spooled_rows(spool: Path) -> Iterator[ArchivedRecord]:
    """Return the records of a spool, in log order."""
    with spool.open("rb") as opened:
        while head := opened.read(4):
            yield decode_row(opened.read(int.from_bytes(head, "big")))
