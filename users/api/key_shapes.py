"""What the endpoints of API keys answer, and how it is made."""

from typing import Annotated, Literal, TypedDict

from s3project.api.envelope import Timestamp, timestamp
from s3project.ids import KeyId
from s3project.schema import Schema
from users.models import ApiKey

_KEY = "s3k_zR3n5xk0W7QpVtY1sJbG8mLfHc2dAeUo4KiXy6PwN9M"


class KeyOut(TypedDict):
    id: KeyId
    name: Annotated[str, Schema(minLength=1, maxLength=100, example="shop server")]
    prefix: Annotated[str, Schema("How the key begins.", example=_KEY[:10])]
    created_at: Timestamp
    expires_at: Annotated[Timestamp | None, Schema("Null for never.", example=None)]
    last_used_at: Annotated[Timestamp | None, Schema("To the hour; null for never.", example=None)]


def key_out(row: ApiKey) -> KeyOut:
    return {
        "id": row.public_id,
        "name": row.name,
        "prefix": row.prefix,
        "created_at": timestamp(row.created_at),
        "expires_at": timestamp(row.expires_at) if row.expires_at else None,
        "last_used_at": timestamp(row.last_used_at) if row.last_used_at else None,
    }


class CreatedKeyOut(KeyOut):
    key: Annotated[str, Schema("Shown once.", pattern="^s3k_[A-Za-z0-9_-]+$", example=_KEY)]


def created_key_out(row: ApiKey, key: str) -> CreatedKeyOut:
    return {**key_out(row), "key": key}


class DeletedKeyOut(TypedDict):
    id: KeyId
    deleted: Literal[True]


def deleted_key_out(key_id: KeyId) -> DeletedKeyOut:
    return {"id": key_id, "deleted": True}
