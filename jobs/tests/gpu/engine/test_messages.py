from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from jobs.gpu.engine.errors import MessageError
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage


def body(**changes: Any) -> dict[str, Any]:
    return {
        "job_id": "job_1",
        "user_id": "u_1",
        "preset": "interior",
        "concepts": {
            "Wall": {"action": "recolor", "value": "#fff"},
            "Ceiling": {"action": "remove", "value": None},
            "Floor": {"action": "texture"},
        },
        "protect": ["Grout"],
        "items": [
            {"idx": 3, "input_key": "in/3", "output_key": "out/3", "preview_key": "pre/3"},
            {"idx": 0, "input_key": "in/0", "output_key": "out/0", "preview_key": "pre/0"},
        ],
        "callback_url": "https://example.test/jobs/job_1/callback",
        "idempotency_prefix": "job_1",
        "batch_concurrency": 2,
        "attempt": 3,
    } | changes


def test_a_message_is_read_in_full() -> None:
    message = WorkMessage.parse(body())
    assert message.job_id == "job_1"
    assert message.user_id == "u_1"
    assert message.preset == "interior"
    assert message.protect == ("Grout",)
    assert message.items[0] == WorkItem(3, "in/3", "out/3", "pre/3")
    assert [item.idx for item in message.items] == [3, 0]
    assert message.callback_url == "https://example.test/jobs/job_1/callback"
    assert message.idempotency_prefix == "job_1"
    assert (message.batch_concurrency, message.attempt) == (2, 3)


def test_concepts_keep_their_order_and_a_missing_value_is_empty() -> None:
    assert list(WorkMessage.parse(body()).concepts.items()) == [
        ("Wall", Edit("recolor", "#fff")),
        ("Ceiling", Edit("remove", "")),
        ("Floor", Edit("texture", "")),
    ]


def test_a_message_survives_the_way_through_json() -> None:
    message = WorkMessage.parse(body())
    assert WorkMessage.parse(json.loads(json.dumps(message.to_json()))) == message


def test_unknown_keys_are_ignored() -> None:
    extended = body(trace="x")
    extended["items"][0]["etag"] = "y"
    extended["concepts"]["Wall"]["opacity"] = 1
    assert WorkMessage.parse(extended) == WorkMessage.parse(body())


def test_no_edits_no_protection_and_the_defaults_are_fine() -> None:
    short = body(concepts={})
    for key in ("protect", "protect_defaulted", "batch_concurrency", "attempt"):
        short.pop(key, None)
    message = WorkMessage.parse(short)
    assert (dict(message.concepts), message.protect) == ({}, ())
    assert (message.batch_concurrency, message.attempt) == (4, 1)
    assert message.protect_defaulted is False


def test_which_paint_is_meant_and_whose_protection_it_is_are_told() -> None:
    wall = {"action": "recolor", "value": "red", "paint": "all"}
    message = WorkMessage.parse(body(concepts={"Wall": wall}, protect_defaulted=True))
    assert message.concepts["Wall"] == Edit("recolor", "red", paint="all")
    assert message.protect_defaulted is True
    assert WorkMessage.parse(json.loads(json.dumps(message.to_json()))) == message


@pytest.mark.parametrize(
    "broken",
    [
        {"job_id": ""},
        {"job_id": 7},
        {"callback_url": None},
        {"concepts": None},
        {"concepts": {"Wall": "red"}},
        {"concepts": {"Wall": {"action": "explode"}}},
        {"concepts": {"Wall": {"action": ["recolor"]}}},
        {"concepts": {"Wall": {"action": "recolor", "value": 5}}},
        {"concepts": {"": {"action": "remove"}}},
        {"protect": "Grout"},
        {"protect": [1]},
        {"items": []},
        {"items": None},
        {"items": ["0"]},
        {"items": [{"idx": -1, "input_key": "a", "output_key": "b", "preview_key": "c"}]},
        {"items": [{"idx": True, "input_key": "a", "output_key": "b", "preview_key": "c"}]},
        {"items": [{"idx": 0, "input_key": "a", "output_key": "b"}]},
        {"items": [{"idx": 0, "input_key": "a", "output_key": "b", "preview_key": "c"}] * 2},
        {"batch_concurrency": 0},
        {"attempt": "1"},
        {"concepts": {"Wall": {"action": "recolor", "paint": "some"}}},
        {"concepts": {"Wall": {"action": "recolor", "paint": ["all"]}}},
        {"protect_defaulted": 1},
    ],
    ids=str,
)
def test_a_malformed_message_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        WorkMessage.parse(body(**broken))


def test_reading_messages_does_not_load_the_image_libraries() -> None:
    code = (
        "import sys, jobs.gpu.engine.messages\n"
        "print(sorted({'cv2', 'numpy', 'onnxruntime', 'PIL', 'django'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
