"""Over TLS the name in the URL is the one that is asked for and checked, whatever the address."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.tests.certificates import self_signed
from jobs.tests.webhooks.posts import SECONDS, SLACK, answer_of_names, send
from jobs.webhooks import posting
from jobs.webhooks.posting import Answer, NotSent
from s3project.testing.receivers import receiver, rude_receiver


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The certificate of hook.test, which this process trusts."""
    file = self_signed(tmp_path, "hook.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    posting.tls.cache_clear()
    yield file
    posting.tls.cache_clear()


def server_side(file: Path, names: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda _line, name, _context: names.append(str(name))
    return context


def test_the_name_that_was_asked_for_is_the_one_in_tls_and_host(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_of_names(monkeypatch, ["127.0.0.1"])
    names: list[str] = []
    with receiver(server_side(trusted, names), status=200, body=b"ok") as known:
        assert send(f"https://hook.test:{known.port}/hook") == Answer(200, "ok")
    assert names == ["hook.test"]
    assert known.received[0].headers["host"] == f"hook.test:{known.port}"


@pytest.mark.parametrize("host", ["other.test", "127.0.0.1"])
def test_a_certificate_of_another_name_is_no_success(
    host: str, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_of_names(monkeypatch, ["127.0.0.1"])
    with receiver(server_side(trusted, [])) as known:
        with pytest.raises(NotSent, match="certificate"):
            send(f"https://{host}:{known.port}/hook")
        assert known.received == []


def test_a_certificate_that_nobody_vouches_for_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_of_names(monkeypatch, ["127.0.0.1"])
    file = self_signed(tmp_path, "hook.test")
    with (
        receiver(server_side(file, [])) as known,
        pytest.raises(NotSent, match="certificate"),
    ):
        send(f"https://hook.test:{known.port}/hook")


def test_a_handshake_that_never_ends_is_cut_off_in_time() -> None:
    def behave(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(b"\x16\x03\x03\x40\x00")  # a long record, which then drips
        while True:
            line.sendall(b"\x02")
            time.sleep(0.05)

    with rude_receiver(behave) as url:
        started = time.monotonic()
        with pytest.raises(NotSent, match=r"within 10 seconds|TLS failed"):
            send(url.replace("http://", "https://"), seconds=SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK
