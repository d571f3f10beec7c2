"""Live bars over real sockets: Alpaca's client, the stand-in, and a real Kafka."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec.structs import replace
from pydantic import SecretStr

from connectors.bars.interests import Interests
from connectors.bars.keeper import BarKeeper, Patience
from connectors.bars.order import BarOrder
from connectors.bars.source import LiveBarsPartition, LiveBarsSource
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import MarketBar
from connectors.envelope import SHARD
from connectors.feed.health import FeedRegistry
from connectors.kafka.bell import Bell
from connectors.kafka.headers import RecordHeaders, sealed
from connectors.market.params import MarketParams
from connectors.market.silence import BARS_FEED
from connectors.runs import Run
from connectors.settings import Settings
from messages.codec import decoder, encode
from messages.market import Bar
from messages.topics import EVERY_TOPIC, MARKET_BARS, POSITIONS
from messages.trading import PositionChanged
from messages.units import to_micros
from operators.admission import InputRow
from operators.blocks import Block
from operators.live_bars import AdmitLiveBars
from stack.home import Home
from stack.runtime.new_run import new_run
from stack.servers.services import Services
from tests.broker.served import QUICK, Served, params_for, stand_in
from tests.broker.venue import OTHER, TICKER
from tests.waiting import eventually, pause

pytestmark = pytest.mark.timeout(180)
OPEN = datetime(2026, 3, 19, 13, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SWIFT = Patience(follow_s=0.05, again_s=0.05, again_most_s=0.1)


def bar(start: datetime, close: float = 100.0, ticker: str = TICKER, **more: Any) -> MarketBar:
    values: dict[str, Any] = {
        "ticker": ticker, "start": start, "interval": "1m", "open": close, "high": close,
        "low": close, "close": close, "volume": 1_000.0, **more,
    }  # fmt: skip
    return MarketBar(**values)


@dataclass
class Following:
    """A source that follows a stand-in, and the bars that it let in.

    Attributes:
        watchlist: may change at any time.
    """

    served: Served
    watchlist: list[str]
    bars: list[Bar] = field(default_factory=list)
    parts: list[LiveBarsPartition] = field(default_factory=list)
    admit: AdmitLiveBars = field(default_factory=lambda: AdmitLiveBars("1m", "alpaca"))
    registry: FeedRegistry = field(default_factory=lambda: FeedRegistry([BARS_FEED]))

    def start(self, resume: bytes | None = None) -> LiveBarsPartition:
        following = self

        class Watching(Interests):
            def tickers(self, now: datetime) -> tuple[str, ...]:
                return tuple(following.watchlist)

        def begin(
            last: Mapping[str, datetime], held: list[str], bell: Bell
        ) -> tuple[BarKeeper, Interests]:
            data = AlpacaMarketData(params_for(self.served.port), times=QUICK)
            interests = Watching((), MINUTE, 30, held)
            order = BarOrder(last, lambda now: OPEN - 5 * MINUTE)
            keeper = BarKeeper(
                data, interests, order, self.registry, bell, now=lambda: self.served.now,
                patience=SWIFT, ended=data.close,
            )  # fmt: skip
            return keeper, interests

        every = timedelta(milliseconds=10)
        part = LiveBarsSource(begin, every, lambda: False).build_part("bars", SHARD, resume)
        self.parts.append(part)
        return part

    def minute(self, *bars: MarketBar) -> None:
        """Have the minute that begins now: it is over then, and the stand-in tells its bars."""
        self.served.now += MINUTE
        self.served.bars(*bars)

    def follows(self, *tickers: str) -> bool:
        def now() -> bool:
            followed = self.served.followed()["iex"]
            return sorted(followed["bars"]) == sorted(followed["updatedBars"]) == sorted(tickers)

        return eventually(now, what=self.served.followed)

    def until(self, count: int) -> list[str]:
        """Take bars until there are so many; returns each as ticker, minute, close and kind."""
        part = self.parts[-1]

        def enough() -> bool:
            for _, envelope in part.next_batch():
                events = [e for e in envelope.block.events if isinstance(e.body, InputRow)]
                out = self.admit.step(Block(events, to_micros(self.served.now)))
                for event in out.events:
                    assert isinstance(event.body, Bar), event.body
                    self.bars.append(event.body)
            return len(self.bars) >= count

        eventually(enough, what=lambda: self.told(), step=0.001)
        return self.told()

    def told(self) -> list[str]:
        return [
            f"{b.ticker} {(b.start - OPEN) // MINUTE} {b.close:g} "
            + (f"#{b.revision}" if b.revision else "past" if b.backfilled else "live")
            for b in self.bars
        ]


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    with stand_in(tmp_path / "journal.jsonl", OPEN, ExchangeRules()) as served:
        found = Following(served, [TICKER])
        yield found
        for part in found.parts:
            part.close()


def test_history_then_live_then_a_revision(following: Following) -> None:
    served = following.served
    served.past(*(bar(OPEN - n * MINUTE, 90 + n) for n in (9, 3, 2, 1)))
    served.now += timedelta(seconds=10)
    following.start()
    following.follows(TICKER)
    following.until(3)
    following.minute(bar(OPEN, 101))
    following.until(4)
    served.bars(bar(OPEN, 102, revised=True))
    assert following.until(5) == [
        "AAPL -3 93 past", "AAPL -2 92 past", "AAPL -1 91 past", "AAPL 0 101 live", "AAPL 0 102 #1",
    ]  # fmt: skip
    assert following.registry.feeds[BARS_FEED].last_item == OPEN + MINUTE


def test_the_subscription_changes_while_bars_come(following: Following) -> None:
    served = following.served
    served.past(bar(OPEN - 2 * MINUTE, 50, OTHER))
    served.now += timedelta(seconds=10)
    following.start()
    following.follows(TICKER)
    following.minute(bar(OPEN, 101), bar(OPEN, 51, OTHER))
    following.until(1)
    following.watchlist.append(OTHER)
    following.follows(TICKER, OTHER)
    following.until(3)
    following.minute(bar(OPEN + MINUTE, 102), bar(OPEN + MINUTE, 52, OTHER))
    following.until(5)
    following.watchlist.remove(TICKER)
    following.follows(OTHER)
    following.minute(bar(OPEN + 2 * MINUTE, 103), bar(OPEN + 2 * MINUTE, 53, OTHER))
    following.until(6)
    following.watchlist.append(TICKER)
    told = following.until(7)
    assert [t for t in told if t.startswith(TICKER)] == [
        "AAPL 0 101 live", "AAPL 1 102 live", "AAPL 2 103 past",
    ]  # fmt: skip
    assert [t for t in told if t.startswith(OTHER)] == [
        "MSFT -2 50 past", "MSFT 0 51 past", "MSFT 1 52 live", "MSFT 2 53 live",
    ]  # fmt: skip


def test_what_a_cut_stream_missed_is_filled_in(following: Following) -> None:
    served = following.served
    served.now += timedelta(seconds=10)
    following.start()
    following.follows(TICKER)
    following.minute(bar(OPEN, 100))
    following.until(1)
    served.cut("iex")
    following.minute(bar(OPEN + MINUTE, 101))  # nobody, or the next connection, hears it
    following.follows(TICKER)
    following.until(2)
    following.minute(bar(OPEN + 2 * MINUTE, 102))
    told = following.until(3)
    assert [t.rpartition(" ")[0] for t in told] == ["AAPL 0 100", "AAPL 1 101", "AAPL 2 102"]
    assert (told[0][-4:], told[2][-4:]) == ("live", "live")


def test_a_restart_loses_and_doubles_nothing(following: Following) -> None:
    served = following.served
    served.now += timedelta(seconds=10)
    part = following.start()
    following.follows(TICKER)
    following.minute(bar(OPEN, 100))
    following.until(1)
    kept, admitted = part.snapshot(), following.admit.snapshot()
    following.minute(bar(OPEN + MINUTE, 101))
    following.until(2)
    following.bars.pop()  # the process dies before that was durable
    part.close()
    following.minute(bar(OPEN + 2 * MINUTE, 102))
    following.admit = AdmitLiveBars("1m", "alpaca", admitted)
    following.start(kept)
    following.follows(TICKER)
    following.until(3)
    following.minute(bar(OPEN + 3 * MINUTE, 103))
    assert following.until(4) == [
        "AAPL 0 100 live", "AAPL 1 101 past", "AAPL 2 102 past", "AAPL 3 103 live",
    ]  # fmt: skip


def minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def bars_in(run: Run) -> list[Bar]:
    """Return what the topic has, ticks left out."""
    layout = run.layout
    consumer = Consumer(layout.access.settings({"group.id": "look"}))
    try:
        at = TopicPartition(layout.name(MARKET_BARS), 0, 0)
        consumer.assign([at])
        _, end = consumer.get_watermark_offsets(at, timeout=30)
        found: list[Bar] = []
        while consumer.position([at])[0].offset < end:
            for record in consumer.consume(1_000, 0.2):
                if record.value():
                    found.append(decoder(Bar)(record.value() or b""))
        return found
    finally:
        consumer.close()


def hold(run: Run, ticker: str) -> None:
    """Write that a position was opened, as flows/trade does."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("avg_entry", "cost", "realized_pnl", "unrealized_pnl"), Decimal(0)
    )
    now = datetime.now(UTC)
    body = PositionChanged(
        id="pos-1", event_time=now, account="paper", ticker=ticker, qty=5, **nothing
    )
    layout = run.layout
    headers = sealed(
        RecordHeaders(layout.run_id)(to_micros(now), 0, body.id), layout.seal(POSITIONS), 0
    )
    producer = Producer(layout.access.settings())
    producer.produce(layout.name(POSITIONS), encode(body), b"paper", 0, headers=headers)  # type: ignore[arg-type]  # the stub forgets bytes values
    producer.flush(30)


@contextmanager
def flow_of(run: Run, place: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "stack.cli", "flow", "market", "--run", run.directory]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TIDEWIRE_")}
    with subprocess.Popen(command, cwd=place, env=clean, stderr=subprocess.PIPE, text=True) as flow:
        try:
            yield flow
        finally:
            flow.kill()


def alive(flow: "subprocess.Popen[str]", condition: Callable[[], Any]) -> Any:
    def asked() -> Any:
        assert flow.poll() is None, flow.stderr and flow.stderr.read()
        return condition()

    return eventually(asked, step=0.1)


def test_the_flow_follows_positions_and_survives_a_crash(tmp_path: Path) -> None:
    now = minute_of(datetime.now(UTC))
    with stand_in(tmp_path / "journal.jsonl", now, ExchangeRules()) as served:
        served.past(*(bar(now - n * MINUTE) for n in (5, 4, 3)))
        served.past(bar(now - 4 * MINUTE, ticker=OTHER))
        settings = Settings(
            market=MarketParams(feed="alpaca", watchlist=(TICKER,), warm_up_days=1),
            broker=params_for(served.port, kind="none"), metrics=False,
            database_url=SecretStr("postgresql://unused"),
        )  # fmt: skip
        home = Home(tmp_path / "home", min_free_bytes=0)
        with Services(home, settings, in_memory=True) as services:
            run = new_run(services, settings, "live", datetime.now(UTC), 1)
            run.save()
            services.make_topics(run.layout, EVERY_TOPIC)
            with flow_of(run, tmp_path) as flow:
                alive(flow, lambda: len(bars_in(run)) == 3)
                hold(run, OTHER)
                alive(flow, lambda: OTHER in served.followed()["iex"]["bars"])
                served.bars(bar(minute_of(datetime.now(UTC)) - MINUTE, 101))
                alive(flow, lambda: len(bars_in(run)) == 5)
                alive(flow, lambda: healthy(run))
                flow.send_signal(signal.SIGKILL)
                flow.wait(30)
            served.bars(bar(minute_of(datetime.now(UTC)) - MINUTE, 7, ticker=OTHER))
            with flow_of(run, tmp_path) as flow:
                alive(flow, lambda: len(bars_in(run)) >= 6)
                alive(flow, lambda: served.followed()["iex"]["bars"] == [TICKER, OTHER])
            found = bars_in(run)
    assert len({b.id for b in found}) == len(found) == 6
    assert [b.backfilled for b in found if b.ticker == TICKER] == [True, True, True, False]
    assert [b.backfilled for b in found if b.ticker == OTHER] == [True, True]
    assert {b.source for b in found} == {"alpaca"}


def healthy(run: Run) -> bool:
    file = run.path("status", "bars.json")
    return file.exists() and json.loads(file.read_text())[0]["state"] == "healthy"


def test_the_feed_may_change_from_start_to_start(tmp_path: Path) -> None:
    now = minute_of(datetime.now(UTC))
    with stand_in(tmp_path / "journal.jsonl", now, ExchangeRules()) as served:
        served.past(*(bar(now - n * MINUTE) for n in (5, 4, 3)))
        outside = Settings(metrics=False, database_url=SecretStr("postgresql://unused"))
        follows = outside.model_copy(
            update={
                "market": MarketParams(feed="alpaca", watchlist=(TICKER,), warm_up_days=1),
                "broker": params_for(served.port, kind="none"),
            }
        )
        home = Home(tmp_path / "home", min_free_bytes=0)
        with Services(home, outside, in_memory=True) as services:
            began = datetime.now(UTC)
            run = new_run(services, outside, "live", began, 1)
            services.make_topics(run.layout, EVERY_TOPIC)
            for settings in (outside, follows, outside, follows):
                again = new_run(services, settings, "live", began, 1)
                run = replace(again, secret=run.secret)
                run.save()
                started_once(run, tmp_path)
            assert len(bars_in(run)) == 3


def started_once(run: Run, place: Path) -> None:
    """Run flows/market for some epochs, whose states the next start finds."""
    signs, follows = run.path("status", "market.json"), run.market_params.feed == "alpaca"
    signs.unlink(missing_ok=True)
    with flow_of(run, place) as flow:
        alive(flow, lambda: signs.exists() and json.loads(signs.read_text())["clock"])
        if follows:
            alive(flow, lambda: len(bars_in(run)) == 3)
            alive(flow, lambda: healthy(run))
        pause(2.5)
        assert run.path("status", "bars.json").exists() == follows
        flow.terminate()
        assert flow.wait(60) == 0, flow.stderr and flow.stderr.read()
