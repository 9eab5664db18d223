"""Whoever knows the id of something of another's gets what they get for an id of nothing."""

import re
from typing import Any

import pytest
import requests

from s3project.testing.live import LiveStack
from s3project.tests.test_openapi import DOCUMENT, WORKERS

pytestmark = pytest.mark.django_db(transaction=True)

EDITS = {"concepts": {"Wall": {"action": "recolor", "value": "sage"}}}
RULE = {"name": "r", "preset_id": "interior", **EDITS}
BODIES: dict[str, Any] = {"/jobs/{job_id}/execute": EDITS, "/rules/{rule_id}": RULE}
HOOK = {"url": "https://shop.example.com/"}
OWN = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if re.search(r"{(job|rule|webhook)_id}", path)
]
OF_WORKERS = [path for path in WORKERS["paths"] if "{job_id}" in path]


def ids(base_url: str) -> tuple[dict[str, str], dict[str, str]]:
    """The victim's token, and the ids of what is theirs."""
    token = signed_up(base_url)
    job = requests.post(
        f"{base_url}/jobs", json={"preset": "interior", "item_count": 1}, headers=token, timeout=20
    ).json()
    rule = requests.post(f"{base_url}/rules", json=RULE, headers=token, timeout=20).json()
    hook = requests.post(f"{base_url}/webhooks", json=HOOK, headers=token, timeout=20).json()
    webhook_id = hook["data"]["id"]
    sent = requests.post(f"{base_url}/webhooks/{webhook_id}/test", headers=token, timeout=20)
    return token, {
        "job_id": job["data"]["job_id"],
        "rule_id": rule["data"]["id"],
        "webhook_id": webhook_id,
        "delivery_id": sent.json()["data"]["id"],
        "template": "before_after",
    }


def signed_up(base_url: str) -> dict[str, str]:
    data = requests.post(f"{base_url}/auth/anon", timeout=20).json()["data"]
    return {"Authorization": f"Bearer {data['token']}"}


def test_every_endpoint_with_an_id_hides_what_is_anothers(server: LiveStack) -> None:
    victim, theirs = ids(server.base_url)
    stranger = signed_up(server.base_url)
    nobodys = {name: f"{text.partition('_')[0]}_{'0' * 32}" for name, text in theirs.items()}

    def refusal(method: str, path: str, of: dict[str, str], who: dict[str, str]) -> Any:
        answer = requests.request(
            method,
            server.base_url + path.format(**of),
            json=BODIES.get(path),
            headers=who,
            timeout=20,
        )
        return answer.status_code, (answer.json()["error"] or {}).get("code")

    assert len(OWN) >= 14
    for method, path in OWN:
        found = refusal(method, path, theirs, stranger)
        assert found == refusal(method, path, nobodys, stranger), (method, path)
        assert found[0] == 404, (method, path)
        assert refusal(method, path, theirs, {})[0] == 401, (method, path)

    job = requests.get(f"{server.base_url}/jobs/{theirs['job_id']}", headers=victim, timeout=20)
    assert job.json()["data"]["status"] == "created"
    rules = requests.get(f"{server.base_url}/rules", headers=victim, timeout=20).json()["data"]
    assert [rule["id"] for rule in rules] == [theirs["rule_id"]]


def test_a_customer_is_no_worker(server: LiveStack) -> None:
    """Not even for their own job: results would be free."""
    victim, theirs = ids(server.base_url)
    body = {"idx": 0, "status": "done", "idempotency_key": "k", "items": [0], "attempt": 1}
    for path in OF_WORKERS:
        for who in (victim, {}, {"X-Callback-Secret": ""}, {"X-Callback-Secret": "x" * 32}):
            answer = requests.post(
                server.base_url + path.format(**theirs), json=body, headers=who, timeout=20
            )
            assert answer.status_code in (401, 403), (path, who)


def test_others_lists_are_empty(server: LiveStack) -> None:
    ids(server.base_url)
    stranger = signed_up(server.base_url)
    for path in ("/jobs", "/rules", "/webhooks"):
        answer = requests.get(server.base_url + path, headers=stranger, timeout=20)
        assert answer.json()["data"] == []
