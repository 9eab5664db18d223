"""Groups: rights that operators have together."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin.page import PageAdmin


@admin.register(Group)
class GroupAdmin(PageAdmin[Group]):
    """For superusers: whoever edits the rights of a group that they are in could give themselves
    any."""

    is_small = True
    ordering = ("name",)
    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def formfield_for_manytomany(
        self, db_field: "models.ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "permissions":
            # Each is shown with the name of its model.
            queryset = db_field.remote_field.model._default_manager.select_related("content_type")
            kwargs["queryset"] = queryset
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(
        self, request: HttpRequest, form: "ModelForm[Group]", formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed():
            self._record(request, form.instance, rights=form.instance.permissions.count())

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        self._record(request, obj, deleted=True)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: "models.QuerySet[Group]") -> None:
        for group in queryset:
            self.delete_model(request, group)

    def _record(self, request: HttpRequest, group: Group, **facts: int) -> None:
        record_act(
            Action.RIGHTS_CHANGED,
            actor=Actor.operator(request),
            kind=ObjectKind.GROUP,
            object_id=str(group.pk),
            details={"name": group.name, **facts},
        )
