"""One request a method, and what came back: for tests of the server, which want no client that
mends what it is told.
"""

from typing import Any

import requests

TIMEOUT = 30  # seconds for one request


class ApiError(Exception):
    """The API refused a request: its code and message."""


class Client:
    """One anonymous user."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def sign_up_anonymously(self) -> str:
        """POST /auth/anon; returns the user id and uses its token from here on."""
        data = self.call("POST", "/auth/anon")
        self._session.headers["Authorization"] = f"Bearer {data['token']}"
        user_id: str = data["user_id"]
        return user_id

    def create_job(self, preset: str, item_count: int) -> dict[str, Any]:
        return self.call("POST", "/jobs", {"preset": preset, "item_count": item_count})

    def create_second_look(self, source_job_id: str) -> dict[str, Any]:
        return self.call("POST", "/jobs", {"source_job_id": source_job_id})

    def confirm_upload(self, job_id: str) -> dict[str, Any]:
        return self.call("POST", f"/jobs/{job_id}/confirm-upload")

    def execute(
        self, job_id: str, concepts: dict[str, dict[str, str]], protect: list[str]
    ) -> dict[str, Any]:
        body = {"concepts": concepts, "protect": protect}
        return self.call("POST", f"/jobs/{job_id}/execute", body)

    def get_job(self, job_id: str) -> dict[str, Any]:
        return self.call("GET", f"/jobs/{job_id}")

    def cancel(self, job_id: str) -> dict[str, Any]:
        return self.call("POST", f"/jobs/{job_id}/cancel")

    def me(self) -> dict[str, Any]:
        return self.call("GET", "/me")

    def download(self, url: str) -> bytes:
        answer = requests.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.content

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request; returns its data. Raises ApiError."""
        answer = self._session.request(method, self._base_url + path, json=body, timeout=TIMEOUT)
        envelope = answer.json()
        if not envelope["success"]:
            error = envelope["error"]
            raise ApiError(f"{method} {path}: {error['code']}: {error['message']}")
        data: dict[str, Any] = envelope["data"]
        return data
