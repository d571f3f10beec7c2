"""Times as feeds write them, read strictly: a time that is not understood is none.

Read are RFC 822 and its successors with a numeric zone or one of `ZONES`, on a clock of 24 or of
twelve hours; and ISO 8601's dates (calendar, week and day of the year) with a time and a zone.
Everything else is no time: a date with slashes, whose day and month are anyone's guess; a date
alone; a time without a zone; a zone whose name means several, such as IST, BST or ET.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

MAX_TEXT: Final = 100
# Hours from UTC. RFC 822's own, and names that mean one zone in all of the world's news.
ZONES: Final = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13,
}  # fmt: skip
MAX_OFFSET: Final = timedelta(hours=14)
MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAY: Final = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s*)?"
MONTH: Final = r"(?P<month>[a-z]{3,9})\.?"
CLOCK: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d{1,18}))?)?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?"
)
ZONE: Final = r"\s*(?:(?:GMT|UTC)?(?P<offset>[+-]\d\d(?::?\d\d)?)|(?P<zone>[A-Z]{1,4}))"
COMMENT: Final = re.compile(r"\s*\([^()]*\)\Z")
RFC: Final = tuple(
    re.compile(rf"{WEEKDAY}{day}[\s,]+{CLOCK}{ZONE}", re.IGNORECASE | re.ASCII)
    for day in (
        rf"(?P<day>\d{{1,2}})[\s-]\s*{MONTH}[\s-]\s*(?P<year>\d{{4}}|\d\d)",
        rf"{MONTH}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
    )
)
ISO: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d-\d|\d{4}W\d{3}|\d{4}-\d{3}|\d{7})(?:T|\s+)"
    r"(?P<time>\d\d(?::\d\d(?::\d\d)?|\d\d(?:\d\d)?)?)(?:[.,](?P<part>\d{1,18}))?" + ZONE,
    re.IGNORECASE | re.ASCII,
)


def moment_of(text: str) -> datetime | None:
    """Return the moment, UTC, that a text of a feed names; None where it is not understood.

    >>> moment_of("Mon, 29 Jun 2026 3:07:41 PM EDT").isoformat()
    '2026-06-29T19:07:41+00:00'
    >>> moment_of("2026-W27-1T15:07,5+02").isoformat()
    '2026-06-29T13:07:30+00:00'
    >>> moment_of("06/29/2026 15:07 GMT"), moment_of("Mon, 29 Jun 2026 15:07:41 IST")
    (None, None)
    """
    if len(text) > MAX_TEXT:
        return None
    text = COMMENT.sub("", " ".join(text.replace("\u2212", "-").split()))
    try:
        if (found := ISO.fullmatch(text)) is not None:
            clock = _of_iso(found)
        elif (found := RFC[0].fullmatch(text) or RFC[1].fullmatch(text)) is not None:
            clock = _of_rfc(found)
        else:
            return None
        return clock - _offset(found)
    except (ValueError, OverflowError):
        return None


def _of_rfc(found: re.Match[str]) -> datetime:
    name, written = found["month"].lower(), found["year"]
    month = next((n for n, m in enumerate(MONTHS, 1) if m.startswith(name)), 0)
    year = int(written)
    if len(written) == 2:  # as RFC 2822 reads them
        year += 2_000 if year < 50 else 1_900
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + 12 * (found["half"][0] in "pP")
    seconds = int(found["second"] or 0)
    clock = _clock(hour, int(found["minute"]), seconds, found["part"] or "", 1)
    return datetime(year, month, int(found["day"]), tzinfo=UTC) + clock


def _of_iso(found: re.Match[str]) -> datetime:
    written = found["date"]
    if "-" in written[5:] or "W" in written.upper() or (len(written) == 8 and "-" not in written):
        day = date.fromisoformat(written.upper())
    else:
        nth = int(written[-3:])
        day = date(int(written[:4]), 1, 1) + timedelta(days=nth - 1)
        if nth < 1 or day.year != int(written[:4]):
            raise ValueError(nth)
    digits = found["time"].replace(":", "")
    hour, minute, second = (int(digits[i : i + 2] or 0) for i in (0, 2, 4))
    unit = {2: 3_600, 4: 60, 6: 1}[len(digits)]
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + _clock(
        hour, minute, second, found["part"] or "", unit, midnight=True
    )


def _clock(
    hour: int, minute: int, second: int, part: str, unit: int, *, midnight: bool = False
) -> timedelta:
    """Return the time since midnight.

    Args:
        hour: 0 to 23; 24:00 too, where `midnight` lets it end a day.
        minute: 0 to 59.
        second: 0 to 60: a leap second is the next minute's first.
        part: the digits of a fraction of the last field.
        unit: seconds of that field.
        midnight: 24:00 is a time.

    Raises:
        ValueError: there is no such time.
    """
    whole = timedelta(hours=hour, minutes=minute, seconds=second)
    fraction = int(part or 0) * unit * 1_000_000 // 10 ** len(part)
    ends = midnight and hour == 24 and not (minute or second or fraction)
    if (hour > 23 and not ends) or minute > 59 or second > 60:
        raise ValueError(hour, minute, second)
    return whole + timedelta(microseconds=fraction)


def _offset(found: re.Match[str]) -> timedelta:
    """Return how far a zone is ahead of UTC.

    Raises:
        ValueError: nobody has such a zone, or its name is not one of `ZONES`.
    """
    if found["zone"]:
        hours = ZONES.get(found["zone"].upper())
        if hours is None:
            raise ValueError(found["zone"])
        return timedelta(hours=hours)
    digits = found["offset"].replace(":", "")
    minutes = int(digits[3:] or 0)
    ahead = timedelta(hours=int(digits[1:3]), minutes=minutes)
    if minutes > 59 or ahead > MAX_OFFSET:
        raise ValueError(found["offset"])
    return -ahead if digits[0] == "-" else ahead
