"""One account's page: what stands, what was proved, and what can be done now."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Bundle, CheckResult, ManagedAccount, Run, Step
from accounts.models.states import State, Status
from accounts.runs.actions import accept
from onboarding.aws.errors import NOT_OURS
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


def standing(**fields: Any) -> ManagedAccount:
    now = timezone.now()
    plain = {"state": State.VERIFIED, "granted_at": now, "verified_at": now}
    return account_row(**{**plain, "verification": State.VERIFIED, **fields})


def run_of(account: ManagedAccount, status: Status, **fields: Any) -> Run:
    return Run.objects.create(
        account=account, account_name=account.name, status=status, **fields
    )


def page_of(client: Any, account: ManagedAccount, tab: str = "") -> str:
    return client.get(account.get_absolute_url(), {"tab": tab}).content.decode()


def test_it_shows_what_would_be_made_before_anything_is(operator, managing) -> None:
    account = account_row()

    page = page_of(operator, account)

    assert "What Bowline will create for this account." in page
    assert "spinnakerManaged" in page
    assert "not checked yet" in page
    assert "not yet" not in page


def test_what_a_plan_would_create_does_not_exist_yet(operator, managing) -> None:
    account = account_row(state=State.PLANNED)
    run = run_of(account, Status.PLANNED)
    Step.objects.create(
        run=run,
        position=0,
        account_id=account.account_id,
        account_name=account.name,
        verb="create",
        kind="role",
        name="spinnakerManaged",
    )

    page = page_of(operator, account, "in-aws")

    (row,) = re.findall(r"spinnakerManaged</span>.*?</summary>", page)
    assert "not yet" in row
    assert "not checked yet" in page, "the plan says nothing of the others"


@pytest.mark.parametrize(("code", "says"), [(NOT_OURS, True), ("AccessDenied", False)])
def test_what_has_a_wanted_name_already_is_not_called_not_yet(
    operator, code: str, says: bool
) -> None:
    managing_row()
    account = account_row(state=State.FAILED)
    message = (
        "The role spinnakerManaged in account 922222222222 already exists and wasn't "
        "created by Bowline."
    )
    error = {"message": message, "hint": "Rename it.", "code": code}
    run_of(account, Status.FAILED, error=error)

    page = " ".join(page_of(operator, account, "in-aws").split())

    assert page.count("exists, not created by Bowline") == says
    assert "not checked yet" in page, "nothing is known of the others"


def test_it_shows_the_document_of_what_stands_and_the_run_that_made_it(
    operator,
) -> None:
    managing_row()
    account = standing()
    run = run_of(account, Status.VERIFIED)
    Step.objects.create(
        run=run,
        position=0,
        account_id=account.account_id,
        account_name=account.name,
        verb="create",
        kind="role",
        name="spinnakerManaged",
        status=Step.Status.DONE,
        finished_at=timezone.now() - timedelta(hours=2, minutes=1),
    )

    page = page_of(operator, account)

    assert "sts:AssumeRole" in page
    assert ">2 h ago</time>" in page
    assert f'href="{run.get_absolute_url()}">See the run</a>' in page


def test_it_says_who_may_use_it(operator) -> None:
    account = account_row(write_roles=["operators", "leads"])

    page = page_of(operator, account, "settings")

    assert "<dt>Read access</dt><dd>everyone</dd>" in page
    assert "<dt>Write access</dt><dd>operators, leads</dd>" in page


def test_it_shows_the_newest_checks_with_what_mends_them(operator) -> None:
    account = standing(state=State.FAILED)
    CheckResult.objects.create(
        run=run_of(account, Status.VERIFIED),
        position=0,
        provider="ec2",
        name="An old check",
        outcome="passed",
    )
    CheckResult.objects.create(
        run=run_of(account, Status.FAILED),
        position=0,
        provider="ec2",
        name="List server groups",
        outcome="failed",
        sentence="AWS refused.",
        fix="Allow it.",
        seconds=1.25,
    )

    page = page_of(operator, account)

    assert "List server groups" in page
    assert "<b>To do:</b> Allow it." in page
    assert "1.2 s" in page
    assert "An old check" not in page


def test_it_names_the_bundles_that_hold_it(operator) -> None:
    account = standing()
    bundle = Bundle.objects.create(number=3, status=Bundle.Status.READY)
    bundle.accounts.add(account)

    assert 'href="/bundles/3/">Bundle 3</a>' in page_of(operator, account, "history")


@pytest.mark.parametrize(
    ("role", "tone"), [("approver", "primary"), ("operator", "secondary")]
)
def test_a_plan_that_waits_is_the_move_of_an_approver(client, role, tone) -> None:
    client.force_login(person(role))
    account = standing()
    run = run_of(account, Status.PLANNED)

    page = page_of(client, account)

    assert f'btn-{tone}" href="{run.get_absolute_url()}">Review the plan</a>' in page
    assert ">Plan again</button>" not in page


def test_a_draft_goes_on_where_it_was_left(operator, managing) -> None:
    account = account_row(providers={})

    page = page_of(operator, account)

    assert (
        f'btn-primary" href="/accounts/{account.pk}/providers/">Continue: providers'
        in page
    )


def test_a_verified_one_can_be_verified_again(operator, managing) -> None:
    account = standing(access_role="Admin")

    page = page_of(operator, account)

    assert 'btn-secondary">Verify now</button>' in page
    assert "btn-primary" not in page
    assert "</svg>Plan the removal</button>" in page_of(operator, account, "remove")


def test_a_failed_one_says_why_at_the_top(operator, managing) -> None:
    account = standing(state=State.FAILED, verification="")
    run_of(account, Status.FAILED, error={"message": "No right.", "hint": "Give it."})

    page = page_of(operator, account)

    assert "No right." in page
    assert "<b>To do:</b> Give it." in page
    assert ">Plan again</button>" in page


def test_an_evaluated_one_waits_for_an_approver(approver) -> None:
    account = standing(state=State.EVALUATED, verification=State.EVALUATED)

    assert ">Accept</button>" in page_of(approver, account)


def test_an_accepted_one_says_by_whom(client) -> None:
    approver = person("approver")
    account = standing(state=State.EVALUATED, verification=State.EVALUATED)
    assert accept(account, approver)
    client.force_login(approver)

    page = page_of(client, account, "settings")

    assert ">Accept<" not in page
    assert "by approver" in page


def test_a_viewer_is_told_who_can_do_what(viewer) -> None:
    account = standing(state=State.EVALUATED)
    person("operator", username="ada")
    person("approver", username="grace")

    page = page_of(viewer, account)

    assert "<form" not in page.split('id="content"')[1].split("</main>")[0]
    assert "role to plan, verify, edit, or remove this account. Ask ada." in page
    assert "You need the approver role to accept it. Ask grace." in page


def test_details_that_clash_by_now_are_told(operator, managing) -> None:
    account = account_row(providers={"eks": {"clusters": []}})

    response = operator.get(account.get_absolute_url())

    assert response.status_code == 200
    assert "Choose or enter at least one cluster." in response.content.decode()


def test_a_description_can_be_forgotten(operator) -> None:
    account = account_row()

    response = operator.post(f"/accounts/{account.pk}/forget/")

    assert response.url == "/accounts/"
    assert not ManagedAccount.objects.exists()


def test_what_is_worked_on_is_not_forgotten(operator) -> None:
    account = account_row()
    run_of(account, Status.PLANNED)

    assert "Forget" not in page_of(operator, account)


def test_with_eks_alone_no_role_is_named(operator, managing) -> None:
    clusters = [{"name": "apps", "region": "us-east-1"}]
    account = account_row(providers={"eks": {"clusters": clusters}})

    page = page_of(operator, account, "settings")

    assert "identity, without a managed role" in page
    assert "External ID" not in page


def test_newer_policies_are_told_with_what_they_bring(
    operator, three_policy_sets
) -> None:
    managing_row()

    page = page_of(operator, standing(policy_set=1), "settings")

    assert "1, latest 3" in page
    assert "<b>v2</b> Volumes may be tagged." in page
    assert "<b>v3</b> Snapshots may be shared." in page
    assert "Plan this account to see the differences" in page


def test_the_latest_policies_are_called_so(operator, three_policy_sets) -> None:
    managing_row()

    page = page_of(operator, standing(policy_set=3), "settings")

    assert "3, the latest" in page
    assert "older policy version" not in page


def test_a_discouraged_choice_is_warned_of(operator, managing) -> None:
    page = page_of(
        operator,
        account_row(providers={"ec2": {"access": "power-user"}}),
        "settings",
    )

    assert "<b>Not recommended for EC2.</b> With PowerUserAccess, " in page


LOCKED_OUT = "web can&#x27;t deploy to EC2"


def test_the_bake_account_says_whom_its_groups_lock_out(viewer, managing) -> None:
    known = {"verification": "verified", "write_roles": ["ops"]}
    bake = account_row("core", account_id=managing.account_id, **known)
    team = account_row("web", **{**known, "write_roles": ["web"]})

    assert LOCKED_OUT in page_of(viewer, bake)
    assert LOCKED_OUT not in page_of(viewer, team)


def test_the_chosen_bake_account_says_so_too(viewer) -> None:
    managing_row(ami_owner="images")
    known = {"verification": "verified", "write_roles": ["ops"]}
    bake = account_row("images", account_id="933333333333", **known)
    account_row("web", **{**known, "write_roles": ["web"]})

    assert LOCKED_OUT in page_of(viewer, bake)
