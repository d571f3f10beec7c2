"""The built-in page: three files, and nothing from anywhere else."""

import re

import pytest

from api.built_in_page import FILES, HERE
from tests.api.served import Served

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.mark.parametrize("path", FILES)
def test_it_is_served_with_a_policy_that_lets_nothing_else_in(web: Served, path: str) -> None:
    answer = web.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(FILES[path][1])
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.text.encode() == (HERE / FILES[path][0]).read_bytes()


@pytest.mark.parametrize("path", [*FILES, "/api/openapi.json"])
def test_what_does_not_change_is_sent_once(web: Served, path: str) -> None:
    first = web.client.get(path)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = web.client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert web.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_it_needs_nothing_that_the_policy_refuses() -> None:
    page, script = (HERE / "index.html").read_text(), (HERE / "page.js").read_text()
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == {
        "data:,", "/page.css", "/page.js", "#main",
    }  # fmt: skip
    assert not re.search(r"<style|<script(?! type=.module. src=)|\son\w+=|style=", page)
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                   "http://", "https://", "localStorage", "sessionStorage"):  # fmt: skip
        assert unsafe not in script, unsafe


def test_every_element_that_the_script_asks_for_is_there() -> None:
    page, script = (HERE / "index.html").read_text(), (HERE / "page.js").read_text()
    ids = set(re.findall(r'id="([\w-]+)"', page))
    asked = set(re.findall(r'\$\("([\w-]+)"\)', script))
    tables = set(re.findall(r'table\("(\w+)"', script))
    assert asked | tables <= ids


def test_the_paths_that_it_asks_are_there(web: Served) -> None:
    script = (HERE / "page.js").read_text()
    paths = set(re.findall(r'"(/(?:api|auth)/[^"?]+)', script))
    paths |= {
        f"/auth/{name}/{end}"
        for name in re.findall(r'ceremony\("(\w+)"', script) for end in ("begin", "complete")
    }  # fmt: skip
    known = web.client.get("/api/openapi.json").json()["paths"]
    assert len(paths) >= 12
    assert paths <= set(known)
