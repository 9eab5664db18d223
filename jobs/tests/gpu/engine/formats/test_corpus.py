"""One file of every kind, made here, beside what another reader makes of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from jobs.gpu.engine.decode import decode
from jobs.tests.gpu.engine.formats.broken import kinds_of_files
from jobs.tests.gpu.engine.pictures import soft

PICTURE = soft(72, 104)
FILES = kinds_of_files(PICTURE)
# What differs from the picture itself is compression, or 16 bits cut to 8.
LOSS = {"JPEG": 4.0, "PNG": 0.0, "WebP": 5.0, "WebP, lossless": 0.0, "AVIF": 5.0}
# Two decoders of one lossy file enlarge its colours in two ways.
READERS_DIFFER = {"AVIF": 6.0, "WebP": 2.0}


def by_pillow(data: bytes) -> NDArray[np.uint8]:
    """PNG and JPEG are read by other libraries in the engine."""
    image = Image.open(io.BytesIO(data))
    return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"), np.uint8)


def by_libvips(data: bytes) -> NDArray[np.uint8]:
    """WebP and AVIF are read by Pillow in the engine."""
    image = pyvips.Image.new_from_buffer(data, "", fail_on="warning", access="sequential")
    return np.asarray(image.numpy(), np.uint8)


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "HEIC"])
def test_every_kind_is_read_as_another_reader_reads_it(kind: str) -> None:
    data = FILES["JPEG" if "no end" in kind else kind]
    expected = by_pillow(data) if kind.startswith(("PNG", "JPEG")) else by_libvips(data)

    photo = decode(FILES[kind])

    difference = np.abs(photo.rgb.astype(int) - expected[..., :3])
    assert difference.mean() <= READERS_DIFFER.get(kind, 0.5 if "CMYK" in kind else 0)
    if expected.shape[2] == 4:
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, expected[..., 3])
    else:
        assert photo.alpha is None


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind not in ("HEIC", "PNG, palette")])
def test_every_kind_looks_like_the_picture(kind: str) -> None:
    rgb = decode(FILES[kind]).rgb
    expected = PICTURE if "gray" not in kind else np.asarray(Image.fromarray(PICTURE).convert("L"))
    expected = expected.reshape(*PICTURE.shape[:2], -1)
    assert np.abs(rgb.astype(int) - expected).mean() <= LOSS.get(kind, LOSS[kind.split(",")[0]])


def test_a_kind_is_told_by_its_content_and_not_by_its_oddity() -> None:
    plain = decode(FILES["JPEG"]).rgb
    for kind in ("stray byte in the header", "no end", "no end, Samsung trailer"):
        assert np.array_equal(decode(FILES[f"JPEG, {kind}"]).rgb, plain)
