"""Serializer fields as strict as contract §3.1 wants it: a type is never guessed.

Each says in its messages what it takes and what it was given. However large a body is, refusing it
stays cheap: how many there are is looked at before each of them is.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Literal, NoReturn, get_args, get_origin

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty

from s3project.wording import (
    counted,
    hint,
    json_type,
    listed,
    nearest,
    quoted,
    shown,
    worth_comparing,
)

NON_FIELD_ERRORS = "non_field_errors"  # DRF's name for what concerns no single field
LONGEST_NUMBER_SHOWN = 20
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
SURROGATE = re.compile("[\ud800-\udfff]")


# A field that can say what it takes: `kind`, with its article. (No docstring, here and in Object: a
# serializer would inherit it, and publish it.)
class Spoken(serializers.Field[Any, Any, Any, Any]):
    kind: str
    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": "This field is required.",
        "null": "Must be {kind}, not null.",
        "invalid": "Must be {kind}, not {given}.",
    }

    def fail(self, key: str, **values: Any) -> NoReturn:
        super().fail(key, kind=self.kind, **values)

    def refuse_type(self, data: Any) -> NoReturn:
        self.fail("invalid", given=json_type(data))


# The base of every body and of the objects in it.
class Object(Spoken, serializers.Serializer[Any]):
    kind = "an object"
    # A field that is needed → the one that may be given in its place.
    unless: ClassVar[Mapping[str, str]] = {}

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and not isinstance(data, Mapping):
            self.refuse_type(data)
        try:
            return super().run_validation(data)
        except serializers.ValidationError as error:
            if isinstance(data, Mapping) and isinstance(error.detail, dict):
                self._name_slips(error.detail, data)
            raise

    @cached_property
    def _known(self) -> list[tuple[str, Any, Any, Any]]:
        """Name, field, what makes its value where it is not given (None: it has none and need not,
        `run_validation`: it is asked), and the method `validate_<name>`."""
        return [
            (name, field, _value_if_absent(field), getattr(self, f"validate_{name}", None))
            for name, field in self.fields.items()
        ]

    def run_validators(self, value: Any) -> None:
        """An object has none: it has `validate`."""

    # DRF's own looks at each field's source, whether the body is a form, and anew for each field's
    # method: much of what a callback's body costs.
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, field, value_if_absent, validate in self._known:
            given = data.get(name, empty)
            if given is empty and value_if_absent is None:
                continue
            try:
                value = field.run_validation(given) if given is not empty else value_if_absent()
                values[name] = value if validate is None else validate(value)
            except serializers.ValidationError as error:
                errors[name] = error.detail
        for name, other in self.unless.items():
            if data.get(name) is None and data.get(other) is None and name not in errors:
                text = f"This field is required unless {other} is given."
                errors[name] = [ErrorDetail(text, code="required")]
        if errors:
            raise serializers.ValidationError(
                {name: errors[name] for name in map(str, self.fields) if name in errors}
            )
        return values

    def _name_slips(self, errors: dict[str, Any], data: Mapping[str, Any]) -> None:
        """A field that is missing may stand there under another name."""
        missing = [name for name, what in errors.items() if _is_missing(what)]
        strange = worth_comparing(key for key in data if key not in self.fields) if missing else []
        for name in missing:
            near = nearest(name, strange)
            if near is not None:
                errors[name] = [f"{errors[name][0]} {quoted(near)} is not known: a slip?"]


def _value_if_absent(field: Any) -> Callable[[], Any] | None:
    """As the field's `run_validation` of nothing."""
    default = field.default
    if default is empty:
        return field.run_validation if field.required else None
    if not callable(default):
        return lambda: default
    return field.run_validation if hasattr(default, "requires_context") else default  # type: ignore[no-any-return]  # DRF ships no types


def _is_missing(errors: Any) -> bool:
    return isinstance(errors, list) and getattr(errors[0], "code", None) == "required"


class WholeNumber(Spoken, serializers.IntegerField):
    """An integer; `3.0` is 3, but `true`, `"3"` and `3.5` are not integers."""

    kind = "an integer"
    default_error_messages: ClassVar[dict[str, Any]] = {
        "fraction": "Must be an integer, not {given}.",
        "range": "Must be from {low} to {high}{given}.",
    }

    def __init__(self, *, min_value: int, max_value: int, **options: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **options)
        self.low, self.high = min_value, max_value

    def run_validators(self, value: Any) -> None:
        """`to_internal_value` has looked for what they look for."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.refuse_type(data)
        if isinstance(data, float) and math.isfinite(data):
            if not data.is_integer():
                self.fail("fraction", given=data)
            data = int(data)
        if not self.low <= data <= self.high:
            text = str(data) if math.isfinite(data) else ""
            given = f", not {text}" if 0 < len(text) <= LONGEST_NUMBER_SHOWN else ""
            self.fail("range", low=self.low, high=self.high, given=given)
        return int(data)


class Text(Spoken, serializers.CharField):
    """A string, as it was sent: no number becomes one, no blank is trimmed unless asked for.

    NUL and lone surrogates are refused: PostgreSQL can store neither.
    """

    kind = "a string"
    default_error_messages: ClassVar[dict[str, Any]] = {
        "blank": "Must not be empty.",
        "too_long": "Must have at most {most}, not {given}.",
        "nul": "Must not contain NUL (U+0000).",
        "surrogate": "Must not contain half of a surrogate pair (U+{code:X}).",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)
        assert not {"min_length", "validators"} & options.keys(), "nobody would look for them"

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and not isinstance(data, str):
            self.refuse_type(data)
        return super().run_validation(data)

    def run_validators(self, value: Any) -> None:
        """`to_internal_value` has looked for what they look for, one character after the other."""

    def to_internal_value(self, data: Any) -> str:
        text: str = data.strip() if self.trim_whitespace else data
        if self.max_length is not None and len(text) > self.max_length:
            self.fail("too_long", most=counted(self.max_length, "character"), given=len(text))
        if "\0" in text:
            self.fail("nul")
        found = SURROGATE.search(text)
        if found is not None:
            self.fail("surrogate", code=ord(found[0]))
        return text


class Name(Text):
    """A text that names something, the key of an object for one: its messages say so."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "blank": "The name must not be empty.",
        "too_long": "The name must have at most {most}, not {given}.",
        "nul": "The name must not contain NUL (U+0000).",
        "surrogate": "The name must not contain half of a surrogate pair (U+{code:X}).",
    }


class Moment(Spoken, serializers.DateTimeField):
    """A date and time as RFC 3339 writes it, with its offset: `2027-01-31T00:00:00Z`."""

    kind = "a time like 2027-01-31T00:00:00Z"

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            self.refuse_type(data)
        try:
            moment = datetime.fromisoformat(data) if RFC3339.fullmatch(data) else None
            # In UTC a time of the last day can lie beyond year 9999: the database takes it, and
            # nobody can read it any more.
            moment = moment and moment.astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            self.fail("invalid", given=quoted(data))
        return moment


class Flag(Spoken, serializers.BooleanField):
    """`true` or `false`; no number and no text is taken for one."""

    kind = "true or false"

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.refuse_type(data)
        return data


class Array(Spoken, serializers.ListField):
    """A list; how long it is is looked at before its elements are."""

    kind = "an array"
    default_error_messages: ClassVar[dict[str, Any]] = {
        "empty": "Must not be empty.",
        "too_long": "Must have at most {most}, not {given}.",
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.refuse_type(data)
        if not data and (self.min_length or not self.allow_empty):
            self.fail("empty")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("too_long", most=counted(self.max_length, "element"), given=len(data))
        elements: list[Any] = self.run_child_validation(data)
        return elements


class Shaped:
    """A field whose documentation is a type: `shape`, which may be `Annotated` with `Schema`."""

    shape: Any


class ShapedField(Shaped, Spoken):
    """Of a body only: subclasses have a `shape` and their own `to_internal_value`."""

    def to_representation(self, value: Any) -> Any:
        return value


class ByName(ShapedField):
    """`{name: value}`, with names of the client's; at most `max_entries`, their order is kept."""

    kind = "an object"
    default_error_messages: ClassVar[dict[str, Any]] = {
        "empty": "Must not be empty.",
        "too_many": "Must have at most {most}, not {given}.",
    }
    name_field: ClassVar[Name]
    value_field: ClassVar[serializers.Field[Any, Any, Any, Any]]
    max_entries: ClassVar[int]
    allow_empty: ClassVar[bool] = True
    noun: ClassVar[str] = "name"

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.refuse_type(data)
        if not data and not self.allow_empty:
            self.fail("empty")
        if len(data) > self.max_entries:
            self.fail("too_many", most=counted(self.max_entries, self.noun), given=len(data))
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, value in data.items():
            try:
                known = self.name_field.run_validation(name)
                values[known] = self.value_field.run_validation(value)
            except serializers.ValidationError as error:
                errors[name] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return values


class Choice(Shaped, Spoken, serializers.ChoiceField):
    """One of the values of a `Literal`, or of the `enum` of a type's Schema."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "unknown": "Must be {kind}, not {given}.{hint}"
    }

    def __init__(self, shape: Any, **options: Any) -> None:
        self.shape = shape
        literal = get_origin(shape) is Literal
        self.values = get_args(shape) if literal else shape.__metadata__[0].keywords["enum"]
        self.kind = listed(self.values)
        super().__init__(choices=self.values, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.values:
            near = nearest(data, self.values) if isinstance(data, str) else None
            self.fail("unknown", given=shown(data), hint=hint(near))
        return data


# For a serializer that needs one of several fields: a shape for each, so that a client's type
# checker sees that one is needed. (No docstring: a serializer would inherit it, and publish it.)
class Alternatives:
    # A shape's name → the field that it has.
    alternatives: ClassVar[Mapping[str, str]]


# A body of one of two shapes: without `key`, or with it. (No docstring, as above. In a tuple, since
# DRF takes a serializer in a class for a field.)
class ByKey(Object):
    key: ClassVar[str]
    shapes: ClassVar[tuple[Object, Object]]

    def run_validation(self, data: Any = empty) -> Any:
        has_key = isinstance(data, Mapping) and data.get(self.key) is not None
        return self.shapes[has_key].run_validation(data)
