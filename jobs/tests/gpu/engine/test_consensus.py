from __future__ import annotations

import cv2
import numpy as np
import pytest

from jobs.gpu.engine.consensus import agreed, in_doubt, spread
from jobs.gpu.engine.segmenters import cpu
from jobs.gpu.engine.segmenters.room import FoundInRoom

WALL, CURTAIN = (200, 196, 190), (212, 206, 196)


def room() -> np.ndarray:
    """A wall, and a curtain of nearly its colour from column 200 on."""
    picture = np.empty((240, 320, 3), np.uint8)
    picture[:, :200], picture[:, 200:] = WALL, CURTAIN
    return picture


def opinion() -> np.ndarray:
    """Wall for sure up to column 180, curtain for sure from 240 on, and in doubt between."""
    mask = np.zeros((240, 320), np.uint8)
    mask[:, :180], mask[:, 180:240] = 255, 120
    return mask


def test_a_border_in_doubt_comes_to_lie_where_the_picture_has_it() -> None:
    mask = agreed({"wall": opinion()}, room())["wall"]
    assert mask[:, :197].min() == 255
    assert mask[:, 203:].max() == 0


def test_a_tongue_into_a_curtain_is_taken_back() -> None:
    wavy = opinion()
    wavy[:, 200:240] = 50
    wavy[50:62, :230] = 255
    mask = agreed({"wall": wavy}, room())["wall"]
    assert mask[:, 203:].max() == 0
    assert mask[:, :197].min() == 255


def test_a_blob_without_an_edge_is_filled() -> None:
    holed = opinion()
    holed[90:130, 60:110] = 0
    assert agreed({"wall": holed}, room())["wall"][:, :197].min() == 255


def test_a_picture_on_the_wall_stays_a_hole() -> None:
    photo, holed = room(), opinion()
    photo[90:130, 60:110] = (60, 90, 120)
    holed[90:130, 60:110] = 0
    mask = agreed({"wall": holed}, photo)["wall"]
    assert mask[94:126, 64:106].max() == 0
    assert mask[60:80, 60:110].min() == 255


@pytest.mark.parametrize(("doubt", "painted"), [(90, 255), (10, 0)])
def test_a_patch_of_sun_is_filled_when_the_model_is_in_doubt(doubt: int, painted: int) -> None:
    photo, holed = room(), opinion()
    photo[90:130, 60:110] = (255, 253, 248)
    holed[90:130, 60:110] = doubt
    assert np.median(agreed({"floor": holed}, photo)["floor"][94:126, 64:106]) == painted


def test_an_island_that_is_hardly_believed_is_dropped() -> None:
    photo = np.full((240, 320, 3), 90, np.uint8)
    photo[90:130, 60:110] = WALL
    mask = np.zeros((240, 320), np.uint8)
    mask[90:130, 60:110] = 145
    mask[:, 300:] = 100
    assert not agreed({"wall": mask}, photo)["wall"].any()
    mask[90:130, 60:110] = 230
    assert agreed({"wall": mask}, photo)["wall"][100:120, 70:100].min() == 255


def test_a_model_is_in_doubt_when_its_borders_are_wide() -> None:
    sure = np.zeros((240, 320), np.uint8)
    sure[40:90, 30:100] = 255
    assert not in_doubt({"wall": sure})
    assert not in_doubt({"wall": np.asarray(cv2.blur(sure, (2, 2)), np.uint8)})
    assert in_doubt({"wall": opinion()})


def test_the_room_network_is_outvoted_where_a_plain_wall_has_a_hole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holed = np.zeros((240, 320), np.uint8)
    holed[:, :200] = 255
    holed[90:130, 60:110] = 0
    likely = np.asarray(holed / np.float32(255), np.float32)
    monkeypatch.setattr(cpu, "look_at_room", lambda rgb: {"Wall": FoundInRoom(holed, likely, 0.0)})
    found = cpu.CpuSegmenter().segment(room(), ("Wall",))
    assert found.masks["Wall"][:, :197].min() == 255
    assert found.masks["Wall"][:, 203:].max() == 0


def test_spreading_solves_the_equations_it_stands_for() -> None:
    chance = np.random.default_rng(0)
    values = chance.uniform(0, 255, (1, 40, 1)).astype(np.float32)
    guide = chance.uniform(0, 9, (1, 40, 3)).astype(np.float32)
    amount, rounds = 50.0, 3
    link = np.exp(-np.linalg.norm(np.diff(guide[0].astype(np.float64), axis=0), axis=1) / 2.0)
    wanted = values[0, :, 0].astype(np.float64)
    for turn in range(1, rounds + 1):
        share = 1.5 * 4 ** (rounds - turn) / (4**rounds - 1) * amount * link
        matrix = np.eye(40)
        for i, weight in enumerate(share):
            matrix[i, i] += weight
            matrix[i + 1, i + 1] += weight
            matrix[i, i + 1] -= weight
            matrix[i + 1, i] -= weight
        wanted = np.asarray(np.linalg.solve(matrix, wanted), np.float64)
    # A picture of one row has nothing to spread down.
    assert spread(np.repeat(values, 2, 0), np.repeat(guide, 2, 0), amount)[0, :, 0] == (
        pytest.approx(wanted, rel=1e-3)
    )


def test_the_same_masks_come_of_the_same_picture_and_tiny_ones_are_taken_as_they_are() -> None:
    one = agreed({"wall": opinion()}, room())["wall"]
    assert np.array_equal(one, agreed({"wall": opinion()}, room())["wall"])
    tiny = agreed({"wall": np.full((1, 3), 200, np.uint8)}, np.zeros((1, 3, 3), np.uint8))
    assert tiny["wall"].tolist() == [[255, 255, 255]]
    assert agreed({}, room()) == {}
