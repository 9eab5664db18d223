from __future__ import annotations

import hashlib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Mask, Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.edges import EdgeFollower
from jobs.gpu.engine.errors import ModelError
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.pipeline import Engine
from jobs.gpu.engine.segmenters.body import find_body
from jobs.gpu.engine.segmenters.cpu import CpuSegmenter
from jobs.gpu.engine.segmenters.lines import find_gloss, find_grout
from jobs.gpu.engine.segmenters.registry import load_segmenter
from jobs.gpu.engine.segmenters.room import CLASSES, look_at_room
from jobs.gpu.engine.segmenters.text import find_text
from jobs.gpu.engine.segmenters.weights import (
    ROOMS,
    TEXT_DETECTOR,
    U2NETP,
    Weights,
    load_session,
)
from jobs.gpu.engine.view import full_size, reduced_on_white, view_factor
from jobs.tests.gpu.engine.pictures import left_half, noise, photo_file, wall


def test_the_cpu_backend_sorts_every_name_into_one_place() -> None:
    photo = decode(photo_file("interior_waiting_room.jpg"))
    names = ["Wall", "floor", "Door", "Frame_Molding", "Wall"]
    found = load_segmenter("cpu").segment(photo.rgb, names)
    assert set(found.masks) == {"Wall", "floor"}
    assert found.unsupported == ("Door", "Frame_Molding")
    assert found.not_found == ()


def test_wall_floor_and_ceiling_of_a_plain_room_lie_where_they_are() -> None:
    found = look_at_room(decode(photo_file("interior_waiting_room.jpg")).rgb)
    masks = {name: one.mask for name, one in found.items()}
    assert {"Wall", "Floor", "Ceiling"} <= set(masks)
    assert all(mask.shape == (1200, 1600) and mask.dtype == np.uint8 for mask in masks.values())
    assert masks["Wall"][420, 1000] == 255  # beside the screen
    assert masks["Floor"][1100, 900] == 255
    assert masks["Ceiling"][100, 1000] == 255
    leading = np.sum([mask > 128 for mask in masks.values()], axis=0)
    assert int(leading.max()) == 1  # no pixel belongs to two of them
    for one, other in combinations(masks.values(), 2):
        # What one loses at a soft border the other gains.
        assert int((one.astype(int) + other).max()) <= 257


def test_a_painting_on_the_wall_is_no_wall_from_edge_to_edge() -> None:
    wall_mask = look_at_room(seen("interior_living_room.jpg"))["Wall"].mask
    painting = np.s_[262:500, 510:955]  # its pale right half used to be painted over
    assert float((wall_mask[painting] >= 128).mean()) < 0.02
    assert float((wall_mask[120:240, 400:1200] == 255).mean()) > 0.98


def test_a_kitchen_has_a_window_and_cabinets_with_boxes_of_their_own() -> None:
    kitchen = seen("interior_kitchen.jpg")
    found = CpuSegmenter().segment(kitchen, ["Window", "cabinet", "Wall"])
    assert found.masks["Window"][330, 1340] == 255  # the blind
    assert found.masks["cabinet"][600, 590] == 255  # under the worktop
    assert found.masks["Wall"][760, 800] == 0  # the floor in front of them
    assert set(found.instances) == {"Window", "cabinet"}
    window = found.instances["Window"][0]
    assert window.box[0] > 0.75
    assert 0.5 < window.score <= 1
    assert all(one.box[2] < 0.75 for one in found.instances["cabinet"])


@pytest.mark.parametrize(("wall_share", "doubtful"), [(0.5, {"Wall"}), (0.7, set())])
def test_a_surface_that_the_networks_are_in_doubt_about_is_found_and_in_doubt(
    monkeypatch: pytest.MonkeyPatch, wall_share: float, doubtful: set[str]
) -> None:
    likely = np.zeros((len(CLASSES), 136, 136), np.float32)
    likely[0, :100], likely[3, :100] = wall_share, 1 - wall_share - 0.1
    likely[7, :100] = 0.1
    likely[1, 100:] = 1  # a floor that nobody doubts
    monkeypatch.setattr("jobs.gpu.engine.segmenters.room._likelihood", lambda _: likely)
    found = CpuSegmenter().segment(np.full((544, 544, 3), 120, np.uint8), ["Wall", "Floor"])
    assert set(found.masks) == {"Wall", "Floor"}
    assert found.doubtful == doubtful
    assert (found.editable("Wall"), found.editable("Floor")) == (not doubtful, True)


def test_a_room_is_the_same_in_the_mirror() -> None:
    room = seen("interior_waiting_room.jpg")
    straight = look_at_room(room)
    turned = look_at_room(np.ascontiguousarray(room[:, ::-1]))
    for name in ("Wall", "Floor", "Ceiling"):
        one, other = straight[name].mask >= 128, turned[name].mask[:, ::-1] >= 128
        assert (one & other).sum() > 0.97 * (one | other).sum()


def test_the_body_is_the_cup_and_not_the_table() -> None:
    body = body_of(decode(photo_file("product_coffee_cup.png")).rgb)
    assert body.shape == (400, 600)
    assert body[120, 285] == 255
    assert body[10, 590] == 0
    assert 0.4 < float(body.mean()) / 255 < 0.55


def test_body_and_background_complete_each_other() -> None:
    photo = decode(photo_file("product_coffee_cup.png"))
    masks = CpuSegmenter().segment(photo.rgb, ["Body", "Background", "product"]).masks
    assert np.array_equal(masks["Body"], 255 - masks["Background"])
    assert np.array_equal(masks["Body"], masks["product"])


@pytest.mark.parametrize("name", ["product_shelf.jpg", "texture_brick_gray.png"])
def test_where_nothing_stands_out_no_body_is_made_up(name: str) -> None:
    found = CpuSegmenter().segment(decode(photo_file(name)).rgb, ["Body"])
    assert found.not_found == ("Body",)


def test_a_plain_picture_has_no_body() -> None:
    assert find_body(np.full((60, 60, 3), 200, np.uint8)) is None


def test_what_the_looks_contradict_each_other_about_is_no_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doubt = np.zeros((320, 320), np.float32)
    doubt[80:240, 60:160], doubt[80:240, 160:240] = 0.95, 0.45
    patched = "jobs.gpu.engine.segmenters.body.{}".format
    monkeypatch.setattr(patched("first_look"), lambda _: doubt)
    monkeypatch.setattr(patched("look_closer"), lambda *_: doubt)
    assert find_body(noise(320, 320)) is None
    sure = np.where(doubt > 0, np.float32(0.97), np.float32(0))
    monkeypatch.setattr(patched("look_closer"), lambda *_: sure)
    assert find_body(noise(320, 320)) is not None


def test_a_cord_that_the_looks_are_sure_of_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    salience = np.zeros((320, 320), np.float32)
    salience[150:290, 80:240] = 0.99
    salience[20:150, 158:163] = 0.8
    patched = "jobs.gpu.engine.segmenters.body.{}".format
    monkeypatch.setattr(patched("first_look"), lambda _: salience)
    monkeypatch.setattr(patched("look_closer"), lambda *_: salience)
    monkeypatch.setattr(patched("backdrop_of"), lambda *_: None)
    picture = np.full((320, 320, 3), 120, np.uint8)
    picture[150:290, 80:240] = 60
    found = find_body(picture)
    assert found is not None
    assert (found.mask[30:145, 160] == 255).all()
    assert found.mask[30:140, :140].max() == 0


def test_the_colours_do_not_outvote_what_the_looks_are_sure_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    salience = np.zeros((320, 320), np.float32)
    salience[100:240, 80:240] = 0.93
    patched = "jobs.gpu.engine.segmenters.body.{}".format
    monkeypatch.setattr(patched("first_look"), lambda _: salience)
    monkeypatch.setattr(patched("look_closer"), lambda *_: salience)
    monkeypatch.setattr(patched("backdrop_of"), lambda *_: None)
    picture = np.full((320, 320, 3), 200, np.uint8)
    picture[116:240, 80:240] = 60  # above, a white lid before a white wall
    found = find_body(picture)
    assert found is not None
    assert (found.mask[104:114, 90:230] == 255).all()


@pytest.mark.parametrize(
    ("colour", "open_"), [((30, 30, 40), True), ((200, 190, 60), True), ((150, 40, 150), False)]
)
def test_a_hole_in_doubt_stays_open_where_one_sees_what_lies_behind(
    monkeypatch: pytest.MonkeyPatch, colour: tuple[int, int, int], open_: bool
) -> None:
    salience = np.zeros((320, 320), np.float32)
    salience[80:240, 80:240] = 0.99
    salience[130:160, 130:160] = 0.4
    patched = "jobs.gpu.engine.segmenters.body.{}".format
    monkeypatch.setattr(patched("first_look"), lambda _: salience)
    monkeypatch.setattr(patched("look_closer"), lambda *_: salience)
    picture = np.full((320, 320, 3), (30, 30, 40), np.uint8)
    picture[:, ::40], picture[:, 1::40] = (200, 190, 60), (200, 190, 60)
    picture[:, 250:] = (200, 190, 60)
    picture[80:240, 80:240] = (230, 230, 230)
    picture[130:160, 130:160] = colour
    found = find_body(picture)
    assert found is not None
    assert bool((found.mask[138:152, 138:152] == 0).all()) is open_
    assert bool((found.mask[138:152, 138:152] == 255).all()) is not open_


@pytest.mark.parametrize("shape", [(1, 1), (2, 700), (700, 2), (60, 4000), (50, 50)])
def test_odd_sizes_are_no_trouble(shape: tuple[int, int]) -> None:
    found = CpuSegmenter().segment(noise(*shape), ["Wall", "Floor", "Ceiling", "Body"])
    assert all(mask.shape == shape for mask in found.masks.values())
    assert len(found.masks) + len(found.not_found) == 4


def test_only_what_is_asked_for_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.gpu.engine.segmenters.cpu.look_at_room", pytest.fail)
    monkeypatch.setattr("jobs.gpu.engine.segmenters.cpu.find_body", pytest.fail)
    assert CpuSegmenter().segment(wall(), ["Door", "Handle"]).unsupported == ("Door", "Handle")


def body_of(rgb: Rgb) -> Mask:
    found = find_body(rgb)
    assert found is not None
    return found.mask


def seen(name: str) -> Rgb:
    photo = decode(photo_file(name))
    return reduced_on_white(photo, view_factor(photo))


def test_the_text_of_a_label_is_found_letter_by_letter() -> None:
    bottle = seen("product_juice_apple.png")
    text = find_text(bottle)
    assert text is not None
    assert len(text.lines) >= 6
    assert text.lines[0].score >= text.lines[-1].score > 0.6
    left, top, right, bottom = text.lines[0].box
    assert 0.35 < left < right < 0.65
    assert 0.3 < top < bottom < 0.8
    letters = bottle[text.strokes > 0].astype(int)
    assert (text.strokes[:300] == 0).all()  # the cap has none
    assert 0.0015 < float((text.strokes > 0).mean()) < 0.02
    blue = (letters[:, 2] - letters[:, 0] > 60).mean()
    assert blue > 0.3  # much of the ink on this label


def test_text_beside_the_product_does_not_count_where_the_product_is_known() -> None:
    mug = seen("product_mug.png")
    anywhere, on_it = find_text(mug), find_text(mug, within=body_of(mug))
    assert anywhere is not None
    assert on_it is not None
    assert len(on_it.lines) <= len(anywhere.lines)
    handle = np.s_[380:560, 150:330]  # what shows through it is no letter
    assert not on_it.strokes[handle].any()


def test_a_cup_without_writing_has_no_text() -> None:
    assert find_text(seen("product_coffee_cup.png")) is None


def test_the_sellers_default_protection_keeps_the_label_bit_for_bit() -> None:
    data = photo_file("product_juice_apple.png")
    edited = Engine(CpuSegmenter()).edit(
        data, {"Body": Edit("recolor", "navy")}, ["Label_Text", "Logo", "Gloss"]
    )
    assert edited.warnings == ("Logo: not supported by the cpu backend, could not be protected",)
    before, after = decode(data), decode(edited.png)
    text = find_text(reduced_on_white(before, 2), within=body_of(reduced_on_white(before, 2)))
    assert text is not None
    solid = (text.strokes >= 200).astype(np.uint8) * np.uint8(255)
    letters = full_size(solid, (2160, 2160), 2) >= 160
    assert letters.sum() > 5_000
    assert np.array_equal(after.rgb[letters], before.rgb[letters])
    assert (after.rgb != before.rgb).any(axis=2).mean() > 0.03  # the juice and the cap


def test_grout_is_found_close_up_and_in_no_room() -> None:
    grout = find_grout(seen("texture_brick_gray.png"))
    assert grout is not None
    assert 0.1 < float((grout > 127).mean()) < 0.3
    for room in ("interior_kitchen.jpg", "interior_waiting_room.jpg", "interior_living_room.jpg"):
        assert find_grout(seen(room)) is None


def test_grout_may_be_darker_than_its_tiles_and_a_known_place_is_enough() -> None:
    tiles = np.full((400, 400, 3), 200, np.uint8)
    tiles[::50], tiles[1::50], tiles[:, ::50], tiles[:, 1::50] = 90, 90, 90, 90
    tiles = np.ascontiguousarray(tiles)
    inside = np.zeros((400, 400), np.uint8)
    inside[:, :200] = 255
    grout = find_grout(tiles, within=inside)
    assert grout is not None
    assert grout[100, 25] == 255
    assert grout[125, 125] == 0
    assert not grout[:, 210:].any()


def test_a_highlight_is_gloss_and_a_white_part_is_not() -> None:
    product = np.full((400, 400, 3), (40, 60, 120), np.uint8)
    product[100:106, 100:107] = 250
    product[200:300, 200:300] = 250
    gloss = find_gloss(product, within=np.full((400, 400), 255, np.uint8))
    assert gloss is not None
    assert gloss[103, 103] == 255
    assert gloss[250, 250] == 0


def test_instances_come_with_boxes_and_scores() -> None:
    found = CpuSegmenter().segment(seen("product_juice_apple.png"), ["Body", "Label_Text"])
    (body,) = found.instances["Body"]
    assert 0.3 < body.box[0] < body.box[2] < 0.7
    assert len(found.instances["Label_Text"]) >= 5


def test_an_unknown_backend_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"unknown segmenter 'magic'; known: cpu, onnx, sam3"):
        load_segmenter("magic")


@pytest.mark.parametrize("weights", [U2NETP, TEXT_DETECTOR, ROOMS])
def test_a_model_is_loaded_once(weights: Weights) -> None:
    assert load_session(weights) is load_session(weights)


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(b"not the model")
    with pytest.raises(ModelError, match="SHA-256"):
        load_session(U2NETP, tmp_path)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_session(U2NETP, tmp_path / "nowhere")


def test_a_model_that_does_not_parse_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"junk")
    weights = Weights("x.onnx", hashlib.sha256(b"junk").hexdigest())
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_session(weights, tmp_path)


def test_following_edges_keeps_the_inside_full_and_the_outside_empty() -> None:
    drawn = EdgeFollower(wall(200, 300)).draw(left_half(200, 300))
    assert (drawn[:, :140] == 255).all()
    assert (drawn[:, 160:] == 0).all()
