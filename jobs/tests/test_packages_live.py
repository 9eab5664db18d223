"""Packages made by a live worker, with keys to the storage and without."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jobs.demo.sets import PHOTOS
from jobs.tests.live_sets import is_finished, wait_for
from jobs.tests.plain_client import Client
from jobs.tests.test_keyless_worker import KEYLESS, TOKENS_ONLY
from jobs.tests.webhooks.test_documented_receivers import programs
from s3project.testing.live import LiveStack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

INTERIOR = ("interior_kitchen.jpg", "interior_waiting_room.jpg")
SELLER = ("product_shoe.png", "product_mug.png")
SAGE = {"Wall": {"action": "recolor", "value": "sage"}}
NAVY = {"Body": {"action": "recolor", "value": "navy"}}
LOOKS = ("모던", "내추럴", "호텔", "비교")
COLOURS = ("01-블랙", "02-화이트", "03-베이지", "04-네이비", "05-세이지", "06-버건디", "비교")
SIZES = (
    *("smartstore-1000x1000", "coupang-500x500", "kakao-750x1000", "amazon-2000x2000"),
    *("ebay-1600x1600", "instagram-1080x1350", "story-1080x1920", "pinterest-1000x1500"),
)


def finished_set(
    base_url: str, preset: str, files: tuple[str, ...], concepts: Any, **order: Any
) -> tuple[Client, str]:
    """A done job of a new user, whose photos have Korean names."""
    client = Client(base_url)
    client.sign_up_anonymously()
    names = [f"사진 {name[0]}{idx}.jpg" for idx, name in enumerate(files)]
    job = client.call("POST", "/jobs", {"preset": preset, "items": [{"name": n} for n in names]})
    for upload, name in zip(job["upload"], files, strict=True):
        photo = (PHOTOS / name).read_bytes()
        requests.put(upload["url"], data=photo, timeout=60).raise_for_status()
    job_id = str(job["job_id"])
    client.confirm_upload(job_id)
    client.call("POST", f"/jobs/{job_id}/execute", {"concepts": concepts, **order})
    assert wait_for(client, job_id, is_finished)["progress"]["done"] == len(files)
    return client, job_id


def made(client: Client, job_id: str, alias: str) -> Any:
    """The package, once it is ready."""

    def ended(job: dict[str, Any]) -> bool:
        return any(one["alias"] == alias and one["status"] != "pending" for one in job["packages"])

    job = wait_for(client, job_id, ended)
    [package] = [one for one in job["packages"] if one["alias"] == alias]
    assert package["status"] == "ready", package
    return package


def unpacked(client: Client, package: Mapping[str, Any]) -> dict[str, bytes]:
    data = client.download(package["url"])
    assert len(data) == package["bytes"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
        files = {one.filename: archive.read(one) for one in archive.infolist()}
    assert len(files) == package["files"]
    return files


def picture_of(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_what_the_templates_of_a_room_promise(live_stack: LiveStack) -> None:
    live_stack.start_web(workers=1, **TOKENS_ONLY)
    live_stack.start_worker(concurrency=1, **KEYLESS)
    live_stack.start_packer(**KEYLESS)

    client, job_id = finished_set(
        live_stack.base_url, "interior", INTERIOR, SAGE, output_template="전후비교"
    )
    first = made(client, job_id, "before_after")
    for alias in ("share_card", "three_looks"):
        client.call("POST", f"/jobs/{job_id}/packages", {"template": alias})

    files = unpacked(client, first)
    assert list(files) == ["사진 i0.jpg", "사진 i1.jpg", "board.jpg"]
    for data in files.values():
        picture = picture_of(data)
        assert isinstance(picture, JpegImageFile)
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
    assert files["board.jpg"] == client.download(first["board_url"])

    cards = unpacked(client, made(client, job_id, "share_card"))
    assert {picture_of(cards[f"사진 i{idx}.jpg"]).size for idx in (0, 1)} == {(1080, 1350)}

    looks = unpacked(client, made(client, job_id, "three_looks"))
    wanted = [f"사진 i{idx}/{look}.jpg" for idx in (0, 1) for look in LOOKS]
    assert list(looks) == [*wanted, "board.jpg"]
    full = picture_of((PHOTOS / INTERIOR[0]).read_bytes()).size
    assert {picture_of(looks[f"사진 i0/{look}.jpg"]).size for look in LOOKS[:3]} == {full}


def test_everything_by_a_worker_with_keys(live_stack: LiveStack, tmp_path: Path) -> None:
    live_stack.start_web(workers=1)
    live_stack.start_maintenance()
    live_stack.start_worker(concurrency=1)
    live_stack.start_packer()
    run_the_shop_of_the_docs(live_stack, tmp_path)

    client, job_id = finished_set(
        live_stack.base_url, "interior", INTERIOR, SAGE, output_template="all"
    )

    results = unpacked(client, made(client, job_id, "all"))
    outputs = client.get_job(job_id)["outputs_ready"]
    for name, output in zip(("사진 i0.png", "사진 i1.png"), outputs, strict=True):
        assert results[name] == client.download(output["result_url"])


def run_the_shop_of_the_docs(live_stack: LiveStack, folder: Path) -> None:
    """docs/webhooks.md: an order, its webhook, and the ZIP, as they stand there."""
    _, shop = programs("python")
    (folder / "shop.py").write_text(shop, encoding="utf-8")
    shutil.copy(PHOTOS / INTERIOR[0], folder / "kitchen.jpg")
    run = subprocess.run(
        [sys.executable, "shop.py", "kitchen.jpg"],
        cwd=folder,
        env={**os.environ, "API": live_stack.base_url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert sorted(run.stdout.split()) == ["job.done", "package.ready"]
    with zipfile.ZipFile(folder / "looks.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*(f"kitchen-{look}.jpg" for look in LOOKS), "board.jpg"]


def test_what_the_templates_of_a_product_promise(live_stack: LiveStack) -> None:
    live_stack.start_web(workers=1, **TOKENS_ONLY)
    live_stack.start_worker(concurrency=1, **KEYLESS)
    live_stack.start_packer(**KEYLESS)

    client, job_id = finished_set(live_stack.base_url, "seller", SELLER, NAVY)
    for alias in ("product_pack", "thumbnails_8", "option_board"):
        client.call("POST", f"/jobs/{job_id}/packages", {"template": alias})

    pack = unpacked(client, made(client, job_id, "product_pack"))
    assert list(pack) == [
        *("01-대표.jpg", "02-디테일-1.jpg", "03-디테일-2.jpg", "04-디테일-3.jpg"),
        *("05-디테일-4.jpg", "06-착용.jpg", "board.jpg"),
    ]
    main = picture_of(pack["01-대표.jpg"])
    assert main.width == main.height
    assert {main.getpixel((0, 0)), main.getpixel((main.width - 1, main.height - 1))} == {
        (255, 255, 255)
    }

    sizes = unpacked(client, made(client, job_id, "thumbnails_8"))
    assert list(sizes) == [
        *(f"사진 p{n}/{size}.jpg" for n in (0, 1) for size in SIZES),
        "board.jpg",
    ]
    for size in SIZES:
        width, height = size.rpartition("-")[2].split("x")
        assert picture_of(sizes[f"사진 p0/{size}.jpg"]).size == (int(width), int(height))

    options = unpacked(client, made(client, job_id, "option_board"))
    assert list(options) == [
        *(f"사진 p{idx}/{name}.jpg" for idx in (0, 1) for name in COLOURS),
        "board.jpg",
    ]

    english = {"language": "en", "title": "Spring", "colors": ["#c2674a"]}
    client.call("POST", f"/jobs/{job_id}/packages", {"template": "옵션보드", "options": english})
    again = unpacked(client, made(client, job_id, "option_board"))
    assert next(iter(again)) == "사진 p0/01-C2674A.jpg"
