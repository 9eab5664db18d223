"""Looks and thumbnails are data; this is what the rest relies on."""

from __future__ import annotations

import re

import pytest

from jobs.gpu.engine.packages.templates import TEMPLATES
from jobs.looks import LOOKS, OPTION_COLOURS
from jobs.presets import ACTIONS, PRESETS, SELLER
from jobs.thumbnails import THUMBNAILS
from jobs.vocabulary import understands


@pytest.mark.parametrize("preset", PRESETS)
def test_every_template_of_a_preset_is_made(preset: str) -> None:
    assert {template.alias for template in PRESETS[preset].templates} <= TEMPLATES.keys()


def test_a_room_has_three_looks_of_concepts_and_values_that_are_known() -> None:
    looks = LOOKS["interior"]
    known = {concept.name for concept in PRESETS["interior"].concepts}

    assert [look.id for look in looks] == ["modern", "natural", "hotel"]
    for look in looks:
        assert {"Wall", "Floor", "Ceiling", "Cabinet"} <= look.edits.keys() <= known
        for action, value in look.edits.values():
            assert action in ACTIONS
            assert value
            assert understands(action, value), value


def test_six_colours_of_the_vocabulary_are_the_options_by_default() -> None:
    assert len(set(OPTION_COLOURS)) == 6
    assert all(understands("recolor", colour) for colour in OPTION_COLOURS)
    template = SELLER.template("option_board")
    assert template is not None
    assert "colors" in template.options


def test_there_are_eight_thumbnails_each_with_a_name_a_size_a_background_and_a_source() -> None:
    assert len({one.name for one in THUMBNAILS}) == 8
    for one in THUMBNAILS:
        assert re.fullmatch(r"[a-z]+-\d+x\d+", one.name)
        assert min(one.width, one.height) >= 500
        assert re.fullmatch(r"#[0-9A-F]{6}", one.background)
        assert 0.5 <= one.fill <= 0.95
        assert one.source.startswith("https://")
