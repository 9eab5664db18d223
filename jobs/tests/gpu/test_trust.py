"""What a worker believes of a message that the broker hands it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from jobs.gpu.engine.errors import MessageError
from jobs.gpu.worker import trusted, trusted_package
from jobs.message_signing import is_signed, signed

KEYS = ["k" * 32, "o" * 32]
USER, JOB = f"u_{uuid4().hex}", f"job_{uuid4().hex}"


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    settings.MESSAGE_KEYS = KEYS
    settings.WORKER_REPORTS_TO = ""


def message(**changes: Any) -> dict[str, Any]:
    return {
        "job_id": JOB,
        "user_id": USER,
        "preset": "interior",
        "concepts": {"Wall": {"action": "recolor", "value": "벽"}},
        "protect": [],
        "items": [
            {
                "idx": 3,
                "input_key": f"inputs/{USER}/{JOB}/3.jpg",
                "output_key": f"outputs/{USER}/{JOB}/3_result.png",
                "preview_key": f"previews/{USER}/{JOB}/3_thumb.jpg",
            }
        ],
        "callback_url": f"https://api.example.com/jobs/{JOB}/callback",
        "idempotency_prefix": JOB,
        **changes,
    }


def arrived(body: dict[str, Any]) -> dict[str, Any]:
    """As JSON carries it."""
    carried: dict[str, Any] = json.loads(json.dumps(body))
    return carried


def test_a_signed_message_is_believed() -> None:
    assert trusted(arrived(signed(message(), KEYS))).job_id == JOB


@pytest.mark.parametrize("known", [KEYS, KEYS[:1], KEYS[1:]])
def test_while_a_key_is_replaced_either_one_is_enough(known: list[str], settings: Settings) -> None:
    settings.MESSAGE_KEYS = known

    assert trusted(signed(message(), KEYS)).job_id == JOB


@pytest.mark.parametrize(
    "altered",
    [
        lambda body: body.pop("sig"),
        lambda body: body.update(sig=""),
        lambda body: body.update(sig=None),
        lambda body: body.update(sig="벽\ud800"),
        lambda body: body.update(sig=",".join(["0" * 64] * 50)),
        lambda body: body.update(callback_url="https://evil.example/jobs/x/callback"),
        lambda body: body["items"][0].update(input_key="inputs/u_1/job_1/0.jpg"),
        lambda body: body["concepts"].update(Floor={"action": "remove"}),
        lambda body: body.update(new_key=1),
        lambda body: body.update(signed(message(), ["x" * 32])),
    ],
)
def test_an_unsigned_or_altered_message_is_refused(
    altered: Callable[[dict[str, Any]], Any],
) -> None:
    body = signed(message(), KEYS)
    altered(body)

    with pytest.raises(MessageError, match="not signed"):
        trusted(body)


@pytest.mark.parametrize("body", [None, [], "x", 5, {}])
def test_what_is_no_message_is_refused(body: Any) -> None:
    assert not is_signed(body, KEYS)
    with pytest.raises(MessageError):
        trusted(body)


def test_without_a_key_nothing_is_believed(settings: Settings) -> None:
    settings.MESSAGE_KEYS = []

    with pytest.raises(MessageError):
        trusted(signed(message(), KEYS))


@pytest.mark.parametrize(
    "input_key",
    [f"inputs/u_{'0' * 32}/{JOB}/3.jpg", f"outputs/{USER}/{JOB}/3.jpg", "/etc/passwd", "inputs/"],
    ids=["another user", "a result", "a file", "a prefix"],
)
def test_even_a_signed_message_reads_below_its_own_user_only(input_key: str) -> None:
    body = message()
    body["items"][0]["input_key"] = input_key

    with pytest.raises(MessageError, match="folder"):
        trusted(signed(body, KEYS))


def test_a_photo_of_another_job_of_the_user_may_be_read() -> None:
    body = message()
    body["items"][0]["input_key"] = f"inputs/{USER}/job_{uuid4().hex}/0.jpg"

    assert trusted(signed(body, KEYS)).items[0].input_key == body["items"][0]["input_key"]


def test_results_are_stored_under_keys_that_the_worker_makes() -> None:
    body = message()
    body["items"][0] |= {"output_key": "outputs/elsewhere.png", "preview_key": "inputs/x.jpg"}

    [item] = trusted(signed(body, KEYS)).items

    assert item.output_key == f"outputs/{USER}/{JOB}/3_result.png"
    assert item.preview_key == f"previews/{USER}/{JOB}/3_thumb.jpg"


def test_a_worker_that_knows_its_server_reports_there_only(settings: Settings) -> None:
    settings.WORKER_REPORTS_TO = "https://inside.example:8443"

    believed = trusted(signed(message(), KEYS))

    assert believed.callback_url == f"https://inside.example:8443/jobs/{JOB}/callback"


@pytest.mark.parametrize("field", ["job_id", "user_id"])
def test_ids_that_are_none_of_ours_are_refused(field: str) -> None:
    with pytest.raises(MessageError):
        trusted(signed(message(**{field: "x/../y"}), KEYS))


# --- Packages ----------------------------------------------------------------------------------


def package(work: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    said = {"template": "all", "edition": 1, "options": {}, "names": {"3": "주방.jpg"}, **changes}
    return {"package": said, "work": work or message()}


def test_a_signed_package_is_believed_and_its_keys_are_made_here() -> None:
    work = message()
    work["items"][0]["output_key"] = f"outputs/{USER}/job_{uuid4().hex}/3_result.png"

    believed = trusted_package(arrived(signed(package(work), KEYS)))

    assert believed.names == {3: "주방.jpg"}
    assert believed.work.items[0].output_key == f"outputs/{USER}/{JOB}/3_result.png"


def test_a_package_reports_to_the_address_of_the_workers_settings(settings: Settings) -> None:
    settings.WORKER_REPORTS_TO = "https://web.internal"
    evil = message(callback_url="https://evil.example/jobs/x/packages/all/callback")

    believed = trusted_package(signed(package(evil), KEYS))

    assert believed.work.callback_url == f"https://web.internal/jobs/{JOB}/packages/all/callback"


@pytest.mark.parametrize(
    "altered",
    [
        lambda body: body.pop("sig"),
        lambda body: body["package"].update(template="three_looks"),
        lambda body: body["package"].update(edition=2),
        lambda body: body["work"].update(attempt=2),
        lambda body: body["package"]["options"].update(title="x"),
    ],
)
def test_an_unsigned_or_altered_package_is_refused(
    altered: Callable[[dict[str, Any]], Any],
) -> None:
    body = signed(package(), KEYS)
    altered(body)

    with pytest.raises(MessageError, match="not signed"):
        trusted_package(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"template": ""},
        {"template": "../all"},
        {"template": "전체"},
        {"edition": 0},
        {"edition": True},
        {"options": []},
        {"names": {"three": "x"}},
    ],
)
def test_a_package_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        trusted_package(signed(package(**changes), KEYS))


def test_neither_task_takes_the_others_message() -> None:
    with pytest.raises(MessageError):
        trusted(signed(package(), KEYS))
    with pytest.raises(MessageError):
        trusted_package(signed(message(), KEYS))
