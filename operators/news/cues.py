"""What stands beside a name or a ticker and says that it is one, or that it is none."""

import re
from typing import Final

from operators.news.directory import TOKEN
from operators.news.words import CUES, DISEASES, FORMS, LEGAL, LITTLE, OWNERS, REPORTING

MIN_ABBREVIATION: Final = 3
SHORT: Final = 3  # words of a text that may be tickers alone
RATED: Final = re.compile(
    r" (?:raises|cuts|lifts|lowers|boosts|trims|slashes|hikes|sees|expects|affirms|assigns|likes"
    r"|prefers|recommends|picks|reiterates|is (?:bullish|bearish|positive|negative))\b"
    r"(?! (?:its|the|a|an|dividend|guidance|forecast|outlook|profits?|jobs|prices|pay|bonus(?:es)?"
    r"|staff|workers|fees|rates|prime|stake|capital|money|quarterly|full)\b| [\d$])",
    re.IGNORECASE,
)
SAID: Final = re.compile(r" (?:reports?|reported|says?|said|writes|notes)[ .]*")
PHRASE: Final = re.compile(r"[ ,\-'\u2019.()\[\]]*")
END: Final = re.compile(r"[\s.)]*(?:[$#]\w+[\s.,]*)*")
ROW: Final = re.compile(r", (?:and )?| and | & |/")


def is_abbreviation(ticker: str, before: str) -> bool:
    """Tell whether a ticker in brackets shortens the name before it, but not by its initials.

    >>> is_abbreviation("MYRG", "MYR Group "), is_abbreviation("TVA", "Tennessee Valley Authority ")
    (True, False)
    """
    words = TOKEN.findall(before)[-4:]
    if len(ticker) < MIN_ABBREVIATION or not words or not words[-1][0].isupper():
        return False
    if words[-1].lower().endswith(DISEASES) or not ticker.isalpha():
        return False
    if "".join(w[0] for w in words if w[0].isupper()).upper().endswith(ticker):
        return False
    if words[-1].lower() in (*FORMS, "etf"):
        return True
    for count in (1, 2, 3):
        name = "".join(words[-count:]).upper()
        letters = iter(name)
        if name[0] == ticker[0] and all(letter in letters for letter in ticker):
            return True
    return False


def is_capital(word: str) -> bool:
    """Tell whether a word is written as a name's is: Apple, eBay, 3M; and `s`, `&`, `-`."""
    return word[0].isupper() or word[0].isdigit() or word in "s&-" or not word.islower()


def is_end(word: str) -> bool:
    """Tell whether a word may end a name: it is written as one, or is a company's form."""
    return is_capital(word) or word in FORMS


def is_supported(tokens: list[re.Match[str]], first: int, last: int, *, common: bool) -> bool:
    """Tell whether what follows ordinary words says that they are a company's name.

    Args:
        tokens: the text's words.
        first: the number of the name's first word.
        last: of its last.
        common: no word of it is the company's alone: only its form behind it is evidence.
    """
    if follows(tokens, last, LEGAL if common else OWNERS, 1):
        return True
    if first != last and follows(tokens, last, FORMS, 1):
        return True
    following = [t.group().lower() for t in tokens[last + 1 : last + 3]]
    if first == last or not following:
        return False
    return following[0] in REPORTING or following == ["to", "report"]


def goes_on(tokens: list[re.Match[str]], first: int) -> bool:
    """Tell whether a word in capitals stands directly before: `American Capital Ltd`."""
    if not first:
        return False
    before = tokens[first - 1]
    gap = before.string[before.end() : tokens[first].start()]
    word = before.group()
    return gap in (" ", "-", " & ") and word[0].isupper() and word.lower() not in LITTLE


def follows(tokens: list[re.Match[str]], last: int, words: frozenset[str], within: int) -> bool:
    """Tell whether one of these words comes within a few words, an apostrophe s left out."""
    following = tokens[last + 1 : last + 2 + within]
    end = tokens[last].end()
    if following and following[0].group() == "s":
        end, following = following[0].end(), following[1:]
    for token in following[:within]:
        if not PHRASE.fullmatch(token.string, end, token.start()):
            return False
        if token.group().lower() in words:
            return True
        end = token.end()
    return False


def in_a_row(text: str, span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    """Tell whether a name stands in a list beside a company: `Apple, Snap and Square`."""
    return any(
        ROW.fullmatch(text, end, span[0]) or ROW.fullmatch(text, span[1], start)
        for start, end in spans
        if -6 < span[0] - end < 6 or -6 < start - span[1] < 6
    )


def cue_after(text: str, end: int) -> bool:
    """Tell whether what follows a ticker is said of shares: `stock`, `earnings`, `vs`."""
    following = [w.lower() for w in TOKEN.findall(text[end : end + 40])]
    if following[:1] == ["s"]:
        following = following[1:]
    return bool(following) and following[0] in CUES


def is_amount(text: str, span: tuple[int, int]) -> bool:
    """Tell whether a name that begins with a digit is an amount: 9.3M, $3M."""
    return text[span[0]].isdigit() and text[span[0] - 1 : span[0]] in tuple(".,$+-\u20ac\u00a3")


def is_source(text: str, span: tuple[int, int]) -> bool:
    """Tell whether a broker or publisher stands for who said it: `Citi: ...`, `... - Citi`."""
    if text[span[1] : span[1] + 2] == ": " or SAID.fullmatch(text, span[1]):
        return True
    if RATED.match(text, span[1]):
        return True
    before = text[: span[0]].rstrip()
    return before[-1:] in tuple("-|\u2013\u2014") and bool(END.fullmatch(text, span[1]))


def is_shouting(text: str) -> bool:
    """Tell whether most words are in capitals, so that a word in capitals is no ticker."""
    words = [w for w in TOKEN.findall(text) if len(w) > 1 and w.isalpha()]
    return len(words) > SHORT and sum(w.isupper() for w in words) * 2 > len(words)


def are_forms(words: tuple[str, ...], *, weak: bool) -> bool:
    """Tell whether what is left of a filer's name is only its legal form: `Corp`, `N.V.`, `A S`."""
    end = len(words)
    while end and len(words[end - 1]) == 1:
        end -= 1
    letters = "".join(words[end:])
    return (
        all(w in FORMS for w in words[:end])
        and (not letters or letters in FORMS or letters == "as")
        and (bool(words) or not weak)
    )
