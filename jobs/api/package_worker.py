"""The internal API of the workers that make packages: claim and callback, as of photos."""

from django.conf import settings
from rest_framework.request import Request

from jobs.api.package_requests import PackageClaimIn, PackageResultIn
from jobs.api.throttles import refuse_worker
from jobs.api.worker import WorkerView
from jobs.api.worker_shapes import (
    PackageClaimOut,
    PackageResultOut,
    package_claim_out,
    package_result_out,
)
from jobs.errors import JobNotFound, PackageNotFound
from jobs.lifecycle.packages import claim_package, record_package_result
from jobs.models import PackageResult
from jobs.presets import template_alias
from jobs.storage.worker_urls import sign_package_urls
from jobs.worker_tokens import WorkerToken
from s3project import ids
from s3project.api.answers import Answer
from s3project.api.operation import Operation
from s3project.ids import JobId

PACKAGE_RESULT_IN = PackageResultIn()
PACKAGE_CLAIM_IN = PackageClaimIn()


def check_reach(request: Request, template: str, edition: int, attempt: int) -> None:
    """Raises CallbackUnauthorized, or Throttled, where the request's token is not good for this
    edition of the package, or for an attempt so early.
    """
    token = request.auth
    if isinstance(token, WorkerToken) and not token.opens_package(f"{template}.{edition}", attempt):
        raise refuse_worker(request._request)


class PackageCallbackView(WorkerView):
    """POST /jobs/{id}/packages/{template}/callback"""

    @Operation(
        "record_package_result",
        body=PACKAGE_RESULT_IN,
        body_examples={
            "ready": {
                "edition": 1,
                "attempt": 1,
                "status": "ready",
                "files": 3,
                "bytes": 1_204_113,
            },
            "failed": {
                "edition": 1,
                "attempt": 2,
                "status": "failed",
                "error": "a result could not be read",
            },
        },
        errors=[JobNotFound, PackageNotFound],
    )
    def post(self, request: Request, job_id: JobId, template: str) -> Answer[PackageResultOut]:
        """Report that a package is made, or cannot be

        Archive and board are stored before. Safe to repeat; a
        result that changes nothing is answered `processed: false`.
        """
        template = template_alias(template)
        result = PackageResult(**self.parse(PACKAGE_RESULT_IN, request, job_id))
        check_reach(request, template, result.edition, result.attempt)
        job, effect = record_package_result(
            job_id=ids.parse_public_id(ids.JOB, job_id), template=template, result=result
        )
        return Answer(package_result_out(job, effect))


class PackageClaimView(WorkerView):
    """POST /jobs/{id}/packages/{template}/claim"""

    @Operation(
        "claim_package",
        body=PACKAGE_CLAIM_IN,
        body_examples={
            "begin": {"edition": 1, "attempt": 1, "worker": "gpu-7:4242"},
            "without a storage key": {
                "edition": 1,
                "attempt": 1,
                "worker": "gpu-7:4242",
                "urls": True,
                "items": [0],
                "masks": ["Wall"],
                "photos": [{"idx": 0, "sha256": "9f86d081" * 8}],
            },
        },
        errors=[JobNotFound, PackageNotFound],
    )
    def post(self, request: Request, job_id: JobId, template: str) -> Answer[PackageClaimOut]:
        """Start or renew the lease of a package

        Not granted under another worker's live lease, once it has ended or was asked for again,
        and when the job has expired. With `urls` a worker needs no key to the storage.
        """
        template = template_alias(template)
        args = self.parse(PACKAGE_CLAIM_IN, request, job_id)
        check_reach(request, template, args["edition"], args["attempt"])
        items, asked = args.pop("items"), args.pop("asked")
        args.pop("running")
        job, photos = claim_package(
            job_id=ids.parse_public_id(ids.JOB, job_id), template=template, **args
        )
        lease, urls = settings.WORK_LEASE, None
        if asked is not None and photos is not None:
            urls = sign_package_urls(
                job.user_id,
                job.id,
                (template, args["edition"]),
                {idx: photos[idx] for idx in set(items) & photos.keys()},
                asked,
                lease=lease,
            )
        granted = photos is not None
        return Answer(
            package_claim_out(job, granted, lease_seconds=int(lease.total_seconds()), urls=urls)
        )
