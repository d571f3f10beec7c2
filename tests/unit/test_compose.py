"""docker-compose.yml: loopback ports, health checks, volumes, and no password of its own."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_the_three_servers_are_there() -> None:
    assert set(SERVICES) == {"kafka", "database", "ollama"}
    assert SERVICES["database"]["image"].startswith("timescale/timescaledb:")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_server_listens_on_loopback_is_pinned_checked_and_keeps_its_data(name: str) -> None:
    service = SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert not re.search(r":(latest)?$", service["image"])
    assert service["healthcheck"]["test"]
    for volume in service["volumes"]:
        assert volume.split(":")[0] in COMPOSE["volumes"]


def test_the_broker_is_the_embedded_ones_version() -> None:
    pinned = re.search(
        r"<version>([\d.]+\.\d+\.\d+)</version>", (ROOT / "kafka/pom.xml").read_text()
    )
    assert pinned is not None
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{pinned[1]}"


def test_there_is_no_default_password() -> None:
    assert "${POSTGRES_PASSWORD:?" in SERVICES["database"]["environment"]["POSTGRES_PASSWORD"]
