"""Removing or colouring the background: the product alone, and what it stands on."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.errors import NothingToChange
from jobs.gpu.engine.ground_shadow import ground_shadow
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import EditedPhoto, Engine
from jobs.tests.gpu.engine.pictures import FixedSegmenter, opened, png_file, saved

SIDE = 240
RED, GREEN = (190, 40, 30), (60, 150, 70)
CENTRE, HOLE, RIM = (120, 120), 30, 70


def ring(side: int = SIDE) -> Mask:
    """A mug's handle: a ring, with soft edges."""
    large = np.zeros((side * 8, side * 8), np.uint8)
    middle = (CENTRE[0] * 8, CENTRE[1] * 8)
    cv2.circle(large, middle, RIM * 8, 255, -1)
    cv2.circle(large, middle, HOLE * 8, 0, -1)
    return np.asarray(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def photo(thing: tuple[int, int, int] = RED, ground: tuple[int, int, int] = GREEN) -> Rgb:
    share = ring()[..., np.newaxis] / 255
    flat = share * np.array(thing) + (1 - share) * np.array(ground)
    return np.asarray(np.rint(flat), np.uint8)


def solid() -> Mask:
    return (ring() > 127).astype(np.uint8) * np.uint8(255)


def engine(**more: Mask) -> Engine:
    return Engine(FixedSegmenter({"Body": solid(), "Background": 255 - solid(), **more}))


def edited(edits: dict[str, Edit], protect: tuple[str, ...] = (), **more: Mask) -> EditedPhoto:
    return engine(**more).edit(png_file(photo()), edits, protect)


def test_without_its_background_the_product_is_alone() -> None:
    result = opened(edited({"Background": Edit("remove")}).png)
    assert result.shape == (SIDE, SIDE, 4)
    assert (result[..., 3][ring() == 255] >= 250).all()
    assert (result[..., 3][ring() == 0] == 0).all()
    assert np.array_equal(result[120, 60:80, :3], photo()[120, 60:80])


def test_what_shows_through_a_handle_is_background() -> None:
    result = opened(edited({"Background": Edit("remove")}).png)
    assert (result[95:145, 95:145, 3][ring()[95:145, 95:145] == 0] == 0).all()


def test_the_preview_shows_the_product_on_white() -> None:
    preview = edited({"Background": Edit("remove")}).preview
    pixels = np.asarray(Image.open(io.BytesIO(preview)), np.uint8)
    assert (pixels[5:20, 5:20] >= 253).all()


def test_on_another_ground_nothing_of_the_old_one_shines_through() -> None:
    result = opened(edited({"Background": Edit("remove")}).png).astype(float)
    alpha = result[..., 3:] / 255
    on_white = result[..., :3] * alpha + 255 * (1 - alpha)
    share = ring()[..., np.newaxis] / 255
    ideal = share * np.array(RED) + 255 * (1 - share)
    assert float(np.abs(on_white - ideal).max()) < 26
    assert float(np.abs(on_white - ideal).mean()) < 0.3


def test_a_sheet_has_the_colour_that_was_asked_for() -> None:
    result = opened(edited({"Background": Edit("recolor", "#eed6c4")}).png)
    assert result.shape == (SIDE, SIDE, 3)
    assert (result[:20] == (0xEE, 0xD6, 0xC4)).all()
    assert np.array_equal(result[120, 60:80], photo()[120, 60:80])


def test_a_material_may_be_the_sheet_and_is_graded() -> None:
    plain = opened(edited({"Background": Edit("recolor", "oak")}).png)[2, 2]
    darker = opened(edited({"Background": Edit("recolor", "oak_d")}).png)[2, 2]
    assert tuple(plain) == (0xC1, 0x9A, 0x6B)
    assert (darker < plain).all()


def test_the_product_throws_a_shadow_where_it_stands() -> None:
    shadow = ground_shadow(photo(), ring())
    below, above = shadow[188:200, 110:130], shadow[20:45, 110:130]
    assert float(below.min()) < 0.9
    assert float(above.min()) == 1.0


def test_the_shadow_of_the_photo_is_kept() -> None:
    picture = photo((40, 40, 160), (230, 230, 230)).astype(np.float32)
    shade = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(shade, (175, 190), (50, 12), 0, 0, 360, 0.35, -1)
    shade = cv2.GaussianBlur(shade, (0, 0), 5) * (ring() == 0)
    picture *= 1 - shade[..., np.newaxis]
    shadow = ground_shadow(picture.astype(np.uint8), ring())
    assert shadow[186, 175] == pytest.approx(1 - shade[186, 175], abs=0.06)
    assert shadow[20, 20] > 0.98


def test_product_and_background_are_edited_together_without_a_rim() -> None:
    result = opened(
        edited({"Background": Edit("remove"), "Body": Edit("recolor", "#2040c0")}).png
    ).astype(int)
    visible = result[..., 3] > 60
    red, blue = result[..., 0][visible], result[..., 2][visible]
    assert float((red > blue).mean()) == 0.0


def test_what_is_protected_keeps_its_pixels_and_is_opaque() -> None:
    label = np.zeros((SIDE, SIDE), np.uint8)
    label[10:20, 10:40] = 255
    result = opened(edited({"Background": Edit("remove")}, ("Label_Text",), Label_Text=label).png)
    assert np.array_equal(result[10:20, 10:40, :3], photo()[10:20, 10:40])
    assert (result[10:20, 10:40, 3] == 255).all()


def test_a_cut_out_keeps_its_own_transparency() -> None:
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    alpha[115:125, 60:80] = 120
    data = saved(Image.fromarray(np.dstack([photo(), alpha])), "PNG")
    result = opened(engine().edit(data, {"Background": Edit("remove")}, ()).png)
    assert (result[117:123, 62:78, 3] == 120).all()
    assert np.array_equal(result[117:123, 62:78, :3], photo()[117:123, 62:78])


def test_an_unknown_colour_leaves_the_photo() -> None:
    with pytest.raises(NothingToChange, match="unknown value nonsense"):
        edited({"Background": Edit("recolor", "nonsense")})


def test_without_a_background_there_is_nothing_to_remove() -> None:
    none = np.zeros((SIDE, SIDE), np.uint8)
    segmenter = FixedSegmenter({"Background": none})
    with pytest.raises(NothingToChange, match=r"no background \(Background\)"):
        Engine(segmenter).edit(png_file(photo()), {"Background": Edit("remove")}, ())


def test_an_outline_that_nobody_can_see_is_said_to_be_unsure() -> None:
    data = png_file(photo((240, 240, 240), (243, 243, 243)))
    result = engine().edit(data, {"Background": Edit("remove")}, ())
    assert result.warnings == (
        "Background: product and background look alike along parts of the outline, "
        "look at the edge",
    )


def test_the_same_photo_gives_the_same_bytes() -> None:
    edits = {"Background": Edit("recolor", "white"), "Body": Edit("recolor", "navy")}
    assert edited(edits).png == edited(edits).png


NOTHING = Edit("recolor", "no such colour")


@pytest.mark.parametrize(
    ("upper", "lower", "made"),
    [
        (Edit("recolor", "#eed6c4"), Edit("remove"), "upper"),
        (Edit("remove"), Edit("recolor", "#eed6c4"), "upper"),
        (Edit("tone", "dark"), Edit("remove"), "lower"),
        (Edit("remove"), Edit("tone", "dark"), "upper"),
        (NOTHING, Edit("remove"), "lower"),
    ],
)
def test_of_two_spellings_of_the_background_one_is_made_and_the_other_is_said(
    upper: Edit, lower: Edit, made: str
) -> None:
    masks = {"Body": solid(), "Background": 255 - solid(), "background": 255 - solid()}
    both = {"Background": lower, "background": upper}
    held, left = ("background", "Background") if made == "upper" else ("Background", "background")

    result = Engine(FixedSegmenter(masks)).edit(png_file(photo()), both, [])

    alone = Engine(FixedSegmenter(masks)).edit(png_file(photo()), {held: both[held]}, [])
    assert result.png == alone.png
    reason = (
        "unknown colour or material 'no such colour', left unchanged"
        if upper is NOTHING
        else f"{held} is the same concept and lies over it, left unchanged"
    )
    assert result.warnings == (f"{left}: {reason}",)
