"""One trace from a client's request over the message to the worker and back."""

from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from jobs.tests.live_sets import KITCHEN, WALL_GREEN, is_finished, upload_set, wait_for
from jobs.tests.plain_client import Client
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until
from s3project.tests.telemetry.collector import Collector, collector

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def spans(known: Collector) -> list[dict[str, Any]]:
    found = []
    for path, body in list(known.bodies):
        assert path == "/v1/traces"
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            [service] = [
                one.value.string_value
                for one in group.resource.attributes
                if one.key == "service.name"
            ]
            for scope in group.scope_spans:
                for span in scope.spans:
                    found.append(
                        {
                            "service": service,
                            "name": span.name,
                            "trace": span.trace_id.hex(),
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                            "facts": {
                                one.key: one.value.string_value or one.value.int_value
                                for one in span.attributes
                            },
                        }
                    )
    return found


def test_a_request_its_message_the_worker_and_the_report_are_one_trace(
    live_stack: LiveStack,
) -> None:
    with collector() as known:
        on = {"OTEL_EXPORTER_OTLP_ENDPOINT": known.address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        live_stack.start_web(LOG_FORMAT="json", **on)  # type: ignore[arg-type]  # all are variables
        live_stack.start_worker(**on)  # type: ignore[arg-type]  # all are variables
        client = Client(live_stack.base_url)
        job = upload_set(client, [KITCHEN, KITCHEN[:5000]])
        client.confirm_upload(job)
        client.execute(job, WALL_GREEN, protect=[])
        wait_for(client, job, is_finished)

        def reports() -> list[dict[str, Any]]:
            return [one for one in spans(known) if one["name"] == "POST /jobs/{job_id}/callback"]

        def worker() -> list[dict[str, Any]]:
            return [one for one in spans(known) if one["name"] == "jobs.process_items"]

        wait_until(lambda: len(reports()) == 2 and bool(worker()), seconds=30)
        found = spans(known)

    by_id = {one["id"]: one for one in found}
    [execute] = [one for one in found if one["name"] == "POST /jobs/{job_id}/execute"]
    assert execute["service"] == "s3-web"
    assert execute["parent"] == ""
    for report in reports():
        way = [report]
        while way[-1]["parent"]:
            way.append(by_id[way[-1]["parent"]])
        names = [(one["service"], one["name"]) for one in way]
        assert names == [
            ("s3-web", "POST /jobs/{job_id}/callback"),
            ("s3-gpu-worker", "callback"),
            ("s3-gpu-worker", "jobs.process_items"),
            ("s3-web", "publish jobs.process_items"),
            ("s3-web", "POST /jobs/{job_id}/execute"),
        ]
        assert {one["trace"] for one in way} == {execute["trace"]}
        assert {one["facts"]["s3.job"] for one in way} == {job}
        assert report["facts"]["http.response.status_code"] == 200
        assert report["facts"]["s3.origin"] == execute["facts"]["s3.request_id"]
    photos = {one["facts"]["s3.photo"] for one in found if one["name"] == "fetch and decode"}
    assert photos == {0, 1}
    # Nothing that opens anything, and no other request is a part of this trace.
    assert "X-Amz" not in str(found)
    assert "Bearer" not in str(found)
    others = [one for one in found if one["name"] in ("POST /jobs", "GET /jobs/{job_id}")]
    assert others
    assert execute["trace"] not in {one["trace"] for one in others}
    assert execute["trace"] in live_stack.log("web"), "the lines name it"


def test_a_client_cannot_put_its_requests_into_a_trace_of_its_choice(
    live_stack: LiveStack,
) -> None:
    chosen = "0af7651916cd43dd8448eb211c80319c"
    with collector() as known:
        on = {"OTEL_EXPORTER_OTLP_ENDPOINT": known.address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        live_stack.start_web(**on)  # type: ignore[arg-type]  # all are variables
        headers = {"traceparent": f"00-{chosen}-b7ad6b7169203331-01"}
        requests.get(f"{live_stack.base_url}/presets", headers=headers, timeout=20)
        wait_until(lambda: any(one["name"] == "GET /presets" for one in spans(known)), seconds=30)

        assert chosen not in {one["trace"] for one in spans(known)}
