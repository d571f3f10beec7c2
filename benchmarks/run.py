"""`make bench`: every figure of the project, as ratios measured in one run.

Prints one JSON line a figure and writes docs/benchmarks.md, -api.md and -news.md.
Peers are plain scripts that take a
size and read `$BENCH_DATA`; without `--peers` the figures stand alone, without a ratio.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, Figure, figure, measure, write_page
from benchmarks.generate import write
from benchmarks.news import news


def command(*more: str) -> list[str]:
    """Return a command line of the program."""
    return [sys.executable, "-m", "stack.cli", "backtest", *more, "--json"]


def preset(file: Path) -> dict[str, float]:
    """Run the common job as people do; adds bars per CPU second of the engine."""
    found = measure(command("--preset", "job-v1", "--bars", str(file)), {})
    return found | {"bars_cpu_s": found["bars"] / found["engine_cpu_s"]}


def job(size: str, data: Path, peers: Path | None, runs: int) -> list[Figure]:
    """Measure the common job beside the plain peer, turn about."""
    file = write(data / f"{size}.parquet", size)
    preset(file)  # the first run may compile
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(preset(file))
        if peers is not None:
            script = [sys.executable, str(peers / "plain_ops.py"), size]
            theirs.append(measure(script, {"BENCH_DATA": str(data), "PYTHONPATH": str(peers)}))
    name = f"job_v1 {size}"
    return [
        figure(
            f"{name} engine", "bars/CPU-s", [r["bars_cpu_s"] for r in ours],
            "plain_ops", [r["bars_cpu_s"] for r in theirs],
        ),
        figure(
            f"{name} whole process", "CPU-s", [r["total_cpu_s"] for r in ours],
            "plain_ops", [r["total_cpu_s"] for r in theirs],
        ),
        figure(
            f"{name} peak memory", "MB", [r["rss_mb"] for r in ours],
            "plain_ops", [r["rss_mb"] for r in theirs],
        ),
    ]  # fmt: skip


def peers_of(data: Path, peers: Path | None) -> list[Figure]:
    """Run the job once by each engine that `make bench-peers` installed, beside plain_ops."""
    if peers is None:
        return []
    write(data / "medium.parquet", "medium")
    env = {"BENCH_DATA": str(data), "PYTHONPATH": str(peers)}
    figures = []
    for place in sorted(ROOT.glob(".peers/*/done")):
        name = place.parent.name
        script = [str(place.parent / "bin/python"), str(peers / f"{name}.py"), "medium"]
        try:
            plain = measure([sys.executable, str(peers / "plain_ops.py"), "medium"], env)
            found = measure(script, env)
        except (subprocess.CalledProcessError, ValueError) as error:
            sys.stderr.write(f"{name} left out: {error}\n")
            continue
        figures.append(
            figure(
                f"job_v1 medium by {name}", "bars/CPU-s", [found["bars_cpu_s"]],
                "plain_ops", [plain["bars_cpu_s"]],
            )
        )  # fmt: skip
    return figures


def growth(data: Path, runs: int) -> list[Figure]:
    """Measure four times the bars, by more sessions and by more tickers, beside medium."""
    sizes = {size: write(data / f"{size}.parquet", size) for size in ("medium", "long", "large")}
    found: dict[str, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(runs):
        for size, file in sizes.items():
            found[size].append(preset(file))
    medium = [r["bars_cpu_s"] for r in found["medium"]]
    figures = []
    for size in ("long", "large"):
        speeds = [r["bars_cpu_s"] for r in found[size]]
        memory = [r["rss_mb"] for r in found[size]]
        figures += [
            figure(f"job_v1 {size} engine", "bars/CPU-s", speeds, "medium", medium),
            figure(f"job_v1 {size} peak memory", "MB", memory, "", []),
        ]
    return figures


def side_by_side(data: Path, runs: int) -> list[Figure]:
    """Measure two backtests at once on two processes beside one alone, in bars per second."""
    file = write(data / "long.parquet", "long")
    wanted = command("--preset", "job-v1", "--bars", str(file))
    alone: list[float] = []
    both: list[float] = []
    for _ in range(runs):
        for processes, into in ((1, alone), (2, both)):
            began = time.perf_counter()
            started = [
                subprocess.Popen(wanted, stdout=subprocess.DEVNULL) for _ in range(processes)
            ]
            if any(process.wait() for process in started):
                raise subprocess.CalledProcessError(1, wanted)
            into.append(processes / (time.perf_counter() - began))
    return [figure("two backtests at once", "backtests/s", both, "one", alone)]


def learning(data: Path, runs: int) -> list[Figure]:
    """Measure the job with weights that are learnt beside fixed ones."""
    file = write(data / "long.parquet", "long")
    figures = []
    for rule in ("ewma", "hedge"):
        ours, fixed = list[float](), list[float]()
        for _ in range(runs):
            for asked, into in ((rule, ours), ("fixed", fixed)):
                wanted = command("--preset", "job-v1", "--bars", str(file), "--learning", asked)
                found = measure(wanted, {})
                into.append(found["bars"] / found["engine_cpu_s"])
        figures.append(
            figure(f"job_v1 long, {rule}", "bars/CPU-s", ours, "fixed weights", fixed)
        )  # fmt: skip
    return figures


def plain_strategy(data: Path, peers: Path | None, runs: int) -> list[Figure]:
    """Measure a user's plain Python strategy beside the plain peer, which is no less work."""
    file = write(data / "medium.parquet", "medium")
    own = f"{ROOT / 'benchmarks' / 'plain_strategy.py'}:CrossOfMeans"
    wanted = command(
        "--bars", str(file), "--splits", "keep", "--strategy", own, "--weights", "cross_of_means=1"
    )
    ours, theirs = [], []
    for _ in range(runs):
        found = measure(wanted, {})
        ours.append(found["bars"] / found["engine_cpu_s"])
        if peers is not None:
            script = [sys.executable, str(peers / "plain_ops.py"), "medium"]
            peer = measure(script, {"BENCH_DATA": str(data), "PYTHONPATH": str(peers)})
            theirs.append(peer["bars_cpu_s"])
    return [figure("a plain Python strategy", "bars/CPU-s", ours, "plain_ops", theirs)]


def live(data: Path, peers: Path | None, runs: int) -> list[Figure]:
    """Measure one bar through every operator, and the path from Kafka to Kafka."""
    file = write(data / "medium.parquet", "medium")
    latency = [sys.executable, "-m", "benchmarks.latency", str(file)]
    path = [sys.executable, "-m", "benchmarks.live_path", str(file)]
    step, plain, kafka = [], [], []
    for _ in range(runs):
        step.append(measure(latency, {}))
        if peers is not None:
            plain.append(peer_step(data, peers))
        kafka.append(measure(path, {}))
    return [
        *(
            figure(
                f"one bar, {name}", "us", [r[name] for r in step], f"plain_ops {name[-3:]}",
                [r[name[-3:]] for r in plain],
            )
            for name in step[0]
        ),
        figure(
            "Kafka to Kafka through signals", "bars/CPU-s", [r["signals"] for r in kafka],
            "plain loop", [r["plain"] for r in kafka],
        ),
        figure(
            "Kafka to Kafka, records sealed", "bars/CPU-s", [r["signals"] for r in kafka],
            "records without seals", [r["unsealed"] for r in kafka],
        ),
    ]  # fmt: skip


def delay(runs: int) -> list[Figure]:
    """Measure from a bar's append to its order request's, beside one bare hop."""
    figures = []
    for tickers, rounds in ((100, 10), (10_000, 2)):
        script = [sys.executable, "-m", "benchmarks.live_delay", str(tickers), str(rounds)]
        found = [measure(script, {}) for _ in range(runs)]
        figures += [
            figure(
                f"bar to order, {tickers:,} at once, p{percent}", "ms",
                [r[f"bar to order p{percent}"] for r in found],
                "bare hop", [r[f"bare hop p{percent}"] for r in found],
            )
            for percent in (50, 99)
        ]  # fmt: skip
    return figures


def api(runs: int) -> list[Figure]:
    """Measure the API's lists beside a bare statement, and its fan-out beside a bare one."""
    lists = [measure([sys.executable, "-m", "benchmarks.lists"], {}) for _ in range(runs)]
    fan = measure([sys.executable, "-m", "benchmarks.fan_out", "500", str(runs)], {})
    by_name: dict[str, Any] = dict(fan)
    return [
        *(
            figure(
                name, "ms", [r[name] for r in lists], f"bare {name[-3:]}",
                [r[f"bare {name[-3:]}"] for r in lists],
            )
            for name in lists[0] if name.startswith("/api")
        ),
        *(
            figure(
                f"append to 500 listeners, {which}", "ms", by_name[f"ours_{which}_ms"],
                "bare fan-out", by_name[f"bare_{which}_ms"],
            )
            for which in ("p50", "p99")
        ),
    ]  # fmt: skip


def peer_step(data: Path, peers: Path) -> dict[str, float]:
    """Return the plain peer's time for one bar, microseconds, at the same percentiles."""
    script = [sys.executable, str(peers / "plain_ops.py"), "medium", "lat"]
    found: Any = measure(script, {"BENCH_DATA": str(data), "PYTHONPATH": str(peers)})
    return dict(zip(("p50", "p99"), found["us_all"], strict=False))


def cost(data: Path, runs: int) -> list[Figure]:
    """Measure what each operator costs per bar."""
    file = write(data / "medium.parquet", "medium")
    script = [sys.executable, "-m", "benchmarks.cost", str(file)]
    found = [measure(script, {}) for _ in range(runs)]
    return [
        figure(
            f"operators: {name}", "CPU-ns/bar", [r[name] for r in found],
            "whole", [r["whole"] for r in found],
        )
        for name in found[0]
    ]  # fmt: skip


def storage(runs: int) -> list[Figure]:
    """Measure the database sink beside a raw COPY of the same rows."""
    found = [measure([sys.executable, "-m", "benchmarks.storage"], {}) for _ in range(runs)]
    raw = [r["raw"] for r in found]
    return [
        figure("storage: new bars", "rows/CPU-s", [r["sink"] for r in found], "raw COPY", raw),
        figure(
            "storage: repeated bars", "rows/CPU-s", [r["repeats"] for r in found], "raw COPY", raw
        ),
    ]


def main() -> None:
    """Measure everything, print it, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="directory of plain_ops.py")
    parser.add_argument("--data", type=Path, default=ROOT / "bench-data")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--recorded", type=Path, default=os.environ.get("TIDEWIRE_TEST_DATA"))
    parser.add_argument("--only", choices=("engine", "news", "api"), help="a part")
    options = parser.parse_args()
    peers = options.peers.resolve() if options.peers and options.peers.is_dir() else None
    if peers is None:
        sys.stderr.write("no peers: figures stand alone (name their directory with PEERS=...)\n")
    pages: dict[str, list[Figure]] = {}
    if options.only in (None, "api"):
        pages["benchmarks-api"] = api(options.runs)
    if options.only in (None, "engine"):
        pages["benchmarks"] = engine(options.data, peers, options.runs)
    if options.only in ("engine", "api"):
        pass
    elif options.recorded is None or not options.recorded.is_dir():
        sys.stderr.write("no recorded data: news is left out (name it in TIDEWIRE_TEST_DATA)\n")
    else:
        pages["benchmarks-news"] = news(options.recorded.resolve(), options.runs)
    for name, figures in pages.items():
        for one in figures:
            sys.stdout.write(json.dumps(asdict(one)) + "\n")
        write_page(name, figures)


def engine(data: Path, peers: Path | None, runs: int) -> list[Figure]:
    """Measure everything but the news."""
    return [
        *job("small", data, peers, runs),
        *job("medium", data, peers, runs),
        *peers_of(data, peers),
        *growth(data, runs),
        *side_by_side(data, runs),
        *learning(data, runs),
        *plain_strategy(data, peers, runs),
        *live(data, peers, runs),
        *delay(runs),
        *cost(data, runs),
        *storage(runs),
    ]


if __name__ == "__main__":
    main()
