"""Packages of a job, for its owner: parse, call one service or selector, answer."""

from rest_framework.request import Request

from jobs.api.package_requests import AskPackageIn
from jobs.api.package_shapes import PackageListOut, PackageOut, package_out
from jobs.api.throttles import PackageThrottle
from jobs.errors import JobNotFound, NothingToPack
from jobs.lifecycle import selectors
from jobs.lifecycle.packages import ask_for_package
from s3project import ids
from s3project.api.answers import Accepted, Answer
from s3project.api.operation import Operation
from s3project.api.views import ApiViewSet, parse
from s3project.errors import ValidationFailed
from s3project.ids import JobId
from users.api.auth import current_user
from users.api.idempotency import idempotent

ASK_PACKAGE_IN = AskPackageIn()


class PackageViewSet(ApiViewSet):
    """Sets made of the results of a job. Somebody else's job does not exist."""

    tag = "Jobs"
    limited = {"create": PackageThrottle}

    @Operation("list_packages", errors=[JobNotFound])
    def list(self, request: Request, job_id: JobId) -> Answer[PackageListOut]:
        """The packages of a job

        As in `packages` of the job. Those of a job that has expired are gone.
        """
        view = selectors.get_job(
            user_id=current_user(request).id, job_id=ids.parse_public_id(ids.JOB, job_id)
        )
        return Answer([package_out(view.job.preset, package) for package in view.packages])

    @Operation(
        "ask_for_package",
        body=ASK_PACKAGE_IN,
        body_examples={
            "before and after": {"template": "before_after"},
            "colours to choose from": {
                "template": "option_board",
                "options": {"colors": ["navy", "sage", "#c2674a"], "language": "en"},
            },
        },
        errors=[JobNotFound, NothingToPack],
        result="The package is being made, or will be soon.",
    )
    @idempotent
    def create(self, request: Request, job_id: JobId) -> Accepted[PackageOut]:
        """Ask for a package

        Of a done job, at no cost. The template is named by its id or its alias (GET
        /presets/{preset_id}). One that is there already is made anew.
        """
        user_id, key = current_user(request).id, ids.parse_public_id(ids.JOB, job_id)
        try:
            args = parse(ASK_PACKAGE_IN, request)
        except ValidationFailed:
            # A job that does not exist outranks a body that is wrong (contract §3.1).
            selectors.check_job_exists(job_id=key, user_id=user_id)
            raise
        package = ask_for_package(user_id=user_id, job_id=key, **args)
        view = selectors.PackageView(package.template, package.status, None, None, None, None, None)
        return Accepted(package_out(package.job.preset, view))
