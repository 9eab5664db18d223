from __future__ import annotations

import numpy as np
import pytest

from jobs.gpu.engine.actions.patterns import METRES
from jobs.gpu.engine.actions.planes import plane_for
from jobs.gpu.engine.arrays import Mask
from jobs.gpu.engine.perspective import EYE, Perspective, perspective_of
from jobs.vocabulary import TEXTURES

SHAPE = (600, 800)


def rows(first: int, last: int) -> Mask:
    mask = np.zeros(SHAPE, np.uint8)
    mask[first:last] = 255
    return mask


def test_the_horizon_lies_at_the_height_of_the_eye_on_the_far_wall() -> None:
    view = perspective_of(SHAPE, {"ceiling": rows(0, 101), "floor": rows(400, 600)}, ())
    assert view.horizon == pytest.approx(100 + (1 - EYE / 2.5) * 300)


def test_the_horizon_lies_above_all_floor_and_below_all_ceiling() -> None:
    assert perspective_of(SHAPE, {"floor": rows(150, 600)}, ()).horizon < 150
    assert perspective_of(SHAPE, {"ceiling": rows(0, 400)}, ()).horizon > 400
    assert perspective_of(SHAPE, {}, ()).horizon == pytest.approx(270)


def test_boards_run_to_where_the_corners_meet() -> None:
    meeting = (500.0, 270.0)
    lines = [(0.0, 100.0, 300.0, 202.0), (0.0, 500.0, 300.0, 362.0)]
    view = perspective_of(SHAPE, {}, lines)
    assert view.vanishing == pytest.approx(meeting[0], abs=2)
    across_the_room = [(100.0, 300.0, 700.0, 305.0)]
    assert perspective_of(SHAPE, {}, across_the_room).vanishing == 400


def test_a_line_of_the_boards_ends_in_the_vanishing_point() -> None:
    view = Perspective(horizon=250.0, focal=640.0, centre=400.0, vanishing=520.0)
    plane = plane_for("Floor", rows(300, 600), view, (1.2, 3.0))
    # From a point of the floor straight towards the vanishing point, u is the same.
    seen = []
    for y in (590, 500, 400, 300):
        x = round(520 + (150 - 520) * (y - 250) / (590 - 250))
        u, _, _ = plane.coordinates(slice(y, y + 1), slice(x, x + 1))
        seen.append(float(u[0, 0]))
    assert np.ptp(seen) < 0.02


def test_a_board_is_fifteen_centimetres_wide() -> None:
    view = Perspective(horizon=250.0, focal=640.0, centre=400.0, vanishing=400.0)
    plane = plane_for("Floor", rows(300, 600), view, METRES["oak"])
    u, _, _ = plane.coordinates(slice(595, 596), slice(0, 800))
    boards = 8 * float(u[0, -1] - u[0, 0])
    # The eye is 1.45 m above the floor, which is 345 pixels there.
    assert boards == pytest.approx(799 / 345 * EYE / 0.15, rel=0.01)


def test_a_wall_from_ceiling_to_floor_is_as_high_as_a_room() -> None:
    view = perspective_of(SHAPE, {}, ())
    plane = plane_for("Wall", rows(50, 550), view, (1.0, 1.0))
    _, v, _ = plane.coordinates(slice(0, 600), slice(0, 1))
    assert float(v[549, 0] - v[50, 0]) == pytest.approx(2.5, rel=0.02)


def test_every_texture_has_a_size() -> None:
    assert METRES.keys() == set(TEXTURES)
    assert all(0.5 <= side <= 4 for size in METRES.values() for side in size)


def test_a_larger_picture_has_the_same_perspective() -> None:
    view = Perspective(1.0, 2.0, 3.0, 4.0)
    assert view.scaled(4) == Perspective(4.0, 8.0, 12.0, 16.0)
