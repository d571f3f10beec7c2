"""States as bytes that depend on their values alone.

Two pickles of equal states may differ: pickle remembers which objects were the same object.
"""

import struct
from collections import deque
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from msgspec import Struct


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a state: plain data, arrays, messages.

    Dictionaries keep their order, which operators may depend on; sets have none and are sorted.

    Raises:
        TypeError: a kind of value that no state holds.
    """
    out = bytearray()
    _write(value, out)
    return bytes(out)


def _write(value: Any, out: bytearray) -> None:
    if value is None or isinstance(value, bool | int):
        _put("i", repr(value).encode(), out)
    elif isinstance(value, float):
        _put("f", struct.pack("<d", value), out)
    elif isinstance(value, str):
        _put("s", value.encode(), out)
    elif isinstance(value, bytes):
        _put("b", value, out)
    elif isinstance(value, datetime | Decimal):
        _put("t", str(value).encode(), out)
    elif isinstance(value, np.ndarray):
        _put("a", f"{value.dtype.str}{value.shape}".encode() + value.tobytes(), out)
    elif isinstance(value, np.generic):
        _write(value.item(), out)
    else:
        _write_many(value, out)


def _write_many(value: Any, out: bytearray) -> None:
    if isinstance(value, dict):
        parts = [part for pair in value.items() for part in pair]
        kind = "d"
    elif isinstance(value, list | tuple | deque):
        parts, kind = list(value), "l"
    elif isinstance(value, set | frozenset):
        parts, kind = sorted(value), "u"
    elif isinstance(value, Struct):
        parts = [type(value).__name__, *(getattr(value, f) for f in value.__struct_fields__)]
        kind = "m"
    else:
        reason = f"a state holds a {type(value).__name__}, which has no canonical form"
        raise TypeError(reason)
    out += f"{kind}{len(parts)}:".encode()
    for part in parts:
        _write(part, out)


def _put(kind: str, data: bytes, out: bytearray) -> None:
    out += f"{kind}{len(data)}:".encode()
    out += data
