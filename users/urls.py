from django.urls import path

from users.views import MeView, SignUpAnonymouslyView

urlpatterns = [
    path("auth/anon", SignUpAnonymouslyView.as_view()),
    path("me", MeView.as_view()),
]
