"""Asking for long work over archived days."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from api.access.idempotency import HEADER
from api.context import Api, Call
from api.jobs.job import Status
from api.jobs.jobs import JobsFull
from api.jobs.tasks import Task
from api.problems import Invalid, NotFound, TooMany
from api.values import Answer
from connectors.archive.files import days_with
from messages.topics import MARKET_BARS

TAKEN: Final = 202
AGAIN_S: Final = 30
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2025-03-12"])]


class JobTaken(Answer):
    """What was asked for is on its way, under this id."""

    run_id: str
    status: Status


def ask(api: Api, call: Call[Any, Any], task: Task) -> JobTaken:
    """Take a task in for the person that asks, once for each idempotency key.

    Raises:
        BadRequest: there is no key.
        Invalid: the key came with another body before.
        TooMany: too many wait already.
    """
    id_ = api.keys.id_of(
        "job", api.run.run_id, call.person.id, call.request.url.path,
        call.request.headers.get(HEADER, ""), call.body.model_dump_json(),
    )  # fmt: skip
    try:
        job = api.jobs.ask(id_, task, call.person.name)
    except JobsFull as error:
        raise TooMany(AGAIN_S) from error
    return JobTaken(run_id=job.id, status=job.status)


def must_be_archived(api: Api, asked: dict[str, str]) -> None:
    """Refuse days, by their fields' names, that the run's archive does not have.

    Raises:
        Invalid: one is missing.
    """
    days = archived_days(api)
    if missing := {name: "not archived" for name, day in asked.items() if day not in days}:
        span = f"{days[0]} to {days[-1]}" if days else "no day yet"
        raise Invalid("NOT_ARCHIVED", f"The archive has {span}.", fields=missing)


def archived_days(api: Api) -> list[str]:
    """Return the days with bars in the run's archive, oldest first."""
    return days_with(Path(api.run.archive), MARKET_BARS.name)


def no_such_run(id_: str) -> NotFound:
    """Return the answer to an id that nothing has."""
    return NotFound("NO_SUCH_RUN", f"There is none of the id {id_[:128]}.")
