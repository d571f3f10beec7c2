"""What processes tell of themselves: metrics, health, logs, over real sockets."""

import json
import socket
from threading import Thread
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.access import Access
from connectors.telemetry import trace_of, traceparent
from stack.runtime.demo import Demo
from stack.runtime.health import rows_of
from stack.runtime.signs import vitals_of
from stack.servers.services import Services
from tests.harness import MidRun, options, play
from tests.scraping import scrape
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]


class Scraper:
    """Reads every flow's metrics until each has something to tell, while the run goes on."""

    def __init__(self, access: Access) -> None:
        self.pages: dict[str, str] = {}
        self.mid_run = MidRun(access, 4_000)

    def __call__(self, demo: Demo) -> None:
        written = value(self.pages.get("persist", ""), "tidewire_rows_total", "market_data")
        if self.mid_run(demo) and written > 1_000:
            self.mid_run.go_on(demo)
        for label, child in demo.supervisor.children.items():
            if child.process is None:
                continue
            port = vitals_of(demo.run.path(), label).get("metrics_port")
            if port and (page := scrape(port)):
                self.pages[label] = page


@pytest.fixture(scope="module")
def scraped(services: Services) -> tuple[Demo, dict[str, str]]:
    scraper = Scraper(services.access)
    demo, _ = play(services, options(pace=1_500), meddle=scraper)
    return demo, scraper.pages


def value(page: str, name: str, label: str = "") -> float:
    lines = [li for li in page.splitlines() if li.startswith(name) and label in li]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def test_every_process_serves_its_metrics(scraped: tuple[Demo, dict[str, str]]) -> None:
    demo, pages = scraped
    assert set(pages) == set(demo.supervisor.children)
    assert value(pages["market"], "tidewire_records_written_total", "market.bars") > 1_000
    assert value(pages["signals-0"], "tidewire_records_read_total", "market.bars") > 1_000
    assert value(pages["trade"], "tidewire_step_seconds_count", "desk") > 1
    assert value(pages["persist"], "tidewire_rows_total", "market_data") > 1_000
    assert value(pages["persist"], "tidewire_flush_seconds_count", "database") > 0
    assert "tidewire_lag" in pages["trade"]
    assert "tidewire_epoch_age" in pages["trade"]


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        (b"", None),
        (b"HTTP/1.0 200 OK\r\n", None),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nup", None),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nup 1", "up 1"),
    ],
)
def test_a_page_cut_short_by_the_end_of_its_process_counts_as_none(
    answer: bytes, page: str | None
) -> None:
    def serve() -> None:
        asker, _ = server.accept()
        with asker:
            asker.recv(4096)
            asker.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve)
        thread.start()
        assert scrape(server.getsockname()[1]) == page
        thread.join()


def test_health_of_every_flow_is_on_system_events(scraped: tuple[Demo, dict[str, str]]) -> None:
    demo, _ = scraped
    consumer = Consumer(demo.run.layout.access.settings({"group.id": "health"}))
    name = demo.run.prefix + "system.events"
    consumer.assign([TopicPartition(name, 0, 0)])
    told: dict[str, Any] = {}

    def all_told() -> bool:
        for record in consumer.consume(100, 0.2):
            health = json.loads(record.value() or b"")
            told[health["flow"]] = health
        return len(told) >= len(demo.supervisor.children)

    eventually(all_told, what=lambda: sorted(told))
    consumer.close()
    assert set(told) == set(demo.supervisor.children)
    assert {h["state"] for h in told.values()} == {"ended"}
    assert all(h["restarts"] == 0 and h["lag"] == 0 for h in told.values())
    assert told["trade"]["epoch_age_s"] is not None
    shown = rows_of(demo.run.path(), live=False)
    assert [row.flow for row in shown] == list(demo.supervisor.children)
    assert all(row.clock and row.clock_age_s is None for row in shown)


def test_logs_are_json_lines_with_run_and_flow(services: Services) -> None:
    def kill_database_for_a_moment(demo: Demo) -> None:
        if not stopped and demo.run.path("recovery", "persist").exists():
            services.database.stop("immediate")
            stopped.append("stopped")
        elif stopped == ["stopped"] and "database away" in log(demo):
            services.database.start()
            stopped.append("started")

    def log(demo: Demo) -> str:
        return demo.supervisor.log_of("persist").read_text()

    stopped: list[str] = []
    demo, _ = play(services, options(), meddle=kill_database_for_a_moment)
    found = [json.loads(line) for line in log(demo).splitlines() if "database away" in line]
    assert found
    assert {(f["run"], f["flow"], f["level"]) for f in found} == {
        (demo.run.run_id, "persist", "WARNING")
    }


def test_a_trace_is_a_function_of_run_and_moment() -> None:
    one = trace_of("run", 5)
    assert one == trace_of("run", 5) != trace_of("run", 6)
    assert len(one) == 32
    header = traceparent(one, "sig-1").decode().split("-")
    assert [len(part) for part in header] == [2, 32, 16, 2]
