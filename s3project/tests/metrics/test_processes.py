"""The processes of one server count together, and start at zero."""

import os
import stat
from pathlib import Path

import pytest
import requests

from s3project.metrics.folder import PREFIX, VARIABLE, share_folder
from s3project.testing.live import LiveStack
from s3project.testing.metrics import samples_of
from s3project.testing.waiting import wait_until

TOKEN = "a-token-of-operators-that-is-long"


def scrape(stack: LiveStack) -> dict[tuple[str, ...], float]:
    answer = requests.get(
        f"{stack.base_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20
    )
    assert answer.status_code == 200
    return samples_of(answer.text)


def writers(temporary: Path) -> set[str]:
    """The processes that have counted something."""
    found = temporary.glob(f"{PREFIX}-*/counter_*.db")
    return {path.stem.rpartition("_")[2] for path in found}


@pytest.mark.django_db(transaction=True)
def test_whichever_process_answers_all_requests_are_counted(
    live_stack: LiveStack, tmp_path: Path
) -> None:
    live_stack.start_web(workers=2, METRICS_TOKEN=TOKEN, TMPDIR=str(tmp_path))
    # It answers as soon as one of them is there.
    wait_until(lambda: len(writers(tmp_path)) == 2, seconds=60)

    before = scrape(live_stack)
    for _ in range(40):
        requests.get(f"{live_stack.base_url}/presets", timeout=20)
    after = [scrape(live_stack) for _ in range(6)]

    series = ("s3_http_requests_total", "GET", "/presets", "200")
    assert before[series] == 0
    assert {one[series] for one in after} == {40}
    seconds = ("s3_http_request_seconds_count", "GET", "/presets", "2xx")
    assert before[seconds] == 0
    assert after[-1][seconds] == 40
    assert before["s3_http_requests_total", "POST", "/jobs", "500"] == 0
    assert before["s3_chunks_dispatched_total", "broker_away"] == 0
    assert len(writers(tmp_path)) == 2, "both have counted"


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # First set, so that what the test sets is taken back: the processes of later tests would count
    # in its folder.
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)


@pytest.mark.usefixtures("_elsewhere")
def test_what_a_server_that_is_gone_has_counted_is_cleared_away(tmp_path: Path) -> None:
    gone = tmp_path / f"{PREFIX}-{os.getuid()}-{2**22 + 1}"
    others = tmp_path / f"{PREFIX}-{os.getuid() + 1}-{2**22 + 1}"
    alive = tmp_path / f"{PREFIX}-{os.getuid()}-{os.getppid()}"
    for folder in (gone, others, alive):
        folder.mkdir()

    share_folder(os.getpid())

    mine = tmp_path / f"{PREFIX}-{os.getuid()}-{os.getpid()}"
    assert os.environ[VARIABLE] == str(mine)
    assert stat.S_IMODE(mine.stat().st_mode) == 0o700
    assert set(tmp_path.iterdir()) == {mine, others, alive}


@pytest.mark.usefixtures("_elsewhere")
def test_nobody_makes_us_write_elsewhere(tmp_path: Path) -> None:
    """/tmp is everybody's."""
    target = tmp_path / "precious"
    target.mkdir()
    (tmp_path / f"{PREFIX}-{os.getuid()}-{os.getpid()}").symlink_to(target)

    with pytest.raises(PermissionError):
        share_folder(os.getpid())


def test_a_folder_that_is_named_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "of" / "operators"
    monkeypatch.setenv(VARIABLE, str(named))

    share_folder(os.getpid())

    assert named.is_dir()
    assert os.environ[VARIABLE] == str(named)
