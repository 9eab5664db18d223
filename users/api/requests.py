"""The bodies that `users` takes. They check shape and never save."""

from datetime import datetime

from django.utils import timezone
from rest_framework import serializers

from s3project.api.fields import Moment, Object, Text


class AnonymousSignUpIn(Object):
    device_hash = Text(required=False, allow_null=True, allow_blank=True, max_length=1024)
    # What SIGNUP_PROOF asks of new users; otherwise neither is looked at.
    invite = Text(required=False, allow_null=True, allow_blank=True, max_length=200)
    proof = Text(required=False, allow_null=True, allow_blank=True, max_length=8192)


class CreateKeyIn(Object):
    name = Text(max_length=100, trim_whitespace=True)
    expires_at = Moment(required=False, allow_null=True)

    def validate_expires_at(self, moment: datetime | None) -> datetime | None:
        if moment is not None and moment <= timezone.now():
            raise serializers.ValidationError(["Must be in the future."])
        return moment


class RefreshSessionIn(Object):
    # Whatever is no token of ours is an unknown one, not a malformed request.
    refresh = Text(allow_blank=True)
