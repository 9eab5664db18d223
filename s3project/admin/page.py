"""What every admin class of S3 shares: the generic base, read-only models, tables and buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from s3project.admin.bounded_pages import BoundedPaginator
from s3project.admin.declared import DeclaredChangeList

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    GenericModelAdmin = admin.ModelAdmin
else:
    # Django's ModelAdmin takes its parameter in the type stubs only.
    class GenericModelAdmin(admin.ModelAdmin, Generic[M]):
        pass


@dataclass(frozen=True)
class Button:
    """On an object's page: runs the list's action of that name on the one object."""

    label: str
    action: str
    is_dangerous: bool = False


class PageAdmin(GenericModelAdmin[M]):
    """A page that shows panels around its fields and buttons above them.

    A button posts to the list what the list's own action menu would post, so that an action is
    written, permitted and confirmed in one place; `FROM_PAGE` brings the operator back.

    Lists are ordered by their key: ids are time-ordered, and the newest page of a large table is
    then read from the end of an index that is always there.
    """

    FROM_PAGE = "from_page"
    # Whether operators do anything with these objects, so that Django has a history of it.
    acted_on: ClassVar[bool] = False
    # Whether the table stays so small that sorting it is nothing.
    is_small: ClassVar[bool] = False
    # What a statement of its own reads for the rows that are shown: a join is made of all that are
    # sorted.
    list_prefetch_related: ClassVar[Sequence[str]] = ()

    change_form_template = "s3project/admin/page.html"
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    # They would count the whole table once for each choice of each filter.
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        return super().get_queryset(request).prefetch_related(*self.list_prefetch_related)

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        """The columns whose order an index has; by any other the whole table would be sorted."""
        allowed = super().get_sortable_by(request)
        if self.is_small:
            return list(allowed)
        return [column for column in allowed if self._order_of(column) in self._indexed()]

    def _order_of(self, column: Any) -> str:
        function = getattr(self, column, None) if isinstance(column, str) else column
        return str(getattr(function, "admin_order_field", None) or column).removeprefix("-")

    def _indexed(self) -> set[str]:
        """Fields with which an index of all rows begins."""
        meta = self.opts
        firsts = {
            index.fields[0].removeprefix("-")
            for index in meta.indexes
            if index.fields and not index.condition
        }
        fields: Sequence[Any] = meta.concrete_fields
        single = {one.name for one in fields if one.primary_key or one.unique or one.db_index}
        return firsts | single

    def head(self, request: HttpRequest, obj: M) -> Sequence[Any]:
        """The panels above the fields (`panels.py`, `tables.py`)."""
        return ()

    def panels(self, request: HttpRequest, obj: M) -> Sequence[Any]:
        """The panels below the fields."""
        return ()

    def live_seconds(self, obj: M) -> int:
        """How often the panels bring themselves up to date; 0 is never."""
        return 0

    def buttons(self, request: HttpRequest, obj: M) -> Sequence[Button]:
        """What may be done with the object, by this operator, in its present state."""
        return ()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        if obj is not None:
            # The page is named by what it shows: nothing in it is to be viewed or changed first.
            context["title"], context["subtitle"] = str(obj), None
            context["head"] = self.head(request, obj)
            context["panels"] = self.panels(request, obj)
            context["live_seconds"] = self.live_seconds(obj)
            context["buttons"] = self.buttons(request, obj)
            context["acted_on"] = self.acted_on
            context["list_url"] = reverse(self._url_name("changelist"))
            context["checkbox_name"] = ACTION_CHECKBOX_NAME
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:  # type: ignore[override]  # the stubs' third parameter is Django 6's
        response = super().response_action(request, queryset)
        if self.FROM_PAGE in request.POST and isinstance(response, HttpResponseRedirect):
            chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
            return HttpResponseRedirect(self.page_url(chosen[0]))
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeclaredChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list is named by what it shows: nothing in it is "selected to view"."""
        changes = super().get_changelist_instance(request)
        changes.title = str(self.opts.verbose_name_plural).capitalize()
        return changes

    def page_url(self, pk: object) -> str:
        return reverse(self._url_name("change"), args=[pk])

    def _url_name(self, view: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{view}"


class ReadOnlyAdmin(PageAdmin[M]):
    """Browsable, and changed only by the services."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """As Django's: whoever may change the model may see it."""
        app, model = self.opts.app_label, self.opts.model_name
        return any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))
