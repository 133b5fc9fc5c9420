"""Ask for a bundle, and build it: the accounts that are ready, as one zip."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from accounts.decisions.decision import decision, shared_by_all
from accounts.mapping import snapshots
from accounts.mapping.entries import verified_entries, verified_topology
from accounts.mapping.managing import managing_row
from accounts.models import Activity, Bundle, ForeignPolicy, ManagedAccount
from accounts.models.people import name_of
from accounts.models.states import BROKEN, move
from accounts.people.activity import record
from accounts.people.reach import around
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.spinnaker.next_bundle import counted_since_last, decided
from accounts.spinnaker.presence import MayBeThere, had_before, left_by
from accounts.wording import first_of
from accounts.work.queue import wake
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import file_list, zipped
from onboarding.spinnaker.bundle.contents import text_in
from onboarding.spinnaker.bundle.limits import load

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

README = "README.md"
"""The file that a bundle's page opens with."""

MOST_NAMED = 3
"""Policies of others that are named of one account."""

MOST_CHARACTERS = 50_000
"""Of a longer file this much is shown: browsers and colours grow slow beyond it."""


class NothingReady(Refused, ValueError):
    """No account can be in a bundle; the message says what each one needs."""

    code = "NOTHING_READY"


class NotReady(Refused, ValueError):
    """The bundle is not built, so Spinnaker cannot have it."""

    code = "NOT_BUILT"


a_bundle = shared_by_all("a bundle")


@decision("build a bundle", OPERATOR, Activity.What.BUILD, touches=a_bundle)
def new_bundle(by: User | None, add_broken: Collection[str] = ()) -> Bundle:
    """Create the next revision of all ready accounts; raise NothingReady if none, and
    Undecided where it would add broken ones that are not named.
    """
    ready = list(ManagedAccount.objects.ready())
    if not ready:
        raise NothingReady(what_is_missing())
    broken = decided(add_broken)
    bundle = numbered(by)
    bundle.accounts.set(ready)
    detail: dict[str, Any] = {"bundle": bundle.number, "accounts": len(ready)}
    if broken:
        detail["added despite a failed verification"] = broken
    record(by, Activity.What.BUILD, str(bundle), detail)
    transaction.on_commit(partial(wake, bundle))
    return bundle


def numbered(by: User | None) -> Bundle:
    """Create a bundle; of those who do so at the same moment, each gets a number."""
    while True:
        number = Bundle.objects.next_number()
        try:
            with transaction.atomic():
                return Bundle.objects.create(number=number, created_by=by)
        except IntegrityError:
            if not Bundle.objects.filter(number=number).exists():
                raise


def what_is_missing() -> str:
    named = [
        f"{account.name} is {account.state}"
        for account in ManagedAccount.objects.order_by("name")[:10]
    ]
    if not named:
        return "A bundle needs a verified account. You haven't added an account yet."
    return (
        "A bundle needs a verified account, or an evaluated one that an approver "
        f"accepted. There is none yet: {', '.join(named)}."
    )


def build(bundle: Bundle) -> None:
    """Write the bundle's zip into its row; the same accounts give the same bytes.

    An account that ceased to be ready since it was asked for is left out. What was
    edited since an account was proved is not in it.
    """
    accounts = bundle.accounts.ready().order_by("name")
    others = by_account(ForeignPolicy.objects.in_accounts(accounts))
    verifications = {
        one.verified["managed"]["name"]: verdict_of(one, others[one.pk])
        for one in accounts
    }
    if not verifications:
        finish(bundle, Bundle.Status.FAILED, error=what_is_missing())
        return
    try:
        managing = snapshots.in_force(managing_row())
        refuse_twins(accounts)
        topology = verified_topology(managing, accounts)
        entries = verified_entries(managing, accounts)
        files = bundle_files(topology, verifications, entries, had_before(bundle))
        archive = zipped(files)
    except ValueError as error:
        logger.exception("Bundle %s can't be built.", bundle.number)
        finish(bundle, Bundle.Status.FAILED, error=str(error))
        return
    bundle.accounts.set(accounts)
    listed = file_list(files)
    finish(
        bundle,
        Bundle.Status.READY,
        archive=archive,
        files=listed,
        changes=counted_since_last(bundle, archive, listed),
        readme=next(file.text for file in files if file.path == README),
        load=asdict(load(entries)),
        size=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
    )


@decision("install a bundle", OPERATOR, Activity.What.INSTALL, touches=a_bundle)
def install(bundle: Bundle, by: User | None, answer: str = "") -> Bundle:
    """Record that Spinnaker has it now; raise NotReady unless it is built, and
    MayBeThere where Spinnaker may have accounts of other bundles, and the answer does
    not say that they are gone.
    """
    if bundle.status != Bundle.Status.READY:
        raise NotReady(
            f"{bundle} is {bundle.status}. You can't mark it as installed yet."
        )
    left = left_by(bundle)
    if not left.is_answered(answer):
        raise MayBeThere(str(left))
    Bundle.objects.filter(pk=bundle.pk).update(
        installed_at=timezone.now(), installed_by=by, installed_by_name=name_of(by)
    )
    detail = {"bundle": bundle.number, "sha256": bundle.sha256}
    if left:
        detail["answer"] = answer.strip()
    record(by, Activity.What.INSTALL, str(bundle), detail)
    return bundle


def by_account(
    policies: Iterable[ForeignPolicy],
) -> Mapping[UUID | None, list[ForeignPolicy]]:
    found = defaultdict(list)
    for one in policies:
        found[one.account_id].append(one)
    return found


def verdict_of(account: ManagedAccount, others: Iterable[ForeignPolicy]) -> str:
    """Say how the account was proved, that it failed since, and what policies of others
    it has.
    """
    said = [str(account.verified["as"])]
    if account.state in BROKEN:
        said.append(f"{account.state} since")
    waiting = [one for one in others if not one.is_accepted]
    accepted = [f"{one} until {one.until}" for one in others if one.is_accepted]
    if waiting:
        said.append(f"not as approved: {first_of([*map(str, waiting)], MOST_NAMED)}")
    if accepted:
        said.append(f"accepted: {first_of(accepted, MOST_NAMED)}")
    return "; ".join(said)


class Twins(ValueError):
    """Two accounts were proved under one name, so Spinnaker would know only one."""


def refuse_twins(accounts: Iterable[ManagedAccount]) -> None:
    """Raise Twins where one took a name that another had when it was proved."""
    known: dict[str, ManagedAccount] = {}
    for account in accounts:
        for entry in account.verified["entries"]:
            other = known.setdefault(entry["name"], account)
            if other != account:
                raise Twins(
                    f"{entry['name']} is the name in Spinnaker of both {other.name} "
                    f"and {account.name} as they were last verified. Plan and verify "
                    "both under their current names."
                )


@decision("download a bundle", OPERATOR, Activity.What.DOWNLOAD, touches=a_bundle)
def download(bundle: Bundle, by: User) -> tuple[bytes, str]:
    """Return its zip, and its name; the activity log says who took it."""
    detail = {"bundle": bundle.number, "sha256": bundle.sha256}
    record(by, Activity.What.DOWNLOAD, str(bundle), detail)
    return bytes(bundle.archive), bundle.filename


class NotHeld(Refused):
    """No bundle would hold the account, or none leaves it out."""

    code = "NOT_IN_BUNDLES"
    is_late = True


@decision(
    "leave an account out of bundles, or include it again",
    OPERATOR,
    *(Activity.What.EXCLUDE, Activity.What.INCLUDE),
    touches=around,
)
def exclude_from_bundles(
    account: ManagedAccount, by: User | None, *, again: bool = False
) -> bool:
    """Take an account out of later bundles, or include it again; say whether they hold
    it now. Raise NotHeld.
    """
    row = ManagedAccount.objects.filter(pk=account.pk)
    if not (row.include_in_bundles() if again else row.exclude_from_bundles(by)):
        raise NotHeld(f"{account.name} wouldn't be in a bundle anyway.")
    what = Activity.What.INCLUDE if again else Activity.What.EXCLUDE
    record(by, what, account.name, {"account": str(account.pk)})
    return again


def finish(bundle: Bundle, status: Bundle.Status, **fields: object) -> None:
    rows = Bundle.objects.filter(pk=bundle.pk)
    move(rows, status, since=(Bundle.Status.BUILDING,), **fields)


def delete_old_bundles(before: datetime) -> None:
    """Delete bundles that were built before then, and before the installed one: that
    lists all that Spinnaker may still have of them.
    """
    installed = Bundle.objects.installed().only("number").first()
    if installed:
        old = Bundle.objects.filter(number__lt=installed.number, created_at__lt=before)
        old.only("pk").delete()


def text_of(bundle: Bundle, path: str) -> tuple[dict[str, Any], str]:
    """Read a file out of the zip, and what is listed of it; 404 where there is none."""
    listed = next((file for file in bundle.files if file["path"] == path), None)
    if listed is None:
        raise Http404
    kept = bundle.readme if path == README else ""
    return listed, kept or text_in(bundle.archive, path)
