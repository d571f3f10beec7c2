"""Names of listed companies: what is left of an exchange's name, and who has it."""

import pytest

from operators.news.directory import Listing, Name, names_of, words_of
from operators.news.symbols import dotted

COMMON = frozenset({"target", "energy", "general", "apple"})


def names(*listings: Listing) -> dict[str, Name]:
    return {" ".join(words): name for words, name in names_of(listings, COMMON).items()}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Agilent Technologies, Inc.", {"agilent technologies", "agilent tech", "agilent"}),
        ("Schneider National, Inc. - Common Stock", {"schneider national"}),
        ("Berkshire Hathaway Inc. Class B", {"berkshire hathaway"}),
        ("The Walt Disney Company", {"walt disney"}),
        ("3M Company", set()),  # two letters are no name
        ("Alibaba Group Holding Limited American Depositary Shares", {"alibaba"}),
        ("SPDR S&P 500 ETF Trust", set()),
        ("Acme Acquisition Corp Units", set()),
        ("Ford Motor Co 6.2% Notes due 2059", set()),
        ("12345 Inc", set()),
        ("", set()),
    ],
)
def test_what_is_left_of_a_name(name: str, found: set[str]) -> None:
    variants = {n for n in names(Listing("TICK", name)) if not n.endswith((" inc", " company"))}
    assert {n for n in variants if "group" not in n} == found


def test_a_word_that_two_companies_begin_with_is_neither_s_alone() -> None:
    found = names(Listing("GMT", "Gamma Technologies Inc"), Listing("GMS", "Gamma Systems Inc"))
    assert "gamma" not in found
    assert names(Listing("GMT", "Gamma Technologies Inc"))["gamma"].ticker == "GMT"


def test_ordinary_words_are_weak_and_so_are_shortened_names() -> None:
    found = names(Listing("TGT", "Target Corporation"), Listing("ZED", "Zedcor Energy Inc"))
    assert found["target"].weak
    assert found["zedcor"].weak
    assert not found["zedcor energy"].weak
    assert not found["target corporation"].weak


def test_the_earlier_listing_has_the_name_and_given_names_come_first() -> None:
    found = names(
        Listing("ONE", "Omega Inc"), Listing("TWO", "Omega Corp"),
        Listing("THREE", "", ("Omega Three", "?Apple", "@Omega Bank")),
    )  # fmt: skip
    assert found["omega"].ticker == "ONE"
    assert found["omega three"] == Name("THREE", given=True)
    assert found["apple"] == Name("THREE", weak=True, given=True)
    assert found["omega bank"] == Name("THREE", broker=True, given=True)


@pytest.mark.parametrize(
    ("ticker", "found"),
    [("BRK-B", "BRK.B"), ("BF/B", "BF.B"), ("AAPL", "AAPL"), ("-B", "-B"), ("BTC-USD", "BTC-USD"),
     ("A", "A"), ("", "")],
)  # fmt: skip
def test_share_classes_have_a_dot(ticker: str, found: str) -> None:
    assert dotted(ticker) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [("AT&T Inc.", ["at&t", "inc"]), ("", []), ("a_b", ["a", "b"]), ("L'Oréal", ["l", "oreal"])],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words
