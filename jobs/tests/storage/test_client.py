"""One client of the storage for a process, whichever thread asks."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs.storage.bucket import PhotoStorage

pytestmark = pytest.mark.usefixtures("engines")

THREADS = 6


def asked_by_threads_at_once(ask: Callable[[], Any]) -> set[int]:
    """Which objects the threads got; what one raises is raised here."""
    start = threading.Barrier(THREADS)

    def get() -> Any:
        start.wait(10)
        return ask()

    with ThreadPoolExecutor(THREADS) as pool:
        clients = [future.result() for future in [pool.submit(get) for _ in range(THREADS)]]
    return {id(client) for client in clients}


def test_threads_that_ask_at_once_share_one_client() -> None:
    storage = PhotoStorage()

    assert asked_by_threads_at_once(lambda: storage.client) == {id(storage.client)}


def test_control_django_storages_itself_makes_one_for_each_thread() -> None:
    storage = PhotoStorage()

    assert len(asked_by_threads_at_once(lambda: storage.connection.meta.client)) == THREADS
