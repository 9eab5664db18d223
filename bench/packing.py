#!/usr/bin/env python3
"""What a large package costs: 200 photos of 12 megapixels, packed by a real packer.

    .venv/bin/python bench/packing.py [--photos 200] [--template all]

Starts the engines, web, maintenance and a packer under `.local/bench-packing`, lays photos and
results of one done job into the storage (a few different ones, over and over: what they show does
not count here), asks for the package over HTTP, and waits until it is ready. Printed are the
seconds that it took, the most memory that the packer's working process had, the size of the ZIP,
and whether a reader of ZIPs finds every file sound. Needs disk: three times the results for `all`,
5 GB for 200 photos.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
# In place of this folder, whose requests.py is not the library.
sys.path[0] = str(PROJECT)

from rich.console import Console
from rich.table import Table

SIZE = (4000, 3000)  # pixels: 12 megapixels
DIFFERENT = 4


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--template", default="all")
    options = parser.parse_args()
    from s3project.embedded import processes
    from s3project.embedded.services import start_services
    from s3project.embedded.stack import EmbeddedStack

    root = PROJECT / ".local" / "bench-packing"
    with EmbeddedStack(root, durable=False) as stack:
        # No worker of photos: it would report those that are not there yet.
        start_services(stack, worker=False)
        stack.start_process(
            "packer",
            processes.packer_argv(),
            processes.gpu_worker_environment(stack.environment),
            stop_plan=processes.WORKER_STOP_PLAN,
        )
        os.environ.update(stack.environment)
        os.environ["S3_STACK"] = "off"
        os.environ["DJANGO_SETTINGS_MODULE"] = "s3project.settings"
        import django

        django.setup()
        rows = measure(stack, options)
    title = f"{options.photos} photos of {SIZE[0]} x {SIZE[1]}, {options.template}"
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
    return 0


def measure(stack: Any, options: argparse.Namespace) -> dict[str, str]:
    import requests

    from jobs.models import JobCoordinator
    from s3project import ids

    logging.getLogger("jobs").setLevel(logging.WARNING)
    job, token = done_job(options.photos)
    stored = lay_out(job)
    api = f"http://127.0.0.1:{stack.environment['PORT']}"
    headers = {"Authorization": f"Bearer {token}"}
    packer = stack.pids["packer"]
    job_id = ids.public_id(ids.JOB, job.id)
    begun = time.monotonic()
    asked = requests.post(
        f"{api}/jobs/{job_id}/packages",
        json={"template": options.template},
        headers=headers,
        timeout=60,
    )
    asked.raise_for_status()
    most = 0
    while True:
        most = max(most, peak(packer))
        [package] = requests.get(f"{api}/jobs/{job_id}", headers=headers, timeout=60).json()[
            "data"
        ]["packages"]
        if package["status"] != "pending":
            break
        time.sleep(1)
    took = time.monotonic() - begun
    assert package["status"] == "ready", package
    assert JobCoordinator.objects.get(pk=job.pk).status == "done"
    files, method = check(package["url"])
    assert files == package["files"]
    return {
        "seconds": f"{took:.0f}",
        "seconds a photo": f"{took / options.photos:.2f}",
        "most memory of the packer's working process": f"{most / 2**20:.0f} MiB",
        "results": f"{stored / 1e9:.2f} GB",
        "ZIP": f"{package['bytes'] / 1e9:.2f} GB, {files} files, {method}, all sound",
    }


def done_job(photos: int) -> tuple[Any, str]:
    """Of a new user, every photo reported; and a token."""
    from jobs.lifecycle import services
    from jobs.models import ItemResult
    from jobs.states import ItemStatus
    from users.api.auth import issue_token
    from users.services import set_plan, sign_up_anonymously

    user = sign_up_anonymously().user
    set_plan(user_id=user.id, plan="pro")
    job, _ = services.create_job(user_id=user.id, preset="interior", item_count=photos)
    services.confirm_upload(user_id=user.id, job_id=job.id, uploads={})
    wall = {"Wall": {"action": "recolor", "value": "sage"}}
    services.execute_job(user_id=user.id, job_id=job.id, concepts=wall, protect=[])
    for idx in range(photos):
        key = f"{job.public_id}:{idx}:attempt1"
        result = ItemResult(idx=idx, status=ItemStatus.DONE, idempotency_key=key)
        services.record_item_result(job_id=job.id, result=result)
    return job, issue_token(user)


def lay_out(job: Any) -> int:
    """Puts photos and results where the job has them; returns the bytes of the results."""
    from jobs.storage.bucket import photo_storage

    storage, stored = photo_storage(), 0
    made = [pictures(number) for number in range(DIFFERENT)]
    for item in job.items.order_by("idx"):
        photo, result, preview = made[item.idx % DIFFERENT]
        for key, data in (
            (item.input_key, photo),
            (item.output_key, result),
            (item.preview_key, preview),
        ):
            storage.client.put_object(Bucket=storage.bucket_name, Key=key, Body=data)
        stored += len(result)
    return stored


def pictures(number: int) -> tuple[bytes, bytes, bytes]:
    """A photo as JPEG, its result as PNG, its preview: a room, enlarged, with a sensor's noise."""
    import cv2
    import numpy as np

    from jobs.demo.sets import PHOTOS

    rng = np.random.default_rng(number)
    room = cv2.resize(cv2.imread(str(PHOTOS / "interior_kitchen.jpg")), SIZE)
    room = np.roll(room, number * 97, axis=1)
    noise = rng.normal(0, 3, room.shape).astype(np.int16)
    noisy = np.clip(room.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    photo = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    result = cv2.imencode(".png", noisy, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    preview = cv2.imencode(".jpg", cv2.resize(noisy, (512, 384)))[1].tobytes()
    return photo, result, preview


def peak(packer: int) -> int:
    """The most bytes that a child of the packer's main process has had in memory."""
    most = 0
    for task in Path(f"/proc/{packer}/task").iterdir():
        for child in (task / "children").read_text().split():
            lines = Path(f"/proc/{child}/status").read_text().splitlines()
            [high] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
            most = max(most, int(high) * 1024)
    return most


def check(url: str) -> tuple[int, str]:
    """The number of files of a ZIP, and how they lie in it; reads every one."""
    import requests

    with tempfile.TemporaryFile() as file:
        with requests.get(url, stream=True, timeout=60) as response:
            response.raise_for_status()
            for piece in response.iter_content(2**20):
                file.write(piece)
        with zipfile.ZipFile(file) as archive:
            assert archive.testzip() is None
            methods = {one.compress_type for one in archive.infolist()}
            assert methods == {zipfile.ZIP_STORED}
            return len(archive.infolist()), "stored"


if __name__ == "__main__":
    sys.exit(main())
