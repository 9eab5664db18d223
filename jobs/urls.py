from django.urls import path

from jobs.api.check import CheckView
from jobs.api.jobs import JobViewSet
from jobs.api.metrics import metrics
from jobs.api.package_worker import PackageCallbackView, PackageClaimView
from jobs.api.packages import PackageViewSet
from jobs.api.presets import PresetViewSet
from jobs.api.rules import RuleViewSet
from jobs.api.vocabulary import VocabularyView
from jobs.api.watch import WatchView
from jobs.api.webhooks import WebhookViewSet
from jobs.api.worker import CallbackView, ClaimView
from jobs.guide.view import GuideView
from jobs.studio.view import StudioView

RULE = RuleViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"})
WEBHOOK = WebhookViewSet.as_view({"get": "retrieve", "patch": "update", "delete": "destroy"})

urlpatterns = [
    path("jobs", JobViewSet.as_view({"get": "list", "post": "create"})),
    path("jobs/check", CheckView.as_view()),
    path("jobs/<str:job_id>", JobViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("jobs/<str:job_id>/events", WatchView.as_view()),
    path("jobs/<str:job_id>/confirm-upload", JobViewSet.as_view({"post": "confirm_upload"})),
    path("jobs/<str:job_id>/execute", JobViewSet.as_view({"post": "execute"})),
    path("jobs/<str:job_id>/cancel", JobViewSet.as_view({"post": "cancel"})),
    path("jobs/<str:job_id>/callback", CallbackView.as_view()),
    path("jobs/<str:job_id>/claim", ClaimView.as_view()),
    path(
        "jobs/<str:job_id>/packages",
        PackageViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path("jobs/<str:job_id>/packages/<str:template>/callback", PackageCallbackView.as_view()),
    path("jobs/<str:job_id>/packages/<str:template>/claim", PackageClaimView.as_view()),
    path("rules", RuleViewSet.as_view({"get": "list", "post": "create"})),
    path("rules/<str:rule_id>", RULE),
    path("webhooks", WebhookViewSet.as_view({"get": "list", "post": "create"})),
    path("webhooks/<str:webhook_id>", WEBHOOK),
    path("webhooks/<str:webhook_id>/rotate", WebhookViewSet.as_view({"post": "rotate"})),
    path("webhooks/<str:webhook_id>/test", WebhookViewSet.as_view({"post": "test"})),
    path("webhooks/<str:webhook_id>/deliveries", WebhookViewSet.as_view({"get": "deliveries"})),
    path(
        "webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/resend",
        WebhookViewSet.as_view({"post": "resend"}),
    ),
    path("studio", StudioView.as_view()),
    path("docs", GuideView.as_view()),
    path("metrics", metrics),
    path("vocabulary", VocabularyView.as_view()),
    path("presets", PresetViewSet.as_view({"get": "list"})),
    path("presets/<str:preset_id>", PresetViewSet.as_view({"get": "retrieve"})),
]
