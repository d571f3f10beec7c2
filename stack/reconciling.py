"""What a broker has of a run's account, beside what the run has of it."""

from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from connectors.account_view import account_of
from connectors.broker.base import Broker
from connectors.broker.choice import open_broker
from connectors.runs import Run
from connectors.storage.broker import broker_now
from connectors.storage.connection import reading
from messages.units import to_money
from stack.errors import StackError

CASH: Final = "cash"
NONE: Final = Decimal(0)


class Line(NamedTuple):
    """A ticker, or the cash: what the run has of it, what is held besides, what the broker has."""

    what: str
    ours: Decimal
    unmanaged: Decimal
    broker: Decimal

    @property
    def difference(self) -> Decimal:
        """Return what the broker has more than is expected."""
        return self.broker - self.ours - self.unmanaged


def reconciled(run: Run) -> list[Line]:
    """Ask the broker now, and compare: cash first, then every ticker that either has.

    An order that is filled between two of the looks shows as a difference: look again.

    Raises:
        StackError: the run is on paper.
        BrokerError: the broker does not answer, or lets nobody in.
        DatabaseUnavailable: the database does not answer.
    """
    if run.spec.mode != "broker":
        reason = f"Run {run.run_id} is on paper: there is no broker to reconcile it with."
        raise StackError(reason)
    with closing(open_broker(run.broker_params)) as broker:
        return _lines(run, broker)


def _lines(run: Run, broker: Broker) -> list[Line]:
    with reading(run.database_url, run.schema) as connection:
        now = account_of(connection, run, datetime.now(UTC))
        last = broker_now(connection, run.rules.account.name).reconciliation
    ours = {holding.ticker: holding.qty for holding in now.holdings}
    there = {p.ticker: p.qty for p in broker.positions() if p.qty}
    unmanaged = dict(last.unmanaged) if last is not None else {}
    return [
        Line(CASH, now.cash, NONE, to_money(broker.account().cash)),
        *(
            Line(
                ticker, Decimal(ours.get(ticker, 0)), unmanaged.get(ticker, NONE),
                there.get(ticker, NONE),
            )
            for ticker in sorted({*ours, *unmanaged, *there})
        ),
    ]  # fmt: skip
