"""Every request of the API that `growth.py` measures, as the user with the most jobs.

A case is named by its operation in `docs/openapi*.yaml`, and by what is special about it: *GET
/jobs/{job_id}, archived*. `operations_left_out` says which operations none is of.
"""

import re
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from bench.requests import EXECUTE, ITEMS, Client
from s3project.wsgi import application  # first of all: it sets Django up

# isort: split
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.db.models import QuerySet
from django.test import Client as Browser

from jobs.api.watch import STREAMS
from jobs.models import JobCoordinator, JobPackage, Webhook, WebhookDelivery
from jobs.stream.reading import read_job, read_versions
from s3project.acts.actor import Actor
from s3project.api.pagination import encode_cursor
from s3project.api.rates import Rate
from s3project.pages import Position
from users import services
from users.api import throttles
from users.models import BillingEvent, Session, User
from users.tokens import AccessToken

HOST = "127.0.0.1"
DOCS = Path(__file__).resolve().parent.parent / "docs"
OPERATIONS = ("openapi.yaml", "openapi-workers.yaml")
CREDITS = 1_000_000
DEVICE = "of-this-measurement-alone-and-no-secret"
# Jobs of as many photos in either database: an answer has a part for each.
PHOTOS = 5
# As many as one user may watch.
WATCHED = 60
PACKAGE = {"edition": 1, "attempt": 1}
READY = {"status": "ready", "files": 3, "bytes": 1_000_000}

# The one limit that no setting lifts.
throttles.KEYS = Rate(1_000_000, 3600)

Send = Callable[[], Any]
# Yields the request that is measured: what makes it possible is before, what clears up after it.
Case = Callable[[], Generator[Send, Any, None]]


def alone(send: Send) -> Case:
    """A request that needs nothing else."""

    def case() -> Generator[Send, Any, None]:
        yield send

    return case


def undone(send: Send) -> Case:
    """A request that could be sent once only: its transaction is rolled back, for which it must
    not begin with another connection."""

    def case() -> Generator[Send, Any, None]:
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        with transaction.atomic():
            yield send
            transaction.set_rollback(True)
        request_started.connect(close_old_connections)
        request_finished.connect(close_old_connections)

    return case


def operations_left_out(names: list[str]) -> list[str]:
    """The documented operations that none of the cases is of."""
    measured = {name.removeprefix("api ").partition(",")[0] for name in names}
    return [operation for operation in _operations() if operation not in measured]


def _operations() -> list[str]:
    found, path = [], ""
    for name in OPERATIONS:
        for line in (DOCS / name).read_text().splitlines():
            if match := re.fullmatch(r"  (/\S*):", line):
                path = match[1]
            elif path and (match := re.fullmatch(r"    (get|post|put|patch|delete):", line)):
                found.append(f"{match[1].upper()} {path}")
    return found


class Api:
    """Every endpoint, as the user with the most jobs."""

    def __init__(self) -> None:
        self.client = Client(application, settings.GPU_CALLBACK_SECRETS[0])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT user_id FROM jobs_jobcoordinator GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            )
            self.user = User.objects.get(pk=cursor.fetchone()[0])
        services.grant_credits(user_id=self.user.pk, amount=CREDITS, actor=Actor.command())
        self._token, self._refresh = self._signed_in()

    def cases(self) -> dict[str, Case]:
        found = self._accounts() | self._jobs() | self._work() | self._rules() | self._webhooks()
        return {f"api {name}": case for name, case in found.items()}

    def _accounts(self) -> dict[str, Case]:
        events = BillingEvent.objects.filter(user=self.user).order_by("created_at", "id")
        last = encode_cursor(_position(events[50]))
        device = {"device_hash": DEVICE}
        self._call("POST", "/auth/anon", body=device)
        return {
            "POST /auth/anon": alone(lambda: self._call("POST", "/auth/anon", body={})),
            "POST /auth/anon, a device again": alone(
                lambda: self._call("POST", "/auth/anon", body=device)
            ),
            "POST /auth/refresh": alone(self._refreshed),
            "POST /auth/sign-out": self._sign_out,
            "GET /me": self._get("/me"),
            "DELETE /me": undone(lambda: self._call("DELETE", "/me", self._token)),
            "GET /me/ledger": self._get("/me/ledger"),
            "GET /me/ledger, last page": self._get("/me/ledger", f"cursor={last}"),
            "GET /me/keys": self._get("/me/keys"),
            "POST /me/keys": self._new_key,
            "DELETE /me/keys/{key_id}": self._end_key,
            "GET /presets": self._get("/presets"),
            "GET /presets/{preset_id}": self._get("/presets/interior"),
            "GET /vocabulary": self._get("/vocabulary"),
            "GET /metrics": alone(self._metrics),
            "GET /ready": self._get("/ready"),
            "GET /health": self._get("/health"),
        }

    def _jobs(self) -> dict[str, Case]:
        jobs = JobCoordinator.objects.filter(user=self.user)
        archived = jobs.filter(archived_at__isnull=False, total_items=PHOTOS)[0]
        last = encode_cursor(_position(jobs.order_by("created_at", "id")[50]))
        recent = _kept(jobs)
        rule = self.user.rules.all()[0].public_id
        checked = {"preset": "interior", "item_count": 1}
        job = f"/jobs/{recent.public_id}"
        etag = self.client.call("", "GET", job, self._token)[1]["ETag"]
        watched = list(JobCoordinator.objects.order_by("-pk").values_list("pk", flat=True))[
            :WATCHED
        ]
        return {
            "GET /jobs": self._get("/jobs"),
            "GET /jobs, last page": self._get("/jobs", f"cursor={last}"),
            "GET /jobs, status=failed": self._get("/jobs", "status=failed&limit=5"),
            "GET /jobs, status=done,canceled": self._get("/jobs", "status=done,canceled&limit=5"),
            "GET /jobs, status=running": self._get("/jobs", "status=running"),
            "GET /jobs/{job_id}": self._get(job),
            "GET /jobs/{job_id}, archived": self._get(f"/jobs/{archived.public_id}"),
            "GET /jobs/{job_id}, unchanged": self._get(job, HTTP_IF_NONE_MATCH=etag),
            "GET /jobs/{job_id}/events, without the events process": self._get(f"{job}/events"),
            "GET /jobs/{job_id}/events": self._get(f"{job}/events", **{STREAMS: "1"}),
            "GET /jobs/{job_id}/events, a reading": alone(
                lambda: read_job(self.user.pk, recent.pk, None)
            ),
            f"GET /jobs/{{job_id}}/events, a look at {WATCHED} jobs": alone(
                lambda: read_versions(watched)
            ),
            "GET /jobs/{job_id}/packages": self._get(f"{job}/packages"),
            "POST /jobs/check": self._post("/jobs/check", {**checked, **EXECUTE}),
            "POST /jobs/check, by a rule": self._post("/jobs/check", {**checked, "rule_id": rule}),
            "POST /jobs": self._create,
            "POST /jobs, with a key": self._create_once,
            "POST /jobs, the same photos again": lambda: self._second_look(recent.public_id),
            "POST /jobs/{job_id}/confirm-upload": self._confirm,
            "POST /jobs/{job_id}/execute": self._execute,
            "POST /jobs/{job_id}/cancel": self._cancel,
            "DELETE /jobs/{job_id}": self._delete,
        }

    def _work(self) -> dict[str, Case]:
        recent = _kept(JobCoordinator.objects.filter(user=self.user))
        return {
            "POST /jobs/{job_id}/claim": lambda: self._photo(claims=True),
            "POST /jobs/{job_id}/callback": lambda: self._photo(),
            "POST /jobs/{job_id}/callback, the last": lambda: self._photo(done=ITEMS - 1),
            "POST /jobs/{job_id}/packages": lambda: self._package(recent),
            "POST /jobs/{job_id}/packages/{template}/claim": lambda: self._package(recent, 1),
            "POST /jobs/{job_id}/packages/{template}/callback": lambda: self._package(recent, 2),
        }

    def _rules(self) -> dict[str, Case]:
        rule = f"/rules/{self.user.rules.all()[0].public_id}"
        return {
            "GET /rules": self._get("/rules"),
            "GET /rules/{rule_id}": self._get(rule),
            "POST /rules": self._new_rule,
            "PUT /rules/{rule_id}": alone(
                lambda: self._call("PUT", rule, self._token, {"name": "Oak"})
            ),
            "DELETE /rules/{rule_id}": self._end_rule,
        }

    def _webhooks(self) -> dict[str, Case]:
        webhook = Webhook.objects.filter(user=self.user)[0]
        delivery = WebhookDelivery.objects.filter(webhook=webhook, status="delivered")[0]
        hook = f"/webhooks/{webhook.public_id}"
        return {
            "GET /webhooks": self._get("/webhooks"),
            "POST /webhooks": self._new_webhook,
            "GET /webhooks/{webhook_id}": self._get(hook),
            "PATCH /webhooks/{webhook_id}": alone(
                lambda: self._call("PATCH", hook, self._token, {"description": "of the shop"})
            ),
            "DELETE /webhooks/{webhook_id}": self._end_webhook,
            "POST /webhooks/{webhook_id}/rotate": self._post(f"{hook}/rotate", {}),
            "POST /webhooks/{webhook_id}/test": self._post(f"{hook}/test", {}),
            "GET /webhooks/{webhook_id}/deliveries": self._get(f"{hook}/deliveries", "limit=5"),
            "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/resend": self._post(
                f"{hook}/deliveries/{delivery.public_id}/resend", {}
            ),
        }

    # --- Requests ---------------------------------------------------------------------------

    def _call(
        self, method: str, path: str, bearer: str = "", body: Any = None, **headers: str
    ) -> Any:
        return self.client.call("", method, path, bearer, body, **headers)[2]

    def _get(self, path: str, query: str = "", **headers: str) -> Case:
        return alone(lambda: self._call("GET", path, self._token, QUERY_STRING=query, **headers))

    def _post(self, path: str, body: Any) -> Case:
        return alone(lambda: self._call("POST", path, self._token, body))

    def _signed_in(self) -> tuple[str, str]:
        """An access token and a refresh token."""
        session, refresh = Session.objects.open(self.user.pk)
        return str(AccessToken.of(self.user.pk, session.pk)), refresh

    def _refreshed(self) -> None:
        answer = self._call("POST", "/auth/refresh", body={"refresh": self._refresh})
        self._refresh = answer["refresh"]

    def _metrics(self) -> None:
        bearer = {"Authorization": f"Bearer {settings.METRICS_TOKENS[0]}"}
        answer = Browser(HTTP_HOST=HOST).get("/metrics", headers=bearer)
        assert answer.status_code == 200, answer.content
        self.client.received = len(answer.content)

    def _made(self, **headers: str) -> Any:
        body = {"preset": "interior", "item_count": ITEMS}
        return self._call("POST", "/jobs", self._token, body, **headers)

    def _of(self, job: Any, action: str, body: Any = None, *, secret: bool = False) -> Any:
        bearer = self.client.secret if secret else self._token
        return self._call("POST", f"/jobs/{job['job_id']}/{action}", bearer, body)

    def _key(self) -> Any:
        return self._call("POST", "/me/keys", self._token, {"name": "bench"})

    def _rule(self) -> Any:
        body = {"name": "Wall", "preset_id": "interior", "concepts": EXECUTE["concepts"]}
        return self._call("POST", "/rules", self._token, body)

    def _webhook(self) -> Any:
        body = {"url": "https://hooks.example.com/s3/bench", "events": ["job.done"]}
        return self._call("POST", "/webhooks", self._token, body)

    def _end(self, collection: str, made: Any) -> Any:
        return self._call("DELETE", f"{collection}/{made['id']}", self._token)

    # --- Cases that need more than their request ------------------------------------------------

    def _sign_out(self) -> Generator[Send, Any, None]:
        token, _ = self._signed_in()
        yield lambda: self._call("POST", "/auth/sign-out", token)

    def _create(self) -> Generator[Send, Any, None]:
        job = yield self._made
        self._of(job, "cancel")

    def _create_once(self) -> Generator[Send, Any, None]:
        key = str(time.time_ns())
        job = yield lambda: self._made(HTTP_IDEMPOTENCY_KEY=key)
        self._of(job, "cancel")

    def _second_look(self, source: str) -> Generator[Send, Any, None]:
        job = yield lambda: self._call("POST", "/jobs", self._token, {"source_job_id": source})
        self._of(job, "cancel")

    def _confirm(self) -> Generator[Send, Any, None]:
        job = self._made()
        yield lambda: self._of(job, "confirm-upload")
        self._of(job, "cancel")

    def _execute(self) -> Generator[Send, Any, None]:
        job = self._made()
        self._of(job, "confirm-upload")
        yield lambda: self._of(job, "execute", EXECUTE)
        self._of(job, "cancel")

    def _photo(self, *, done: int = 3, claims: bool = False) -> Generator[Send, Any, None]:
        job = self._made()
        self._of(job, "confirm-upload")
        self._of(job, "execute", EXECUTE)
        for idx in range(done):
            self._of(job, "callback", _result(job, idx), secret=True)
        if claims:
            items = {"items": [8, 9], "attempt": 1, "worker": "bench:1"}
            yield lambda: self._of(job, "claim", items, secret=True)
        else:
            yield lambda: self._of(job, "callback", _result(job, done), secret=True)
        if done < ITEMS - 1:
            self._of(job, "cancel")

    def _cancel(self) -> Generator[Send, Any, None]:
        job = self._made()
        yield lambda: self._of(job, "cancel")

    def _delete(self) -> Generator[Send, Any, None]:
        job = self._made()
        self._of(job, "cancel")
        yield lambda: self._call("DELETE", f"/jobs/{job['job_id']}", self._token)

    def _package(self, job: JobCoordinator, step: int = 0) -> Generator[Send, Any, None]:
        """Asks for a package, claims it and reports it; the step that is counted is measured."""
        made = {"job_id": job.public_id}
        claim = {**PACKAGE, "worker": "bench:1"}
        sends: list[Send] = [
            lambda: self._of(made, "packages", {"template": "all"}),
            lambda: self._of(made, "packages/all/claim", claim, secret=True),
            lambda: self._of(made, "packages/all/callback", {**PACKAGE, **READY}, secret=True),
        ]
        for send in sends[:step]:
            send()
        yield sends[step]
        JobPackage.objects.filter(job=job, template="all").delete()

    def _new_rule(self) -> Generator[Send, Any, None]:
        rule = yield self._rule
        self._end("/rules", rule)

    def _end_rule(self) -> Generator[Send, Any, None]:
        rule = self._rule()
        yield lambda: self._end("/rules", rule)

    def _new_key(self) -> Generator[Send, Any, None]:
        key = yield self._key
        self._end("/me/keys", key)

    def _end_key(self) -> Generator[Send, Any, None]:
        key = self._key()
        yield lambda: self._end("/me/keys", key)

    def _new_webhook(self) -> Generator[Send, Any, None]:
        webhook = yield self._webhook
        self._end("/webhooks", webhook)

    def _end_webhook(self) -> Generator[Send, Any, None]:
        webhook = self._webhook()
        yield lambda: self._end("/webhooks", webhook)


def _kept(jobs: QuerySet[JobCoordinator]) -> JobCoordinator:
    """The newest done job of PHOTOS photos that has them still, and no package."""
    done = jobs.filter(status="done", done_items=PHOTOS, total_items=PHOTOS)
    kept = done.filter(storage_deleted_at__isnull=True, output_template__isnull=True)
    return kept.order_by("-id")[0]


def _result(job: Any, idx: int) -> dict[str, Any]:
    return {"idx": idx, "status": "done", "idempotency_key": f"{job['job_id']}:{idx}:attempt1"}


def _position(row: Any) -> Position:
    return Position(row.created_at, row.id)
