"""What costs its sender nothing may not cost the service much: rows, or an account of one's own."""

import pytest
import requests

from s3project.acts.models import Act
from s3project.testing.live import LiveStack
from users.api.throttles import KEYS

pytestmark = pytest.mark.django_db(transaction=True)


def a_user(server: LiveStack) -> requests.Session:
    session = requests.Session()
    token = requests.post(f"{server.base_url}/auth/anon", timeout=20).json()["data"]["token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def test_keys_made_and_ended_without_end_fill_no_audit_log(server: LiveStack) -> None:
    user, before = a_user(server), Act.objects.count()
    keys = f"{server.base_url}/me/keys"
    made = 0
    for _ in range(KEYS.limit + 5):
        answer = user.post(keys, json={"name": "shop"}, timeout=20)
        if answer.status_code == 429:
            break
        made += 1
        user.delete(f"{keys}/{answer.json()['data']['id']}", timeout=20)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    # One more while the loop ran, for a minute of a slow machine.
    assert KEYS.limit <= made <= KEYS.limit + 4
    assert Act.objects.count() - before == 2 * made
    assert user.get(keys, timeout=20).status_code == 200


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999-00:01"])
def test_no_time_is_taken_that_cannot_be_read_again(server: LiveStack, end: str) -> None:
    user, keys = a_user(server), f"{server.base_url}/me/keys"

    answer = user.post(keys, json={"name": "shop", "expires_at": end}, timeout=20)

    assert answer.status_code == 400
    last = {"name": "shop", "expires_at": "9999-12-31T23:59:59Z"}
    assert user.post(keys, json=last, timeout=20).status_code == 201
    listed = user.get(keys, timeout=20).json()["data"]
    assert [key["expires_at"] for key in listed] == ["9999-12-31T23:59:59.000Z"]


def test_a_header_with_underscores_is_no_word_on_who_calls(server: LiveStack) -> None:
    """WSGI writes `X_Forwarded_For` and `X-Forwarded-For` alike."""
    for number in range(3):
        answer = requests.post(
            f"{server.base_url}/jobs/job_unknown/callback",
            headers={"X_Forwarded_For": f"198.51.100.{number}"},
            timeout=20,
        )
        assert answer.status_code == 403
    # A new address would begin a streak of its own, with a row; ours may be in the midst of one.
    addresses = Act.objects.filter(action="callback.refused").values_list("address", flat=True)
    assert set(addresses) <= {"127.0.0.1"}
