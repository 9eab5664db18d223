"""The audit log, to read: newest first, by action, kind of actor, day, actor or object."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from s3project import ids
from s3project.acts.log_entries import LogEntryAdmin
from s3project.acts.models import Act
from s3project.acts.words import Action, ActorKind
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import NOTHING, as_json, badge, code, moment_column, prose, user_link

__all__ = ["ActAdmin", "LogEntryAdmin"]


class WordFilter(admin.SimpleListFilter):
    """One of the words, which are known without reading the table."""

    words: type[Action | ActorKind]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word.value, word.value) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Act]) -> QuerySet[Act]:
        chosen = self.value()
        return queryset.filter(**{str(self.parameter_name): chosen}) if chosen else queryset


class ActionFilter(WordFilter):
    title = parameter_name = "action"
    words = Action


class ActorFilter(WordFilter):
    title, parameter_name = "actor", "actor_kind"
    words = ActorKind


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin[Act], SearchById[Act]):
    list_display = (
        moment_column("created_at", "when"),
        "what",
        "who",
        "address",
        "whom",
        "why",
    )
    list_filter = (ActionFilter, ActorFilter, "created_at")
    # In this order only: any other would sort the whole table.
    sortable_by = ()
    ordering = ("-id",)
    search_fields = ("object_id",)
    search_help_text = "Public ids of whom it was about or of who did it: u_…, job_…"
    id_lookups = {
        ids.USER: lambda between: (
            Q(object_id__range=[ids.public_id(ids.USER, key) for key in between])
            | Q(actor_id__range=between)
        ),
        ids.JOB: lambda between: Q(
            object_id__range=[ids.public_id(ids.JOB, key) for key in between]
        ),
        ids.ACT: lambda between: Q(pk__range=between),
    }
    fields = ("what", "who", "address", "whom", "reason", "request_id", "facts")

    def search_text(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[Act], bool]:
        """By a whole id of another kind: an index finds it."""
        return (queryset.filter(object_id=text.strip()) if text else queryset), False

    @admin.display(description="action")
    def what(self, act: Act) -> SafeString:
        return badge(act.action)

    @admin.display(description="actor")
    def who(self, act: Act) -> SafeString | str:
        if act.actor_id is not None:
            return user_link(act.actor_id, act.actor_name or None)
        return f"{act.actor_kind} {act.actor_name}"

    @admin.display(description="object")
    def whom(self, act: Act) -> SafeString | str:
        return code(act.object_id) if act.object_id else NOTHING

    @admin.display(description="reason")
    def why(self, act: Act) -> SafeString:
        return prose(act.reason)

    @admin.display(description="details")
    def facts(self, act: Act) -> SafeString:
        return as_json(act.details)
