"""All that is kept of a user, as one JSON document: what a customer may ask an operator for.

It is written piece by piece, so that a user of years fits into memory. Digests and secrets are
not in it, and photos are not: `GET /jobs/{id}` leads to them while they are kept.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from jobs.models import (
    JobCoordinator,
    JobItemLog,
    JobLog,
    JobPackage,
    Rule,
    Webhook,
    WebhookDelivery,
)
from s3project import ids
from s3project.acts.actor import Actor
from s3project.acts.models import Act
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from users.models import User

CHUNK = 200

USER = ("plan", "auth_provider", "email", "is_active", "created_at", "deleted_at", "erased_at")
LIMITER = ("credits", "active_jobs", "rule_slots_used", "stored_bytes", "stored_at")
EVENT = ("id", "type", "amount", "balance_after", "ref", "created_at")
SESSION = ("id", "created_at", "expires_at", "revoked_at")
KEY = ("id", "name", "prefix", "created_at", "expires_at", "last_used_at")
RULE = ("id", "name", "preset_id", "concepts", "protect", "created_at", "updated_at")
WEBHOOK = ("id", "url", "description", "events", "enabled", "created_at")
DELIVERY = ("id", "type", "job_id", "idx", "status", "attempts", "created_at")
JOB = (
    "id", "status", "preset", "rule_id", "concepts", "protect", "output_template", "metadata",
    "source_job_id", "total_items", "done_items", "failed_items", "created_at", "queued_at",
    "finished_at", "deleted_at", "storage_deleted_at",
)  # fmt: skip
PACKAGE = ("job_id", "template", "edition", "status", "files", "bytes", "error")
ITEM = ("idx", "name", "status", "error", "warnings")
LOG = ("job_id", "status", "preset", "concepts_json", "created_at", "finished_at", "error")
ACT = ("id", "action", "actor_kind", "address", "reason", "details", "created_at")


def note_export(*, user_id: UUID, by: Actor, reason: str) -> None:
    """To the audit log, before a piece of it is handed out."""
    record_act(
        Action.USER_EXPORTED,
        actor=by,
        kind=ObjectKind.USER,
        object_id=ids.public_id(ids.USER, user_id),
        reason=reason,
    )


def export_user(*, user_id: UUID) -> Iterator[str]:
    """The document, in pieces. Raises User.DoesNotExist with the first."""
    user = User.objects.select_related("limiter").get(pk=user_id)
    limiter = getattr(user, "limiter", None)
    facts = {
        "user_id": user.public_id,
        "user": {name: getattr(user, name) for name in USER},
        "limits": {name: getattr(limiter, name) for name in LIMITER} if limiter else None,
    }
    lists: dict[str, Iterable[Any]] = {
        "ledger": _rows(user.billing_events.order_by("id"), EVENT),
        "sessions": _rows(user.sessions.order_by("id"), SESSION),
        "keys": _rows(user.api_keys.order_by("id"), KEY),
        "rules": _rows(Rule.objects.owned_by(user.pk).order_by("id"), RULE),
        "webhooks": _rows(Webhook.objects.owned_by(user.pk).order_by("id"), WEBHOOK),
        "deliveries": _rows(
            WebhookDelivery.objects.filter(webhook__user=user).order_by("created_at"), DELIVERY
        ),
        "jobs": _jobs(user.pk),
        "packages": _rows(
            JobPackage.objects.filter(job__user=user).order_by("job_id", "template"), PACKAGE
        ),
        "history": _history(user.pk),
        "acts": _rows(
            (
                Act.objects.filter(object_id=user.public_id) | Act.objects.filter(actor_id=user.pk)
            ).order_by("id"),
            ACT,
        ),
    }
    yield _json(facts)[:-1]
    for name, rows in lists.items():
        yield f",\n{_json(name)}: ["
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}\n{_json(row)}"
        yield "]"
    yield "}\n"


def _jobs(user_id: UUID) -> Iterator[dict[str, Any]]:
    jobs = JobCoordinator.objects.owned_by(user_id).order_by("id").prefetch_related("items")
    names = (*ITEM, "instances")
    for job in jobs.iterator(chunk_size=CHUNK):
        items = [{name: getattr(item, name) for name in names} for item in job.items.all()]
        yield {
            "job_id": job.public_id,
            **{name: getattr(job, name) for name in JOB},
            "items": sorted(items, key=lambda item: item["idx"]),
        }


def _history(user_id: UUID) -> Iterator[dict[str, Any]]:
    """What finished jobs were; of archived ones their items are here only."""
    logs = JobLog.objects.filter(user_id=user_id).order_by("created_at").iterator(chunk_size=CHUNK)
    while chunk := list(islice(logs, CHUNK)):
        items: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
        rows = JobItemLog.objects.filter(job_id__in=[log.job_id for log in chunk])
        for row in rows.order_by("idx").values("job_id", *ITEM):
            items[row.pop("job_id")].append(row)
        for log in chunk:
            yield {**{name: getattr(log, name) for name in LOG}, "items": items[log.job_id]}


def _rows(rows: QuerySet[Any], names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    return (dict(row) for row in rows.values(*names).iterator(chunk_size=CHUNK))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
