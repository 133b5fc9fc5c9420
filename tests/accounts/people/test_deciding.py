"""Who is no second person: whoever planned, or edited what is decided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from accounts.models import EnvironmentPolicy, ManagedAccount, Run
from accounts.models.states import Status
from accounts.people.authors import authors_of_run
from accounts.people.deciding import Outside, Verdict, judge
from accounts.people.reach import DecisionReach, as_stored, losses_of, reach_of_run
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs.actions import approve
from tests.plans import FIVE, losing_run
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

    assert refused.endswith(
        f"operator {what}. Another person must approve. Ask approver."
    )
    assert judge(reach, authors, other) == ("", "")


def test_what_takes_no_second_person_asks_for_none() -> None:
    reach = DecisionReach(frozenset({("web", "production")}))

    assert judge(reach, None, None) == ("", "")
    assert "name the approver with --by" in judge(reach, {}, None).same_person


LOST = FIVE[1]


def dev_plan_that_loses(*left: str) -> Run:
    """Plan a dev account so that Spinnaker loses others by it."""
    account = account_row("web-dev", account_id=FIVE[0], environment="dev")
    return losing_run(left, account=account)


def verdict_on(run: Run, by: User) -> Verdict:
    reach = reach_of_run(run)
    return judge(reach, authors_of_run(run, reach), by)


def test_a_plan_is_decided_where_spinnaker_loses_an_account_by_it() -> None:
    managing_row()
    account_row("web-prod", account_id=LOST, environment="production")
    run = dev_plan_that_loses(FIVE[0], *FIVE[2:])
    olga = person("approver", username="olga")
    run.authors = {"edited the account": [olga.pk]}
    lee = person("approver", username="lee")
    limit(lee, APPROVER, ["dev"], None)

    second, limited = verdict_on(run, olga), verdict_on(run, lee)

    assert second.same_person == (
        "In production, the person who plans can't approve: olga edited the account. "
        "Another person must approve. Ask an administrator (none yet: run manage.py "
        "createsuperuser)."
    )
    assert limited.outside.startswith(
        "web-prod is in production. The approver role of lee applies to dev only."
    )


def test_what_is_lost_is_in_the_environment_of_then_and_of_now() -> None:
    managing_row()
    row = account_row("web-prod", account_id=LOST, environment="staging")
    run = dev_plan_that_loses(FIVE[0], *FIVE[2:])
    ManagedAccount.objects.filter(pk=row.pk).update(environment="production")

    for locks in (False, True):
        assert reach_of_run(run, locks=locks).accounts == {
            ("web-dev", "dev"),
            ("web-prod", "staging"),
            ("web-prod", "production"),
        }


def test_what_is_lost_and_left_bowline_keeps_its_environment_and_is_unknown() -> None:
    managing_row()
    row = account_row("web-prod", account_id=LOST, environment="production")
    run = dev_plan_that_loses(FIVE[0], *FIVE[2:])
    row.delete()

    reach = reach_of_run(run)

    assert (LOST, "production") in reach.accounts
    assert reach.unknown == {LOST}


def test_what_is_lost_and_unknown_takes_a_second_person_where_anything_does() -> None:
    managing_row()
    run = dev_plan_that_loses(FIVE[0], *FIVE[2:])
    olga = person("approver", username="olga")
    run.created_by = olga

    nowhere = verdict_on(run, olga).same_person
    EnvironmentPolicy.objects.create(environment="qa", second_approver=True)

    assert nowhere == ""
    assert verdict_on(run, olga).same_person.startswith(
        "For an account that isn't in Bowline (222222222222), the person who plans "
        "can't approve"
    )


def test_what_is_lost_and_unknown_is_for_no_limited_role() -> None:
    managing_row()
    one, many = dev_plan_that_loses(FIVE[0], *FIVE[2:]), losing_run(())
    lee = person("approver", username="lee")
    limit(lee, APPROVER, ["dev"], None)
    reach = reach_of_run(many)

    assert verdict_on(one, lee).outside.startswith(
        "The environment of an account that isn't in Bowline (222222222222) is "
        "unknown. The approver role of lee applies to dev only."
    )
    with pytest.raises(Outside):
        approve(one, lee)
    one.refresh_from_db()
    assert one.status == Status.PLANNED
    assert replace(reach, managing=False).for_all == (
        "The environment of 4 accounts that aren't in Bowline is unknown."
    )
    assert DecisionReach(unknown=frozenset({"*"})).for_all == (
        "The environment of accounts that aren't in Bowline is unknown."
    )


def test_where_a_plan_loses_nothing_nothing_more_is_kept() -> None:
    managing_row()
    reach = as_stored(DecisionReach(), "", managing_first=False)

    assert "lost" not in reach
    assert losses_of([LOST]) == {LOST: []}


IN_PRODUCTION = DecisionReach(frozenset({("web", "production")}))


def test_it_names_who_may_and_nobody_else() -> None:
    """Not the author, nor who is gone, limited to elsewhere, or without the role."""
    names = ("ann", "bob", "cleo", "dora", "eve")
    ann, bob, cleo, dora, eve = (person("approver", username=one) for one in names)
    olga = person("operator", username="olga")
    limit(bob, APPROVER, ["dev"], None)
    limit(cleo, APPROVER, ["dev", "production"], None)
    dora.is_active = False
    dora.save()
    authors = {ann.pk: "edited the account", olga.pk: "started this plan"}

    second, limited, none = (
        judge(IN_PRODUCTION, authors, one) for one in (ann, bob, olga)
    )

    assert second.same_person.endswith("Another person must approve. Ask cleo or eve.")
    assert limited.outside.endswith("applies to dev only. Ask cleo or eve.")
    assert none.outside == ("You need the approver role to do this. Ask cleo or eve.")
    for one in (cleo, eve):
        assert judge(IN_PRODUCTION, authors, one) == ("", "")


def test_where_no_second_person_is_asked_for_the_author_is_named() -> None:
    ann, olga = person("approver", username="ann"), person("operator")
    in_dev = DecisionReach(frozenset({("web", "dev")}))

    verdict = judge(in_dev, {ann.pk: "edited the account"}, olga)

    assert verdict.outside.endswith("Ask ann.")


def test_whoever_has_no_role_is_told_of_administrators_only() -> None:
    person("approver", username="ann")
    person("administrator", username="ada")
    nobody = User.objects.create_user("nobody")

    assert judge(IN_PRODUCTION, {}, nobody).outside == (
        "You need the approver role to do this. Ask an administrator (ada)."
    )


def test_those_who_may_are_found_in_as_many_queries_for_any_number(
    django_assert_num_queries,
) -> None:
    olga = person("operator")
    for count in (1, 10):
        for number in range(count):
            limit(
                person("approver", username=f"p{count}-{number}"),
                APPROVER,
                ["dev"],
                None,
            )
        judge(IN_PRODUCTION, None, olga)  # its roles are read
        with django_assert_num_queries(3):  # people, limits, administrators
            judge(IN_PRODUCTION, None, olga)
