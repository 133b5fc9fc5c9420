"""Roles for some environments: chosen, and what pages say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.context_processors import PermWrapper
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.db.models import Case, Exists, F, Model, OuterRef, Q, Value, When, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest

from accounts.forms.fields import ListField, checked
from accounts.http import Request
from accounts.models import RoleLimit
from accounts.people.look_alikes import new_name
from accounts.people.role_limits.limits import environments_of, limit, limits_by_hand
from accounts.people.role_limits.naming import (
    LIMITED,
    NAMELESS,
    environment,
    environments_in_words,
    only,
    typed,
)
from accounts.people.roles import (
    ADMINISTRATOR,
    APPROVER,
    NAMED,
    OPERATOR,
    ROLES,
    VIEWER,
    UserRole,
    has_role,
    whom_to_ask,
)
from accounts.wording import listed


class EnvironmentsField(ListField):
    """Environments in one line; nothing: every environment, which is None."""

    def __init__(self, *, role: UserRole) -> None:
        super().__init__(
            rule=environment,
            required=False,
            label=f"Environments for the {role.name} role",
            help_text=(
                "Leave empty for all environments. Enter - for accounts without one."
            ),
        )

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return ", ".join(sorted(map(typed, value)))

    def clean(self, value: Any) -> frozenset[str] | None:
        found: Collection[str] = super().clean(value)
        return frozenset("" if one == NAMELESS else one for one in found) or None


FIELDS = {"operator_in": OPERATOR, "approver_in": APPROVER}


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]  # none at run time
    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        return checked(new_name, name)


class PersonForm(UserChangeForm):  # type: ignore[type-arg]  # as above
    def clean_username(self) -> str:
        """Let somebody who has had a name for long keep it."""
        name: str = self.cleaned_data["username"]
        if name == self.initial.get("username"):
            return name
        return checked(partial(new_name, of=self.instance), name)


class LimitedPersonForm(PersonForm):
    operator_in = EnvironmentsField(role=OPERATOR)
    approver_in = EnvironmentsField(role=APPROVER)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, role in FIELDS.items():
            self.initial[name] = limits_by_hand(self.instance).get(role.name)


class LimitedPersonAdmin(UserAdmin):  # type: ignore[type-arg]  # as above
    """Nobody limits their own roles, or frees them: another administrator does."""

    form = PersonForm
    add_form = NewPersonForm

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj is None or obj == request.user:
            return found
        return [*found, ("Environments", {"fields": [*FIELDS]})]

    def get_form(
        self,
        request: HttpRequest,
        obj: Model | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is not None and obj != request.user:
            kwargs["form"] = LimitedPersonForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Limit the roles, and record it."""
        super().save_related(request, form, formsets, change)
        assert isinstance(request.user, User)
        for name, role in FIELDS.items():
            if name in form.cleaned_data:
                limit(form.instance, role, form.cleaned_data[name], request.user)


class PersonHere:
    """A person as templates ask for permissions: without those of these roles."""

    def __init__(self, user: User, without: Iterable[UserRole]) -> None:
        self.has_module_perms = user.has_module_perms
        self.user, self.without = user, {role.permission for role in without}

    def has_perm(self, permission: str) -> bool:
        return permission not in self.without and self.user.has_perm(permission)


def here(request: Request, *environments: str) -> dict[str, Any]:
    """Return what templates say on a page about all of these environments."""
    where = environments_in_words(environments)
    return limits_shown(request, {*environments}, where and f"This is in {where}.")


def everywhere(request: Request, what: str) -> dict[str, Any]:
    """Return what templates say on a page about what all environments share."""
    return limits_shown(request, None, f"All environments share {what}.")


def limits_shown(request: Request, wanted: set[str] | None, why: str) -> dict[str, Any]:
    """Return what templates say where the role is for some of the environments that are
    wanted; None: only roles without a limit are for it.
    """
    limits = {
        role: inside
        for role in LIMITED
        if has_role(request.user, role)
        and (inside := environments_of(request.user, role)) is not None
        and (wanted is None or not wanted <= inside)
    }
    if not limits:
        return {}
    yours = " ".join(for_these(role, inside) for role, inside in limits.items())
    return {
        "perms": PermWrapper(PersonHere(request.user, limits)),
        "outside": (
            f"{why} {yours} An administrator can change this ({whom_to_ask()}).".strip()
        ),
    }


def for_these(role: UserRole, environments: Collection[str]) -> str:
    return f"Your {role.name} role applies to {only(environments)}."


Holders = Mapping[str, Sequence[str]]
"""Names of a few people, by the role that they have."""

SUPERUSER = "superuser"
KEPT = "_bowline_holders"


def needed(
    request: Request,
    role: UserRole,
    doing: str,
    ask: Callable[[], str] | None = None,
) -> str:
    """Say which role this needs, and whom to ask; nothing to people with the role.
    `ask` says it where the page is about one decision.

    A role for some environments only is a matter of the page's own sentence.
    """
    if not request.user.is_authenticated or has_role(request.user, role):
        return ""
    says = ask() if ask else whom(role, holders_of(request))
    return f"You need the {role.name} role to {doing}. {says}"


def whom(role: UserRole, holders: Holders) -> str:
    """Say whom to ask: people with the role, or those who can give it."""
    superusers = holders.get(SUPERUSER, ())
    administrators = [*holders.get(ADMINISTRATOR.name, ()), *superusers]
    people = administrators if role is ADMINISTRATOR else holders.get(role.name, ())
    if people:
        return f"Ask {one_of(people)}."
    if administrators:
        return f"Ask an administrator ({one_of(administrators)})."
    return "No one has this role yet. Run manage.py createsuperuser."


def one_of(names: Sequence[str]) -> str:
    """Name the first three: “ada, bob, or cleo”."""
    return listed(sorted(set(names))[:NAMED], "or")


def holders_of(request: Request) -> Holders:
    """Name a few people of each role: read once for a request, and only if asked."""
    kept: Holders | None = getattr(request, KEPT, None)
    if kept is None:
        kept = holders()
        setattr(request, KEPT, kept)
    return kept


def holders() -> Holders:
    """Name the first people of each role who have it without a limit, by one query."""
    names = [role.name for role in ROLES if role is not VIEWER]
    limits = RoleLimit.objects.filter(person=OuterRef("pk"), role=OuterRef("group"))
    rows = (
        User.objects.filter(is_active=True)
        .annotate(group=F("groups__name"))
        .filter(Q(group__in=names) | Q(is_superuser=True))
        .filter(~Exists(limits))
        .annotate(
            role=Case(When(group__in=names, then=F("group")), default=Value(SUPERUSER)),
            place=Window(RowNumber(), partition_by=F("role"), order_by="username"),
        )
        .filter(place__lte=NAMED)
        .order_by("username")
    )
    found = defaultdict(list)
    for role, username in rows.values_list("role", "username"):
        found[role].append(username)
    return found
