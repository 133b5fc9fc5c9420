"""The admin site's page of a person takes turns with the pages, under the same lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from accounts.web.people.changing import turn_of


def in_turn(
    request: HttpRequest, page: Callable[..., HttpResponse], *arguments: Any
) -> HttpResponse:
    """Take turns with those who change people on the pages."""
    if request.method != "POST":
        return page(request, *arguments)
    assert isinstance(request.user, User)  # nobody else sees it
    with turn_of(request.user):
        return page(request, *arguments)


class InTurn(UserAdmin):  # type: ignore[type-arg]  # it has no [] at run time
    """Refuses what an administrator sends who has just lost the role."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        page = super().changeform_view
        return in_turn(request, page, object_id, form_url, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Reset second factors, which is an action of the list."""
        return in_turn(request, super().changelist_view, extra_context)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        return in_turn(request, super().user_change_password, id, form_url)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> Any:
        """Nobody gives a role to themselves, nor locks themselves out: another
        administrator does.
        """
        fields = super().get_readonly_fields(request, obj)
        own = ["groups", "is_active"] if obj == request.user else []
        return [*fields, *own]
