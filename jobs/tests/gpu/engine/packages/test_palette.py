from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.packages.palette import colour_of, palette, value_name
from jobs.vocabulary import MATERIALS, TEXTURES, TONES

MASK = np.full((10, 20), 255, np.uint8)
AFTER = np.full((50, 100, 3), (10, 20, 30), np.uint8)


def test_a_chip_has_the_colour_and_the_name_of_an_edit() -> None:
    edits = {
        "Wall": Edit("recolor", "#9db4a0"),
        "Floor": Edit("recolor", "oak_a"),
        "Ceiling": Edit("tone", "bright:0.5"),
        "Door": Edit("recolor", "walnut"),
        "Light": Edit("remove"),
    }
    masks = dict.fromkeys(("Wall", "Floor", "Ceiling", "Light"), MASK)

    chips = palette(edits, masks, AFTER, "ko")

    # The door is not in the photo, and what was removed has no colour.
    assert [(chip.name, chip.colour) for chip in chips] == [
        ("벽 · #9DB4A0", (0x9D, 0xB4, 0xA0)),
        ("바닥 · 오크", (0xC1, 0x9A, 0x6B)),
        ("천장 · 밝게", (10, 20, 30)),
    ]
    assert palette(edits, masks, AFTER, "en")[1].name == "Floor · Oak"


def test_a_grade_is_lighter_or_darker() -> None:
    plain, darker = (colour_of(Edit("recolor", value)) for value in ("oak_a", "oak_c"))

    assert plain is not None
    assert darker is not None
    assert sum(darker) < sum(plain)


def test_a_texture_has_the_mean_colour_of_its_pattern() -> None:
    colour = colour_of(Edit("texture", "marble"))

    assert colour is not None
    assert min(colour) > 150


@pytest.mark.parametrize("name", [*MATERIALS, *TEXTURES, *TONES])
def test_everything_in_the_vocabulary_has_a_korean_name(name: str) -> None:
    action = "tone" if name in TONES else "texture" if name in TEXTURES else "recolor"

    assert value_name(action, name, "ko") != name


def test_what_has_no_name_is_called_as_it_was_written() -> None:
    assert value_name("recolor", "off-beige", "ko") == "off-beige"
    assert value_name("recolor", "white_b", "ko") == "화이트"
