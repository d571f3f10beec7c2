"""The dashboard's files as they are served: what may be kept, and what may come in."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response

from tests.api.served import Served
from tests.dashboard.reader import Reader

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
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
