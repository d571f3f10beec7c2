"""The instant tier: a linear model over hashed words and marks; needs no download.

logit(class) = bias + scale x sum(weights) / sqrt(number of features), divided by a temperature;
P = softmax(logits); confidence = the largest P. The score is P(positive) - P(negative), held on
that side of the thresholds of `labels.py` where the most probable class is.
Weights are whole numbers, so a sum is the same in any order. docs/instant-tier.md is its card.
"""

import json
import math
from hashlib import sha256
from struct import Struct
from typing import Any, Final, NamedTuple

from messages.errors import TidewireError
from operators.news.features import BITS, features
from operators.news.labels import THRESHOLD

MAGIC: Final = b"tidewire-instant-2\n"
CLASSES: Final = ("negative", "neutral", "positive")
STARTS: Final = b"tidewire-instant-"
WEIGHT: Final = Struct("<I3b")
JUST_NEUTRAL: Final = THRESHOLD - 1e-6
# A feature's three weights are kept in one whole number, a lane each: one sum adds all three.
LANE: Final = 20
FULL: Final = (1 << LANE) - 1
HALF: Final = 1 << (LANE - 1)  # more than 127 times as many features as a text has
ZERO: Final = HALF + (HALF << LANE) + (HALF << 2 * LANE)
NAME: Final = "instant"
REVISION: Final = 12  # hex digits of the file's SHA-256


class Verdict(NamedTuple):
    """What a model says of a text.

    Attributes:
        score: -1 (bad news) to 1 (good news).
        confidence: 0 to 1.
        model: name, revision and prompt hash, joined by `/`.
        entities: whom the text is about, by the model's account.
        reasoning: in a sentence; empty where the model gives none.
    """

    score: float
    confidence: float
    model: str
    entities: tuple[str, ...] = ()
    reasoning: str = ""


class ModelUnusable(TidewireError, ValueError):
    """A model cannot be used. Operator action: see the message."""


class InstantModel:
    """A loaded model; `score` may be called from any thread.

    Attributes:
        model: name, revision, `-`: what `model_used` says.
    """

    def __init__(self, packed: bytes) -> None:
        """Unpack a model file.

        Raises:
            ModelUnusable: not such a file, or of another version of the features.
        """
        header, weights = _split(packed)
        self.model = f"{NAME}/{sha256(packed).hexdigest()[:REVISION]}/-"
        self._bias: tuple[float, float, float] = tuple(header["bias"])
        self._scale = header["scale"] / header["temperature"]
        self._temperature = header["temperature"]
        self._weights = {
            i: n + (u << LANE) + (p << 2 * LANE) for i, n, u, p in WEIGHT.iter_unpack(weights)
        }

    def score(self, text: str) -> Verdict:
        """Score a text; only its beginning counts (see `features`)."""
        found = features(text)
        get = self._weights.get
        total = sum([get(feature, 0) for feature in found]) + ZERO
        negative = (total & FULL) - HALF
        neutral = (total >> LANE & FULL) - HALF
        positive = (total >> 2 * LANE) - HALF
        factor = self._scale / math.sqrt(len(found) or 1)
        bias, temperature = self._bias, self._temperature
        bad = math.exp(bias[0] / temperature + factor * negative)
        flat = math.exp(bias[1] / temperature + factor * neutral)
        good = math.exp(bias[2] / temperature + factor * positive)
        every = bad + flat + good
        score, most = (good - bad) / every, max(good, flat, bad)
        if flat == most:
            score = max(-JUST_NEUTRAL, min(JUST_NEUTRAL, score))
        elif good == most:
            score = max(THRESHOLD, score)
        else:
            score = min(-THRESHOLD, score)
        return Verdict(round(score, 6), round(most / every, 6), self.model)


def pack(header: dict[str, Any], weights: dict[int, tuple[int, int, int]]) -> bytes:
    """Return the model file: a line that says what it is, a line of JSON, the weights."""
    said = json.dumps({**header, "bits": BITS}, sort_keys=True).encode()
    rows = b"".join(WEIGHT.pack(i, *weights[i]) for i in sorted(weights))
    return MAGIC + said + b"\n" + rows


def _split(packed: bytes) -> tuple[dict[str, Any], bytes]:
    if not packed.startswith(MAGIC):
        reason = (
            "The instant model is of another version of the features: train it anew."
            if packed.startswith(STARTS)
            else "This is no instant model."
        )
        raise ModelUnusable(reason)
    said, _, weights = packed[len(MAGIC) :].partition(b"\n")
    header: dict[str, Any] = json.loads(said)
    if header["bits"] != BITS or len(weights) % WEIGHT.size:
        reason = "The instant model is cut short or of other features: train it anew."
        raise ModelUnusable(reason)
    return header, weights
