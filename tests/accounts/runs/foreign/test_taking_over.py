"""Roles that were there before Bowline, taken over step by step and given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import (
    ForeignPolicy,
    FoundRoles,
    ManagedAccount,
    Rollout,
    Run,
)
from accounts.models.states import State, Status
from accounts.runs.actions import approve, plan, verify
from accounts.runs.foreign.evidence import NAME
from accounts.runs.foreign.taking_over import (
    SESSIONS_LAST,
    CannotTakeOver,
    settles_at,
    take_over,
    undo,
)
from accounts.runs.rollouts import start
from accounts.runs.stages import carry_on
from onboarding.resources.take_over import TakeOver
from script.emulated_organization import MEMBERS, Credentials
from tests.accounts.runs.carried import (
    DEV,
    STAGING,
    carried,
    member,
    onboarded,
)
from tests.accounts.runs.foreign.taken import (
    PASS,
    POWER_USER,
    ROLE,
    gave_back,
    of_others,
    seen,
    took,
    with_wide_role,
)
from tests.accounts.runs.foreign.taken import account as account
from tests.accounts.runs.foreign.taken import iam as iam

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_adopted_role_is_verified_with_what_was_on_it(
    account: ManagedAccount, iam: Any
) -> None:
    assert account.state == State.VERIFIED
    assert seen(iam)["attached"] == {POWER_USER}
    assert {one.policy for one in ForeignPolicy.objects.of(account)} == {
        "PassRole",
        "PowerUserAccess",
    }
    checks = Run.objects.filter(account=account).latest("created_at").checks
    (wrong, missing) = checks.filter(name__contains="external ID is denied")
    assert {wrong.outcome, missing.outcome} == {"not testable"}
    assert "doesn't require an external ID" in wrong.sentence


def test_a_verification_after_a_step_asks_what_spinnaker_was_denied(
    account: ManagedAccount, iam: Any
) -> None:
    took(account, of_others(account))
    account.refresh_from_db()

    run = carried(verify(account, None))

    assert run.status == Status.VERIFIED, run.error
    (check,) = run.checks.filter(name=NAME)
    assert check.outcome == "not testable"
    assert "no change by Spinnaker" in check.sentence


def test_chosen_policies_are_detached_and_put_back(
    account: ManagedAccount, iam: Any
) -> None:
    before = seen(iam)
    (wide,) = ForeignPolicy.objects.of(account).filter(policy="PowerUserAccess")

    run = took(account, TakeOver(detaches=frozenset([wide.alike])))

    assert seen(iam) == {**before, "attached": set()}
    (left,) = ForeignPolicy.objects.of(account)
    assert left.policy == "PassRole"

    gave_back(run)

    assert seen(iam) == before
    assert ForeignPolicy.objects.of(account).count() == 2


def test_a_policy_inside_the_role_comes_back_as_it_was(
    account: ManagedAccount, iam: Any
) -> None:
    run = took(account, of_others(account))
    assert not seen(iam)["inside"]

    gave_back(run)

    policy = iam.get_role_policy(RoleName=ROLE, PolicyName="PassRole")
    assert policy["PolicyDocument"] == PASS


def test_the_trust_policy_becomes_bowlines_and_back(
    account: ManagedAccount, iam: Any
) -> None:
    ManagedAccount.objects.update(uses_external_id=False)
    account.refresh_from_db()
    before = seen(iam)

    run = took(account, TakeOver(trust=True))

    principal = seen(iam)["trust"][0]["Principal"]["AWS"]
    assert principal.endswith("role/SpinnakerAuthRole")
    assert seen(iam) == {**before, "trust": seen(iam)["trust"]}

    gave_back(run)

    assert seen(iam) == before


def test_sessions_of_before_last_an_hour(account: ManagedAccount) -> None:
    ManagedAccount.objects.update(uses_external_id=False)
    run = took(account, TakeOver(trust=True))
    account.refresh_from_db()
    assert run.finished_at is not None
    assert settles_at(account) == run.finished_at + SESSIONS_LAST

    Run.objects.filter(pk=run.pk).update(
        finished_at=timezone.now() - SESSIONS_LAST - timedelta(minutes=1)
    )
    carried(verify(account, None))

    account.refresh_from_db()
    assert settles_at(account) is None


def test_roles_become_bowlines_and_go_back(account: ManagedAccount, iam: Any) -> None:
    ManagedAccount.objects.update(uses_external_id=False)
    before = seen(iam)

    run = took(account, TakeOver(owns=True))

    now = seen(iam)
    assert now["tags"] == [{"Key": "managed-by", "Value": "bowline"}]
    assert not now["attached"] | now["inside"]
    assert FoundRoles.objects.get(account=account).roles[0]["owned"]
    nothing = carried(plan(account, None))
    assert (nothing.status, nothing.steps.count()) == (Status.VERIFIED, 0)

    gave_back(run)

    assert seen(iam) == before


def test_what_was_accepted_stays(account: ManagedAccount, iam: Any) -> None:
    ManagedAccount.objects.update(uses_external_id=False)
    ForeignPolicy.objects.filter(policy="PassRole").update(
        reason="CodeBuild", until=timezone.now().date(), accepted_at=timezone.now()
    )

    took(account, TakeOver(owns=True))

    assert seen(iam)["inside"] == {"PassRole"}


def test_nothing_leaves_before_bowlines_policies_are_there(iam: Any) -> None:
    account = member(adopts=True)

    with pytest.raises(CannotTakeOver, match="isn't verified yet"):
        take_over(account, None, TakeOver(owns=True))


def test_a_run_that_took_nothing_over_cannot_be_undone(account: ManagedAccount) -> None:
    run = Run.objects.filter(account=account).latest("created_at")
    assert run.take_over == {}

    with pytest.raises(CannotTakeOver, match="took nothing over"):
        undo(run, None)


def test_a_rollout_takes_one_step_in_many_accounts_approved_once(
    here: Credentials,
) -> None:
    made = [with_wide_role(here, one) for one in (DEV, STAGING)]
    accounts = [member(one, adopts=True, uses_external_id=False) for one in MEMBERS[:2]]
    for one in accounts:
        onboarded(one)
        one.refresh_from_db()
    choice = of_others(accounts[0])

    rollout = start(accounts, Rollout.Kind.ONBOARD, None, take_over=choice.as_json())
    for run in rollout.runs.all():
        carry_on(run)

    planned = rollout.runs.filter(status=Status.PLANNED)
    assert len({run.fingerprint for run in planned} - {""}) == 1
    assert planned.count() == 2
    for run in planned:
        assert not Run.objects.same_anywhere(run.fingerprint).exists()
        approve(run, None)
    assert [seen(iam)["attached"] for iam in made] == [{POWER_USER}] * 2


def test_a_rollout_leaves_out_accounts_with_nothing_to_take_over(
    account: ManagedAccount,
) -> None:
    other = member(STAGING)
    onboarded(other)

    rollout = start(
        [account, other],
        Rollout.Kind.ONBOARD,
        None,
        take_over=of_others(account).as_json(),
    )

    assert rollout.excluded == [
        f"{other.name}: {other.name} doesn't use existing roles, so there's nothing to "
        "take over."
    ]
