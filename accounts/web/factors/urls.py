"""The pages of a person's own second factor."""

from __future__ import annotations

from django.urls import path

from accounts.web.factors import views

urlpatterns = [
    path("", views.second_factor, name="second-factor"),
    path("app/", views.app, name="second-factor-app"),
    path("app/remove/", views.app_remove, name="second-factor-app-remove"),
    path("passkey/", views.passkey, name="second-factor-passkey"),
    path(
        "passkey/options/",
        views.passkey_options,
        name="second-factor-passkey-options",
    ),
    path(
        "passkey/<uuid:pk>/remove/",
        views.passkey_remove,
        name="second-factor-passkey-remove",
    ),
    path("codes/", views.codes, name="second-factor-codes"),
]
