"""The question that is asked before an action that costs somebody something: why?"""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from s3project.acts.models import MAX_REASON
from s3project.admin.page import M, PageAdmin
from s3project.admin.tables import Table

CONFIRMED = "confirmed"
REASON = "reason"
# Each is a transaction of its own, and the operator waits for all of them.
MAX_AT_ONCE = 200


def chosen(
    model_admin: PageAdmin[M], request: HttpRequest, queryset: "QuerySet[M]", *, noun: str
) -> list[M] | None:
    """The rows to act on; None, and the operator is told, when they are too many."""
    rows = list(queryset[: MAX_AT_ONCE + 1])
    if len(rows) <= MAX_AT_ONCE:
        return rows
    model_admin.message_user(request, f"At most {MAX_AT_ONCE} {noun} at once.", messages.ERROR)
    return None


def given_reason(request: HttpRequest) -> str | None:
    """Why the operator does it, for the audit log; None where that was not asked yet, or not
    answered."""
    if CONFIRMED not in request.POST:
        return None
    return request.POST.get(REASON, "").replace("\0", "").strip()[:MAX_REASON] or None


def ask(
    model_admin: PageAdmin[M],
    request: HttpRequest,
    *,
    action: str,
    title: str,
    warning: str,
    table: Table,
    selected: Sequence[Any],
    button: str,
    irrevocable: bool = True,
) -> TemplateResponse:
    """A page with what will happen; its button posts the same action again, with the reason."""
    from_page = PageAdmin.FROM_PAGE in request.POST
    context = {
        **admin.site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "title": title,
        "warning": warning,
        "table": table,
        "action": action,
        "selected": selected,
        "button": button,
        "confirmed_name": CONFIRMED,
        "reason_name": REASON,
        "reason_is_missing": CONFIRMED in request.POST,
        "max_reason": MAX_REASON,
        "irrevocable": irrevocable,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "from_page": from_page,
        "back_url": model_admin.page_url(selected[0]) if from_page else request.get_full_path(),
    }
    return TemplateResponse(request, "s3project/admin/confirm.html", context)
