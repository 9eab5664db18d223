"""Turns on what the settings name, once in each process."""

import importlib

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def start(service: str) -> None:
    """Raises ImproperlyConfigured where something is to be on and its packages are not there."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _turn_on("s3project.telemetry.opentelemetry", service, "OTEL_EXPORTER_OTLP_ENDPOINT")
    if settings.SENTRY_DSN:
        _turn_on("s3project.telemetry.sentry", service, "SENTRY_DSN")


def _turn_on(module: str, service: str, name: str) -> None:
    try:
        part = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImproperlyConfigured(
            f"{name} is set, and {error.name} is not installed: requirements-observability.txt."
        ) from None
    part.turn_on(service)
