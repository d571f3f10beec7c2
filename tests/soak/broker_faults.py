"""`make broker-faults`: twelve faults, twenty seeds; writes the table of docs/broker.md.

Each run is a stand-in and a desk, in a process each. Exits with 1 where anything is lost, doubled
or booked otherwise than the stand-in's journal has it; the table is written all the same.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from statistics import median
from typing import Final

from connectors.broker.stand_in.faults import KINDS, Kind
from tests.soak import fault_run
from tests.soak.fault_books import Outcome, no_end
from tests.soak.fault_venue import a_stand_in

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "broker.md"
BEGIN: Final = "<!-- faults: written by `make broker-faults` -->"
END: Final = "<!-- end of faults -->"
SEEDS: Final = 20
JOBS: Final = 12  # runs mostly wait
WITHIN_S: Final = 300.0
HEAD: Final = (
    "| fault | runs | struck | orders | fills | doubles | lost | books equal | seconds a run |",
    "|---|---|---|---|---|---|---|---|---|",
)
Case = tuple[Kind, int]


def outcomes(
    cases: Iterable[Case], jobs: int, directory: Path, *, brackets: bool = False
) -> Iterator[Outcome]:
    """Run cases, so many at a time; give what came of each as it ends.

    `brackets`: stops are held by the broker.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([fault_run.__name__])
    pool = ThreadPoolExecutor(jobs)
    try:
        running = [pool.submit(_outcome, context, case, directory, brackets) for case in cases]
        for done in as_completed(running):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _outcome(
    context: ForkServerContext, case: Case, directory: Path, brackets: bool
) -> Outcome:  # fmt: skip
    kind, seed = case
    journal = directory / f"{kind}-{seed}.jsonl"
    with a_stand_in(context, journal) as port:
        ours, theirs = context.Pipe()
        process = context.Process(
            target=fault_run.run_and_tell, args=(kind, seed, port, journal, theirs, brackets)
        )
        process.start()
        theirs.close()
        try:
            if ours.poll(WITHIN_S):
                return ours.recv()  # type: ignore[no-any-return]  # what `run_and_tell` sends
            return no_end(kind, seed, f"no end within {WITHIN_S:g} s")
        except EOFError:
            return no_end(kind, seed, "its process is gone")
        finally:
            process.terminate()
            process.join()
            ours.close()


def table(found: Sequence[Outcome]) -> list[str]:
    """Return the rows, a fault each, and their sums."""
    rows = [_row(kind, [o for o in found if o.kind == kind]) for kind in KINDS]
    return [*HEAD, *rows, _row("all", found)]


def _row(name: str, found: Sequence[Outcome]) -> str:
    struck, orders, fills, doubles, lost = (
        sum(getattr(o, field) for o in found)
        for field in ("struck", "orders", "fills", "doubles", "lost")
    )
    equal = f"{sum(not o.wrong for o in found)} of {len(found)}"
    seconds = f"{median(o.seconds for o in found):.0f}" if found else ""
    numbers = (
        len(found),
        f"{struck:,}",
        f"{orders:,}",
        f"{fills:,}",
        doubles,
        lost,
        equal,
        seconds,
    )
    return "| " + " | ".join(map(str, (name, *numbers))) + " |"


def written(page: str, rows: Sequence[str]) -> str:
    """Return a page with other rows between the markers.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        reason = f"the page has no {BEGIN} and {END}"
        raise ValueError(reason)
    return "".join([before, begin, "\n\n", "\n".join(rows), "\n\n", end, after])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="broker-faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="of each fault")
    parser.add_argument("--faults", nargs="*", choices=KINDS, default=KINDS, help="only these")
    parser.add_argument("-j", "--jobs", type=int, default=JOBS, help="runs at the same time")
    parser.add_argument("--page", type=Path, default=PAGE, help="whose table is written")
    parser.add_argument("--no-page", action="store_true", help="write nothing")
    parser.add_argument(
        "--protection", choices=("desk", "broker"), default="desk",
        help="who watches stops; `broker` writes no page",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    began = time.monotonic()
    cases = [(kind, seed) for seed in range(1, options.seeds + 1) for kind in options.faults]
    found: list[Outcome] = []
    directory = Path(tempfile.mkdtemp(prefix="broker-faults-"))
    brackets = options.protection == "broker"
    for one in outcomes(cases, options.jobs, directory, brackets=brackets):
        found.append(one)
        if not one.good:
            sys.stdout.write(f"NOT as it should be: {one}\n")
            sys.stdout.flush()
    if not (options.no_page or brackets):
        options.page.write_text(written(options.page.read_text(), table(found)))
    sys.stdout.write("\n".join([*table(found), f"{time.monotonic() - began:.0f} s", ""]))
    return int(not all(one.good for one in found))


if __name__ == "__main__":
    sys.exit(main())
