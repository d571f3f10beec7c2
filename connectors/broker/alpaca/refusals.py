"""What an HTTP answer of Alpaca's says: its body, or the error that is known from it.

A request that only asks (GET) leaves nothing behind, so what goes wrong with it is harmless. One
that changes something was received: only Alpaca's own refusal says that nothing happened.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from connectors.broker.alpaca.limiter import MINUTE_S, MOST_S
from connectors.broker.alpaca.numbers import read_json
from connectors.broker.errors import (
    BrokerAccessDenied,
    BrokerAnswerUnusable,
    BrokerAway,
    BrokerError,
    NotAtBroker,
    OrderDuplicate,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
)

INVALID: Final = "40010001"  # a bad field; the words say which
TWICE: Final = re.compile(r"\b(unique|duplicate|already (exists?|used|in use))\b", re.IGNORECASE)
OUR_ID: Final = re.compile(r"order[ _-]?id", re.IGNORECASE)
REFUSALS: Final = frozenset((400, 403, 404, 422))  # of a change; after others it may be done
NO_SUCH_ID: Final = re.compile(r"\border_id\b", re.IGNORECASE)
LEAST_WAIT_S: Final = 1.0


def asks(method: str) -> bool:
    """Tell whether a request only asks."""
    return method.upper() == "GET"


def no_answer(method: str, why: str) -> BrokerError:
    """Return the error for a request that was sent, and got no answer that means something."""
    if asks(method):
        return BrokerAway(f"Alpaca did not answer: {why}")
    return OutcomeUnknown(f"Alpaca may have done it, and did not say so: {why}")


def meaningless(method: str, why: str) -> BrokerError:
    """Return the error for an answer that means nothing."""
    if asks(method):
        return BrokerAnswerUnusable(f"Alpaca's answer cannot be used: {why}")
    return OutcomeUnknown(f"Alpaca may have done it; its answer cannot be used: {why}")


def body_of(
    method: str, status: int, headers: Mapping[str, str], body: bytes, hide: Callable[[object], str]
) -> Any:
    """Return what the body says; None for an empty one.

    Args:
        method: of the request.
        status: of the answer.
        headers: of the answer.
        body: of the answer.
        hide: takes keys out of a text.

    Raises:
        BrokerError: what is known of the request from this answer.
    """
    try:
        said = read_json(body) if body else None
    except ValueError:
        said = NOT_JSON
    if 200 <= status < 300:
        if said is NOT_JSON:
            raise meaningless(method, hide(body[:80].decode("latin-1")))
        return said
    code, words = _own_words(said)
    raise _error(method, status, headers, code, hide(words))


NOT_JSON: Final = object()


def _own_words(said: Any) -> tuple[str, str]:
    """Return code and message of an error body of Alpaca's; empty texts for any other."""
    if not isinstance(said, dict):
        return "", ""
    code, message = said.get("code"), said.get("message")
    if not isinstance(message, str) or not message:
        return "", ""
    return ("" if code is None or isinstance(code, dict | list) else str(code)[:20]), message


def _error(
    method: str, status: int, headers: Mapping[str, str], code: str, words: str
) -> BrokerError:
    if status == 429:
        wait_s = wait_of(headers)
        return RateLimited(f"Alpaca was asked too often: {words or 'HTTP 429'}", wait_s)
    if not asks(method) and _twice(status, code, words):
        return OrderDuplicate(words, code)
    barred = status == 403 and words and (asks(method) or not code or code.startswith("401"))
    if status == 401 or barred:
        return BrokerAccessDenied(
            f"Alpaca does not take the keys, or does not allow them this: {words or 'HTTP 401'}"
        )
    if status in (408, 504) or status >= 500:
        return no_answer(method, f"HTTP {status} {words}".strip())
    if not words or not 400 <= status < 500:
        return meaningless(method, f"HTTP {status}, and no words of Alpaca's")
    none_such = status == 404 or (status == 422 and code == INVALID and _no_such_id(words))
    if none_such and method.upper() != "POST":  # an order that is new is not looked for
        return NotAtBroker(f"Alpaca does not have it: {words}")
    if asks(method):
        return BrokerAnswerUnusable(f"Alpaca did not take the question: HTTP {status} {words}")
    if status not in REFUSALS:
        return no_answer(method, f"HTTP {status} {words}")
    return OrderRefused(words, code)


def _twice(status: int, code: str, words: str) -> bool:
    """Tell whether an answer to a change says that there is an order of its id already."""
    if not 400 <= status < 500 or status == 401 or TWICE.search(words) is None:
        return False
    return OUR_ID.search(words) is not None or (status == 422 and code == INVALID)


def _no_such_id(words: str) -> bool:
    """Tell whether they are about an id that is none of Alpaca's, and not about one of ours."""
    return NO_SUCH_ID.search(words.replace("client_order_id", "")) is not None


def wait_of(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Return how long an answer asks to wait; from 1 second to 2 minutes."""
    moment = now or _said_at(headers)
    wait_s = _seconds(headers.get("Retry-After"))
    if wait_s is None and (named := headers.get("Retry-After")):
        wait_s = _until(named, moment)
    if wait_s is None:
        wait_s = reset_of(headers, moment)
    return min(max(MINUTE_S if wait_s is None else wait_s, LEAST_WAIT_S), MOST_S)


def reset_of(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds until Alpaca counts from 0 again; None where it does not say."""
    at = _seconds(headers.get("X-Ratelimit-Reset"))
    return None if at is None else at - (now or _said_at(headers)).timestamp()


def _said_at(headers: Mapping[str, str]) -> datetime:
    """Return when an answer was given by Alpaca's own clock; ours may be wrong by minutes."""
    try:
        at = parsedate_to_datetime(headers.get("Date") or "")
    except (TypeError, ValueError, OverflowError):
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def remaining_of(headers: Mapping[str, str]) -> int | None:
    """Return how many requests Alpaca still takes; None where it does not say."""
    left = _seconds(headers.get("X-Ratelimit-Remaining"))
    return None if left is None else int(left)


def _seconds(value: str | None) -> float | None:
    if value is None or re.fullmatch(r"\d{1,12}(\.\d{1,9})?", value.strip(), re.ASCII) is None:
        return None
    return float(value)


def _until(named: str, now: datetime) -> float | None:
    try:
        at = parsedate_to_datetime(named)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
