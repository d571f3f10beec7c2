"""What every tier is: texts in, verdicts out, from any thread."""

from collections.abc import Sequence
from typing import Protocol

from messages.errors import TidewireError
from operators.news.instant_model import Verdict


class TierFailed(TidewireError, RuntimeError):
    """A tier could not answer; the message begins with a reason code such as OLLAMA_TIMEOUT."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Name the reason; detail says more, for people."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Tier(Protocol):
    """A model that scores.

    Attributes:
        name: instant, finbert or ollama.
        kept: answers are worth keeping as facts: they take longer than a look into a file, or
            may come out otherwise another time.
    """

    name: str
    kept: bool

    @property
    def model(self) -> str:
        """Return name, revision and prompt hash, joined by `/`: a score is a fact under it."""
        ...

    def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
        """Answer each text in its place; blocks. A text that fails does not fail the others."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...
