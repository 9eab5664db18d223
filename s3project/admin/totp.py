"""An operator's second factor: TOTP (RFC 6238) and recovery codes, in the tables of django-otp."""

import hashlib
import secrets
from base64 import b32encode
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10
SEEN = "_second_factor_is_enough"


def device_of(operator: Any) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=operator, confirmed=True).first()


def is_enough(request: HttpRequest) -> bool:
    """Whether the session has shown a second factor, or need not: the operator has none and
    ADMIN_TOTP is optional. One query a request at most."""
    user: Any = request.user
    if not hasattr(user, SEEN):
        # A user who has just given the password is not that of OTPMiddleware.
        shown = getattr(user, "otp_device", None) is not None
        optional = settings.ADMIN_TOTP == "optional"
        setattr(user, SEEN, shown or (optional and device_of(user) is None))
    return bool(getattr(user, SEEN))


@transaction.atomic
def enrol(operator: Any, key: str) -> list[str]:
    """Makes the key (hex) the operator's only one; returns new recovery codes."""
    TOTPDevice.objects.filter(user=operator).delete()
    TOTPDevice.objects.create(user=operator, name="authenticator", key=key)
    return make_recovery_codes(operator)


@transaction.atomic
def make_recovery_codes(operator: Any) -> list[str]:
    """New codes in place of all earlier ones. Of each only a digest is stored: it has 80 random
    bits, so that nobody finds it from that."""
    StaticDevice.objects.filter(user=operator).delete()
    device = StaticDevice.objects.create(user=operator, name="recovery codes")
    codes = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_digest(code))
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


@transaction.atomic
def remove(operator: Any) -> bool:
    """Whether there was a second factor."""
    found, _ = TOTPDevice.objects.filter(user=operator).delete()
    StaticDevice.objects.filter(user=operator).delete()
    return bool(found)


def check_code(operator: Any, text: str) -> TOTPDevice | StaticDevice | None:
    """The device that the code is of. A code is good once: the device's row is locked while it is
    looked at."""
    code = "".join(text.split()).replace("-", "").lower()
    if code.isascii() and code.isdigit() and len(code) == 6:
        device: Any = device_of(operator)
    else:
        device, code = StaticDevice.objects.filter(user=operator).first(), _digest(code)
    return device and verify_token(operator, device.persistent_id, code)


def recovery_codes_left(operator: Any) -> int:
    return sum(d.token_set.count() for d in StaticDevice.objects.filter(user=operator))


def _digest(code: str) -> str:
    return b32encode(hashlib.sha256(code.encode()).digest()[:10]).decode().lower()
