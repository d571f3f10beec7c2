"""Trades, decisions and signals: pages of them, and each with what it came from."""

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.lineage import (
    Decision,
    Lineage,
    Signal,
    Status,
    Trade,
    decision_of,
    lineage_of,
    signal_of,
    trade_of,
)
from api.pages import CSV, PageAsked, after_of, csv_response, cursor_of
from api.problems import NotFound
from api.values import Answer, Moment, Ticker
from connectors.storage.pages import After, Pages
from messages.units import to_micros


class TradesAsked(PageAsked):
    """Which trades.

    Attributes:
        since, until: of the trade; `until` itself is left out.
        profitable: true: with a gain; false: with a loss or none; both closed something.
        format: csv gives the page as a file.
    """

    ticker: Ticker | None = None
    strategy: str | None = None
    status: Status | None = None
    profitable: bool | None = None
    since: Moment | None = None
    until: Moment | None = None
    format: Literal["json", "csv"] = "json"


class Trades(Answer):
    """A page of trades, newest first; `cursor` asks for the next, null after the last."""

    trades: list[Trade]
    cursor: str | None


class DecisionsAsked(PageAsked):
    """Which decisions.

    Attributes:
        accepted: true: only what was done; false: only what was not.
        fold: neighbours that were denied alike stand as one row.
    """

    ticker: Ticker | None = None
    accepted: bool | None = None
    fold: bool = False


class Folded(Decision):
    """A decision, and how many denied alike stand with it: the oldest at `first_at`."""

    count: int
    first_at: Moment


class Decisions(Answer):
    """A page of decisions, newest first."""

    decisions: list[Folded]
    cursor: str | None


class SignalsAsked(PageAsked):
    """Which signals.

    Attributes:
        strategy: with the largest part in it.
        acted_on: an order came of it, or none.
    """

    ticker: Ticker | None = None
    strategy: Annotated[str, Field(max_length=40)] | None = None
    acted_on: bool | None = None
    direction: Literal["LONG", "SHORT"] | None = None
    min_strength: Annotated[float, Field(ge=0, le=1)] | None = None
    since: Moment | None = None
    until: Moment | None = None


class SignalRow(Signal):
    """A signal, and whether an order came of it."""

    acted_on: bool | None


class Signals(Answer):
    """A page of signals, newest first."""

    signals: list[SignalRow]
    cursor: str | None


def trades(api: Api, call: Call[TradesAsked, None]) -> Trades | Response:
    """Fills and other ends of orders, newest first, by page; as CSV, too."""
    asked = call.query
    filters = {"ticker": asked.ticker, "strategy_id": asked.strategy}
    narrowed: dict[str, Any] = {}
    if asked.status:
        narrowed["status"] = asked.status
    if asked.profitable is not None:
        narrowed["profit" if asked.profitable else "loss"] = True
    rows = _page(api, "trades", filters, narrowed, asked, asked.since, asked.until)
    if asked.format == "csv":
        head = ["event_time", "ticker", "side", "qty", "price", "commission", "pnl", "status",
                "strategy_id", "id"]  # fmt: skip
        return csv_response("trades", head, rows)
    return Trades(trades=[trade_of(row) for row in rows], cursor=cursor_of(rows, asked.limit))


def trade(api: Api, call: Call[NoQuery, None]) -> Lineage:
    """One trade with its decision, signal, headlines and outcomes."""
    id_ = call.path["id"]
    with api.pool.connection() as connection:
        pages = Pages(connection)
        found = pages.read("execution", id=id_)
        if not found:
            raise _missing("trade", id_)
        decision = pages.read("decision_of_order", id=found[0]["order_id"])
        return lineage_of(pages, decision[0] if decision else None, found[0]["signal_id"])


def decisions(api: Api, call: Call[DecisionsAsked, None]) -> Decisions:
    """What was decided, and why not, newest first, by page."""
    asked = call.query
    narrowed = {} if asked.accepted is None else {"accepted" if asked.accepted else "denied": True}
    rows = _page(api, "decisions", {"ticker": asked.ticker}, narrowed, asked, None, None)
    folded: list[Folded] = []
    for row in rows:
        plain = {**decision_of(row).model_dump(), "count": 1, "first_at": row["event_time"]}
        last = folded[-1] if folded else None
        if asked.fold and last and not row["accepted"] and _alike(last, row):
            last.count, last.first_at = last.count + 1, row["event_time"]
        else:
            folded.append(Folded(**plain))
    return Decisions(decisions=folded, cursor=cursor_of(rows, asked.limit))


def decision(api: Api, call: Call[NoQuery, None]) -> Lineage:
    """One decision with the signal and headlines behind it, and the fills after it."""
    id_ = call.path["id"]
    with api.pool.connection() as connection:
        pages = Pages(connection)
        found = pages.read("decision", id=id_)
        if not found:
            raise _missing("decision", id_)
        return lineage_of(pages, found[0], found[0]["signal_id"])


def signals(api: Api, call: Call[SignalsAsked, None]) -> Signals:
    """The ensemble's signals, newest first, by page."""
    asked = call.query
    narrowed: dict[str, Any] = {}
    if asked.direction:
        narrowed["direction"] = asked.direction
    if asked.strategy:
        narrowed["strategy"] = asked.strategy
    if asked.acted_on is not None:
        narrowed["acted_on" if asked.acted_on else "not_acted_on"] = True
    if asked.min_strength is not None:
        narrowed["least"] = asked.min_strength
    rows = _page(api, "signals", {"ticker": asked.ticker}, narrowed, asked, asked.since,
                 asked.until)  # fmt: skip
    found = [SignalRow(**signal_of(row).model_dump(), acted_on=row["acted_on"]) for row in rows]
    return Signals(signals=found, cursor=cursor_of(rows, asked.limit))


def _page(
    api: Api, table: str, filters: dict[str, Any], narrowed: dict[str, Any], asked: PageAsked,
    since: Any, until: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    after = after_of(asked)
    if until is not None and (before := After(to_micros(until), "")) < after:
        after = before
    if since is not None:
        narrowed["since"] = to_micros(since)
    given = {name: value for name, value in filters.items() if value is not None}
    with api.pool.connection() as connection:
        return Pages(connection).page(table, given, after, asked.limit, narrowed)


def _alike(last: Folded, row: dict[str, Any]) -> bool:
    return (last.accepted, last.ticker, last.side, last.code) == (
        False, row["ticker"], row["side"], row["code"],
    )  # fmt: skip


def _missing(what: str, id_: str) -> NotFound:
    code = f"NO_SUCH_{what.upper()}"
    return NotFound(code, f"There is no {what} {id_[:128]}.")


ENDPOINTS = (
    Endpoint("GET", "/api/trades", trades, "viewer", Trades, query=TradesAsked, also=(CSV,)),
    Endpoint("GET", "/api/trades/{id}", trade, "viewer", Lineage, problems=(404,)),
    Endpoint("GET", "/api/decisions", decisions, "viewer", Decisions, query=DecisionsAsked),
    Endpoint("GET", "/api/decisions/{id}", decision, "viewer", Lineage, problems=(404,)),
    Endpoint("GET", "/api/signals", signals, "viewer", Signals, query=SignalsAsked),
)  # fmt: skip
