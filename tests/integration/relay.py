"""A tiny flow over two topics, run as a process of its own so that it can be killed.

    python relay.py CONFIG.json

It merges news.raw and market.bars and publishes one signal per event and per passed minute,
each carrying a running count, so any difference in order, loss or repeat changes the bytes.
"""

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from connectors.kafka.access import Access
from connectors.kafka.layout import Layout
from connectors.kafka.shards import shard_of
from connectors.kafka.sink import LogSink, LogSinkPartition
from connectors.kafka.source import MergedSource
from connectors.stopping import StopFlag
from flows.pipeline.engine import NOTHING_INTERNAL, route, run, step
from messages.base import Message, make_id
from messages.control import DeadLetter
from messages.flows import FlowSpec
from messages.topics import MARKET_BARS, NEWS_RAW, SIGNALS_GENERATED
from messages.trading import TradeSignal
from messages.units import MINUTE_US, to_datetime
from operators.blocks import Block, Event
from operators.states import State

FLOW = FlowSpec(
    "relay", (NEWS_RAW, MARKET_BARS), (SIGNALS_GENERATED, MARKET_BARS.dead_letters), "trading"
)


class CountingState(State):
    """How many it saw, a digest over them, and when the timer is due."""

    count: int
    digest: int
    due: int | None


class Counting:
    """Numbers the events it sees, and fires a timer at each full minute that passes."""

    def __init__(self, state: CountingState | None) -> None:
        self.count, self.digest = (state.count, state.digest) if state else (0, 0)
        self.due = state.due if state else None

    def step(self, block: Block) -> Block:
        out: list[Event] = []
        for event in block.events:
            self._fire(event.stamp, out)
            if isinstance(event.body, DeadLetter):
                out.append(event)
                continue
            self._say(event.stamp, event.key, cast("Message", event.body).id, out)
            if self.due is None:
                self.due = event.stamp - event.stamp % MINUTE_US + MINUTE_US
        self._fire(block.frontier - 1, out)
        return Block(out, block.frontier, block.ended)

    def _fire(self, stamp: int, out: list[Event]) -> None:
        if self.due is not None and self.due <= stamp:
            due, self.due = self.due, None
            self._say(due, "TIMER", "minute", out)

    def _say(self, stamp: int, key: str, cause: str, out: list[Event]) -> None:
        self.count += 1
        self.digest = (self.digest * 31 + sum(cause.encode()) + stamp) % 1_000_003
        signal_ = TradeSignal(
            id=make_id("sig", cause, stamp, self.count),
            causes=(cause, f"{self.count}/{self.digest}"),
            event_time=to_datetime(stamp),
            ticker=key if key.isupper() else "NEWS",
            direction="LONG",
            strength=1.0,
            strategy_sources=(),
        )
        out.append(Event(stamp, key, signal_))

    def snapshot(self) -> CountingState:
        return CountingState(count=self.count, digest=self.digest, due=self.due)


def killing(after: int) -> Any:
    """Make a sink that dies between its n-th flush and the commit of that epoch."""
    seen = {"n": 0}

    def wrap(part: LogSinkPartition) -> LogSinkPartition:
        inner = part.snapshot

        def snapshot() -> bytes:
            state = inner()
            seen["n"] += 1
            if seen["n"] == after:
                os.kill(os.getpid(), signal.SIGKILL)
            return state

        part.snapshot = snapshot  # type: ignore[method-assign]
        return part

    return wrap


def main() -> None:
    config = json.loads(Path(sys.argv[1]).read_text())
    layout = Layout(**config["layout"] | {"access": Access(**config["layout"]["access"])})
    shards = range(layout.partitions)
    stop = StopFlag().listen()
    reads = {str(k): shard_of(FLOW.reads, k) for k in shards}
    writes = {str(k): shard_of(FLOW.writes, k) for k in shards}
    # The outputs of another execution go beside, under another prefix.
    target = Layout(layout.access, layout.run_id, config["output_prefix"], layout.partitions)
    wrap = killing(config["kill_after"]) if config.get("kill_after") else lambda part: part
    flow = Dataflow("relay")
    merged = op.input("log", flow, MergedSource(layout, reads, stop))
    counted = step("count", merged, Counting, CountingState)
    op.output("out", route(counted, FLOW, NOTHING_INTERNAL), LogSink(target, writes, wrap=wrap))
    run(flow, Path(config["recovery"]), timedelta(seconds=config.get("epoch", 0.2)))


if __name__ == "__main__":
    main()
