"""Day files made in a process of its own, which is there while days end and not in between.

Arrow, and what it brings, takes a hundred megabytes for good; a live run needs it once a day. The
process reads jobs from its standard input, one a line, and answers each; it ends with its input,
and so with whoever started it.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from connectors.archive.files import DayFile
from messages.errors import TidewireError

REST_S: Final = 30.0  # a session's end takes less, topic after topic


class FinisherDied(TidewireError, RuntimeError):
    """The process that makes day files has ended before its time.

    Operator action: its last words stand in the log above; the flow starts again and repeats the
    job. Where it was killed for memory, give the machine more.
    """


class Job(msgspec.Struct, frozen=True):
    """A day to finish: the spools of a topic, and the file they become."""

    topic: str
    day: str
    spools: list[str]
    target: str


class Finisher:
    """Has days finished; the process comes with the first job and leaves when there are no more."""

    def __init__(self) -> None:
        """Start without a process."""
        self._process: subprocess.Popen[bytes] | None = None
        self._used = 0.0

    def merge(self, topic: str, day: str, spools: Sequence[Path], target: Path) -> DayFile:
        """Return a finished day; see `day_files.merge_spools`.

        Raises:
            FinisherDied: the process has ended.
        """
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "connectors.archive.finisher"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        asked = cast("IO[bytes]", self._process.stdin)
        answers = cast("IO[bytes]", self._process.stdout)
        try:
            paths = [str(path.absolute()) for path in (*spools, target)]
            job = Job(topic, day, paths[:-1], paths[-1])
            asked.write(msgspec.json.encode(job) + b"\n")
            asked.flush()
            answer = answers.readline()
        except BrokenPipeError:
            answer = b""
        self._used = time.monotonic()
        if not answer.endswith(b"\n"):  # nothing, or half an answer
            code = self._process.wait()
            self.close()
            reason = f"The process that makes day files ended (exit {code}): see the log above."
            raise FinisherDied(reason)
        return msgspec.json.decode(answer, type=DayFile)

    def rest(self) -> None:
        """Let the process go if it has had nothing to do for a while; called now and then."""
        if self._process is not None and time.monotonic() - self._used > REST_S:
            self.close()

    def close(self) -> None:
        """Let the process go."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def main() -> None:
    """Answer jobs until there are no more."""
    from connectors.archive.day_files import merge_spools

    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        done = merge_spools(job.topic, job.day, [Path(s) for s in job.spools], Path(job.target))
        sys.stdout.buffer.write(msgspec.json.encode(done) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
