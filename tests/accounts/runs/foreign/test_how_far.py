"""How far existing roles were taken over, and what else manages them: by rows alone."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import FoundRoles, ManagedAccount
from accounts.runs.foreign import evidence
from accounts.runs.foreign.evidence import keep_managed_by
from accounts.runs.foreign.keeping import taken
from onboarding.aws.errors import AwsError
from onboarding.resources.kinds import Role
from onboarding.resources.policy import Policy
from onboarding.resources.take_over import NOTHING, Done, TakeOver
from onboarding.topology import Reach
from tests.rows import account_row

pytestmark = pytest.mark.django_db

ACCOUNT = "922222222222"
STACK = "the CloudFormation stack roles in us-east-1"
HERE, THERE = (Policy.allowing({"Principal": {"AWS": who}}) for who in ("1", "2"))
WANT = Role(account=ACCOUNT, name="r", trust=HERE)
ALIKE = replace(WANT, owned=False)
THEIRS = replace(ALIKE, trust=THERE)
DENIED = AwsError(ACCOUNT, "cloudformation:…", "Denied.", code="AccessDenied")
BUSY = AwsError(ACCOUNT, "cloudformation:…", "Throttled.", code="Throttling")
SESSIONS: Any = SimpleNamespace(partition=SimpleNamespace(home_region="us-east-1"))
MANAGED: Any = SimpleNamespace(regions_of_all=("eu-west-1", "us-east-1"))
DETACHES = TakeOver(detaches=frozenset(["a" * 64]))


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(adopts=True)


def side(account: Any = None, *, writes: bool = True, **fields: Any) -> Any:
    usual: dict[str, Any] = {
        "adopts": True,
        "wanted": (WANT,),
        "account": account.pk if account else None,
        "account_name": "dev",
        "reach": Reach(ACCOUNT, "Access", writes),
        "take_over": NOTHING,
    }
    return SimpleNamespace(**(usual | fields))


def found(*roles: Role, foreign: Any = (), changes: Any = ()) -> Any:
    return SimpleNamespace(observed=roles, foreign=foreign, changes=changes)


def test_it_is_what_comes_next() -> None:
    assert taken(side(), found(THEIRS, foreign=("one",))) == "policies"
    assert taken(side(), found(THEIRS)) == "trust"
    assert taken(side(), found(ALIKE)) == "tag"
    assert taken(side(), found(WANT, foreign=("one",))) == "owned"
    assert taken(side(), found()) == ""
    assert taken(side(adopts=False), found(THEIRS)) == ""


SERVING = [
    {"Principal": {"Service": f"{one}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    for one in ("ec2", "lambda")
]
BASE = Role(account=ACCOUNT, name="base", trust=Policy.allowing(SERVING[0]))
USED = replace(BASE, trust=Policy.allowing(*SERVING), owned=False)


def test_a_role_for_services_that_stays_as_it_is_holds_up_no_step() -> None:
    both = side(wanted=(WANT, BASE))

    assert taken(both, found(THEIRS, USED)) == "trust"
    assert taken(both, found(ALIKE, USED)) == "tag"
    assert taken(both, found(WANT, USED)) == "owned"
    assert taken(both, found(WANT, replace(BASE, owned=False))) == "tag"
    assert taken(both, found(WANT, USED, foreign=("one",))) == "policies"


def test_roles_that_something_else_manages_are_changed_there(
    account: ManagedAccount,
) -> None:
    FoundRoles.objects.keep(account.pk, managed_by={"r": STACK})

    assert taken(side(account), found(THEIRS)) == "outside"
    assert taken(side(account), found(ALIKE, foreign=("one",))) == "outside"
    assert taken(side(account), found(ALIKE, changes=("one",))) == "outside"
    assert taken(side(account), found(ALIKE)) == "kept"
    assert taken(side(account), found(WANT)) == "owned"
    FoundRoles.objects.keep(account.pk, managed_by={})
    assert taken(side(account), found(THEIRS)) == "trust"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Answer that a stack manages every role; what was asked is listed."""
    asked: list[Any] = []

    def answer(_: Any, reach: Reach, role: Role, regions: Any) -> str:
        asked.append((reach.account_id, role.name, [*regions]))
        return STACK

    monkeypatch.setattr(evidence, "managed_by", answer)
    return asked


def test_it_is_asked_once_in_each_region(
    account: ManagedAccount, asked: list[Any]
) -> None:
    keep_managed_by(MANAGED, [(side(account), found(ALIKE))], SESSIONS)

    assert asked == [(ACCOUNT, "r", ["us-east-1", "eu-west-1"])]
    assert FoundRoles.objects.get().managed_by == {"r": STACK}


def test_a_step_that_would_be_undone_is_refused(
    account: ManagedAccount, asked: list[Any]
) -> None:
    one = side(account, take_over=DETACHES)

    with pytest.raises(AwsError, match=f"r is managed by {STACK}"):
        keep_managed_by(MANAGED, [(one, found(ALIKE))], SESSIONS)
    assert FoundRoles.objects.get().managed_by == {"r": STACK}


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({"adopts": False}, ALIKE),
        ({"writes": False}, ALIKE),
        ({"take_over": TakeOver(undoes=(Done(ALIKE.key, "update", {}),))}, ALIKE),
        ({}, WANT),  # the role is Bowline's
    ],
)
def test_nothing_is_asked_where_nothing_follows_from_it(
    account: ManagedAccount, asked: list[Any], fields: Any, role: Role
) -> None:
    keep_managed_by(MANAGED, [(side(account, **fields), found(role))], SESSIONS)

    assert asked == []


@pytest.mark.parametrize(
    ("error", "choice", "is_raised"),
    [(DENIED, NOTHING, False), (DENIED, DETACHES, True), (BUSY, NOTHING, True)],
)
def test_only_a_step_has_to_know(
    account: ManagedAccount,
    monkeypatch: pytest.MonkeyPatch,
    error: AwsError,
    choice: TakeOver,
    is_raised: bool,
) -> None:
    def refuse(*_: Any) -> str:
        raise error

    monkeypatch.setattr(evidence, "managed_by", refuse)
    read = [(side(account, take_over=choice), found(ALIKE))]
    if not is_raised:
        keep_managed_by(MANAGED, read, SESSIONS)
        assert FoundRoles.objects.get().managed_by == {}
        return
    with pytest.raises(AwsError, match=error.message):
        keep_managed_by(MANAGED, read, SESSIONS)
