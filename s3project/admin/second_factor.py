"""The page of the second factor: to enrol, to show a code, and to change it."""

from typing import TYPE_CHECKING, Any

import django_otp
import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.streaks import record_streak
from s3project.acts.words import Action, ObjectKind
from s3project.admin import totp
from s3project.admin.login_limits import try_code

if TYPE_CHECKING:
    from s3project.admin.site import OperatorsSite

# The key that is being enrolled stays in the session until a code of it is shown.
PENDING = "totp_pending"
WRONG = "That code is not right, or has been used. Wait for the next one."


def second_factor(site: "OperatorsSite", request: HttpRequest) -> HttpResponse:
    """For somebody who has given the password."""
    user: Any = request.user
    enrolled = totp.device_of(user) is not None
    if request.method != "POST":
        return _page(site, request, enrolled)
    verdict = try_code(request, user.get_username())
    if not verdict.allowed:
        _refused(request, Action.SECOND_FACTOR_THROTTLED)
        return site.too_often(request, verdict)
    code = request.POST.get("code", "")
    if not enrolled:
        return _enrol(site, request, code)
    device = totp.check_code(user, code)
    if device is None:
        _refused(request, Action.SECOND_FACTOR_REFUSED)
        return _page(site, request, enrolled, error=WRONG)
    if isinstance(device, StaticDevice):
        _record(request, Action.RECOVERY_CODE_USED, left=totp.recovery_codes_left(user))
    if not user.is_verified():
        django_otp.login(request, device)
        request.session.cycle_key()
        response = HttpResponseRedirect(site.next(request))
        recovery = isinstance(device, StaticDevice)
        site.signed_in(request, response, second_factor="recovery" if recovery else "totp")
        return response
    return _change(site, request)


def _enrol(site: "OperatorsSite", request: HttpRequest, code: str) -> HttpResponse:
    user: Any = request.user
    key = request.session.get(PENDING, "")
    if not key or not _is_code_of(key, code):
        return _page(site, request, False, error=WRONG)
    codes = totp.enrol(user, key)
    del request.session[PENDING]
    # The code that proved the key is spent.
    device = totp.device_of(user)
    assert device is not None, "it was just made"
    django_otp.verify_token(user, device.persistent_id, code.strip())
    django_otp.login(request, device)
    request.session.cycle_key()
    setattr(user, totp.SEEN, True)
    _record(request, Action.SECOND_FACTOR_ENROLLED)
    response = _page(site, request, True, codes=codes)
    site.signed_in(request, response, second_factor="totp")
    return response


def _change(site: "OperatorsSite", request: HttpRequest) -> HttpResponse:
    """What a second code is asked for: an open browser must not be enough."""
    if "remove" in request.POST:
        totp.remove(request.user)
        _record(request, Action.SECOND_FACTOR_REMOVED)
        return HttpResponseRedirect(request.path)
    codes = totp.make_recovery_codes(request.user)
    _record(request, Action.RECOVERY_CODES_MADE)
    return _page(site, request, True, codes=codes)


def _is_code_of(key: str, code: str) -> bool:
    device = TOTPDevice(key=key)
    code = code.strip()
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    return bool(TOTP(device.bin_key, device.step).verify(int(code), device.tolerance))


def _page(
    site: "OperatorsSite",
    request: HttpRequest,
    enrolled: bool,
    *,
    error: str = "",
    codes: list[str] | None = None,
) -> TemplateResponse:
    user: Any = request.user
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Second factor",
        "error": error,
        "codes": codes,
        "enrolled": enrolled,
        "shown": user.is_verified() or bool(codes),
        "required": settings.ADMIN_TOTP == "required",
        "next": site.next(request),
    }
    if not enrolled:
        key = request.session.setdefault(PENDING, random_hex(20))
        address = address_of(user, key)
        context["secret"] = address.partition("secret=")[2].partition("&")[0]
        # A picture of ours: numbers and path commands.
        svg = segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff")
        context["qr"] = mark_safe(svg)  # noqa: S308 (made by segno of a key of ours)
    elif context["shown"]:
        context["left"] = totp.recovery_codes_left(user)
    return TemplateResponse(request, "s3project/admin/second_factor.html", context)


def address_of(operator: Any, key: str) -> str:
    """`otpauth://…`, what authenticators read from a QR code."""
    return str(TOTPDevice(user=operator, key=key).config_url)


def _refused(request: HttpRequest, action: Action) -> None:
    user: Any = request.user
    record_streak(
        action,
        actor=Actor.operator(request),
        source=str(user.pk),
        kind=ObjectKind.USER,
        object_id=user.public_id,
    )


def _record(request: HttpRequest, action: Action, **facts: int) -> None:
    user: Any = request.user
    record_act(
        action,
        actor=Actor.operator(request),
        kind=ObjectKind.USER,
        object_id=user.public_id,
        details=facts,
    )
