"""libpq's environment never reaches the embedded database, and always one that is named."""

import os

import pytest

from stack.libpq import set_libpq_aside

MINE = {"PGSERVICE": "nope", "PGSSLMODE": "require", "PGTARGETSESSIONATTRS": "standby"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PAGER", "less")
    monkeypatch.setenv("PGP_KEY2", "mine")
    monkeypatch.delenv("TIDEWIRE_DATABASE_URL", raising=False)


def test_without_a_named_database_it_is_set_aside() -> None:
    assert set(MINE) <= set(set_libpq_aside())
    assert not set(MINE) & set(os.environ)
    assert {"PAGER", "PGP_KEY2"} <= set(os.environ)
    assert set_libpq_aside() == []


def test_a_named_database_s_clients_listen_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_DATABASE_URL", "postgresql://somewhere/x")
    assert set_libpq_aside() == []
    assert set(MINE) <= set(os.environ)


def test_settings_that_cannot_be_read_are_the_command_s_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIDEWIRE_LOG_LEVEL", "LOUD")
    assert set_libpq_aside() == []
