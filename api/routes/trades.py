"""Trades, decisions and signals: pages of them, and each with what it came from."""

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.known import must_be_code, must_be_strategy
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
from api.pages import (
    CSV,
    PageAsked,
    Place,
    after_of,
    csv_response,
    cursor_at,
    cursor_of,
    page_before,
    place_of,
)
from api.problems import NotFound
from api.values import Answer, Moment, Money, Ticker
from connectors.storage.folds import folded
from connectors.storage.pages import Pages
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
        code: the check that denied; strategy: with the largest part in the signal.
        since, until: of the decision; `until` itself is left out.
        fold: denials of one ticker, side and code between which no other decision of that ticker
            stands are one row, the newest of them.
    """

    ticker: Ticker | None = None
    accepted: bool | None = None
    code: Annotated[str, Field(max_length=40)] | None = None
    strategy: Annotated[str, Field(max_length=40)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    fold: bool = False


class Done(Answer):
    """What came of a decision: its order, as far as it is filled.

    Attributes:
        trade: the newest fill, or the order's end without one.
        price: mean of the fills, dollars a share; slippage_bps: how much worse than decided.
        pnl: realised by what it closed, dollars; roi: the same by what was put in; hold_seconds:
            how long that was held. Null where it closed nothing.
    """

    order: str
    status: Status
    trade: str | None
    qty: int
    filled: int
    price: Money | None
    slippage_bps: float | None
    pnl: Money | None
    roi: float | None
    hold_seconds: int | None


class Folded(Decision):
    """A decision, and how many denied alike are folded into it: the oldest at `first_at`.

    Attributes:
        count: 1 unless folded; of more than 10,000 the newest are counted.
        strategy, strength: of its signal; null where a stop or a command decided.
        done: null where it was denied.
    """

    strategy: str | None
    strength: float | None
    done: Done | None
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
        cursor = cursor_of(rows, asked, "trades")
        url = call.request.url.include_query_params(cursor=cursor)
        return csv_response("trades", head, rows, f"{url.path}?{url.query}" if cursor else "")
    return Trades(trades=[trade_of(row) for row in rows], cursor=cursor_of(rows, asked, "trades"))


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
    narrowed: dict[str, Any] = {}
    if asked.accepted is not None:
        narrowed["accepted" if asked.accepted else "denied"] = True
    if asked.code:
        narrowed["code"] = asked.code
    if asked.strategy:
        narrowed["of_strategy"] = asked.strategy
    if asked.fold:
        rows, cursor = _folded(api, narrowed, asked)
    else:
        rows = _page(api, "decisions", {"ticker": asked.ticker}, narrowed, asked, asked.since,
                     asked.until)  # fmt: skip
        rows = [{**row, "count": 1, "first_at": row["event_time"]} for row in rows]
        cursor = cursor_of(rows, asked, "decisions")
    beside = _beside(api, rows)
    found = [
        Folded(**decision_of(row).model_dump(), **beside[row["id"]], count=row["count"],
               first_at=row["first_at"])
        for row in rows
    ]  # fmt: skip
    return Decisions(decisions=found, cursor=cursor)


def _folded(
    api: Api, narrowed: dict[str, Any], asked: DecisionsAsked
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of folded decisions, and the cursor of the next."""
    after, before = place_of(asked, "decisions")
    if asked.until is not None:
        before = min(before, to_micros(asked.until))
    if asked.since is not None:
        narrowed["since"] = to_micros(asked.since)
    filters = {"ticker": asked.ticker} if asked.ticker else {}
    with api.pool.connection() as connection:
        found = folded(connection, filters, after, asked.limit, narrowed, before)
    if found.last is None:
        return found.rows, None
    return found.rows, cursor_at(Place(found.last, found.before), asked, "decisions")


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
    return Signals(signals=found, cursor=cursor_of(rows, asked, "signals"))


def _page(
    api: Api, table: str, filters: dict[str, Any], narrowed: dict[str, Any], asked: PageAsked,
    since: Any, until: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    must_be_strategy(api, getattr(asked, "strategy", None))
    must_be_code(getattr(asked, "code", None))
    after = page_before(after_of(asked, table), until)
    if since is not None:
        narrowed["since"] = to_micros(since)
    given = {name: value for name, value in filters.items() if value is not None}
    with api.pool.connection() as connection:
        return Pages(connection).page(table, given, after, asked.limit, narrowed)


def _beside(api: Api, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what a list shows beside each decision: its signal's figures, and what came of it."""
    with api.pool.connection() as connection:
        pages = Pages(connection)
        said = pages.read("signals_of", ids=[row["signal_id"] for row in rows])
        orders = pages.read("orders_of", ids=[row["id"] for row in rows if row["accepted"]])
        ends = pages.read("outcomes_of_orders", ids=[order["id"] for order in orders])
    signal_of_id = {row["id"]: row for row in said}
    end_of = {row["exit_order_id"]: row for row in ends}
    side_of = {row["id"]: row["side"] for row in rows}
    done = {
        order["decision_id"]: _done(order, side_of[order["decision_id"]], end_of.get(order["id"]))
        for order in orders
    }
    found = {}
    for row in rows:
        signal = signal_of_id.get(row["signal_id"], {})
        found[row["id"]] = {
            "strategy": signal.get("strategy_id"), "strength": signal.get("strength"),
            "done": done.get(row["id"]),
        }  # fmt: skip
    return found


def _done(order: dict[str, Any], side: str, end: dict[str, Any] | None) -> Done:
    filled, worth, decided = order["filled"], order["worth"], order["decided"]
    worse = 10_000 if side == "BUY" else -10_000
    return Done(
        order=order["id"], status=order["status"], trade=order["trade"], qty=order["qty"],
        filled=filled, price=round(worth / filled, 4) if filled else None,
        slippage_bps=float((worth / decided - 1) * worse) if filled and decided else None,
        pnl=end["pnl"] if end else order["pnl"], roi=end["roi"] if end else None,
        hold_seconds=end["hold_seconds"] if end else None,
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
