"""Listing a bucket, without boto3's client: building its request and reading its answer took it
three times as long as the request itself, once for every set.

The connection, with its certificates and proxies, is botocore's all the same.
"""

from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.session import get_session
from botocore.utils import get_environ_proxies

from jobs.storage.presign import Presigner

# Of one try; a client's request that finds the storage hanging is answered within about 11 s.
CONNECT_SECONDS, READ_SECONDS = 3, 5
TRIES = 2
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
    for left in reversed(range(TRIES)):
        try:
            answer = _connections(endpoint).send(AWSRequest("GET", url).prepare())
            content: bytes = answer.content
        except HTTPClientError:
            if not left:
                raise
            continue
        if answer.status_code == HTTPStatus.OK:
            return content
        if not left or answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ListingRefused(status=answer.status_code)
    raise AssertionError("the last try returns or raises")


@cache
def _connections(endpoint: str) -> URLLib3Session:
    """Kept open, for all threads of the process."""
    return URLLib3Session(
        verify=get_session().get_config_variable("ca_bundle") or True,
        proxies=get_environ_proxies(endpoint),
        timeout=(CONNECT_SECONDS, READ_SECONDS),
    )
