"""Every URL of the site; those of the pages are in accounts/web/urls.py."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.runs.heartbeat import silence


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer once the database does."""
    connection.ensure_connection()
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """Answer 200 while workers do, else 503: for whoever restarts or wakes."""
    silent = silence()
    return HttpResponse(
        str(silent) if silent else "ok",
        content_type="text/plain",
        status=503 if silent else 200,
    )


# One door: the admin site's own form would be a second one to guard.
admin_sign_in = login_not_required(
    RedirectView.as_view(pattern_name="sign-in", query_string=True)
)

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("healthz/worker", worker, name="healthz-worker"),
    path("sign-in/", LoginView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("", include("accounts.web.urls")),
]
