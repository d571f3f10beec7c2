"""Each fault of the stand-in is seen by Alpaca's clients, and the journal tells what is true."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderStatus
from requests.exceptions import ConnectionError as ConnectionGone

from connectors.broker.stand_in.faults import KINDS, FaultPlan, Kind
from tests.broker.standing import KEYS, Standing, limit, market, running, standing
from tests.waiting import eventually

ALWAYS = ":1"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Standing]:
    with standing(tmp_path) as found:
        found.play(100.0)
        yield found


def patient(up: Standing) -> Any:
    """Return a client that does not send twice."""
    client = up.trading()
    client._retry_codes = []
    return client


def test_an_order_may_be_accepted_and_answered_with_504(up: Standing) -> None:
    up.faults("accepted_504" + ALWAYS)
    with pytest.raises(APIError) as late:
        patient(up).submit_order(market("AAPL", 1, "one"))
    assert late.value.status_code == 504
    assert up.trading().get_order_by_client_id("one").status is OrderStatus.NEW
    assert list(up.books.orders) == ["one"]
    assert up.books.count("fault", "accepted_504") == 1


def test_the_clients_own_second_try_makes_no_second_order(up: Standing) -> None:
    up.faults("accepted_504" + ALWAYS)
    client = patient(up)
    client._retry_codes, client._retry, client._retry_wait = [504], 1, 0
    with pytest.raises(APIError):
        client.submit_order(market("AAPL", 1, "one"))
    assert {name: len(found) for name, found in up.books.orders.items()} == {"one": 1}
    assert up.books.count("refused", "client_order_id must be unique") == 1


def test_an_answer_may_be_dropped(up: Standing) -> None:
    up.faults("dropped" + ALWAYS)
    with pytest.raises(ConnectionGone):
        patient(up).submit_order(market("AAPL", 1, "one"))
    up.faults("")
    assert up.trading().get_order_by_client_id("one").status is OrderStatus.NEW
    assert up.books.count("fault", "dropped") == 1


def test_an_answer_may_be_a_page_of_html_whether_or_not_the_order_is_there(up: Standing) -> None:
    up.faults("html" + ALWAYS)
    client = patient(up)
    for n in range(12):
        with pytest.raises(APIError, match="Bad Gateway"):
            client.submit_order(limit("AAPL", 1, f"n{n}", 50))
    assert 0 < len(up.books.orders) < 12
    assert up.books.count("fault", "html") == 12


def test_requests_may_be_refused_by_a_storm(up: Standing) -> None:
    up.faults("storms" + ALWAYS)
    client = patient(up)
    for _ in range(3):
        with pytest.raises(APIError, match="rate limit exceeded"):
            client.submit_order(market("AAPL", 1, "one"))
    assert up.books.orders == {}
    assert up.books.count("fault", "storms") == 1
    keys = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}
    answer = up.hand.get("/v2/clock", headers=keys)
    assert answer.status_code == 429
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert int(answer.headers["x-ratelimit-reset"]) == int(up.clock.moment.timestamp()) + 1


def test_updates_may_come_twice(up: Standing) -> None:
    with up.listening():
        up.faults("duplicates" + ALWAYS)
        up.buy("one")
        up.play(100.0)
        up.wait_for("one", "new", "new", "fill", "fill")
    assert [f.qty for f in up.books.fills] == [10]


def test_updates_may_come_late(up: Standing) -> None:
    with up.listening():
        up.faults("delays" + ALWAYS)
        up.buy("one")
        up.play(100.0)
        up.wait_for("one", "new", "fill")
    assert up.books.count("fault", "delays") == 2


def test_updates_may_be_overtaken(up: Standing) -> None:
    with up.listening():
        up.faults("reordering:0.5", seed=first_alone("reordering"))
        up.play(100.0)
        client = up.trading()
        placed = client.submit_order(limit("AAPL", 1, "one", 50))
        client.cancel_order_by_id(placed.id)
        up.wait_for("one", "canceled", "new")


def first_alone(kind: Kind) -> int:
    """Return a seed with which the first event is struck, and the second is not."""
    plans = ((seed, FaultPlan(seed, kind, 0.5)) for seed in range(1_000))
    return next(seed for seed, plan in plans if plan.strikes(0) and not plan.strikes(1))


def test_streams_may_be_cut(up: Standing) -> None:
    with up.listening():
        up.faults("disconnects:0.5", seed=first_alone("disconnects"))
        up.buy("one")
        assert up.books.count("fault", "disconnects") == 1
        up.faults("")
        up.buy("two")
        eventually(lambda: up.followed()["trades"] == 1)
        up.buy("three")
        up.wait_for("three", "new")
    assert list(up.books.orders) == ["one", "two", "three"]


def test_a_stream_of_bars_may_be_cut(up: Standing) -> None:
    came: list[Any] = []

    async def take(bar: Any) -> None:
        came.append(bar)

    stream = up.stocks()
    stream.subscribe_bars(take, "AAPL")
    with running(stream):
        eventually(lambda: up.followed()["iex"]["bars"] == ["AAPL"])
        up.faults("disconnects" + ALWAYS)
        up.play(100.0)
        assert up.books.count("fault", "disconnects") > 0
        up.faults("")
        eventually(lambda: up.followed()["iex"]["bars"] == ["AAPL"])
        up.play(101.0)
        eventually(lambda: came[-1:] and came[-1].close == 101)


def test_words_may_be_unknown(up: Standing) -> None:
    with up.listening():
        up.faults("unknown_words" + ALWAYS)
        for n in range(8):
            raw(up, f"n{n}")
        eventually(lambda: all("new" in up.events(f"n{n}") for n in range(8)), what=up.came)
    assert "reviewed_by_desk" in {frame["data"]["event"] for frame in up.came}
    words = {frame["data"]["order"]["status"] for frame in up.came}
    assert words == {"new", "pending_audit"}
    assert len(up.books.orders) == 8


def raw(up: Standing, client_id: str) -> Any:
    """Submit as a client that reads whatever word comes."""
    answer = up.trading(raw_data=True).submit_order(market("AAPL", 1, client_id))
    assert answer["status"] == "pending_audit"
    return answer


def test_bars_may_be_revised(up: Standing) -> None:
    came: list[tuple[str, float, float]] = []

    def taking(kind: str) -> Any:
        async def take(bar: Any) -> None:
            came.append((kind, bar.close, bar.volume))

        return take

    stream = up.stocks()
    stream.subscribe_bars(taking("bar"), "AAPL")
    stream.subscribe_updated_bars(taking("again"), "AAPL")
    with running(stream):
        eventually(lambda: up.followed()["iex"]["updatedBars"] == ["AAPL"])
        up.faults("revisions" + ALWAYS)
        up.play(100.0)
        eventually(lambda: len(came) == 2)
    assert came == [("bar", 100, 10_000), ("again", 100.5, 10_100)]


def test_a_fill_may_come_in_parts_the_last_first(up: Standing) -> None:
    with up.listening():
        up.faults("split_fills" + ALWAYS)
        up.buy("one", 10)
        up.play(100.0)
        up.wait_for("one", "new", "fill", "partial_fill", "partial_fill")
        told = [frame["data"] for frame in up.came[1:]]
    assert [(d["qty"], d["order"]["filled_qty"], d["position_qty"]) for d in told] == [
        ("3", "10", "10"), ("3", "7", "7"), ("4", "4", "4"),
    ]  # fmt: skip
    assert [d["order"]["status"] for d in told] == [
        "filled",
        "partially_filled",
        "partially_filled",
    ]
    assert [f.qty for f in up.books.fills] == [4, 3, 3]
    rows = up.trading().get("/account/activities/FILL", {"direction": "asc"})
    assert [(r["type"], r["qty"], r["cum_qty"]) for r in rows] == [
        ("partial_fill", "4", "4"), ("partial_fill", "3", "7"), ("fill", "3", "10"),
    ]  # fmt: skip
    assert [r["id"].split("::")[1] for r in rows] == [f.execution_id for f in up.books.fills]
    held = up.trading().get_open_position("AAPL")
    assert held.qty == "10"
    assert float(up.trading().get_account().cash) == up.books.cash / 10_000


def test_an_order_may_be_filled_although_its_cancel_was_confirmed(up: Standing) -> None:
    with up.listening():
        up.faults("late_cancels" + ALWAYS)
        client = up.trading()
        met = client.submit_order(limit("AAPL", 1, "met", 100))
        low = client.submit_order(limit("AAPL", 1, "low", 50))
        for order in (met, low):
            client.cancel_order_by_id(order.id)
        assert client.get_order_by_id(met.id).status is OrderStatus.PENDING_CANCEL
        with pytest.raises(APIError, match="pending_cancel"):
            client.cancel_order_by_id(met.id)
        up.play(100.0)
        up.wait_for("met", "new", "pending_cancel", "fill")
        up.wait_for("low", "new", "pending_cancel", "canceled")
    assert [f.qty for f in up.books.fills_of("met")] == [1]
    assert up.books.count("cancel") == 2
    assert up.books.count("end") == 1


def test_all_faults_together_lose_and_double_nothing(up: Standing) -> None:
    up.faults("all:0.3", seed=11)
    client = patient(up)
    client._use_raw_data = True
    for n in range(40):
        try:
            client.submit_order(market("AAPL", n % 5 + 1, f"n{n}"))
        except (APIError, ConnectionGone):
            continue
        finally:
            up.play(100.0)
    up.faults("")
    books = up.books
    assert books.doubles == {}
    assert len(books.orders) > 10
    held = sum(order.qty for [order] in books.orders.values())
    assert books.positions == {"AAPL": held}
    assert up.trading().get_open_position("AAPL").qty == str(held)
    assert float(up.trading().get_account().cash) == books.cash / 10_000


def test_there_are_twelve_faults() -> None:
    assert len(KINDS) == 12
