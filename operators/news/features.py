"""What the instant tier sees of a text: words, pairs of words, stems, and money going up or down.

A feature is a hash. Words are hashed once and remembered; pairs are made from the words' hashes,
so that a headline costs a few dozen additions. Beyond words there are marks for what a sentence
says of a figure, as `profit ... rose` or `EUR 3.1 mn ... from EUR 2.5 mn`: those carry over to
texts whose words were never seen.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple
from zlib import crc32

BITS: Final = 18
MASK: Final = (1 << BITS) - 1
MAX_TOKENS: Final = 96
MAX_CHARACTERS: Final = 2_000
STEM: Final = 5
REACH: Final = 9  # words between a figure's name and its verb
PAIR: Final = 0x9E3779B1
TOKEN: Final = re.compile(
    r"https?:\S+|[$€£]?\d[\d.,]*|\$[a-z]+(?:[.-][a-z])?\b|[a-z]+(?:['\u2019][a-z]+)*|[%?!]"
)
NUMBER: Final = "<number>"
TICKER: Final = "<ticker>"

GOOD, BAD, UP, DOWN, THAN, NOT = 1, 2, 3, 4, 5, 6
_KINDS: Final = {
    GOOD: (
        "profit profits sales revenue revenues turnover earnings income ebit ebitda eps order "
        "orders intake margin margins profitability demand volume volumes production exports "
        "dividend dividends traffic passengers shipments deliveries output share shares stock "
        "stocks index growth rating target price prices outlook guidance forecast estimates result "
        "results cash flow backlog market bookings subscribers pt yield surplus"
    ),
    BAD: (
        "loss losses cost costs expense expenses debt unemployment claims deficit layoffs "
        "inflation writedown impairment liabilities tax taxes shortfall"
    ),
    UP: (
        "rose rise rises rising increased increase increases increasing grew grow grows growing "
        "growth up climbed climbs climb jumped jumps jump higher improved improves improve surged "
        "surges surge doubled doubles tripled gained gains gain soared soars soar advanced rallied "
        "rallies strengthened expanded expand exceeded beat beats tops topped raised raises raise "
        "lifted lifts boosted boosts upgraded upgrade widened widens rebounds rebounded upped hikes"
    ),
    DOWN: (
        "fell fall falls falling decreased decrease decreases decreasing declined decline declines "
        "declining down dropped drops drop slipped slips slip lower lowered lowers reduced reduce "
        "reduces narrowed narrows shrank shrinks cut cuts weakened weakens slid slides plunged "
        "plunges plunge halved tumbled tumbles sank sinks plummeted missed misses miss trimmed "
        "trims shed sheds slashed slashes downgraded downgrade contracted eased dipped dips "
        "diminished sinking slumped slumps slump dives"
    ),
    THAN: "from versus vs against compared compare year-ago",
    NOT: "not no never n't without hardly unlikely fails failed isn't won't doesn't don't didn't",
}
KIND: Final = {word: kind for kind, words in _KINDS.items() for word in words.split()}
NOUNS: Final = {GOOD: "good", BAD: "bad"}
MOVES: Final = {UP: "up", DOWN: "down"}


class Word(NamedTuple):
    """One word of a text: its hashes, what kind it is, and its value if it is a number."""

    hash: int
    stem: int
    kind: int
    value: float | None


def mark(name: str) -> int:
    """Return the hash of a mark."""
    return crc32(f"@{name}".encode()) & MASK


_MARKS: Final = {
    (noun, move): mark(f"{n} {m}") for noun, n in NOUNS.items() for move, m in MOVES.items()
}
_MORE: Final = {noun: mark(f"{name} more") for noun, name in NOUNS.items()}
_LESS: Final = {noun: mark(f"{name} less") for noun, name in NOUNS.items()}
_INTO_PROFIT, _INTO_LOSS = mark("into profit"), mark("into loss")
_NEGATED: Final = {UP: mark("not up"), DOWN: mark("not down")}


def features(text: str) -> list[int]:
    """Return a text's features, each once; the first 96 words count.

    >>> len(features("Profit rose to EUR 3.1 mn from EUR 2.5 mn")) > 20
    True
    >>> features("")
    []
    """
    found = TOKEN.findall(text[:MAX_CHARACTERS].lower())[:MAX_TOKENS]
    words = [_word(token) for token in found]
    seen: set[int] = set()
    add = seen.add
    last = 0
    for word in words:
        this = word.hash
        add(this & MASK)
        add(word.stem)
        if last:
            add((last * PAIR + this) & MASK)
        last = this
    _money(words, seen)
    return sorted(seen)


def _money(words: list[Word], seen: set[int]) -> None:
    """Add marks for figures that rise, fall, or are compared with an earlier figure."""
    noun = at = move_at = negated_at = -1
    amount: float | None = None
    move = 0
    compared = False
    for i, word in enumerate(words):
        kind = word.kind
        if not kind:
            if word.value is None:
                continue
            if compared and amount is not None and noun > 0:
                if word.value != amount:
                    seen.add((_MORE if amount > word.value else _LESS)[noun])
                compared, amount = False, None
            elif not compared:
                amount = word.value if amount is None or i - at < REACH else amount
        elif kind in NOUNS:
            if compared and noun > 0 and noun != kind:
                seen.add(_INTO_PROFIT if kind == BAD else _INTO_LOSS)
            if move and i - move_at <= 3:
                seen.add(_MARKS[kind, move])
            noun, at = kind, i
        elif kind in MOVES:
            if noun > 0 and i - at <= REACH:
                seen.add(_MARKS[noun, kind])
            if negated_at >= 0 and i - negated_at <= 3:
                seen.add(_NEGATED[kind])
            move, move_at = kind, i
        elif kind == THAN:
            compared = True
        else:
            negated_at = i


@lru_cache(maxsize=65_536)
def _word(token: str) -> Word:
    first = token[0]
    if first == "h" and token.startswith(("http:", "https:")):
        return _plain("<link>")
    if first.isdigit() or (first in "$€£" and token[1:2].isdigit()):
        return Word(*_hashes(NUMBER), 0, _value(token.lstrip("$€£")))
    if first == "$":
        return _plain(TICKER)
    return _plain(token.replace("\u2019", "'"))


def _plain(token: str) -> Word:
    return Word(*_hashes(token), KIND.get(token, 0), None)


def _hashes(token: str) -> tuple[int, int]:
    return crc32(token.encode()), crc32(b"~" + token[:STEM].encode()) & MASK


def _value(digits: str) -> float | None:
    try:
        return float(digits.replace(",", "").rstrip("."))
    except ValueError:
        return None  # such as 1.2.3
