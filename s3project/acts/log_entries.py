"""What operators did in the admin, as Django notes it: beside the audit log, which has the reasons,
it names the page."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from s3project import ids
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import moment_column, prose, user_link

KINDS = {str(ADDITION): "added", str(CHANGE): "changed", str(DELETION): "deleted"}


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(KINDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(action_flag=chosen) if chosen in KINDS else queryset


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin[LogEntry], SearchById[LogEntry]):
    list_display = (moment_column("action_time", "when"), "who", "what", "object", "words")
    list_display_links = None
    list_filter = (KindFilter, "action_time")
    list_select_related = ("user", "content_type")
    # In this order only: any other would sort the whole table.
    sortable_by = ()
    ordering = ("-id",)
    search_fields = ("user__email",)
    search_help_text = "An operator's email, or what it was done to: job_…, u_…"
    id_lookups = {
        ids.JOB: lambda between: Q(object_id__range=[str(key) for key in between]),
        ids.USER: lambda between: (
            Q(object_id__range=[str(key) for key in between]) | Q(user__id__range=between)
        ),
    }
    fields = ("who", "what", "object", "words")

    @admin.display(description="operator")
    def who(self, entry: LogEntry) -> SafeString:
        return user_link(entry.user_id, entry.user.email)

    @admin.display(description="kind")
    def what(self, entry: LogEntry) -> str:
        return f"{entry.content_type or 'something'} {KINDS.get(str(entry.action_flag), '')}"

    @admin.display(description="object")
    def object(self, entry: LogEntry) -> SafeString | str:
        url = None if entry.is_deletion() else entry.get_admin_url()
        if not url:
            return entry.object_repr
        return format_html('<a href="{}">{}</a>', url, entry.object_repr)

    @admin.display(description="what became of it")
    def words(self, entry: LogEntry) -> SafeString:
        return prose(entry.get_change_message())
