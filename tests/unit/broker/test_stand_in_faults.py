"""Faults strike by seed and number, and each changes what it says and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.broker.stand_in import update_faults
from connectors.broker.stand_in.faults import (
    KINDS,
    WHAT,
    FaultPlan,
    Faults,
    FaultUnknown,
    Kind,
    plans_of,
)
from connectors.broker.stand_in.update_faults import Frame, with_faults

BODY: dict[str, Any] = {
    "stream": "trade_updates",
    "data": {
        "event": "fill", "execution_id": "e", "qty": "1", "price": "2", "position_qty": "1",
        "order": {"client_order_id": "a", "status": "filled"},
    },
}  # fmt: skip


def faults(*kinds: Kind, rate: float = 1.0, noted: list[Any] | None = None) -> Faults:
    plans = {kind: FaultPlan(1, kind, rate) for kind in kinds}
    return Faults(
        plans, lambda kind, what: (noted if noted is not None else []).append((kind, what))
    )


def first(kind: Kind, question: str, *, below: bool) -> Faults:
    """Return faults whose first draw for a question is below a half, or not."""
    plans = (FaultPlan(seed, kind, 1.0) for seed in range(1_000))
    plan = next(p for p in plans if (p.draw(0, question) < 1 / 2) is below)
    return Faults({kind: plan}, lambda *_: None)


def test_every_fault_is_explained() -> None:
    assert set(WHAT) == set(KINDS)
    assert len(KINDS) == 12


@given(st.integers(), st.sampled_from(KINDS), st.floats(0, 1), st.integers(0, 10**9))
def test_a_plan_is_a_pure_function(seed: int, kind: Kind, rate: float, number: int) -> None:
    plan = FaultPlan(seed, kind, rate)
    assert plan.strikes(number) == FaultPlan(seed, kind, rate).strikes(number)
    assert 0 <= plan.draw(number) < 1
    assert not FaultPlan(seed, kind, 0.0).strikes(number)
    assert FaultPlan(seed, kind, 1.0).strikes(number)


def test_a_plan_strikes_as_often_as_its_rate_and_the_same_numbers_for_ever() -> None:
    struck = [n for n in range(10_000) if FaultPlan(7, "dropped", 0.1).strikes(n)]
    assert 850 < len(struck) < 1_150
    assert struck[:5] == [46, 54, 65, 77, 100]
    assert struck != [n for n in range(10_000) if FaultPlan(8, "dropped", 0.1).strikes(n)]


def test_each_kind_counts_for_itself_and_says_what_it_struck() -> None:
    noted: list[Any] = []
    found = faults("dropped", noted=noted)
    assert [found.strikes("dropped", "GET /"), found.strikes("html", "GET /")] == [0, None]
    assert found.strikes("dropped", "POST /") == 1
    assert noted == [("dropped", "GET /"), ("dropped", "POST /")]
    found.plan({})
    assert found.strikes("dropped", "POST /") is None


def test_plans_are_read_from_a_line() -> None:
    found = plans_of("dropped:0.5, html", 3)
    assert {kind: plan.rate for kind, plan in found.items()} == {"dropped": 0.5, "html": 0.1}
    assert set(plans_of("all:1,html:0", 3)) == set(KINDS)
    assert plans_of("all:1,html:0", 3)["html"].rate == 0
    assert plans_of("", 3) == {}


@pytest.mark.parametrize("text", ["none", "html:2", "html:x", "html:nan", ":1"])
def test_a_fault_that_there_is_none_of_is_named(text: str) -> None:
    with pytest.raises(FaultUnknown, match=r"use `all` or NAME\[:RATE\]"):
        plans_of(text, 1)


def test_without_faults_an_update_is_told_as_it_is() -> None:
    assert with_faults(BODY, faults()) == [Frame(BODY)]


def test_an_update_is_told_twice() -> None:
    assert update_faults.duplicates(Frame(BODY), faults("duplicates")) == [Frame(BODY)] * 2


def test_an_update_waits_up_to_a_second() -> None:
    [late] = update_faults.delays(Frame(BODY), faults("delays"))
    assert 0 <= late.wait_s < 1
    assert late.body == BODY


def test_a_word_nobody_knows_is_a_status_or_an_event_of_its_own() -> None:
    [odd] = update_faults.unknown_words(
        Frame(BODY), first("unknown_words", "where", below=True)
    )  # fmt: skip
    assert odd.body["data"]["order"]["status"] == "pending_audit"
    assert odd.body["data"]["event"] == "fill"
    extra, same = update_faults.unknown_words(
        Frame(BODY), first("unknown_words", "where", below=False)
    )
    assert same == Frame(BODY)
    assert extra.body["data"]["event"] == "reviewed_by_desk"
    assert "qty" not in extra.body["data"]


def test_a_stream_is_cut_before_an_update_or_after_it() -> None:
    [before] = update_faults.disconnects(Frame(BODY), first("disconnects", "when", below=True))
    [after] = update_faults.disconnects(Frame(BODY), first("disconnects", "when", below=False))
    assert before == Frame(None, cut=True)
    assert after == Frame(BODY, cut=True)


def test_all_together_keep_the_fill() -> None:
    kinds: tuple[Kind, ...] = ("unknown_words", "duplicates", "reordering", "delays")
    told = with_faults(BODY, faults(*kinds))
    assert all(frame.overtaken for frame in told)
    assert [f.body["data"]["event"] for f in told].count("fill") >= 2


def test_the_page_lists_the_faults_that_there_are() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/stand-in.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row.split()[1] in KINDS] == [
        f"| {kind} | {WHAT[kind]} |" for kind in KINDS
    ]
