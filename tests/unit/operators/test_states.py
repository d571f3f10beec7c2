"""States as bytes: typed, deterministic, and refused when they are anything else."""

import importlib
import pkgutil
import resource
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import connectors
import flows
import operators
from operators.learning.outcomes import OutcomesState
from operators.learning.round_trips import OpenTrade
from operators.states import State, StateUnreadable, decode_state, encode_state
from operators.strategies.arrays import Array
from operators.strategies.ensemble import EnsembleState
from operators.trading.account import AccountState, Fill, Position
from operators.trading.last_bar import BarMemory

ROOMS: tuple[ModuleType, ...] = (operators, connectors, flows)
SKIPPED = ("connectors.storage.migrations", "connectors.storage.people_migrations")


class Leaf(State):
    """A state of one number."""

    n: int


class Tree(State):
    """A state that nests."""

    leaves: list[Leaf]
    under: "Tree | None"


def every_state() -> list[type[State]]:
    """Return every kind of state that the code defines."""
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.startswith(SKIPPED):
                importlib.import_module(module.name)
    return sorted(set(_below(State)), key=lambda k: k.__qualname__)


def _below(kind: type[State]) -> Iterator[type[State]]:
    for sub in kind.__subclasses__():
        if sub.__module__.split(".")[0] in {r.__name__ for r in ROOMS}:
            yield sub
        yield from _below(sub)


KINDS = every_state()


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_no_state_has_a_default_a_set_or_an_untyped_field(kind: type[State]) -> None:
    for field in msgspec.structs.fields(kind):
        assert field.required, f"{field.name}: a missing field must be an error"
        text = str(field.type)
        assert "Any" not in text, f"{field.name}: {text}"
        assert "set[" not in text, f"{field.name}: sets have no order"


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.__struct_fields__], ids=lambda k: k.__name__
)
def test_a_missing_and_an_unknown_field_are_errors(kind: type[State]) -> None:
    with pytest.raises(StateUnreadable, match=r"missing required field"):
        decode_state(b"{}", kind)
    with pytest.raises(StateUnreadable, match=r"unknown field"):
        decode_state(b'{"no_such_field": 1}', kind)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            AccountState(
                cash=5, realized=-1,
                positions={"AAA": Position(1, 2, 3, 4, "t", "s", "e", 6, 5, 8, 4)},
                marks={"AAA": 9}, trips={"AAA": [Fill(4, "AAA", 1, 2, 3, "t", "s", "e")]},
            ),
            (
                b'{"cash":5,"realized":-1,"positions":{"AAA":[1,2,3,4,"t","s","e",6,5,8,4]},'
                b'"marks":{"AAA":9},"trips":{"AAA":[[4,"AAA",1,2,3,"t","s","e",false]]}}'
            ),
        ),
        (
            EnsembleState(
                weights={"momentum": (0.25, "w")}, disabled=["own"], commands=["c"],
                later=[(7, "momentum", 0.5, "v")],
            ),
            (
                b'{"weights":{"momentum":[0.25,"w"]},"disabled":["own"],"commands":["c"],'
                b'"later":[[7,"momentum",0.5,"v"]]}'
            ),
        ),
        (
            OutcomesState(
                trades={"t": OpenTrade(1, "o", "e", "s", True, 2, 3, 4, (("own", -0.5),))},
                signals={"s": (1, (("momentum", 0.5),))}, swept=0, told={},
            ),
            (
                b'{"trades":{"t":[1,"o","e","s",true,2,3,4,[["own",-0.5]]]},'
                b'"signals":{"s":[1,[["momentum",0.5]]]},"swept":0,"told":{}}'
            ),
        ),
        (
            Array.of(np.array([[1, -1]], np.int64)),
            b'{"kind":"<i8","shape":[1,2],"data":"AQAAAAAAAAD//////////w=="}',
        ),
    ],
)  # fmt: skip
def test_the_bytes_are_what_checkpoints_of_this_version_hold(state: State, expected: bytes) -> None:
    """A change here breaks kept states: raise STATE_VERSION with it."""
    assert encode_state(state) == expected
    assert decode_state(expected, type(state)) == state


def test_fields_of_rows_stand_where_checkpoints_have_them() -> None:
    assert Position._fields == (
        "qty", "cost", "fees", "opened", "trade_id", "signal_id", "execution_id", "high", "low",
        "top", "bottom",
    )  # fmt: skip
    assert BarMemory._fields == ("price", "stamp", "volume", "today", "days")


numbers = st.one_of(
    arrays.arrays(np.int64, st.tuples(st.integers(0, 5), st.just(3))),
    arrays.arrays(
        np.float64, st.tuples(st.integers(0, 5), st.just(3)),
        elements=st.floats(allow_nan=False),
    ),
)  # fmt: skip


@given(array=numbers)
def test_arrays_come_back_bit_by_bit(array: Any) -> None:
    kept = decode_state(encode_state(Array.of(array)), Array)
    back = kept.array(kept.kind, 3)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    back[:] = 0  # a copy that may be written to


@pytest.mark.parametrize(
    "change",
    [{"shape": (2, 3)}, {"shape": (-1, -3)}, {"shape": (6,)}, {"data": b""}, {"kind": "<f8"}],
)
def test_an_array_whose_parts_do_not_fit_is_refused(change: dict[str, Any]) -> None:
    good = Array.of(np.zeros((1, 3), np.int64))
    with pytest.raises(StateUnreadable, match="is not rows of 3 <i8"):
        msgspec.structs.replace(good, **change).array("<i8", 3)


def test_an_array_of_another_type_is_no_state() -> None:
    with pytest.raises(TypeError, match="int8"):
        Array.of(np.zeros((1, 1), np.int8))


@given(cut=st.integers(0, 400), data=st.binary(max_size=60))
def test_what_is_cut_off_or_arbitrary_is_refused(cut: int, data: bytes) -> None:
    whole = encode_state(Tree(leaves=[Leaf(n=n) for n in range(20)], under=None))
    for bad in (whole[: min(cut, len(whole) - 1)], data, whole + data + b"x"):
        with pytest.raises(StateUnreadable, match=r"`tidewire archive import`\)\.$"):
            decode_state(bad, Tree)


def test_nesting_without_end_is_refused() -> None:
    deep = b'{"leaves":[],"under":' * 100_000
    with pytest.raises(StateUnreadable):
        decode_state(deep, Tree)
    with pytest.raises(StateUnreadable):
        decode_state(b"[" * 1_000_000, Tree)


PROBE = """
import operators.strategies.technical, operators.learning.outcomes, resource
print(open('/proc/self/statm').read().split()[0])
"""
HOSTILE = """
import resource
from operators.learning.outcomes import OutcomesState
from operators.states import MAX_STATE, StateUnreadable, decode_state
from operators.strategies.technical import RowsState

resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
attacks = [
    b'\\xdd\\xff\\xff\\xff\\xff', b'\\xc6\\xff\\xff\\xff\\xff', b'[' * 1_000_000,
    b'{{"trades":' * 1_000_000, b'{{"trades":{{}},"signals":{{}},"swept":' + b'9' * 1_000_000,
    b'{{"rows":{{}},"state":{{"kind":"<i8","shape":[4294967295,5],"data":""}}', b'"' * 1_000_000,
]
for attack in attacks:
    for kind in (OutcomesState, RowsState):
        try:
            decode_state(attack, kind)
        except StateUnreadable:
            continue
        raise SystemExit(f'taken: {{attack[:20]!r}}')
print('refused')
"""


def test_hostile_bytes_are_refused_in_bounded_memory() -> None:
    """Headers that promise four thousand million elements, nesting, endless numbers."""
    room = 64 * 1024 * 1024
    probe = subprocess.run(
        [sys.executable, "-c", PROBE],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    limit = int(probe.stdout) * resource.getpagesize() + room
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE.format(limit=limit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "refused\n", done.stderr


def test_too_many_bytes_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operators.states.MAX_STATE", 10)
    with pytest.raises(StateUnreadable, match="11 bytes are more than a state has"):
        decode_state(b"x" * 11, Leaf)
