"""What a plan touches by what Spinnaker loses, as it is found when the plan is made."""

from __future__ import annotations

import pytest

from accounts.mapping.plans import plan_of
from accounts.models import ManagingAccount
from accounts.models.states import Status
from accounts.runs.actions import plan_managing
from accounts.runs.deciding.approving import accounts_lost, keep_decided
from accounts.runs.managing.kept_roles import take_role_off
from accounts.runs.scope import Comparison, Scope
from onboarding.resources.kinds import InlinePolicy
from onboarding.resources.plan import Delete
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import carried, with_managing
from tests.plans import FIVE, list_of
from tests.rows import account_row, kept_role, managing_row, person, run_row

LOST = Delete(list_of(FIVE[:1]))


@pytest.mark.django_db(transaction=True)
def test_what_leaves_the_list_is_kept_with_its_environments(here: Credentials) -> None:
    ManagingAccount.objects.update(kept_roles=[kept_role(n) for n in range(1, 5)])
    with_managing()
    account_row("web-prod", account_id="0" * 11 + "2", environment="production")
    for number in (1, 2):
        take_role_off(
            person("operator", username=f"{number}"), arn=kept_role(number)["arn"]
        )

    run = carried(plan_managing(None))

    assert run.status == Status.PLANNED, run.error
    assert run.reach["lost"] == {"0" * 11 + "1": [], "0" * 11 + "2": ["production"]}
    assert run.reach["listed"] == 4
    assert run.reach["second"] == "In production"
    assert plan_of(run).loses_over_a_third
    assert plan_of(run).digest == run.plan_digest


@pytest.mark.django_db
def test_what_an_accounts_own_role_may_assume_is_nothing_of_spinnakers() -> None:
    managing_row()
    run = run_row(account=account_row(environment="dev"))
    scope = Scope.load(run)
    other = InlinePolicy(
        account="922222222222",
        role="spinnakerManaged",
        policy="Others",
        document=LOST.before.document,
    )
    own, shared = (Comparison((one,), 0, ()) for one in (Delete(other), LOST))

    keep_decided(run, scope, [(scope.own[0], own)], left=False)
    narrowed = run.reach
    keep_decided(run, scope, [(scope.shared[0], shared)], left=False)

    assert "lost" not in narrowed
    assert run.reach["lost"] == {FIVE[0]: []}


@pytest.mark.django_db
def test_where_nothing_is_known_of_what_is_lost_the_strictest_decides() -> None:
    managing_row()
    account_row(environment="production")
    run = run_row(account=account_row("dev", account_id="9" * 12, environment="dev"))
    scope = Scope.load(run)

    keep_decided(
        run, scope, [(scope.shared[0], Comparison((LOST,), 0, ()))], left=False
    )

    assert run.reach["second"] == "For an account that isn't in Bowline (111111111111)"
    assert run.reach["environments"] == ["dev"]


def test_a_pattern_of_roles_is_no_account() -> None:
    found = Comparison((Delete(list_of(["*", FIVE[0]])),), 0, ())

    assert accounts_lost([found]) == {"*", FIVE[0]}
