"""Where the concepts of a photo lie: as a worker says it, and as its owner reads it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, NotRequired, TypedDict

from jobs.api.edits import MAX_CONCEPTS, MAX_INSTANCES, MAX_NAME_LENGTH, ConceptName
from jobs.models.results import FoundInstance
from s3project.api.fields import ShapedField
from s3project.schema import Schema

# Of one photo. It is shown with every poll: at 70 bytes each this is 9 kB at most.
MAX_FOUND: Final = 128
DIGITS: Final = 4
SIDES: Final = 4
COLOUR = re.compile(r"#[0-9a-f]{6}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Share = Annotated[float, Schema(minimum=0, maximum=1)]


class InstanceOut(TypedDict):
    box: Annotated[
        list[Share],
        Schema(
            "Left, top, right, bottom, as shares of the width and height of the upright photo.",
            minItems=SIDES,
            maxItems=SIDES,
            example=[0.125, 0.21, 0.336, 0.58],
        ),
    ]
    share: Annotated[
        float,
        Schema("How much of the concept's area it is.", minimum=0, maximum=1, example=0.41),
    ]
    score: NotRequired[
        Annotated[
            float,
            Schema(
                "Of a thing: how sure the model is. Scores of two backends cannot be compared.",
                minimum=0,
                maximum=1,
                example=0.93,
            ),
        ]
    ]
    colour: NotRequired[
        Annotated[
            str, Schema("Of a paint: its colour.", pattern="^#[0-9a-f]{6}$", example="#b23a2e")
        ]
    ]


InstancesOut = Annotated[
    dict[
        ConceptName,
        Annotated[list[InstanceOut], Schema(minItems=1, maxItems=MAX_INSTANCES)],
    ],
    Schema(
        "Where each concept lies that was looked for, in the order of the numbers that an edit's "
        "`instances` chooses by: things from left to right, or the paints of a single thing, the "
        "one that `recolor` moves by itself first. What is not told apart is one. Absent where it "
        f"is not known, and when the photo is not kept any longer; {MAX_FOUND} of a photo at most.",
        minProperties=1,
        maxProperties=MAX_CONCEPTS,
        example={
            "Window": [
                {"box": [0.125, 0.21, 0.336, 0.58], "share": 0.41, "score": 0.93},
                {"box": [0.61, 0.2, 0.88, 0.6], "share": 0.59, "score": 0.9},
            ]
        },
    ),
]


class InstancesField(ShapedField):
    """A worker's findings, kept as far as they are of this shape."""

    kind = "an object"
    shape = Annotated[
        InstancesOut,
        Schema(
            "Where each concept lies, in the order of their numbers. Never a reason to refuse the "
            f"result: a concept of which anything is wrong is left out, and what is over "
            f"{MAX_INSTANCES} of a concept or {MAX_FOUND} of the photo.",
            minProperties=0,
        ),
    ]

    def to_internal_value(self, data: Any) -> dict[str, list[FoundInstance]]:
        found: dict[str, list[FoundInstance]] = {}
        room = MAX_FOUND
        for name, raw in data.items() if isinstance(data, Mapping) else ():
            instances = _instances(raw) if _is_name(name) else []
            instances = instances[: min(MAX_INSTANCES, room)]
            if instances and len(found) < MAX_CONCEPTS:
                found[name] = instances
                room -= len(instances)
        return found


def _is_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and 0 < len(name) <= MAX_NAME_LENGTH
        and UNSTORABLE.search(name) is None
    )


def _instances(raw: Any) -> list[FoundInstance]:
    """None where one of them is wrong: those behind it would have another one's number."""
    if not isinstance(raw, list):
        return []
    found = [_instance(one) for one in raw[:MAX_INSTANCES]]
    return [one for one in found if one is not None] if None not in found else []


def _instance(raw: Any) -> FoundInstance | None:
    if not isinstance(raw, Mapping):
        return None
    box, share = raw.get("box"), _share(raw.get("share"))
    if not isinstance(box, list) or len(box) != SIDES or share is None:
        return None
    left, top, right, bottom = sides = [_share(side) for side in box]
    if left is None or top is None or right is None or bottom is None:
        return None
    if left > right or top > bottom:
        return None
    instance: FoundInstance = {"box": [side for side in sides if side is not None], "share": share}
    score, colour = _share(raw.get("score")), raw.get("colour")
    if score is not None:
        instance["score"] = score
    if isinstance(colour, str) and COLOUR.fullmatch(colour):
        instance["colour"] = colour
    return instance


def _share(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return round(float(value), DIGITS)
