"""One played day, and its API."""

from collections.abc import Iterator

import pytest

from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served


@pytest.fixture(scope="module")
def web(services: Services, played_day: Demo) -> Iterator[Served]:
    """Serve the played day; each module has an API of its own, with sign-ins of its own."""
    with served(played_day.run, as_api(services, played_day.run)) as found:
        yield found


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    """Forget cookies, counts and what the flows were."""
    if "web" in request.fixturenames:
        found: Served = request.getfixturevalue("web")
        found.client.cookies.clear()
        found.flows.clear()
        found.forget_calls()
