from __future__ import annotations

import cv2
import numpy as np
import pytest

from jobs.gpu.engine.consensus import agreed
from jobs.gpu.engine.regions import told_apart

WALL, CURTAIN = (200, 196, 190), (212, 206, 196)
HEIGHT, WIDTH, EDGE = 120, 160, 100


def guide() -> np.ndarray:
    """A wall, and a curtain of nearly its colour from column 100 on."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :EDGE], picture[:, EDGE:] = WALL, CURTAIN
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), np.uint8)


def likely(wall: np.ndarray) -> np.ndarray:
    return np.stack([wall, 1 - wall]).astype(np.float32)


def of(found: np.ndarray) -> tuple[list[int], list[int]]:
    """What is said of the wall and of the curtain, a pixel off their edge."""
    return np.unique(found[:, : EDGE - 2]).tolist(), np.unique(found[:, EDGE + 2 :]).tolist()


def test_a_border_comes_to_lie_on_the_only_edge_there_is() -> None:
    wall = np.zeros((HEIGHT, WIDTH))
    wall[:, :130] = 0.9
    wall[40:80, 80:] = 0.2
    assert of(told_apart(likely(wall), guide())) == ([0], [1])


def test_what_is_sure_of_most_of_a_region_has_all_of_it() -> None:
    wall = np.full((HEIGHT, WIDTH), 0.8)
    wall[:, 140:] = 0.3
    assert of(told_apart(likely(wall), guide())) == ([0], [0])


def test_an_edge_between_two_of_a_kind_parts_nothing() -> None:
    assert of(told_apart(likely(np.full((HEIGHT, WIDTH), 0.2)), guide())) == ([1], [1])


def test_a_picture_in_which_nothing_changes_is_one_region() -> None:
    plain = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    wall = np.ones((HEIGHT, WIDTH))
    wall[:, 85:] = 0
    assert told_apart(likely(wall), plain).max() == 0
    wall[:, 75:] = 0
    assert told_apart(likely(wall), plain).min() == 1


def test_a_pixel_that_shows_none_of_the_classes_does_not_count() -> None:
    shares = likely(np.full((HEIGHT, WIDTH), 0.2))
    shares[:, :90] = 0
    shares[:, 90:, :EDGE] = np.array([0.9, 0.1], np.float32)[:, np.newaxis, np.newaxis]
    assert of(told_apart(shares, guide())) == ([0], [1])


def test_a_tongue_of_ceiling_on_a_wall_is_taken_back_and_a_lamp_on_it_is_not() -> None:
    photo = np.asarray(cv2.cvtColor(guide(), cv2.COLOR_LAB2RGB), np.uint8)
    surface = np.ones((HEIGHT, WIDTH), np.float32)
    surface[80:100, 30:50] = 0
    photo[80:100, 30:50] = (240, 238, 232)
    wall = surface.copy()
    wall[:, EDGE:] = 0
    wall[:70, 60:] = 0
    shares = {"wall": wall, "ceiling": surface - wall}
    masks = {name: np.asarray(share * 255, np.uint8) for name, share in shares.items()}
    tongue, lamp = np.s_[5:55, 75:97], np.s_[84:96, 34:46]
    voted = agreed(masks, photo, shares)
    assert agreed(masks, photo)["ceiling"][tongue].min() == 255
    assert voted["wall"][tongue].min() == 255
    assert voted["ceiling"][:, : EDGE - 2].max() == 0
    assert voted["wall"][lamp].max() == 0


@pytest.mark.parametrize("shape", [(2, 2), (2, 40), (40, 3), (200, 200)])
def test_pictures_of_any_shape_are_parted(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1)
    picture = noise.integers(0, 256, (*shape, 3), np.uint8)
    wall = noise.uniform(0, 1, shape)
    found = told_apart(likely(wall), picture)
    assert found.shape == shape
    assert set(np.unique(found)) <= {0, 1}
    assert np.array_equal(found, told_apart(likely(wall), picture))
