"""A backup of an installation that is at work, restored into a second one."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
import requests

from jobs.tests.live_sets import KITCHEN, WALL_GREEN, is_finished, start_set, upload_set, wait_for
from jobs.tests.plain_client import Client
from s3project.acts.models import Act
from s3project.backup.manifest import FILE
from s3project.embedded import processes
from s3project.embedded.ports import free_port
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.testing.live import LiveStack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

COUNTED = ("users_user", "billing_events", "jobs_jobcoordinator", "jobs_jobitem", "users_apikey")


def manage(
    environment: Mapping[str, str], *arguments: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def orphans(environment: Mapping[str, str]) -> set[str]:
    """The keys of objects that belong to nothing."""
    done = subprocess.run(
        [sys.executable, "manage.py", "orphans"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {word for word in done.stdout.split() if "/" in word}


def rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        found = {}
        for table in COUNTED:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert row is not None
            found[table] = row[0]
    return found


@pytest.fixture(scope="module")
def second(
    tmp_path_factory: pytest.TempPathFactory, engines: EmbeddedStack
) -> Iterator[EmbeddedStack]:
    """An installation elsewhere, with the secret that tokens are signed with."""
    given = {"PORT": str(free_port()), "JWT_SECRET": engines.environment["JWT_SECRET"]}
    with EmbeddedStack(tmp_path_factory.mktemp("second"), variables=given, durable=False) as stack:
        yield stack


def test_tokens_work_photos_download_and_the_books_are_right_in_the_second_one(
    live_stack: LiveStack, second: EmbeddedStack, tmp_path: Path
) -> None:
    live_stack.start_web()
    live_stack.start_worker(concurrency=1)
    client, job = start_set(live_stack.base_url, [KITCHEN, KITCHEN[:5000]])
    finished = wait_for(client, job, is_finished)
    picture = requests.get(finished["outputs_ready"][0]["result_url"], timeout=20).content
    token = {"Authorization": str(client._session.headers["Authorization"])}
    made = requests.post(
        f"{live_stack.base_url}/me/keys", json={"name": "shop"}, headers=token, timeout=20
    )
    key = {"Authorization": f"Bearer {made.json()['data']['key']}"}
    me = client.me()
    waiting = Client(live_stack.base_url)
    uploaded = upload_set(waiting, [KITCHEN])
    waiting.confirm_upload(uploaded)

    folder = tmp_path / "backup"
    said = manage(
        processes.server_environment(live_stack.environment), "backup", str(folder), "--objects"
    )
    assert "objects" in said.stdout
    assert folder.stat().st_mode & 0o077 == 0
    before = rows(live_stack.environment["DATABASE_URL"])
    left = orphans(processes.server_environment(live_stack.environment))
    # What happens afterwards is not in it.
    Client(live_stack.base_url).sign_up_anonymously()
    live_stack.stop("web")
    live_stack.stop("gpu")

    owner = processes.migration_environment(second.environment)
    service = processes.server_environment(second.environment)
    manage(owner, "migrate", "--no-input", "--verbosity", "0")
    restored = manage(owner, "restore", str(folder))
    assert "Another secret" in restored.stderr
    assert "DJANGO_SECRET_KEY" in restored.stderr
    assert "JWT_SECRET:" not in restored.stderr
    assert rows(second.environment["DATABASE_URL"]) == before
    manage(service, "audit", "--objects")
    # What was an orphan before is one still; other tests left some in the bucket.
    assert orphans(service) == left
    manage(service, "migrate", "--check")

    with LiveStack(second.environment, tmp_path) as there:
        there.start_web()
        there.start_worker(concurrency=1)
        for header in (token, key):
            answer = requests.get(f"{there.base_url}/me", headers=header, timeout=20).json()
            assert answer["data"]["credits"] == me["credits"]
        client._base_url = waiting._base_url = there.base_url
        again = client.get_job(job)
        assert again["status"] == "done"
        url = again["outputs_ready"][0]["result_url"]
        assert url.startswith(second.environment["STORAGE_S3_ENDPOINT"])
        assert requests.get(url, timeout=20).content == picture
        # What was confirmed before goes on, and new work is numbered after the old.
        waiting.execute(uploaded, WALL_GREEN, protect=[])
        assert wait_for(waiting, uploaded, is_finished)["status"] == "done"
        newcomer, other = start_set(there.base_url, [KITCHEN])
        assert wait_for(newcomer, other, is_finished)["status"] == "done"
        manage(service, "audit", "--objects")

    # Nothing is restored over what is in use.
    refused = manage(owner, "restore", str(folder), code=1)
    assert "is in use" in refused.stderr
    assert rows(second.environment["DATABASE_URL"])["users_user"] == before["users_user"] + 1


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Only a database."""
    given = {
        "PORT": str(free_port()),
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "STORAGE_S3_ENDPOINT": "http://127.0.0.1:1",
        "STORAGE_ACCESS_KEY": "nobody",
        "STORAGE_SECRET_KEY": "nothing",
    }
    with EmbeddedStack(tmp_path_factory.mktemp("empty"), variables=given, durable=False) as stack:
        yield processes.migration_environment(stack.environment)


def test_a_backup_that_was_cut_off_or_altered_restores_nothing(
    live_stack: LiveStack, empty: dict[str, str], tmp_path: Path
) -> None:
    Act.objects.create(action="credits.granted", actor_kind="system")
    source = processes.server_environment(live_stack.environment)
    whole = tmp_path / "whole"
    manage(source, "backup", str(whole))
    assert "Objects are not in it" in manage(source, "backup", str(tmp_path / "second")).stdout
    manage(source, "backup", str(whole), code=1)

    manifest = json.loads((whole / FILE).read_text())
    acts = (whole / "acts.copy.gz").read_bytes()

    def restore_with(says: str, **changes: object) -> None:
        (whole / FILE).write_text(json.dumps({**manifest, **changes}))
        assert says in manage(empty, "restore", str(whole), code=1).stderr

    restore_with("does not know jobs.9999_later", migrations=[["jobs", "9999_later"]])
    restore_with("another version", form=99)
    (whole / "acts.copy.gz").write_bytes(acts[: len(acts) // 2])
    restore_with("acts.copy.gz cannot be read")
    (whole / "acts.copy.gz").write_bytes((whole / "users_user.copy.gz").read_bytes())
    restore_with("acts.copy.gz is not what was written")
    (whole / FILE).unlink()
    assert "no whole backup" in manage(empty, "restore", str(whole), code=1).stderr

    (whole / "acts.copy.gz").write_bytes(acts)
    (whole / FILE).write_text(json.dumps(manifest))
    manage(empty, "restore", str(whole))
    with psycopg.connect(empty["MIGRATION_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT action FROM acts").fetchall() == [("credits.granted",)]
        # The ledger and the audit log refuse changes as before.
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM acts")


def test_a_database_with_tables_of_somebody_else_is_left_alone(
    live_stack: LiveStack, empty: dict[str, str], tmp_path: Path
) -> None:
    manage(processes.server_environment(live_stack.environment), "backup", str(tmp_path / "whole"))
    with psycopg.connect(empty["MIGRATION_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE theirs (id int)")
        refused = manage(empty, "restore", str(tmp_path / "whole"), code=1)
        assert "theirs" in refused.stderr
        assert connection.execute("SELECT count(*) FROM theirs").fetchone() == (0,)
