"""The state file: what it stands for, and who may use it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from s3sets import PhotoUnusable, S3Client, StateUnusable
from s3sets._photos import look_at
from s3sets._state import SetState, StateFile
from tests.conftest import QUICK
from tests.small_api import Reply, SmallApi
from tests.test_watch import job

WALL = {"Wall": "recolor:sage"}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(b"a photo")
    return path


@pytest.fixture
def willing(api: SmallApi) -> SmallApi:
    """Takes one set of one photo, from start to end."""
    upload = [{"idx": 0, "url": f"{api.base_url}/put", "key": "k"}]
    created = {"job_id": "job_1", "status": "created", "upload": upload}
    api.on("POST", "/jobs", Reply(201, data=created))
    api.on("PUT", "/put", Reply())
    api.on("POST", "/jobs/job_1/confirm-upload", Reply(data={"missing": [], "problems": []}))
    api.on("POST", "/jobs/job_1/execute", Reply(202, data={"warnings": []}))
    api.on(
        *("GET", "/jobs/job_1"),
        Reply(data=job("created", "pending", upload=upload)),
        Reply(data=job("uploaded", "pending")),
        Reply(data=job("done", "done")),
    )
    return api


def test_a_set_goes_its_way(willing: SmallApi, client: S3Client, photo: Path) -> None:
    told: list[tuple[str, int, int]] = []

    finished = client.edit(
        [photo],
        "interior",
        WALL,
        protect=[],
        template="before_after",
        metadata={"order": "7"},
        strict=True,
        on_progress=lambda p: told.append((p.state, p.sent, p.size)),
    )

    assert finished.is_complete
    create, put = willing.asked[0], willing.asked[2]
    assert create.json == {
        "preset": "interior",
        "metadata": {"order": "7"},
        "items": [{"name": "kitchen.jpg", "bytes": 7}],
    }
    assert (put.body, put.headers["content-length"]) == (b"a photo", "7")
    assert "transfer-encoding" not in put.headers
    assert "authorization" not in put.headers
    (execute,) = (asked for asked in willing.asked if asked.path.endswith("/execute"))
    assert execute.json == {
        "concepts": {"Wall": {"action": "recolor", "value": "sage"}},
        "protect": [],
        "output_template": "before_after",
        "strict": True,
    }
    assert told == [
        ("waiting", 0, 0),
        ("uploading", 0, 7),
        ("uploading", 7, 7),
        ("uploaded", 7, 7),
        ("done", 0, 0),
    ]


def test_the_same_state_is_the_same_set(
    willing: SmallApi, client: S3Client, photo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state" / "album.json"
    first = client.edit([photo], "interior", WALL, state=state)
    again = client.edit([photo], "interior", WALL, state=state)
    resumed = client.resume(state)

    assert first.job_id == again.job_id == resumed.job_id == "job_1"
    assert willing.paths().count("POST /jobs") == 1
    assert willing.paths().count("PUT /put") == 1
    assert state.stat().st_mode & 0o777 == 0o600
    first.forget()
    assert not state.exists()


def test_a_state_of_another_order_is_refused_before_anything_is_sent(
    willing: SmallApi, client: S3Client, photo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "album.json"
    client.edit([photo], "interior", WALL, state=state)
    asked = len(willing.asked)

    with pytest.raises(StateUnusable):
        client.edit([photo], "interior", {"Wall": "recolor:navy"}, state=state)

    assert len(willing.asked) == asked


def test_a_state_of_a_canceled_job_begins_anew(
    willing: SmallApi, client: S3Client, photo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "album.json"
    client.edit([photo], "interior", WALL, state=state)
    willing.on(
        *("GET", "/jobs/job_1"),
        Reply(data=job("canceled", "canceled")),
        Reply(data=job("done", "done")),
    )
    client.edit([photo], "interior", WALL, state=state)

    keys = [a.headers["idempotency-key"] for a in willing.asked if a.path == "/jobs"]
    assert len(set(keys)) == 2


def test_a_user_who_cannot_come_again_has_no_state(
    api: SmallApi, photo: Path, tmp_path: Path
) -> None:
    with (
        S3Client(api.base_url, retries=QUICK, trust_env=False) as client,
        pytest.raises(StateUnusable, match="device"),
    ):
        client.edit([photo], "interior", WALL, state=tmp_path / "state.json")

    assert api.asked == []


def test_somebody_elses_state_is_refused(
    willing: SmallApi, client: S3Client, photo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "album.json"
    client.edit([photo], "interior", WALL, state=state)

    with (
        S3Client(willing.base_url, api_key="s3k_of_another", trust_env=False) as other,
        pytest.raises(StateUnusable, match="another user"),
    ):
        other.resume(state)


def test_the_secret_is_not_in_the_state(
    willing: SmallApi, client: S3Client, photo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "album.json"
    client.edit([photo], "interior", WALL, state=state)

    assert "s3k_" not in state.read_text()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}', '{"version": 1, "x": 1}'])
def test_another_file_is_no_state_and_stays(
    client: S3Client, photo: Path, tmp_path: Path, text: str
) -> None:
    state = tmp_path / "album.json"
    state.write_text(text)

    with pytest.raises(StateUnusable):
        client.edit([photo], "interior", WALL, state=state)

    assert state.read_text() == text


def test_two_processes_do_not_share_a_state(tmp_path: Path) -> None:
    state = tmp_path / "album.json"
    program = (
        "import sys, pathlib\n"
        "from s3sets._state import StateFile\n"
        "with StateFile(pathlib.Path(sys.argv[1])):\n"
        "    print('mine', flush=True); sys.stdin.read()\n"
    )
    held = [sys.executable, "-c", program, str(state)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(
        held, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(StateUnusable, match="Another process"), StateFile(state):
            pass
        other.kill()
        other.wait()
    # Whoever was killed holds it no longer.
    with StateFile(state):
        pass


def test_a_photo_that_has_changed_is_not_sent(
    willing: SmallApi, client: S3Client, photo: Path, tmp_path: Path
) -> None:
    found = look_at(photo)
    file = StateFile(tmp_path / "album.json")
    said = [{"path": str(photo), "size": found.size, "changed_ns": found.changed_ns}]
    mark = client._transport.session.mark
    assert mark is not None
    file.state = SetState(willing.base_url, mark, "{}", json.dumps({"concepts": {}}), said)
    file.save()
    photo.write_bytes(b"another photo")

    with pytest.raises(PhotoUnusable, match="changed"):
        client.resume(tmp_path / "album.json")


@pytest.mark.parametrize("fault", ["missing", "empty", "large", "folder", "twice", "none"])
def test_what_cannot_be_sent_is_refused_before_anything_is_charged(
    api: SmallApi, client: S3Client, photo: Path, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(25 * 2**20 + 1)
    (tmp_path / "folder").mkdir()
    photos = {"twice": [photo, photo], "none": []}.get(fault, [photo, tmp_path / fault])

    with pytest.raises(PhotoUnusable):
        client.edit(photos, "interior", WALL)

    assert api.asked == []


def test_a_photo_that_the_storage_lost_is_sent_once_more(
    willing: SmallApi, client: S3Client, photo: Path
) -> None:
    missing = {"missing": [0], "problems": [{"idx": 0, "problem": "absent"}]}
    willing.on("POST", "/jobs/job_1/confirm-upload", Reply(data=missing))

    client.edit([photo], "interior", WALL)

    assert willing.paths().count("PUT /put") == 2


def test_an_upload_url_that_has_ended_is_asked_for_anew(
    willing: SmallApi, client: S3Client, photo: Path
) -> None:
    fresh = [{"idx": 0, "url": f"{willing.base_url}/fresh", "key": "k"}]
    old = [{"idx": 0, "url": f"{willing.base_url}/put", "key": "k"}]
    willing.on("PUT", "/put", Reply(403))
    willing.on("PUT", "/fresh", Reply())
    willing.on(
        *("GET", "/jobs/job_1"),
        Reply(data=job("created", "pending", upload=old)),
        Reply(data=job("created", "pending", upload=fresh)),
        Reply(data=job("uploaded", "pending")),
        Reply(data=job("done", "done")),
    )

    assert client.edit([photo], "interior", WALL).is_complete
    assert willing.paths().count("PUT /fresh") == 1


def test_a_storage_that_stumbles_gets_the_whole_photo_again(
    willing: SmallApi, client: S3Client, photo: Path
) -> None:
    willing.on("PUT", "/put", Reply(503), Reply(silent=True), Reply())

    client.edit([photo], "interior", WALL)

    assert [asked.body for asked in willing.asked if asked.path == "/put"] == [b"a photo"] * 3
