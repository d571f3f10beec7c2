"""Whom an article is about, and how: named, tagged, or beside others."""

import pytest
from msgspec.structs import replace

from connectors.tickers.directory import ticker_finder
from messages.news import MARKET, RawArticle
from operators.news.directory import Listing
from operators.news.instant_model import Verdict
from operators.news.passages import Passage
from operators.news.subjects import Asked, asked_of, taken, text_of
from operators.news.tickers import TickerFinder
from tests.streams import raw


def asked(title: str, symbols: tuple[str, ...] = (), content: str = "") -> Asked:
    body = raw(1, title, symbols).body
    assert isinstance(body, RawArticle)
    return asked_of(replace(body, content=content), ticker_finder())


@pytest.mark.parametrize(
    ("title", "symbols", "content", "about"),
    [
        ("Nvidia reignites optimism", ("MU",), "", {"MU": "beside", "NVDA": "named"}),
        ("Nvidia reignites optimism", ("MU",), "Micron rose too.",
         {"MU": "named", "NVDA": "named"}),
        ("Chipmakers rally", ("MU",), "", {"MU": "tagged"}),
        ("Chipmakers rally", ("MU",), "Nvidia leads.", {"MU": "tagged", "NVDA": "named"}),
        ("Nvidia, Micron rally", ("MU",), "", {"MU": "named", "NVDA": "named"}),
        ("$MU soars", ("MU",), "", {"MU": "named"}),
        ("Alphabet soars", ("GOOG",), "", {"GOOG": "named", "GOOGL": "named"}),
        ("Berkshire Hathaway buys", ("BRK.A",), "", {"BRK.A": "named", "BRK.B": "named"}),
        ("Nasdaq gains on Fed hopes", ("SPY",), "", {"SPY": "tagged"}),
        ("Stocks rally", (), "", {MARKET: "market"}),
        ("KO and Apple rise", ("KO",), "", {"KO": "named", "AAPL": "named"}),
        ("MINE soars, Apple falls", ("MINE",), "", {"MINE": "named", "AAPL": "named"}),
        ("Target falls as Walmart gains", ("TGT",), "", {"TGT": "named", "WMT": "named"}),
        ("AI lifts Nvidia", ("AI",), "", {"AI": "beside", "NVDA": "named"}),
        ("Tesla falls", ("TSLA", "TSLA"), "", {"TSLA": "named"}),
    ],
)  # fmt: skip
def test_how_an_article_is_about_a_ticker(
    title: str, symbols: tuple[str, ...], content: str, about: dict[str, str]
) -> None:
    found = asked(title, symbols, content)
    assert {s.ticker: s.about for s in found.subjects} == about


def test_what_is_beside_or_tagged_has_the_whole_text_and_a_named_one_its_passage() -> None:
    found = asked("Nvidia soars; Intel slumps", ("MU",))
    assert found.text == "Nvidia soars; Intel slumps"
    assert {s.ticker: s.passage.text for s in found.subjects} == {
        "MU": found.text, "NVDA": "Nvidia soars", "INTC": "Intel slumps",
    }  # fmt: skip
    assert {s.ticker: s.name for s in found.subjects} == {
        "MU": "MU", "NVDA": "Nvidia", "INTC": "Intel",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content", ["", "Apple said so. It rose after Apple's event; buyers wait, and sellers too."]
)
def test_an_article_of_one_company_is_read_whole(content: str) -> None:
    found = asked("Apple (NASDAQ: AAPL) rises, but Apple's suppliers fall", (), content)
    (subject,) = found.subjects
    assert subject.passage == Passage(found.text)
    body = raw(1, "Apple (NASDAQ: AAPL) rises, but Apple's suppliers fall").body
    assert isinstance(body, RawArticle)
    assert found.text == text_of(replace(body, content=content))


def test_mentions_are_where_the_text_has_them() -> None:
    title, content = "Chip stocks: $AMD, Nvidia Corp (NASDAQ: NVDA)", "Estée Lauder and Intel rise."
    text = f"{title}. {content}"
    found = ticker_finder().read((), title, content)
    assert {text[m.at : m.end] for m in found.mentions} == {
        "$AMD", "AMD", "Nvidia", "NASDAQ: NVDA", "Estée Lauder", "Intel",
    }  # fmt: skip
    below = "A long first paragraph that names nobody and goes on and on, until it ends here.\n$IBM"
    (mention,) = ticker_finder().read((), "A title", below).mentions
    assert f"A title. {below}"[mention.at : mention.end] == "$IBM"


def test_classes_of_one_company_by_a_directory() -> None:
    listings = [
        Listing("QWA", "Qwertine Inc. - Class A Common Stock"),
        Listing("QWB", "Qwertine Inc. - Class B Common Stock"), Listing("ZUR", "Zurromed Inc."),
    ]  # fmt: skip
    company = TickerFinder(listings).company_of
    assert [company(t) for t in ("QWA", "QWB", "ZUR", "BRK.B", "GOOG")] == [
        "QWA", "QWA", "ZUR", "BRK", "GOOGL",
    ]  # fmt: skip


def test_a_verdict_is_taken_by_the_sense_of_its_passage() -> None:
    verdict = Verdict(0.8, 0.9, "m")
    assert [taken(verdict, Passage("x", s)).score for s in (1, 0, -1)] == [0.8, 0.0, -0.8]
    assert str(taken(Verdict(-0.8, 0.9, "m"), Passage("x", 0)).score) == "0.0"
