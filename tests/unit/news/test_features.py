"""Marks that carry over to words never seen: a figure's name, where it moves, an earlier one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.news.features import BITS, MAX_CHARACTERS, MAX_TOKENS, features, mark
from operators.news.labels import THRESHOLD, label_of

MARKS = ("good up", "good down", "bad up", "bad down", "good more", "good less", "bad more",
         "bad less", "into profit", "into loss", "not up", "not down")  # fmt: skip


def marks(text: str) -> set[str]:
    found = set(features(text))
    return {name for name in MARKS if mark(name) in found}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("profit rose", {"good up"}),
        ("sales fell", {"good down"}),
        ("costs increased", {"bad up"}),
        ("loss narrowed", {"bad down"}),
        ("higher sales", {"good up"}),
        ("revenue was 5 mn from 3 mn", {"good more"}),
        ("revenue was 3 mn from 5 mn", {"good less"}),
        ("loss was 3 mn compared to 5 mn", {"bad less"}),
        ("revenue was 5 mn from 5 mn", set()),
        ("revenue was 1,500 from 900", {"good more"}),
        ("revenue was 1.2.3 from 900", set()),
        ("a profit versus a loss", {"into profit"}),
        ("a loss versus a profit", {"into loss"}),
        ("not higher", {"not up"}),
        ("no drop", {"not down"}),
        ("the sun rose", set()),
        ("profit of all the many long words between these two rose", set()),
        ("", set()),
    ],
)
def test_marks(text: str, found: set[str]) -> None:
    assert marks(text) == found


def test_numbers_links_and_tickers_are_one_word_each() -> None:
    assert features("see https://a.test/1") == features("see https://b.test/2")
    assert features("up $12.50") == features("up $99")
    assert features("buy $aapl") == features("buy $msft")
    assert features("It\u2019s up") == features("it's UP")


@given(st.text(max_size=300))
def test_features_are_a_set_of_hashes_in_order(text: str) -> None:
    found = features(text)
    assert found == sorted(set(found))
    assert all(0 <= f < 1 << BITS for f in found)
    assert found == features(text)


def test_only_the_beginning_counts() -> None:
    words = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(MAX_TOKENS))
    assert features(f"{words} more words") == features(words)
    long = "a" * MAX_CHARACTERS
    assert features(f"{long}b") == features(long)


@pytest.mark.parametrize(
    ("score", "label"),
    [(1, "positive"), (THRESHOLD, "positive"), (THRESHOLD - 1e-9, "neutral"), (0, "neutral"),
     (-THRESHOLD + 1e-9, "neutral"), (-THRESHOLD, "negative"), (-1, "negative")],
)  # fmt: skip
def test_labels(score: float, label: str) -> None:
    assert label_of(score) == label
