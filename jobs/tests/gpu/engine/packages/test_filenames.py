from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.gpu.engine.packages.filenames import LONGEST, UNFIT, plain_stem, plain_stems


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("거실.jpg", "거실"),
        (unicodedata.normalize("NFD", "거실.jpg"), "거실"),
        ("C:\\Users\\me\\주방 1.HEIC", "주방 1"),
        ("../../etc/passwd", "passwd"),
        ("a:b?c*.png", "a_b_c_"),
        ("con.jpg", "_con"),
        ("LPT1.tar", "_LPT1.tar"),
        ("v1.5 최종.jpeg", "v1.5 최종"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("a\x00b\ud800\n.webp", "ab"),
        (" . ", ""),
        ("....", ""),
    ],
)
def test_a_name_becomes_a_stem_that_every_system_takes(name: str, stem: str) -> None:
    assert plain_stem(name) == stem


def test_a_long_name_ends_with_a_whole_letter() -> None:
    assert plain_stem("가" * 200) == "가" * (LONGEST // 3)


def test_names_are_told_apart_also_where_case_does_not_count() -> None:
    names = [(0, "Room.jpg"), (3, "room.png"), (4, ""), (5, "room-2"), (7, "photo-4")]
    assert plain_stems(names) == ["Room", "room-2", "photo-4", "room-2-2", "photo-4-2"]


@given(st.lists(st.text(max_size=40), max_size=20))
def test_whatever_the_names_are_the_stems_are_fit_and_different(names: list[str]) -> None:
    stems = plain_stems(enumerate(names))
    assert len({stem.casefold() for stem in stems}) == len(names)
    for stem in stems:
        assert stem
        assert stem == stem.strip(" .")
        assert not UNFIT.search(stem)
        assert stem.isprintable()
