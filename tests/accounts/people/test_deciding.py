"""Who is no second person: whoever planned, or edited what is decided."""

from __future__ import annotations

import pytest

from accounts.people.authors import authors_of_run
from accounts.people.deciding import judge
from accounts.people.reach import DecisionReach, reach_of_run
from onboarding.resources.kinds import ManagedPolicy, Role
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("what", ["started this plan", "edited the account"])
def test_another_person_must_approve_in_production(what: str) -> None:
    by, other = person("operator"), person("approver")
    account = account_row(environment="production")
    run = run_row(
        account=account, created_by=by if what.startswith("started") else None
    )
    if what.startswith("edited"):
        account.authors.add(by)
    reach = reach_of_run(run)
    authors = authors_of_run(run, reach)

    refused = judge(reach, authors, by).same_person

    assert refused.endswith(f"operator {what}. Another person must approve.")
    assert judge(reach, authors, other) == ("", "")


def test_what_takes_no_second_person_asks_for_none() -> None:
    reach = DecisionReach(frozenset({("web", "production")}))

    assert judge(reach, None, None) == ("", "")
    assert "name the approver with --by" in judge(reach, {}, None).same_person


def test_what_changes_the_managing_account_as_well_is_seen_by_its_steps() -> None:
    managing = managing_row()
    run = run_row(account=account_row())
    listed = {"account_id": managing.account_id, "position": 0}
    run.steps.create(kind=ManagedPolicy.kind, name="BowlineAssumeManaged", **listed)
    own_line = reach_of_run(run).managing

    run.steps.create(
        **{**listed, "position": 1}, kind=Role.kind, name="SpinnakerAuthRole"
    )

    assert not own_line
    assert reach_of_run(run).managing
