"""A group's environments: which plans a person may approve is known before a click."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import RoleLimit, Run
from accounts.models.states import Status
from accounts.runs.rollouts.census import runs_of
from accounts.web.rollouts.same import parts_of
from tests.accounts.runs.rollouts.rows import SAME, plan, started, statuses
from tests.accounts.web.answers import messages_of
from tests.rows import person, step_row


@pytest.fixture
def both():
    """Somebody who plans and approves."""
    olga = person("operator", username="olga")
    olga.groups.add(Group.objects.get(name="approver"))
    return olga


def send(client, url: str, page: str, read: list[str], **typed: str) -> str:
    """Send the form of the page with these plans chosen; return what it tells."""
    (shown,) = re.findall(r'name="shown" value="([^"]*)"', page)
    return messages_of(client.post(url, {"read": read, "shown": shown, **typed}))


@pytest.fixture
def rollout(both, managing):
    """Four accounts with the same plan: three in dev, one in production."""
    row = started(4, by=both, environment="dev")
    last = runs_of(row).last()
    type(last.account).objects.filter(pk=last.account_id).update(
        environment="production"
    )
    plan(row)
    return row


def opened(client, rollout) -> str:
    url = reverse("accounts:rollout-group", args=[rollout.number, SAME])
    return " ".join(client.get(url).content.decode().split())


def test_what_another_person_must_approve_is_locked_with_the_reason(
    both, rollout
) -> None:
    dev, production = parts_of(runs_of(rollout), both)

    assert (dev.environment, len(dev.numbers), dev.locked) == ("dev", 3, [])
    assert production.numbers == []
    assert [count for _, count in production.locked] == [1]
    ((reason, count),) = production.locked
    assert "olga started this plan" in reason
    assert count == 1


def test_a_role_for_other_environments_is_no_button(rollout) -> None:
    limited = person("approver", username="lee")
    RoleLimit.objects.create(person=limited, role="approver", environment="production")

    dev, production = parts_of(runs_of(rollout), limited)

    assert dev.locked == [("Your approver role applies to production only.", 3)]
    assert len(production.numbers) == 1


def test_only_the_chosen_environments_are_approved(client, both, rollout) -> None:
    client.force_login(person("approver", username="ann"))
    page = opened(client, rollout)
    dev, production = parts_of(runs_of(rollout), person("approver", username="bo"))
    url = reverse("accounts:rollout-approve", args=[rollout.number, SAME])

    said = send(client, url, page, [" ".join(map(str, dev.numbers))])

    assert page.count('name="read"') == 2
    assert "3 plans are approved." in said
    assert "joined" not in said, "it was on the page, and not chosen"
    assert "Approve the chosen plans" in page
    assert statuses(rollout) == {Status.APPROVED: 3, Status.PLANNED: 1}
    left = runs_of(rollout).get(status=Status.PLANNED)
    assert [left.number] == production.numbers


def test_what_is_left_to_another_person_did_not_join_since(
    client, both, rollout
) -> None:
    client.force_login(both)
    page = opened(client, rollout)
    url = reverse("accounts:rollout-approve", args=[rollout.number, SAME])

    said = send(client, url, page, re.findall(r'name="read" value="([^"]*)"', page))

    assert "3 plans are approved." in said
    assert "joined" not in said


def test_what_is_typed_for_deletions_counts_what_the_person_may_approve(
    client, both, rollout
) -> None:
    for run in runs_of(rollout):
        step_row(run, verb="delete", before={"name": "spinnakerManaged"}, after=None)
    client.force_login(both)
    page = opened(client, rollout)
    url = reverse("accounts:rollout-approve", args=[rollout.number, SAME])
    (typed,) = re.findall("Type “([^”]*)”", page)

    send(
        client,
        url,
        page,
        re.findall(r'name="read" value="([^"]*)"', page),
        confirmation=typed,
    )

    assert statuses(rollout) == {Status.APPROVED: 3, Status.PLANNED: 1}


def test_whoever_may_approve_none_gets_no_button(client, both, rollout) -> None:
    dev = runs_of(rollout).filter(account__environment="dev")
    Run.objects.filter(pk__in=[run.pk for run in dev]).update(status=Status.DISCARDED)
    client.force_login(both)

    page = opened(client, rollout)

    assert "Someone else must approve these plans" in page
    assert "btn-primary" not in page.partition("<main")[2].partition("</main>")[0]
