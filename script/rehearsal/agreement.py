"""Whether AWS, the database, the newest bundle and the activity log agree at the end of
a rehearsed month, and whether anything was left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from django.apps import apps
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import (
    Activity,
    BrowserSession,
    Bundle,
    Digest,
    Findings,
    KeptAnswer,
    Lookup,
    ManagedAccount,
    Notification,
    Run,
)
from accounts.models.lease import Leased
from accounts.models.states import OPEN, WORKING, State
from onboarding.spinnaker.bundle.contents import accounts_in
from script.rehearsal.days import Month
from script.rehearsal.figures import Figures, Line
from script.rehearsal.organization import ROLE, Organization
from script.rehearsal.servers import Site

GROWS = 0.10
"""How much of its memory a server may gain an hour: more would be a leak."""
MOVES = 0.5
"""Megabytes an hour that may be messages and connections of the moment."""
SPARE = 8
"""Connections, or open files, that may be more than they were once all was warm."""


class Check(NamedTuple):
    what: str
    found: str
    wrong: str = ""
    """Empty: it is as it should be."""


def some(names: Collection[object]) -> str:
    """Name some of them; empty where there are none."""
    few = ", ".join(sorted(map(str, names))[:5])
    return f"{len(names)}: {few}" if names else ""


def checks(site: Site, month: Month) -> Iterator[Check]:
    organization = month.organization
    yield from accounts_and_runs(organization)
    yield listed_roles(organization)
    yield roles_in_aws(month)
    yield from newest_bundle(organization)
    yield log_of_all(site)
    yield log_and_people(month)
    yield leases()
    yield from leftovers()
    yield temporary_files(site)


def accounts_and_runs(organization: Organization) -> Iterator[Check]:
    ours = {one.name for one in organization.accounts}
    rows = list(ManagedAccount.objects.order_by("name"))
    verified = [row for row in rows if row.state == State.VERIFIED]
    others = [row for row in rows if row not in verified]
    wrong = [row.name for row in others if row.name in ours]
    unsaid = [
        row.name
        for row in others
        if row.state != State.DRAFT and not row.standing.sentences
    ]
    yield Check(
        "Every account is verified, or has a cause",
        f"{len(verified)} of {len(rows)} accounts are verified; "
        + "; ".join(f"{row.name}: {row.state}" for row in others),
        some([*wrong, *unsaid]),
    )
    working = Run.objects.filter(status__in=WORKING)
    waiting = Run.objects.filter(status__in=OPEN, account_name__in=ours)
    yield Check(
        "No run is in progress",
        f"{Run.objects.count():,} runs in the database",
        some([run.number for run in {*working, *waiting}]),
    )


def arn_of(row: ManagedAccount) -> str:
    return f"arn:aws:iam::{row.account_id}:role/{row.managed_role or ROLE}"


def listed_roles(organization: Organization) -> Check:
    listed = organization.listed()
    assumable = {arn_of(row) for row in ManagedAccount.objects.assumable()}
    return Check(
        "The managing account lists exactly the roles of the database",
        f"{len(listed)} roles in the policies of Spinnaker's identity",
        some(listed ^ assumable),
    )


def roles_in_aws(month: Month) -> Check:
    organization = month.organization
    existing = {*ManagedAccount.objects.existing().values_list("name", flat=True)}
    wrong = [
        one.name
        for one in organization.accounts
        if organization.has_role(one.account_id) != (one.name in existing)
    ]
    for account in month.away.values():
        iam = organization.iam(account.account_id)
        own = iam.list_policies(Scope="Local", PathPrefix="/bowline/")["Policies"]
        wrong += [f"{account.name}: {one['PolicyName']}" for one in own]
    return Check(
        "Roles exist in AWS where the database says so, and nowhere else",
        f"{len(existing)} accounts with roles, {len(month.away)} without any rest",
        some(wrong),
    )


def newest_bundle(organization: Organization) -> Iterator[Check]:
    bundle = Bundle.objects.built().order_by("-number").first()
    assert bundle
    held = accounts_in(bundle.archive).aws
    ready = [row for row in ManagedAccount.objects.ready() if row.in_aws_provider]
    wrong = {one["accountId"] for one in held} ^ {row.account_id for row in ready}
    if sha256(bundle.archive).hexdigest() != bundle.sha256:
        wrong.add("its zip isn't what was built")
    yield Check(
        "The newest bundle has exactly the accounts that are ready",
        f"bundle {bundle.number} has {len(held)} accounts",
        some(wrong),
    )
    sts = organization.as_spinnaker()
    verified = {
        row.account_id for row in ready if row.state == State.VERIFIED
    }  # another is in it as it was last proved
    tried = [one for one in held if one["accountId"] in verified]
    refused = [
        one["name"] for one in tried if not assumes(sts, one, one.get("externalId"))
    ]
    open_to_all = [
        one["name"]
        for one in tried
        if one.get("externalId") and assumes(sts, one, "another")
    ]
    yield Check(
        "Spinnaker's identity can assume each verified role as the bundle says, and "
        "not with another external ID",
        f"{len(tried)} roles assumed in the emulator, which enforces trust",
        some([*refused, *open_to_all]),
    )


def assumes(sts: Any, account: Any, external_id: str | None) -> bool:
    arn = f"arn:aws:iam::{account['accountId']}:{account['assumeRole']}"
    given = {"ExternalId": external_id} if external_id else {}
    try:
        sts.assume_role(RoleArn=arn, RoleSessionName="rehearsal", **given)
    except ClientError:
        return False
    return True


def log_of_all(site: Site) -> Check:
    try:
        said = site.manage("check_activity").strip()
    except ChildProcessError as error:
        return Check("The chain of the activity log holds", "broken", str(error))
    return Check("The chain of the activity log holds", said.splitlines()[-1])


COUNTED = {
    "POST rotate": Activity.What.ROTATE,
    "POST finish": Activity.What.ROTATED,
    "POST bundles": Activity.What.BUILD,
    "POST installed": Activity.What.INSTALL,
    "POST exclude": Activity.What.EXCLUDE,
    "POST include": Activity.What.INCLUDE,
}
"""What one request is one entry of, whatever was killed meanwhile."""


def log_and_people(month: Month) -> Check:
    done = month.planner.done
    logged = Activity.objects.filter(detail__token=TOKEN)
    wrong = [
        f"{what}: {done[what]} done, {number} logged"
        for what, kind in COUNTED.items()
        if done[what] != (number := logged.filter(what=kind).count())
    ]
    total = sum(done[what] for what in COUNTED)
    return Check(
        "The log has each rotation, bundle and exclusion once",
        f"{total} requests of that kind, some of them sent again after a kill",
        some(wrong),
    )


TOKEN = "rehearsal"
"""The name of the tokens with which people call the API."""


def leases() -> Check:
    held = []
    for model in apps.get_models():
        if issubclass(model, Leased):
            now = model._base_manager.filter(leased_until__gt=Now())
            held += [f"{model.__name__} {row.pk}" for row in now]
    return Check("No lease is held", "every table with leases", some(held))


def leftovers() -> Iterator[Check]:
    """Ask for rows that the hourly deletion should have taken."""
    age = timedelta(days=settings.KEEP_CHECKS_DAYS)
    day, hour = timedelta(days=1), timedelta(hours=1)
    rows = {
        "verifications": Run.objects.outlived(timezone.now() - age),
        "results that a later verification superseded": Run.objects.to_fold(),
        "findings of no run": Findings.objects.filter(runs=None),
        "sessions": BrowserSession.objects.filter(expire_date__lt=Now() - day),
        "kept answers": KeptAnswer.objects.expired(),
        "notifications": Notification.objects.expired(),
        "digests": Digest.objects.filter(created_at__lt=Now() - 90 * day),
        "lookups": Lookup.objects.filter(asked_at__lt=Now() - day - hour),
    }
    left = {name: found.count() for name, found in rows.items()}
    yield Check(
        "Nothing is kept that should be deleted",
        ", ".join(rows),
        some([f"{name}: {count}" for name, count in left.items() if count]),
    )


def temporary_files(site: Site) -> Check:
    left = [
        str(path.relative_to(site.temporary))
        for path in site.temporary.rglob("*")
        if path.is_file()
    ]
    return Check("No temporary file is left", "in the servers' own folder", some(left))


def resources(figures: Figures, *, since: float) -> Iterator[Check]:
    """Ask whether memory, open files and connections stayed as they were."""
    # PostgreSQL's are groups of their own, one for each connection.
    for name in [one for one in figures.site.servers if one != "PostgreSQL"]:
        line = figures.line(name, since=since)
        if line is None:
            continue
        yield Check(
            f"Memory of {name} is flat",
            f"{line.first:.1f} MB, then {line.last:.1f} MB in {line.minutes:.0f} "
            f"minutes: {line.per_hour:+.1f} MB an hour",
            "it grows" if leaks(line) else "",
        )
        held = [one.files for one in figures.samples[name] if one.at >= since]
        yield Check(
            f"Open files of {name}",
            f"{held[0]} then, {max(held)} at most, {held[-1]} at the end",
            "more than before"
            if held[-1] > max(held[: len(held) // 2]) + SPARE
            else "",
        )
    counts: dict[str, Callable[[Any], int]] = {
        "PostgreSQL": lambda one: one.postgresql,
        "the broker": lambda one: one.broker,
    }
    for name, count in counts.items():
        held = [count(one) for one in figures.connections if one.at >= since]
        if held:
            more = held[-1] > max(held[: max(1, len(held) // 2)]) + SPARE
            yield Check(
                f"Connections to {name}",
                f"{held[0]} then, {max(held)} at most, {held[-1]} at the end",
                "more than before" if more else "",
            )


def leaks(line: Line) -> bool:
    """Return whether memory grows, as far as half an hour or more can say."""
    return line.minutes >= 30 and line.per_hour > max(MOVES, GROWS * line.first)
