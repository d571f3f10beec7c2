"""How right the instant tier and ticker extraction are on recorded texts."""

import gzip
import json
import re
from pathlib import Path

import pytest

from benchmarks.news_words import DIRECTORIES, judged
from connectors.sentiment.instant import instant_model
from connectors.tickers.directory import ticker_finder
from operators.news.labels import label_of

DATA = Path(__file__).resolve().parents[2] / "data"
LABELS = DATA / "ticker_labels.jsonl"
WHOLE = DATA / "ticker_labels_2.jsonl"
pytestmark = pytest.mark.recorded


def test_the_instant_tier_on_a_set_it_was_never_trained_on(recorded: Path) -> None:
    with gzip.open(recorded / "sentiment/phrasebank.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    right = [label_of(instant_model().score(r["text"]).score) == r["label"] for r in rows]
    assert sum(right) / len(right) >= 0.765


def test_confidence_is_calibrated(recorded: Path) -> None:
    """Where it says 90 % or more it is right nine times of ten, about; and more when surer."""
    with gzip.open(recorded / "sentiment/phrasebank.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    verdicts = [(instant_model().score(r["text"]), r["label"]) for r in rows]
    shares = []
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 1.01)):
        inside = [label_of(v.score) == t for v, t in verdicts if low <= v.confidence < high]
        shares.append(sum(inside) / len(inside))
    assert shares == sorted(shares)
    assert shares[-1] > 0.85
    error = 0.0
    for tenth in range(10):
        inside = [(v, t) for v, t in verdicts if min(int(v.confidence * 10), 9) == tenth]
        error += abs(sum((label_of(v.score) == t) - v.confidence for v, t in inside))
    assert error / len(verdicts) <= 0.03


@pytest.mark.parametrize(
    ("name", "floor"),
    [("twitter_financial_news", 0.85), ("sentfin_entities", 0.85), ("fiqa_2018", 0.85)],
)
def test_the_model_is_the_one_that_learned_these_sets(
    recorded: Path, name: str, floor: float
) -> None:
    """Texts it was trained on: no measure of skill, but another file would not know them."""
    with gzip.open(recorded / f"sentiment/{name}.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    known = [r for r in rows if r["label"] in ("positive", "negative", "neutral")]
    right = [label_of(instant_model().score(r["text"]).score) == r["label"] for r in known]
    assert sum(right) / len(right) >= floor


def test_a_minus_sign_is_seen(recorded: Path) -> None:
    with gzip.open(recorded / "sentiment/twitter_financial_news.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    fell = [r for r in rows if re.search(r"\s-\d[\d.]*%", r["text"])]
    right = [label_of(instant_model().score(r["text"]).score) == r["label"] for r in fell]
    assert len(right) > 20
    assert sum(right) / len(right) >= 0.8


@pytest.mark.parametrize("half", ["tune", "held"])
@pytest.mark.parametrize("labels", [LABELS, WHOLE])
def test_tickers_with_the_exchanges_directories(recorded: Path, labels: Path, half: str) -> None:
    files = tuple(str(recorded / "reference" / name) for name in DIRECTORIES)
    precision, recall = judged(ticker_finder(files), recorded, labels, half, whole=labels == WHOLE)
    assert precision >= 0.97
    assert recall >= 0.9


@pytest.mark.parametrize("labels", [LABELS, WHOLE])
def test_the_bundled_list_is_as_precise(recorded: Path, labels: Path) -> None:
    precision, recall = judged(ticker_finder(), recorded, labels, "held", whole=labels == WHOLE)
    assert precision >= 0.97
    assert recall >= 0.85


@pytest.mark.parametrize(("labels", "texts"), [(LABELS, 300), (WHOLE, 400)])
def test_the_sample_is_large_and_split_in_two(labels: Path, texts: int) -> None:
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    assert len(rows) >= texts
    assert [r["half"] for r in rows].count("tune") == len(rows) // 2
    assert all(set(r) == {"file", "id", "half", "tickers"} for r in rows), "no texts"
