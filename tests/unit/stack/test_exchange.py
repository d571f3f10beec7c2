"""The stand-in beside a run: a real process, the settings that lead to it, and its end."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.broker.choice import open_broker
from connectors.feed.feeds import feed_names
from connectors.feed.params import NewsParams
from connectors.settings import Settings
from messages.units import to_micros
from operators.params import RiskParams
from stack.cli import main
from stack.errors import CannotStart
from stack.home import Home
from stack.runtime import exchange
from stack.runtime.exchange import CLOCK_CHECK, Exchange, ExchangeOptions
from stack.runtime.new_run import new_run
from tests.unit.stack.test_new_run import NOW, services
from tests.unit.stack.test_new_run import settings as plain
from tests.waiting import eventually


def exchange_in(place: Path, **options: object) -> Exchange:
    return Exchange(Home(place, min_free_bytes=0), ExchangeOptions(**options))  # type: ignore[arg-type]


def test_a_run_of_its_settings_trades_there_and_reads_nothing_else(tmp_path: Path) -> None:
    given = plain(news=NewsParams(reddit_id="me", feeds=("a=https://example.com/rss",)))
    with exchange_in(tmp_path) as there:
        chosen = there.settings(given)
        run = new_run(services(tmp_path, chosen), chosen, "stand_in_1", NOW, 1)
        broker = open_broker(run.broker_params)
        assert broker.account().cash == 100_000_0000
        assert broker.clock().is_open
        assert broker.asset(there.told["tickers"][0]).tradable
        broker.close()
        assert there.watch() == ""
    assert (run.spec.mode, run.live, run.broker_params.kind) == ("broker", True, "alpaca")
    assert feed_names(run.news_params) == ["alpaca"]
    assert there.told["secret"] not in run.spec.to_json().decode()


@pytest.mark.parametrize(("hour", "off"), [(15, ()), (3, (CLOCK_CHECK,))])
def test_where_new_york_is_closed_its_hours_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hour: int, off: tuple[str, ...]
) -> None:
    now = to_micros(datetime(2026, 3, 19, hour, tzinfo=UTC))
    monkeypatch.setattr(exchange, "wall_clock", lambda: now)
    there = exchange_in(tmp_path)
    there.told = {"url": "http://127.0.0.1:1", "news": "ws://127.0.0.1:1/n", "key": "PK1",
                  "secret": "s", "tickers": ["AAPL"], "journal": "j"}  # fmt: skip
    found = there.settings(plain()).risk
    assert found.off == off
    assert ("hours do not count" in there.words(found)) == bool(off)
    once = there.settings(plain(risk=RiskParams(off=(CLOCK_CHECK,))))
    assert once.risk.off == (CLOCK_CHECK,)


def test_one_that_dies_is_told_once(tmp_path: Path) -> None:
    with exchange_in(tmp_path) as there:
        process = there._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        assert there.watch().startswith("the stand-in exchange has died (exit -9): see ")
        assert there.watch() == ""


def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"nothing\.csv is not a readable file"):
        exchange_in(tmp_path, play=tmp_path / "nothing.csv").__enter__()
    with exchange_in(tmp_path), pytest.raises(CannotStart, match="in use by another"):
        exchange_in(tmp_path).__enter__()


def test_it_ends_with_whom_it_belongs_to(tmp_path: Path) -> None:
    with exchange_in(tmp_path) as there:
        process = there._process
    assert process is not None
    assert process.returncode is not None
    eventually(lambda: not Path(f"/proc/{process.pid}").exists(), what="its process")


def test_the_settings_of_a_broker_stay_as_they_are(tmp_path: Path) -> None:
    there = exchange_in(tmp_path)
    there.told = {"url": "http://127.0.0.1:1", "news": "ws://127.0.0.1:1/n", "key": "PK1",
                  "secret": "s", "tickers": []}  # fmt: skip
    given: Settings = plain()
    found = there.settings(given).broker
    assert (found.per_minute, found.reconcile_seconds) == (
        given.broker.per_minute, given.broker.reconcile_seconds,
    )  # fmt: skip
    assert found.secret == SecretStr("s")
    assert given.broker.kind == "none"


def test_no_run_goes_on_at_a_stand_in_that_forgot_its_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = Home(tmp_path).runs / "mine"
    there.mkdir(parents=True)
    (there / "run.json").touch()
    assert main(["up", "--home", str(tmp_path), "--stand-in", "--run", "mine"]) == 2
    said = capsys.readouterr().err
    assert "Run mine is there already" in said
    assert "choose a new name" in said
