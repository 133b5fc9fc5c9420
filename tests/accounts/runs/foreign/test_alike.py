"""The same policy of others is asked about and accepted in many accounts at once, each
judged by itself.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from accounts.models import Activity, ForeignPolicy, ManagedAccount
from accounts.models.checks import today
from accounts.people.deciding import SamePerson
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs.foreign.accepting import (
    accept,
    accept_alike,
    ask,
    ask_alike,
    end_alike,
    to_accept,
    to_ask,
    to_end,
)
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, decider, managing_row

pytestmark = pytest.mark.django_db

ALIKE = "a" * 64
SOON = today() + timedelta(days=30)
SAID = {"reason": "Agents.", "until": SOON}
What = Activity.What


def in_accounts(*environments: str) -> list[ForeignPolicy]:
    managing_row()
    return [
        foreign_row(
            account_row(
                f"{environment}-{n}",
                account_id=f"{n:012}",
                environment=environment,
            )
        )
        for n, environment in enumerate(environments, 1)
    ]


def asked(by: User) -> str:
    ask_alike(
        ALIKE, by, policies=to_ask(ALIKE, by).numbers, reason="Agents.", until=SOON
    )
    (one,) = {row.asked_alike for row in ForeignPolicy.objects.asked()}
    return one


def test_one_decision_accepts_it_in_every_account() -> None:
    rows = in_accounts("dev", "production", "production")
    olga, paul = decider("olga"), decider("paul")
    read = asked(olga)
    (group,) = to_accept(ALIKE, paul)

    decided = accept_alike(ALIKE, paul, policies=group.choice.numbers, read=read)

    assert (decided.done, decided.left) == (rows, [])
    assert ForeignPolicy.objects.accepted().count() == 3
    entries = Activity.objects.filter(what=What.ACCEPT_POLICY).order_by("number")
    assert [(one.who, one.about) for one in entries] == [
        ("paul", row.place) for row in rows
    ]
    assert {one.detail["reason"] for one in entries} == {"Agents."}


def test_it_takes_a_second_person_where_one_is_asked_for_and_nowhere_else() -> None:
    in_accounts("dev", "production", "production")
    olga = decider("olga")
    read = asked(olga)

    (group,) = to_accept(ALIKE, olga)
    (left,) = group.choice.left
    decided = accept_alike(
        ALIKE,
        olga,
        policies=ForeignPolicy.objects.values_list("pk", flat=True),
        read=read,
    )

    assert [one.place for one in group.choice.may] == ["dev-1"]
    assert [one.place for one in left.subjects] == ["production-2", "production-3"]
    assert "olga asked to accept it" in left.why
    assert ([one.place for one in decided.done], {why for _, why in decided.left}) == (
        ["dev-1"],
        {left.why},
    )
    assert ForeignPolicy.objects.accepted().get().place == "dev-1"


@pytest.mark.parametrize("role", [APPROVER, OPERATOR])
def test_a_limited_role_decides_in_its_environments_only(role) -> None:
    in_accounts("dev", "staging")
    olga, limited = decider("olga"), decider("limited")
    limit(limited, role, ["dev"], None)
    every = list(ForeignPolicy.objects.values_list("pk", flat=True))

    if role is OPERATOR:
        may = to_ask(ALIKE, limited)
        decided = ask_alike(
            ALIKE, limited, policies=every, reason="Agents.", until=SOON
        )
    else:
        read = asked(olga)
        may = to_accept(ALIKE, limited)[0].choice
        decided = accept_alike(ALIKE, limited, policies=every, read=read)

    assert [one.place for one in may.may] == ["dev-1"]
    assert "staging-2 is in staging." in may.left[0].why
    assert (len(decided.done), decided.reasons) == (1, [may.left[0].why])
    assert ForeignPolicy.objects.open().count() == (role is OPERATOR)
    assert ForeignPolicy.objects.accepted().count() == (role is APPROVER)


def test_an_account_that_moves_is_in_both_environments(managing) -> None:
    state = {"state": "verified", "verification": "verified"}
    foreign_row(account_row(environment="production", **state))
    ManagedAccount.objects.update(environment="dev")
    olga = decider("olga")

    asked(olga)
    (group,) = to_accept(ALIKE, olga)

    assert group.choice.may == []
    with pytest.raises(SamePerson):
        accept(row := group.one, olga, read=row.asked_digest)


def test_what_was_not_read_is_left_and_said() -> None:
    first, second, third = in_accounts("dev", "dev", "dev")
    olga, paul = decider("olga"), decider("paul")
    read = asked(olga)
    ask(first, olga, reason="Something else.", until=SOON)
    ForeignPolicy.objects.filter(pk=third.pk).delete()
    other = foreign_row(first.account, alike="b" * 64, digest="e" * 64)
    ForeignPolicy.objects.filter(pk=other.pk).ask(olga, "Agents.", SOON)

    numbers = [first.pk, second.pk, third.pk, other.pk]
    decided = accept_alike(ALIKE, paul, policies=numbers, read=read)

    assert ForeignPolicy.objects.accepted().get() == second
    assert decided.done == [second]
    assert decided.also == (
        "The findings or requests in 3 accounts have changed. Review them again."
    )


def test_what_is_asked_or_accepted_is_not_asked_again() -> None:
    first, second = in_accounts("dev", "dev")
    olga = decider("olga")
    ask(first, olga, reason="Agents.", until=SOON)

    may = to_ask(ALIKE, olga)
    numbers = [first.pk, second.pk]
    decided = ask_alike(ALIKE, olga, policies=numbers, reason="Theirs.", until=SOON)

    assert may.numbers == [second.pk]
    assert len(decided.done) == 1
    assert set(ForeignPolicy.objects.values_list("reason", flat=True)) == {
        "Agents.",
        "Theirs.",
    }


def test_it_is_ended_together() -> None:
    in_accounts("dev", "dev")
    olga = decider("olga")
    read = asked(olga)
    numbers = to_accept(ALIKE, olga)[0].choice.numbers
    accept_alike(ALIKE, olga, policies=numbers, read=read)

    decided = end_alike(ALIKE, olga, policies=to_end(ALIKE, olga).numbers)

    assert len(decided.done) == 2
    assert ForeignPolicy.objects.open().count() == 2
    assert Activity.objects.filter(what=What.END).count() == 2


def test_that_of_the_managing_account_is_decided_by_itself() -> None:
    (row,) = in_accounts("dev")
    managing = foreign_row(None)
    olga = decider("olga")

    decided = ask_alike(
        ALIKE, olga, policies=[row.pk, managing.pk], reason="Agents.", until=SOON
    )

    assert to_ask(ALIKE, olga).numbers == []
    assert len(decided.done) == 1
    assert ForeignPolicy.objects.open().get() == managing


def test_an_account_that_is_the_managing_accounts_is_every_environments() -> None:
    row = managing_row()
    foreign_row(account_row("here", account_id=row.account_id, environment="dev"))
    limited = decider("limited")
    limit(limited, OPERATOR, ["dev"], None)

    may = to_ask(ALIKE, limited)
    decided = ask_alike(
        ALIKE, limited, policies=[one.pk for one in may.left[0].subjects], **SAID
    )

    assert may.may == decided.done == []
    assert "All environments share the managing account" in decided.reasons[0]


def test_deciding_about_a_thousand_costs_as_few_queries_as_about_one(
    django_assert_max_num_queries,
) -> None:
    in_accounts(*["dev", "production"] * 30)
    olga, paul = decider("olga"), decider("paul")
    read = asked(olga)

    with django_assert_max_num_queries(25):
        numbers = to_accept(ALIKE, paul)[0].choice.numbers
        accept_alike(ALIKE, paul, policies=numbers, read=read)

    assert ForeignPolicy.objects.accepted().count() == 60
