"""The contract of a row of a file of bars: one normalisation and one judgement, for every reader.

Prices are rounded to 1/10,000 dollar and volumes to whole shares, as float files need it; what is
no bar even then has a reason. A backtest and a played run see the same rows and reasons.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.market.calendar import calendar_span
from connectors.market.daily_bars import daily_bars
from messages.market import INTERVALS
from messages.units import MICROSECOND, UNITS_PER_DOLLAR

PRICES: Final = ("open", "high", "low", "close")
COLUMNS: Final = ("ticker", *PRICES, "volume")
TIMES: Final = ("ts", "timestamp")
MOMENT: Final = pa.timestamp("us", "UTC")
TICKER: Final = r"^[A-Z0-9][A-Z0-9.\-]{0,11}$"
MAX_PRICE: Final = 10_000_000.0
MAX_VOLUME: Final = 2.0**53
NOWHEN: Final = -(2**62)
# In the order in which they are looked for; a row has the first that holds.
REASONS: Final = (
    "", "MALFORMED", "NAIVE_TIME", "OUT_OF_CALENDAR", "NO_SESSION", "HIGH_BELOW_LOW",
    "OUTSIDE_RANGE",
)  # fmt: skip
WORDS: Final = {
    "MALFORMED": "a value is missing or none of its column's",
    "NAIVE_TIME": "its time has no zone; write 2026-03-12T13:30Z",
    "OUT_OF_CALENDAR": "its time lies outside the exchange's calendar",
    "NO_SESSION": "a daily bar of a day without a session",
    "HIGH_BELOW_LOW": "its high is below its low",
    "OUTSIDE_RANGE": "its open or close lies outside its low and high",
}
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Judged(NamedTuple):
    """Rows of a file, normalised and judged; a refused row's numbers mean nothing.

    Attributes:
        ticker: dictionary-encoded text.
        start: microseconds; NOWHEN where there is none.
        end: when the bar is known: its end, or its session's close.
        prices: units, by column.
        volume: whole shares.
        reason: number in REASONS; 0 for a good row.
        rounded: a price had more than four decimals; whole: the volume was no whole number.
        day: of a daily bar, as a number since 1970-01-01.
        within: a daily bar's stamp that begins no day.
    """

    ticker: pa.DictionaryArray
    start: Ints
    end: Ints
    prices: dict[str, Ints]
    volume: Ints
    reason: Ints
    rounded: Bools
    whole: Bools
    day: Ints
    within: Bools


def judge_rows(rows: pa.Table, interval: str) -> Judged:
    """Normalise and judge the rows of a file.

    Args:
        rows: COLUMNS and one of TIMES, of whatever types the file has.
        interval: of its bars; daily ones are known at their session's close.
    """
    start, naive = _moments(_time(rows))
    ticker = tickers_of(rows)
    values = {name: _numbers(rows[name]) for name in (*PRICES, "volume")}
    named = pc.match_substring_regex(ticker, TICKER).to_numpy(False)
    good = named & ((start != NOWHEN) | naive)
    prices, rounded = {}, np.zeros(len(rows), bool)
    for name in PRICES:
        value = values[name]
        numbers = np.isfinite(value) & (value <= MAX_PRICE)
        units = np.rint(np.where(numbers, value, 0.0) * UNITS_PER_DOLLAR)
        good &= numbers & (units > 0)
        rounded |= units / UNITS_PER_DOLLAR != value
        prices[name] = units.astype(np.int64)
    given = values["volume"]
    counted = np.isfinite(given) & (given >= 0) & (given <= MAX_VOLUME)
    volume = np.rint(np.where(counted, given, 0.0))
    first, last = calendar_span()
    outside = (start < first) | (start >= last)
    held = np.where(outside, first, start)
    end, day = held + INTERVALS[interval] // MICROSECOND, held
    no_session = within = np.zeros(len(rows), bool)
    if interval == "1d":
        found = daily_bars(held)
        day, within = found.day, found.within & ~outside
        end, no_session = found.close, found.close == 0
    low, high = prices["low"], prices["high"]
    inside = (low <= prices["open"]) & (prices["open"] <= high)
    inside &= (low <= prices["close"]) & (prices["close"] <= high)
    refusals = (~(good & counted), naive, outside, no_session, high < low, ~inside)
    reason = np.select(refusals, range(1, len(REASONS)), 0)
    kept = reason == 0
    return Judged(
        ticker.dictionary_encode(), start, end, prices, volume.astype(np.int64), reason,
        rounded & kept, (volume != given) & kept, day, within & kept,
    )  # fmt: skip


def moments_of(rows: pa.Table) -> Ints:
    """Return the rows' times in microseconds, NOWHEN for what is none."""
    return _moments(_time(rows))[0]


def tickers_of(rows: pa.Table) -> pa.StringArray:
    """Return the rows' tickers as text, empty where there is none."""
    ticker = rows["ticker"]
    if pa.types.is_dictionary(ticker.type):
        ticker = ticker.cast(ticker.type.value_type)
    return pc.fill_null(ticker.cast(pa.string()), "").combine_chunks()


def _time(rows: pa.Table) -> pa.ChunkedArray:
    return rows[next(name for name in TIMES if name in rows.column_names)]


def has_zone(kind: pa.DataType) -> bool:
    """Tell whether a column's times can be placed: it has a zone, or is text that may."""
    return holds_text(kind) or (pa.types.is_timestamp(kind) and kind.tz is not None)


def holds_text(kind: pa.DataType) -> bool:
    """Tell whether a column is of text, bytes included; one without any value is of any type."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    p = pa.types
    tests = (p.is_string, p.is_large_string, p.is_string_view, p.is_binary, p.is_large_binary,
             p.is_null)  # fmt: skip
    return any(test(kind) for test in tests)


def holds_numbers(kind: pa.DataType) -> bool:
    """Tell whether a column is of numbers; truth values are none."""
    p = pa.types
    return bool(p.is_integer(kind) or p.is_floating(kind) or p.is_decimal(kind))


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return numbers as floats, NaN for what is none."""
    if holds_text(column.type):
        column = column.cast(pa.string())
        try:
            column = pc.utf8_trim_whitespace(column).cast(pa.float64())
        except pa.ArrowInvalid:
            return np.array([_number(text) for text in column.to_pylist()], np.float64)
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)


def _number(text: str | None) -> float:
    try:
        return float((text or "").replace("_", "x"))
    except ValueError:
        return np.nan


def _moments(column: pa.ChunkedArray) -> tuple[Ints, Bools]:
    """Return times in microseconds, NOWHEN for what is none, and which have no zone."""
    naive = np.zeros(len(column), bool)
    if holds_text(column.type):
        column = column.cast(pa.string())
        try:
            column = column.cast(MOMENT)
        except pa.ArrowInvalid:
            found = [_moment(text) for text in column.to_pylist()]
            naive = np.array([m is not None and m.tzinfo is None for m in found], bool)
            kept = [None if m is None or m.tzinfo is None else m for m in found]
            column = pa.chunked_array([pa.array(kept, MOMENT)])
    micros = column.cast(MOMENT, safe=False).cast(pa.int64())
    return np.asarray(pc.fill_null(micros, NOWHEN).to_numpy(), np.int64), naive


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None


def in_words(number: int, row: dict[str, Any]) -> str:
    """Return why a row is refused, and the row."""
    reason = REASONS[number]
    shown = ", ".join(f"{name} {value}" for name, value in row.items())
    return f"{reason}, {WORDS[reason]}: {shown}"
