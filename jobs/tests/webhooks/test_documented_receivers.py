"""The receivers of docs/webhooks.md, run as they stand there: they verify what is sent."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobs.api.webhook_payload import payload
from jobs.models import WebhookDelivery
from jobs.states import JobStatus
from jobs.tests.factories import make_job
from jobs.webhooks import endpoints
from jobs.webhooks.sender import Sender
from s3project.embedded.ports import HOST, free_port, is_free
from s3project.embedded.stack import PROJECT
from s3project.testing.waiting import wait_until
from users.tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]

PAGE = PROJECT / "docs" / "webhooks.md"
NPM_PACKAGE = "standardwebhooks@1.1.1"


def program(language: str) -> str:
    """The first of a language is a receiver; the second one orders a set as well."""
    return programs(language)[0]


def programs(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@contextmanager
def running(argv: list[str], folder: Path, secret: str, port: int) -> Iterator[Path]:
    """Yields where it prints."""
    said = folder / "said"
    # What the server logs of requests goes elsewhere: it would stand in the midst of a line.
    with said.open("wb") as file, (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            argv,
            cwd=folder,
            env={**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)},
            stdout=file,
            stderr=log,
        )
        try:
            wait_until(lambda: not is_free(port), seconds=90)
            yield said
        finally:
            child.kill()
            child.wait()


def node_with_the_library(folder: Path) -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not here")
    try:
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), NPM_PACKAGE],
            cwd=folder,
            capture_output=True,
            timeout=120,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        # Without a network it may try for minutes.
        pytest.skip("npm gets no packages here")
    return node


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_documented_receiver_takes_what_is_ours_and_nothing_else(
    language: str, tmp_path: Path
) -> None:
    if language == "python":
        file, interpreter = tmp_path / "receiver.py", sys.executable
    else:
        file, interpreter = tmp_path / "receiver.mjs", node_with_the_library(tmp_path)
    file.write_text(program(language), encoding="utf-8")
    user, port = make_user(), free_port()
    webhook = endpoints.create_webhook(user_id=user.id, url=f"http://{HOST}:{port}/")
    stranger = endpoints.create_webhook(user_id=user.id, url=f"http://{HOST}:{port}/")

    with running([interpreter, str(file)], tmp_path, webhook.secret, port) as said:
        job = make_job(JobStatus.DONE, user=user)
        Sender(payload).run()
        ours = WebhookDelivery.objects.get(webhook=webhook)
        theirs = WebhookDelivery.objects.get(webhook=stranger)
        assert (ours.status, ours.response_status) == ("delivered", 204)
        assert (theirs.status, theirs.response_status) == ("pending", 400)
        # After a rotation the old secret still verifies, and what came twice is handled once.
        endpoints.rotate_webhook(user_id=user.id, webhook_id=webhook.id)
        endpoints.resend_delivery(user_id=user.id, webhook_id=webhook.id, delivery_id=ours.id)
        Sender(payload).run()
        ours.refresh_from_db()
        assert (ours.status, ours.attempts) == ("delivered", 2)
        lines = said.read_text().splitlines()

    assert [line for line in lines if line.startswith("job.")] == [f"job.done {job.public_id}"]
