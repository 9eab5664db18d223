"""Saved rules, to browse."""

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString

from jobs.admin.filters import RulePresetFilter
from jobs.models import Rule
from s3project import ids
from s3project.admin.page import ReadOnlyAdmin
from s3project.admin.search import SearchById
from s3project.admin.tables import (
    NOTHING,
    as_json,
    code,
    moment,
    moment_column,
    user_link,
    user_link_in_full,
)
from users.models import User


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin[Rule], SearchById[Rule]):
    is_small = True
    list_display = (
        "public_id_column",
        "name",
        "user_column",
        "preset_id",
        moment_column("created_at", "created"),
        moment_column("updated_at", "updated"),
    )
    list_filter = (RulePresetFilter, "created_at")
    list_prefetch_related = ("user",)
    ordering = ("-id",)
    search_fields = ("name", "user__email")
    search_help_text = "A name, a user's email, or public ids: rule_…, u_…"
    id_lookups = {
        ids.RULE: lambda between: Q(pk__range=between),
        ids.USER: lambda between: Q(user__id__range=between),
    }
    id_ends = {ids.USER: User}
    fields = (
        "public_id_column", "name", "owner", "preset_id", "work", "protected",
        ("created", "updated"),
    )  # fmt: skip

    @admin.display(description="rule", ordering="id")
    def public_id_column(self, rule: Rule) -> SafeString:
        return code(rule.public_id)

    @admin.display(description="user")
    def user_column(self, rule: Rule) -> SafeString:
        return user_link(rule.user_id, rule.user.email)

    @admin.display(description="user")
    def owner(self, rule: Rule) -> SafeString:
        return user_link_in_full(rule.user_id, rule.user.email)

    @admin.display(description="concepts")
    def work(self, rule: Rule) -> SafeString:
        return as_json(rule.concepts)

    @admin.display(description="protect")
    def protected(self, rule: Rule) -> str:
        return ", ".join(rule.protect) or NOTHING

    @admin.display(description="created (UTC)")
    def created(self, rule: Rule) -> str:
        return moment(rule.created_at)

    @admin.display(description="updated (UTC)")
    def updated(self, rule: Rule) -> str:
        return moment(rule.updated_at)
