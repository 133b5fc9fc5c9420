"""Many evaluated accounts are accepted at once, each by the rules of one."""

from __future__ import annotations

import pytest

from accounts.decisions.many import MOST_REASONS, Many, each
from accounts.models import Activity, ManagedAccount
from accounts.models.states import State
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs.actions import accept
from accounts.runs.deciding.starting import (
    identity_in_words,
    waiting_for,
    waiting_in_words,
)
from tests.rows import account_row, decider, managing_row, person, run_row

pytestmark = pytest.mark.django_db
USER = "arn:aws:iam::911111111111:user/bots/spinnakerManaging"


def evaluated(number: int, environment: str = "staging") -> ManagedAccount:
    return account_row(
        f"team-{number}",
        account_id=f"{number:012}",
        environment=environment,
        state=State.EVALUATED,
        verification=State.EVALUATED,
    )


def accepted() -> list[str]:
    rows = ManagedAccount.objects.exclude(accepted_at=None).order_by("name")
    return list(rows.values_list("name", flat=True))


def test_all_that_wait_are_accepted_and_each_is_recorded(managing) -> None:
    accounts = [evaluated(1), evaluated(2)]
    paul = person("approver")

    done = each(accept, accounts, paul)

    assert (done.done, done.left) == (accounts, [])
    assert accepted() == ["team-1", "team-2"]
    assert all(one.verified for one in ManagedAccount.objects.all())
    recorded = Activity.objects.filter(what="accept").order_by("about")
    assert [(one.about, one.who) for one in recorded] == [
        ("team-1", "approver"),
        ("team-2", "approver"),
    ]


def test_an_author_is_left_out_where_two_must_and_keeps_no_other_back(managing) -> None:
    olga = decider()
    mine, other = evaluated(1, "production"), evaluated(2)
    run_row("evaluated", account=mine, created_by=olga)

    done = each(accept, [mine, other], olga)

    assert [one.name for one in done.done] == accepted() == ["team-2"]
    ((left, why),) = done.left
    assert left == mine
    assert "In production, the person who plans can't approve: olga" in why


def test_a_limited_approver_accepts_in_their_environments_only(managing) -> None:
    paul = person("approver")
    limit(paul, APPROVER, ["staging"], None)
    accounts = [evaluated(1, "dev"), evaluated(2)]

    waiting = waiting_for(paul)
    done = each(accept, accounts, paul)

    assert [bool(one.refused) for one in waiting] == [True, False]
    assert [one.name for one in done.done] == accepted() == ["team-2"]
    assert done.left == [(accounts[0], waiting[0].refused)]


def test_what_somebody_accepted_before_is_left_with_who_did(managing) -> None:
    account = evaluated(1)
    ada, paul = decider("ada"), person("approver")
    each(accept, [account], ada)

    done = each(accept, [account], paul)

    assert done.done == []
    assert done.reasons == [
        "team-1 was accepted by ada before you decided.",
    ]
    assert waiting_for(paul) == []


def test_only_the_first_that_are_left_are_named() -> None:
    rows = [ManagedAccount(name=f"team-{n}") for n in range(MOST_REASONS + 2)]
    left = [(one, f"No {n}.") for n, one in enumerate(rows)]

    assert Many([], left).reasons[-2:] == [
        f"team-{MOST_REASONS - 1}: No {MOST_REASONS - 1}.",
        "And 2 more.",
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "the role SpinnakerAuthRole"),
        (
            {"identity_kind": "existing", "identity_arn": USER},
            "the IAM user spinnakerManaging",
        ),
    ],
)
def test_it_says_what_spinnaker_runs_as(fields: dict[str, str], words: str) -> None:
    row = managing_row(**fields)

    assert identity_in_words(row) == words
    assert waiting_in_words(1) == (
        f"1 account was evaluated, not verified: Bowline can't assume {words}, which "
        "Spinnaker runs as, and only read the policies. Bundles include it after an "
        "approver accepts it."
    )
