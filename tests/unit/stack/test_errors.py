"""What a person meets when something is missing: one sentence, and what to do."""

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from connectors.market.bar_rows import bar_rows
from connectors.market.input_files import InputUnusable, article_rows
from connectors.settings import SettingsInvalid, load_settings
from stack.cli import main
from stack.commands.flow import parse_shards
from stack.errors import MissingTool, StackError
from stack.home import Home, free_port, is_free
from stack.runtime import supervisor as supervision
from stack.runtime.supervisor import CrashLoop, FlowProcess, Supervisor
from stack.servers.broker import fetch_jars, find_java
from stack.servers.database import find_binaries
from tests.waiting import eventually


@pytest.fixture
def empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return tmp_path


def test_no_java(empty_path: Path) -> None:
    with pytest.raises(MissingTool, match=r"Java 17 or newer.*install it"):
        find_java()


def test_an_old_java(empty_path: Path) -> None:
    fake = empty_path / "java"
    fake.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    fake.chmod(0o755)
    with pytest.raises(MissingTool, match="older"):
        find_java()


def test_no_maven(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty_path))
    with pytest.raises(MissingTool, match=r"no mvn: install it"):
        fetch_jars()


def test_the_wheel_brings_postgresql() -> None:
    assert (find_binaries() / "initdb").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"free some space or choose another disk"):
        Home(tmp_path, min_free_bytes=10**18)


def test_on_a_full_disk_what_is_up_can_be_looked_at_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(file: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    monkeypatch.setattr(Path, "write_text", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    at = ("--home", str(tmp_path))
    assert main(["status", *at]) == 1
    assert "nothing is up" in capsys.readouterr().out
    for command in ("down", "halt", "orders"):
        assert main([command, *at]) == 2
        assert "Nothing is up in" in capsys.readouterr().err
    for command in ("up", "demo"):
        assert main([command, *at]) == 2
        assert "Cannot write to" in capsys.readouterr().err


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="choose another with --home"):
        Home(tmp_path / "file" / "home")


def test_a_damaged_state_file(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(StackError, match="delete it"):
        home.port("kafka")


def test_a_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert Home(tmp_path / "new" / "home").path.stat().st_mode & 0o777 == 0o700
    (tmp_path / "old").mkdir(mode=0o755)
    assert Home(tmp_path / "old").path.stat().st_mode & 0o777 == 0o755  # its owner's choice


def test_what_a_home_remembers_is_for_its_owner_alone(tmp_path: Path) -> None:
    home, file = Home(tmp_path), tmp_path / "state.json"
    home.value("secret", "s")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)  # as an earlier version left it
    assert home.value("secret", "other") == "s"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_several_remember_at_once_is_all_remembered(tmp_path: Path) -> None:
    names = [f"name{n}" for n in range(16)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: Home(tmp_path).value(name, name), names))
    assert set(json.loads((tmp_path / "state.json").read_text())) == set(names)


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path)
    port = home.port("kafka")
    assert home.port("kafka") == port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert not is_free(port)
        assert home.port("kafka") != port
    assert is_free(free_port())


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("TIDEWIRE_RISK__COOLDOWN_MINUTES", "soon", "integer"),
        ("TIDEWIRE_RISK__POSITION_BPS", "20000", "less than or equal to 10000"),
        ("TIDEWIRE_FILLS__MODEL", "magic", "'close' or 'next_open'"),
        ("TIDEWIRE_MOMENTUM__WINDOW", "1", "greater than or equal to 2"),
    ],
)
def test_a_bad_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as error:
        load_settings()
    assert name in str(error.value)
    assert value in str(error.value)
    assert named in str(error.value)


def test_a_good_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_RISK__OFF", "COOLDOWN, STALE_PRICE")
    monkeypatch.setenv("TIDEWIRE_SENTIMENT__HALF_LIFE_MINUTES", "60")
    params = load_settings().params
    assert params.risk.off == ("COOLDOWN", "STALE_PRICE")
    assert params.sentiment.half_life_minutes == 60


@pytest.mark.parametrize("shards", ["4", "1-0", "x", "-1", "0-9"])
def test_shards_that_are_not_there(shards: str) -> None:
    with pytest.raises(StackError, match=r"use A-B within 0-3"):
        parse_shards(shards, 4)
    assert list(parse_shards("1-2", 4)) == [1, 2]


def test_inputs_that_cannot_be_played(tmp_path: Path) -> None:
    text = tmp_path / "bars.parquet"
    text.write_text("no parquet")
    with pytest.raises(InputUnusable, match="not a readable file of bars"):
        bar_rows(text)
    with pytest.raises(InputUnusable, match=r"missing\.parquet is not .*: name another"):
        bar_rows(tmp_path / "missing.parquet")
    with pytest.raises(InputUnusable, match="--news"):
        article_rows(tmp_path / "missing.jsonl.gz")
    not_gzip = tmp_path / "news.jsonl.gz"
    not_gzip.write_text("{}")
    with pytest.raises(InputUnusable, match="cannot be read"):
        article_rows(not_gzip)


def test_a_flow_that_dies_again_and_again_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "BACK_OFF_S", (0.01,))
    monkeypatch.setattr(supervision, "CRASH_WINDOW_S", 600.0)
    supervisor = Supervisor(tmp_path, [FlowProcess("market", ("market",))])
    supervisor.start()
    with pytest.raises(CrashLoop, match=r"Flow market died 7 times.*There is no run at"):
        eventually(supervisor.watch, within=300)
    assert supervisor.stop() == []
    assert supervisor.restarts == 6


def test_the_command_line_says_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stack.cli", "flow", "market", "--run", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 2
    assert done.stderr.startswith("tidewire: There is no run at")
    assert len(done.stderr.splitlines()) == 1
