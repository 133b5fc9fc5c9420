"""How many calls of AWS a run may take, stage by stage, for each provider."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from accounts.models import ManagedAccount
from accounts.models.states import Status
from accounts.runs import stages
from accounts.runs.actions import approve, plan, plan_managing, verify
from accounts.runs.stages import carry_on
from accounts.tasks import ASSUMES
from onboarding.aws.known import VERSIONS
from onboarding.aws.session import Sessions
from onboarding.aws.shared_clients import shared_core
from onboarding.partitions import Arn
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import (
    DEV,
    EVERYTHING,
    STAGING,
    carried,
    done,
    member,
    root,
    with_managing,
)
from tests.strict_aws.calls import Calls

KEY = re.compile(rb"Credential=([^/]+)/")
ROLE_ARN = re.compile(rb"Action=AssumeRole&.*RoleArn=arn%3Aaws%3Aiam%3A%3A([0-9]{12})")
TRUST = '{"Version": "2012-10-17", "Statement": []}'
pytestmark = pytest.mark.django_db(transaction=True)


class Budget(NamedTuple):
    planning: int
    reads: int
    """Of applying: what is compared right before it is written."""
    writes: int
    unchanged: int
    """Planning where nothing is to change, without its verification, in a process that
    has read the policies before."""


BUDGETS = {
    "ec2": Budget(planning=6, reads=6, writes=13, unchanged=11),
    "ecs": Budget(planning=7, reads=7, writes=14, unchanged=14),
    "eks": Budget(planning=3, reads=2, writes=2, unchanged=4),
    "lambda": Budget(planning=5, reads=5, writes=11, unchanged=10),
    "all four": Budget(planning=9, reads=8, writes=26, unchanged=17),
}


@pytest.fixture
def asked(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> dict[Status, Counter[str]]:
    """Count what each stage asks AWS."""
    counts: dict[Status, Counter[str]] = {}

    def counted(status: Status, stage: Any, *given: Any) -> None:
        before = calls.made.copy()
        try:
            stage(*given)
        finally:
            counts.setdefault(status, Counter()).update(calls.made - before)

    for status, stage in stages.STAGES.items():
        monkeypatch.setitem(stages.STAGES, status, partial(counted, status, stage))
    return counts


@pytest.fixture
def accounts_asked(calls: Calls) -> Iterator[Counter[str]]:
    """Count the calls of each account: by its roles, and to assume one of them; of the
    site's own credentials under no name.
    """
    found: Counter[str] = Counter()
    account_of: dict[bytes, str] = {}
    events = shared_core().get_component("event_emitter")

    def assumed(parsed: dict[str, Any], **_: Any) -> None:
        if said := parsed.get("Credentials"):  # some are to be refused
            arn = Arn.of(parsed["AssumedRoleUser"]["Arn"])
            account_of[said["AccessKeyId"].encode()] = arn.account

    def sent(request: Any, **_: Any) -> None:
        entered = ROLE_ARN.search(request.body or b"")
        signed = KEY.search(request.headers["Authorization"])
        known = account_of.get(signed[1], "") if signed else ""
        found[entered[1].decode() if entered else known] += 1

    heard = (("after-call.sts.AssumeRole", assumed), ("before-send", sent))
    for name, hear in heard:
        events.register(name, hear)
    yield found
    for name, hear in heard:
        events.unregister(name, hear)


def listed(key: str) -> ManagedAccount:
    """Make an account that Spinnaker's identity may assume a role in already."""
    providers = EVERYTHING if key == "all four" else {key: EVERYTHING[key]}
    account = member(providers=providers)
    done(carried(plan_managing(None, grants=[account])))
    return account


def is_read(operation: str) -> bool:
    return operation.split(":")[1].startswith(("Describe", "Get", "List", "Assume"))


@pytest.mark.parametrize("key", BUDGETS)
def test_a_run_keeps_to_its_providers_budget(
    here: Credentials, asked: dict[Status, Counter[str]], key: str
) -> None:
    account, budget = listed(key), BUDGETS[key]
    asked.clear()

    done(carried(plan(account, None, alone=True)))

    applying = asked[Status.APPLYING]
    reads = Counter({name: n for name, n in applying.items() if is_read(name)})
    made = (asked[Status.PLANNING].total(), reads.total(), (applying - reads).total())
    assert made == budget[:3], asked
    carried(plan(account, None, alone=True))  # reads what was written
    asked.clear()

    carried(plan(account, None, alone=True))

    assert asked[Status.PLANNING].total() == budget.unchanged, asked


def test_a_verification_reads_nothing_that_planning_has_just_read(
    here: Credentials, asked: dict[Status, Counter[str]]
) -> None:
    account = listed("ec2")
    done(carried(plan(account, None, alone=True)))
    asked.clear()

    carried(plan(account, None, alone=True))

    assert asked[Status.PLANNING]["iam:ListPolicies"] == 1
    assert asked[Status.VERIFYING]["iam:ListPolicies"] == 0


def test_a_verification_by_itself_reads_all_of_it(
    here: Credentials, asked: dict[Status, Counter[str]]
) -> None:
    account = listed("ec2")
    done(carried(plan(account, None, alone=True)))
    asked.clear()

    carried(verify(account, None))

    assert asked[Status.VERIFYING]["iam:ListPolicies"] > 0


def test_what_was_planned_a_moment_ago_is_read_again_before_it_is_written(
    here: Credentials, asked: dict[Status, Counter[str]]
) -> None:
    """By the same Sessions, as the command line does it."""
    account, sessions = listed("ec2"), Sessions("batch")
    run = plan(account, None, alone=True)
    carry_on(run, sessions)
    root(here, DEV, "iam").create_role(
        RoleName="BaseIAMRole", AssumeRolePolicyDocument=TRUST
    )
    run.refresh_from_db()
    assert approve(run, None)
    asked.clear()

    carry_on(run, sessions)

    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert "BaseIAMRole" in run.error["message"]
    assert not [name for name in asked[Status.APPLYING] if not is_read(name)]


def test_a_run_with_ec2_keeps_to_its_budget_with_its_verification(
    here: Credentials, asked: dict[Status, Counter[str]]
) -> None:
    """As one of many: another one became Spinnaker's identity a moment before."""
    other, account = member(STAGING), listed("ec2")
    done(carried(plan(other, None)))
    asked.clear()

    run = done(carried(plan(account, None, alone=True)))

    assert run.status == Status.VERIFIED
    assert sum(made.total() for made in asked.values()) <= 47
    carried(plan(account, None, alone=True))  # reads what was written
    asked.clear()

    carried(plan(account, None, alone=True))

    assert sum(made.total() for made in asked.values()) <= 24
    asked.clear()

    carried(verify(account, None))

    assert asked[Status.VERIFYING].total() <= 26
    assert asked[Status.VERIFYING]["sts:AssumeRole"] == ASSUMES


def test_a_run_that_looks_at_the_managing_side_keeps_to_its_budget(
    here: Credentials,
    asked: dict[Status, Counter[str]],
    calls: Calls,
    accounts_asked: Counter[str],
) -> None:
    with_managing()
    account = member(providers={"ec2": {}})
    for counted in (asked, calls.made, accounts_asked):
        counted.clear()

    assert done(carried(plan(account, None))).status == Status.VERIFIED

    assert sum(made.total() for made in asked.values()) <= 46
    assert accounts_asked.total() == calls.made.total()
    assert accounts_asked[account.account_id] <= 34
    asked.clear()

    carried(plan(account, None))

    assert sum(made.total() for made in asked.values()) <= 20


def test_a_new_process_reads_each_version_of_a_policy_once_more(
    here: Credentials, asked: dict[Status, Counter[str]]
) -> None:
    account = listed("ec2")
    done(carried(plan(account, None, alone=True)))
    counts = []

    for _ in range(2):
        VERSIONS.clear()
        asked.clear()
        carried(verify(account, None))
        counts.append(asked[Status.VERIFYING].copy())
    asked.clear()
    carried(verify(account, None))

    assert [one["iam:GetPolicyVersion"] for one in counts] == [3, 3]
    assert asked[Status.VERIFYING]["iam:GetPolicyVersion"] == 0


def test_the_access_of_a_cluster_is_read_once(
    here: Credentials, asked: dict[Status, Counter[str]]
) -> None:
    account = listed("eks")
    done(carried(plan(account, None, alone=True)))
    asked.clear()

    carried(verify(account, None))

    assert asked[Status.VERIFYING]["eks:DescribeAccessEntry"] == 1
    assert asked[Status.VERIFYING]["eks:ListAssociatedAccessPolicies"] == 1


def test_the_documentation_has_the_budgets() -> None:
    page = Path("docs/reference/aws-calls.md").read_text()
    rows = [f"| {key} | {' | '.join(map(str, of))} |" for key, of in BUDGETS.items()]

    assert "\n".join(rows) in page
    assert "at most 47 calls" in page
    assert "at most 26" in page
    assert "at most 46 calls" in page
    assert "34 of them are the account's own" in page
    assert "at most 20" in page
