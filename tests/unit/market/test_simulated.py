"""The simulated day: the same on every machine, and input that admission takes whole."""

import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connectors.market.bar_rows import bar_rows
from connectors.market.calendar import new_york_sessions
from connectors.market.input_files import article_rows
from connectors.market.simulated import MINUTES, TICKERS, record_days
from messages.market import Bar
from messages.news import RawArticle
from messages.units import to_micros
from operators.admission import AdmitArticles, AdmitBars
from operators.blocks import Block, Event

HORIZON = to_micros(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return record_days(tmp_path_factory.mktemp("day") / "deep", 20_250_312)


def test_the_same_seed_writes_the_same_rows(day: tuple[Path, Path], tmp_path: Path) -> None:
    again, other = record_days(tmp_path / "a", 20_250_312), record_days(tmp_path / "b", 1)
    for first, second, third in zip(day, again, other, strict=True):
        assert hash_of(first) == hash_of(second) != hash_of(third)


def test_more_days_leave_the_earlier_ones_as_they_are(
    day: tuple[Path, Path], tmp_path: Path
) -> None:
    bars, news = record_days(tmp_path, 20_250_312, 3)
    one, three = pq.read_table(day[0]).to_pylist(), pq.read_table(bars).to_pylist()
    assert three[: len(one)] == one
    assert len(three) == 3 * len(one)
    days = sorted({row["timestamp"].date().isoformat() for row in three})
    assert days == ["2025-03-12", "2025-03-13", "2025-03-14"]
    lines = gzip.decompress(news.read_bytes()).splitlines()
    assert lines[:60] == gzip.decompress(day[1].read_bytes()).splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) > 100


@pytest.mark.parametrize("days", [0, 251])
def test_no_day_and_too_many_are_refused(days: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ask for 1 to 250"):
        record_days(tmp_path, 1, days)


def hash_of(file: Path) -> str:
    """Return a hash of the rows: a Parquet file's bytes are the library's."""
    data = file.read_bytes()
    if file.suffix == ".parquet":
        data = repr(pq.read_table(file).to_pylist()).encode()
    return hashlib.sha256(data).hexdigest()


def test_every_minute_of_the_session_has_a_bar_of_every_ticker(day: tuple[Path, Path]) -> None:
    rows = [r.values or {} for r in bar_rows(day[0])(0)]
    assert len(rows) == MINUTES * len(TICKERS)
    assert {(r["timestamp"], r["ticker"]) for r in rows} == {
        (r["timestamp"], t) for r in rows for t in TICKERS
    }
    sessions = new_york_sessions()
    assert all(sessions.is_open(to_micros(r["timestamp"])) for r in rows)
    assert rows == sorted(rows, key=lambda r: r["timestamp"])


def test_admission_refuses_nothing_of_it(day: tuple[Path, Path]) -> None:
    bars = AdmitBars(HORIZON, "1m", "recorded").step(
        Block([Event(0, "", row) for row in bar_rows(day[0])(0)], 0)
    )
    assert {type(e.body) for e in bars.events} == {Bar}
    news = AdmitArticles(HORIZON).step(
        Block([Event(0, "", row) for row in article_rows(day[1])(0)], 0)
    )
    assert {type(e.body) for e in news.events} == {RawArticle}
    assert 2 * len(TICKERS) <= len(news.events) <= 4 * len(TICKERS)


def test_good_news_moves_its_ticker_up_and_bad_news_down(day: tuple[Path, Path]) -> None:
    """On the average: each headline's drift is larger than half an hour's noise."""
    closes: dict[str, list[float]] = {t: [] for t in TICKERS}
    for row in bar_rows(day[0])(0):
        values = row.values or {}
        closes[values["ticker"]].append(values["close"])
    moves: dict[bool, list[float]] = {True: [], False: []}
    for row in article_rows(day[1])(0):
        values = row.values or {}
        good = any(w in values["title"] for w in ("soars", "surge", "upgrade", "rally"))
        bad = any(w in values["title"] for w in ("plunges", "tumbles", "downgrade", "sinks"))
        if good or bad:
            at = datetime.fromisoformat(values["published_at"])
            minute = (at.hour * 60 + at.minute) - (13 * 60 + 30)
            series = closes[values["tickers"][0]]
            moves[good].append(series[minute + 30] / series[minute] - 1)
    assert sum(moves[True]) / len(moves[True]) > 0.005
    assert sum(moves[False]) / len(moves[False]) < -0.005
