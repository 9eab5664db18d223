"""Rate limits as DRF throttles: who is counted, by which rate, and what the answer says of it.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy: "user";q=…;w=…`
says what is allowed, `RateLimit: "user";r=…;t=…` how many requests are left, and in how many
seconds it is one more. At `r=0`, `t` is Retry-After.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from s3project.api.client_address import client_network
from s3project.api.rate_limiter import rate_limiter
from s3project.api.rates import Rate

if TYPE_CHECKING:  # DRF's views import the default throttle while they are imported themselves
    from rest_framework.views import APIView


class RateThrottle(BaseThrottle):
    """Subclasses name the policy, its rate and whom it counts. A rate of None touches no store."""

    policy: ClassVar[str]
    _seconds = 0

    @property
    def rate(self) -> Rate | None:
        raise NotImplementedError

    def counted(self, request: Request) -> str | None:
        """Whose requests are counted together; None for nobody's."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:
        rate = self.rate
        if rate is None:
            return True
        counted = self.counted(request)
        limiter = rate_limiter(settings.RATE_LIMIT_URL)
        if counted is None or limiter is None:
            return True
        verdict = limiter.take(f"s3:rate:{self.policy}:{counted}", rate)
        if verdict is None:
            return True
        self._seconds = verdict.seconds
        # DRF copies these into whatever the answer will be.
        headers: dict[str, Any] = view.headers
        _append(headers, "RateLimit-Policy", f'"{self.policy}";q={rate.limit};w={rate.seconds}')
        _append(headers, "RateLimit", f'"{self.policy}";r={verdict.left};t={verdict.seconds}')
        return verdict.allowed

    def wait(self) -> float:
        """Becomes Retry-After."""
        return self._seconds


def _append(headers: dict[str, Any], name: str, member: str) -> None:
    """Adds a member to a structured-field List (RFC 9651 §3.1): a request can fall under several
    policies."""
    headers[name] = f"{headers[name]}, {member}" if name in headers else member


class UserThrottle(RateThrottle):
    """All requests of one user, whatever the token. The default of every view: those without a
    user (health, the workers' callbacks) are not counted.
    """

    policy = "user"

    @property
    def rate(self) -> Rate | None:
        return settings.USER_RATE

    def counted(self, request: Request) -> str | None:
        return None if request.user is None else str(request.user.pk)


class AddressThrottle(RateThrottle):
    """Requests from one client address, where nobody has signed in yet."""

    def counted(self, request: Request) -> str:
        return client_network(request)
