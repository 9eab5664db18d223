"""How often one address may sign up and refresh, and one user make an API key."""

from django.conf import settings

from s3project.api.rates import Rate
from s3project.api.throttles import AddressThrottle, UserThrottle

# Each leaves two rows in the audit log, which nobody can delete: one made, one ended.
KEYS = Rate(60, 3600)


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


class KeyThrottle(UserThrottle):
    """New API keys; ten live at a time, but one could make and end them without end."""

    policy = "key"

    @property
    def rate(self) -> Rate | None:
        return KEYS
