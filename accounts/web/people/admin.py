"""The admin site's page of a person takes turns with the pages, under the same lock."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from accounts.web.people.changing import NotAllowed, turn_of


class InTurn(admin.ModelAdmin):  # type: ignore[type-arg]  # it has no [] at run time
    """Refuses what an administrator sends who has just lost the role."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Take turns with those who change people on the pages."""
        page = partial(
            super().changeform_view, request, object_id, form_url, extra_context
        )
        if request.method != "POST":
            return page()
        assert isinstance(request.user, User)  # nobody else sees it
        try:
            with turn_of(request.user):
                return page()
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> Any:
        """Nobody gives a role to themselves, nor locks themselves out: another
        administrator does.
        """
        fields = super().get_readonly_fields(request, obj)
        own = ["groups", "is_active"] if obj == request.user else []
        return [*fields, *own]
