"""A JSON column that keeps the order of an object's keys."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.json import Json


class OrderedJSONField(models.JSONField):
    """PostgreSQL's `json` in place of `jsonb`, which sorts keys.

    It decides nothing: a job and a rule show concepts as they were written.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "json"

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        # JSONField would hand over a Jsonb, which has lost the order before it arrives.
        return None if value is None else Json(value)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        # psycopg has decoded it: Django turns that off for jsonb only.
        return value
