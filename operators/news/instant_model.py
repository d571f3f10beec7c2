"""The instant tier: a linear model over hashed words and marks; needs no download.

logit(class) = bias + scale x sum(weights) / sqrt(number of features), divided by a temperature;
P = softmax(logits); score = P(positive) - P(negative); confidence = the largest P.
Weights are whole numbers, so a sum is the same in any order. docs/instant-tier.md is its card.
"""

import json
import math
from hashlib import sha256
from struct import Struct
from typing import Any, Final, NamedTuple

from messages.errors import TidewireError
from operators.news.features import BITS, features

MAGIC: Final = b"tidewire-instant-1\n"
CLASSES: Final = ("negative", "neutral", "positive")
WEIGHT: Final = Struct("<I3b")
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
        self._weights = {i: (n, u, p) for i, n, u, p in WEIGHT.iter_unpack(weights)}

    def score(self, text: str) -> Verdict:
        """Score a text; only its beginning counts (see `features`)."""
        found = features(text)
        get = self._weights.get
        negative = neutral = positive = 0
        for feature in found:
            weights = get(feature)
            if weights is not None:
                negative += weights[0]
                neutral += weights[1]
                positive += weights[2]
        factor = self._scale / math.sqrt(len(found) or 1)
        bias, temperature = self._bias, self._temperature
        bad = math.exp(bias[0] / temperature + factor * negative)
        flat = math.exp(bias[1] / temperature + factor * neutral)
        good = math.exp(bias[2] / temperature + factor * positive)
        total = bad + flat + good
        score, confidence = (good - bad) / total, max(good, flat, bad) / total
        return Verdict(round(score, 6), round(confidence, 6), self.model)


def pack(header: dict[str, Any], weights: dict[int, tuple[int, int, int]]) -> bytes:
    """Return the model file: a line that says what it is, a line of JSON, the weights."""
    said = json.dumps({**header, "bits": BITS}, sort_keys=True).encode()
    rows = b"".join(WEIGHT.pack(i, *weights[i]) for i in sorted(weights))
    return MAGIC + said + b"\n" + rows


def _split(packed: bytes) -> tuple[dict[str, Any], bytes]:
    if not packed.startswith(MAGIC):
        reason = "This is no instant model, or one of another version: train it anew."
        raise ModelUnusable(reason)
    said, _, weights = packed[len(MAGIC) :].partition(b"\n")
    header: dict[str, Any] = json.loads(said)
    if header["bits"] != BITS or len(weights) % WEIGHT.size:
        reason = "The instant model is cut short or of other features: train it anew."
        raise ModelUnusable(reason)
    return header, weights
