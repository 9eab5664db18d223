"""The user of a request, and in the same statement what it asks of their job first."""

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


class ReadWithUser:
    """`version` and `job` are `read_version` and `read_job`, without a statement for what is known
    of the job: one of them, or nothing, as for an API key.
    """

    def __init__(self) -> None:
        # With one entry where it is known; None says that the user has no such job.
        self._versions: list[VersionRow | None] = []
        self._jobs: list[ReadJob | None] = []

    def version(self, *, user_id: UUID, job_id: UUID) -> VersionRow | None:
        known = self._versions
        return known[0] if known else read_version(user_id=user_id, job_id=job_id)

    def job(self, *, user_id: UUID, job_id: UUID) -> ReadJob | None:
        known = self._jobs
        return known[0] if known else read_job(user_id=user_id, job_id=job_id)

    def find_with_version(
        self, user_id: UUID, session_id: UUID | None, job_id: UUID
    ) -> User | None:
        found = sign_in_with_version(user_id, session_id, job_id)
        if found is None:
            return None
        user, version = found
        self._versions = [version]
        return user

    def find_with_job(self, user_id: UUID, session_id: UUID | None, job_id: UUID) -> User | None:
        found = sign_in_with_job(user_id, session_id, job_id)
        if found is None:
            return None
        user, job = found
        self._jobs = [job]
        return user


class AuthenticationWithJob(TokenAuthentication):
    """Of one request to JobViewSet. A poll reads the job, or its version alone for a client that
    has an answer already; `confirm-upload` begins with its status.
    """

    def __init__(self) -> None:
        self.read = ReadWithUser()

    def find(self, request: Request, user_id: UUID, session_id: UUID | None) -> User | None:
        view = request.parser_context["view"]
        job_id = ids.parse_public_id(ids.JOB, view.kwargs.get("job_id", ""))
        if job_id is not None and view.action == "retrieve" and not is_conditional(request):
            return self.read.find_with_job(user_id, session_id, job_id)
        if job_id is not None and view.action in ("retrieve", "confirm_upload"):
            return self.read.find_with_version(user_id, session_id, job_id)
        return super().find(request, user_id, session_id)


def read_with_user(request: Request) -> ReadWithUser:
    found = request.successful_authenticator
    assert isinstance(found, AuthenticationWithJob), "the view finds its users without jobs"
    return found.read
