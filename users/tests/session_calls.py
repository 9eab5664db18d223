"""Signing in, refreshing and looking at what is stored of it, for tests."""

from datetime import timedelta
from typing import Any

import jwt
from django.conf import settings
from django.db.models import F

from s3project.testing.api import Answer, Api
from users.models import Session, SpentRefreshToken

DEVICE = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"
INVALID = (401, "TOKEN_INVALID")


def sign_in() -> dict[str, Any]:
    data: dict[str, Any] = Api().post("/auth/anon", {"device_hash": DEVICE}).data
    return data


def refresh(token: object) -> Answer:
    return Api().post("/auth/refresh", {"refresh": token})


def me(token: str) -> Answer:
    return Api(token).get("/me")


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, settings.JWT_SECRET, algorithms=["HS256"])


def age_spent_tokens(**age: float) -> None:
    SpentRefreshToken.objects.update(spent_at=F("spent_at") - timedelta(**age))


def rows() -> list[tuple[Any, ...]]:
    sessions = Session.objects.order_by("pk").values_list("pk", "refresh_digest", "revoked_at")
    return [*sessions, *SpentRefreshToken.objects.order_by("pk").values_list("pk", "session_id")]
