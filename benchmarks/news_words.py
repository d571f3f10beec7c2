"""Speed and accuracy of the instant tier and of ticker extraction; one JSON line.

    python -m benchmarks.news_words DATA LABELS SECOND

DATA holds recorded news, labelled sets and directories; LABELS the hand-labelled sample of
titles, SECOND the one of whole articles.
"""

import gzip
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from connectors.sentiment.instant import instant_model
from connectors.tickers.directory import ticker_finder
from operators.news.instant_model import InstantModel
from operators.news.subjects import subjects_of
from operators.news.tickers import TickerFinder

DIRECTORIES = ("sec_company_tickers.json", "nasdaqlisted.txt", "otherlisted.txt")
TEXTS = 20_000


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Read a JSON Lines file."""
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        return [json.loads(line) for line in lines]


def rate(act: Callable[[str], object], texts: list[str]) -> float:
    """Return calls per CPU second, each text for the first time."""
    began = time.process_time()
    for text in texts:
        act(text)
    return len(texts) / (time.process_time() - began)


def read_by_company(finder: TickerFinder, model: InstantModel, title: str) -> None:
    """Do with a headline what a run does: tickers, their passages, each distinct one's score."""
    found = subjects_of(title, len(title), finder.read((), title), finder)
    for text in {s.passage.text for s in found} or (title,):
        model.score(text)


def read_whole(finder: TickerFinder, model: InstantModel, title: str) -> None:
    """Find tickers and score the whole headline."""
    finder.find((), title)
    model.score(title)


def judged(
    finder: TickerFinder, data: Path, labels: Path, half: str, *, whole: bool = False
) -> tuple[float, float]:
    """Return precision and recall on one half of the labelled sample.

    A label `A|B` is met by either; `?A` counts neither way.

    Args:
        finder: to be judged.
        data: recorded news.
        labels: what it is about.
        half: tune or held.
        whole: the labels are of title and content together, not of the title alone.
    """
    sample = [row for row in rows_of(labels) if row["half"] == half]
    texts = {
        (name, row["id"]): row
        for name in {row["file"] for row in sample}
        for row in rows_of(data / "news" / f"{name}.jsonl.gz")
    }
    hits = wrong = missed = 0
    for row in sample:
        text = texts[row["file"], row["id"]]
        content = (text["content"] or "") if whole or not text["title"] else ""
        at = datetime.fromisoformat(text["published_at"])
        found = set(finder.find((), text["title"] or "", content, at))
        wanted = [set(label.split("|")) for label in row["tickers"] if label[0] != "?"]
        either = {label[1:] for label in row["tickers"] if label[0] == "?"}
        met = [label for label in wanted if label & found]
        hits, missed = hits + len(met), missed + len(wanted) - len(met)
        wrong += len(found - set().union(*wanted) - either)
    return hits / (hits + wrong), hits / (hits + missed)


def main() -> None:
    """Measure and print."""
    data, *samples = (Path(word) for word in sys.argv[1:])
    names = (
        "yahoo_headlines_2026-02_2026-04",
        "benzinga_analyst_2009_2020",
        "tsla_headlines_2022_2024",
    )
    headlines = [r["title"] for n in names for r in rows_of(data / "news" / f"{n}.jsonl.gz")]
    finder = ticker_finder(tuple(str(data / "reference" / d) for d in DIRECTORIES))
    model = instant_model()
    found = {
        "instant texts": rate(model.score, headlines[:TEXTS]),
        "ticker headlines": rate(lambda text: finder.find((), text), headlines[:TEXTS]),
        "whole headlines": rate(partial(read_by_company, finder, model), headlines[:TEXTS]),
        "plain headlines": rate(partial(read_whole, finder, model), headlines[:TEXTS]),
    }
    offline = ticker_finder()
    for whole, labels in enumerate(samples):
        for half in ("tune", "held"):
            for name, one in (("", finder), ("bundled ", offline)):
                key = f"{'whole ' * whole}{half} {name}"
                precision, recall = judged(one, data, labels, half, whole=bool(whole))
                found[f"{key}precision"], found[f"{key}recall"] = precision, recall
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
