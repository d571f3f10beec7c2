"""The jobs of one API: one runs, a few wait, each is a process that can be ended.

What they are is kept in a directory of the run, so that a restart knows them; what was on its way
then has failed, as its process ends with this one. One API of a run works on its jobs, the first
that claims the directory; another one shows them as they were written down last, and refuses more.
"""

import fcntl
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryFile
from typing import IO, Any, Final

import msgspec

from api.jobs.job import Job, Status
from api.jobs.tasks import BacktestTask, Start, Task
from connectors.files import write_whole
from messages.errors import UNDECODABLE

log = logging.getLogger(__name__)
WAITING: Final = 8
KEPT: Final = 200
TOLD_S: Final = 1.0
WORDS: Final = 5  # lines of a process's last words
LARGEST_RESULT: Final = 1_048_576  # of a proof; a backtest's own is in the database
RESTARTED: Final = (
    "The API was restarted while it ran: ask again with a new Idempotency-Key, as this one means "
    "this job."
)


class JobsFull(Exception):
    """There are as many waiting as may."""


class JobsElsewhere(Exception):
    """Another API works on the run's jobs.

    Attributes:
        origin: where it is; empty where it did not say.
    """

    def __init__(self, origin: str) -> None:
        """Say where."""
        super().__init__(f"The run's jobs are those of the API at {origin}.")
        self.origin = origin


class Progress(msgspec.Struct):
    """A line that a job's process writes while it works."""

    bars: int
    total: int


class Stored(msgspec.Struct):
    """What a backtest's process says at its end, besides the result.

    Attributes:
        id: under which it is stored; kept: whether it is.
    """

    id: str
    kept: bool


class Jobs:
    """Takes jobs in, runs them one after the other, and tells how they are."""

    def __init__(
        self, directory: Path, start: Start, say: Callable[[str, dict[str, Any]], None],
        now: Callable[[], datetime], origin: str = "",
    ) -> None:  # fmt: skip
        """Read what was kept, and begin to work.

        Args:
            directory: of the jobs; made if needed.
            start: starts the process of a task.
            say: tells those who listen of a job's state.
            now: the wall clock.
            origin: where this API is, for another one to say who works on the jobs.
        """
        self._directory, self._start, self._say, self._now = directory, start, say, now
        self._lock, self._origin = threading.Lock(), origin
        self._alone, self._jobs = False, dict[str, Job]()
        self._claimed = directory / "claim"
        self._held: IO[bytes] | None = None
        self._own()
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process: Popen[bytes] | None = None
        self._running = ""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def ask(self, id_: str, task: Task, who: str) -> Job:
        """Take a job in; one whose id is known already is given back as it is.

        Raises:
            JobsFull: too many wait already.
            JobsElsewhere: another API works on the run's jobs.
        """
        with self._lock:
            self._must_own()
            if id_ in self._jobs:
                return self._jobs[id_]
            if sum(not job.over for job in self._jobs.values()) > WAITING:
                raise JobsFull
            job = Job(id=id_, task=task, who=who, requested_at=self._now())
            self._jobs[id_] = job
            self._drop_oldest()
            self._keep(job)
        self._queue.put(id_)
        return job

    def get(self, id_: str) -> Job | None:
        """Return a job as it is now."""
        with self._lock:
            found = self._known().get(id_)
            return None if found is None else msgspec.structs.replace(found)

    def all(self) -> Sequence[Job]:
        """Return the jobs, the newest first."""
        with self._lock:
            found = [msgspec.structs.replace(j) for j in self._known().values()]
        return sorted(found, key=lambda job: job.requested_at, reverse=True)

    def cancel(self, id_: str) -> None:
        """End a job that there is; what is over stays as it is.

        Raises:
            JobsElsewhere: another API works on the run's jobs.
        """
        with self._lock:
            self._must_own()
            job = self._jobs[id_]
            if job.over:
                return
            self._settle(job, "cancelled")
            if self._running == id_ and self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End what runs, and work no more."""
        self._queue.put(None)
        with self._lock:
            for job in self._jobs.values():
                if not job.over:
                    self._settle(job, "failed", RESTARTED)
            if self._process is not None:
                self._process.kill()
        self._thread.join()
        if self._held is not None:
            self._held.close()

    def _work(self) -> None:
        while (id_ := self._queue.get()) is not None:
            with self._lock:
                job = self._jobs.get(id_)
                if job is None or job.over:
                    continue
                job.status, job.started_at = "running", self._now()
                self._running = id_
                self._keep(job)
            try:
                self._run(job)
            except Exception as error:  # whatever it is, the next job has its turn
                log.exception("a job failed", extra={"job": id_})
                with self._lock:
                    if not job.over:
                        self._settle(job, "failed", str(error))

    def _run(self, job: Job) -> None:
        with TemporaryFile() as out:
            with self._lock:
                if job.over:
                    return
                self._process = process = self._start(job.task, out)
            with process:
                words = self._heard(job, process)
                code = process.wait()
            out.seek(0)
            with self._lock:
                self._process = None
                if not job.over:
                    self._end(job, code, out.read(), words)

    def _heard(self, job: Job, process: "Popen[bytes]") -> str:
        """Follow a process's lines to their end; returns its last words."""
        words, told = deque[str](maxlen=WORDS), 0.0
        for line in process.stderr or ():
            try:
                progress = msgspec.json.decode(line, type=Progress)
            except UNDECODABLE:
                words.append(line.decode(errors="replace").strip())
                continue
            with self._lock:
                job.done, job.total = progress.bars, progress.total
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                self._tell(job)
        return " ".join(words)

    def _end(self, job: Job, code: int, out: bytes, words: str) -> None:
        try:
            if isinstance(job.task, BacktestTask):
                stored = msgspec.json.decode(out, type=Stored)
                job.result = stored.id
                good = stored.kept
                words = words or "The database did not take it."
            else:  # a proof that fails says so with exit code 1, and is a result, too
                job.result, good = msgspec.json.decode(out[:LARGEST_RESULT]), code in (0, 1)
        except UNDECODABLE:
            good = False
            words = words or f"Its process ended with code {code} and without a word."
        if good:
            job.done = job.total or job.done
        self._settle(job, "finished" if good else "failed", "" if good else words)

    def _settle(self, job: Job, status: Status, error: str = "") -> None:
        job.status, job.error, job.finished_at = status, error, self._now()
        self._keep(job)

    def _keep(self, job: Job) -> None:
        try:
            write_whole(self._file(job.id), msgspec.json.encode(job), 0o600)
        except OSError:  # a full disk: it goes on, and a restart does not know it
            log.exception("a job is not written down", extra={"job": job.id})
        self._tell(job)

    def _tell(self, job: Job) -> None:
        kind = "backtest" if isinstance(job.task, BacktestTask) else "verification"
        told = {"id": job.id, "status": job.status, "done": job.done, "total": job.total,
                "error": job.error}  # fmt: skip
        self._say(kind, told)

    def _known(self) -> dict[str, Job]:
        """Return the jobs by id: its own, or those of another API as they were written down."""
        return self._jobs if self._alone else {job.id: job for job in self._kept()}

    def _must_own(self) -> None:
        if not self._alone and not self._own():
            raise JobsElsewhere(self._claimed.read_text(errors="replace"))

    def _own(self) -> bool:
        """Take the jobs over if nobody works on them; tells whether they are this API's."""
        self._alone = self._claim()
        if self._alone:
            self._jobs = {job.id: job for job in self._kept()}
            for job in self._jobs.values():
                if not job.over:
                    self._settle(job, "failed", RESTARTED)
        return self._alone

    def _kept(self) -> list[Job]:
        """Return what was written down, as it was."""
        found = []
        for file in self._directory.glob("*.json"):
            try:
                job = msgspec.json.decode(file.read_bytes(), type=Job)
            except (OSError, *UNDECODABLE):
                continue  # of another version, or cut short: nothing that could be gone on with
            if job.id == file.stem:
                found.append(job)
        return sorted(found, key=lambda job: job.requested_at)

    def _claim(self) -> bool:
        """Tell whether no other process works with the directory, for as long as this one does."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        claim = self._claimed.open("ab")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            claim.close()
            return False
        claim.truncate(0)
        claim.write(self._origin.encode())
        claim.flush()
        self._held = claim
        return True

    def _drop_oldest(self) -> None:
        over = [job for job in self._jobs.values() if job.over]
        for job in over[: max(0, len(self._jobs) - KEPT)]:
            del self._jobs[job.id]
            try:
                self._file(job.id).unlink(missing_ok=True)
            except OSError:  # it stays on the disk: the job that was asked for goes on
                log.exception("a job that is over is not removed", extra={"job": job.id})

    def _file(self, id_: str) -> Path:
        return self._directory / f"{id_}.json"
