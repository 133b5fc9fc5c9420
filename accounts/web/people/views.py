"""A person's page: their roles, sessions and whether they may enter; and adding one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.http import Request
from accounts.models import Activity
from accounts.notifications.addresses import is_configured
from accounts.people.activity import record
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.people.role_limits.limits import (
    environments_without_accounts,
    limits_by_groups,
    limits_of,
)
from accounts.people.role_limits.naming import environments_in_words, only
from accounts.web.crumbs import crumbs
from accounts.web.people.changing import (
    NotAllowed,
    changing,
    describe,
    end_sessions,
    give,
    limit_all,
    set_active,
    turn_of,
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
from accounts.web.single_sign_on.identity import provider_of
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.you.confirmation import confirmation_required

What = Activity.What


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


def changed(
    request: Request,
    pk: int,
    change: Callable[[User], str],
    otherwise: str,
    *,
    own: bool = False,
) -> HttpResponse:
    """Change somebody and say so, or say why not."""
    try:
        with changing(request.user, pk, own=own) as row:
            said = change(row)
    except NotAllowed as refused:
        messages.error(request, f"{refused} Nothing was changed.")
    else:
        messages.add_message(
            request, messages.SUCCESS if said else messages.INFO, said or otherwise
        )
    return redirect("accounts:person", person=pk)


@posted_by_administrator
@confirmation_required("accounts:person", "person")
def person_roles(request: Request, person: int) -> HttpResponse:
    """Give roles, and limit them to environments, in one decision."""
    row = row_of(person)
    form = roles_form(row, request.POST)
    if "roles" in form.errors:
        messages.error(request, "This role doesn't exist. Nothing was changed.")
        return redirect("accounts:person", person=person)
    if not form.is_valid() and not why_not(request.user, row):
        return person_page(request, row, roles=form)

    def change(row: User) -> str:
        known = form.cleaned_data
        roles = known.get("roles", request.POST.getlist("roles"))
        given = ("roles" in known or roles) and give(request.user, row, roles)
        limited = limit_all(request.user, row, form.limits)
        if not given and not limited:
            return ""
        said = f"The roles of {row.username} are changed."
        unused = environments_without_accounts(form.named)
        return (
            f"{said} No account is in {environments_in_words(unused)} yet."
            if unused
            else said
        )

    return changed(request, person, change, "The roles are the same as before.")


@posted_by_administrator
@confirmation_required("accounts:person", "person")
def person_active(request: Request, person: int) -> HttpResponse:
    active = request.POST.get("active") == "on"

    def change(row: User) -> str:
        if not set_active(request.user, row, active, here=request.session):
            return ""
        if active:
            return f"{row.username} can sign in again."
        return f"{row.username} is deactivated and signed out everywhere."

    return changed(request, person, change, "There are no changes to save.")


@posted_by_administrator
@confirmation_required("accounts:person", "person")
def person_sign_out(request: Request, person: int) -> HttpResponse:
    def change(row: User) -> str:
        ended = end_sessions(request.user, row, here=request.session)
        return f"{row.username} is signed out everywhere." if ended else ""

    return changed(request, person, change, "There are no sessions to end.")


@posted_by_administrator
@confirmation_required("accounts:person", "person")
def person_describe(request: Request, person: int) -> HttpResponse:
    row = row_of(person)
    form = DescriptionForm.of(row, request.POST)
    if not form.is_valid():
        return person_page(request, row, form)

    def change(row: User) -> str:
        saved = describe(request.user, row, form.cleaned_data)
        return "The name and email address are saved." if saved else ""

    return changed(request, person, change, "There are no changes to save.", own=True)


@posted_by_administrator
@confirmation_required("accounts:person", "person")
def person_link(request: Request, person: int) -> HttpResponse:
    """Make a link and show it. It is nowhere afterwards, so this is no redirect."""
    try:
        with changing(request.user, person) as row:
            if not may_have_link(row):
                raise NotAllowed("This person can't sign in with a password.")
            link = make_link(request, row)
            record(request.user, What.PERSON, row.username, {"link": "made"})
    except NotAllowed as refused:
        messages.error(request, f"{refused} Nothing was changed.")
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
    try:
        with turn_of(request.user):
            form = AddForm(request.POST)
            row = added(request.user, form) if form.is_valid() else None
            link = make_link(request, row) if row else ""
    except NotAllowed as refused:
        messages.error(request, f"{refused} No one was added.")
        return redirect("accounts:people")
    return with_link(request, row, link) if row else add_page(request, form)


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


def added(by: User, form: AddForm) -> User:
    said = dict(form.cleaned_data)
    roles = sorted(said.pop("roles"))
    row = User(**said)
    row.set_unusable_password()
    row.save()
    row.groups.set(Group.objects.filter(name__in=roles))
    record(by, What.PERSON, row.username, {"added": "by hand", "link": "made"})
    record(by, What.ROLES, row.username, {"changed": [[], roles]})
    return row
