"""Small ordered streams to feed operators by hand, and cuts of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from msgspec import Struct

from flows.replay.window import READS
from messages.base import make_id
from messages.control import Command, CommandRequest
from messages.learning import WeightChange
from messages.market import Bar, bar_id
from messages.news import RawArticle, ScoredArticle, article_id, content_hash
from messages.topics import SIGNALS_GENERATED
from messages.trading import StrategyVote, TradeSignal
from messages.units import MINUTE_US, to_datetime, to_dollars, to_micros, to_units
from operators.blocks import Block, Event, Operator
from operators.merge import cut
from operators.states import decode_state, encode_state
from operators.trading.sessions import SessionTable

OPEN = to_micros(datetime(2025, 3, 12, 13, 30, tzinfo=UTC))
CLOSE = to_micros(datetime(2025, 3, 12, 20, 0, tzinfo=UTC))
DAY = SessionTable((OPEN,), (CLOSE,))
TICKERS = ("AAA", "BBB", "CCC")
END = CLOSE + 60 * MINUTE_US
RANKS = {t.schema: rank for rank, t in enumerate((*READS, SIGNALS_GENERATED))}


def at(minute: float) -> int:
    """Return the stamp of a minute after the open."""
    return OPEN + int(minute * MINUTE_US)


def bar(minute: int, ticker: str, close: int, volume: int = 1_000_000, **changes: Any) -> Event:
    """Make the bar that ends `minute` minutes after the open; close in units."""
    start = to_datetime(at(minute - 1))
    price = to_dollars(close)
    values = {"open": price, "high": price, "low": price, "close": price, "volume": volume}
    body = Bar(
        id=bar_id(ticker, start, "1m"), event_time=to_datetime(at(minute)), ticker=ticker,
        start=start, interval="1m", **{"source": "test", **values, **changes},
    )  # fmt: skip
    return Event(at(minute), ticker, body)


def scored(
    minute: float,
    ticker: str,
    score: float,
    confidence: float = 0.9,
    title: str = "",
    **changes: Any,
) -> Event:
    """Make a scored article published and known at a minute after the open."""
    title = title or f"{ticker} {minute} {score}"
    article = article_id("test", "", title)
    body = ScoredArticle(
        **{
            "id": make_id("sco", article, ticker),
            "event_time": to_datetime(at(minute)),
            "article_id": article,
            "article_revision": 0,
            "source": "test",
            "url": "",
            "title": title,
            "published_at": to_datetime(at(minute)),
            "ticker": ticker,
            "sentiment_score": score,
            "confidence": confidence,
            "model_used": "test/1/-",
            **changes,
        }
    )
    return Event(at(minute), ticker, body)


def raw(minute: float, title: str, symbols: tuple[str, ...] = ()) -> Event:
    """Make a raw article."""
    moment, url = to_datetime(at(minute)), f"https://example.test/{minute}"
    body = RawArticle(
        id=article_id("test", url, title), event_time=moment, source="test", url=url, title=title,
        symbols=symbols, published_at=moment, fetched_at=moment,
        content_hash=content_hash(url, title),
    )  # fmt: skip
    return Event(at(minute), body.id, body)


def weight(minute: float, strategy: str, value: float, effective: float | None = None) -> Event:
    """Make a weight that holds from a minute on."""
    body = WeightChange(
        id=make_id("wgt", strategy, minute), event_time=to_datetime(at(minute)), strategy=strategy,
        old=0.0, new=value, reason="test",
        effective_from=to_datetime(at(minute if effective is None else effective)),
    )  # fmt: skip
    return Event(at(minute), "", body)


def signal(minute: float, ticker: str, direction: Any, by: str = "momentum", on: str = "") -> Event:
    """Make a signal of one strategy."""
    body = TradeSignal(
        id=make_id("sig", ticker, minute, direction), event_time=to_datetime(at(minute)),
        ticker=ticker, direction=direction, strength=0.8, bar=on,
        strategy_sources=(StrategyVote(by, direction, 0.8, 0.5),),
    )  # fmt: skip
    return Event(at(minute), ticker, body)


def command(minute: float, kind: Any, ticker: str = "") -> Event:
    """Make a command as flows/control lets it in."""
    body = Command(
        id=make_id("cmd", minute, kind), event_time=to_datetime(at(minute)), kind=kind,
        ticker=ticker, who="tester", why="because",
    )  # fmt: skip
    return Event(at(minute), "", body)


def request(minute: float, kind: Any, who: str = "tester") -> Event:
    """Make a command that an outsider asks for."""
    asked = command(minute, kind).body
    fields = {f: getattr(asked, f) for f in asked.__struct_fields__} | {"who": who}
    return Event(at(minute), "", CommandRequest(**fields))


def blocks(events: list[Event], sizes: list[int], end: int = END) -> list[Block]:
    """Cut a sorted stream into blocks of whole stamps, about as long as `sizes` says."""
    return list(cut(events, sizes, end, ended=True))


def outputs(operator: Operator, cut: list[Block]) -> list[Event]:
    """Step through blocks and return everything said."""
    return [event for block in cut for event in operator.step(block).events]


def bodies(events: list[Event], kind: type[Struct]) -> list[Any]:
    """Return the messages of one type."""
    return [e.body for e in events if isinstance(e.body, kind)]


def resumed(build: Callable[[Any], Operator], cut: list[Block], stop: int) -> list[Event]:
    """Run up to a block, snapshot, build anew from the state's bytes, and run on."""
    first = build(None)
    said = outputs(first, cut[:stop])
    kept = first.snapshot()
    state = decode_state(encode_state(kept), type(kept))
    first.step(Block([], END, False))  # what happens after a snapshot must not reach into it
    return said + outputs(build(state), cut[stop:])


closes = st.integers(80_0000, 120_0000)
# Of a bar, as shares of its close: open, and how far high and low lie beyond both.
SHAPES: Final = ((0, 0, 0), (0, 0, 0), (-6, 1, 1), (6, 0, 9), (1, 9, 0), (-9, 5, 5), (9, 20, 20))


def wide(event: Event, shape: tuple[int, int, int]) -> Event:
    """Give a flat bar an open, a high and a low, in per cent of its close."""
    body: Any = event.body
    close = to_units(body.close)
    opening = close + close * shape[0] // 100
    high = max(opening, close) + close * shape[1] // 100
    low = min(opening, close) - close * shape[2] // 100
    values = {"open": opening, "high": high, "low": low}
    changed = {name: to_dollars(value) for name, value in values.items()}
    return event._replace(body=msgspec.structs.replace(body, **changed))


@st.composite
def market(draw: st.DrawFn, minutes: int = 60) -> list[Event]:
    """Draw a batch of bars, scored news, weights, signals and commands, in order."""
    events: list[Event] = []
    for minute in range(1, minutes + 1):
        for ticker in TICKERS:
            if draw(st.booleans()):
                made = bar(minute, ticker, draw(closes), draw(st.integers(0, 10**6)))
                events.append(wide(made, draw(st.sampled_from(SHAPES))))
    some_minute = st.integers(1, minutes).map(float) | st.floats(1, minutes)
    for _ in range(draw(st.integers(0, 8))):
        events.append(
            scored(
                draw(some_minute), draw(st.sampled_from(TICKERS)), draw(st.floats(-1, 1)),
                about=draw(st.sampled_from(["named", "named", "tagged", "beside"])),
            )
        )  # fmt: skip
    for name in ("momentum", "mean_reversion", "news_driven"):
        events.append(weight(0, name, draw(st.floats(0.05, 1))))
    return sorted(events, key=lambda e: (e.stamp, e.key, _rank(e)))


@st.composite
def desk_input(draw: st.DrawFn, minutes: int = 40) -> list[Event]:
    """Draw bars, signals and commands, in the order the desk reads them."""
    events = draw(market(minutes))
    events = [e for e in events if isinstance(e.body, Bar)]
    for _ in range(draw(st.integers(5, 30))):
        minute = draw(st.integers(1, minutes).map(float) | st.floats(1, minutes))
        ticker, side = draw(st.sampled_from(TICKERS)), draw(st.sampled_from(["LONG", "SHORT"]))
        events.append(signal(minute, ticker, side))
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["pause", "resume", "reduce", "halt", "flatten"]))
        events.append(command(draw(st.integers(1, minutes)), kind))
    unique = {(e.stamp, e.key, _rank(e), getattr(e.body, "id", "")): e for e in events}
    return [unique[k] for k in sorted(unique)]


def _rank(event: Event) -> int:
    return RANKS[type(event.body)]  # type: ignore[index]  # a message
