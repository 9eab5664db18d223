"""Which ports engines are given."""

from collections import deque

import pytest

from s3project.embedded import ports


def test_a_port_that_was_given_and_is_not_bound_yet_is_not_given_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = next(
        start
        for start in range(ports.FIRST, ports.LAST, 3)
        if all(
            ports.is_free(port) and ports.is_free(port + ports.GRPC_OFFSET)
            for port in range(start, start + 3)
        )
    )
    monkeypatch.setattr(ports, "FIRST", first)
    monkeypatch.setattr(ports, "LAST", first + 3)
    monkeypatch.setattr(ports, "_GIVEN", deque(maxlen=3))

    given = [ports.free_port(), *ports.free_ports(2)]

    assert sorted(given) == [first, first + 1, first + 2]
