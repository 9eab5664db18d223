"""Writing an act down."""

from collections.abc import Mapping
from uuid import UUID

from s3project.acts.actor import Actor
from s3project.acts.models import MAX_REASON, Act
from s3project.acts.words import Action, ObjectKind
from s3project.logs.context import UUID_TEXT, request_id

Fact = str | int | float | bool | None | list[str]

MAX_FACTS = 20
MAX_TEXT = 200
# Words in the name of a fact that would say what nobody may read later.
SECRETS = ("password", "secret", "token", "code")


def record_act(
    action: Action,
    *,
    actor: Actor,
    kind: ObjectKind = ObjectKind.NOTHING,
    object_id: str = "",
    reason: str = "",
    details: Mapping[str, Fact] | None = None,
) -> Act:
    """Adds a row to the audit log, in the caller's transaction: an act that is rolled back was
    none. One statement.

    `object_id` is a public id (`u_…`, `job_…`). Raises ValueError for details that are no small
    facts, or named like a secret.
    """
    return Act.objects.create(
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        address=actor.address,
        object_kind=kind,
        object_id=object_id,
        reason=reason.replace("\0", "").strip()[:MAX_REASON],
        request_id=_current_request(),
        details=_checked(details or {}),
    )


def _current_request() -> UUID | None:
    """None outside any; the id of a task's message may be whatever its sender called it."""
    text = request_id.get()
    return UUID(text) if UUID_TEXT.fullmatch(text) else None


def _checked(details: Mapping[str, Fact]) -> dict[str, Fact]:
    if len(details) > MAX_FACTS:
        raise ValueError(f"an act has at most {MAX_FACTS} details")
    for name, fact in details.items():
        if any(word in name for word in SECRETS):
            raise ValueError(f"{name} is named like a secret")
        for text in fact if isinstance(fact, list) else [fact]:
            if isinstance(text, str) and len(text) > MAX_TEXT:
                raise ValueError(f"{name} is too long for an act")
    return dict(details)
