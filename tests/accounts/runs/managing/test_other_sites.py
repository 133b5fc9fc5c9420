"""A second database on the same managing account: what the first one put on the list of
roles that Spinnaker may assume stays, and nobody writes over the other unasked.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from accounts.mapping.managing import managing_row
from accounts.models import Activity, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import approve, plan, plan_managing
from accounts.runs.managing.kept_roles import take_role_off
from accounts.runs.managing.other_sites import adopt_list
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.runs.carried import (
    DEV,
    STAGING,
    carried,
    done,
    member,
    onboarded,
    root,
)
from tests.attack.freezing import assumed
from tests.rows import managing_row as new_managing_row
from tests.rows import person

pytestmark = pytest.mark.django_db(transaction=True)

LOOKUP = MANAGING.arn("policy/bowline/managing/BowlineRegionLookup")
TOOLS = MEMBERS[3]


def tags(here: Credentials) -> dict[str, str]:
    policy = root(here, MANAGING, "iam").get_policy(PolicyArn=LOOKUP)["Policy"]
    return {tag["Key"]: tag["Value"] for tag in policy["Tags"]}


def second_database(**fields: Any) -> ManagingAccount:
    """Go on with a database that knows nothing of what was done."""
    Run.objects.all().delete()
    ManagedAccount.objects.all().delete()
    ManagingAccount.objects.all().delete()
    plain = {"name": MANAGING.name, "account_id": MANAGING.account_id}
    return new_managing_row(**{**plain, **fields})


@pytest.fixture
def three(here: Credentials) -> Credentials:
    """Return an AWS in which one database onboarded three accounts."""
    for one in (DEV, STAGING, TOOLS):
        onboarded(member(one))
    return here


THREE = {DEV.account_id, STAGING.account_id, TOOLS.account_id}


def test_another_database_plans_nothing_and_says_what_it_found(
    three: Credentials,
) -> None:
    first = managing_row()
    second_database()
    mine = member()

    run = carried(plan(mine, None))

    assert run.status == Status.FAILED
    assert (run.error or {})["code"] == "OtherSite"
    said = (run.error or {})["message"]
    assert f"the database {first.site} changed it 4 times" in said
    assert "3 roles that this database didn't put there are on the list" in said
    assert "--adopt-list" in (run.error or {})["hint"]
    assert assumed(three) == THREE
    assert managing_row().other_site["roles"]


def test_what_is_adopted_stays_on_the_list_while_others_are_onboarded(
    three: Credentials,
) -> None:
    second_database()
    assert carried(plan_managing(None)).status == Status.FAILED

    row = adopt_list(person("operator"))

    assert [(one.account, one.who) for one in row.kept] == [("", "operator")] * 3
    assert row.other_site == {}
    entry = Activity.objects.get(what="adopt list")
    assert len(entry.detail["roles"]) == 3
    another = member(MEMBERS[4])
    assert onboarded(another).status == Status.VERIFIED
    assert assumed(three) == {*THREE, another.account_id}
    assert managing_row().state == State.VERIFIED
    assert tags(three) == {
        "managed-by": "bowline",
        "bowline-site": str(row.site),
        "bowline-revision": "5",
    }


def test_each_change_of_the_managing_account_moves_the_tags_on(
    here: Credentials,
) -> None:
    onboarded(member())
    row = managing_row()
    first = tags(here)
    onboarded(member(STAGING))

    assert first["bowline-site"] == tags(here)["bowline-site"] == str(row.site)
    assert [int(one["bowline-revision"]) for one in (first, tags(here))] == [2, 3]
    assert managing_row().revision == 3


def test_what_changes_nothing_moves_nothing_on(here: Credentials) -> None:
    onboarded(member())
    before = tags(here)

    assert carried(plan_managing(None)).status == Status.VERIFIED
    assert (tags(here), managing_row().revision) == (before, 2)


def test_an_adopted_role_leaves_by_a_decision_that_names_it(
    three: Credentials,
) -> None:
    second_database()
    carried(plan_managing(None))
    adopt_list(None)
    take_role_off(person("operator"), arn=DEV.arn("role/spinnakerManaged"))

    run = done(carried(plan_managing(None)))

    assert run.status == Status.VERIFIED, run.error
    assert assumed(three) == THREE - {DEV.account_id}


def test_what_was_adopted_is_adopted_again_after_another_change(
    three: Credentials,
) -> None:
    second_database()
    carried(plan_managing(None))
    adopt_list(None)
    moved = [{"Key": "bowline-revision", "Value": "5"}]
    root(three, MANAGING, "iam").tag_policy(PolicyArn=LOOKUP, Tags=moved)

    run = carried(plan_managing(None))

    assert "changed it 5 times" in (run.error or {})["message"]


def test_a_restored_backup_plans_nothing(three: Credentials) -> None:
    row = managing_row()
    ManagedAccount.objects.filter(account_id=TOOLS.account_id).delete()
    ManagingAccount.objects.update(revision=row.revision - 1)

    run = carried(plan_managing(None))

    assert run.status == Status.FAILED
    said = (run.error or {})["message"]
    assert "4 times by then, and 3 by this one" in said
    assert "This one may be a restored backup." in said
    assert f"{TOOLS.account_id}:role/spinnakerManaged" in said
    assert assumed(three) == THREE

    adopt_list(None)
    assert carried(plan_managing(None)).status == Status.VERIFIED
    assert assumed(three) == THREE


def test_a_role_without_tags_of_another_database_stays_too(
    three: Credentials,
) -> None:
    keys = ["bowline-site", "bowline-revision"]
    root(three, MANAGING, "iam").untag_policy(PolicyArn=LOOKUP, TagKeys=keys)
    second_database()

    run = carried(plan(member(), None))

    assert run.status == Status.FAILED
    assert "3 roles that this database didn't put there" in (run.error or {})["message"]
    assert "Another Bowline" not in (run.error or {})["message"]


def test_a_change_between_plan_and_approval_stops_the_run(three: Credentials) -> None:
    another = member(MEMBERS[4])
    run = carried(plan(another, None))
    assert run.status == Status.PLANNED, run.error
    other = str(uuid4())
    root(three, MANAGING, "iam").tag_policy(
        PolicyArn=LOOKUP, Tags=[{"Key": "bowline-site", "Value": other}]
    )

    assert approve(run, None)
    run = carried(run)

    assert run.status == Status.OUTDATED
    assert other in (run.error or {})["message"]
    assert assumed(three) == THREE
