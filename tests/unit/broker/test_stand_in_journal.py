"""The journal is what a test believes: each line is there before anybody hears of it."""

import os
import resource
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.broker.stand_in.journal import Books, Journal, Row, rows_of
from connectors.broker.values import BrokerFill, BrokerOrder

AT = datetime(2026, 3, 19, 14, 0, tzinfo=UTC)


def order(name: str, **more: Any) -> BrokerOrder:
    values: dict[str, Any] = {"id": f"id of {name}", "client_order_id": name, **more}
    return BrokerOrder(ticker="AAPL", side="BUY", qty=10, status="ACCEPTED", word="new", **values)


def fill(number: int, qty: int, price: int, side: Any = "BUY", ticker: str = "AAPL") -> BrokerFill:
    return BrokerFill(
        execution_id=str(number), order_id="id of a", ticker=ticker, side=side, qty=qty,
        price=price, at=AT,
    )  # fmt: skip


def written(file: Path, *rows: Row) -> Books:
    with Journal(file) as journal:
        journal.write(*rows)
        return Books(file)


def placed(one: BrokerOrder) -> Row:
    return Row(what="order", at=AT, order=one)


def filled(one: BrokerFill) -> Row:
    return Row(what="fill", at=AT, fill=one)


def test_books_count_doubles_by_the_clients_id(tmp_path: Path) -> None:
    rows = [placed(order("a")), placed(order("b")), placed(order("b", id="another"))]
    books = written(tmp_path / "deep" / "journal.jsonl", *rows)
    assert books.doubles == {"b": 2}
    assert [o.id for o in books.orders["a"]] == ["id of a"]


def test_a_legs_order_and_a_new_one_in_an_old_ones_place_count(tmp_path: Path) -> None:
    entry = order("a", legs=(order("leg"),))
    new = Row(what="replace", at=AT, order=order("c"), order_id="id of a")
    assert set(written(tmp_path / "j", placed(entry), new).orders) == {"a", "leg", "c"}


def test_cash_and_positions_come_from_fills_alone(tmp_path: Path) -> None:
    books = written(
        tmp_path / "j", Row(what="opened", at=AT, cash=1_000_000), placed(order("a")),
        filled(fill(1, 3, 100_000)), filled(fill(1, 3, 100_000)),
        filled(fill(2, 1, 110_000, "SELL")), filled(fill(3, 2, 50_000, "SELL", "MSFT")),
        filled(fill(4, 2, 40_000, "BUY", "MSFT")),
    )  # fmt: skip
    assert books.positions == {"AAPL": 2}
    assert books.cash == 1_000_000 - 300_000 + 110_000 + 100_000 - 80_000
    assert len(books.fills_of("a")) == 4
    assert books.fills_of("nobody") == []


def test_books_begin_anew_with_the_account(tmp_path: Path) -> None:
    opened = Row(what="opened", at=AT, cash=5)
    books = written(tmp_path / "j", opened, filled(fill(1, 1, 1)), replace(opened, cash=7))
    assert (books.cash, books.fills, books.count("opened")) == (7, [], 1)


def test_a_line_that_was_not_finished_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "j"
    written(file, Row(what="cancel", at=AT, order_id="x"))
    with file.open("ab") as more:
        more.write(b'{"what": "ord')
    assert [row.order_id for row in rows_of(file)] == ["x"]


def test_rows_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [Row(what="fault", at=AT, reason=kind) for kind in ("html", "html", "dropped")]
    books = written(tmp_path / "j", *rows)
    assert (books.count("fault"), books.count("fault", "html")) == (3, 2)


@given(st.lists(st.tuples(st.sampled_from(("BUY", "SELL")), st.integers(1, 99), st.integers(1))))
def test_cash_and_positions_at_cost_are_conserved(
    tmp_path_factory: Any, deals: list[tuple[str, int, int]]
) -> None:
    file = tmp_path_factory.mktemp("books") / "j"
    fills = [fill(n, qty, price, side) for n, (side, qty, price) in enumerate(deals)]
    books = written(file, Row(what="opened", at=AT), *map(filled, fills))
    signed = [(1 if side == "BUY" else -1, qty, price) for side, qty, price in deals]
    assert books.positions.get("AAPL", 0) == sum(sign * qty for sign, qty, _ in signed)
    assert books.cash == -sum(sign * qty * price for sign, qty, price in signed)


def test_a_journal_goes_on_after_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "j"
    written(file, Row(what="opened", at=AT, cash=5), placed(order("a")))
    whole = file.read_bytes()
    for cut in range(1, len(whole)):
        file.write_bytes(whole[:cut])
        books = written(file, Row(what="opened", at=AT, cash=7), placed(order("b")))
        assert (books.cash, list(books.orders)) == (7, ["b"])
        assert books.left_out <= 1
        assert file.read_bytes().startswith(whole[:cut])
    file.write_bytes(b"\xff\n" + b"[" * 100_000 + b'\n{"what": 5}\n' + whole[:-9])
    assert Books(file).left_out == 4


def test_a_write_that_takes_a_part_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real file: what is short is the system's answer alone."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:7]))
    books = written(tmp_path / "j", Row(what="opened", at=AT, cash=5), placed(order("a")))
    assert (books.cash, list(books.orders), books.left_out) == (5, ["a"], 0)


def test_a_write_that_fails_costs_its_own_line_alone(tmp_path: Path) -> None:
    file = tmp_path / "j"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Journal(file) as journal:
        journal.write(Row(what="opened", at=AT, cash=5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 10, limits[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                journal.write(placed(order("a")))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, ignored)
        journal.write(placed(order("b")))
    books = Books(file)
    assert (books.cash, list(books.orders), books.left_out) == (5, ["b"], 1)
