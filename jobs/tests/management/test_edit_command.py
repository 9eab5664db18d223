"""`manage.py edit`: photos on this machine, no server."""

from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from jobs.demo.sets import PHOTOS
from jobs.gpu.engine.decode import decode

ROOM = PHOTOS / "interior_waiting_room.jpg"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table in a narrow terminal has its words in several lines."""
    monkeypatch.setenv("COLUMNS", "120")


def test_a_photo_is_edited_without_any_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "edit", str(ROOM), str(ROOM), "--set", "Wall=recolor:sage", "--set", "Floor=texture:",
        "--protect", "Ceiling", "--out", str(tmp_path),
    )  # fmt: skip
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "contact_sheet.jpg",
        "interior_waiting_room_2_result.png",
        "interior_waiting_room_2_thumb.jpg",
        "interior_waiting_room_result.png",
        "interior_waiting_room_thumb.jpg",
    ]
    before = decode(ROOM.read_bytes()).rgb
    after = decode((tmp_path / "interior_waiting_room_result.png").read_bytes()).rgb
    assert after.shape == before.shape
    assert np.array_equal(after[60:120, 900:1100], before[60:120, 900:1100])  # the ceiling
    assert (after[1050:1150, 750:950] != before[1050:1150, 750:950]).any(axis=2).mean() > 0.9
    assert "1600×1200" in capsys.readouterr().out


def test_what_cannot_be_edited_is_named_and_the_rest_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    out = tmp_path / "out"
    with pytest.raises(CommandError, match="2 of 3 photos"):
        call_command(
            "edit", str(broken), str(ROOM), str(tmp_path / "absent.jpg"),
            "--set", "Wall=tone:warm", "--out", str(out),
        )  # fmt: skip
    assert (out / "interior_waiting_room_result.png").is_file()
    assert not (out / "broken_result.png").exists()
    assert "not an image" in capsys.readouterr().out


@pytest.mark.parametrize("edit", ["Wall", "Wall=paint:red", "=recolor:red", "recolor:red"])
def test_an_edit_that_is_none_is_refused(edit: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not CONCEPT=ACTION"):
        call_command("edit", str(ROOM), "--set", edit, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_nothing_to_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="at least one --set"):
        call_command("edit", str(ROOM), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_unknown_segmenter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unknown segmenter 'magic'"):
        call_command("edit", str(ROOM), "--set", "Wall=tone:warm", "--segmenter", "magic",
                     "--out", str(tmp_path / "out"))  # fmt: skip
    assert not (tmp_path / "out").exists()
