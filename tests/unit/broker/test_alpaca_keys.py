"""Paper accounts only; and keys are seen nowhere."""

from typing import Any

import pytest
from pydantic import SecretStr

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.keys import Access
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.errors import BrokerAccessDenied, NotAtBroker, OrderRefused
from connectors.broker.params import BrokerParams
from connectors.broker.values import NewOrder, Replacement
from connectors.settings import Settings, SettingsInvalid, load_settings

KEY, SECRET = "PKPAPERKEY1234", "very-secret-text-5678"


def params(**given: Any) -> BrokerParams:
    keys = {"key": SecretStr(KEY), "secret": SecretStr(SECRET)}
    return BrokerParams(**(keys | given))


def test_without_settings_it_is_alpacas_paper_trading() -> None:
    access = Access(params())
    assert access.trading == "https://paper-api.alpaca.markets"
    assert access.data == "https://data.alpaca.markets"
    assert access.orders == "wss://paper-api.alpaca.markets/stream"
    assert access.market == "wss://stream.data.alpaca.markets/v2/iex"
    assert Access(params(feed="sip")).market.endswith("/v2/sip")


def test_a_server_of_ones_own_is_asked_at_its_address() -> None:
    access = Access(
        params(trading_url="http://127.0.0.1:9/", data_url="http://127.0.0.1:9",
               stream_url="ws://127.0.0.1:9/", key=SecretStr("any"))
    )  # fmt: skip
    assert (access.trading, access.orders) == ("http://127.0.0.1:9", "ws://127.0.0.1:9/stream")
    assert access.market == "ws://127.0.0.1:9/v2/iex"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"key": SecretStr("AKLIVE1234")}, "live key"),
    ({"key": SecretStr(" aklive1234")}, "live key"),
    ({"key": SecretStr("XX1234")}, "begins with PK"),
    ({"key": SecretStr("")}, "TIDEWIRE_BROKER__KEY"),
    ({"secret": SecretStr("")}, "TIDEWIRE_BROKER__SECRET"),
    ({"trading_url": "https://api.alpaca.markets"}, "live trading"),
    ({"trading_url": "https://API.alpaca.markets.:443/"}, "live trading"),
    ({"trading_url": "https://paper-api.alpaca.markets@api.alpaca.markets"}, "names and passwords"),
    ({"trading_url": "http://paper-api.alpaca.markets"}, "https"),
    ({"trading_url": "http://example.com"}, "use https"),
    ({"stream_url": "ws://127.0.0.1.example.com"}, "use wss"),
    ({"trading_url": "https://live.alpaca.markets"}, "none of Alpaca's paper hosts"),
    ({"trading_url": "https://paper-api.alpaca.markets."}, "none of Alpaca's paper hosts"),
    ({"trading_url": "https://xalpaca.markets"}, "none of Alpaca's paper hosts"),
    ({"trading_url": "https://api%2Ealpaca.markets"}, "only plain letters"),
    ({"trading_url": "https://api.alpaca.\uff4darkets"}, "only plain letters"),
    ({"trading_url": "https://api\u3002alpaca.markets"}, "only plain letters"),
    ({"trading_url": "https://api.alpaca.mar\u00adkets"}, "only plain letters"),
    ({"trading_url": "https://API.ALPACA.MARKET\u017f"}, "only plain letters"),
    ({"trading_url": "https://api.alpaca.markets\\@x"}, "only plain letters"),
    ({"trading_url": "https://api.alpaca.markets "}, "only plain letters"),
    ({"trading_url": "https://example.com", "key": SecretStr("CKLIVE12")}, "begins with PK"),
    ({"data_url": "https://example.com", "key": SecretStr("CKLIVE12")}, "begins with PK"),
    ({"trading_url": "ftp://paper-api.alpaca.markets"}, "write https"),
    ({"trading_url": "paper-api.alpaca.markets"}, "write https"),
    ({"trading_url": "https://[::1"}, "no address"),
    ({"trading_url": "https://host:99999"}, "no address"),
    ({"stream_url": "wss://api.alpaca.markets/stream"}, "live trading"),
    ({"stream_url": "https://stream.data.alpaca.markets"}, "write wss"),
    ({"data_url": "https://broker-api.alpaca.markets"}, "live trading"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_what_is_not_papers_is_refused_with_what_to_do(given: dict[str, Any], words: str) -> None:
    for make in (AlpacaBroker, AlpacaMarketData):
        with pytest.raises(BrokerAccessDenied, match=words) as refused:
            make(params(**given))
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KEY", "AKLIVE1234", "paper accounts only"),
        ("TRADING_URL", "https://api.alpaca.markets", "paper accounts only"),
        ("STREAM_URL", "https://x", "write wss"),
        ("FEED", "otc", "iex, sip"),
        ("KIND", "alpacca", "none, alpaca"),
        ("PER_MINUTE", "1", ">= 10"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEWIRE_BROKER__SECRET", SECRET)
    monkeypatch.setenv(f"TIDEWIRE_BROKER__{name}", value)
    with pytest.raises(SettingsInvalid, match=words) as refused:
        load_settings()
    text = str(refused.value)
    assert f"TIDEWIRE_BROKER__{name}" in text
    assert SECRET not in text
    assert "AKLIVE" not in text


def test_keys_are_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_BROKER__KEY", KEY)
    monkeypatch.setenv("TIDEWIRE_BROKER__SECRET", SECRET)
    settings = Settings()
    broker, data = AlpacaBroker(settings.broker), AlpacaMarketData(settings.broker)
    access = Access(settings.broker)
    shown = repr([settings, settings.broker, settings.model_dump(), broker, data, access])
    shown += access.hide(f"of {KEY}\nand {SECRET}" + "x" * 999)
    broker.close()
    data.close()
    assert KEY not in shown
    assert SECRET not in shown
    assert len(access.hide("x" * 999)) < 400


@pytest.mark.parametrize("odd", ["", ".", "..", "a/b", "../positions", "a?b", "a%2Fb", "x" * 200])
def test_an_id_that_would_be_another_path_is_never_asked_for(odd: str) -> None:
    broker = AlpacaBroker(params(trading_url="http://127.0.0.1:1"))
    for ask in (
        lambda: broker.order(odd),
        lambda: broker.cancel(odd),
        lambda: broker.replace(odd, Replacement(client_order_id="new")),
    ):
        with pytest.raises(NotAtBroker):
            ask()
    if "a/b" not in odd:
        with pytest.raises(NotAtBroker):
            broker.asset(odd)
    broker.close()


def test_what_is_no_order_is_refused_before_it_is_sent() -> None:
    broker = AlpacaBroker(params(trading_url="http://127.0.0.1:1"))
    with pytest.raises(OrderRefused, match="48"):
        broker.submit(NewOrder(client_order_id="x" * 49, ticker="A", side="BUY", qty=1))
    with pytest.raises(OrderRefused, match="whole shares"):
        broker.submit(NewOrder(client_order_id="x", ticker="A", side="BUY", qty=0))
    with pytest.raises(OrderRefused, match="whole shares"):
        broker.submit(NewOrder(client_order_id="x", ticker="A", side="BUY", qty=1.5))  # type: ignore[arg-type]
    with pytest.raises(OrderRefused):
        broker.replace("id", Replacement(client_order_id="x", qty=-1))
    with pytest.raises(NotAtBroker):
        broker.order_of("")
    broker.close()
