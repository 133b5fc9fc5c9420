"""New accounts of watched units become drafts, once, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.discover.organization import reading
from accounts.discover.organization.watching import (
    stop_watching,
    watch_unit,
    watched_drafts,
)
from accounts.models import (
    Activity,
    ManagedAccount,
    ManagingAccount,
    Member,
    Notification,
    Run,
    Unit,
    Watch,
)
from accounts.models.states import State
from accounts.notify.texts import text_of
from accounts.people.deciding import Outside
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.tasks import read_organizations
from tests.accounts.discover.organization.organizations import (
    CORE,
    ROOT,
    Organizations,
    account,
    aws,
    kept,
    read,
    shared,
)
from tests.rows import account_row, kept_role, managing_row, person

__all__ = ["aws"]

pytestmark = pytest.mark.django_db

SHARED = shared(
    environment="staging",
    access_role="Access",
    read_roles=["developers"],
    write_roles=["operators"],
)


@pytest.fixture(autouse=True)
def organization(aws: Organizations, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the organization once, as before anybody watches it."""
    monkeypatch.setattr(reading, "wake", lambda row: None)
    managing_row(account_id=CORE.account_id)
    read()


def watch(unit_id: str, *, tag: str = "", **fields: Any) -> Watch:
    by = person("operator", username=f"who watches {unit_id}")
    unit = Unit.objects.get(unit_id=unit_id)
    return watch_unit(unit, {**SHARED, **fields}, tag, by)


def drafts() -> list[str]:
    return list(ManagedAccount.objects.values_list("name", flat=True))


def test_what_was_there_before_is_left_alone(aws) -> None:
    watch(ROOT)

    read()

    assert drafts() == []


def test_a_new_account_becomes_a_draft_as_the_template_says(aws) -> None:
    watch("ou-work")
    aws.accounts["ou-prod"].append(account(8, "Web (prod)"))
    aws.accounts[ROOT].append(account(9, "elsewhere"))

    read()

    row = ManagedAccount.objects.get()
    assert (row.name, row.account_id) == ("web-prod", "000000000008")
    assert row.state == State.DRAFT
    assert (row.regions, row.environment) == (["us-east-1"], "staging")
    assert (row.read_roles, row.write_roles) == (["developers"], ["operators"])
    assert (row.access_role, row.uses_external_id) == ("Access", True)
    assert [one.key for one in row.providers.all()] == ["ec2"]
    assert list(watched_drafts()) == [row]
    assert not Run.objects.exists()
    said = Activity.objects.get(what=Activity.What.DESCRIBE)
    assert said.who == "the watch on Root / Workloads"
    assert (said.about, said.person) == ("web-prod", None)


def test_who_wrote_a_watch_is_an_author_of_its_drafts(aws) -> None:
    for environment in ("production", "staging"):
        template = {**SHARED, "environment": environment}
        by = person("operator", username=f"for {environment}")
        watch_unit(Unit.objects.get(unit_id="ou-work"), template, "", by)
    aws.accounts["ou-prod"].append(account(8))

    read()

    draft = ManagedAccount.objects.get()
    authors = {one.username for one in draft.authors.all()}
    assert authors == {"for production", "for staging"}


def test_an_account_that_is_moved_into_the_unit_is_new_there(aws) -> None:
    watch("ou-work")
    aws.accounts["ou-work"].append(aws.accounts[ROOT].pop())

    read()

    assert len(drafts()) == 1


def test_the_innermost_unit_decides(aws) -> None:
    watch(ROOT, environment="any")
    watch("ou-prod", environment="production")
    aws.accounts["ou-prod"].append(account(8))

    read()

    assert ManagedAccount.objects.get().environment == "production"


def test_a_tag_names_who_may_write(aws) -> None:
    watch("ou-work", tag="team")
    aws.accounts["ou-work"] += [account(8), account(9), account(10)]
    aws.tags = {
        "000000000008": {"team": "web"},
        "000000000009": {"team": "\x01not a role\n"},
    }

    read(tags=True)

    roles = dict(ManagedAccount.objects.values_list("name", "write_roles"))
    assert roles == {"m8": ["web"], "m9": ["operators"], "m10": ["operators"]}


def test_a_draft_that_was_deleted_does_not_come_back(aws) -> None:
    watch(ROOT)
    aws.accounts[ROOT].append(account(8))
    read()
    ManagedAccount.objects.all().delete()

    read()

    assert drafts() == []


def test_an_account_that_is_kept_in_aws_does_not_come_back(aws) -> None:
    watch(ROOT)
    ManagingAccount.objects.update(kept_roles=[kept_role(8)])
    aws.accounts[ROOT].append(account(8))

    read()

    assert drafts() == []


def test_an_account_that_left_and_came_back_is_new_again(aws) -> None:
    watch(ROOT)
    aws.accounts[ROOT].append(account(8))
    read()
    ManagedAccount.objects.all().delete()
    aws.accounts[ROOT].pop()
    read()
    aws.accounts[ROOT].append(account(8))

    read()

    assert drafts() == ["m8"]


def test_neither_inactive_nor_described_accounts_become_drafts(aws) -> None:
    watch(ROOT)
    account_row("known", account_id="000000000008")
    aws.accounts[ROOT] += [account(8), account(9, state="PENDING_ACTIVATION")]

    read()
    assert drafts() == ["known"]

    aws.accounts[ROOT][-1]["State"] = "ACTIVE"
    read()
    assert drafts() == ["known", "m9"]


def test_one_that_cannot_be_described_says_why_and_stops_nothing(aws) -> None:
    row = watch(ROOT)
    Watch.objects.filter(pk=row.pk).update(environment="Not a name")
    aws.accounts[ROOT].append(account(8))

    assert read().message == ""

    refused = Member.objects.get(name="m8")
    assert refused.draft_refused.startswith("Use 1 to 60")
    assert drafts() == []
    assert not watched_drafts().exists()


def test_many_new_accounts_are_described_in_steps(aws) -> None:
    watch(ROOT)
    aws.accounts[ROOT] += [account(number) for number in range(100, 145)]

    read()

    assert len(drafts()) == 45


def test_watching_and_its_end_are_recorded(aws) -> None:
    row = watch("ou-work")
    stop_watching(row, person("operator"))
    aws.accounts["ou-work"].append(account(8))

    read()

    began, ended = Activity.objects.order_by("number")
    assert (began.what, began.about) == (Activity.What.WATCH, "Root / Workloads")
    assert began.detail["access_role"] == "Access"
    assert (ended.what, ended.about) == (Activity.What.UNWATCH, "Root / Workloads")
    assert drafts() == []


@pytest.mark.parametrize("daily", [True, False])
def test_the_schedule_reads_what_somebody_read_before(aws, settings, daily) -> None:
    settings.READ_ORGANIZATION_DAILY = daily

    read_organizations()

    assert kept().is_reading == daily
    assert kept().asked_by is None


def test_the_schedule_begins_nothing_by_itself(aws) -> None:
    row = kept()
    row.delete()

    read_organizations()

    assert not type(row).objects.exists()


def test_whoever_watches_a_unit_is_notified_once_of_a_reading(aws, settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    work, prod = watch("ou-work"), watch("ou-prod")
    aws.accounts["ou-prod"] += [account(8), account(9)]
    aws.accounts["ou-work"].append(account(10))

    again = [read() for _ in range(2)]

    assert dict(Notification.objects.values_list("person", "reading")) == {
        work.created_by_id: again[0].reading,
        prod.created_by_id: again[0].reading,
    }
    bodies = {one.person: text_of(one) for one in Notification.objects.all()}
    said = bodies[prod.created_by]
    assert said is not None
    assert said.subject == "Bowline: 2 new accounts in units that you watch"
    assert "- m8 (000000000008) in Root / Workloads / Prod\n- m9" in said.body


def test_a_reading_that_fails_after_drafts_notifies_too(aws, settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    watch("ou-prod")
    aws.accounts["ou-prod"].append(account(8))
    read()
    row = kept()
    Notification.objects.all().delete()
    row.take_lease()

    reading.end(row, message="Bowline failed.")

    assert Notification.objects.get().reading == row.reading


def test_a_reading_without_new_accounts_notifies_nobody(aws, settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    watch("ou-prod")

    read()

    assert not Notification.objects.exists()


def test_a_watch_is_made_changed_and_ended_where_the_role_is(aws) -> None:
    olga = person("operator", username="olga")
    limit(olga, OPERATOR, ["test"], None)
    unit = Unit.objects.get(unit_id="ou-work")
    other = {**SHARED, "environment": "test"}

    with pytest.raises(Outside, match="is in staging"):
        watch_unit(unit, SHARED, "", olga)
    assert not Watch.objects.exists()
    made = watch("ou-work")
    with pytest.raises(Outside):
        watch_unit(unit, other, "", olga)
    with pytest.raises(Outside):
        stop_watching(made, olga)
    assert Watch.objects.get().environment == "staging"
    Watch.objects.update(environment="test")
    stop_watching(watch_unit(unit, other, "", olga), olga)
    assert not Watch.objects.exists()
