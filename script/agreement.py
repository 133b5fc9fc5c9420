"""Whether AWS, the database, the newest bundle and the activity log agree at the end of
a rehearsed month, and whether anything was left behind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from accounts.models.states import OPEN, State
from onboarding.spinnaker.bundle.contents import accounts_in
from script.emulated_organization import MANAGING
from script.emulated_site import Aws
from script.people import TOKEN
from script.site import Site
from script.usage import Check

if TYPE_CHECKING:
    from script.bench_month import Month

ROLE = "spinnakerManaged"
COUNTED = {
    "POST rotate": Activity.What.ROTATE,
    "POST finish": Activity.What.ROTATED,
    "POST bundles": Activity.What.BUILD,
    "POST installed": Activity.What.INSTALL,
    "POST exclude": Activity.What.EXCLUDE,
    "POST include": Activity.What.INCLUDE,
}
"""What one request is one entry of, whatever was killed meanwhile."""


def some(names: Collection[object]) -> str:
    """Name some of them; empty where there are none."""
    few = ", ".join(sorted(map(str, names))[:5])
    return f"{len(names)}: {few}" if names else ""


def checks(site: Site, month: Month) -> Iterator[Check]:
    rows = list(ManagedAccount.objects.all())
    others = [row.name for row in rows if row.state != State.VERIFIED]
    yield Check("Every account is verified", f"{len(rows)} accounts", some(others))
    in_progress = Run.objects.filter(status__in=OPEN).values_list("number", flat=True)
    yield Check(
        "No run is in progress", f"{Run.objects.count()} runs", some(in_progress)
    )
    yield from roles(month)
    yield from newest_bundle(month.aws)
    said = site.manage("check_activity", may_fail=True).strip().splitlines()[-1:]
    broken = "" if said and "unchanged" in said[0] else "it is broken"
    yield Check("The chain of the activity log holds", " ".join(said), broken)
    yield log_and_people(month)
    held = [
        f"{model.__name__} {row.pk}"
        for model in apps.get_models()
        if issubclass(model, Leased)
        for row in model._base_manager.filter(leased_until__gt=Now())
    ]
    yield Check("No lease is held", "every table with leases", some(held))
    yield leftovers()
    left = [
        path.name
        for path in Path(site.environment["TMPDIR"]).rglob("*")
        if path.is_file()
    ]
    yield Check("No temporary file is left", "in the servers' own folder", some(left))


def roles(month: Month) -> Iterator[Check]:
    listed = listed_roles(month.aws)
    assumable = {
        f"arn:aws:iam::{row.account_id}:role/{ROLE}"
        for row in ManagedAccount.objects.assumable()
    }
    yield Check(
        "The managing account lists exactly the roles of the database",
        f"{len(listed)} roles in the policies of Spinnaker's identity",
        some(listed ^ assumable),
    )
    existing = {*ManagedAccount.objects.existing().values_list("name", flat=True)}
    wrong = []
    for name, account in month.accounts.items():
        iam = month.aws.edge(account.account_id).client("iam")
        own = iam.list_policies(Scope="Local", PathPrefix="/bowline/")["Policies"]
        if {has_role(iam), bool(own)} != {name in existing}:
            wrong.append(name)
    yield Check(
        "Roles and policies exist in AWS where the database says so, and nowhere else",
        f"{len(existing)} accounts with roles, {len(month.away)} without",
        some(wrong),
    )


def has_role(iam: Any) -> bool:
    try:
        iam.get_role(RoleName=ROLE)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def listed_roles(aws: Aws) -> set[str]:
    """Read the roles that Spinnaker's identity may assume."""
    iam, found = aws.edge(MANAGING.account_id).client("iam"), set[str]()
    paginator = iam.get_paginator("list_policies")
    for page in paginator.paginate(Scope="Local", PathPrefix="/bowline/managing/"):
        for policy in page["Policies"]:
            if policy["PolicyName"].startswith("BowlineAssumeManaged"):
                version = iam.get_policy_version(
                    PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
                )["PolicyVersion"]
                for statement in version["Document"]["Statement"]:
                    named = statement["Resource"]
                    found |= {named} if isinstance(named, str) else {*named}
    return found


def newest_bundle(aws: Aws) -> Iterator[Check]:
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
    sts = aws.as_spinnaker()
    wrong = {
        one["name"]
        for one in held
        if not assumes(sts, one, one.get("externalId"))
        or (one.get("externalId") and assumes(sts, one, "another"))
    }
    yield Check(
        "Spinnaker's identity can assume each role as the bundle says, and not with "
        "another external ID",
        f"{len(held)} roles assumed in the emulator, which enforces trust",
        some(wrong),
    )


def assumes(sts: Any, account: Any, external_id: str | None) -> bool:
    arn = f"arn:aws:iam::{account['accountId']}:{account['assumeRole']}"
    given = {"ExternalId": external_id} if external_id else {}
    try:
        sts.assume_role(RoleArn=arn, RoleSessionName="bench", **given)
    except ClientError:
        return False
    return True


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


def leftovers() -> Check:
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
    left = [
        f"{name}: {found.count()}" for name, found in rows.items() if found.exists()
    ]
    return Check("Nothing is kept that should be deleted", ", ".join(rows), some(left))
