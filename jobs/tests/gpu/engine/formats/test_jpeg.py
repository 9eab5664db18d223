from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.tests.gpu.engine.formats.broken import samsung_trailer, with_segment
from jobs.tests.gpu.engine.formats.jpeg_writer import segment, write_jpeg
from jobs.tests.gpu.engine.pictures import noise, opened, saved, soft
from jobs.tests.gpu.engine.profiles import DISPLAY_P3

APP0, APP1, APP2, APP14, COM, SOF0, SOS = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE, b"\xff\xc0", b"\xff\xda"
END = b"\xff\xd9"
PICTURE = soft(96, 128)
PLAIN = saved(Image.fromarray(PICTURE), "JPEG", quality=90)


def refused(data: bytes) -> None:
    with pytest.raises(PhotoError, match="truncated or damaged"):
        decode(data)


def without_jfif(data: bytes) -> bytes:
    assert data[2:4] == b"\xff\xe0"
    return data[:2] + data[20:]


def icc(number: int, count: int, piece: bytes) -> bytes:
    return segment(APP2, b"ICC_PROFILE\0" + bytes((number, count)) + piece)


def scan_of(data: bytes) -> int:
    """Where the data of the (only) scan begins."""
    at = data.index(SOS)
    return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")


# What is no damage


@pytest.mark.parametrize(
    "jfif",
    [b"JFIF\0\0\2\0\0\1\0\1\0\0", b"JFIF\0\2\1\0\0\1\0\1\0\0", b"JFIF\0\1\1", b"JFXX\0\x10"],
    ids=["0.02", "2.01", "cut short", "extension"],
)
def test_an_odd_jfif_header_costs_no_pixel(jfif: bytes) -> None:
    data = with_segment(without_jfif(PLAIN), APP0, jfif)
    assert np.array_equal(decode(data).rgb, opened(PLAIN))


@pytest.mark.parametrize("transform", [1, 2, 7, 255])
def test_an_unknown_adobe_transform_of_three_colours_means_ycbcr(transform: int) -> None:
    adobe = b"Adobe\0\x64\0\0\0\0" + bytes((transform,))
    data = with_segment(without_jfif(PLAIN), APP14, adobe)
    assert np.array_equal(decode(data).rgb, opened(PLAIN))


def test_adobe_transform_0_means_rgb() -> None:
    data = with_segment(without_jfif(PLAIN), APP14, b"Adobe\0\x64\0\0\0\0\0")
    assert np.array_equal(decode(data).rgb, opened(data))
    assert not np.array_equal(decode(data).rgb, opened(PLAIN))


def test_components_called_r_g_b_are_rgb() -> None:
    data = write_jpeg(PICTURE, ((1, 1),) * 3, identifiers=b"RGB")
    assert np.array_equal(decode(data).rgb, opened(data))


def test_jfif_wins_over_adobe_as_in_every_viewer() -> None:
    data = with_segment(PLAIN, APP14, b"Adobe\0\x64\0\0\0\0\0")
    assert np.array_equal(decode(data).rgb, opened(PLAIN))


@pytest.mark.parametrize("restart", [0, 5])
@pytest.mark.parametrize(
    "sampling",
    [
        ((1, 1), (1, 1), (1, 1)),
        ((2, 1), (1, 1), (1, 1)),
        ((2, 2), (2, 1), (1, 1)),
        ((2, 2), (1, 2), (1, 2)),
        ((2, 2), (1, 1), (2, 1)),
        ((3, 1), (1, 1), (1, 1)),
        ((4, 1), (2, 1), (1, 1)),
        ((1, 1), (2, 2), (2, 2)),
        ((3, 2), (1, 1), (1, 2)),
    ],
)
def test_any_sampling_is_read(sampling: tuple[tuple[int, int], ...], restart: int) -> None:
    data = write_jpeg(PICTURE, sampling, restart=restart)
    assert np.array_equal(decode(data).rgb, opened(data))


def test_damage_shows_whatever_the_sampling() -> None:
    data = write_jpeg(detailed(), ((2, 2), (2, 1), (1, 1)))
    middle = (scan_of(data) + len(data)) // 2
    refused(data[:middle] + END)
    refused(data[:middle] + noise(10, 20).tobytes() + data[middle + 600 :])
    refused(data[:middle] + data[middle - 200 :])


def test_stray_bytes_between_segments_cost_no_pixel() -> None:
    data = PLAIN[:20] + b"\0\x17" + PLAIN[20:]
    assert np.array_equal(decode(data).rgb, opened(PLAIN))


def test_many_stray_bytes_after_a_table_are_a_piece_of_it() -> None:
    at = PLAIN.index(SOF0)
    for stray, fine in ((bytes(16), True), (bytes(range(17)), False)):
        data = PLAIN[:at] + stray + PLAIN[at:]
        if fine:
            assert np.array_equal(decode(data).rgb, opened(PLAIN))
        else:
            refused(data)


def test_a_length_field_that_is_too_small_costs_no_pixel() -> None:
    comment = bytearray(segment(COM, b"made by a camera"))
    comment[3] -= 2
    data = PLAIN[:2] + bytes(comment) + PLAIN[2:]
    assert np.array_equal(decode(data).rgb, opened(PLAIN))


@pytest.mark.parametrize("progressive", [False, True])
def test_only_the_end_may_be_missing(progressive: bool) -> None:
    whole = saved(Image.fromarray(PICTURE), "JPEG", progressive=progressive)
    assert whole.endswith(END)
    assert np.array_equal(decode(whole[:-2]).rgb, opened(whole))
    assert np.array_equal(decode(whole[:-1]).rgb, opened(whole))
    refused(whole[:-8])


def test_a_samsung_trailer_may_stand_in_the_place_of_the_end() -> None:
    # Random film data holds every marker there is, the end of a picture among them.
    trailer = samsung_trailer(200_000)
    assert END in trailer
    assert np.array_equal(decode(PLAIN[:-2] + trailer).rgb, opened(PLAIN))
    assert np.array_equal(decode(PLAIN + trailer).rgb, opened(PLAIN))
    refused(PLAIN[:-20] + trailer)


def test_another_trailer_in_the_place_of_the_end_is_damage() -> None:
    refused(PLAIN[:-2] + noise(20, 20).tobytes())


@pytest.mark.parametrize("trailer", [bytes(500), b"text", PLAIN, noise(50, 50).tobytes()])
def test_what_follows_the_end_does_no_harm(trailer: bytes) -> None:
    assert np.array_equal(decode(PLAIN + trailer).rgb, opened(PLAIN))


@pytest.mark.parametrize("end", [END, b""], ids=["with an end", "without"])
@pytest.mark.parametrize("progressive", [False, True])
def test_zeros_after_the_last_line_cost_no_pixel(progressive: bool, end: bytes) -> None:
    whole = saved(Image.fromarray(PICTURE), "JPEG", quality=90, progressive=progressive)
    for count in (1, 2, 3, 4, 9, 700):
        assert np.array_equal(decode(whole[:-2] + bytes(count) + end).rgb, opened(whole))
    refused(whole[:-2] + bytes(range(1, 41)) + end)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("end", [END, b""], ids=["with an end", "without"])
def test_an_upload_that_was_filled_up_with_zeros_is_refused(mode: str, end: bytes) -> None:
    # To a decoder, zeros are data as good as any, and more than enough of it.
    data = saved(Image.fromarray(detailed()).convert(mode), "JPEG", quality=90)
    for share in (0.5, 0.9, 0.99):
        kept = data[: int(len(data) * share)]
        refused(kept + bytes(len(data) - len(kept)) + end)
        refused(kept + bytes(100_000) + end)
    for lost in (4, 8, 20):
        refused(data[: -2 - lost] + bytes(lost) + end)


def test_filled_up_files_of_unusual_sampling_are_no_exception() -> None:
    data = write_jpeg(detailed(), ((2, 2), (2, 1), (1, 1)))
    assert np.array_equal(decode(data[:-2] + bytes(50) + END).rgb, opened(data))
    refused(data[: len(data) // 2] + bytes(len(data) // 2))


def test_a_segment_named_twice_or_unknown_does_no_harm() -> None:
    for marker in (COM, APP1, APP2, 0xE7):
        data = with_segment(with_segment(PLAIN, marker, b"something"), marker, b"")
        assert np.array_equal(decode(data).rgb, opened(PLAIN))


# Profiles


@pytest.mark.parametrize(
    "chunks",
    [
        [icc(1, 1, DISPLAY_P3)],
        [icc(1, 2, DISPLAY_P3[:200]), icc(2, 2, DISPLAY_P3[200:])],
        [icc(2, 2, DISPLAY_P3[200:]), icc(1, 2, DISPLAY_P3[:200])],
        [icc(0, 2, DISPLAY_P3[:200]), icc(1, 2, DISPLAY_P3[200:])],
        [icc(1, 1, DISPLAY_P3[:200]), icc(1, 1, DISPLAY_P3[200:])],
        [icc(1, 1, DISPLAY_P3), icc(1, 1, DISPLAY_P3)],
        [icc(1, 2, DISPLAY_P3[:200]), icc(2, 2, DISPLAY_P3[200:]), icc(1, 1, b"")],
        [icc(1, 1, DISPLAY_P3 + bytes(7))],
    ],
    ids=[
        "one", "two", "in the other order", "numbered from 0", "both number 1", "twice", "empty",
        "followed by zeros",
    ],
)  # fmt: skip
def test_a_profile_is_put_together_from_its_chunks(chunks: list[bytes]) -> None:
    photo = decode(PLAIN[:2] + b"".join(chunks) + PLAIN[2:])
    assert photo.icc_profile == DISPLAY_P3
    assert np.array_equal(photo.rgb, opened(PLAIN))


@pytest.mark.parametrize(
    "chunks",
    [
        [segment(APP2, b"ICC_PROFILE\0")],
        [segment(APP2, b"ICC_PROFILE\0\1")],
        [icc(1, 1, b"")],
        [icc(1, 2, DISPLAY_P3[:200])],
        [icc(2, 2, DISPLAY_P3[200:])],
        [icc(1, 1, DISPLAY_P3[:200])],
        [icc(1, 1, bytes(16) + b"RGB ")],
        [icc(1, 1, bytes(500))],
    ],
    ids=[
        "no number", "half a number", "empty", "the second missing", "the first missing",
        "cut short", "20 bytes that say RGB", "zeros",
    ],
)  # fmt: skip
def test_a_profile_that_is_not_whole_is_dropped(chunks: list[bytes]) -> None:
    photo = decode(PLAIN[:2] + b"".join(chunks) + PLAIN[2:])
    assert photo.icc_profile is None
    assert np.array_equal(photo.rgb, opened(PLAIN))


def test_a_profile_may_follow_the_header_of_the_frame() -> None:
    at = PLAIN.index(SOF0)
    photo = decode(PLAIN[:at] + icc(1, 1, DISPLAY_P3) + PLAIN[at:])
    assert photo.icc_profile == DISPLAY_P3


# Damage


def detailed() -> Rgb:
    return np.clip(soft(96, 128).astype(int) + noise(96, 128) // 8, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"restart_marker_rows": 1},
        {"progressive": True},
        {"subsampling": 0},
        {"progressive": True, "restart_marker_rows": 1},
    ],
    ids=["plain", "restart markers", "progressive", "4:4:4", "progressive, restart markers"],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_half_a_picture_is_refused_whatever_closes_it(mode: str, options: dict[str, int]) -> None:
    data = saved(Image.fromarray(detailed()).convert(mode), "JPEG", **options)
    assert decode(data).rgb.shape == (96, 128, 3)
    for share in (0.4, 0.6, 0.8, 0.95):
        piece = data[: int(len(data) * share)]
        refused(piece)
        refused(piece + END)
        stray = piece[:20] + b"\0" + piece[20:]
        refused(stray + END)
    middle = len(data) * 2 // 3
    refused(data[:middle] + bytes(300) + data[middle + 300 :])
    refused(data[:middle] + data[middle + 300 :])


def test_a_progressive_picture_without_its_last_scans_is_refused() -> None:
    data = saved(Image.fromarray(detailed()), "JPEG", progressive=True)
    starts = [at for at in range(len(data)) if data[at : at + 2] in (SOS, b"\xff\xc4")]
    later = [at for at in starts if at > data.index(SOS)]
    assert len(later) >= 8
    for at in later:
        coarse = data[:at] + END
        assert opened(coarse).shape == (96, 128, 3)  # a decoder shows it without a word
        simplejpeg.decode_jpeg(coarse)
        refused(coarse)


def test_scans_that_bring_nothing_new_are_refused_before_they_cost_time() -> None:
    data = saved(Image.fromarray(soft(1200, 1600)), "JPEG", progressive=True)
    last = data.rindex(SOS)
    bomb = data[:-2] + data[last:-2] * 300 + END
    start = time.process_time()
    refused(bomb)
    assert time.process_time() - start < 0.5


def test_a_plain_picture_whose_scan_is_repeated_is_refused() -> None:
    start = PLAIN.index(SOS)
    refused(PLAIN[:-2] + PLAIN[start:-2] + END)


def test_a_picture_of_one_colour_of_three_is_refused() -> None:
    # A scan of the first component only, as in files with one scan per component.
    at = PLAIN.index(SOS)
    only = segment(0xDA, b"\1\1\0\0\x3f\0")
    refused(PLAIN[:at] + only + PLAIN[scan_of(PLAIN) :])


def test_a_file_of_nothing_but_segments_is_refused_in_no_time() -> None:
    start = time.process_time()
    refused(b"\xff\xd8" + segment(COM, b"") * 5_000_000)
    refused(b"\xff\xd8" + b"\xff\xd0" * 10_000_000)
    refused(b"\xff\xd8\xff" + b"\xff" * 20_000_000)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("marker", [b"\xff\xc3", b"\xff\xc7", b"\xff\xcb"])
def test_lossless_and_hierarchical_jpeg_are_not_read(marker: bytes) -> None:
    with pytest.raises(PhotoError, match="not an image we can read"):
        decode(PLAIN.replace(SOF0, marker))


def test_twelve_bits_and_two_colours_are_not_read() -> None:
    at = PLAIN.index(SOF0) + 4
    with pytest.raises(PhotoError, match="not an image we can read"):
        decode(PLAIN[:at] + b"\x0c" + PLAIN[at + 1 :])
    two = struct.pack(">BHHB", 8, 96, 128, 2) + b"\1\x11\0\2\x11\0"
    with pytest.raises(PhotoError, match="not an image we can read"):
        decode(PLAIN[: at - 4] + segment(0xC0, two) + PLAIN[at + 15 :])


def test_a_bomb_is_refused_by_its_frame() -> None:
    at = PLAIN.index(SOF0) + 5
    for height, width in ((65_000, 65_000), (7_200, 7_200)):
        with pytest.raises(PhotoError, match="larger than 50 megapixels"):
            decode(PLAIN[:at] + struct.pack(">HH", height, width) + PLAIN[at + 4 :])
    refused(PLAIN[:at] + struct.pack(">HH", 0, 100) + PLAIN[at + 4 :])


@pytest.mark.parametrize("adobe", [None, 0, 2])
def test_cmyk_and_ycck_are_read_as_pillow_reads_them(adobe: int | None) -> None:
    data = saved(Image.fromarray(PICTURE).convert("CMYK"), "JPEG", quality=95)
    start = data.index(b"Adobe") - 4
    if adobe is None:
        data = data[:start] + data[start + 16 :]
    else:
        data = data[: start + 15] + bytes((adobe,)) + data[start + 16 :]
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(decode(data).rgb.astype(int) - expected).max() <= 1
