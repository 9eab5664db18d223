"""The sam3 backend with a checkpoint of 256 thousand random weights.

They see nothing sensible, but the whole way of the data is the real one. Runs where
requirements-gpu.txt is installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jobs.gpu.engine.errors import ModelError
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters import sam3
from jobs.gpu.engine.segmenters.prompts import concept_for
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.engine.segmenters.sam3 import Sam3Segmenter, preprocessed
from jobs.tests.gpu.engine.pictures import noise, opened, png_file, wall

SIDE = 112


def byte_letters() -> list[str]:
    """The 256 letters that stand for bytes in a CLIP vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [256 + number for number in range(256 - len(plain))]
    return [chr(code) for code in plain + others]


def write_checkpoint(folder: Path) -> None:
    torch = pytest.importorskip("torch", reason="requirements-gpu.txt is not installed")
    transformers = pytest.importorskip("transformers", reason="requirements-gpu.txt")
    letters = byte_letters()
    tokens = [
        *letters,
        *(letter + "</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({t: n for n, t in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt")
    )
    tokenizer.model_max_length = 32
    tokenizer.save_pretrained(folder)
    grid, small = SIDE // 14, {"num_attention_heads": 2, "hidden_size": 32}
    layer = {**small, "num_layers": 1, "intermediate_size": 64}
    config = transformers.Sam3Config(
        vision_config={
            "backbone_config": {
                **small,
                "model_type": "sam3_vit_model",
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "image_size": SIDE,
                "patch_size": 14,
                "window_size": 4,
                "global_attn_indexes": [1],
                "pretrain_image_size": 56,
            },
            "fpn_hidden_size": 32,
            "backbone_feature_sizes": [[grid * 4] * 2, [grid * 2] * 2, [grid] * 2],
        },
        text_config={
            **small,
            "model_type": "clip_text_model",
            "vocab_size": len(tokens),
            "intermediate_size": 64,
            "projection_dim": 32,
            "num_hidden_layers": 1,
            "max_position_embeddings": 32,
            "bos_token_id": 512,
            "eos_token_id": 513,
            "pad_token_id": 513,
        },
        geometry_encoder_config=layer,
        detr_encoder_config=layer,
        detr_decoder_config={**layer, "num_queries": 8},
        mask_decoder_config={**small, "num_upsampling_stages": 3},
    )
    torch.manual_seed(0)
    transformers.Sam3Model(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_checkpoint(folder / "sam3")
    return folder


@pytest.fixture
def segmenter(models: Path, monkeypatch: pytest.MonkeyPatch) -> Sam3Segmenter:
    """Random weights are sure of nothing, so every query counts as found."""
    monkeypatch.setattr(sam3, "_SCORE", 0.0)
    loaded = load_segmenter("sam3", models)
    assert isinstance(loaded, Sam3Segmenter)
    return loaded


NAMES = ["Wall", "Floor", "Ceiling", "Window", "Door", "a red velvet armchair", "Wall"]


@pytest.mark.filterwarnings("default")
def test_every_name_is_looked_for_and_sorted_into_one_place(segmenter: Sam3Segmenter) -> None:
    found = segmenter.segment(wall(90, 160), NAMES)
    assert set(found.masks) | set(found.not_found) == set(NAMES)
    assert found.unsupported == ()
    assert found.masks
    for name, mask in found.masks.items():
        assert mask.shape == (90, 160)
        assert set(np.unique(mask)) <= {0, 255}
        scores = [instance.score for instance in found.instances[name]]
        assert len(scores) == 8
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert all(0 <= side <= 1 for one in found.instances[name] for side in one.box)


@pytest.mark.filterwarnings("default")
def test_one_look_at_the_photo_serves_all_concepts(
    segmenter: Sam3Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    encode = segmenter._model.get_vision_features

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        return encode(*arguments, **options)

    monkeypatch.setattr(segmenter._model, "get_vision_features", counted)
    together = segmenter.segment(wall(90, 160), NAMES)
    assert len(calls) == 1
    for name in together.masks:
        alone = segmenter.segment(wall(90, 160), [name])
        assert float((alone.masks[name] != together.masks[name]).mean()) < 0.001
        assert np.allclose(
            [one.score for one in alone.instances[name]],
            [one.score for one in together.instances[name]],
            atol=1e-5,
        )


@pytest.mark.filterwarnings("default")
def test_a_prompt_is_encoded_once_and_remembered(
    segmenter: Sam3Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter.segment(wall(60, 60), ["Wall", "Door"])
    encoded: list[int] = []
    encode = segmenter._model.get_text_features

    def counted(*arguments: Any, **options: Any) -> Any:
        encoded.append(len(options["input_ids"]))
        return encode(*arguments, **options)

    monkeypatch.setattr(segmenter._model, "get_text_features", counted)
    segmenter.segment(wall(60, 60), ["Door", "Window", "Wall"])
    assert encoded == [1]


@pytest.mark.filterwarnings("default")
def test_remembered_prompts_do_not_grow_without_end(
    segmenter: Sam3Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sam3, "_REMEMBERED_PROMPTS", 5)
    for start in range(0, 12, 3):
        segmenter.segment(wall(60, 60), [f"thing {start + number}" for number in range(3)])
    assert len(segmenter._prompts) <= 5


@pytest.mark.filterwarnings("default")
def test_a_prompt_may_be_longer_than_the_model_reads(segmenter: Sam3Segmenter) -> None:
    found = segmenter.segment(wall(60, 60), ["a very long name " * 20])
    assert len(found.masks) + len(found.not_found) == 1


@pytest.mark.filterwarnings("default")
def test_scores_are_the_product_of_query_and_presence(segmenter: Sam3Segmenter) -> None:
    torch = pytest.importorskip("torch")
    picture = noise(70, 90)
    with torch.inference_mode():
        text, attention = segmenter._text(["door"])
        output = segmenter._model(
            pixel_values=segmenter._pixels(picture), text_embeds=text, attention_mask=attention
        )
        expected = (output.pred_logits.sigmoid() * output.presence_logits.sigmoid())[0]
    found = segmenter.segment(picture, ["Door"]).instances["Door"]
    best = float(expected.max())
    assert found[0].score == pytest.approx(best, abs=1e-5)


@pytest.mark.filterwarnings("default")
def test_what_the_model_is_unsure_of_is_not_found(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sam3, "_SCORE", 1.0)
    found = load_segmenter("sam3", models).segment(wall(60, 60), ["Wall", "Door"])
    assert (dict(found.masks), found.not_found) == ({}, ("Wall", "Door"))


@pytest.mark.filterwarnings("default")
def test_a_photo_goes_through_the_whole_engine(segmenter: Sam3Segmenter) -> None:
    picture = wall(200, 300)
    edited = Engine(segmenter).edit(
        png_file(picture), {"Wall": Edit("recolor", "navy")}, ["Frame_Molding"]
    )
    protected = segmenter.segment(picture, ["Wall", "Frame_Molding"]).masks.get("Frame_Molding")
    result = opened(edited.png)
    assert result.shape == picture.shape
    if protected is not None:
        assert np.array_equal(result[protected > 0], picture[protected > 0])


@pytest.mark.filterwarnings("default")
def test_the_picture_is_prepared_as_the_library_does_it(models: Path) -> None:
    transformers = pytest.importorskip("transformers")
    try:
        processor = transformers.Sam3ImageProcessor(size={"height": SIDE, "width": SIDE})
    except ImportError:
        pytest.skip("the library's own processor needs torchvision")
    smooth = np.asarray(cv2.GaussianBlur(noise(300, 400), (0, 0), 6), np.uint8)
    theirs = processor(images=smooth, return_tensors="pt")["pixel_values"].numpy()
    assert np.abs(theirs - preprocessed(smooth, SIDE)).max() < 3 / 127.5


def test_a_prepared_picture_has_the_shape_and_range_the_model_wants() -> None:
    prepared = preprocessed(np.full((50, 80, 3), (0, 128, 255), np.uint8), 56)
    assert prepared.shape == (1, 3, 56, 56)
    assert prepared.dtype == np.float32
    assert prepared[0, :, 0, 0].tolist() == pytest.approx([-1, 128 / 127.5 - 1, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("Wall", "wall surface"),
        ("frame molding", "frame and molding trim"),
        ("Glass_highlight", "glass reflection highlight"),
        ("Red_Armchair", "red armchair"),
    ],
)
def test_the_model_is_asked_in_the_words_of_the_presets(name: str, prompt: str) -> None:
    assert concept_for(name).prompt == prompt


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="requirements-gpu.txt is not installed")
    with pytest.raises(ModelError, match="no checkpoint"):
        load_segmenter("sam3", tmp_path)


@pytest.mark.filterwarnings("default")
def test_a_damaged_checkpoint_is_refused(models: Path, tmp_path: Path) -> None:
    (tmp_path / "sam3").mkdir()
    for file in (models / "sam3").iterdir():
        damaged = file.suffix == ".safetensors"
        (tmp_path / "sam3" / file.name).write_bytes(b"junk" if damaged else file.read_bytes())
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_segmenter("sam3", tmp_path)


def test_without_torch_the_backend_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"requirements-gpu\.txt"):
        load_segmenter("sam3", tmp_path)
