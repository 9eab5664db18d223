"""The shape of what `users` takes and gives."""

from typing import Any

from rest_framework import serializers

from s3project import ids
from s3project.fields import Text
from users.models import User, UserState


class AnonymousSignUpIn(serializers.Serializer[Any]):
    device_hash = Text(required=False, allow_null=True, allow_blank=True, max_length=1024)


def sign_up_out(user: User, token: str, is_new: bool) -> dict[str, Any]:
    return {"user_id": user.public_id, "token": token, "plan": user.plan, "is_new": is_new}


def me_out(user: User, state: UserState) -> dict[str, Any]:
    return {
        "user_id": ids.public_id(ids.USER, user.id),
        "plan": state.plan.name,
        "credits": state.credits,
        "active_jobs": state.active_jobs,
        "rule_slots": {"used": state.rule_slots_used, "max": state.plan.max_rules},
        "max_concurrency": state.plan.max_concurrency,
        "max_items_per_job": state.plan.max_items_per_job,
    }
