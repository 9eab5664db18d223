"""Reading users' accounts."""

from uuid import UUID

from s3project.pages import Page, PageRequest, take_page
from users.models import BillingEvent


def list_billing_events(*, user_id: UUID, page: PageRequest) -> Page[BillingEvent]:
    """The user's ledger, newest first. One query."""
    return take_page(BillingEvent.objects.filter(user_id=user_id), page)
