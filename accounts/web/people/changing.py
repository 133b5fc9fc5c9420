"""What administrators decide about others, one at a time.

Whoever changes people is an active administrator and never changes themselves, and both
are checked under one lock. So an administrator remains, whoever acts at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from django.contrib.auth.models import Group, User
from django.db import transaction

from accounts.decisions.decision import Decision, decision
from accounts.decisions.locks import hold
from accounts.models import Activity
from accounts.people.activity import record, wait_for_turn
from accounts.people.deciding import Outside, SamePerson
from accounts.people.reach import for_people
from accounts.people.role_limits.limits import Limits, limit, limit_by_groups
from accounts.people.roles import ADMINISTRATOR, has_role
from accounts.refused import Refused
from accounts.web.people.forms import AddForm
from accounts.web.people.links import may_have_link
from accounts.web.people.person import is_of_provider
from accounts.web.people.roles import set_roles
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
    if roles is not None and is_of_provider(person):
        raise NotHere("Single sign-on manages this person's roles.")
    given = roles is not None and set_roles(by, person, roles)
    each = [limit(person, role, inside, by) for role, inside in limits.items()]
    if not is_of_provider(person):
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
    if is_of_provider(person):
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
