"""The dashboard's files: where they are, and building them where this is a checkout."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from stack.errors import StackError

NODE_AT_LEAST: Final = (20, 19)
SOURCES: Final = ("src", "public", "index.html", "package.json", "package-lock.json",
                  "vite.config.ts", "tsconfig.json")  # fmt: skip
BUILT: Final = "dist"
NEXT: Final = "dist.next"
LAST_WORDS: Final = 400
LOOK_S: Final = 0.2
STOP_S: Final = 5.0


class NotBuilt(StackError):
    """The dashboard cannot be built here.

    Operator action: install Node 20.19 or newer, or correct what npm says; a plain page serves
    until then.
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
    """Tell whether the built files are newer than every source of theirs."""
    try:
        made = (directory / BUILT / "index.html").stat().st_mtime
    except OSError:
        return False
    return all(path.stat().st_mtime <= made for path in _files(directory))


def _files(directory: Path) -> Iterable[Path]:
    for name in SOURCES:
        path = directory / name
        yield from path.rglob("*") if path.is_dir() else (path,)


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
        command = [node, "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        version = re.match(r"v(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= NODE_AT_LEAST:
            return found
    raise NotBuilt(_needs(f"is needed, this is {said}" if said else "is not installed"))


def _needs(what: str) -> str:
    least = ".".join(map(str, NODE_AT_LEAST))
    return f"Node {least} or newer {what}: a plain page is shown instead of the dashboard."


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
        """End it, done or not."""
        self._over.set()
        self._end()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _end(self) -> None:
        child = self._child
        if child is not None and child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)

    def _run(self) -> None:
        directory = sources()
        try:
            if directory is not None and not is_fresh(directory):
                self._build(directory)
        except (NotBuilt, OSError) as error:
            self._say(str(error))

    def _build(self, directory: Path) -> None:
        program = npm()
        with (directory / ".building").open("w") as lock:
            # Two runs of one checkout build one after the other; who is to end waits for neither.
            while not _locked(lock):
                if self._over.wait(LOOK_S):
                    return
            if is_fresh(directory) or self._over.is_set():
                return
            self._say("building the dashboard (npm ci, once)")
            if not _installed(directory):
                self._npm(program, directory, "ci", "--omit=dev", "--no-audit", "--no-fund")
            self._npm(program, directory, "run", "build", "--", "--outDir", NEXT, "--emptyOutDir")
            if not self._over.is_set():
                _swap(directory)
                self._say("the dashboard is built")

    def _npm(self, program: str, directory: Path, *words: str) -> None:
        if self._over.is_set():
            return
        self._child = subprocess.Popen(
            [program, *words], cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        if self._over.is_set():  # ended between the look and the start
            self._end()
        said, _ = self._child.communicate()
        if self._child.returncode and not self._over.is_set():
            last = " ".join(said.split())[-LAST_WORDS:]
            reason = f"The dashboard was not built (npm {words[0]}: {last}); a plain page is shown."
            raise NotBuilt(reason)


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _installed(directory: Path) -> bool:
    """Tell whether node_modules has what the lock file wants, by what npm wrote down itself."""
    try:
        there = json.loads((directory / "node_modules/.package-lock.json").read_bytes())
        wanted = json.loads((directory / "package-lock.json").read_bytes())
    except (OSError, ValueError):
        return False
    return all(
        there["packages"].get(name, {}).get("version") == package["version"]
        for name, package in wanted["packages"].items()
        if name and not package.get("dev") and not package.get("optional")
    )


def _swap(directory: Path) -> None:
    """Put the new files in place of the old, in two renames: a page is never half of each."""
    old = directory / "dist.old"
    shutil.rmtree(old, ignore_errors=True)
    if (directory / BUILT).exists():
        (directory / BUILT).rename(old)
    (directory / NEXT).rename(directory / BUILT)
    shutil.rmtree(old, ignore_errors=True)
