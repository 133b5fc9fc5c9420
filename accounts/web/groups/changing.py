"""Change which roles a group has, so that somebody is left who can change it back.

A change is refused where no active administrator could sign in afterwards: by password,
or by the groups that the provider said at the last sign-in. It is also refused where it
would give a role to whoever makes it, or a role of theirs more environments.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Activity, GroupRoles, Identity
from accounts.people.activity import Decision, record, record_many, wait_for_turn
from accounts.people.role_limits.limits import limits_by_groups, limits_by_hand, put
from accounts.people.role_limits.naming import LIMITED, UNNAMED, environments_in_words
from accounts.people.role_limits.reach import NOWHERE, Reach, both, joined
from accounts.people.roles import (
    ADMINISTRATOR,
    VIEWER,
    active_administrators,
    has_password,
)
from accounts.slices import in_slices
from accounts.web.single_sign_on.groups import chosen_roles
from accounts.web.single_sign_on.provider import providers
from accounts.web.single_sign_on.roles import (
    RolesByGroup,
    granted,
    in_words,
    roles_in,
)
from accounts.web.you.sessions import end_of

LOCK = 0x67_72_6F_75_70_73
"""Two changes, each of which leaves the other's administrator, wait for each other."""
MOST = 500
"""Groups with roles: more are a mistake, and a page that nobody reads."""
What = Activity.What


class NotChanged(Exception):
    """The change is refused; the message says why, and what to do first."""


def choose(by: User, group: str, roles: tuple[str, ...]) -> bool:
    """Give the group these roles, none: remove it; return whether that is a change.
    Raise NotChanged where it locks everybody out, or gives its maker a role.
    """
    with transaction.atomic():
        wait_for_turn(LOCK)
        before = chosen_roles()
        if before.get(group, ()) == roles:
            return False
        after = {**before, group: roles}
        if not roles:
            del after[group]
        if len(after) > MOST:
            raise NotChanged(
                f"You've reached the maximum of {MOST} groups. Remove a group first."
            )
        refuse_lockout(after)
        refuse_own_gain(by, group, before, after)
        if roles:
            GroupRoles.objects.update_or_create(
                group=group, defaults={"roles": list(roles)}
            )
        else:
            GroupRoles.objects.filter(group=group).delete()
        changed = [in_words(before.get(group, ())), in_words(roles)]
        detail = {"group": group, "changed": changed}
        record(by, What.ROLES, f"group {group}", detail)
    return True


def refuse_own_gain(
    by: User, group: str, before: RolesByGroup, after: RolesByGroup
) -> None:
    """Nobody gives a role to themselves, as in the admin site, nor environments to a
    role of theirs. Administrators are viewers anyway.
    """
    identity = Identity.objects.filter(person=by).first()
    if identity is None or by.is_superuser:
        return
    has = {VIEWER.name, *by.groups.values_list("name", flat=True)}
    has.update(roles_in(identity.groups, before))
    if gained := sorted({*roles_in(identity.groups, after)} - has):
        raise NotChanged(
            f"You're a member of the group {group}, so this would give you the "
            f"{', '.join(gained)} role. Ask another administrator to make this change."
        )
    for role in LIMITED:
        more = reach_gained(by, role.name, identity.groups, before, after)
        if more != NOWHERE:
            where = (
                "every environment"
                if more is None
                else environments_in_words(more, UNNAMED)
            )
            raise NotChanged(
                f"You're a member of the group {group}, so this would give you the "
                f"{role.name} role in {where}. Ask another administrator to make this "
                "change."
            )


def reach_gained(
    by: User, role: str, groups: list[str], before: RolesByGroup, after: RolesByGroup
) -> Reach:
    """Return where else somebody would have the role; what administrators limited it to
    stays.
    """
    had = granted(groups, before).get(role, NOWHERE)
    if by.groups.filter(name=role).exists():
        had = joined(had, limits_by_groups(by).get(role))
    limit = limits_by_hand(by).get(role)
    has, gets = both(had, limit), both(granted(groups, after).get(role, NOWHERE), limit)
    if gets is None:
        return NOWHERE if has is None else None
    return NOWHERE if has is None else gets - has


def refuse_lockout(after: RolesByGroup) -> None:
    if not any(local_administrators()) and not any_administrator(after):
        raise NotChanged(
            "After this change, no administrator could sign in. First assign the "
            "administrator role to one of your groups, or create an administrator "
            "with a password: manage.py createsuperuser."
        )


def local_administrators() -> list[User]:
    """List the active administrators who can sign in by password."""
    return [person for person in active_administrators() if has_password(person)]


def any_administrator(chosen: RolesByGroup) -> bool:
    """Return whether an administrator could come from a provider, by the groups that it
    said last.
    """
    for provider in providers():
        by_group = chosen if provider.roles is None else provider.roles
        rows = Identity.objects.filter(
            issuer=provider.issuer, person__is_active=True
        ).values_list("groups", "person__is_superuser")
        for groups, is_superuser in rows.iterator():
            roles = roles_in(groups, by_group)
            if ADMINISTRATOR.name in roles or (roles and is_superuser):
                return True
    return False


def sign_out(by: User, group: str, session: SessionBase) -> int:
    """Let a change count now: remove what the groups no longer give, and end the
    sessions of whoever came by this group; return of how many people.

    What the groups give in addition waits for the next sign-in, at which the provider
    says whether somebody is still in them.
    """
    with transaction.atomic():
        wait_for_turn(LOCK)
        chosen = chosen_roles()
        keys = [row.pk for row in came_by(group) if row.person_id != by.pk]
        came = locked(keys)
        lost = [one for row in came for one in take_away(row, chosen)]
        end_of([row.person_id for row in came], but=session)
        if came:
            detail = {"group": group, "people signed out": len(came)}
            record_many(by, [*lost, Decision(What.ROLES, f"group {group}", detail)])
    return len(came)


def came_by(group: str) -> list[Identity]:
    """Find whoever was in the group at the last sign-in, where Settings decides."""
    return [row for row in decided_here() if group in row.groups]


def locked(keys: list[int]) -> list[Identity]:
    """Read the identities, whose people sign in again only after this transaction."""
    rows = Identity.objects.select_for_update(of=("self",), no_key=True).select_related(
        "person"
    )
    rows = rows.prefetch_related("person__groups", "person__role_limits").order_by("pk")
    return [row for some in in_slices(keys) for row in rows.filter(pk__in=some)]


def decided_here() -> QuerySet[Identity]:
    issuers = [one.issuer for one in providers() if one.roles is None]
    return Identity.objects.filter(issuer__in=issuers, person__is_active=True)


def take_away(row: Identity, chosen: RolesByGroup) -> Iterator[Decision]:
    """Remove roles and environments that the groups no longer give; add nothing. A role
    of which no environment is left goes as a whole.
    """
    given, limits = granted(row.groups, chosen), limits_by_groups(row.person)
    has = {group.name: group for group in row.person.groups.all()}
    reach = {name: both(limits.get(name), given[name]) for name in has if name in given}
    left = {name: inside for name, inside in reach.items() if inside != NOWHERE}
    if len(left) < len(has):
        row.person.groups.set([has[name] for name in left])
        detail = {"changed": [sorted(has), sorted(left)]}
        yield Decision(What.ROLES, row.person.username, detail)
    for role in LIMITED:
        wanted = left.get(role.name)
        if narrowed := put(row.person, role, wanted, by_groups=True):
            yield narrowed
