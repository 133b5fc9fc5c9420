"""The admin site: administrators only, and Bowline's name on it."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

from accounts.web.access import ADMINISTRATOR, has_role


class BowlineAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.BowlineAdminSite"


class BowlineAdminSite(AdminSite):
    site_header = "Bowline administration"
    site_title = "Bowline"
    index_title = "What Bowline remembers"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Leave out the redirect to a row's page: it fails where an id is no UUID."""
        urls = super().get_urls()
        return [url for url in urls if getattr(url, "name", "") != "view_on_site"]

    def has_permission(self, request: HttpRequest) -> bool:
        """Ask for the role instead of Django's `is_staff`, which no group can give."""
        return request.user.is_active and has_role(request.user, ADMINISTRATOR)
