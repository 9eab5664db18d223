"""What operators do with users, each with a reason."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpRequest

from s3project import ids
from s3project.acts.actor import Actor
from s3project.admin.acting import Deed, NotDone, Why
from s3project.admin.tables import Cell, badge, user_link
from s3project.wording import counted
from users import for_operators, services
from users.models import User
from users.models.ledger import FREE_REF
from users.models.limiter import BalanceTooLarge

MOST_CREDITS = 1_000_000


class UserDeed(Deed[User]):
    """Something that is done to a user who has an account; never to an operator."""

    noun = "user"
    headings = ("User", "Plan", "Credits", "State")

    def obstacle(self, row: User) -> str:
        if row.deleted_at is not None:
            return f"Not done: {row} has deleted the account."
        if not hasattr(row, "limiter"):
            return f"Not done: {row} is an operator without a plan."
        return ""

    def cells(self, row: User) -> Sequence[Cell]:
        credits: Cell = row.limiter.credits if hasattr(row, "limiter") else "–"
        state = badge("on" if row.is_active else "deactivated")
        return (user_link(row.pk, row.email), row.plan, credits, self.obstacle(row) or state)


class MoveToPlan(UserDeed):
    """One for each plan."""

    permission = "bill"
    warning = "A plan that is reached for the first time brings its credits."

    def __init__(self, plan: str) -> None:
        self.plan = plan
        self.name = f"move_to_{plan}"  # type: ignore[misc]  # of each instance, here
        self.label = f"Move to plan {plan}"  # type: ignore[misc]  # as above
        super().__init__()

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        granted = services.set_plan(
            user_id=row.pk, plan=self.plan, actor=Actor.operator(request), reason=given["reason"]
        )
        return f"Moved {row}: {row.plan} → {self.plan}, {counted(granted, 'credit')} granted."


class GrantForm(Why):
    amount = forms.IntegerField(label="Credits:", min_value=1, max_value=MOST_CREDITS)
    ref = forms.RegexField(
        f"^{FREE_REF.pattern}$",
        label="For, in the ledger (an invoice, a ticket):",
        required=False,
        help_text="The user sees it. Nobody is granted credits twice for the same. Empty: the act "
        "of the audit log is named.",
        widget=forms.TextInput(attrs={"maxlength": 60, "autocomplete": "off"}),
    )
    field_order = ("amount", "ref", "reason")


class Grant(UserDeed):
    name, label, permission = "grant_credits", "Grant credits", "bill"
    warning = "A gift, or what was paid for. The ledger has it for good, and so has the audit log."
    form = GrantForm

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        try:
            balance = services.grant_credits(
                user_id=row.pk,
                amount=given["amount"],
                ref=given["ref"],
                actor=Actor.operator(request),
                reason=given["reason"],
            )
        except services.GrantedBefore as before:
            raise NotDone(f"Not done to {row}: {before}") from None
        except BalanceTooLarge:
            raise NotDone(f"Not done: {row} would have more than a balance can hold.") from None
        return f"Granted {counted(given['amount'], 'credit')} to {row}, balance {balance}."


class RefundForm(Why):
    job = forms.CharField(
        label="Job (job_…):", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    amount = forms.IntegerField(label="Credits:", min_value=1, max_value=MOST_CREDITS)
    field_order = ("job", "amount", "reason")

    def clean_job(self) -> Any:
        job_id = ids.parse_public_id(ids.JOB, self.cleaned_data["job"].strip().lower())
        if job_id is None:
            raise forms.ValidationError("Give the whole id of a job: nothing was done.")
        return job_id


REFUND_WARNING = (
    "Gives back what a finished job cost, or a part of it. Credits of photos that failed came back "
    "by themselves."
)


def refund(request: HttpRequest, user: User, job_id: UUID, given: Mapping[str, Any]) -> str:
    """What became of it. Raises NotDone."""
    try:
        balance = for_operators.refund_credits(
            user_id=user.pk,
            job_id=job_id,
            amount=given["amount"],
            actor=Actor.operator(request),
            reason=given["reason"],
        )
    except for_operators.Refused as why:
        raise NotDone(f"Not done: {why}") from None
    except BalanceTooLarge:
        raise NotDone(f"Not done: {user} would have more than a balance can hold.") from None
    return f"Refunded {counted(given['amount'], 'credit')} to {user}, balance {balance}."


class Refund(UserDeed):
    name, label, permission = "refund_credits", "Refund credits", "bill"
    warning = REFUND_WARNING
    form = RefundForm
    at_once = 1

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        return refund(request, row, given["job"], given)


class EndSessions(UserDeed):
    name, label, permission = "end_sessions", "Sign out everywhere", "look_after"
    warning = (
        "Every token ends at once; whoever has the device's secret can sign in again. API keys "
        "stay."
    )

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        ended = services.end_sessions(
            user_id=row.pk, actor=Actor.operator(request), reason=given["reason"]
        )
        return f"Ended {counted(ended, 'session')} of {row}."


class SetActive(UserDeed):
    permission = "look_after"
    active: ClassVar[bool]
    word: ClassVar[str]

    def obstacle(self, row: User) -> str:
        if row.is_active == self.active and row.deleted_at is None:
            return f"Nothing to do: {row} is {'active' if self.active else 'deactivated'} already."
        return super().obstacle(row)

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        try:
            for_operators.set_active(
                user_id=row.pk,
                active=self.active,
                actor=Actor.operator(request),
                reason=given["reason"],
            )
        except for_operators.Refused as why:
            raise NotDone(f"Nothing to do: {why}") from None
        return f"{self.word} {row}."


class Deactivate(SetActive):
    name, label, word, active = "deactivate", "Deactivate", "Deactivated", False
    warning = "No token and no key counts any more. Jobs that have begun go on to their end."


class Reactivate(SetActive):
    name, label, word, active = "reactivate", "Reactivate", "Reactivated", True
    warning = "Tokens and keys that have not ended count again."


class DeleteUser(UserDeed):
    name, label, permission = "delete_user", "Delete the account", "erase"
    warning = (
        "As the user's own DELETE /me: the account ends at once, and within a minute unfinished "
        "jobs are canceled and everything that the user wrote or sent is erased. The ledger keeps "
        "its numbers. This cannot be undone."
    )
    irrevocable = True
    at_once = 1

    def act(self, request: HttpRequest, row: User, given: Mapping[str, Any]) -> str:
        services.delete_user(user_id=row.pk, actor=Actor.operator(request), reason=given["reason"])
        return f"Deleted the account {row.public_id}."
