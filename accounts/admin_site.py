"""The admin site: for administrators only, with rows to look up."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib.admin import AdminSite, ModelAdmin, display
from django.contrib.admin.apps import AdminConfig
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.people.roles import ADMINISTRATOR, has_role
from accounts.web.you.confirmation import ask, is_confirmed

if TYPE_CHECKING:
    from accounts.people.doors import View

V = TypeVar("V", bound="View")

PEOPLE = ("auth_user_add", "auth_user_change", "auth_user_password_change")
"""The pages that change roles and passwords."""

HIDDEN = ("account", "mfa", "socialaccount")
"""Applications of django-allauth: Bowline uses no table of theirs but that of second
factors, whose secrets and digests are for nobody to look up, or to change unrecorded.
"""


class BowlineAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.BowlineAdminSite"


class BowlineAdminSite(AdminSite):
    site_header = "Bowline administration"
    site_title = "Bowline"
    index_title = "Bowline's records"

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Leave out the tables of the sign-in library."""
        if isinstance(model_or_iterable, ModelBase):
            model_or_iterable = [model_or_iterable]
        shown = [
            model for model in model_or_iterable if model._meta.app_label not in HIDDEN
        ]
        super().register(shown, *args, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Omit the redirect to a row's page: it fails if an id is not a UUID."""
        urls = super().get_urls()
        return [url for url in urls if getattr(url, "name", "") != "view_on_site"]

    def admin_view(self, view: V, cacheable: bool = False) -> V:
        """Ask for the password again before a person is added or changed."""
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            found = request.resolver_match
            about_people = found is not None and found.url_name in PEOPLE
            may = about_people and self.has_permission(request)
            if may and not is_confirmed(request):
                return ask(request, request.path)
            return inner(request, *args, **kwargs)

        return cast("V", asking)

    def has_permission(self, request: HttpRequest) -> bool:
        """Require the role, not Django's `is_staff`, which a group cannot give."""
        return request.user.is_active and has_role(request.user, ADMINISTRATOR)


class Rows(ModelAdmin):  # type: ignore[type-arg]  # it has no [] at run time
    """A list with a link to the page that shows the row."""

    list_per_page = 50
    view_on_site = False  # see `page`; and the site has no redirect
    show_full_result_count = False

    @display(description="page")
    def page(self, row: Model) -> SafeString:
        return link(row, "View its page")

    @display(description="account", ordering="account__name")
    def account_page(self, row: Any) -> SafeString:
        return link(row.account)

    @display(description="run")
    def run_page(self, row: Any) -> SafeString:
        return link(row.run)


def link(row: Any, text: str = "") -> SafeString:
    return format_html('<a href="{}">{}</a>', row.get_absolute_url(), text or row)


class Records(Rows):
    """Rows to look up: nobody adds, edits or deletes them here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False
