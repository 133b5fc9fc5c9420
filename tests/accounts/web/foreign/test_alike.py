"""The page of the same policy of others in many accounts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import ForeignPolicy
from accounts.models.checks import today
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.web.accounts.foreign import MOST_IN_TABLE
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.web.answers import messages_of
from tests.accounts.web.foreign.test_views import as_one, text
from tests.rows import account_row, managing_row, person

URL = f"/foreign-policies/alike/{'a' * 64}/"
UNTIL = f"{today() + timedelta(days=30)}"


def in_accounts(count: int, environment: str = "dev") -> list[ForeignPolicy]:
    managing_row()
    return [
        foreign_row(
            account_row(f"a{n}", account_id=f"{n:012}", environment=environment)
        )
        for n in range(count)
    ]


def chosen() -> dict[str, Any]:
    numbers = ForeignPolicy.objects.values_list("pk", flat=True)
    return {"policies": " ".join(map(str, numbers))}


def asked(operator: Client) -> dict[str, Any]:
    said = {"reason": "Agents.", "until": UNTIL}
    operator.post(f"{URL}ask/", {**chosen(), **said})
    return {**chosen(), "read": ForeignPolicy.objects.all()[0].asked_alike}


def test_the_list_has_one_row_of_the_same_with_a_count(viewer: Client) -> None:
    accepted = {"until": today(), "accepted_at": timezone.now()}
    ForeignPolicy.objects.filter(pk=in_accounts(3)[1].pk).update(**accepted)
    foreign_row(None, policy="Theirs", alike="e" * 64, digest="e" * 64)

    page = text(viewer, "/foreign-policies/")

    assert re.findall('<tr id="row-(.)', page) == ["a", "e"]
    assert f'<a href="{URL}">AdministratorAccess</a>' in page
    assert ">3 accounts</td>" in page
    assert "1–2 of 2" in page
    assert re.findall(r"(\d) <span class=\"state[^>]*>.*?</svg> ?([a-z ]+)<", page) == [
        ("2", "not approved"),
        ("1", "accepted"),
    ]
    assert "the managing account" in page


def test_its_page_says_first_how_many_and_which_accounts(viewer: Client) -> None:
    in_accounts(MOST_IN_TABLE + 2)

    page = text(viewer, URL)

    assert f"of {MOST_IN_TABLE + 2} accounts, with the same document" in page
    assert "2 more accounts" in page
    assert "Allows every action on every resource." in page
    assert 'name="policies"' not in page
    assert "ask to accept it" in page
    one = ForeignPolicy.objects.all()[0]
    assert f"The same policy is in {MOST_IN_TABLE + 1} other accounts." in text(
        viewer, one.get_absolute_url()
    )


def test_it_is_asked_and_accepted_for_all_on_one_page(operator: Client) -> None:
    in_accounts(3)
    approver = as_one("approver")

    read = asked(operator)
    page = text(approver, URL)
    answer = approver.post(f"{URL}accept/", read)

    assert "operator asks to accept it until" in page
    assert "Accept it in 3 accounts" in page
    assert "Accepted in 3 accounts." in messages_of(answer)
    assert ForeignPolicy.objects.accepted().count() == 3
    assert "Stop accepting in 3 accounts" in text(operator, URL)

    operator.post(f"{URL}end/", chosen())
    assert not ForeignPolicy.objects.accepted().exists()


def test_who_may_not_everywhere_reads_which_accounts_are_left_out_and_why(
    operator: Client,
) -> None:
    in_accounts(2)
    other = account_row("web", account_id="9" * 12, environment="staging")
    foreign_row(other)
    limited = person("approver", username="limited")
    limit(limited, APPROVER, ["dev"], None)
    client = Client()
    client.force_login(limited)

    read = asked(operator)
    page = text(client, URL)
    answer = client.post(f"{URL}accept/", read)

    assert "Accept it in 2 accounts" in page
    assert "1 account excluded.</b> web is in staging." in page
    assert "Accepted in 2 accounts." in messages_of(answer)
    assert "Excluded: web is in staging." in messages_of(answer)
    assert ForeignPolicy.objects.asked().get().account == other


def test_what_is_missing_is_told_and_nothing_is_decided(operator: Client) -> None:
    in_accounts(1)

    page = operator.post(f"{URL}ask/", {**chosen(), "reason": "", "until": UNTIL})
    none = operator.post(f"{URL}ask/", {"reason": "Agents.", "until": UNTIL})

    assert "This field is required" in page.content.decode()
    assert "No decision was made." in messages_of(none)
    assert ForeignPolicy.objects.open().exists()


def test_there_is_no_page_of_none(viewer: Client) -> None:
    assert viewer.get(URL).status_code == 404
