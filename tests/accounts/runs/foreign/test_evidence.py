"""What a role has used is part of the plan that detaches its policies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ForeignPolicy, ManagedAccount
from accounts.models.states import Status
from accounts.runs.actions import plan
from accounts.runs.foreign import evidence
from accounts.runs.foreign.evidence import evidence_of, remaining
from accounts.runs.foreign.taking_over import take_over
from accounts.runs.scope import Comparison, Side
from onboarding.aws.errors import AwsError
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, Role
from onboarding.resources.policy import Policy
from onboarding.resources.take_over import TakeOver
from onboarding.topology import Reach
from tests.accounts.runs.carried import carried
from tests.accounts.runs.foreign.taken import POWER_USER, ROLE, of_others
from tests.accounts.runs.foreign.taken import account as account
from tests.accounts.runs.foreign.taken import iam as iam
from tests.onboarding.review.test_as_found import ADMINISTRATOR, EVERYTHING

pytestmark = pytest.mark.django_db(transaction=True)

FUNCTION = "/spinnaker-lambda/hello-function"
"""A role that the emulated accounts have."""


def test_a_plan_shows_what_the_role_has_used_and_would_lose(
    account: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    used = {"s3:GetObject": at, "ec2:DescribeInstances": at, "sns:*": at}
    monkeypatch.setattr(evidence, "last_accessed", lambda *_: used)
    account.refresh_from_db()

    run = carried(take_over(account, None, of_others(account)))

    (role,) = run.evidence
    assert role == {
        "role": ROLE,
        "unread": "",
        "missing": [
            {"action": "s3:GetObject", "at": at.isoformat()},
            {"action": "sns:*", "at": at.isoformat()},
        ],
        "more": 0,
        "unpassed": [FUNCTION],  # the account's deployments are EC2's
        "more_unpassed": 0,
    }


def test_the_accounts_roles_are_listed_once_for_all_roles_that_lose_policies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(evidence, "last_accessed", lambda *_: {})
    monkeypatch.setattr(
        evidence, "passable_roles", lambda *one: asked.append(one) or []
    )
    account = "1" * 12
    roles = [
        Role(account=account, name=name, trust=Policy.allowing()) for name in ("a", "b")
    ]
    attached = [
        Attachment(account=account, holder=role.name, policy_arn=POWER_USER)
        for role in roles
    ]
    one: Any = SimpleNamespace(
        foreign=[Foreign(it, None) for it in attached], accepted=(), observed=roles
    )
    side: Any = SimpleNamespace(removes=False, wanted=(), reach=None)
    sessions: Any = SimpleNamespace(partition=SimpleNamespace(name="aws"))

    found = evidence_of([(side, one)], sessions)

    assert [role["role"] for role in found] == ["a", "b"]
    assert len(asked) == 1


def test_a_plan_names_the_roles_that_could_be_passed_before(
    account: ManagedAccount, iam: Any
) -> None:
    for name, service in (("web", "ec2"), ("crawler", "glue")):
        trust = {"Principal": {"Service": f"{service}.amazonaws.com"}}
        document = Policy.allowing({**trust, "Action": "sts:AssumeRole"}).text
        iam.create_role(RoleName=name, Path="/t/", AssumeRolePolicyDocument=document)
    account.refresh_from_db()

    run = carried(take_over(account, None, of_others(account)))

    (role,) = run.evidence
    assert role["unpassed"] == [FUNCTION, "/t/web"]  # BaseIAMRole isn't among them


def test_what_stays_counts_as_allowed(
    account: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        evidence, "last_accessed", lambda *_: {"s3:GetObject": timezone.now()}
    )
    account.refresh_from_db()
    (inside,) = ForeignPolicy.objects.of(account).filter(policy="PassRole")

    choice = TakeOver(detaches=frozenset([inside.alike]))
    run = carried(take_over(account, None, choice))

    (role,) = run.evidence
    assert role["missing"] == []  # PowerUserAccess stays


def test_without_the_report_the_plan_says_so(
    account: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise AwsError("1" * 12, "iam:Generate", "Denied.")

    monkeypatch.setattr(evidence, "last_accessed", refuse)
    account.refresh_from_db()

    run = carried(take_over(account, None, of_others(account)))

    assert run.status == Status.PLANNED
    assert run.evidence[0]["unread"] == "Denied."


def test_what_others_attached_to_a_role_of_bowlines_is_no_different(
    iam: Any, account: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = {"s3:GetObject": timezone.now()}
    monkeypatch.setattr(evidence, "last_accessed", lambda *_: used)
    iam.attach_role_policy(RoleName="BaseIAMRole", PolicyArn=POWER_USER)
    account.refresh_from_db()

    run = carried(plan(account, None))

    (role,) = run.evidence
    assert role["role"] == "BaseIAMRole"
    assert [use["action"] for use in role["missing"]] == ["s3:GetObject"]


def test_a_role_that_goes_has_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("It was asked.")

    monkeypatch.setattr(evidence, "last_accessed", refuse)
    wide = Attachment(account="1" * 12, holder=ROLE, policy_arn=POWER_USER)
    lost: Any = SimpleNamespace(
        foreign=[Foreign(wide, None)],
        observed=[Role(account="1" * 12, name=ROLE, trust=Policy.allowing())],
    )
    side: Any = SimpleNamespace(removes=True)

    assert evidence_of([(side, lost)], SimpleNamespace()) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("removable", [True, False], ids=["goes", "stays"])
def test_what_others_attached_stays_unless_it_is_removed(removable: bool) -> None:
    one = Foreign(ADMINISTRATOR, EVERYTHING, removable=removable)
    side = Side("staging", "staging", Reach("9" * 12), ())

    left = remaining(side, Comparison((), 0, (), foreign=(one,)), ADMINISTRATOR.holder)

    assert left == ([] if removable else [EVERYTHING])
