#!/usr/bin/env python
"""Django's entry point. Commands find the stack that runs in this checkout by themselves."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "s3project.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(explain(error))


def explain(error: Exception) -> str:
    """One line for the person at the shell."""
    from django.conf import settings

    if settings.configured and settings.DATABASES["default"]["ENGINE"].endswith(".dummy"):
        return (
            "This command needs the database: run `make serve` in another terminal, "
            "or set DATABASE_URL."
        )
    return f"Configuration: {error}"


if __name__ == "__main__":
    main()
