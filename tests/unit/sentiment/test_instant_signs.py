"""Which way the instant tier takes a sentence: signs, denials, what ends, inverse figures."""

from importlib.resources import files
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sentiment.instant import FILE, instant_model
from operators.news.features import MASK, MAX_TOKENS, features, mark, plain_words
from operators.news.instant_model import MAGIC, InstantModel, ModelUnusable
from operators.news.labels import THRESHOLD, label_of

UP, DOWN, FLAT = "positive", "negative", "neutral"


def label(text: str) -> str:
    return label_of(instant_model().score(text).score)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # signed shares, with every minus sign
        ("Roku -5.1%", DOWN),
        ("Roku \u22125.1%", DOWN),
        ("Roku \u20135.1%", DOWN),
        ("Roku +5.1%", UP),
        ("Delmore -12 % after results", DOWN),
        ("Delmore +12 % after results", UP),
        ("Vantor (-3.4%) on Q3 report", DOWN),
        ("Vantor shares +3.4 percent", UP),
        ("Vantor shares -3.4 percent", DOWN),
        ("Oakfield down 5% premarket", DOWN),
        ("Oakfield up 5% premarket", UP),
        # what is thrown out, settled, lifted, ended, avoided
        ("Judge dismisses lawsuit", UP),
        ("Judge dismisses lawsuit against Pinecrest", UP),
        ("Appeals court throws out fraud charges against Larchmont", UP),
        ("Regulator drops investigation into Mirex", UP),
        ("Torvald settles patent suit", UP),
        ("Government lifts ban on Quillon", UP),
        ("Strike at Sunrise Motors ends", UP),
        ("Harbour Foods avoids strike", UP),
        ("Ashby Retail averts bankruptcy", UP),
        ("Union withdraws complaint against Delmore", UP),
        ("Lawsuit against Meridian dismissed", UP),
        ("Lawsuit filed against Meridian", DOWN),
        ("Court refuses to dismiss lawsuit against Meridian", DOWN),
        ("Mirex fails to avoid bankruptcy", DOWN),
        ("Regulator opens investigation into Mirex", DOWN),
        ("Torvald faces patent suit", DOWN),
        ("Workers begin strike at Sunrise Motors", DOWN),
        # good things taken away
        ("Kestrel withdraws forecast", DOWN),
        ("Kestrel suspends dividend", DOWN),
        ("Kestrel loses contract", DOWN),
        ("Kestrel wins contract", UP),
        # losses
        ("Quarterly loss shrinks", UP),
        ("Pinecrest loss narrows", UP),
        ("Pinecrest loss widens", DOWN),
        ("Operating loss deepened at Vantor", DOWN),
        ("Net loss was EUR 1.2 mn , compared to a loss of EUR 4.5 mn", UP),
        # figures of which less is better
        ("Unemployment falls", UP),
        ("Unemployment rises", DOWN),
        ("Bond yields fall", UP),
        ("Jobless claims drop", UP),
        ("Jobless claims jump", DOWN),
        ("Vantor cuts costs", UP),
        ("Costs rise at Vantor", DOWN),
        ("Inflation eases in March", UP),
        ("Net debt decreased", UP),
        # denials and comparisons
        ("Results not as bad as feared", UP),
        ("Results worse than feared", DOWN),
        ("Oakfield will not pay a dividend", DOWN),
        ("Larchmont is not profitable", DOWN),
        ("Larchmont is profitable", UP),
        # company reports
        ("Operating profit rose to EUR 13.1 mn from EUR 8.7 mn", UP),
        ("Operating profit fell to EUR 8.7 mn from EUR 13.1 mn", DOWN),
        ("Torvald has won a contract to supply paper machines to Latvia", UP),
        ("Torvald will lay off 120 employees in Latvia", DOWN),
        # plain descriptions, ranges and dates say nothing
        ("The company is based in Helsinki and employs 120 people", FLAT),
        ("The plant is located in Tampere", FLAT),
        ("Torvald appoints chief financial officer", FLAT),
        ("The annual general meeting will be held on 3 May", FLAT),
        ("The value of the contract was not disclosed", FLAT),
        ("Harbour Foods holds 5-10% of the market", FLAT),
        ("Index little changed", FLAT),
        # what must not be turned round
        ("Stock drops on lawsuit", DOWN),
        ("Shares fall after fraud probe", DOWN),
        ("Profit falls", DOWN),
        ("Profit rises as costs fall", UP),
        ("Sales drop", DOWN),
        ("Not only profit, sales rose too", UP),
    ],
)
def test_the_way(text: str, expected: str) -> None:
    assert label(text) == expected


@pytest.mark.parametrize("other", ["Roku -5.1%", "Roku \u22125.1%", "Roku \u20135.1%"])
def test_every_minus_sign_is_the_same(other: str) -> None:
    assert features(other) == features("Roku -5.1%")
    assert features(other) != features("Roku +5.1%")


@pytest.mark.parametrize("text", ["5-10% of votes", "5 \u201310% of votes", "2019\u201320", "F-16"])
def test_a_range_has_no_sign(text: str) -> None:
    assert not {mark("sign 1"), mark("sign -1")} & set(features(text))


@pytest.mark.parametrize(
    ("text", "found", "missing"),
    [
        ("-5%", "sign -1", "sign 1"),
        ("+5%", "sign 1", "sign -1"),
        ("unemployment -0.3%", "bad sign -1", "bad sign 1"),
        ("drops lawsuit", "ends bad", "ends good"),
        ("lawsuit dropped", "ends bad", "ends good"),
        ("drops dividend", "ends good", "ends bad"),
        ("fails to settle lawsuit", "not ends bad", "ends bad"),
        ("shares drop after lawsuit", "good down", "ends bad"),
        ("wins contract", "fine 1", "ends good"),
        ("profit rises as costs fall", "bad down", "bad up"),
        ("not weak", "not poor", "not fine"),
        ("not, weak", "poor 1", "not poor"),
    ],
)
def test_marks_of_rules(text: str, found: str, missing: str) -> None:
    assert mark(found) in features(text)
    assert mark(missing) not in features(text)


def test_a_word_that_counts_as_another() -> None:
    assert crc32(b"lawsuit") & MASK in features("faces lawsuit")
    assert crc32(b"lawsuit") & MASK not in features("drops lawsuit")
    assert list(plain_words("Judge drops lawsuit")) == ["judge"]


def test_a_long_text_takes_time_in_proportion() -> None:
    """Ten thousand times the words are cut off, whatever they are."""
    for word in ("not ", "drops lawsuit ", "costs fall ", "-5% ", "5 from 3 ", "a-b-c-d-e-f"):
        assert len(features(word * 10_000)) < 10 * MAX_TOKENS


def test_the_file_is_small_and_the_words_before_it_are_refused() -> None:
    packed = files("connectors.sentiment").joinpath(FILE).read_bytes()
    assert len(packed) < 2_000_000
    assert packed.startswith(MAGIC)
    for old in (b"tidewire-instant-1\n", b"tidewire-instant-3\n"):
        with pytest.raises(ModelUnusable, match="another version of the features"):
            InstantModel(old + packed[len(MAGIC) :])
    with pytest.raises(ModelUnusable, match="no instant model"):
        InstantModel(b"something else")


@given(st.text(max_size=300))
def test_the_label_is_the_most_probable_class(text: str) -> None:
    verdict = instant_model().score(text)
    if verdict.confidence > 0.5:
        assert (abs(verdict.score) < THRESHOLD) == (label_of(verdict.score) == FLAT)
    assert instant_model().score(text) == verdict
