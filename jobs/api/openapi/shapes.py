"""Shapes that several endpoints of `jobs` share, and their examples."""

from typing import Any

from jobs.api.shapes import MAX_CONCEPTS, MAX_INSTANCE, MAX_INSTANCES, MAX_ITEMS
from jobs.presets import PRESETS
from jobs.states import JobStatus
from s3project import ids
from s3project.openapi.components import PARAMETERS
from s3project.openapi.shapes import (
    JsonSchema,
    array,
    choice,
    closed,
    constant,
    nullable,
    public_id,
    shape,
    text,
    whole,
)

EXAMPLE_USER = "u_019ba9c9f1007dc68da4e43c5704bb19"
EXAMPLE_JOB = "job_019ba9c9f1007dc68da4e43c570d4b19"
EXAMPLE_RULE = "rule_019ba9c9f1007dc68da4e43c57114b19"
EXAMPLE_CONCEPTS: dict[str, Any] = {
    "Wall": {"action": "recolor", "value": "#9db4a0"},
    "Floor": {"action": "texture", "value": "oak"},
    "Light": {"action": "remove"},
}
SIGNED = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=5d1c"

JOB_ID = public_id(ids.JOB)
RULE_ID = public_id(ids.RULE)
PRESET_ID = shape("PresetId", choice(list(PRESETS)))
JOB_STATUS = shape("JobStatus", choice(list(JobStatus.values)))
IDX = whole("Which photo of the set, from 0.", minimum=0, maximum=MAX_ITEMS - 1)
URL = text(format="uri")

CONCEPT_NAME = text(minLength=1, maxLength=64, pattern=r"^[^\u0000]*$")
INSTANCES = nullable(
    array(
        whole(minimum=0, maximum=MAX_INSTANCE),
        "Only these instances of the concept, from 0 and from left to right; absent for all. A "
        "number that a photo has no instance of is a warning on it.",
        minItems=1,
        maxItems=MAX_INSTANCES,
    )
)
# By the action, so that a client's type checker knows who needs a value.
EDIT = shape(
    "Edit",
    {
        "description": "What to do with one concept.",
        "oneOf": [
            shape(
                "ValuedEdit",
                {
                    "type": "object",
                    "properties": {
                        "action": choice(["recolor", "tone", "texture"]),
                        "value": text(
                            "A colour (`#9db4a0`), a material (`oak_a`), a tone (`warm:0.5`) or a "
                            "texture (`marble`); empty for the preset's default. An unknown one is "
                            "a warning on the photo.",
                            maxLength=200,
                            pattern=r"^[^\u0000]*$",
                        ),
                        "instances": INSTANCES,
                    },
                    "required": ["action", "value"],
                },
            ),
            shape(
                "Removal",
                {
                    "type": "object",
                    "properties": {
                        "action": constant("remove"),
                        "value": nullable(text(maxLength=200, pattern=r"^[^\u0000]*$")),
                        "instances": INSTANCES,
                    },
                    "required": ["action"],
                },
            ),
        ],
    },
)


def concepts(minimum: int = 0) -> JsonSchema:
    return {
        "type": "object",
        "description": "Concept → edit. Where two overlap, the later one is on top. Any name is "
        "allowed; those of the preset are known best.",
        "additionalProperties": EDIT,
        "propertyNames": CONCEPT_NAME,
        "minProperties": minimum,
        "maxProperties": MAX_CONCEPTS,
    }


PROTECT = array(CONCEPT_NAME, "Concepts whose pixels stay as they are.", maxItems=MAX_CONCEPTS)

PROGRESS = shape(
    "Progress",
    closed({"done": whole(minimum=0), "failed": whole(minimum=0), "total": whole(minimum=1)}),
)
UPLOADS = array(
    shape(
        "Upload",
        closed(
            {
                "idx": IDX,
                "url": {**URL, "description": "PUT the photo's bytes here, without a token."},
                "key": text(pattern=r"^inputs/u_[0-9a-f]{32}/job_[0-9a-f]{32}/\d+\.jpg$"),
            }
        ),
    )
)
EXAMPLE_INPUT = f"inputs/{EXAMPLE_USER}/{EXAMPLE_JOB}/0.jpg"
EXAMPLE_UPLOADS = [
    {
        "idx": 0,
        "url": f"https://photos.example.com/s3-images/{EXAMPLE_INPUT}{SIGNED}",
        "key": EXAMPLE_INPUT,
    }
]


def _in_path(name: str, schema: JsonSchema) -> JsonSchema:
    return {"in": "path", "name": name, "required": True, "schema": schema}


PARAMETERS["job_id"] = _in_path("job_id", JOB_ID)
PARAMETERS["rule_id"] = _in_path("rule_id", RULE_ID)
PARAMETERS["preset_id"] = _in_path("preset_id", text(examples=list(PRESETS)))
PARAMETERS["status"] = {
    "in": "query",
    "name": "status",
    "description": "Only jobs in one of these states, separated by commas.",
    "schema": {"type": "array", "items": JOB_STATUS, "minItems": 1},
    "style": "form",
    "explode": False,
}
