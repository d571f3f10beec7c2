"""The tiers by the settings."""

import logging
from pathlib import Path

from connectors.sentiment.cascade import Cascade
from connectors.sentiment.finbert import FinbertTier, finbert_there
from connectors.sentiment.instant import InstantTier
from connectors.sentiment.params import ScoringParams
from connectors.sentiment.score_cache import Facts
from connectors.sentiment.tier import Tier
from operators.news.instant_model import ModelUnusable

log = logging.getLogger(__name__)


def cascade(params: ScoringParams, facts: Path | None, *, live: bool) -> Cascade:
    """Put the tiers in order.

    Args:
        params: the settings.
        facts: file of what was said before; None: in memory.
        live: `auto` may look at what this machine has, and ask for a second opinion; otherwise
            it means the instant tier alone, the same on every machine.

    Raises:
        ModelUnusable: the asked-for tier cannot be loaded.
        FactsUnusable: the file cannot be used.
    """
    first = _first(params, live=live)
    second: Tier | None = None
    if params.ollama_url and (live or params.tier == "ollama"):
        from connectors.sentiment.ollama import OllamaTier

        second = OllamaTier(params)
    if params.tier == "ollama" and second is not None:
        # Every answer is to be Ollama's: no confidence of the instant tier is enough.
        return Cascade(first, second, Facts(facts), 2.0)
    last = InstantTier() if first.name != "instant" else None
    return Cascade(first, second, Facts(facts), params.ollama_below, last)


def require(params: ScoringParams) -> None:
    """Check, without loading it, that a tier that is asked for by name is on this machine.

    Raises:
        ModelUnusable: it is not.
    """
    if params.tier == "finbert" and not finbert_there(params):
        FinbertTier(params)  # says what lacks


def _first(params: ScoringParams, *, live: bool) -> Tier:
    if params.tier == "finbert":
        return FinbertTier(params)
    if params.tier == "auto" and live and finbert_there(params):
        try:
            return FinbertTier(params)
        except ModelUnusable as error:
            log.warning("the instant tier stands in: %s", error)
    return InstantTier()
