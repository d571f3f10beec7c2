"""What a broker should hold: our own fills, beside what was there before them."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.broker.values import BrokerFill
from flows.execution.shares import ExpectedShares
from messages.base import Side
from messages.broker import Difference

AT = datetime(2026, 3, 19, 14, 0, tzinfo=UTC)
TICKERS = st.sampled_from(["AAA", "BBB", "CCC"])
HOLDINGS = st.dictionaries(TICKERS, st.decimals(-500, 500, places=3).filter(bool))


def fill(ticker: str, side: Side, qty: int) -> BrokerFill:
    return BrokerFill(
        execution_id=f"{ticker}-{side}-{qty}", order_id="o", ticker=ticker, side=side, qty=qty,
        price=100_0000, at=AT,
    )  # fmt: skip


def test_what_is_there_at_first_is_unmanaged() -> None:
    shares = ExpectedShares({}, None)
    shares.begin({"AAA": Decimal("2.5")}, anew=True)
    shares.book(fill("AAA", "BUY", 10))
    assert shares.differences({"AAA": Decimal("12.5")}) == ()
    assert shares.differences({"AAA": Decimal(12)}) == (
        Difference("AAA", Decimal("12.5"), Decimal(12)),
    )
    assert shares.differences({}) == (Difference("AAA", Decimal("12.5"), Decimal(0)),)


@given(HOLDINGS, st.lists(st.tuples(TICKERS, st.sampled_from(["BUY", "SELL"]), st.integers(1, 99))))
def test_only_what_changed_unheard_is_a_difference(
    there: dict[str, Decimal], deals: list[tuple[str, Side, int]]
) -> None:
    shares = ExpectedShares({}, None)
    shares.begin(there, anew=True)
    for ticker, side, qty in deals:
        shares.book(fill(ticker, side, qty))
        there[ticker] = there.get(ticker, Decimal(0)) + (qty if side == "BUY" else -qty)
    assert shares.differences(there) == ()
    again = ExpectedShares(shares.held, shares.unmanaged)
    there["AAA"] = there.get("AAA", Decimal(0)) + 1
    [found] = again.differences(there)
    assert found.ticker == "AAA"
    assert found.found - found.expected == 1


@given(HOLDINGS, st.dictionaries(TICKERS, st.integers(-99, 99)))
def test_beginning_leaves_no_difference(there: dict[str, Decimal], held: dict[str, int]) -> None:
    beside = ExpectedShares(held, None)
    beside.begin(there, anew=False)
    assert (beside.differences(there), beside.held) == ((), held)
    anew = ExpectedShares(held, {"AAA": Decimal(7)})
    anew.begin(there, anew=True)
    assert anew.differences(there) == ()
    assert anew.held == {}
    assert anew.unmanaged == there
