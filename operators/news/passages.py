"""The passage of a text that is about one company, so that what a model says of it is about that.

A text that names one company is its passage. One that names several is cut into clauses; a
company's are those that name it, with those behind them that name none. Companies in one list
(`Apple, Nvidia rise`) share a clause. Where a clause names several in different parts, as in
`X overtakes Y`, each part says how the clause's score is to be taken for it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

AS_READ: Final = 1
NOT_OF_IT: Final = 0
REVERSED: Final = -1
MOST: Final = 64  # places of companies that are looked at
REACH: Final = 60  # characters between two companies of which one acts on the other

# Each begins with one of few characters, so that most of a text is passed over quickly. A clause
# ends behind a match or, where a word begins the next one, before it.
_CUT: Final = re.compile(
    r"[.!?;\s\u2014\u2026](?:"
    r"(?<=[.!?])(?<![ .][A-Za-z]\.)(?<!\b(?:Co|Mr|Ms|Dr|vs|No|St)\.)"
    r"(?<!\b(?:Inc|Ltd|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\.)(?<!\b(?:Corp|Sept)\.)"
    r"[\"'\u201d\u2019)]?(?=\s{1,3}[\"'\u201c\u2018($]?(?-i:[A-Z0-9]))"
    r"|(?<=[;\n\u2014\u2026])|(?<=\.)\.\.|(?<=\s)[-\u2013\u2014|]+\s|(?P<word>(?<=\s)(?:"
    r"while|whilst|whereas|but|although|though|even\s(?:as|though)"
    r"|(?<!such )(?<!well )(?<!much )(?<!soon )(?<!same )(?<!known )(?<!seen )(?<!far )(?<!long )"
    r"as(?!\s+(?:a|an|of|well|much|many|soon|part|its|new|chief|ceo|cfo|chair\w*|president|far"
    r"|long|high|low|if|being|it|they|he|she|usual|expected)\b)"
    r"|after|amid|despite|because|unlike|instead\sof|in\scontrast\sto)\s))",
    re.IGNORECASE,
)
_BREAK: Final = re.compile(r",\s{1,3}(?:and\s|with\s)?|\sand\s|/\s", re.IGNORECASE)
_GLUE: Final = re.compile(
    r"(?:[\s,&/+()\[\]\"'\u2018\u2019.$-]|<[^<>]{1,24}>"
    r"|\b(?:and|or|vs?|versus|inc|corp|co|company|plc|ltd|group|the|s|other|rivals?|peers?|both"
    r"|shares?|stocks?)\b)*",
    re.IGNORECASE,
)
# Between such words and the company that they act on stand three others at most.
_NEAR: Final = (
    r"\s+(?:(?!its\b|and\b|by\b|estimates|forecasts|targets|expect)[\w'\u2019-]+\s+){0,3}\Z"
)
_BEATEN: Final = re.compile(
    r"\b(?:beats?|beating|overtakes?|overtook|overtaking|outperforms|outperformed|outpaces?"
    r"|outshines?|surpass(?:es|ed)?|tops|topples?|dethrones?|leapfrogs?|edges? out|outsells?"
    r"|trounces?|crushes|ahead of|better than|over rivals?|wins? over|takes? (?:\w+ )?share from"
    r"|gains? (?:\w+ )?share (?:on|from|over)"
    r"|steals? \w+ from|outdo(?:es)?|passes|eclipses?"
    r"|trails|lags|lagging|loses? to|lost to|behind|worse than|loses? \w+(?: \w+)? to"
    r"|(?:overtaken|surpassed|beaten) by|underperforms|underperformed)" + _NEAR,
    re.IGNORECASE,
)
_DONE_TO: Final = re.compile(
    r"\b(?:sues?|sued|suing|accuses?|buys?|bought|buying|acquires?|acquiring|acquired|takes? over"
    r"|bids? for|(?:stakes?|holding) in|invests?(?: \S+)? in|cuts?|downgrades?|downgraded|upgrades?"
    r"|upgraded|raises?|initiates?|reiterates?|maintains?|retains?|starts?|puts?|sees|recommends?"
    r"|affirms?|cancel(?:s|led|ed)?|scraps|scrapped|ditche[sd]|rejects|rejected|snubs|fines?|fined|probes?|investigates?|backs?|boosts?|picks|(?:bullish|bearish"
    r"|positive|negative|neutral|overweight|underweight|underperform|outperform|'?buy'?|'?sell'?"
    r"|'?hold'?) on|rating on|target (?:on|for|of))" + _NEAR,
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(
    r"\b(?:loses|lost|losing|with|from|by|via|at|like|unlike|versus|vs\.?|against|joins?|than)"
    r"\s+(?:[\w.'%$-]+\s+){0,2}\Z",
    re.IGNORECASE,
)
# Behind a comma: one who acts on several, as in `upgrades Nike, cuts Ford`.
_ACTS: Final = re.compile(
    r",\s(?:and\s|but\s)?(?:upgrades?|downgrades?|cuts?|raises?|lowers?|sues?|buys?|acquires?|backs?"
    r"|initiates?|likes|dumps?|drops?|adds?|sells?)\s*\Z",
    re.IGNORECASE,
)
# A name that only says who the company behind it is: `Nvidia supplier Micron`.
_ADJUNCT: Final = re.compile(
    r"(?:['\u2019]s)?[\s-](?:supplier|rival|partner|customer|competitor|challenger|investor|vendor"
    r"|contractor|peer|backed|backer|owned|linked)\s+\Z",
    re.IGNORECASE,
)
# One company that is known, and another that may not be: `Huawei overtakes Apple`, `Apple sues ...`
_OVERTAKEN: Final = re.compile(
    r"\s*(?:[A-Z][\w&.'-]*\s+){1,2}(?:overtakes|overtook|outsells|surpasses|beats|tops|dethrones"
    r"|leapfrogs|outperforms)\s+\Z"
)
_OWN: Final = re.compile(
    r"['\u2019]s\b|\s+(?:estimates|expectations|forecasts?|guidance)\b", re.IGNORECASE
)
_SUING: Final = re.compile(
    r"\s+(?:sues|accuses|is\s+suing|files\s+(?:law)?suit\s+against)\s", re.IGNORECASE
)
_SOURCE: Final = re.compile(r":\s*(?:[\w.'-]+,?\s+){0,4}\Z")


class Place(NamedTuple):
    """Where a company is named; `company` is the same for all that mean it."""

    start: int
    end: int
    company: str


class Passage(NamedTuple):
    """What a text says of one company.

    Attributes:
        text: words of the text.
        sense: 1: a score of the text is the company's; -1: it is, reversed; 0: it is another's.
    """

    text: str
    sense: int = AS_READ


class _Part(NamedTuple):
    """A piece of the text, and the companies in it, each with its sense, by first place."""

    start: int
    end: int
    places: list[Place]


def passages(text: str, places: Sequence[Place]) -> dict[str, Passage]:
    """Return each company's passage, in the order of first places.

    >>> text = "Apple, Nvidia rise; Tesla falls"
    >>> found = passages(text, [Place(0, 5, "A"), Place(7, 13, "N"), Place(20, 25, "T")])
    >>> found["N"].text, found["T"].text
    ('Apple, Nvidia rise', 'Tesla falls')
    """
    names = list(dict.fromkeys(place.company for place in sorted(places)))
    whole = {name: Passage(text) for name in names}
    known = _in_order(places, len(text))
    if len(names) == 1:
        return whole if not known else {names[0]: _alone(text, known, whole[names[0]])}
    pieces = [fine for part in _clauses(text, known) for fine in _finer(text, part)]
    told: dict[str, list[tuple[_Part, int]]] = {}
    for part in _joined(text, pieces):
        for company, sense in _senses(text, part).items():
            told.setdefault(company, []).append((part, sense))
    return whole | {name: _passage(text, parts) for name, parts in told.items()}


def _alone(text: str, places: list[Place], whole: Passage) -> Passage:
    """Return the passage of the only company that is known."""
    first = places[0]
    if first.start == 0 and _SUING.match(text, first.end):
        sense = NOT_OF_IT
    elif _OVERTAKEN.fullmatch(text, 0, first.start) and not _OWN.match(text, first.end):
        sense = REVERSED
    else:
        return whole
    parts = _joined(text, list(_clauses(text, places)))
    further = [(part, AS_READ) for part in parts[1:] if part.places]
    return _passage(text, [(parts[0], sense), *further])


def _passage(text: str, told: list[tuple[_Part, int]]) -> Passage:
    """Return what is said of a company as it is read, or else its first clause."""
    own = [part for part, sense in told if sense == AS_READ]
    sense = AS_READ if own else told[0][1]
    pieces = [text[part.start : part.end].strip(" ,;|\n-") for part in own or [told[0][0]]]
    return Passage(" ".join(pieces), sense)


def _in_order(places: Sequence[Place], length: int) -> list[Place]:
    """Return the first places in order, each within the text and behind the one before it."""
    found: list[Place] = []
    last = 0
    for place in sorted(places)[:MOST]:
        start, end = max(place.start, last), min(place.end, length)
        if start < end:
            found.append(Place(start, end, place.company))
            last = end
    return found


def _clauses(text: str, places: list[Place]) -> Iterator[_Part]:
    """Cut at sentences' ends, dashes and the words that begin a clause."""
    cuts = [m.start() if m["word"] else m.end() for m in _CUT.finditer(text)]
    yield from _cut(_Part(0, len(text), places), cuts)


def _cut(part: _Part, cuts: list[int]) -> Iterator[_Part]:
    """Cut a part, but not within a place."""
    at, start = 0, part.start
    for cut in [*cuts, part.end]:
        stop = at
        while stop < len(part.places) and part.places[stop].start < cut:
            stop += 1
        if cut == start or (stop > at and part.places[stop - 1].end > cut):
            continue
        yield _Part(start, cut, part.places[at:stop])
        start, at = cut, stop


def _finer(text: str, part: _Part) -> Iterator[_Part]:
    """Cut a clause between two companies at the last comma or `and`, unless they are a list."""
    cuts: list[int] = []
    for one, two in zip(part.places, part.places[1:], strict=False):
        between = text[one.end : two.start]
        if one.company == two.company or _GLUE.fullmatch(between):
            continue
        breaks = [match.start() for match in _BREAK.finditer(between)]
        if breaks and (_says(between[: breaks[-1]]) or _ACTS.match(between)):
            cuts.append(one.end + breaks[-1])
    yield from _cut(part, cuts)


def _says(words: str) -> bool:
    """Tell whether words say something, and do not only list."""
    return not _GLUE.fullmatch(words)


def _joined(text: str, parts: list[_Part]) -> list[_Part]:
    """Add to each part those behind it that name nobody, and those that only list names."""
    found: list[_Part] = []
    spoke = False
    for part in parts:
        speaks = _speaks(text, part)
        before = found[-1] if found else None
        if before is not None and not (before.places and spoke and part.places and speaks):
            found[-1] = _Part(before.start, part.end, before.places + part.places)
            spoke = spoke or speaks
        else:
            found.append(part)
            spoke = speaks
    return found


def _speaks(text: str, part: _Part) -> bool:
    """Tell whether a part says something beside the companies in it."""
    at = part.start
    for place in part.places:
        if _says(text[at : place.start]):
            return True
        at = place.end
    return _says(text[at : part.end])


def _senses(text: str, part: _Part) -> dict[str, int]:
    """Return how a clause's score is to be taken for each company in it."""
    senses: dict[str, int] = {}
    group: list[str] = []
    sense = AS_READ
    before: Place | None = None
    if part.start and _BESIDE.search(text[part.start : part.places[0].start][-REACH:]):
        sense = NOT_OF_IT
    for place in part.places:
        if before is not None:
            between = text[before.end : place.start]
            if _ADJUNCT.fullmatch(between):
                senses[before.company] = NOT_OF_IT
                group, sense = [], AS_READ
            elif _says(between):
                left, sense = _between(between, last=not _says(text[place.end : part.end]))
                if left != AS_READ:
                    senses.update(dict.fromkeys(group, left))
                group = []
        senses.setdefault(place.company, sense)
        group.append(place.company)
        before = place
    return senses


def _between(words: str, *, last: bool) -> tuple[int, int]:
    """Return the senses of those before and those behind some words of a clause.

    Args:
        words: between two companies.
        last: nothing is said behind the second.
    """
    if last and _SOURCE.search(words[-REACH:]):
        return AS_READ, NOT_OF_IT
    if len(words) > REACH:
        return AS_READ, AS_READ
    if _BEATEN.search(words):
        return AS_READ, REVERSED
    if _DONE_TO.search(words):
        return NOT_OF_IT, AS_READ
    if _BESIDE.search(words):
        return AS_READ, NOT_OF_IT
    return AS_READ, AS_READ
