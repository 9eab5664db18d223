"""What was packed of a done job."""

from jobs import keys
from jobs.admin.lease import lease
from jobs.models import JobCoordinator
from s3project.admin.sizes import size
from s3project.admin.tables import NOTHING, Table, badge, prose


def packages(job: JobCoordinator) -> Table:
    """At most one of each template. One query."""
    return Table(
        title="Packages",
        headings=("Template", "Edition", "Status", "Attempt", "Worker", "Files", "Size", "Error"),
        rows=[
            (
                package.template,
                package.edition,
                badge(package.status),
                package.attempt or NOTHING,
                lease(package),
                package.files or NOTHING,
                size(package.bytes) if package.bytes else NOTHING,
                prose(package.error),
            )
            for package in job.packages.order_by("id")
        ],
        empty="Nobody asked for one.",
        more=f"Stored below {keys.packages_prefix(job.user_id, job.id)}",
    )
