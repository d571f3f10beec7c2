"""A name in its context: the words beside it that make it another's, a person's or a place's."""

import re
from typing import Final

Token = re.Match[str]

_FORMS: Final = "kgaa gmbh oyj spa srl sarl bhd pty pte"
FORMS_ABROAD: Final = frozenset(_FORMS.split())
# Behind a single word: what is called after somebody or something, and no company.
_INSTITUTIONS: Final = (
    "university college school academy institute foundation museum library church cathedral "
    "hospital stadium arena field center centre park theater theatre street avenue road county "
    "township village island islands river lake beach valley hills mountain mountains bay creek "
    "canyon forest desert peninsula voting act amendment law doctrine commission committee senate "
    "parliament republic kingdom fire wildfire police sheriff mayor high elementary prison jail "
    "championship cup bowl classic open marathon festival parade tribe basin rainforest airport"
)
INSTITUTIONS: Final = frozenset(_INSTITUTIONS.split())
# Between a name and an institution: `Baxter State Park`.
_MIDDLES: Final = "state national county city presidential memorial regional community business"
MIDDLES: Final = frozenset(_MIDDLES.split())
_TRADES: Final = (
    "bank healthcare hospital capital insurance foods airways airlines steel chemicals cement "
    "power motors motor energy pharma pharmaceuticals industries technologies communications "
    "group partners ventures securities properties realty mining minerals resources"
)
TRADES: Final = frozenset(_TRADES.split())
_TITLES: Final = (
    "judge mr mrs ms dr sir sen senator rep representative gov governor president pope prince "
    "princess lord lady sgt sergeant lieutenant lt col colonel gen capt captain officer detective "
    "sheriff coach professor prof reverend rev rabbi congressman congresswoman saint minister "
    "premier chancellor mayor secretary ambassador king queen"
)
TITLES: Final = frozenset(_TITLES.split())
GENERATIONS: Final = frozenset(("jr", "sr", "ii", "iii", "iv"))
# Before a hyphen: `ex-Apple` is about Apple.
_PREFIXES: Final = "ex non pre post anti pro us u s china eu uk mid"
PREFIXES: Final = frozenset(_PREFIXES.split())
# First names that are words, or what a company does.
_WORDS: Final = (
    "will mark grant drew art rich bill jack rob may june april chase pat sue frank grace hope "
    "faith joy dawn summer chip max buddy don guy ray gene lance penny jean kim lee jan ed jo "
    "josh dan earl dean hunter mason mercedes spencer marshall morgan virginia victoria madison "
    "logan lewis jordan florence charlotte mitchell curtis clayton milton ross stanley fox harvey "
    "holly jasmine iris anderson"
)
NOT_FIRST_NAMES: Final = frozenset(_WORDS.split())
_STATES: Final = (
    "pa pennsylvania maine bahamas texas ohio iowa ill illinois mich michigan conn connecticut "
    "fla florida ga georgia va virginia n.y nc tenn tennessee ky kentucky ind indiana wis "
    "wisconsin minn minnesota mo missouri kansas nebraska colo colorado ariz arizona calif "
    "california ore oregon wash washington nev nevada utah idaho mont montana ont ontario"
)
STATES: Final = frozenset(_STATES.split())


def is_anothers(
    text: str, tokens: list[Token], first: int, last: int, names: frozenset[str],
    people: frozenset[str],
) -> bool:  # fmt: skip
    """Tell whether the words beside a name make it part of another's name.

    Args:
        text: the whole text.
        tokens: its words.
        first: the number of the name's first word.
        last: of its last.
        names: companies' names of one word, in lower case.
        people: first names, in lower case.
    """
    before = tokens[first - 1] if first else None
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    start, end = tokens[first].start(), tokens[last].end()
    if before is not None and text[before.end() : start] == "-":
        word = before.group()
        if word[0].isupper() and not word.isupper() and word.lower() not in PREFIXES | names:
            return True
    gap = text[end : after.start()] if after is not None else ""
    if after is not None and gap == " " and after.group().lower() in FORMS_ABROAD:
        return True
    if first != last:
        return False
    if after is not None and after.group()[0].isupper():
        word = after.group().lower()
        if gap == " " and (word in INSTITUTIONS or word in GENERATIONS):
            return True
        further = tokens[last + 2].group() if last + 2 < len(tokens) else ""
        called = further[:1].isupper() and further.lower() in INSTITUTIONS
        if gap == " " and word in MIDDLES and called:
            return True
        if gap == ", " and word in STATES:
            return True
    return before is not None and _is_surname(text, tokens, first, people)


def is_longer(tokens: list[Token], last: int) -> bool:
    """Tell whether a word of a trade goes on with a name it is no part of: `Fortis Healthcare`."""
    if last + 1 >= len(tokens):
        return False
    after = tokens[last + 1]
    if after.string[tokens[last].end() : after.start()] != " " or not after.group()[0].isupper():
        return False
    return after.group().lower() in TRADES


def _is_surname(text: str, tokens: list[Token], first: int, people: frozenset[str]) -> bool:
    before = tokens[first - 1]
    word, gap = before.group(), text[before.end() : tokens[first].start()]
    if not word[0].isupper() or gap not in (" ", ". "):
        return False
    if word.lower() in TITLES:
        return True
    if len(word) == 1 and gap == ". " and first > 1:
        return _is_first_name(tokens[first - 2].group(), people)
    return gap == " " and not word.isupper() and _is_first_name(word, people)


def _is_first_name(word: str, people: frozenset[str]) -> bool:
    low = word.lower()
    return word[0].isupper() and low in people and low not in NOT_FIRST_NAMES
