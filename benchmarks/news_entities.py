"""Accuracy by company on headlines that name several, beside the whole headline's score.

    python -m benchmarks.news_entities SENTIMENT MODEL

SENTIMENT holds the labelled sets, MODEL an instant model that was trained without the headlines of
`is_held` and without FinEntity. Prints one JSON line: figure -> [by company, by headline].
"""

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from operators.news.instant_model import InstantModel
from operators.news.labels import Label, label_of
from operators.news.passages import Passage, Place, passages
from operators.news.subjects import taken

SENTFIN: Final = "sentfin_entities"
FINENTITY: Final = "finentity"
HELD: Final = 5  # of so many headlines of one label one is held back
OPPOSITE: Final = {"positive": "negative", "negative": "positive"}


class Labelled(NamedTuple):
    """A text, where its companies are named, each one's label, and the whole's or `mixed`."""

    text: str
    places: list[Place]
    labels: dict[str, str]
    label: str


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Read a set."""
    with gzip.open(file, "rt") as lines:
        return [json.loads(line) for line in lines]


def is_held(row: dict[str, Any]) -> bool:
    """Tell whether a headline of SEntFiN is held back: all mixed ones, and one in five."""
    return row["label"] == "mixed" or sha256(row["text"].encode()).digest()[0] % HELD == 0


def hold_back(data: Path, target: Path) -> None:
    """Make a directory of the sets as they are, but SEntFiN without what is held back."""
    for file in data.iterdir():
        (target / file.name).symlink_to(file.resolve())
    name = f"{SENTFIN}.jsonl.gz"
    (target / name).unlink()
    with gzip.open(target / name, "wt") as lines:
        lines.writelines(json.dumps(r) + "\n" for r in rows_of(data / name) if not is_held(r))


def of_sentfin(data: Path) -> Iterator[Labelled]:
    """Give the held headlines whose entities all stand in the text, or begin like a word of it."""
    for row in filter(is_held, rows_of(data / f"{SENTFIN}.jsonl.gz")):
        places, low = [], row["text"].lower()
        for entity in row["entities"]:
            written = next((w for w in (entity, entity.split()[0]) if w.lower() in low), "")
            if written:
                at = low.index(written.lower())
                places.append(Place(at, at + len(written), entity))
        if len(places) == len(row["entities"]):
            yield Labelled(row["text"], places, row["entities"], row["label"])


def of_finentity(data: Path) -> Iterator[Labelled]:
    """Give the texts whose places are right; of an entity labelled twice the first label counts."""
    for row in rows_of(data / f"{FINENTITY}.jsonl.gz"):
        if row["offsets_ok"]:
            entities = row["entities"]
            places = [Place(e["start"], e["end"], e["value"]) for e in entities]
            labels = {e["value"]: e["label"] for e in reversed(entities)}
            yield Labelled(row["text"], places, labels, row["label"])


def compared(rows: Iterator[Labelled], score: Callable[[Passage], float]) -> dict[str, list[float]]:
    """Return figures by kind of headline: [by company, by headline]."""
    hits: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for row in rows:
        of = passages(row.text, row.places)
        headline = label_of(score(Passage(row.text)))
        kind = "mixed" if row.label == "mixed" else "alike" if len(of) > 1 else "of one"
        for company, label in row.labels.items():
            said: tuple[Label, Label] = (label_of(score(of[company])), headline)
            hits[f"{kind}, accuracy"].append((said[0] == label, said[1] == label))
            hits["all, accuracy"].append(hits[f"{kind}, accuracy"][-1])
            if kind == "mixed" and label in OPPOSITE:
                wrong = OPPOSITE[label]
                hits["mixed, opposite sign"].append((said[0] == wrong, said[1] == wrong))
    return {
        name: [sum(side) / len(found) for side in zip(*found, strict=True)]
        for name, found in sorted(hits.items())
    }


def main() -> None:
    """Measure and print."""
    data, file = (Path(word) for word in sys.argv[1:])
    model = InstantModel(file.read_bytes())

    def score(passage: Passage) -> float:
        return taken(model.score(passage.text), passage).score

    found: dict[str, list[float]] = {}
    for name, rows in (("SEntFiN", of_sentfin(data)), ("FinEntity", of_finentity(data))):
        found |= {f"{name} {kind}": sides for kind, sides in compared(rows, score).items()}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
