"""The list of people: how it is searched, and what of it the admin site shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern
from django.utils import timezone

from accounts.http import Request, page_of
from accounts.lists.declaration import AT_ONCE, Filter, Listing, with_titles
from accounts.people.doors import View, administrator_required
from accounts.people.role_limits.limits import environments_without_accounts
from accounts.people.role_limits.naming import environments_in_words
from accounts.people.roles import ADMINISTRATOR, ROLES, has_role
from accounts.web.crumbs import crumbs
from accounts.web.people.forms import (
    APP,
    NO_FACTOR,
    NO_WAY,
    PASSKEY,
    PASSWORD,
    SINGLE_SIGN_ON,
    USABLE,
    Person,
    by_factor,
    by_tokens,
    by_way,
    with_all,
)
from accounts.web.people.views import turn_of
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.single_sign_on.roles import RolesByGroup, in_words, reaches

NO_ROLE = "none"
UNSEEN_DAYS = 90
ACTIVE = "active"
WAYS = (
    (PASSWORD, "Password"),
    (SINGLE_SIGN_ON, "Single sign-on"),
    (NO_WAY, "No sign-in method"),
)
FACTORS = (
    (NO_FACTOR, "No second factor"),
    (APP, "Authenticator app"),
    (PASSKEY, "Passkey"),
)


@administrator_required
def people(request: Request) -> HttpResponse:
    """List people as the filters in the URL ask, with a fixed number of queries."""
    found = with_all(matching_people(request.GET))
    page = page_of(request, found)
    sign_on = sign_on_provider()
    roles = sign_on.roles if sign_on else {}
    shown = {
        "crumbs": crumbs("settings"),
        "page": page,
        "people": [Person(user) for user in page],
        "filter_form": PEOPLE.form(request.GET),
        "sign_on": sign_on,
        "groups": [(one, ", ".join(in_words(roles[one]))) for one in sorted(roles)],
        "without_accounts": without_accounts(roles),
    }
    return render(request, "people/people.html", shown)


def without_accounts(by_group: RolesByGroup) -> str:
    """Name the environments that OIDC_ROLES names, and no account is in."""
    unused = environments_without_accounts(
        environment
        for names in by_group.values()
        for reach in reaches(names).values()
        for environment in reach or ()
    )
    return environments_in_words(unused)


def matching_people(asked: QueryDict) -> QuerySet[User]:
    """Find what the filters in the URL ask for, by name."""
    return PEOPLE.matching(User.objects.order_by("username"), asked)


def by_text(text: str) -> Q:
    return (
        Q(username__icontains=text)
        | Q(first_name__icontains=text)
        | Q(last_name__icontains=text)
        | Q(email__icontains=text)
    )


def by_role(name: str) -> Q:
    """Find who has the role; a superuser has the administrator's without a group."""
    if name == NO_ROLE:
        roles = User.objects.filter(groups__name__in=[role.name for role in ROLES])
        return ~Q(pk__in=roles.values("pk")) & Q(is_superuser=False)
    having = Q(pk__in=User.objects.filter(groups__name=name).values("pk"))
    return having | Q(is_superuser=True) if name == ADMINISTRATOR.name else having


def by_seen(days: str) -> Q:
    """Find who was not seen for that long, or never."""
    since = timezone.now() - timedelta(days=int(days))
    return ~Q(last_login__gte=since) & ~Q(identity__seen_at__gte=since)


def exported_people(asked: QueryDict, _: User) -> Iterator[Person]:
    found = with_all(matching_people(asked))
    return map(Person, found.iterator(chunk_size=AT_ONCE))


PEOPLE = Listing(
    "people",
    title="People",
    filters=(
        Filter("text", by_text, "Name or email address"),
        Filter(
            "role",
            by_role,
            "Role",
            [*with_titles(role.name for role in ROLES), (NO_ROLE, "No role")],
            often=True,
        ),
        Filter(
            "state",
            lambda state: Q(is_active=state == ACTIVE),
            "State",
            with_titles([ACTIVE, "deactivated"]),
            often=True,
        ),
        Filter("way", by_way, "Sign-in", WAYS),
        Filter("factor", by_factor, "Second factor", FACTORS),
        Filter(
            "tokens",
            by_tokens,
            "API tokens",
            [(USABLE, "With API tokens")],
            unasked="With or without API tokens",
        ),
        Filter(
            "unseen",
            by_seen,
            "Last seen",
            [(str(UNSEEN_DAYS), f"Not seen for {UNSEEN_DAYS} days")],
            unasked="Seen at any time",
        ),
    ),
    columns={
        "username": lambda row: row.user.username,
        "full_name": lambda row: row.user.get_full_name(),
        "email": lambda row: row.user.email,
        "roles": lambda row: row.roles,
        "superuser": lambda row: row.user.is_superuser,
        "signs_in_by": lambda row: row.ways,
        "second_factor": lambda row: row.factors,
        "seen_at": lambda row: row.seen_at,
        "sessions": lambda row: row.sessions,
        "api_tokens": lambda row: row.tokens,
        "active": lambda row: row.user.is_active,
        "added_at": lambda row: row.user.date_joined,
    },
    exported=exported_people,
    role=ADMINISTRATOR,
)


def in_turn(view: View) -> View:
    """Take turns with those who change people on the pages."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        by = request.user
        if request.method != "POST" or not has_role(by, ADMINISTRATOR):
            return view(request, *args, **kwargs)
        with turn_of(by):  # type: ignore[arg-type]  # nobody else has the role
            return view(request, *args, **kwargs)

    return page


class InTurn(UserAdmin):  # type: ignore[type-arg]  # it has no [] at run time
    """Refuses what an administrator sends who has just lost the role."""

    def get_urls(self) -> list[URLPattern]:
        found = super().get_urls()
        for one in found:
            one.callback = in_turn(one.callback)
        return found

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> Any:
        """Nobody gives a role to themselves, nor locks themselves out: another
        administrator does.
        """
        fields = super().get_readonly_fields(request, obj)
        own = ["groups", "is_active"] if obj == request.user else []
        return [*fields, *own]
