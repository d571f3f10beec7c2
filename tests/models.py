"""The scoring operator as backtests build it: the instant tier and the bundled directory."""

from connectors.sentiment.instant import instant_model
from connectors.tickers.directory import ticker_finder
from operators.news.scoring import Scoring


def scoring() -> Scoring:
    return Scoring(instant_model().score, ticker_finder())
