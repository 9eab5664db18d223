"""Where webhooks may be sent: to public addresses, however one is written."""

from ipaddress import ip_address, ip_network

import pytest

from jobs.webhooks.addresses import may_be_sent_to
from jobs.webhooks.target import BadTarget, read_target

CLOSED = [
    "0.0.0.0",  # noqa: S104 (it is refused, never bound)
    *("0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192"),
    *("192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2002:7f00:1::1"),
    *("2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1"),
    *("fe80::1%eth0", "2606:4700::1111%eth0", "fec0::1", "ff02::1"),
]
OPEN = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("text", CLOSED)
def test_what_only_some_can_reach_is_closed(text: str) -> None:
    assert not may_be_sent_to(ip_address(text), [])


@pytest.mark.parametrize("text", OPEN)
def test_public_addresses_are_open(text: str) -> None:
    assert may_be_sent_to(ip_address(text), [])


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("fd00::7", True),
        ("fd01::7", False),
        ("::ffff:10.1.2.3", False),  # in disguise
        ("fd00::7%eth0", False),
    ],
)
def test_an_operator_opens_networks_and_no_disguise_of_them(text: str, may: bool) -> None:
    allowed = [ip_network("10.1.0.0/16"), ip_network("fd00::/16")]
    assert may_be_sent_to(ip_address(text), allowed) is may


@pytest.mark.parametrize(
    "url",
    [
        # Addresses in disguise.
        *("https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/"),
        *("https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.01/", "https://0/"),
        *("https://127.0.0.1/", "https://0.0.0.0/", "https://[::1]/", "https://[::]/"),
        *("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/"),
        *("https://169.254.169.254/latest/meta-data", "https://127.0.0.1./", "https://1.2.3/"),
        *("https://example.0x10/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/"),
        # Two readers, two hosts.
        *("https://user@example.com/", "https://user:pw@example.com/", "https://@example.com/"),
        *("https://example.com\\@10.0.0.1/", "https://example.com#@10.0.0.1/", "https:///x"),
        *("https://example.com/#", "https://exam ple.com/", "https://example.com/\r\nX: y"),
        *("https://example.com\t/", "https://①②⑦.0.0.1/", "https://ex%61mple.com/"),
        *("https://[::1].example.com/", "https://a..b/", "https://-a.com/", "https://.com/"),
        *("https://example.com:0/", "https://example.com:70000/", "https://example.com:x/"),
        *("https://" + "a" * 64 + ".com/", "https://" + "a." * 130 + "com/"),
        # No https.
        *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://x.com/"),
        *("//example.com/", "example.com", "javascript:alert(1)", "https:example.com", "https://"),
    ],
)
def test_a_url_that_leads_elsewhere_or_could_be_read_so_is_refused(url: str) -> None:
    with pytest.raises(BadTarget):
        read_target(url, allow_http=False, allowed=[])


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "header"),
    [
        ("https://Example.com", "example.com", 443, "/", "example.com"),
        ("https://example.com:443/a?b=c", "example.com", 443, "/a?b=c", "example.com"),
        ("https://example.com:8443/a%20b", "example.com", 8443, "/a%20b", "example.com:8443"),
        ("https://xn--hq1bm8jm9l.kr/?", "xn--hq1bm8jm9l.kr", 443, "/", "xn--hq1bm8jm9l.kr"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x", "8.8.8.8"),
        ("https://[2606:4700::1111]:444/", "2606:4700::1111", 444, "/", "[2606:4700::1111]:444"),
    ],
)
def test_a_plain_url_is_taken_apart(url: str, host: str, port: int, path: str, header: str) -> None:
    target = read_target(url, allow_http=False, allowed=[])
    assert (target.host, target.port, target.path) == (host, port, path)
    assert target.host_header == header


def test_http_is_for_where_it_is_allowed() -> None:
    assert read_target("http://example.com/", allow_http=True, allowed=[]).port == 80
