"""Runs of a home: listed from disk, and removed with all they left on the servers."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from connectors.runs import Run
from connectors.settings import Settings
from connectors.storage.schema import describe
from flows.pipeline.start import prepare
from stack.commands.runs import list_runs, remove_runs
from stack.errors import StackError
from stack.home import Home
from stack.runtime.new_run import new_run
from stack.servers.services import Services
from tests.outside import named

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture
def settings(services: Services) -> Settings:
    return named(services)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def made(home: Home, settings: Settings) -> Run:
    """Make a run ready for its flows, on the servers of the settings."""
    servers = Services(home, settings)
    name = f"r{uuid.uuid4().hex[:8]}"
    run = new_run(servers, settings, name, datetime.now(UTC), 1)
    run.save()
    prepare(run, servers.make_topics)
    return run


def topics(run: Run) -> list[str]:
    every = AdminClient(run.layout.access.settings()).list_topics(timeout=30).topics
    return [name for name in every if name.startswith(run.prefix)]


def test_one_goes_with_all_it_left_and_the_other_stays(home: Home, settings: Settings) -> None:
    gone, stays = made(home, settings), made(home, settings)
    listed = list_runs(home)
    assert gone.run_id in listed
    assert listed.count("live") == 2
    (line,) = remove_runs(home, settings, [gone.run_id], archive=False)
    assert line.endswith("topics and directory removed; archive kept")
    assert (topics(gone), describe(gone.database_url, gone.schema).version) == ([], None)
    assert not Path(gone.directory).exists()
    assert Path(gone.archive).exists()
    assert len(topics(stays)) > 20
    assert describe(stays.database_url, stays.schema).version is not None
    assert gone.run_id in list_runs(home), "its archive is left"
    (line,) = remove_runs(home, settings, [gone.run_id], archive=True)
    assert line.endswith("no schema, 0 topics and directory removed; archive gone")
    assert gone.run_id not in list_runs(home)


@pytest.mark.parametrize("name", ["nobody", "..", "", "../runs"])
def test_what_is_no_run_is_refused_before_anything_goes(
    home: Home, settings: Settings, name: str
) -> None:
    run = made(home, settings)
    with pytest.raises(StackError, match="There is no run"):
        remove_runs(home, settings, [run.run_id, name], archive=True)
    assert topics(run)
    assert Path(run.directory).exists()


def test_a_run_of_another_version_is_listed(home: Home) -> None:
    assert "no run in" in list_runs(home)
    directory = home.runs / "old"
    directory.mkdir(parents=True)
    (directory / "run.json").write_text('{"run_id": "old"}')
    assert "another version's" in list_runs(home)
