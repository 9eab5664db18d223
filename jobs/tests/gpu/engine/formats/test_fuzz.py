"""Broken files of every kind: whatever comes in, only a PhotoError or a whole photo comes out."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.limits import MAX_PHOTO_PIXELS
from jobs.tests.gpu.engine.formats.broken import DAMAGE, complained_of, kinds_of_files, outcome
from jobs.tests.gpu.engine.pictures import HEIC, noise, photo_file, saved, soft, wall

SECONDS = 4.0
# Of each sample, however slow the machine: of one the 78th is the first that is read.
LEAST = 100
SEED = 20240607


def samples() -> dict[str, bytes]:
    """Small files of every kind that is read, with what makes decoders stumble, and real ones."""
    plain = Image.fromarray(wall(48, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    cut_out = Image.fromarray(np.dstack([noise(20, 30), noise(20, 30, seed=1)[..., :1]]))
    second = Image.fromarray(noise(48, 64))
    return {
        "jpeg": saved(plain, "JPEG", exif=exif, icc_profile=profile),
        "progressive": saved(plain, "JPEG", progressive=True),
        "cmyk": saved(plain.convert("CMYK"), "JPEG"),
        "gray": saved(plain.convert("L"), "JPEG"),
        "png": saved(cut_out, "PNG", exif=exif, icc_profile=profile),
        "palette": saved(plain.convert("P"), "PNG", transparency=3),
        "apng": saved(plain, "PNG", save_all=True, append_images=[second]),
        "webp": saved(cut_out, "WEBP", exif=exif),
        "webp lossless": saved(plain, "WEBP", lossless=True),
        "webp animated": saved(plain, "WEBP", save_all=True, append_images=[second]),
        "avif": saved(plain, "AVIF", exif=exif),
        "heic": HEIC["turned"],
        "photo": photo_file("interior_living_room.jpg"),
        "cut-out": photo_file("product_juice_apple.png"),
    }


SAMPLES = samples()


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Bits flipped, bytes set to extremes, a piece cut out, doubled, filled or cut off."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, max(1, len(out))))
        length = int(rng.integers(1, 40))
        kind = int(rng.integers(0, 7))
        if kind == 0 and out:
            out[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1 and out:
            out[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
        elif kind == 2:
            del out[at : at + length]
        elif kind == 3:
            out[at:at] = out[at : at + length]
        elif kind == 4:
            out[at : at + length] = bytes([int(rng.choice([0, 0xFF]))]) * length
        elif kind == 5 and rng.random() < 0.3:
            del out[at:]
        else:
            out[at : at + 4] = int(rng.integers(0, 2**32)).to_bytes(4, "big")
    return bytes(out)


def check(data: bytes) -> str:
    """Decode as the worker does, where a library's warning must not stop a photo either."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            photo = decode(data)
    except PhotoError as error:
        return error.reason
    assert photo.rgb.dtype == np.uint8
    assert photo.rgb.shape == (photo.height, photo.width, 3)
    assert 0 < photo.height * photo.width <= MAX_PHOTO_PIXELS
    assert photo.rgb.flags.c_contiguous
    assert photo.alpha is None or photo.alpha.shape == photo.rgb.shape[:2]
    return "read"


def test_every_sample_is_read_as_it_is() -> None:
    assert {name: check(data) for name, data in SAMPLES.items()} == dict.fromkeys(SAMPLES, "read")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mutated_file_is_read_or_refused(name: str) -> None:
    rng = np.random.default_rng([SEED, len(name)])
    until = time.monotonic() + SECONDS / len(SAMPLES)
    outcomes: list[str] = []
    while len(outcomes) < LEAST or (time.monotonic() < until and len(outcomes) < 2000):
        data = mutated(SAMPLES[name], rng)
        try:
            outcomes.append(check(data))
        except Exception as error:
            pytest.fail(f"{type(error).__name__}: {error} from {data.hex()}")
    assert max(map(len, outcomes)) < 80
    assert len(set(outcomes)) > 1, "the mutations do not reach the decoder"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_cut_anywhere_in_its_first_bytes_is_refused(name: str) -> None:
    for length in (1, 2, 4, 8, 12, 16, 24, 33, 40, 64):
        assert check(SAMPLES[name][:length]) != "read"


def detailed() -> Rgb:
    grain = noise(120, 160).astype(int) // 8
    return np.asarray(np.clip(soft(120, 160) + grain, 0, 255), np.uint8)


WHOLE = kinds_of_files(detailed())
# JPEG, WebP and HEVC have no checksum: of a changed bit, a decoder rarely notices anything.
NOTICED = {"PNG": DAMAGE, "AVIF": DAMAGE, "JPEG": ("cut", "cut and closed")}


@pytest.mark.parametrize("kind", [kind for kind in WHOLE if kind.startswith(tuple(NOTICED))])
def test_no_damage_that_can_be_noticed_is_delivered(kind: str) -> None:
    rng = np.random.default_rng([SEED, len(kind)])
    damages = NOTICED[kind.split(",")[0]]
    for name in [*damages] * (2 if "odd" in kind else 12):
        data = DAMAGE[name](WHOLE[kind], rng)
        assert outcome(data, WHOLE[kind]) != "wrong", f"{name}: {data.hex()}"


@pytest.mark.parametrize("kind", [kind for kind in WHOLE if kind != "HEIC"])
def test_what_another_decoder_complains_of_is_never_read_wrong(kind: str) -> None:
    rng = np.random.default_rng([SEED, len(kind), 1])
    for name in [*DAMAGE] * (1 if "odd" in kind else 5):
        data = DAMAGE[name](WHOLE[kind], rng)
        if outcome(data, WHOLE[kind]) == "wrong":
            assert not complained_of(data, kind), f"{name}: {data.hex()}"


@pytest.mark.parametrize("file_format", ["GIF", "TIFF", "BMP", "ICO", "PPM", "TGA", "JPEG2000"])
def test_other_picture_formats_are_refused(file_format: str) -> None:
    data = saved(Image.fromarray(wall(32, 32)), file_format)
    assert check(data).startswith("not an image we can read (JPEG, PNG, WebP, AVIF or HEIC)")
