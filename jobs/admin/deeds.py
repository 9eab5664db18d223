"""What operators do with jobs, each with a reason."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest

from jobs.admin.progress import progress_text
from jobs.errors import AlreadyCanceled, InvalidTransition, StillAtWork
from jobs.lifecycle import for_operators, services
from jobs.lifecycle.keeping import expires_at, is_expired
from jobs.models import JobCoordinator
from jobs.states import COMPLETED, TRANSITIONS, JobStatus
from s3project.acts.actor import Actor
from s3project.admin.acting import Deed, NotDone, Why
from s3project.admin.tables import Cell, badge, job_link, moment, user_link
from s3project.errors import DomainError
from s3project.wording import counted
from users.admin.deeds import MOST_CREDITS, REFUND_WARNING, refund
from users.for_operators import refundable


class JobDeed(Deed[JobCoordinator]):
    noun = "job"
    headings = ("Job", "User", "Status", "Progress", "Effect")

    def cells(self, row: JobCoordinator) -> Sequence[Cell]:
        return (
            job_link(row.id),
            user_link(row.user_id, row.user.email),
            badge(row.status),
            progress_text(row.progress),
            self.obstacle(row) or self.effect(row),
        )

    @abstractmethod
    def effect(self, row: JobCoordinator) -> str:
        """What will happen to a job that it can be done to."""


class Cancel(JobDeed):
    name, label, permission = "cancel_jobs", "Cancel", "cancel"
    warning = (
        "This cannot be undone. The photos made so far are deleted; the user gets back every "
        "credit of a job that was not finished."
    )
    irrevocable = True

    def title(self, count: int) -> str:
        return "Cancel this job?" if count == 1 else f"Cancel {counted(count, 'job')}?"

    def button(self, count: int) -> str:
        return "Cancel the job" if count == 1 else f"Cancel {counted(count, 'job')}"

    def obstacle(self, row: JobCoordinator) -> str:
        if row.status == JobStatus.CANCELED:
            return f"Nothing to do: {row} is already canceled."
        if JobStatus.CANCELED not in TRANSITIONS[JobStatus(row.status)]:
            return f"Not canceled: {row} is {row.status}."
        return ""

    def effect(self, row: JobCoordinator) -> str:
        if row.is_finished:
            return "renamed; its credits were given back when it failed"
        return f"{counted(row.total_items, 'credit')} to the user"

    def act(self, request: HttpRequest, row: JobCoordinator, given: Mapping[str, Any]) -> str:
        try:
            _, settlement = services.cancel_job(
                user_id=row.user_id,
                job_id=row.id,
                by=Actor.operator(request),
                reason=given["reason"],
            )
        except AlreadyCanceled:
            raise NotDone(f"Nothing to do: {row} is already canceled.") from None
        except InvalidTransition:
            raise NotDone(f"Not canceled: {row} is done.") from None
        return f"Canceled {row}: {counted(settlement.refunded, 'credit')} refunded."


class SendAgain(JobDeed):
    name, label, permission = "send_again", "Send stuck photos again", "help"
    warning = (
        "Photos that no worker has in hand are sent to the queue once more, at once. The "
        "maintenance worker does the same by itself when a lease has run out."
    )

    def obstacle(self, row: JobCoordinator) -> str:
        return "" if row.is_in_work else f"Not sent: {row} is {row.status}."

    def effect(self, row: JobCoordinator) -> str:
        return "what waits is sent again"

    def act(self, request: HttpRequest, row: JobCoordinator, given: Mapping[str, Any]) -> str:
        try:
            sent = for_operators.send_photos_again(
                user_id=row.user_id,
                job_id=row.id,
                by=Actor.operator(request),
                reason=given["reason"],
            )
        except for_operators.Refused as why:
            raise NotDone(f"Not sent: {why}") from None
        return f"Sent {counted(sent, 'photo')} of {row} again."


class RetryFailed(JobDeed):
    name, label, permission = "retry_failed", "Try failed photos again", "help"
    warning = (
        "A new job of the user over the photos that failed, with the same order. The user pays as "
        "for any job: for the photos that are made."
    )

    def obstacle(self, row: JobCoordinator) -> str:
        if row.status not in COMPLETED:
            return f"Not tried again: {row} is {row.status}."
        if not row.failed_items:
            return f"Not tried again: no photo of {row} failed."
        return f"Not tried again: the photos of {row} are gone." if is_expired(row) else ""

    def effect(self, row: JobCoordinator) -> str:
        return f"a new job of {counted(row.failed_items, 'photo')}"

    def act(self, request: HttpRequest, row: JobCoordinator, given: Mapping[str, Any]) -> str:
        try:
            job = for_operators.retry_failed(
                user_id=row.user_id,
                job_id=row.id,
                by=Actor.operator(request),
                reason=given["reason"],
            )
        except (for_operators.Refused, DomainError) as why:
            raise NotDone(f"Not tried again: {why}") from None
        return f"Tried {counted(job.total_items, 'photo')} of {row} again in {job}."


class DaysForm(Why):
    days = forms.IntegerField(
        label="Days to add:", min_value=1, max_value=for_operators.MOST_DAYS, initial=30
    )
    field_order = ("days", "reason")


class KeepLonger(JobDeed):
    name, label, permission = "keep_longer", "Keep for longer", "help"
    warning = "Photos and results stay downloadable for so many days more."
    headings = ("Job", "User", "Status", "Progress", "Kept until (UTC)")
    form = DaysForm

    def obstacle(self, row: JobCoordinator) -> str:
        if is_expired(row):
            return f"Not kept: the photos of {row} are gone."
        return "" if expires_at(row) else f"Not kept for longer: nothing ends the keeping of {row}."

    def effect(self, row: JobCoordinator) -> str:
        return moment(expires_at(row))

    def act(self, request: HttpRequest, row: JobCoordinator, given: Mapping[str, Any]) -> str:
        try:
            until = for_operators.keep_longer(
                user_id=row.user_id,
                job_id=row.id,
                days=given["days"],
                by=Actor.operator(request),
                reason=given["reason"],
            )
        except for_operators.Refused as why:
            raise NotDone(f"Not kept: {why}") from None
        return f"Photos and results of {row} are kept until {moment(until)} UTC."


class AmountForm(Why):
    amount = forms.IntegerField(label="Credits:", min_value=1, max_value=MOST_CREDITS)
    field_order = ("amount", "reason")


class Refund(JobDeed):
    """As on the user's page, of this job."""

    name, label, permission = "refund_credits", "Refund credits", "bill"
    warning = REFUND_WARNING
    headings = ("Job", "User", "Status", "Progress", "Can be given back")
    form = AmountForm
    at_once = 1

    def obstacle(self, row: JobCoordinator) -> str:
        if row.user.deleted_at is not None:
            return f"Not refunded: {row.user} has deleted the account."
        if not row.is_finished:
            return f"Not refunded: {row} is {row.status}."
        if not refundable(user_id=row.user_id, job_id=row.id):
            return f"Not refunded: nothing that {row} cost is left to give back."
        return ""

    def effect(self, row: JobCoordinator) -> str:
        left = refundable(user_id=row.user_id, job_id=row.id) or 0
        return f"up to {counted(left, 'credit')}"

    def act(self, request: HttpRequest, row: JobCoordinator, given: Mapping[str, Any]) -> str:
        return refund(request, row.user, row.id, given)


class DeletePhotos(JobDeed):
    name, label, permission = "delete_photos", "Delete photos and results", "delete_photos"
    warning = (
        "This cannot be undone. The user gets no credits back; photos that another job of the user "
        "is made of stay for it."
    )
    irrevocable = True

    def obstacle(self, row: JobCoordinator) -> str:
        if not row.is_finished:
            return f"Not deleted: {row} is not finished."
        if row.deleted_at is not None or row.storage_deleted_at is not None:
            return f"Nothing to do: the photos of {row} are deleted already."
        return ""

    def effect(self, row: JobCoordinator) -> str:
        return "photos, results and masks go"

    def act(self, request: HttpRequest, row: JobCoordinator, given: Mapping[str, Any]) -> str:
        try:
            was_there = services.delete_job(
                user_id=row.user_id,
                job_id=row.id,
                by=Actor.operator(request),
                reason=given["reason"],
            )
        except StillAtWork:
            raise NotDone(f"Not deleted: {row} is not finished.") from None
        if not was_there:
            raise NotDone(f"Nothing to do: the photos of {row} are deleted already.")
        return f"Deleted photos and results of {row}."


DEEDS = (Cancel(), SendAgain(), RetryFailed(), KeepLonger(), Refund(), DeletePhotos())
