"""One POST to this machine, and a resolver that says what a test wants."""

import socket
from ipaddress import ip_network
from typing import Any

import pytest

from jobs.webhooks.posting import TIMEOUT_SECONDS, Answer, post
from jobs.webhooks.target import read_target

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
# For who is to be cut off; whoever answers has the time that the product gives.
SECONDS = 1.0
SLACK = 1.5  # of a machine that has other things to do


def send(url: str, body: bytes = b"{}", seconds: float = TIMEOUT_SECONDS) -> Answer:
    target = read_target(url, allow_http=True, allowed=LOOPBACK)
    return post(target, body, {"webhook-id": "msg_1"}, allowed=LOOPBACK, seconds=seconds)


def answer_of_names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """What a resolver says, the first time, the second …; returns the list of who was asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if not str(host).endswith(".test"):
            return real(host, port, *args, **options)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET6 if ":" in text else socket.AF_INET, 1, 6, "", (text, 0))
            for text in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked
