"""Web, under the addresses that clients and workers are told, and what it believes of a proxy."""

from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings

from jobs.watch.examinations.container import is_of_the_machine, unseen
from jobs.watch.examinations.diagnosis import TIMEOUT, Diagnosis, State
from s3project import __version__, ids

PART = "web"
PROXY = "proxy"


def examine_web() -> Iterator[Diagnosis]:
    for name in ("PUBLIC_BASE_URL", "CALLBACK_BASE_URL"):
        address = getattr(settings, name)
        try:
            with _session() as session:
                answer = session.get(f"{address}/health", timeout=TIMEOUT)
        except (requests.RequestException, ValueError) as error:
            if isinstance(error, requests.ConnectionError) and is_of_the_machine(address):
                yield from unseen(PART, name, address)
                continue
            hint = f"{name} says where it is; is it running, and reachable from here?"
            yield Diagnosis(PART, State.ERROR, f"{name}: no answer ({_kind(error)})", hint)
            continue
        version = _version(answer)
        if version is None:
            hint = f"{name} must lead to web, and ALLOWED_HOSTS must have its host"
            found = f"{address}/health: {answer.status_code}, not ours"
            yield Diagnosis(PART, State.ERROR, found, hint)
        elif version != __version__:
            hint = f"this is {__version__}: restart what is older"
            found = f"{name} answers, version {version}"
            yield Diagnosis(PART, State.WARNING, found, hint)
        else:
            yield Diagnosis(PART, State.OK, f"{name} answers, version {version}")


def examine_callbacks() -> Iterator[Diagnosis]:
    """What a GPU host needs of it."""
    for diagnosis in examine_web():
        if diagnosis.finding.startswith("CALLBACK_BASE_URL") or diagnosis.state != State.OK:
            yield diagnosis


def _version(answer: requests.Response) -> str | None:
    try:
        return str(answer.json()["data"]["version"])
    except (ValueError, KeyError, TypeError):
        return None


def examine_proxy() -> Iterator[Diagnosis]:
    """Two requests that claim to come from two strangers: web must count them as one client's."""
    trusted = settings.TRUSTED_PROXIES
    if settings.HAS_TLS and not trusted:
        hint = "set TRUSTED_PROXIES to the number of proxies of yours: TLS ends at one"
        yield Diagnosis(PROXY, State.ERROR, "all clients are counted as one address", hint)
        return
    with _session() as session:
        answers = [_as_stranger(session) for _ in range(2)]
    left = [_left(answer) for answer in answers]
    if None in left:
        found = "whom web believes could not be seen: it counts no requests"
        yield Diagnosis(PROXY, State.UNKNOWN, found, "with REFRESH_RATE=off there is no telling")
    elif left[0] == left[1]:
        hint = "TRUSTED_PROXIES is higher than the proxies that stand before web"
        found = "web believes what a client writes into X-Forwarded-For: no limit holds"
        yield Diagnosis(PROXY, State.ERROR, found, hint)
    else:
        found = f"X-Forwarded-For of a client is not believed (TRUSTED_PROXIES={trusted})"
        yield Diagnosis(PROXY, State.OK, found)
    # Web sends it to whom it believes to have come over TLS.
    told = [answer for answer in answers if "strict-transport-security" in answer.headers]
    if settings.HAS_TLS and settings.SECURE_HSTS_SECONDS and not told:
        hint = "the proxy must set X-Forwarded-Proto: without it no operator can log in"
        yield Diagnosis(PROXY, State.WARNING, "web does not see that TLS was used", hint)


def _as_stranger(session: requests.Session) -> requests.Response:
    """A refresh that is refused. Nobody has this address (RFC 3849), nor its /64."""
    network = ids.new_id().hex[-8:]
    stranger = f"2001:db8:{network[:4]}:{network[4:]}::1"
    return session.post(
        f"{settings.PUBLIC_BASE_URL}/auth/refresh",
        json={"refresh": "doctor"},
        headers={"X-Forwarded-For": stranger},
        timeout=TIMEOUT,
    )


def _left(answer: requests.Response) -> int | None:
    """Of the header `RateLimit: "refresh";r=599;t=6`."""
    members = answer.headers.get("RateLimit", "").split(",")
    for member in members:
        name, *parameters = member.strip().split(";")
        if name == '"refresh"':
            return int(dict(part.split("=") for part in parameters)["r"])
    return None


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _kind(error: Any) -> str:
    return type(error).__name__
