"""Bad input from files and from strangers: counted, kept with a reason, never fatal."""

import json
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from confluent_kafka import Producer

from messages.topics import RAW
from stack.audit.topic_reader import read_topics
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.e2e.story import bar_row, headline, write
from tests.harness import options, play

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]

BARS = [
    *(bar_row(m, 100.0) for m in range(5)),
    bar_row(4, 100.0),  # duplicate
    bar_row(4, 101.0),  # contradicts the first
    bar_row(2, 100.0),  # out of order, and a repeat once it is sorted
    bar_row(5, float("nan")),
    bar_row(5, 100.0, high=99.0),
    bar_row(5, 100.0, volume=-1),
    bar_row(5, 100.0, ticker="no ticker"),
    bar_row(60 * 24 * 365 * 30, 100.0),  # from the future
    bar_row(5, 100.0, ticker=None),
    *(bar_row(m, 100.0) for m in range(5, 8)),
    bar_row(8, 100.0, ticker="UNHEARD"),
]
NEWS = [
    headline(1, "Apple soars after record profit", "AAPL"),
    headline(1, "Apple soars after record profit", "AAPL"),  # duplicate
    headline(2, "Nobody's shares soar on record profit, upgrade", "ZZZZ"),  # unknown ticker
    headline(3, "Long read", "AAPL", content="x" * 5_000_000),
    headline(4, "Later than now", "AAPL", published_at="2099-01-01T00:00:00Z"),
    headline(0.5, "Late news of Apple", "AAPL"),
    b"{not json",
    b"[1, 2]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"title": "no time", "url": "u", "source": "s"}',
    headline(5, "Nul \x00 in a title", "AAPL"),  # costs that character
    headline(6, "", "AAPL", content="Apple  soars\nafter record profit"),  # no title
]
REFUSED_BARS = {"MALFORMED": 4, "HIGH_BELOW_LOW": 1, "FUTURE": 1}
REFUSED_NEWS = {"DUPLICATE": 1, "TOO_LARGE": 1, "FUTURE": 1, "MALFORMED": 5}
STRANGERS = {
    "market.bars": [b"", b"garbage", b'{"id": 1}', b'{"close": NaN}'],
    "news.raw": [b"{}", b"\x00\x01"],
    "control.commands": [b"stop everything", b'{"id":"c","kind":"explode"}'],
    "signals.generated": [b"buy!"],
    "news.scored": [b"null"],
}


def strangers(demo: Demo) -> None:
    """Let an outside producer write rubbish, and one good bar without any header of ours."""
    producer = Producer(demo.run.layout.access.settings())
    for topic, values in STRANGERS.items():
        for value in values:
            producer.produce(demo.run.prefix + topic, value, "AAPL")
            producer.produce(demo.run.prefix + topic, value, None)
    good = {
        "id": "mine", "event_time": "2025-03-12T13:20:00Z", "ticker": "MINE", "interval": "1m",
        "start": "2025-03-12T13:19:00Z", "open": 5, "high": 5, "low": 5, "close": 5, "volume": 9,
        "source": "a stranger",
    }  # fmt: skip
    producer.produce(
        demo.run.prefix + "market.bars", json.dumps(good).encode(), "MINE",
        headers=[("stamp", b"soon"), ("seq", b"first")],
    )  # fmt: skip
    far: list[tuple[str, str | bytes | None]] = [
        ("stamp", b"9000000000000000"),
        ("seq", b"999999999"),
        ("tick", b"end"),
    ]
    producer.produce(demo.run.prefix + "market.bars", b"poison", "AAPL", headers=far)
    assert producer.flush(60) == 0


@pytest.mark.parametrize("shards", [1, 3])
def test_nothing_is_lost_and_nothing_crashes(
    services: Services, tmp_path: Path, shards: int
) -> None:
    files = write(tmp_path, BARS, NEWS)
    demo, summary = play(services, options(*files, shards=shards), before=strangers)
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["restarts"] == 0

    names = [f"{t}.dlq" for t in ("market.feed", "news.feed", *STRANGERS)]
    run = demo.run
    letters = read_topics(run.layout, names)

    def reasons(topic: str) -> dict[str, int]:
        return dict(Counter(r.body["reason"] for r in letters[f"{topic}.dlq"]))

    assert reasons("market.feed") == REFUSED_BARS
    assert reasons("news.feed") == REFUSED_NEWS
    for topic, values in STRANGERS.items():
        poison = topic == "market.bars"
        reason = "MALFORMED" if topic in {t.name for t in RAW} else "FORGED"
        assert reasons(topic)[reason] == 2 * len(values) + poison, topic
    # What operators refuse: the three repeats; the stranger's bar is from the future of
    # a log that had not begun.
    operators = {k: v for k, v in reasons("market.bars").items() if k != "MALFORMED"}
    assert operators == {"DUPLICATE": 3, "FUTURE": 1}
    assert summary["rows"]["market_data"] == 8 + 1 + 1


def test_a_csv_file_of_bars_is_played_and_accounted_for(services: Services, tmp_path: Path) -> None:
    """In any order, in any zone, with a line too long and a cell that is no number."""
    zone = ZoneInfo("America/New_York")
    rows = [bar_row(m, 100.0 + m) for m in range(8)]
    lines = [
        f"{r['ticker']},{r['timestamp'].astimezone(zone).isoformat()},{r['open']},{r['high']},"
        f"{r['low']},{r['close']},{r['volume']}.0"
        for r in reversed(rows)
    ]
    lines[2] += ",more"
    lines[5] = lines[5].replace("AAPL", "aapl")
    bars = tmp_path / "bars.csv"
    bars.write_text("\n".join(["ticker,timestamp,open,high,low,close,volume", *lines]) + "\n")
    demo, summary = play(services, options(bars, no_news=True))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert (summary["bars"], summary["dead_letters"]) == (6, 2)
    letters = read_topics(demo.run.layout, ["market.feed.dlq"])["market.feed.dlq"]
    assert {letter.body["reason"] for letter in letters} == {"MALFORMED"}
    assert len({letter.body["id"] for letter in letters}) == 2
