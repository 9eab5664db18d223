"""The Celery tasks of `users`: each calls one function and knows no more."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from users.models import Session
from users.models.idempotency import IdempotentRequest


@shared_task(name="users.delete_expired_answers")
def delete_expired_answers() -> None:
    """Answers that were kept for repeated requests."""
    IdempotentRequest.objects.delete_expired()


@shared_task(name="users.delete_expired_sessions")
def delete_expired_sessions() -> None:
    """Sessions of which no token can be alive, and those of operators that are over."""
    Session.objects.delete_expired()
    SessionStore.clear_expired()
