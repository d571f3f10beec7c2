"""What every tier is: texts in, verdicts out, from any thread."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeGuard

from messages.errors import TidewireError
from operators.news.instant_model import Verdict


class TierFailed(TidewireError, RuntimeError):
    """A tier could not answer; the message begins with a reason code such as OLLAMA_TIMEOUT."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Name the reason; detail says more, for people."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Question(NamedTuple):
    """A text, and the companies in it that are asked about: (ticker, name), none: of the whole."""

    text: str
    companies: tuple[tuple[str, str], ...] = ()


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


class CompanyTier(Tier, Protocol):
    """A model that is given a whole text and asked for an opinion on each company in it."""

    @property
    def companies_model(self) -> str:
        """Return what `model` does, of the prompt that asks of companies."""
        ...

    def score_companies(self, questions: Sequence[Question]) -> list[list[Verdict] | TierFailed]:
        """Answer each question: of the whole text, then of its companies in their order; blocks.

        A company that the model says nothing of has the whole's verdict.
        """
        ...


def asks_by_company(tier: Tier) -> TypeGuard[CompanyTier]:
    """Tell whether a tier is asked once for all companies of a text, and not for each passage."""
    return hasattr(type(tier), "score_companies")
