"""How our serializers and their fields look in JSON Schema; drf-spectacular knows DRF's own."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema

from s3project.openapi.shapes import JsonSchema, shape
from s3project.openapi.types import schema_of

# Text refuses NUL, which PostgreSQL cannot store.
NO_NUL = r"^[^\u0000]*$"


class TextExtension(OpenApiSerializerFieldExtension):
    target_class = "s3project.api.fields.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        field = self.target
        schema: JsonSchema = {"type": "string"}
        if not field.allow_blank:
            schema["minLength"] = 1
        if field.max_length is not None:
            schema["maxLength"] = field.max_length
        # Where blanks are trimmed, something must remain.
        schema["pattern"] = r"^[^\u0000]*\S[^\u0000]*$" if field.trim_whitespace else NO_NUL
        return schema


class ShapedExtension(OpenApiSerializerFieldExtension):
    target_class = "s3project.api.fields.Shaped"
    match_subclasses = True
    priority = 1  # before what else the field is

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        return schema_of(self.target.shape)


class ByKeyExtension(OpenApiSerializerExtension):
    target_class = "s3project.api.fields.ByKey"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        shapes = self.target.shapes
        return {"anyOf": [auto_schema.resolve_serializer(one, direction).ref for one in shapes]}


class AlternativesExtension(OpenApiSerializerExtension):
    target_class = "s3project.api.fields.Alternatives"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        fields, required = schema["properties"], schema.get("required", [])
        kinds = []
        for name, needed in self.target.alternatives.items():
            field = {**fields[needed], "type": fields[needed]["type"][0]}  # it may not be null
            kind = {**schema, "properties": {**fields, needed: field}}
            kinds.append(shape(name, {**kind, "required": [*required, needed]}))
        return {"anyOf": kinds}
