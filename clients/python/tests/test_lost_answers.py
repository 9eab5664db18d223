"""An answer that gets lost: what a method gives then is what the answer would have said."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from s3sets import NotFound, NotSignedIn, Retries, S3Client, Unreachable
from tests.conftest import KEY, QUICK
from tests.small_api import Reply, SmallApi, refused
from tests.test_endpoints import ARGUMENTS, JOB, OPERATIONS

# Twice would be two, and the server has no key to tell.
ONCE = {
    "create_api_key",
    "create_webhook",
    "rotate_webhook",
    "test_webhook",
    "resend_webhook_delivery",
    "refresh_session",
}
CHANGING = [one for one in OPERATIONS if one[1] != "GET"]
AT_ONCE = Retries(attempts=3, first_pause=0.0, longest_pause=0.0)
GONE = refused(404, "NOT_FOUND")
ENDED = refused(401, "TOKEN_INVALID")
LOST = Reply(silent=True)
ME = Reply(data={"user_id": "u_1"})
DELETED = Reply(data={"deleted": True})


class Server:
    """Does what it is asked, and the first answer to what changes something is lost.

    As the real one does, it gives what has an Idempotency-Key its first answer again, removes a
    thing once, and lets nobody in with what has ended.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, Any] = {}
        self._removed: set[str] = set()
        self._ended = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self._say({"user_id": "u_1"})
        self.asked.append(request.url.path)
        key, path = request.headers.get("idempotency-key"), request.url.path
        if self._ended:
            return self._refuse(401, "TOKEN_INVALID")
        if key in self._answers:
            return self._say(self._answers[key])
        if path in self._removed:
            return self._refuse(404, "NOT_FOUND")
        data = self.answer_of(request)
        if key is not None:
            self._answers[key] = data
        if request.method == "DELETE":
            self._removed.add(path)
        self._ended = path in ("/me", "/auth/sign-out")
        if len(self.asked) == 1:
            raise httpx.ReadError("cut off")
        return self._say(data)

    @staticmethod
    def answer_of(request: httpx.Request) -> dict[str, Any]:
        path = request.url.path
        if path == "/auth/sign-out":
            return {"signed_out": True}
        if request.method != "DELETE":
            return {"job_id": JOB, "token": "t", "refresh": "r", "asked": path}
        if path == "/me":
            return {"user_id": "u_1", "deleted": True}
        name = "job_id" if path.startswith("/jobs") else "id"
        return {name: path.rpartition("/")[2], "deleted": True}

    @staticmethod
    def _say(data: Any) -> httpx.Response:
        return httpx.Response(200, json={"success": True, "data": data, "error": None, "meta": {}})

    @staticmethod
    def _refuse(status: int, code: str) -> httpx.Response:
        error = {"code": code, "message": "No."}
        said = {"success": False, "data": None, "error": error, "meta": {}}
        return httpx.Response(status, json=said)


def call(server: Server, name: str) -> Any:
    with S3Client(
        "https://s3.example.com",
        api_key=KEY,
        retries=AT_ONCE,
        transport=httpx.MockTransport(server),
    ) as client:
        client.me()
        method = getattr(client, name)
        parameters = inspect.signature(method).parameters.items()
        required = {
            argument: ARGUMENTS[argument]
            for argument, parameter in parameters
            if parameter.default is inspect.Parameter.empty or argument in ("concepts", "preset")
        }
        if name == "sign_up_anonymously":
            required["device"] = "d" * 40
        return method(**required)


@pytest.mark.parametrize(("name", "method", "path", "_"), CHANGING, ids=lambda v: v)
def test_a_method_gives_what_the_lost_answer_said_or_is_not_repeated(
    name: str, method: str, path: str, _: object
) -> None:
    server = Server()
    if name in ONCE:
        with pytest.raises(Unreachable, match="look before you ask again") as caught:
            call(server, name)
        assert caught.value.maybe_done
        assert len(server.asked) == 1
        return

    said = call(server, name)

    assert len(server.asked) == 2
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), server.asked[0])
    assert said == Server.answer_of(httpx.Request(method, f"https://x{server.asked[0]}"))


def test_a_503_may_have_done_it_too(api: SmallApi, client: S3Client) -> None:
    api.on("DELETE", "/webhooks/wh_1", Reply(504, raw=b"<html>"), GONE)

    assert client.delete_webhook("wh_1") == {"id": "wh_1", "deleted": True}


def test_what_never_was_is_not_found(api: SmallApi, client: S3Client) -> None:
    api.on("DELETE", "/webhooks/wh_1", refused(429, "RATE_LIMITED", Retry_After="0"), GONE)

    with pytest.raises(NotFound):
        client.delete_webhook("wh_1")


def test_a_user_who_was_never_let_in_has_deleted_nothing(api: SmallApi, client: S3Client) -> None:
    api.on("DELETE", "/me/keys/key_1", LOST, ENDED)

    with pytest.raises(NotSignedIn):
        client.delete_api_key("key_1")


@pytest.fixture
def phone(api: SmallApi) -> Iterator[S3Client]:
    signed_up = Reply(data={"token": "one", "refresh": "rt_1"})
    api.on("POST", "/auth/anon", signed_up, Reply(data={"token": "two", "refresh": "rt_2"}))
    api.on("GET", "/me", ME)
    with S3Client(api.base_url, device="d" * 40, retries=QUICK, trust_env=False) as one:
        yield one


def test_a_device_that_has_deleted_its_user_does_not_make_another_one(
    api: SmallApi, phone: S3Client
) -> None:
    api.on("DELETE", "/me", LOST, ENDED)

    assert phone.delete_me() == {"user_id": "u_1", "deleted": True}

    assert api.paths() == ["POST /auth/anon", "GET /me", "DELETE /me", "DELETE /me"]


def test_a_token_that_ends_between_two_tries_is_renewed(api: SmallApi, phone: S3Client) -> None:
    api.on("DELETE", "/me", LOST, refused(401, "TOKEN_EXPIRED"), DELETED)

    assert phone.delete_me()["deleted"]

    assert api.asked[-1].headers["authorization"] == "Bearer two"
