"""`GET /vocabulary`: the values that edits may have, what a palette in a client is made of."""

from typing import Annotated, TypedDict

from django.http import HttpResponse
from rest_framework.request import Request

from jobs.presets import FALLBACK_DEFAULTS
from jobs.vocabulary import (
    FAMILIES,
    GRADES,
    SPELLINGS,
    TEXTURES,
    TONES,
    Colour,
    parse_hex,
    shade,
)
from s3project import __version__
from s3project.api.answers import Answer
from s3project.api.conditional import client_has, weak_etag
from s3project.api.operation import Operation
from s3project.api.views import ApiView
from s3project.schema import Schema

A_DAY = "public, max-age=86400"

Hex = Annotated[str, Schema(pattern="^#[0-9a-f]{6}$", example="#c19a6b")]


class GradeOut(TypedDict):
    name: Annotated[str, Schema(example="oak_b")]
    hex: Hex


class MaterialOut(TypedDict):
    name: Annotated[str, Schema(example="oak")]
    hex: Hex
    family: Annotated[str, Schema(enum=list(FAMILIES), example="wood")]
    grades: Annotated[list[GradeOut], Schema("The plain one first, then lighter and darker ones.")]


class VocabularyOut(TypedDict):
    materials: Annotated[list[MaterialOut], Schema("Values of `recolor`, beside #RGB and #RRGGBB.")]
    textures: Annotated[list[str], Schema("Values of `texture`.", example=list(TEXTURES))]
    tones: Annotated[
        list[str],
        Schema("Values of `tone`, with a strength or without: `warm:0.5`.", example=list(TONES)),
    ]
    spellings: Annotated[
        dict[str, str],
        Schema("Other words for some of these.", example={"gray": "grey", "wood": "oak"}),
    ]
    defaults: Annotated[
        dict[str, str],
        Schema(
            "By action: what an empty value stands for where the preset has no default.",
            example={"recolor": "offwhite_b"},
        ),
    ]


def vocabulary_out() -> VocabularyOut:
    return {
        "materials": [
            {"name": name, "hex": _hex(colour), "family": family, "grades": _grades(name, colour)}
            for family, materials in FAMILIES.items()
            for name, code in materials.items()
            if (colour := parse_hex(code)) is not None
        ],
        "textures": list(TEXTURES),
        "tones": list(TONES),
        "spellings": dict(SPELLINGS),
        "defaults": {action: value for action, value in FALLBACK_DEFAULTS.items() if value},
    }


def _grades(name: str, colour: Colour) -> list[GradeOut]:
    return [
        {"name": f"{name}_{grade}", "hex": _hex(shade(colour, lighter))}
        for grade, lighter in GRADES.items()
    ]


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


# Part of the program: it changes with a version only.
VOCABULARY = vocabulary_out()
ETAG = weak_etag(f"vocabulary {__version__} {VOCABULARY}")


class VocabularyView(ApiView):
    """GET /vocabulary"""

    tag = "Presets"
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @Operation("get_vocabulary", conditional=True)
    def get(self, request: Request) -> Answer[VocabularyOut] | HttpResponse:
        """The values that edits may have

        The same for all, and for a day.
        """
        headers = {"ETag": ETAG, "Cache-Control": A_DAY}
        if client_has(request, ETAG):
            return HttpResponse(status=304, headers=headers)
        return Answer(VOCABULARY, headers=headers)
