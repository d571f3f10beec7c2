"""Listed companies and the names they go by; built once from listings, then read only."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from operators.news.words import ACRONYMS

TOKEN: Final = re.compile(r"[^\W_]+(?:&[^\W_]+)*")
_SUFFIXES: Final = (
    "inc incorporated corp corporation co company companies ltd limited plc lp llc nv sa ag "
    "se ab asa spa holdings holding group adr ads sponsored the trust bancorp new de cv kk "
    "oyj"
)
SUFFIXES: Final = frozenset(_SUFFIXES.split())
_DESCRIPTIONS: Final = (
    "technologies technology pharmaceuticals pharmaceutical therapeutics pharma biosciences "
    "energy financial international industries systems solutions brands entertainment "
    "networks network software semiconductor semiconductors labs laboratories motors motor "
    "airlines communications enterprises platforms resources petroleum stores outdoor "
    "worldwide global mobile sciences infrastructure digital markets media interactive "
    "electronics robotics biotech medical"
)
DESCRIPTIONS: Final = frozenset(_DESCRIPTIONS.split())
SHORT: Final = {
    "pharmaceuticals": "pharma", "pharmaceutical": "pharma", "laboratories": "labs",
    "international": "intl", "semiconductor": "semi", "technologies": "tech", "technology": "tech",
}  # fmt: skip
NOT_A_COMPANY: Final = re.compile(
    r"\b(ETF|ETN|Fund|Warrants?|Units?|Rights?|Preferred|Notes?|Debentures?|Index|Series [A-Z]\b"
    r"|Subordinated|Municipal|Authority|Portfolio|Trust Shares|Acquisition)\b|%|\d{4}",
)
SHARE_WORDS: Final = re.compile(
    r"\s+(- |Common|Ordinary|American Depositary|Class [A-Z]\b|Depositary|Shares|Series|"
    r"\(|/[A-Z]{2,4}/?|[A-Z]{2}/).*$",
)
MIN_LETTERS: Final = 4  # of a name
# Share classes of the bundled list without a dot; a directory's are told by their names.
CLASSMATES: Final = {"GOOG": "GOOGL", "FOX": "FOXA", "NWS": "NWSA", "UA": "UAA"}
LINE: Final = 5  # letters of a ticker of a foreign line, a warrant or a unit


class Listing(NamedTuple):
    """One listed share or fund.

    Attributes:
        ticker: classes with a dot, such as BRK.B.
        name: as the exchange writes it; empty if it has none of its own.
        names: further names, trusted: `?` behind one marks an ordinary word, `@` before one a
            broker.
    """

    ticker: str
    name: str = ""
    names: tuple[str, ...] = ()


class Name(NamedTuple):
    """What a name stands for.

    Attributes:
        weak: an ordinary word too; needs evidence.
        broker: when it rates others, it is not what the news is about.
        given: by a listing, not taken from the exchange's name.
        common: all of it are ordinary words but a company's form: `stock` behind it is no
            evidence, and a word in capitals before it makes it another's.
    """

    ticker: str
    weak: bool = False
    broker: bool = False
    given: bool = False
    common: bool = False


def words_of(text: str) -> list[str]:
    """Return a text's words in lower case, as names are compared.

    >>> words_of("Moody's & J.P. Morgan")
    ['moody', 's', 'j', 'p', 'morgan']
    """
    return TOKEN.findall(plain(text).lower())


def plain(text: str) -> str:
    """Return a text without accents, as long as it was.

    >>> plain("Est\u00e9e Lauder")
    'Estee Lauder'
    """
    if text.isascii():
        return text
    return "".join(c if c < "\x80" else unicodedata.normalize("NFD", c)[0] for c in text)


def names_of(
    listings: Iterable[Listing], common: frozenset[str], people: frozenset[str] = frozenset()
) -> dict[tuple[str, ...], Name]:
    """Return every name by its words; of two listings with one name the earlier has it.

    Args:
        listings: those that matter most first.
        common: ordinary words, in lower case.
        people: first names, in lower case.
    """
    listed = list(listings)
    cores = {x.ticker: core for x in listed if (core := _core(x.name)) and not _abroad(x.ticker)}
    first = Counter(core[0] for core in set(map(tuple, cores.values())))
    longer = Counter(core[0] for core in set(map(tuple, cores.values())) if len(core) > 1)
    found: dict[tuple[str, ...], Name] = {}
    for listing in listed:
        for name in listing.names:
            weak = "?" in name
            for words in _spellings(name, own=not weak):
                found.setdefault(
                    words, Name(listing.ticker, weak, name.startswith("@"), given=True)
                )
    for listing in listed:
        own = cores.get(listing.ticker, [])
        for words in _variants(own, listing.name, first):
            if sum(map(len, words)) < MIN_LETTERS or "".join(words).isdigit():
                continue
            alone = len(words) == 1
            cut = alone and (len(own) > 1 or longer[words[0]] > 0)
            bare = [w for i, w in enumerate(words) if not i or w not in SUFFIXES]
            ordinary = all(w in common or len(w) == 1 or w.upper() in ACRONYMS for w in bare)
            ordinary = ordinary or (alone and words[0] in people)
            weak = cut or (ordinary and len(bare) == len(words))
            for spelling in _spellings(listing.name, words, own=not weak):
                found.setdefault(spelling, Name(listing.ticker, weak, common=ordinary))
    return found


def classmates(listings: Iterable[Listing]) -> dict[str, str]:
    """Return one ticker for those that several listings of one name have, and for known classes.

    >>> classmates([Listing("AAB", "Aabc Inc Class B"), Listing("AAC", "Aabc Inc")])["AAC"]
    'AAB'
    """
    found = dict(CLASSMATES)
    first: dict[tuple[str, ...], str] = {}
    for listing in listings:
        core = tuple(_core(listing.name)) if listing.name else ()
        if core and (other := first.setdefault(core, listing.ticker)) != listing.ticker:
            one = other.partition(".")[0]
            found[listing.ticker] = found.get(one, one)
    return {ticker: one for ticker, one in found.items() if ticker != one}


def _abroad(ticker: str) -> bool:
    """Tell whether it is a line over the counter, a warrant or a unit: traded under no name."""
    return (len(ticker) == LINE and ticker[-1] in "FYWUR") or "-" in ticker


def _spellings(
    name: str, words: tuple[str, ...] | None = None, *, own: bool
) -> Iterable[tuple[str, ...]]:
    """Give the ways in which one name is written, the name itself first.

    Args:
        name: as it is listed.
        words: the part of it that is meant; the whole if None.
        own: it is no ordinary word, so that what is close to it means it too.
    """
    words = tuple(words_of(name)) if words is None else words
    yield words
    if not own:
        return
    if "&" in words[0] and len(words[0]) <= LINE:  # AT&T: AT and T
        yield (*words[0].replace("&", " and ").split(), *words[1:])
    if "s" in words[1:]:  # McDonald's: McDonalds
        at = words.index("s", 1)
        yield (*words[: at - 1], words[at - 1] + "s", *words[at + 1 :])
    elif name.isupper() and len(words[0]) > MIN_LETTERS and words[0][-1] == "s":
        yield (words[0][:-1], "s", *words[1:])  # as the SEC writes it: LOWES
    if " & " in name or " and " in name.lower():
        yield from _joined(name, words)
    if "-" in name and len(words) > 1:
        yield from _unhyphenated(name, words)


def _joined(name: str, words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    if "and" in words:
        yield tuple(w for w in words if w != "and")
        return
    before = words_of(name.partition(" & ")[0])
    if words[: len(before)] == tuple(before) and len(words) > len(before):
        yield (*before, "and", *words[len(before) :])


def _unhyphenated(name: str, words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    for pair in re.findall(r"([^\W_]{1,12})-([^\W_]{2,})", name.lower()):
        for at in range(len(words) - 1):
            if words[at : at + 2] == pair:
                yield (*words[:at], "".join(pair), *words[at + 2 :])


def _core(name: str) -> list[str]:
    """Return what is left of an exchange's name without its legal and share words."""
    if NOT_A_COMPANY.search(name):
        return []
    words = words_of(SHARE_WORDS.sub("", f"{name} ").strip())
    if words[:1] == ["the"]:
        words = words[1:]
    while len(words) > 1 and (words[-1] in SUFFIXES or (len(words[-1]) == 1 and words[-1] != "s")):
        words = words[:-1]
    return words


def _variants(core: list[str], name: str, first: Counter[str]) -> Iterable[tuple[str, ...]]:
    if not core:
        return
    yield tuple(core)
    short = core
    while len(short) > 1 and short[-1] in DESCRIPTIONS:
        short = short[:-1]
    if core[-1] in SHORT and len(core) > 1:
        yield (*core[:-1], SHORT[core[-1]])
    if short != core and (len(short) > 1 or first[short[0]] == 1):
        yield tuple(short)
    if len(core) == 1:
        full = tuple(words_of(SHARE_WORDS.sub("", f"{name} ")))
        if len(full) > 1:
            yield full
