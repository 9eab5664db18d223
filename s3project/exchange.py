"""Statements of one connection in one exchange: sent together, and answered together.

A wait for PostgreSQL costs more here than most statements do: two processes go to sleep and wake
up, and each transaction begins with one for its BEGIN and ends with one for its COMMIT
(docs/performance.md). So a statement takes the BEGIN along that psycopg would send before it;
several that do not need each other's answer go at once; and one whose answer nobody waits for is
put off until the next, or the COMMIT. Each still sees what was committed before it ran, as alone.

libpq's pipelines do this; psycopg's own mode around them costs more than it saves. What psycopg is
made of does the rest: values and columns go through its adapters, waiting is its waiting, errors
are its errors, and whether a transaction is open is what libpq says, so that a cursor of the same
connection goes on where an exchange ends.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

Parameters: TypeAlias = Sequence[Any] | dict[str, Any]
Row: TypeAlias = tuple[Any, ...]
# A statement and its values: `%s` in their order, or `%(name)s`.
Asked: TypeAlias = tuple[str, Parameters]
# A statement's text, and the types of its values.
Key: TypeAlias = tuple[bytes, tuple[int, ...]]

# Of texts, times the types their values come with; beyond it statements are not prepared.
PREPARED_MAX = 200
PLACEHOLDER = re.compile(r"%(?:%|s|\((\w+)\)s)")


class Answer(NamedTuple):
    """`changed`: how many rows a statement found or changed."""

    rows: list[Row]
    changed: int


class _Message(NamedTuple):
    """A statement as it is sent: its values in bytes, and of which format each is."""

    key: Key
    values: Sequence[Any]
    formats: Sequence[pq.Format] | None


# Prepared as well: for as much as PostgreSQL does, they would be read anew each time.
BEGIN = _Message((b"BEGIN", ()), (), None)
COMMIT = _Message((b"COMMIT", ()), (), None)


class Exchange:
    """The only one of its connection, which has each statement prepared the first time that it is
    sent. Usable from any thread that may use the connection.

    `context` is whose adapters count: of a cursor of the connection.
    """

    def __init__(self, connection: "psycopg.Connection[Any]", context: Any) -> None:
        self.connection = connection
        self._transformer = Transformer(context)
        self._names: dict[Key, bytes] = {}
        self._named = 0
        # With how many rows each is to change.
        self._put_off: list[tuple[_Message, int]] = []

    @property
    def has_put_off(self) -> bool:
        return bool(self._put_off)

    def put_off(self, asked: Asked, *, changes: int) -> None:
        """A statement of the transaction, which goes before the next one or with the COMMIT. That
        raises what `send` would have, and DatabaseError where other than so many rows change: too
        late for what is committed then, so that it is of use for rows that are new or locked. A
        value that cannot be written down is an error at once."""
        with self.connection.lock:
            self._put_off.append((self._message(*asked), changes))

    def forget(self) -> None:
        """What was put off is not to be done, the transaction being given up."""
        self._put_off.clear()

    def commit(self) -> None:
        """With what was put off; of that an error is raised, and nothing is committed."""
        self._exchange([], COMMIT)

    def send(self, *asked: Asked) -> list[Answer]:
        """The answers in the order of the statements; of the transaction that is open or, outside
        autocommit, of one that begins here.

        Raises what psycopg's cursor does: the first statement's error, those after it not being
        carried out.
        """
        return self._exchange(asked)

    def _exchange(self, asked: Sequence[Asked], *further: _Message) -> list[Answer]:
        """The answers to what was asked and comes `further`, not to what was put off before."""
        connection = self.connection
        if connection.closed:
            raise psycopg.OperationalError("the connection is closed")
        with connection.lock:
            # Whole before any is sent: of what could not be written down nothing is under way.
            messages = [*(self._message(*one) for one in asked), *further]
            put_off, self._put_off = self._put_off, []
            answers = self._send(connection, [one for one, _ in put_off] + messages)
        for (message, changes), answer in zip(put_off, answers, strict=False):
            if answer.changed != changes:
                raise psycopg.DatabaseError(
                    f"{answer.changed} rows were changed, not {changes}: {message.key[0].decode()}"
                )
        return answers[len(put_off) :]

    def _send(
        self, connection: "psycopg.Connection[Any]", messages: Sequence[_Message]
    ) -> list[Answer]:
        pgconn = connection.pgconn
        prepared: dict[Key, bytes] = {}
        pgconn.enter_pipeline_mode()
        try:
            skipped = self._begin(pgconn, prepared)
            wanted = []
            for message in messages:
                skipped += self._put(pgconn, message, prepared)
                wanted.append(skipped)
                skipped += 1
            pgconn.pipeline_sync()
            results = connection.wait(_answers(pgconn))
        finally:
            _leave_pipeline(connection)
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise error_from_result(result, encoding=connection.info.encoding)
        self._names.update(prepared)
        return [self._answer(results[place]) for place in wanted]

    def _message(self, statement: str, parameters: Parameters) -> _Message:
        query, names = _query_of(statement)
        values: Sequence[Any]
        if isinstance(parameters, dict):
            values = [parameters[name] for name in names]
        else:
            values = parameters
        transformer = self._transformer
        dumped = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        return _Message((query, transformer.types or ()), dumped, transformer.formats)

    def _begin(self, pgconn: Any, prepared: dict[Key, bytes]) -> int:
        """How many results come of it."""
        idle = pgconn.transaction_status == pq.TransactionStatus.IDLE
        if self.connection.autocommit or not idle:
            return 0
        return self._put(pgconn, BEGIN, prepared) + 1

    def _put(self, pgconn: Any, message: _Message, prepared: dict[Key, bytes]) -> int:
        """Sends a statement; returns how many results come before its own."""
        key, dumped, formats = message
        query, types = key
        name = self._names.get(key) or prepared.get(key)
        if name is not None:
            pgconn.send_query_prepared(name, dumped, param_formats=formats)
            return 0
        if len(self._names) + len(prepared) >= PREPARED_MAX:
            pgconn.send_query_params(query, dumped, param_types=types, param_formats=formats)
            return 0
        self._named += 1
        name = prepared[key] = b"s3_%d" % self._named
        pgconn.send_prepare(name, query, param_types=types)
        pgconn.send_query_prepared(name, dumped, param_formats=formats)
        return 1

    def _answer(self, result: Any) -> Answer:
        if result.status != pq.ExecStatus.TUPLES_OK:
            return Answer([], result.command_tuples or 0)
        self._transformer.set_pgresult(result)
        return Answer(self._transformer.load_rows(0, result.ntuples, tuple), result.ntuples)


def _answers(pgconn: Any) -> PQGen[list[Any]]:
    """The results up to the end of the pipeline."""
    yield from generators.send(pgconn)
    results: list[Any] = []
    while True:
        result = yield from generators.fetch(pgconn)
        if result is None:  # the end of one statement's
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _leave_pipeline(connection: "psycopg.Connection[Any]") -> None:
    """A connection whose pipeline was broken off is of no use any more."""
    pgconn = connection.pgconn
    try:
        if pgconn.status == pq.ConnStatus.OK:
            pgconn.exit_pipeline_mode()
    except psycopg.OperationalError:
        connection.close()


@cache
def _query_of(statement: str) -> tuple[bytes, list[str]]:
    """A statement as PostgreSQL numbers its values, and the names of those that have some."""
    names: list[str] = []
    count = 0

    def numbered(found: "re.Match[str]") -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            count += 1
            return f"${count}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    query = PLACEHOLDER.sub(numbered, statement)
    return query.encode(), names
