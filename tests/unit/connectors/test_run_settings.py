"""What of the settings may be given to others, and what stays on this machine."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter

from connectors.broker.params import BrokerParams
from connectors.feed.params import NewsParams
from connectors.market.params import MarketParams
from connectors.run_settings import PUBLIC, local_settings, spec_settings
from connectors.sentiment.params import ScoringParams
from connectors.tickers.directory import DirectoryUnusable
from tests.archives import spec_of

WORD = "hunter2"
NEWS = NewsParams(
    feeds=(f"mine=https://me:{WORD}@feeds.example.com/rss?token={WORD}|300",),
    user_agent=f"me {WORD}@example.com", reddit_id=WORD, reddit_secret=SecretStr(WORD),
    reddit_url=f"https://{WORD}.example.com", subreddits=("stocks",),
    alpaca_key=WORD, alpaca_secret=SecretStr(WORD), alpaca_stream=f"wss://x/{WORD}",
    alpaca_rest=f"https://x/{WORD}", interval_seconds=7,
)  # fmt: skip
SCORING = ScoringParams(
    tier="instant", ollama_url=f"http://{WORD}@localhost", ollama_key=SecretStr(WORD),
    finbert_directory=f"/home/{WORD}/finbert",
)  # fmt: skip
MARKET = MarketParams(feed="alpaca", watchlist=("AAPL", "BRK.B"), max_tickers=7)
BROKER = BrokerParams(
    kind="alpaca", key=SecretStr(f"PK{WORD}"), secret=SecretStr(WORD), per_minute=99,
    trading_url=f"https://{WORD}.example.com", data_url=f"https://{WORD}.example.com",
    stream_url=f"wss://{WORD}.example.com",
)  # fmt: skip


def test_no_secret_is_in_what_may_be_given_away() -> None:
    spec = spec_of(inputs=(), **spec_settings(NEWS, SCORING, MARKET, BROKER))
    assert WORD not in spec.to_json().decode()
    assert [feed.partition("#")[0] for feed in spec.feeds] == [
        "mine=https://feeds.example.com", "reddit_stocks", "alpaca",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("group", "kind"),
    [("news", NewsParams), ("scoring", ScoringParams), ("market", MarketParams),
     ("broker", BrokerParams)],
)  # fmt: skip
def test_every_setting_is_in_one_of_both(group: str, kind: type) -> None:
    local = local_settings(NEWS, SCORING, BROKER).get(group, {})
    public = spec_settings(NEWS, SCORING, MARKET, BROKER)[group]
    assert set(local) | set(public) == {f.name for f in fields(kind)}
    assert not set(local) & set(public)
    assert set(public) == PUBLIC[group], "a name that is no setting"


def test_both_together_are_the_settings() -> None:
    local = local_settings(NEWS, SCORING, BROKER)
    spec = spec_settings(NEWS, SCORING, MARKET, BROKER)
    again = TypeAdapter(NewsParams).validate_python({**spec["news"], **local["news"]})
    assert again == NEWS
    models = TypeAdapter(ScoringParams).validate_python({**spec["scoring"], **local["scoring"]})
    assert models == SCORING
    broker = TypeAdapter(BrokerParams).validate_python({**spec["broker"], **local["broker"]})
    assert broker == BROKER


@pytest.mark.parametrize(("kind", "mode"), [("none", "paper"), ("alpaca", "broker")])
def test_a_run_trades_at_the_broker_that_is_named(kind: Any, mode: str) -> None:
    assert spec_settings(NEWS, SCORING, MARKET, replace(BROKER, kind=kind))["mode"] == mode


def test_another_address_is_another_feed() -> None:
    def feeds(*addresses: str) -> tuple[str, ...]:
        found: tuple[str, ...] = spec_settings(
            NewsParams(feeds=addresses), SCORING, MARKET, BROKER
        )["feeds"]
        return found

    assert feeds("a=https://x.com/1") != feeds("a=https://x.com/2")
    assert feeds("a=https://x.com/?q=1") != feeds("a=https://x.com/?q=2")
    assert feeds("a=https://me:one@x.com/1") == feeds("a=https://me:two@x.com/1")
    assert feeds("a=https://[broken/1")[0].startswith("a=#")
    assert feeds() == ()


def test_paths_do_not_depend_on_the_directory_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("companies.txt").write_text("Symbol|Name\n")
    news = NewsParams(directories=("companies.txt",))
    local = local_settings(news, ScoringParams(finbert_directory="~/finbert"), BROKER)
    assert local["news"]["directories"] == (str(tmp_path / "companies.txt"),)
    assert local["scoring"]["finbert_directory"] == str(tmp_path / "finbert")


def test_directories_are_known_by_their_content(tmp_path: Path) -> None:
    file = tmp_path / "companies.txt"
    file.write_text("one")
    news = NewsParams(directories=(str(file),))
    before = spec_settings(news, SCORING, MARKET, BROKER)["directories"]
    file.write_text("two")
    assert spec_settings(news, SCORING, MARKET, BROKER)["directories"] != before
    file.unlink()
    with pytest.raises(DirectoryUnusable, match=r"companies\.txt cannot be read"):
        spec_settings(news, SCORING, MARKET, BROKER)
