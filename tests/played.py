"""Files of bars and articles as the events that the deciding flows read."""

from pathlib import Path

from connectors.market.bar_rows import bar_rows
from connectors.market.input_files import article_rows
from messages.market import Bar
from messages.news import RawArticle
from operators.admission import AdmitArticles, AdmitBars
from operators.blocks import Block, Event
from tests.models import scoring

HORIZON = 2**60


def read_scored(bars: Path, news: Path) -> list[Event]:
    """Return admitted minute bars and scored articles, in the order signals reads them."""
    events: list[Event] = []
    for rows, operator in (
        (bar_rows(bars), AdmitBars(HORIZON, "1m", "recorded")),
        (article_rows(news), AdmitArticles(HORIZON)),
    ):
        block = Block([Event(0, "", row) for row in rows(0)], 0)
        events += operator.step(block).events
    articles = [e for e in events if isinstance(e.body, RawArticle)]
    scored = scoring().step(Block(articles, 0)).events
    admitted = [e for e in events if isinstance(e.body, Bar)]
    return sorted(scored + admitted, key=lambda e: (e.stamp, e.key, isinstance(e.body, Bar)))
