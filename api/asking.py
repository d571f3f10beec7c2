"""Asking for long work over archived days."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from api.access.idempotency import HEADER, key_reused
from api.context import Api, Call
from api.jobs.job import Status
from api.jobs.jobs import WAITING, JobsElsewhere, JobsFull
from api.jobs.tasks import Task
from api.problems import Conflict, Invalid, NotFound, TooMany
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
        Conflict: another API of the run works on its jobs.
        TooMany: too many wait already.
    """
    id_ = api.keys.id_of(
        "job", api.run.run_id, call.person.id, call.request.url.path,
        call.request.headers.get(HEADER, ""), call.body.model_dump_json(),
    )  # fmt: skip
    try:
        job = api.jobs.ask(id_, task, call.person.name)
    except JobsFull as error:
        detail = f"One runs and {WAITING} wait: end one by DELETE, or try again in {AGAIN_S} s."
        raise TooMany(AGAIN_S, "JOBS_FULL", detail) from error
    except JobsElsewhere as error:
        raise _elsewhere(error) from error
    if job.task != task:  # the job outlived the key
        raise key_reused()
    return JobTaken(run_id=job.id, status=job.status)


def cancel(api: Api, id_: str) -> None:
    """End a job that there is; one that is over stays as it is.

    Raises:
        Conflict: another API of the run works on its jobs.
    """
    try:
        api.jobs.cancel(id_)
    except JobsElsewhere as error:
        raise _elsewhere(error) from error


def _elsewhere(error: JobsElsewhere) -> Conflict:
    where = error.origin or "another process"
    return Conflict("JOBS_ELSEWHERE", f"The API at {where} runs the jobs of this run: ask there.")


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
