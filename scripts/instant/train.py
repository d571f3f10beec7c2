"""Train the instant tier: `python scripts/instant/train.py DATA OUT`.

DATA is a directory with the labelled JSON Lines files named in `SETS` (text, label); PhraseBank
may not be trained on (its licence forbids commercial use) and only judges. Prints accuracies: of
five folds for the sets trained on, of the whole model for PhraseBank.
"""

import argparse
import gzip
import json
import sys
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import numpy as np
from own_sentences import sentences
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from operators.news.features import BITS, features
from operators.news.instant_model import CLASSES, pack
from operators.news.labels import label_of

SETS: Final = {"twitter_financial_news": 1.0, "sentfin_entities": 1.0, "fiqa_2018": 2.0}
JUDGE: Final = "phrasebank"
OWN_EACH, OWN_SEED, OWN_WEIGHT = 30, 1, 0.7
STRENGTH: Final = 15.0
FOLDS: Final = 5
Rows = list[tuple[str, str, float]]


def read(file: Path, weight: float) -> Rows:
    """Read one labelled set; texts with mixed labels are left out."""
    with gzip.open(file, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return [(r["text"], r["label"], weight) for r in rows if r["label"] in CLASSES]


def matrix(texts: list[str]) -> csr_matrix:
    """Return features as rows of length one."""
    columns: list[int] = []
    ends, values = [0], []
    for text in texts:
        found = features(text)
        columns += found
        ends.append(len(columns))
        values += [1 / np.sqrt(max(len(found), 1))] * len(found)
    return csr_matrix((values, columns, ends), shape=(len(texts), 1 << BITS))


def fit(rows: Rows) -> Any:
    """Fit the linear model; its classes come out in the order of `CLASSES`."""
    texts, labels, weights = zip(*rows, strict=True)
    model = LogisticRegression(C=STRENGTH, max_iter=3_000)
    return model.fit(matrix(list(texts)), labels, sample_weight=weights)


def judged(logits: Any, temperature: float) -> list[str]:
    """Return labels by the documented thresholds of the score."""
    chances = softmax(logits / temperature, axis=1)
    return [label_of(float(p[2] - p[0])) for p in chances]


def fold_of(text: str) -> int:
    """Return a text's fold: the same text is always in the same one."""
    return md5(text.encode(), usedforsecurity=False).digest()[0] % FOLDS


def main() -> None:
    """Train, judge, calibrate, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("data", type=Path)
    asked.add_argument("out", type=Path)
    options = asked.parse_args()
    sets = {name: read(options.data / f"{name}.jsonl.gz", w) for name, w in SETS.items()}
    own: Rows = [(t, label, OWN_WEIGHT) for t, label in sentences(OWN_EACH, OWN_SEED)]
    told: list[tuple[str, str, Any]] = []
    for fold in range(FOLDS):
        model = fit(own + [r for s in sets.values() for r in s if fold_of(r[0]) != fold])
        for name, rows in sets.items():
            unseen = [r for r in rows if fold_of(r[0]) == fold]
            logits = model.decision_function(matrix([r[0] for r in unseen]))
            told += [(name, r[1], row) for r, row in zip(unseen, logits, strict=True)]
    truth = np.array([CLASSES.index(label) for _, label, _ in told])
    logits = np.array([row for *_, row in told])

    def surprise(temperature: float) -> float:
        chances = softmax(logits / temperature, axis=1)
        return float(-np.log(chances[np.arange(len(truth)), truth]).mean())

    temperature = round(float(minimize_scalar(surprise, (0.5, 1.0, 3.0)).x), 4)
    labels = judged(logits, temperature)
    accuracy = {
        name: _share([label == t[1] for t, label in zip(told, labels, strict=True) if t[0] == name])
        for name in sets
    }
    model = fit(own + [row for rows in sets.values() for row in rows])
    judge = read(options.data / f"{JUDGE}.jsonl.gz", 1.0)
    said = judged(model.decision_function(matrix([r[0] for r in judge])), temperature)
    accuracy[JUDGE] = _share([a == r[1] for a, r in zip(said, judge, strict=True)])
    scale = float(np.abs(model.coef_).max()) / 127
    whole = np.rint(model.coef_ / scale).astype(int).T
    kept = {int(i): tuple(map(int, whole[i])) for i in np.flatnonzero(whole.any(axis=1))}
    header = {
        "bias": [round(float(b), 6) for b in model.intercept_],
        "scale": scale,
        "temperature": temperature,
        "trained_on": {name: len(rows) for name, rows in (*sets.items(), ("own", own))},
    }
    packed = pack(header, kept)
    options.out.write_bytes(packed)
    sys.stdout.write(
        json.dumps({"accuracy": accuracy, "bytes": len(packed), "temperature": temperature}) + "\n"
    )


def _share(hits: list[bool]) -> float:
    return round(sum(hits) / len(hits), 4)


if __name__ == "__main__":
    main()
