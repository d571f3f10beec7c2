"""A scorer that needs no model: weighted finance words, negation, and how much it saw.

score = s / (|s| + 1) scaled to 1 at |s| = SATURATION, with s the sum of the words' weights.
confidence = 0.5 without any hit, rising with the share of the weight that points one way.
It is the tier of last resort; every score says so by its model name.
"""

import re
from typing import Final, NamedTuple

MODEL: Final = "lexicon/1/-"
SATURATION: Final = 4.0
REACH: Final = 3
MAX_WORDS: Final = 400
WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")

NEGATIONS: Final = frozenset(
    [
        "no",
        "not",
        "never",
        "without",
        "fails",
        "fail",
        "failed",
        "isn't",
        "wasn't",
        "won't",
        "doesn't",
        "don't",
        "didn't",
        "can't",
        "cannot",
        "hardly",
        "unable",
        "lacks",
    ]
)
_WORDS: Final = {
    2.0: (
        "soar soars soared soaring surge surges surged surging skyrocket skyrockets rally rallies "
        "rallied blowout breakthrough record beats beat crushes smashes jumps jumped outperform "
        "outperforms upgrade upgrades upgraded windfall approval approved"
    ),
    1.0: (
        "gain gains gained rise rises rising rose climb climbs climbed boost boosts boosted strong "
        "stronger strength growth grow grows growing profit profits profitable bullish optimistic "
        "upbeat raises raised lifts lifted top tops topped exceed exceeds exceeded win wins won "
        "winner winners award awarded expand expands expansion rebound rebounds recovery recovers "
        "higher high improve improves improved accelerate accelerates milestone success successful "
        "partnership dividend buyback opportunity undervalued best better buy momentum positive up "
        "boom booming leading innovative robust solid upside advance advances advanced"
    ),
    -1.0: (
        "fall falls fell falling drop drops dropped decline declines declined slip slips slipped "
        "slide slides slid weak weaker weakness loss losses lose loses losing lost bearish "
        "pessimistic cut cuts cutting lowers lowered miss misses missed warn warns warned warning "
        "concern concerns worry worries fear fears risk risks risky pressure pressures delay "
        "delays delayed layoff layoffs sell selloff lower low negative down downturn worse worst "
        "struggle struggles struggling slow slows slowdown trouble troubled headwinds volatile "
        "tariff tariffs uncertainty overvalued debt shortage dispute halts halted sued sues"
    ),
    -2.0: (
        "plunge plunges plunged plunging plummet plummets plummeted tumble tumbles tumbled crash "
        "crashes crashed sink sinks sank collapse collapses collapsed bankruptcy bankrupt fraud "
        "scandal lawsuit lawsuits investigation probe recall recalls default downgrade downgrades "
        "downgraded slump slumps slumped fined penalty subpoena delisted halved"
    ),
}  # fmt: skip
WEIGHTS: Final = {word: weight for weight, words in _WORDS.items() for word in words.split()}


class Verdict(NamedTuple):
    """A score in -1..1, a confidence in 0..1, and the words that made them."""

    score: float
    confidence: float
    words: tuple[str, ...]


def score_text(text: str) -> Verdict:
    """Score a text; only its first 400 words are read.

    A negation within three words before a hit turns its sign and halves it.

    >>> score_text("Chipmaker soars after record profit").score > 0.7
    True
    >>> score_text("The board meets on Tuesday")
    Verdict(score=0.0, confidence=0.5, words=())
    """
    words = WORD.findall(text.lower())[:MAX_WORDS]
    up = down = 0.0
    hits: list[str] = []
    for i, word in enumerate(words):
        weight = WEIGHTS.get(word)
        if weight is None:
            continue
        if NEGATIONS.intersection(words[max(0, i - REACH) : i]):
            weight = -weight / 2
        up, down = (up + weight, down) if weight > 0 else (up, down - weight)
        hits.append(word)
    total, seen = up - down, up + down
    if not hits:
        return Verdict(0.0, 0.5, ())
    scale = (SATURATION + 1) / SATURATION
    score = max(-1.0, min(1.0, scale * total / (abs(total) + 1)))
    agreement = abs(total) / seen
    confidence = 0.5 + 0.45 * agreement * min(1.0, seen / SATURATION)
    return Verdict(round(score, 6), round(confidence, 6), tuple(hits))
