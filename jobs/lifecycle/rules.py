"""What happens to rules. A slot and its rule come and go in one step, under the limiter's lock;
an edit locks only the rule.
"""

from typing import Any
from uuid import UUID

from django.db import transaction

from jobs.errors import RuleNotFound
from jobs.models import Rule
from jobs.presets import PRESETS
from s3project.errors import ValidationFailed
from users.models import UserLimiter


@transaction.atomic
def create_rule(
    *,
    user_id: UUID,
    name: str,
    preset_id: str,
    concepts: dict[str, Any],
    protect: list[str] | None,
) -> Rule:
    """Takes a rule slot and makes the rule; without `protect` the preset's defaults are protected.

    Raises RuleSlotFull, without effect.
    """
    limiter = UserLimiter.objects.lock(user_id)
    limiter.increment_rule_slot()
    protection = PRESETS[preset_id].protection(protect)
    return Rule.objects.create(
        user_id=user_id,
        name=name,
        preset_id=preset_id,
        concepts=concepts,
        protect=protection.names,
        protect_defaulted=protection.defaulted,
    )


@transaction.atomic
def update_rule(
    *, user_id: UUID, rule_id: UUID | None, preset_id: str | None = None, **changes: Any
) -> Rule:
    """Replaces what is given of name, concepts and protect; jobs that were executed with the rule
    keep what they took. A `preset_id` other than the rule's is refused.

    Raises RuleNotFound or ValidationFailed.
    """
    rule = Rule.objects.owned_by(user_id).lock(rule_id)
    if preset_id not in (None, rule.preset_id):
        text = f"Must stay {rule.preset_id}: the preset of a rule cannot be changed."
        raise ValidationFailed({"preset_id": [text]})
    if "protect" in changes:
        protection = PRESETS[rule.preset_id].protection(changes["protect"])
        changes |= {"protect": protection.names, "protect_defaulted": protection.defaulted}
    rule.edit(**changes)
    return rule


@transaction.atomic
def delete_rule(*, user_id: UUID, rule_id: UUID | None) -> None:
    """Deletes the rule and frees its slot at once. Raises RuleNotFound, also for the second of
    two at the same time: a slot is freed once for each row that was really deleted.
    """
    if rule_id is None:
        raise RuleNotFound
    limiter = UserLimiter.objects.lock(user_id)
    deleted, _ = Rule.objects.owned_by(user_id).filter(pk=rule_id).delete()
    if not deleted:
        raise RuleNotFound
    limiter.decrement_rule_slot()
