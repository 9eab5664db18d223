"""A JSON Schema as people read it: a tree of fields."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from s3project.docs.text import line

Schema = dict[str, Any]
# What stands where any name may stand.
ANY_NAME = "{name}"


@dataclass(frozen=True)
class Field:
    """`need` says when it is required; empty for never."""

    name: str
    kind: str
    need: str
    limits: list[str]
    description: SafeString
    fields: list["Field"] = field(default_factory=list)


class FieldReader:
    """Reads schemas of one document, whose components they name."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    def resolved(self, node: Schema) -> Schema:
        """What a reference names, with what is said beside the reference."""
        if "$ref" not in node:
            return node
        found: Schema = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return {**self.resolved(found), **{k: v for k, v in node.items() if k != "$ref"}}

    def field(self, name: str, node: Schema, need: str) -> Field:
        schema = self.resolved(node)
        return Field(
            name=name,
            kind=self.kind(schema),
            need=need,
            limits=list(_limits(schema)),
            description=line(schema.get("description", "")),
            fields=self.fields(schema),
        )

    def fields(self, node: Schema) -> list[Field]:
        """Of an object its properties; of a list or a map those of its entries."""
        schema = self.resolved(node)
        if "items" in schema:
            return self.fields(schema["items"])
        kinds = self._alternatives(schema)
        if not kinds:
            return []
        if not any("properties" in each for each in kinds):
            values = [each["additionalProperties"] for each in kinds if _is_map(each)]
            inner = [entry for value in values for entry in self.fields(value)]
            return [self.field(ANY_NAME, values[0], "")] if inner else []
        return self._merged(kinds)

    def _merged(self, kinds: list[Schema]) -> list[Field]:
        """The properties of several objects, of which one is meant, in one list."""
        found: dict[str, Schema] = {}
        for each in kinds:
            for name, node in each.get("properties", {}).items():
                found[name] = _either(found[name], node) if name in found else node
        fields = []
        for name, node in found.items():
            fields.append(self.field(name, node, self._need(name, kinds)))
        return fields

    def _need(self, name: str, kinds: list[Schema]) -> str:
        """When a property of these objects, of which one is meant, is required."""
        asking = [each for each in kinds if name in each.get("required", ())]
        others = [each for each in kinds if each not in asking]
        if not asking or not others:
            return "required" if asking else ""
        instead = {each for kind in others for each in kind.get("required", ())}
        instead -= {each for kind in asking for each in kind["required"]}
        if instead:
            return f"required unless {' or '.join(sorted(instead))} is given"
        told = (
            f"{key} is {node['const']}"
            for kind in others
            for key, node in kind["properties"].items()
            if "const" in node
        )
        return f"required unless {' or '.join(told)}"

    def kind(self, node: Schema) -> str:
        schema = self.resolved(node)
        choices = schema.get("oneOf") or schema.get("anyOf")
        if choices:
            kinds = (one for each in choices for one in self.kind(each).split(" or "))
            return " or ".join(dict.fromkeys(kinds))
        types = schema.get("type", "any")
        names = [types] if isinstance(types, str) else list(types)
        return " or ".join(self._type(schema, name) for name in names)

    def _type(self, schema: Schema, name: str) -> str:
        if name == "array":
            return f"list of {_plural(self.kind(schema['items']))}"
        if name == "object" and _is_map(schema):
            return f"map of {_plural(self.kind(schema['additionalProperties']))}"
        return name

    def _alternatives(self, schema: Schema) -> list[Schema]:
        choices = schema.get("oneOf") or schema.get("anyOf") or [schema]
        resolved = [self.resolved(each) for each in choices]
        return [each for each in resolved if "properties" in each or _is_map(each)]


def _is_map(schema: Schema) -> bool:
    return isinstance(schema.get("additionalProperties"), dict)


def _plural(kind: str) -> str:
    return " or ".join(each if each.endswith("s") else f"{each}s" for each in kind.split(" or "))


def _either(first: Schema, second: Schema) -> Schema:
    """One description for a property that several objects have."""
    values = [*_values(first), *_values(second)]
    merged = {**second, **first}
    if values:
        merged.pop("const", None)
        merged["enum"] = list(dict.fromkeys(values))
    return merged


def _values(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _limits(schema: Schema) -> Iterator[str]:
    """What a value must keep to, each in a few words."""
    if values := [each for each in _values(schema) if each is not None]:
        yield " · ".join(str(each).lower() if each in (True, False) else each for each in values)
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
        ("minProperties", "maxProperties", " entries"),
    ):
        if text := _range(schema.get(least), schema.get(most)):
            yield text + unit
    if "default" in schema and schema["default"] is not None:
        yield f"default {str(schema['default']).lower()}"


def _range(least: int | None, most: int | None) -> str:
    if not most:
        return f"{least} or more" if least else ""
    return f"at most {most}" if least is None else f"{least} to {most}"
