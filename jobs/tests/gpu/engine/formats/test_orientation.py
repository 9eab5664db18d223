from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from jobs.gpu.engine.decode import decode
from jobs.gpu.engine.formats.orientation import orientation_of
from jobs.tests.gpu.engine.formats.broken import with_segment
from jobs.tests.gpu.engine.pictures import saved, wall

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
TIFF = 'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
ATTRIBUTE = f'<rdf:Description rdf:about="" {TIFF} tiff:Orientation="6"/>'
ELEMENT = f"<rdf:Description {TIFF}><tiff:Orientation>6</tiff:Orientation></rdf:Description>"


def xmp(inside: str) -> bytes:
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}>{inside}</rdf:RDF></x:xmpmeta>'
    return f'<?xpacket begin="\ufeff" id="W5M0"?>{packet}<?xpacket end="w"?>'.encode()


def exif(value: int, *, order: str = "<", kind: int = 3, count: int = 1, tags: int = 1) -> bytes:
    start = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHI", 0x0112, kind, count)
    coded = struct.pack(order + ("H2x" if kind == 3 else "I"), value)
    return start + struct.pack(f"{order}IH", 8, tags) + entry + coded


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_exif_is_read_in_either_byte_order(order: str, kind: int, prefix: bytes) -> None:
    assert orientation_of(prefix + exif(6, order=order, kind=kind)) == 6


@pytest.mark.parametrize(
    "data",
    [
        b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", exif(6)[:-5], exif(0), exif(9), exif(6, kind=2),
        exif(6, count=2), b"nothing", exif(6, tags=0),
    ],
    ids=[
        "nothing", "no directory", "a directory elsewhere", "cut short", "0", "9", "text",
        "two values", "no exif", "no tags",
    ],
)  # fmt: skip
def test_senseless_exif_turns_nothing(data: bytes) -> None:
    assert orientation_of(data) == 1


@pytest.mark.parametrize("inside", [ATTRIBUTE, ELEMENT, ELEMENT.replace(">6<", "> 6\n<")])
def test_xmp_is_obeyed_where_exif_says_nothing(inside: str) -> None:
    assert orientation_of(b"", xmp(inside)) == 6
    assert orientation_of(b"", xmp(inside) + b"\0") == 6
    assert orientation_of(exif(0), xmp(inside)) == 6
    assert orientation_of(exif(3), xmp(inside)) == 3


@pytest.mark.parametrize(
    "inside",
    [
        '<rdf:Description><x>tiff:Orientation="6"</x></rdf:Description>',
        f'<rdf:Description xmlns:m="urn:m"><m:DerivedFrom>{ATTRIBUTE}</m:DerivedFrom>'
        "</rdf:Description>",
        f'<rdf:Description xmlns:m="urn:m"><m:History><rdf:Seq><rdf:li>{ELEMENT}</rdf:li>'
        "</rdf:Seq></m:History></rdf:Description>",
        ATTRIBUTE.replace("http://ns.adobe.com/tiff/1.0/", "urn:something:else"),
        ATTRIBUTE.replace('"6"', '"sideways"'),
        ATTRIBUTE.replace('"6"', '"66"'),
        ATTRIBUTE.replace("rdf:Description", "rdf:Bag"),
        ATTRIBUTE[:-4],
    ],
    ids=[
        "in a text", "of another picture", "of an earlier one", "of another vocabulary", "a word",
        "66", "of something else", "no XML",
    ],
)  # fmt: skip
def test_a_mention_in_xmp_turns_nothing(inside: str) -> None:
    assert orientation_of(b"", xmp(inside)) == 1


def test_xmp_that_is_made_to_hurt_is_not_read() -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    bomb = f'<!DOCTYPE r [<!ENTITY l0 "lol">{lol}]>'.encode() + xmp(ATTRIBUTE + "<a>&l29;</a>")
    deep = xmp(ATTRIBUTE + "<a>" * 300_000)
    long = xmp(ELEMENT.replace("6", "6" + "\n" * 3_000_000))
    endless = xmp(ATTRIBUTE + " " * 20_000_000)
    start = time.process_time()
    for data in (bomb, deep, endless, b"\xff\xfe" + xmp(ATTRIBUTE)):
        assert orientation_of(b"", data) == 1
    assert orientation_of(b"", long) == 6
    assert time.process_time() - start < 5


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_xmp_alone_turns_a_picture_of_any_format(file_format: str) -> None:
    picture = Image.fromarray(wall(24, 40))
    if file_format == "JPEG":
        packet = b"http://ns.adobe.com/xap/1.0/\0" + xmp(ATTRIBUTE)
        data = with_segment(saved(picture, "JPEG"), 0xE1, packet)
    elif file_format == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp(ATTRIBUTE).decode(), zip=True)
        data = saved(picture, "PNG", pnginfo=info)
    else:
        data = saved(picture, "WEBP", xmp=xmp(ATTRIBUTE))
    assert decode(data).rgb.shape == (40, 24, 3)


def test_the_exif_that_imagemagick_put_into_a_text_is_obeyed() -> None:
    coded = (b"Exif\0\0" + exif(8)).hex()
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(coded) // 2:8}\n{coded}\n", zip=True)
    data = saved(Image.fromarray(wall(24, 40)), "PNG", pnginfo=info)
    photo = decode(data)
    assert np.array_equal(photo.rgb, np.rot90(wall(24, 40)))
