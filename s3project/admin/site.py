"""The operators' site: its door, and what may be a page of it."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.streaks import record_streak
from s3project.acts.words import Action, ObjectKind
from s3project.admin import totp
from s3project.admin.known_browser import admitted_account, remember_browser
from s3project.admin.login_limits import try_password
from s3project.admin.page import PageAdmin
from s3project.admin.second_factor import second_factor
from s3project.admin.tables import NOTHING
from s3project.api.client_address import client_network
from s3project.api.rate_limiter import Verdict

# How often the first page brings itself up to date.
LIVE_SECONDS = 10


class OperatorsSite(AdminSite):
    """`dashboard` gives what the first page shows, `sections` the lists (by label, in their order)
    and `chief` those that stand in the menu by name. The highest floor sets them (`jobs.admin`).
    """

    index_template = "s3project/admin/index.html"
    empty_value_display = NOTHING
    dashboard: Callable[[HttpRequest], Sequence[Any]] | None = None
    sections: Mapping[str, Sequence[str]] = {}
    chief: frozenset[str] = frozenset()

    def register(
        self, model_or_iterable: Any, admin_class: type[Any] | None = None, **options: Any
    ) -> None:
        """Takes the pages of our kit, and passes over what libraries register by themselves: some
        of it shows secrets, and none of it keeps to declared filters."""
        if admin_class is not None and issubclass(admin_class, PageAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path("second-factor/", self.second_factor, name="second_factor"),
            path("admit/<str:admission>/", self.admit, name="admit"),
        ]
        return own + super().get_urls()

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        panels = self.dashboard(request) if self.dashboard else ()
        return super().index(request, {"panels": panels, "live_seconds": LIVE_SECONDS})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "index_path": reverse("admin:index")}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """By what operators look for, not by which app has the table; of one app as Django does."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        found = {
            f"{app['app_label']}.{model['object_name'].lower()}": model
            for app in apps
            for model in app["models"]
        }
        for label, model in found.items():
            model["is_chief"] = label in self.chief
        listed = [
            (name, [found.pop(label) for label in labels if label in found])
            for name, labels in self.sections.items()
        ]
        listed.append(("Other", list(found.values())))
        return [{"name": name, "models": models} for name, models in listed if models]

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and totp.is_enough(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "POST":
            if super().has_permission(request) and not totp.is_enough(request):
                return HttpResponseRedirect(
                    f"{reverse('admin:second_factor')}?{urlencode({'next': self.next(request)})}"
                )
            return super().login(request, extra_context)
        email = request.POST.get("username", "")
        verdict = try_password(request, email)
        if not verdict.allowed:
            self.record_refusal(request, Action.SIGN_IN_THROTTLED, email)
            return self.too_often(request, verdict)
        response = super().login(request, extra_context)
        if response.status_code != 302:
            self.record_refusal(request, Action.SIGN_IN_REFUSED, email)
        elif totp.is_enough(request):
            self.signed_in(request, response, second_factor="none")
        return response

    @method_decorator(never_cache)
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        if not super().has_permission(request):
            return HttpResponseRedirect(reverse("admin:login"))
        return second_factor(self, request)

    def admit(self, request: HttpRequest, admission: str) -> HttpResponse:
        """The address that `manage.py admit_operator` prints: makes this browser known."""
        response = HttpResponseRedirect(reverse("admin:login"))
        email = admitted_account(admission)
        if email is not None:
            remember_browser(request, response, email)
        return response

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if request.method == "POST" and super().has_permission(request):
            record_act(Action.OPERATOR_SIGNED_OUT, actor=Actor.operator(request))
        return super().logout(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """It asks for the old password, which could be guessed here too."""
        if request.method == "POST":
            verdict = try_password(request, request.user.get_username())
            if not verdict.allowed:
                return self.too_often(request, verdict)
        response = super().password_change(request, extra_context)
        if response.status_code == 302:
            user: Any = request.user
            record_act(
                Action.PASSWORD_CHANGED,
                actor=Actor.operator(request),
                kind=ObjectKind.USER,
                object_id=user.public_id,
            )
        return response

    def signed_in(
        self, request: HttpRequest, response: HttpResponse, *, second_factor: str
    ) -> None:
        """After password and, where there is one, second factor."""
        remember_browser(request, response, request.user.get_username())
        record_act(
            Action.OPERATOR_SIGNED_IN,
            actor=Actor.operator(request),
            details={"second_factor": second_factor},
        )

    def record_refusal(self, request: HttpRequest, action: Action, email: str) -> None:
        """By address and account; what was typed is not written down: it may be a password."""
        email = unicodedata.normalize("NFKC", email.strip())
        users = get_user_model()._default_manager.filter(email__iexact=email, is_staff=True)
        found: Any = users.first() if len(email) <= 254 and "\0" not in email else None
        record_streak(
            action,
            actor=Actor.anyone(request),
            source=f"{client_network(request)} {found.pk if found else 'nobody'}",
            kind=ObjectKind.USER if found else ObjectKind.NOTHING,
            object_id=found.public_id if found else "",
        )

    def too_often(self, request: HttpRequest, verdict: Verdict) -> TemplateResponse:
        seconds = max(verdict.seconds, 1)
        context = {
            **self.each_context(request),
            "title": "Too many tries",
            "minutes": -(-seconds // 60),
        }
        return TemplateResponse(
            request,
            "s3project/admin/too_often.html",
            context,
            status=429,
            headers={"Retry-After": str(seconds)},
        )

    def next(self, request: HttpRequest) -> str:
        """Where the operator wanted to go, if that is an address of this site."""
        wanted = request.POST.get("next") or request.GET.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            wanted, {request.get_host()}, require_https=request.is_secure()
        )
        return wanted if safe else reverse("admin:index")
