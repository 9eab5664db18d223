"""Somebody who knows the contract and an address, and speaks HTTP to a real server."""

from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings

from s3project.testing.api import Answer
from s3project.testing.conformance import check_answer
from users.models import User

NO_JOB = f"/jobs/job_{'0' * 32}"
WALL = {"Wall": {"action": "recolor", "value": "#9db4a0"}}
RULE = {"name": "Sage", "preset_id": "interior", "concepts": WALL}
TWO = {"preset": "interior", "item_count": 2}


@dataclass
class Stranger:
    """Knows an address and what it was told there."""

    base_url: str
    token: str | None = None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        got = requests.request(method, self.base_url + path, json=body, headers=headers, timeout=20)
        check_answer(method, path, got.status_code, got.headers, got.content)
        return Answer(got.status_code, got.headers, got.content)

    def sign_up(self) -> "Stranger":
        self.token = self.send("POST", "/auth/anon").data["token"]
        return self

    def user(self) -> User:
        public_id = self.send("GET", "/me").data["user_id"]
        return User.objects.get(pk=public_id.removeprefix("u_"))

    def job(self, items: int = 2) -> str:
        return str(self.send("POST", "/jobs", {**TWO, "item_count": items}).data["job_id"])

    def queued_job(self, items: int = 2) -> str:
        job = self.job(items)
        self.send("POST", f"/jobs/{job}/confirm-upload")
        assert self.send("POST", f"/jobs/{job}/execute", {"concepts": WALL}).status == 202
        return job

    def report(self, job: str, idx: int, status: str = "done", key: str | None = None) -> Answer:
        body = {"idx": idx, "status": status, "idempotency_key": key or f"{job}:{idx}:attempt1"}
        secret = f"Bearer {settings.GPU_CALLBACK_SECRETS[0]}"
        return self.send("POST", f"/jobs/{job}/callback", body, Authorization=secret)
