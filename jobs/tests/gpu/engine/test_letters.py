"""Letters: their ink is kept, not the patch that they stand on."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from jobs.gpu.engine.arrays import BoolMask, Mask, Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.segmenters.body import find_body
from jobs.gpu.engine.segmenters.letters import ink_of, letters_in
from jobs.gpu.engine.segmenters.text import find_text
from jobs.gpu.engine.view import reduced_on_white, view_factor
from jobs.tests.gpu.engine.pictures import photo_file

HEIGHT, WIDTH = 60, 220


def line(text: str = "SAMPLE", size: int = 34) -> tuple[BoolMask, float]:
    """Where the ink of a word lies, and how high its letters are."""
    picture = Image.new("L", (WIDTH, HEIGHT), 0)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((WIDTH / 2, HEIGHT / 2), text, 255, font, anchor="mm")
    ink = np.asarray(picture, np.uint8) >= 128
    rows = np.flatnonzero(ink.any(axis=1))
    return ink, float(rows[-1] - rows[0] + 1)


def printed(ink: BoolMask, letters: tuple[int, int, int], ground: tuple[int, int, int]) -> Rgb:
    """The word on a ground that lies half in shade."""
    light = np.linspace(1, 0.55, WIDTH)[np.newaxis, :, np.newaxis]
    flat = np.where(ink[..., np.newaxis], np.array(letters), np.array(ground))
    return np.rint(flat * light).astype(np.uint8)


def everywhere() -> BoolMask:
    area = np.zeros((HEIGHT, WIDTH), np.bool_)
    area[4:-4, 6:-6] = True
    return area


@pytest.mark.parametrize(
    ("letters", "ground"),
    [
        ((240, 240, 240), (30, 30, 34)),
        ((20, 20, 20), (235, 232, 225)),
        ((200, 40, 40), (230, 230, 230)),
        ((250, 250, 250), (40, 90, 200)),
    ],
)
def test_ink_is_found_on_a_ground_in_changing_light(
    letters: tuple[int, int, int], ground: tuple[int, int, int]
) -> None:
    ink, height = line()
    found = letters_in(printed(ink, letters, ground), everywhere(), height)
    assert found is not None
    kept = found >= 128
    assert float(kept[ink].mean()) > 0.97
    assert float((kept & ~ink).sum()) < 0.06 * float(ink.sum())


def test_a_plain_patch_has_no_letters() -> None:
    ink, height = line()
    assert letters_in(printed(ink, (90, 90, 92), (92, 92, 94)), everywhere(), height) is None


def test_a_thick_bar_is_no_letter() -> None:
    bar = np.zeros((HEIGHT, WIDTH), np.bool_)
    bar[15:45, 40:180] = True
    assert letters_in(printed(bar, (240, 240, 240), (30, 30, 30)), everywhere(), 34) is None


def test_what_runs_out_of_the_line_is_no_letter() -> None:
    lace = np.zeros((HEIGHT, WIDTH), np.bool_)
    for left in range(0, WIDTH, 24):
        lace[:, left : left + 5] = True
    assert letters_in(printed(lace, (240, 240, 240), (30, 30, 30)), everywhere(), 50) is None


def test_a_patch_of_a_model_is_reduced_to_its_ink() -> None:
    ink, _ = line()
    patch = everywhere().astype(np.uint8) * np.uint8(255)
    kept = ink_of(printed(ink, (240, 240, 240), (30, 30, 34)), patch) >= 128
    assert float(kept[ink].mean()) > 0.97
    assert float(kept.mean()) < 1.2 * float(ink.mean())


def test_a_patch_without_letters_stays_protected() -> None:
    ink, _ = line()
    patch = everywhere().astype(np.uint8) * np.uint8(255)
    kept = ink_of(printed(ink, (90, 90, 92), (92, 92, 94)), patch)
    assert np.array_equal(kept, patch)


@pytest.mark.parametrize("name", ["product_coffee_cup.png", "product_shoe.png"])
def test_a_product_with_little_print_has_little_text(name: str) -> None:
    """Laces, rims and stitches are no writing: under 3 % of the body."""
    photo = decode(photo_file(name))
    seen = reduced_on_white(photo, view_factor(photo))
    body = find_body(seen)
    assert body is not None
    text = find_text(seen, within=body.mask)
    strokes: Mask = np.zeros(seen.shape[:2], np.uint8) if text is None else text.strokes
    assert cv2.countNonZero((strokes >= 128).astype(np.uint8)) < 0.03 * cv2.countNonZero(body.mask)
