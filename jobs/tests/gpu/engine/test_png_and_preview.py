from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from jobs.gpu.engine import png as png_module
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.photo import Photo
from jobs.gpu.engine.png import encode_png
from jobs.gpu.engine.preview import encode_preview
from jobs.tests.gpu.engine.pictures import noise, opened, wall


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (37, 53), (256, 256)])
def test_a_png_returns_every_pixel(shape: tuple[int, int]) -> None:
    rgb = noise(*shape)
    assert np.array_equal(opened(encode_png(Photo(rgb))), rgb)


def test_bands_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png_module, "_BAND_BYTES", 1000)
    assert np.array_equal(opened(encode_png(Photo(noise(97, 61)))), noise(97, 61))


def test_a_png_keeps_alpha_and_profile() -> None:
    alpha = noise(40, 30)[..., 0]
    written = Image.open(io.BytesIO(encode_png(Photo(noise(40, 30), alpha, b"a profile"))))
    assert written.mode == "RGBA"
    assert np.array_equal(np.asarray(written)[..., 3], alpha)
    assert written.info["icc_profile"] == b"a profile"


def test_a_png_without_a_profile_says_srgb() -> None:
    assert Image.open(io.BytesIO(encode_png(Photo(wall())))).info["srgb"] == 0


def test_what_is_written_is_read_back() -> None:
    photo = Photo(noise(20, 30), noise(20, 30, seed=1)[..., 0])
    again = decode(encode_png(photo))
    assert np.array_equal(again.rgb, photo.rgb)
    assert again.alpha is not None
    assert photo.alpha is not None
    assert np.array_equal(again.alpha, photo.alpha)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((600, 1200), (512, 256)),
        ((1200, 600), (256, 512)),
        ((100, 80), (80, 100)),
        ((2, 3000), (512, 1)),
    ],
)
def test_a_preview_has_at_most_512_pixels_a_side(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    preview = Image.open(io.BytesIO(encode_preview(Photo(wall(*shape)))))
    assert (preview.format, preview.mode, preview.size) == ("JPEG", "RGB", size)


def test_a_preview_shows_transparency_as_white() -> None:
    photo = Photo(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8))
    assert opened(encode_preview(photo)).min() >= 253
