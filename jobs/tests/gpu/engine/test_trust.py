from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from jobs.gpu.engine.segmenters.trust import risk_of, unrest


def test_unrest_is_one_of_a_guess_and_nothing_of_certainty() -> None:
    guess = np.full((8, 6, 6), 0.125, np.float32)
    certain = np.zeros((8, 6, 6), np.float32)
    certain[2] = 1
    assert unrest(guess) == pytest.approx(1, abs=1e-6)
    assert unrest(certain) == 0
    undecided = certain.copy()
    undecided[2:4, :3] = 0.5  # one bit of three, in half of the cells
    assert unrest(undecided) == pytest.approx(1 / 6, abs=1e-6)


def test_the_risk_is_by_agreement_unrest_and_border() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[:50, :50] = 255  # at two edges of the picture: its border is 50 + 49 long
    likely = np.zeros((50, 50), np.float32)
    likely[:25, :25] = 0.75
    odds = -3 - 2.6 * log(0.75 / 0.25) + 7 * 0.2 + 0.1 * 99 / 50
    assert risk_of(mask, likely, 0.2) == pytest.approx(1 / (1 + exp(-odds)), rel=1e-6)


def test_a_mask_that_the_networks_do_not_share_is_at_risk_however_sure_they_are() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[:60] = 255
    elsewhere = np.zeros((50, 50), np.float32)
    elsewhere[30:] = 1
    assert risk_of(mask, 1 - elsewhere, 0.0) < 0.001
    assert risk_of(mask, elsewhere, 0.0) > 0.999


def test_the_same_answer_is_a_higher_risk_in_a_restless_picture_and_with_a_ragged_border() -> None:
    likely = np.full((50, 50), 0.6, np.float32)
    whole = np.full((100, 100), 255, np.uint8)
    combed = whole.copy()
    combed[::10] = 0
    calm = risk_of(whole, likely, 0.1)
    assert risk_of(whole, likely, 0.4) > calm
    assert risk_of(combed, likely, 0.1) > calm
