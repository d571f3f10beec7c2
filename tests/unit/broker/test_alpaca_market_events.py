"""Bars, quotes and halts: what is good is told, what is odd is counted, and nothing raises."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgpack import Timestamp

from connectors.broker.alpaca.market_events import EVERY, Reading
from connectors.broker.values import MarketBar, Quote, TradingStatus

AT = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)
BAR: dict[str, Any] = {
    "T": "b", "S": "AAPL", "o": 177.94, "c": 178.005, "h": 178.005, "l": 177.94, "v": 8547,
    "t": Timestamp.from_datetime(AT), "n": 66, "vw": 177.987562,
}  # fmt: skip
QUOTE: dict[str, Any] = {
    "T": "q", "S": "SPIP", "bx": "V", "bp": 25.41, "bs": 35, "ap": 25.43, "as": 35,
    "t": Timestamp.from_datetime(AT),
}  # fmt: skip
STATUS: dict[str, Any] = {
    "T": "s", "S": "STRR", "t": Timestamp.from_datetime(AT), "sc": "T",
    "sm": "Trading Resumption", "rc": "C11", "rm": "", "z": "C",
}  # fmt: skip


def test_what_alpaca_tells_is_told() -> None:
    reading = Reading()
    bar = reading.fact(BAR)
    assert bar == MarketBar(ticker="AAPL", start=AT, interval="1m", open=177.94, high=178.005,
                            low=177.94, close=178.005, volume=8547.0)  # fmt: skip
    revised = reading.fact(BAR | {"T": "u"})
    assert isinstance(revised, MarketBar)
    assert revised.revised
    assert reading.fact(QUOTE) == Quote(ticker="SPIP", bid=254_100, ask=254_300, at=AT)
    assert reading.fact(STATUS) == TradingStatus(
        ticker="STRR", halted=False, code="T", reason="Trading Resumption C11", at=AT
    )
    assert not reading.dropped


@pytest.mark.parametrize("name", ["o", "h", "l", "c", "v", "t", "S"])
@pytest.mark.parametrize("value", [None, "178", True, [], float("nan"), float("inf"), 10**400])
def test_a_bar_with_a_number_that_is_none_is_left_out_and_counted(name: str, value: Any) -> None:
    reading = Reading()
    assert reading.fact(BAR | {name: value}) is None or (name == "S" and value == "178")
    assert sum(reading.dropped.values()) == (0 if name == "S" and value == "178" else 1)


def test_a_bar_is_not_judged_otherwise() -> None:
    bar = Reading().fact(BAR | {"h": -1.0, "v": 0})
    assert isinstance(bar, MarketBar)
    assert (bar.high, bar.volume) == (-1.0, 0.0)


@pytest.mark.parametrize("value", [-1, float("nan"), 1e13, None, "1"])
def test_a_quote_that_means_nothing_is_left_out(value: Any) -> None:
    assert Reading().fact(QUOTE | {"bp": value}) is None
    quote = Reading().fact(QUOTE | {"bp": 0})
    assert isinstance(quote, Quote)
    assert quote.bid == 0


@pytest.mark.parametrize(
    ("code", "words", "halted"),
    [
        ("H", "Trading Halt", True), ("2", "Trading Halt", True), ("P", "Pause", True),
        ("Q", "Quotation Resumption", True), ("3", "Resume", False), ("T", "Resumption", False),
        ("5", "Price Indication", None), ("E", "Short Sale Restriction", None),
        ("!", "Trading Suspended", True), ("!", "Fireworks", None),
    ],
)  # fmt: skip
def test_which_codes_halt(code: str, words: str, halted: bool | None) -> None:
    status = Reading().fact(STATUS | {"sc": code, "sm": words})
    if halted is None:
        assert status is None
    else:
        assert isinstance(status, TradingStatus)
        assert status.halted is halted


def test_history_is_read_with_its_own_times_and_exact_numbers() -> None:
    rows = [
        {"t": "2026-03-16T14:00:00Z", "o": Decimal("1.1"), "h": 2, "l": 1, "c": 2, "v": 3},
        {"t": "2026-03-16T14:01:00Z", "o": Decimal("NaN"), "h": 2, "l": 1, "c": 2, "v": 3},
        {"t": "yesterday", "o": 1, "h": 2, "l": 1, "c": 2, "v": 3},
        None,
    ]
    reading = Reading()
    (bar,) = reading.bars("AAPL", rows, "5m")
    assert (bar.ticker, bar.start, bar.interval, bar.open) == ("AAPL", AT, "5m", 1.1)
    assert reading.dropped["bar"] == 3


def test_one_line_in_the_log_for_many_odd_ones(caplog: pytest.LogCaptureFixture) -> None:
    reading = Reading()
    for _ in range(EVERY + 1):
        reading.fact(BAR | {"o": None})
    assert len(caplog.records) == 2
    assert f"number {EVERY + 1}" in caplog.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=1), inner),
    max_leaves=4,
)
KEYS = st.sampled_from("TSohlcvtq") | st.sampled_from(["bp", "ap", "sc", "sm", "rc"])


@given(st.dictionaries(KEYS, VALUES), st.sampled_from("buqs"))
def test_nothing_raises(row: dict[str, Any], kind: str) -> None:
    reading = Reading()
    reading.fact(row)
    reading.fact(row | {"T": kind, "S": "AAPL"})
    reading.bars("AAPL", [row, list(row)], "1d")
