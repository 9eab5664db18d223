"""The domain presets (contract §6): concepts, what the models are asked for, and templates.

Plain data without Django: the web process, the worker and the engine read the same table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

ACTIONS = ("recolor", "tone", "texture", "remove")


@dataclass(frozen=True)
class Concept:
    """A nameable part of a photo.

    `prompt` is what an open-vocabulary model is asked for; `instances` says that a photo may
    have several; `defaults` is the value per action that an empty string stands for; `beneath`
    says that the concepts offered to clients lie on it.
    """

    name: str
    prompt: str
    instances: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)
    beneath: bool = False


def canonical(concept: str) -> str:
    """One spelling for the names a client may vary: "frame molding" is "Frame_Molding"."""
    return "_".join(concept.split()).casefold()


class Label(NamedTuple):
    """What people read."""

    ko: str
    en: str


class Protection(NamedTuple):
    """What stays as it is, and whether that is only what the preset protects by itself."""

    names: list[str]
    defaulted: bool


@dataclass(frozen=True)
class OutputTemplate:
    """`alias` is another id, for those who would rather write ASCII; `options` is what may be said
    of it when it is asked for.
    """

    id: str
    alias: str
    name: Label
    description: str
    options: tuple[str, ...] = ("language", "title")


# The template of any preset.
EVERYTHING = OutputTemplate(
    "전체", "all", Label("전체", "Everything"), "Every result, named, and a contact sheet."
)


@dataclass(frozen=True)
class Preset:
    """`concepts` is what clients are offered; `worker_concepts` are known to the worker only."""

    id: str
    name: str
    description: str
    concepts: tuple[Concept, ...]
    protect_defaults: tuple[str, ...]
    output_templates: tuple[OutputTemplate, ...]
    worker_concepts: tuple[Concept, ...] = ()

    def concept(self, name: str) -> Concept:
        """The named concept; any other name is its own prompt, since models are open-vocabulary."""
        for concept in (*self.concepts, *self.worker_concepts):
            if concept.name == name:
                return concept
        return Concept(name, prompt=name.replace("_", " ").lower())

    @property
    def templates(self) -> tuple[OutputTemplate, ...]:
        """Its output templates, and those of any preset."""
        return (*self.output_templates, EVERYTHING)

    def template(self, name: str) -> OutputTemplate | None:
        """The output template of that id or alias, those of any preset included."""
        for template in self.templates:
            if name in (template.id, template.alias):
                return template
        return None

    def protection(self, names: Sequence[str] | None) -> Protection:
        """What is protected where a client says `names`: nothing said means the defaults."""
        if names is None:
            return Protection(list(self.protect_defaults), defaulted=True)
        return Protection(list(names), defaulted=False)


# What people read, in Korean and in English.
LABELS = {
    "Wall": Label("벽", "Wall"),
    "Floor": Label("바닥", "Floor"),
    "Ceiling": Label("천장", "Ceiling"),
    "Window": Label("창문", "Window"),
    "Door": Label("문", "Door"),
    "Frame_Molding": Label("문틀·몰딩", "Frames and moldings"),
    "Tile": Label("타일", "Tiles"),
    "Grout": Label("줄눈", "Grout"),
    "Cabinet": Label("수납장", "Cabinets"),
    "Countertop": Label("상판", "Countertop"),
    "Light": Label("조명", "Lights"),
    "Handle": Label("손잡이", "Handles"),
    "Glass_highlight": Label("유리 반사", "Reflections in glass"),
    "Body": Label("제품 본체", "Product body"),
    "Label_Text": Label("라벨 글자", "Printed text"),
    "Logo": Label("로고", "Logo"),
    "Gloss": Label("광택", "Gloss"),
    "Parts": Label("부품", "Parts"),
    "Accessories": Label("구성품", "Accessories"),
    "Product": Label("제품", "Product"),
    "Background": Label("배경", "Background"),
}

# What "" stands for where a concept has no taste of its own.
FALLBACK_DEFAULTS = {"recolor": "offwhite_b", "tone": "bright", "texture": "linen", "remove": ""}


def resolve_value(preset_id: str, concept: str, action: str, value: str | None) -> str | None:
    """The value that a worker is told: "" becomes the preset's default for the concept."""
    if value != "":
        return value
    return PRESETS[preset_id].concept(concept).defaults.get(action) or FALLBACK_DEFAULTS[action]


INTERIOR = Preset(
    id="interior",
    name="건축/인테리어",
    description="Rooms: walls, floors, fittings. For architects, decorators and estate agents.",
    concepts=(
        Concept(
            "Wall",
            "wall surface",
            defaults={"recolor": "offwhite_b", "tone": "bright", "texture": "linen"},
        ),
        Concept(
            "Floor",
            "floor surface",
            defaults={"recolor": "oak_a", "tone": "warm", "texture": "oak"},
        ),
        Concept("Ceiling", "ceiling", defaults={"recolor": "white", "tone": "bright"}),
        Concept("Window", "window", True, {"recolor": "white", "tone": "bright"}),
        Concept("Door", "door", True, {"recolor": "walnut", "texture": "oak"}),
        Concept("Frame_Molding", "frame and molding trim", defaults={"recolor": "white"}),
        Concept("Tile", "tile", True, {"recolor": "ivory", "texture": "marble"}),
        Concept("Grout", "grout lines between tiles", defaults={"recolor": "greige"}),
        Concept("Cabinet", "cabinet door", True, {"recolor": "greige", "texture": "oak"}),
        Concept("Countertop", "countertop surface", defaults={"texture": "marble"}),
        Concept("Light", "light fixture", True, {"recolor": "black", "tone": "warm"}),
        Concept("Handle", "door handle or knob", True, {"recolor": "black"}),
    ),
    worker_concepts=(Concept("Glass_highlight", "glass reflection highlight"),),
    protect_defaults=("Grout", "Frame_Molding", "Glass_highlight"),
    output_templates=(
        OutputTemplate(
            "시안3안팩",
            "three_looks",
            Label("시안 3안 패키지", "Three looks"),
            "Three looks of each photo: modern, natural, hotel.",
        ),
        OutputTemplate(
            "전후비교",
            "before_after",
            Label("전/후 비교 세트", "Before and after"),
            "Before and after, side by side.",
        ),
        OutputTemplate(
            "고객공유카드",
            "share_card",
            Label("고객 공유 카드", "Card to share"),
            "Before, after and a palette summary.",
        ),
    ),
)

SELLER = Preset(
    id="seller",
    name="쇼핑/셀러",
    description="Products: body, labels, accessories. For shops and marketplaces.",
    concepts=(
        Concept(
            "Body",
            "product body",
            defaults={"recolor": "beige", "tone": "vivid", "texture": "linen"},
        ),
        Concept("Label_Text", "product label text", defaults={"recolor": "black"}),
        Concept("Logo", "brand logo", True, {"recolor": "black"}),
        Concept("Gloss", "glossy highlight reflection", defaults={"tone": "muted"}),
        Concept("Parts", "product parts and components", True, {"recolor": "grey"}),
        Concept("Accessories", "product accessories cable box manual", True, {"recolor": "grey"}),
    ),
    worker_concepts=(
        Concept("Product", "main product item", beneath=True),
        Concept(
            "Background",
            "background surface or backdrop",
            defaults={"recolor": "white"},
            beneath=True,
        ),
    ),
    protect_defaults=("Label_Text", "Logo", "Gloss"),
    output_templates=(
        OutputTemplate(
            "상품팩",
            "product_pack",
            Label("상품 패키지", "Product pack"),
            "One main, four detail, one worn and one package picture.",
        ),
        OutputTemplate(
            "옵션보드",
            "option_board",
            Label("옵션 보드", "Option board"),
            "The option colours side by side.",
            ("language", "title", "colors"),
        ),
        OutputTemplate(
            "썸네일8종",
            "thumbnails_8",
            Label("썸네일 8종", "Eight thumbnails"),
            "Eight thumbnails in marketplace sizes.",
        ),
    ),
)

PRESETS = {preset.id: preset for preset in (INTERIOR, SELLER)}


def template_alias(name: str) -> str:
    """The alias of a template of any preset that is given by id or alias; any other name as it
    is.
    """
    known = (preset.template(name) for preset in PRESETS.values())
    return next((template.alias for template in known if template is not None), name)


def layers(preset_id: str) -> tuple[str, ...]:
    """The preset's concepts, each more specific than those before it: where two edits overlap, the
    later one is on top. None of a preset that is not known here."""
    preset = PRESETS.get(preset_id)
    if preset is None:
        return ()
    known = (*preset.concepts, *preset.worker_concepts)
    ordered = sorted(known, key=lambda concept: not concept.beneath)
    return tuple(concept.name for concept in ordered)
