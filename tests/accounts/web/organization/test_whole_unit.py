"""A whole organizational unit of thousands is added at once, and planned as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.discover.organization import watching as adding_module
from accounts.discover.organization.members import MOST_AT_ONCE
from accounts.discover.questions import carry_on as add
from accounts.models import (
    Activity,
    ManagedAccount,
    Member,
    Organization,
    Question,
    Rollout,
    Run,
)
from accounts.runs.rollouts import CannotStart
from accounts.tasks import carry_on
from onboarding.topology import READER_ROLE
from tests.accounts.discover.organization.organizations import CORE
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

COUNT = 120
UNIT = "/accounts/organization/?unit=ou-a"
SHARED = {
    "everything": "on",
    "regions": "us-east-1",
    "access_role": "Access",
    "providers": ["ec2", "lambda"],
    "uses_external_id": "on",
}


@pytest.fixture(autouse=True)
def in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker take three steps for what is ten times as much on a site."""
    monkeypatch.setattr("accounts.web.organization.views.HERE", 100)
    monkeypatch.setattr("accounts.discover.organization.members.CHECKED_AT_ONCE", 50)


@pytest.fixture
def operator(client):
    managing_row(
        name=CORE.name, account_id=CORE.account_id, organization="o-a1b2c3d4e5"
    )
    client.force_login(person("operator"))
    return client


@pytest.fixture
def unit(operator) -> Organization:
    """Keep an organization with a unit of many accounts, and some next to it."""
    kept = Organization.objects.create(
        partition="aws", account_id=CORE.account_id, read_at=timezone.now()
    )
    units = [
        kept.units.create(unit_id=f"ou-{one}", path=one, lineage=f"/r/ou-{one}/")
        for one in "ab"
    ]
    Member.objects.bulk_create(
        Member(
            organization=kept,
            account_id=f"{number:012}",
            name=f"web {number % 100}",
            called=f"web-{number % 100}",
            state="ACTIVE",
            unit=units[number > COUNT],
            unit_since=timezone.now(),
        )
        for number in range(1, COUNT + 6)
    )
    return kept


def pressed(operator: Any, **fields: str) -> Question:
    """Press the button; no worker has begun yet."""
    response = operator.post(UNIT, {**SHARED, **fields})
    row = Question.objects.get()
    assert response.url == row.get_absolute_url()
    return row


def page(operator: Any, adding: Question) -> str:
    return " ".join(operator.get(adding.get_absolute_url()).content.decode().split())


def test_the_request_only_begins_it(
    operator, unit, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(15):
        adding = pressed(operator)

    assert len(adding.input["account_ids"]) == COUNT
    assert not ManagedAccount.objects.exists()
    assert f"0 of {COUNT:,} checked." in page(operator, adding)
    assert list(Question.objects.abandoned()) == [adding]


def test_a_whole_unit_is_added_with_few_queries(
    operator, unit, django_assert_max_num_queries
) -> None:
    adding = pressed(operator)

    with django_assert_max_num_queries(COUNT // 2):
        add(adding)

    response = operator.get(adding.get_absolute_url())
    assert f"{COUNT:,} accounts are added." in messages_of(response)
    rows = ManagedAccount.objects.prefetch_related("providers")
    assert rows.count() == COUNT
    assert MOST_AT_ONCE >= 1_200
    assert len({*rows.values_list("name", flat=True)}) == COUNT
    assert {len(row.providers.all()) for row in rows} == {2}
    assert not rows.filter(account_id__gt=f"{COUNT:012}").exists()
    listed = operator.get(response.url).content.decode()
    assert f"of {COUNT:,} managed accounts" in listed
    described = Activity.objects.filter(what=Activity.What.DESCRIBE)
    assert described.count() == COUNT
    assert described.first().detail["changed"]["regions"] == [None, ["us-east-1"]]
    assert described.first().who == "operator"


def test_a_whole_unit_may_be_handed_off(
    operator, unit, django_assert_max_num_queries
) -> None:
    adding = pressed(operator, made_by="organization")

    with django_assert_max_num_queries(COUNT // 2):
        add(adding)

    rows = ManagedAccount.objects.order_by()
    held = rows.values_list("made_by", "reader_role").distinct()
    assert list(held) == [("organization", READER_ROLE)]


def test_it_leads_to_one_rollout(operator, unit) -> None:
    adding = pressed(operator, plan="on")

    carry_on("question", str(adding.pk))

    response = operator.get(adding.get_absolute_url())
    rollout = Rollout.objects.get()
    assert response.url == rollout.get_absolute_url()
    assert rollout.excluded == []
    assert rollout.created_by.username == "operator"
    runs = Run.objects.filter(rollout=rollout, kind=Run.Kind.ONBOARD)
    assert runs.count() == COUNT


def test_the_page_shows_how_many_are_checked(
    operator, unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding = pressed(operator)
    shown: list[str] = []
    write = Question.write

    def seen(row: Question, **fields: Any) -> None:
        write(row, **fields)
        if fields.keys() == {"answer"}:
            shown.append(page(operator, row))

    monkeypatch.setattr(Question, "write", seen)
    add(adding)

    assert "50 of 120 checked." in shown[0]
    assert "100 of 120 checked." in shown[1]
    assert "Saving 120 accounts." in shown[2]


def test_the_page_changes_by_itself_once_it_is_done(operator, unit) -> None:
    adding = pressed(operator)
    htmx = {"HX-Request": "true"}
    before = operator.get(adding.get_absolute_url(), headers=htmx)

    add(adding)

    after = operator.get(adding.get_absolute_url(), headers=htmx)
    assert 'hx-trigger="every 2s"' in before.content.decode()
    assert after.headers["HX-Refresh"] == "true"


def test_one_that_was_added_meanwhile_refuses_all_and_is_named(operator, unit) -> None:
    adding = pressed(operator, plan="on")
    account_row("mine", account_id=f"{7:012}")

    add(adding)

    said = page(operator, adding)
    assert "No accounts were added" in said
    assert "web 7 (000000000007) is already in Bowline, as “mine”." in said
    assert ManagedAccount.objects.count() == 1
    assert not Rollout.objects.exists()


def test_what_cannot_be_planned_is_added_and_the_page_says_why(
    operator, unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise CannotStart("There is no room.")

    monkeypatch.setattr(adding_module, "start", refuse)
    adding = pressed(operator, plan="on")

    add(adding)

    answer = operator.get(adding.get_absolute_url())
    assert "There is no room." in messages_of(answer)
    assert ManagedAccount.objects.count() == COUNT


def test_a_killed_worker_is_continued_where_it_was(
    operator, unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise SystemExit

    adding = pressed(operator, plan="on")
    with monkeypatch.context() as patched:
        patched.setattr(adding_module, "start", killed)
        with pytest.raises(SystemExit):
            add(adding)
    add(Question.objects.abandoned().get())
    add(Question.objects.get())

    assert ManagedAccount.objects.count() == COUNT
    assert Rollout.objects.count() == 1


def test_nothing_is_half_done(operator, unit, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("accounts.mapping.accounts_file.saving.record_many", fail)
    adding = pressed(operator, plan="on")

    add(adding)

    assert ("Bowline encountered an internal error while adding the accounts.") in page(
        operator, adding
    )
    assert not ManagedAccount.objects.exists()
    assert not Rollout.objects.exists()
