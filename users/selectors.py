"""Reading users' accounts."""

from uuid import UUID

from s3project.pages import Listing, Page, PageRequest
from users.models import BillingEvent

LEDGER = Listing(BillingEvent)


def list_billing_events(*, user_id: UUID, page: PageRequest) -> Page[BillingEvent]:
    """The user's ledger, newest first. One query."""
    return LEDGER.take("user_id = %s", [user_id], page)
