"""Who may change the rights of an operator: nobody gives, or takes away, more than they have."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef, Q, QuerySet

from users.models import User

MANAGE = "users.manage_operators"


def may_manage(operator: Any, other: User) -> bool:
    """Superusers may change anybody's; who manages operators, those of others who may nothing that
    they may not themselves. Of somebody who is deactivated the rights count that would come back.
    """
    if operator.is_superuser:
        return True
    if not operator.has_perm(MANAGE) or other.is_superuser or other.pk == operator.pk:
        return False
    of_other = Permission.objects.filter(Q(group__user=other) | Q(user=other))
    return not of_other.exclude(pk__in=_rights(operator)).exists()


def groups_within(operator: Any) -> "QuerySet[Group]":
    """The groups that an operator may put others into."""
    groups = Group.objects.order_by("name")
    if operator.is_superuser:
        return groups
    through = Group.permissions.through.objects.filter(group=OuterRef("pk"))
    return groups.exclude(Exists(through.exclude(permission__in=_rights(operator))))


def _rights(operator: Any) -> "QuerySet[Permission, int]":
    found = Permission.objects.filter(Q(group__user=operator) | Q(user=operator))
    return found.values_list("pk", flat=True)
