"""One hash over many records that does not depend on their order or their partition."""

import hashlib


class RecordHashes:
    """Hashes of records: stamp, key and value.

    A broadcast record's copies are one record: one copy lies on every partition.

    Attributes:
        found: the hashes, in the order they were added.
    """

    def __init__(self, *, broadcast: bool) -> None:
        """Start empty."""
        self._broadcast = broadcast
        self.found: list[bytes] = []

    def add(self, stamp: int, key: bytes, value: bytes) -> None:
        """Add a record."""
        self.found.append(hashlib.sha256(b"%d %d " % (stamp, len(key)) + key + value).digest())

    def take(self, other: "RecordHashes") -> None:
        """Add what another holds."""
        self.found += other.found

    def __len__(self) -> int:
        """Return the number of records, copies counted once."""
        return len(self._each())

    def root(self) -> str:
        """Return SHA-256 over the hashes, sorted."""
        return hashlib.sha256(b"".join(sorted(self._each()))).hexdigest()

    def _each(self) -> list[bytes]:
        return list(set(self.found)) if self._broadcast else self.found
