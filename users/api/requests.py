"""The bodies that `users` takes. They check shape and never save."""

from s3project.api.fields import Object, Text


class AnonymousSignUpIn(Object):
    device_hash = Text(required=False, allow_null=True, allow_blank=True, max_length=1024)


class RefreshSessionIn(Object):
    # Whatever is no token of ours is an unknown one, not a malformed request.
    refresh = Text(allow_blank=True)
