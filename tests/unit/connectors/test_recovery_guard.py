"""A recovery directory from elsewhere is refused before the engine loads any of it."""

import pickle
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink
from hypothesis import given
from hypothesis import strategies as st

from connectors.market.recorded import RecordedSource
from connectors.recovery_guard import RecoveryForeign, is_plain, vouch_for_recovery
from flows.pipeline.engine import run, step
from operators.admission import InputRow
from operators.commands import AcceptCommands, CommandsState

TOUCHED: list[str] = []


def touch(name: str) -> str:
    """Say that somebody ran this."""
    TOUCHED.append(name)
    return name


class Call:
    """Pickles as a call of a function of ours."""

    def __reduce__(self) -> tuple[Callable[[str], str], tuple[str]]:
        return touch, ("ran",)


class Rewired:
    """Pickles as an allowed function whose code is replaced: the old allow-list took it."""

    def __reduce__(self) -> Any:
        return setattr, (touch, "__code__", (lambda name: name).__code__.co_name)


@pytest.fixture
def recovery(tmp_path: Path) -> Path:
    """Run a small flow to its end; returns its recovery directory."""
    directory = tmp_path / "recovery"
    run(flow(), directory)
    return directory


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    """Nothing in a refused directory may have been executed."""
    TOUCHED.clear()
    yield
    assert TOUCHED == []


def flow() -> Dataflow:
    dataflow = Dataflow("small")
    source = RecordedSource(lambda _: iter([InputRow(0, {}), InputRow(1, {})]), lambda: False)
    up = op.input("in", dataflow, source)
    op.output("out", step("accept", up, AcceptCommands, CommandsState), TestingSink([]))
    return dataflow


def plant(directory: Path, state: bytes) -> None:
    file = next(directory.glob("*.sqlite3"))
    with sqlite3.connect(file) as connection:
        changed = connection.execute("UPDATE snaps SET ser_change = ?", (state,))
        assert changed.rowcount > 0
    connection.close()


def test_what_this_program_writes_is_vouched_for(recovery: Path) -> None:
    vouch_for_recovery(recovery)
    file = next(recovery.glob("*.sqlite3"))
    connection = sqlite3.connect(file)
    states = [s for (s,) in connection.execute("SELECT ser_change FROM snaps") if s is not None]
    connection.close()
    assert states, "the flow kept something to look at"
    assert all(is_plain(s) for s in states)
    assert recovery.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "state",
    [
        pickle.dumps(Call()),
        pickle.dumps([b"plain", Call()]),
        pickle.dumps(Rewired()),
        pickle.dumps(Call(), protocol=0),
        b"\x80\x05garbage",
        b"",
    ],
    ids=["call", "call in a list", "replaced code", "old protocol", "garbage", "empty"],
)
def test_a_state_that_could_run_code_stops_the_flow(recovery: Path, state: bytes) -> None:
    plant(recovery, state)
    with pytest.raises(RecoveryForeign, match="remove the directory"):
        run(flow(), recovery)


def test_a_file_that_is_no_database_is_refused(recovery: Path) -> None:
    next(recovery.glob("*.sqlite3")).write_bytes(b"not a database, but long enough to be read" * 40)
    with pytest.raises(RecoveryForeign, match="remove the directory"):
        vouch_for_recovery(recovery)


@given(data=st.binary(max_size=300))
def test_bytes_of_any_length_are_plain(data: bytes) -> None:
    assert is_plain(pickle.dumps(data))
    assert is_plain(pickle.dumps(None))


@given(
    value=st.lists(st.integers(), min_size=1) | st.text() | st.dictionaries(st.text(), st.text())
)
def test_anything_else_is_not(value: Any) -> None:
    assert not is_plain(pickle.dumps(value))
