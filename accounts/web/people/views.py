"""A person's page: how they sign in, their roles and sessions, and what
administrators decide about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.decisions.decision import Decision, decision
from accounts.decisions.locks import hold
from accounts.http import Request
from accounts.models import Activity
from accounts.notifications.notifying import is_configured
from accounts.people.activity import record, wait_for_turn
from accounts.people.deciding import Outside, SamePerson
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.people.reach import for_people
from accounts.people.role_limits.limits import (
    Limits,
    environments_without_accounts,
    limit,
    limit_by_groups,
    limits_by_groups,
    limits_by_hand,
    limits_of,
)
from accounts.people.role_limits.naming import environments_in_words, only
from accounts.people.roles import ADMINISTRATOR, has_role
from accounts.refused import Refused
from accounts.web.crumbs import crumbs
from accounts.web.people.forms import (
    AddForm,
    DescriptionForm,
    LimitedRolesForm,
    LimitsForm,
    Person,
    hours,
    mailed,
    make_link,
    may_have_link,
    set_roles,
    with_all,
)
from accounts.web.posts import post, tell
from accounts.web.single_sign_on.provider import provider_of, sign_on_provider
from accounts.web.you.confirmation import confirmation_required
from accounts.web.you.sessions import end

P = ParamSpec("P")
R = TypeVar("R")
What = Activity.What
LOCK = 0x50_65_6F_70_6C_65
"""“People” as a number, like the lock of the activity log."""


class NotHere(Refused):
    """Single sign-on decides it, or the person has nothing of this."""

    code = "NOT_ALLOWED"


class NothingNew(Refused):
    """It is so already."""

    code = "DECIDED"
    is_late = True


@contextmanager
def turn_of(by: User) -> Iterator[None]:
    """Let one administrator at a time change people, in one transaction; raise Outside
    where another one has just taken the role.
    """
    with transaction.atomic():
        wait_for_turn(LOCK)
        refuse_former(by)
        yield


def refuse_former(by: User) -> None:
    now = User.objects.filter(pk=by.pk, is_active=True).first()
    if now is None or not has_role(now, ADMINISTRATOR):
        raise Outside("You're no longer an administrator.")


def hold_person(person: User) -> None:
    wait_for_turn(LOCK)
    hold(person)


def about_person(
    title: str, *logs: Activity.What
) -> Callable[[Callable[P, R]], Decision[P, R]]:
    """Make a function a decision of administrators about a person."""
    return decision(title, ADMINISTRATOR, *logs, touches=for_people, locks=hold_person)


def refuse_change(person: User, by: User) -> None:
    """Raise SamePerson or Outside unless `by` may change the person now."""
    refuse_former(by)
    if why := why_not(by, person):
        raise SamePerson(why)


def why_not(by: User, person: User) -> str:
    """Say why nobody but others may change this person; empty where `by` may."""
    if person.pk == by.pk:
        return "You can't change your own account. Ask another administrator."
    if person.is_superuser and not by.is_superuser:
        return "Only a superuser can change a superuser."
    return ""


@about_person("give a person roles, or limit them", What.ROLES)
def change_roles(
    person: User, by: User, *, roles: list[str] | None, limits: Limits
) -> None:
    """Give exactly these roles, and limit each to its environments; None: single
    sign-on gives them.
    """
    refuse_change(person, by)
    if roles is not None and provider_of(person):
        raise NotHere("Single sign-on manages this person's roles.")
    given = roles is not None and set_roles(by, person, roles)
    each = [limit(person, role, inside, by) for role, inside in limits.items()]
    if not provider_of(person):
        # No sign-in renews it: what groups limited before is decided here now.
        each.append(limit_by_groups(by, person, {}))
    if not (given or any(each)):
        raise NothingNew("The roles are the same as before.")


@about_person("deactivate a person, or activate them again", What.PERSON)
def set_active(person: User, by: User, *, active: bool) -> None:
    """Let somebody in again, or keep them out: their sessions and links end."""
    refuse_change(person, by)
    if person.is_active == active:
        raise NothingNew("There are no changes to save.")
    person.is_active = active
    if not person.has_usable_password():
        person.set_unusable_password()  # another one: links that were made are void
    person.save(update_fields=["is_active", "password"])
    if not active:
        end(person, but=None)
    changed = {"is_active": [not active, active]}
    record(by, What.PERSON, person.username, {"changed": changed})


@about_person("sign a person out", What.SIGN_OUT)
def end_sessions(person: User, by: User) -> None:
    refuse_change(person, by)
    ended = end(person, but=None)
    if not ended:
        raise NothingNew("There are no sessions to end.")
    record(by, What.SIGN_OUT, person.username, {"sessions": ended})


@about_person("describe a person", What.PERSON)
def describe(person: User, by: User, *, names: dict[str, str]) -> None:
    """Change names and the mail address, which people do of themselves, too."""
    if person.pk != by.pk:
        refuse_change(person, by)
    if provider_of(person):
        raise NotHere("Single sign-on manages this person's name.")
    changed = {
        name: [getattr(person, name), value]
        for name, value in names.items()
        if getattr(person, name) != value
    }
    if not changed:
        raise NothingNew("There are no changes to save.")
    User.objects.filter(pk=person.pk).update(**names)
    record(by, What.PERSON, person.username, {"changed": changed})


@about_person("give a person a link to choose a password", What.PERSON)
def give_link(person: User, by: User, *, make: Callable[[User], str]) -> str:
    refuse_change(person, by)
    if not may_have_link(person):
        raise NotHere("This person can't sign in with a password.")
    record(by, What.PERSON, person.username, {"link": "made"})
    return make(person)


@decision(
    "add a person",
    ADMINISTRATOR,
    *(What.PERSON, What.ROLES),
    touches=for_people,
)
def add_person(
    by: User, *, form: AddForm, make: Callable[[User], str]
) -> tuple[User, str] | None:
    """Add somebody, and make their link; None where the form isn't valid."""
    with turn_of(by):
        if not form.is_valid():
            return None
        said = dict(form.cleaned_data)
        roles = sorted(said.pop("roles"))
        row = User(**said)
        row.set_unusable_password()
        row.save()
        row.groups.set(Group.objects.filter(name__in=roles))
        record(by, What.PERSON, row.username, {"added": "by hand", "link": "made"})
        record(by, What.ROLES, row.username, {"changed": [[], roles]})
        return row, make(row)


@administrator_required
def person(request: Request, person: int) -> HttpResponse:
    return person_page(request, row_of(person))


def row_of(person: int) -> User:
    return get_object_or_404(with_all(User.objects.all()), pk=person)


def person_page(
    request: Request,
    row: User,
    form: DescriptionForm | None = None,
    roles: LimitsForm | None = None,
    link: dict[str, object] | None = None,
) -> HttpResponse:
    """Show the page; `link` is a new one, which is shown this once."""
    return render(
        request,
        "people/person.html",
        {
            "crumbs": crumbs("settings", "people"),
            "person": Person(row),
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
    find=row_of,
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
