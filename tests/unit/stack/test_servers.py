"""Where the embedded servers' files lie: any name of a home, any umask."""

import os
import pwd
import shutil
import stat
import sys
from pathlib import Path

import pytest

from stack.servers.broker import _environment as java_environment
from stack.servers.broker import _property as java_property
from stack.servers.database import _copy_install as copy_install


def read_as_java(text: str) -> str:
    """Read a value as java.util.Properties does."""
    escaped = text.encode("latin-1").replace(rb"\\", rb"\u005c")
    units = escaped.decode("unicode_escape")
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


@pytest.mark.parametrize("name", ["plain", "h ö mé", "日本", "back\\slash", "😀", "tab\there"])
def test_a_home_of_any_name_reaches_java_as_it_is(name: str) -> None:
    text = java_property(name)
    assert text.isascii()
    assert text.isprintable()
    assert read_as_java(text) == name


@pytest.fixture
def tight_umask() -> object:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
@pytest.mark.usefixtures("tight_umask")
def test_a_copy_can_be_run_by_anybody_whatever_the_umask(tmp_path: Path) -> None:
    program = tmp_path / "wheel" / "pginstall" / "bin" / "initdb"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    (program.parent.parent / "share").mkdir()
    (program.parent.parent / "share" / "words").write_text("x")
    place = Path("/var/tmp") / f"tidewire-test-{os.getpid()}"  # noqa: S108 - removed below
    place.mkdir()
    try:
        place.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        copied = copy_install(program.parent, place, nobody)
        assert stat.S_IMODE((copied / "initdb").stat().st_mode) & 0o055 == 0o055
        assert stat.S_IMODE((copied.parent / "share" / "words").stat().st_mode) & 0o044 == 0o044
        (copied / "initdb").chmod(0o700)  # as an earlier version left it
        again = copy_install(program.parent, place, nobody)
        assert stat.S_IMODE((again / "initdb").stat().st_mode) & 0o055 == 0o055
        before = (again / "initdb").stat().st_ino
        copy_install(program.parent, place, nobody)
        assert (again / "initdb").stat().st_ino == before, "one that runs is kept"
    finally:
        shutil.rmtree(place)
    assert sys.platform == "linux"


def test_java_s_options_of_others_do_not_reach_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"):
        monkeypatch.setenv(name, "-Xmx1m")
    monkeypatch.setenv("JAVA_HOME", "/opt/java")
    found = java_environment()
    assert "-Xmx1m" not in found.values()
    assert found["JAVA_HOME"] == "/opt/java"
