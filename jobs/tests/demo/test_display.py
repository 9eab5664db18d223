"""What the demo says while its sets are on their way."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from jobs.demo.display import Display
from jobs.demo.run import PhotoRun, SetRun
from jobs.demo.sets import SETS
from s3sets import Progress
from s3sets.progress import PhotoState

WAY: tuple[PhotoState, ...] = ("waiting", "uploading", "uploaded", "working", "done", "done")


@pytest.fixture
def run() -> SetRun:
    return SetRun(SETS[0], [PhotoRun(path) for path in SETS[0].paths])


def go(run: SetRun, display: Display, *states: PhotoState, note: str = "") -> None:
    for state in states:
        for idx, photo in enumerate(run.photos):
            run.tell(Progress("job_1", idx, photo.path.name, state, note=note))
            display.show(run)


def test_a_pipe_is_told_of_each_photo_once(run: SetRun, tmp_path: Path) -> None:
    written = io.StringIO()
    with Display(Console(file=written, width=80)) as display:
        go(run, display, *WAY)
        assert written.getvalue() == ""
        for photo in run.photos:
            photo.result = tmp_path / "result.png"
            photo.result.write_bytes(b"." * 1_500_000)
        go(run, display, "downloading", "downloaded", "downloaded")
        display.sum_up([run])

    lines = written.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == [photo.title for photo in run.photos]
    assert all(line.endswith("  done, PNG 1.5 MB") for line in lines)


def test_a_photo_that_fails_is_told_of_with_its_reason(run: SetRun) -> None:
    written = io.StringIO()
    with Display(Console(file=written, width=80)) as display:
        go(run, display, *WAY[:4])
        go(run, display, "failed", note="the file is no image")

    assert written.getvalue().count("failed  the file is no image\n") == len(run.photos)


def test_a_terminal_sees_them_move_and_then_a_table(run: SetRun) -> None:
    written = io.StringIO()
    with Display(Console(file=written, width=80, force_terminal=True)) as display:
        go(run, display, *WAY[:4])
    moving = written.getvalue()
    display.sum_up([run])

    table = written.getvalue().removeprefix(moving)
    assert "0 of 3" in moving
    assert [table.count(photo.title) for photo in run.photos] == [1, 1, 1]
