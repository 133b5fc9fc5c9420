"""The admin site's pages: people with their roles, and every row, for looking up.

Only people are edited here. You edit accounts on the pages, which check every field,
outdate what no longer holds, and know what exists in AWS; all else are records.
"""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse

from accounts.admin_site import Records
from accounts.factors import keeping as factors
from accounts.models import (
    Activity,
    Bundle,
    CheckResult,
    EnabledProvider,
    Identity,
    ManagedAccount,
    ManagingAccount,
    Preferences,
    Run,
    SpinnakerName,
    Step,
    Target,
)
from accounts.people.activity import record
from accounts.web.factors.admin import AttemptAdmin
from accounts.web.people.forms import role_names
from accounts.web.people.listing import InTurn
from accounts.web.role_limits import LimitedPersonAdmin
from accounts.web.single_sign_on.provider import provider_of
from accounts.web.you.confirmation import ask, is_confirmed
from accounts.web.you.sessions import end

# The rail has the places, and the index the models: tables have all of the width.
admin.site.enable_nav_sidebar = False


def person_of(request: HttpRequest) -> User:
    """Give the person: nobody else gets into the admin site."""
    assert isinstance(request.user, User)
    return request.user


@admin.register(Activity)
class ActivityAdmin(Records):
    list_display = ["number", "at", "who", "what", "about"]
    list_filter = ["what", "at"]
    search_fields = ["who", "about"]


@admin.register(ManagingAccount)
class ManagingAccountAdmin(Records):
    list_display = ["name", "account_id", "partition", "identity_kind", "state", "page"]
    search_fields = ["name", "account_id"]
    readonly_fields = ["bowline_principal", "version", "applied"]


class EnabledProviderInline(admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = EnabledProvider
    extra = 0
    can_delete = False

    def has_add_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


@admin.register(ManagedAccount)
class ManagedAccountAdmin(Records):
    list_display = ["name", "account_id", "environment", "state", "verified_at", "page"]
    list_filter = ["state", "environment", "providers__key"]
    search_fields = ["name", "account_id"]
    readonly_fields = [
        "verification",
        "version",
        "external_id",
        "own_external_id",
        "former_external_id",
        "policy_set",
        "applied",
        "granted_at",
        "verified_at",
        "accepted_at",
        "accepted_by_name",
        "created_by_name",
    ]
    inlines = [EnabledProviderInline]


@admin.register(EnabledProvider)
class EnabledProviderAdmin(Records):
    list_display = ["key", "account_page", "has_details"]
    list_filter = ["key", "has_details"]
    search_fields = ["account__name", "account__account_id"]
    list_select_related = ["account"]


@admin.register(Preferences)
class PreferencesAdmin(Records):
    list_display = ["person", "time_zone", "shortcuts", "mail"]
    search_fields = ["person__username", "time_zone"]
    list_select_related = ["person"]


@admin.register(Identity)
class IdentityAdmin(Records):
    list_display = ["person", "subject", "issuer", "seen_at"]
    search_fields = ["person__username", "subject"]
    list_select_related = ["person"]


@admin.register(SpinnakerName)
class SpinnakerNameAdmin(Records):
    list_display = ["name", "account_page"]
    search_fields = ["name", "account__name", "account__account_id"]
    list_select_related = ["account"]


@admin.register(Target)
class TargetAdmin(Records):
    list_display = ["name", "channel", "created_at", "paused_at", "sent_at", "failure"]
    list_filter = ["channel"]
    search_fields = ["name"]
    readonly_fields = ["created_by_name", "rotation", "sent_at", "failed_at", "failure"]


@admin.register(Run)
class RunAdmin(Records):
    list_display = [
        "number",
        "account_name",
        "kind",
        "status",
        "created_at",
        "started_from",
        "created_by_name",
        "approved_by_name",
        "page",
    ]
    list_filter = ["status", "kind", "started_from", "created_at"]
    readonly_fields = ["traceback", "created_by_name", "approved_by_name"]
    search_fields = ["=number", "account_name", "account__account_id"]


@admin.register(Step)
class StepAdmin(Records):
    list_display = ["name", "kind", "verb", "status", "account_name", "run_page"]
    list_filter = ["status", "verb", "kind"]
    search_fields = ["name", "account_name", "account_id"]
    list_select_related = ["run"]


@admin.register(CheckResult)
class CheckResultAdmin(Records):
    list_display = ["name", "provider", "outcome", "checked_at", "run_page"]
    list_filter = ["outcome", "provider"]
    search_fields = ["name", "sentence", "run__account_name"]
    list_select_related = ["run"]


@admin.register(Bundle)
class BundleAdmin(Records):
    list_display = ["number", "status", "size", "created_by_name", "created_at", "page"]
    list_filter = ["status", "created_at"]
    search_fields = ["number", "sha256", "accounts__name"]
    exclude = ["archive", "files", "readme", "load"]
    readonly_fields = ["created_by_name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bundle]:
        return super().get_queryset(request).defer(*self.exclude)


What = Activity.What


class PersonAdmin(InTurn, LimitedPersonAdmin):
    """People and their roles. Only a superuser creates another superuser."""

    list_display = ["username", "email", "roles", "factor", "is_active", "last_login"]
    actions = ["reset_factors"]
    list_filter = ["groups", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active"]}),
        ("Who it is", {"fields": ["first_name", "last_name", "email"]}),
        ("Roles", {"fields": ["groups"]}),
        ("Since", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []

    def formfield_for_manytomany(self, *args: Any, **options: Any) -> Any:
        """Show the four roles as check boxes, not as two lists."""
        widget = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(*args, widget=widget, **options)

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        return ", ".join(group.name for group in person.groups.all())

    @admin.display(description="second factor", boolean=True)
    def factor(self, person: User) -> bool:
        return bool(vars(person)["factor_count"])

    @admin.action(description="Reset the second factor", permissions=["change"])
    def reset_factors(
        self, request: HttpRequest, people: QuerySet[User]
    ) -> HttpResponse | None:
        """Remove the second factors of these people, and end their sessions."""
        if not is_confirmed(request):
            return ask(request, request.path)
        reset = []
        for person in people:
            if may_touch(request, person) and factors.reset(person, person_of(request)):
                end(person, but=request.session)
                reset.append(person.get_username())
        said = ", ".join(reset) or (
            "no one: none of them has a second factor that you can reset"
        )
        self.message_user(request, f"The second factor is reset of: {said}.")
        return None

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Count apps and passkeys: recovery codes alone are no second factor."""
        counted = ~Q(authenticator__type=factors.CODES)
        count = Count("authenticator", filter=counted, distinct=True)
        people = super().get_queryset(request).annotate(factor_count=count)
        found: QuerySet[User] = people.prefetch_related("groups")
        return found

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Save the roles, and record what changed."""
        person, by = form.instance, person_of(request)
        before = role_names(person)
        super().save_related(request, form, formsets, change)
        after = role_names(person)
        changed = {
            name: [form.initial.get(name), form.cleaned_data[name]]
            for name in form.changed_data
            if name in ON_RECORD
        }
        if changed:
            record(by, What.PERSON, person.username, {"changed": changed})
        if before != after:
            record(by, What.ROLES, person.username, {"changed": [before, after]})

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> Any:
        """Leave roles and names to the single sign-on, where it decides them."""
        fields = super().get_readonly_fields(request, obj)
        theirs = isinstance(obj, User) and provider_of(obj)
        return [*fields, *(OF_PROVIDER if theirs else [])]

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        asked = self.get_object(request, id)
        if isinstance(asked, User) and provider_of(asked):
            raise PermissionDenied("This person signs in with single sign-on.")
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            person = self.get_object(request, id)
            if request.method == "POST" and response.status_code == 302 and person:
                record(person_of(request), What.PASSWORD, person.username)
        return response

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False  # whoever left is deactivated: the record keeps them


OF_PROVIDER = ["username", "groups", "first_name", "last_name", "email"]
ON_RECORD = {"username", "is_active", "first_name", "last_name", "email"}


def may_touch(request: HttpRequest, person: Model | None) -> bool:
    """Refuse to set a superuser's password unless a superuser does it."""
    return request.user.is_superuser or not getattr(person, "is_superuser", False)


admin.site.unregister(User)
admin.site.unregister(Group)
admin.site.register(User, PersonAdmin)
admin.site.register(AccessAttempt, AttemptAdmin)
