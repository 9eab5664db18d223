"""Serializer fields as strict as contract §3.1 wants it: a type is never guessed."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args, get_origin

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


class Flag(serializers.BooleanField):
    """`true` or `false`; no number and no text is taken for one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Shaped:
    """A field whose documentation is a type: `shape`, which may be `Annotated` with `Schema`."""

    shape: Any


class ShapedField(Shaped, serializers.Field[Any, Any, Any, Any]):
    """Of a body only: subclasses have a `shape` and their own `to_internal_value`."""

    def to_representation(self, value: Any) -> Any:
        return value


class Choice(Shaped, serializers.ChoiceField):
    """One of the values of a `Literal`, or of the `enum` of a type's Schema."""

    def __init__(self, shape: Any, **options: Any) -> None:
        self.shape = shape
        literal = get_origin(shape) is Literal
        values = get_args(shape) if literal else shape.__metadata__[0].keywords["enum"]
        super().__init__(choices=values, **options)


# For a serializer that needs one of several fields: a shape for each, so that a client's type
# checker sees that one is needed. (No docstring: a serializer would inherit it, and publish it.)
class Alternatives:
    # A shape's name → the field that it has.
    alternatives: ClassVar[Mapping[str, str]]
