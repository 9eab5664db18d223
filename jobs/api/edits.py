"""What is to be done with a photo's concepts: taken by jobs and rules, and answered by rules."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from rest_framework import serializers

from jobs.presets import ACTIONS
from s3project.api.fields import Array, ByName, Choice, Name, Object, Shaped, Text, WholeNumber
from s3project.schema import Schema

MAX_CONCEPTS: Final = 64
MAX_INSTANCES: Final = 64
MAX_INSTANCE: Final = 199
MAX_NAME_LENGTH: Final = 64
MAX_VALUE_LENGTH: Final = 200
NO_NUL: Final = r"^[^\u0000]*$"

# --- As types --------------------------------------------------------------------------------

ConceptName = Annotated[
    str, Schema(minLength=1, maxLength=MAX_NAME_LENGTH, pattern=NO_NUL, example="Grout")
]
EditValue = Annotated[str, Schema(maxLength=MAX_VALUE_LENGTH, pattern=NO_NUL)]
Instances = Annotated[
    list[Annotated[int, Schema(minimum=0, maximum=MAX_INSTANCE)]] | None,
    Schema(
        "Only these instances of the concept, from 0 and from left to right; absent for all. Of a "
        "single thing they are its paints, the one that `recolor` moves by itself first. A number "
        "that a photo has no instance of is a warning on it.",
        minItems=1,
        maxItems=MAX_INSTANCES,
    ),
]


Paint = Annotated[
    Literal["all"] | None,
    Schema(
        "`recolor` moves one paint, the one that covers most: a shoe's soles stay white. `all` "
        "takes the whole concept."
    ),
]


# Two, by the action, so that a client's type checker knows who needs a value.
class ValuedEdit(TypedDict):
    action: Literal["recolor", "tone", "texture"]
    value: Annotated[
        EditValue,
        Schema(
            "A colour (`#9db4a0`), a material (`oak_a`), a tone (`warm:0.5`) or a texture "
            "(`marble`); empty for the preset's default. GET /vocabulary lists them."
        ),
    ]
    instances: NotRequired[Instances]
    paint: NotRequired[Paint]


class Removal(TypedDict):
    action: Literal["remove"]
    value: NotRequired[EditValue | None]
    instances: NotRequired[Instances]


Edit = Annotated[
    ValuedEdit | Removal, Schema("What to do with one concept.", name="Edit", is_open=True)
]
Concepts = Annotated[
    dict[ConceptName, Edit],
    Schema(
        "Concept → edit. Where two overlap, the more specific one is on top. Any name is allowed; "
        "those of the preset are known best.",
        minProperties=0,
        maxProperties=MAX_CONCEPTS,
        example={
            "Wall": {"action": "recolor", "value": "#9db4a0"},
            "Floor": {"action": "texture", "value": "oak"},
            "Light": {"action": "remove"},
        },
    ),
]
# A rule that does nothing is not worth a slot.
RuleConcepts = Annotated[Concepts, Schema(minProperties=1)]
Protect = Annotated[
    list[ConceptName],
    Schema("Concepts whose pixels stay as they are.", maxItems=MAX_CONCEPTS),
]
AskedProtect = Annotated[
    list[ConceptName] | None,
    Schema(
        "Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's "
        "`protect_defaults`. What is edited and protected is protected.",
        maxItems=MAX_CONCEPTS,
    ),
]

# --- As they are checked ---------------------------------------------------------------------


class EditIn(Object):
    """What to do with one concept; only `remove` needs no value. `instances` are the numbers of
    those of its instances that are meant, kept only where there are any.
    """

    action = Choice(Annotated[str, Schema(enum=list(ACTIONS))])
    value = Text(max_length=MAX_VALUE_LENGTH, allow_blank=True, allow_null=True, required=False)
    instances = Array(
        child=WholeNumber(min_value=0, max_value=MAX_INSTANCE),
        allow_empty=False,
        max_length=MAX_INSTANCES,
        allow_null=True,
        required=False,
    )
    paint = Choice(Literal["all"], allow_null=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["action"] != "remove" and attrs.get("value") is None:
            text = f'This field is required: {attrs["action"]} needs a value, "" for the default.'
            raise serializers.ValidationError({"value": [text]}, code="required")
        edit = {"action": attrs["action"], "value": attrs.get("value")}
        if attrs.get("instances") is not None:
            edit["instances"] = sorted(set(attrs["instances"]))
        if attrs.get("paint") is not None:
            edit["paint"] = attrs["paint"]
        return edit


EDIT_IN = EditIn()


class ConceptNameField(Name):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_NAME_LENGTH, **options)


class ConceptsField(ByName):
    """`{name: {"action", "value"}}`, at most 64; their order is kept."""

    shape = Concepts
    name_field = ConceptNameField()
    value_field = EDIT_IN
    max_entries = MAX_CONCEPTS
    noun = "concept"


class RuleConceptsField(ConceptsField):
    """As for a job, but at least one concept."""

    shape = RuleConcepts
    allow_empty = False


class ProtectField(Shaped, Array):
    """Names of concepts whose pixels stay as they are; at most 64. None: the preset's defaults."""

    shape = AskedProtect

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=ConceptNameField(),
            max_length=MAX_CONCEPTS,
            required=False,
            allow_null=True,
            **options,
        )
