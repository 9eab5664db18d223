"""The public job API: parse, call one service or selector, answer."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.shapes import (
    CreateJobIn,
    ExecuteJobIn,
    canceled_job_out,
    confirmed_job_out,
    created_job_out,
    job_out,
    job_summary_out,
    preset_out,
    preset_summary_out,
    queued_job_out,
)
from jobs.lifecycle import selectors, services
from jobs.presets import PRESETS
from jobs.states import JobStatus
from s3project import ids
from s3project.api.conditional import cache_headers, client_has, not_modified, weak_etag
from s3project.api.pagination import PageResponse, page_request
from s3project.api.views import ApiViewSet, parse
from s3project.errors import NotFound, ValidationFailed
from users.api.auth import current_user
from users.api.idempotency import answer_once, idempotent

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

    def list(self, request: Request) -> Response:
        page = selectors.list_jobs(
            user_id=current_user(request).id,
            statuses=_statuses(request),
            page=page_request(request),
        )
        return PageResponse(page, job_summary_out)

    def retrieve(self, request: Request, job_id: str) -> HttpResponse:
        user_id = current_user(request).id
        key = ids.parse_public_id(ids.JOB, job_id)
        if "If-None-Match" in request.headers:
            etag = weak_etag(selectors.get_job_version(user_id=user_id, job_id=key))
            if client_has(request, etag):
                return not_modified(etag)
        view = selectors.get_job(user_id=user_id, job_id=key)
        return Response(job_out(view), headers=cache_headers(weak_etag(view.version)))

    def confirm_upload(self, request: Request, job_id: str) -> Response:
        user_id, key = current_user(request).id, ids.parse_public_id(ids.JOB, job_id)
        uploads = services.find_uploads(user_id=user_id, job_id=key)

        def confirm() -> Response:
            job, missing = services.confirm_upload(user_id=user_id, job_id=key, uploads=uploads)
            return Response(confirmed_job_out(job, missing))

        return answer_once(request, confirm)

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


def _statuses(request: Request) -> set[JobStatus]:
    """`?status=queued,running`, also given several times; empty where the parameter is absent.

    Raises ValidationFailed.
    """
    names = [name for given in request.query_params.getlist("status") for name in given.split(",")]
    if not set(names) <= set(JobStatus.values):
        allowed = ", ".join(JobStatus.values)
        raise ValidationFailed({"status": [f"Must be one or more of: {allowed}."]})
    return set(map(JobStatus, names))


class PresetViewSet(ApiViewSet):
    """The domain presets; they are part of the program, not of the database."""

    def list(self, request: Request) -> Response:
        return Response([preset_summary_out(preset) for preset in PRESETS.values()])

    def retrieve(self, request: Request, preset_id: str) -> Response:
        preset = PRESETS.get(preset_id)
        if preset is None:
            raise NotFound
        return Response(preset_out(preset))
