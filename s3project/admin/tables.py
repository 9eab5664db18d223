"""Read-only tables and cells of the admin's pages."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from s3project import ids

Cell = SafeString | str | int
NOTHING = "–"
SHORT = 20  # characters of an id: those of its time, and some


@dataclass(frozen=True)
class Table:
    """`more` is a remark or a link below the rows; `empty` stands for no rows."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str
    more: SafeString | str = ""

    template: ClassVar[str] = "s3project/admin/table.html"


def moment(value: datetime | None) -> str:
    """To the second, in UTC, sortable by eye."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else NOTHING


def moment_column(field: str, description: str, *, ordering: str = "") -> Callable[[Any], str]:
    """A list's column that shows a time as `moment` does; sorted by another column where that has
    the same order and an index."""

    @admin.display(description=f"{description} (UTC)", ordering=ordering or field)
    def column(row: Model) -> str:
        return moment(getattr(row, field))

    # The name that Django puts on the column's cells.
    column.__name__ = field
    return column


def code(text: str) -> SafeString:
    """An id or a key: to be copied, never broken."""
    return format_html("<code>{}</code>", text)


def short_code(text: str) -> SafeString:
    """The beginning of an id, for rows; it is long enough to be found by."""
    return format_html('<code title="{}">{}…</code>', text, text[:SHORT])


def object_name(key: str) -> SafeString | str:
    """A storage key by its last part: the rest is the same for all of a job."""
    name = key.rpartition("/")[2]
    return format_html('<code title="{}">{}</code>', key, name) if name else NOTHING


def badge(text: str) -> SafeString:
    """A state, told apart by its colour (admin.css)."""
    return format_html('<span class="badge {}">{}</span>', text.replace(" ", "-"), text)


def prose(text: str) -> SafeString:
    """A text that may be long: it wraps."""
    return format_html('<span class="prose">{}</span>', text or NOTHING)


def as_json(value: Any) -> SafeString:
    return format_html(
        '<pre class="json">{}</pre>', json.dumps(value, ensure_ascii=False, indent=2)
    )


def user_link(user_id: UUID, email: str | None = None) -> SafeString:
    """Short, for rows: the email, or the end of the id; users of one day share its beginning."""
    url = reverse("admin:users_user_change", args=[user_id])
    public_id = ids.public_id(ids.USER, user_id)
    label = email or code(f"{ids.USER}_…{public_id[-10:]}")
    return format_html('<a href="{}" title="{}">{}</a>', url, public_id, label)


def user_link_in_full(user_id: UUID, email: str | None = None) -> SafeString:
    """For a user's own line on a page: the whole id, and the email."""
    url = reverse("admin:users_user_change", args=[user_id])
    public_id = code(ids.public_id(ids.USER, user_id))
    return format_html('<a href="{}">{}</a> {}', url, public_id, email or "")


def job_link(job_id: UUID) -> SafeString:
    # By the page's name: `users` imports nothing of `jobs`.
    url = reverse("admin:jobs_jobcoordinator_change", args=[job_id])
    return format_html('<a href="{}">{}</a>', url, code(ids.public_id(ids.JOB, job_id)))


def ref_link(ref: str | None) -> Cell:
    """What a billing event belongs to: a link when it is a job or an act."""
    if job_id := ids.parse_public_id(ids.JOB, ref or ""):
        return job_link(job_id)
    if act_id := ids.parse_public_id(ids.ACT, ref or ""):
        return act_link(act_id, "an operator's act")
    return ref or NOTHING


def webhook_link(webhook_id: UUID) -> SafeString:
    url = reverse("admin:jobs_webhook_change", args=[webhook_id])
    return format_html('<a href="{}">{}</a>', url, code(ids.public_id(ids.WEBHOOK, webhook_id)))


def act_link(act_id: UUID, label: str) -> SafeString:
    """To a row of the audit log: who did it, and why."""
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:acts_act_change", args=[act_id]), label
    )


def list_link(model: str, query: str, label: str) -> SafeString:
    """A list (`users_billingevent`) narrowed by a search."""
    url = reverse(f"admin:{model}_changelist", query={"q": query})
    return format_html('<a href="{}">{}</a>', url, label)
