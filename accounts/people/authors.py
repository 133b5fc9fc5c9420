"""Who caused what is decided: everybody since the last approval, not the last one only.

They are kept on what they edited, and its approval alone forgets them. Whoever acts by
a token is its owner; the command line without a name is nobody.

An environment's policy and a group's roles have no authors: switching four eyes off
takes two administrators, and nobody gives themselves a role.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from accounts.models import (
    Delivery,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
    Spinnaker,
)
from accounts.people.reach import DecisionReach, reach_of_runs
from accounts.slices import AT_ONCE, in_slices

if TYPE_CHECKING:
    By: TypeAlias = User | str | None
    """A text is a name without a person."""

Authors: TypeAlias = Mapping[int, str]
"""What each did, by the person's key."""
Asked: TypeAlias = tuple[DecisionReach, Authors | None]
"""What a decision touches, and who caused it if that counts."""

STARTED = "started this plan"
EDITED = "edited the account"
EDITED_MANAGING = "edited the managing account"
EDITED_CONNECTION = "edited the Spinnaker connection"
EXCLUDED = "excluded an account that it removes"


def add_authors(accounts: Iterable[UUID], people: Iterable[int]) -> None:
    """Count these people among the authors of each of these accounts."""
    through = ManagedAccount.authors.through
    rows = [
        through(managedaccount_id=account, user_id=person)
        for person in people
        for account in accounts
    ]
    through.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)


def keys_of(by: By) -> list[int]:
    return [] if by is None or isinstance(by, str) else [by.pk]


def forget_authors(run: Run) -> None:
    """A plan was approved and carried out: what follows was caused by others, unless
    somebody edited meanwhile.
    """
    if run.approved_at is None:
        return
    with transaction.atomic():  # whoever edits waits, or was here before
        for row in run.unedited_subject.select_for_update(no_key=True):
            row.authors.clear()


def authors_of_run(run: Run, reach: DecisionReach) -> dict[int, str]:
    """Return who caused a plan of this reach, with the first thing that each did."""
    return authors_of_runs([run], {run.pk: reach})[run.pk]


def authors_of_runs(
    runs: Collection[Run], reaches: Mapping[UUID, DecisionReach]
) -> dict[UUID, dict[int, str]]:
    """Return it of each of these runs, with as many queries for any number."""
    managing: dict[int, str] = {}
    if any(reach.managing for reach in reaches.values()):
        rows = ManagingAccount.authors.through.objects.all()
        editors_there = rows.values_list("user_id", flat=True)
        managing = dict.fromkeys(editors_there, EDITED_MANAGING)
    editors = editors_of(run.account_id for run in runs if run.account_id)
    rollouts = Rollout.objects.filter(pk__in={run.rollout_id for run in runs})
    starters = dict(rollouts.values_list("pk", "created_by_id"))
    found = {}
    for run in runs:
        did = dict(managing) if reaches[run.pk].managing else {}
        did |= dict.fromkeys(editors.get(run.account_id, ()), EDITED)
        for what, keys in run.authors.items():
            did |= dict.fromkeys(keys, what)
        started = run.created_by_id, starters.get(run.rollout_id or 0)
        found[run.pk] = did | {key: STARTED for key in started if key is not None}
    return found


def editors_of(accounts: Iterable[UUID]) -> dict[UUID | None, list[int]]:
    """Find the authors of each of these accounts."""
    found: dict[UUID | None, list[int]] = {}
    through = ManagedAccount.authors.through.objects.all()
    for some in in_slices(sorted({*accounts})):
        rows = through.filter(managedaccount__in=some)
        for account, person in rows.values_list("managedaccount_id", "user_id"):
            found.setdefault(account, []).append(person)
    return found


def as_stored(authors: Authors) -> dict[str, list[int]]:
    """Write them as a plan keeps them."""
    return {
        what: sorted(key for key, did in authors.items() if did == what)
        for what in sorted({*authors.values()})
    }


def in_words(authors: Authors) -> str:
    """Name who caused it, and what each of them did."""
    people = User.objects.filter(pk__in=authors).order_by("username")
    named = people.values_list("pk", "username")
    return ", ".join(f"{name} ({authors[key]})" for key, name in named)


def asked_of_runs(runs: Collection[Run], *, locks: bool = False) -> list[Asked]:
    """Return what each of these plans touches, and who caused it."""
    reaches = reach_of_runs(runs, locks=locks)
    authors = authors_of_runs(runs, reaches)
    return [(reaches[run.pk], authors[run.pk]) for run in runs]


def authors_of_account(
    account: ManagedAccount, _: DecisionReach | None = None
) -> dict[int, str]:
    """Return who caused what was last planned of the account, and who edited it
    since.
    """
    run = account.runs.filter(kind=Run.Kind.ONBOARD).first()
    did = dict.fromkeys(editors_of([account.pk]).get(account.pk, ()), EDITED)
    return did | (authors_of_run(run, reach_of_runs([run])[run.pk]) if run else {})


def authors_of_delivery(delivery: Delivery, _: DecisionReach) -> dict[int, str]:
    removed = delivery.steps.filter(after="").values("name")
    lost = ManagedAccount.objects.filter(spinnaker_names__name__in=removed).order_by()
    excluded = lost.exclude(excluded_by=None).values_list("excluded_by", flat=True)
    rows = Spinnaker.authors.through.objects.values_list("user_id", flat=True)
    did = dict.fromkeys(excluded, EXCLUDED) | dict.fromkeys(rows, EDITED_CONNECTION)
    by = delivery.created_by_id
    return did | ({} if by is None else {by: STARTED})
