"""What a job holds and what it has cost."""

from django.utils.html import format_html

from jobs.models import JobCoordinator
from s3project.admin.tables import Cell, Table, badge, moment
from s3project.wording import counted
from users.models import BillingEvent, Reservation
from users.models.ledger import of_jobs


def money(job: JobCoordinator) -> Table:
    """Two queries."""
    reservation = Reservation.objects.filter(pk=job.id).first()
    events = BillingEvent.objects.filter(of_jobs(job.id, job.id)).order_by("created_at", "id")
    held: Cell = "no reservation"
    if reservation is not None:
        outcome = reservation.outcome or "open"
        since = moment(reservation.released_at or reservation.reserved_at)
        held = format_html(
            "Reservation of {}: {} since {} UTC",
            counted(reservation.item_count, "credit"),
            badge(outcome),
            since,
        )
    return Table(
        title="Money",
        headings=("When (UTC)", "Type", "Amount", "Balance after"),
        rows=[
            (moment(e.created_at), badge(e.type), f"{e.amount:+d}", e.balance_after) for e in events
        ],
        empty="No billing event names this job.",
        more=str(held),
    )
