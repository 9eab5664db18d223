"""JSON Schema in few words, and the named shapes of `components/schemas`."""

from collections.abc import Mapping, Sequence
from typing import Any

JsonSchema = dict[str, Any]

# Filled as endpoints are described.
SHAPES: dict[str, JsonSchema] = {}


def shape(name: str, schema: JsonSchema) -> JsonSchema:
    """Registers a named shape and returns the reference to it."""
    if SHAPES.setdefault(name, schema) != schema:
        raise ValueError(f"two shapes are named {name}")
    return {"$ref": f"#/components/schemas/{name}"}


def closed(
    properties: Mapping[str, JsonSchema], *, required: Sequence[str] | None = None
) -> JsonSchema:
    """An object that has the `required` properties (else all), perhaps others, and nothing else."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
        "additionalProperties": False,
    }


def text(description: str = "", **limits: Any) -> JsonSchema:
    schema: JsonSchema = {"type": "string", **limits}
    return {**schema, "description": description} if description else schema


def constant(value: str | bool) -> JsonSchema:
    return {"type": "boolean" if isinstance(value, bool) else "string", "const": value}


def choice(values: list[str]) -> JsonSchema:
    return {"type": "string", "enum": values}


def nullable(schema: JsonSchema) -> JsonSchema:
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [schema, {"type": "null"}]}
