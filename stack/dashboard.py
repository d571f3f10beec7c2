"""The dashboard's files: where they are, and building them where this is a checkout."""

import fcntl
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Final

from stack.errors import StackError

log = logging.getLogger(__name__)
NODE_AT_LEAST: Final = (20, 19)
SOURCES: Final = ("src", "public", "index.html", "package.json", "package-lock.json",
                  "vite.config.ts", "tsconfig.json")  # fmt: skip
BUILT: Final = "dist"
NEXT: Final = "dist.next"
OLD: Final = "dist.old"
PAGE: Final = "index.html"
LOCK: Final = ".building"
LAST_WORDS: Final = 400
LOOK_S: Final = 0.2
STOP_S: Final = 5.0


class NotBuilt(StackError):
    """The dashboard cannot be built here; the message says why, and not what is shown instead.

    Operator action: install Node 20.19 or newer, or correct what npm says; until then the
    dashboard that was built before serves, or a plain page.
    """


def sources() -> Path | None:
    """Return the checkout's directory of the dashboard; None in an installed package."""
    beside = Path(__file__).resolve().parents[1] / "dashboard"
    return beside if (beside / "package.json").is_file() else None


def built_files() -> Path:
    """Return where the built files are, or will be: of the checkout, else of the package."""
    found = sources()
    return found / BUILT if found else Path(sys.prefix) / "share/tidewire/dashboard"


def is_fresh(directory: Path) -> bool:
    """Tell whether no source has changed since the build of the built files began."""
    try:
        made = (directory / BUILT / PAGE).stat().st_mtime_ns
        return all(path.stat().st_mtime_ns <= made for path in _files(directory))
    except OSError:  # nothing is built, or a source goes at this moment
        return False


def _files(directory: Path) -> Iterable[Path]:
    """Return every source, and every directory of them: its time tells what was taken out."""
    for name in SOURCES:
        path = directory / name
        yield path
        yield from path.rglob("*") if path.is_dir() else ()


def npm() -> str:
    """Return npm: this environment's, else the system's.

    Raises:
        NotBuilt: there is none, or its Node is too old.
    """
    said = ""
    for place in (str(Path(sys.executable).parent), None):
        found, node = shutil.which("npm", path=place), shutil.which("node", path=place)
        if found is None or node is None:
            continue
        shown = subprocess.run([node, "--version"], capture_output=True, check=False).stdout
        said = shown.decode(errors="replace").strip()
        version = re.match(r"v(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= NODE_AT_LEAST:
            return found
    raise NotBuilt(_needs(f"is needed, this is {said}" if said else "is not installed"))


def _needs(what: str) -> str:
    least = ".".join(map(str, NODE_AT_LEAST))
    return f"Node {least} or newer {what}"


class DashboardBuild:
    """Builds the dashboard beside a run, in a thread; the API shows it from when it is there."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Take what is told of it: a line when it begins, and one when it cannot."""
        self._say = say
        self._child: subprocess.Popen[str] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)

    def start(self) -> None:
        """Begin, where this is a checkout whose files are out of date."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until it is done."""
        self._thread.join()

    def stop(self) -> None:
        """End it, done or not: npm is told to end, and is ended after `STOP_S`."""
        self._over.set()
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._signal(number)
            if self._thread.is_alive():
                self._thread.join(STOP_S)

    def _signal(self, number: int) -> None:
        """Send a signal to npm and to all that it has started, if any of them is left."""
        child = self._child
        if child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)

    def _run(self) -> None:
        directory = sources()
        if directory is None:
            return
        try:
            if not is_fresh(directory):
                self._build(directory)
        except NotBuilt as error:
            self._give_up(directory, str(error))
        except OSError as error:
            self._give_up(directory, f"{error.filename or directory}: {error.strerror or error}")
        except Exception as error:
            log.exception("the dashboard is not built")
            self._give_up(directory, f"a fault of this program: {type(error).__name__}")

    def _build(self, directory: Path) -> None:
        program = npm()
        with _lock_file(directory) as lock:
            # Two runs of one checkout build one after the other; who is to end waits for neither.
            while not _locked(lock):
                if self._over.wait(LOOK_S):
                    return
            if is_fresh(directory) or self._over.is_set():
                return
            began, run = _now_of(lock), partial(self._npm, program, directory, lock)
            there = _installed(directory)
            self._tell("building the dashboard" + ("" if there else " (npm ci, once)"))
            if not there:
                run("ci", "--omit=dev", "--no-audit", "--no-fund")
            _remove(directory / NEXT)
            run("run", "build", "--", "--outDir", NEXT, "--emptyOutDir")
            if not self._over.is_set():
                _swap(directory, began)
                self._tell("the dashboard is built")

    def _npm(self, program: str, directory: Path, lock: IO[str], *words: str) -> None:
        """Run npm; it holds the lock, too, and so goes on alone if this process is killed.

        Raises:
            NotBuilt: it failed.
        """
        if self._over.is_set():
            return
        self._child = child = subprocess.Popen(
            [program, *words], cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            start_new_session=True, pass_fds=(lock.fileno(),),
        )  # fmt: skip
        if self._over.is_set():  # ended between the look and the start
            self._signal(signal.SIGTERM)
        said, _ = child.communicate()
        if self._over.is_set():
            return  # what npm may have left behind is ended by whoever ended npm
        self._child = None
        if child.returncode:
            last = " ".join(said.split())[-LAST_WORDS:] or _end_of(child.returncode)
            reason = f"npm {words[0]}: {last}"
            raise NotBuilt(reason)

    def _give_up(self, directory: Path, why: str) -> None:
        there = (directory / BUILT / PAGE).is_file()
        instead = "the one built before is shown" if there else "a plain page is shown"
        self._tell(f"The dashboard was not built ({why}); {instead}.")

    def _tell(self, line: str) -> None:
        """Say a line; one that cannot be said, such as to a terminal that is gone, ends nothing."""
        try:
            self._say(line)
        except Exception:
            log.exception("this was not said: %s", line)


def _end_of(code: int) -> str:
    return f"exit code {code}, without a word" if code > 0 else f"ended by signal {-code}"


def _lock_file(directory: Path) -> IO[str]:
    """Open the file that is locked while somebody builds.

    Raises:
        NotBuilt: nothing can be written here, as in a checkout that is read-only.
    """
    try:
        return (directory / LOCK).open("w")
    except OSError as error:
        reason = f"{directory} cannot be written to: {error.strerror}"
        raise NotBuilt(reason) from error


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _now_of(file: IO[str]) -> int:
    """Return the time by the clock of a file's file system, nanoseconds since 1970."""
    os.utime(file.fileno())
    return os.fstat(file.fileno()).st_mtime_ns


def _installed(directory: Path) -> bool:
    """Tell whether node_modules has what the lock file wants, by what npm wrote down itself.

    What cannot be read, or is of another shape than npm's, counts as not installed.
    """
    try:
        there = json.loads((directory / "node_modules/.package-lock.json").read_bytes())
        wanted = json.loads((directory / "package-lock.json").read_bytes())
        return all(
            there["packages"].get(name, {}).get("version") == package["version"]
            for name, package in wanted["packages"].items()
            if name and not package.get("dev") and not package.get("optional")
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _swap(directory: Path, began: int) -> None:
    """Put the new files in place of the old, in two renames: a page is never half of each.

    Args:
        directory: of the checkout's dashboard.
        began: when the build did, nanoseconds since 1970: a source that has changed since then is
            newer than what was built.

    Raises:
        NotBuilt: there is no new page; the old files stay.
    """
    page, built, old = directory / NEXT / PAGE, directory / BUILT, directory / OLD
    if not page.is_file():
        reason = f"npm run: it made no {NEXT}/{PAGE}"
        raise NotBuilt(reason)
    os.utime(page, ns=(began, began))
    _remove(old)
    if os.path.lexists(built):
        built.rename(old)
    (directory / NEXT).rename(built)
    with suppress(OSError):  # the next build tries again
        _remove(old)


def _remove(path: Path) -> None:
    """Remove a directory with all in it, a file, or a link, which leads wherever it likes."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
