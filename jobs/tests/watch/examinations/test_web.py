"""Web under the addresses that are told, and what it believes of a proxy."""

from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from jobs.storage import bucket
from jobs.tests.watch.examinations.told import findings, of
from jobs.watch.doctor import EXAMINATIONS, guarded
from jobs.watch.examinations import container
from jobs.watch.examinations.diagnosis import Diagnosis, State
from jobs.watch.examinations.web import examine_callbacks
from s3project import __version__
from s3project.api.rates import Rate
from s3project.embedded.ports import free_port


@pytest.fixture
def web(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """In a thread of this process, as anybody reaches it: no proxy stands before it."""
    settings.PUBLIC_BASE_URL = settings.CALLBACK_BASE_URL = live_server.url
    monkeypatch.setattr(container, "MARKS", ())
    monkeypatch.delenv(container.VARIABLE, raising=False)
    settings.REFRESH_RATE, settings.TRUSTED_PROXIES = Rate(600, 3600), 0
    return settings


def test_web_that_answers_at_both_addresses_is_right(web: Settings) -> None:
    assert findings("web") == [
        ("ok", f"PUBLIC_BASE_URL answers, version {__version__}"),
        ("ok", f"CALLBACK_BASE_URL answers, version {__version__}"),
    ]
    assert [one.finding for one in examine_callbacks()] == [
        f"CALLBACK_BASE_URL answers, version {__version__}"
    ]


def test_web_of_another_version_is_warned_of(
    web: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.watch.examinations.web.__version__", "9.9.9")

    assert [(one.state.value, one.hint) for one in of("web")] == [
        ("warning", "this is 9.9.9: restart what is older")
    ] * 2


def test_an_address_where_nobody_is_costs_its_own_line(web: Settings) -> None:
    web.CALLBACK_BASE_URL = f"http://127.0.0.1:{free_port()}"

    assert findings("web")[1] == ("error", "CALLBACK_BASE_URL: no answer (ConnectionError)")
    assert findings("web")[0][0] == "ok"


def test_an_address_of_the_machine_cannot_be_looked_at_from_inside_a_container(
    web: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "dockerenv"
    mark.touch()
    monkeypatch.setattr(container, "MARKS", (mark,))
    nobody = f"http://localhost:{free_port()}"
    web.PUBLIC_BASE_URL = nobody
    web.STORAGE_PUBLIC_ENDPOINT = f"http://127.0.0.1:{free_port()}"
    bucket.presigner.cache_clear()

    def told(part: str) -> Diagnosis:
        return next(guarded(part, EXAMINATIONS[part]))

    for part, names in (("web", "PUBLIC_BASE_URL"), ("proxy", "PUBLIC_BASE_URL")):
        line = told(part)
        assert (line.state, line.finding) == (
            "unknown",
            f"{nobody} was not looked at: inside a container it is the container, not the machine",
        )
        assert line.hint == (
            f"try it on the machine (curl -i {nobody}); for clients elsewhere {names} must have "
            "its domain or address"
        )
    assert told("storage").state == State.UNKNOWN
    # Elsewhere nobody is nobody.
    mark.unlink()
    assert [told(part).state for part in ("web", "proxy", "storage")] == [State.ERROR] * 3
    bucket.presigner.cache_clear()


def test_an_address_that_is_somebody_elses_is_an_error(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = settings.CALLBACK_BASE_URL = settings.STORAGE_S3_ENDPOINT

    assert [state for state, _ in findings("web")] == ["error", "error"]


def test_what_a_client_says_of_itself_is_not_believed(web: Settings) -> None:
    assert findings("proxy") == [
        ("ok", "X-Forwarded-For of a client is not believed (TRUSTED_PROXIES=0)")
    ]


def test_more_trusted_proxies_than_there_are_is_an_error(web: Settings) -> None:
    web.TRUSTED_PROXIES = 1

    assert findings("proxy") == [
        ("error", "web believes what a client writes into X-Forwarded-For: no limit holds")
    ]


def test_where_nothing_is_counted_it_is_said_that_nothing_is_known(web: Settings) -> None:
    web.REFRESH_RATE = None

    assert findings("proxy") == [
        ("unknown", "whom web believes could not be seen: it counts no requests")
    ]


def test_tls_that_ends_at_a_proxy_of_which_web_knows_nothing_is_an_error(web: Settings) -> None:
    web.HAS_TLS = True

    assert findings("proxy") == [("error", "all clients are counted as one address")]


def test_web_that_does_not_see_that_tls_was_used_is_warned_of(web: Settings) -> None:
    web.HAS_TLS, web.SECURE_HSTS_SECONDS, web.TRUSTED_PROXIES = True, 3600, 2

    assert findings("proxy")[1:] == [("warning", "web does not see that TLS was used")]
