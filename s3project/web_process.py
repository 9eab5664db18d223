"""What a web process leaves out of each request, since none of it is of use here."""

import logging
import threading

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import base as addresses


def leave_out() -> None:
    """Belongs before the first request."""
    # No cache of ours holds a connection, and no request is told of other addresses.
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)
    # A connection that broke is found when the next request begins; it never becomes too old.
    if settings.DATABASES[DEFAULT_DB_ALIAS]["CONN_MAX_AGE"] is None:
        request_finished.disconnect(close_old_connections)
    if not settings.DEBUG:  # else there are statements to be forgotten
        request_started.disconnect(reset_queries)
    # Settings are read thirty times a request. Django asks each time whether what it found is a
    # method that a lazy object hands on to what it stands for, which no setting is.
    type(settings).__getattribute__ = object.__getattribute__  # type: ignore[method-assign]  # as said
    # Its threads have no event loop, for which Django looks whenever it turns to a connection, or
    # to something else that each thread has for itself.
    connections._connections = threading.local()  # type: ignore[attr-defined]  # as said
    for name in ("_prefixes", "_urlconfs"):
        setattr(addresses, name, threading.local())
    for name in ("ensure_connection", "set_autocommit", "commit", "rollback"):
        method = getattr(BaseDatabaseWrapper, name)
        setattr(BaseDatabaseWrapper, name, getattr(method, "__wrapped__", method))
    # What no line of ours says: where in the code it was written, by which thread and process.
    logging._srcfile = None  # as the HOWTO of logging has it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
