from django.urls import path

from users.api.keys import KeyViewSet
from users.api.views import (
    LedgerView,
    MeView,
    RefreshSessionView,
    SignOutView,
    SignUpAnonymouslyView,
)

urlpatterns = [
    path("auth/anon", SignUpAnonymouslyView.as_view()),
    path("auth/refresh", RefreshSessionView.as_view()),
    path("auth/sign-out", SignOutView.as_view()),
    path("me/keys", KeyViewSet.as_view({"get": "list", "post": "create"})),
    path("me/keys/<str:key_id>", KeyViewSet.as_view({"delete": "destroy"})),
    path("me", MeView.as_view()),
    path("me/ledger", LedgerView.as_view()),
]
