"""FinBERT through transformers and torch: score = P(positive) - P(negative).

Any sequence classifier with the labels positive, negative and neutral will do. Nothing is fetched
here: the weights are in a directory that `tidewire models pull` fills.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from connectors.sentiment.int8 import Int8Classifier
from connectors.sentiment.params import ScoringParams
from connectors.sentiment.tier import TierFailed
from operators.news.instant_model import ModelUnusable, Verdict

LABELS: Final = ("negative", "neutral", "positive")
REVISION_FILE: Final = "tidewire-revision.txt"
CUT: Final = 6_000  # characters; more than 512 tokens need


def finbert_there(params: ScoringParams) -> bool:
    """Tell whether the weights and what loads them are on this machine, without loading."""
    from importlib.util import find_spec

    directory = Path(params.finbert_directory).expanduser()
    if not (directory / "config.json").is_file():
        return False
    return find_spec("torch") is not None and find_spec("transformers") is not None


class FinbertTier:
    """A loaded classifier; called from one thread at a time.

    Attributes:
        device: `cpu` or `cuda`.
    """

    name = "finbert"
    kept = True

    def __init__(self, params: ScoringParams) -> None:
        """Load the weights.

        Raises:
            ModelUnusable: they are not there, or are no such classifier, or the packages lack.
        """
        self._directory = Path(params.finbert_directory).expanduser()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            import torch
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError as error:
            reason = (
                f"The FinBERT tier needs {error.name}: install it with "
                "`pip install 'tidewire[sentiment]'`, or set TIDEWIRE_SCORING__TIER=instant."
            )
            raise ModelUnusable(reason) from error
        if not (self._directory / "config.json").is_file():
            reason = (
                f"FinBERT's weights are not in {self._directory}: run `tidewire models pull "
                "finbert`, or set TIDEWIRE_SCORING__TIER=instant."
            )
            raise ModelUnusable(reason)
        self._torch = torch
        self._batch, self._tokens = params.finbert_batch, params.finbert_tokens
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        speed = params.finbert_speed
        if speed == "int8" and self.device == "cuda":
            speed = "half"
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(self._directory)
            model: Any = AutoModelForSequenceClassification.from_pretrained(self._directory)
        except (OSError, ValueError, KeyError) as error:
            reason = (
                f"{self._directory} holds no classifier that loads ({str(error)[:200]}): empty it "
                "and run `tidewire models pull finbert`."
            )
            raise ModelUnusable(reason) from error
        self._places = _places(model.config.id2label, self._directory)
        self._int8 = Int8Classifier(model.eval(), self._directory) if speed == "int8" else None
        if speed == "half":
            brain = self.device == "cpu" or torch.cuda.is_bf16_supported()
            model = model.to(torch.bfloat16 if brain else torch.float16)
        self._model: Any = None if speed == "int8" else model.eval().to(self.device)
        name = params.finbert_model.rsplit("/", 1)[-1].lower()
        self._name = f"{name}/{_revision(self._directory, params)}+{speed}-{self._tokens}/-"

    @property
    def model(self) -> str:
        """Return the model's name and revision, and how it is run: that changes scores."""
        return self._name

    def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
        """Answer each text; texts of like length go together, so that little is padding."""
        encoded = self._tokenizer(
            [_readable(text) for text in texts], truncation=True, max_length=self._tokens
        )["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
        out: list[Verdict | TierFailed] = [TierFailed("FINBERT_SILENT")] * len(texts)
        for start in range(0, len(order), self._batch):
            part = order[start : start + self._batch]
            chances = self._chances([encoded[i] for i in part])
            for i, row in zip(part, chances, strict=True):
                out[i] = self._verdict(row)
        return out

    def close(self) -> None:
        """Nothing is held that needs closing."""

    def _chances(self, ids: list[list[int]]) -> list[list[float]]:
        torch = self._torch
        if self._int8 is not None:
            logits = torch.from_numpy(self._int8.logits(self._tokenizer, ids))
        else:
            padded = self._tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self.device)
            with torch.inference_mode():
                logits = self._model(**padded).logits
        found: list[list[float]] = logits.float().softmax(dim=-1).tolist()
        return found

    def _verdict(self, row: list[float]) -> Verdict | TierFailed:
        bad, flat, good = (row[place] for place in self._places)
        if not 0 <= bad + flat + good <= 1.001:  # rounding; also refuses NaN
            return TierFailed("FINBERT_NOT_A_NUMBER")
        score, confidence = max(-1.0, min(1.0, good - bad)), min(1.0, max(bad, flat, good))
        return Verdict(round(score, 6), round(confidence, 6), self.model)


def _readable(text: str) -> str:
    """Return a text's beginning, without halves of surrogate pairs: the tokenizer has no use."""
    return text[:CUT].encode("utf-8", "replace").decode()


def _places(id2label: dict[int, str], directory: Path) -> tuple[int, int, int]:
    by_name = {str(label).lower(): int(place) for place, label in id2label.items()}
    if not set(LABELS) <= set(by_name):
        reason = (
            f"The model in {directory} has the labels {', '.join(sorted(by_name))}, not positive, "
            "negative and neutral: set TIDEWIRE_SCORING__FINBERT_MODEL to one that has."
        )
        raise ModelUnusable(reason)
    return by_name["negative"], by_name["neutral"], by_name["positive"]


def _revision(directory: Path, params: ScoringParams) -> str:
    """Return the commit that `models pull` wrote down; else the setting."""
    file = directory / REVISION_FILE
    said = file.read_text().strip() if file.is_file() else params.finbert_revision
    return said.replace("/", ":")[:12]
