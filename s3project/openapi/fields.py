"""How our serializer fields look in JSON Schema; drf-spectacular knows DRF's own."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from s3project.openapi.shapes import SHAPES, JsonSchema, choice

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


class ChoiceExtension(OpenApiSerializerFieldExtension):
    """Refers to the named shape with the same values, where there is one."""

    target_class = "rest_framework.fields.ChoiceField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> JsonSchema:
        schema = choice([str(value) for value in self.target.choices])
        for name, known in SHAPES.items():
            if known == schema:
                return {"$ref": f"#/components/schemas/{name}"}
        return schema
