"""Save what a comparison found, in statements for many accounts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.utils import timezone

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold_nothing
from accounts.mapping.accounts_file.comparison import (
    CHANGED,
    NEW,
    Compared,
    Comparison,
    held_providers,
)
from accounts.mapping.edits import ManyEdits, stored_managing
from accounts.mapping.handing_off import prefix_for
from accounts.mapping.spinnaker import in_use
from accounts.models import (
    Activity,
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    SpinnakerName,
)
from accounts.models.people import name_of
from accounts.people.activity import Decision, record_many
from accounts.people.authors import add_authors, keys_of
from accounts.people.deciding import limit_on
from accounts.people.reach import DecisionReach
from accounts.people.roles import OPERATOR
from accounts.slices import AT_ONCE, in_slices
from onboarding.providers.base import providers_of, spinnaker_names
from onboarding.topology import Managed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.people.authors import By


Prefix: TypeAlias = Callable[..., str]
"""What external IDs begin with: `prefix_for`, which need not read twice."""


class Edited(NamedTuple):
    row: ManagedAccount
    compared: Compared


def around_written(comparison: Comparison, *, locks: bool = False) -> DecisionReach:
    """Return what is touched by all that would be written: each account with each
    environment that it is in before or after.
    """
    written = (*comparison.those(NEW), *comparison.those(CHANGED))
    pairs = (
        (one.written.managed.name, environment)
        for one in written
        for environment in one.environments
    )
    managing = {*ManagingAccount.objects.values_list("account_id", flat=True)}
    ids = {one.written.managed.account_id for one in written}
    return DecisionReach(frozenset(pairs), managing=bool(managing & ids))


@decision(
    "describe or edit accounts by a file",
    OPERATOR,
    *(Activity.What.DESCRIBE, Activity.What.EDIT),
    touches=around_written,
    locks=hold_nothing,  # whoever compares to write holds the accounts
)
def save(comparison: Comparison, by: By) -> list[ManagedAccount]:
    """Write what is new or changed, and record each. Returns what was written, the new
    accounts first.
    """
    prefix = cache(prefix_for)  # the managing account's is read once for all
    person = None if isinstance(by, str) else by
    new = [Edited(new_row(one, person, prefix), one) for one in comparison.those(NEW)]
    changed = [
        Edited(one.row, one) for one in comparison.those(CHANGED) if one.row is not None
    ]
    outdate_edited(changed, prefix)
    ManagedAccount.objects.bulk_create([row for row, _ in new], batch_size=AT_ONCE)
    add_authors([row.pk for row, _ in (*new, *changed)], keys_of(by))
    write_columns(changed, prefix)
    write_providers([*new, *changed])
    claim_names([*new, *changed])
    record_many(by, (entry_of(*one) for one in (*new, *changed)))
    record_adopted(comparison, by)
    return [row for row, _ in (*new, *changed)]


def record_adopted(comparison: Comparison, by: By) -> None:
    """Keep what an existing Spinnaker had of accounts, to see later what it changed.

    That is no edit: it has no author, outdates nothing, and isn't kept of accounts in
    environments that the person's role is not for.
    """
    inside = limit_on(by, OPERATOR)
    rows = []
    for one in comparison.accounts:
        allowed = inside is None or one.environments <= inside
        if one.row and one.written.adopted_from is not None and allowed:
            one.row.adopted_from = dict(one.written.adopted_from)
            rows.append(one.row)
    ManagedAccount.objects.bulk_update(rows, ["adopted_from"], batch_size=AT_ONCE)


def new_row(one: Compared, by: User | None, prefix: Prefix) -> ManagedAccount:
    return ManagedAccount(
        created_by=by,
        created_by_name=name_of(by),
        external_id_prefix=prefix(one.written.managed.made_by),
        adopted_from=dict(one.written.adopted_from or {}),
        **one.written.columns,
    )


def outdate_edited(changed: Iterable[Edited], prefix: Prefix) -> None:
    """Outdate what the edits must, before they are written."""
    many = ManyEdits(stored_managing())
    outdated: dict[bool, list[ManagedAccount]] = {True: [], False: []}
    for row, one in changed:
        effect = many.effect(row, as_saved(row, one, prefix))
        if effect.outdates:
            outdated[effect.keeps_verification].append(row)
    for keeps_verification, rows in outdated.items():
        for some in in_slices(rows):
            found = ManagedAccount.objects.filter(pk__in=[row.pk for row in some])
            found.outdate(verified=keeps_verification)


def as_saved(row: ManagedAccount, one: Compared, prefix: Prefix) -> Managed:
    """Return the value with what the file never says: external IDs, and what was looked
    up of providers whose choices stay.
    """
    columns = one.written.columns
    uses, own = columns["uses_external_id"], columns["own_external_id"]
    start = prefix(one.written.managed.made_by, row.external_id_prefix)
    return replace(
        one.written.managed,
        external_id=row.external_id_with(start, own) if uses else "",
        former_external_id=row.former_external_id if uses else "",
        providers=tuple(
            one.kept.get(provider.key, provider)
            for provider in providers_of(one.written.managed)
        ),
    )


def write_columns(changed: Iterable[Edited], prefix: Prefix) -> None:
    """Write what differs: edits that are alike in one statement."""
    alike: dict[str, tuple[dict[str, Any], list[UUID]]] = {}
    for row, one in changed:
        columns = one.written.columns
        differing = {name: columns[name] for name in columns if name in one.changed}
        if "made_by" in differing:
            differing["external_id_prefix"] = prefix(differing["made_by"])
        alike.setdefault(repr(differing), (differing, []))[1].append(row.pk)
    now = timezone.now()
    for differing, keys in alike.values():
        for some in in_slices(keys):
            rows = ManagedAccount.objects.filter(pk__in=some)
            rows.update(updated_at=now, **differing)


def write_providers(edited: Iterable[Edited]) -> None:
    """Write the chosen providers; what was looked up stays where no choice differs."""
    created: list[EnabledProvider] = []
    updated: list[EnabledProvider] = []
    dropped: list[int] = []
    for row, one in edited:
        held = held_providers(one.row)
        for provider in providers_of(one.written.managed):
            enabled = held.pop(provider.key, None)
            if provider.key in one.kept:
                continue
            known = enabled or EnabledProvider(account=row, key=provider.key)
            known.details, known.has_details = provider.details, True
            (updated if enabled else created).append(known)
        dropped += [enabled.pk for enabled in held.values()]
    for some in in_slices(dropped):
        EnabledProvider.objects.filter(pk__in=some).delete()
    EnabledProvider.objects.bulk_create(created, batch_size=AT_ONCE)
    EnabledProvider.objects.bulk_update(
        updated, ["details", "has_details"], batch_size=AT_ONCE
    )


def claim_names(edited: Iterable[Edited]) -> None:
    """Claim names in Spinnaker that a comparison found free, and give up the others."""
    wanted = {
        name: row
        for row, one in edited
        for name in spinnaker_names(one.written.managed)
    }
    edited_rows = {row.pk for row in wanted.values()}
    given_up: dict[str, UUID] = {}
    for name, owner in SpinnakerName.objects.values_list("name", "account_id"):
        if owner not in edited_rows:
            continue
        if name in wanted and wanted[name].pk == owner:
            del wanted[name]
        else:
            given_up[name] = owner
    for name in in_use({*given_up.values()}):
        given_up.pop(name, None)
    for some in in_slices([*given_up]):
        SpinnakerName.objects.filter(name__in=some).delete()
    SpinnakerName.objects.bulk_create(
        [SpinnakerName(name=name, account=row) for name, row in wanted.items()],
        batch_size=AT_ONCE,
    )


def entry_of(row: ManagedAccount, one: Compared) -> Decision:
    what = Activity.What.EDIT if one.row else Activity.What.DESCRIBE
    detail = {"account": str(row.pk), "changed": one.changed}
    return Decision(what, row.name, detail)
