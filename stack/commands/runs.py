"""`tidewire runs ls | rm NAME`: the runs of a home, and the removal of one that is over."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.kafka.access import Access
from connectors.kafka.layout import delete_topics
from connectors.runs import Run, RunUnreadable, load_run
from connectors.settings import Settings, load_settings
from connectors.storage.schema import drop
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import StackError
from stack.home import Home
from stack.runtime.presence import running
from stack.servers.principals import close_run, embedded
from stack.servers.services import Services

MEGABYTE = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=("ls", "rm"))
    parser.add_argument("name", nargs="*", help="of the runs to remove")
    parser.add_argument("--archive", action="store_true",
                        help="remove the archive too: nothing of the run is left")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """List the runs of a home, or remove some: schema, topics, directory, and archive if asked.

    Raises:
        StackError: there is no such run, or it is up.
    """
    home = home_of(options)
    if options.action == "ls":
        sys.stdout.write(list_runs(home) + "\n")
        return 0
    if not options.name:
        reason = "Name the runs to remove: `tidewire runs ls` lists them."
        raise StackError(reason)
    removed = remove_runs(home, load_settings(), options.name, archive=options.archive)
    sys.stdout.writelines(line + "\n" for line in removed)
    return 0


def list_runs(home: Home) -> str:
    """Return every run that has a directory or an archive, oldest first."""
    up = running(home)
    rows = []
    for name in sorted(_names(home), key=lambda n: (_started(home, n), n)):
        found = _run(home, name)
        kind = "another version's" if found is None else "played" if found.bars else "live"
        rows.append(
            (name, _started(home, name), kind, _size(home.runs / name), _size(home.archive / name),
             "up" if up and up["run"] == name else "")
        )  # fmt: skip
    head = ("run", "started (UTC)", "kind", ">directory MB", ">archive MB", "")
    return text_table(head, rows) if rows else f"no run in {home.path} yet"


def remove_runs(home: Home, settings: Settings, names: list[str], *, archive: bool) -> list[str]:
    """Remove runs that are over; returns what was done, one line a run.

    Raises:
        StackError: there is no such run, or it is up; nothing is removed then.
    """
    up = running(home)
    for name in names:
        if name not in _names(home):
            reason = f"There is no run {name} in {home.path}: `tidewire runs ls` lists them."
            raise StackError(reason)
        if up and up["run"] == name:
            reason = f"Run {name} is up: bring it down first with `tidewire down`."
            raise StackError(reason)
    done = []
    with _servers(home, settings) as (access, url):
        for name in names:
            schema, prefix = f"run_{name.replace('-', '_')}", f"tidewire-{name}."
            dropped, topics = drop(url, schema), delete_topics(access, prefix)
            if (own := embedded(home, access.bootstrap)) is not None:
                close_run(own.admin(access.bootstrap), prefix)
            shutil.rmtree(home.runs / name, ignore_errors=True)
            if archive:
                shutil.rmtree(home.archive / name, ignore_errors=True)
            kept = not archive and (home.archive / name).exists()
            done.append(
                f"run {name}: {'schema' if dropped else 'no schema'}, {topics} topics and "
                f"directory removed; archive {'kept' if kept else 'gone'}"
            )
    return done


@contextmanager
def _servers(home: Home, settings: Settings) -> Iterator[tuple[Access, str]]:
    """Give broker and database: those of what is up, or started for now."""
    up = running(home)
    if up is not None:
        yield load_run(Path(up["directory"])).layout.access, str(up["database_url"])
        return
    with Services(home, settings) as services:
        yield services.access, services.database_url


def _names(home: Home) -> set[str]:
    return {
        directory.name
        for root in (home.runs, home.archive)
        if root.is_dir()
        for directory in root.iterdir()
        if directory.is_dir() and not directory.name.startswith(".")
    }


def _run(home: Home, name: str) -> Run | None:
    for directory in (home.runs / name, home.archive / name):
        try:
            return load_run(directory)
        except (FileNotFoundError, RunUnreadable):
            continue
    return None


def _started(home: Home, name: str) -> str:
    found = _run(home, name)
    return "-" if found is None else f"{found.spec.started_at:%F %T}"


def _size(directory: Path) -> str:
    if not directory.is_dir():
        return "-"
    size = sum(f.stat().st_size for f in directory.rglob("*") if f.is_file())
    return f"{size / MEGABYTE:,.1f}"
