"""The instant tier: the model that comes with the package."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final

from connectors.sentiment.tier import TierFailed
from operators.news.instant_model import InstantModel, Verdict

FILE: Final = "instant.model"


@lru_cache(maxsize=1)
def instant_model() -> InstantModel:
    """Return the bundled model, loaded once."""
    return InstantModel(files("connectors.sentiment").joinpath(FILE).read_bytes())


class InstantTier:
    """Scores tens of thousands of texts a second, without any download."""

    name = "instant"
    kept = False

    def __init__(self) -> None:
        """Load the bundled model."""
        self._model = instant_model()

    @property
    def model(self) -> str:
        """Return the model's name and revision."""
        return self._model.model

    def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
        """Answer each text."""
        return [self._model.score(text) for text in texts]

    def close(self) -> None:
        """Nothing is held."""
