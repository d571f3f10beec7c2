"""Where an article names tickers."""

from typing import NamedTuple


class Mention(NamedTuple):
    """A ticker found at a place in the text, which ends before `end`."""

    at: int
    ticker: str
    end: int


class Found(NamedTuple):
    """What an article names.

    Attributes:
        tickers: it is about, the feed's own first, then by first mention.
        mentions: of tickers, by place in the title and, behind `. `, the content.
    """

    tickers: tuple[str, ...]
    mentions: tuple[Mention, ...]
