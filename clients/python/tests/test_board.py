"""A set on its way, as it is seen in a terminal of 80 columns and 24 lines."""

import re
import time

import pytest

from s3sets.cli.board import Board
from s3sets.cli.output import Output
from s3sets.progress import PhotoState, Progress

WIDE, HIGH = 80, 24


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    for name, value in {
        "FORCE_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": "80",
        "LINES": "24",
    }.items():
        monkeypatch.setenv(name, value)
    return Output()


def tell(board: Board, idx: int, state: PhotoState, **more: int | str) -> None:
    name = str(more.pop("name", f"photo-{idx}.jpg"))
    board.tell(Progress("job_1", idx, name, state, **more))  # type: ignore[arg-type]  # of two types


def picture(board: Board, output: Output) -> list[str]:
    with output.console.capture() as captured:
        output.console.print(board._picture())
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in captured.get().splitlines()]


def test_each_photo_has_a_line_with_its_own_progress(output: Output) -> None:
    board = Board(output)
    tell(board, 0, "uploading", sent=500_000, size=2_000_000)
    tell(board, 1, "uploaded", sent=5, size=5)
    tell(board, 2, "waiting")

    said = picture(board, output)

    assert said[0] == "Uploading  1 of 3"
    assert said[1].startswith("↑ photo-0.jpg ━━━━━")
    assert said[1].endswith("uploading 0.5/2.0 MB")
    assert said[3] == "· photo-2.jpg                      waiting"


def test_a_photo_that_failed_says_why(output: Output) -> None:
    board = Board(output)
    tell(board, 0, "failed", note="not an image")
    tell(board, 1, "done")

    said = picture(board, output)

    assert said[0] == "Working  2 of 2"
    assert said[1].endswith("failed  not an image")


def test_a_long_reason_leaves_the_names_as_they_are(output: Output) -> None:
    board = Board(output)
    tell(board, 0, "failed", name="short.jpg", note="a reason " * 20)
    tell(board, 1, "done", name="longer-name.jpg")

    _, failed, done = picture(board, output)

    assert failed.startswith("✗ short.jpg       ")
    assert failed.endswith("…")
    assert len(failed) <= WIDE
    assert done.startswith("✓ longer-name.jpg ")


def test_photos_that_are_done_wait_for_what_is_made_of_them(output: Output) -> None:
    board = Board(output, package="share_card")
    tell(board, 0, "done")
    tell(board, 1, "working")
    assert picture(board, output)[0].startswith("Working  1 of 2")
    tell(board, 1, "failed")
    assert picture(board, output)[0] == "Making share_card"


def test_of_a_set_that_never_began_nothing_is_left_on_the_screen(output: Output) -> None:
    board = Board(output)
    assert picture(board, output) == ["Asking the server …"]
    with board:
        pass
    assert picture(board, output) == []


def test_two_hundred_photos_fit_the_screen_and_what_moves_is_in_sight(output: Output) -> None:
    board = Board(output)
    for idx in range(200):
        tell(board, idx, "done" if idx < 150 else "working", name=f"{'a long name ' * 9}{idx}.jpg")

    said = picture(board, output)

    assert len(said) <= HIGH - 1
    assert max(map(len, said)) <= WIDE
    assert said[0].startswith("Working  150 of 200")
    assert sum("working" in line for line in said) == 18
    assert said[-1] == "  and 180 more"


def test_the_time_left_is_what_is_left_at_the_speed_so_far(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    board = Board(output, eta_seconds=30)
    tell(board, 0, "uploading", sent=0, size=3_000_000)
    now[0] += 2
    tell(board, 0, "uploading", sent=1_000_000, size=3_000_000)
    assert picture(board, output)[0] == "Uploading  0 of 1   about 4 s left"

    for idx in range(3):
        tell(board, idx, "working")
    now[0] += 5
    assert picture(board, output)[0] == "Working  0 of 3   about 25 s left"  # of the check
    tell(board, 0, "working", eta_seconds=40)
    assert picture(board, output)[0].endswith("about 40 s left")  # of the job's queue
    tell(board, 0, "done")
    now[0] += 1
    assert picture(board, output)[0] == "Working  1 of 3   about 10 s left"  # as fast as the first
