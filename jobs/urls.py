from django.urls import path

from jobs.callback import CallbackView, ClaimView
from jobs.views import JobViewSet

urlpatterns = [
    path("jobs", JobViewSet.as_view({"post": "create"})),
    path("jobs/<str:job_id>", JobViewSet.as_view({"get": "retrieve"})),
    path("jobs/<str:job_id>/confirm-upload", JobViewSet.as_view({"post": "confirm_upload"})),
    path("jobs/<str:job_id>/execute", JobViewSet.as_view({"post": "execute"})),
    path("jobs/<str:job_id>/cancel", JobViewSet.as_view({"post": "cancel"})),
    path("jobs/<str:job_id>/callback", CallbackView.as_view()),
    path("jobs/<str:job_id>/claim", ClaimView.as_view()),
]
