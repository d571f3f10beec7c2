"""Settings of the tiers that score."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr

Tier = Literal["auto", "instant", "finbert", "ollama"]
Fraction = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, slots=True)
class ScoringParams:
    """Who scores.

    Attributes:
        tier: `auto` takes FinBERT where its weights are on the machine and the instant tier
            elsewhere, in a live run; a played run and a backtest, which must be the same on
            every machine, then take the instant tier. `ollama` asks Ollama for every text.
        finbert_model: name on the model hub.
        finbert_revision: branch, tag or commit of it.
        finbert_directory: where `tidewire models pull` puts it and where it is loaded from.
        finbert_speed: `plain`; `int8`: 8-bit weights by ONNX Runtime, on a CPU; `half`: bf16,
            or fp16 on a GPU without it.
        finbert_batch: texts at a time.
        finbert_tokens: of a text that are read, at most 512.
        ollama_url: of an Ollama server; empty: no second opinion.
        ollama_model: which of its models.
        ollama_below: a first answer with less confidence is asked for again.
        ollama_timeout_seconds: of one answer.
        ollama_parallel: answers asked for at a time.
        ollama_key: sent as a bearer token where the server wants one.
    """

    tier: Tier = "auto"
    finbert_model: str = "ProsusAI/finbert"
    finbert_revision: str = "main"
    finbert_directory: str = "~/.local/share/tidewire/models/finbert"
    finbert_speed: Literal["plain", "int8", "half"] = "int8"
    finbert_batch: Annotated[int, Ge(1), Le(1_024)] = 16
    finbert_tokens: Annotated[int, Ge(8), Le(512)] = 512
    ollama_url: str = "http://127.0.0.1:11434"
    ollama_model: str = "llama3.2:3b"
    ollama_below: Fraction = 0.6
    ollama_timeout_seconds: Annotated[float, Gt(0), Le(600)] = 30
    ollama_parallel: Annotated[int, Ge(1), Le(64)] = 2
    ollama_key: SecretStr = SecretStr("")
