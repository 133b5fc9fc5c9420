"""Refuse what is done to accounts in environments that a person's role is not for.

An account is judged as it is at that moment, in the transaction of the decision. The
command line acts for everybody unless it names a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import ManagedAccount
from accounts.people.reach import MANAGING, around_all
from accounts.people.role_limits.limits import environments_of
from accounts.people.role_limits.naming import NONE, environments_in_words, only
from accounts.people.roles import UserRole, has_role, refusal, whom_to_ask
from accounts.refused import Refused
from accounts.wording import first_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    By: TypeAlias = User | str | None
    """A text is a name without a person."""

MOST_NAMED = 5


class Outside(Refused, PermissionDenied):
    """The person's role is for other environments; the message says which, whose, and
    whom to ask.
    """

    code = "NOT_ALLOWED"


def limit_on(by: By, role: UserRole) -> frozenset[str] | None:
    """Return what the role is limited to, of whoever decides."""
    if by is None or isinstance(by, str):
        return None
    return environments_of(by, role)


def refuse_without(by: By, role: UserRole) -> None:
    """Raise Outside where the person doesn't have the role, or no longer has it."""
    if by is not None and not isinstance(by, str) and not has_role(by, role):
        raise Outside(refusal(role))


def refuse_outside(by: By, role: UserRole, account: ManagedAccount | None) -> None:
    """Raise Outside where the role is not for the account's environment; None: the
    managing account, which all environments share.
    """
    if account is None:
        refuse_limited(by, role, "the managing account")
    else:
        refuse_any_outside(by, role, [account.pk], locks=True)


def refuse_any_outside(
    by: By, role: UserRole, keys: Iterable[UUID], *, locks: bool = False
) -> None:
    """Raise Outside where the role is not for all of these accounts. `locks`: none of
    them moves until the transaction ends. Lock runs first, as workers do.
    """
    refuse_without(by, role)
    if limit_on(by, role) is None:
        return
    with transaction.atomic():
        found = around_all(keys, locks=locks)
    refuse_pairs(by, role, found.accounts)
    if found.managing:
        refuse_limited(by, role, MANAGING)


def refuse_environment(by: By, role: UserRole, name: str, environment: str) -> None:
    """Raise Outside where the role is not for what would be in this environment."""
    refuse_pairs(by, role, [(name, environment)])


def refuse_pairs(by: By, role: UserRole, pairs: Iterable[tuple[str, str]]) -> None:
    """Raise Outside where the role is not for one of these: each a name, and its
    environment.
    """
    refuse_without(by, role)
    if why := why_outside(by, role, pairs):
        raise Outside(why)


def why_outside(by: By, role: UserRole, pairs: Iterable[tuple[str, str]]) -> str:
    """Say which of these the role is not for, and whom to ask; empty: it is for all."""
    inside = limit_on(by, role)
    if inside is None:
        return ""
    outside = sorted({pair for pair in pairs if pair[1] not in inside})
    return f"{where(outside)} {whose(by, role, inside)}" if outside else ""


def refuse_limited(by: By, role: UserRole, what: str) -> None:
    """Raise Outside where the role is limited: this concerns every environment."""
    refuse_without(by, role)
    inside = limit_on(by, role)
    if inside is not None:
        raise Outside(of_all(what, by, role, inside))


def of_all(what: str, by: By, role: UserRole, inside: frozenset[str]) -> str:
    return f"All environments share {what}. {whose(by, role, inside)}"


def where(outside: list[tuple[str, str]]) -> str:
    """Say which accounts are in which environments."""
    if len({name for name, _ in outside}) == 1:
        where = environments_in_words([one for _, one in outside])
        return f"{outside[0][0]} is in {where}."
    counts = Counter(environment or NONE for _, environment in outside)
    in_each = ", ".join(
        f"{count:,} in {name}" for name, count in sorted(counts.items())
    )
    names = first_of([name for name, _ in outside], MOST_NAMED)
    return f"{len(outside):,} accounts are outside ({in_each}): {names}."


def whose(by: By, role: UserRole, inside: frozenset[str]) -> str:
    """Say whose role is for which environments, and whom to ask."""
    return (
        f"The {role.name} role of {by} applies to {only(inside)}. Ask someone "
        f"whose {role.name} role includes it, or an administrator ({whom_to_ask()})."
    )
