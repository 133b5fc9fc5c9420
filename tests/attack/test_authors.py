"""Tried: whoever caused a change approves it alone, because another plan carries it,
because a colleague touched the account since, because the account left the strict
environment, or because something else than a person wrote it.

Refused: everybody who caused it since the last approval counts, wherever it was edited;
an account is in what it was last approved in until somebody else approves the move.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts.mapping.accounts_file import preview_all, register_all
from accounts.mapping.edits import editing
from accounts.mapping.entries import keep_approved
from accounts.mapping.plans import plan_of
from accounts.mapping.spinnaker import claim_names, describe_spinnaker
from accounts.models import (
    Delivery,
    ManagedAccount,
    ManagingAccount,
    Run,
    Spinnaker,
)
from accounts.models.states import State, Status
from accounts.people.deciding import Outside, PlanChanged, SamePerson
from accounts.people.policies import choose
from accounts.people.reach import DecisionReach, as_stored
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs.actions import approve
from accounts.runs.deciding.forgetting import leave_in_aws
from accounts.runs.deciding.same_changes import approve_same
from accounts.runs.rollouts.decisions import approve_group
from accounts.spinnaker.bundles import exclude_from_bundles
from accounts.spinnaker.deliveries import decisions as deliveries
from onboarding.accounts_file import read_accounts_file as file
from onboarding.delivery.connection import Connection, SignInBy
from tests.accounts.runs.deciding.test_forgetting import adopted
from tests.accounts.runs.rollouts.rows import SAME, plan, started
from tests.accounts.web.answers import messages_of, read
from tests.rows import (
    account_row,
    decider,
    edit_managing,
    managing_row,
    person,
    run_row,
    step_row,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return decider("olga")


@pytest.fixture
def paul() -> User:
    return decider("paul")


TOUCHED = DecisionReach(frozenset({("dev", "dev")}), managing=True)


def identity_loses_a_policy(editor: User) -> Run:
    """Let a plan of another person's for a dev account wait that would bring along
    what was edited in the managing account.
    """
    choose("", second_approver=True)
    managing = managing_row(bakes=True)
    edit_managing(editor, bakes=False)
    managing.refresh_from_db()
    account, by = account_row("dev", environment="dev"), person("operator")
    run = run_row(
        account=account,
        managing_version=managing.version,
        created_by=by,
        reach=as_stored(TOUCHED, "", managing_first=False),
    )
    step_row(
        run,
        account_id=managing.account_id,
        account_name=managing.name,
        verb="delete",
        kind="managed policy",
        name="BowlineBake",
    )
    return run


def test_who_edited_the_managing_account_approves_no_plan_that_carries_it(
    olga, paul
) -> None:
    run = identity_loses_a_policy(olga)
    browser = Client()
    browser.force_login(olga)

    page = browser.get(run.get_absolute_url()).content.decode()
    answer = browser.post(
        f"{run.get_absolute_url()}approve/", read(run, confirmation="dev")
    )

    assert "olga edited the managing account. Another person must approve" in page
    assert "Another person must approve" in messages_of(answer)
    assert Run.objects.get().status == Status.PLANNED
    assert approve(run, paul)


def test_a_role_for_dev_only_approves_no_plan_that_changes_what_all_share(
    olga, paul
) -> None:
    run = identity_loses_a_policy(olga)
    limit(paul, APPROVER, ["dev"], None)

    with pytest.raises(Outside, match="All environments share the managing account"):
        approve(run, paul)


def test_a_colleagues_harmless_edit_launders_nothing(olga, paul, managing) -> None:
    account = account_row(
        environment="production", verification=State.VERIFIED, write_roles=["sre"]
    )
    for by, roles in ((olga, []), (paul, ["lambda"])):
        with editing(account, by):
            ManagedAccount.objects.update(write_roles=roles, read_roles=roles)
    run = run_row(account=ManagedAccount.objects.get(), version=3)

    for by in (olga, paul):
        with pytest.raises(SamePerson, match=f"{by} edited the account"):
            approve(run, by)
    assert approve_same(run.fingerprint, [str(run.pk)], olga).done == []


def test_an_edit_of_the_managing_account_is_one_of_each_account_that_it_changes(
    olga, paul
) -> None:
    managing = managing_row()
    account_row(environment="production", verification=State.VERIFIED)
    edit_managing(olga, managed_role="spinnakerEverywhere")
    managing.refresh_from_db()
    run = run_row(
        account=ManagedAccount.objects.get(),
        version=2,
        managing_version=managing.version,
        created_by=paul,
        alone=True,
    )

    with pytest.raises(SamePerson, match="olga edited the account"):
        approve(run, olga)


def test_who_uploaded_a_file_caused_what_is_new_and_what_changes_in_it(olga) -> None:
    managing_row()
    account_row(environment="production", verification=State.VERIFIED)
    account = {"regions": ["us-east-1"], "environment": "production", "providers": {}}
    each = [
        {**account, "name": name, "account_id": number * 12, "providers": {"ec2": {}}}
        for name, number in (("staging", "9"), ("new", "8"))
    ]
    each[0] |= {"account_id": "922222222222", "permissions": {"READ": ["sre"]}}

    register_all(file(json.dumps({"accounts": each}).encode()), olga)

    for row in ManagedAccount.objects.all():
        assert list(row.authors.all()) == [olga], row.name


def test_only_an_approval_that_was_carried_out_forgets_who_edited(olga, paul) -> None:
    managing_row()
    account = account_row(environment="production")
    account.authors.add(olga)
    run = run_row(account=account, created_by=paul)

    keep_approved(run)
    unapproved = list(account.authors.all())
    with pytest.raises(SamePerson):
        approve(run, olga)
    assert approve(run, decider("quinn"))
    run.refresh_from_db()
    account.touch()
    keep_approved(run)
    edited_meanwhile = list(account.authors.all())
    ManagedAccount.objects.update(version=run.version)
    keep_approved(run)

    assert unapproved == edited_meanwhile == [olga]
    assert not account.authors.exists()


def test_who_planned_what_was_evaluated_is_remembered_with_all_who_caused_it(
    olga,
) -> None:
    managing_row()
    verification = {"state": State.EVALUATED, "verification": State.EVALUATED}
    account = account_row(environment="production", **verification)
    run_row(
        Status.EVALUATED, account=account, authors={"edited the account": [olga.pk]}
    )
    browser = Client()
    browser.force_login(olga)

    answer = browser.post(f"/accounts/{account.pk}/accept/")

    assert "olga edited the account. Another person must approve" in messages_of(answer)
    assert ManagedAccount.objects.get().accepted_at is None


def test_a_group_of_a_rollout_is_judged_as_each_of_its_plans_is(olga, managing) -> None:
    row = started(3, environment="production")
    plan(row)
    first, second, third = Run.objects.exclude(account=None).order_by("number")
    first.account.authors.add(olga)
    Run.objects.filter(pk=second.pk).update(authors={"edited the account": [olga.pk]})

    approved = approve_group(row, SAME, olga)

    assert len(approved.done) == 1
    assert all("olga edited the account" in one for one in approved.reasons)
    third.refresh_from_db()
    assert third.status == Status.APPROVED


def test_a_group_counts_the_managing_accounts_part_of_its_plans(olga, managing) -> None:
    choose("production", second_approver=True)
    row = started(1, by=olga, environment="dev")
    plan(row)
    touched = {"managing": True, "environments": ["dev"], "second": ""}
    Run.objects.filter(rollout=row).update(reach=touched)

    approved = approve_group(row, SAME, olga)

    assert approved.done == []
    assert "For the managing account" in approved.reasons[0]


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("authors", {"edited the account": [1]}),
        ("reach", {"environments": ["production"]}),
    ],
)
def test_what_is_approved_is_where_and_by_whom_it_was_caused_too(
    column: str, other: dict[str, object], paul: User
) -> None:
    managing_row()
    shown = {"managing": False, "environments": ["staging"], "second": ""}
    run = run_row(account=account_row(environment="staging"), reach=shown)
    seen = plan_of(run).digest
    now = {**getattr(run, column), **other}
    Run.objects.filter(pk=run.pk).update(**{column: now})

    with pytest.raises(PlanChanged):
        approve(Run.objects.get(), paul, read=seen)


def test_the_page_says_where_it_is_decided_and_who_caused_it(olga) -> None:
    run = moved_out_of_production(olga)
    browser = Client()
    browser.force_login(olga)

    page = browser.get(run.get_absolute_url()).content.decode()

    assert "<dd>production and staging</dd>" in page
    assert "<dd>olga (started this plan)</dd>" in page


def moved_out_of_production(by: User) -> Run:
    managing_row()
    account = account_row(
        environment="production",
        verification=State.VERIFIED,
        read_roles=["developers"],
        write_roles=["sre"],
    )
    with editing(account, by):
        ManagedAccount.objects.update(
            environment="staging", read_roles=[], write_roles=[]
        )
    return run_row(account=ManagedAccount.objects.get(), version=2, created_by=by)


def test_nobody_leaves_a_strict_environment_alone(olga, paul) -> None:
    run = moved_out_of_production(olga)

    with pytest.raises(SamePerson, match="In production, the person who plans"):
        approve(run, olga)
    assert approve(run, paul)


def test_a_role_for_where_it_goes_does_not_take_it_out_of_where_it_is(
    olga, paul
) -> None:
    run = moved_out_of_production(olga)
    limit(paul, APPROVER, ["staging"], None)

    with pytest.raises(Outside, match="is in production"):
        approve(run, paul)


def test_who_edited_the_connection_approves_no_delivery_through_it(olga, paul) -> None:
    olga.groups.add(Group.objects.get(name="administrator"))
    describe_spinnaker(
        Connection("https://gate.example.com", "2025.3", SignInBy.NONE), olga
    )
    row = Delivery.objects.create(
        number=1,
        status=Delivery.Status.PLANNED,
        environments=["production"],
        connection_version=1,
        created_by=paul,
    )

    with pytest.raises(SamePerson, match="olga edited the Spinnaker connection"):
        deliveries.approve(row, olga)
    assert deliveries.approve(row, decider("quinn"))
    assert not Spinnaker.objects.get().authors.exists()


def test_who_edited_the_connection_after_the_plan_is_an_author_still(
    olga, paul
) -> None:
    olga.groups.add(Group.objects.get(name="administrator"))
    before = Connection("https://gate.example.com", "2025.3", SignInBy.NONE)
    describe_spinnaker(before, olga)
    row = deliveries.start(paul)
    row.move(Delivery.Status.PLANNED, since=(Delivery.Status.PLANNING,))
    Delivery.objects.update(environments=["production"])
    describe_spinnaker(replace(before, url="https://gate2.example.com"), olga)

    with pytest.raises(SamePerson, match="olga edited the Spinnaker connection"):
        deliveries.approve(row, olga)
    deliveries.approve(row, decider("quinn"))

    assert [*Spinnaker.objects.get().authors.all()] == [olga]


def waiting_delivery(by: User) -> Delivery:
    return Delivery.objects.create(
        number=1,
        status=Delivery.Status.PLANNED,
        environments=["production"],
        created_by=by,
    )


def test_who_excluded_an_account_approves_no_delivery_that_removes_it(
    olga, paul, managing
) -> None:
    verified = {"state": State.VERIFIED, "verification": State.VERIFIED}
    for name, by, number in (("lost", olga, "1"), ("kept", paul, "3")):
        account = account_row(name, account_id=number * 12, **verified)
        claim_names(account)
        exclude_from_bundles(account, by)
    row = waiting_delivery(decider("quinn"))
    removes = {"verb": "delete", "type": "aws", "before": "a"}
    row.steps.create(position=1, name="lost", **removes)
    row.steps.create(position=2, name="kept", **{**removes, "after": "b"})

    with pytest.raises(SamePerson, match="olga excluded an account that it removes"):
        deliveries.approve(row, olga)
    assert deliveries.approve(row, paul)


def test_who_lets_an_account_leave_is_an_author_of_the_managing_account(paul) -> None:
    leave_in_aws(adopted(), paul)

    assert list(ManagingAccount.objects.get().authors.all()) == [paul]


@pytest.mark.parametrize(
    ("name", "value"),
    [("access_role", "Other"), ("made_by", "owner"), ("reader_role", "Reader")],
)
def test_who_edits_by_what_roles_it_is_reached_is_an_author(
    name: str, value: str, olga, managing
) -> None:
    account = account_row(made_by="bowline" if name == "made_by" else "owner")
    with editing(account, olga):
        setattr(account, name, value)
        account.save()

    assert list(account.authors.all()) == [olga]


@pytest.mark.parametrize("reads_or_writes", [preview_all, register_all])
def test_a_file_is_refused_to_whoever_could_not_edit_its_accounts(
    reads_or_writes, olga, managing
) -> None:
    limit(olga, OPERATOR, ["dev"], None)
    account = {"name": "core-too", "account_id": managing.account_id}
    account |= {
        "environment": "dev",
        "regions": ["us-east-1"],
        "providers": {"ec2": {}},
    }
    text = json.dumps({"accounts": [account]}).encode()

    with pytest.raises(Outside, match="All environments share the managing account"):
        reads_or_writes(file(text), olga)
    with pytest.raises(Outside, match="You need the operator role"):
        reads_or_writes(file(text), person("approver"))
    assert not ManagedAccount.objects.exists()
