"""The ledger: every change of a balance, once, for good."""

import re
from uuid import UUID

from django.db import models
from django.db.models import Q

from s3project import ids
from users.models.reservation import job_ref

# What an operator may call what a grant is for. Others than ours, whose meaning is known.
FREE_REF = re.compile(r"(?!(?:plan:|job_|act_))[A-Za-z0-9][A-Za-z0-9 ._:/#-]{0,59}")


class BillingEvent(models.Model):
    """One change of one user's balance (contract §1.3). A trigger refuses UPDATE and DELETE.

    `ref` names what the event belongs to: a job (`job_…`), the plan that a grant came with
    (`plan:pro`), what an operator's grant is for, in the operator's words (an invoice's number), or
    the act of the audit log that says so (`act_…`). The partial constraints make a second reserve,
    settlement, plan grant or grant for the same impossible, whatever the code above believes.
    """

    class Type(models.TextChoices):
        GRANT = "grant"
        RESERVE = "reserve"
        COMMIT = "commit"
        ROLLBACK = "rollback"
        REFUND = "refund"

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    # An index of its own begins with it.
    user = models.ForeignKey(
        "users.User", models.PROTECT, related_name="billing_events", db_index=False
    )
    type = models.CharField(max_length=16, choices=Type.choices)
    amount = models.IntegerField()
    balance_after = models.IntegerField()
    ref = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 (null is unique beside null)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "billing_events"
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=["user", "-created_at", "-id"], name="billing_user_created"),
            # Operators look for refunds among millions of others. (Not of refunds alone: a prepared
            # statement does not know which type is asked for.)
            models.Index(fields=["type", "-id"], name="billing_type"),
            models.Index(fields=["ref"], condition=Q(type="refund"), name="billing_refund_of_job"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["ref"], condition=Q(type="reserve"), name="billing_one_reserve_per_job"
            ),
            models.UniqueConstraint(
                fields=["ref"],
                condition=Q(type__in=["commit", "rollback"]),
                name="billing_one_settlement_per_job",
            ),
            models.UniqueConstraint(
                fields=["user", "ref"],
                condition=Q(type="grant", ref__isnull=False),
                name="billing_one_grant_per_plan",
            ),
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="billing_balance_gte_0"),
            models.CheckConstraint(
                condition=Q(type="reserve", amount__lt=0, ref__isnull=False)
                | Q(type__in=["commit", "rollback"], amount__gte=0, ref__isnull=False)
                | Q(type="grant", amount__gt=0)
                | Q(type="refund"),
                name="billing_amount_fits_type",
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.amount:+d}"


def of_jobs(first: UUID, last: UUID) -> Q:
    """The events that belong to the jobs with keys from `first` to `last`. Each kind is asked for
    by itself, since each has an index of its own; no grant belongs to a job."""
    refs = Q(ref__range=[job_ref(first), job_ref(last)])
    types = BillingEvent.Type
    return (
        Q(type=types.RESERVE) & refs
        | Q(type__in=[types.COMMIT, types.ROLLBACK]) & refs
        | Q(type=types.REFUND) & refs
    )
