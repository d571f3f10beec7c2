"""A checkout's dashboard and the programs that build it, played by small scripts."""

import stat
from pathlib import Path

from stack.dashboard import DashboardBuild

GOOD_NODE = "#!/bin/sh\necho v22.20.0\n"
# What npm does of it: writes what was asked, and a page where a build wants one.
GOOD_NPM = """#!/bin/sh
echo "$*" >> calls
[ "$1" = run ] && mkdir -p dist.next && echo new > dist.next/index.html
exit 0
"""


def program(directory: Path, name: str, text: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text)
    (directory / name).chmod(stat.S_IRWXU)


def built(checkout: Path) -> Path:
    page = checkout / "dist" / "index.html"
    page.parent.mkdir()
    page.write_text("old")
    return page


def run() -> list[str]:
    said: list[str] = []
    build = DashboardBuild(said.append)
    build.start()
    build.wait()
    return said
