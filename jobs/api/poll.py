"""Who polls, and what they poll, in one statement: poll_statements.py says why."""

from uuid import UUID

from rest_framework.request import Request

from jobs.models.poll_statements import (
    ReadJob,
    VersionRow,
    read_job,
    read_version,
    sign_in_with_job,
    sign_in_with_version,
)
from s3project import ids
from s3project.api.conditional import is_conditional
from users.api.auth import TokenAuthentication
from users.models import User


class PollAuthentication(TokenAuthentication):
    """Of one request. Where it is a poll, what that asks for first is read with the user: the job,
    or its version alone for a client that has an answer already. `read_version` and `read_job` know
    it then; the other one, and each of them for an API key, is a statement.
    """

    def __init__(self) -> None:
        # One of them has its one entry when the user is found.
        self._version: list[VersionRow | None] = []
        self._job: list[ReadJob | None] = []

    def find(self, request: Request, user_id: UUID, session_id: UUID | None) -> User | None:
        view = request.parser_context["view"]
        job_id = None
        if view.action == "retrieve":
            job_id = ids.parse_public_id(ids.JOB, view.kwargs["job_id"])
        if job_id is None:
            return super().find(request, user_id, session_id)
        if is_conditional(request):
            with_version = sign_in_with_version(user_id, session_id, job_id)
            if with_version is None:
                return None
            user, version = with_version
            self._version = [version]
            return user
        with_job = sign_in_with_job(user_id, session_id, job_id)
        if with_job is None:
            return None
        user, job = with_job
        self._job = [job]
        return user

    def read_version(self, *, user_id: UUID, job_id: UUID) -> VersionRow | None:
        known = self._version
        return known[0] if known else read_version(user_id=user_id, job_id=job_id)

    def read_job(self, *, user_id: UUID, job_id: UUID) -> ReadJob | None:
        known = self._job
        return known[0] if known else read_job(user_id=user_id, job_id=job_id)


def poll_of(request: Request) -> PollAuthentication:
    """By which the request's user was found."""
    found = request.successful_authenticator
    assert isinstance(found, PollAuthentication), "the view is not for polls"
    return found
