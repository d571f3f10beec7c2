"""What the instant tier sees of a text: words, pairs of words, stems, and what is said by rule.

A feature is a hash. Words are hashed once and remembered; pairs are made from the words' hashes,
so that a headline costs a few dozen additions. Beyond words there are the marks of
`instant_rules.py`, as for `profit ... rose`, `-5.1%` or a lawsuit that was dismissed: those carry
over to texts whose words were never seen.
"""

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

from operators.news.instant_rules import BITS, MASK, Reading, Word, mark
from operators.news.instant_words import CUT, KIND, MINUS, SIGNED

__all__ = ["BITS", "MASK", "MAX_CHARACTERS", "MAX_TOKENS", "features", "mark", "plain_words"]

MAX_TOKENS: Final = 96
MAX_CHARACTERS: Final = 2_000
STEM: Final = 5
PAIR: Final = 0x9E3779B1
OTHER: Final = 0x85EBCA6B  # for a word that counts as another one
START: Final = 0xC2B2AE35
# A sign stands directly before its figure and after no other one: 5-10% is a range.
TOKEN: Final = re.compile(
    r"https?:\S+"
    r"|(?<![\w.,%)/$])(?:[-+\u2212]|(?<!\d\s)\u2013)[$€£]?\.?\d[\d.,]*(?:\s?(?:%|pct\b|percent\b))?"
    r"|[$€£]?\d[\d.,]*|\$[a-z]+(?:[.-][a-z])?\b|[a-z]+(?:['\u2019][a-z]+)*(?:-[a-z]+)*"
    r"|[%?!,;:]|\.(?=\s|$)"
)
NUMBER: Final = "<number>"
TICKER: Final = "<ticker>"
LINK: Final = "<link>"
SOME, MUCH = 3, 10  # a signed figure from which on it is more than a little, and much
LENGTHS: Final = [mark(f"length {n}") for n in range(9)]
_SOURCES: Final = {
    (ticker, link, stop): mark(f"source {ticker} {link} {stop}")
    for ticker in (False, True)
    for link in (False, True)
    for stop in (False, True)
}


def features(text: str) -> list[int]:
    """Return a text's features, each once; the first 96 words and punctuation marks count.

    >>> len(features("Profit rose to EUR 3.1 mn from EUR 2.5 mn")) > 20
    True
    >>> features("")
    []
    """
    found = TOKEN.findall(text[:MAX_CHARACTERS].lower())[:MAX_TOKENS]
    if not found:
        return []
    words = [_word(token) for token in found]
    reading = Reading(words)
    seen = reading.marks
    other = reading.other
    add = seen.add
    last = count = 0
    for i, word in enumerate(words):
        if word.kind == CUT and found[i] not in "?!":
            continue
        this = word.hash
        if i in other:
            why = other[i]
            this = (this * OTHER + why) & 0xFFFFFFFF
            add((word.more[0] * OTHER + why) & MASK)
        else:
            seen.update(word.more)
        add(this & MASK)
        add((last * PAIR + this) & MASK if count else (this * START) & MASK)
        last = this
        count += 1
    add(LENGTHS[min(count // 4, 8)])
    source = _SOURCES["$" in text, "http" in text, found[-1] == "."]
    add(source)
    add((reading.summary * PAIR + source) & MASK)
    return sorted(seen)


def plain_words(text: str) -> dict[str, int]:
    """Return the words that count as themselves, with their features; for training.

    >>> list(plain_words("Not bad"))
    ['not']
    """
    found = TOKEN.findall(text[:MAX_CHARACTERS].lower())[:MAX_TOKENS]
    words = [_word(token) for token in found]
    other = Reading(words).other
    return {
        token.replace("\u2019", "'"): word.hash & MASK
        for i, (token, word) in enumerate(zip(found, words, strict=True))
        if token[0].isalpha() and i not in other and word.hash != _word("http://").hash
    }


@lru_cache(maxsize=65_536)
def _word(token: str) -> Word:
    first = token[0]
    if first == "h" and token.startswith(("http:", "https:")):
        return _plain(LINK)
    if first in "-+\u2212\u2013":
        return _signed(token)
    if first.isdigit() or (first in "$€£" and token[1:2].isdigit()):
        return _plain(NUMBER)._replace(value=_value(token.lstrip("$€£")))
    if first == "$":
        return _plain(TICKER)
    return _plain(token.replace("\u2019", "'"))


def _plain(token: str) -> Word:
    more = [crc32(b"~" + token[:STEM].encode()) & MASK]
    if "-" in token:
        more += [crc32(part.encode()) & MASK for part in token.split("-")]
    return Word(crc32(token.encode()), tuple(more), KIND.get(token, 0), None)


def _signed(token: str) -> Word:
    sign = "+" if token[0] == "+" else "-"
    digits = token[1:].lstrip("$€£").rstrip("%pctern \t\n")
    value = abs(_value(digits) or 0.0)
    share = "" if token[-1].isdigit() or token[-1] in ".," else "%"
    size = "much" if value >= MUCH else "some" if value >= SOME else "little"
    kind = SIGNED | (MINUS if sign == "-" else 0)
    name = f"<{sign}{share}>"
    return Word(crc32(name.encode()), (crc32(f"{name}{size}".encode()) & MASK,), kind, None)


def _value(digits: str) -> float | None:
    try:
        return float(digits.replace(",", "").rstrip("."))
    except ValueError:
        return None  # such as 1.2.3
