"""The wire contract: round trips, and what is refused with which reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.addresses import canonical_url
from messages.base import make_id
from messages.codec import Unreadable, decoder, encode, model_of, validate
from messages.market import Bar, bar_id
from messages.news import RawArticle, article_id, content_hash
from messages.topics import DEAD_LETTERS, TOPICS, partition_of
from messages.units import (
    from_money,
    has_price_precision,
    to_datetime,
    to_dollars,
    to_micros,
    to_money,
    to_units,
)

START = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
BAR: dict[str, Any] = {
    "id": "bar-1",
    "event_time": START + timedelta(minutes=1),
    "ticker": "AAPL",
    "start": START,
    "interval": "1m",
    "open": 258.64,
    "high": 258.95,
    "low": 257.455,
    "close": 257.99,
    "volume": 1169548,
    "source": "test",
}
BAD_BARS = [
    ({"close": float("nan")}, "MALFORMED", "close"),
    ({"open": float("inf")}, "MALFORMED", "open"),
    ({"low": 0}, "MALFORMED", "low"),
    ({"close": -1.0}, "MALFORMED", "close"),
    ({"volume": -1}, "MALFORMED", "volume"),
    ({"volume": None}, "MALFORMED", "volume"),
    ({"volume": 1.5}, "MALFORMED", "volume"),
    ({"ticker": "aapl"}, "MALFORMED", "ticker"),
    ({"ticker": ""}, "MALFORMED", "ticker"),
    ({"ticker": "A" * 13}, "MALFORMED", "ticker"),
    ({"interval": "2m"}, "MALFORMED", "interval"),
    ({"source": "a\x00b"}, "MALFORMED", "NUL"),
    ({"high": 257.0}, "HIGH_BELOW_LOW", "Bar"),
    ({"close": 259.5}, "OUTSIDE_RANGE", "Bar"),
    ({"open": 257.0}, "OUTSIDE_RANGE", "Bar"),
    ({"low": 257.45501}, "PRECISION", "Bar"),
    ({"start": START.replace(tzinfo=None)}, "NAIVE_TIME", "Bar"),
    ({"event_time": START}, "WRONG_END", "Bar"),
]


@pytest.mark.parametrize(("change", "reason", "named"), BAD_BARS)
def test_a_bad_bar_from_outside_is_refused_by_name(
    change: dict[str, Any], reason: str, named: str
) -> None:
    with pytest.raises(Unreadable) as refusal:
        validate(Bar, BAR | change)
    assert refusal.value.reason == reason
    assert named in refusal.value.detail


@pytest.mark.parametrize(("change", "reason", "_named"), BAD_BARS)
def test_the_hot_path_refuses_the_same_bars(
    change: dict[str, Any], reason: str, _named: str
) -> None:
    data = msgspec.json.encode(BAR | change)
    with pytest.raises(Unreadable) as refusal:
        decoder(Bar)(data)
    # JSON has no NaN and no infinity: they travel as null and are malformed.
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'{"close": NaN}', b"\xff\xfe", b"[" * 200_000, b'{"id": "x"}'],
)
def test_what_is_no_record_is_malformed(data: bytes) -> None:
    with pytest.raises(Unreadable, match="MALFORMED"):
        decoder(Bar)(data)


@pytest.mark.parametrize("topic", [*TOPICS, *DEAD_LETTERS], ids=lambda t: t.name)
def test_every_topic_has_a_json_schema_with_all_fields(topic: Any) -> None:
    schema = model_of(topic.schema).model_json_schema()
    assert set(schema["properties"]) == {f.name for f in msgspec.structs.fields(topic.schema)}
    assert {"id", "event_time"} <= set(schema["required"])


def test_topic_names_are_unique_and_family_first() -> None:
    names = [t.name for t in (*TOPICS, *DEAD_LETTERS)]
    assert len(names) == len(set(names))


prices = st.integers(1, 10**9).map(to_dollars)


@given(
    st.lists(prices, min_size=4, max_size=4),
    st.integers(0, 2**53),
    st.from_regex(r"\A[A-Z0-9][A-Z0-9.\-]{0,11}\Z"),
    st.integers(883_612_800, 4_102_444_800).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
def test_a_bar_survives_the_wire(
    four: list[float], volume: int, ticker: str, start: datetime
) -> None:
    low, *inner, high = sorted(four)
    bar = Bar(
        id=bar_id(ticker, start, "1m"), event_time=start + timedelta(minutes=1), ticker=ticker,
        start=start, interval="1m", open=inner[0], high=high, low=low, close=inner[1],
        volume=volume, source="test",
    )  # fmt: skip
    data = encode(bar)
    assert decoder(Bar)(data) == bar
    assert validate(Bar, msgspec.json.decode(data)) == bar
    assert encode(decoder(Bar)(data)) == data


@given(st.text(max_size=200), st.text(min_size=1, max_size=200))
def test_an_article_survives_the_wire_or_is_refused(content: str, title: str) -> None:
    url = "https://example.test/a"
    article = {
        "id": article_id("s", url, title), "event_time": START, "source": "s", "url": url,
        "title": title, "content": content, "published_at": START, "fetched_at": START,
        "content_hash": content_hash(url, title),
    }  # fmt: skip
    if "\x00" in content + title:
        with pytest.raises(Unreadable):
            validate(RawArticle, article)
    else:
        message = validate(RawArticle, article)
        assert decoder(RawArticle)(encode(message)) == message


@given(st.integers(-(10**15), 10**15))
def test_money_is_exact(units: int) -> None:
    assert from_money(to_money(units)) == units


@given(st.integers(1, 10**11))
def test_prices_are_exact_up_to_ten_million_dollars(units: int) -> None:
    assert to_units(to_dollars(units)) == units
    assert has_price_precision(to_dollars(units))


@given(st.integers(0, 4 * 10**15))
def test_stamps_are_exact(micros: int) -> None:
    assert to_micros(to_datetime(micros)) == micros


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://A.example/x?utm_source=q&id=1", "https://a.example/x?id=1#frag"),
        ("https://a.example/x/", "https://a.example/x"),
        ("http://[bad", "http://[bad"),
    ],
)
def test_urls_that_name_one_article(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


def test_ids_fit_a_client_order_id_and_depend_on_every_part() -> None:
    assert len(make_id("ord", "x")) <= 48
    assert make_id("a", "b", "c") != make_id("a", "bc") != make_id("a", "b\x1fc", "")


def test_partitions_spread() -> None:
    assert {partition_of(f"T{i}".encode(), 4) for i in range(50)} == {0, 1, 2, 3}
