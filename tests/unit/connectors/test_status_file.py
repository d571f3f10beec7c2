"""The vital signs of a process, kept in a file."""

import json
from pathlib import Path

import pytest

from connectors import telemetry
from connectors.files import write_whole
from connectors.telemetry import StatusFile
from tests.waiting import eventually


def test_it_says_what_is_constant_and_what_is_now(tmp_path: Path) -> None:
    file = tmp_path / "trade.json"
    StatusFile(file, flow="trade", metrics_port=7).write()
    told = json.loads(file.read_text())
    assert (told["flow"], told["metrics_port"]) == ("trade", 7)
    assert {"pid", "at", "lag", "clock", "epoch_age_s"} <= set(told)


def test_it_comes_back_once_there_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, tried = [False], [0]

    def write(file: Path, what: bytes, *, durable: bool) -> None:
        tried[0] += 1
        if not room[0]:
            raise OSError(28, "No space left on device")
        write_whole(file, what, durable=durable)

    monkeypatch.setattr(telemetry, "write_whole", write)
    monkeypatch.setattr(telemetry, "REPORT_S", 0.01)
    file = tmp_path / "trade.json"
    StatusFile(file, flow="trade").keep_writing()
    eventually(lambda: tried[0] > 2)
    assert not file.exists()
    room[0] = True
    eventually(file.exists)
    monkeypatch.setattr(telemetry, "REPORT_S", 3_600.0)  # its thread writes no more
