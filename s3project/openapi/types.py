"""JSON Schema, and an example, of a type: the shapes of answers are types (`s3project/schema.py`).

A TypedDict is a named shape, `…Out` left away, and closed: a key that is not written down is a
mistake of ours, and the tests say so.
"""

from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from s3project.openapi.shapes import JsonSchema, choice, closed, constant, nullable, shape
from s3project.schema import MISSING

JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema_of(hint: Any, *, is_open: bool = False) -> JsonSchema:
    """Raises LookupError for a type that JSON Schema cannot say."""
    arguments = get_args(hint)
    match get_origin(hint):
        case None if is_typeddict(hint):
            return _object_of(hint, is_open)
        case None if isinstance(hint, NewType):
            return schema_of(hint.__supertype__)
        case None if hint in JSON_TYPES:
            return {"type": JSON_TYPES[hint]}
        case origin if origin is Annotated:
            return _annotated(hint, is_open)
        case origin if origin is Literal:
            return constant(arguments[0]) if len(arguments) == 1 else choice(list(arguments))
        case origin if origin is Union or origin is UnionType:
            kinds = [schema_of(each, is_open=is_open) for each in arguments if each is not NoneType]
            some = kinds[0] if len(kinds) == 1 else {"oneOf": kinds}
            return nullable(some) if NoneType in arguments else some
        case origin if origin is list:
            return {"type": "array", "items": schema_of(arguments[0], is_open=is_open)}
        case origin if origin is dict:
            key, value = (schema_of(each, is_open=is_open) for each in arguments)
            names = {"propertyNames": key} if key != {"type": "string"} else {}
            return {"type": "object", "additionalProperties": value, **names}
    raise LookupError(f"{hint!r} has no schema")


def _annotated(hint: Any, is_open: bool) -> JsonSchema:
    notes = hint.__metadata__
    is_open = is_open or any(note.is_open for note in notes)
    schema = schema_of(hint.__origin__, is_open=is_open)
    for note in notes:
        schema = {**schema, **note.keywords}
        if note.name:
            schema = shape(note.name, _description_last(schema))
    return _description_last(schema)


def _description_last(schema: JsonSchema) -> JsonSchema:
    return {key: schema[key] for key in sorted(schema, key=lambda key: key == "description")}


def _object_of(hint: Any, is_open: bool) -> JsonSchema:
    fields = _fields(hint).items()
    properties = {name: schema_of(each, is_open=is_open) for name, each in fields}
    required = [name for name in properties if _is_required(hint, name)]
    schema = closed(properties, required=required)
    if is_open:
        del schema["additionalProperties"]
    return shape(name_of(hint), schema)


def _fields(hint: Any) -> dict[str, Any]:
    hints = get_type_hints(hint, include_extras=True)
    return {
        name: get_args(each)[0] if get_origin(each) in (NotRequired, Required) else each
        for name, each in hints.items()
    }


def _is_required(hint: Any, field: str) -> bool:
    return field in hint.__required_keys__


def name_of(hint: Any) -> str:
    """`JobOut` → `Job`, `list[JobOut]` → `JobList`."""
    if get_origin(hint) is list:
        return f"{name_of(get_args(hint)[0])}List"
    name: str = hint.__name__
    return name.removesuffix("Out")


def example_of(hint: Any) -> Any:
    """What stands in the type, else what is plain from it. Raises LookupError where nothing is."""
    arguments = get_args(hint)
    match get_origin(hint):
        case None if is_typeddict(hint):
            fields = _fields(hint)
            return {name: example_of(fields[name]) for name in fields if _is_required(hint, name)}
        case None if hint is bool:
            return True
        case origin if origin is Annotated:
            notes = hint.__metadata__
            for example in (note.example for note in reversed(notes)):
                if example is not MISSING:
                    return example
            least = [note.keywords["minimum"] for note in notes if "minimum" in note.keywords]
            return least[-1] if least else example_of(hint.__origin__)
        case origin if origin is Literal or origin is Union or origin is UnionType:
            return arguments[0] if origin is Literal else example_of(arguments[0])
        case origin if origin is list:
            return [example_of(arguments[0])]
    raise LookupError(f"{hint!r} has no example")
