"""Who acts, and from where."""

import os
import pwd
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.http import HttpRequest

from s3project.acts.words import ActorKind
from s3project.api.client_address import client_address


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is that of a user, an operator's included; `name` is what people call the actor."""

    kind: ActorKind
    id: UUID | None = None
    name: str = ""
    address: str | None = None

    @classmethod
    def operator(cls, request: HttpRequest, operator: Any = None) -> Self:
        """Who is signed in to the admin, or `operator` where that is about to happen."""
        operator = operator or request.user
        return cls(ActorKind.OPERATOR, operator.pk, operator.email or "", _address(request))

    @classmethod
    def user(cls, request: HttpRequest, user_id: UUID) -> Self:
        """A client of the API."""
        return cls(ActorKind.USER, user_id, address=_address(request))

    @classmethod
    def anyone(cls, request: HttpRequest) -> Self:
        """Whoever sent a request and has proved nothing."""
        return cls(ActorKind.ANYONE, address=_address(request))

    @classmethod
    def command(cls) -> Self:
        """Who runs a command of `manage.py`: the operating system's user, by its number and not
        by the environment; of root also who became it, as far as sudo says."""
        uid = os.getuid()
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:  # a container runs as a number
            name = str(uid)
        sudo = os.environ.get("SUDO_USER", "") if uid == 0 else ""
        return cls(ActorKind.COMMAND, name=f"{name} (sudo: {sudo})" if sudo else name)


SYSTEM = Actor(ActorKind.SYSTEM)


def _address(request: HttpRequest) -> str | None:
    address = client_address(request)
    return str(address) if address else None
