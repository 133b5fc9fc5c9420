"""Existing roles on pages: what is next, for one account and for all."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.api.v1.runs import plan_in_full
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, Rollout, Run
from accounts.models.checks import PASSED, WRITES, today
from accounts.models.states import State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from onboarding.resources.policy import Policy
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.runs.foreign.test_unverified_by_trust import failing, refused
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, managing_row, run_row, step_row

Taken = FoundRoles.Taken
ALIKE = "a" * 64
JUNE = "2026-06-01T00:00:00+00:00"
PAGE = "/accounts/existing-roles/"
ALL = ["-", "prod", "test"]


def adopted(name: str, number: int, taken: str, **fields: Any) -> ManagedAccount:
    account = account_row(
        name,
        **{
            "account_id": f"{number:012}",
            "adopts": True,
            "uses_external_id": False,
            "granted_at": timezone.now(),
            "state": State.VERIFIED,
            "verification": State.VERIFIED,
            "verified_at": timezone.now(),
            "verified": {"entries": [], "managed": {}},
            **fields,
        },
    )
    FoundRoles.objects.create(account=account, taken=taken, read_at=timezone.now())
    return account


@pytest.fixture
def accounts(managing) -> list[ManagedAccount]:
    rows = [
        adopted("wide", 1, Taken.POLICIES, environment="test"),
        adopted("wider", 2, Taken.POLICIES, environment="prod"),
        adopted("trusting", 3, Taken.TRUST),
        adopted("ready", 4, Taken.TAG),
        adopted("owned", 5, Taken.OWNED),
    ]
    account_row("unplanned", account_id="6" * 12, adopts=True)
    for number, account in enumerate(rows[:2]):
        foreign_row(account, digest=f"{number}" * 64, removable=False)
    return rows


def tab(client: Client, account: ManagedAccount) -> str:
    return client.get(f"{account.get_absolute_url()}?tab=of-others").text


def test_the_account_shows_its_next_step(operator: Client, accounts: Any) -> None:
    wide, _, trusting, ready, owned = accounts

    assert "Plan to detach" in tab(operator, wide)
    assert "Plan to detach" not in tab(operator, trusting)
    assert 'btn-primary">Plan to replace it' in tab(operator, trusting)
    assert "to replace it" not in tab(operator, ready)
    assert 'btn-primary">Plan to take them over' in tab(operator, ready)
    assert "Plan to take them over" not in tab(operator, owned)


def test_roles_that_a_stack_manages_are_shown_as_they_are_to_be_there(
    operator: Client,
) -> None:
    managing_row()
    stacked = adopted("stacked", 6, Taken.OUTSIDE)
    stack = "the CloudFormation stack <roles> in us-east-1"
    FoundRoles.objects.update(managed_by={"spinnakerManaged": stack})

    shown = tab(operator, stacked)

    assert "is managed by the CloudFormation stack &lt;roles&gt; in" in shown
    assert "AssumeRolePolicyDocument:" in shown
    assert "assume_role_policy = jsonencode(" in shown
    assert "/take-over/" not in shown  # nothing here changes them
    every = operator.get(PAGE).text
    assert "Change the roles where they are managed" in every
    assert "Plan this step" not in every


def test_a_plan_says_what_can_undo_it(operator: Client, managing) -> None:
    stacked = adopted("stacked", 6, Taken.OUTSIDE, state=State.PLANNED)
    FoundRoles.objects.update(managed_by={"spinnakerManaged": "Terraform"})
    run = run_row(Status.PLANNED, account=stacked)
    verified = run_row(Status.VERIFIED, account=stacked)

    assert "spinnakerManaged is managed by" in operator.get(run.get_absolute_url()).text
    assert "is managed by" not in operator.get(verified.get_absolute_url()).text


def test_a_step_is_blue_only_where_nothing_else_comes_first(
    operator: Client, accounts: Any
) -> None:
    trusting = accounts[2]
    ManagedAccount.objects.filter(pk=trusting.pk).update(state=State.FAILED)

    shown = tab(operator, trusting)

    assert 'btn-secondary">Plan to replace it' in shown
    assert shown.count("btn-primary") == 1


def test_an_account_whose_roles_bowline_made_has_no_such_tab(operator: Client) -> None:
    managing_row()
    account = account_row()
    FoundRoles.objects.create(account=account, read_at=timezone.now())

    assert "Existing roles" not in operator.get(account.get_absolute_url()).text


def test_the_reason_stands_in_place_of_a_step_that_cannot_be(
    operator: Client, accounts: Any
) -> None:
    ManagedAccount.objects.filter(name="trusting").update(uses_external_id=True)

    shown = tab(operator, accounts[2])

    assert "send the external ID of trusting yet" in shown
    assert "to replace it" not in shown


def test_an_account_that_fails_for_its_trust_leads_to_the_step(
    operator: Client, managing: Any
) -> None:
    account = failing(refused(), uses_external_id=False)
    FoundRoles.objects.create(
        account=account, taken=Taken.POLICIES, read_at=timezone.now()
    )

    shown = tab(operator, account)

    assert '?tab=of-others">Replace the trust policy</a>' in shown
    assert 'btn-primary">Plan to replace it' in shown
    assert shown.count("btn-primary") == 1
    failed = operator.get(Run.objects.get().get_absolute_url()).text
    assert '?tab=of-others">Replace the trust policy</a>' in failed
    assert 'btn-secondary">Plan again' in failed
    operator.post(f"/accounts/{account.pk}/take-over/", {"step": "trust"})
    assert Run.objects.latest("number").takes_over == "Replace the trust policy"


def found_base(*services: str, owned: bool = False) -> dict[str, Any]:
    names = [f"{one}.amazonaws.com" for one in services]
    trust = Policy.allowing(
        {"Principal": {"Service": names}, "Action": "sts:AssumeRole"}
    )
    return {
        "name": "BaseIAMRole",
        "owned": owned,
        "trust": trust.document["Statement"],
        "boundary": "",
        "within": False,
        "counts": {},
        "uncounted": [],
    }


def test_the_trust_of_a_base_role_is_replaced_by_itself(
    operator: Client, accounts: Any
) -> None:
    ready = accounts[3]
    services = ("ec2", "lambda", *(f"s{number}" for number in range(30)))
    FoundRoles.objects.filter(account=ready).update(roles=[found_base(*services)])

    shown = tab(operator, ready)

    assert "AWS&#x27;s service lambda.amazonaws.com can assume it." in shown
    assert "service ec2.amazonaws.com can" not in shown
    assert "11 more can, too." in " ".join(shown.split())
    operator.post(f"/accounts/{ready.pk}/take-over/", {"step": "services-trust"})
    run = Run.objects.get()
    assert run.takes_over == "Replace the trust policies of roles for AWS's services"


@pytest.mark.parametrize(
    "found", [found_base("ec2"), found_base("ec2", "lambda", owned=True)]
)
def test_a_base_role_as_planned_or_of_bowlines_has_nothing_to_replace(
    operator: Client, accounts: Any, found: Any
) -> None:
    FoundRoles.objects.filter(account=accounts[3]).update(roles=[found])

    assert "services-trust" not in tab(operator, accounts[3])


def test_it_plans_what_was_selected(operator: Client, accounts: Any) -> None:
    wide = accounts[0]

    operator.post(
        f"/accounts/{wide.pk}/take-over/", {"step": "policies", "detach": [ALIKE]}
    )

    run = Run.objects.get()
    assert (run.account, run.takes_over) == (wide, "Detach 1 policy of others")


def test_nothing_selected_plans_nothing(operator: Client, accounts: Any) -> None:
    answer = operator.post(f"/accounts/{accounts[0].pk}/take-over/")

    assert messages_of(answer) == "Select at least one policy to detach."
    assert not Run.objects.exists()


def test_what_was_taken_over_can_be_undone(operator: Client, accounts: Any) -> None:
    run = run_row(
        Status.VERIFIED,
        account=accounts[2],
        approved_at=timezone.now(),
        finished_at=timezone.now(),
        take_over={
            "detaches": [ALIKE],
            "trust": False,
            "owns": False,
            "undoes": [],
            "undone_run": 0,
        },
    )
    before = {"policy_arn": "arn:aws:iam::aws:policy/PowerUserAccess", "to_user": False}
    step_row(
        run,
        kind="attachment",
        name="spinnakerManaged/PowerUserAccess",
        verb="delete",
        before=before,
        after=None,
        status="done",
    )
    assert "Undo" in tab(operator, accounts[2])

    operator.post(f"/runs/{run.pk}/undo/")

    undo = Run.objects.exclude(pk=run.pk).get()
    assert undo.takes_over == f"Undo run {run.number}"
    Run.objects.filter(pk=undo.pk).update(
        approved_at=timezone.now(), status=Status.VERIFIED
    )
    assert "/undo/" not in tab(operator, accounts[2])


def test_all_accounts_are_listed_by_their_next_step(
    operator: Client, accounts: Any
) -> None:
    shown = operator.get(PAGE).text

    order = ["Detach the policies", "Replace", "Make the roles", "Taken over <"]
    places = [shown.index(title) for title in order]
    assert places == sorted(places)
    assert "AdministratorAccess" in shown
    assert "?existing=policies" in shown
    assert "Taken over in 1 of 5 accounts." in " ".join(shown.split())


def test_the_first_step_that_has_accounts_is_the_one_to_take(
    operator: Client, accounts: Any
) -> None:
    ManagedAccount.objects.filter(name__startswith="wide").delete()

    shown = operator.get(PAGE).text

    assert "Detach the policies" not in shown
    assert shown.count("btn-primary") == 1


def test_without_existing_roles_the_page_says_how_they_come(viewer: Client) -> None:
    assert "No existing roles" in viewer.get(PAGE).text
    assert PAGE not in viewer.get("/accounts/").text


def test_the_list_of_accounts_leads_there(viewer: Client, accounts: Any) -> None:
    assert PAGE in viewer.get("/accounts/").text
    shown = viewer.get("/accounts/?existing=trust").text
    assert "trusting" in shown
    assert "wider" not in shown


@pytest.mark.parametrize(
    ("step", "sent", "names"),
    [
        (
            "policies",
            {"detach": [ALIKE], "environment": ["prod", "test"]},
            ["wide", "wider"],
        ),
        ("policies", {"detach": [ALIKE], "environment": "prod"}, ["wider"]),
        ("trust", {"environment": ALL}, ["trusting"]),
        ("tag", {"environment": "-"}, ["ready"]),
    ],
)
def test_a_step_of_many_is_a_rollout(
    operator: Client, accounts: Any, step: str, sent: dict[str, Any], names: list[str]
) -> None:
    operator.post(f"{PAGE}take-over/", {"step": step, **sent})

    rollout = Rollout.objects.get()
    runs = rollout.runs.exclude(account=None).order_by("account_name")
    assert [run.account_name for run in runs] == names
    assert all(run.take_over == rollout.take_over for run in runs)


@pytest.mark.parametrize(
    ("sent", "missing"),
    [
        ({"step": "policies", "environment": ALL}, "policy to detach"),
        ({"step": "owned", "environment": ALL}, "policy to detach"),
        ({"step": "x", "environment": ALL}, "policy to detach"),
        ({"step": "trust"}, "environment"),
        ({}, "environment"),
    ],
)
def test_no_step_starts_nothing(
    operator: Client, accounts: Any, sent: Any, missing: str
) -> None:
    answer = operator.post(f"{PAGE}take-over/", sent)

    says = f"Select at least one {missing}. Nothing was started."
    assert messages_of(answer) == says
    assert not Rollout.objects.exists()


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ({"unread": "AWS denied it."}, "know what R uses.</b> AWS denied it."),
        ({"missing": [{"action": "s3:GetObject", "at": JUNE}]}, "s3:GetObject"),
        ({}, "allow everything that R has used"),
        (
            {"loses_services": True, "users": ["Lambda function f"], "more_users": 7},
            "<li>Lambda function f</li>",
        ),
        ({"loses_services": True}, "found nothing that uses R</b>"),
        (
            {"loses_services": True, "unread_users": ["AWS denied <it>."]},
            "AWS denied &lt;it&gt;.",
        ),
        (
            {"loses_services": True, "last_used": JUNE, "last_region": "eu-west-1"},
            "The role was last used",
        ),
    ],
)
def test_a_plan_says_what_the_role_has_used(
    operator: Client, accounts: Any, role: Any, says: str
) -> None:
    one = {"role": "R", "unread": "", "missing": [], "more": 0, **role}
    run = run_row(Status.PLANNED, account=accounts[0], evidence=[one])
    step_row(run)

    assert says in operator.get(run.get_absolute_url()).text


def test_a_plan_says_first_who_else_can_assume_a_role_that_gets_permissions(
    operator: Client, accounts: Any
) -> None:
    sentences = [f"Role r{number} can assume it." for number in range(300)]
    others = [{"sentence": "Anybody in AWS can assume it.", "anybody": True}]
    others += [{"sentence": one, "anybody": False} for one in sentences]
    one = {
        "role": "spinnakerManaged",
        "account": accounts[0].account_id,
        "loses_policies": False,
        "others": others,
    }
    run = run_row(Status.PLANNED, account=accounts[0], evidence=[one])
    step_row(run, kind="inline policy", name="spinnakerManaged/BowlinePassRole")

    shown = operator.get(run.get_absolute_url()).text

    first = shown.index("Who else can assume")
    assert shown.index("Anybody in AWS can assume it.") < first
    assert 'class="bad">Role r0 can assume it.</span>' in shown
    assert "Role r49 can" in shown
    assert "Role r50 can" not in shown
    assert "And 250 more. The API lists all of them" in shown
    assert "has used" not in shown
    assert len(plan_in_full(run)["other_assumers"]) == 301


def test_a_limited_role_takes_a_step_in_its_own_environments(
    operator: Client, accounts: Any
) -> None:
    limit(User.objects.get(username="operator"), OPERATOR, ["prod"], None)

    sent = {"step": "policies", "detach": [ALIKE], "environment": ALL}
    operator.post(f"{PAGE}take-over/", sent)

    runs = Rollout.objects.get().runs.exclude(account=None)
    assert [run.account_name for run in runs] == ["wider"]


@pytest.mark.parametrize("kind", [WRITES, f"{PASSED}attachment"])
def test_what_is_no_policy_of_these_roles_or_accepted_is_not_offered(
    operator: Client, accounts: Any, kind: str
) -> None:
    ForeignPolicy.objects.filter(account=accounts[0]).update(kind=kind)
    ForeignPolicy.objects.filter(account=accounts[1]).update(
        until=today(), accepted_at=timezone.now()
    )

    shown = [tab(operator, one) for one in accounts[:2]] + [operator.get(PAGE).text]

    assert not any('name="detach"' in text for text in shown)
