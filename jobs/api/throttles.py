"""How often one user may make and delete, and one address may fail to prove that it is a worker."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled

from jobs.errors import CallbackUnauthorized
from s3project.acts.actor import Actor
from s3project.acts.streaks import record_streak
from s3project.acts.words import Action
from s3project.api.client_address import client_network
from s3project.api.firm_limits import take
from s3project.api.rates import Rate
from s3project.api.throttles import UserThrottle

LOG_SECONDS = 60


class CreateThrottle(UserThrottle):
    """Making and canceling a job gives everything back but the rows that it wrote."""

    policy = "create"

    @property
    def rate(self) -> Rate | None:
        return settings.CREATE_RATE


class DeleteThrottle(CreateThrottle):
    """Deleting what is deleted always succeeds, and with an `Idempotency-Key` every answer is kept
    for a day. Whoever makes jobs can delete as many."""

    policy = "delete"


class PackageThrottle(CreateThrottle):
    """A package costs no credits, and its workers time."""

    policy = "package"


class RuleThrottle(CreateThrottle):
    """Saving, replacing and deleting rules, counted together: for the same reason."""

    policy = "rule"


class WebhookTestThrottle(UserThrottle):
    """Tests and resends send as often as somebody asks for it, to an address of their choice."""

    policy = "webhook-test"

    @property
    def rate(self) -> Rate | None:
        return settings.WEBHOOK_TEST_RATE


def refuse_worker(request: HttpRequest) -> Exception:
    """What to raise for a request without the right secret: CallbackUnauthorized or, where its
    address failed too often, Throttled.

    Only refusals are counted and only they can be throttled: a worker behind the address of an
    attacker is let through, and costs no round trip to the store.
    """
    network = client_network(request)
    record_streak(
        Action.CALLBACK_REFUSED,
        actor=Actor.anyone(request),
        source=network,
        log_seconds=LOG_SECONDS,
    )
    rate = settings.CALLBACK_FAILURE_RATE
    verdict = rate and take(f"callback-failure:{network}", rate)
    if verdict and not verdict.allowed:
        return Throttled(wait=verdict.seconds)
    return CallbackUnauthorized()
