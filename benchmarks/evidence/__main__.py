"""`make evidence`: measure, write docs/learning.md, and say whether learning does what it should.

Exits with 1 where a rule is not better than equal weights in a world in which it should be, or
hedge loses more than its bound in more than one seed of twenty.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.evidence import page, recorded, simulation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learning.md"
DATA = Path(os.environ.get("TIDEWIRE_TEST_DATA", "../shared/data"))


def main(arguments: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="evidence", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="directory of recorded bars and news"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    found = simulation.run(options.seeds, options.jobs)
    for f in found:
        sys.stdout.write(
            f"{f.world.name:<14} {f.rule:<6} {f.gain:+.4f} R a trade "
            f"({f.low:+.4f} .. {f.high:+.4f})\n"
        )
    real = recorded.measure(options.data)
    for line in real:
        sys.stdout.write(f"{line.sample}, {line.rule}: {line.total:+.2%}\n")
    page.write(options.page, found, real, options.seeds)
    problems = [problem for f in found if (problem := f.problem)]
    for problem in problems:
        sys.stdout.write(f"NOT as it should be: {problem}\n")
    sys.stdout.write(f"{options.page} written, {time.monotonic() - began:.0f} s\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
