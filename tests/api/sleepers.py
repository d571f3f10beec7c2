"""Jobs that do what a test wants: they wait, or print what they are told."""

import subprocess
import sys
from typing import IO

from api.jobs.tasks import Task


class Sleepers:
    """Starts processes that wait until they are ended, or print what they are told."""

    def __init__(self, program: str = "import time; time.sleep(600)") -> None:
        self.program = program
        self.processes: list[subprocess.Popen[bytes]] = []

    def __call__(self, _task: Task, out: IO[bytes]) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", self.program]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE)
        self.processes.append(process)
        return process
