"""Listing a bucket, without boto3's client: building its request and reading its answer took it
three times as long as the request itself, once for every set.

The proxy and the certificates are those that botocore would take, the connections urllib3's own:
botocore's session around them, which reads the address anew each time, took as much again.
"""

from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit
from xml.etree import ElementTree

from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.session import get_session
from botocore.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import HTTPError

from jobs.storage.presign import Presigner

# Of one try; a client's request that finds the storage hanging is answered within about 11 s.
CONNECT_SECONDS, READ_SECONDS = 3, 5
TRIES = 2
# As many as botocore keeps.
KEPT = 10
URL_SECONDS = 60
SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class ListingRefused(BotoCoreError):  # type: ignore[misc]  # botocore ships no types
    fmt = "the storage answered {status} to a listing"


class Listed(NamedTuple):
    """A page: key → bytes of up to 1000 objects, and where the next one begins, if there is one."""

    sizes: dict[str, int]
    further: str


def list_page(
    presigner: Presigner, endpoint: str, prefix: str, token: str = "", after: str = ""
) -> Listed:
    """The objects below `prefix`, in the order of their keys; those behind the key `after`, or from
    where a page before has ended. Raises BotoCoreError."""
    url = presigner.listing(
        prefix, token, after=after, at=datetime.now(UTC), expires_in=URL_SECONDS
    )
    try:
        tree = ElementTree.fromstring(_get(url, endpoint))  # noqa: S314 (of our own storage)
        sizes = {
            unquote_plus(entry.findtext(f"{SPACE}Key", "")): int(entry.findtext(f"{SPACE}Size", ""))
            for entry in tree.iterfind(f"{SPACE}Contents")
        }
    except (ElementTree.ParseError, ValueError) as error:
        raise HTTPClientError(error=error) from error
    return Listed(sizes, tree.findtext(f"{SPACE}NextContinuationToken", ""))


def _get(url: str, endpoint: str) -> bytes:
    """The answer's body; one repetition, as boto3's client is told to."""
    # A slash is signed as `%2F` and means the same; urllib3 writes what has a `%` byte by byte.
    url = url.replace("%2F", "/")
    for left in reversed(range(TRIES)):
        try:
            pool, left_out = _connections(endpoint)
            answer = pool.urlopen(
                "GET",
                url.removeprefix(left_out),
                headers={},
                retries=False,
                redirect=False,
                assert_same_host=False,
            )
        except HTTPError as error:
            if not left:
                raise HTTPClientError(error=error) from error
            continue
        if answer.status == HTTPStatus.OK:
            return answer.data
        if not left or answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ListingRefused(status=answer.status)
    raise AssertionError("the last try returns or raises")


@cache
def _connections(endpoint: str) -> tuple[HTTPConnectionPool, str]:
    """Kept open, for all threads of the process; and what of an address they are not told, which is
    nothing where a proxy hands on each request.
    """
    proxies = ProxyConfiguration(get_environ_proxies(endpoint))
    proxy = proxies.proxy_url_for(endpoint)
    options: dict[str, Any] = {
        "timeout": Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        "maxsize": KEPT,
        "ca_certs": get_cert_path(get_session().get_config_variable("ca_bundle") or True),
    }
    if proxy:
        options["proxy_headers"] = proxies.proxy_headers_for(proxy)
    manager = ProxyManager(proxy, **options) if proxy else PoolManager(**options)
    parts = urlsplit(endpoint)
    is_handed_on = proxy and parts.scheme == "http"
    left_out = "" if is_handed_on else f"{parts.scheme}://{parts.netloc}"
    return manager.connection_from_url(endpoint), left_out
