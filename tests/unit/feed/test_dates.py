"""Times of feeds: those that are understood, and those that must never pass for one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.feed.dates import ZONES, moment_of

NOON = datetime(2026, 3, 4, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 04 Mar 2026 12:00:05 GMT", "Wed, 4 Mar 2026 12:00:05 +0000", "04 Mar 26 12:00:05 Z",
        "Wednesday, 4 March 2026 12:00:05 UT", "wed, 4 mar 2026 07:00:05 est",
        "4-Mar-2026 13:00:05 +01:00", "Wed, 04 Mar 2026 12:00:05.000 GMT",
        "Wed, 04 Mar 2026 07:00:05 -0500 (EST)", "Wed, 04 Mar 2026 14:00:05 GMT+0200",
        "\n Wed, 04 Mar 2026\t12:00:05  GMT ", "Wed, 4 Mar 2026 7:00:05 AM EST",
        "Wed, 4 Mar 2026 1:00:05 p.m. CET", "March 4, 2026 12:00:05 PM UTC",
        "Mar 4 2026 07:00:05 am EST", "Wed, 04 Mar 2026 21:00:05 JST",
        "Wed, 04 Mar 2026 23:00:05 AEDT", "Wed, 04 Mar 2026 20:00:05 HKT",
        "2026-03-04T12:00:05Z", "2026-03-04t12:00:05z", "2026-03-04 12:00:05 UTC",
        "2026-03-04T12:00:05.000000000+00:00", "20260304T120005Z", "2026-03-04T17:30:05+0530",
        "2026-063T12:00:05Z", "2026063T120005Z", "2026-W10-3T12:00:05Z", "2026W103T070005-05",
        "2026-03-04T07:00:05\u221205:00",
    ],
)  # fmt: skip
def test_one_moment_in_many_words(text: str) -> None:
    assert moment_of(text) == NOON


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Wed, 4 Mar 2026 12:30 AM GMT", "2026-03-04T00:30:00"),
        ("Wed, 4 Mar 2026 12:30 PM GMT", "2026-03-04T12:30:00"),
        ("Wed, 4 Mar 2026 11:59 PM PST", "2026-03-05T07:59:00"),
        ("2026-03-04T24:00Z", "2026-03-05T00:00:00"),
        ("2026-03-04T09,5Z", "2026-03-04T09:30:00"),
        ("2026-03-04T0930.25Z", "2026-03-04T09:30:15"),
        ("2026-03-04T09:30:15.1234567Z", "2026-03-04T09:30:15.123456"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00"),
        ("2024-366T00:00Z", "2024-12-31T00:00:00"),
        ("Fri, 31 Dec 99 23:00:00 GMT", "1999-12-31T23:00:00"),
    ],
)
def test_clocks_and_calendars(text: str, moment: str) -> None:
    found = moment_of(text)
    assert found is not None
    assert found.isoformat() == f"{moment}+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "", "today", "4 hours ago", "1772625605", "2026", "2026-03", "2026-03-04", "20260304",
        "2026/03/04 12:00:05", "03/04/2026 12:00:05 GMT", "04.03.2026 12:00 CET", "4/3/26",
        "Wed, 04 Mar 2026", "Wed, 04 Mar 2026 GMT",
        "Wed, 04 Mar 2026 12:00:05", "2026-03-04T12:00:05", "2026-03-04 12:00:05",  # which zone?
        "Wed, 04 Mar 2026 12:00:05 IST", "Wed, 04 Mar 2026 12:00:05 BST",
        "Wed, 04 Mar 2026 12:00:05 ET", "Wed, 04 Mar 2026 12:00:05 A",
        "Wed, 04 Mar 2026 12:00:05 America/New_York", "Wed, 04 Mar 2026 12:00:05 +2500",
        "Wed, 04 Mar 2026 12:00:05 +0175", "2026-03-04T12:00:05+15:00",
        "Wed, 04 Mar 2026 13:00 PM GMT", "Wed, 04 Mar 2026 0:30 AM GMT",
        "Wed, 04 Mar 2026 12:00:05 PM", "2026-03-04T3:00 PM Z",
        "Wed, 31 Feb 2026 12:00:05 GMT", "Wed, 04 Mai 2026 12:00:05 GMT",
        "Wed, 04 Mar 2026 24:00:00 GMT", "Wed, 04 Mar 2026 12:60 GMT", "2026-13-04T12:00Z",
        "2026-02-30T12:00Z", "2026-366T12:00Z", "2026-000T12:00Z", "2026-W54-1T12:00Z",
        "2026-W10-8T12:00Z", "2026-03-04T24:01Z", "2026-03-04T12:6Z", "0000-01-01T00:00Z",
        "0001-01-01T00:00+14:00", "9999-12-31T23:00-05:00", "2026-03-04T1200:05Z",
        "\u0662026-03-04T12:00:05Z", "Wed, 04 Mar 2026 12:00:05 GMT " * 9,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_no_time(text: str) -> None:
    assert moment_of(text) is None


FORMS = (
    "%a, %d %b %Y %H:%M:%S", "%d %B %Y %I:%M:%S %p", "%b %d, %Y %I:%M:%S%p", "%Y-%m-%dT%H:%M:%S",
    "%Y%m%dT%H%M%S", "%Y-%jT%H:%M:%S", "%G-W%V-%uT%H:%M:%S",
)  # fmt: skip


@given(st.integers(0, 4 * 10**9), st.sampled_from(sorted(ZONES)))
def test_every_form_of_a_moment_is_the_moment(seconds: int, zone: str) -> None:
    local = datetime(1970, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
    wanted = local - timedelta(hours=ZONES[zone])
    for form in FORMS:
        assert moment_of(f"{local.strftime(form)} {zone}") == wanted


@given(st.text(max_size=120) | st.from_regex(r"\A[0-9A-Za-z:, .+/-]{0,60}\Z"))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    found = moment_of(text)
    assert found is None or found.tzinfo is UTC
