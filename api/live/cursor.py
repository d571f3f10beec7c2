"""Cursors: where a listener is in the run's topics, as text that they may send back.

A cursor is the offset of the next record of each partition that is followed, in their order, as
unsigned LEB128, behind eight bytes that name the run and the partitions; in base64url.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

Place = tuple[str, int]  # a topic's name with the run's prefix, and a partition
NAME_BYTES: Final = 8
LONGEST: Final = 2_048
LARGEST_BITS: Final = 63


class CursorUnreadable(ValueError):
    """Text that is no cursor of this run."""


class Cursors:
    """Writes and reads the cursors of one run."""

    def __init__(self, run_id: str, places: Sequence[Place]) -> None:
        """Take what is followed, in an order that stays."""
        self._places = tuple(places)
        told = "\n".join([run_id, *(f"{name}/{partition}" for name, partition in places)])
        self._name = blake2b(told.encode(), digest_size=NAME_BYTES).digest()

    def text(self, offsets: Mapping[Place, int]) -> str:
        """Return offsets as text."""
        found = bytearray(self._name)
        for place in self._places:
            left = offsets[place]
            while left > 0x7F:
                found.append(left & 0x7F | 0x80)
                left >>= 7
            found.append(left)
        return base64.urlsafe_b64encode(found).decode().rstrip("=")

    def offsets(self, text: str) -> dict[Place, int]:
        """Return the offsets that a text stands for.

        Raises:
            CursorUnreadable: it is none of this run's.
        """
        try:
            padded = text + "=" * (-len(text) % 4)
            found = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise CursorUnreadable(text[:40]) from error
        if len(text) > LONGEST or found[:NAME_BYTES] != self._name:
            raise CursorUnreadable(text[:40])
        numbers = _numbers(found[NAME_BYTES:])
        if len(numbers) != len(self._places):
            raise CursorUnreadable(text[:40])
        return dict(zip(self._places, numbers, strict=True))


def _numbers(data: bytes) -> list[int]:
    found, number, bits = [], 0, 0
    for byte in data:
        number |= (byte & 0x7F) << bits
        bits += 7
        if bits > LARGEST_BITS:
            raise CursorUnreadable(str(bits))
        if not byte & 0x80:
            found.append(number)
            number = bits = 0
    if bits:
        raise CursorUnreadable(str(bits))
    return found
