"""Each kind of account is verified although Bowline may write nothing in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.models import CheckResult, ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs.owners import learning
from accounts.runs.owners.looking import NO_READER
from onboarding.topology import READER_ROLE
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import DEV, EVERYTHING, done, planned, root
from tests.accounts.runs.owners.owning import (
    account,
    deploy,
    looked,
    owned,
    ready_to_hand_off,
)
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = ("Create", "Delete", "Put", "Attach", "Detach", "Update", "Tag", "Add")
READER, ROLE = DEV.arn(f"role/{READER_ROLE}"), DEV.arn("role/spinnakerManaged")
READ_BEFORE = {
    "clusters": [
        {"name": "apps", "region": "us-east-1", "endpoint": "https://apps.example.com"}
    ]
}
"""As clusters are known that Bowline could read when it made the roles itself."""
IDENTITY = MANAGING.arn("role/SpinnakerAuthRole")


def handed_off(here: Credentials, reader: str, *keys: str) -> Run:
    ready_to_hand_off(here)
    providers = {key: EVERYTHING[key] for key in keys}
    if "eks" in keys and not reader:
        providers["eks"] = READ_BEFORE
    run = done(planned(owned(reader_role=reader, providers=providers)))
    assert run.status == Status.HANDED_OFF, run.error
    return run


def outcomes_of_cluster(run: Run) -> set[str]:
    """Whether Spinnaker's network reaches it, nobody can try from here."""
    checks = run.checks.filter(provider="eks").exclude(name__startswith="Reach")
    return set(checks.values_list("outcome", flat=True))


def left(run: Run) -> CheckResult:
    found: CheckResult = run.checks.get(name=f"Compare {DEV.name} with AWS")
    return found


@pytest.mark.parametrize("reader", [READER_ROLE, ""], ids=["reader", "none"])
@pytest.mark.parametrize(
    "keys",
    [
        ("ec2",),
        ("ecs",),
        ("lambda",),
        ("eks",),
        ("ec2", "lambda"),
        ("ec2", "ecs", "eks", "lambda"),
    ],
    ids="+".join,
)
def test_it_is_verified_without_a_write_or_an_access_role(
    here: Credentials, calls: Calls, keys: tuple[str, ...], reader: str
) -> None:
    if keys == ("eks",) and not reader:
        pytest.skip("Only a reader role shows what an owner creates for EKS alone.")
    calls.assumed.clear()
    run = handed_off(here, reader, *keys)
    calls.made.clear()
    deploy(here, account())

    found = looked(run)

    # Where Spinnaker assumes no role, policies are all that there is to read.
    verification = Status.EVALUATED if keys == ("eks",) else Status.VERIFIED
    assert found.status == verification, found.error
    assert account().state == verification
    wrote = [call for call in calls.made if call.split(":")[1].startswith(WRITES)]
    assert wrote == []
    assert calls.assumed <= {IDENTITY, ROLE, READER}
    assert (READER in calls.assumed) == bool(reader)
    assert left(found).outcome == ("passed" if reader else "not testable")
    if "eks" in keys:
        assert outcomes_of_cluster(found) == (
            {"passed", "evaluated"} if reader else {"not testable"}
        )
        assert "'endpoint': 'https://" in str(account().approved_entries)
    if verification == Status.VERIFIED:
        assert ManagedAccount.objects.ready().get() == account()
        assert account().verified["entries"] == account().approved_entries


def test_no_transaction_waits_while_aws_is_asked_for_an_endpoint(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = handed_off(here, READER_ROLE, "eks")
    deploy(here, account())
    waits: list[bool] = []
    answers = learning.answers

    def asked(*args: Any) -> Any:
        waits.append(connection.in_atomic_block)
        return answers(*args)

    monkeypatch.setattr(learning, "answers", asked)
    found = looked(run)

    assert found.status == Status.EVALUATED, found.error
    assert waits == [False]


def test_a_cluster_without_its_access_entry_is_waited_for(here: Credentials) -> None:
    run = handed_off(here, READER_ROLE, "ec2", "eks")
    deploy(here, account())
    eks = root(here, DEV, "eks")
    eks.delete_access_entry(clusterName="apps", principalArn=IDENTITY)

    said = looked(run).waiting

    assert "differ from the plan: create" in said
    assert "apps" in said


def test_a_reader_role_is_waited_for_where_a_clusters_endpoint_is_unknown(
    here: Credentials,
) -> None:
    run = handed_off(here, READER_ROLE, "ec2", "eks")
    deploy(here, account())
    iam = root(here, DEV, "iam")
    (policy,) = iam.list_role_policies(RoleName=READER_ROLE)["PolicyNames"]
    iam.delete_role_policy(RoleName=READER_ROLE, PolicyName=policy)
    iam.delete_role(RoleName=READER_ROLE)

    assert looked(run).waiting == NO_READER


def test_without_a_reader_an_unknown_endpoint_is_refused_before_anything_is_sent(
    here: Credentials,
) -> None:
    ready_to_hand_off(here)
    providers = {key: EVERYTHING[key] for key in ("ec2", "eks")}

    run = planned(owned(providers=providers))

    assert run.status == Status.FAILED
    assert "Choose the reader role" in run.error["message"]
