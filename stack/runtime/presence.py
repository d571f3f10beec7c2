"""What is up in a home: one file, and the process that it names."""

import json
import os
from pathlib import Path
from typing import Any

import psutil

from connectors.files import write_whole
from connectors.runs import Run, load_run
from stack.errors import StackError
from stack.home import Home
from stack.servers.services import Services


def running(home: Home) -> dict[str, Any] | None:
    """Return what is up in a home: pid, run, directory, servers; None if nothing is."""
    try:
        there: dict[str, Any] = json.loads(_file(home).read_text())
        return there if is_alive(there) else None
    except (OSError, ValueError, KeyError):
        return None


def is_alive(there: dict[str, Any]) -> bool:
    """Tell whether the process of what was up runs still.

    One that has ended counts as gone although its parent has not taken notice of it: `up
    --foreground` may be the child of a program, or of a container's first process, that never does.

    Raises:
        OSError, KeyError: nothing can be said.
    """
    try:
        process = psutil.Process(there["pid"])
        born = birth_of(process)
        alive = process.is_running() and there.get("born", born) == born
        return bool(alive and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, ProcessLookupError, FileNotFoundError):
        return False


def run_up(home: Home) -> Run:
    """Return the run that is up.

    Raises:
        StackError: nothing is.
        RunUnreadable: its `run.json` is damaged or of another version.
    """
    there = running(home)
    if there is None:
        reason = f"Nothing is up in {home.path}: start it with `tidewire up`."
        raise StackError(reason)
    return load_run(Path(there["directory"]))


def appear(
    home: Home, run: Run, services: Services, note: str = "", origin: str = ""
) -> None:  # fmt: skip
    """Say that this process runs a run, to other commands of the home.

    Args:
        home: of the run.
        run: that is up.
        services: it uses.
        note: what a person who starts it should know.
        origin: of its API; empty where that is off.
    """
    there = {
        "pid": os.getpid(), "born": birth_of(psutil.Process()),
        "run": run.run_id, "directory": run.directory,
        "bootstrap": services.bootstrap, "database_url": services.database_url,
        "schema": run.schema, "prefix": run.prefix, "note": note, "api": origin,
    }  # fmt: skip
    write_whole(_file(home), json.dumps(there).encode(), 0o600)


def vanish(home: Home) -> None:
    """Say that nothing is up any more."""
    _file(home).unlink(missing_ok=True)


def birth_of(process: psutil.Process) -> int:
    """Return what tells a process from another one of its number, whatever the wall clock does.

    Ticks from the machine's start to the process's, where the system tells them (Linux).
    """
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():
        return int(process.create_time())
    return int(stat.read_text().rpartition(")")[2].split()[19])  # starttime, proc(5)


def _file(home: Home) -> Path:
    return home.path / "up.json"
