"""One archived day that is traded, made in memory: what the room's tests read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.window import ReplayWindow, window_of
from tests.archives import DAY, archived_day
from tests.forgery import copy_of


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> ArchivedRun:
    return archived_day(tmp_path_factory.mktemp("archive") / "run-1")


@pytest.fixture(scope="session")
def window(day: ArchivedRun) -> ReplayWindow:
    return window_of(day, None, DAY)


@pytest.fixture
def forged(day: ArchivedRun, tmp_path: Path) -> Callable[[], Path]:
    """Return what copies the archive, to be changed."""
    return lambda: copy_of(day.path, tmp_path)
