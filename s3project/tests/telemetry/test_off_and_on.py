"""What is not turned on is not imported; what cannot be turned on stops the start."""

import os
import subprocess
import sys

import pytest

from s3project.embedded.stack import PROJECT
from s3project.tests.telemetry.collector import collector

SECRET = "9d2f4a6e8b0c8d0f3a5e7b1c9d2f4a6e7b1c9d2f"
EVERYTHING = (
    "import s3project.wsgi, s3project.urls, jobs.gpu_tasks\n"
    "from s3project.celery import app; app.loader.import_default_modules()\n"
)
# (redis-py imports the SDK by itself where it is installed.)
OPTIONAL = (
    *("s3project.telemetry.opentelemetry", "opentelemetry.exporter"),
    *("s3project.telemetry.sentry", "sentry_sdk"),
)


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.defpath, "S3_STACK": "off", "MESSAGE_KEY": SECRET, **variables},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_off_nothing_of_it_is_imported() -> None:
    done = run(EVERYTHING + "import sys; print(*sys.modules)")

    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert "s3project.telemetry.traces" in loaded
    assert [name for name in loaded if name.startswith(OPTIONAL)] == []


@pytest.mark.parametrize(
    ("name", "module"),
    [("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry"), ("SENTRY_DSN", "sentry_sdk")],
)
def test_without_its_packages_the_start_says_what_to_install(name: str, module: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None\n{EVERYTHING}"
    done = run(code, **{name: "http://key@127.0.0.1:9/1"})

    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert last.endswith("requirements-observability.txt.")
    assert name in last


def test_sentry_is_told_of_an_error_and_of_nothing_that_opens_anything() -> None:
    code = f"""
import logging, sentry_sdk, s3project.wsgi
from s3project.logs.context import work, note
log = logging.getLogger("jobs.gpu.x")
with work("00000000-0000-4000-8000-000000000001"):
    local = "{SECRET}"
    log.info("before: Bearer abcdefghijklmnop")
    try:
        raise ConnectionError("http://s3/a?X-Amz-Signature=0f3c9ab1 and {SECRET}")
    except ConnectionError:
        log.exception("photo failed")
sentry_sdk.flush(10)
"""
    with collector() as known:
        done = run(code, SENTRY_DSN=f"http://key@127.0.0.1:{known.port}/1")
    assert done.returncode == 0, done.stderr

    sent = "".join(body.decode() for path, body in known.bodies if path == "/api/1/envelope/")
    assert "photo failed" in sent
    assert "ConnectionError" in sent
    assert "00000000-0000-4000-8000-000000000001" in sent
    for gone in (SECRET, "0f3c9ab1", "abcdefghijklmnop"):
        assert gone not in sent
