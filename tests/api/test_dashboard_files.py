"""The dashboard's files while somebody builds them anew, and addresses that are none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api import built_in_page
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
HTML = {"Accept": "text/html"}
# A regular file that may be opened and, whoever asks, not be read.
UNREADABLE = Path("/proc/self/mem")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a dashboard of few files."""
    found = tmp_path_factory.mktemp("dashboard")
    (found / "index.html").write_text("<!doctype html><title>Tidewire</title>")
    (found / "icon.svg").write_text("<svg/>")
    (found / "theme.js").symlink_to(UNREADABLE)
    (found / "assets").mkdir()
    (found / "assets/main-1.js").write_text("main()")
    (found / "assets/page-1.js").symlink_to(UNREADABLE)
    (found / "assets/gone-1.js").symlink_to(found / "gone")
    (found / "assets/a-directory").mkdir()
    return found


@pytest.fixture(scope="module")
def web(services: Services, played_day: Demo, files: Path) -> Iterator[Served]:
    """Serve the played day with them."""
    run = played_day.run
    with served(run, as_api(services, run), dashboard=files) as found:
        yield found


@pytest.mark.parametrize(
    "path",
    [*(f"/assets/{name}" for name in (
        "x" * 256, "x" * 4_000, "page-1.js", "gone-1.js", "none.js", "a-directory", "%2e%2e", "%00",
    )), "/theme.js"],
    ids=range(9),
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_not_there(web: Served, path: str) -> None:
    for more in ({}, HTML, {"If-None-Match": '"x"'}, {"Range": "bytes=0-1"}):
        answer = web.client.get(path, headers=more)
        assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_FILE")
        assert "etag" not in answer.headers


def test_a_file_of_the_built_in_page_that_is_gone(
    web: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_in_page, "HERE", tmp_path)
    assert web.client.get("/page.css").json()["code"] == "NO_SUCH_FILE"


def test_a_file_with_a_hash_is_kept_for_good_and_confirmed_if_asked(web: Served) -> None:
    first = web.client.get("/assets/main-1.js")
    assert (first.status_code, first.text) == (200, "main()")
    assert "immutable" in first.headers["cache-control"]
    again = web.client.get(
        "/assets/main-1.js", headers={"If-None-Match": first.headers["etag"]}
    )  # fmt: skip
    assert again.status_code == 304
    assert again.headers["cache-control"] == first.headers["cache-control"]


def test_of_an_address_that_is_none_nobody_has_a_copy(web: Served, files: Path) -> None:
    page = (files / "index.html").read_text()
    tag = web.client.get("/", headers=HTML).headers["etag"]
    for known in ({}, {"If-None-Match": tag}, {"If-None-Match": f"W/{tag}"}):
        answer = web.client.get("/no/such/page", headers={**HTML, **known})
        assert (answer.status_code, answer.text) == (404, page)
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert web.client.get("/", headers={**HTML, "If-None-Match": tag}).status_code == 304
