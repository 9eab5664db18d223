"""schemathesis against the real server: what docs/openapi*.yaml say, tried in all their corners.

The same requests in every run (schemathesis.toml). The caller is a pro user with jobs in several
states; no worker takes the work.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from jobs.states import JobStatus
from jobs.tests.factories import make_job
from s3project.docs.schema import SCHEMA_FILE, WORKERS_SCHEMA_FILE
from s3project.testing.live import LiveStack
from users import services
from users.api.auth import issue_token
from users.models import User
from users.tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(450),
    pytest.mark.usefixtures("empty_queues"),
]

ST = Path(sys.executable).parent / "st"
# How many operations each document has, how many requests they are at least, and what they reach.
CUSTOMERS = (
    SCHEMA_FILE,
    # But DELETE /me, after which there would be nobody to ask.
    *("38 selected / 39 total", 1100),
    (
        ("POST /auth/anon", 200),
        ("POST /jobs", 201),
        ("GET /jobs/{job_id}", 200),
        ("POST /jobs/{job_id}/confirm-upload", 200),
        ("POST /jobs/{job_id}/execute", 202),
        ("POST /jobs/{job_id}/cancel", 200),
        ("POST /rules", 201),
        ("PUT /rules/{rule_id}", 200),
        ("DELETE /rules/{rule_id}", 200),
        ("POST /me/keys", 201),
        ("DELETE /me/keys/{key_id}", 200),
        ("POST /webhooks", 201),
        ("PATCH /webhooks/{webhook_id}", 200),
        ("POST /webhooks/{webhook_id}/test", 202),
    ),
)
WORKERS = (
    WORKERS_SCHEMA_FILE,
    *("4 selected / 4 total", 100),
    (("POST /jobs/{job_id}/claim", 200), ("POST /jobs/{job_id}/callback", 200)),
)


def run_schemathesis(
    document: Path, stack: LiveStack, user: User, report: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(ST), "--no-color", "run", str(document)),
            *("--report-ndjson-path", str(report), *options),
        ],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "S3_URL": stack.base_url,
            # Without a session, so that signing out ends nothing for the requests that follow.
            "S3_TOKEN": issue_token(user),
            "S3_CALLBACK_SECRET": settings.GPU_CALLBACK_SECRETS[0],
            "NO_PROXY": "127.0.0.1",
        },
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def answered(report: Path) -> Counter[tuple[str, int]]:
    """(operation, status) → how many requests got it."""
    found: Counter[tuple[str, int]] = Counter()
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for name, interaction in recorder.get("interactions", {}).items():
            case = recorder["cases"][name]["value"]
            response = interaction.get("response")
            if response:
                found[f"{case['method']} {case['path']}", response["status_code"]] += 1
    return found


@pytest.mark.parametrize(("document", "operations", "requests", "reached"), [CUSTOMERS, WORKERS])
def test_the_server_keeps_to_its_document(
    document: Path,
    operations: str,
    requests: int,
    reached: tuple[tuple[str, int], ...],
    server: LiveStack,
    tmp_path: Path,
) -> None:
    user = make_user(plan="pro")
    services.grant_credits(user_id=user.id, amount=100_000)
    for status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.RUNNING):
        make_job(status, user=user)

    run = run_schemathesis(document, server, user, tmp_path / "report.ndjson")

    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
    assert operations in run.stdout
    found = answered(tmp_path / "report.ndjson")
    assert sum(found.values()) > requests
    assert not [entry for entry in found if entry[1] >= 500]
    # It came through to what the endpoints do, and did not only knock at their doors.
    assert [entry for entry in reached if not found[entry]] == [], found


def test_a_document_that_says_something_else_is_noticed(server: LiveStack, tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    document = yaml.safe_load(SCHEMA_FILE.read_text())
    document["components"]["schemas"]["Me"]["properties"]["credits"]["maximum"] = 9
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(document))

    run = run_schemathesis(
        *(wrong, server, make_user(), tmp_path / "report.ndjson"),
        *("--include-operation-id", "me", "--phases", "coverage"),
    )

    assert run.returncode == 1, run.stderr
    assert "10 is greater than the maximum of 9" in run.stdout
