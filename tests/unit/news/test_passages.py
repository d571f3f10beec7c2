"""What a text says of which company: signs by company, and what a passage is made of."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tickers.directory import ticker_finder
from messages.news import ScoredArticle
from operators.news.directory import words_of
from operators.news.passages import Passage, Place, passages
from tests.models import scoring
from tests.streams import blocks, bodies, outputs, raw

UP, DOWN, NONE = "up", "down", "none"
SAID: dict[str, dict[str, str]] = {
    "Apple, Nvidia rise on strong demand; Tesla falls": {"AAPL": UP, "NVDA": UP, "TSLA": DOWN},
    "Tesla plunges while Ford jumps after record profit": {"TSLA": DOWN, "F": UP},
    "Intel slumps on weak outlook but AMD soars on record sales": {"INTC": DOWN, "AMD": UP},
    "Boeing shares tumble as Airbus rival Lockheed Martin surges": {"BA": DOWN, "LMT": UP},
    "Walmart gains 4%, Target stock drops 6%": {"WMT": UP, "TGT": DOWN},
    "Netflix jumps after strong results - Disney falls on subscriber losses": {
        "NFLX": UP, "DIS": DOWN,
    },
    "Pfizer falls 5% and Merck rises 3%": {"PFE": DOWN, "MRK": UP},
    "Nvidia surges, lifting AMD; Intel plunges on fraud probe": {"NVDA": UP, "INTC": DOWN},
    "Coca-Cola climbs on upbeat forecast, whereas PepsiCo slides": {"KO": UP, "PEP": DOWN},
    "Microsoft rallies though Oracle tumbles": {"MSFT": UP, "ORCL": DOWN},
    "Shares of Starbucks fall. Chipotle jumps on strong sales": {"SBUX": DOWN, "CMG": UP},
    "Exxon and Chevron rise; Halliburton slumps": {"XOM": UP, "CVX": UP, "HAL": DOWN},
    "Nvidia overtakes Microsoft as profit soars": {"NVDA": UP, "MSFT": DOWN},
    "AMD beats longtime rival Intel with record growth": {"AMD": UP, "INTC": DOWN},
    "Costco outperforms Walmart with strong growth": {"COST": UP, "WMT": DOWN},
    "Apple surpasses Microsoft after record gains": {"AAPL": UP, "MSFT": DOWN},
    "Tesla jumps on record deliveries, trails Ford": {"TSLA": UP},
    "Oracle sues Salesforce over fraud": {"ORCL": NONE, "CRM": DOWN},
    "Apple sues Qualcomm over unfair fees": {"AAPL": NONE},
    "Microsoft to acquire Adobe at record premium, shares soar": {"MSFT": NONE, "ADBE": UP},
    "Chevron buys Occidental at strong premium, shares jump": {"CVX": NONE},
    "Boeing soars on record order from Delta Air Lines": {"BA": UP, "DAL": NONE},
    "Nvidia rallies on strong deal with Oracle": {"NVDA": UP, "ORCL": NONE},
    "Moderna plunges after patent loss against Pfizer": {"MRNA": DOWN, "PFE": NONE},
    "AMD soars after record profit while Intel, Micron fall": {
        "AMD": UP, "INTC": DOWN, "MU": DOWN,
    },
    "Uber jumps on record bookings; rival Lyft tumbles on weak outlook": {
        "UBER": UP, "LYFT": DOWN,
    },
    "Ford recalls trucks and shares fall; General Motors raises outlook and gains": {
        "F": DOWN, "GM": UP,
    },
    "Nike slides on falling demand, but Lululemon rises on strong growth": {
        "NKE": DOWN, "LULU": UP,
    },
    "Home Depot tops estimates and climbs; Lowe's misses and sinks": {"HD": UP, "LOW": DOWN},
    "Amazon gains on strong sales, Alphabet drops on antitrust probe": {
        "AMZN": UP, "GOOGL": DOWN,
    },
    "Verizon falls on subscriber losses | AT&T rises on strong growth": {"VZ": DOWN, "T": UP},
    "Caterpillar slumps on weak demand; Deere jumps on record profit": {"CAT": DOWN, "DE": UP},
    "Johnson & Johnson rises, Pfizer falls": {"JNJ": UP, "PFE": DOWN},
    "Tesla falls, even as Rivian soars on strong deliveries": {"TSLA": DOWN, "RIVN": UP},
    "Spotify sued by Warner Music over royalties": {"SPOT": DOWN},
    "Etsy sued by Shopify": {"ETSY": DOWN, "SHOP": NONE},
    "Citi upgrades Boeing, downgrades Lockheed Martin": {"BA": UP, "LMT": DOWN},
    "Delta Air Lines cancels Boeing order": {"DAL": NONE, "BA": DOWN},
    "Skyworks plunges as it loses Apple": {"SWKS": DOWN, "AAPL": NONE},
    "Nvidia supplier Corning soars": {"NVDA": NONE, "GLW": UP},
    "Amazon-backed Rivian plunges": {"AMZN": NONE, "RIVN": DOWN},
    "Roku, unlike Netflix, soars": {"ROKU": UP, "NFLX": NONE},
    "Boeing gains on order from Delta Air Lines": {"BA": UP, "DAL": NONE},
    "Xiaomi overtakes Tesla": {"TSLA": DOWN},
    "Cisco sues Arasta over fraud": {"CSCO": NONE},
    "Sales beat Tesla's forecast": {"TSLA": UP},
}  # fmt: skip


def sign(score: float) -> str:
    return UP if score > 0 else DOWN if score < 0 else NONE


@pytest.mark.parametrize("title", SAID)
def test_each_company_has_its_own_sign(title: str) -> None:
    found = bodies(outputs(scoring(), blocks([raw(1, title)], [])), ScoredArticle)
    told = {s.ticker: sign(s.sentiment_score) for s in found}
    assert {ticker: told[ticker] for ticker in SAID[title]} == SAID[title]


NAMES = ("Apple", "Tesla", "Nvidia Corp", "Ford")
GAPS = (
    " rises", " falls on weak demand", ", ", " and ", "; ", " - ", " while ", " as ", " but ",
    ". ", " beats ", " to buy ", " with ", " <X.N> ", "... ", "\n", ": ", " (", ") ", " vs. ",
)  # fmt: skip
PIECES = st.lists(st.sampled_from([*NAMES, *GAPS]), max_size=40)


def placed(pieces: list[str]) -> tuple[str, list[Place]]:
    text, places = "", list[Place]()
    for piece in pieces:
        if piece in NAMES:
            places.append(Place(len(text), len(text) + len(piece), piece))
        text += piece
    return text, places


@given(PIECES)
def test_a_passage_is_made_of_the_text_s_own_words_and_names_its_company(
    pieces: list[str],
) -> None:
    text, places = placed(pieces)
    found = passages(text, places)
    assert list(found) == list(dict.fromkeys(p.company for p in places))
    for company, passage in found.items():
        words = iter(words_of(text))
        assert all(word in words for word in words_of(passage.text)), "in the text's order"
        assert company in passage.text
        assert passage.sense in (-1, 0, 1)


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 20))
def test_a_text_of_one_company_is_its_passage(text: str, start: int, length: int) -> None:
    place = Place(start, start + length, "A")
    assert passages(text, [place, place]) == {"A": Passage(text)}
    assert passages(text, []) == {}


def test_only_the_clause_in_which_another_wins_is_reversed() -> None:
    text = "Xiaomi overtakes Tesla. Prices fell. Tesla posts a record profit"
    places = [Place(17, 22, "T"), Place(37, 42, "T")]
    assert passages(text, places) == {"T": Passage("Tesla posts a record profit")}


@given(st.text(max_size=200), st.lists(st.tuples(st.integers(0, 250), st.integers(0, 250))))
def test_any_places_are_borne(text: str, spans: list[tuple[int, int]]) -> None:
    places = [Place(min(s), max(s), str(i % 5)) for i, s in enumerate(spans)]
    assert passages(text, places) == passages(text, places[::-1])


@pytest.mark.parametrize(
    "filler",
    [" ", ", ", " and", "((", "(and)", "<a", ": ", "-", ".", "the ", "\n", "as ", "$", "\u2014 "],
)
def test_a_long_text_takes_no_long_time(filler: str) -> None:
    text = "A" + filler * (8_000 // len(filler)) + "B"
    places = [Place(0, 1, "A"), Place(len(text) - 1, len(text), "B")]
    began = time.process_time()
    passages(text, places)
    assert time.process_time() - began < 1


def test_a_body_s_sentences_are_each_its_company_s() -> None:
    title = "Chipmakers report: Nvidia soars on record profit, Intel plunges"
    content = "Nvidia rose 8%. It raised its outlook. Intel fell 9% on weak demand."
    finder = ticker_finder()
    found = finder.read((), title, content)
    places = [Place(m.at, m.end, m.ticker) for m in found.mentions]
    told = passages(f"{title}. {content}", places)
    assert told["NVDA"].text == (
        "Chipmakers report: Nvidia soars on record profit Nvidia rose 8%. It raised its outlook."
    )
    assert told["INTC"].text == "Intel plunges. Intel fell 9% on weak demand."
