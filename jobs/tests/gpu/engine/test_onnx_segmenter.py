from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.errors import ModelError
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.onnx import OnnxSegmenter
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.tests.gpu.engine.pictures import opened, png_file
from jobs.tests.gpu.engine.tiny_onnx import colour_classes

# Class 0 is red, 1 green, 2 blue.
MODEL = colour_classes([[60, 0, 0], [0, 60, 0], [0, 0, 60]])
LABELS: dict[str, Any] = {
    "classes": {"Wall": 0, "Floor": [1], "Furniture": [1, 2]},
    "size": [64, 48],
    "mean": [0, 0, 0],
    "std": [1, 1, 1],
}


def stripes() -> Rgb:
    """Red, green and blue, 40 columns each."""
    picture = np.zeros((90, 120, 3), np.uint8)
    for channel in range(3):
        picture[:, 40 * channel : 40 * channel + 40, channel] = 200
    return picture


def models(folder: Path, labels: object = LABELS, model: bytes = MODEL) -> Path:
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(model)
    (folder / "onnx" / "labels.json").write_text(json.dumps(labels))
    return folder


def test_the_classes_of_a_model_become_concepts(tmp_path: Path) -> None:
    segmenter = load_segmenter("onnx", models(tmp_path))
    found = segmenter.segment(stripes(), ["Wall", "floor", "Furniture", "Door", "Wall"])
    assert set(found.masks) == {"Wall", "floor", "Furniture"}
    assert found.unsupported == ("Door",)
    inside = {name: [int(mask[45, x]) for x in (20, 60, 100)] for name, mask in found.masks.items()}
    assert inside == {"Wall": [255, 0, 0], "floor": [0, 255, 0], "Furniture": [0, 255, 255]}
    assert all(mask.shape == (90, 120) for mask in found.masks.values())


def test_a_known_concept_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    red = np.full((60, 60, 3), (200, 0, 0), np.uint8)
    found = load_segmenter("onnx", models(tmp_path)).segment(red, ["Floor", "Wall"])
    assert (set(found.masks), found.not_found) == ({"Wall"}, ("Floor",))


def test_a_photo_is_edited_with_an_operators_model(tmp_path: Path) -> None:
    engine = Engine(load_segmenter("onnx", models(tmp_path)))
    result = opened(engine.edit(png_file(stripes()), {"Wall": Edit("recolor", "navy")}, []).png)
    assert np.array_equal(result[:, 50:], stripes()[:, 50:])
    assert not np.array_equal(result[:, :30], stripes()[:, :30])


@pytest.mark.parametrize(
    "labels",
    [
        {},
        [],
        {"classes": {}, "size": [8, 8]},
        {"classes": {"Wall": "red"}, "size": [8, 8]},
        {"classes": {"Wall": -1}, "size": [8, 8]},
        {"classes": {"Wall": []}, "size": [8, 8]},
        {"classes": {"Wall": 0}, "size": [8]},
        {"classes": {"Wall": 0}, "size": [0, 8]},
        {"classes": {"Wall": 0}, "size": [8, 8], "std": [0, 1, 1]},
        {"classes": {"Wall": 0}, "size": [8, 8], "mean": [0]},
    ],
)
def test_a_label_map_of_another_shape_is_refused(tmp_path: Path, labels: object) -> None:
    with pytest.raises(ModelError, match="documented shape"):
        load_segmenter("onnx", models(tmp_path, labels))


def test_a_class_the_model_does_not_have_fails_the_photo(tmp_path: Path) -> None:
    segmenter = load_segmenter("onnx", models(tmp_path, LABELS | {"classes": {"Wall": 3}}))
    with pytest.raises(ModelError, match="does not have"):
        segmenter.segment(stripes(), ["Wall"])


def test_a_missing_folder_and_a_broken_model_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"labels\.json cannot be read"):
        load_segmenter("onnx", tmp_path)
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded"):
        load_segmenter("onnx", models(tmp_path, model=b"junk"))


def test_another_model_has_another_version(tmp_path: Path) -> None:
    one = OnnxSegmenter(models(tmp_path) / "onnx").version
    other_model = colour_classes([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    (tmp_path / "onnx" / "model.onnx").write_bytes(other_model)
    assert OnnxSegmenter(tmp_path / "onnx").version != one
