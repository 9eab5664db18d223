"""What was told to the user's webhooks about a job."""

from datetime import timedelta

from django.utils import timezone

from jobs.models import JobCoordinator, WebhookDelivery
from s3project.admin.tables import NOTHING, Table, badge, code, moment

SHOWN = 50
# An event is written in the transaction that makes it happen; clocks may differ.
SLACK = timedelta(minutes=5)


def deliveries(job: JobCoordinator) -> Table:
    """Through the endpoints of the user, whose deliveries are in the order of time: only the time
    in which the job was unfinished is read. One query.
    """
    end = (job.finished_at or timezone.now()) + SLACK
    found = WebhookDelivery.objects.filter(
        webhook__user_id=job.user_id,
        created_at__range=(job.created_at - SLACK, end),
        job_id=job.id,
    ).order_by("created_at", "id")
    return Table(
        title="Webhooks told",
        headings=("Delivery", "Event", "Photo", "Status", "Tries", "Answer", "Error", "When (UTC)"),
        rows=[
            (
                code(one.public_id),
                one.type,
                NOTHING if one.idx is None else one.idx,
                badge(one.status),
                one.attempts,
                one.response_status or NOTHING,
                one.error or NOTHING,
                moment(one.last_try_at or one.created_at),
            )
            for one in found[:SHOWN]
        ],
        empty="Nobody was told: the user has no webhook that wants it, or it is too long ago.",
    )
