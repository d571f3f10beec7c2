"""Proofs that archived days come out again, byte for byte."""

from typing import Any

from api.asking import TAKEN, Day, JobTaken, ask, must_be_archived, no_such_run
from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.jobs.job import Status
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
    finished_at: Moment | None
    error: str
    proved: bool | None
    certificate: dict[str, Any] | None


def verify_day(api: Api, call: Call[NoQuery, VerifyAsked]) -> JobTaken:
    """Ask for the proof that an archived day comes out again, byte for byte."""
    must_be_archived(api, {"day": call.body.day})
    return ask(api, call, VerifyTask(day=call.body.day))


def verification(api: Api, call: Call[NoQuery, None]) -> Verification:
    """How a proof is, and its certificate."""
    job = api.jobs.get(call.path["run_id"])
    if job is None or not isinstance(job.task, VerifyTask):
        raise no_such_run(call.path["run_id"])
    proved = "proof" in job.result if isinstance(job.result, dict) else None
    return Verification(
        run_id=job.id, status=job.status, day=job.task.day, who=job.who,
        requested_at=job.requested_at, finished_at=job.finished_at, error=job.error,
        proved=proved, certificate=job.result if proved is not None else None,
    )  # fmt: skip


ENDPOINTS = (
    Endpoint("POST", "/api/replay/verify", verify_day, "trader", JobTaken, body=VerifyAsked,
             status=TAKEN, session=True, rate=30, problems=(400,)),
    Endpoint("GET", "/api/replay/verify/{run_id}", verification, "viewer", Verification,
             problems=(404,)),
)  # fmt: skip
