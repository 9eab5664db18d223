"""JSON Schema in few words, and the named shapes of `components/schemas`.

Every object is closed: a key that is not written down is a mistake of ours, and the tests say so.
"""

from collections.abc import Mapping
from typing import Any

JsonSchema = dict[str, Any]

# Filled as the schema modules are imported.
SHAPES: dict[str, JsonSchema] = {}

TIMESTAMP: JsonSchema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
    "description": "ISO 8601 in UTC with milliseconds.",
}


def shape(name: str, schema: JsonSchema) -> JsonSchema:
    """Registers a named shape and returns the reference to it."""
    if SHAPES.setdefault(name, schema) != schema:
        raise ValueError(f"two shapes are named {name}")
    return {"$ref": f"#/components/schemas/{name}"}


def closed(
    properties: Mapping[str, JsonSchema],
    *,
    optional: Mapping[str, JsonSchema] | None = None,
    description: str = "",
) -> JsonSchema:
    """An object that has all `properties`, perhaps some of `optional`, and nothing else."""
    schema: JsonSchema = {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"description": description, **schema} if description else schema


def array(items: JsonSchema, description: str = "", **limits: Any) -> JsonSchema:
    schema: JsonSchema = {"type": "array", "items": items, **limits}
    return {**schema, "description": description} if description else schema


def text(description: str = "", **limits: Any) -> JsonSchema:
    schema: JsonSchema = {"type": "string", **limits}
    return {**schema, "description": description} if description else schema


def whole(description: str = "", **limits: Any) -> JsonSchema:
    schema: JsonSchema = {"type": "integer", **limits}
    return {**schema, "description": description} if description else schema


def constant(value: str | bool) -> JsonSchema:
    return {"type": "boolean" if isinstance(value, bool) else "string", "const": value}


def choice(values: list[str], description: str = "") -> JsonSchema:
    schema: JsonSchema = {"type": "string", "enum": values}
    return {**schema, "description": description} if description else schema


def nullable(schema: JsonSchema) -> JsonSchema:
    """Of a plain schema, not of a reference."""
    return {**schema, "type": [schema["type"], "null"]}


def public_id(prefix: str) -> JsonSchema:
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$"}
