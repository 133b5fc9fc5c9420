"""The list of people: how it is searched, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from accounts.http import Request, page_of
from accounts.lists.filters import Filters, filtered
from accounts.people.doors import administrator_required
from accounts.people.role_limits.limits import environments_without_accounts
from accounts.people.role_limits.naming import environments_in_words
from accounts.people.roles import ADMINISTRATOR, ROLES
from accounts.web.crumbs import crumbs
from accounts.web.filters import Filter, FilterForm, with_titles
from accounts.web.people.person import (
    APP,
    NO_FACTOR,
    NO_WAY,
    PASSKEY,
    PASSWORD,
    SINGLE_SIGN_ON,
    USABLE,
    by_factor,
    by_tokens,
    by_way,
    person_of,
    with_all,
)
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.single_sign_on.roles import RolesByGroup, in_words, reaches

NO_ROLE = "none"
UNSEEN_DAYS = 90
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
    shown = {
        "crumbs": crumbs("settings"),
        "page": page,
        "people": [person_of(user) for user in page],
        "filter_form": filter_form(request),
        "sign_on": sign_on,
        "groups": groups_in_words(sign_on.roles if sign_on else {}),
    }
    return render(request, "people/people.html", shown)


class Groups(NamedTuple):
    """What OIDC_ROLES gives."""

    roles: list[tuple[str, str]]
    """Each group, and its roles in words."""
    without_accounts: str
    """Environments that it names, and no account is in."""


def groups_in_words(by_group: RolesByGroup) -> Groups:
    unused = environments_without_accounts(
        environment
        for names in by_group.values()
        for reach in reaches(names).values()
        for environment in reach or ()
    )
    return Groups(
        [(group, ", ".join(in_words(by_group[group]))) for group in sorted(by_group)],
        environments_in_words(unused) if unused else "",
    )


def filter_form(request: Request) -> FilterForm:
    roles = [*with_titles(role.name for role in ROLES), (NO_ROLE, "No role")]
    states = with_titles(["active", "deactivated"])
    unseen = [(str(UNSEEN_DAYS), f"Not seen for {UNSEEN_DAYS} days")]
    return FilterForm.of(
        request.GET,
        "People",
        "accounts:people",
        [
            Filter("text", "Name or email address", "Name or email address"),
            Filter("role", "Role", "Any role", roles, often=True),
            Filter("state", "State", "Any state", states, often=True),
            Filter("way", "Sign-in", "Any sign-in", WAYS),
            Filter("factor", "Second factor", "Any second factor", FACTORS),
            Filter(
                "tokens",
                "API tokens",
                "With or without API tokens",
                [(USABLE, "With API tokens")],
            ),
            Filter("unseen", "Last seen", "Seen at any time", unseen),
        ],
    )


def matching_people(asked: QueryDict) -> QuerySet[User]:
    """Find what the filters in the URL ask for, by name."""
    return filtered(User.objects.order_by("username"), FILTERS, asked)


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


def by_state(state: str) -> Q:
    known = {"active": Q(is_active=True), "deactivated": Q(is_active=False)}
    return known.get(state, Q(pk__in=[]))


def by_seen(days: str) -> Q:
    """Find who was not seen for that long, or never."""
    if days != str(UNSEEN_DAYS):
        return Q(pk__in=[])
    since = timezone.now() - timedelta(days=UNSEEN_DAYS)
    return ~Q(last_login__gte=since) & ~Q(identity__seen_at__gte=since)


FILTERS: Filters = {
    "text": by_text,
    "role": by_role,
    "way": by_way,
    "factor": by_factor,
    "tokens": by_tokens,
    "state": by_state,
    "unseen": by_seen,
}
