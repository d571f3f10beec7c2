"""The one directory that holds all state: ports, broker, database, runs."""

import errno
import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from connectors.files import write_whole
from stack.errors import StackError

MIN_FREE_BYTES: Final = 1_500_000_000
FULL_BYTES: Final = 50_000_000
DISK_FULL: Final = (
    "the disk is full: flows and servers that die of it are started again once there is room"
)
SECRET: Final = 0o600  # of what has keys in it
OTHERS: Final = 0o077


def note_last(home: Path, run: str) -> None:
    """Remember the last demo's or stack's home and run, for commands that look back.

    Kept beside the default home; where that cannot be written nothing is remembered.
    """
    file = _last_file()
    try:
        write_whole(file, json.dumps({"home": str(home), "run": run}).encode())
    except OSError:
        return


def last_run() -> tuple[Path, str] | None:
    """Return the home and the run that were used last; None if they are gone."""
    try:
        found = json.loads(_last_file().read_text())
        home, run = Path(found["home"]), str(found["run"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (home, run) if (home / "archive" / run / "run.json").exists() else None


def _last_file() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "tidewire" / "last.json"


class Home:
    """A home directory, made on first use.

    Holds `state.json` (ports and keys, remembered between starts), `kafka/`, `postgres/` and
    `runs/`.
    """

    def __init__(self, path: Path, min_free_bytes: int = 0) -> None:
        """Open or make the directory.

        Args:
            path: its own.
            min_free_bytes: that a command which fills it needs; 0: for a look, or a word to what is
                up, which must be possible on a full disk, too.

        Raises:
            StackError: it cannot be made, or is to be filled and cannot be.
        """
        self.path = path.expanduser().resolve()
        try:
            self.path.mkdir(0o700, parents=True, exist_ok=True)
            if min_free_bytes:
                probe = self.path / ".writable"
                probe.write_text("ok")
                probe.unlink(missing_ok=True)  # others may be here at the same moment
        except OSError as error:
            reason = f"Cannot write to {self.path} ({error.strerror}): choose another with --home."
            raise StackError(reason) from error
        free = shutil.disk_usage(self.path).free
        if free < min_free_bytes:
            reason = (
                f"Only {free / 1e9:.1f} GB are free at {self.path}, {min_free_bytes / 1e9:.1f} GB "
                "are needed: "
                "free some space or choose another disk with --home."
            )
            raise StackError(reason)

    @property
    def runs(self) -> Path:
        """Return the directory that holds one directory per run."""
        return self.path / "runs"

    @property
    def archive(self) -> Path:
        """Return the directory that holds one archive per run."""
        return self.path / "archive"

    def port(self, name: str) -> int:
        """Return the port remembered for a server, or choose a free one and remember it.

        A remembered port that somebody else has taken meanwhile is replaced.
        """
        with self._changing() as state:
            port = int(state.get(name, 0))
            if not port or not is_free(port):
                port = free_port()
                self._remember(state | {name: port})
        return port

    def port_from(self, name: str, first: int) -> int:
        """Return the port remembered for a server, or the first free one from a number on.

        A remembered port that somebody else has taken meanwhile is replaced.
        """
        with self._changing() as state:
            port = int(state.get(name, 0))
            if not port or not is_free(port, both=True):
                candidates = range(first, min(first + 100, 65_536))
                port = next((p for p in candidates if is_free(p, both=True)), 0) or free_port()
                self._remember(state | {name: port})
        return port

    @contextmanager
    def locked(self, name: str = "lock", who: str = "tidewire") -> Iterator[None]:
        """Keep every other tidewire out of this home, or every other one of a kind.

        Args:
            name: of the lock.
            who: takes it, in words.

        Raises:
            StackError: another one is in.
        """
        with (self.path / name).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                reason = (
                    f"{self.path} is in use by another {who}: stop that one, or choose another "
                    "directory with --home."
                )
                raise StackError(reason) from error
            yield

    def ports(self) -> dict[str, int]:
        """Return the ports remembered so far, by server."""
        return {name: port for name, port in self._state().items() if isinstance(port, int)}

    def is_taken(self, port: int) -> bool:
        """Tell whether somebody listens on a loopback port now."""
        return not is_free(port)

    def value(self, name: str, default: str) -> str:
        """Return a remembered text, or remember the default."""
        with self._changing() as state:
            if name not in state:
                self._remember(state | {name: default})
            return str(state.get(name, default))

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str | int]]:
        """Return what is remembered; nobody else changes it meanwhile."""
        with (self.path / "state.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._state()

    def _state(self) -> dict[str, str | int]:
        file = self.path / "state.json"
        if not file.exists():
            return {}
        try:
            if file.stat().st_mode & OTHERS:
                with suppress(PermissionError):  # it is somebody else's
                    file.chmod(SECRET)  # an earlier version let others read it
            return dict(json.loads(file.read_text()))
        except ValueError as error:
            reason = f"{file} is not readable JSON: delete it, ports will be chosen anew."
            raise StackError(reason) from error

    def _remember(self, state: dict[str, str | int]) -> None:
        text = json.dumps(state, indent=1, sort_keys=True)
        write_whole(self.path / "state.json", text.encode(), SECRET)


def is_full(home: Home) -> bool:
    """Tell whether the disk of a home is so full that servers and flows die of it."""
    return shutil.disk_usage(home.path).free < FULL_BYTES


def is_free(port: int, *, both: bool = False) -> bool:
    """Tell whether a loopback port can be bound now.

    Args:
        port: number.
        both: on IPv6's loopback, too, where the machine has one.
    """
    places = [(socket.AF_INET, "127.0.0.1"), *([(socket.AF_INET6, "::1")] if both else [])]
    return all(_can_bind(family, host, port) for family, host in places)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # there is none to take
    return True


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path, lines: int = 3) -> str:
    """Return the last lines of a log in one line, for an error message."""
    if not log.exists():
        return "no log"
    text = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(text[-lines:]) or "nothing logged"
