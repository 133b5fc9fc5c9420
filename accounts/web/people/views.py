"""A person's page: their roles, sessions and whether they may enter; and adding one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.http import Request
from accounts.notifications.addresses import is_configured
from accounts.people.deciding import SamePerson
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.people.role_limits.limits import (
    environments_without_accounts,
    limits_by_groups,
    limits_by_hand,
    limits_of,
)
from accounts.people.role_limits.naming import environments_in_words, only
from accounts.web.crumbs import crumbs
from accounts.web.people.changing import (
    NotHere,
    add_person,
    change_roles,
    describe,
    end_sessions,
    give_link,
    set_active,
    why_not,
)
from accounts.web.people.forms import (
    AddForm,
    DescriptionForm,
    LimitedRolesForm,
    LimitsForm,
)
from accounts.web.people.links import hours, mailed, make_link, may_have_link
from accounts.web.people.person import person_of, with_all
from accounts.web.posts import post, tell
from accounts.web.single_sign_on.identity import provider_of
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.you.confirmation import confirmation_required


@administrator_required
def person(request: Request, person: int) -> HttpResponse:
    return person_page(request, row_of(person))


def row_of(pk: int) -> User:
    return get_object_or_404(with_all(User.objects.all()), pk=pk)


def person_page(
    request: Request,
    row: User,
    form: DescriptionForm | None = None,
    roles: LimitsForm | None = None,
    link: dict[str, object] | None = None,
) -> HttpResponse:
    """Show the page; `link` is a new one, which is shown this once."""
    shown = person_of(row)
    return render(
        request,
        "people/person.html",
        {
            "crumbs": crumbs("settings", "people"),
            "person": shown,
            "row": row,
            "why_not": why_not(request.user, row),
            "of_provider": provider_of(row),
            "limits": list(limits_in_words(row)),
            "roles_form": roles or roles_form(row),
            "form": form or DescriptionForm.of(row),
            "may_have_link": may_have_link(row),
            "link": link,
            "hours": hours(),
        },
    )


def limits_in_words(row: User) -> Iterator[str]:
    by_groups = limits_by_groups(row)
    for role, inside in limits_of(row).items():
        yield f"The {role} role applies to {only(inside)}."
        if role in by_groups:
            yield f"Groups give the {role} role in {only(by_groups[role])}."


def roles_form(row: User, data: Any = None) -> LimitsForm:
    """Make the form of what is decided here: not the roles, where a provider does."""
    kind: type[LimitsForm] = LimitsForm if provider_of(row) else LimitedRolesForm
    return kind.of(row, data)


@posted_by_administrator
@confirmation_required("accounts:person", "person")
def person_link(request: Request, person: int) -> HttpResponse:
    """Make a link and show it. It is nowhere afterwards, so this is no redirect."""
    row = row_of(person)
    try:
        link = give_link(row, request.user, make=partial(make_link, request))
    except (NotHere, SamePerson) as error:
        tell(request, error)
        return redirect("accounts:person", person=person)
    return with_link(request, row, link)


def with_link(request: Request, row: User, link: str) -> HttpResponse:
    sent = mailed(request.user, row, link)
    return person_page(request, row_of(row.pk), link={"url": link, "mailed": sent})


@administrator_required
@confirmation_required("accounts:person-add")
def person_add(request: Request) -> HttpResponse:
    """Add somebody, and show the link by which they choose a password, once."""
    if request.method != "POST":
        return add_page(request, AddForm())
    form = AddForm(request.POST)
    added = add_person(request.user, form=form, make=partial(make_link, request))
    return with_link(request, *added) if added else add_page(request, form)


def add_page(request: Request, form: AddForm) -> HttpResponse:
    shown = {
        "crumbs": crumbs("settings", "people"),
        "form": form,
        "sign_on": sign_on_provider(),
        "passwords_for": settings.PASSWORDS_FOR,
        "is_mailed": is_configured(),
        "hours": hours(),
    }
    return render(request, "people/add.html", shown)


def page_of(row: User, *_: Any) -> str:
    return reverse("accounts:person", kwargs={"person": row.pk})


def roles_are_changed(row: User, _: None) -> str:
    said = f"The roles of {row.username} are changed."
    named = frozenset[str]().union(*limits_by_hand(row).values())
    unused = environments_without_accounts(named)
    more = f" No account is in {environments_in_words(unused)} yet." if unused else ""
    return said + more


def is_let_in(row: User, _: None) -> str:
    if row.is_active:
        return f"{row.username} can sign in again."
    return f"{row.username} is deactivated and signed out everywhere."


on_person = partial(
    post,
    find=lambda person: row_of(person),
    then=page_of,
    refused=page_of,
    guard=confirmation_required("accounts:person", "person"),
)
posts = [
    on_person(
        "settings/people/<int:person>/roles/",
        change_roles,
        name="person-roles",
        form=lambda posted, row: roles_form(row, posted),
        page=lambda request, row, form: person_page(request, row, roles=form),
        said=roles_are_changed,
    ),
    on_person(
        "settings/people/<int:person>/active/",
        set_active,
        name="person-active",
        given=lambda posted, _: {"active": posted.get("active") == "on"},
        said=is_let_in,
    ),
    on_person(
        "settings/people/<int:person>/sign-out/",
        end_sessions,
        name="person-sign-out",
        said="{0.username} is signed out everywhere.",
    ),
    on_person(
        "settings/people/<int:person>/describe/",
        describe,
        name="person-describe",
        form=lambda posted, row: DescriptionForm.of(row, posted),
        page=person_page,
        said="The name and email address are saved.",
    ),
]
