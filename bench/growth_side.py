"""One database's side of `growth.py`: runs a case for each line that it reads; says its cost."""

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

for _limit in ("ANON_SIGNUP_RATE", "NEW_USER_RATE", "CREATE_RATE", "REFRESH_RATE", "USER_RATE"):
    os.environ[_limit] = "off"
os.environ["LOG_LEVEL"] = "error"
os.environ["METRICS_TOKEN"] = METRICS_TOKEN = "of-this-measurement-alone-and-no-secret"  # noqa: S105  # as it says

from bench.requests import EXECUTE, ITEMS, Client
from s3project.wsgi import application  # first of all: it sets Django up

# isort: split
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse

from jobs.models import JobCoordinator, Webhook, WebhookDelivery
from s3project.acts.actor import Actor
from s3project.api.pagination import encode_cursor
from s3project.pages import Position
from users import services
from users.models import BillingEvent, Session, User
from users.tokens import AccessToken

HOST = "127.0.0.1"
CHECKED = {"preset": "interior", "item_count": 1, **EXECUTE}
CREDITS = 1_000_000

Send = Callable[[], Any]
# Yields the request that is measured: what makes it possible is before, what clears up after it.
Case = Callable[[], Generator[Send, Any, None]]


def alone(send: Send) -> Case:
    """A request that needs nothing else."""

    def case() -> Generator[Send, Any, None]:
        yield send

    return case


class Api:
    """Every endpoint, as the user with the most jobs."""

    def __init__(self) -> None:
        self._client = Client(application, settings.GPU_CALLBACK_SECRETS[0])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT user_id FROM jobs_jobcoordinator GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            )
            self._user = User.objects.get(pk=cursor.fetchone()[0])
        services.grant_credits(user_id=self._user.pk, amount=CREDITS, actor=Actor.command())
        session, self._refresh = Session.objects.open(self._user.pk)
        self._token = str(AccessToken.of(self._user.pk, session.pk))

    def cases(self) -> dict[str, Case]:
        jobs = JobCoordinator.objects.filter(user=self._user)
        done = jobs.filter(status="done").order_by("-id").exclude(storage_deleted_at__isnull=False)
        recent, archived = done[0], jobs.filter(archived_at__isnull=False)[0]
        last_jobs = encode_cursor(_position(jobs.order_by("created_at", "id")[50]))
        events = BillingEvent.objects.filter(user=self._user).order_by("created_at", "id")
        last_events = encode_cursor(_position(events[50]))
        rule = self._user.rules.all()[0].public_id
        webhook = Webhook.objects.filter(user=self._user)[0]
        delivery = WebhookDelivery.objects.filter(webhook=webhook, status="delivered")[0]
        hook = f"/webhooks/{webhook.public_id}"
        job = f"/jobs/{recent.public_id}"
        etag = self._client.call("", "GET", job, self._token)[1]["ETag"]
        reading = {
            "GET /me": self._get("/me"),
            "GET /me/ledger": self._get("/me/ledger"),
            "GET /me/ledger, last page": self._get("/me/ledger", f"cursor={last_events}"),
            "GET /me/keys": self._get("/me/keys"),
            "GET /jobs": self._get("/jobs"),
            "GET /jobs, last page": self._get("/jobs", f"cursor={last_jobs}"),
            "GET /jobs?status=failed": self._get("/jobs", "status=failed&limit=5"),
            "GET /jobs?status=done,canceled": self._get("/jobs", "status=done,canceled&limit=5"),
            "GET /jobs?status=running": self._get("/jobs", "status=running"),
            "GET /jobs/{id}": self._get(job),
            "GET /jobs/{id}, archived": self._get(f"/jobs/{archived.public_id}"),
            "GET /jobs/{id}, unchanged": self._get(job, HTTP_IF_NONE_MATCH=etag),
            "GET /jobs/{id}/packages": self._get(f"{job}/packages"),
            "GET /rules": self._get("/rules"),
            "GET /rules/{id}": self._get(f"/rules/{rule}"),
            "GET /webhooks": self._get("/webhooks"),
            "GET /webhooks/{id}": self._get(hook),
            "GET /webhooks/{id}/deliveries": self._get(f"{hook}/deliveries", "limit=5"),
            "GET /presets": self._get("/presets"),
            "GET /vocabulary": self._get("/vocabulary"),
            "GET /metrics": alone(_metrics),
            "GET /ready": self._get("/ready"),
        }
        writing = {
            "POST /auth/anon": alone(lambda: self._call("POST", "/auth/anon", body={})),
            "POST /auth/refresh": alone(self._refreshed),
            "POST /jobs/check": self._post("/jobs/check", CHECKED),
            "POST /jobs": self._create,
            "POST /jobs, with a key": self._create_once,
            "POST /jobs, the same photos again": lambda: self._second_look(recent.public_id),
            "POST confirm-upload": self._confirm,
            "POST execute": self._execute,
            "POST claim": lambda: self._work(claims=True),
            "POST callback": lambda: self._work(),
            "POST callback, last": lambda: self._work(done=ITEMS - 1),
            "POST cancel": self._cancel,
            "DELETE /jobs/{id}": self._delete,
            "POST packages": lambda: self._package(recent),
            "POST /rules": self._rule,
            "PUT /rules/{id}": alone(
                lambda: self._call("PUT", f"/rules/{rule}", self._token, {"name": "Oak"})
            ),
            "PATCH /webhooks/{id}": alone(
                lambda: self._call("PATCH", hook, self._token, {"description": "of the shop"})
            ),
            "POST /webhooks/{id}/test": self._post(f"{hook}/test", {}),
            "POST deliveries/{id}/resend": self._post(
                f"{hook}/deliveries/{delivery.public_id}/resend", {}
            ),
            "POST and DELETE /me/keys": self._key,
        }
        return {f"api {name}": case for name, case in (reading | writing).items()}

    # --- Requests ---------------------------------------------------------------------------

    def _call(
        self, method: str, path: str, bearer: str = "", body: Any = None, **headers: str
    ) -> Any:
        return self._client.call("", method, path, bearer, body, **headers)[2]

    def _get(self, path: str, query: str = "", **headers: str) -> Case:
        return alone(lambda: self._call("GET", path, self._token, QUERY_STRING=query, **headers))

    def _post(self, path: str, body: Any) -> Case:
        return alone(lambda: self._call("POST", path, self._token, body))

    def _refreshed(self) -> None:
        answer = self._call("POST", "/auth/refresh", body={"refresh": self._refresh})
        self._refresh = answer["refresh"]

    def _made(self, **headers: str) -> Any:
        body = {"preset": "interior", "item_count": ITEMS}
        return self._call("POST", "/jobs", self._token, body, **headers)

    def _of(self, job: Any, action: str, body: Any = None, *, secret: bool = False) -> Any:
        bearer = self._client.secret if secret else self._token
        return self._call("POST", f"/jobs/{job['job_id']}/{action}", bearer, body)

    # --- Cases that need more than their request ------------------------------------------------

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

    def _work(self, *, done: int = 3, claims: bool = False) -> Generator[Send, Any, None]:
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

    def _package(self, job: JobCoordinator) -> Generator[Send, Any, None]:
        yield lambda: self._call(
            "POST", f"/jobs/{job.public_id}/packages", self._token, {"template": "all"}
        )
        job.packages.filter(template="all").delete()

    def _rule(self) -> Generator[Send, Any, None]:
        body = {"name": "Wall", "preset_id": "interior", "concepts": EXECUTE["concepts"]}
        rule = yield lambda: self._call("POST", "/rules", self._token, body)
        self._call("DELETE", f"/rules/{rule['id']}", self._token)

    def _key(self) -> Generator[Send, Any, None]:
        key = yield lambda: self._call("POST", "/me/keys", self._token, {"name": "bench"})
        self._call("DELETE", f"/me/keys/{key['id']}", self._token)


def _result(job: Any, idx: int) -> dict[str, Any]:
    return {"idx": idx, "status": "done", "idempotency_key": f"{job['job_id']}:{idx}:attempt1"}


def _metrics() -> None:
    """It is no JSON."""
    bearer = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    answer = Browser(HTTP_HOST=HOST).get("/metrics", headers=bearer)
    assert answer.status_code == 200, answer.content


def _position(row: Any) -> Position:
    return Position(row.created_at, row.id)


class Pages:
    """Every list of the admin, each way that it is sorted, filtered and searched, and a page of
    each kind of object, as a superuser."""

    def __init__(self, customer: User) -> None:
        self._customer = customer
        self._operator = User.objects.filter(is_superuser=True)[0]
        self._browser = Browser(SERVER_NAME=HOST, HTTP_HOST=HOST)
        self._browser.force_login(self._operator)

    def cases(self) -> dict[str, Case]:
        found = dict(self._addresses())
        return {f"admin {name}": self._get(address) for name, address in found.items()}

    def _get(self, address: str) -> Case:
        def send() -> None:
            answer = self._browser.get(address)
            if answer.status_code != 200:
                raise SystemExit(f"{address}: {answer.status_code}")
            if getattr(answer, "streaming", False):
                b"".join(answer)

        return alone(send)

    def _addresses(self) -> Iterator[tuple[str, str]]:
        yield "dashboard", reverse("admin:index")
        for model, pages in admin.site._registry.items():
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            address = reverse(f"admin:{name}_changelist")
            request = RequestFactory().get(address)
            request.user = self._operator
            shown = pages.get_changelist_instance(request)
            yield name, address
            last = shown.paginator.num_pages
            if last > 1:
                yield f"{name}, last page", f"{address}?{PAGE_VAR}={last}"
            columns = shown.sortable_by if shown.sortable_by is not None else shown.list_display
            for place, column in enumerate(shown.list_display):
                field = getattr(column, "__name__", column)
                if column in columns and shown.get_ordering_field(column):
                    for sign in ("", "-"):
                        query = f"{ORDER_VAR}={sign}{place}"
                        yield f"{name}, sorted by {sign}{field}", f"{address}?{query}"
            for spec in shown.filter_specs:
                for choice in list(spec.choices(shown))[1:]:
                    query = choice["query_string"]
                    yield f"{name}, {spec.title}: {choice['display']}", f"{address}{query}"
            yield f"{name}, show counts", f"{address}?_facets=True"
            if pages.search_fields:
                yield from self._searches(name, address, pages)
            first = model._default_manager.order_by("pk").first()
            newest = model._default_manager.order_by("-pk").first()
            for which, row in (("oldest", first), ("newest", newest)):
                if row is not None:
                    yield f"{name}, the {which}", reverse(f"admin:{name}_change", args=[row.pk])
        customer = reverse("admin:users_user_change", args=[self._customer.pk])
        yield "users_user, of most jobs", customer

    def _searches(self, name: str, address: str, pages: Any) -> Iterator[tuple[str, str]]:
        job = JobCoordinator.objects.order_by("-pk")[5]
        rule = self._customer.rules.all()[0]
        said = {
            "an email": "operator1@studio.example",
            "nobody's email": "nobody@nowhere.example",
            "a user": self._customer.public_id,
            "a user's beginning": self._customer.public_id[:14],
            "a job": job.public_id,
            "a job's beginning": job.public_id[:14],
            "a rule": rule.public_id,
            "metadata": "A-17",
            "key=value": "order=A-17",
            "an error": "decoded",
            "an error that is none": "no such error",
        }
        for what, text in said.items():
            yield f"{name}, search: {what}", f"{address}?{SEARCH_VAR}={text.replace('=', '%3D')}"


class Meter:
    """CPU of this thread and of its backend."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._file = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def run(self, case: Case) -> list[float]:
        """Milliseconds: of the thread, of the backend, on the wall."""
        steps = case()
        send = next(steps)
        database = self._backend()
        wall, web = time.perf_counter(), time.thread_time()
        answer = send()
        web, wall = time.thread_time() - web, time.perf_counter() - wall
        cost = [1000 * web, 1000 * (self._backend() - database), 1000 * wall]
        with suppress(StopIteration):
            steps.send(answer)
        return cost

    def _backend(self) -> float:
        return int(self._file.read_text().split()[0]) / 1e9


def main() -> None:
    api = Api()
    cases = {**api.cases(), **Pages(api._user).cases()}
    meter = Meter()
    print(json.dumps(list(cases)), flush=True)
    for line in sys.stdin:
        try:
            answer: Any = meter.run(cases[line.rstrip("\n")])
        except SystemExit as refused:
            answer = str(refused)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
