"""What the stand-in exchange accepted, on disk before anybody hears of it.

A test reads it to count doubles and losses without asking the program under test, or the exchange.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Self

import msgspec
from msgspec import Struct

from connectors.broker.values import BrokerFill, BrokerOrder
from messages.errors import UNDECODABLE

RowKind = Literal["opened", "order", "cancel", "replace", "fill", "end", "refused", "fault"]
WORD: Final = 300  # characters of a refusal's words
END: Final = b"\n"


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal.

    Attributes:
        what: `opened`: an account begins with `cash` units; `order`, `cancel`, `replace`: accepted;
            `fill`: executed; `end`: an order that ended otherwise; `refused`: a request that was
            not; `fault`: one that was put in on purpose.
        order: as it was then; of a `replace` the new one.
        order_id: of a cancel, and of the order that a `replace` takes the place of.
        client_order_id, reason: of a refusal; a fault's kind is its reason.
    """

    what: RowKind
    at: datetime
    order: BrokerOrder | None = None
    fill: BrokerFill | None = None
    order_id: str = ""
    client_order_id: str = ""
    reason: str = ""
    cash: int = 0


class Journal:
    """A file of JSON lines that is only appended to; each line is on disk when `write` returns."""

    def __init__(self, file: Path) -> None:
        """Open or make the file; a last line that was not finished stays one of its own.

        Raises:
            OSError: it cannot be opened.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        size = os.fstat(self._fd).st_size
        self._torn = size > 0 and os.pread(self._fd, 1, size - 1) != END

    def write(self, *rows: Row) -> None:
        """Append rows, in one piece.

        Raises:
            OSError: they are not on disk, or not all of them.
        """
        if not rows:
            return
        text = b"".join(msgspec.json.encode(row) + END for row in rows)
        left = memoryview(END + text if self._torn else text)
        self._torn = True
        while left:
            left = left[os.write(self._fd, left) :]
        self._torn = False
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def rows_of(file: Path) -> Iterator[Row]:
    """Return a journal's rows; a line that cannot be read, or was not finished, is left out."""
    return (row for row in _lines(file) if row is not None)


def _lines(file: Path) -> Iterator[Row | None]:
    """Return a journal's rows, and None for each line that is left out."""
    with file.open("rb") as lines:
        for line in lines:
            row = None
            if line.endswith(END):
                with suppress(*UNDECODABLE):
                    row = msgspec.json.decode(line, type=Row)
            yield row


class Books:
    """What a journal comes to since its account was opened last.

    Attributes:
        rows: in order.
        orders: client id -> every order that was accepted under it; more than one is a double.
        fills: in order, each execution once.
        left_out: lines of the whole file that could not be read, or were not finished.
    """

    def __init__(self, file: Path) -> None:
        """Read a journal as it is now."""
        self.rows: list[Row] = []
        self.orders: dict[str, list[BrokerOrder]] = {}
        self.fills: list[BrokerFill] = []
        self.left_out = 0
        self._opening = 0
        known: set[str] = set()
        for row in _lines(file):
            if row is None:
                self.left_out += 1
                continue
            if row.what == "opened":
                self.rows, self.orders, self.fills, known = [], {}, [], set()
                self._opening = row.cash
            self.rows.append(row)
            if row.what in ("order", "replace") and row.order is not None:
                for order in (row.order, *row.order.legs):
                    self.orders.setdefault(order.client_order_id, []).append(order)
            if row.fill is not None and row.fill.execution_id not in known:
                known.add(row.fill.execution_id)
                self.fills.append(row.fill)

    @property
    def doubles(self) -> dict[str, int]:
        """Return the client ids under which more than one order was accepted, and how many."""
        return {name: len(orders) for name, orders in self.orders.items() if len(orders) > 1}

    @property
    def cash(self) -> int:
        """Return the cash after every fill, units."""
        return self._opening + sum(-_signed(fill) * fill.price for fill in self.fills)

    @property
    def positions(self) -> dict[str, int]:
        """Return the signed shares by ticker, without those that are closed."""
        held: Counter[str] = Counter()
        for fill in self.fills:
            held[fill.ticker] += _signed(fill)
        return {ticker: qty for ticker, qty in sorted(held.items()) if qty}

    def fills_of(self, client_order_id: str) -> list[BrokerFill]:
        """Return the fills of an order, by our id."""
        ids = {order.id for order in self.orders.get(client_order_id, [])}
        return [fill for fill in self.fills if fill.order_id in ids]

    def count(self, what: RowKind, reason: str = "") -> int:
        """Return how many rows there are of a kind, and of a reason where one is named."""
        return sum(row.what == what and reason in ("", row.reason) for row in self.rows)


def _signed(fill: BrokerFill) -> int:
    return fill.qty if fill.side == "BUY" else -fill.qty
