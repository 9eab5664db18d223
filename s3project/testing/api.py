"""A client of the HTTP API for tests: JSON in, the envelope out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.test import Client
from django.test.client import ClientHandler

from s3project.testing.conformance import check_answer


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def envelope(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body

    @property
    def data(self) -> Any:
        """What a success carries."""
        body = self.envelope
        assert body["success"] is True, f"{self.status}: {body['error']}"
        assert body["error"] is None
        return body["data"]

    @property
    def error(self) -> dict[str, Any]:
        """What a refusal carries."""
        body = self.envelope
        assert body["success"] is False, f"{self.status}: {body['data']}"
        assert body["data"] is None
        error: dict[str, Any] = body["error"]
        return error

    @property
    def refusal(self) -> tuple[int, str]:
        """The status and the code of a refusal."""
        return self.status, self.error["code"]


@cache
def _handler() -> ClientHandler:
    """The middleware, loaded once as in a web process: WhiteNoise lists all files each time."""
    handler = ClientHandler(enforce_csrf_checks=False)
    handler.load_middleware()
    return handler


class Api:
    """Speaks for whoever holds `token`; without one, for nobody. Usable from any thread."""

    def __init__(self, token: str | None = None) -> None:
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # A crash is answered as in production instead of being raised into the test.
        self._client = Client(raise_request_exception=False)
        self._client.handler = _handler()

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def pages(self, path: str) -> Iterator[list[Any]]:
        """The data of a list, page by page to its end; `path` has a query."""
        cursor: str | None = ""
        while cursor is not None:
            answer = self.get(f"{path}&cursor={cursor}" if cursor else path)
            yield answer.data
            cursor = answer.envelope["meta"]["next_cursor"]

    def post(self, path: str, body: object = None) -> Answer:
        """Sends `body` as JSON, nothing when it is None."""
        return self.send("POST", path, b"" if body is None else json.dumps(body).encode())

    def put(self, path: str, body: object) -> Answer:
        return self.send("PUT", path, json.dumps(body).encode())

    def patch(self, path: str, body: object) -> Answer:
        return self.send("PATCH", path, json.dumps(body).encode())

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        raw: bytes = b"",
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends exactly these bytes; `headers` are added to the client's own.

        Raises NotAsDocumented for an answer that docs/openapi.yaml does not allow.
        """
        response = self._client.generic(
            method,
            path,
            raw,
            content_type=content_type,
            headers={**self._headers, **(headers or {})},
        )
        answer = Answer(response.status_code, response.headers, response.getvalue())
        check_answer(method, path, answer.status, answer.headers, answer.raw)
        return answer
