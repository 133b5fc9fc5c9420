"""A shape made in AWS, adopted from its sources, and read as it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from accounts.mapping.accounts_file import register
from accounts.mapping.managing import managing_row
from accounts.models import ForeignPolicy, ManagedAccount, Run
from accounts.models.states import Status
from accounts.people.policies import choose
from accounts.runs.actions import accept, approve, plan, plan_managing
from accounts.runs.deciding.confirmation import UNTESTED
from accounts.runs.foreign.taking_over import take_over, undo
from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import Report, accounts_file
from onboarding.partitions import arn
from onboarding.resources.take_over import TakeOver
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    BOWLINE,
    MANAGING,
    MEMBERS,
    Account,
    Credentials,
)
from tests.accounts.runs.carried import carried, root
from tests.accounts.runs.foreign.shapes.in_aws import DELETED, InAws, Old
from tests.onboarding.adopting.documents import reported
from tests.onboarding.adopting.shapes import FILES, Shape
from tests.strict_aws.china import China
from tests.strict_aws.proxy import strict_aws

IDS = {"123456789012": MEMBERS[0], "210987654321": MEMBERS[1]}
"""The accounts of the sources, and those that they are here."""


@contextmanager
def in_partition(
    name: str, here: Credentials, patch: pytest.MonkeyPatch
) -> Iterator[Credentials]:
    """Be Bowline in this partition."""
    if name == "aws":
        yield here
        return
    china = China(here.access_key_id, here.secret_access_key)
    with strict_aws(here.endpoint, MANAGING.account_id, china) as proxy:
        there = here._replace(endpoint=proxy.endpoint, region="cn-north-1")
        for variable, value in there.environment.items():
            patch.setenv(variable, value)
        yield there


class Place(NamedTuple):
    """An account with the roles that were made there."""

    iam: Any
    account: Account
    old: tuple[Old, ...]


def by_files(shape: Shape) -> Iterator[Report]:
    """Read the shape from each of its files."""
    for write in FILES.values():
        yield reported(here(write(shape.providers)))


def here(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Write the IDs of accounts that exist."""
    text = dict(files)
    for theirs, ours in IDS.items():
        for path, content in text.items():
            text[path] = content.replace(theirs.encode(), ours.account_id.encode())
    return text


def adopted(shape: Shape, in_aws: InAws) -> list[ManagedAccount]:
    """Add what each of its files has, which is the same."""
    identity = f"{kind(in_aws.identity)}{in_aws.identity.path}{in_aws.identity.name}"
    (file,) = {
        accounts_file(
            report.taken,
            identity=arn(shape.partition, "iam", MANAGING.account_id, identity),
            access_role=ACCESS_ROLE,
        )
        for report in by_files(shape)
    }
    accounts = register(read_accounts_file(file.encode()), None)
    for environment in {"", *(account.environment for account in accounts)}:
        choose(environment, second_approver=False)
    return accounts


def kind(old: Old) -> str:
    return "role" if old.trust else "user"


def make_identity(here: Credentials, in_aws: InAws) -> Place:
    """Make it, and allow Bowline to work on it, as its guide says."""
    iam = root(here, MANAGING, "iam")
    iam.attach_user_policy(UserName=BOWLINE, PolicyArn=ADMINISTRATOR)
    place = Place(iam, MANAGING, (in_aws.identity,))
    make(place)
    return place


def make(place: Place) -> None:
    for old in place.old:
        make_one(place, old)


def make_one(place: Place, old: Old) -> None:
    iam, is_role = place.iam, bool(old.trust)
    named = {"RoleName" if is_role else "UserName": old.name}
    of = "role" if is_role else "user"
    given: dict[str, Any] = {**named, "Path": old.path}
    if is_role:
        given["AssumeRolePolicyDocument"] = said(place, old.trust)
    if old.boundary:
        given["PermissionsBoundary"] = old.boundary
    given["Tags"] = [{"Key": key, "Value": value} for key, value in old.tags.items()]
    getattr(iam, f"create_{of}")(**given)
    arns = [*old.attached]
    for name, document in old.own.items():
        policy = iam.create_policy(
            PolicyName=name, PolicyDocument=said(place, document)
        )
        arns.append(policy["Policy"]["Arn"])
    for one in arns:
        getattr(iam, f"attach_{of}_policy")(**named, PolicyArn=one)
    for name, document in old.inside.items():
        put = getattr(iam, f"put_{of}_policy")
        put(**named, PolicyName=name, PolicyDocument=said(place, document))
    if old.profile:
        iam.create_instance_profile(InstanceProfileName=old.profile)
        iam.add_role_to_instance_profile(
            InstanceProfileName=old.profile, RoleName=old.name
        )


def said(place: Place, document: Mapping[str, Any]) -> str:
    text = json.dumps(document, indent=2)
    text = text.replace("$OWN", place.account.account_id)
    return text.replace("$MANAGING", MANAGING.account_id)


def as_it_is(place: Place) -> str:
    """Read all that was made, to the letter but for the order of keys, which PostgreSQL
    does not keep; without Bowline's policies next to it, and without identities that
    were deleted, which IAM takes from nobody.
    """
    found = {old.name: one_as_it_is(place.iam, old) for old in place.old}
    text = json.dumps(found, default=str, separators=(",", ":"), sort_keys=True)
    for name in DELETED:
        text = text.replace(f',"{name}"', "")
    return text


def one_as_it_is(iam: Any, old: Old) -> dict[str, Any]:
    of = kind(old)
    named = {f"{of.title()}Name": old.name}
    found = getattr(iam, f"get_{of}")(**named)[of.title()]
    for changing in ("RoleLastUsed", "PasswordLastUsed"):
        found.pop(changing, None)
    attached = getattr(iam, f"list_attached_{of}_policies")(**named)
    inside = getattr(iam, f"list_{of}_policies")(**named)["PolicyNames"]
    read_inside = getattr(iam, f"get_{of}_policy")
    is_ours = "policy/bowline/"
    profiles = (
        iam.list_instance_profiles_for_role(**named)["InstanceProfiles"]
        if of == "role"
        else []
    )
    return {
        of: found,
        "attached": sorted(
            one["PolicyArn"]
            for one in attached["AttachedPolicies"]
            if is_ours not in one["PolicyArn"]
        ),
        "inside": {
            name: read_inside(**named, PolicyName=name)["PolicyDocument"]
            for name in inside
            if not name.startswith("Bowline")
        },
        "profiles": {
            one["InstanceProfileName"]: (one["InstanceProfileId"], one.get("Tags"))
            for one in profiles
            if one["InstanceProfileName"] == old.profile
        },
    }


def role_ids(place: Place) -> list[str]:
    return [
        place.iam.get_role(RoleName=old.name)["Role"]["RoleId"] for old in place.old
    ]


STEPS = ("detach", "trust", "own")


def step(account: ManagedAccount, name: str) -> Run | None:
    """Take one step, or none where it would change nothing."""
    account.refresh_from_db()
    found = ForeignPolicy.objects.of(account).values_list("alike", flat=True)
    choice = {
        "detach": TakeOver(detaches=frozenset(found)),
        "trust": TakeOver(trust=True),
        "own": TakeOver(owns=True),
    }[name]
    if not choice:
        return None
    run = ended(take_over(account, None, choice))
    return run if run.steps.exists() else None


def back(run: Run) -> None:
    """Undo it: by one press, as it was approved with the step itself, unless anything
    was approved for the account since.
    """
    since = Run.objects.filter(account=run.account, approved_at__gt=run.approved_at)
    ended(undo(run, None), approved=since.exists())


def begun(account: ManagedAccount) -> None:
    """Put Bowline's policies next to what was there."""
    if not managing_row().applied:
        ended(plan_managing(None))
    ended(plan(account, None))
    accept(account, None)


def ended(run: Run, *, approved: bool = True) -> Run:
    """Carry it out and verify it, once it is approved if it asks for that."""
    run = carried(run)
    if run.status == Status.PLANNED and approved:
        assert approve(run, None, test=UNTESTED)
        run = carried(run)
    failed = run.checks.filter(outcome="failed").values_list("name", "sentence")
    assert run.status in (Status.VERIFIED, Status.EVALUATED), (run.error, *failed)
    return run
