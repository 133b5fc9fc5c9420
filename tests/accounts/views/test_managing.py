"""The managing account's page: described once, and an edit outdates what it touches."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages

from accounts.forms.managing import ManagingForm
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.runs.actions import plan_managing
from accounts.states import State
from accounts.views.managing import DESCRIBED_ALREADY, saved
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

DESCRIBED = {
    "name": "core",
    "account_id": "9111-1111-1111",
    "partition": "aws",
    "identity_kind": "instance_role",
    "identity_name": "SpinnakerAuthRole",
    "managed_role": "spinnakerManaged",
    "base_role": "BaseIAMRole",
    "assume": "listed",
    "trusts_bowline": "on",
}


def told(response: Any) -> str:
    return " ".join(str(m) for m in get_messages(response.wsgi_request))


def test_it_is_described(operator) -> None:
    response = operator.post("/managing/", {**DESCRIBED, "new": "1"})

    assert response["Location"] == "/managing/"
    row = ManagingAccount.objects.get()
    assert (row.name, row.account_id, row.trusts_bowline) == (
        "core",
        "911111111111",
        True,
    )


def test_a_second_one_is_refused_in_a_friendly_way(operator) -> None:
    managing_row(name="first")

    response = operator.post("/managing/", {**DESCRIBED, "new": "1"})

    assert "exactly one managing account" in response.content.decode()
    assert ManagingAccount.objects.get().name == "first"


def test_two_people_who_describe_it_at_once_get_one() -> None:
    form = ManagingForm(DESCRIBED, instance=ManagingAccount())
    assert form.is_valid()
    managing_row(name="first")

    assert not saved(form)
    assert form.non_field_errors() == [DESCRIBED_ALREADY]


def test_onboarding_it_too_is_offered(operator) -> None:
    managing_row()

    response = operator.get("/managing/")

    assert "/accounts/new/?itself=1" in response.content.decode()


def test_once_onboarded_it_is_linked(operator) -> None:
    account = account_row(account_id=managing_row().account_id)

    response = operator.get("/managing/")

    assert "itself=1" not in response.content.decode()
    assert account.get_absolute_url() in response.content.decode()


def test_an_edit_outdates_plans(operator) -> None:
    row = managing_row(state=State.VERIFIED)

    operator.post("/managing/", {**DESCRIBED, "name": "renamed"})

    edited = ManagingAccount.objects.get()
    assert edited.version == row.version + 1
    assert edited.state == State.OUTDATED


def test_the_same_again_outdates_nothing(operator) -> None:
    row = managing_row(state=State.VERIFIED)

    operator.post("/managing/", DESCRIBED)

    same = ManagingAccount.objects.get()
    assert (same.version, same.state) == (row.version, State.VERIFIED)


def test_another_identity_outdates_every_account_that_trusts_the_old_one(
    operator,
) -> None:
    managing_row()
    account_row(state=State.VERIFIED, proof=State.VERIFIED)

    operator.post("/managing/", {**DESCRIBED, "identity_name": "Spinnaker"})

    account = ManagedAccount.objects.get()
    assert (account.state, account.proof) == (State.OUTDATED, "")


@pytest.mark.parametrize(
    "edit",
    [
        {"boundary": "arn:aws:iam::911111111111:policy/Cap"},
        {"trust_organization": "o-a1b2c3d4e5"},
    ],
)
def test_what_the_managed_roles_are_made_with_outdates_every_account(
    operator, edit
) -> None:
    managing_row()
    account_row(state=State.VERIFIED, proof=State.VERIFIED)

    operator.post("/managing/", {**DESCRIBED, **edit})

    assert ManagedAccount.objects.get().proof == ""


def test_baking_outdates_no_managed_account(operator) -> None:
    managing_row()
    account_row(state=State.VERIFIED, proof=State.VERIFIED)

    operator.post("/managing/", {**DESCRIBED, "bakes": "on"})

    assert ManagedAccount.objects.get().proof == State.VERIFIED


def test_a_viewer_sees_it(client) -> None:
    client.force_login(person("viewer"))
    managing_row(name="core")

    html = client.get("/managing/").content.decode()

    assert 'value="core"' in html
    assert '<button class="btn btn-primary">Save</button>' not in html


def test_a_viewer_changes_nothing(client) -> None:
    client.force_login(person("viewer"))
    managing_row(name="core")

    response = client.post("/managing/", {**DESCRIBED, "name": "mine"})

    assert response.status_code == 403
    assert ManagingAccount.objects.get().name == "core"


def test_it_is_planned_alone(operator) -> None:
    managing_row()

    response = operator.post("/managing/plan/")

    run = Run.objects.get()
    assert run.kind == Run.Kind.MANAGING
    assert response["Location"] == run.get_absolute_url()


def test_a_plan_that_is_being_made_is_shown(operator) -> None:
    managing_row()
    run = plan_managing(None)

    response = operator.post("/managing/plan/")

    assert response["Location"] == run.get_absolute_url()
    assert "being worked on" in told(response)


def test_nothing_is_planned_before_it_is_described(operator) -> None:
    response = operator.post("/managing/plan/")

    assert response["Location"] == "/managing/"
    assert "Describe the managing account first" in told(response)


def test_what_cannot_be_right_is_refused_and_nothing_is_saved(operator) -> None:
    response = operator.post("/managing/", {**DESCRIBED, "managed_role": "$(id)"})

    assert "“$(id)” cannot be used" in response.content.decode()
    assert not ManagingAccount.objects.exists()
