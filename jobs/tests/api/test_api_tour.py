"""The tour of docs/api.md, run as it stands there: its commands print what it says they print."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from jobs.demo.sets import PHOTOS
from s3project.testing.live import LiveStack

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl"),
]

PAGE = settings.BASE_DIR / "docs" / "api.md"
STEP = re.compile(r"```sh\n(.*?)```\n(?:```text\n(.*?)```\n)?", re.DOTALL)
MARK = "--- end of step ---"


def steps() -> list[tuple[str, str]]:
    """(commands, what they print) in the order of the page."""
    return STEP.findall(PAGE.read_text())


def test_the_tour_visits_every_public_use_case() -> None:
    commands = "".join(command for command, _ in steps())
    for visited in (
        *("/auth/anon", "/auth/refresh", "/auth/sign-out", "GET /me", "/me/ledger"),
        *("POST /jobs ", "-T ", "/confirm-upload", "/execute", "GET /jobs/", "/cancel"),
        *("GET /presets/", "GET /vocabulary", "POST /jobs/check", "strict", "data.problems"),
        *("POST /rules", "DELETE /rules", "Idempotency-Key", "If-None-Match"),
        *("source_job_id", "/me/keys", "DELETE /jobs", "POST /webhooks", "/packages"),
    ):
        assert visited in commands


def test_the_tour_goes_as_written(live_stack: LiveStack, tmp_path: Path) -> None:
    live_stack.start_web()
    live_stack.start_worker()
    live_stack.start_packer()
    script = "".join(f"{commands}echo '{MARK}'\n" for commands, _ in steps())

    run = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "API": live_stack.base_url,
            "PHOTO": str(PHOTOS / "interior_kitchen.jpg"),
            "NO_PROXY": "127.0.0.1",
        },
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    printed = run.stdout.split(f"{MARK}\n")
    assert [*printed[:-1]] == [expected for _, expected in steps()][: len(printed) - 1], run.stderr
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(printed) - 1 == len(steps())
