"""What production tells browsers where TLS ends at a proxy before the front, and that nobody else's
word on it counts."""

import re
from uuid import uuid4

import pytest
import requests

from s3project.testing.live import LiveStack
from users.models import User
from users.tests.operators import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

THROUGH_TLS = {"X-Forwarded-Proto": "https"}


def start(stack: LiveStack, **variables: str) -> None:
    stack.start_web(
        workers=1,
        S3_ENV="production",
        PUBLIC_BASE_URL="https://127.0.0.1",
        ALLOWED_HOSTS="127.0.0.1",
        CSRF_TRUSTED_ORIGINS=f"https://127.0.0.1:{stack.port}",
        **variables,
    )


def test_over_tls_browsers_are_told_to_stay_and_send_cookies_nowhere_else(
    live_stack: LiveStack,
) -> None:
    start(live_stack, FRONT_TRUSTED_PROXIES="127.0.0.0/8")
    operator = User.objects.create_superuser(f"{uuid4().hex}@example.com", PASSWORD)
    browser = requests.Session()
    browser.headers.update(THROUGH_TLS)
    address = f"{live_stack.base_url}/admin/login/"

    page = browser.get(address, timeout=20)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, page.text
    signed_in = browser.post(
        address,
        {"username": operator.email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
        # A browser would not, but for its secure cookie it is the https page.
        headers={
            "Referer": address.replace("http:", "https:"),
            "Cookie": f"csrftoken={page.cookies['csrftoken']}",
        },
        allow_redirects=False,
        timeout=20,
    )

    assert signed_in.status_code == 302, signed_in.text
    cookies = {one.name: one for answer in (page, signed_in) for one in answer.cookies}
    assert {"csrftoken", "sessionid"} <= set(cookies)
    assert all(one.secure for one in cookies.values())
    assert cookies["sessionid"].has_nonstandard_attr("HttpOnly")
    answers = (page, signed_in, browser.get(f"{live_stack.base_url}/health", timeout=20))
    assert {one.headers["Strict-Transport-Security"] for one in answers} == {"max-age=2592000"}


def test_a_client_that_says_so_itself_is_not_believed(live_stack: LiveStack) -> None:
    start(live_stack)

    for headers in ({}, THROUGH_TLS):
        answer = requests.get(f"{live_stack.base_url}/health", headers=headers, timeout=20)
        assert answer.status_code == 200
        assert "Strict-Transport-Security" not in answer.headers
    cookies = requests.get(f"{live_stack.base_url}/admin/login/", timeout=20).cookies
    assert [one.secure for one in cookies if one.name == "csrftoken"] == [True]
