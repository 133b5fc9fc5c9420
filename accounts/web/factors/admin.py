"""The admin site's page of wrong passwords, where they may be forgotten."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from accounts.admin_site import Records
from accounts.web.factors.views import record_forgotten


class AttemptAdmin(Records):
    """Wrong passwords, as they are counted: deleting a row ends a wait."""

    list_display = ["attempt_time", "ip_address", "username", "failures_since_start"]
    list_filter = ["attempt_time"]
    search_fields = ["ip_address", "username"]
    exclude = ["get_data", "post_data"]

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @transaction.atomic
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete many, and record it, or neither."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Record whose wrong passwords are forgotten, before they are."""
        assert isinstance(request.user, User)  # nobody else sees it
        record_forgotten(request.user, queryset)
        return super().log_deletions(request, queryset)
