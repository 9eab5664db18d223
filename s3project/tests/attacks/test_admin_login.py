"""Guessing at an operator's password, against the running service."""

import re
import subprocess
import sys
import time
from uuid import uuid4

import pytest
import requests

from s3project.acts.models import Act
from s3project.admin.known_browser import account_digest
from s3project.embedded import processes
from s3project.embedded.stack import PROJECT
from s3project.testing.live import LiveStack
from users.models import User
from users.tests.operators import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = "redis://127.0.0.1:1/0"


class Browser:
    """With cookies, from an address of its own: the front takes the word of proxies it trusts."""

    def __init__(self, stack: LiveStack, address: str) -> None:
        self._stack, self._session = stack, requests.Session()
        self._session.headers["X-Forwarded-For"] = address

    def sign_in(self, email: str, password: str) -> requests.Response:
        address = f"{self._stack.base_url}/admin/login/"
        page = self._session.get(address, timeout=10).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        return self._session.post(
            address,
            {"username": email, "password": password, "csrfmiddlewaretoken": token[1]},
            allow_redirects=False,
            timeout=10,
        )

    def open(self, address: str) -> None:
        self._session.get(address, timeout=10)


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser(f"{uuid4().hex}@example.com", PASSWORD)


@pytest.fixture(params=["the store", "no store"])
def stack(live_stack: LiveStack, request: pytest.FixtureRequest) -> LiveStack:
    if request.param == "no store":
        live_stack.start_web(FRONT_TRUSTED_PROXIES="127.0.0.0/8", RATE_LIMIT_URL=AWAY)
    else:
        live_stack.start_web(FRONT_TRUSTED_PROXIES="127.0.0.0/8")
    return live_stack


def an_address() -> str:
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def test_guessing_from_one_address_ends_and_costs_no_more_hashing(
    stack: LiveStack, operator: User
) -> None:
    guesser = Browser(stack, an_address())
    email = operator.email or ""

    answers = [guesser.sign_in(email, f"guess {number}").status_code for number in range(22)]
    assert answers == [200] * 20 + [429] * 2
    began = time.monotonic()
    refused = guesser.sign_in(email, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 180
    # With its page and all: a hash alone takes longer on any machine.
    assert time.monotonic() - began < 5

    # The operator elsewhere is not meant.
    assert Browser(stack, an_address()).sign_in(email, PASSWORD).status_code == 302
    seen = Act.objects.filter(object_id=operator.public_id).order_by("id")
    assert [(act.action, act.details.get("times")) for act in seen if act.details] == [
        ("sign_in.refused", 1), ("sign_in.refused", 10), ("sign_in.throttled", 1)
    ]  # fmt: skip


def test_an_account_in_other_letters_is_the_same_account(stack: LiveStack, operator: User) -> None:
    """The form takes full-width letters for plain ones: they are no fresh account to guess at."""
    email = operator.email or ""
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in email)
    spellings = [email, wide, f" {email.upper()}", f"\u3000{wide} "]
    assert Browser(stack, an_address()).sign_in(wide, PASSWORD).status_code == 302

    assert {account_digest(spelling) for spelling in spellings} == {account_digest(email)}
    # And the log says whose it was.
    Browser(stack, an_address()).sign_in(wide, "a guess")
    assert Act.objects.filter(action="sign_in.refused", object_id=operator.public_id).exists()


def test_strangers_from_everywhere_cannot_lock_an_operator_out(
    stack: LiveStack, operator: User
) -> None:
    email = operator.email or ""
    known = Browser(stack, an_address())
    assert known.sign_in(email, PASSWORD).status_code == 302

    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 70:
        statuses.append(Browser(stack, an_address()).sign_in(email, "a guess").status_code)
    assert statuses[-1] == 429

    # A browser that nobody knows is refused, one that is known is not, nor one that was admitted.
    new = Browser(stack, an_address())
    assert new.sign_in(email, PASSWORD).status_code == 429
    assert known.sign_in(email, PASSWORD).status_code == 302
    new.open(link_of(stack, email))
    assert new.sign_in(email, PASSWORD).status_code == 302


def link_of(stack: LiveStack, email: str) -> str:
    """As `manage.py admit_operator` prints it where the service's secrets are known."""
    said = subprocess.run(
        [sys.executable, "manage.py", "admit_operator", email, "--reason", "locked out"],
        cwd=PROJECT,
        env=processes.server_environment(stack.environment),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return said.split()[-1]


def test_a_strangers_admission_opens_nothing(stack: LiveStack, operator: User) -> None:
    browser = Browser(stack, an_address())
    browser.open(f"{stack.base_url}/admin/admit/made-up:by:me/")

    assert browser.sign_in(operator.email or "", "a guess").status_code == 200
