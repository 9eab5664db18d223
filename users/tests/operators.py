"""Operators for tests, and what they see."""

import time
from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from s3project.admin.middleware import TOUCHED
from users.models import User

PASSWORD = "correct horse battery"


def make_operator(*permissions: str, superuser: bool = False) -> User:
    """Staff with the permissions of those codenames."""
    number = User.objects.filter(is_staff=True).count()
    operator = User.objects.create_superuser(f"operator{number}@example.com", PASSWORD)
    if not superuser:
        operator.is_superuser = False
        operator.save(update_fields=["is_superuser"])
    chosen = Permission.objects.filter(codename__in=permissions)
    assert len(chosen) == len(permissions), "unknown permission"
    operator.user_permissions.set(chosen)
    return operator


def group_of_operators(name: str) -> Group:
    """As the migration makes it: a test outside a transaction has left no row, not even that."""
    import_module("jobs.migrations.0018_groups_of_operators").make_groups(apps, None)
    return Group.objects.get(name=name)


def browser_of(operator: User) -> Client:
    """A browser in which the operator is logged in."""
    browser = Client()
    browser.force_login(operator)
    session = browser.session
    session[TOUCHED] = int(time.time())  # as a request before has left it
    session.save()
    return browser


def page_of(row: Model) -> str:
    """The address of a row's page in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def listed(browser: Client, model: type[Model], **query: str) -> list[Any]:
    """The primary keys in a model's list, filtered as its address says."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return [row.pk for row in browser.get(address, query).context["cl"].result_list]


def messages_in(response: Any) -> list[str]:
    """What the admin tells the operator after an action."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def text_of(response: Any) -> str:
    """The words on a page."""
    return " ".join(strip_tags(response.content.decode()).split())
