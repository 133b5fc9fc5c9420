"""A plan that leaves Spinnaker unable to deploy says so first, without asking AWS."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.discover.looking import possible_details
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import (
    CheckResult,
    FoundRoles,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.states import Status
from accounts.web.runs.review.foreseen import WHEN_VERIFIED, Foreseen
from accounts.web.runs.review.foreseen import foreseen as foreseen_with
from onboarding.checks import Check, Outcome
from onboarding.providers.base import providers_of
from onboarding.providers.ec2 import key_pairs
from onboarding.resources.take_over import TakeOver
from tests.rows import account_row, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")
SPINNAKER = "Spinnaker's identity"
OTHER = "arn:aws:iam::933333333333:role/other"


def foreseen(run: Run) -> list[Foreseen]:
    return foreseen_with(run, ManagingAccount.objects.first())


def trusting(principal: str, **fields: Any) -> list[dict[str, Any]]:
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", **fields}
    return [{**allowed, "Principal": {"AWS": principal}}]


def kept(trust: list[dict[str, Any]] | None, *, owned: bool = False) -> Run:
    """Plan an account that keeps its role, which was found with this trust policy."""
    account = account_row(adopts=True)
    identity = managing_of(ManagingAccount.objects.get()).identity_arn
    for one in trust or ():
        if one["Principal"] == {"AWS": SPINNAKER}:
            one["Principal"] = {"AWS": identity}
    role = {"name": "spinnakerManaged", "owned": owned, "trust": trust}
    rest = {"boundary": "", "within": True, "counts": {}, "uncounted": []}
    FoundRoles.objects.create(account=account, roles=[{**role, **rest}])
    return run_row(account=account)


def with_key_pair(name: str = "mine") -> ManagedAccount:
    return account_row(providers={"ec2": {"key_pair": name}})


def check_of(account: ManagedAccount, beginning: str) -> Check:
    managing = managing_of(ManagingAccount.objects.get())
    managed = managed_of(account)
    every = (one.checks(managing, managed) for one in providers_of(managed))
    checks = chain.from_iterable(every)
    return next(one for one in checks if one.name.startswith(beginning))


def verified(account: ManagedAccount, sentence: str, outcome: str) -> None:
    run = run_row(Status.VERIFIED, account=account, kind=Run.Kind.VERIFY)
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="ec2",
        name="Find",
        outcome=outcome,
        sentence=sentence,
        checked_at=timezone.now(),
    )


def answered(account: ManagedAccount, *names: str) -> None:
    """AWS told the wizard these key pairs."""
    calls = (key_pairs("us-east-1"),)
    row = possible_details.at("aws", managed_of(account).reach, calls=calls)
    row.answer = [{"KeyPairs": [{"KeyName": name} for name in names]}]
    row.answered_at = timezone.now()
    row.save()


@pytest.mark.parametrize(
    ("trust", "fails"),
    [
        (trusting(OTHER), True),
        (trusting(SPINNAKER), False),
        (trusting("911111111111"), False),
        (trusting("*", Condition={"StringEquals": {"sts:ExternalId": "x"}}), True),
        (trusting("*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}), False),
        (None, False),
    ],
    ids=["another", "Spinnaker", "its account", "an external ID", "unknown", "unread"],
)
def test_a_trust_policy_that_refuses_spinnaker(
    trust: list[dict[str, Any]] | None, fails: bool
) -> None:
    found = foreseen(kept(trust))

    mended_by = [(one.label, one.url.partition("?")[2]) for one in found]
    assert mended_by == [("Replace the trust policy", "tab=of-others")] * fails


def test_what_the_plan_changes_itself_is_not_foreseen() -> None:
    run = kept(trusting(OTHER))
    run.take_over = TakeOver(trust=True).as_json()

    assert foreseen(run) == []


def test_bowlines_own_role_is_mended_by_the_plan() -> None:
    assert foreseen(kept(trusting(OTHER), owned=True)) == []


def test_a_key_pair_that_the_wizard_did_not_find() -> None:
    account = with_key_pair()
    answered(account, "theirs")

    (one,) = foreseen(run_row(account=account))

    assert one.sentence == check_of(account, "Find the key pair").missing
    assert one.command.startswith("(umask 077; aws ec2 create-key-pair")
    assert one.url.endswith("/details/?provider=ec2")


def test_a_key_pair_that_is_there_counts_more_than_the_last_verification() -> None:
    account = with_key_pair()
    missing = check_of(account, "Find the key pair").missing
    verified(account, missing, Outcome.CANNOT_DEPLOY)
    run = run_row(account=account)
    before = [one.sentence for one in foreseen(run)]

    answered(account, "mine")

    assert before == [f"{WHEN_VERIFIED}{missing}"]
    assert foreseen(run) == []


def test_a_key_pair_that_nobody_named_stops_nothing() -> None:
    account = with_key_pair("")
    answered(account, "theirs")

    assert foreseen(run_row(account=account)) == []


@pytest.mark.parametrize(
    ("outcome", "count"), [(Outcome.CANNOT_DEPLOY, 1), (Outcome.PASSED, 0)]
)
def test_a_subnet_without_its_tag(outcome: str, count: int) -> None:
    account = account_row()
    verified(account, check_of(account, "Find a subnet").missing, outcome)

    found = foreseen(run_row(account=account))

    assert [one.command[:19] for one in found] == ["aws ec2 create-tags"] * count


@pytest.mark.parametrize("kind", [Run.Kind.REMOVE, Run.Kind.MANAGING, Run.Kind.VERIFY])
def test_of_other_runs_nothing_is_foreseen(kind: str) -> None:
    run = kept(trusting(OTHER))
    run.kind = kind

    assert foreseen(run) == []


def text_of(client: Client, run: Run) -> str:
    return " ".join(client.get(run.get_absolute_url()).content.decode().split())


def test_the_page_says_it_first_and_still_lets_somebody_approve(
    approver: Client,
) -> None:
    run = kept(trusting(OTHER))
    step_row(run)

    page = text_of(approver, run)

    assert "Verification fails after this plan" in page
    assert page.index("Verification fails") < page.index("Nothing in AWS changes")
    assert "Approve anyway" in page
    assert "Approve and" not in page


def test_a_plan_that_can_work_is_approved_as_ever(approver: Client) -> None:
    run = kept(trusting(SPINNAKER))
    step_row(run)

    page = text_of(approver, run)

    assert "after this plan" not in page
    assert "anyway" not in page


def test_one_region_stops_some_deployments(approver: Client) -> None:
    account = with_key_pair()
    answered(account, "theirs")
    run = run_row(account=account)
    step_row(run)

    page = text_of(approver, run)

    assert "Some deployments to staging fail after this plan" in page
    assert "Verification fails" not in page
