"""Real servers, real worker processes, real photos: the whole way of a set."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from jobs import keys
from jobs.models import JobCoordinator
from jobs.storage.bucket import photo_storage
from jobs.tests.live_sets import (
    KITCHEN,
    WAITING_ROOM,
    is_finished,
    new_to_the_worker,
    start_set,
    wait_for,
)
from s3project import ids
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def running(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """A web process and a worker that nothing happens to."""
    with live_stack_of(engines, tmp_path_factory.mktemp("running")) as stack:
        stack.start_web()
        stack.start_worker()
        yield stack


def kind_and_size(data: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(data)) as image:
        return image.format, image.size


def test_a_set_goes_through_and_bad_photos_fail_alone_and_are_refunded(running: LiveStack) -> None:
    truncated = KITCHEN[:60_000]
    client, job_id = start_set(
        running.base_url, [KITCHEN, truncated, b"<svg></svg>", None, WAITING_ROOM]
    )

    job = wait_for(client, job_id, is_finished)

    assert job["status"] == "done"
    assert job["progress"] == {"done": 2, "failed": 3, "total": 5}
    assert [item["status"] for item in job["items"]] == ["done", *["failed"] * 3, "done"]
    errors = [item.get("error", "") for item in job["items"]]
    assert "truncated" in errors[1]
    assert "not an image" in errors[2]
    assert errors[3] == "the photo was never uploaded"
    assert [output["idx"] for output in job["outputs_ready"]] == [0, 4]
    for output, source in zip(job["outputs_ready"], (KITCHEN, WAITING_ROOM), strict=True):
        _, size = kind_and_size(source)
        assert kind_and_size(client.download(output["result_url"])) == ("PNG", size)
        kind, preview_size = kind_and_size(client.download(output["preview_url"]))
        assert (kind, max(preview_size)) == ("JPEG", 512)
    me = client.me()
    assert (me["credits"], me["active_jobs"]) == (10 - 2, 0)


def test_a_second_look_edits_the_same_photo_and_does_not_look_for_the_wall_again(
    running: LiveStack,
) -> None:
    client, first = start_set(running.base_url, [KITCHEN + b"seen for the first time"])
    before = wait_for(client, first, is_finished)

    recalled = []
    for colour in ("navy", "white", "beige"):
        look = client.create_second_look(first)["job_id"]
        client.execute(look, {"Wall": {"action": "recolor", "value": colour}}, protect=[])
        after = wait_for(client, look, is_finished)

        (item,) = after["items"]
        # They lie where they lay, also where the masks are remembered.
        assert item.pop("instances").keys() == before["items"][0]["instances"].keys() >= {"Wall"}
        assert item == {"idx": 0, "source": {"job_id": first, "idx": 0}, "status": "done"}
        green, other = (
            client.download(job["outputs_ready"][0]["result_url"]) for job in (before, after)
        )
        assert kind_and_size(green) == kind_and_size(other)
        assert green != other
        assert masks_of(first), "who segments keeps what was found"
        assert masks_of(look) == {}
        recalled.append(seconds_of(running.log("gpu"), look, "segment"))
    # The shortest of three has to keep it: a pause of the machine is no look at the photo.
    segmented = seconds_of(running.log("gpu"), first, "segment")
    assert min(recalled) <= 0.02 < segmented, "the second look costs the edit only"


def seconds_of(log: str, job_id: str, stage: str) -> float:
    """How long a stage of the one photo of a job took, by the worker's log."""
    [line] = [line for line in log.splitlines() if "photo done in" in line and job_id in line]
    [seconds] = re.findall(rf"\b{stage}=([0-9.]+)", line)
    return float(seconds)


def masks_of(job_id: str) -> dict[str, int]:
    job = JobCoordinator.objects.get_job(ids.parse_public_id(ids.JOB, job_id))
    return photo_storage().sizes(keys.mask_stem(job.user_id, job.id, 0))


def test_a_worker_host_has_no_database_and_needs_none(running: LiveStack) -> None:
    pid = running.pids["gpu"]
    told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")

    client, job_id = start_set(running.base_url, [KITCHEN])

    assert wait_for(client, job_id, is_finished)["status"] == "done"
    names = {variable.partition(b"=")[0] for variable in told}
    assert b"CELERY_BROKER_URL" in names
    assert names.isdisjoint({b"DATABASE_URL", b"JWT_SECRET", b"DJANGO_SECRET_KEY"})


def test_a_worker_killed_in_the_middle_of_a_set_still_ends_in_a_finished_job(
    live_stack: LiveStack,
) -> None:
    # A lease that a busy machine does not renew in time is one more attempt, not a photo lost.
    live_stack.start_web(WORK_LEASE_SEC="4", QUEUE_LEASE_SEC="4", MAX_ATTEMPTS="9")
    live_stack.start_maintenance(SWEEP_SEC="1", QUEUE_LEASE_SEC="4", MAX_ATTEMPTS="9")
    live_stack.start_worker(concurrency=1)
    client, job_id = start_set(live_stack.base_url, new_to_the_worker(WAITING_ROOM, 10))
    wait_for(client, job_id, lambda job: job["progress"]["done"] >= 1)

    live_stack.kill("gpu")
    half_way = client.get_job(job_id)
    live_stack.start_worker(concurrency=1)
    job = wait_for(client, job_id, is_finished)

    assert half_way["progress"]["done"] < 10, "the worker was killed too late to prove anything"
    assert job["status"] == "done"
    assert job["progress"] == {"done": 10, "failed": 0, "total": 10}
    assert len(job["outputs_ready"]) == 10
    me = client.me()
    assert (me["credits"], me["active_jobs"]) == (0, 0)
