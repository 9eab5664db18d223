"""One database's side of `growth.py`: runs a case for each line that it reads; says its cost."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

for _limit in ("ANON_SIGNUP", "NEW_USER", "CREATE", "REFRESH", "USER", "WEBHOOK_TEST"):
    os.environ[f"{_limit}_RATE"] = "off"
os.environ["LOG_LEVEL"] = "error"
os.environ["METRICS_TOKEN"] = "of-this-measurement-alone-and-no-secret"  # noqa: S105  # as it says

from bench.growth_requests import HOST, Api, Case, alone, operations_left_out

# isort: split
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse

from jobs.models import JobCoordinator
from users.models import User


class Pages:
    """Every list of the admin, each way that it is sorted, filtered and searched, and a page of
    each kind of object, as a superuser."""

    def __init__(self, customer: User) -> None:
        self.received = 0
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
            content = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
            self.received = len(content)

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

    def run(self, case: Case, received: Callable[[], int]) -> list[float]:
        """Milliseconds: of the thread, of the backend, on the wall; and the answer's bytes."""
        steps = case()
        send = next(steps)
        database = self._backend()
        wall, web = time.perf_counter(), time.thread_time()
        answer = send()
        web, wall = time.thread_time() - web, time.perf_counter() - wall
        cost = [1000 * web, 1000 * (self._backend() - database), 1000 * wall, received()]
        with suppress(StopIteration):
            steps.send(answer)
        return cost

    def _backend(self) -> float:
        return int(self._file.read_text().split()[0]) / 1e9


def main() -> None:
    api = Api()
    requests = api.cases()
    pages = Pages(api.user)
    addresses = pages.cases()
    meter = Meter()
    names = [*requests, *addresses]
    print(json.dumps({"names": names, "left_out": operations_left_out(names)}), flush=True)
    for line in sys.stdin:
        name = line.rstrip("\n")
        try:
            if name in requests:
                answer: Any = meter.run(requests[name], lambda: api.client.received)
            else:
                answer = meter.run(addresses[name], lambda: pages.received)
        except SystemExit as refused:
            answer = str(refused)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
