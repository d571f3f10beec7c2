"""Feeds are parsed in processes of their own, each within a limit, so that none delays another.

A parse holds the interpreter: in the process of the flow a hostile feed would hold up every other
feed, and the clock of the topic with them. A process is kept for the next answer; while it is at
work another feed's answer gets another one.
"""

import atexit
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from connectors.feed.base import Values
from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetched
from connectors.feed.reader_child import Parsed, Question, receive, send

LIMIT_S: Final = 10.0  # of the processor's time; a feed of five megabytes takes one
PATIENCE: Final = 6.0  # so many times the limit by the clock, on a busy machine
ENDING_S: Final = 1.0
PROGRAM: Final = (sys.executable, "-m", "connectors.feed.reader_child")
KEPT: Final = 2  # processes that wait for work


class Reader:
    """Parses answers; may be used from any thread."""

    def __init__(self, limit_s: float = LIMIT_S, program: Sequence[str] = PROGRAM) -> None:
        """Start nothing yet.

        Args:
            limit_s: of the processor's time for one answer, seconds.
            program: that parses.
        """
        self._limit_s, self._program = limit_s, list(program)
        self._lock = threading.Lock()
        self._idle: list[subprocess.Popen[bytes]] = []
        self._busy: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def rows(self, fetched: Fetched, source: str, at: datetime) -> list[Values]:
        """Return a feed's entries, oldest first, as `rows_of` gives them.

        Args:
            fetched: the answer.
            source: name of the feed.
            at: when it was fetched, UTC.

        Raises:
            FeedFailed: it is no feed, or its parse takes too long.
        """
        question = Question(
            fetched.body, fetched.content_type, fetched.url, source, at, self._limit_s
        )
        process = self._take()
        said = self._ask(process, question)
        self._give(process, whole=said is not None)
        if said is None:
            if process.returncode in (-signal.SIGPROF, -signal.SIGKILL):
                raise FeedFailed("TOO_SLOW", f"its parse was ended after {self._limit_s:g} s")
            raise FeedFailed("UNPARSABLE", f"its parse ended with code {process.returncode}")
        found = msgspec.msgpack.decode(said, type=Parsed)
        if found.reason:
            raise FeedFailed(found.reason, found.detail)
        return found.rows

    def close(self) -> None:
        """End all processes; what is being parsed fails."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
            for process in self._busy:
                process.kill()
        for process in idle:
            _end(process)

    def _ask(self, process: subprocess.Popen[bytes], question: Question) -> bytes | None:
        to, source = process.stdin, process.stdout
        watch = threading.Timer(PATIENCE * self._limit_s, process.kill)
        watch.daemon = True
        watch.start()
        try:
            if to is None or source is None:
                return None
            send(to, question)
            return receive(source)
        except OSError:
            return None
        finally:
            watch.cancel()

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            process = self._idle.pop() if self._idle else None
            if process is not None and process.poll() is not None:
                _end(process)
                process = None
            process = process or subprocess.Popen(  # noqa: S603  # this program
                self._program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._busy.add(process)
        return process

    def _give(self, process: subprocess.Popen[bytes], *, whole: bool) -> None:
        """Keep a process for the next answer, or end it; one that broke off is not used again."""
        with self._lock:
            self._busy.discard(process)
            if whole and not self._closed and len(self._idle) < KEPT:
                self._idle.append(process)
                return
        with suppress(subprocess.TimeoutExpired):  # its own end says more than ours
            process.wait(0 if whole else ENDING_S)
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that has nothing to do any more."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what it did not read
                pipe.close()
    process.wait()


SHARED: Final = Reader()
atexit.register(SHARED.close)
