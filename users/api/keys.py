"""The public API of a user's keys."""

from rest_framework.request import Request

from s3project import ids
from s3project.acts.actor import Actor
from s3project.api.answers import NO_STORE, Answer, Created
from s3project.api.operation import Operation
from s3project.api.views import ApiViewSet, parse
from s3project.ids import KeyId
from users import api_keys
from users.api.auth import current_user
from users.api.key_shapes import (
    CreatedKeyOut,
    DeletedKeyOut,
    KeyOut,
    created_key_out,
    deleted_key_out,
    key_out,
)
from users.api.requests import CreateKeyIn
from users.api.throttles import KeyThrottle
from users.errors import KeyLimit, KeyNotFound

CREATE_KEY_IN = CreateKeyIn()


class KeyViewSet(ApiViewSet):
    """A user's keys. Somebody else's is answered like one that does not exist."""

    tag = "Account"
    limited = {"create": KeyThrottle}

    @Operation(
        "create_api_key",
        body=CREATE_KEY_IN,
        body_examples={
            "key": {"name": "shop server"},
            "until": {"name": "try-out", "expires_at": "2027-01-31T00:00:00Z"},
        },
        headers=["Cache-Control"],
        errors=[KeyLimit],
    )
    def create(self, request: Request) -> Created[CreatedKeyOut]:
        """Make a key for a server

        `key` is shown once. It is sent as a token is, `Authorization: Bearer s3k_…`, may do what
        its user may, and lives until it is deleted or `expires_at`.
        """
        user = current_user(request)
        args = parse(CREATE_KEY_IN, request)
        actor = Actor.user(request._request, user.id)
        row, key = api_keys.create_api_key(user_id=user.id, actor=actor, **args)
        return Created(created_key_out(row, key), headers=NO_STORE)

    @Operation("list_api_keys")
    def list(self, request: Request) -> Answer[list[KeyOut]]:
        """Your keys, newest first"""
        rows = api_keys.list_api_keys(user_id=current_user(request).id)
        return Answer([key_out(row) for row in rows])

    @Operation("delete_api_key", errors=[KeyNotFound])
    def destroy(self, request: Request, key_id: KeyId) -> Answer[DeletedKeyOut]:
        """End a key

        Requests that come with it are 401 from now on.
        """
        user = current_user(request)
        api_keys.delete_api_key(
            user_id=user.id,
            key_id=ids.parse_public_id(ids.KEY, key_id),
            actor=Actor.user(request._request, user.id),
        )
        return Answer(deleted_key_out(key_id))
