"""What happens to users: each function is one transaction."""

import hashlib
import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from s3project import ids
from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ActorKind, ObjectKind
from s3project.guessable import is_guessable
from users.errors import InactiveUser, SignUpRefused, TokenInvalid
from users.models import (
    REFRESH_PREFIX,
    ApiKey,
    BillingEvent,
    IdempotentRequest,
    Session,
    SpentRefreshToken,
    User,
    UserLimiter,
    refresh_digest,
)
from users.models.sign_up_statement import store_new_user
from users.plans import DEFAULT_PLAN, PLANS

logger = logging.getLogger(__name__)

NO_REFRESH_TOKEN = (
    f"A refresh token begins with {REFRESH_PREFIX}: it is the one named refresh, not the access "
    "token."
)
JUST_SPENT = (
    "This refresh token was exchanged a moment ago: use the tokens of that answer. The session "
    "goes on, and its access token lives to its end."
)


class GrantedBefore(Exception):
    """There is a grant for the same already."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"Credits were granted for {ref} already.")


@dataclass(frozen=True)
class SignIn:
    """A session that may issue access tokens, and the refresh token that continues it."""

    user: User
    session_id: UUID
    refresh: str
    is_new: bool = False


def sign_up_anonymously(
    *, device_hash: str | None = None, admit: Callable[[], None] = lambda: None
) -> SignIn:
    """A session of a new user with the credits of the first plan, or of the one who has this
    device's secret.

    A device hash that is no secret is ignored. `admit` is asked before a new user is made, in the
    same savepoint, and may raise. Raises InactiveUser when the user of the device was deactivated.
    """
    digest = device_digest(device_hash)
    with transaction.atomic():
        found = User.objects.filter(device_hash=digest)[:1] if digest else ()
        user, is_new = next(iter(found), None), False
        if user is None:
            user, is_new = _make_anonymous(digest, admit)
        if not user.is_active:
            raise InactiveUser(user.id)
        session, refresh = Session.objects.open(user.id)
    return SignIn(user, session.id, refresh, is_new)


def device_digest(device_hash: str | None) -> str | None:
    """What is stored of a device's secret; None where there is none that is a secret."""
    if device_hash is None or is_guessable(device_hash):
        return None
    return hashlib.sha256(device_hash.encode()).hexdigest()


def is_known_device(device_hash: str | None) -> bool:
    """Whether a sign-up with it finds a user. One query, none without a secret."""
    digest = device_digest(device_hash)
    return digest is not None and User.objects.filter(device_hash=digest).exists()


def _make_anonymous(digest: str | None, admit: Callable[[], None]) -> tuple[User, bool]:
    """A new user, and True; or the one whom somebody else has made of the same device, for whom
    nothing that `admit` wrote stays."""
    try:
        # Atomic by the unique constraint: of two at once, the second gets the first's row. Where
        # nobody can be the second, nothing is to be gone on with, and no savepoint is needed.
        with transaction.atomic() if digest else nullcontext():
            admit()
            return store_new_user(DEFAULT_PLAN, digest), True
    except (IntegrityError, SignUpRefused):
        # Also where both had the same invite, and the first has used it up.
        made = User.objects.filter(device_hash=digest).first() if digest else None
        if made is None:
            raise
        return made, False


def refresh_session(*, refresh: str) -> SignIn:
    """Exchanges a session's refresh token for its next one.

    Raises TokenInvalid for a token that is unknown, spent or expired, InactiveUser for one of a
    deactivated user. A spent one that comes again later than REFRESH_REUSE_LEEWAY ends its session:
    one of the two who hold it is a thief, and the thief must not be the one who goes on.
    """
    digest = refresh_digest(refresh)
    with transaction.atomic():
        try:
            session = Session.objects.lock(digest)
        except Session.DoesNotExist:
            session = None
        now = timezone.now()  # after the wait for the lock
        if session is not None and session.is_alive(now):
            return SignIn(session.user, session.id, session.rotate(now))
    if session is not None and not session.user.is_active:
        raise InactiveUser(session.user_id)
    if session is None:
        _judge_spent_token(digest)
    if not refresh.startswith(REFRESH_PREFIX):
        raise TokenInvalid(NO_REFRESH_TOKEN)
    raise TokenInvalid


def _judge_spent_token(digest: str) -> None:
    spent = SpentRefreshToken.objects.filter(pk=digest).first()
    if spent is None:
        return
    if not spent.is_replayed(timezone.now()):
        raise TokenInvalid(JUST_SPENT)
    if Session.objects.revoke(spent.session_id):
        record_act(
            Action.SESSION_REPLAYED,
            actor=Actor(ActorKind.ANYONE),
            kind=ObjectKind.USER,
            object_id=ids.public_id(ids.USER, spent.session.user_id),
        )
        logger.warning("a spent refresh token came again: session %s revoked", spent.session_id)


def sign_out(*, session_id: UUID) -> None:
    """Ends a session: its access tokens and its refresh token stop working at once."""
    Session.objects.revoke(session_id)


@transaction.atomic
def end_sessions(*, user_id: UUID, actor: Actor, reason: str) -> int:
    """Signs a user out everywhere and says so in the audit log; returns how many sessions. API
    keys stay: each is ended by itself. Raises UserLimiter.DoesNotExist for an operator.
    """
    user = UserLimiter.objects.lock(user_id).user
    alive = Session.objects.filter(user_id=user_id, revoked_at=None)
    ended = alive.update(revoked_at=timezone.now())
    record_act(
        Action.SESSIONS_ENDED,
        actor=actor,
        kind=ObjectKind.USER,
        object_id=user.public_id,
        reason=reason,
        details={"sessions": ended},
    )
    return ended


@transaction.atomic
def delete_user(*, user_id: UUID, actor: Actor, reason: str = "") -> None:
    """The user can sign in no more, and nothing here says who it was. What jobs have of the user
    is erased within a minute (`jobs/upkeep/erasure.py`); the ledger keeps its numbers.
    """
    limiter = UserLimiter.objects.lock(user_id)
    user = limiter.user
    user.is_active, user.deleted_at = False, timezone.now()
    user.email = user.device_hash = None
    user.set_unusable_password()
    user.save(update_fields=["is_active", "deleted_at", "email", "device_hash", "password"])
    Session.objects.filter(user_id=user_id).delete()
    ApiKey.objects.filter(user_id=user_id).delete()
    # Answers that were kept for repeated requests tell what was in them.
    IdempotentRequest.objects.filter(user_id=user_id).delete()
    record_act(
        Action.USER_DELETED,
        actor=actor,
        kind=ObjectKind.USER,
        object_id=user.public_id,
        reason=reason,
    )


@transaction.atomic
def set_plan(*, user_id: UUID, plan: str, actor: Actor = SYSTEM, reason: str = "") -> int:
    """Moves a user to another plan and says so in the audit log; returns the credits that came
    with it.

    Reaching a plan for the first time grants the difference of initial credits; a later change
    grants nothing. Existing rules and jobs stay (contract §1.2). Raises KeyError for an unknown
    plan, UserLimiter.DoesNotExist for an unknown user.
    """
    limiter = UserLimiter.objects.lock(user_id)
    before, limiter.user.plan = limiter.user.plan, PLANS[plan].name
    limiter.user.save(update_fields=["plan"])
    granted = limiter.grant_plan(PLANS[plan])
    record_act(
        Action.PLAN_CHANGED,
        actor=actor,
        kind=ObjectKind.USER,
        object_id=limiter.user.public_id,
        reason=reason,
        details={"from": before, "to": limiter.user.plan, "granted": granted},
    )
    return granted


@transaction.atomic
def grant_credits(
    *, user_id: UUID, amount: int, actor: Actor = SYSTEM, reason: str = "", ref: str = ""
) -> int:
    """An operator's gift of credits, which the audit log has too; returns the new balance. In the
    ledger it is under `ref`, what it is for (ledger.FREE_REF), or else under its act.

    Raises BalanceTooLarge, or GrantedBefore where the user was granted credits under this `ref`,
    without effect.
    """
    limiter = UserLimiter.objects.lock(user_id)
    granted = limiter.user.billing_events.filter(type=BillingEvent.Type.GRANT, ref=ref)
    if ref and granted.exists():
        raise GrantedBefore(ref)
    act = record_act(
        Action.CREDITS_GRANTED,
        actor=actor,
        kind=ObjectKind.USER,
        object_id=limiter.user.public_id,
        reason=reason,
        details={"amount": amount, "balance": limiter.credits + amount, "ref": ref},
    )
    limiter.grant(amount, ref or act.public_id)
    return limiter.credits
