"""Controls: pause, resume, reduce, halt, flatten, close; and how things stand."""

from bisect import bisect_right
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.datastructures import Headers

from api.access.idempotency import HEADER
from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.problems import Conflict, NotFound
from api.values import Answer, Asked, Moment, Money, Ticker
from connectors.account_view import account_of
from connectors.market.calendar import new_york_sessions
from connectors.user_strategies import strategy_names
from messages.control import Command, CommandKind
from messages.units import to_datetime, to_micros

Why = Annotated[str, Field(max_length=2_000)]
TAKEN = 202


class ControlAsked(Asked):
    """Why; kept with the command."""

    why: Why = ""


class CloseAsked(ControlAsked):
    """Whose position to close."""

    ticker: Ticker


class StrategyAsked(ControlAsked):
    """Whether a strategy is heard."""

    active: bool


class Taken(Answer):
    """A command that is written.

    Attributes:
        command: its id. What comes of it is told with this as `command_id`: `control.accepted`
            once the run has taken it, `trading.states` for a state, `trade.decisions` for closes.
    """

    command: str


class Closing(Answer):
    """What closing a position would bring, at its last price and before costs."""

    ticker: str
    qty: int
    proceeds: Money
    unrealized_pnl: Money


class ControlStatus(Answer):
    """How things stand.

    Attributes:
        state: ACTIVE, PAUSED, REDUCING or HALTED; since, who, why: whose word; null or empty while
            nobody has said any.
        session: open or closed, by the wall clock (of a run that is played: by its newest figure).
        until: when the session closes, or the next one opens.
        flatten_proceeds: of closing every position, before costs.
    """

    state: Literal["ACTIVE", "PAUSED", "REDUCING", "HALTED"]
    since: Moment | None
    who: str
    why: str
    session: Literal["open", "closed"]
    until: Moment | None
    seconds: int | None
    closes: list[Closing]
    flatten_proceeds: Money


class Limit(Answer):
    """One setting that trading stays within."""

    name: str
    value: str


class LimitsAnswer(Answer):
    """What trading stays within; the settings' meanings are in docs/settings.md."""

    limits: list[Limit]


def pause(api: Api, call: Call[NoQuery, ControlAsked]) -> Taken:
    """Enter nothing new; exits go on."""
    return _command(api, call, "pause")


def resume(api: Api, call: Call[NoQuery, ControlAsked]) -> Taken:
    """Trade again."""
    return _command(api, call, "resume")


def reduce(api: Api, call: Call[NoQuery, ControlAsked]) -> Taken:
    """Enter nothing, and take back entries that wait."""
    return _command(api, call, "reduce")


def halt(api: Api, call: Call[NoQuery, ControlAsked]) -> Taken:
    """Stop all but stops, targets and closes."""
    return _command(api, call, "halt")


def flatten(api: Api, call: Call[NoQuery, ControlAsked]) -> Taken:
    """Close every position, then halt."""
    return _command(api, call, "flatten")


def close_position(api: Api, call: Call[NoQuery, CloseAsked]) -> Taken:
    """Close one position."""
    return _command(api, call, "close_position", ticker=call.body.ticker)


def switch_strategy(api: Api, call: Call[NoQuery, StrategyAsked]) -> Taken:
    """Let a strategy be heard, or not."""
    name = call.path["id"]
    if name not in strategy_names(api.run.rules):
        raise NotFound("NO_SUCH_STRATEGY", f"The run has no strategy {name[:40]}.")
    kind: CommandKind = "enable_strategy" if call.body.active else "disable_strategy"
    return _command(api, call, kind, strategy=name)


def control_status(api: Api, call: Call[NoQuery, None]) -> ControlStatus:
    """What may be traded, how long the session lasts, and what closing would bring."""
    with api.pool.connection() as connection:
        now = account_of(connection, api.run, api.now())
    moment = api.now() if api.run.live else (now.as_of or api.now())
    sessions, stamp = new_york_sessions(), to_micros(moment)
    is_open, until = sessions.is_open(stamp), _next_change(stamp)
    closes = [
        Closing(ticker=h.ticker, qty=h.qty, proceeds=h.value, unrealized_pnl=h.unrealized_pnl)
        for h in now.holdings
    ]
    return ControlStatus(
        state=now.state,  # type: ignore[arg-type]  # the database keeps it to the four
        since=now.state_since, who=now.state_who, why=now.state_why,
        session="open" if is_open else "closed",
        until=None if until is None else to_datetime(until),
        seconds=None if until is None else (until - stamp) // 1_000_000, closes=closes,
        flatten_proceeds=sum((c.proceeds for c in closes), Decimal(0)),
    )  # fmt: skip


def limits(api: Api, call: Call[NoQuery, None]) -> LimitsAnswer:
    """The limits of risk, sizes, costs and strength that the run trades within."""
    return LimitsAnswer(
        limits=[
            Limit(name=f"{group}.{name}", value=_text(value))
            for group in ("risk", "fills", "account", "ensemble", "learning")
            for name, value in api.run.params.get(group, {}).items()
        ]
    )


def _next_change(stamp: int) -> int | None:
    """Return when the session that is open closes, or the next one opens."""
    sessions = new_york_sessions()
    after = bisect_right(sessions.opens, stamp)
    if sessions.is_open(stamp):
        return sessions.closes[after - 1]
    return sessions.opens[after] if after < len(sessions.opens) else None


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _command(
    api: Api, call: Call[NoQuery, Any], kind: CommandKind, *, ticker: str = "", strategy: str = ""
) -> Taken:
    if api.ended:
        detail = "The run has been played to its end: nothing of it can be commanded."
        raise Conflict("RUN_ENDED", detail)
    headers: Headers = call.request.headers
    id_ = api.keys.id_of(
        "cmd", api.run.run_id, call.person.id, call.request.url.path, headers.get(HEADER, ""),
        call.body.model_dump_json(),
    )  # fmt: skip
    asked = Command(
        id=id_, event_time=api.now(), kind=kind, ticker=ticker, who=call.person.name,
        why=call.body.why, strategy=strategy,
    )  # fmt: skip
    api.write(asked, call.request.state.trace)
    return Taken(command=id_)


def _control(path: str, handle: Any, body: type[ControlAsked] = ControlAsked) -> Endpoint:
    return Endpoint("POST", f"/api/controls/{path}", handle, "trader", Taken, body=body,
                    status=TAKEN, session=True, rate=30, problems=(400, 409))  # fmt: skip


ENDPOINTS = (
    _control("pause", pause), _control("resume", resume), _control("reduce", reduce),
    _control("halt", halt), _control("flatten", flatten),
    _control("close-position", close_position, CloseAsked),
    Endpoint("PATCH", "/api/strategies/{id}", switch_strategy, "owner", Taken, body=StrategyAsked,
             status=TAKEN, session=True, rate=30, problems=(400, 404, 409)),
    Endpoint("GET", "/api/controls/status", control_status, "viewer", ControlStatus),
    Endpoint("GET", "/api/limits", limits, "viewer", LimitsAnswer),
)  # fmt: skip
