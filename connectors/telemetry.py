"""What a process tells of itself: metrics for Prometheus, vital signs for its supervisor.

Instruments are OpenTelemetry's; until `serve_metrics` is called they cost next to nothing and
keep nothing. One process is one flow, so the vital signs are the process's own.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from prometheus_client import start_http_server
from pythonjsonlogger.json import JsonFormatter

from connectors.files import write_whole

LOOPBACK: Final = "127.0.0.1"
REPORT_S: Final = 1.0
TRACEPARENT: Final = "traceparent"
SECONDS_BUCKETS: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)

_meter = metrics.get_meter("tidewire")
READ: Final = _meter.create_counter(
    "tidewire_records_read", description="records read from a topic, ticks left out"
)
WRITTEN: Final = _meter.create_counter(
    "tidewire_records_written", description="records written to a topic, ticks left out"
)
STEP_SECONDS: Final = _meter.create_histogram(
    "tidewire_step", unit="s", description="time of one operator for one block"
)
FLUSH_SECONDS: Final = _meter.create_histogram(
    "tidewire_flush", unit="s", description="time until a sink's records were durable"
)
REQUEST_SECONDS: Final = _meter.create_histogram(
    "tidewire_request", unit="s", description="time of one request to the API, by route and status"
)
ROWS: Final = _meter.create_counter("tidewire_rows", description="rows given to a table")
ARCHIVED: Final = _meter.create_counter(
    "tidewire_archived_rows", description="rows of finished day files, by topic"
)
FETCHED: Final = _meter.create_counter(
    "tidewire_feed_entries", description="entries that a news feed gave, repeats left out"
)
REPEATED: Final = _meter.create_counter(
    "tidewire_feed_repeats", description="entries that said what was known, by feed"
)
FETCH_ERRORS: Final = _meter.create_counter(
    "tidewire_feed_errors", description="fetches that failed, by feed and reason"
)


def watch_feeds(look: Callable[[], Iterable[tuple[str, str, float]]]) -> None:
    """Serve what is known of feeds as gauges; `look` gives (gauge, feed, value) at each scrape.

    Gauges: last_success and last_item in seconds since 1970, back_off in seconds.
    """

    def reader(gauge: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _: [Observation(v, {"feed": f}) for g, f, v in look() if g == gauge]

    for gauge in ("last_success", "last_item", "back_off"):
        _meter.create_observable_gauge(
            f"tidewire_feed_{gauge}", unit="s", callbacks=[reader(gauge)]
        )


FETCH_SECONDS: Final = _meter.create_histogram(
    "tidewire_feed_fetch", unit="s", description="time of one fetch"
)
FEED_DELAY_SECONDS: Final = _meter.create_histogram(
    "tidewire_feed_delay", unit="s", description="from an entry's own time to when it was fetched"
)
SCORED: Final = _meter.create_counter(
    "tidewire_scored_texts", description="texts scored, by the model that answered"
)
FALLBACKS: Final = _meter.create_counter(
    "tidewire_score_fallbacks", description="answers of a lesser model, by reason"
)
INFERENCE_SECONDS: Final = _meter.create_histogram(
    "tidewire_inference", unit="s", description="time of one question to a tier, all its texts"
)
SCORE_CACHE_HITS: Final = _meter.create_counter(
    "tidewire_score_cache_hits", description="texts whose score was a fact already"
)


class Vitals:
    """The vital signs of this process.

    Attributes:
        clock: the time of the log it has reached, microseconds; -1 before the first record.
        lag: records in its topics that it has not read yet.
        durable_at: monotonic time of the last snapshot of a sink; None before the first.
    """

    def __init__(self) -> None:
        """Start without a sign."""
        self.clock = -1
        self.lag = 0
        self.durable_at: float | None = None

    def durable(self) -> None:
        """Note that everything so far is durable."""
        self.durable_at = time.monotonic()

    def as_dict(self) -> dict[str, Any]:
        """Return the signs as they are now; ages in seconds, of the wall clock."""
        known = self.clock >= 0
        return {
            "clock": self.clock if known else None,
            "clock_age_s": round(time.time() - self.clock / 1e6, 3) if known else None,
            "epoch_age_s": (
                None if self.durable_at is None else round(time.monotonic() - self.durable_at, 3)
            ),
            "lag": self.lag,
            "pid": os.getpid(),
            "at": time.time(),
        }


VITALS: Final = Vitals()


def serve_metrics(flow: str, run_id: str, port: int) -> int:
    """Serve `/metrics` on a loopback port; returns the port, which the system chose if 0.

    Called once, before any instrument is used.
    """
    reader = PrometheusMetricReader()
    seconds = ExplicitBucketHistogramAggregation(SECONDS_BUCKETS)
    provider = MeterProvider(
        [reader],
        Resource.create(
            {"service.name": "tidewire", "tidewire.flow": flow, "tidewire.run": run_id}
        ),
        views=[View(instrument_unit="s", aggregation=seconds)],
    )
    metrics.set_meter_provider(provider)
    for name, key in (("lag", "lag"), ("clock_age", "clock_age_s"), ("epoch_age", "epoch_age_s")):
        _meter.create_observable_gauge(f"tidewire_{name}", callbacks=[_observer(key)])
    server, _ = start_http_server(port, LOOPBACK)
    return int(server.server_port)


def _observer(key: str) -> Any:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        value = VITALS.as_dict()[key]
        return [] if value is None else [Observation(value)]

    return observe


class StatusFile:
    """Keeps the vital signs in a file, for whoever looks from another process."""

    def __init__(self, file: Path, **constant: Any) -> None:
        """Name the file, and what else it says besides the signs."""
        self._file = file
        self._constant = constant
        self._lock = threading.Lock()

    def write(self) -> None:
        """Write the signs as they are now; whole or not at all."""
        with self._lock:
            signs = json.dumps({**VITALS.as_dict(), **self._constant})
            write_whole(self._file, signs.encode(), durable=False)

    def keep_writing(self) -> "StatusFile":
        """Write every second from now on, from a thread that dies with the process.

        What cannot be written, as on a full disk, is written the next time.
        """

        def report() -> None:
            while True:
                with suppress(OSError):
                    self.write()
                time.sleep(REPORT_S)

        threading.Thread(target=report, name="vitals", daemon=True).start()
        return self


def log_as_json(flow: str, run_id: str, level: str) -> None:
    """Log to standard error, one JSON object a line, each with run and flow.

    A record's id goes in as `extra={"record": id}`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
            static_fields={"run": run_id, "flow": flow},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)


def trace_of(run_id: str, stamp: int) -> str:
    """Return the trace id of all that one moment of a run led to: 32 hex digits.

    A pure function of run and stamp: whatever follows from one record, in whichever topic and
    after whichever crash, carries its stamp and so belongs to its trace.
    """
    return blake2b(f"{run_id}/{stamp}".encode(), digest_size=16).hexdigest()


def traceparent(trace: str, record_id: str) -> bytes:
    """Return a W3C traceparent header for a record; the span id comes from the record's id.

    >>> traceparent("0" * 31 + "1", "sig-1")[:36]
    b'00-00000000000000000000000000000001-'
    """
    return b"00-%s-%s-01" % (
        trace.encode(), blake2b(record_id.encode(), digest_size=8).hexdigest().encode(),
    )  # fmt: skip
