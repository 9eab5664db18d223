"""Every address of the web process. No prefix, no trailing slash, no redirect to add one."""

from django.contrib import admin
from django.urls import include, path

from s3project.api import envelope
from s3project.api.health import HealthView
from s3project.api.index import IndexView
from s3project.api.readiness import ReadyView
from s3project.docs.reference import ReferenceView
from s3project.docs.schema import SchemaView

urlpatterns = [
    path("", IndexView.as_view()),
    path("", include("jobs.urls")),
    path("", include("users.urls")),
    path("health", HealthView.as_view()),
    path("ready", ReadyView.as_view()),
    path("openapi.json", SchemaView.as_view()),
    path("docs/reference", ReferenceView.as_view()),
    path("admin/", admin.site.urls),
]

handler400 = envelope.bad_request
handler404 = envelope.not_found
handler500 = envelope.server_error
