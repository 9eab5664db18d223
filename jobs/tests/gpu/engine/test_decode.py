from __future__ import annotations

import base64
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import NOT_AN_IMAGE, PhotoError
from jobs.gpu.engine.view import reduced_on_white
from jobs.lifecycle.selectors import public_error
from jobs.limits import MAX_PHOTO_BYTES
from jobs.tests.gpu.engine.pictures import HEIC, noise, opened, photo_file, saved, wall


def rgba(height: int = 20, width: int = 30) -> Image.Image:
    alpha = np.tile(np.arange(width, dtype=np.uint8) * 8, (height, 1))
    return Image.fromarray(np.dstack([wall(height, width), alpha]))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied(orientation: int, file_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(wall(24, 40))
    data = saved(picture, file_format, exif=exif)
    expected = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, 1),
    }[orientation](opened(data))
    photo = decode(data)
    assert (photo.height, photo.width) == expected.shape[:2]
    assert photo.rgb.flags.c_contiguous
    assert np.abs(photo.rgb.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_usual_formats_are_read_whatever_their_name(file_format: str) -> None:
    photo = decode(saved(Image.fromarray(wall(32, 48)), file_format, quality=95))
    assert photo.rgb.shape == (32, 48, 3)
    assert photo.rgb.dtype == np.uint8
    assert np.abs(photo.rgb.astype(int) - wall(32, 48)).mean() < 4
    assert (photo.alpha, photo.warnings) == (None, ())


def test_png_pixels_are_exact() -> None:
    assert np.array_equal(decode(saved(Image.fromarray(noise(9, 7)), "PNG")).rgb, noise(9, 7))


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA"])
def test_gray_and_palette_files_become_rgb(mode: str) -> None:
    picture = Image.fromarray(wall(16, 24)).convert(mode)
    photo = decode(saved(picture, "PNG"))
    assert np.array_equal(photo.rgb, np.asarray(picture.convert("RGB")))
    assert photo.alpha is None


def test_a_gray_jpeg_becomes_rgb() -> None:
    photo = decode(saved(Image.fromarray(wall(16, 24)).convert("L"), "JPEG"))
    assert photo.rgb.shape == (16, 24, 3)
    assert np.array_equal(photo.rgb[..., 0], photo.rgb[..., 2])


def test_a_progressive_jpeg_is_read() -> None:
    photo = decode(saved(Image.fromarray(wall(64, 64)), "JPEG", progressive=True, quality=95))
    assert np.abs(photo.rgb.astype(int) - wall(64, 64)).mean() < 4


def test_cmyk_keeps_its_colours() -> None:
    picture = Image.new("RGB", (32, 32), (200, 60, 40)).convert("CMYK")
    photo = decode(saved(picture, "JPEG", quality=95))
    assert np.abs(photo.rgb.astype(int) - (200, 60, 40)).max() <= 8
    assert photo.icc_profile is None


def test_sixteen_bit_gray_is_scaled_not_clipped() -> None:
    level = (np.arange(64, dtype=np.uint16) * 1024).reshape(8, 8)
    data = cv2.imencode(".png", level)[1].tobytes()
    photo = decode(data)
    assert np.array_equal(photo.rgb, np.repeat((level >> 8)[..., np.newaxis], 3, axis=2))


def test_sixteen_bit_rgb_is_scaled_not_clipped() -> None:
    wide = wall(8, 8).astype(np.uint16) * 257
    photo = decode(cv2.imencode(".png", wide[..., ::-1])[1].tobytes())
    assert np.array_equal(photo.rgb, wall(8, 8))


def test_alpha_is_kept() -> None:
    photo = decode(saved(rgba(), "PNG"))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.asarray(rgba())[..., 3])
    assert np.array_equal(photo.rgb, np.asarray(rgba())[..., :3])


def test_alpha_turns_with_the_photo() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = decode(saved(rgba(20, 30), "PNG", exif=exif))
    assert photo.alpha is not None
    assert photo.alpha.shape == photo.rgb.shape[:2] == (30, 20)


def test_an_opaque_alpha_channel_is_dropped() -> None:
    assert decode(saved(Image.fromarray(wall()).convert("RGBA"), "PNG")).alpha is None


def test_transparency_by_a_single_colour_is_alpha() -> None:
    picture = Image.fromarray(np.array([[0, 80], [160, 240]], np.uint8))
    photo = decode(saved(picture, "PNG", transparency=80))
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 0], [255, 255]]


def test_an_rgb_profile_is_kept_and_another_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    gray = profile[:16] + b"GRAY" + profile[20:]
    picture = Image.fromarray(wall())
    assert decode(saved(picture, "JPEG", icc_profile=profile)).icc_profile == profile
    assert decode(saved(picture, "PNG", icc_profile=gray)).icc_profile is None


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken_with_a_warning(file_format: str) -> None:
    first, second = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    data = saved(first, file_format, save_all=True, append_images=[second], lossless=True)
    photo = decode(data)
    assert photo.rgb[0, 0].tolist() == [255, 0, 0]
    assert photo.warnings == ("the file holds several frames; only the first was edited",)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(file_format: str, share: float) -> None:
    data = saved(Image.fromarray(noise(64, 64)), file_format)
    with pytest.raises(PhotoError) as caught:
        decode(data[: int(len(data) * share)])
    assert "memory" not in caught.value.reason
    assert len(caught.value.reason) < 60


def test_a_jpeg_cut_short_but_closed_is_refused() -> None:
    data = saved(Image.fromarray(noise(64, 64)), "JPEG")
    with pytest.raises(PhotoError, match="truncated or damaged"):
        decode(data[: len(data) // 2] + b"\xff\xd9")


def test_bytes_after_the_end_of_a_jpeg_do_no_harm() -> None:
    data = saved(Image.fromarray(wall(64, 64)), "JPEG", quality=95)
    assert decode(data + bytes(500)).rgb.shape == (64, 64, 3)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        b"just some text",
        b"\x00" * 64,
        b"GIF89a" + bytes(64),
        b"II*\x00" + bytes(64),
    ],
    ids=["svg", "pdf", "text", "zeros", "gif", "tiff"],
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(PhotoError, match="not an image we can read"):
        decode(data)


FORM = (
    b'--1f2e\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n" + bytes(range(128, 256))
)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"GIF89a" + bytes(64), ", it is a GIF"),
        (b"MM\x00*" + bytes(64), ", it is a TIFF or a camera's raw file"),
        (b"%PDF-1.7\n", ", it is a PDF"),
        (b"<!doctype html>", ", it is text"),
        (FORM, ", it is a form, send the file's own bytes as the body"),
        (base64.b64encode(bytes(100)), ", it is text (base64), send the file's own bytes"),
        (base64.b64encode(bytes(9000)), ", it is text (base64), send the file's own bytes"),
        (b"data:image/png;base64,iVBORw0K", ", it is text (base64), send the file's own bytes"),
        (b"just some text", ""),
        (b"-- no form", ""),
        (b"\x00" * 600, ""),
    ],
)
def test_what_was_sent_in_place_of_a_photo_is_named(data: bytes, told: str) -> None:
    with pytest.raises(PhotoError) as refused:
        decode(data)

    assert refused.value.reason == NOT_AN_IMAGE + told
    assert public_error(refused.value.reason) == refused.value.reason


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(PhotoError, match="file is empty"):
        decode(b"")


@pytest.mark.parametrize("side", [7_200, 9_600, 60_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(PhotoError, match="larger than 50 megapixels"):
        decode(png_claiming(side, side))


def test_a_file_over_the_limit_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(PhotoError, match="file is larger than 25 MiB"):
        decode(bytes(MAX_PHOTO_BYTES + 1))


WHITE, RED, BLUE = (240, 240, 230), (200, 30, 40), (30, 60, 190)


@pytest.mark.parametrize(
    ("name", "size", "corners"),
    [("plain", (64, 96), (WHITE, BLUE, RED, BLUE)), ("turned", (96, 64), (RED, WHITE, BLUE, BLUE))],
)
def test_heic_is_read_and_turned(
    name: str, size: tuple[int, int], corners: tuple[tuple[int, int, int], ...]
) -> None:
    photo = decode(HEIC[name])

    assert (photo.height, photo.width) == size
    found = photo.rgb[[4, 4, -5, -5], [4, -5, 4, -5]]
    assert np.abs(found.astype(int) - corners).max() <= 3


def test_heic_that_was_cut_off_is_refused() -> None:
    for length in range(12, len(HEIC["plain"]), 20):
        with pytest.raises(PhotoError, match=r"not an image we can read|truncated or damaged"):
            decode(HEIC["plain"][:length])


def test_heic_that_claims_a_bomb_is_refused_by_its_header() -> None:
    sides = struct.pack(">II", 96, 64)
    assert HEIC["plain"].count(b"ispe\0\0\0\0" + sides) == 1

    with pytest.raises(PhotoError, match="larger than 50 megapixels"):
        decode(HEIC["plain"].replace(sides, struct.pack(">II", 9_600, 6_400)))


def test_heic_that_ends_its_decoder_is_refused_and_ends_nobody_else() -> None:
    # Found by the fuzz test: an item type that is no UTF-8 is a segmentation fault of pi-heif.
    assert HEIC["turned"].count(b"\0\0Exif\0") == 1

    with pytest.raises(PhotoError, match="truncated or damaged"):
        decode(HEIC["turned"].replace(b"\0\0Exif\0", b"\0\0\xe1xif\0"))


def test_a_photo_is_seen_on_white() -> None:
    photo = decode(saved(rgba(), "PNG"))
    seen = reduced_on_white(photo, 1)
    assert (seen[:, 0] == 255).all()
    expected = np.asarray(Image.alpha_composite(Image.new("RGBA", (30, 20), "white"), rgba()))
    assert np.abs(seen.astype(int) - expected[..., :3]).max() <= 1


def test_a_demo_photo_is_read_with_its_alpha() -> None:
    photo = decode(photo_file("product_mug.png"))
    assert (photo.width, photo.height, photo.alpha is not None) == (2160, 2160, True)
