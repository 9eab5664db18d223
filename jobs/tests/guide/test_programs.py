"""The guide's programs, taken from the page of a running server and run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from jobs.demo.sets import PHOTOS
from jobs.guide.samples import LANGUAGES, WHOLE
from jobs.tests.guide.page import programs
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

# What runs each language; the page says that a reader needs it. CI has all of them, so that a
# missing one is a failure there.
RUNS = {
    "curl": ("bash", "-euo", "pipefail"),
    "python": (sys.executable,),
    "javascript": ("node",),
}
NEEDS = {"curl": ("bash", "curl", "jq"), "python": (), "javascript": ("node",)}
NAMES = {each.id: each.file for each in LANGUAGES}
SIZES = {"kitchen": (1600, 900), "waiting_room": (1600, 1200)}


@pytest.fixture(scope="module")
def stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    with live_stack_of(engines, tmp_path_factory.mktemp("guide")) as stack:
        stack.start_web()
        stack.start_worker()
        yield stack


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with the photos that the guide names."""
    for name in SIZES:
        shutil.copy(PHOTOS / f"interior_{name}.jpg", tmp_path / f"{name}.jpg")
    return tmp_path


def shown(stack: LiveStack, language: str) -> list[str]:
    page = requests.get(f"{stack.base_url}/docs", timeout=30)
    return programs(page.text)[language]


def run(language: str, program: str, folder: Path) -> str:
    """What it prints. Raises AssertionError when it fails."""
    missing = [each for each in NEEDS[language] if shutil.which(each) is None]
    if missing and "CI" not in os.environ:
        pytest.skip(f"{missing} is not installed")
    (folder / NAMES[language]).write_text(program, encoding="utf-8")
    done = subprocess.run(
        [*RUNS[language], NAMES[language]],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("language", NAMES)
def test_the_programs_of_the_guide_do_what_it_says(
    language: str, stack: LiveStack, photos: Path
) -> None:
    steps = shown(stack, language)
    del steps[len(WHOLE)]  # all of the steps before it once more
    assert stack.base_url in steps[0]

    printed = run(language, "\n".join(steps), photos)

    for idx, (name, size) in enumerate(SIZES.items()):
        with Image.open(photos / f"result-{idx}.png") as result:
            assert (result.format, result.size) == ("PNG", size)
            with Image.open(photos / f"{name}.jpg") as photo:
                assert result.convert("RGB").tobytes() != photo.convert("RGB").tobytes()
    lines = printed.splitlines()
    assert lines[:2] == ["[]", "[]"]  # nothing missing, nothing misunderstood
    # The kitchen is edited as asked; the waiting room has no cabinets, and says so.
    assert printed.count("done") == 2
    assert printed.count("Cabinet: not found in this photo") == 1
    # Before it costs: the slip is named, and what was meant.
    assert re.search(r"sagee.*\bsage\b", printed)
    # Of 10 credits two photos took 2; the canceled job's 3 came back.
    assert "3 8" in printed.replace("\n", " ")
    assert "304" in lines
    assert "one job, paid once" in lines
    assert "200" in lines[-1]  # what the refused job would have cost


def test_the_whole_program_is_all_steps_from_nothing_to_the_results(stack: LiveStack) -> None:
    for language in NAMES:
        steps = shown(stack, language)
        assert steps[len(WHOLE)] == "\n\n".join(steps[: len(WHOLE)])
