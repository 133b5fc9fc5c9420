"""The page of groups: which of them have which roles, and who decides that."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.models import GroupRoles
from accounts.people.doors import administrator_required, posted_by_administrator
from accounts.people.role_limits.limits import environments_without_accounts
from accounts.people.role_limits.naming import environments_in_words
from accounts.web.crumbs import crumbs
from accounts.web.groups.changing import NotChanged, choose, decided_here, sign_out
from accounts.web.groups.forms import GroupForm
from accounts.web.single_sign_on.groups import chosen_roles
from accounts.web.single_sign_on.provider import providers
from accounts.web.single_sign_on.roles import RolesByGroup, in_words, reaches
from accounts.web.you.confirmation import confirmation_required
from accounts.wording import counted

BACK = "accounts:groups"


class GroupRow(NamedTuple):
    group: str
    roles: list[str]
    """In words."""
    people: int
    """Who was in it at their last sign-in."""


@administrator_required
def groups(request: Request) -> HttpResponse:
    """Show the groups; one in the URL is ready to be changed."""
    asked = request.GET.get("group", "")
    row = GroupRoles.objects.filter(group=asked).first() if asked else None
    return groups_page(request, GroupForm.of(row) if row else GroupForm())


def groups_page(request: Request, form: GroupForm) -> HttpResponse:
    known = providers()
    said = decided_here().values_list("groups", flat=True)
    chosen = chosen_roles()
    people = Counter(group for groups in said.iterator() for group in {*groups})
    shown = {
        "crumbs": crumbs("settings"),
        "form": form,
        "rows": [
            GroupRow(group, in_words(roles), people[group])
            for group, roles in chosen.items()
        ],
        "ruled": [
            (one, [(group, in_words(roles)) for group, roles in one.roles.items()])
            for one in known
            if one.roles is not None
        ],
        "empty": environments_in_words(
            empty(chosen, *(one.roles or {} for one in known))
        ),
        "decided": [one for one in known if one.roles is None],
        "is_read_only": is_read_only(),
    }
    return render(request, "groups/groups.html", shown)


def empty(*decided: RolesByGroup) -> frozenset[str]:
    """Find environments that groups name, and no account is in."""
    return environments_without_accounts(
        environment
        for by_group in decided
        for names in by_group.values()
        for reach in reaches(names).values()
        for environment in reach or ()
    )


def is_read_only() -> bool:
    """Return whether the environment decides for every provider that there is."""
    known = providers()
    return bool(known) and all(one.roles is not None for one in known)


@posted_by_administrator
@confirmation_required(BACK)
def group_save(request: Request) -> HttpResponse:
    form = GroupForm(request.POST)
    if is_read_only() or not form.is_valid():
        return groups_page(request, form)
    group = form.cleaned_data["group"]
    try:
        changed = choose(request.user, group, form.chosen)
    except NotChanged as refused:
        form.add_error(None, str(refused))
        return groups_page(request, form)
    if changed:
        messages.success(
            request,
            (
                f"The roles of the group {group} are changed. They apply at each "
                "person's next sign-in."
            ),
        )
    else:
        messages.info(request, f"The group {group} already has these roles.")
    return redirect(BACK)


@posted_by_administrator
@confirmation_required(BACK)
def group_remove(request: Request) -> HttpResponse:
    group = request.POST.get("group", "")
    try:
        removed = not is_read_only() and choose(request.user, group, ())
    except NotChanged as refused:
        messages.error(request, f"Nothing was changed. {refused}")
        return redirect(BACK)
    if removed:
        messages.success(
            request,
            (
                f"The group {group} no longer has a role. Its members keep their "
                "roles until they next sign in."
            ),
        )
    else:
        messages.error(request, "This group doesn't exist. Nothing was changed.")
    return redirect(BACK)


@posted_by_administrator
@confirmation_required(BACK)
def group_sign_out(request: Request) -> HttpResponse:
    """Let changes count at once for whoever came by a group."""
    group = request.POST.get("group", "")
    count = sign_out(request.user, group, request.session)
    if count:
        people = counted(count, "person", "people")
        said = f"{people} of the group {group} must sign in again."
        messages.success(request, said)
    else:
        messages.info(request, f"No other members of the group {group} are signed in.")
    return redirect(BACK)
