"""The hosts of workers, written down as they claim."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from jobs.backends import backend_of
from jobs.lifecycle import worker_backends
from jobs.models import WorkerHost

pytestmark = pytest.mark.django_db


def test_a_host_is_written_down_once_a_minute_however_much_it_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_backends, "_noted", {})
    for pid in range(5):
        worker_backends.note_worker(f"gpu-1:{pid}", backend_of("cpu"))
    first = WorkerHost.objects.get()
    WorkerHost.objects.update(seen_at=Now() - timedelta(days=1))
    worker_backends.note_worker("gpu-1:9", backend_of("cpu"))
    assert WorkerHost.objects.get().seen_at < first.seen_at
    monkeypatch.setattr(worker_backends, "NOTED_EVERY", 0.0)

    worker_backends.note_worker("gpu-1:9", backend_of("cpu"))

    host = WorkerHost.objects.get()
    assert (host.host, host.first_seen_at) == ("gpu-1", first.first_seen_at)
    assert host.seen_at >= first.seen_at


def test_a_host_that_went_away_long_ago_is_forgotten() -> None:
    for host, days in (("old", 31), ("new", 29)):
        WorkerHost.objects.note(host, backend_of("cpu"))
        WorkerHost.objects.filter(pk=host).update(seen_at=Now() - timedelta(days=days))

    assert WorkerHost.objects.forget() == 1
    assert WorkerHost.objects.get().host == "new"
