"""A tiny BERT, trained in seconds to tell good words from bad ones; for figures and tests."""

from pathlib import Path
from typing import Any, Final

WORDS: Final = (
    ["profit", "rises", "shares", "gain", "strong", "growth", "record"],
    ["loss", "falls", "shares", "drop", "weak", "decline", "fraud"],
    ["board", "meets", "tuesday", "company", "office", "report", "annual"],
)
LABELS: Final = {0: "positive", 1: "negative", 2: "neutral"}
STEPS: Final = 30


def sentences() -> list[tuple[str, int]]:
    """Return texts with the place of their label."""
    found = []
    for label, words in enumerate(WORDS):
        for i in range(40):
            text = " ".join(words[(i * k) % len(words)] for k in range(1, 3 + i % 5))
            found.append((text, label))
    return found


def train(directory: Path) -> None:
    """Train one and save it as a hub would give it."""
    import torch
    import transformers

    bert: Any = transformers
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *dict.fromkeys(w for kind in WORDS for w in kind)]
    (directory / "vocab.txt").write_text("\n".join(words))
    tokenizer = bert.BertTokenizerFast(str(directory / "vocab.txt"))
    torch.manual_seed(7)
    config = bert.BertConfig(
        vocab_size=len(words), hidden_size=64, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=128, num_labels=3, id2label=LABELS,
        label2id={v: k for k, v in LABELS.items()},
    )  # fmt: skip
    model = bert.BertForSequenceClassification(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    texts, labels = zip(*sentences(), strict=True)
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    for _ in range(STEPS):
        optimiser.zero_grad()
        model(**batch, labels=torch.tensor(labels)).loss.backward()
        optimiser.step()
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
