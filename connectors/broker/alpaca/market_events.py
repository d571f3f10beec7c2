"""Alpaca's bars, quotes and halts in our words; odd ones are counted, and never stop the rest."""

import logging
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.broker.alpaca.numbers import NO_TIME
from connectors.broker.values import MarketBar, Quote, TradingStatus
from messages.market import Interval
from messages.units import to_units

log = logging.getLogger(__name__)

# Codes of both tapes' plans. Others (imbalances, price indications) leave a ticker as it is.
HALTS: Final = frozenset(("2", "H", "P", "Q"))  # Q: it is quoted again, but not yet traded
RESUMES: Final = frozenset(("3", "T"))
KNOWN: Final = frozenset("56789ABCDEF")
MOST: Final = 1e12
EVERY: Final = 100  # dropped ones there is one more line in the log
MarketFact = MarketBar | Quote | TradingStatus


class Reading:
    """Reads rows of the stream and of history.

    Attributes:
        dropped: rows that meant nothing, by kind.
    """

    def __init__(self) -> None:
        """Start with nothing dropped."""
        self.dropped: Counter[str] = Counter()

    def bars(self, ticker: str, rows: Iterable[Any], interval: Interval) -> list[MarketBar]:
        """Return the bars of a ticker that can be used."""
        found = (self._bar(row, ticker, interval, revised=False) for row in rows)
        return [bar for bar in found if bar is not None]

    def fact(self, row: Any) -> MarketFact | None:
        """Return what a row of the stream says; None where it means nothing, or nothing to us."""
        kind = row.get("T") if isinstance(row, dict) else None
        ticker = row.get("S") if isinstance(row, dict) else None
        if kind not in ("b", "u", "q", "s"):
            return None
        if not isinstance(ticker, str) or not ticker:
            self._drop(kind, row)
            return None
        if kind in ("b", "u"):
            return self._bar(row, ticker, "1m", revised=kind == "u")
        return self._quote(row, ticker) if kind == "q" else self._status(row, ticker)

    def _bar(self, row: Any, ticker: str, interval: Interval, *, revised: bool) -> MarketBar | None:
        fields = row if isinstance(row, dict) else {}
        numbers = [_finite(fields.get(name)) for name in "ohlcv"]
        start = _moment(fields.get("t"))
        if start is None or None in numbers:
            self._drop("bar", row)
            return None
        opened, high, low, closed, volume = (number or 0.0 for number in numbers)
        return MarketBar(
            ticker=ticker, start=start, interval=interval, open=opened, high=high, low=low,
            close=closed, volume=volume, revised=revised,
        )  # fmt: skip

    def _quote(self, row: Mapping[str, Any], ticker: str) -> Quote | None:
        bid, ask, at = _finite(row.get("bp")), _finite(row.get("ap")), _moment(row.get("t"))
        if bid is None or ask is None or at is None or not 0 <= bid <= MOST or not 0 <= ask <= MOST:
            self._drop("quote", row)
            return None
        return Quote(ticker=ticker, bid=to_units(bid), ask=to_units(ask), at=at)

    def _status(self, row: Mapping[str, Any], ticker: str) -> TradingStatus | None:
        code, at = row.get("sc"), _moment(row.get("t"))
        if not isinstance(code, str) or at is None:
            self._drop("status", row)
            return None
        words = " ".join(str(row.get(name) or "") for name in ("sm", "rc", "rm")).split()
        reason = " ".join(words)
        halted = code in HALTS
        if code not in HALTS | RESUMES:
            if code in KNOWN:
                return None
            log.warning("a trading status that is new: %s %s %s", ticker, code, reason)
            if not any(word in reason.lower() for word in ("halt", "pause", "suspen")):
                return None
            halted = True
        return TradingStatus(ticker=ticker, halted=halted, code=code, reason=reason, at=at)

    def _drop(self, kind: str, row: Any) -> None:
        self.dropped[kind] += 1
        if self.dropped[kind] % EVERY == 1:
            count = self.dropped[kind]
            log.warning("a %s of Alpaca's is left out, number %d: %.200r", kind, count, row)


def _finite(value: Any) -> float | None:
    """Return a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _moment(value: Any) -> datetime | None:
    """Read a time: a MessagePack timestamp in the stream, RFC 3339 in history."""
    try:
        found = value.to_datetime() if hasattr(value, "to_datetime") else value
        found = datetime.fromisoformat(found) if isinstance(found, str) else found
        if not isinstance(found, datetime) or found.tzinfo is None:
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found > NO_TIME else None
