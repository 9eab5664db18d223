"""Sending packages to the workers, by the rules of items: PostgreSQL is the truth, a message only a
hint; whatever is lost becomes due again and is sent again by the sweep.

They have a queue of their own: a package takes minutes, and no photo waits for one.
"""

from django.conf import settings
from django.db.models.functions import Now

from jobs.delivery.fair_share import level_of
from jobs.delivery.message import package_message
from jobs.delivery.publish import MAKE_PACKAGE, PACKAGES_QUEUE, Message, publish_all
from jobs.message_signing import signed
from jobs.models import JobPackage
from jobs.models.item import LEASE_OVER
from jobs.models.overtime import overtime_of
from jobs.states import PackageStatus
from s3project.rows import fetch_all
from users.plans import PLANS

READ_OVERTIME = f"SELECT {overtime_of('%s')}"


def dispatch_package(package_id: int, *, attempt: int = 1) -> bool:
    """Publishes a package and leases it to the queue; whether the broker took it.

    What is no longer pending by now is left. Not to be called inside a transaction.
    """
    package = JobPackage.objects.select_related("job", "job__user").filter(pk=package_id).first()
    if package is None or package.status != PackageStatus.PENDING:
        return True
    job = package.job
    message = signed(
        package_message(job, package, attempt=attempt).to_json(), settings.MESSAGE_KEYS
    )
    [(overtime_ms,)] = fetch_all(READ_OVERTIME, [job.user_id])
    level = level_of(
        job.done_items,
        size=settings.BATCH_CONCURRENCY,
        weight=PLANS[job.user.plan].weight,
        overtime_ms=overtime_ms,
    )
    if not publish_all(MAKE_PACKAGE, [Message([message], level)], queue=PACKAGES_QUEUE):
        return False
    # Runs without the job's lock, beside claims and other sweeps: only what is still due, and only
    # forwards.
    waiting = JobPackage.objects.filter(LEASE_OVER, pk=package_id, edition=package.edition)
    waiting.filter(status=PackageStatus.PENDING, attempt__lte=attempt).update(
        attempt=attempt, claimed_by="", lease_expires_at=Now() + settings.QUEUE_LEASE
    )
    return True
