"""The addresses of the web process, and two more that crash."""

from typing import NoReturn

from django.http import HttpRequest
from django.urls import path
from rest_framework.request import Request

from s3project import urls
from s3project.api.views import ApiView

SECRET_TEXT = "password=hunter2"


class CrashingApiView(ApiView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> NoReturn:
        raise RuntimeError(SECRET_TEXT)


def crashing_view(request: HttpRequest) -> NoReturn:
    raise RuntimeError(SECRET_TEXT)


urlpatterns = [
    *urls.urlpatterns,
    path("crash", CrashingApiView.as_view()),
    path("crash-outside", crashing_view),
]
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
