"""What is followed, the most important first."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.bars.interests import Interests
from connectors.bars.start import age_by_market
from messages.trading import PositionChanged
from messages.units import to_datetime
from operators.params import SentimentParams
from tests.streams import at, scored

HOUR = timedelta(hours=1)


def position(ticker: str, qty: int) -> PositionChanged:
    nothing: dict[str, Any] = dict.fromkeys(
        ("avg_entry", "cost", "realized_pnl", "unrealized_pnl"), Decimal(0)
    )
    return PositionChanged(
        id=f"pos-{ticker}-{qty}", event_time=to_datetime(at(0)), account="paper", ticker=ticker,
        qty=qty, **nothing,
    )  # fmt: skip


def news(interests: Interests, *told: tuple[float, str]) -> None:
    for minute, ticker in told:
        body: Any = scored(minute, ticker, 0.5).body
        interests.take(body)


def test_positions_then_the_watchlist_then_the_newest_news() -> None:
    interests = Interests(["SPY", "QQQ"], HOUR, 6)
    now = to_datetime(at(50))
    news(interests, (10, "OLD"), (40, "NEW"), (20, "MID"), (30, "QQQ"), (45, "_market"))
    interests.take(position("ZZZ", 5))
    interests.take(position("SHRT", -5))
    assert interests.tickers(now) == ("SHRT", "ZZZ", "SPY", "QQQ", "NEW", "MID")
    news(interests, (49, "OLD"))
    assert interests.tickers(now)[-2:] == ("OLD", "NEW")
    interests.take(position("ZZZ", 0))
    assert interests.tickers(now) == ("SHRT", "SPY", "QQQ", "OLD", "NEW", "MID")
    assert interests.tickers(to_datetime(at(200))) == ("SHRT", "SPY", "QQQ")


def test_news_about_others_makes_no_ticker_followed() -> None:
    interests = Interests([], HOUR, 6)
    for about in ("beside", "tagged"):
        body: Any = scored(1, about.upper(), 0.5, about=about).body
        interests.take(body)
    assert interests.tickers(to_datetime(at(2))) == ("TAGGED",)


def test_a_weekend_does_not_end_the_interest_in_friday_evening_s_news() -> None:
    interests = Interests([], 4 * HOUR, 9, age=age_by_market(SentimentParams(closed_minutes=60)))
    friday, monday = 2 * 1_440 + 390, 5 * 1_440
    news(interests, (friday + 5, "AAA"))
    assert interests.tickers(to_datetime(at(monday + 179))) == ("AAA",)
    assert interests.tickers(to_datetime(at(monday + 180))) == ()


def test_an_older_article_that_comes_later_makes_no_ticker_older() -> None:
    interests = Interests([], HOUR, 2)
    news(interests, (40, "AAA"), (1, "AAA"))
    assert interests.tickers(to_datetime(at(80))) == ("AAA",)


def test_what_was_held_is_known_until_the_topic_says_otherwise() -> None:
    interests = Interests([], HOUR, 9, held=["AAA", "BBB"])
    assert interests.held == {"AAA", "BBB"}
    interests.take(position("AAA", 0))
    interests.take(position("BBB", 7))
    assert interests.held == {"BBB"}
    interests.take(position("BBB", 0))
    assert interests.tickers(to_datetime(at(0))) == ()
