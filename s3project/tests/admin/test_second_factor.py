"""The operators' door: a second factor, codes that are good once, and what a session may do."""

import re
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from s3project.acts.models import Act
from s3project.admin import totp
from s3project.admin.middleware import TOUCHED
from users.models import User
from users.tests.operators import PASSWORD, make_operator, text_of

pytestmark = pytest.mark.django_db

PAGE = "/admin/second-factor/"
INDEX = "/admin/"


def sign_in(operator: User, *, browser: Client | None = None, after: str = INDEX) -> Client:
    """A browser that has given the password, from an address of its own."""
    browser = browser or Client(REMOTE_ADDR=f"2001:db8:{uuid4().hex[:4]}::1")
    response = browser.post(
        "/admin/login/", {"username": operator.email or "", "password": PASSWORD, "next": after}
    )
    assert response.status_code == 302
    return browser


def code_of(operator: User, *, steps: int = 0) -> str:
    device = TOTPDevice.objects.get(user=operator)
    generator = TOTP(device.bin_key)
    generator.time = time.time() + 30 * steps
    return f"{generator.token():06d}"


def acts() -> list[str]:
    words = Act.objects.exclude(action="operator.created").order_by("id")
    return list(words.values_list("action", flat=True))


@pytest.fixture
def operator() -> User:
    """With a second factor, and a password that no other test counts."""
    operator = make_operator(superuser=True)
    User.objects.filter(pk=operator.pk).update(email=f"{uuid4().hex}@example.com")
    operator.refresh_from_db()
    return operator


@pytest.fixture
def enrolled(operator: User) -> User:
    totp.enrol(operator, "a1" * 20)
    return operator


def test_the_password_alone_opens_nothing_to_an_operator_with_a_second_factor(
    enrolled: User,
) -> None:
    browser = sign_in(enrolled)

    for address in (INDEX, "/admin/users/user/", "/admin/password_change/"):
        response = browser.get(address, follow=True)
        assert response.redirect_chain[-1][0].startswith(PAGE)
    assert "operator.signed_in" not in acts()

    response = browser.post(PAGE, {"code": code_of(enrolled), "next": "/admin/users/user/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/users/user/")
    assert browser.get("/admin/users/user/").status_code == 200
    assert acts() == ["operator.signed_in"]


def test_a_code_is_good_once(enrolled: User) -> None:
    code = code_of(enrolled)

    assert sign_in(enrolled).post(PAGE, {"code": code}).status_code == 302
    second = sign_in(enrolled)
    assert second.post(PAGE, {"code": code}).status_code == 200
    assert second.get(INDEX).status_code == 302
    # The next one is another.
    assert second.post(PAGE, {"code": code_of(enrolled, steps=1)}).status_code == 302


def test_a_recovery_code_is_good_once_and_not_to_be_read_in_the_database(enrolled: User) -> None:
    code = totp.make_recovery_codes(enrolled)[0]
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert len(stored) == 10
    assert code.replace("-", "") not in stored

    assert sign_in(enrolled).post(PAGE, {"code": f" {code.upper()} "}).status_code == 302
    assert sign_in(enrolled).post(PAGE, {"code": code}).status_code == 200
    assert totp.recovery_codes_left(enrolled) == 9
    assert acts() == ["recovery_code.used", "operator.signed_in", "second_factor.refused"]


def test_enrolment_shows_a_picture_and_a_secret_and_wants_a_code_of_it(operator: User) -> None:
    browser = sign_in(operator)
    page = browser.get(PAGE).content.decode()
    assert "<svg" in page
    assert "style=" not in page
    key = browser.session["totp_pending"]

    assert "not right" in text_of(browser.post(PAGE, {"code": "000000"}))
    assert not TOTPDevice.objects.exists()
    assert browser.session["totp_pending"] == key

    generator = TOTP(bytes.fromhex(key))
    generator.time = time.time()
    shown = browser.post(PAGE, {"code": f"{generator.token():06d}"})
    listed = shown.content.decode().partition("<pre")[2].partition("</pre>")[0]
    codes = re.findall(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", listed)
    assert len(codes) == 10
    assert browser.get(INDEX).status_code == 200
    assert acts() == ["operator.signed_in", "second_factor.enrolled", "operator.signed_in"]
    # The code that proved the key is spent.
    assert sign_in(operator).post(PAGE, {"code": f"{generator.token():06d}"}).status_code == 200


def test_whoever_must_have_a_second_factor_sees_nothing_before(
    operator: User, settings: LazySettings
) -> None:
    settings.ADMIN_TOTP = "required"
    browser = sign_in(operator)

    response = browser.get("/admin/users/user/", follow=True)

    assert response.redirect_chain[-1][0].startswith(PAGE)
    assert "asks operators for a second factor" in text_of(response)


def test_an_enrolment_ends_the_way_in_of_other_browsers_with_the_password_alone(
    operator: User,
) -> None:
    before = sign_in(operator)
    assert before.get(INDEX).status_code == 200

    totp.enrol(operator, "b2" * 20)

    assert before.get(INDEX).status_code == 302


def test_an_open_browser_is_not_enough_to_change_the_second_factor(enrolled: User) -> None:
    browser = sign_in(enrolled)
    browser.post(PAGE, {"code": code_of(enrolled)})

    assert "not right" in text_of(browser.post(PAGE, {"remove": "Remove", "code": "123"}))
    assert TOTPDevice.objects.filter(user=enrolled).exists()

    browser.post(PAGE, {"remove": "Remove", "code": code_of(enrolled, steps=1)})
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert acts()[-1] == "second_factor.removed"


def test_codes_are_throttled_and_refused_without_being_looked_at(enrolled: User) -> None:
    browser = sign_in(enrolled)
    answers = [browser.post(PAGE, {"code": "000000"}).status_code for _ in range(20)]
    assert answers == [200] * 20

    response = browser.post(PAGE, {"code": code_of(enrolled)})

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 3600
    assert browser.get(INDEX).status_code == 302
    assert acts() == ["second_factor.refused", "second_factor.refused", "second_factor.throttled"]
    assert list(Act.objects.filter(details__times=10).values_list("action", flat=True)) == [
        "second_factor.refused"
    ]


@pytest.mark.parametrize(
    "text", ["", "abc", "１２３４５６", "1_2_3_4", "-12345", "9" * 400, "\0", "12345", "0x1f4f"]
)
def test_what_is_no_code_is_refused(enrolled: User, text: str) -> None:
    assert sign_in(enrolled).post(PAGE, {"code": text}).status_code == 200


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
@pytest.mark.parametrize("factor", [False, True])
def test_next_never_leads_away(operator: User, next_page: str, factor: bool) -> None:
    if factor:
        totp.enrol(operator, "a1" * 20)
    browser = Client(REMOTE_ADDR=f"2001:db8:{uuid4().hex[:4]}::1")

    response = browser.post(
        f"/admin/login/?next={next_page}",
        {"username": operator.email or "", "password": PASSWORD, "next": next_page},
    )
    if factor:
        page: Any = browser.get(f"/admin/login/?next={next_page}")
        assert page.headers["Location"] == f"{PAGE}?next=%2Fadmin%2F"
        response = browser.post(
            f"{PAGE}?next={next_page}", {"code": code_of(operator), "next": next_page}
        )

    assert response.status_code == 302
    assert "evil" not in response.headers["Location"]


def test_a_session_ends_after_twelve_hours_without_a_request_and_goes_on_with_one(
    operator: User,
) -> None:
    browser = sign_in(operator)
    browser.get(INDEX)
    key = browser.session.session_key
    until = Session.objects.get(pk=key).expire_date - timezone.now()
    assert timedelta(hours=11, minutes=54) < until <= timedelta(hours=12)

    session = browser.session
    session[TOUCHED] = int(time.time()) - 3600
    session.save()
    Session.objects.filter(pk=key).update(expire_date=timezone.now() + timedelta(hours=1))
    browser.get(INDEX)
    assert Session.objects.get(pk=key).expire_date - timezone.now() > timedelta(hours=11)

    Session.objects.filter(pk=key).update(expire_date=timezone.now())
    assert browser.get(INDEX).status_code == 302


def test_the_cookie_of_a_session_goes_to_the_admin_only_and_no_script(operator: User) -> None:
    cookie = sign_in(operator).cookies["sessionid"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin", True, "Lax")
    assert cookie["max-age"] == ""  # it ends with the browser too


@pytest.mark.parametrize(
    "address", [INDEX, "/admin/login/", "/admin/users/user/", PAGE, "/admin/nowhere/"]
)
def test_every_page_of_the_admin_allows_no_script_or_style_inside(
    operator: User, address: str
) -> None:
    response = sign_in(operator).get(address)

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    body = response.content.decode() if not response.streaming else ""
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*json)|<style|\bstyle=|\son\w+=", body)


def test_with_a_host_of_its_own_the_admin_is_nowhere_else(
    operator: User, settings: LazySettings
) -> None:
    settings.ADMIN_HOST = "operators.example"
    settings.ALLOWED_HOSTS = ["operators.example", "api.example"]

    for address in (INDEX, "/admin/login/", "/admin", PAGE):
        missing = Client().get(address, headers={"host": "api.example"})
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "NOT_FOUND"
    there = Client().get("/admin/login/", headers={"host": "operators.example:8000"})
    assert there.status_code == 200


def test_a_weak_password_is_refused(operator: User) -> None:
    browser = sign_in(operator)
    for weak in ("short", "1234567890123", "password1234", f"{operator.email}"):
        response = browser.post(
            "/admin/password_change/",
            {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak},
        )
        assert response.status_code == 200, weak
    strong = "hardly ever guessed"
    browser.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": strong, "new_password2": strong},
    )
    operator.refresh_from_db()
    assert operator.check_password(strong)
    assert acts()[-1] == "password.changed"


def test_an_operator_is_enrolled_freed_and_admitted_at_the_shell(
    operator: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("enrol_operator", operator.email, "--reason=new")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"otpauth://totp/S3%3A{operator.email.replace('@', '%40')}?secret=")  # type: ignore[union-attr]  # an operator has an email
    assert sign_in(operator).post(PAGE, {"code": lines[2]}).status_code == 302

    call_command("remove_second_factor", operator.email, "--reason=phone lost")
    assert sign_in(operator).get(INDEX).status_code == 200
    with pytest.raises(CommandError, match="no second factor"):
        call_command("remove_second_factor", operator.email, "--reason=again")
    with pytest.raises(CommandError, match="reason"):
        call_command("enrol_operator", operator.email)
    by_command = Act.objects.filter(actor_kind="command", reason__gt="").order_by("id")
    assert list(by_command.values_list("action", "reason")) == [
        ("second_factor.enrolled", "new"), ("second_factor.removed", "phone lost")
    ]  # fmt: skip
