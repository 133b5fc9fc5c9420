"""A policy of others is accepted by name: with a reason, until a day, by somebody
entitled.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts.models import Activity, ForeignPolicy, ManagedAccount
from accounts.models.checks import today
from accounts.models.states import Status
from accounts.people.deciding import Outside, SamePerson
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs.actions import plan, verify
from accounts.runs.foreign.accepting import LONGEST, NoDay, NotAsked, accept, ask, end
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, carried, member, onboarded, root
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, decider, managing_row

SOON = timedelta(days=30)
What = Activity.What


def asked(policy: ForeignPolicy, by: User, **said: Any) -> ForeignPolicy:
    given = {"reason": "Until the agents are gone.", "until": today() + SOON, **said}
    ask(policy, by, **given)
    return ForeignPolicy.objects.get(pk=policy.pk)


def accepted(policy: ForeignPolicy, by: User) -> None:
    accept(policy, by, read=policy.asked_digest)


def test_who_asked_does_not_accept_where_two_are_asked_for(managing) -> None:
    olga, paul = decider("olga"), decider("paul")
    policy = asked(foreign_row(account_row(environment="production")), olga)

    with pytest.raises(SamePerson, match="olga asked to accept it"):
        accepted(policy, olga)
    accepted(policy, paul)

    assert ForeignPolicy.objects.accepted().get() == policy
    entries = Activity.objects.order_by("number").values_list("who", "what")
    assert list(entries) == [
        ("olga", What.ASK),
        ("olga", What.REFUSED),
        ("paul", What.ACCEPT_POLICY),
    ]
    assert Activity.objects.last().detail["reason"] == "Until the agents are gone."


@pytest.mark.django_db
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_what_is_the_managing_accounts_touches_every_environment(
    environment: str,
) -> None:
    managing_row()
    account_row(environment=environment)
    olga, limited = decider("olga"), decider("limited")
    limit(limited, APPROVER, [environment], None)
    policy = asked(foreign_row(None), olga)

    with pytest.raises(Outside, match="All environments share"):
        accepted(policy, limited)
    if environment == "production":
        with pytest.raises(SamePerson, match="For the managing account"):
            accepted(policy, olga)
    else:
        accepted(policy, olga)


def test_a_limited_role_asks_and_ends_inside_its_environments_only(managing) -> None:
    olga = decider("olga")
    limit(olga, OPERATOR, ["staging"], None)
    policy = foreign_row(account_row(environment="production"))

    with pytest.raises(Outside):
        asked(policy, olga)
    with pytest.raises(Outside):
        end(policy, olga)
    assert not Activity.objects.filter(what__in=[What.ASK, What.END]).exists()


@pytest.mark.parametrize("days", [-1, LONGEST.days + 1])
def test_it_is_for_a_year_at_most(days: int, managing) -> None:
    with pytest.raises(NoDay, match="Choose a day from today until"):
        asked(
            foreign_row(account_row()), decider("olga"), until=today() + timedelta(days)
        )


def test_what_nobody_asked_for_is_not_accepted(managing) -> None:
    olga, policy = decider("olga"), foreign_row(account_row(environment="staging"))

    with pytest.raises(NotAsked, match="isn't waiting for acceptance"):
        accepted(policy, olga)
    read = asked(policy, olga)
    accepted(read, olga)
    with pytest.raises(NotAsked, match="olga accepted"):
        accepted(read, olga)


def test_only_what_was_read_is_accepted(managing) -> None:
    olga, policy = decider("olga"), foreign_row(account_row(environment="staging"))
    read = asked(policy, olga)
    asked(policy, olga, until=today() + LONGEST)

    with pytest.raises(NotAsked, match="has changed"):
        accepted(read, olga)
    assert not ForeignPolicy.objects.accepted().exists()


def test_what_is_gone_meanwhile_is_not_accepted(managing) -> None:
    olga, policy = decider("olga"), foreign_row(account_row(environment="staging"))
    read = asked(policy, olga)
    ForeignPolicy.objects.all().delete()

    with pytest.raises(NotAsked, match="isn't waiting for acceptance"):
        accepted(read, olga)


def test_asking_again_and_ending_end_what_was_accepted(managing) -> None:
    olga, policy = decider("olga"), foreign_row(account_row(environment="staging"))
    accepted(asked(policy, olga), olga)

    again = asked(policy, olga, reason="Longer.")
    assert not again.is_accepted
    accepted(again, olga)
    end(again, olga)

    assert not ForeignPolicy.objects.accepted().exists()
    with pytest.raises(NotAsked):
        accepted(again, olga)


@pytest.mark.django_db(transaction=True)
def test_what_is_accepted_is_verified_and_stays_until_its_day(
    here: Credentials,
) -> None:
    account, olga = member(environment="staging"), decider("olga")
    onboarded(account)
    root(here, DEV, "iam").attach_role_policy(
        RoleName="BaseIAMRole",
        PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess",
    )
    carried(verify(account, None))
    accepted(asked(ForeignPolicy.objects.get(), olga), olga)

    unchanged = carried(plan(account, None, alone=True))
    check = unchanged.checks.get(name__startswith="No unapproved policies")
    assert unchanged.status == Status.VERIFIED
    assert check.sentence == "Accepted: AdministratorAccess on role BaseIAMRole."
    assert ManagedAccount.objects.get().state == "verified"

    ForeignPolicy.objects.update(until=today() - timedelta(days=1))
    later = carried(verify(account, None))

    assert later.status == Status.FAILED
    assert not ForeignPolicy.objects.get().is_accepted
