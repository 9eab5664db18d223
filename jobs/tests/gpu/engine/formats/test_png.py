from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from PIL import Image

from jobs.gpu.engine.colour.space import space_of
from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.errors import PhotoError
from jobs.tests.gpu.engine.pictures import opened, saved, soft
from jobs.tests.gpu.engine.profiles import ADOBE_RGB, DISPLAY_P3

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE = soft(48, 64)
PLAIN = saved(Image.fromarray(PICTURE), "PNG")
GRAY, RGB, PALETTE = 0, 2, 3


def chunk(kind: bytes, data: bytes, *, check: int | None = None) -> bytes:
    check = zlib.crc32(kind + data) if check is None else check
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def with_chunk(extra: bytes, data: bytes = PLAIN) -> bytes:
    """With one more chunk after the header."""
    return data[:33] + extra + data[33:]


def png(rows: Any, depth: int, colour_type: int, *extra: bytes) -> bytes:
    """A file of rows of bytes as they are stored, one after the other without a filter."""
    packed = np.asarray(rows, np.uint8)
    channels = {GRAY: 1, RGB: 3, PALETTE: 1}[colour_type]
    width = packed.shape[1] * 8 // (depth * channels)
    header = struct.pack(">IIBBBBB", width, len(packed), depth, colour_type, 0, 0, 0)
    filtered = np.pad(packed, ((0, 0), (1, 0))).tobytes()
    pixels = chunk(b"IDAT", zlib.compress(filtered))
    return SIGNATURE + chunk(b"IHDR", header) + b"".join(extra) + pixels + chunk(b"IEND", b"")


def refused(data: bytes) -> None:
    with pytest.raises(PhotoError, match="truncated or damaged"):
        decode(data)


# Damage


def test_no_flipped_bit_of_the_picture_goes_unnoticed() -> None:
    # Every byte of header and pixels, and of what says where they are.
    small = saved(Image.fromarray(soft(6, 7)), "PNG")
    end = small.index(b"IEND") - 4
    for at in range(8, end):
        bit = 1 << at % 8
        broken = small[:at] + bytes((small[at] ^ bit,)) + small[at + 1 :]
        with pytest.raises(PhotoError):
            decode(broken)


def test_a_wrong_checksum_of_transparency_or_of_a_palette_is_damage() -> None:
    palette = Image.fromarray(PICTURE).quantize(16)
    data = saved(palette, "PNG", transparency=2)
    for kind in (b"PLTE", b"tRNS"):
        at = data.index(kind) + 5
        refused(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])


def test_a_lost_chunk_of_pixels_is_noticed_though_its_name_was_hit() -> None:
    # A chunk of an unknown name with a wrong checksum, among those of the pixels.
    pieces = [data for kind, data in chunks(PLAIN) if kind == b"IDAT"]
    whole = b"".join(pieces)
    third = len(whole) // 3
    parts = [whole[:third], whole[third : 2 * third], whole[2 * third :]]
    header = PLAIN[:33]
    for lost in range(3):
        body = b"".join(
            chunk(b"IDaT" if n == lost else b"IDAT", part, check=zlib.crc32(b"IDAT" + part))
            for n, part in enumerate(parts)
        )
        refused(header + body + chunk(b"IEND", b""))


def test_a_palette_picture_without_its_palette_is_damage() -> None:
    refused(png([[0, 1, 2, 1]], 8, PALETTE))


def test_a_file_cut_after_its_pixels_is_whole_and_before_is_not() -> None:
    end = PLAIN.index(b"IEND") - 4
    for length in (end, end + 1, end + 4, end + 8, end + 11):
        assert np.array_equal(decode(PLAIN[:length]).rgb, PICTURE)
    for length in (end - 1, end - 4, end - 5, end - 60, 40, 33, 20, 8):
        refused(PLAIN[:length])
        refused(PLAIN[:length] + chunk(b"IEND", b""))


def test_a_cut_within_a_text_after_the_pixels_costs_nothing() -> None:
    end = PLAIN.index(b"IEND") - 4
    data = PLAIN[:end] + chunk(b"tEXt", b"Comment\0" + b"x" * 100)[:50]
    assert np.array_equal(decode(data).rgb, PICTURE)


@pytest.mark.parametrize("header", [b"", bytes(13), bytes(12), struct.pack(">IIB4x", 5, 0, 8)])
def test_a_senseless_header_is_damage(header: bytes) -> None:
    refused(SIGNATURE + chunk(b"IHDR", header) + PLAIN[33:])


def test_a_chunk_that_must_be_understood_is_not_read() -> None:
    with pytest.raises(PhotoError, match="not an image we can read"):
        decode(with_chunk(chunk(b"XYZW", b"something new")))


def test_a_chunk_that_need_not_be_understood_is_passed_over() -> None:
    assert np.array_equal(decode(with_chunk(chunk(b"xyZw", b"something new"))).rgb, PICTURE)


def test_a_file_of_nothing_but_chunks_is_refused() -> None:
    refused(with_chunk(chunk(b"tEXt", b"") * 2_000_000))


# Metadata that is no reason to refuse


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"pHYs", b"tIME"])
def test_metadata_with_a_wrong_checksum_is_dropped(kind: bytes) -> None:
    photo = decode(with_chunk(chunk(kind, b"whatever it was", check=12345)))
    assert np.array_equal(photo.rgb, PICTURE)
    assert photo.icc_profile is None


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000))),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2_000_000))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"tEXt", b"Comment\0" + b"x" * 3_000_000),
        chunk(b"iCCP", b"large\0\0" + zlib.compress(bytes(2_000_000))),
        chunk(b"iCCP", b"huge\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"iCCP", b"broken\0\0no deflate"),
        chunk(b"iCCP", b""),
        chunk(b"eXIf", b"no exif"),
        chunk(b"gAMA", b"\0"),
        chunk(b"cICP", b"\1"),
        chunk(b"tRNS", b"\1"),
    ],
    ids=[
        "text of 2 MB", "text of 50 MB", "XMP of 2 MB", "XMP of 50 MB", "plain text of 3 MB",
        "profile of 2 MB", "profile of 50 MB", "broken profile", "empty profile", "no EXIF",
        "short gamma", "short code points", "short transparency",
    ],
)  # fmt: skip
def test_metadata_of_any_size_or_shape_costs_no_pixel(text: bytes) -> None:
    photo = decode(with_chunk(text))
    assert np.array_equal(photo.rgb, PICTURE)
    assert (photo.icc_profile, photo.alpha) == (None, None)


# Transparency by a key colour: of every depth, and exact in 16 bits


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_gray_key_is_transparent_at_every_depth(depth: int) -> None:
    levels = range(min(2**depth, 256))
    size = max(1, depth // 8)
    packed = {1: [0b01010101], 2: [0b00011011], 4: [0x01, 0x23], 8: [0, 1, 2, 3]}
    row = packed.get(depth) or [0, 1, 0, 2, 255, 254, 255, 255]
    key = {1: 1, 2: 2, 4: 3, 8: 2, 16: 0xFFFE}[depth]
    data = png([row] * 3, depth, GRAY, chunk(b"tRNS", struct.pack(">H", key)))
    photo = decode(data)
    stored = _levels(row, depth)
    expected = np.where(np.array(stored) == key, 0, 255)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [expected.tolist()] * 3
    most = 2**depth - 1
    shown = [level >> 8 if size == 2 else level * 255 // most for level in stored]
    assert photo.rgb[0, :, 0].tolist() == shown
    assert len(levels) > 1


def _levels(row: list[int], depth: int) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in row)
    return [int(bits[at : at + depth], 2) for at in range(0, len(bits), depth)]


def test_a_key_of_16_bit_colours_is_compared_in_16_bits() -> None:
    row = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7, 1, 3, 3, 4, 5, 6]
    data = png([row], 16, RGB, chunk(b"tRNS", bytes([1, 2, 3, 4, 5, 6])))
    photo = decode(data)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255, 255]]
    assert photo.rgb.tolist() == [[[1, 3, 5]] * 3]


def test_a_key_of_8_bit_colours_is_transparent() -> None:
    data = png([[9, 8, 7, 9, 8, 6]], 8, RGB, chunk(b"tRNS", bytes([0, 9, 0, 8, 0, 7])))
    photo = decode(data)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255]]


def test_palette_entries_may_be_half_transparent() -> None:
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))
    photo = decode(png([[0, 1, 2]], 8, PALETTE, palette, chunk(b"tRNS", bytes([0, 128]))))
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 128, 255]]
    assert photo.rgb.tolist() == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_small_palettes_are_read(depth: int) -> None:
    palette = chunk(b"PLTE", bytes(range(3 * 2**depth)))
    row = [0b10110001, 0b01001110]
    photo = decode(png([row], depth, PALETTE, palette))
    assert photo.rgb[0, :, 0].tolist() == [3 * level for level in _levels(row, depth)]


def test_interlaced_files_are_read() -> None:
    data = pyvips.Image.new_from_array(PICTURE).pngsave_buffer(interlace=True)
    assert data[28] == 1
    assert np.array_equal(decode(data).rgb, PICTURE)


def test_alpha_of_16_bits_is_scaled() -> None:
    wide = np.dstack([PICTURE, PICTURE[..., 0]]).astype(np.uint16) * 257
    photo = decode(cv2.imencode(".png", wide[..., [2, 1, 0, 3]])[1].tobytes())
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, PICTURE[..., 0])
    assert np.array_equal(photo.rgb, PICTURE)


# What says of the colours, by its rank in the PNG standard

ICCP = chunk(b"iCCP", b"P3\0\0" + zlib.compress(DISPLAY_P3))
OLD_ADOBE = chunk(b"gAMA", struct.pack(">I", 45470)) + chunk(
    b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
)
PLAIN_GAMMA = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(
    b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
)
SRGB = chunk(b"sRGB", b"\0")
CICP_P3, CICP_SRGB = chunk(b"cICP", bytes([12, 13, 0, 1])), chunk(b"cICP", bytes([1, 13, 0, 1]))


def linear_green(data: bytes) -> float | None:
    """The x of the green primary that the photo's profile says, or None without one."""
    profile = decode(data).icc_profile
    if profile is None:
        return None
    at = profile.index(b"gXYZ")
    offset = int.from_bytes(profile[at + 4 : at + 8], "big")
    return round(float(struct.unpack_from(">i", profile, offset + 8)[0]) / 65536, 2)


GREEN_P3, GREEN_ADOBE = 0.29, 0.21


@pytest.mark.parametrize(
    ("said", "green"),
    [
        (b"", None),
        (ICCP, GREEN_P3),
        (SRGB + OLD_ADOBE, None),
        (PLAIN_GAMMA, None),
        (OLD_ADOBE, GREEN_ADOBE),
        (ICCP + OLD_ADOBE, GREEN_P3),
        (CICP_P3, GREEN_P3),
        (CICP_P3 + OLD_ADOBE, GREEN_P3),
        (CICP_SRGB + ICCP, None),
        (chunk(b"cICP", bytes([9, 16, 0, 1])), None),
        (chunk(b"gAMA", struct.pack(">I", 0)) + OLD_ADOBE[16:], None),
        (OLD_ADOBE[:16] + chunk(b"cHRM", bytes(32)), None),
    ],
    ids=[
        "nothing", "profile", "sRGB before numbers", "numbers of sRGB", "numbers of Adobe RGB",
        "profile before numbers", "code points", "code points before numbers",
        "code points before a profile", "high dynamic range", "gamma of zero", "primaries of zero",
    ],
)  # fmt: skip
def test_the_colours_are_those_that_the_file_says(said: bytes, green: float | None) -> None:
    assert linear_green(with_chunk(said)) == green


def test_a_profile_of_adobe_numbers_is_adobe_rgb() -> None:
    colours = np.array([[200.0, 30, 40], [10, 220, 90], [128, 128, 128]])
    made = space_of(decode(with_chunk(OLD_ADOBE)).icc_profile).to_srgb(colours)
    assert np.abs(made - space_of(ADOBE_RGB).to_srgb(colours)).max() < 0.5


def test_a_profile_beside_an_opaque_picture_changes_no_number() -> None:
    assert np.array_equal(decode(with_chunk(ICCP)).rgb, opened(PLAIN))
