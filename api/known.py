"""Names that a run has: what is asked of another one is refused with those that there are."""

from typing import Final

from api.context import Api
from api.problems import Invalid, NotFound
from connectors.user_strategies import strategy_names
from operators.checks import BROKER_STATES, NAMES, STATE_CODES

# Of a decision: a check's name, or the state that it found.
CODES: Final = ("ACCEPTED", *NAMES, "NO_POSITION", *STATE_CODES[1:], *BROKER_STATES[1:])


def must_be_strategy(api: Api, name: str | None) -> None:
    """Refuse a filter by a strategy that the run does not have; None: there is no filter.

    Raises:
        Invalid: it names the strategies.
    """
    names = strategy_names(api.run.rules)
    if name is not None and name not in names:
        detail = f"Name a strategy of the run: {', '.join(names)}."
        raise Invalid("NO_SUCH_STRATEGY", detail, fields={"strategy": "no strategy of the run"})


def must_be_code(code: str | None) -> None:
    """Refuse a filter by a code that no decision has; None: there is no filter.

    Raises:
        Invalid: it names the codes.
    """
    if code is not None and code not in CODES:
        fields = {"code": "no code of a decision"}
        raise Invalid("NO_SUCH_CODE", f"Name one of {', '.join(CODES)}.", fields=fields)


def no_such_ticker(ticker: str) -> NotFound:
    """Return the answer to a ticker that the run has no bar of."""
    detail = f"The run has no bar of {ticker}: name a ticker that it has had one of."
    return NotFound("NO_SUCH_TICKER", detail)
