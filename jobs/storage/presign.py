"""Presigned URLs by AWS Signature Version 4, query form, signing the host, of an upload its length
where it is known, and of a download the name that it is saved under.

The algorithm is AWS's "Authenticating requests: using query parameters"; a test holds the URLs
against botocore's own. Ours exists for speed and for the clock: botocore builds one URL in about
0.3 ms and always signs at the present second, and a poll of 200 results needs 400 URLs that stay
the same for a while, so that caches work (docs/adr/0001-own-presigner.md).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, urlsplit

PLAIN = re.compile(r"[A-Za-z0-9_.~/-]*")
PLAIN_DISPOSITION = re.compile(r'[A-Za-z0-9_.~=;" -]*')
# A GET URL is signed at the start of the present quarter of an hour: it stays identical for that
# long and is valid for at least 45 minutes.
ROUNDING = timedelta(minutes=15)


def rounded(moment: datetime) -> datetime:
    """The start of the period of ROUNDING that `moment` lies in."""
    period = int(ROUNDING.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // period * period, moment.tzinfo)


def _quoted(key: str) -> str:
    """A key in a path; `quote` looks at each character of one that needs nothing, as ours do."""
    return key if PLAIN.fullmatch(key) else quote(key, safe="/~")


def _quoted_disposition(text: str) -> str:
    """A Content-Disposition in a query: that of a plain name has four characters to escape, which
    `quote` takes ten times as long to find."""
    if not PLAIN_DISPOSITION.fullmatch(text):
        return quote(text, safe="")
    text = text.replace(";", "%3B").replace(" ", "%20")
    return text.replace("=", "%3D").replace('"', "%22")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


@lru_cache(maxsize=8)
def _signing_key(secret_key: str, day: str, region: str) -> bytes:
    """Changes once a day; deriving it costs four of the five HMACs of a URL."""
    key = _hmac(f"AWS4{secret_key}".encode(), day)
    for part in (region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


@dataclass(frozen=True, slots=True)
class _Moment:
    """What all URLs that are signed at one moment share: the query as far as the names of the
    signed headers, what is signed as far as the digest of the request, and the key."""

    query: str
    string_to_sign: str
    signing_key: bytes


@lru_cache(maxsize=64)
def _moment(access_key: str, secret_key: str, region: str, stamp: str, expires_in: int) -> _Moment:
    """Most URLs are signed on the rounded clock: those of all polls are of one moment."""
    day = stamp[:8]
    scope = f"{day}/{region}/s3/aws4_request"
    credential = quote(f"{access_key}/{scope}", safe="")
    return _Moment(
        query=f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}"
        f"&X-Amz-Date={stamp}&X-Amz-Expires={expires_in}&X-Amz-SignedHeaders=",
        string_to_sign=f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n",
        signing_key=_signing_key(secret_key, day, region),
    )


class _Headers:
    """Those that are signed, as they stand in a query and in the canonical request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """In the order of their names."""
        self.in_query = "%3B".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        self.in_request = f"{lines}\n{';'.join(headers)}"


class Presigner:
    """Signs path-style URLs of one bucket. `endpoint` is the address that clients reach."""

    def __init__(
        self, *, endpoint: str, region: str, bucket: str, access_key: str, secret_key: str
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.netloc or not access_key:
            raise ValueError("the storage endpoint and its keys must be configured")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self._path = f"{parts.path.rstrip('/')}/{bucket}/"
        self._region = region
        self._access_key = access_key
        self._secret_key = secret_key
        self._host_alone = _Headers({"host": self._host})

    def puts(
        self, uploads: Iterable[tuple[str, int | None]], *, at: datetime, expires_in: int
    ) -> Iterator[str]:
        """URLs that allow a PUT of each key for `expires_in` seconds from `at` (UTC): of exactly
        so many bytes, or of any number where that is None.
        """
        moment = self._moment(at, expires_in)
        for key, size in uploads:
            headers = self._host_alone
            if size is not None:
                headers = _Headers({"content-length": str(size), "host": self._host})
            yield self._signed("PUT", self._path + _quoted(key), moment, headers)

    def gets(
        self, downloads: Iterable[tuple[str, str]], *, at: datetime, expires_in: int
    ) -> Iterator[str]:
        """URLs that allow a GET of each key; the answer carries the Content-Disposition that is
        given with it, if any.
        """
        moment = self._moment(at, expires_in)
        headers = self._host_alone
        for key, disposition in downloads:
            further = ""
            if disposition:
                further = f"&response-content-disposition={_quoted_disposition(disposition)}"
            yield self._signed("GET", self._path + _quoted(key), moment, headers, further)

    def listing(
        self, prefix: str, token: str, *, after: str = "", at: datetime, expires_in: int
    ) -> str:
        """A URL that allows to list the objects below `prefix`, from where `token` says that the
        page before has ended, or behind the key `after` (ListObjectsV2).
        """
        further = f"&continuation-token={quote(token, safe='')}" if token else ""
        # In the order of their names, of which capitals come first.
        query = f"{further}&encoding-type=url&list-type=2&prefix={quote(prefix, safe='')}"
        query += f"&start-after={quote(after, safe='')}" if after else ""
        moment = self._moment(at, expires_in)
        return self._signed("GET", self._path[:-1], moment, self._host_alone, query)

    def _signed(
        self, method: str, path: str, moment: _Moment, headers: _Headers, further: str = ""
    ) -> str:
        """One SHA-256 and one HMAC. Parameters stand in the order of their names; `further` ones
        are quoted.
        """
        query = f"{moment.query}{headers.in_query}{further}"
        request = f"{method}\n{path}\n{query}\n{headers.in_request}\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = _hmac(moment.signing_key, moment.string_to_sign + digest).hex()
        return f"{self._origin}{path}?{query}&X-Amz-Signature={signature}"

    def _moment(self, at: datetime, expires_in: int) -> _Moment:
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        return _moment(self._access_key, self._secret_key, self._region, stamp, expires_in)
