"""Asking Alpaca by the SDK's clients: in time, within the limit, and changes never twice."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any, Final, TypeVar

from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.trading.client import TradingClient

from connectors.broker.alpaca.keys import Access, local
from connectors.broker.alpaca.limiter import Limiter
from connectors.broker.alpaca.refusals import body_of, no_answer, remaining_of, reset_of
from connectors.broker.alpaca.sending import Attempt, answer, mount
from connectors.broker.errors import BrokerAway, BrokerError, OutcomeUnknown, RateLimited

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE_S: Final = 5.0  # for a token of the limit
ATTEMPTS: Final = 3  # of a question
PAUSE_S: Final = 0.25  # before the second; then twice that


class Door:
    """What every request of a connector passes through; any thread may.

    Attributes:
        closed: the connector was closed: nothing waits any more.
    """

    def __init__(self, access: Access, per_minute: int, reserve: int, timeout_s: float) -> None:
        """Take the bounds."""
        self.closed = threading.Event()
        self._access, self._timeout_s = access, timeout_s
        self._limiter = Limiter(per_minute, reserve, time.monotonic, self._pause)

    def read(self, ask: Callable[[], T], *, patient: bool = False) -> T:
        """Ask a question; again, a few times, where Alpaca is away.

        Args:
            ask: asks it once.
            patient: it goes on with a long answer: it waits for the limit as long as it takes.

        Raises:
            BrokerError: what `ask` raised at last, or RateLimited.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self._take(inf if patient else PATIENCE_S)
            try:
                return ask()
            except RateLimited as full:
                if not patient or attempt == ATTEMPTS:
                    raise
                self._pause(full.retry_after_s)
                continue
            except BrokerAway:
                if attempt == ATTEMPTS:
                    raise
            self._pause(PAUSE_S * attempt)
        raise AssertionError

    def paging(self, ask: Callable[[dict[str, Any]], T]) -> Callable[[dict[str, Any]], T]:
        """Return what asks for one page after another; those after the first are patient."""
        pages = 0

        def page(params: dict[str, Any]) -> T:
            nonlocal pages
            pages += 1
            return self.read(partial(ask, params), patient=pages > 1)

        return page

    def change(self, ask: Callable[[], T], *, urgent: bool = False) -> T:
        """Ask for a change, once.

        Raises:
            BrokerError: what `ask` raised, or RateLimited: it was not sent.
        """
        self._take(PATIENCE_S, urgent=urgent)
        return ask()

    def pass_through(self, session: Any, method: str, url: str, options: dict[str, Any]) -> Any:
        """Make one request of the SDK's; returns what the body says.

        Raises:
            BrokerError: what is known of the request.
        """
        attempt = Attempt(self._timeout_s)
        try:
            status, headers, body = answer(
                session, attempt, method, url, self._timeout_s, **options
            )
        except Exception as error:
            raise self._failure(method, attempt, error) from None
        self._limiter.told(remaining_of(headers), reset_of(headers) or 0.0)
        return body_of(method, status, headers, body, self._access.hide)

    def _failure(self, method: str, attempt: Attempt, error: Exception) -> BrokerError:
        why = f"within {self._timeout_s:g} s" if attempt.cut else self._access.hide(_root(error))
        if attempt.sent:
            return no_answer(method, why)
        return BrokerAway(f"Alpaca cannot be reached, so nothing was sent: {why}")

    def _pause(self, seconds: float) -> None:
        """Sleep.

        Raises:
            BrokerAway: the connector was closed.
        """
        if self.closed.wait(seconds):
            reason = "The connector is closed, so nothing was sent."
            raise BrokerAway(reason)

    def _take(self, patience_s: float, *, urgent: bool = False) -> None:
        self._pause(0)
        self._limiter.take(patience_s, urgent=urgent)


def _root(error: BaseException) -> str:
    """Return the words of what went wrong first; libraries wrap it in their own."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error}"


def usable(made: Callable[[], T]) -> T:
    """Read the answer to a change; one that means nothing leaves the change unknown.

    Raises:
        OutcomeUnknown: it may have been done.
    """
    try:
        return made()
    except BrokerError as error:
        reason = f"Alpaca may have done it; its answer cannot be used: {error}"
        raise OutcomeUnknown(reason) from None


class Trading(TradingClient):
    """The SDK's trading client; its requests pass the door, and it retries nothing."""

    def __init__(self, access: Access, door: Door) -> None:
        """Prepare; nothing is opened."""
        super().__init__(access.key, access.secret, raw_data=True, url_override=access.trading)
        self._door = door
        mount(self._session, local=local(access.trading))

    def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
        return self._door.pass_through(self._session, method, url, opts)

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()


class History(StockHistoricalDataClient):
    """The SDK's client of stock data; its requests pass the door, and it retries nothing."""

    def __init__(self, access: Access, door: Door) -> None:
        """Prepare; nothing is opened."""
        super().__init__(access.key, access.secret, raw_data=True, url_override=access.data)
        self._door = door
        mount(self._session, local=local(access.data))

    def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
        return self._door.pass_through(self._session, method, url, opts)

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()
