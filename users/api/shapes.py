"""What sign-up, sessions, `GET /me` and the ledger answer, and how it is made."""

from typing import Annotated, Literal, TypedDict

from django.conf import settings

from s3project import ids
from s3project.api.envelope import Timestamp, timestamp
from s3project.ids import EventId, UserId
from s3project.schema import Schema
from users.models import BillingEvent, User, UserState
from users.models.limiter import MIB, mebibytes
from users.plans import PLANS
from users.services import SignIn

PlanName = Annotated[
    str, Schema("The current plan.", name="Plan", enum=list(PLANS), example="free")
]
Token = Annotated[
    str,
    Schema(
        "A JWT; opaque to clients.",
        pattern=r"^[\w-]+\.[\w-]+\.[\w-]+$",
        example="eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1Xy4uLiJ9.c2lnbmF0dXJl",
    ),
]
RefreshToken = Annotated[
    str,
    Schema(
        "Spent with its first use.",
        pattern="^rt_[A-Za-z0-9_-]+$",
        example="rt_zR3n5xk0W7QpVtY1sJbG8mLfHc2dAeUo4KiXy6PwN9M",
    ),
]


class SignUpOut(TypedDict):
    user_id: UserId
    token: Token
    refresh: RefreshToken
    plan: PlanName
    is_new: bool


def sign_up_out(sign_in: SignIn, token: str) -> SignUpOut:
    return {
        "user_id": sign_in.user.public_id,
        "token": token,
        "refresh": sign_in.refresh,
        "plan": sign_in.user.plan,
        "is_new": sign_in.is_new,
    }


class RefreshedSessionOut(TypedDict):
    token: Token
    refresh: RefreshToken


def refreshed_session_out(sign_in: SignIn, token: str) -> RefreshedSessionOut:
    return {"token": token, "refresh": sign_in.refresh}


class SignedOutOut(TypedDict):
    signed_out: Literal[True]


def signed_out_out() -> SignedOutOut:
    return {"signed_out": True}


class RuleSlotsOut(TypedDict):
    used: Annotated[int, Schema(minimum=0)]
    max: Annotated[int, Schema(minimum=0, example=2)]


class StorageOut(TypedDict):
    used_mib: Annotated[int, Schema("When it was last counted.", minimum=0, example=412)]
    limit_mib: Annotated[int | None, Schema("Null where there is none.", example=102_400)]
    counted_at: Annotated[Timestamp | None, Schema("Null until it was counted for the first time.")]


class MeOut(TypedDict):
    user_id: UserId
    plan: PlanName
    credits: Annotated[int, Schema("One credit is one photo.", minimum=0, example=8)]
    active_jobs: Annotated[int, Schema("Unfinished jobs.", minimum=0, example=1)]
    rule_slots: RuleSlotsOut
    max_concurrency: Annotated[int, Schema("Unfinished jobs at a time.", minimum=1)]
    max_items_per_job: Annotated[int, Schema(minimum=1, example=10)]
    storage: StorageOut


def me_out(user: User, state: UserState) -> MeOut:
    quota = settings.STORAGE_QUOTA_BYTES
    return {
        "user_id": ids.public_id(ids.USER, user.id),
        "plan": state.plan.name,
        "credits": state.credits,
        "active_jobs": state.active_jobs,
        "rule_slots": {"used": state.rule_slots_used, "max": state.plan.max_rules},
        "max_concurrency": state.plan.max_concurrency,
        "max_items_per_job": state.plan.max_items_per_job,
        "storage": {
            "used_mib": mebibytes(state.stored_bytes),
            "limit_mib": None if quota is None else quota // MIB,
            "counted_at": timestamp(state.stored_at) if state.stored_at else None,
        },
    }


class DeletedMeOut(TypedDict):
    user_id: UserId
    deleted: Literal[True]


def deleted_me_out(user: User) -> DeletedMeOut:
    return {"user_id": user.public_id, "deleted": True}


class BillingEventOut(TypedDict):
    id: EventId
    type: Annotated[str, Schema(enum=BillingEvent.Type.values, example="reserve")]
    amount: Annotated[int, Schema("The change of the balance.", example=-2)]
    balance_after: Annotated[int, Schema(minimum=0, example=8)]
    ref: Annotated[
        str | None,
        Schema(
            "The job; of a grant `plan:…`, or what it is for: an invoice's number, or `act_…`, an "
            "act of an operator.",
            example="job_019ba9c9f1007dc68da4e43c570d4b19",
        ),
    ]
    created_at: Timestamp


def billing_event_out(event: BillingEvent) -> BillingEventOut:
    return {
        "id": ids.public_id(ids.EVENT, event.id),
        "type": event.type,
        "amount": event.amount,
        "balance_after": event.balance_after,
        "ref": event.ref,
        "created_at": timestamp(event.created_at),
    }
