"""The public job API: parse, call one service or selector, answer."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import selectors, services
from jobs.serializers import (
    CreateJobIn,
    ExecuteJobIn,
    canceled_job_out,
    confirmed_job_out,
    created_job_out,
    job_out,
    queued_job_out,
)
from s3project import ids
from s3project.api import ApiViewSet, parse
from s3project.errors import ValidationFailed
from users.auth import current_user
from users.idempotency import idempotent

CREATE_JOB_IN = CreateJobIn()
EXECUTE_JOB_IN = ExecuteJobIn()


class JobViewSet(ApiViewSet):
    """A user's jobs. Somebody else's job is answered like one that does not exist."""

    @idempotent
    def create(self, request: Request) -> Response:
        args = parse(CREATE_JOB_IN, request)
        job, uploads = services.create_job(user_id=current_user(request).id, **args)
        body = created_job_out(job, uploads, expires_in=settings.PRESIGNED_URL_SECONDS)
        return Response(body, status=201)

    def retrieve(self, request: Request, job_id: str) -> Response:
        view = selectors.get_job(
            user_id=current_user(request).id, job_id=ids.parse_public_id(ids.JOB, job_id)
        )
        return Response(job_out(view))

    @idempotent
    def confirm_upload(self, request: Request, job_id: str) -> Response:
        job, missing = services.confirm_upload(
            user_id=current_user(request).id, job_id=ids.parse_public_id(ids.JOB, job_id)
        )
        return Response(confirmed_job_out(job, missing))

    @idempotent
    def execute(self, request: Request, job_id: str) -> Response:
        key = ids.parse_public_id(ids.JOB, job_id)
        try:
            args: dict[str, Any] = parse(EXECUTE_JOB_IN, request)
        except ValidationFailed:
            # A job that does not exist outranks a body that is wrong (contract §3.1).
            selectors.check_job_exists(job_id=key, user_id=current_user(request).id)
            raise
        job = services.execute_job(user_id=current_user(request).id, job_id=key, **args)
        return Response(queued_job_out(job), status=202)

    @idempotent
    def cancel(self, request: Request, job_id: str) -> Response:
        job, settlement = services.cancel_job(
            user_id=current_user(request).id, job_id=ids.parse_public_id(ids.JOB, job_id)
        )
        return Response(canceled_job_out(job, settlement))
