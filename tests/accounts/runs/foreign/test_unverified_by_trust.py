"""An account that only a trust policy keeps from being verified has a way out."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.external_ids import Held
from accounts.models import CheckResult, ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.runs.foreign.keeping import NO_ONE_ELSES, of_others
from accounts.runs.foreign.taking_over import unverified_by_trust, why_not
from accounts.runs.results import TrustProblem
from accounts.runs.scope import Comparison, Side
from accounts.web.runs.views import fixes_of
from onboarding.checks import Outcome
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Key
from onboarding.resources.risks import Risk, Topic
from onboarding.resources.take_over import TakeOver
from onboarding.topology import Reach
from onboarding.verify.result import COMPARED, Located
from onboarding.verify.role_assumption import ASSUME
from onboarding.verify.trust import REPLACE
from onboarding.verify.verification import CHAIN
from tests.onboarding.review.test_lines import ADMINISTRATOR, EVERYTHING
from tests.rows import account_row, run_row

pytestmark = pytest.mark.django_db

TRUST = '{\n  "Statement": [\n    {\n      "Principal": "*"\n    }\n  ]\n}'
OF_OTHERS = Foreign(ADMINISTRATOR, EVERYTHING, removable=False)
OTHERS = NO_ONE_ELSES.format("staging")
STEP = TakeOver(trust=True)
DETACH = TakeOver(detaches=frozenset(["a" * 64]))


def refused(**fields: Any) -> dict[str, Any]:
    return {
        "provider": CHAIN,
        "name": ASSUME,
        "located": Located.THEIR_TRUST,
        "document": TRUST,
        **fields,
    }


OPEN = refused(provider=COMPARED, name=OTHERS, document="")


def failing(*checks: dict[str, Any], **fields: Any) -> ManagedAccount:
    """Return an account of existing roles whose last run failed by these checks."""
    account = account_row(
        **{"adopts": True, "state": State.FAILED, "granted_at": timezone.now()} | fields
    )
    error = {"message": "Refused.", "hint": "Replace it."}
    run = run_row(Status.FAILED, account=account, error=error)
    for position, check in enumerate(checks):
        plain = {"outcome": Outcome.FAILED, "checked_at": timezone.now()}
        CheckResult.objects.create(run=run, position=position, **{**plain, **check})
    return account


@pytest.mark.parametrize(
    ("checks", "problem"),
    [
        ([refused()], TrustProblem.DENIES),
        ([refused(located=Located.CONDITION)], TrustProblem.DIFFERS),
        ([OPEN], TrustProblem.DIFFERS),
        ([OPEN, refused()], TrustProblem.DENIES),
        ([refused(), {"provider": "ec2", "name": "Read"}], None),
        ([refused(located=Located.CONDITION, document='{"Action": "x"}')], None),
        ([refused(located=Located.ABSENT)], None),
        ([refused(provider=COMPARED, name=OTHERS, located="")], None),
        ([refused(outcome=Outcome.PASSED)], None),
    ],
)
def test_what_failed_is_the_trust_policy_and_nothing_else(
    managing: Any, checks: Any, problem: TrustProblem | None
) -> None:
    account = failing(*checks)

    assert unverified_by_trust(account) is problem
    assert bool(fixes_of(Run.objects.get()).step) is (problem is not None)


@pytest.mark.parametrize(
    "fields",
    [
        {"adopts": False},
        {"state": State.VERIFIED},
        {"made_by": "owner", "access_role": ""},
    ],
)
def test_a_step_is_the_way_out_only_of_an_account_that_has_steps(
    managing: Any, fields: Any
) -> None:
    assert unverified_by_trust(failing(refused(), **fields)) is None


def test_the_trust_step_is_possible_before_the_account_is_verified(
    managing: Any,
) -> None:
    account = failing(refused())

    assert why_not(account, STEP) == ""
    assert "Replace the trust policy first" in why_not(account, DETACH)
    assert "Replace the trust policy first" in why_not(account, TakeOver(owns=True))


def test_another_failure_must_be_fixed_first(managing: Any) -> None:
    account = failing(refused(), {"provider": "ec2", "name": "Read"})

    assert "isn't verified yet" in why_not(account, STEP)


def test_where_spinnaker_may_be_in_its_external_id_must_be_known(
    managing: Any,
) -> None:
    """What the role requires may be what Spinnaker sends today."""
    account = failing(refused(located=Located.CONDITION))

    assert "Enter the one that it sends, or none" in why_not(account, STEP)
    ManagedAccount.objects.update(uses_external_id=False)
    account.refresh_from_db()
    assert why_not(account, STEP) == ""


@pytest.mark.parametrize(
    ("own", "sent", "may"),
    [
        ("corp-1", [], True),
        ("", ["corp-1"], True),
        ("", ["corp-1", ""], False),
        ("", ["corp-2"], False),
        ("", [], False),
    ],
)
def test_a_rotation_that_an_existing_role_refuses_has_a_way_out(
    managing: Any, own: str, sent: list[str], may: bool
) -> None:
    """The trust policy of the step accepts the previous external ID, too."""
    account = failing(
        refused(located=Located.CONDITION),
        own_external_id=own,
        former_external_id="corp-1",
    )
    held = Held({}, {account.account_id: sent}, {})

    assert (why_not(account, STEP, held) == "") is may


def test_a_trust_policy_that_others_are_in_is_replaced_and_not_detached(
    managing: Any,
) -> None:
    side = Side(
        "staging",
        "staging",
        wanted=(),
        account=account_row().pk,
        reach=Reach("9" * 12),
        adopts=True,
    )
    others = Risk(Key("9" * 12, "role", "r"), Topic.OTHERS, "Others can.")

    result = of_others(side, Comparison((), 0, (), beyond=(others,)))

    assert (result.outcome, result.fix) == (Outcome.NOT_TESTABLE, REPLACE)


@pytest.mark.parametrize(
    ("fields", "located", "fix"),
    [
        ({}, Located.THEIR_TRUST, REPLACE),
        ({"account": None}, "", "The role's owner"),
        ({"reach": Reach("9" * 12, "x", writes=False)}, "", "The role's owner"),
    ],
)
def test_a_role_that_anybody_can_assume_fails_and_names_the_step(
    managing: Any, fields: Any, located: str, fix: str
) -> None:
    usual = {"account": account_row().pk, "reach": Reach("9" * 12), "adopts": True}
    side = Side("staging", "staging", wanted=(), **{**usual, **fields})
    anybody = Risk(Key("9" * 12, "role", "r"), Topic.EVERYONE, "Anybody can.")

    result = of_others(side, Comparison((), 0, (), beyond=(anybody,)))

    assert result.outcome is Outcome.FAILED
    assert (result.located, result.change) == (located, "")
    assert result.fix.startswith(fix)


def test_policies_of_others_leave_an_existing_role_by_a_step_not_by_a_command(
    managing: Any,
) -> None:
    usual = {"wanted": (), "reach": Reach("9" * 12), "adopts": True}
    found = Comparison((), 0, (), foreign=(OF_OTHERS,))

    here = of_others(
        Side("staging", "staging", account=account_row().pk, **usual), found
    )
    core = of_others(Side("core", "core", **usual), found)

    assert here.outcome is core.outcome is Outcome.NOT_TESTABLE
    assert here.fix.startswith("Detach it on the page of staging, under Existing roles")
    assert here.change == ""
    assert "detach-role-policy" in core.change
