"""A broker's account beside the run's: a real database, and the stand-in over real sockets."""

import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import MarketBar, NewOrder
from connectors.run_settings import local_settings, spec_settings
from connectors.runs import Run
from connectors.storage.schema import upgrade
from messages.trading import AccountReset
from messages.units import to_datetime
from operators.blocks import Event
from stack.errors import StackError
from stack.reconciling import Line, reconciled
from stack.servers.services import Services
from tests.archives import run_of, spec_of
from tests.broker.served import Served, params_for, stand_in
from tests.broker_story import MONEY, said
from tests.storing import store
from tests.streams import at
from tests.unit.connectors.test_run_settings import MARKET, NEWS, SCORING
from tests.waiting import eventually

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
NOW = datetime(2026, 3, 19, 14, 0, tzinfo=UTC)
CASH, NONE = Decimal(100_000), Decimal(0)


@pytest.fixture
def run_at(services: Services, tmp_path: Path) -> Callable[[int], Run]:
    """Return what makes a run that trades at a port, with the broker's cash, holding nothing."""

    def make(port: int) -> Run:
        schema, broker = f"test_{uuid.uuid4().hex[:8]}", params_for(port)
        upgrade(services.database_url, schema)
        spec = spec_of(inputs=(), **spec_settings(NEWS, SCORING, MARKET, broker))
        run = run_of(
            tmp_path / "archive", spec=spec, local=local_settings(NEWS, SCORING, broker),
            schema=schema, database_url=services.database_url,
        )  # fmt: skip
        account = run.rules.account.name
        anew = AccountReset(
            id="rst", event_time=to_datetime(at(1)), account=account, cash=CASH, old_equity=CASH
        )
        kept = [Event(at(1), account, anew)]
        store(
            services, schema, [*kept, said(account, 2, "adopted", unmanaged=("GLD 2.5",), **MONEY)]
        )
        return run

    return make


def test_what_a_broker_has_is_put_beside_what_the_run_has(
    run_at: Callable[[int], Run], tmp_path: Path
) -> None:
    with stand_in(tmp_path / "journal.jsonl", NOW, ExchangeRules()) as there:
        run = run_at(there.port)
        assert reconciled(run) == [
            Line("cash", CASH, NONE, CASH), Line("GLD", NONE, Decimal("2.5"), NONE),
        ]  # fmt: skip
        _bought(there, 3)
        cash, bought, gold = reconciled(run)
        assert bought == Line("AAPL", NONE, NONE, Decimal(3))
        assert bought.difference == 3
        assert cash.difference == -300
        assert gold.difference == Decimal("-2.5"), "what should be held besides is gone"


def test_a_run_on_paper_has_no_broker(run_at: Callable[[int], Run]) -> None:
    run = run_at(1)
    on_paper = replace(run, spec=replace(run.spec, mode="paper"))
    with pytest.raises(StackError, match="is on paper: there is no broker"):
        reconciled(on_paper)


def _bought(there: Served, qty: int) -> None:
    """Have somebody else buy at a hundred dollars."""
    bar = MarketBar(
        ticker="AAPL", start=NOW, interval="1m", open=100.0, high=100.0, low=100.0, close=100.0,
        volume=1e6,
    )  # fmt: skip
    there.bars(bar)
    with closing(AlpacaBroker(params_for(there.port))) as broker:
        broker.submit(NewOrder(client_order_id="theirs", ticker="AAPL", side="BUY", qty=qty))
        there.bars(replace(bar, start=NOW.replace(minute=1)))
        eventually(lambda: [p.qty for p in broker.positions()] == [qty])
