from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.actions.base import Action, Canvas
from jobs.gpu.engine.actions.patterns import SIDE, pattern
from jobs.gpu.engine.actions.planes import GROUND, OVERHEAD, UPRIGHT, plane_for
from jobs.gpu.engine.actions.recolor import recolor
from jobs.gpu.engine.actions.remove import remove
from jobs.gpu.engine.actions.texture import texture
from jobs.gpu.engine.actions.tone import tone
from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.errors import EditSkipped
from jobs.gpu.engine.lab import to_lab
from jobs.gpu.engine.perspective import perspective_of
from jobs.tests.gpu.engine.pictures import left_half, mean_lab, noise, region, wall
from jobs.vocabulary import MATERIALS, TEXTURES, find_material, parse_hex

INSIDE, OUTSIDE = np.s_[:, :60], np.s_[:, 60:]


def done(action: Action, value: str, picture: Rgb | None = None, concept: str = "Wall") -> Rgb:
    before = wall() if picture is None else picture
    canvas = Canvas.of(before)
    assert action(canvas, region(left_half(*before.shape[:2]), concept=concept), value) == ()
    return canvas.rgb


@pytest.mark.parametrize(
    ("action", "value"),
    [(recolor, "navy"), (tone, "dark"), (texture, "tile"), (texture, "oak")],
    ids=["recolor", "tone", "texture", "wood"],
)
def test_nothing_changes_outside_the_region(action: Action, value: str) -> None:
    after = done(action, value)
    assert np.array_equal(after[OUTSIDE], wall()[OUTSIDE])
    assert not np.array_equal(after[INSIDE], wall()[INSIDE])


@pytest.mark.parametrize("action", [recolor, tone, texture])
@pytest.mark.parametrize("value", ["no such thing", "#12", "#ggg", "warm:2", "warm:nan", "oak:x"])
def test_an_unknown_value_is_skipped_and_changes_nothing(action: Action, value: str) -> None:
    canvas = Canvas.of(wall())
    with pytest.raises(EditSkipped):
        action(canvas, region(left_half()), value)
    assert np.array_equal(canvas.rgb, wall())


@pytest.mark.parametrize("action", [recolor, tone, texture])
def test_an_empty_value_takes_a_default_and_says_which(action: Action) -> None:
    canvas = Canvas.of(wall())
    (warning,) = action(canvas, region(left_half()), "")
    assert warning.startswith("no value given for ")
    assert not np.array_equal(canvas.rgb[INSIDE], wall()[INSIDE])


@pytest.mark.parametrize("value", ["#3A66A4", "#e3a", "walnut", "sage", "greige", "oak_a"])
def test_recolor_moves_the_mean_to_the_wanted_colour(value: str) -> None:
    material = find_material(value)
    colour = parse_hex(value) or (material and material[0])
    wanted = to_lab(np.array([[colour]], np.uint8))[0, 0]
    lit = wall()
    lit[:, 64:] = 242  # white things beside it: the room is well lit
    assert np.linalg.norm(mean_lab(done(recolor, value, lit)[INSIDE]) - wanted) < 3


def test_recolor_keeps_shadows_and_grain() -> None:
    before, after = to_lab(wall())[..., 0], to_lab(done(recolor, "blue"))[..., 0]
    correlation = np.corrcoef(before[INSIDE].ravel(), after[INSIDE].ravel())[0, 1]
    assert correlation > 0.95
    assert after[INSIDE].std() > 0.5 * before[INSIDE].std()


def test_recolor_to_white_does_not_burn_out() -> None:
    after = done(recolor, "white")[INSIDE]
    assert (after == 255).all(axis=2).mean() < 0.01
    assert to_lab(after)[..., 0].std() > 1


@pytest.mark.parametrize("wood", ["oak", "oak_a", "walnut", "teak", "cherry"])
def test_a_wood_has_the_hue_of_wood_not_gray(wood: str) -> None:
    gray = np.repeat(wall()[..., :1], 3, axis=2)
    _, a, b = mean_lab(done(recolor, wood, gray)[INSIDE])
    assert np.hypot(a, b) > 12
    assert 40 < np.degrees(np.arctan2(b, a)) < 85


def test_a_grade_lightens_or_darkens_a_material() -> None:
    light, plain, dark = (mean_lab(done(recolor, f"greige_{g}")[INSIDE])[0] for g in "bac")
    assert light > plain > dark


def test_every_material_is_a_colour() -> None:
    assert all(parse_hex(value) for value in MATERIALS.values())


@pytest.mark.parametrize(
    ("value", "colour"),
    [("#fff", (255, 255, 255)), (" #1A2b3C ", (26, 43, 60)), ("#12345", None), ("red", None)],
)
def test_hex_colours_are_read(value: str, colour: tuple[int, int, int] | None) -> None:
    assert parse_hex(value) == colour


@pytest.mark.parametrize(
    "value", ["Off-White", "offwhite", "off_white", " OFFWHITE ", "offwhite_b"]
)
def test_a_material_may_be_spelled_in_several_ways(value: str) -> None:
    material = find_material(value)
    assert material is not None
    assert material[0] == parse_hex(MATERIALS["offwhite"])


@pytest.mark.parametrize(
    ("value", "channel", "sign"),
    [("bright", 0, 1), ("dark", 0, -1), ("warm", 2, 1), ("cool", 2, -1)],
)
def test_a_tone_moves_the_mean_its_way(value: str, channel: int, sign: int) -> None:
    before = mean_lab(wall()[INSIDE])
    full = (mean_lab(done(tone, value)[INSIDE]) - before)[channel] * sign
    half = (mean_lab(done(tone, f"{value}:0.5")[INSIDE]) - before)[channel] * sign
    assert full > half > 1


def test_vivid_and_muted_change_the_chroma() -> None:
    def chroma(picture: Rgb) -> float:
        lab = mean_lab(picture[INSIDE])
        return float(np.hypot(lab[1], lab[2]))

    assert chroma(done(tone, "vivid")) > 1.3 * chroma(wall())
    assert chroma(done(tone, "muted")) < 0.7 * chroma(wall())


def test_contrast_spreads_around_the_mean() -> None:
    after = done(tone, "contrast")
    assert after[INSIDE].std() > 1.2 * wall()[INSIDE].std()
    assert abs(float(after[INSIDE].mean()) - float(wall()[INSIDE].mean())) < 4


def test_a_tone_of_strength_zero_changes_nothing() -> None:
    assert np.array_equal(done(tone, "vivid:0"), wall())


@pytest.mark.parametrize("name", TEXTURES)
def test_a_pattern_repeats_without_a_seam(name: str) -> None:
    square = pattern(name).astype(int)
    assert square.shape == (SIDE, SIDE, 3)
    inner = np.abs(np.diff(square, axis=0)).mean(axis=(1, 2))
    assert np.abs(square[0] - square[-1]).mean() <= inner.max() + 1
    inner = np.abs(np.diff(square, axis=1)).mean(axis=(0, 2))
    assert np.abs(square[:, 0] - square[:, -1]).mean() <= inner.max() + 1


@pytest.mark.parametrize("concept", ["Wall", "Floor", "Ceiling"])
def test_a_texture_takes_the_light_of_the_photo(concept: str) -> None:
    lit = np.full((120, 160, 3), 60, np.uint8)
    lit[:, :60] = np.linspace(200, 60, 60).astype(np.uint8)[:, np.newaxis]
    after = done(texture, "linen", lit, concept)
    assert after[:, :15].mean() > 1.5 * after[:, 65:78].mean()


def test_surfaces_lie_on_their_own_plane() -> None:
    mask = left_half()
    view = perspective_of(mask.shape, {}, ())
    names = ("Wall", "floor", "Ceiling", "Body")
    kinds = [plane_for(name, mask, view, (1.0, 1.0)).kind for name in names]
    assert kinds == [UPRIGHT, GROUND, OVERHEAD, UPRIGHT]


def test_a_floor_gets_finer_with_distance() -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[110:] = 255
    view = perspective_of(mask.shape, {"floor": mask}, ())
    plane = plane_for("Floor", mask, view, (1.0, 1.0))
    *_, density = plane.coordinates(slice(110, 200), slice(0, 300))
    assert (np.diff(density) < 0).all()
    assert density[0] > 3 * density[-1]


def test_remove_fills_from_the_surroundings() -> None:
    clean = wall(120, 160)
    picture = clean.copy()
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 60:100] = 255
    picture[mask > 0] = (20, 30, 200)
    canvas = Canvas.of(picture)
    assert remove(canvas, region(mask, concept="Body"), "") == ()
    assert np.abs(canvas.rgb.astype(int) - clean).mean(axis=2)[mask > 0].mean() < 8
    assert np.array_equal(canvas.rgb[:20], picture[:20])


def test_remove_takes_the_contact_shadow_along() -> None:
    clean = np.full((200, 200, 3), 180, np.uint8)
    picture = clean.copy()
    picture[120:126, 70:130] = 60
    picture[60:120, 70:130] = (200, 30, 30)
    mask = np.zeros((200, 200), np.uint8)
    mask[60:120, 70:130] = 255
    canvas = Canvas.of(picture)
    remove(canvas, region(mask, concept="Body"), "")
    assert np.abs(canvas.rgb.astype(int) - clean).max() <= 25


def test_remove_does_not_copy_furniture_onto_a_wall() -> None:
    clean = wall(300, 300)
    picture = clean.copy()
    picture[200:280, 40:260:20] = 15  # something with strong lines further down
    picture[60:130, 110:190] = (20, 30, 200)
    mask = np.zeros((300, 300), np.uint8)
    mask[60:130, 110:190] = 255
    canvas = Canvas.of(picture)
    remove(canvas, region(mask, concept="Screen"), "")
    filled, wanted = canvas.rgb[60:130, 110:190].astype(int), clean[60:130, 110:190].astype(int)
    assert np.abs(filled - wanted).max() < 40
    assert filled.std(axis=(0, 1)).min() > 1  # and still not as smooth as plastic


def test_remove_is_the_same_every_time() -> None:
    mask = np.zeros((90, 90), np.uint8)
    mask[30:60, 30:60] = 255
    results: list[Rgb] = []
    for _ in range(2):
        canvas = Canvas.of(noise(90, 90))
        remove(canvas, region(mask), "")
        results.append(canvas.rgb)
    assert np.array_equal(results[0], results[1])


def test_remove_leaves_a_photo_that_is_nothing_but_the_object() -> None:
    canvas = Canvas.of(wall(50, 50))
    with pytest.raises(EditSkipped, match="too little is left"):
        remove(canvas, region(np.full((50, 50), 255, np.uint8)), "")
    assert np.array_equal(canvas.rgb, wall(50, 50))


def test_remove_makes_a_cut_out_transparent() -> None:
    alpha = np.zeros((60, 60), np.uint8)
    alpha[20:40, 20:40] = 255
    canvas = Canvas.of(wall(60, 60), alpha)
    remove(canvas, region(alpha, concept="Body"), "")
    assert canvas.alpha is not None
    assert canvas.alpha.max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 2)])
@pytest.mark.parametrize(
    ("action", "value"), [(recolor, "red"), (tone, "warm"), (texture, "oak"), (remove, "")]
)
def test_the_smallest_pictures_are_no_trouble(
    shape: tuple[int, int], action: Action, value: str
) -> None:
    canvas, mask = Canvas.of(noise(*shape)), np.zeros(shape, np.uint8)
    mask[0, 0] = 255
    try:
        action(canvas, region(mask, concept="Floor"), value)
    except EditSkipped:
        assert action is remove
