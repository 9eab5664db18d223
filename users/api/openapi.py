"""The schema of sign-up, sessions, `GET /me` and the ledger."""

from s3project import ids
from s3project.openapi.components import EXAMPLE_META
from s3project.openapi.operation import Operation, describe
from s3project.openapi.responses import CALLER_ERRORS, IDEMPOTENCY_ERRORS
from s3project.openapi.shapes import (
    TIMESTAMP,
    array,
    choice,
    closed,
    constant,
    nullable,
    public_id,
    shape,
    text,
    whole,
)
from users.api.idempotency import KeyInFlight, KeyReused
from users.api.shapes import AnonymousSignUpIn, RefreshSessionIn
from users.api.views import (
    LedgerView,
    MeView,
    RefreshSessionView,
    SignOutView,
    SignUpAnonymouslyView,
)
from users.errors import AuthRequired, TokenExpired, TokenInvalid
from users.models import BillingEvent
from users.plans import PLANS

CALLER_ERRORS["user"] += [AuthRequired, TokenExpired, TokenInvalid]
IDEMPOTENCY_ERRORS += [KeyInFlight, KeyReused]

EXAMPLE_USER = "u_019ba9c9f1007dc68da4e43c5704bb19"
EXAMPLE_JOB = "job_019ba9c9f1007dc68da4e43c570d4b19"
EXAMPLE_TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1Xy4uLiJ9.c2lnbmF0dXJl"  # noqa: S105
EXAMPLE_REFRESH = "rt_zR3n5xk0W7QpVtY1sJbG8mLfHc2dAeUo4KiXy6PwN9M"

PLAN = shape("Plan", choice(list(PLANS), "The current plan."))
TOKEN = text("A JWT; opaque to clients.", pattern=r"^[\w-]+\.[\w-]+\.[\w-]+$")
REFRESH = text("Spent with its first use.", pattern="^rt_[A-Za-z0-9_-]+$")

describe(
    SignUpAnonymouslyView,
    post=Operation(
        id="sign_up_anonymously",
        tag="Sessions",
        caller="anyone",
        summary="Sign up, or in again from the same device",
        description="With a `device_hash` of at least 32 characters the same user is found again; "
        "a shorter one is no login and makes a new user. Keep it like a password. The device of a "
        "deactivated user is 401.",
        body=AnonymousSignUpIn,
        body_required=False,
        body_examples={
            "new": {},
            "device": {"device_hash": "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa9e77"},
        },
        answer="SignUp",
        data=shape(
            "SignUp",
            closed(
                {
                    "user_id": public_id(ids.USER),
                    "token": TOKEN,
                    "refresh": REFRESH,
                    "plan": PLAN,
                    "is_new": {"type": "boolean"},
                }
            ),
        ),
        example={
            "user_id": EXAMPLE_USER,
            "token": EXAMPLE_TOKEN,
            "refresh": EXAMPLE_REFRESH,
            "plan": "free",
            "is_new": True,
        },
        headers=["Cache-Control"],
        errors=[TokenInvalid],
    ),
)

describe(
    RefreshSessionView,
    post=Operation(
        id="refresh_session",
        tag="Sessions",
        caller="anyone",
        summary="Exchange a refresh token for the next pair",
        description="The refresh token is spent by it. One that is unknown, spent, expired or "
        "signed out is 401.",
        body=RefreshSessionIn,
        body_examples={"refresh": {"refresh": EXAMPLE_REFRESH}},
        answer="RefreshedSession",
        data=shape("RefreshedSession", closed({"token": TOKEN, "refresh": REFRESH})),
        example={"token": EXAMPLE_TOKEN, "refresh": EXAMPLE_REFRESH},
        headers=["Cache-Control"],
        errors=[TokenInvalid],
    ),
)

describe(
    SignOutView,
    post=Operation(
        id="sign_out",
        tag="Sessions",
        summary="End this session",
        description="Its access tokens and its refresh token stop working at once; other devices "
        "stay signed in.",
        answer="SignedOut",
        data=shape("SignedOut", closed({"signed_out": constant(True)})),
        example={"signed_out": True},
    ),
)

describe(
    MeView,
    get=Operation(
        id="me",
        tag="Account",
        summary="Plan, credits and what is in use",
        answer="Me",
        data=shape(
            "Me",
            closed(
                {
                    "user_id": public_id(ids.USER),
                    "plan": PLAN,
                    "credits": whole("One credit is one photo.", minimum=0),
                    "active_jobs": whole("Unfinished jobs.", minimum=0),
                    "rule_slots": closed({"used": whole(minimum=0), "max": whole(minimum=0)}),
                    "max_concurrency": whole("Unfinished jobs at a time.", minimum=1),
                    "max_items_per_job": whole(minimum=1),
                }
            ),
        ),
        example={
            "user_id": EXAMPLE_USER,
            "plan": "free",
            "credits": 8,
            "active_jobs": 1,
            "rule_slots": {"used": 0, "max": 2},
            "max_concurrency": 1,
            "max_items_per_job": 10,
        },
    ),
)

describe(
    LedgerView,
    get=Operation(
        id="list_billing_events",
        tag="Account",
        summary="Every change of the credits, newest first",
        description="The amounts add up to the credits of `GET /me`. A `commit` of 0 closes a job "
        "in which every photo succeeded.",
        paged=True,
        answer="Ledger",
        data=array(
            shape(
                "BillingEvent",
                closed(
                    {
                        "id": public_id(ids.EVENT),
                        "type": choice(list(BillingEvent.Type.values)),
                        "amount": whole("The change of the balance."),
                        "balance_after": whole(minimum=0),
                        "ref": {
                            **nullable(text()),
                            "description": "The job, or `plan:…` of a grant.",
                        },
                        "created_at": TIMESTAMP,
                    }
                ),
            )
        ),
        example=[
            {
                "id": "event_019ba9c9f1007dc68da4e43c57aa1b19",
                "type": "reserve",
                "amount": -2,
                "balance_after": 8,
                "ref": EXAMPLE_JOB,
                "created_at": EXAMPLE_META["timestamp"],
            }
        ],
    ),
)
