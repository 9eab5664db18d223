"""The web process: `granian --interface wsgi s3project.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "s3project.settings")

application = get_wsgi_application()
