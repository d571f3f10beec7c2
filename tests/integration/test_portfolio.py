"""The account as the database has it: what the desk's own books say, at any moment."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.rows import dict_row

from connectors.storage.partitions import PARTITIONED
from connectors.storage.partitions import statement as partition
from connectors.storage.portfolio import account_now
from connectors.storage.rows import TARGETS
from connectors.storage.schema import describe, upgrade
from messages.base import Message
from messages.control import Command
from messages.market import Bar
from messages.trading import Decision, PositionChanged, TradeExecution
from messages.units import MINUTE_US, to_datetime, to_money
from operators.blocks import Block, Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.trading.desk import Desk
from operators.trading.sessions import SessionTable
from stack.servers.services import Services
from tests.streams import CLOSE, END, OPEN, at, bar, command, desk_input, signal

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]
Connection = psycopg.Connection[dict[str, Any]]
# Two sessions, so that one ends in the middle; positions without bars are written off then.
SESSIONS = SessionTable((OPEN, at(25)), (at(20), CLOSE))
PARAMS = Params(
    risk=RiskParams(
        cooldown_minutes=0, stop_loss_bps=9_000, position_bps=2_000, max_exposure_bps=9_000,
        allow_short=True, participation_bps=10_000, delisted_sessions=1, max_fees_bps=10_000,
    ),
    fills=FillParams(sell_fee_ppm=28, commission_bps=3),
    account=AccountParams(start_cash=100_000, snapshot_minutes=7),
)  # fmt: skip


@pytest.fixture(scope="module")
def connection(services: Services) -> Iterator[Connection]:
    schema = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, schema)
    with psycopg.connect(
        services.database_url, autocommit=True, row_factory=dict_row,
        options=f"-c search_path={schema} -c timezone=UTC",
    ) as found:  # fmt: skip
        if describe(services.database_url, schema).path == "native partitions":
            for table in PARTITIONED:
                found.execute(partition(table, (2025, 3)).encode())
        yield found
        found.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def store(connection: Connection, events: list[Event]) -> None:
    """Write messages as the sink does: one row each, positions as they are last."""
    rows: dict[Any, tuple[int, Message]] = {}
    for e in events:
        body: Any = e.body
        key = body.ticker if isinstance(body, PositionChanged) else body.id
        rows[type(body), key] = (e.stamp, body)
    for stamp, body in rows.values():
        target = TARGETS[type(body)]
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(target.table.name),
            sql.SQL(", ").join(map(sql.Identifier, target.columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(target.columns)),
        )
        connection.execute(statement, target.values(stamp, body))


def with_amendments(
    events: list[Event], draws: list[tuple[int, float, int]], resets: list[float]
) -> list[Event]:
    """Add corrections of fills that happen, and resets."""
    said = Desk(PARAMS, SESSIONS).step(Block(events, CLOSE)).events
    fills = [e for e in said if isinstance(e.body, TradeExecution) and e.body.qty]
    more = []
    for n, (which, later, qty) in enumerate(draws):
        if not fills:
            break
        fill: Any = fills[which % len(fills)]
        asked = command((fill.stamp - OPEN) / MINUTE_US + later, "correct_execution")
        body = msgspec.structs.replace(
            asked.body, id=f"cmd-{n}", execution=fill.body.id, qty=qty, price=50.5
        )
        more.append(asked._replace(body=body))
    for minute in resets:
        asked = command(minute, "reset_account")
        more.append(asked._replace(body=msgspec.structs.replace(asked.body, cash=77_000)))
    return ordered([*events, *more])


def ordered(events: list[Event]) -> list[Event]:
    return sorted(
        events, key=lambda e: (e.stamp, e.key, not isinstance(e.body, Command), repr(type(e.body)))
    )


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    events=desk_input(35), cut=st.integers(1, 35).map(float) | st.floats(1, 36),
    corrections=st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from([0, 0.5, 3]), st.integers(0, 300)), max_size=3
    ),
    resets=st.lists(st.integers(1, 34).map(float), max_size=2),
)  # fmt: skip
def test_the_account_is_what_the_desk_s_books_say(
    connection: Connection, events: list[Event], cut: float,
    corrections: list[tuple[int, float, int]], resets: list[float],
) -> None:  # fmt: skip
    heard = with_amendments(ordered(events), corrections, resets)
    frontier = at(cut)
    heard = [e for e in heard if e.stamp < frontier]
    desk = Desk(PARAMS, SESSIONS)
    said = desk.step(Block(heard, frontier)).events
    bars = [e for e in heard if isinstance(e.body, Bar)]
    with connection.transaction(force_rollback=True):
        store(connection, [*bars, *said])
        now = account_now(connection, PARAMS, "1m", to_datetime(OPEN))
    account = desk.account
    assert now.cash == to_money(account.cash)
    assert now.equity == to_money(account.equity)
    assert now.buying_power == to_money(
        desk._sizing.free_cash(desk.account) - desk._orders.reserved()
    )
    assert now.unrealized_pnl == to_money(account.unrealized)
    assert now.exposure == to_money(account.gross)
    held = {ticker: p.qty for ticker, p in account.positions.items()}
    assert {h.ticker: h.qty for h in now.holdings} == held
    opened = {ticker: to_datetime(p.opened) for ticker, p in account.positions.items()}
    assert {h.ticker: h.opened_at for h in now.holdings} == opened


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(events=desk_input(35), cut=st.integers(1, 35).map(float) | st.floats(1, 36))
def test_what_waiting_entries_keep_back_is_what_the_desk_keeps_back(
    connection: Connection, events: list[Event], cut: float
) -> None:
    """Entries wait for the next open here; some are cut there, some end unfilled."""
    rules = replace(PARAMS, fills=replace(PARAMS.fills, model="next_open"))
    frontier, desk = at(cut), Desk(rules, SESSIONS)
    heard = [e for e in ordered(events) if e.stamp < frontier]
    said = desk.step(Block(heard, frontier)).events
    bars = [e for e in heard if isinstance(e.body, Bar)]
    with connection.transaction(force_rollback=True):
        store(connection, [*bars, *said])
        now = account_now(connection, rules, "1m", to_datetime(OPEN))
    assert now.cash == to_money(desk.account.cash)
    assert now.buying_power == to_money(
        desk._sizing.free_cash(desk.account) - desk._orders.reserved()
    )


def test_an_entry_that_waits_keeps_its_cost_back(connection: Connection) -> None:
    rules = replace(PARAMS, fills=replace(PARAMS.fills, model="next_open"))
    desk = Desk(rules, SESSIONS)
    heard = [bar(2, "AAA", 100_0000), signal(2, "AAA", "LONG")]
    said = desk.step(Block(ordered(heard), at(3))).events
    with connection.transaction(force_rollback=True):
        store(connection, [heard[0], *said])
        now = account_now(connection, rules, "1m", to_datetime(OPEN))
    assert desk._orders.reserved() > 0
    assert now.cash == 100_000
    assert now.buying_power == now.cash - to_money(desk._orders.reserved())


def test_the_day_s_profit_counts_from_the_day_before_and_not_what_a_reset_put_in(
    connection: Connection,
) -> None:
    bars = [bar(m, "AAA", 100_0000 + 1_0000 * m) for m in (1, 2, 3, 19, 30, 31)]
    asked = [signal(2, "AAA", "LONG"), command(28, "reset_account")]
    entered = signal(30, "AAA", "LONG")
    heard = ordered([*bars, *asked, entered, bar(32, "AAA", 140_0000)])
    desk = Desk(PARAMS, SESSIONS)
    said = desk.step(Block(heard, at(33))).events
    with connection.transaction(force_rollback=True):
        store(connection, [*[e for e in heard if isinstance(e.body, Bar)], *said])
        now = account_now(connection, PARAMS, "1m", to_datetime(at(25)))
    (position,) = desk.account.positions.values()
    assert now.day_pnl == to_money(desk.account.equity) - 100_000 != 0
    assert now.unrealized_pnl == to_money(position.qty * 140_0000 - position.cost)


@pytest.mark.parametrize(
    ("kinds", "state", "why"),
    [([], "ACTIVE", ""), (["halt", "resume"], "ACTIVE", "because"),
     (["flatten"], "HALTED", "because"), (["pause"], "PAUSED", "because")],
)  # fmt: skip
def test_the_state_and_whose_word_it_is(
    connection: Connection, kinds: list[Any], state: str, why: str
) -> None:
    heard = [command(n, kind) for n, kind in enumerate(kinds, 1)]
    said = Desk(PARAMS, SESSIONS).step(Block(heard, at(9))).events
    with connection.transaction(force_rollback=True):
        store(connection, said)
        now = account_now(connection, PARAMS, "1m", to_datetime(OPEN))
    assert (now.state, now.state_why) == (state, why)
    assert (now.cash, now.holdings, now.as_of) == (to_money(100_000_0000), (), None)


def test_a_position_without_a_price_is_worth_what_it_cost(connection: Connection) -> None:
    bars = [bar(m, "AAA", 100_0000) for m in (1, 2, 3)]
    heard = ordered([*bars, signal(2, "AAA", "LONG")])
    said = Desk(PARAMS, SESSIONS).step(Block(heard, at(9))).events
    with connection.transaction(force_rollback=True):
        store(connection, said)  # its bars have gone with age
        now = account_now(connection, PARAMS, "1m", to_datetime(OPEN))
    (holding,) = now.holdings
    assert holding.price is None
    assert now.positions_value == holding.cost > 0


def filled(minute: float, trade: str, side: str, qty: int) -> Event:
    """Return a fill of a round trip."""
    body = TradeExecution(
        id=f"exe-{minute}", event_time=to_datetime(at(minute)), causes=(), account="paper",
        trade_id=trade, order_id=f"ord-{minute}", execution_id="", signal_id="", ticker="AAA",
        side=side, qty=qty, price=100.0, commission=to_money(0), status="FILLED",  # type: ignore[arg-type]
        timestamp=to_datetime(at(minute)),
    )  # fmt: skip
    return Event(at(minute), "AAA", body)


@pytest.mark.parametrize(
    ("fills", "opened"),
    [
        ([(1, "t1", "BUY", 10)], 1),
        ([(1, "t1", "BUY", 10), (2, "t1", "BUY", 5)], 1),  # added to
        ([(1, "t1", "BUY", 10), (2, "t1", "BUY", 5), (3, "t1", "SELL", 7)], 1),  # a part has left
        ([(1, "t1", "BUY", 10), (2, "t1", "SELL", 10), (3, "t2", "BUY", 10)], 3),  # in again
        ([(1, "t1", "BUY", 10), (2, "t1", "SELL", 10), (3, "t2", "SELL", 4), (4, "t2", "SELL", 4)],
         3),
        ([], None),
    ],
)  # fmt: skip
def test_since_when_a_position_is_held(
    connection: Connection, fills: list[tuple[int, str, str, int]], opened: int | None
) -> None:
    held = PositionChanged(
        id="pos-1", event_time=to_datetime(at(5)), account="paper", ticker="AAA", qty=10,
        avg_entry=to_money(100_0000), cost=to_money(1_000_0000), realized_pnl=to_money(0),
        unrealized_pnl=to_money(0),
    )  # fmt: skip
    with connection.transaction(force_rollback=True):
        store(connection, [*(filled(*each) for each in fills), Event(at(5), "AAA", held)])
        now = account_now(connection, PARAMS, "1m", to_datetime(OPEN))
    (holding,) = now.holdings
    assert holding.opened_at == (None if opened is None else to_datetime(at(opened)))


def test_what_was_written_off_before_a_snapshot_of_that_moment_counts_once(
    connection: Connection,
) -> None:
    bars = [*(bar(m, "AAA", 100_0000) for m in (1, 2, 3)), bar(30, "BBB", 100_0000)]
    desk = Desk(PARAMS, SESSIONS)
    said = desk.step(Block(ordered([*bars, signal(2, "AAA", "LONG")]), END)).events
    with connection.transaction(force_rollback=True):
        store(connection, [*bars, *said])
        now = account_now(connection, PARAMS, "1m", to_datetime(OPEN))
    assert [e.body.cause for e in said if isinstance(e.body, Decision)][-1] == "delisted"
    assert desk.account.positions == {}
    assert now.cash == now.equity == to_money(desk.account.cash)


def correction(minute: float, execution: str, qty: int, n: int) -> Event:
    """Return a command that makes another quantity of a fill."""
    asked = command(minute, "correct_execution")
    changes = {"id": f"cmd-{n}", "execution": execution, "qty": qty, "price": 90.0}
    return asked._replace(body=msgspec.structs.replace(asked.body, **changes))


def books(connection: Connection, heard: list[Event], until: float) -> tuple[Desk, Any]:
    """Return the desk after what it heard, and the account as the database has it."""
    desk = Desk(PARAMS, SESSIONS)
    said = desk.step(Block(heard, at(until))).events
    with connection.transaction(force_rollback=True):
        store(connection, [*(e for e in heard if isinstance(e.body, Bar)), *said])
        return desk, account_now(connection, PARAMS, "1m", to_datetime(OPEN))


def entry() -> tuple[list[Event], str]:
    """Return what leads to an entry at minute 3, and its fill's id."""
    heard = ordered([*(bar(m, "AAA", 100_0000) for m in (1, 2, 3)), signal(2, "AAA", "LONG")])
    said = Desk(PARAMS, SESSIONS).step(Block(heard, at(4))).events
    [fill] = [e.body for e in said if isinstance(e.body, TradeExecution)]
    return heard, fill.id


def test_a_reset_forgets_what_was_corrected_at_its_own_moment(connection: Connection) -> None:
    heard, fill = entry()
    reset = command(5, "reset_account")
    anew = reset._replace(body=msgspec.structs.replace(reset.body, cash=77_000))
    desk, now = books(connection, [*heard, correction(5, fill, 0, 1), anew], 6)
    assert now.cash == to_money(desk.account.cash) == to_money(77_000_0000)


@pytest.mark.parametrize("quantities", [(0,), (0, 7), (0, 7, 0), (0, 0), (0, 7, 0, 9), (5, 0, 5)])
def test_a_fill_that_is_taken_back_and_given_back_opened_its_position(
    connection: Connection, quantities: tuple[int, ...]
) -> None:
    heard, fill = entry()
    told = [correction(5, fill, qty, n) for n, qty in enumerate(quantities)]  # at one moment
    desk, now = books(connection, [*heard, *told], 6)
    held = {ticker: to_datetime(p.opened) for ticker, p in desk.account.positions.items()}
    assert {h.ticker: h.opened_at for h in now.holdings} == held
    assert bool(held) == bool(quantities[-1])


def test_out_and_in_at_one_moment(connection: Connection) -> None:
    for minute in range(4, 16):  # whatever the order of the ids
        bars = [bar(m, "AAA", 100_0000) for m in (1, 2, minute)]
        turns = [(1, "LONG"), (2 + minute / 16, "SHORT"), (minute, "LONG")]
        heard = ordered([*bars, *(signal(m, "AAA", side) for m, side in turns)])
        desk, now = books(connection, heard, minute + 0.5)
        [opened] = [p.opened for p in desk.account.positions.values()]
        assert opened == at(minute)
        assert [h.opened_at for h in now.holdings] == [to_datetime(opened)]
