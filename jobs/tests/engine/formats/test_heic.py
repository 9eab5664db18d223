from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.decode import decode
from jobs.tests.engine.profiles import DISPLAY_P3

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("name", ["gray_10_bit", "gray_12_bit"])
def test_gray_of_more_than_8_bits_is_scaled_not_clipped(name: str) -> None:
    photo = decode((SAMPLES / f"{name}.heic").read_bytes())
    ramp = np.linspace(0, 255, 96)
    assert photo.rgb.shape == (64, 96, 3)
    assert np.abs(photo.rgb.astype(float) - ramp[np.newaxis, :, np.newaxis]).max() <= 3


def test_primaries_named_by_number_become_a_profile() -> None:
    data = (SAMPLES / "gray_10_bit.heic").read_bytes()
    assert data.count(b"nclx\0\1\0\x0d") == 1
    assert decode(data).icc_profile is None
    photo = decode(data.replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x0d"))
    colours = np.array([[80.0, 157, 91]])
    expected = space_of(DISPLAY_P3).to_srgb(colours)
    assert np.abs(space_of(photo.icc_profile).to_srgb(colours) - expected).max() < 0.5
