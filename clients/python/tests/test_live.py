"""The client and the real thing: servers, a worker, photos."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from PIL import Image

from jobs.demo.sets import PHOTOS
from s3project import ids
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3sets import AsyncS3Client, NotFound, S3Client, ValidationFailed, WrongState
from users.services import set_plan

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

KITCHEN, WAITING = PHOTOS / "interior_kitchen.jpg", PHOTOS / "interior_waiting_room.jpg"
ROOT = Path(__file__).resolve().parents[1]
README = (ROOT.parents[1] / "README.md").read_text()
SERVER = "http://127.0.0.1:8000"
FOREIGN = ("XDG_", "S3SETS_")  # whoever runs the tests may have signed in somewhere
BLOCKS = dict(re.findall(r"```(python|sh)\n((?:(?!```).)*s3sets.*?)```\n", README, re.DOTALL))
# Where a set is killed, one after another; each time its effect is there, and not noted here.
KILLS = [
    "POST /auth/anon",
    "POST /jobs",
    r"PUT .*/0\.jpg",
    r"PUT .*/1\.jpg",
    "POST .*/confirm-upload",
    "POST .*/execute",
    "GET .*/jobs/job_[0-9a-f]+",
    r"GET .*/0_result\.png",
]


@pytest.fixture(scope="module")
def stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("client")) as stack:
        stack.start_web()
        stack.start_worker()
        stack.start_packer()
        yield stack


@pytest.fixture
def client(stack: LiveStack) -> Iterator[S3Client]:
    with S3Client(stack.base_url, device=secrets.token_urlsafe(32), trust_env=False) as one:
        yield one


def sizes(files: list[Path]) -> list[tuple[str | None, tuple[int, int]]]:
    found = []
    for file in files:
        with Image.open(file) as image:
            found.append((image.format, image.size))
    return found


def test_a_set_is_edited_looked_at_again_and_paid_for_once(
    client: S3Client, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(KITCHEN.read_bytes()[:60_000])

    finished = client.edit(
        [KITCHEN, broken], "interior", {"Wall": "recolor:#9db4a0"}, poll_seconds=0.3
    )
    files = finished.download(tmp_path / "out", previews=True)

    assert (finished.status, finished.is_complete) == ("done", False)
    assert finished.credits == {"reserved": 2, "refunded": 1, "charged": 1}
    assert [result.name for result in finished.results] == ["interior_kitchen.jpg", "broken.jpg"]
    assert "truncated" in finished.results[1].note
    assert files[0].name == "interior_kitchen-0.png"
    assert sizes(files) == [("PNG", (1600, 900)), ("JPEG", (512, 288))]
    look = finished.look({"Wall": "recolor:navy"}, items=[0], poll_seconds=0.3)
    assert look.is_complete
    assert look.job["source_job_id"] == finished.job_id
    again = finished.retry()
    assert again.status == "failed"
    with pytest.raises(WrongState) as caught:
        look.cancel()
    assert caught.value.details == {"status": "done"}
    events = [
        (event["type"], event["amount"]) for event in client.every(client.list_billing_events)
    ]
    assert events == [
        ("rollback", 1),
        ("reserve", -1),
        ("commit", 0),
        ("reserve", -1),
        ("commit", 1),
        ("reserve", -2),
        ("grant", 10),
    ]


def test_the_client_with_asyncio_takes_the_same_way(stack: LiveStack, tmp_path: Path) -> None:
    async def go() -> tuple[Any, list[Path]]:
        async with AsyncS3Client(
            stack.base_url, device=secrets.token_urlsafe(32), trust_env=False
        ) as client:
            finished = await client.edit(
                [KITCHEN, WAITING],
                "interior",
                {"Wall": "recolor:sage"},
                template="before_after",
                poll_seconds=0.3,
            )
            return finished.credits, await finished.download(tmp_path)

    credits, files = anyio.run(go)

    assert credits == {"reserved": 2, "refunded": 0, "charged": 2}
    assert sizes(files[:2]) == [("PNG", (1600, 900)), ("PNG", (1600, 1200))]
    assert [file.suffix for file in files[2:]] == [".zip", ".jpg"]
    assert zipfile.is_zipfile(files[2])


def test_a_mistake_is_told_with_its_facts(client: S3Client) -> None:
    checked = client.check_job("interior", 11, {"Wal": "recolor:sagee"})
    assert (checked["credits"], checked["admitted"]) == (11, False)
    assert [warning["suggestion"] for warning in checked["warnings"]] == ["Wall", "sage"]

    with pytest.raises(ValidationFailed) as caught:
        client.edit([KITCHEN], "interior", {"Wall": "recolor:sagee"}, strict=True)

    assert list(caught.value.details) == ["concepts.Wall.value"]
    assert [job["status"] for job in client.list_jobs().items] == ["canceled"]
    assert client.me()["credits"] == 10
    with pytest.raises(NotFound):
        client.get_job("job_" + "0" * 32)


def test_keys_and_webhooks_are_made_used_and_deleted(client: S3Client, stack: LiveStack) -> None:
    key = client.create_api_key("shop")
    with S3Client(stack.base_url, api_key=key["key"], trust_env=False) as shop:
        assert shop.me()["user_id"] == client.me()["user_id"]
    assert [one["id"] for one in client.list_api_keys()] == [key["id"]]
    assert client.delete_api_key(key["id"])["deleted"]
    hook = client.create_webhook(f"{stack.base_url}/health", events=["job.done"])
    assert client.update_webhook(hook["id"], enabled=False)["enabled"] is False
    assert client.rotate_webhook(hook["id"])["secret"] != hook["secret"]
    assert client.list_webhook_deliveries(hook["id"]).items == []
    assert client.delete_webhook(hook["id"])["deleted"]


def send(stack: LiveStack, tmp_path: Path, device: str, state: str, kill_after: str | None) -> Any:
    said = {
        "base_url": stack.base_url,
        "device": device,
        "photos": [str(KITCHEN), str(WAITING)],
        "state": state,
        "folder": str(tmp_path / "out"),
        "kill_after": kill_after,
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.killed", json.dumps(said)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_set_that_is_killed_at_every_step_is_charged_once(
    stack: LiveStack, tmp_path: Path
) -> None:
    device, state = secrets.token_urlsafe(32), str(tmp_path / "state.json")
    for kill_after in KILLS:
        killed = send(stack, tmp_path, device, state, kill_after)
        assert killed.returncode == -signal.SIGKILL, (kill_after, killed.stderr)

    finished = send(stack, tmp_path, device, state, None)

    assert finished.returncode == 0, finished.stderr
    files = json.loads(finished.stdout)["files"]
    assert files == ["interior_kitchen-0.png", "interior_waiting_room-1.png"]
    assert sorted(file.name for file in (tmp_path / "out").glob("[!.]*")) == files
    with S3Client(stack.base_url, device=device, trust_env=False) as client:
        (job,) = client.list_jobs().items
        assert job["job_id"] == json.loads(finished.stdout)["job_id"]
        events = [event["type"] for event in client.list_billing_events().items]
        assert events == ["commit", "reserve", "grant"]
        assert client.me()["credits"] == 8


def test_without_its_state_the_same_set_is_another_one(stack: LiveStack, tmp_path: Path) -> None:
    """The control: a state that is lost between two runs is seen by the test above."""
    device = secrets.token_urlsafe(32)
    with S3Client(stack.base_url, device=device, trust_env=False) as client:
        user_id = ids.parse_public_id(ids.USER, client.me()["user_id"])
        assert user_id is not None
        set_plan(user_id=user_id, plan="pro")  # the free one has room for one job at a time
        for number in range(2):
            send(stack, tmp_path, device, str(tmp_path / f"{number}.json"), "POST /jobs")

        events = [event["type"] for event in client.list_billing_events().items]

    assert events == ["reserve", "reserve", "grant", "grant"]


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos, to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    with Image.open(PHOTOS / "interior_kitchen.jpg") as kitchen:
        small = kitchen.resize((320, 180))
    for name in ("kitchen.jpg", "hall.jpg"):
        small.save(name)
        small.save(tmp_path / "photos" / name)
    return tmp_path


def run_as_written(command: list[str], stack: LiveStack) -> None:
    """In the present folder, which is its home too; against our server."""
    *program, text = command
    others = {name: said for name, said in os.environ.items() if not name.startswith(FOREIGN)}
    run = subprocess.run(
        [*program, text.replace(SERVER, stack.base_url)],
        env={**others, "HOME": os.getcwd(), "PYTHONPATH": str(ROOT / "src"), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_lines_of_python_fetch_a_set(stack: LiveStack, album: Path) -> None:
    lines = BLOCKS["python"]
    assert len(list(filter(None, lines.splitlines()))) == 5

    run_as_written([sys.executable, "-c", lines], stack)

    results = sorted((album / "results").iterdir())
    assert [file.name for file in results] == ["hall-1.png", "kitchen-0.png"]
    for file in results:
        with Image.open(file) as picture:
            assert picture.size == (320, 180)


def test_the_line_of_s3sets_fetches_a_set_and_its_package(stack: LiveStack, album: Path) -> None:
    (login,) = re.findall(rf"`(\.venv/bin/s3sets login {SERVER})`", README)
    (line,) = BLOCKS["sh"].splitlines()
    program = album / ".venv" / "bin" / "s3sets"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m s3sets.cli "$@"\n')
    program.chmod(0o755)

    run_as_written(["/bin/sh", "-ec", f"{login}\n{line}"], stack)

    results = list((album / "results").iterdir())
    assert sorted(file.suffix for file in results) == [".jpg", ".png", ".png", ".zip"]
    (package,) = [file for file in results if file.suffix == ".zip"]
    with zipfile.ZipFile(package) as archive:
        assert len(archive.namelist()) == 3
