"""The `Idempotency-Key` header: a request sent twice has one effect and one answer.

The first answer is stored in the transaction of its effect and replayed for 24 hours. Errors have
no effect, so they are not stored: sent again, the request is tried again. A handler therefore runs
inside a transaction here; what it sends elsewhere waits for the commit (`transaction.on_commit`).
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import transaction
from rest_framework.request import Request

from s3project.api.answers import Answer
from s3project.api.json_body import read_body
from s3project.errors import KeyReused, RequestInProgress, ValidationFailed
from users.api.auth import current_user
from users.models import IdempotentRequest

HEADER = "Idempotency-Key"
# `request.headers` would first make a mapping of all headers.
IN_ENVIRON = "HTTP_IDEMPOTENCY_KEY"
REPLAYED_HEADER = "Idempotent-Replayed"
VALID_KEY = re.compile(r"[\x21-\x7e]{1,255}")

R = TypeVar("R", bound=Answer[Any])
Handler = TypeVar("Handler", bound=Callable[..., Answer[Any]])


def idempotent(handler: Handler) -> Handler:
    """Makes a view's handler honour the header; without the header nothing changes.

    Raises ValidationFailed for a key that is none, KeyReused,
    RequestInProgress.
    """

    @wraps(handler)
    def replayed(view: Any, request: Request, *args: Any, **kwargs: Any) -> Answer[Any]:
        return answer_once(request, lambda: handler(view, request, *args, **kwargs))

    vars(replayed)["idempotent"] = True
    return cast(Handler, replayed)


def answer_once(request: Request, handle: Callable[[], R]) -> R:
    """As `idempotent`, for a view with slow work to do before the transaction that `handle` runs
    in: no network call belongs into one.
    """
    key = request._request.META.get(IN_ENVIRON)
    if key is None:
        return handle()
    if not VALID_KEY.fullmatch(key):
        raise ValidationFailed({HEADER: ["Must have 1 to 255 visible ASCII characters."]})
    user_id = current_user(request).id
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        if not IdempotentRequest.objects.try_lock(user_id, key):
            raise RequestInProgress
        stored = IdempotentRequest.objects.stored(user_id, key)
        if stored is not None:
            if stored.fingerprint != fingerprint:
                raise KeyReused
            headers = {REPLAYED_HEADER: "true"}
            return cast(R, Answer(stored.data, status=stored.status, headers=headers))
        response = handle()
        IdempotentRequest.objects.create(
            user_id=user_id,
            key=key,
            fingerprint=fingerprint,
            status=response.status_code,
            data=response.data,
        )
    return response


def _fingerprint(request: Request) -> str:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + read_body(request._request)).hexdigest()
