"""How often one address may sign up and refresh."""

from django.conf import settings

from s3project.api.rates import Rate
from s3project.api.throttles import AddressThrottle


class SignUpThrottle(AddressThrottle):
    """Each sign-up is a gift of credits."""

    policy = "sign-up"

    @property
    def rate(self) -> Rate | None:
        return settings.ANON_SIGNUP_RATE


class NewUserThrottle(AddressThrottle):
    """New users only: whoever signs in again with a device is not one more gift."""

    policy = "new-user"

    @property
    def rate(self) -> Rate | None:
        return settings.NEW_USER_RATE


class RefreshThrottle(AddressThrottle):
    """A refresh token cannot be guessed, but each guess would be a query."""

    policy = "refresh"

    @property
    def rate(self) -> Rate | None:
        return settings.REFRESH_RATE
