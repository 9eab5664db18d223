"""Serializer fields as strict as contract §3.1 wants it: a type is never guessed."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty


class WholeNumber(serializers.IntegerField):
    """An integer; `3.0` is 3, but `true`, `"3"` and `3.5` are not integers."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Text(serializers.CharField):
    """A string, as it was sent: no number becomes one, no blank is trimmed unless asked for.

    NUL and lone surrogates are refused (both by CharField): PostgreSQL can store neither.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)
