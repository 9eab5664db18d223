"""GET /presets, held to contract §6 letter by letter."""

from typing import Any

import pytest
from pytest_django import Settings

from jobs.presets import PRESETS
from s3project.testing.api import Api
from s3project.testing.sql import recorded_statements
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

# name → (prompt, whether a photo may have several)
INTERIOR = {
    "Wall": ("wall surface", False),
    "Floor": ("floor surface", False),
    "Ceiling": ("ceiling", False),
    "Window": ("window", True),
    "Door": ("door", True),
    "Frame_Molding": ("frame and molding trim", False),
    "Tile": ("tile", True),
    "Grout": ("grout lines between tiles", False),
    "Cabinet": ("cabinet door", True),
    "Countertop": ("countertop surface", False),
    "Light": ("light fixture", True),
    "Handle": ("door handle or knob", True),
}
SELLER = {
    "Body": ("product body", False),
    "Label_Text": ("product label text", False),
    "Logo": ("brand logo", True),
    "Gloss": ("glossy highlight reflection", False),
    "Parts": ("product parts and components", True),
    "Accessories": ("product accessories cable box manual", True),
}
WORKER_ONLY = {
    "interior": {"Glass_highlight": ("glass reflection highlight", False)},
    "seller": {
        "Product": ("main product item", False),
        "Background": ("background surface or backdrop", False),
    },
}
ANSWERS: dict[str, dict[str, Any]] = {
    "interior": {
        "id": "interior",
        "name": "건축/인테리어",
        "concept_count": 12,
        "concepts": list(INTERIOR),
        "protect_defaults": ["Grout", "Frame_Molding", "Glass_highlight"],
        "output_templates": [
            {
                "id": "시안3안팩",
                "alias": "three_looks",
                "name": "시안 3안 패키지",
                "label": {"ko": "시안 3안 패키지", "en": "Three looks"},
                "description": "Three looks of each photo: modern, natural, hotel.",
            },
            {
                "id": "전후비교",
                "alias": "before_after",
                "name": "전/후 비교 세트",
                "label": {"ko": "전/후 비교 세트", "en": "Before and after"},
                "description": "Before and after, side by side.",
            },
            {
                "id": "고객공유카드",
                "alias": "share_card",
                "name": "고객 공유 카드",
                "label": {"ko": "고객 공유 카드", "en": "Card to share"},
                "description": "Before, after and a palette summary.",
            },
        ],
    },
    "seller": {
        "id": "seller",
        "name": "쇼핑/셀러",
        "concept_count": 6,
        "concepts": list(SELLER),
        "protect_defaults": ["Label_Text", "Logo", "Gloss"],
        "output_templates": [
            {
                "id": "상품팩",
                "alias": "product_pack",
                "name": "상품 패키지",
                "label": {"ko": "상품 패키지", "en": "Product pack"},
                "description": "One main, four detail, one worn and one package picture.",
            },
            {
                "id": "옵션보드",
                "alias": "option_board",
                "name": "옵션 보드",
                "label": {"ko": "옵션 보드", "en": "Option board"},
                "description": "The option colours side by side.",
            },
            {
                "id": "썸네일8종",
                "alias": "thumbnails_8",
                "name": "썸네일 8종",
                "label": {"ko": "썸네일 8종", "en": "Eight thumbnails"},
                "description": "Eight thumbnails in marketplace sizes.",
            },
        ],
    },
}


def test_the_presets_are_listed() -> None:
    data = api_of(make_user()).get("/presets").data

    for preset in data:
        assert preset.pop("description")
    assert data == [
        {key: preset[key] for key in ("id", "name", "concept_count")} for preset in ANSWERS.values()
    ]


@pytest.mark.parametrize("preset_id", ["interior", "seller"])
def test_a_preset_is_answered_in_full(preset_id: str) -> None:
    data = Api().get(f"/presets/{preset_id}").data

    details = data.pop("details")
    assert data == ANSWERS[preset_id]
    assert [concept["name"] for concept in details] == data["concepts"]


def test_a_concept_says_its_labels_its_defaults_and_whether_the_backend_finds_it() -> None:
    details = {
        concept["name"]: concept for concept in Api().get("/presets/interior").data["details"]
    }

    assert details["Floor"] == {
        "name": "Floor",
        "label": {"ko": "바닥", "en": "Floor"},
        "supported": True,
        "instances": False,
        "default": {"recolor": "oak_a", "tone": "warm", "texture": "oak", "remove": ""},
    }
    assert (details["Door"]["supported"], details["Door"]["instances"]) == (False, True)


@pytest.mark.parametrize(
    ("backend", "concepts", "supported"),
    [("sam3", [], {"Wall", "Door"}), ("onnx", ["door"], {"Door"}), ("onnx", [], {"Wall", "Door"})],
)
def test_what_is_supported_follows_the_configured_backend(
    backend: str, concepts: list[str], supported: set[str], settings: Settings
) -> None:
    settings.ENGINE_SEGMENTER, settings.ENGINE_CONCEPTS = backend, concepts

    details = Api().get("/presets/interior").data["details"]

    told = {concept["name"] for concept in details if concept["supported"]}
    assert told & {"Wall", "Door"} == supported


def test_korean_names_arrive_as_themselves() -> None:
    assert "썸네일8종".encode() in api_of(make_user()).get("/presets/seller").raw


@pytest.mark.parametrize("preset_id", ["garden", "Interior", "%00", "x" * 300])
def test_an_unknown_preset_is_not_found(preset_id: str) -> None:
    answer = api_of(make_user()).get(f"/presets/{preset_id}")

    assert answer.refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/presets", "/presets/interior", "/presets/garden"])
def test_presets_need_no_token_and_look_at_none(path: str) -> None:
    expected = 404 if "garden" in path else 200

    assert Api().get(path).status == Api("rubbish").get(path).status == expected


@pytest.mark.parametrize("path", ["/presets", "/presets/seller", "/vocabulary"])
def test_presets_cost_no_query(path: str) -> None:
    with recorded_statements() as statements:
        assert Api().get(path).status == 200

    assert statements == []


@pytest.mark.parametrize(("preset_id", "concepts"), [("interior", INTERIOR), ("seller", SELLER)])
def test_every_concept_has_its_prompt(
    preset_id: str, concepts: dict[str, tuple[str, bool]]
) -> None:
    preset = PRESETS[preset_id]

    def table(rows: Any) -> dict[str, tuple[str, bool]]:
        return {concept.name: (concept.prompt, concept.instances) for concept in rows}

    assert table(preset.concepts) == concepts
    assert table(preset.worker_concepts) == WORKER_ONLY[preset_id]


def test_an_unknown_concept_is_its_own_prompt() -> None:
    concept = PRESETS["interior"].concept("Red_Sofa")

    assert (concept.prompt, concept.instances) == ("red sofa", False)
