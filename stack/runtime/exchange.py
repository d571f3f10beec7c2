"""The stand-in exchange beside a run that trades there: its process, and the way to it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pydantic import SecretStr

from connectors.market.calendar import new_york_sessions
from connectors.settings import Settings
from messages.units import to_micros
from operators.params import RiskParams
from stack.errors import CannotStart
from stack.home import Home, tail

STOP_S: Final = 10.0
CLOCK_CHECK: Final = "MARKET_CLOSED"


@dataclass(frozen=True, slots=True)
class ExchangeOptions:
    """What a stand-in plays.

    Attributes:
        play: bars of a minute; None: simulated days.
        news: articles beside them.
        past_days: of what is played, over when it begins: the history.
        faults: on purpose, as `tidewire stand-in` names them; empty: none.
        seed: of faults and simulated days.
    """

    play: Path | None = None
    news: Path | None = None
    past_days: int = 0
    faults: str = ""
    seed: int = 1

    def arguments(self) -> list[str]:
        """Return them as `tidewire up` and `tidewire stand-in` take them."""
        found = ["--past-days", str(self.past_days), "--seed", str(self.seed)]
        if self.play is not None:
            found += ["--play", str(self.play.resolve())]
        if self.news is not None:
            found += ["--news", str(self.news.resolve())]
        return [*found, "--faults", self.faults] if self.faults else found


class Exchange:
    """The process of a stand-in; it ends with this one.

    Attributes:
        told: addresses, keys and tickers.
    """

    def __init__(self, home: Home, options: ExchangeOptions) -> None:
        """Prepare; nothing is started."""
        self._log = home.path / "stand-in" / "process.log"
        self._command = [
            sys.executable, "-m", "stack.cli", "stand-in", "--json", "--home", str(home.path),
            "--as-child", str(os.getpid()), *options.arguments(),
        ]  # fmt: skip
        if options.play is None:
            self._command += ["--days", str(options.past_days + 1)]
        self._process: subprocess.Popen[str] | None = None
        self._missed = False
        self.told: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Start it; what it plays begins now.

        Raises:
            CannotStart: it does not; quotes its last words.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as errors:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
                text=True, start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.__exit__(None, None, None)
            last = tail(self._log, 1).removeprefix("tidewire: ")
            reason = f"The stand-in exchange did not start: {last}"
            raise CannotStart(reason)
        self.told = json.loads(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Stop it."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def watch(self) -> str:
        """Return, once, that it has died: it is not started again, for it would know no order."""
        process = self._process
        if process is None or self._missed or process.poll() is None:
            return ""
        self._missed = True
        return f"the stand-in exchange has died (exit {process.returncode}): see {self._log}"

    def words(self, risk: RiskParams) -> str:
        """Return what a person who starts a run there should know."""
        hours = "; New York's hours do not count" if CLOCK_CHECK in risk.off else ""
        return f"it trades at a stand-in, whose journal is {self.told['journal']}{hours}"

    def settings(self, settings: Settings) -> Settings:
        """Return settings under which a run trades there, and reads its bars and news alone.

        Where New York's exchange is closed now, the check of sessions is off: what is played has
        hours of its own.
        """
        told = self.told
        key, secret = told["key"], SecretStr(told["secret"])
        stream = told["url"].replace("http", "ws", 1)
        broker = replace(
            settings.broker, kind="alpaca", key=SecretStr(key), secret=secret,
            trading_url=told["url"], data_url=told["url"], stream_url=stream,
        )  # fmt: skip
        news = replace(
            settings.news, feeds=(), reddit_id="", alpaca_key=key, alpaca_secret=secret,
            alpaca_stream=told["news"], alpaca_rest=told["url"],
        )  # fmt: skip
        tickers = tuple(told["tickers"]) or settings.market.watchlist
        market = replace(
            settings.market, feed="alpaca", watchlist=tickers, max_tickers=max(1, len(tickers))
        )  # fmt: skip
        risk = _in_its_hours(settings)
        return settings.model_copy(
            update={"broker": broker, "news": news, "market": market, "risk": risk}
        )


def wall_clock() -> int:
    """Return the time, microseconds since 1970 UTC."""
    return to_micros(datetime.now(UTC))


def _in_its_hours(settings: Settings) -> RiskParams:
    risk = settings.risk
    if CLOCK_CHECK in risk.off or new_york_sessions().is_open(wall_clock()):
        return risk
    return replace(risk, off=(*risk.off, CLOCK_CHECK))
