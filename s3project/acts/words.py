"""The words of the audit log: what was done, by which kind of actor, to which kind of thing."""

from django.db.models import TextChoices


class Action(TextChoices):
    """`<what>.<past tense>`. A word stays what it means: rows are kept for years."""

    # Coming in. A refusal is one row for a streak of them (`streaks.py`).
    OPERATOR_SIGNED_IN = "operator.signed_in"
    OPERATOR_SIGNED_OUT = "operator.signed_out"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_IN_THROTTLED = "sign_in.throttled"
    SECOND_FACTOR_REFUSED = "second_factor.refused"
    SECOND_FACTOR_THROTTLED = "second_factor.throttled"
    SECOND_FACTOR_ENROLLED = "second_factor.enrolled"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    # Operators and their rights.
    OPERATOR_CREATED = "operator.created"
    OPERATOR_ADMITTED = "operator.admitted"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 (it names an act, no password)
    RIGHTS_CHANGED = "rights.changed"
    # Users and their money.
    CREDITS_GRANTED = "credits.granted"
    CREDITS_REFUNDED = "credits.refunded"
    PLAN_CHANGED = "plan.changed"
    USER_DEACTIVATED = "user.deactivated"
    USER_REACTIVATED = "user.reactivated"
    USER_DELETED = "user.deleted"
    USER_EXPORTED = "user.exported"
    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    INVITE_MADE = "invite.made"
    INVITE_REVOKED = "invite.revoked"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_ROTATED = "webhook.rotated"
    WEBHOOK_DELETED = "webhook.deleted"
    # Their sessions.
    SESSIONS_ENDED = "sessions.ended"
    SESSION_REPLAYED = "session.replayed"
    INACTIVE_USER_REFUSED = "inactive_user.refused"
    # Work.
    JOB_CANCELED = "job.canceled"
    JOB_DELETED = "job.deleted"
    JOB_SENT_AGAIN = "job.sent_again"
    JOB_RETRIED = "job.retried"
    JOB_KEPT = "job.kept"
    CALLBACK_REFUSED = "callback.refused"


class ActorKind(TextChoices):
    OPERATOR = "operator"  # staff, in the admin
    USER = "user"  # a client with a token
    COMMAND = "command"  # somebody at a shell of ours
    SYSTEM = "system"  # the service by itself
    ANYONE = "anyone"  # somebody at an address


class ObjectKind(TextChoices):
    USER = "user"
    GROUP = "group"
    JOB = "job"
    KEY = "key"
    SESSION = "session"
    INVITE = "invite"
    WEBHOOK = "webhook"
    NOTHING = ""
