"""What somebody can do who holds every secret of a GPU worker, as docker-compose.yml gives them:
its role in the broker, the key of messages, and the tokens that it sees go by.

The victims are another worker, and another user.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import requests
from celery import Celery

from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.message_signing import signed
from jobs.storage.bucket import photo_storage
from jobs.tests.live_sets import KITCHEN, is_finished, start_set, upload_set, wait_for
from jobs.tests.plain_client import Client
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.broker import purge, waiting
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from s3project.testing.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

MESSAGE_KEY = "m" * 32
REFUSED = (403, "CALLBACK_UNAUTHORIZED")


@pytest.fixture(scope="module")
def stack(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """Web and a worker as docker-compose.yml sets them up."""
    with live_stack_of(engines, tmp_path_factory.mktemp("trust")) as live:
        live.start_web(workers=1, MESSAGE_KEY=MESSAGE_KEY, CALLBACK_AUTH="token")
        start_worker(live)
        yield live


def start_worker(live: LiveStack) -> None:
    live.start_worker(
        concurrency=1,
        MESSAGE_KEY=MESSAGE_KEY,
        CALLBACK_BASE_URL=live.base_url,
        **dict.fromkeys(("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY", "GPU_CALLBACK_SECRET"), ""),
    )


class Listener(ThreadingHTTPServer):
    """The attacker's host: keeps the first line and the Authorization of what reaches it."""

    daemon_threads = True
    heard: list[tuple[str, str | None]]


class ListenerHandler(BaseHTTPRequestHandler):
    server: Listener

    def _keep(self) -> None:
        self.server.heard.append((self.requestline, self.headers["Authorization"]))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST = _keep

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def listening() -> Iterator[tuple[str, Listener]]:
    with Listener(("127.0.0.1", 0), ListenerHandler) as server:
        server.heard = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", server
        server.shutdown()


def message(
    user_id: str, job_id: str, input_key: str, *, token: str = "", base: str, **changes: Any
) -> dict[str, Any]:
    """As web would write it, with an output where the attacker would like to find the photo."""
    item = WorkItem(0, input_key, f"outputs/{user_id}/{job_id}/0_result.png", "previews/x.jpg")
    body = WorkMessage(
        job_id,
        user_id,
        "interior",
        {"Wall": Edit("recolor", "navy")},
        (),
        (item,),
        f"{base}/jobs/{job_id}/callback",
        job_id,
        token=token,
    ).to_json()
    return {**body, **changes}


@pytest.fixture(scope="module")
def attacker(stack: LiveStack) -> Iterator[Celery]:
    """A producer that comes as a worker comes."""
    with Celery("attacker", broker=stack.environment["WORKER_BROKER_URL"]) as celery:
        yield celery


def send(attacker: Celery, body: dict[str, Any]) -> str:
    return str(attacker.send_task("jobs.process_items", args=[body], queue="gpu").id)


def outcome(stack: LiveStack, task_id: str) -> str:
    """What the worker's log says of a task's end."""
    ended = [f"[{task_id}] {how}" for how in ("succeeded", "raised", "retry")]
    wait_until(lambda: any(one in stack.log("gpu") for one in ended), seconds=60)
    log = stack.log("gpu")
    return "".join(line for line in log.splitlines(True) if task_id in line)


def victim(stack: LiveStack) -> tuple[Client, str, str, str]:
    """A user whose photo is uploaded and waits; (client, user id, job id, key)."""
    client = Client(stack.base_url)
    job_id = upload_set(client, [KITCHEN])
    client.confirm_upload(job_id)
    user_id = str(client.me()["user_id"])
    return client, user_id, job_id, f"inputs/{user_id}/{job_id}/0.jpg"


def stored_for(user_id: str) -> list[str]:
    return [
        key
        for kind in ("outputs", "previews", "masks")
        for key in photo_storage().sizes(f"{kind}/{user_id}/")
    ]


def test_a_forged_or_altered_message_is_not_looked_at(stack: LiveStack, attacker: Celery) -> None:
    """By somebody who can write to the queue and has no key."""
    _, user_id, job_id, key = victim(stack)
    with listening() as (base, listener):
        forged = message(user_id, job_id, key, token="wt_x.y", base=base)
        real = signed(message(user_id, job_id, key, base=stack.base_url), [MESSAGE_KEY])
        altered = {**real, "callback_url": f"{base}/jobs/{job_id}/callback"}
        other_item = {**real, "items": [{**real["items"][0], "idx": 1}]}
        for body in (forged, signed(forged, ["x" * 32]), altered, other_item, {**real, "sig": ""}):
            assert "MessageError" in outcome(stack, send(attacker, body))
        assert listener.heard == []
    assert stored_for(user_id) == []


def test_even_a_signed_message_makes_a_worker_talk_to_its_own_server_only(
    stack: LiveStack, attacker: Celery
) -> None:
    _, user_id, job_id, key = victim(stack)
    with listening() as (base, listener):
        body = message(user_id, job_id, key, token="wt_secret.token", base=base)
        assert "succeeded" in outcome(stack, send(attacker, signed(body, [MESSAGE_KEY])))
        assert listener.heard == []
    assert stored_for(user_id) == []


@contextmanager
def in_work(stack: LiveStack) -> Iterator[tuple[Client, str, dict[str, Any]]]:
    """A job that waits, and its message, taken from the queue as the worker's role may; no worker
    runs until the block ends."""
    stack.kill("gpu")
    try:
        client, job_id = start_set(stack.base_url, [KITCHEN])
        wait_until(lambda: bool(waiting("gpu")), seconds=20)
        [body] = [one[0] for _, one in waiting("gpu") if one[0]["job_id"] == job_id]
        purge("gpu")
        yield client, job_id, body
    finally:
        start_worker(stack)


def test_a_victims_photo_is_not_copied_to_the_attacker(stack: LiveStack, attacker: Celery) -> None:
    """The attacker has a job of their own in work, with its token, and names the victim's photo."""
    _, victim_id, victims_job, victims_key = victim(stack)
    with in_work(stack) as (client, own_job, genuine):
        own_id = str(client.me()["user_id"])
    for user_id, job_id in ((own_id, own_job), (victim_id, own_job), (victim_id, victims_job)):
        names = user_id, job_id, victims_key
        body = message(*names, token=genuine["token"], base=stack.base_url)
        outcome(stack, send(attacker, signed(body, [MESSAGE_KEY])))
    assert stored_for(victim_id) == stored_for(own_id) == []

    # The control: it was the photo that was refused, not the token.
    assert "succeeded" in outcome(stack, send(attacker, genuine))
    assert f"outputs/{own_id}/{own_job}/0_result.png" in stored_for(own_id)
    assert stored_for(victim_id) == []


def ask(stack: LiveStack, path: str, token: str, body: dict[str, Any]) -> Any:
    """(status, data or code)"""
    answer = requests.post(
        f"{stack.base_url}{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    content = answer.json()
    return answer.status_code, content["data"] or content["error"]["code"]


def test_a_token_opens_its_own_items_only_and_hands_out_their_urls_only(stack: LiveStack) -> None:
    other, other_user, other_job, _ = victim(stack)
    other.execute(other_job, {}, protect=[])
    wait_for(other, other_job, is_finished)
    with in_work(stack) as (client, job_id, body):
        token = body["token"]
        claim = {"items": [0], "attempt": 1, "worker": "attacker", "urls": True}
        done = {"status": "done", "idempotency_key": "x"}
        for path, sent in (
            (f"/jobs/{other_job}/claim", claim),
            (f"/jobs/{other_job}/callback", {"idx": 0, **done}),
            (f"/jobs/{job_id}/claim", {**claim, "items": [0, 1]}),
            (f"/jobs/{job_id}/claim", {**claim, "attempt": 0}),
            (f"/jobs/{job_id}/callback", {"idx": 1, **done}),
        ):
            status, code = ask(stack, path, token, sent)
            assert (status, code) == REFUSED or (status, sent["attempt"]) == (400, 0), path
        for wrong in (token[:-1], "wt_", stack.environment["GPU_CALLBACK_SECRET"], MESSAGE_KEY):
            assert ask(stack, f"/jobs/{job_id}/claim", wrong, claim) == REFUSED

        photo = {"idx": 0, "sha256": "ab" * 32, "masks_in": f"{other_job}/0"}
        mine = str(client.me()["user_id"])
        greedy = {**claim, "masks": ["Wall", f"../../{other_user}/x"], "photos": [photo]}
        status, data = ask(stack, f"/jobs/{job_id}/claim", token, greedy)
        [urls] = data["urls"]
        handed = [urls["input"], urls["output"], urls["preview"]]
        handed += [url for mask in urls["masks"] for url in (mask["get"], mask["put"]) if url]
        assert status == 200
        assert len(handed) > 10
        assert {urlsplit(url).path.split("/")[3] for url in handed} == {mine}
        assert requests.get(urls["input"], timeout=10).content == KITCHEN
        stolen = urls["input"].replace(f"{mine}/{job_id}", f"{other_user}/{other_job}")
        assert requests.get(stolen, timeout=10).status_code == 403
        bucket = urls["input"].partition("inputs/")
        assert requests.get(f"{bucket[0]}?list-type=2&prefix=", timeout=10).status_code == 403


def test_its_role_in_the_broker_reaches_no_maintenance_and_spoils_no_broker(
    stack: LiveStack,
) -> None:
    with redis.Redis.from_url(stack.environment["WORKER_BROKER_URL"]) as worker:
        for command in (
            *(["FLUSHALL"], ["FLUSHDB"], ["CONFIG", "SET", "dir", "/tmp"], ["CONFIG", "GET", "*"]),
            *(["KEYS", "*"], ["SCAN", "0"], ["MONITOR"], ["REPLICAOF", "127.0.0.1", "1"]),
            *(
                ["SHUTDOWN", "NOSAVE"],
                ["DEBUG", "SLEEP", "5"],
                ["ACL", "SETUSER", "worker", "+@all"],
            ),
            *(["LPUSH", "maintenance", "{}"], ["LRANGE", "maintenance", "0", "-1"]),
            *(["BRPOP", "maintenance", "1"], ["DEL", "maintenance"], ["GET", "s3:rate:x"]),
            ["PUBLISH", "/0.celery-maintenance.pidbox", "{}"],
            ["EVAL", "return redis.call('LPUSH', 'maintenance', 'a')", "0"],
        ):
            with pytest.raises(redis.ResponseError, match=r"(?i)permission|not allowed"):
                worker.execute_command(*command)


def test_a_worker_does_not_run_what_is_maintenances(stack: LiveStack, attacker: Celery) -> None:
    """With the database's secrets it could; it has neither them nor the task."""
    for task in ("jobs.run_audit", "jobs.delete_expired_objects"):
        attacker.send_task(task, queue="gpu")
    wait_until(lambda: stack.log("gpu").count("Received unregistered task") == 2, seconds=30)
    told = Path(f"/proc/{stack.pids['gpu']}/environ").read_bytes()
    for name in ("DATABASE_URL", "JWT_SECRET", "GPU_CALLBACK_SECRET", "STORAGE_SECRET_KEY"):
        assert stack.environment[name].encode() not in told, name
    client, job_id = start_set(stack.base_url, [KITCHEN])
    assert wait_for(client, job_id, is_finished)["status"] == "done"
