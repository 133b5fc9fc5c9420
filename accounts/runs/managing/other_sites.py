"""Another database that manages the same managing account: a colleague's, a restored
backup, or one that was lost.

What it put on the list of roles that Spinnaker may assume stays there. Nothing is
planned or applied while its last change is newer than what this database knows, until
somebody adopts the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from itertools import starmap
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from accounts.decisions.decision import decision
from accounts.decisions.locks import lock_settings
from accounts.mapping.managing import managing_of, managing_row
from accounts.mapping.snapshots import keep_snapshot, managing_snapshot
from accounts.models import Activity, ManagedAccount, ManagingAccount, Run, Step
from accounts.models.managed import KeptRecord, OtherSite
from accounts.models.people import name_of
from accounts.models.states import Status
from accounts.people.activity import COMMAND_LINE, record
from accounts.people.authors import keys_of
from accounts.people.reach import the_managing_account
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.runs.managing.kept_roles import write
from accounts.runs.scope import Scope
from accounts.wording import counted
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.aws.site_tags import (
    UNTAGGED,
    SiteTags,
    read_site_tags,
)
from onboarding.desired import assume_list
from onboarding.desired.capacity import ASSUME_POLICY
from onboarding.names import some
from onboarding.partitions import Arn
from onboarding.resources.kinds import ManagedPolicy, Resource
from onboarding.resources.plan import PlanOutdated

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SETTLED = timedelta(hours=1)
"""After this, AWS no longer shows what an approved plan took off the list."""
OTHER_SITE = "OtherSite"
HOW = (
    "Nothing was changed. If that database still exists, use it instead of this one: "
    "set DATABASE_URL. If it doesn't, adopt the list of roles: on the page of the "
    "managing account, with `manage.py onboard --adopt-list`, or with the API. All "
    "roles on it stay."
)


class NothingToAdopt(Refused, ValueError):
    """No other database's changes were found when AWS was last read."""

    code = "NOTHING_TO_ADOPT"


def refuse_other_site(
    run: Run, scope: Scope, observed: Iterable[Resource], sessions: Sessions
) -> None:
    """Raise AwsError where a plan would build on what this database doesn't know;
    what was found is kept for whoever decides about it. Calls: one.
    """
    found = other_site(run, scope, observed, sessions)
    keep_found(scope.row, found)
    if found is not None:
        account = scope.managing.account_id
        why = sentence(scope.row, found)
        raise AwsError(account, "plan", why, HOW, code=OTHER_SITE)


def other_site(
    run: Run, scope: Scope, observed: Iterable[Resource], sessions: Sessions
) -> OtherSite | None:
    """Find what another database did since somebody adopted its list; None: nothing."""
    tags = UNTAGGED
    if not scope.managing.is_handed_off:
        tags = read_site_tags(sessions, scope.managing)
    tags = UNTAGGED if is_known(scope.row, tags) else tags
    (side,) = scope.shared
    wanted = set(assume_list.roles_in(side.wanted)) - set(roles_to_grant(run, scope))
    roles = put_by_others(scope.row, wanted, observed)
    if tags == UNTAGGED and not roles:
        return None
    return OtherSite(site=tags.site, revision=tags.revision, roles=roles)


def is_known(row: ManagingAccount, tags: SiteTags) -> bool:
    """Return whether this database made the change, or knows of it."""
    if tags.site == str(row.site):
        newer = tags.revision > row.revision
    else:
        newer = bool(tags.site)
    return not newer or row.adopted_revision == f"{tags.site}/{tags.revision}"


def sentence(row: ManagingAccount, found: OtherSite) -> str:
    """Say what is known of another database."""
    said = []
    times = counted(found.revision, "time")
    if found.site == str(row.site):
        said.append(
            f"The managing account, {row}, was changed from a newer copy of this "
            f"database: {times} by then, and {row.revision:,} by this one. This one "
            "may be a restored backup."
        )
    elif found.site:
        said.append(
            f"Another Bowline manages {row}: the database {found.site} changed it "
            f"{times}."
        )
    if roles := found.roles:
        verb = "is" if len(roles) == 1 else "are"
        said.append(
            f"{counted(len(roles), 'role')} that this database didn't put there {verb} "
            f"on the list of roles that Spinnaker can assume: {some(roles)}."
        )
    return " ".join(said)


def keep_found(row: ManagingAccount, found: OtherSite | None) -> None:
    """Keep it for the page, the API and the command, where it differs."""
    value = found.model_dump() if found else {}
    if value != row.other_site:
        ManagingAccount.objects.filter(pk=row.pk).update(other_site=value)
        row.other_site = value


def found_in(row: ManagingAccount) -> OtherSite | None:
    """Return what was found when AWS was last read; None: nothing."""
    return OtherSite.model_validate(row.other_site) if row.other_site else None


def put_by_others(
    row: ManagingAccount, wanted: Collection[str], observed: Iterable[Resource]
) -> list[str]:
    """List the roles on the list that this database never put there, in its order.
    `wanted`: what it has put there.

    Those that it may take off are of accounts that it onboarded, of its kept roles, and
    those that an approved plan names, which a killed worker may have left behind.
    """
    found = [one for one in assume_list.roles_in(observed) if one not in wanted]
    if not found:
        return []
    own = {one.arn for one in row.kept_in_force} | set(roles_of_accounts(row, found))
    named = taken_off_lately()
    return [
        one
        for one in dict.fromkeys(found)
        if one not in own and not assume_list.statements_of([one]) <= named
    ]


def roles_to_grant(run: Run, scope: Scope) -> Iterator[str]:
    """Yield the roles that the run is to put on the list for the first time."""
    rows = run.grants.filter(granted_at=None)
    pairs = [*rows.values_list("account_id", "managed_role")]
    if scope.account is not None and scope.account.granted_at is None:
        pairs.append((scope.account.account_id, scope.account.managed_role))
    yield from starmap(scope.managing.managed_role_arn, pairs)


def roles_of_accounts(row: ManagingAccount, found: Iterable[str]) -> Iterator[str]:
    """Yield what this database may have put on the list for the accounts of these
    roles, by today's names and by those of before.
    """
    managing = managing_of(row)
    usual = {row.managed_role, *(one.get("managed_role", "") for one in row.applied)}
    rows = ManagedAccount.objects.existing().filter(
        account_id__in={Arn.of(one).account for one in found}
    )
    columns = rows.values_list("account_id", "managed_role", "applied")
    for account_id, own, applied in columns:
        before = {one.get("own_role") or one["managed_role"] for one in applied}
        for name in {own, *usual, *before} - {""}:
            yield managing.managed_role_arn(account_id, name)


def taken_off_lately() -> frozenset[str]:
    """Return what approved plans took off the list that weren't carried out to their
    end, or so lately that AWS may show it still; as digests.
    """
    ended_well = Q(finished_at__lt=timezone.now() - SETTLED)
    ended_well &= ~Q(status__in=(Status.FAILED, Status.ERRORED))
    runs = Run.objects.filter(approved_at__isnull=False).exclude(ended_well)
    steps = Step.objects.filter(
        run__in=runs,
        kind=ManagedPolicy.kind,
        name__startswith=ASSUME_POLICY,
    )
    return frozenset().union(*steps.values_list("removed", flat=True))


def tags_of_now(scope: Scope, sessions: Sessions) -> SiteTags:
    """Read who changed the account last, right before it is changed; raise PlanOutdated
    where another database did since it was planned.
    """
    tags = read_site_tags(sessions, scope.managing)
    if not is_known(scope.row, tags):
        found = OtherSite(site=tags.site, revision=tags.revision, roles=[])
        keep_found(scope.row, found)
        raise PlanOutdated(sentence(scope.row, found))
    return tags


def next_tags(row: ManagingAccount, now: SiteTags) -> SiteTags:
    """Count a change of this database, before AWS knows of it."""
    row.revision = max(row.revision, now.revision) + 1
    ManagingAccount.objects.filter(pk=row.pk).update(revision=row.revision)
    return SiteTags(str(row.site), row.revision)


def found_another(run: Run) -> bool:
    """Return whether the run ended because another database changed the account."""
    return (run.error or {}).get("code") == OTHER_SITE


@decision(
    "adopt the list of roles of another database",
    OPERATOR,
    Activity.What.ADOPT_LIST,
    touches=the_managing_account,
)
def adopt_list(by: User | None) -> ManagingAccount:
    """Let this database manage the managing account from what AWS has: the roles of
    others stay on the list as kept roles. Raise NothingToAdopt.
    """
    lock_settings()
    row = managing_row()
    if (found := found_in(row)) is None:
        raise NothingToAdopt(
            "There is no list to adopt: Bowline found no other database's changes in "
            "the managing account when it last planned it."
        )
    if not row.applied:  # AWS has what another database applied
        keep_snapshot(row, managing_snapshot(row))
    new = [one.model_dump() for one in records(found, name_of(by))]
    write(row, lambda kept: [*kept, *new])
    row.adopted_revision, row.other_site = found.tags, {}
    row.save(update_fields=["adopted_revision", "other_site"])
    row.authors.add(*keys_of(by))
    record(by, Activity.What.ADOPT_LIST, row.name, found.model_dump())
    return row


def records(found: OtherSite, who: str) -> Iterator[KeptRecord]:
    """Make the roles kept ones, in the order of the list."""
    now = timezone.now()
    for place, arn in enumerate(found.roles):
        yield KeptRecord(
            arn=arn,
            account="",
            names=[],
            since=(now + timedelta(microseconds=place)).isoformat(),
            who=who or COMMAND_LINE,
            when=now.isoformat(),
        )
