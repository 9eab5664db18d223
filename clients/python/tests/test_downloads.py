"""Results on disk: their names, their sizes, and files that were there before."""

from pathlib import Path
from typing import Any

import pytest

from s3sets import S3Client, TransferFailed
from s3sets._photos import file_name
from tests.small_api import Reply, SmallApi
from tests.test_watch import job

PNG = b"\x89PNG of a kitchen"


def done(api: SmallApi, **more: Any) -> dict[str, Any]:
    out = {"idx": 0, "result_url": f"{api.base_url}/0.png", "preview_url": f"{api.base_url}/0.jpg"}
    return {**job("done", "done"), "outputs_ready": [out], **more}


def named(name: str, data: bytes = PNG, **more: Any) -> Reply:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Reply(raw=data, headers=headers, **more)


@pytest.fixture
def finished(api: SmallApi, client: S3Client) -> Any:
    api.on("GET", "/jobs/job_1", Reply(data=done(api)))
    return client.get_set("job_1")


def test_a_result_has_the_name_that_the_server_gives_it(
    api: SmallApi, finished: Any, tmp_path: Path
) -> None:
    api.on("GET", "/0.png", named("kitchen-0.png"))

    (file,) = finished.download(tmp_path / "new" / "folder")

    assert file == tmp_path / "new" / "folder" / "kitchen-0.png"
    assert file.read_bytes() == PNG
    assert "authorization" not in api.asked[-1].headers


def test_what_is_fetched_again_is_there_once(api: SmallApi, finished: Any, tmp_path: Path) -> None:
    api.on("GET", "/0.png", named("kitchen-0.png"))

    assert finished.download(tmp_path) == finished.download(tmp_path)

    assert [file.name for file in tmp_path.iterdir()] == ["kitchen-0.png"]


def test_no_other_file_is_replaced(api: SmallApi, finished: Any, tmp_path: Path) -> None:
    (tmp_path / "kitchen-0.png").write_bytes(b"of another set")
    api.on("GET", "/0.png", named("kitchen-0.png"))

    (file,) = finished.download(tmp_path)

    assert file.name == "kitchen-0 (2).png"
    assert (tmp_path / "kitchen-0.png").read_bytes() == b"of another set"


def test_a_result_that_breaks_off_is_fetched_again_and_never_half_there(
    api: SmallApi, finished: Any, tmp_path: Path
) -> None:
    api.on("GET", "/0.png", named("kitchen-0.png", PNG[:5], says="17"), named("kitchen-0.png"))

    (file,) = finished.download(tmp_path)

    assert file.read_bytes() == PNG
    assert [file.name for file in tmp_path.iterdir()] == ["kitchen-0.png"]


def test_a_storage_that_refuses_leaves_nothing_behind(
    api: SmallApi, finished: Any, tmp_path: Path
) -> None:
    api.on("GET", "/0.png", Reply(404))

    with pytest.raises(TransferFailed) as caught:
        finished.download(tmp_path)

    assert caught.value.status == 404
    assert list(tmp_path.iterdir()) == []


def test_a_url_that_has_ended_is_asked_for_anew(
    api: SmallApi, client: S3Client, tmp_path: Path
) -> None:
    fresh = done(api)
    fresh["outputs_ready"] = [{**fresh["outputs_ready"][0], "result_url": f"{api.base_url}/new"}]
    api.on(*("GET", "/jobs/job_1"), Reply(data=done(api)), Reply(data=done(api)), Reply(data=fresh))
    api.on("GET", "/0.png", Reply(403))
    api.on("GET", "/new", named("kitchen-0.png"))

    (file,) = client.get_set("job_1").download(tmp_path)

    assert file.read_bytes() == PNG


def test_previews_and_packages_come_along(api: SmallApi, client: S3Client, tmp_path: Path) -> None:
    package = {
        "template": "전체",
        "alias": "all",
        "status": "ready",
        "url": f"{api.base_url}/all.zip",
        "board_url": None,
    }
    api.on("GET", "/jobs/job_1", Reply(data=done(api, packages=[package])))
    api.on("GET", "/0.png", named("kitchen-0.png"))
    api.on("GET", "/0.jpg", named("kitchen-0.jpg"))
    api.on("GET", "/all.zip", Reply(raw=b"PK"))

    files = client.get_set("job_1").download(tmp_path, previews=True)

    assert [file.name for file in files] == ["kitchen-0.png", "kitchen-0.jpg", "job_1-all.zip"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('attachment; filename="kitchen-0.png"', "kitchen-0.png"),
        ("attachment; filename=\"_.png\"; filename*=UTF-8''%EA%B1%B0%EC%8B%A4-0.png", "거실-0.png"),
        ('attachment; filename="../../etc/passwd"', "_.._etc_passwd"),
        ("attachment; filename*=UTF-8''..%2F..%2Fhome", "_.._home"),
        ('attachment; filename="a\\"b.png"', "a_b.png"),
        ('attachment; filename="..."', "otherwise.png"),
        ("", "otherwise.png"),
    ],
)
def test_a_name_is_safe_in_any_folder(said: str, name: str) -> None:
    assert file_name({"content-disposition": said}, "otherwise.png") == name


def test_a_long_name_is_shortened_and_keeps_its_ending() -> None:
    name = file_name({"content-disposition": f'attachment; filename="{"거" * 200}-0.png"'}, "o")

    assert name.endswith(".png")
    assert len(name.encode()) <= 255 - 16
