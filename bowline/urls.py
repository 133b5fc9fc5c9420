"""Every URL of the site; those of the pages are in accounts/web/urls.py.

Not here: /healthz, /readyz and /healthz/worker, which bowline/health.py answers before
all else, and /metrics, which bowline/operations/metrics.py answers.
"""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.api.urls import urlpatterns as api_urls
from accounts.web.factors import views as factors
from accounts.web.failing import failed
from accounts.web.people.forms import choose_password
from accounts.web.sign_in import SignIn, SignOut
from accounts.web.single_sign_on.provider import PROVIDER
from accounts.web.you import preferences
from accounts.web.you import views as you

# One door: the admin site's own form would be a second one to guard.
admin_sign_in = login_not_required(
    RedirectView.as_view(pattern_name="sign-in", query_string=True)
)

handler500 = failed

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-in/", SignIn.as_view(), name="account_login"),  # allauth calls it so
    path(
        "sign-in/second/",
        login_not_required(factors.SecondStep.as_view()),
        name="mfa_authenticate",
    ),
    path("sign-in/passkey/", factors.passkey_sign_in, name="passkey"),
    path(
        "sign-in/passkey/options/",
        factors.sign_in_options,
        name="passkey-options",
    ),
    path("sign-in/choose/", choose_password, name="choose-password"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("you/", you.you, name="you"),
    path("you/sessions/end/", you.sessions_end, name="sessions-end"),
    path("you/preferences/", you.preferences, name="preferences"),
    path("you/filters/save/", preferences.filter_save, name="filter-save"),
    path("you/filters/delete/", preferences.filter_delete, name="filter-delete"),
    path("you/unsent/", you.unsent, name="unsent"),
    path("you/confirm/", you.confirm_identity, name="confirm"),
    path("you/confirm/options/", you.confirm_options, name="confirm-options"),
    path("you/second-factor/", include(factors.urlpatterns)),
    path("api/v1/", include(api_urls)),
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("", include("accounts.web.urls")),
]
if apps.is_installed("allauth.socialaccount"):
    from accounts.web.single_sign_on import views as single_sign_on

    urlpatterns += [
        path("sign-in/single/", single_sign_on.start, name="single-sign-on"),
        path(
            "sign-in/single/back/",
            single_sign_on.back,
            {"provider_id": PROVIDER},
            name="openid_connect_callback",
        ),
    ]
