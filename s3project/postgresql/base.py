"""Django's backend for PostgreSQL, with an exchange of each connection (s3project/exchange.py).

What was put off there goes before whatever a cursor is opened for, and with the COMMIT.
"""

import json
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.datetime import TimestamptzLoader

from s3project.exchange import Exchange

_DECODER = json.JSONDecoder()


class DatabaseWrapper(base.DatabaseWrapper):
    """By the name that Django looks for."""

    _exchange: Exchange | None = None

    @property
    def exchange(self) -> Exchange:
        """The present connection's, which is open: statements are prepared with that, whoever uses
        it."""
        exchange = self._exchange
        if exchange is None or exchange.connection is not self.connection:
            exchange = self._exchange = self._new_exchange()
        return exchange

    def _new_exchange(self) -> Exchange:
        with super()._cursor() as cursor:  # type: ignore[misc]  # its stubs lack it
            context = cursor.cursor
        # In UTC both give the same moment; Django's, in Python, takes 25 times as long.
        context.adapters.register_loader("timestamptz", TimestamptzLoader)
        context.adapters.register_loader("json", _JsonLoader)
        return Exchange(self.connection, context)

    def _cursor(self, name: str | None = None) -> Any:
        if self._has_put_off():
            with self.wrap_database_errors:
                self.exchange.send()
        return super()._cursor(name)  # type: ignore[misc]  # as above

    def _commit(self) -> None:
        if not self._has_put_off():
            super()._commit()  # type: ignore[misc]  # as above
            return
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            self.exchange.commit()

    def _savepoint_rollback(self, sid: str) -> None:
        self._forget()  # all of it came after the savepoint
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # as above

    def _set_autocommit(self, autocommit: bool) -> None:
        if autocommit:  # whatever became of the transaction
            self._forget()
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # as above

    def _rollback(self) -> None:
        self._forget()
        super()._rollback()  # type: ignore[misc]  # as above

    def _forget(self) -> None:
        if self._exchange is not None:
            self._exchange.forget()

    def _has_put_off(self) -> bool:
        exchange = self._exchange
        return (
            exchange is not None and exchange.has_put_off and exchange.connection is self.connection
        )


class _JsonLoader(Loader):
    """psycopg's looks at the first bytes of each text for its encoding."""

    def load(self, data: Buffer) -> Any:
        return _DECODER.decode(str(data, "utf-8"))
