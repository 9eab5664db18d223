"""The shape of what `users` takes and gives."""

from typing import Any

from rest_framework import serializers

from s3project import ids
from s3project.api.envelope import timestamp
from s3project.api.fields import Text
from users.models import BillingEvent, User, UserState
from users.services import SignIn


class AnonymousSignUpIn(serializers.Serializer[Any]):
    device_hash = Text(required=False, allow_null=True, allow_blank=True, max_length=1024)


class RefreshSessionIn(serializers.Serializer[Any]):
    # Whatever is no token of ours is an unknown one, not a malformed request.
    refresh = Text(allow_blank=True)


def sign_up_out(sign_in: SignIn, token: str) -> dict[str, Any]:
    return {
        "user_id": sign_in.user.public_id,
        "token": token,
        "refresh": sign_in.refresh,
        "plan": sign_in.user.plan,
        "is_new": sign_in.is_new,
    }


def refreshed_session_out(sign_in: SignIn, token: str) -> dict[str, str]:
    return {"token": token, "refresh": sign_in.refresh}


def signed_out_out() -> dict[str, bool]:
    return {"signed_out": True}


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


def billing_event_out(event: BillingEvent) -> dict[str, Any]:
    """`ref` is what the event belongs to: a job, or the plan that a grant came with."""
    return {
        "id": ids.public_id(ids.EVENT, event.id),
        "type": event.type,
        "amount": event.amount,
        "balance_after": event.balance_after,
        "ref": event.ref,
        "created_at": timestamp(event.created_at),
    }
