"""The table of sessions asked for many stamps at once."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.trading.sessions import SessionTable

Ints = NDArray[np.int64]


class SessionColumns(NamedTuple):
    """Opens, closes and ends of a `SessionTable` as arrays."""

    opens: Ints
    closes: Ints
    ends: Ints


@lru_cache(maxsize=4)
def columns_of(sessions: SessionTable) -> SessionColumns:
    """Return a table's columns."""
    return SessionColumns(
        *(np.array(c, np.int64) for c in (sessions.opens, sessions.closes, sessions.ends))
    )


def within(sessions: SessionTable, stamps: Ints) -> NDArray[np.bool_]:
    """Tell which stamps lie inside a session, its open and its close left out."""
    opens, closes, _ = columns_of(sessions)
    place = np.searchsorted(closes, stamps, side="left").clip(max=len(closes) - 1)
    inside: NDArray[np.bool_] = (opens[place] < stamps) & (stamps < closes[place])
    return inside


def numbers_of(sessions: SessionTable, stamps: Ints) -> Ints:
    """Return the number of the session each stamp belongs to; see `SessionTable.end_of`."""
    return np.searchsorted(columns_of(sessions).ends, stamps, side="left")
