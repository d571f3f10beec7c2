"""Settings of the bars that a live run follows."""

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BeforeValidator

TICKER: Final = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,11}", re.ASCII)  # as messages.base has it


def _listed(value: object) -> object:
    """Read a comma-separated list, the form a list has in an environment variable."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _tickers(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return tickers in capitals, each once; refuse what is none."""
    found = tuple(dict.fromkeys(name.upper() for name in names))
    for name in found:
        if TICKER.fullmatch(name) is None:
            reason = f"{name!r} is no ticker: write capitals and digits, such as AAPL,MSFT,BRK.B"
            raise ValueError(reason)
    return found


Tickers = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_tickers)]


@dataclass(frozen=True, slots=True)
class MarketParams:
    """Where bars come from in a live run, and of which tickers.

    Attributes:
        feed: outside: other programs write bars to the topic; alpaca: Alpaca's bars, or a
            stand-in's, with the keys and addresses of the broker's settings, whatever its kind is.
        watchlist: tickers that are always followed; so are open positions and tickers in the news.
        news_minutes: so long a ticker in the news is followed, by the age of the news, which stands
            nearly still while the market is closed; 0: for no time.
        max_tickers: followed at once; Alpaca's free plan allows 30. Open positions come first, then
            the watchlist, then the newest news.
        warm_up_days: sessions of history before a ticker's first live bar, besides the one that is
            under way; 20 fill every window and the mean volume.
        silent_seconds: without any bar while the market is open before the stream is opened anew.
    """

    feed: Literal["outside", "alpaca"] = "outside"
    watchlist: Tickers = ()
    news_minutes: Annotated[int, Ge(0), Le(10_080)] = 240
    max_tickers: Annotated[int, Ge(1), Le(10_000)] = 30
    warm_up_days: Annotated[int, Ge(0), Le(250)] = 20
    silent_seconds: Annotated[float, Gt(0), Le(86_400)] = 300
