"""Train the instant tier: `python scripts/instant/train.py DATA OUT`.

DATA is a directory with the labelled JSON Lines files named in `SETS` (text, label); PhraseBank
may not be trained on (its licence forbids commercial use) and only judges. Prints accuracy and
calibration error: of five folds for the sets trained on, of the whole model for PhraseBank.
`--hold-out` leaves a fifth of each set out of everything and judges the model by it instead.
"""

import argparse
import gzip
import json
import re
import sys
from hashlib import md5
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from own_sentences import sentences
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, diags, hstack
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from vectors import DIMENSIONS, word_vectors

from operators.news.features import BITS, features, plain_words
from operators.news.instant_model import CLASSES, InstantModel, pack
from operators.news.instant_words import KIND
from operators.news.labels import label_of

SETS: Final = {"twitter_financial_news": 1.0, "sentfin_entities": 1.0, "fiqa_2018": 3.0}
JUDGE: Final = "phrasebank"
OWN: Final = "own"
OWN_EACH, OWN_SEED, OWN_WEIGHT = 10, 1, 0.6
STRENGTH: Final = 5.0
FOLDS: Final = 5
OWN_WAYS: Final = 0.6  # of our own headlines' features, once more, for what is peculiar to them
HELD: Final = 51  # of 256: a fifth
BINS: Final = 10
LEFT_OUT: Final = re.compile(r"https?:\S+|\$[a-z.]+|[^a-z ]")
ALIKE: Final = 8  # texts that begin with the same words stay together


class Row(NamedTuple):
    """A labelled text.

    Attributes:
        text: as it came.
        label: one of `CLASSES`.
        weight: how much it counts.
        name: of its set.
    """

    text: str
    label: str
    weight: float
    name: str


class Words(NamedTuple):
    """Vectors of words, by the words' features.

    Attributes:
        at: a word's row.
        vectors: one row a word.
        features: of the words, in the order of the rows.
    """

    at: dict[str, int]
    vectors: Any
    features: list[int]


def read(folder: Path, name: str, weight: float) -> list[Row]:
    """Read one labelled set; texts with mixed labels are left out."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return [Row(r["text"], r["label"], weight, name) for r in rows if r["label"] in CLASSES]


def drawn(text: str, salt: str) -> int:
    """Return 0..255 for a text: the same for texts that begin alike."""
    words = LEFT_OUT.sub(" ", text.lower()).split()[:ALIKE]
    return md5((salt + " ".join(words)).encode(), usedforsecurity=False).digest()[0]


def vectors_of(rows: list[Row], kept: Path | None) -> Words:
    """Return vectors for the words of the texts, and for many that the texts lack."""
    seen = {word for row in rows for word in plain_words(row.text)}
    seen |= {word for word in KIND if word[0].isalpha()}
    words, vectors = word_vectors(seen, kept)
    hashes = [plain_words(word).get(word, -1) for word in words]
    return Words({word: n for n, word in enumerate(words)}, vectors, hashes)


def is_own_headline(row: Row) -> bool:
    """Return whether a text is ours and no whole sentence."""
    return row.name == OWN and not row.text.endswith(".")


def matrix(rows: list[Row], words: Words) -> csr_matrix:
    """Return each text's features, and the sum of its words' vectors, over the same length.

    Our own headlines have all of it twice: what only holds among them is learned by the second
    half, which is thrown away. Of whole sentences the public sets hold few.
    """
    columns: list[int] = []
    ends, values = [0], []
    dense = np.zeros((len(rows), DIMENSIONS))
    for n, row in enumerate(rows):
        found = features(row.text)
        length = np.sqrt(max(len(found), 1))
        columns += found
        ends.append(len(columns))
        values += [1 / length] * len(found)
        known = [words.at[word] for word in plain_words(row.text) if word in words.at]
        if known:
            dense[n] = words.vectors[known].sum(axis=0) / length
    sparse = csr_matrix((values, columns, ends), shape=(len(rows), 1 << BITS))
    ours = np.array([OWN_WAYS if is_own_headline(row) else 0.0 for row in rows])
    whole = hstack([sparse, csr_matrix(dense)]).tocsr()
    return hstack([whole, diags(ours) @ whole]).tocsr()


def fit(rows: list[Row], given: csr_matrix) -> tuple[Any, Any]:
    """Fit the linear model; return its weights, a row a class, and its bias."""
    used = np.unique(given.indices)
    model = LogisticRegression(C=STRENGTH, max_iter=1_000, tol=1e-3)
    model.fit(given[:, used], [r.label for r in rows], sample_weight=[r.weight for r in rows])
    weights = np.zeros((len(CLASSES), given.shape[1]))
    weights[:, used] = model.coef_
    return weights, model.intercept_


def folds(rows: list[Row], given: csr_matrix) -> tuple[list[Row], Any]:
    """Return the texts of the public sets with their logits, each by a model without its fold."""
    fold = np.array([-1 if r.name == OWN else drawn(r.text, "fold:") % FOLDS for r in rows])
    logits = np.zeros((len(rows), len(CLASSES)))
    for n in range(FOLDS):
        learned = np.flatnonzero(fold != n)
        weights, bias = fit([rows[i] for i in learned], given[learned])
        logits[fold == n] = given[fold == n] @ weights.T + bias
    return [r for r in rows if r.name != OWN], logits[fold >= 0]


def temperature_of(rows: list[Row], logits: Any) -> float:
    """Return the temperature under which the labels surprise least."""
    truth = [CLASSES.index(r.label) for r in rows]

    def surprise(temperature: float) -> float:
        chances = softmax(logits / temperature, axis=1)
        return float(-np.log(chances[np.arange(len(truth)), truth]).mean())

    return round(float(minimize_scalar(surprise, (0.5, 1.0, 3.0)).x), 4)


def judged(rows: list[Row], said: list[tuple[str, float]]) -> dict[str, dict[str, float]]:
    """Return accuracy and calibration error by set, from (label, confidence)."""
    found = {}
    for name in dict.fromkeys(r.name for r in rows):
        pairs = [(r, s) for r, s in zip(rows, said, strict=True) if r.name == name]
        right = np.array([s[0] == r.label for r, s in pairs])
        sure = np.array([s[1] for _, s in pairs])
        bins = np.minimum((sure * BINS).astype(int), BINS - 1)
        error = sum(
            abs(right[bins == b].sum() - sure[bins == b].sum()) / len(pairs) for b in range(BINS)
        )
        found[name] = {
            "texts": len(pairs),
            "accuracy": round(float(right.mean()), 4),
            "ece": round(float(error), 4),
        }
    return found


def packed_model(rows: list[Row], words: Words, weights: Any, bias: Any, heat: float) -> bytes:
    """Return the model file; what was learned of vectors goes into the words' weights."""
    whole = weights[:, : 1 << BITS].copy()
    learned = words.vectors @ weights[:, 1 << BITS : (1 << BITS) + DIMENSIONS].T
    for feature, row in zip(words.features, learned, strict=True):
        if feature >= 0:
            whole[:, feature] += row
    scale = float(np.abs(whole).max()) / 127
    rounded = np.rint(whole / scale).astype(int).T
    kept = {int(i): tuple(map(int, rounded[i])) for i in np.flatnonzero(rounded.any(axis=1))}
    names = dict.fromkeys(r.name for r in rows)
    header = {
        "bias": [round(float(b), 6) for b in bias],
        "scale": scale,
        "temperature": heat,
        "trained_on": {name: sum(r.name == name for r in rows) for name in names},
    }
    return pack(header, kept)


def main() -> None:
    """Train, judge, calibrate, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("data", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--hold-out", action="store_true", help="judge by a fifth that is left out")
    asked.add_argument("--vectors", type=Path, help="a file to keep the words' vectors in")
    options = asked.parse_args()
    public = [row for name, weight in SETS.items() for row in read(options.data, name, weight)]
    held = [r for r in public if options.hold_out and drawn(r.text, "held-out:") < HELD]
    own = [Row(t, label, OWN_WEIGHT, OWN) for t, label in sentences(OWN_EACH, OWN_SEED)]
    rows = own + [r for r in public if not options.hold_out or drawn(r.text, "held-out:") >= HELD]
    words = vectors_of(rows, options.vectors)
    given = matrix(rows, words)
    unseen, logits = folds(rows, given)
    heat = temperature_of(unseen, logits)
    chances = softmax(logits / heat, axis=1)
    said = [(CLASSES[p.argmax()], float(p.max())) for p in chances]
    figures = {"folds": judged(unseen, said)}
    packed = packed_model(rows, words, *fit(rows, given), heat)
    options.out.write_bytes(packed)
    model = InstantModel(packed)
    judges = held if options.hold_out else read(options.data, JUDGE, 1.0)
    verdicts = [model.score(r.text) for r in judges]
    figures["unseen"] = judged(judges, [(label_of(v.score), v.confidence) for v in verdicts])
    told = {"bytes": len(packed), "temperature": heat, **figures}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
