"""Users: who they are, what they may do, and their money on one page."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin.page import Button
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    NOTHING,
    Cell,
    Table,
    badge,
    code,
    job_link,
    list_link,
    moment,
    moment_column,
    ref_link,
)
from users.admin.on_users import end_sessions, move_to
from users.models import Reservation, User, UserLimiter
from users.plans import PLANS

NEWEST = 50


@admin.register(User)
class UserAdmin(SearchById[User]):
    """Only `is_active` is edited here, and an operator's rights by superusers; the plan moves
    through the service, the money not at all. `manage.py ensure_operator` makes operators.
    """

    list_display = (
        "public_id_column",
        "email_column",
        "plan_column",
        "credits",
        "active_jobs",
        "rule_slots",
        "is_active",
        moment_column("created_at", "created"),
    )
    list_filter = ("plan", "is_active", "is_staff", "created_at")
    list_select_related = ("limiter",)
    ordering = ("-id",)
    search_fields = ("email",)
    search_help_text = "An email, or public ids: u_…, or the job_… of a user's job."
    id_lookups = {
        ids.USER: lambda key: Q(pk=key),
        ids.JOB: lambda key: Q(limiter__reservations__job_id=key),
    }
    actions = [*(move_to(plan) for plan in PLANS), end_sessions]
    acted_on = True
    filter_horizontal = ("groups", "user_permissions")

    READ_ONLY = (
        "public_id_column",
        "email_column",
        "plan_column",
        "auth_provider",
        "created",
        "last_seen",
        "credits",
        "active_jobs",
        "rule_slots",
    )
    RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        seen = ("created", "last_seen") if obj is not None and obj.is_staff else ("created",)
        identity = ("public_id_column", ("email_column", "auth_provider"), seen, "is_active")
        fieldsets: list[Any] = [(None, {"fields": identity})]
        if obj is not None and hasattr(obj, "limiter"):
            limits = ("plan_column", "credits", "active_jobs", "rule_slots")
            fieldsets.append(("Plan and limits", {"fields": (limits,)}))
        if obj is not None and obj.is_staff:
            fieldsets.append(("Operator", {"fields": self.RIGHTS}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        # Who could edit rights could give themselves any.
        return self.READ_ONLY if request.user.is_superuser else (*self.READ_ONLY, *self.RIGHTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Of an operator's account superusers only: who looks after customers must not be able to
        lock a colleague out. A deleted user is nobody, and comes back for nobody."""
        if obj is not None and obj.deleted_at is not None:
            return False
        above = obj is not None and (obj.is_staff or obj.is_superuser)
        allowed = super().has_change_permission(request, obj)
        return allowed and (not above or bool(request.user.is_superuser))

    def has_plan_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.change_user")

    def save_model(
        self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool
    ) -> None:
        """Writes what was edited and nothing else: a plan that moved meanwhile stays moved."""
        columns = {field.name for field in User._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in columns])
        self._record_changes(request, obj, form.changed_data)

    def _record_changes(self, request: HttpRequest, user: User, changed: Sequence[str]) -> None:
        actions = []
        if "is_active" in changed:
            actions.append(Action.USER_REACTIVATED if user.is_active else Action.USER_DEACTIVATED)
        rights = [name for name in changed if name in self.RIGHTS]
        if rights:
            actions.append(Action.RIGHTS_CHANGED)
        for action in actions:
            record_act(
                action,
                actor=Actor.operator(request),
                kind=ObjectKind.USER,
                object_id=user.public_id,
                details={
                    "changed": rights,
                    "is_staff": user.is_staff,
                    "is_superuser": user.is_superuser,
                },
            )

    def buttons(self, request: HttpRequest, obj: User) -> Sequence[Button]:
        if not hasattr(obj, "limiter") or not self.has_plan_permission(request):
            return ()
        if obj.deleted_at is not None:
            return ()
        plans = [Button(f"Move to plan {p}…", f"move_to_{p}") for p in PLANS if p != obj.plan]
        return [*plans, Button("End all sessions…", "end_sessions")]

    def tables(self, request: HttpRequest, obj: User) -> Sequence[Table]:
        if not hasattr(obj, "limiter"):
            return ()
        return [open_reservations(obj.limiter), newest_billing_events(obj)]

    # --- Columns -----------------------------------------------------------------------------

    @admin.display(description="user", ordering="id")
    def public_id_column(self, user: User) -> SafeString:
        return code(user.public_id)

    @admin.display(description="email", ordering="email")
    def email_column(self, user: User) -> str:
        return user.email or NOTHING

    @admin.display(description="plan", ordering="plan")
    def plan_column(self, user: User) -> str:
        return user.plan if hasattr(user, "limiter") else NOTHING

    @admin.display(description="created (UTC)")
    def created(self, user: User) -> str:
        return moment(user.created_at)

    @admin.display(description="last login (UTC)")
    def last_seen(self, user: User) -> str:
        return moment(user.last_login)

    @admin.display(description="credits", ordering="limiter__credits")
    def credits(self, user: User) -> Cell:
        return user.limiter.credits if hasattr(user, "limiter") else NOTHING

    @admin.display(description="unfinished jobs", ordering="limiter__active_jobs")
    def active_jobs(self, user: User) -> str:
        if not hasattr(user, "limiter"):
            return NOTHING
        return f"{user.limiter.active_jobs} of {PLANS[user.plan].max_concurrency}"

    @admin.display(description="saved rules", ordering="limiter__rule_slots_used")
    def rule_slots(self, user: User) -> str:
        if not hasattr(user, "limiter"):
            return NOTHING
        return f"{user.limiter.rule_slots_used} of {PLANS[user.plan].max_rules}"


def open_reservations(limiter: UserLimiter) -> Table:
    """The jobs that hold a slot. A plan's concurrency bounds them; the slice bounds a fault."""
    rows: QuerySet[Reservation] = limiter.reservations.filter(released_at__isnull=True)
    return Table(
        title="Open reservations",
        headings=("Job", "Photos", "Reserved (UTC)"),
        rows=[(job_link(r.job_id), r.item_count, moment(r.reserved_at)) for r in rows[:NEWEST]],
        empty="No unfinished job holds credits or a slot.",
        more=list_link("jobs_jobcoordinator", limiter.user.public_id, "All jobs of this user"),
    )


def newest_billing_events(user: User) -> Table:
    """The end of the ledger; the list of billing events has all of it."""
    events = user.billing_events.all()[:NEWEST]
    return Table(
        title=f"Ledger, newest {NEWEST}",
        headings=("When (UTC)", "Type", "Amount", "Balance after", "For"),
        rows=[
            (
                moment(event.created_at),
                badge(event.type),
                f"{event.amount:+d}",
                event.balance_after,
                ref_link(event.ref),
            )
            for event in events
        ],
        empty="No credits ever moved.",
        more=list_link("users_billingevent", user.public_id, "The whole ledger of this user"),
    )
