"""A pair of before and after is called as its photo, or by the title where it is the board."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.packages import texts
from jobs.gpu.engine.packages.boards import before_after, encode_board
from jobs.gpu.engine.packages.subject import Sources, Subject, Wanted
from jobs.gpu.engine.packages.templates import BeforeAfter, Package
from jobs.gpu.engine.pipeline import Engine

BEFORE: Rgb = np.full((90, 120, 3), 200, dtype=np.uint8)
AFTER: Rgb = np.full((90, 120, 3), 120, dtype=np.uint8)


class ReadSubject(Subject):
    """Its pictures have been read already."""

    def __init__(self) -> None:
        nothing = cast(Engine, None), cast(Sources, None)
        super().__init__(*nothing, Wanted({}), idx=0, stem="kitchen", caption="kitchen")

    def before(self, side: int) -> Rgb:
        return BEFORE

    def after(self, side: int) -> Rgb:
        return AFTER


@pytest.mark.parametrize(
    ("count", "title", "called"),
    [(1, "우리 집", "우리 집"), (1, "", "kitchen"), (2, "우리 집", "kitchen")],
)
def test_the_pair_of_a_single_photo_has_the_title(count: int, title: str, called: str) -> None:
    template = BeforeAfter(Package("interior", count, title=title))
    [made] = template.files(ReadSubject())
    pair = before_after(BEFORE, AFTER, called, texts.pair_labels("ko"))

    assert made.content.read() == encode_board(pair)
    if count == 1:
        assert np.array_equal(template.board(), pair)
