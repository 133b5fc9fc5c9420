"""The Django app that stores accounts and runs, and shows them."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "accounts"

    def ready(self) -> None:
        """Note each sign-in in its session, whatever page or library it came by: Django
        has no other hook for that.
        """
        from accounts.web.you.sessions import begin_session

        user_logged_in.connect(
            begin_session, dispatch_uid="accounts.web.you.sessions.begin_session"
        )
