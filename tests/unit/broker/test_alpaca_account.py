"""Alpaca's account, positions, assets, clock and calendar."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.broker.alpaca.account import (
    account_of,
    asset_of,
    calendar_of,
    clock_of,
    positions_of,
)
from connectors.broker.alpaca.odd import LEFT_OUT
from connectors.broker.errors import BrokerAnswerUnusable

ACCOUNT: dict[str, Any] = {
    "id": "e6fe16f3", "account_number": "PA123", "status": "ACTIVE", "currency": "USD",
    "cash": "-23140.2", "equity": "103820.56", "buying_power": "262113.632",
    "account_blocked": False, "trading_blocked": False, "trade_suspended_by_user": False,
    "shorting_enabled": True,
}  # fmt: skip
POSITION: dict[str, Any] = {
    "symbol": "AAPL", "qty": "5", "side": "long", "avg_entry_price": "100.123456789",
    "current_price": "120.5",
}  # fmt: skip
ASSET: dict[str, Any] = {
    "symbol": "AAPL", "class": "us_equity", "status": "active", "tradable": True,
    "shortable": True, "fractionable": True, "name": "Apple", "exchange": "NASDAQ",
}  # fmt: skip


def test_an_account_is_read_without_the_fields_that_left_the_interface() -> None:
    account = account_of(ACCOUNT)
    assert (account.id, account.cash, account.equity) == ("PA123", -231_402_000, 1_038_205_600)
    assert (account.buying_power, account.blocked, account.shorting) == (2_621_136_320, "", True)


def test_a_part_of_a_unit_of_money_is_not_had() -> None:
    account = account_of(ACCOUNT | {"cash": "1.00009", "equity": "-1.00001"})
    assert (account.cash, account.equity) == (10_000, -10_001)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("account_blocked", True, "blocked"),
        ("trading_blocked", True, "trading is blocked"),
        ("trade_suspended_by_user", True, "suspended"),
        ("status", "SUBMITTED", "SUBMITTED"),
        ("currency", "EUR", "EUR"),
    ],
)
def test_why_nothing_may_be_traded_is_said(field: str, value: Any, said: str) -> None:
    assert said in account_of(ACCOUNT | {field: value}).blocked


@pytest.mark.parametrize("name", ["cash", "equity", "buying_power", "status", "currency"])
@pytest.mark.parametrize("value", [None, "", "NaN", "Infinity", "x", [], True])
def test_an_account_without_a_number_is_refused(name: str, value: Any) -> None:
    if name in ("status", "currency") and value in ("NaN", "Infinity", "x"):
        assert account_of(ACCOUNT | {name: value}).blocked
        return
    with pytest.raises(BrokerAnswerUnusable):
        account_of(ACCOUNT | {name: value})


def test_positions_are_signed_and_sorted_and_fractions_are_shown() -> None:
    short = {"symbol": "AA", "qty": "2.5", "side": "short", "avg_entry_price": "3"}
    found = positions_of([POSITION, short, short | {"symbol": "AB", "qty": "-2"}])
    assert [(p.ticker, p.qty, p.price) for p in found] == [
        ("AA", Decimal("-2.5"), None), ("AAPL", Decimal(5), 1_205_000), ("AB", Decimal(-2), None),
    ]  # fmt: skip
    assert found[1].average == Decimal("100.123456789")


def test_a_last_price_that_is_finer_than_a_unit_is_rounded() -> None:
    (position,) = positions_of([POSITION | {"current_price": "12.345678"}])
    assert position.price == 123_457


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("qty", "0"), ("qty", "-5"), ("qty", "NaN"), ("qty", None), ("side", "flat"),
        ("avg_entry_price", "-1"), ("avg_entry_price", None), ("avg_entry_price", "Infinity"),
        ("symbol", ""),
    ],
)  # fmt: skip
def test_a_position_that_means_nothing_is_refused(field: str, value: Any) -> None:
    with pytest.raises(BrokerAnswerUnusable):
        positions_of([POSITION | {field: value}])


def test_odd_rows_leave_the_other_positions_readable() -> None:
    gift = POSITION | {"symbol": "GIFT", "avg_entry_price": "0"}
    dust = POSITION | {"symbol": "X/USD", "asset_class": "crypto", "qty": "0"}
    odd = [POSITION | {"symbol": f"P{n}", "current_price": p} for n, p in enumerate(("-1", "NaN"))]
    before = LEFT_OUT["position"]
    found = positions_of([POSITION, gift, dust, *odd])
    assert [(p.ticker, p.price) for p in found] == [
        ("AAPL", 1_205_000), ("GIFT", 1_205_000), ("P0", None), ("P1", None),
    ]  # fmt: skip
    assert LEFT_OUT["position"] == before + 1


def test_an_asset_is_tradable_only_where_everything_says_so() -> None:
    assert asset_of(ASSET).tradable
    assert asset_of({k: v for k, v in ASSET.items() if k != "class"}).tradable
    for field, value in (("status", "inactive"), ("tradable", False), ("class", "crypto")):
        assert not asset_of(ASSET | {field: value}).tradable
    with pytest.raises(BrokerAnswerUnusable):
        asset_of(ASSET | {"tradable": "yes"})


def test_the_clock_is_read_in_any_zone() -> None:
    clock = clock_of({
        "timestamp": "2026-03-06T10:00:00.123456789-05:00", "is_open": True,
        "next_open": "2026-03-09T09:30:00-04:00", "next_close": "2026-03-06T16:00:00-05:00",
    })  # fmt: skip
    assert clock.at == datetime(2026, 3, 6, 15, 0, 0, 123456, tzinfo=UTC)
    assert clock.opens == datetime(2026, 3, 9, 13, 30, tzinfo=UTC)
    assert clock.closes == datetime(2026, 3, 6, 21, 0, tzinfo=UTC)
    with pytest.raises(BrokerAnswerUnusable):
        clock_of({"timestamp": "2026-03-06T10:00:00", "is_open": True})


def test_the_calendar_is_new_yorks_time_of_day_on_both_sides_of_a_change() -> None:
    rows = [
        {"date": "2026-03-09", "open": "09:30", "close": "16:00"},
        {"date": "2026-03-06", "open": "0930", "close": "1300", "session_open": "0400"},
        {"date": "2026-03-10", "open": "09:30", "close": "16:00"},
    ]
    found = calendar_of(rows, date(2026, 3, 6), date(2026, 3, 9))
    assert [day.day for day in found] == [date(2026, 3, 6), date(2026, 3, 9)]
    assert found[0].opens == datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
    assert found[0].closes == datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
    assert found[1].opens == datetime(2026, 3, 9, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "row",
    [
        {"date": "tomorrow", "open": "09:30", "close": "16:00"},
        {"date": "2026-03-09", "open": "9h", "close": "16:00"},
        {"date": "2026-03-09", "open": "16:00", "close": "09:30"},
        {"date": "2026-03-09"},
        "2026-03-09",
    ],
)
def test_a_session_that_means_nothing_is_refused(row: Any) -> None:
    with pytest.raises(BrokerAnswerUnusable):
        calendar_of([row], date(2026, 3, 1), date(2026, 3, 31))


def test_what_is_recorded_is_read(recorded: Path) -> None:
    rows = json.loads((recorded / "alpaca/alpaca_py_responses.json").read_text())
    bodies = {row["test"].split("::")[1]: row["body"] for row in rows}
    account = account_of(bodies["test_get_account"])
    assert (account.cash, account.blocked) == (-231_402_000, "")
    (asset,) = bodies["test_get_all_assets_params"]
    assert asset_of(asset).tradable
