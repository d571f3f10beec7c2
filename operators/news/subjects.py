"""Whom an article is about, how far, and which passage of it a model is to be asked about."""

from typing import Final, NamedTuple

from messages.news import MARKET, About, RawArticle
from operators.news.instant_model import Verdict
from operators.news.mentions import Found
from operators.news.passages import AS_READ, Passage, Place, passages
from operators.news.tickers import BETWEEN, TickerFinder

TEXT: Final = 8_000  # characters that a model is given; none reads more
LONGEST: Final = 60  # characters of a name


class Subject(NamedTuple):
    """One ticker of an article.

    Attributes:
        ticker: `_market` of an article that is about none.
        about: how the article is about it, as in `ScoredArticle`.
        name: of its company as the text has it, where it names several; else its ticker.
        passage: what a model is to be asked about.
    """

    ticker: str
    about: About
    name: str
    passage: Passage


class Asked(NamedTuple):
    """What models are asked of one article.

    Attributes:
        text: the whole of it.
        subjects: one at least.
    """

    text: str
    subjects: tuple[Subject, ...]


def text_of(article: RawArticle) -> str:
    """Return what a model is given: the title, then the content if there is one; capped."""
    if not article.content:
        return article.title[:TEXT]
    return f"{article.title}{BETWEEN}{article.content}"[:TEXT]


def asked_of(article: RawArticle, finder: TickerFinder) -> Asked:
    """Tell what is to be asked of an article, as it is before any model is."""
    found = finder.read(article.symbols, article.title, article.content, article.published_at)
    text = text_of(article)
    subjects = subjects_of(text, len(article.title), found, finder)
    return Asked(text, subjects or (Subject(MARKET, "market", MARKET, Passage(text)),))


def subjects_of(text: str, title: int, read: Found, finder: TickerFinder) -> tuple[Subject, ...]:
    """Return a subject for each ticker of an article.

    Args:
        text: of the article.
        title: how long its title is.
        read: what the finder read in it.
        finder: tells which tickers are one company's.
    """
    company = finder.company_of
    places = [Place(m.at, m.end, company(m.ticker)) for m in read.mentions]
    named = {place.company for place in places}
    several = len(named) > 1
    told = passages(text, places) if places else {}
    whole = Passage(text)
    titled = any(m.at < title for m in read.mentions)
    found: list[Subject] = []
    for ticker in read.tickers:
        one = company(ticker)
        if one in named:
            name = _name(text, ticker, one, places) if several else ticker
            found.append(Subject(ticker, "named", name, told.get(one, whole)))
        else:
            found.append(Subject(ticker, "beside" if titled else "tagged", ticker, whole))
    return tuple(found)


def taken(verdict: Verdict, passage: Passage) -> Verdict:
    """Return what a verdict of a passage says of the passage's company."""
    if passage.sense == AS_READ:
        return verdict
    return verdict._replace(score=verdict.score * passage.sense + 0.0)


def _name(text: str, ticker: str, company: str, places: list[Place]) -> str:
    """Return the first name that is no list and no bracket, on one line."""
    for place in places:
        written = text[place.start : place.end]
        if place.company == company and written[:1].isalnum() and "," not in written:
            return " ".join(written.split())[:LONGEST]
    return ticker
