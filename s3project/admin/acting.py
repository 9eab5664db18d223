"""Acts of operators upon rows: asked about first, with a reason; then done one by one, and logged.

One kit for all of them, so that none of them can do without the question or the log.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from s3project.acts.models import MAX_REASON
from s3project.admin.page import Button, M, PageAdmin
from s3project.admin.tables import Cell, Table
from s3project.wording import counted

CONFIRMED = "confirmed"
# Each is a transaction of its own, and the operator waits for all of them.
MAX_AT_ONCE = 200


class Words(forms.CharField):
    """A text that is kept as it is, but for what no column takes."""

    def to_python(self, value: Any) -> str | None:
        return super().to_python(value.replace("\0", "") if isinstance(value, str) else value)


class Why(forms.Form):
    """What is asked before an act. Others ask for more."""

    reason = Words(
        label="Reason, for the audit log:",
        max_length=MAX_REASON,
        error_messages={"required": "Say why: nothing was done."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **options: Any) -> None:
        options.setdefault("label_suffix", "")
        super().__init__(data, **options)


class NotDone(Exception):
    """Why nothing was done to a row, as the operator reads it."""


class Deed(ABC, Generic[M]):
    """An act, as Django takes it for an action of a list; called with what was selected.

    `name` is what forms post, `label` what the menu and the button of a row's page say, and
    `permission` asks `has_<permission>_permission` of the page.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    permission: ClassVar[str]
    noun: ClassVar[str]
    warning: ClassVar[str]
    headings: ClassVar[Sequence[str]]
    irrevocable: ClassVar[bool] = False
    form: ClassVar[type[Why]] = Why
    # Where what is asked for differs from row to row, one at a time.
    at_once: ClassVar[int] = MAX_AT_ONCE

    def __init__(self) -> None:
        self.__name__ = self.name
        self.short_description = self.label
        self.allowed_permissions = [self.permission]

    # --- What each act says ------------------------------------------------------------------

    def obstacle(self, row: M) -> str:
        """Why it cannot be done to this row; empty where it can."""
        return ""

    @abstractmethod
    def cells(self, row: M) -> Sequence[Cell]:
        """The row in the question, one cell for each heading."""

    @abstractmethod
    def act(self, request: HttpRequest, row: M, given: Mapping[str, Any]) -> str:
        """Does it through a service; returns what became of it. Raises NotDone."""

    def answer(
        self, request: HttpRequest, row: M, given: Mapping[str, Any]
    ) -> HttpResponseBase | None:
        """What the operator gets after the act, of one row, in place of the page."""
        return None

    def title(self, count: int) -> str:
        return f"{self.label}?"

    def button(self, count: int) -> str:
        return self.label

    # --- The same for all --------------------------------------------------------------------

    def on_page(self, row: M) -> Button | None:
        """The button on the row's own page; None where it cannot be done."""
        if self.obstacle(row):
            return None
        return Button(f"{self.label}…", self.name, is_dangerous=self.irrevocable)

    def __call__(
        self, page: PageAdmin[M], request: HttpRequest, queryset: "QuerySet[M]"
    ) -> HttpResponseBase | None:
        rows = list(queryset[: self.at_once + 1])
        if len(rows) > self.at_once:
            text = f"At most {counted(self.at_once, self.noun)} at once."
            page.message_user(request, text, messages.ERROR)
            return None
        form = self.form(request.POST if CONFIRMED in request.POST else None)
        if all(self.obstacle(row) for row in rows):
            for row in rows:
                page.message_user(request, self.obstacle(row), messages.WARNING)
            return None
        if not form.is_valid():
            return self._ask(page, request, rows, form)
        done = [row for row in rows if self._act(page, request, row, form.cleaned_data)]
        return self.answer(request, done[0], form.cleaned_data) if len(done) == 1 else None

    def _act(
        self, page: PageAdmin[M], request: HttpRequest, row: M, given: Mapping[str, Any]
    ) -> bool:
        try:
            if obstacle := self.obstacle(row):
                raise NotDone(obstacle)
            text = self.act(request, row, given)
        except NotDone as why:
            page.message_user(request, str(why), messages.WARNING)
        except OperationalError:
            text = f"Not done: {row} is busy right now, try again."
            page.message_user(request, text, messages.ERROR)
        else:
            page.log_change(request, row, text)
            page.message_user(request, text, messages.SUCCESS)
            return True
        return False

    def _ask(
        self, page: PageAdmin[M], request: HttpRequest, rows: Sequence[M], form: Why
    ) -> TemplateResponse:
        """A page with what will happen; its button posts the same action again, with the reason."""
        count = sum(not self.obstacle(row) for row in rows)
        from_page = PageAdmin.FROM_PAGE in request.POST
        context = {
            **admin.site.each_context(request),
            "opts": page.opts,
            "title": self.title(count),
            "warning": self.warning,
            "table": Table(
                title="What will happen",
                headings=self.headings,
                rows=[self.cells(row) for row in rows],
                empty=f"No {self.noun} is selected.",
            ),
            "action": self.name,
            "selected": [row.pk for row in rows],
            "button": self.button(count),
            "form": form,
            "confirmed_name": CONFIRMED,
            "irrevocable": self.irrevocable,
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "from_page": from_page,
            "back_url": page.page_url(rows[0].pk) if from_page else request.get_full_path(),
        }
        return TemplateResponse(request, "s3project/admin/confirm.html", context)
