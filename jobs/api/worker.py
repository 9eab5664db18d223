"""The internal API of the GPU workers: claim and callback (contract §4)."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.shapes import ClaimIn, ItemResultIn, claim_out, item_result_out
from jobs.errors import CallbackUnauthorized
from jobs.lifecycle import selectors, services
from jobs.models import ItemResult
from s3project import ids
from s3project.api.bearer import bears_one_of
from s3project.api.views import ApiView, parse
from s3project.errors import ValidationFailed

ITEM_RESULT_IN = ItemResultIn()
CLAIM_IN = ClaimIn()


class CallbackAuthentication(BaseAuthentication):
    """One of the shared secrets; several live at once while they are rotated.

    Any failure is 403 CALLBACK_UNAUTHORIZED, before the job or the body is looked at. Without a
    configured secret everything is refused.
    """

    def authenticate(self, request: Request) -> None:
        if not bears_one_of(request, settings.GPU_CALLBACK_SECRETS):
            raise CallbackUnauthorized


class WorkerView(ApiView):
    authentication_classes = (CallbackAuthentication,)
    permission_classes = ()

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

    def post(self, request: Request, job_id: str) -> Response:
        result = ItemResult(**self.parse(ITEM_RESULT_IN, request, job_id))
        job, effect = services.record_item_result(
            job_id=ids.parse_public_id(ids.JOB, job_id), result=result
        )
        return Response(item_result_out(job, effect))


class ClaimView(WorkerView):
    """POST /jobs/{id}/claim"""

    def post(self, request: Request, job_id: str) -> Response:
        args = self.parse(CLAIM_IN, request, job_id)
        job, granted = services.claim_items(job_id=ids.parse_public_id(ids.JOB, job_id), **args)
        lease_seconds = int(settings.WORK_LEASE.total_seconds())
        return Response(claim_out(job, granted, lease_seconds=lease_seconds))
