"""The web process: `granian --interface wsgi s3project.wsgi:application`."""

import os

from s3project.metrics.folder import share_folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "s3project.settings")
if os.environ.get("METRICS_TOKEN"):
    # The processes of one server have one parent, which counts nothing itself.
    share_folder(os.getppid())

from django.core.wsgi import get_wsgi_application

from s3project.unread_bodies import read_to_the_end

application = read_to_the_end(get_wsgi_application())

from s3project.metrics.http import begin_at_zero
from s3project.telemetry.start import start
from s3project.web_process import leave_out

leave_out()
begin_at_zero()
start("web")
