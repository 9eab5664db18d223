"""The public job API: parse, call one service or selector, answer."""

from collections.abc import Sequence
from typing import Annotated

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from jobs.api.advice_shapes import notice_keys, notice_keys_of_photos
from jobs.api.edits import EDIT_IN
from jobs.api.job_requests import ExecuteJobIn, NewJobIn, PhotoIn
from jobs.api.job_shapes import (
    CanceledJobOut,
    ConfirmedJobOut,
    CreatedJobOut,
    DeletedJobOut,
    JobOut,
    JobSummaryOut,
    QueuedJobOut,
    canceled_job_out,
    confirmed_job_out,
    created_job_out,
    deleted_job_out,
    job_out,
    job_summary_out,
    queued_job_out,
    watched_facts,
)
from jobs.api.read_with_user import AuthenticationWithJob, read_with_user
from jobs.api.throttles import CreateThrottle, DeleteThrottle
from jobs.errors import (
    AlreadyCanceled,
    InvalidTransition,
    JobNotFound,
    RuleNotFound,
    SourceGone,
    SourceUnconfirmed,
    StillAtWork,
)
from jobs.lifecycle import selectors, services
from jobs.lifecycle.line import LINE
from jobs.lifecycle.second_look import create_second_look
from jobs.states import JobState, JobStatus
from jobs.storage.uploads import Upload
from s3project import ids
from s3project.api.answers import Accepted, Answer, Created
from s3project.api.conditional import (
    cache_headers,
    client_has,
    is_conditional,
    not_modified,
    weak_etag,
)
from s3project.api.json_body import read_json_object
from s3project.api.operation import Operation
from s3project.api.pagination import PageAnswer, page_request
from s3project.api.views import ApiViewSet, validated
from s3project.errors import ValidationFailed
from s3project.ids import JobId
from s3project.logs.context import note
from s3project.schema import Schema
from s3project.wording import hint, listed, nearest, quoted
from users.api.auth import current_credential, current_user
from users.api.idempotency import answer_once, idempotent
from users.errors import ConcurrencyLimit, CreditsExhausted, ItemLimit, StorageQuota

NEW_JOB_IN = NewJobIn()
PHOTO_IN = PhotoIn()
EXECUTE_JOB_IN = ExecuteJobIn()
Statuses = Annotated[
    list[JobState], Schema("Only jobs in one of these states, separated by commas.", minItems=1)
]


class JobViewSet(ApiViewSet):
    """A user's jobs. Somebody else's job is answered like one that does not exist."""

    tag = "Jobs"
    limited = {"create": CreateThrottle, "destroy": DeleteThrottle}
    authentication_classes = (AuthenticationWithJob,)

    @Operation(
        "create_job",
        body=NEW_JOB_IN,
        body_examples={
            "two rooms": {"preset": "interior", "item_count": 2},
            "with names": {
                "preset": "interior",
                "items": [{"name": "kitchen.jpg", "bytes": 2_310_442}, {"name": "hall.jpg"}],
                "metadata": {"order": "2026-114"},
            },
            "the same photos again": {"source_job_id": "job_019ba9c9f1007dc68da4e43c570d4b19"},
            "what failed again": {
                "source_job_id": "job_019ba9c9f1007dc68da4e43c570d4b19",
                "only": "failed",
            },
        },
        errors=[
            JobNotFound,
            CreditsExhausted,
            ItemLimit,
            ConcurrencyLimit,
            StorageQuota,
            SourceUnconfirmed,
            SourceGone,
        ],
        result="The job is created and its credits are reserved.",
    )
    @idempotent
    def create(self, request: Request) -> Created[CreatedJobOut]:
        """Reserve the credits and get the upload URLs

        One credit for each photo. PUT each photo to its `url`: any Content-Type, no Authorization
        header, at most 25 MiB and 50 megapixels; JPEG, PNG, WebP, AVIF or HEIC, told by its bytes.
        Where you say how many `bytes` a photo has, its URL takes exactly so many.

        With `source_job_id` the job is over the photos of an earlier one, all of them or some, and
        `uploaded` at once. What was found in them is remembered: a second look costs the edit.
        """
        user_id, body = current_user(request).id, read_json_object(request._request)
        args = validated(NEW_JOB_IN, body)
        advice = notice_keys_of_photos(NEW_JOB_IN.known, PHOTO_IN, body)
        uploads: Sequence[Upload] = ()
        if "source_job_id" in args:
            job = create_second_look(user_id=user_id, **args)
        else:
            job, uploads = services.create_job(user_id=user_id, **args)
        note(job=job.public_id)
        lasts = settings.PRESIGNED_URL_SECONDS
        return Created(created_job_out(job, uploads, advice, expires_in=lasts))

    @Operation("list_jobs", query={"status": Statuses})
    def list(self, request: Request) -> PageAnswer[JobSummaryOut]:
        """Your jobs, newest first"""
        page = selectors.list_jobs(
            user_id=current_user(request).id,
            statuses=_statuses(request),
            page=page_request(request),
        )
        return PageAnswer(page, job_summary_out)

    @Operation("get_job", conditional=True, errors=[JobNotFound])
    def retrieve(self, request: Request, job_id: JobId) -> Answer[JobOut] | HttpResponse:
        """Where a job stands, and what is finished

        Made to be polled every few seconds with `If-None-Match`. URLs need no header and stay the
        same for up to 15 minutes; each names the file that it is saved as. A canceled job has no
        results but those that it was charged for.
        """
        user_id, watcher = current_user(request).id, current_credential(request)
        key, known = ids.parse_public_id(ids.JOB, job_id), read_with_user(request)
        if is_conditional(request):
            version, in_work = selectors.get_job_version(
                user_id=user_id, job_id=key, read=known.version
            )
            place = LINE.place_of(key) if in_work and key else None
            etag = weak_etag(f"{version} {watcher} {place}")
            if client_has(request, etag):
                return not_modified(etag)
        view = selectors.get_job(user_id=user_id, job_id=key, read=known.job)
        place = LINE.place_of(view.job.id) if view.job.is_in_work else None
        etag = weak_etag(f"{view.version} {watcher} {place}")
        out = job_out(watched_facts(view, place), view, watcher)
        return Answer(out, headers=cache_headers(etag))

    @Operation("confirm_upload", idempotent=True, errors=[JobNotFound, InvalidTransition])
    def confirm_upload(self, request: Request, job_id: JobId) -> Answer[ConfirmedJobOut]:
        """Say that the photos are there

        `missing` lists the photos that are absent, empty or over 25 MiB, `problems` says which of
        these. They do not block: each fails when its turn comes, and is refunded. A body is
        ignored.
        """
        user_id, key = current_user(request).id, ids.parse_public_id(ids.JOB, job_id)
        uploads = services.find_uploads(
            user_id=user_id, job_id=key, read=read_with_user(request).version
        )

        def confirm() -> Answer[ConfirmedJobOut]:
            job, problems = services.confirm_upload(user_id=user_id, job_id=key, uploads=uploads)
            return Answer(confirmed_job_out(job, problems))

        return answer_once(request, confirm)

    @Operation(
        "execute_job",
        body=EXECUTE_JOB_IN,
        body_examples={
            "concepts": {
                "concepts": {
                    "Wall": {"action": "recolor", "value": "#9db4a0"},
                    "Floor": {"action": "texture", "value": "oak"},
                    "Cabinet": {"action": "tone", "value": "bright"},
                },
                "protect": ["Ceiling"],
                "strict": True,
            },
            "rule": {"rule_id": "rule_019ba9c9f1007dc68da4e43c57114b19"},
            "nothing": {"concepts": {}, "output_template": "전후비교"},
        },
        errors=[JobNotFound, RuleNotFound, InvalidTransition, AlreadyCanceled],
        result="The job is queued.",
    )
    @idempotent
    def execute(self, request: Request, job_id: JobId) -> Accepted[QueuedJobOut]:
        """Say what to do, and start

        With `rule_id` the rule's edits are used as they are now, instead of those in the body.
        `warnings` says what will not happen as it is written; with `strict` any of that is 400
        instead, and nothing has happened.
        """
        key = ids.parse_public_id(ids.JOB, job_id)
        try:
            body = read_json_object(request._request)
            args = validated(EXECUTE_JOB_IN, body)
        except ValidationFailed:
            # A job that does not exist outranks a body that is wrong (contract §3.1).
            selectors.check_job_exists(job_id=key, user_id=current_user(request).id)
            raise
        job, advice = services.execute_job(
            user_id=current_user(request).id,
            job_id=key,
            noticed=notice_keys(EXECUTE_JOB_IN, EDIT_IN, body),
            **args,
        )
        return Accepted(queued_job_out(job, advice))

    @Operation("cancel_job", errors=[JobNotFound, InvalidTransition, AlreadyCanceled])
    @idempotent
    def cancel(self, request: Request, job_id: JobId) -> Answer[CanceledJobOut]:
        """Cancel

        Possible until the job is done. All credits come back and what was finished is deleted;
        where the operator charges for finished photos, those stay and the others come back. A
        failed job has been refunded already: it is only named canceled. A body is ignored.
        """
        job, settlement = services.cancel_job(
            user_id=current_user(request).id, job_id=ids.parse_public_id(ids.JOB, job_id)
        )
        return Answer(canceled_job_out(job, settlement))

    @Operation("delete_job", errors=[JobNotFound, StillAtWork])
    @idempotent
    def destroy(self, request: Request, job_id: JobId) -> Answer[DeletedJobOut]:
        """Delete the photos and results of a finished job

        They go at once; the job stays in your list, `expired`, and so does what it cost. Photos
        that another job of yours uses stay for it.
        """
        services.delete_job(
            user_id=current_user(request).id, job_id=ids.parse_public_id(ids.JOB, job_id)
        )
        return Answer(deleted_job_out(job_id))


def _statuses(request: Request) -> set[JobStatus]:
    """`?status=queued,running`, also given several times; empty where the parameter is absent.

    Raises ValidationFailed.
    """
    names = [name for given in request.query_params.getlist("status") for name in given.split(",")]
    known = JobStatus.values
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        text = f"Must be one or more of {listed(known, 'and')}, not {quoted(unknown)}."
        raise ValidationFailed({"status": [text + hint(nearest(unknown, known))]})
    return set(map(JobStatus, names))
