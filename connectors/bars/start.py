"""What keeps the bars of a live run, made from its settings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from connectors.bars.following import keep_following
from connectors.bars.interests import Age, Interests
from connectors.bars.keeper import BarKeeper
from connectors.bars.order import BarOrder
from connectors.broker.params import BrokerParams
from connectors.feed.health import FeedRegistry
from connectors.kafka.bell import Bell
from connectors.kafka.layout import Layout
from connectors.market.calendar import new_york_sessions
from connectors.market.params import MarketParams
from messages.units import to_datetime, to_micros
from operators.params import SentimentParams
from operators.trading.news_clock import NewsClock


def bars_of_alpaca(
    layout: Layout, market: MarketParams, broker: BrokerParams, sentiment: SentimentParams,
    registry: FeedRegistry, last: Mapping[str, datetime], held: Sequence[str], bell: Bell,
) -> tuple[BarKeeper, Interests]:  # fmt: skip
    """Start to keep Alpaca's bars, or a stand-in's.

    Args:
        layout: of the run, whose positions and news are followed.
        market: which tickers.
        broker: keys and addresses.
        sentiment: by which news ages.
        registry: of the feeds' health.
        last: ticker -> start of its newest bar that was taken.
        held: tickers of positions that were open then.
        bell: rung when bars came.

    Raises:
        BrokerAccessDenied: keys are missing, or they or an address are not paper's.
    """
    # Imported here: only this needs Alpaca's library.
    from connectors.broker.alpaca.market_data import AlpacaMarketData

    data = AlpacaMarketData(broker, silent_s=market.silent_seconds, is_open=is_open)
    news_for = timedelta(minutes=market.news_minutes)
    age = age_by_market(sentiment)
    interests = Interests(market.watchlist, news_for, market.max_tickers, held, age)
    order = BarOrder(last, lambda now: warm_up(now, market.warm_up_days))
    keeper = BarKeeper(data, interests, order, registry, bell, ended=data.close)
    keep_following(layout, interests, keeper.closed)
    return keeper, interests


def age_by_market(sentiment: SentimentParams) -> Age:
    """Return how news ages for its votes, so that a ticker is followed until its vote is cast."""
    clock = NewsClock(sentiment, new_york_sessions())

    def age(published: datetime, now: datetime) -> timedelta:
        return timedelta(microseconds=clock.age(to_micros(published), to_micros(now)))

    return age


def is_open(moment: datetime) -> bool:
    """Tell whether the exchange is open at a time, by its calendar."""
    return new_york_sessions().is_open(to_micros(moment))


def warm_up(now: datetime, days: int) -> datetime:
    """Return where a new ticker's history begins: so many sessions before the present one.

    A session begins where the one before it ended: its volume counts what is traded in between.
    """
    sessions = new_york_sessions()
    place = sessions.number_of(to_micros(now)) - days - 1
    return to_datetime(sessions.ends[max(0, place)])
