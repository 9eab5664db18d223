from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.own_outline import by_own_outline
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.base import Segmentation
from jobs.tests.gpu.engine.pictures import FixedSegmenter, opened

THING = np.s_[30:90, 40:120]
SHADOW = np.s_[95:105, 40:120]


def own_alpha() -> np.ndarray:
    alpha = np.zeros((120, 160), np.uint8)
    alpha[THING], alpha[SHADOW] = 255, 120
    return alpha


def half() -> np.ndarray:
    """What a model sees of a white thing on white: a part of it."""
    seen = np.zeros((120, 160), np.uint8)
    seen[30:90, 80:120] = 255
    return seen


def test_what_is_opaque_is_the_product_and_a_shadow_is_background() -> None:
    found = by_own_outline(
        Segmentation({"Body": half(), "Background": 255 - half()}), own_alpha(), (120, 160)
    )
    assert np.array_equal(found.masks["Body"] > 0, own_alpha() == 255)
    assert found.masks["Background"][SHADOW].min() == 255


def test_a_product_that_no_model_saw_is_found_by_its_alpha() -> None:
    found = by_own_outline(Segmentation(not_found=("Body", "Logo")), own_alpha(), (60, 80))
    assert found.not_found == ("Logo",)
    assert found.masks["Body"].shape == (60, 80)


@pytest.mark.parametrize(
    "alpha",
    [None, np.full((120, 160), 255, np.uint8), np.zeros((120, 160), np.uint8)],
    ids=["none", "opaque", "empty"],
)
def test_a_photo_that_was_not_cut_out_is_left_to_the_model(alpha: np.ndarray | None) -> None:
    seen = Segmentation({"Body": half()})
    assert by_own_outline(seen, alpha, (120, 160)) is seen


def test_a_photo_with_round_corners_was_not_cut_out() -> None:
    alpha = np.full((120, 160), 255, np.uint8)
    alpha[:8, :8] = alpha[-8:, :8] = alpha[:8, -8:] = alpha[-8:, -8:] = 0
    seen = Segmentation({"Body": half()})
    assert by_own_outline(seen, alpha, (120, 160)) is seen


def test_a_white_cut_out_is_painted_whole() -> None:
    rgba = np.full((120, 160, 4), 250, np.uint8)
    rgba[..., 3] = own_alpha()
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    engine = Engine(FixedSegmenter({"Body": half()}))
    edited = opened(engine.edit(file.getvalue(), {"Body": Edit("recolor", "forest")}, []).png)
    assert edited[34:86, 44:116, :3].max() < 130
