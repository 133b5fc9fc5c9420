"""A plan by which Spinnaker loses accounts: what its page says, and asks for."""

from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.models.states import Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from tests.accounts.web.answers import read
from tests.plans import FIVE, losing_run
from tests.rows import account_row, person, step_row

pytestmark = pytest.mark.usefixtures("managing")


def test_what_spinnaker_loses_asks_for_the_managing_accounts_name(approver) -> None:
    account_row("web-prod", account_id=FIVE[1])
    run = losing_run()
    url = f"{run.get_absolute_url()}approve/"

    shown = approver.get(run.get_absolute_url()).content.decode()
    refused = approver.post(url, read(run)).content.decode()
    left = Run.objects.get().status
    approver.post(url, read(run, confirmation="core"))

    asked = "After this plan, Spinnaker can no longer assume 4 roles. Type core to"
    assert asked in shown
    assert '<button class="btn btn-danger">Approve' in shown
    assert "Type the account&#x27;s name, core" in refused
    assert left == Status.PLANNED
    assert Run.objects.get().status == Status.APPLYING


def test_the_accounts_that_are_lost_are_named_where_bowline_knows_them(approver):
    account_row("web-prod", account_id=FIVE[1])
    run = losing_run(FIVE[:1] + FIVE[2:])

    shown = approver.get(run.get_absolute_url()).content.decode()

    assert (
        "<b>Spinnaker loses access.</b> Spinnaker can no longer assume roles in 1 "
        "account: web-prod (222222222222). </p>"
    ) in shown


def test_losing_most_of_the_list_is_said(approver) -> None:
    run = losing_run()

    shown = approver.get(run.get_absolute_url()).content.decode()

    assert (
        "roles in 4 accounts: 222222222222, 333333333333, 444444444444, and 1 more. "
        "That is 4 of 5 on its list."
    ) in shown


def test_a_page_says_where_a_plan_is_decided_by_which_spinnaker_loses(client) -> None:
    account_row("web-prod", account_id=FIVE[1], environment="production")
    own = account_row("web-dev", account_id=FIVE[0], environment="dev")
    run, whole = losing_run(FIVE[:1], account=own), losing_run(FIVE[:1] + FIVE[2:])
    lee = person("approver")
    limit(lee, APPROVER, ["dev", "production"], None)
    client.force_login(lee)

    html = client.get(run.get_absolute_url()).content.decode()
    of_managing = client.get(whole.get_absolute_url()).content.decode()

    where = "dev and production; 3 accounts that aren&#x27;t in Bowline"
    assert f"<dt>Needs approver for</dt><dd>{where}</dd>" in html
    assert f"The environment of {where[20:]} is unknown" in html
    assert "btn-danger" not in html
    decided = "<dt>Needs approver for</dt><dd>the managing account; production</dd>"
    assert decided in of_managing


def test_that_a_removal_takes_its_account_is_not_said_twice(approver) -> None:
    run = losing_run(FIVE[1:], account=account_row(), kind=Run.Kind.REMOVE)
    alone = approver.get(run.get_absolute_url()).content.decode()
    step_row(run, verb="delete", before={"name": "x"}, after=None)

    shown = approver.get(run.get_absolute_url()).content.decode()

    assert "can no longer assume 1 role. Type staging to continue" in alone
    assert "This plan deletes 1 resource in AWS. Type staging to continue" in shown
    assert "After this plan" not in shown
    assert "Spinnaker loses access" not in shown
