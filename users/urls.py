from django.urls import path

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
    path("me", MeView.as_view()),
    path("me/ledger", LedgerView.as_view()),
]
