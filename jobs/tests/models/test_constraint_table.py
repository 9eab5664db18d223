"""docs/state_machine.md names every constraint of the models, and no other."""

import re

from django.apps import apps
from django.conf import settings

TABLE = settings.BASE_DIR / "docs" / "state_machine.md"
ROW = re.compile(r"^\| .* \| (.*\b(?:CHECK|UNIQUE)\b.*) \|$", re.MULTILINE)
# A primary key is none of the model's constraints.
NAME = re.compile(r"(?<!primary key of )`(\w+)`")


def told() -> set[str]:
    """The names in the column of guards."""
    return {
        name for guards in ROW.findall(TABLE.read_text("utf-8")) for name in NAME.findall(guards)
    }


def kept() -> set[str]:
    return {
        constraint.name
        for model in apps.get_models()
        if model.__module__.startswith(("jobs.", "users."))
        for constraint in model._meta.constraints
    }


def test_the_table_of_guards_is_that_of_the_models() -> None:
    assert told() == kept()
