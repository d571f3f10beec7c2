"""Proofs that archived days come out again, byte for byte."""

from typing import Annotated, Any

from pydantic import Field

from api.asking import (
    TAKEN,
    Day,
    JobTaken,
    archived_days,
    ask,
    cancel,
    must_be_archived,
    no_such_run,
)
from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.jobs.job import Job, Status
from api.jobs.tasks import VerifyTask
from api.values import Answer, Asked, Moment


class VerifyAsked(Asked):
    """The day whose proof is wanted."""

    day: Day


class Verification(Answer):
    """A proof on its way, and what came of it.

    Attributes:
        proved: the day came out again, byte for byte; null until it is known.
        certificate: what was proved, or the first record that differs.
    """

    run_id: str
    status: Status
    day: str
    who: str
    requested_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    error: str
    proved: bool | None
    certificate: dict[str, Any] | None


class Verifications(Answer):
    """Proofs, the newest first, and the days that may be asked for."""

    verifications: list[Verification]
    days: list[str]


class VerificationsAsked(Asked):
    """How many, the newest first."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20


def verify_day(api: Api, call: Call[NoQuery, VerifyAsked]) -> JobTaken:
    """Ask for the proof that an archived day comes out again, byte for byte."""
    must_be_archived(api, {"day": call.body.day})
    return ask(api, call, VerifyTask(day=call.body.day))


def verifications(api: Api, call: Call[VerificationsAsked, None]) -> Verifications:
    """Proofs, the newest first, and the days that may be asked for."""
    found = [_shown(job, task) for job in api.jobs.all() if (task := _proof_of(job))]
    return Verifications(verifications=found[: call.query.limit], days=archived_days(api))


def verification(api: Api, call: Call[NoQuery, None]) -> Verification:
    """How a proof is, and its certificate."""
    job = api.jobs.get(call.path["run_id"])
    task = None if job is None else _proof_of(job)
    if job is None or task is None:
        raise no_such_run(call.path["run_id"])
    return _shown(job, task)


def cancel_verification(api: Api, call: Call[NoQuery, None]) -> Verification:
    """End a proof; one that is over stays as it is."""
    verification(api, call)  # there is one
    cancel(api, call.path["run_id"])
    return verification(api, call)


def _proof_of(job: Job) -> VerifyTask | None:
    return job.task if isinstance(job.task, VerifyTask) else None


def _shown(job: Job, task: VerifyTask) -> Verification:
    proved = "proof" in job.result if isinstance(job.result, dict) else None
    return Verification(
        run_id=job.id, status=job.status, day=task.day, who=job.who,
        requested_at=job.requested_at, started_at=job.started_at, finished_at=job.finished_at,
        error=job.error, proved=proved,
        certificate=job.result if proved is not None else None,
    )  # fmt: skip


ENDPOINTS = (
    Endpoint("POST", "/api/replay/verify", verify_day, "trader", JobTaken, body=VerifyAsked,
             status=TAKEN, session=True, rate=30, problems=(400, 409)),
    Endpoint("GET", "/api/replay/verify", verifications, "viewer", Verifications,
             query=VerificationsAsked),
    Endpoint("GET", "/api/replay/verify/{run_id}", verification, "viewer", Verification,
             problems=(404,)),
    Endpoint("DELETE", "/api/replay/verify/{run_id}", cancel_verification, "trader", Verification,
             session=True, rate=60, problems=(404, 409)),
)  # fmt: skip
