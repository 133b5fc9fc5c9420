"""The page on which evaluated accounts are accepted together, and what leads to it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages

from accounts.models import ManagedAccount
from accounts.models.states import State
from tests.accounts.web.adopting.test_adopting import ACCOUNTS, reported
from tests.onboarding.adopting.documents import halconfig
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db
PAGE = "/accounts/to-accept/"


def evaluated(number: int, environment: str = "staging") -> ManagedAccount:
    return account_row(
        f"team-{number}",
        account_id=f"{number:012}",
        environment=environment,
        state=State.EVALUATED,
        verification=State.EVALUATED,
    )


def told(answer: Any) -> list[str]:
    return [str(one) for one in get_messages(answer.wsgi_request)]


def test_it_says_what_happened_and_lists_who_waits(approver: Any, managing) -> None:
    accounts = [evaluated(1), evaluated(2)]

    page = approver.get(PAGE).content.decode()

    assert "2 accounts were evaluated, not verified" in page
    assert "the role SpinnakerAuthRole" in page
    assert all(f'value="{one.pk}" checked' in page for one in accounts)


def test_the_selected_ones_are_accepted(approver: Any, managing) -> None:
    one, other = evaluated(1), evaluated(2)

    answer = approver.post("/accounts/accept/", {"account": [one.pk, "no-uuid"]})

    assert answer.url == PAGE
    assert told(answer) == ["You accepted 1 account. Bundles now include it."]
    left = ManagedAccount.objects.to_accept().get()
    assert left == other


def test_whoever_planned_sees_why_there_is_nothing_to_select(
    approver: Any, managing
) -> None:
    account = evaluated(1, "production")
    account.authors.add(*account.authors.model.objects.all())

    page = unescape(approver.get(PAGE).content.decode())
    answer = approver.post("/accounts/accept/", {"account": [account.pk]})

    assert f'value="{account.pk}"' not in page
    assert "You can't accept 1 account" in page
    assert "the person who plans can't approve" in page
    (said,) = told(answer)
    assert said.startswith("Not accepted: team-1: In production, the person who plans")
    assert ManagedAccount.objects.to_accept().exists()


def test_nothing_selected_accepts_nothing(approver: Any, managing) -> None:
    evaluated(1)

    answer = approver.post("/accounts/accept/")

    assert told(answer) == ["Select accounts first. No account was accepted."]
    assert ManagedAccount.objects.to_accept().count() == 1


def test_an_empty_page_says_so(approver: Any, managing) -> None:
    assert "No account needs acceptance" in approver.get(PAGE).content.decode()


@pytest.mark.parametrize("path", ["/", "/accounts/", "/accounts/existing-roles/"])
def test_other_pages_lead_to_it(approver: Any, managing, path: str) -> None:
    account = evaluated(1)
    ManagedAccount.objects.update(adopts=True)

    waiting = approver.get(path).content.decode()
    ManagedAccount.objects.filter(pk=account.pk).accept(person("viewer"))
    accepted = approver.get(path).content.decode()

    assert f'href="{PAGE}"' in waiting
    assert "1 account was evaluated, not verified" in waiting
    assert f'href="{PAGE}"' not in accepted


def test_a_report_on_an_existing_spinnaker_leads_to_it(operator: Any, managing) -> None:
    path = reported(operator, halconfig(ACCOUNTS))
    account = evaluated(123456789012)
    evaluated(7)

    waiting = operator.get(path).content.decode()
    ManagedAccount.objects.filter(pk=account.pk).accept(None)
    accepted = operator.get(path).content.decode()

    assert f'href="{PAGE}"' in waiting
    assert "1 account was evaluated, not verified" in waiting
    assert f'href="{PAGE}"' not in accepted
