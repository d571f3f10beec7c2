"""A run from the settings, and how a live run goes on under others."""

import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.broker.errors import BrokerAccessDenied
from connectors.broker.params import BrokerParams
from connectors.feed.params import NewsParams
from connectors.market.input_files import InputUnusable
from connectors.market.params import MarketParams
from connectors.runs import RunUnreadable, load_run
from connectors.sentiment.params import ScoringParams
from connectors.settings import Settings
from operators.params import OwnParams, RiskParams
from stack.errors import StackError
from stack.home import Home
from stack.runtime.demo import DemoOptions, run_demo
from stack.runtime.live import live_run, see_keys, serve
from stack.runtime.new_run import Played, new_run
from stack.servers.services import Services

EXAMPLES = Path(__file__).parents[2] / "own_examples.py"
NOW = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)


def settings(**changes: Any) -> Settings:
    servers = {"bootstrap": "127.0.0.1:1", "database_url": "postgresql://x"}
    return Settings(**{**servers, **changes})


def services(place: Path, chosen: Settings) -> Services:
    """Return servers of others, which are named and not started."""
    return Services(Home(place, min_free_bytes=0), chosen)


def test_a_played_run_is_its_files_and_the_settings(tmp_path: Path) -> None:
    bars, news = tmp_path / "bars.parquet", tmp_path / "news.jsonl"
    bars.write_bytes(b"bars")
    news.write_bytes(b"news")
    own = OwnParams((f"{EXAMPLES}:Breakout",))
    chosen = settings(own=own, risk=RiskParams(max_positions=3), retention_days=30, tick_ms=20,
                      log_level="DEBUG", metrics=False,
                      scoring=ScoringParams(tier="instant"))  # fmt: skip
    played = Played(bars, news, "5m", 7, NOW - timedelta(days=1))
    run = new_run(services(tmp_path / "home", chosen), chosen, "20250312-1", NOW, 2, played)
    assert not run.live
    assert [(f.role, f.digest, f.name) for f in run.spec.inputs] == [
        ("bars", sha256(b"bars").hexdigest(), "bars.parquet"),
        ("news", sha256(b"news").hexdigest(), "news.jsonl"),
    ]
    assert (run.bars, run.news) == (str(bars), str(news))
    assert (run.spec.started_at, run.spec.first_moment) == (NOW, NOW - timedelta(days=1))
    assert run.rules == chosen.params
    assert [s.name for s in run.spec.strategies] == ["breakout"]
    assert (run.spec.interval, run.spec.pace, run.partitions, run.spec.tick_ms) == ("5m", 7, 2, 20)
    assert (run.schema, run.prefix) == ("run_20250312_1", "tidewire-20250312-1.")
    assert (run.log_level, run.metrics) == ("DEBUG", False)
    assert run.retention_days == 0, "played days are old: nothing of them is let go"
    assert run.spec.feeds == (), "a played run follows no feed"
    assert run.spec.market == {}
    assert run.scoring_params.tier == "instant"


def test_a_live_run_is_begun_and_goes_on(tmp_path: Path) -> None:
    first = settings(news=NewsParams(feeds=("a=https://a.com/rss",)), retention_days=30)
    begun, new = live_run(services(tmp_path, first), first, "live")
    assert (new, begun.live, begun.retention_days) == (True, True, 30)
    assert begun.spec.feeds[0].startswith("a=https://a.com#")
    assert load_run(begun.path()) == begun
    second = settings(
        bootstrap="127.0.0.1:2", news=NewsParams(feeds=("b=https://b.com/rss",)), tick_ms=99,
        scoring=ScoringParams(tier="instant"), log_level="ERROR", retention_days=60,
        market=MarketParams(feed="alpaca", watchlist=("AAPL",)),
    )  # fmt: skip
    gone_on, new = live_run(services(tmp_path, second), second, "live")
    assert not new
    assert (gone_on.spec.started_at, gone_on.spec.first_moment) == (
        begun.spec.started_at, begun.spec.first_moment,
    )  # fmt: skip
    assert gone_on.settings_hash == begun.settings_hash
    assert (gone_on.bootstrap, gone_on.log_level, gone_on.retention_days) == (
        "127.0.0.1:2", "ERROR", 60,
    )  # fmt: skip
    assert (gone_on.news_params.feeds, gone_on.scoring_params.tier) == (
        ("b=https://b.com/rss",), "instant",
    )  # fmt: skip
    assert gone_on.market_params == MarketParams(feed="alpaca", watchlist=("AAPL",))
    assert (gone_on.spec.tick_ms, gone_on.spec.id != begun.spec.id) == (99, True)
    assert load_run(begun.path()) == gone_on


def test_the_archive_of_a_run_that_is_elsewhere_is_left_alone(tmp_path: Path) -> None:
    first = settings()
    begun, _ = live_run(services(tmp_path, first), first, "live")
    kept = Path(begun.archive, "run.json").read_bytes()
    shutil.rmtree(begun.directory)
    with pytest.raises(StackError, match=r"is the archive of a run live.*begin another run"):
        live_run(services(tmp_path, first), first, "live")
    assert Path(begun.archive, "run.json").read_bytes() == kept


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"risk": RiskParams(cooldown_minutes=7)}, r"risk\.cooldown_minutes 30, now 7"),
        ({"partitions": 2}, "partitions 1, now 2"),
    ],
)
def test_a_live_run_keeps_its_rules(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    chosen, other = settings(), settings(**change)
    begun, _ = live_run(services(tmp_path, chosen), chosen, "live")
    with pytest.raises(StackError, match=f"made under other settings .{said}"):
        live_run(services(tmp_path, other), other, "live")
    assert load_run(begun.path()) == begun, "a refused start changes nothing"


def test_a_start_is_refused_before_any_server_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, other = settings(), settings(risk=RiskParams(cooldown_minutes=7))
    live_run(services(tmp_path, chosen), chosen, "live")
    monkeypatch.setattr(Services, "__enter__", lambda *_: pytest.fail("servers were started"))
    with pytest.raises(StackError, match="made under other settings"):
        serve(Home(tmp_path, min_free_bytes=0), other, "live")


def test_files_are_looked_at_before_any_server_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Services, "__enter__", lambda *_: pytest.fail("servers were started"))
    chosen = settings()
    for bars, news in ((tmp_path / "none.parquet", None), (None, tmp_path / "none.jsonl")):
        asked = DemoOptions(bars, news, "", 1, no_news=False, check=True)
        with pytest.raises(InputUnusable, match=r"none\."):
            run_demo(chosen, services(tmp_path, chosen), asked)


def test_who_watches_stops_does_not_change_from_start_to_start(tmp_path: Path) -> None:
    """A replay of its days would not make the same orders."""
    chosen = settings(broker=BrokerParams(kind="alpaca", protection="broker"))
    other = settings(broker=BrokerParams(kind="alpaca"))
    begun, _ = live_run(services(tmp_path, chosen), chosen, "live")
    assert begun.brackets
    with pytest.raises(StackError, match=r"broker\.protection broker, now desk"):
        live_run(services(tmp_path, other), other, "live")


def test_bars_of_alpaca_need_keys() -> None:
    see_keys(settings())
    chosen = settings(market=MarketParams(feed="alpaca"))
    with pytest.raises(BrokerAccessDenied, match="set TIDEWIRE_BROKER__KEY"):
        see_keys(chosen)
    keys = BrokerParams(key=SecretStr("PK1"), secret=SecretStr("x"))
    see_keys(settings(market=MarketParams(feed="alpaca"), broker=keys))


def test_a_damaged_run_is_no_new_one(tmp_path: Path) -> None:
    chosen = settings()
    begun, _ = live_run(services(tmp_path, chosen), chosen, "live")
    begun.path("run.json").write_text("{}")
    with pytest.raises(RunUnreadable, match="begin another run with --run NAME"):
        live_run(services(tmp_path, chosen), chosen, "live")
    assert begun.path("run.json").read_text() == "{}"
