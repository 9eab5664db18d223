"""The rows of a model for statements that are written out, or built once and kept.

Django takes several times as long to build a query as PostgreSQL to answer it, so that what runs
with every request is not built again each time (docs/performance.md). A model stays the place of
its columns, of what they default to and of how they are stored: nothing here names one, and a test
holds the rows to those that the ORM reads and writes. (`SELECT *` would break a statement that a
connection has prepared when a migration adds a column.)
"""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeAlias, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models
from django.db.models.base import ModelState

from s3project.exchange import Answer, Asked, Parameters, Row

M = TypeVar("M", bound=models.Model)
AnyField: TypeAlias = "models.Field[Any, Any]"


def fetch_one(statement: str, parameters: Parameters) -> Row | None:
    """The first row that a statement gives."""
    rows = _ask((statement, parameters))[0].rows
    return rows[0] if rows else None


def fetch_all(statement: str, parameters: Parameters) -> list[Row]:
    return _ask((statement, parameters))[0].rows


def fetch_together(*asked: Asked) -> list[list[Row]]:
    """The rows of several statements that do not need each other's, in one exchange. They run one
    after the other, and the latter see what the former did and had to wait for."""
    return [answer.rows for answer in _ask(*asked)]


def execute(statement: str, parameters: Parameters) -> int:
    """How many rows a statement changed."""
    return _ask((statement, parameters))[0].changed


def put_off(statement: str, parameters: Parameters, *, changes: int) -> None:
    """What changes so many rows, which are new or locked, and need not be done before the
    transaction goes on: it goes along with the next statement or with the COMMIT, which raises what
    comes of it."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    if not database.in_atomic_block or _is_one_by_one(database):
        changed = execute(statement, parameters)
        if changed != changes:
            raise DatabaseError(f"{changed} rows were changed, not {changes}: {statement}")
        return
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        database.exchange.put_off((statement, parameters), changes=changes)


def _ask(*asked: Asked) -> list[Answer]:
    """With the errors that Django's cursor raises, and its marks on the transaction."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    if _is_one_by_one(database):
        return _one_by_one(database, asked)
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        answers: list[Answer] = database.exchange.send(*asked)
    return answers


def _is_one_by_one(database: Any) -> bool:
    """Whether somebody listens to Django's cursor, or a pooler is in between."""
    database.ensure_connection()
    return bool(
        database.queries_logged or database.execute_wrappers or not settings.PREPARE_STATEMENTS
    )


def _one_by_one(database: Any, asked: Sequence[Asked]) -> list[Answer]:
    answers = []
    with database.cursor() as cursor:
        for statement, parameters in asked:
            cursor.execute(statement, parameters)
            rows = cursor.fetchall() if cursor.description else []
            answers.append(Answer(rows, cursor.rowcount))
    return answers


class Rows(Generic[M]):
    """The rows of one model, which is neither inherited nor a proxy."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._kept: dict[Any, Any] = {}

    # --- Reading ---------------------------------------------------------------------------------

    def columns(self, table: str, *names: str) -> str:
        """What a SELECT from `table` asks for: these columns or all, in the model's order."""
        fields = self._named(names)[0]
        return ", ".join(f"{table}.{_quoted(field)}" for field in fields)

    @cached_property
    def count(self) -> int:
        """How many columns there are."""
        return len(self._fields)

    def instance(self, row: Sequence[Any], *names: str) -> M:
        """The model of a row of exactly these columns, the others being deferred. As `from_db`,
        which sets every attribute by itself and calls for signals that nobody waits for."""
        _, attributes, converters = self._named(names)
        made: M = self._model.__new__(self._model)
        kept = vars(made)
        kept["_state"] = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        kept.update(zip(attributes, row, strict=True))
        for place, convert in converters:
            name = attributes[place]
            kept[name] = convert(kept[name], None, connection)
        return made

    def _named(
        self, names: tuple[str, ...]
    ) -> tuple[list[AnyField], list[str], list[tuple[int, Any]]]:
        """The fields of these columns or all; their attributes; by place what turns a stored value
        into the attribute's."""
        known = self._kept.get(names)
        if known is None:
            fields = [one for one in self._fields if not names or one.attname in names]
            assert not names or len(fields) == len(names), "by the names of their attributes"
            converters = [
                (place, convert)
                for place, field in enumerate(fields)
                for convert in field.get_db_converters(connection)
            ]
            known = self._kept[names] = fields, [field.attname for field in fields], converters
        return known

    # --- Writing ---------------------------------------------------------------------------------

    @cached_property
    def insert_into(self) -> str:
        """How an INSERT of a whole row begins; `VALUES (…)` or a SELECT follows."""
        return f"INSERT INTO {self._table} ({', '.join(map(_quoted, self._fields))})"

    @cached_property
    def placeholders(self) -> str:
        """For `values`."""
        return ", ".join(["%s"] * len(self._fields))

    def values(self, instance: M) -> list[Any]:
        """What an INSERT writes, as `save` would for a model whose key is given."""
        return [_stored(field, instance, add=True) for field in self._fields]

    def insert(self, instance: M) -> None:
        """As `save(force_insert=True)` of a model whose key is given, put off."""
        statement = f"{self.insert_into} VALUES ({self.placeholders})"
        put_off(statement, self.values(instance), changes=1)
        self.stored(instance)

    def stored(self, instance: M) -> None:
        """Notes that an instance has its row."""
        instance._state.adding = False
        instance._state.db = DEFAULT_DB_ALIAS

    def update(self, instance: M, *names: str) -> None:
        """As `save(update_fields=names)`, which raises DatabaseError for a row that is gone; put
        off."""
        statement, fields = self._updates.get(names) or self._keep_update(names)
        values = [_stored(field, instance, add=False) for field in fields]
        put_off(statement, [*values, instance.pk], changes=1)

    def _keep_update(self, names: tuple[str, ...]) -> tuple[str, list[AnyField]]:
        fields = [field for field in self._fields if field.attname in names]
        assert len(fields) == len(names), "columns go by the names of their attributes"
        sets = ", ".join(f"{_quoted(field)} = %s" for field in fields)
        key = next(field for field in self._fields if field.primary_key)
        statement = f"UPDATE {self._table} SET {sets} WHERE {_quoted(key)} = %s"
        self._updates[names] = statement, fields
        return statement, fields

    @cached_property
    def _updates(self) -> dict[tuple[str, ...], tuple[str, list[AnyField]]]:
        return {}

    @cached_property
    def _table(self) -> str:
        return f'"{self._model._meta.db_table}"'

    @cached_property
    def _fields(self) -> list[AnyField]:
        return list(self._model._meta.concrete_fields)


def rows_of(model: type[M]) -> Rows[M]:
    """The one of each model."""
    return _rows_of(model)


@cache
def _rows_of(model: type[Any]) -> Rows[Any]:
    return Rows(model)


def _stored(field: AnyField, instance: models.Model, *, add: bool) -> Any:
    value = field.get_db_prep_save(field.pre_save(instance, add), connection)
    assert not hasattr(value, "as_sql"), f"{field.name} is an expression, and not a value"
    return value


def _quoted(field: AnyField) -> str:
    return f'"{field.column}"'
