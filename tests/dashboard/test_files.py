"""The dashboard's files as they are served: what may be kept, and what may come in."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect

from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.dashboard.reader import Reader

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
HASHED = re.compile(r"([\w.-]+)-[\w-]{8}\.(?:js|css)")
FIRST_LOAD = 180_000  # bytes of zipped JavaScript; charts come after it
CHARTS = b"tv-lightweight-charts"
HTML = {"Accept": "text/html"}


def test_pages_are_one_document_under_a_strict_policy(web: Served) -> None:
    first = web.client.get("/", headers=HTML)
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert f"connect-src 'self' ws://localhost:{web.origin.port};" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    for path in ("/trades", "/backtests/job-1", "/tickers/BRK.B", "/account"):
        assert web.client.get(path, headers=HTML).text == first.text
    known = {"If-None-Match": first.headers["etag"]}
    assert web.client.get("/news", headers=known).status_code == 304
    inline = r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle="
    assert not re.search(inline, first.text)


def test_an_address_that_is_none_is_a_page_for_people_and_a_problem_for_programs(
    web: Served,
) -> None:
    page = web.client.get("/no/such/page", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    problem = web.client.get("/no/such/page")
    assert (problem.status_code, problem.json()["code"]) == (404, "NO_SUCH_PATH")
    assert web.client.post("/trades", headers=HTML).status_code == 405


def test_files_with_a_hash_are_kept_for_good_and_no_others_are_to_be_had(
    web: Served, dashboard: Path
) -> None:
    for file in dashboard.joinpath("assets").iterdir():
        answer = web.client.get(f"/assets/{file.name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content == file.read_bytes()
    for path in ("/assets/none.js", "/assets/..%2findex.html", "/assets/%2e%2e/theme.js",
                 "/assets/.", "/assets/%00"):  # fmt: skip
        answer = web.client.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["code"] in ("NO_SUCH_FILE", "NO_SUCH_PATH")


def test_the_first_load_is_small_and_charts_are_no_part_of_it(
    web: Served, browser: Browser, dashboard: Path
) -> None:
    loaded: list[str] = []

    def heard(answer: Response) -> None:
        if answer.url.endswith(".js"):
            loaded.append(answer.url.rsplit("/", 1)[1])

    with Reader(browser, web) as reader:
        reader.page.on("response", heard)
        reader.enter("/trades")
        reader.settled()
    sizes = {
        name: len(gzip.compress(path.read_bytes()))
        for name in loaded for path in dashboard.rglob(name)
    }  # fmt: skip
    assert len(sizes) > 2
    assert sum(sizes.values()) <= FIRST_LOAD, sizes
    charts = {f.name for f in dashboard.rglob("*.js") if CHARTS in f.read_bytes()}
    assert charts
    assert not charts & set(loaded)


def built_anew(old: Path, new: Path) -> None:
    """Make the same dashboard as another build would: every hash of its own."""
    names = {
        file.name: f"{found[1]}-ANEWANEW{file.suffix}"
        for file in old.glob("assets/*") if (found := HASHED.fullmatch(file.name))
    }  # fmt: skip
    for file in (f for f in old.rglob("*") if f.is_file()):
        place = new / file.relative_to(old).with_name(names.get(file.name, file.name))
        place.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_bytes()
        if place.suffix in (".js", ".css", ".html"):
            for name, other in names.items():
                content = content.replace(name.encode(), other.encode())
        place.write_bytes(content)


def test_an_open_page_takes_over_a_dashboard_that_was_built_anew(
    services: Services, played_day: Demo, dashboard: Path, browser: Browser, tmp_path: Path
) -> None:
    files = Path(shutil.copytree(dashboard, tmp_path / "dist"))
    with (
        served(played_day.run, as_api(services, played_day.run), dashboard=files) as web,
        Reader(browser, web) as reader,
    ):
        reader.enter("/account")  # which has no chart that could still be on its way
        reader.settled()
        reader.page.wait_for_load_state("networkidle")
        built_anew(dashboard, tmp_path / "next")
        shutil.rmtree(files)
        (tmp_path / "next").rename(files)
        slowly = reader.page.context.new_cdp_session(reader.page)
        slowly.send("Emulation.setCPUThrottlingRate", {"rate": 10})
        opened: list[str] = []
        reader.page.on("load", lambda page: opened.append(page.url))
        reader.page.get_by_role("link", name="Backtests").click()
        expect(reader.page.get_by_role("heading", name="Backtests", level=1)).to_be_visible()
        reader.settled()
        assert [url.rsplit("/", 1)[1] for url in opened] == ["backtests"]  # once
        loaded = reader.page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
        scripts = [name for name in loaded if name.endswith(".js")]
        assert any("Backtests-ANEWANEW" in name for name in scripts)
