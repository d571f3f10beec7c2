"""A page's console blocks as one session of bash, command by command."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\S+\.py)\b")
MASKED = re.compile(r"[\w.-]{16,}|\d+")
END = "--- end of a command ---"


class Step(NamedTuple):
    """A command, and what the page says that it prints."""

    command: str
    printed: str


def steps_of(page: str) -> list[Step]:
    """Return the commands of a page's console blocks, in order."""
    found: list[Step] = []
    for kind, text in BLOCK.findall(page):
        for line in text.splitlines() if kind == "console" else ():
            if line.startswith("$ "):
                found.append(Step(line[2:], ""))
            else:
                found[-1] = Step(found[-1].command, found[-1].printed + line + "\n")
    return found


def files_of(page: str) -> Mapping[str, str]:
    """Return the Python files that a page shows, by the name in their first line."""
    shown = [text for kind, text in BLOCK.findall(page) if kind == "python"]
    return {name[1]: text for text in shown if (name := FILE.match(text))}


def alike(said: str, printed: str) -> bool:
    """Tell whether a page's output and a command's are the same but for ids, numbers and words.

    Lines of JSON must have the same names at the same places; ` ...` in a page stands for more of
    the same. Elsewhere numbers, and words long enough to be ids, may be others.
    """
    ours, theirs = said.splitlines(), printed.splitlines()
    return len(ours) == len(theirs) and all(map(_line_alike, ours, theirs))


def _line_alike(said: str, printed: str) -> bool:
    if said.startswith("{"):
        try:
            return _shape_alike(json.loads(said.replace(", ...]", "]")), json.loads(printed))
        except ValueError:
            pass  # cut
    return MASKED.sub("#", said) == MASKED.sub("#", printed)


def _shape_alike(said: Any, printed: Any) -> bool:
    if isinstance(said, dict) and isinstance(printed, dict):
        same = said.keys() == printed.keys()
        return same and all(_shape_alike(said[name], printed[name]) for name in said)
    if isinstance(said, list) and isinstance(printed, list):
        return not (said and printed) or _shape_alike(said[0], printed[0])
    return said is None or printed is None or type(said) is type(printed)


def run(steps: list[Step], place: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run commands in one bash, in a directory; give out what each prints, errors too."""
    with subprocess.Popen(
        ["/bin/bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, cwd=place, env=dict(environment),
    ) as shell:  # fmt: skip
        assert shell.stdin is not None
        assert shell.stdout is not None
        for step in steps:
            shell.stdin.write(f"{step.command}\necho; echo '{END}'\n")
            shell.stdin.flush()
            printed = ""
            for line in shell.stdout:
                if line.strip() == END:
                    break
                printed += line
            yield printed.removesuffix("\n")
        shell.stdin.close()
