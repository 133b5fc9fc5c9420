"""Accounts that Spinnaker has otherwise than a file are taken once an operator confirms
them, each by its checkbox.
"""

from __future__ import annotations

import pytest

from accounts.models import Activity, Adoption
from accounts.packed import unpacked
from tests.accounts.web.adopting.test_adopting import reported, words
from tests.onboarding.adopting.documents import aws, halconfig, loaded, stored
from tests.onboarding.adopting.test_secrets import ACCESS_KEY, PLANTED, sources

pytestmark = pytest.mark.django_db

DESCRIBED = {
    "aws": {
        "accounts": [
            aws("dev"),
            aws("old", "111111111111"),
            aws("older", "222222222222"),
            aws("other", "333333333333", lambdaEnabled=True),
        ]
    }
}
LOADED = loaded(
    {
        "aws": {
            "accounts": [aws("dev"), aws("other", "333333333333", sessionName="corp")]
        }
    }
)


def test_an_account_is_confirmed_by_its_checkbox(operator) -> None:
    report = reported(operator, halconfig(DESCRIBED) | LOADED)

    page = operator.get(report)
    answer = operator.post(report, {"confirm": ["old", "dev", "nobody"]}, follow=True)

    said = words(page)
    assert "Of these, 3 wait for you to confirm them: Spinnaker works with" in said
    assert said.count('name="confirm"') == 3
    assert "lambdaEnabled is false, not true" in said
    waiting = operator.get(f"{report}?waiting=1").context["page"]
    assert [one.name for one in waiting] == ["old", "older", "other"]
    after = words(answer)
    assert "You confirmed 1 account." in after
    assert "Bowline can take 2 of 4 accounts" in after
    assert after.count('name="confirm"') == 2
    first, second = Adoption.objects.order_by("at")
    assert (first.can_be_taken, second.can_be_taken) == (1, 2)
    assert second.report["confirmed"] == ["old"]
    assert [one["name"] for one in second.taken] == ["dev", "old"]
    entry = Activity.objects.filter(what=Activity.What.ADOPT).order_by("number").last()
    assert entry is not None
    assert (entry.who, entry.detail["confirmed"]) == ("operator", ["old"])


def test_confirmations_add_up(operator) -> None:
    page = reported(operator, halconfig(DESCRIBED) | LOADED)

    for name in ("old", "older", "other"):
        page = operator.post(page, {"confirm": name}).url

    last = Adoption.objects.order_by("at").last()
    assert last is not None
    assert page == last.get_absolute_url()
    assert last.report["confirmed"] == ["old", "older", "other"]
    assert (last.can_be_taken, last.waiting, last.read) == (4, 0, "")
    assert 'name="confirm"' not in words(operator.get(page))


def test_without_a_choice_nothing_is_confirmed(operator) -> None:
    report = reported(operator, halconfig(DESCRIBED) | LOADED)

    for chosen in ({}, {"confirm": "dev"}):
        answer = operator.post(report, chosen, follow=True)
        assert "Choose the accounts to confirm." in words(answer)

    assert Adoption.objects.count() == 1


def test_what_is_kept_to_confirm_holds_no_secret(operator) -> None:
    waits = stored({"aws": {"accounts": [aws("waits", "888888888888")]}})
    there = loaded({"aws": {"accounts": [aws("dev", "999999999999")]}})
    more = {"waits.json": waits["aws.json"], "there.json": there["credentials.json"]}
    for files in sources():
        reported(operator, {**files, **more})

    kept = ["".join(unpacked(one.read)) for one in Adoption.objects.all() if one.read]
    assert kept
    for secret in (PLANTED, ACCESS_KEY, "4711471147"):
        assert secret not in "".join(kept)
