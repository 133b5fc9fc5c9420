"""Identical plans: read once, approved for many, and never without reading."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping.managing import managing_of
from accounts.models import EnabledProvider, ManagedAccount, Run, Step
from accounts.models.states import Status
from accounts.runs.actions import approve, discard
from onboarding.desired.capacity import fitting
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, managing_row, person, run_row, step_row

SAME = "5a" * 16
URL = f"/runs/same/{SAME}/"
QUERIES = 15


def waiting(number: int, *, fingerprint: str = SAME, **fields: Any) -> Run:
    account = account_row(f"a{number}", account_id=f"{number:012}", **fields)
    run = run_row(account=account, fingerprint=fingerprint)
    step_row(run, name=f"role-of-a{number}")
    step_row(run, verb="update", before={"a": 1}, after={"a": 2})
    return run


@pytest.fixture
def three(managing) -> list[Run]:
    return [waiting(number) for number in range(3)]


def ids(runs: list[Run]) -> dict[str, list[str]]:
    return {"run": [str(run.pk) for run in runs]}


def test_the_changes_of_one_are_read_and_all_are_listed(approver, three) -> None:
    html = approver.get(URL).content.decode()

    assert "3 plans with the same changes" in html
    assert "role-of-a0" in html
    assert "role-of-a1" not in html
    assert "its own account ID and external ID" in html
    assert all(f'value="{run.pk}" checked' in html for run in three)
    assert "Approve and apply" in html


def test_the_ticked_are_approved_and_the_others_wait(approver, three) -> None:
    response = approver.post(f"{URL}approve/", ids(three[1:]))

    assert response.url == "/runs/"
    assert (
        messages_of(response)
        == "2 plans are approved. Bowline applies each plan separately."
    )
    assert Run.objects.get(status=Status.PLANNED) == three[0]
    assert {run.approved_by.username for run in three_approved()} == {"approver"}


def test_a_comment_that_is_refused_approves_nothing_and_forgets_nothing(
    approver, three
) -> None:
    posted = {**ids(three[1:]), "comment": "x" * 2001}

    html = approver.post(f"{URL}approve/", posted).content.decode()

    assert three_approved() == []
    assert "at most 2000 characters" in html
    assert "x" * 2001 in html
    assert html.count("checked") == 2


def three_approved() -> list[Run]:
    return list(Run.objects.filter(status=Status.APPLYING))


def test_those_that_moved_on_are_named_with_why(approver, three) -> None:
    discarded, edited, approved = three
    last, other = waiting(3), waiting(4, fingerprint="0b" * 16)
    discard(discarded, None)
    edited.account.touch()
    approve(approved, person("approver", username="olga"))

    response = approver.post(f"{URL}approve/", ids([*three, last, other]))

    assert messages_of(response) == (
        "1 plan is approved. Bowline is applying it. "
        f"Not approved: a0: {discarded.title} was discarded by the command line before "
        "you decided. a1 was edited after it was planned. Plan again. "
        f"a2: {approved.title} was approved by olga before you decided. "
        "a4 has different changes now."
    )
    assert Run.objects.get(pk=other.pk).status == Status.PLANNED


def test_very_many_that_moved_on_are_counted(approver, three, monkeypatch) -> None:
    monkeypatch.setattr("accounts.decisions.many.MOST_REASONS", 1)
    for run in three:
        discard(run, None)

    response = approver.post(f"{URL}approve/", ids(three))

    assert "by the command line before you decided. And 2 more." in messages_of(
        response
    )


@pytest.mark.parametrize("chosen", [[], ["no-id"]])
def test_without_a_tick_nothing_is_approved(approver, three, chosen) -> None:
    response = approver.post(f"{URL}approve/", {"run": chosen})

    assert response.url == URL
    assert "Select accounts first" in messages_of(response)
    assert three_approved() == []


def test_no_more_than_the_page_shows_are_approved(approver, three, monkeypatch) -> None:
    monkeypatch.setattr("accounts.web.runs.decisions.MOST_AT_ONCE", 2)

    html = approver.get(URL).content.decode()
    response = approver.post(f"{URL}approve/", ids(three))

    assert html.count('name="run"') == 2
    assert "The first 2 of 3, by name: at most 2 can be approved at once" in html
    assert response.url == URL
    assert "Nothing was approved" in messages_of(response)
    assert three_approved() == []


def test_it_says_where_none_waits_any_more(viewer) -> None:
    assert ("No plan with these changes needs approval") in viewer.get(
        URL
    ).content.decode()


def test_what_is_discouraged_is_told_once_of_all_of_them(approver, managing) -> None:
    for number in (1, 2):
        waiting(number, providers={"ec2": {"access": "power-user"}})

    html = approver.get(URL).content.decode()

    assert html.count("Not recommended for EC2") == 1
    assert "Chosen for all 2." in html


def test_newer_policies_are_told_from_the_oldest(approver, three_policy_sets) -> None:
    managing_row()
    for number, policy_set in enumerate((1, 2, 3)):
        waiting(number, policy_set=policy_set)

    html = approver.get(URL).content.decode()

    assert "2 accounts from policy version 1 or a later one to version 3:" in html


@pytest.mark.parametrize("count", [2, 60])
def test_it_is_as_quick_for_many(
    approver, django_assert_max_num_queries, count: int
) -> None:
    managing_row()
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n}", account_id=f"{n:012}") for n in range(count)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key=key) for row in rows for key in ("ec2", "ecs")
    )
    runs = Run.objects.bulk_create(
        Run(account=row, account_name=row.name, status="planned", fingerprint=SAME)
        for row in rows
    )
    Step.objects.bulk_create(Step(run=run, position=0, verb="create") for run in runs)

    with django_assert_max_num_queries(QUERIES):
        response = approver.get(URL)

    assert response.content.decode().count('name="run"') == count


def test_the_runs_offer_those_that_are_the_same(approver, three) -> None:
    html = approver.get("/runs/").content.decode()

    assert "3 plans need approval, with 2 identical changes" in html
    assert f'href="{URL}"' in html


def test_the_runs_offer_nothing_where_each_plan_is_another(approver, managing) -> None:
    waiting(1)

    assert "Identical plans" not in approver.get("/runs/").content.decode()


def test_a_plan_links_to_those_that_are_the_same(approver, three) -> None:
    page = approver.get(three[0].get_absolute_url()).content.decode()
    discard(three[1], None)
    fewer = approver.get(three[0].get_absolute_url()).content.decode()
    discard(three[2], None)
    alone = approver.get(three[0].get_absolute_url()).content.decode()

    assert "2 other plans are identical. Review and approve them together" in page
    assert "1 other plan is identical. Review and approve them together" in fewer
    assert URL not in alone


def joining(number: int) -> Run:
    run = waiting(number)
    step_row(run, verb="update", kind="policy", name="BowlineAssumeManaged")
    return run


@pytest.fixture
def room_for_two() -> None:
    """Let as many accounts stand as one policy lists, but two."""
    listed = fitting(managing_of(managing_row()), (), 1)
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"standing-{n}", account_id=f"9{n:011}", granted_at=timezone.now()
        )
        for n in range(listed - 2)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key="ec2") for row in rows
    )


def test_no_more_accounts_are_ticked_than_their_plans_can_list(
    approver, room_for_two
) -> None:
    runs = [joining(number) for number in range(3)]

    html = approver.get(URL).content.decode()
    crowd = approver.post(f"{URL}approve/", ids(runs))
    approved = approver.post(f"{URL}approve/", ids(runs[:2]))
    full = approver.get(URL).content.decode()

    assert html.count("checked") == 2
    assert "2 of these plans fit" in html
    assert crowd.url == URL
    assert "There is room for only 2 more accounts" in messages_of(crowd)
    assert "2 plans are approved" in messages_of(approved)
    assert "None of these plans fits" in full


def test_accounts_that_are_listed_already_need_no_room(approver, room_for_two) -> None:
    runs = [joining(number) for number in range(3)]
    ManagedAccount.objects.update(granted_at=timezone.now())

    html = approver.get(URL).content.decode()
    response = approver.post(f"{URL}approve/", ids(runs))

    assert html.count("checked") == 3
    assert "3 plans are approved" in messages_of(response)
