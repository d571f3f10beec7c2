"""A recording is played into the stand-in: now, at any pace, by a clock that may be moved."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient

from connectors.broker.stand_in.app import StandIn, Terms
from connectors.broker.stand_in.hours import moved
from connectors.broker.stand_in.journal import Books
from connectors.broker.stand_in.player import Player, paced, scheduled
from connectors.broker.stand_in.recording import Recording
from connectors.market.calendar import new_york_sessions
from connectors.market.input_files import InputUnusable
from connectors.market.simulated import TICKERS, record_days
from stack.commands.stand_in import keys_of
from stack.home import Home
from tests.broker.standing import KEYS, Clock, market, served
from tests.waiting import eventually

FIRST = datetime(2026, 3, 19, 13, 30, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
START = datetime(2026, 3, 22, 3, 17, 42, tzinfo=UTC)  # a Sunday's night
BEGINS = START.replace(second=0)


def recorded_days(directory: Path, days: int = 2, minutes: int = 6) -> Recording:
    """Write days of bars that close at 100, 101, ..., and an article in the third minute."""
    lines = ["ticker,timestamp,open,high,low,close,volume"]
    articles = []
    for day in range(days):
        for n in range(minutes):
            at = FIRST + day * DAY + n * MINUTE
            close = 100 + 10 * day + n
            lines += [f"{t},{at.isoformat()},{close},{close},{close},{close},1000" for t in "AB"]
        at = FIRST + day * DAY + timedelta(seconds=150)
        articles.append({"title": f"day {day}", "published_at": at.isoformat(), "tickers": ["A"]})
    bars, news = directory / "bars.csv", directory / "news.jsonl"
    bars.write_text("\n".join([*lines, "A,never,1,1,1,1,1"]) + "\n")
    news.write_text("".join(json.dumps(a) + "\n" for a in [*articles, {"title": "undated"}]))
    return Recording(bars, news)


@contextmanager
def playing(directory: Path, recording: Recording, clock: Clock, past: int = 0) -> Iterator[str]:
    schedule = scheduled(recording, clock(), past)
    terms = Terms(
        keys=KEYS, journal=directory / "journal", clock=clock, tickers=recording.tickers,
        sessions=moved(new_york_sessions(), schedule.shift), per_minute=0,
    )  # fmt: skip
    stand_in = StandIn(terms)
    stand_in.tasks.append(Player(stand_in.market, schedule, clock).run)
    with served(stand_in) as url:
        yield url


def bars_of(url: str, ticker: str = "A") -> list[tuple[datetime, float]]:
    client: Any = StockHistoricalDataClient(KEYS.key, KEYS.secret, url_override=url)
    asked = StockBarsRequest(symbol_or_symbols=ticker, timeframe=TimeFrame.Minute)
    return [(b.timestamp, b.close) for b in client.get_stock_bars(asked).data.get(ticker, [])]


def test_bars_come_when_they_end_from_the_starts_whole_minute(tmp_path: Path) -> None:
    clock = Clock(START)
    with playing(tmp_path, recorded_days(tmp_path), clock) as url:
        assert bars_of(url) == []
        clock.moment = BEGINS + MINUTE
        eventually(lambda: bars_of(url) == [(BEGINS, 100)])
        trading: Any = TradingClient(KEYS.key, KEYS.secret, url_override=url)
        assert trading.get_clock().is_open  # as it was in the recording
        trading.submit_order(market("A", 1, "one"))
        clock.moment = BEGINS + 3 * MINUTE
        eventually(lambda: [close for _, close in bars_of(url, "B")] == [100, 101, 102])
        assert [f.qty for f in Books(tmp_path / "journal").fills] == [1]
        news = trading.get(
            "/news", base_url=url, api_version="v1beta1", data={"symbols": "A"}
        )["news"]  # fmt: skip
        [article] = news
        assert (article["headline"], article["created_at"]) == ("day 0", "2026-03-22T03:19:30Z")
        clock.moment = BEGINS + 2 * DAY
        eventually(lambda: len(bars_of(url)) == 12)
        assert bars_of(url)[-1] == (BEGINS + DAY + 5 * MINUTE, 115)


BAD: tuple[dict[str, Any], ...] = (
    {"tickers": True}, {"tickers": 5}, {"tickers": "AAPL"}, {"tickers": ["A", 5]}, {"title": [1]},
    {"published_at": "9999-12-31T00:00:00Z"}, {"published_at": "9999-12-31T23:59:59-23:00"},
    {"published_at": "0001-01-01T00:00:00+23:00"}, {"published_at": 1e300},
    {"published_at": "2026-03-19T13:31:00"}, {"published_at": None},
)  # fmt: skip


def with_bad_articles(directory: Path) -> Path:
    """Put articles that cannot be played before those of a recording."""
    recorded_days(directory)
    news = directory / "news.jsonl"
    at = (FIRST + MINUTE).isoformat()
    rows = [{"title": "bad", "published_at": at, "tickers": ["A"], **bad} for bad in BAD]
    lines = [json.dumps(row) for row in rows] + ["[" * 100_000, ""]
    news.write_text("\n".join(lines) + "\n" + news.read_text())
    return news


def test_articles_that_cannot_be_played_do_not_end_the_market(tmp_path: Path) -> None:
    news, clock = with_bad_articles(tmp_path), Clock(START)
    recording = Recording(tmp_path / "bars.csv", news)
    assert (recording.bars_left_out, recording.articles_left_out) == (1, len(BAD) + 2)
    assert [a.headline for a in recording.articles()] == ["day 0", "day 1"]
    with playing(tmp_path, recording, clock) as url:
        clock.moment = BEGINS + 2 * DAY
        eventually(lambda: len(bars_of(url)) == 12)


def test_days_before_are_the_past_from_the_beginning(tmp_path: Path) -> None:
    clock = Clock(START)
    with playing(tmp_path, recorded_days(tmp_path), clock, past=1) as url:
        eventually(lambda: len(bars_of(url)) == 6)
        assert bars_of(url)[0] == (BEGINS - DAY, 100)
        trading: Any = TradingClient(KEYS.key, KEYS.secret, url_override=url)
        trading.submit_order(market("A", 1, "one"))
        clock.moment = BEGINS + MINUTE
        eventually(lambda: len(bars_of(url)) == 7)
        assert Books(tmp_path / "journal").fills[0].price == 1_100_110


def test_something_is_left_to_be_played(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="It has 2 days: leave more than 2"):
        scheduled(recorded_days(tmp_path), START, 2)


def test_bars_of_another_length_are_not_played(tmp_path: Path) -> None:
    rows = [f"A,{(FIRST + n * 5 * MINUTE).isoformat()},1,1,1,1,1" for n in range(20)]
    file = tmp_path / "bars.csv"
    file.write_text("\n".join(["ticker,timestamp,open,high,low,close,volume", *rows]) + "\n")
    with pytest.raises(InputUnusable, match="bars of 5m"):
        Recording(file, None)


def test_a_simulated_day_is_played(tmp_path: Path) -> None:
    recording = Recording(*record_days(tmp_path, 1))
    assert sorted(recording.tickers) == sorted(TICKERS)
    minutes = list(recording.minutes())
    assert (len(minutes), {len(bars) for bars in minutes}) == (390, {20})
    assert len(list(recording.articles())) > 40


def test_a_paced_clock_runs_so_many_times_as_fast() -> None:
    clock = Clock()
    fast = paced(clock, 60)
    assert fast() == clock.moment
    clock.moment += timedelta(seconds=2)
    assert fast() == clock.moment - timedelta(seconds=2) + 2 * MINUTE
    assert paced(clock, 1)() == clock.moment


@pytest.mark.parametrize("play", [["--play", "none"], ["--pace", "600", "--faults", "revisions"]])
def test_the_command_serves_until_it_is_ended(tmp_path: Path, play: list[str]) -> None:
    command = [sys.executable, "-m", "stack.cli", "stand-in", "--home", str(tmp_path), "--json"]
    child = subprocess.Popen(
        [*command, *play], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert child.stdout is not None
    with child:
        said = json.loads(child.stdout.readline())
        client: Any = TradingClient(said["key"], said["secret"], url_override=said["url"])
        account = eventually(lambda: _asked(client))
        assert account.cash == "100000"
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0
    assert Books(Path(said["journal"])).cash == 1_000_000_000


def test_a_home_has_one_stand_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from stack.cli import main

    with Home(tmp_path).locked("stand-in.lock"):
        assert main(["stand-in", "--home", str(tmp_path), "--play", "none"]) == 2
    assert "is in use by another stand-in: stop that one, or choose" in capsys.readouterr().err
    assert not (tmp_path / "state.json").exists()
    assert not (tmp_path / "stand-in").exists()


def test_a_stand_in_and_a_stack_may_have_the_same_home(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.locked(), home.locked("stand-in.lock", "stand-in"):
        assert keys_of(home) == keys_of(home)


def _asked(client: Any) -> Any:
    try:
        return client.get_account()
    except OSError:  # it does not listen yet
        return None


def test_the_command_says_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from stack.cli import main

    home = ["stand-in", "--home", str(tmp_path)]
    assert main([*home, "--faults", "flood"]) == 2
    assert "of accepted_504" in capsys.readouterr().err
    assert main([*home, "--play", str(tmp_path / "nothing.csv")]) == 2
    assert "nothing.csv" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*home, "--pace", "0"])


@pytest.mark.parametrize("option", [
    ("--port", "70000"), ("--port", "0"), ("--days", "251"), ("--cash", "9" * 40),
])  # fmt: skip
def test_numbers_that_cannot_be_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, str]
) -> None:
    from stack.cli import main

    with pytest.raises(SystemExit, match="2"):
        main(["stand-in", "--home", str(tmp_path), "--play", "none", *option])
    assert f"{option[1]}: use a whole number from 1 to " in capsys.readouterr().err


@pytest.mark.parametrize("name", [
    "stand-in", "stand-in/journal.jsonl", "stand-in/bars.parquet", "stand-in/news.jsonl.gz",
    "stand-in.lock", "state.lock", "state.json",
])  # fmt: skip
def test_what_is_in_the_way_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    from stack.cli import main

    place = tmp_path / name
    if name == "stand-in":
        place.write_text("a file")
    else:
        place.mkdir(parents=True)
    assert main(["stand-in", "--home", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("tidewire: The stand-in cannot use")
    assert said.err.endswith("move it away, or choose another directory with --home.\n")
    assert (str(place) in said.err, said.out) == (True, "")


@pytest.mark.parametrize("text", [
    "ticker,timestamp\n\x1b[2J\x07,2\n", "\x1b]0;x\x07,\x1b[2J\n1,2,3\n", "\x00\x1b[31m",
    "ticker,timestamp,open,high,low,close,volume\n\x1b[2J,x,1,1,1,1,1\n",
])  # fmt: skip
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_that_cannot_be_played_says_nothing_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, suffix: str
) -> None:
    from stack.cli import main

    file = tmp_path / f"bars{suffix}"
    file.write_text(text)
    assert main(["stand-in", "--home", str(tmp_path / "home"), "--play", str(file)]) == 2
    said = capsys.readouterr().err
    assert said[:-1].isprintable()
    assert "--bars" not in said
    assert str(file) in said


def test_what_is_left_out_is_said_at_the_start(tmp_path: Path) -> None:
    news = with_bad_articles(tmp_path)
    command = [sys.executable, "-m", "stack.cli", "stand-in", "--home", str(tmp_path / "home")]
    command += ["--json", "--play", str(tmp_path / "bars.csv"), "--news", str(news)]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.stdout is not None
    with child:
        assert json.loads(child.stdout.readline())["url"]
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=60)
    assert "left out of the bars: 1 that cannot be played\n" in said
    assert f"left out of the news: {len(BAD) + 2} that cannot be played\n" in said
