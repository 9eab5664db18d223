"""The events process: `granian --interface asgi s3project.asgi:application`.

Not Django's ASGI handler with all addresses, but an application of our own that serves streams of
events and nothing else (`jobs/stream/application.py`).
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "s3project.settings")
django.setup()

from django.conf import settings
from django.utils.module_loading import import_string

application = import_string(settings.EVENTS_APPLICATION)
