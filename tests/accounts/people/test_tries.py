"""Whoever tries what isn't theirs to decide is in the log; whoever looks is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.decisions.many import each, who_may
from accounts.models import Activity, ManagedAccount
from accounts.models.states import State
from accounts.people.deciding import Outside, SamePerson
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.people.tries import MOST, tried, tries_recorded
from accounts.refused import Refused
from accounts.runs.actions import accept, plan
from tests.accounts.api.calling import caller, detail
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


def refused() -> list[tuple[str, str]]:
    rows = Activity.objects.filter(what="refused").order_by("number")
    return [*rows.values_list("who", "about")]


def evaluated(name: str, by: User, **fields: object) -> ManagedAccount:
    row = account_row(name, environment="production", state=State.EVALUATED, **fields)
    row.authors.add(by)
    return row


def test_a_role_a_limit_and_a_second_person_are_recorded() -> None:
    managing_row()
    olga, vera, own = person("approver"), person("viewer"), person("operator")
    account = evaluated("web", olga)
    limit(own, OPERATOR, ["dev"], None)

    for decide, by, error in (
        (accept, olga, SamePerson),
        (accept, vera, Outside),
        (plan, own, Outside),
    ):
        with pytest.raises(error):
            decide(account, by)

    assert refused() == [
        ("approver", "accept an evaluated account: web"),
        ("viewer", "accept an evaluated account: web"),
        ("operator", "plan an account: web"),
    ]
    entry = Activity.objects.get(who="approver")
    assert "approver edited the account" in entry.detail["why"]
    assert str(entry) == ("approver wasn't allowed to accept an evaluated account: web")


def test_it_is_recorded_once_an_hour() -> None:
    olga = person("approver")
    account = evaluated("web", olga)
    for _ in range(2):
        with pytest.raises(SamePerson):
            accept(account, olga)
    assert len(refused()) == 1

    ago = timezone.now() + timedelta(hours=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: ago)
        with pytest.raises(SamePerson):
            accept(account, olga)

    assert len(refused()) == 2


def test_nobody_fills_the_log() -> None:
    vera = person("viewer")

    for number in range(MOST + 5):
        tried(vera, "approve a plan", [f"account-{number}"], "No.")

    assert len(refused()) == MOST


def test_a_list_is_one_entry() -> None:
    olga = person("approver")
    names = [f"w{number}" for number in range(7)]
    rows = [
        evaluated(name, olga, account_id=f"{2 * 10**11 + number}")
        for number, name in enumerate(names)
    ]

    assert len(each(accept, rows, olga).left) == 7
    with tries_recorded():
        assert len(who_may(accept, rows, olga, locks=True).left[0].subjects) == 7

    about = "accept an evaluated account: w0, w1, w2, w3, w4, and 2 more"
    assert refused() == [("approver", about)]


def test_what_is_shown_late_or_wrong_is_not_recorded() -> None:
    olga, vera = person("approver"), person("viewer")
    account = evaluated("web", olga)

    assert accept.verdict(account, olga).same_person
    assert who_may(accept, [account], vera).left
    with pytest.raises(Outside):
        accept.refuse(account, vera, locks=False)
    ManagedAccount.objects.update(state=State.VERIFIED)
    ManagedAccount.objects.get().authors.clear()
    with pytest.raises(Refused):
        accept(account, olga)

    assert refused() == []


@pytest.mark.django_db(transaction=True)
def test_what_a_request_rolls_back_is_recorded(client) -> None:
    vera = person("viewer")
    account_row("web", environment="dev")
    client.force_login(vera)

    page = client.post("/accounts/plan/")

    assert page.status_code == 403
    assert refused() == [("viewer", "post to plan-many")]
    client.get("/managing/?edit=1")
    assert len(refused()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_an_answer_of_the_api_rolls_back_is_recorded() -> None:
    managing_row()
    account_row("web", environment="production")
    program = caller("operator")
    limit(program.person, OPERATOR, ["dev"], None)

    answer = program.post("/accounts/web/plan")

    assert "web is in production" in detail(answer, 403)
    assert refused() == [
        ("operator", "plan an account whose settings are complete: web")
    ]
    assert Activity.objects.get(what="refused").detail["token"] == "ci"
