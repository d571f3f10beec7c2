"""The market as stored: bars, news and what the news say of a ticker."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, get_args

from pydantic import Field

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.indicators import Indicator, Line, line_of, warm_up
from api.known import no_such_ticker
from api.pages import Limit, PageAsked, after_of, cursor_of, page_before
from api.problems import Invalid, NotFound
from api.values import TICKER, Answer, Asked, Moment, Money, Ticker
from connectors.storage.pages import Pages
from messages.news import About
from messages.units import to_datetime
from operators.params import Params

MOST_BARS: Final = 5_000
SPAN: Final = timedelta(days=1)
LOOK_BACK: Final = timedelta(days=366)  # within which bars settle the indicators
INDICATORS: Final = "^({0})(,({0}))*$".format("|".join(get_args(Indicator)))
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BarsAsked(Asked):
    """Which bars: from `since` to `until`, itself left out; a day to the newest by default.

    Attributes:
        indicators: names with commas between them: sma, volume_sma, rsi.
    """

    ticker: Ticker
    since: Moment | None = None
    until: Moment | None = None
    indicators: Annotated[str, Field(pattern=INDICATORS, examples=["sma,rsi"])] | None = None


class Bar(Answer):
    """A bar by its start."""

    start: Moment
    open: Money
    high: Money
    low: Money
    close: Money
    volume: int


class Bars(Answer):
    """Bars of the run's interval, oldest first; of more than 5,000 the newest.

    Attributes:
        indicators: name -> its value at each bar, null while it has too few bars: `sma`, the mean
            close of momentum's window in dollars; `volume_sma`, its mean volume; `rsi` of mean
            reversion's period.
    """

    ticker: str
    interval: str
    bars: list[Bar]
    indicators: dict[str, list[float | None]]


class NewsAsked(PageAsked):
    """Which articles.

    Attributes:
        source: as a feed names itself.
        ticker: with a score for it; min_score, max_score: of a score, -1 to 1.
        until: published before that; a run that is played knows its news before its bars.
    """

    source: Annotated[str, Field(max_length=200)] = ""
    ticker: Ticker | None = None
    min_score: Annotated[float, Field(ge=-1, le=1)] | None = None
    max_score: Annotated[float, Field(ge=-1, le=1)] | None = None
    until: Moment | None = None


class Score(Answer):
    """What a model says of an article for a ticker, -1 to 1.

    Attributes:
        about: how the article is about the ticker: `named` by its text; `tagged` by its feed alone;
            `beside`: tagged, while the title names others: such a score never votes.
    """

    ticker: str
    sentiment_score: float
    confidence: float
    model_used: str
    about: About


class Article(Answer):
    """An article, newest revision; `at` is when the run knew it."""

    id: str
    revision: int
    at: Moment
    source: str
    url: str
    title: str
    published_at: Moment
    symbols: list[str]
    scores: list[Score]


class Listed(Article):
    """An article in a list: how many signals weighed it, and how many orders came of them."""

    signals: int
    orders: int


class News(Answer):
    """A page of articles, newest first."""

    articles: list[Listed]
    cursor: str | None


class Reaction(Answer):
    """A signal that weighed an article, and the orders that came of it.

    Attributes:
        used: the article is a cause of one of its votes.
    """

    id: str
    at: Moment
    ticker: str
    direction: str
    strength: float
    orders: list[str]
    used: bool


class ArticleDetail(Article):
    """An article with its text, and what it led to: at most a hundred, those that used it first."""

    content: str
    led_to: list[Reaction]


class Window(Answer):
    """What recent news say of a ticker."""

    at: Moment
    count: int
    mean: float
    decayed_mean: float
    confidence: float
    article_ids: list[str]


class SentimentAsked(Asked):
    """How many windows, the newest first."""

    limit: Limit = 50


class Sentiment(Answer):
    """A ticker's sentiment windows, the newest first."""

    ticker: str
    windows: list[Window]


def bars(api: Api, call: Call[BarsAsked, None]) -> Bars:
    """Bars of one ticker, first versions, by their start."""
    asked, interval = call.query, api.run.spec.interval
    with api.pool.connection() as connection:
        pages = Pages(connection)
        newest = _newest_bar(pages, asked.ticker, interval)
        until = asked.until or newest + timedelta(microseconds=1)
        since = asked.since or until - SPAN
        rows = pages.read(
            "newest_bars", ticker=asked.ticker, interval=interval, since=since, until=until,
            limit=MOST_BARS,
        )  # fmt: skip
        earlier = []
        if rows and asked.indicators:
            began = rows[-1]["start"]
            earlier = pages.read(
                "newest_bars", ticker=asked.ticker, interval=interval, since=began - LOOK_BACK,
                until=began, limit=warm_up(api.run.rules),
            )  # fmt: skip
    lines = _lines(asked.indicators, [*reversed(earlier), *reversed(rows)], api.run.rules)
    return Bars(
        ticker=asked.ticker, interval=interval, bars=[Bar(**row) for row in reversed(rows)],
        indicators={name: line[len(earlier) :] for name, line in lines.items()},
    )  # fmt: skip


def news(api: Api, call: Call[NewsAsked, None]) -> News:
    """Articles, newest first, each with its scores."""
    asked, after = call.query, page_before(after_of(call.query, "news"), call.query.until)
    low = -1.0 if asked.min_score is None else asked.min_score
    high = 1.0 if asked.max_score is None else asked.max_score
    if asked.ticker:
        name = "news_of_ticker"
    elif (low, high) != (-1.0, 1.0):
        name = "news_in_range"
    else:
        name = "news_of_source" if asked.source else "news"
    with api.pool.connection() as connection:
        pages = Pages(connection)
        rows = pages.read(
            name, source=asked.source, ticker=asked.ticker, low=low, high=high,
            limit=asked.limit, stamp=after.stamp, after=after.id,
        )  # fmt: skip
        found = pages.read("reactions_of", ids=[row["id"] for row in rows])
    led = {row["article_id"]: (row["signals"], row["orders"]) for row in found}
    return News(
        articles=[_listed(row, *led.get(row["id"], (0, 0))) for row in rows],
        cursor=cursor_of(rows, asked, "news"),
    )


def article(api: Api, call: Call[NoQuery, None]) -> ArticleDetail:
    """One article with the signals and orders that it led to."""
    id_ = call.path["id"]
    with api.pool.connection() as connection:
        pages = Pages(connection)
        found = pages.read("article", id=id_)
        if not found:
            raise NotFound("NO_SUCH_ARTICLE", f"There is no article {id_[:128]}.")
        led = pages.read("reactions", id=id_)
    plain = _article(found[0]).model_dump()
    reactions = [Reaction(at=row["event_time"], **row) for row in led]
    return ArticleDetail(**plain, content=found[0]["content"], led_to=reactions)


def sentiment(api: Api, call: Call[SentimentAsked, None]) -> Sentiment:
    """What recent news said of a ticker, window by window."""
    ticker = call.path["ticker"].upper()
    if not re.fullmatch(TICKER, ticker):
        fields = {"ticker": f"is not of the form {TICKER}"}
        raise Invalid("NOT_ALLOWED", "Name a ticker, such as AAPL.", fields=fields)
    with api.pool.connection() as connection:
        pages = Pages(connection)
        rows = pages.page("sentiment_windows", {"ticker": ticker}, limit=call.query.limit)
        if not rows:
            _newest_bar(pages, ticker, api.run.spec.interval)
    return Sentiment(ticker=ticker, windows=[Window(at=row["event_time"], **row) for row in rows])


def _newest_bar(pages: Pages, ticker: str, interval: str) -> datetime:
    """Return the start of a ticker's newest bar, UTC.

    Raises:
        NotFound: it has none.
    """
    newest = pages.read("last_price", ticker=ticker, interval=interval, since=EVER)
    if not newest:
        raise no_such_ticker(ticker)
    start: datetime = newest[0]["start"]
    return start


def _lines(asked: str | None, rows: list[dict[str, Any]], rules: Params) -> dict[str, Line]:
    """Return the indicators that are asked for, over all rows."""
    closes, volumes = [row["close"] for row in rows], [row["volume"] for row in rows]
    names = [name for name in get_args(Indicator) if name in (asked or "").split(",")]
    return {name: line_of(name, closes, volumes, rules) for name in names}


def _listed(row: dict[str, Any], signals: int, orders: int) -> Listed:
    return Listed(**_article(row).model_dump(), signals=signals, orders=orders)


def _article(row: dict[str, Any]) -> Article:
    return Article(at=to_datetime(row["known"]), **row)


ENDPOINTS = (
    Endpoint("GET", "/api/bars", bars, "viewer", Bars, query=BarsAsked, problems=(404,)),
    Endpoint("GET", "/api/news", news, "viewer", News, query=NewsAsked),
    Endpoint("GET", "/api/news/{id}", article, "viewer", ArticleDetail, problems=(404,)),
    Endpoint("GET", "/api/sentiment/{ticker}", sentiment, "viewer", Sentiment,
             query=SentimentAsked, problems=(404,)),
)  # fmt: skip
