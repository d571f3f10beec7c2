"""What may be asked for: registered strategies and archived days, never a file or a flag."""

from collections.abc import Callable
from subprocess import Popen
from typing import IO, Literal

from msgspec import Struct

Learning = Literal["ewma", "hedge", "fixed"]
Commission = Literal["none", "alpaca"]


class BacktestTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="backtest"):
    """A backtest over days of the run's archive.

    Attributes:
        first, last: session days, both among them.
        capital: whole dollars; None: the setting.
        weights: strategy -> weight, at first; empty: alike.
        slippage_bps: against every order; None: the setting.
    """

    first: str
    last: str
    capital: int | None = None
    weights: dict[str, float] = {}
    learning: Learning | None = None
    slippage_bps: int | None = None
    commission: Commission | None = None


class VerifyTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="verify"):
    """The proof that an archived day comes out again."""

    day: str


Task = BacktestTask | VerifyTask
# Starts the process of a task: it writes its result to the file, and its progress to stderr, as
# lines of JSON with `bars` and `total`; other lines there are its words. It ends with this process.
Start = Callable[[Task, IO[bytes]], "Popen[bytes]"]
