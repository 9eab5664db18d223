"""The bodies that `users` takes. They check shape and never save."""

from typing import Any

from rest_framework import serializers

from s3project.api.fields import Text


class AnonymousSignUpIn(serializers.Serializer[Any]):
    device_hash = Text(required=False, allow_null=True, allow_blank=True, max_length=1024)


class RefreshSessionIn(serializers.Serializer[Any]):
    # Whatever is no token of ours is an unknown one, not a malformed request.
    refresh = Text(allow_blank=True)
