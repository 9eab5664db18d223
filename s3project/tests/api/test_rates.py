"""How rates are written, and who is counted by address."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from pytest_django import Settings

from s3project.api import client_address
from s3project.api.client_address import client_network
from s3project.api.rates import Rate
from s3project.environment import Environment


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("600/hour", Rate(600, 3600)),
        ("20/minute", Rate(20, 60)),
        ("20/min", Rate(20, 60)),
        ("5/10s", Rate(5, 10)),
        (" 1 / DAY ", Rate(1, 86_400)),
        ("2/3 hours", Rate(2, 10_800)),
        ("7/s", Rate(7, 1)),
        ("0", None),
        ("off", None),
        ("Off", None),
        ("0/hour", None),
    ],
)
def test_a_rate_is_a_number_and_a_time(text: str, rate: Rate | None) -> None:
    assert Environment(variables={"RATE": text}).rate("RATE", "1/s") == rate


@pytest.mark.parametrize("text", ["600", "x/hour", "-1/hour", "1/fortnight", "1.5/s", "5/0s", "/s"])
def test_anything_else_stops_the_start_with_the_name(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="USER_RATE"):
        Environment(variables={"USER_RATE": text}).rate("USER_RATE", "1/s")


def test_required_secrets_need_one_that_is_not_blank() -> None:
    env = Environment(variables={"KEYS": " new , old,", "BLANK": " , "})

    assert env.secrets("KEYS", required=True) == ["new", "old"]
    assert env.secrets("UNSET", required=False) == []
    for name in ("BLANK", "UNSET"):
        with pytest.raises(ImproperlyConfigured, match=f"{name} must be set in production"):
            env.secrets(name, required=True)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "network"),
    [
        # Nobody is believed without proxies of ours.
        (0, "203.0.113.7", "198.51.100.1", "198.51.100.1"),
        (0, None, "198.51.100.1", "198.51.100.1"),
        # The n-th from the right; what stands left of it is the client's own invention.
        (1, "203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.2", "10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1", "10.0.0.1"),
        (1, None, "10.0.0.1", "10.0.0.1"),
        (1, "unknown", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        # With a port.
        (1, "203.0.113.7:4711", "10.0.0.1", "203.0.113.7"),
        (1, "[2001:db8:1:2::9]:4711", "10.0.0.1", "2001:db8:1:2::/64"),
        # A subscriber has a /64, an IPv4 client stays one however it is written.
        (0, None, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, None, "fe80::1%eth0", "fe80::/64"),
        (0, None, "::ffff:203.0.113.7", "203.0.113.7"),
        (0, None, "", "unknown"),
    ],
)
def test_the_client_is_who_our_own_proxies_say(
    settings: Settings, proxies: int, forwarded: str | None, peer: str, network: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)

    assert client_network(request) == network


def test_a_forwarded_header_that_nobody_believes_is_told_of_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TRUSTED_PROXIES = 0
    client_address._warn_of_proxy.cache_clear()
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "203.0.113.7"})

    for _ in range(3):
        client_network(request)
        client_network(RequestFactory().get("/"))

    (line,) = caplog.messages
    assert "TRUSTED_PROXIES=0" in line
    assert "203.0.113.7" not in line
