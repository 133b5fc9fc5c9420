"""What a role has used is part of the plan that detaches its policies."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping.plans import plan_of
from accounts.models import ForeignPolicy, ManagedAccount
from accounts.models.states import Status
from accounts.runs.actions import approve, plan
from accounts.runs.foreign import evidence
from accounts.runs.foreign.evidence import evidence_of, remaining
from accounts.runs.foreign.taking_over import take_over
from accounts.runs.scope import Comparison, Side
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.used_by import RoleUsers
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, ManagedPolicy, Role
from onboarding.resources.plan import Create, Delete, Update
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Topic
from onboarding.resources.take_over import TakeOver
from onboarding.topology import Reach
from script.emulated_organization import MANAGING
from tests.accounts.runs.carried import carried
from tests.accounts.runs.foreign.taken import (
    POWER_USER,
    ROLE,
    THEIR_TRUST,
    of_others,
)
from tests.accounts.runs.foreign.taken import account as account
from tests.accounts.runs.foreign.taken import iam as iam
from tests.onboarding.review.test_lines import ADMINISTRATOR, EVERYTHING

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
        "account": account.account_id,
        "others": [],
        "loses_policies": True,
        "loses_services": False,
        "users": [],
        "more_users": 0,
        "unread_users": [],
        "last_used": None,
        "last_region": "",
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
        foreign=[Foreign(it, None) for it in attached],
        accepted=(),
        observed=roles,
        changes=(),
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
        changes=(),
    )
    side: Any = SimpleNamespace(removes=True)

    assert evidence_of([(side, lost)], SimpleNamespace()) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("removable", [True, False], ids=["goes", "stays"])
def test_what_others_attached_stays_unless_it_is_removed(removable: bool) -> None:
    one = Foreign(ADMINISTRATOR, EVERYTHING, removable=removable)
    side = Side("staging", "staging", Reach("9" * 12), ())

    left = remaining(side, Comparison((), 0, (), foreign=(one,)), ADMINISTRATOR.holder)

    assert left == ([] if removable else [EVERYTHING])


SERVING = {
    one: {
        "Principal": {"Service": f"{one}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    for one in ("ec2", "lambda", "glue")
}
BASE = Role(account="1" * 12, name="base", trust=Policy.allowing(SERVING["ec2"]))
USED = replace(BASE, trust=Policy.allowing(*SERVING.values()), owned=False)
SESSIONS: Any = SimpleNamespace(
    partition=SimpleNamespace(name="aws", home_region="us-east-1")
)


def base_side(*changes: Any, observed: Any = (USED,), **fields: Any) -> Any:
    """Return a side with a base role, and how it was compared."""
    usual = {"removes": False, "wanted": (BASE,), "reach": Reach("1" * 12)}
    return SimpleNamespace(**(usual | fields)), Comparison(changes, 0, observed)


def test_what_uses_a_role_is_read_where_services_lose_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    june = datetime(2026, 6, 1, tzinfo=UTC)

    def users(_sessions: Any, _reach: Any, arn: str, *rest: Any) -> RoleUsers:
        asked.append((arn, *map(list, rest)))
        named = tuple(f"Lambda function f{n} in us-east-1" for n in range(60))
        return RoleUsers(named, ("AWS denied it.",), june, "us-east-1")

    monkeypatch.setattr(evidence, "users_of", users)
    side, one = base_side(Update(USED, replace(USED, trust=BASE.trust)))

    (found,) = evidence_of([(side, one)], SESSIONS, ["eu-west-1"])

    assert asked == [
        (
            "arn:aws:iam::111111111111:role/base",
            ["glue.amazonaws.com", "lambda.amazonaws.com"],
            ["us-east-1", "eu-west-1"],
        )
    ]
    assert (len(found["users"]), found["more_users"]) == (50, 10)
    assert found["unread_users"] == ["AWS denied it."]
    assert (found["last_used"], found["last_region"]) == (june.isoformat(), "us-east-1")
    assert (found["loses_services"], found["loses_policies"]) == (True, False)


def test_a_trust_that_stays_is_no_reason_to_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "users_of", None)
    boundary = replace(USED, boundary="arn:aws:iam::aws:policy/Cap")
    side, one = base_side(Update(USED, boundary))

    assert evidence_of([(side, one)], SESSIONS) == []


GIVEN = Attachment(
    account="1" * 12,
    holder="base",
    policy_arn="arn:aws:iam::111111111111:policy/bowline/managed/BowlineEC2Write",
)
WRITES = ManagedPolicy(
    account="1" * 12,
    name="BowlineEC2Write",
    path="/bowline/managed/",
    document=EVERYTHING,
)


@pytest.mark.parametrize(
    ("change", "is_said"),
    [
        (Create(GIVEN), True),
        (Update(replace(WRITES, document=Policy.allowing()), WRITES), True),
        (Delete(GIVEN), False),
        (Create(replace(GIVEN, holder="other")), False),
        (Update(USED, replace(USED, trust=BASE.trust)), False),
    ],
    ids=["attached", "edited", "detached", "elsewhere", "replaced"],
)
def test_who_else_can_assume_a_role_is_said_where_it_gets_permissions(
    monkeypatch: pytest.MonkeyPatch, change: Any, is_said: bool
) -> None:
    monkeypatch.setattr(evidence, "users_of", lambda *_: RoleUsers((), ()))
    side, one = base_side(change, wanted=(BASE, GIVEN))

    others = [it["others"] for it in evidence_of([(side, one)], SESSIONS)]

    said = [
        {"sentence": f"AWS's service {it} can assume it.", "anybody": False}
        for it in ("glue.amazonaws.com", "lambda.amazonaws.com")
    ]
    assert [it for it in others if it] == ([said] if is_said else [])


def test_of_a_role_whose_trust_is_replaced_the_plan_shows_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "users_of", lambda *_: RoleUsers((), ()))
    side, one = base_side(Create(GIVEN), wanted=(BASE, GIVEN))
    trust = Update(USED, replace(USED, trust=BASE.trust))

    assert any(it["others"] for it in evidence_of([(side, one)], SESSIONS))
    both = one._replace(changes=(*one.changes, trust))
    assert not any(it["others"] for it in evidence_of([(side, both)], SESSIONS))


def test_who_can_assume_a_role_of_bowlines_is_what_bowline_plans() -> None:
    mine = replace(USED, owned=True)
    side, one = base_side(Create(GIVEN), observed=(mine,), wanted=(BASE, GIVEN))

    assert evidence_of([(side, one)], SESSIONS) == []


@pytest.mark.smoke
def test_a_plan_says_who_else_gets_what_it_gives_and_refuses_another(
    account: ManagedAccount, iam: Any
) -> None:
    mine = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    ours = next(it["PolicyArn"] for it in mine if "/bowline/" in it["PolicyArn"])
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=ours)
    account.refresh_from_db()
    run = carried(plan(account, None))

    held = plan_of(run)
    first = held.concerns[0]

    assert [(one.topic, one.key.name) for one in first.risks] == [(Topic.OTHERS, ROLE)]
    assert first.risks[0].sentence == (
        f"Every identity that account {MANAGING.account_id} permits can assume it."
    )
    assert held.risks[0] == first.risks[0]
    assert held.digest == run.plan_digest

    trust = json.loads(json.dumps(THEIR_TRUST))
    trust["Statement"][0]["Principal"]["AWS"] = "*"
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))
    approve(run, None)
    run = carried(run)

    assert run.status == Status.OUTDATED
    assert "Anybody in AWS can assume it" in (run.error or {})["message"]
