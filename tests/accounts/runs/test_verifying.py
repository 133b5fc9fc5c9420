"""What is proved of an AWS that enforces IAM, and what is kept of a refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import CheckResult, Happened, ManagedAccount, Run
from accounts.models.states import NOT_APPROVED, WRITES_UNKNOWN, State, Status
from accounts.runs import verifying
from accounts.runs.actions import verify
from accounts.runs.foreign.evidence import Passing
from accounts.runs.scope import Comparison, Scope, Side
from onboarding.aws.roles.passed import PassedRoles
from onboarding.aws.session import CALLERS, Backoff, Sessions, silent
from onboarding.checks import Outcome
from onboarding.desired import POLICY_SET
from onboarding.providers.ec2_grants import READS
from onboarding.resources.plan import Create
from onboarding.verify.chain import CHAIN
from onboarding.verify.result import COMPARED, Result
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import (
    DEV,
    EVERYTHING,
    STAGING,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)
from tests.onboarding.aws.field import FakeClock
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_stands_whole_is_on_the_latest_policy_set(here: Credentials) -> None:
    account = member()

    onboarded(account)

    account.refresh_from_db()
    assert account.policy_set == POLICY_SET
    assert not account.has_older_policies


@pytest.mark.smoke
def test_checks_say_which_calls_were_made_as_spinnaker(here: Credentials) -> None:
    run = onboarded(member())
    managing = Run.objects.get(kind=Run.Kind.MANAGING)

    own = {
        "Bowline's own identity",
        "Assume Spinnaker's identity",
        "Compare spinnakermanaging with AWS",
        "No unapproved policies in spinnakermanaging",
        "Compare accountdev with AWS",
        "No unapproved policies in accountdev",
        "Roles that Spinnaker can pass in accountdev",
        "Find the instance profile BaseIAMRole",
    }
    called = run.checks.filter(outcome=Outcome.PASSED, as_spinnaker=True)
    assert {*passed_by_bowline(run)} <= own
    assert {*passed_by_bowline(managing)} <= own
    assert {
        "Assume the managed role",
        "A wrong external ID is denied",
        "Look up zones in us-east-1 as Spinnaker's identity",
    } <= {*called.values_list("name", flat=True)}
    assert not called.filter(name__in=own).exists()


def passed_by_bowline(run: Run) -> list[str]:
    passed = run.checks.filter(outcome=Outcome.PASSED, as_spinnaker=False)
    return list(passed.values_list("name", flat=True))


def test_where_bowline_may_not_simulate_its_own_policies_decide(
    here: Credentials, account
) -> None:
    deny = {"Effect": "Deny", "Action": "iam:Simulate*", "Resource": "*"}
    root(here, DEV, "iam").put_role_policy(
        RoleName=account.access_role,
        PolicyName="Blind",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )

    run = carried(verify(account, None))

    account.refresh_from_db()
    assert run.status == Status.VERIFIED
    assert run.unknown_writes == account.unknown_writes == 0
    read = run.checks.filter(sentence__contains="Read, not called")
    said = [one.sentence for one in read]
    assert said
    assert all("what the organization denies isn't known" in one for one in said)


def test_newer_policies_are_news_and_no_fault_of_the_account(
    monkeypatch: pytest.MonkeyPatch, account
) -> None:
    newer = replace(READS, actions=READS.actions[1:])
    monkeypatch.setattr("onboarding.providers.ec2.READS", newer)
    for module in ("accounts.runs.verifying", "accounts.models.account"):
        monkeypatch.setattr(f"{module}.POLICY_SET", POLICY_SET + 1)

    looked = carried(verify(account, None))
    brought = onboarded(account)

    account.refresh_from_db()
    assert looked.status == Status.VERIFIED
    (news,) = looked.checks.filter(outcome="not testable", provider="resources")
    assert f"policy version {POLICY_SET}. The latest is {POLICY_SET + 1}" in (
        news.sentence
    )
    assert [step.name for step in brought.steps.all()] == ["BowlineEC2Read"]
    assert account.policy_set == POLICY_SET + 1


@pytest.mark.parametrize("gone", [False, True], ids=["grants", "withdraws"])
def test_a_line_that_another_run_is_about_to_change_is_no_fault_of_the_account(
    here: Credentials, gone: bool
) -> None:
    account, other = member(), member(STAGING)
    onboarded(account)
    if gone:
        onboarded(other)
    others = ManagedAccount.objects.filter(pk=other.pk)
    assert others.withdraw() if gone else others.grant()

    run = carried(verify(account, None))

    assert (run.status, run.error) == (Status.VERIFIED, None)


def test_what_was_proved_is_what_bundles_hold_and_drift_takes_none_of_it(
    here: Credentials, account
) -> None:
    account.refresh_from_db()
    verified = account.verified
    root(here, DEV, "iam").detach_role_policy(
        RoleName="spinnakerManaged",
        PolicyArn=DEV.arn("policy/bowline/managed/BowlineEC2Write"),
    )

    carried(verify(account, None))

    account.refresh_from_db()
    assert (verified["as"], verified["managed"]["name"]) == ("verified", account.name)
    assert verified["entries"] == account.approved_entries != []
    assert account.verified == verified
    assert account in ManagedAccount.objects.broken_in_bundles()


def test_drift_is_found_by_verifying(here: Credentials, account) -> None:
    root(here, DEV, "iam").detach_role_policy(
        RoleName="spinnakerManaged",
        PolicyArn=DEV.arn("policy/bowline/managed/BowlineEC2Write"),
    )

    run = carried(verify(account, None))

    account.refresh_from_db()
    assert run.status == Status.FAILED
    assert "BowlineEC2Write" in run.error["message"]
    assert (account.state, account.verification) == (State.DRIFTED, "")


def test_a_second_policy_of_a_cluster_is_not_as_approved(here: Credentials) -> None:
    account = member(providers={"ec2": {}, "eks": EVERYTHING["eks"]})
    onboarded(account)
    identity = MANAGING.arn("role/SpinnakerAuthRole")
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    root(here, DEV, "eks").associate_access_policy(
        clusterName="apps",
        principalArn=identity,
        policyArn=policy,
        accessScope={"type": "cluster"},
    )

    run = carried(verify(account, None))

    account.refresh_from_db()
    assert run.status == Status.FAILED
    assert "AmazonEKSClusterAdminPolicy" in run.error["message"]
    assert account.word == NOT_APPROVED

    done(planned(account))

    account.refresh_from_db()
    assert account.word == State.VERIFIED


def test_what_a_cluster_maps_in_aws_auth_is_unknown(here: Credentials) -> None:
    (cluster,) = EVERYTHING["eks"]["clusters"]
    eks = {"clusters": [{**cluster, "access": "aws-auth"}]}
    account = member(providers={"ec2": {}, "eks": eks})

    run = done(planned(account))

    account.refresh_from_db()
    assert run.verification == "verified, 1 write unknown"
    assert account.word == WRITES_UNKNOWN


@pytest.mark.parametrize("lately", [False, True], ids=["never-good", "good-lately"])
def test_bowlines_own_bad_credentials_leave_the_account_what_it_was(
    monkeypatch: pytest.MonkeyPatch, lately: bool, account
) -> None:
    known = next(iter(CALLERS.values()))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG1")
    if lately:
        monkeypatch.setitem(CALLERS, Sessions("test").own(), known)

    run = carried(verify(account, None))

    account.refresh_from_db()
    (check,) = run.checks.all()
    assert run.status == Status.FAILED
    assert (check.located, check.worse) == ("Bowline itself", False)
    assert (account.state, account.verification) == (State.VERIFIED, State.VERIFIED)


def test_a_refusal_is_kept_with_its_document_and_its_change(
    here: Credentials, settings
) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    account = member()
    onboarded(account)
    iam = root(here, DEV, "iam")
    trust = iam.get_role(RoleName="spinnakerManaged")["Role"][
        "AssumeRolePolicyDocument"
    ]
    trust["Statement"][0]["Principal"] = {"AWS": "933333333333"}
    iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=json.dumps(trust)
    )

    run = carried(verify(account, None))

    check = run.checks.get(name="Assume the managed role")
    (marked,) = (line for line in check.lines if line.is_marked)
    assert (check.located, check.worse) == ("their trust", True)
    assert marked.text.strip() == '"Principal": {'
    assert check.change.startswith("aws iam update-assume-role-policy")
    assert check in CheckResult.objects.got_worse()
    told = Happened.objects.filter(run=run).values_list("what", flat=True)
    assert sorted(told) == ["drifted", "failed"]


def judged(
    *outcomes: Outcome,
    monkeypatch: pytest.MonkeyPatch,
    passing: PassedRoles | None = None,
    **fields: Any,
) -> Run:
    """Verify an account whose chain ends like this, and in which nothing differs but
    roles that may be passed.
    """
    row = managing_row()
    account = account_row(**fields)
    run = run_row(
        Status.VERIFYING,
        account=account,
        kind=Run.Kind.VERIFY,
        version=account.version,
        managing_version=row.version,
    )
    found = [Result(CHAIN, f"{n}", one, "", "") for n, one in enumerate(outcomes)]
    same = Result(COMPARED, "Nothing left", Outcome.PASSED, "", "")
    side = Scope.load(run).own[0]
    at = passing and Passing(side, passing, open=("role web: Anybody can assume it.",))
    looked = verifying.Looked(side, same, passing=at)
    monkeypatch.setattr(verifying, "checks", lambda *_: found)
    monkeypatch.setattr(verifying, "nothing_left", lambda *_: [looked])
    assert run.take_lease()

    verifying.verify_scope(run, Scope.load(run), Sessions("test"))

    run.refresh_from_db()
    return run


def test_what_differs_is_read_again_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What AWS answers about all roles may be older than what it says of one."""
    managing_row()
    run = run_row(Status.VERIFYING, account=account_row(), kind=Run.Kind.ONBOARD)
    loaded = Scope.load(run)
    read: list[bool] = []

    def compared(side: Side, *_: Any, **__: Any) -> Comparison:
        read.append(side.at_once)
        changes = tuple(map(Create, side.wanted)) if len(read) < 3 else ()
        return Comparison(changes, 0, ())

    monkeypatch.setattr(verifying, "compared_now", compared)
    monkeypatch.setattr(verifying, "passing_in", lambda *_: None)
    settling = Backoff(verifying.SETTLING, silent, FakeClock().clock)

    (looked,) = verifying.nothing_left(loaded, loaded.own, Sessions("test"), settling)

    assert looked.result.outcome is Outcome.PASSED
    assert read == [True, False, False]


@pytest.mark.parametrize(
    ("kind", "alone", "at_once"),
    [
        (Run.Kind.ONBOARD, False, True),
        (Run.Kind.ONBOARD, True, False),
        (Run.Kind.VERIFY, False, False),
    ],
)
def test_only_a_run_that_somebody_waits_for_reads_at_once(
    kind: Run.Kind, alone: bool, at_once: bool
) -> None:
    managing_row()
    run = run_row(Status.VERIFYING, account=account_row(), kind=kind, alone=alone)

    assert {side.at_once for side in Scope.load(run).sides} == {at_once}


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([Outcome.PASSED, Outcome.PASSED], Status.VERIFIED),
        ([Outcome.PASSED, Outcome.EVALUATED], Status.EVALUATED),
        ([Outcome.PASSED, Outcome.NOT_TESTABLE], Status.EVALUATED),
        ([Outcome.PASSED, Outcome.FAILED], Status.FAILED),
    ],
)
def test_only_a_chain_that_is_proved_in_whole_verifies(
    outcomes: list[Outcome], status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(*outcomes, monkeypatch=monkeypatch).status == status


def test_a_passed_role_that_anybody_can_assume_is_not_as_approved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passing = PassedRoles(("/spinnaker-ec2/*",))

    run = judged(Outcome.PASSED, monkeypatch=monkeypatch, passing=passing)

    account = ManagedAccount.objects.get()
    assert (run.status, account.state) == (Status.FAILED, State.DRIFTED)
    assert account.unapproved == 1


@pytest.mark.parametrize(
    ("outcome", "accepted", "kept"),
    [
        (Outcome.PASSED, False, True),
        (Outcome.EVALUATED, False, False),
        (Outcome.EVALUATED, True, True),
    ],
)
def test_bundles_hold_what_was_only_evaluated_once_a_person_accepted_it(
    outcome: Outcome, accepted: bool, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted_at = timezone.now() if accepted else None

    judged(outcome, monkeypatch=monkeypatch, accepted_at=accepted_at)

    assert bool(ManagedAccount.objects.get().verified) is kept
