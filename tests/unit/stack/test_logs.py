"""Logs that do not grow for ever."""

from pathlib import Path

import pytest

from stack.logs import rotate


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "trade.log"
    log.write_text("short\n")
    assert rotate([log, tmp_path / "none.log"], large=100) == []
    assert list(tmp_path.iterdir()) == [log]


def test_a_writer_goes_on_and_the_oldest_part_goes(tmp_path: Path) -> None:
    log = tmp_path / "trade.log"
    with log.open("ab", buffering=0) as writer:
        for n in range(5):
            writer.write(b"%d" % n * 100)
            assert rotate([log], large=100, parts=3) == [log]
        writer.write(b"now")
    assert log.read_bytes() == b"now"
    kept = {file.name: file.read_bytes()[:1] for file in tmp_path.iterdir() if file != log}
    assert kept == {"trade.log.1": b"4", "trade.log.2": b"3", "trade.log.3": b"2"}


def test_a_log_that_cannot_be_put_aside_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stack.logs.shutil.copyfile", full)
    log = tmp_path / "trade.log"
    log.write_bytes(b"x" * 100)
    assert rotate([log], large=100) == []
    assert log.stat().st_size == 100
