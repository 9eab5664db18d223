"""The internal API of the GPU workers: claim and callback (contract §4)."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from jobs.api.throttles import refuse_worker
from jobs.api.worker_requests import ClaimIn, ItemResultIn
from jobs.api.worker_shapes import ClaimOut, ItemResultOut, claim_out, item_result_out
from jobs.errors import CallbackUnauthorized, IdempotencyConflict, InvalidTransition, JobNotFound
from jobs.lifecycle import selectors, services
from jobs.lifecycle.metrics import count_claim, count_result
from jobs.lifecycle.worker_backends import note_worker
from jobs.models import ItemResult
from jobs.result_keys import attempt_of
from jobs.storage.worker_urls import sign_worker_urls
from jobs.worker_tokens import PREFIX, WorkerToken, read_worker_token
from s3project import ids
from s3project.api.answers import Answer
from s3project.api.bearer import bearer_of, bears_one_of
from s3project.api.operation import Operation
from s3project.api.views import ApiView, parse
from s3project.errors import RateLimited, ValidationFailed
from s3project.ids import JobId
from s3project.logs.context import HTTP_HEADER_IN_ENVIRON, caused_by, note

ITEM_RESULT_IN = ItemResultIn()
CLAIM_IN = ClaimIn()


class CallbackAuthentication(BaseAuthentication):
    """One of the shared secrets, several of which live at once while they are rotated, or the
    token of a message; CALLBACK_AUTH says which of the two are taken.

    Any failure is 403 CALLBACK_UNAUTHORIZED, before the job or the body is looked at, or 429
    RATE_LIMITED when the address failed often. Without a configured secret everything but a token
    is refused.
    """

    # What the documentation says of an endpoint behind it.
    scheme = "callback_secret"
    errors = (CallbackUnauthorized, RateLimited)

    def authenticate(self, request: Request) -> tuple[None, WorkerToken] | None:
        asked = request._request
        sent = bearer_of(asked)
        if settings.CALLBACK_AUTH != "secret" and sent.startswith(PREFIX):
            token = read_worker_token(sent, keys=settings.WORKER_TOKEN_KEYS)
            if token is not None and token.job_id == request.parser_context["kwargs"]["job_id"]:
                return None, token
        elif settings.CALLBACK_AUTH != "token" and bears_one_of(
            asked, settings.GPU_CALLBACK_SECRETS
        ):
            return None
        raise refuse_worker(asked)


def check_reach(request: Request, idxs: Collection[int], attempt: int | None) -> None:
    """Raises CallbackUnauthorized, or Throttled, where the request's token is not good for these
    items."""
    if isinstance(request.auth, WorkerToken) and not request.auth.opens(idxs, attempt):
        raise refuse_worker(request._request)


class WorkerView(ApiView):
    tag = "Internal"
    authentication_classes = (CallbackAuthentication,)
    permission_classes = ()
    throttle_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whose request the work belongs to is believed of whoever was let in."""
        super().initial(request, *args, **kwargs)
        caused_by(request._request.META.get(HTTP_HEADER_IN_ENVIRON))

    def parse(
        self, serializer: serializers.Serializer[Any], request: Request, job_id: str
    ) -> dict[str, Any]:
        """The body's values; a job that does not exist outranks a body that is wrong."""
        try:
            return parse(serializer, request)
        except ValidationFailed:
            selectors.check_job_exists(job_id=ids.parse_public_id(ids.JOB, job_id))
            raise


class CallbackView(WorkerView):
    """POST /jobs/{id}/callback"""

    @Operation(
        "record_item_result",
        body=ITEM_RESULT_IN,
        body_examples={
            "done": {
                "idx": 0,
                "status": "done",
                "idempotency_key": "job_019ba9c9f1007dc68da4e43c570d4b19:0:attempt1",
            },
            "with what was found": {
                "idx": 0,
                "status": "done",
                "instances": {
                    "Window": [
                        {"box": [0.125, 0.21, 0.336, 0.58], "share": 0.41, "score": 0.93},
                        {"box": [0.61, 0.2, 0.88, 0.6], "share": 0.59, "score": 0.9},
                    ]
                },
                "idempotency_key": "job_019ba9c9f1007dc68da4e43c570d4b19:0:attempt1",
            },
            "failed": {
                "idx": 1,
                "status": "failed",
                "error": "the photo was never uploaded",
                "idempotency_key": "job_019ba9c9f1007dc68da4e43c570d4b19:1:attempt1",
            },
        },
        errors=[JobNotFound, InvalidTransition, IdempotencyConflict],
    )
    def post(self, request: Request, job_id: JobId) -> Answer[ItemResultOut]:
        """Report the result of one photo

        Safe to repeat with the same key. A result that changes nothing is answered
        `processed: false`, so that the sender stops.
        """
        result = ItemResult(**self.parse(ITEM_RESULT_IN, request, job_id))
        note(photo=result.idx)
        check_reach(request, [result.idx], attempt_of(result.idempotency_key))
        job, effect = services.record_item_result(
            job_id=ids.parse_public_id(ids.JOB, job_id), result=result
        )
        count_result(result.status, processed=effect.processed)
        return Answer(item_result_out(job, effect))


class ClaimView(WorkerView):
    """POST /jobs/{id}/claim"""

    @Operation(
        "claim_items",
        body=CLAIM_IN,
        body_examples={
            "chunk": {"items": [0, 1, 2, 3], "attempt": 1, "worker": "gpu-7:4242"},
            "with its backend": {
                "items": [0],
                "attempt": 1,
                "worker": "gpu-7:4242",
                "backend": "onnx",
                "concepts": ["Wall", "Floor"],
            },
            "without a storage key": {
                "items": [3],
                "attempt": 1,
                "worker": "gpu-7:4242",
                "urls": True,
                "masks": ["Wall", "Floor"],
                "photos": [{"idx": 3, "sha256": "9f86d081" * 8}],
            },
        },
        errors=[JobNotFound],
    )
    def post(self, request: Request, job_id: JobId) -> Answer[ClaimOut]:
        """Start or renew the lease of some photos

        Settled photos, those under another worker's live lease and those of a finished job are
        not granted. With `urls` a worker needs no key to the storage: it is answered with a URL
        for each thing that it reads or writes, good as long as the lease.
        """
        args = self.parse(CLAIM_IN, request, job_id)
        note(photos=args["items"], attempt=args["attempt"])
        check_reach(request, args["items"], args["attempt"])
        running, asked = args.pop("running"), args.pop("asked")
        job, photos = services.claim_items(job_id=ids.parse_public_id(ids.JOB, job_id), **args)
        count_claim(asked=len(args["items"]), granted=len(photos))
        if running is not None:
            note_worker(args["worker"], running)
        lease = settings.WORK_LEASE
        urls = None
        if asked is not None:
            urls = sign_worker_urls(job.user_id, job.id, photos, asked, lease=lease)
        return Answer(claim_out(job, photos, lease_seconds=int(lease.total_seconds()), urls=urls))
