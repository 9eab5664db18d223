"""Users: who they are, what they may do, and their money on one page.

`jobs.admin` shows it, with what it knows of their jobs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin.durations import duration
from s3project.admin.page import Button
from s3project.admin.panels import Figure, Figures, Tone
from s3project.admin.search import SearchById
from s3project.admin.sizes import size
from s3project.admin.tables import NOTHING, Cell, badge, code, moment, moment_column
from users.admin.deeds import (
    Deactivate,
    DeleteUser,
    EndSessions,
    Grant,
    MoveToPlan,
    Reactivate,
    Refund,
)
from users.admin.rights import groups_within, may_manage
from users.admin.user_tables import keys, newest_billing_events, open_reservations, sessions
from users.models import User
from users.plans import PLANS


class UserAdmin(SearchById[User]):
    """Customers are changed by acts only. Of operators the rights are edited, by those who may.
    `manage.py ensure_operator` makes operators.
    """

    is_small = True
    list_display = (
        "public_id_column",
        "email_column",
        "plan_column",
        "credits",
        "active_jobs",
        "storage",
        "state",
        moment_column("created_at", "created"),
    )
    list_filter = ("plan", "is_active", "is_staff", "created_at")
    list_select_related = ("limiter",)
    ordering = ("-id",)
    search_fields = ("email",)
    search_help_text = (
        "An email, or public ids or their beginnings: u_…, or the job_… of a job; or six or more "
        "digits of the end of one."
    )
    id_lookups = {
        ids.USER: lambda between: Q(pk__range=between),
        ids.JOB: lambda between: Q(limiter__reservations__job_id__range=between),
    }
    id_ends: ClassVar[Mapping[str, type[models.Model]]] = {ids.USER: User}
    deeds = (
        *(MoveToPlan(plan) for plan in PLANS),
        *(Grant(), Refund(), EndSessions(), Deactivate(), Reactivate(), DeleteUser()),
    )
    actions = deeds
    acted_on = True
    filter_horizontal = ("groups", "user_permissions")

    READ_ONLY = (
        "public_id_column", "email_column", "auth_provider", "created", "last_seen",
    )  # fmt: skip
    RIGHTS = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")
    # Of these superusers only: they are beyond any group.
    HIGHEST = ("is_superuser", "user_permissions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).select_related("limiter")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        is_operator = obj is not None and obj.is_staff
        seen = ("created", "last_seen") if is_operator else ("created",)
        fieldsets: list[Any] = [
            (None, {"fields": ("public_id_column", ("email_column", "auth_provider"), seen)})
        ]
        if is_operator:
            fieldsets.append(("Operator", {"fields": self.RIGHTS}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.READ_ONLY if request.user.is_superuser else (*self.READ_ONLY, *self.HIGHEST)

    def formfield_for_manytomany(
        self, db_field: "models.ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Nobody gives what they have not: see `rights.py`."""
        if db_field.name == "groups":
            kwargs["queryset"] = groups_within(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return any(request.user.has_perm(f"users.{verb}_user") for verb in ("view", "change"))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Of an operator's account, by who may manage operators and has no less rights."""
        return obj is not None and obj.is_staff and may_manage(request.user, obj)

    def has_look_after_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.change_user")

    def has_bill_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.bill_user")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("users.delete_user")

    def save_model(
        self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool
    ) -> None:
        """Writes what was edited and nothing else."""
        columns = {field.name for field in User._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in columns])
        rights = [name for name in form.changed_data if name in self.RIGHTS]
        if rights:
            record_act(
                Action.RIGHTS_CHANGED,
                actor=Actor.operator(request),
                kind=ObjectKind.USER,
                object_id=obj.public_id,
                details={
                    "changed": rights,
                    "is_active": obj.is_active,
                    "is_staff": obj.is_staff,
                    "is_superuser": obj.is_superuser,
                },
            )

    def buttons(self, request: HttpRequest, obj: User) -> Sequence[Button]:
        if not hasattr(obj, "limiter"):
            return ()
        allowed = [
            deed
            for deed in self.deeds
            if getattr(self, f"has_{deed.permission}_permission")(request)
            and deed.name != f"move_to_{obj.plan}"
        ]
        return [button for deed in allowed if (button := deed.on_page(obj))]

    def head(self, request: HttpRequest, obj: User) -> Sequence[Any]:
        if not hasattr(obj, "limiter"):
            return ()
        plan, limiter = PLANS[obj.plan], obj.limiter
        state = "deleted" if obj.deleted_at else "active" if obj.is_active else "deactivated"
        counted_at = (
            f"{duration(timezone.now() - limiter.stored_at)} ago" if limiter.stored_at else ""
        )
        return [
            Figures(
                "",
                [
                    Figure("State", state, "", Tone.GOOD if obj.is_active else Tone.BAD),
                    Figure("Plan", plan.name, f"{plan.max_items_per_job} photos in a job"),
                    Figure("Credits", f"{limiter.credits:,}"),
                    Figure("Unfinished jobs", limiter.active_jobs, f"of {plan.max_concurrency}"),
                    Figure("Saved rules", limiter.rule_slots_used, f"of {plan.max_rules}"),
                    Figure("Storage", size(limiter.stored_bytes), counted_at),
                ],
            )
        ]

    def panels(self, request: HttpRequest, obj: User) -> Sequence[Any]:
        if not hasattr(obj, "limiter"):
            return ()
        return [
            open_reservations(obj.limiter),
            newest_billing_events(obj),
            sessions(obj),
            keys(obj),
        ]

    # --- Columns -----------------------------------------------------------------------------

    @admin.display(description="user", ordering="id")
    def public_id_column(self, user: User) -> SafeString:
        return code(user.public_id)

    # No order: hardly any customer has one, and all rows would be sorted for nothing.
    @admin.display(description="email")
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

    @admin.display(description="storage", ordering="limiter__stored_bytes")
    def storage(self, user: User) -> str:
        return size(user.limiter.stored_bytes) if hasattr(user, "limiter") else NOTHING

    @admin.display(description="state", ordering="is_active")
    def state(self, user: User) -> SafeString:
        kind = "operator" if user.is_staff else "on"
        return badge("deleted" if user.deleted_at else kind if user.is_active else "deactivated")
