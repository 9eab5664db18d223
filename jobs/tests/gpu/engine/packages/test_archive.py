from __future__ import annotations

import io
import os
import shutil
import subprocess
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from jobs.gpu.engine.packages.archive import BLOCK, Archive

CONTENTS = {
    "거실-1.png": b"\x89PNG" + os.urandom(3000),
    "plain.jpg": b"",
    "보드/전체.jpg": b"x" * 70000,
}


def packed(path: Path) -> Path:
    with path.open("wb") as target, Archive(target) as archive:
        for name, content in CONTENTS.items():
            archive.add(name, io.BytesIO(content))
        assert archive.files == 3
    return path


def test_python_reads_what_was_packed(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path / "a.zip")) as opened:
        assert {each.filename: opened.read(each) for each in opened.infolist()} == CONTENTS
        for each in opened.infolist():
            assert each.compress_type == zipfile.ZIP_STORED
            assert bool(each.flag_bits & 0x800) == (not each.filename.isascii())
            assert not each.flag_bits & 0x08, "the size stands before the content"


@pytest.mark.parametrize(
    "command", [["unzip", "-q", "{zip}", "-d", "{to}"], ["bsdtar", "-xf", "{zip}", "-C", "{to}"],
                ["7z", "x", "-y", "{zip}", "-o{to}"]], ids=lambda command: str(command[0])
)  # fmt: skip
def test_unzippers_keep_korean_names(tmp_path: Path, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")
    file, to = packed(tmp_path / "a.zip"), tmp_path / "to"
    to.mkdir()
    filled = [word.format(zip=file, to=to) for word in command]
    subprocess.run(filled, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    found = {
        each.relative_to(to).as_posix(): each.read_bytes()
        for each in to.rglob("*")
        if each.is_file()
    }
    assert found == CONTENTS


def test_the_same_package_is_the_same_bytes(tmp_path: Path) -> None:
    first, second = packed(tmp_path / "a.zip"), packed(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()


def test_a_name_is_taken_once() -> None:
    with Archive(io.BytesIO()) as archive:
        archive.add("거실.png", io.BytesIO(b"a"))
        archive.add("Room.png", io.BytesIO(b"b"))
        with pytest.raises(ValueError, match="is in the archive already"):
            archive.add("room.png", io.BytesIO(b"c"))
        assert archive.files == 2


def test_memory_is_a_few_blocks_whatever_goes_in(tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(bytes(24 * BLOCK))
    with (tmp_path / "a.zip").open("wb") as target, Archive(target) as archive:
        tracemalloc.start()
        try:
            for number in range(8):
                with photo.open("rb") as content:
                    archive.add(f"{number}.png", content)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 4 * BLOCK
    assert (tmp_path / "a.zip").stat().st_size > 8 * 24 * BLOCK
