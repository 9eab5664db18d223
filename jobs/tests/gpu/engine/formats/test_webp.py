from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.formats.webp_end import without_its_end
from jobs.tests.gpu.engine.formats.broken import DAMAGE, outcome
from jobs.tests.gpu.engine.pictures import noise, opened, saved, soft


def pictures() -> dict[str, Image.Image]:
    """What compresses in different ways, above all at its end."""
    half = np.full((120, 160, 3), 255, np.uint8)
    half[:60] = noise(60, 160)
    return {
        "soft": Image.fromarray(soft(120, 160)),
        "noise": Image.fromarray(noise(120, 160)),
        "white": Image.new("RGB", (160, 120), "white"),
        "white at the end": Image.fromarray(half),
        "white at the beginning": Image.fromarray(half[::-1].copy()),
        "one pixel": Image.new("RGB", (1, 1), "red"),
        "a line": Image.fromarray(noise(1, 300)),
        "cut-out": Image.fromarray(np.dstack([soft(120, 160), noise(120, 160)[..., 0]])),
    }


PICTURES = pictures()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("method", [0, 6])
@pytest.mark.parametrize("quality", [5, 85])
@pytest.mark.parametrize("lossless", [False, True])
def test_a_whole_picture_needs_its_last_bytes(
    name: str, method: int, quality: int, lossless: bool
) -> None:
    data = saved(PICTURES[name], "WEBP", method=method, quality=quality, lossless=lossless)
    assert np.array_equal(decode(data).rgb, opened(data)[..., :3])


@pytest.mark.parametrize("name", PICTURES)
def test_an_encoder_may_fill_its_picture_up(name: str) -> None:
    data = saved(PICTURES[name], "WEBP", quality=85)
    at = data.index(b"VP8 ") + 4
    length = int.from_bytes(data[at : at + 4], "little")
    end = at + 4 + length + length % 2
    for filling in (2, 4, 12):
        size = (len(data) - 8 + filling).to_bytes(4, "little")
        longer = (length + length % 2 + filling).to_bytes(4, "little")
        body = data[8:at] + longer + data[at + 4 : end] + bytes(filling) + data[end:]
        assert np.array_equal(decode(b"RIFF" + size + body).rgb, opened(data)[..., :3])


def test_damage_shows_by_where_the_decoder_comes_out() -> None:
    picture = np.clip(soft(240, 320).astype(int) + noise(240, 320) // 8, 0, 255).astype(np.uint8)
    data = saved(Image.fromarray(picture), "WEBP", quality=85)
    rng = np.random.default_rng(11)
    outcomes = [outcome(DAMAGE[name](data, rng), data) for name in [*DAMAGE] * 15]
    assert outcomes.count("refused") >= 112
    assert outcomes.count("wrong") <= 4


def test_an_animation_and_next_to_no_data_are_left_alone() -> None:
    frames = [Image.fromarray(noise(50, 50, seed=seed)) for seed in range(2)]
    animation = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    assert without_its_end(animation) is None
    assert decode(animation).rgb.shape == (50, 50, 3)
    assert without_its_end(saved(Image.new("RGB", (1, 1)), "WEBP")) is None
    for data in (
        b"",
        b"RIFF",
        bytes(500),
        b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff" + bytes(99),
    ):
        assert without_its_end(data) is None
