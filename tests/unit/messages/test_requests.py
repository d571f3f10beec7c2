"""Requests: one id for one meaning, another id for every change, and nothing unclear let in."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.requests import (
    BacktestRequest,
    InputFile,
    ReplayChanges,
    ReplayRequest,
    StrategySource,
)
from messages.values import MAX_REQUEST, RequestInvalid

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
DAY = datetime(2025, 3, 12, 4, tzinfo=UTC)
BARS = InputFile(role="bars", digest=A, name="bars.parquet")
NEWS = InputFile(role="news", digest=B, name="news.jsonl")
MINE = StrategySource(name="mine", class_name="Mine", digest=C, where="mine.py:Mine")


def backtest(**changes: Any) -> BacktestRequest:
    fields: dict[str, Any] = {
        "params": {"risk": {"cooldown_minutes": 30, "off": ("COOLDOWN",)}},
        "weights": {"momentum": 0.5, "mine": 0.5},
        "strategies": (MINE,),
        "first": DAY,
        "inputs": (BARS, NEWS),
        "directories": (C,),
        "scoring": "instant/1",
        "source": "bars.parquet",
    }
    return BacktestRequest(**{**fields, **changes})


def replay(**changes: Any) -> ReplayRequest:
    return ReplayRequest(**{"run": "live", "action": "verify", "day": "2025-03-12", **changes})


PLAIN = backtest()
OTHERWISE: dict[str, dict[str, Any]] = {
    "parameter": {"params": {"risk": {"cooldown_minutes": 31, "off": ("COOLDOWN",)}}},
    "switched off check": {"params": {"risk": {"cooldown_minutes": 30, "off": ()}}},
    "weight": {"weights": {"momentum": 0.6, "mine": 0.5}},
    "edited strategy": {"strategies": (msgspec.structs.replace(MINE, digest=A),)},
    "another class of its file": {"strategies": (msgspec.structs.replace(MINE, class_name="X"),)},
    "interval": {"interval": "5m"},
    "first": {"first": DAY + timedelta(minutes=1)},
    "no first": {"first": None},
    "last": {"last": DAY + timedelta(days=1)},
    "warm-up": {"warm_up_days": 3},
    "splits adjust": {"splits": "adjust"},
    "splits keep": {"splits": "keep"},
    "benchmark": {"benchmark": "AAA"},
    "other bars": {"inputs": (msgspec.structs.replace(BARS, digest=C), NEWS)},
    "other news": {"inputs": (BARS, msgspec.structs.replace(NEWS, digest=A))},
    "no news": {"inputs": (BARS,), "directories": (), "scoring": ""},
    "edited directory": {"directories": (A,)},
    "another directory": {"directories": (C, A)},
    "another model": {"scoring": "instant/2"},
    "preset": {"preset": "job-v1"},
}
SAME: dict[str, dict[str, Any]] = {
    "moved files": {
        "inputs": (
            msgspec.structs.replace(BARS, name="/else/where.parquet"),
            msgspec.structs.replace(NEWS, name=""),
        ),
        "strategies": (msgspec.structs.replace(MINE, where="/else/where.py:Mine"),),
        "source": "another",
    },
    "order of keys": {
        "params": {"risk": {"off": ("COOLDOWN",), "cooldown_minutes": 30}},
        "weights": {"mine": 0.5, "momentum": 0.5},
    },
    "lists for tuples": {"params": {"risk": {"cooldown_minutes": 30, "off": ["COOLDOWN"]}}},
    "another zone": {"first": DAY.astimezone(timezone(timedelta(hours=-4)))},
}


@pytest.mark.parametrize("change", OTHERWISE.values(), ids=OTHERWISE)
def test_every_change_of_meaning_gives_another_id(change: dict[str, Any]) -> None:
    assert backtest(**change).id != PLAIN.id


def test_no_two_changes_share_an_id() -> None:
    ids = [PLAIN.id, *(backtest(**change).id for change in OTHERWISE.values())]
    assert len(set(ids)) == len(ids)


def test_every_field_is_tried_or_known_to_be_beside() -> None:
    tried = {name for change in OTHERWISE.values() for name in change}
    assert tried | BacktestRequest.BESIDE == set(BacktestRequest.__struct_fields__)


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_is_kept_for_people_is_not_in_the_id(change: dict[str, Any]) -> None:
    assert backtest(**change).id == PLAIN.id
    assert backtest(**change).canonical == PLAIN.canonical


def test_zero_has_no_sign() -> None:
    plus, minus = (backtest(weights={"mine": w}) for w in (0.0, -0.0))
    assert plus.id == minus.id


def test_the_id_is_stable() -> None:
    """The ids of kept rows must not change with the code: this one was written down."""
    small = BacktestRequest(params={}, weights={"momentum": 1}, inputs=(BARS,))
    assert small.canonical == (
        b'{"benchmark":"","directories":[],"first":null,"inputs":[{"digest":"' + A.encode() + b'",'
        b'"role":"bars"}],"interval":"1m","last":null,"params":{},"preset":"","scoring":"",'
        b'"splits":"refuse","strategies":[],"warm_up_days":0,"weights":{"momentum":1.0}}'
    )
    assert small.id == "bt-582d96538434713c67a546601521ef77"
    assert replay().id == "rpl-2e0a423f3d94719f2fde3a4137404ade"


def test_a_request_is_the_same_after_json() -> None:
    for request in (PLAIN, *(backtest(**change) for change in OTHERWISE.values())):
        again = BacktestRequest.from_json(request.to_json())
        assert (again, again.id) == (request, request.id)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "weight above one": ({"weights": {"mine": 1.5}}, r"weights.*<= 1"),
    "weight that is none": ({"weights": {"mine": float("nan")}}, "weights"),
    "no weight": ({"weights": {}}, "weights"),
    "name of a strategy": ({"weights": {"Not One": 0.5}}, "weights"),
    "infinite parameter": ({"params": {"momentum": {"full_strength": float("inf")}}}, "infinity"),
    "parameter of no JSON": ({"params": {"risk": {"x": object()}}}, "params"),
    "parameter of depth": ({"params": {"risk": {"x": {"y": 1}}}}, "params"),
    "own by path": ({"params": {"own": {"strategies": ("mine.py:Mine",)}}}, "leave `own` out"),
    "interval": ({"interval": "2m"}, "interval"),
    "splits": ({"splits": "maybe"}, "splits"),
    "time without zone": ({"first": datetime(2025, 3, 12)}, "first.*timezone"),  # noqa: DTZ001 - on purpose
    "backwards": ({"last": DAY}, "after first"),
    "warm-up from nowhere": ({"first": None, "warm_up_days": 1}, "name first"),
    "warm-up for ever": ({"warm_up_days": 10**9}, "warm_up_days"),
    "no bars": ({"inputs": (NEWS,)}, "name bars once"),
    "bars twice": ({"inputs": (BARS, BARS)}, "name bars once"),
    "news without model": ({"scoring": ""}, "name the model"),
    "model without news": ({"inputs": (BARS,), "directories": ()}, "name the model"),
    "directory without news": ({"inputs": (BARS,), "scoring": ""}, "leave them out"),
    "digest": ({"directories": ("abc",)}, "directories"),
}


@pytest.mark.parametrize(("change", "said"), BAD.values(), ids=BAD)
def test_what_does_not_hold_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        backtest(**change)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "object"),
        (b'{"params":{}}', "missing required field `weights`"),
        (b"\xff", "malformed|invalid"),
        (b'"' + b"x" * MAX_REQUEST + b'"', "longer than"),
        (b'{"params":' + b'{"a":' * 100_000, "."),
    ],
)
def test_json_that_is_no_request(data: bytes, said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        BacktestRequest.from_json(data)


@pytest.mark.parametrize("at", [(), ("inputs", 0), ("strategies", 0)])
def test_an_unknown_field_is_refused_wherever_it_is(at: tuple[Any, ...]) -> None:
    plain = msgspec.json.decode(PLAIN.to_json())
    place = plain
    for step in at:
        place = place[step]
    place["suprise"] = 1
    with pytest.raises(RequestInvalid, match="unknown field `suprise`"):
        BacktestRequest.from_json(msgspec.json.encode(plain))


def test_a_request_keeps_nothing_of_its_maker() -> None:
    params: dict[str, Any] = {"risk": {"cooldown_minutes": 30}}
    request = backtest(params=params)
    before = request.id
    params["risk"]["cooldown_minutes"] = 45
    assert request.id == before
    with pytest.raises(AttributeError):
        request.interval = "5m"  # type: ignore[misc]  # on purpose


plain_values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(max_size=4), max_size=3).map(tuple),
)  # fmt: skip
groups = st.dictionaries(
    st.text("abc_", min_size=1, max_size=4).filter(lambda name: name != "own"),
    st.dictionaries(st.text(max_size=4), plain_values, max_size=3),
    max_size=3,
)


@given(groups)
def test_any_parameters_survive_json(params: dict[str, Any]) -> None:
    request = backtest(params=params)
    again = BacktestRequest.from_json(request.to_json())
    assert (again.id, again.params) == (request.id, request.params)


@given(groups, groups)
def test_ids_are_equal_only_for_equal_parameters(one: Any, two: Any) -> None:
    first, second = backtest(params=one), backtest(params=two)
    assert (first.id == second.id) == (first.canonical == second.canonical)
    if first.params != second.params:
        assert first.id != second.id


CHANGES = ReplayChanges(params=(("risk", "max_positions", "3"),))
REPLAYS: dict[str, dict[str, Any]] = {
    "run": {"run": "other"},
    "action": {"action": "causality"},
    "day": {"day": "2025-03-13"},
    "all days": {"day": ""},
    "from start": {"from_start": True},
    "samples": {"samples": 5},
    "parameter": {"action": "what_if", "changes": CHANGES},
    "weight": {"action": "what_if", "changes": ReplayChanges(weights={"momentum": 0.0})},
    "article": {"action": "what_if", "changes": ReplayChanges(without_articles=("art-1",))},
    "source": {"action": "what_if", "changes": ReplayChanges(without_sources=("rss",))},
    "delay": {"action": "what_if", "changes": ReplayChanges(news_delay_us=1)},
}


def test_replays_have_ids_of_their_own() -> None:
    ids = [replay().id, *(replay(**change).id for change in REPLAYS.values())]
    assert len(set(ids)) == len(ids)
    assert replay(block=7).id == replay().id, "a block's size changes nothing"


@pytest.mark.parametrize("change", REPLAYS.values(), ids=REPLAYS)
def test_a_replay_is_the_same_after_json(change: dict[str, Any]) -> None:
    request = replay(**change)
    assert ReplayRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run": ""}, "run"),
        ({"action": "guess"}, "action"),
        ({"day": "12.3.2025"}, "day"),
        ({"day": "2025-02-30"}, "2025-02-30 is no day"),
        ({"samples": 0}, "samples"),
        ({"block": -1}, "block"),
        ({"changes": CHANGES}, "verify makes none"),
        ({"action": "what_if"}, "say what is otherwise"),
    ],
)
def test_replays_that_do_not_hold(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        replay(**change)


def test_a_weight_of_a_what_if_is_from_0_to_1() -> None:
    with pytest.raises(RequestInvalid, match="weights"):
        ReplayChanges(weights={"momentum": 2.0})
