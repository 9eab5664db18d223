"""What is to be done with a job's photos: as it is said in the request, or by a saved rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from jobs.advice import Advice, advise
from jobs.backends import Backend, backend_of
from jobs.models import Rule
from jobs.presets import PRESETS, Protection
from s3project import ids
from s3project.errors import ValidationFailed


@dataclass(frozen=True)
class JobOrder:
    """Edits by concept, and what stays as it is; `rule_id` when a rule says so."""

    concepts: dict[str, Any]
    protection: Protection
    rule_id: UUID | None = None


def resolve_order(
    *,
    user_id: UUID,
    preset_id: str,
    concepts: dict[str, Any] | None,
    protect: list[str] | None,
    rule_id: str | None,
) -> JobOrder:
    """A rule's concepts and protect are snapshotted and override those given; without `protect`
    the preset's defaults are protected. Raises RuleNotFound or ValidationFailed.
    """
    if rule_id is None:
        return JobOrder(concepts or {}, PRESETS[preset_id].protection(protect))
    key = ids.parse_public_id(ids.RULE, rule_id)
    rule = Rule.objects.owned_by(user_id).get_rule(key)
    if rule.preset_id != preset_id:
        text = f"Must be a rule of the preset {preset_id}, and this one is of {rule.preset_id}."
        raise ValidationFailed({"rule_id": [text]})
    return order_of(rule)


def order_of(rule: Rule) -> JobOrder:
    """What a rule says."""
    return JobOrder(rule.concepts, Protection(rule.protect, rule.protect_defaulted), rule.id)


def configured_backend() -> Backend:
    """The backend that this installation's workers run, as its settings say."""
    return backend_of(settings.ENGINE_SEGMENTER, settings.ENGINE_CONCEPTS)


def advise_on_order(
    preset_id: str, order: JobOrder, output_template: str | None = None
) -> list[Advice]:
    """What of it will not happen on the configured backend."""
    return advise(
        PRESETS[preset_id],
        order.concepts,
        order.protection,
        output_template,
        configured_backend(),
    )


def advise_on_rule(rule: Rule) -> list[Advice]:
    """What of it would not happen on the configured backend."""
    return advise_on_order(rule.preset_id, order_of(rule))


def refuse(advice: Iterable[Advice]) -> None:
    """What `strict` means: raises ValidationFailed when there is any advice, by the field."""
    details: dict[str, list[str]] = {}
    for one in advice:
        details.setdefault(one.field, []).append(one.message)
    if details:
        raise ValidationFailed(details)
