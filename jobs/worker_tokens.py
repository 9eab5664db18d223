"""What a worker may report: a token of one message (contract §4.2).

`wt_<payload>.<mac>`: the job, the items, the attempt and the expiry as JSON (of a package no items,
and its template and edition), and an HMAC-SHA256 over them, both in URL-safe base64. It opens the
claim and the callback of those items or that package, of that attempt or a later one, and needs no
row to be remembered.
"""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass

PREFIX = "wt_"
# A message may wait in a long queue; a job that stands still ends long before.
LIFETIME = 24 * 3600  # seconds


@dataclass(frozen=True)
class WorkerToken:
    """What a token was made for."""

    job_id: str
    idxs: frozenset[int]
    attempt: int
    # Template and edition of a package, of which it is in place of items.
    package: str = ""

    def opens_package(self, package: str, attempt: int) -> bool:
        return self.package == package and attempt >= self.attempt

    def opens(self, idxs: Collection[int], attempt: int | None) -> bool:
        """Whether it is good for these items in this attempt; None: of no attempt that we know."""
        fits = not self.package and self.idxs.issuperset(idxs)
        return fits and (attempt is None or attempt >= self.attempt)


def issue_worker_token(
    job_id: str, idxs: Collection[int], attempt: int, *, keys: Sequence[str]
) -> str:
    """A token for items of a job, given by its public id; the first key signs."""
    return _issue([job_id, sorted(idxs), attempt, int(time.time()) + LIFETIME], keys)


def issue_package_token(job_id: str, package: str, attempt: int, *, keys: Sequence[str]) -> str:
    """A token for a package of a job, by template and edition, and for no item of it."""
    return _issue([job_id, [], attempt, int(time.time()) + LIFETIME, package], keys)


def _issue(facts: Sequence[object], keys: Sequence[str]) -> str:
    payload = _encoded(json.dumps(facts, separators=(",", ":")).encode())
    return f"{PREFIX}{payload}.{_mac(payload, keys[0])}"


def read_worker_token(text: str, *, keys: Sequence[str]) -> WorkerToken | None:
    """None for a token that no key of ours signed, or that has expired."""
    payload, _, mac = text.removeprefix(PREFIX).partition(".")
    given = mac.encode("utf-8", "surrogatepass")
    accepted = False
    for key in keys:
        accepted |= hmac.compare_digest(given, _mac(payload, key).encode())
    if not accepted or not text.startswith(PREFIX):
        return None
    job_id, idxs, attempt, expires_at, *package = json.loads(urlsafe_b64decode(payload + "=="))
    if expires_at < time.time():
        return None
    return WorkerToken(job_id, frozenset(idxs), attempt, *package)


def _mac(payload: str, key: str) -> str:
    message = payload.encode("utf-8", "surrogatepass")
    return _encoded(hmac.digest(key.encode(), message, "sha256"))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
