"""FinBERT's fast path beside the plain pipeline, on a model of its shape; one JSON line.

    python -m benchmarks.finbert DATA

The weights are random: what a text costs does not depend on them.
"""

import gzip
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from benchmarks.tiny_bert import sentences, train
from connectors.sentiment.cascade import Cascade
from connectors.sentiment.finbert import FinbertTier
from connectors.sentiment.params import ScoringParams
from connectors.sentiment.score_cache import Facts
from operators.news.instant_model import Verdict

FILE = "tsla_headlines_2022_2024"  # about a seventh of it repeats
UNCACHED, MIX = 256, 1_200
LABELS = {0: "positive", 1: "negative", 2: "neutral"}


def make(directory: Path, texts: list[str]) -> None:
    """Save an untrained model of BERT-base's shape, with a vocabulary of the texts' words."""
    import torch
    import transformers

    bert: Any = transformers

    words = sorted({w for t in texts for w in t.lower().split()})[:20_000]
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789.,$%'\"-:;?!()&")
    tokens = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{c}" for c in letters),
        *words,
    ]
    (directory / "vocab.txt").write_text("\n".join(dict.fromkeys(tokens)))
    bert.BertTokenizerFast(str(directory / "vocab.txt")).save_pretrained(directory)
    torch.manual_seed(1)
    config = bert.BertConfig(
        num_labels=3, id2label=LABELS, label2id={v: k for k, v in LABELS.items()}
    )
    bert.BertForSequenceClassification(config).save_pretrained(directory)


def difference(directory: Path) -> float:
    """Return by how much the fast path's scores differ at most, on a small trained model."""
    train(directory)
    texts = [text for text, _ in sentences()]
    scores = []
    for speed in ("plain", "int8"):
        settings = {"finbert_directory": str(directory), "finbert_speed": speed}
        said = FinbertTier(TypeAdapter(ScoringParams).validate_python(settings)).score(texts)
        scores.append([v.score for v in said if isinstance(v, Verdict)])
    return float(max(abs(a - b) for a, b in zip(*scores, strict=True)))


def rate(act: Callable[[], Any], count: int) -> float:
    """Return texts per second of wall time."""
    began = time.perf_counter()
    act()
    return count / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    with gzip.open(Path(sys.argv[1]) / "news" / f"{FILE}.jsonl.gz", "rt") as lines:
        mix = [json.loads(line)["title"] for line in lines][:MIX]
    different = list(dict.fromkeys(mix))[:UNCACHED]
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        make(directory, mix)
        from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

        params = TypeAdapter(ScoringParams).validate_python({"finbert_directory": place})
        tier = FinbertTier(params)
        tier.score(different[:16])
        model: Any = AutoModelForSequenceClassification.from_pretrained(directory)
        plain: Any = pipeline(
            "text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(directory),
            top_k=None, truncation=True,
        )  # fmt: skip
        found = {
            "plain": rate(lambda: [plain(text) for text in different], len(different)),
            "uncached": rate(lambda: tier.score(different), len(different)),
            "plain mix": rate(lambda: [plain(text) for text in mix], len(mix)),
        }
        models = Cascade(tier, None, Facts(None), 0.0)

        def in_batches() -> None:
            for start in range(0, len(mix), 64):
                models.score(mix[start : start + 64])

        found["cached mix"] = rate(in_batches, len(mix))
    with tempfile.TemporaryDirectory() as place:
        found["difference"] = difference(Path(place))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
