"""Requests are counted by what we know of them, never by what a client sends."""

import pytest
from django.test import Client
from prometheus_client import generate_latest

from s3project.metrics.http import METHODS, begin_at_zero
from s3project.testing.metrics import samples_of

pytestmark = pytest.mark.django_db

Key = tuple[str, ...]


def counted() -> dict[Key, float]:
    return samples_of(generate_latest().decode())


def grown(before: dict[Key, float], name: str) -> dict[Key, float]:
    """What was added to the series of a counter, by its labels."""
    return {
        key[1:]: value - before.get(key, 0)
        for key, value in counted().items()
        if key[0] == name and value != before.get(key, 0)
    }


def test_an_answer_counts_once_with_its_method_route_and_status() -> None:
    before = counted()
    client = Client()
    client.get("/health")
    client.get("/jobs/job_019ba9c9f1007dc68da4e43c570d4b19?token=abc")
    client.post("/jobs", {}, content_type="application/json")

    assert grown(before, "s3_http_requests_total") == {
        ("GET", "/health", "200"): 1,
        ("GET", "/jobs/{job_id}", "401"): 1,
        ("POST", "/jobs", "401"): 1,
    }
    assert grown(before, "s3_http_request_seconds_count") == {
        ("GET", "/health", "2xx"): 1,
        ("GET", "/jobs/{job_id}", "4xx"): 1,
        ("POST", "/jobs", "4xx"): 1,
    }


def test_no_client_makes_a_series_of_its_own() -> None:
    before = counted()
    client = Client()
    for number in range(3):
        client.get(f"/nowhere/{number}")
        client.generic(f"BREW{number}", "/health")
        client.get(f"/admin/jobs/{number}")

    assert grown(before, "s3_http_requests_total") == {
        ("GET", "unmatched", "404"): 3,
        ("OTHER", "/health", "405"): 3,
        ("GET", "/admin", "302"): 3,
    }


def test_every_documented_answer_is_a_series_from_the_start() -> None:
    begin_at_zero()
    found = {key[1:] for key in counted() if key[0] == "s3_http_requests_total"}

    assert {
        ("POST", "/jobs", "201"),
        ("POST", "/jobs", "402"),
        ("POST", "/jobs/{job_id}/execute", "202"),
        ("POST", "/jobs/{job_id}/callback", "403"),
        ("GET", "/jobs/{job_id}", "304"),
        ("GET", "/ready", "503"),
    } <= found
    assert {method for method, _, _ in found} <= METHODS | {"OTHER"}
    seconds = {key[1:] for key in counted() if key[0] == "s3_http_request_seconds_count"}
    assert ("POST", "/jobs", "2xx") in seconds
    assert len(found) < 600
