"""What a web process leaves out of its requests, and what it does not."""

import json
import subprocess
import sys

import pytest
from django.db import OperationalError, close_old_connections, connection

from s3project.rows import fetch_one

LEFT = """
import json
from s3project.wsgi import application
from django.core.signals import request_finished, request_started

def names(signal):
    return [receiver.__name__ for receiver in signal._live_receivers(None)[0]]

print(json.dumps([names(request_started), names(request_finished)]))
"""


def test_of_what_django_does_around_a_request_one_thing_is_left() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout.splitlines()[-1]) == [["close_old_connections"], []]


SETTINGS = """
import json
from s3project.wsgi import application
from django.conf import settings
from django.test import override_settings

read = [settings.USE_TZ, settings.STATIC_URL, settings.configured, hasattr(settings, "NO_SUCH")]
with override_settings(USE_TZ=False):
    read.append(settings.USE_TZ)
print(json.dumps([*read, settings.USE_TZ, "USE_TZ" in dir(settings)]))
"""


def test_settings_are_read_as_ever() -> None:
    done = subprocess.run([sys.executable, "-c", SETTINGS], capture_output=True, text=True)

    told = json.loads(done.stdout.splitlines()[-1])
    assert told == [True, "/static/", True, False, False, True, True]


PLAIN = """
import json
from s3project.wsgi import application
from django.db import connection

names = ("ensure_connection", "set_autocommit", "commit", "rollback", "cursor")
print(json.dumps([hasattr(getattr(connection, name), "__wrapped__") for name in names]))
"""


def test_for_an_event_loop_is_looked_where_a_cursor_is_opened_alone() -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True)

    assert json.loads(done.stdout.splitlines()[-1]) == [False, False, False, False, True]


OF_A_THREAD = """
import asyncio, json, threading
from s3project.wsgi import application
from django.db import connections
from django.urls import get_script_prefix, get_urlconf, set_script_prefix, set_urlconf

looked = []
asyncio.get_running_loop = lambda: looked.append(1)
set_script_prefix("/ours/")
set_urlconf("ours")
ours = connections["default"]
found = [connections["default"] is ours]

def look():
    found.append(connections["default"] is ours)
    found.append([get_script_prefix(), get_urlconf()])
    set_script_prefix("/others/")
    set_urlconf("others")

thread = threading.Thread(target=look)
thread.start()
thread.join()
print(json.dumps([*found, [get_script_prefix(), get_urlconf()], looked]))
"""


def test_each_thread_has_a_connection_and_addresses_of_its_own_without_looking_for_a_loop() -> None:
    done = subprocess.run([sys.executable, "-c", OF_A_THREAD], capture_output=True, text=True)

    told = json.loads(done.stdout.splitlines()[-1])
    assert told == [True, False, ["/", None], ["/ours/", "ours"], []]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_in_an_exchange_is_replaced_before_the_next_request() -> None:
    row = fetch_one("SELECT pg_backend_pid()", [])
    assert row is not None
    close_old_connections()
    assert fetch_one("SELECT pg_backend_pid()", []) == row, "it was whole"

    with pytest.raises(OperationalError):
        fetch_one("SELECT pg_terminate_backend(pg_backend_pid())", [])
    with pytest.raises(OperationalError):
        fetch_one("SELECT 1", [])
    close_old_connections()

    assert connection.connection is None
    assert fetch_one("SELECT 1", []) == (1,)
