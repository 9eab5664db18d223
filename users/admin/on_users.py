"""What operators do with users, each with a reason: another plan, the end of all sessions."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from s3project.acts.actor import Actor
from s3project.admin import confirmation
from s3project.admin.page import PageAdmin
from s3project.admin.tables import Table, user_link
from users import services
from users.models import User, UserLimiter

Act = Callable[[HttpRequest, User, str], str]
UserAction = Callable[[PageAdmin[User], HttpRequest, QuerySet[User]], TemplateResponse | None]


def move_to(plan: str) -> UserAction:
    """The action that moves the selected users to a plan."""

    def move(request: HttpRequest, user: User, reason: str) -> str:
        granted = services.set_plan(
            user_id=user.pk, plan=plan, actor=Actor.operator(request), reason=reason
        )
        return f"Moved {user}: {user.plan} → {plan}, {granted} credits granted."

    @admin.action(description=f"Move to plan {plan}", permissions=["plan"])
    def action(
        model_admin: PageAdmin[User], request: HttpRequest, queryset: QuerySet[User]
    ) -> TemplateResponse | None:
        return _with_reason(
            model_admin,
            request,
            queryset,
            action=f"move_to_{plan}",
            title=f"Move to plan {plan}?",
            warning="A plan that is reached for the first time brings its credits.",
            button=f"Move to plan {plan}",
            act=move,
        )

    action.__name__ = f"move_to_{plan}"
    return action


@admin.action(description="End all sessions", permissions=["plan"])
def end_sessions(
    model_admin: PageAdmin[User], request: HttpRequest, queryset: QuerySet[User]
) -> TemplateResponse | None:
    def end(request: HttpRequest, user: User, reason: str) -> str:
        ended = services.end_sessions(user_id=user.pk, actor=Actor.operator(request), reason=reason)
        return f"Ended {ended} sessions of {user}."

    return _with_reason(
        model_admin,
        request,
        queryset,
        action="end_sessions",
        title="End all sessions?",
        warning="Every token ends at once; whoever has the device's secret can sign in again. API "
        "keys stay.",
        button="End all sessions",
        act=end,
    )


def _with_reason(
    model_admin: PageAdmin[User],
    request: HttpRequest,
    queryset: QuerySet[User],
    *,
    action: str,
    title: str,
    warning: str,
    button: str,
    act: Act,
) -> TemplateResponse | None:
    """Asks why first; then acts on one by one and says what became of each."""
    users = confirmation.chosen(model_admin, request, queryset, noun="users")
    if users is None:
        return None
    reason = confirmation.given_reason(request)
    if reason is None:
        return confirmation.ask(
            model_admin,
            request,
            action=action,
            title=title,
            warning=warning,
            table=Table(
                title="Whom it is about",
                headings=("User", "Plan"),
                rows=[(user_link(user.pk, user.email), user.plan) for user in users],
                empty="No user is selected.",
            ),
            selected=[user.pk for user in users],
            button=button,
            irrevocable=False,
        )
    for user in users:
        _act(model_admin, request, user, reason, act)
    return None


def _act(
    model_admin: PageAdmin[User], request: HttpRequest, user: User, reason: str, act: Act
) -> None:
    level = messages.ERROR
    if user.deleted_at is not None:
        text = f"Not done: {user} has deleted the account."
    else:
        try:
            text = act(request, user, reason)
        except UserLimiter.DoesNotExist:
            text = f"Not done: {user} is an operator without a plan."
        except OperationalError:
            text = f"Not done: {user} is busy right now, try again."
        else:
            level = messages.SUCCESS
            model_admin.log_change(request, user, text)
    model_admin.message_user(request, text, level)
