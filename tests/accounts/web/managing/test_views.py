"""The managing account's page: described once, and an edit outdates what it touches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagingAccount, Run
from accounts.models.states import State
from accounts.runs.actions import plan_managing
from accounts.web.managing.forms import ManagingForm
from accounts.web.managing.views import DESCRIBED_ALREADY, saved
from onboarding.aws.errors import AwsError
from onboarding.aws.organization import MemberAccount, Members
from script.emulated_organization import MANAGING
from tests.accounts.web.answers import looked, messages_of
from tests.accounts.web.managing.described import DESCRIBED
from tests.factories import roles_in_a_policy
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

WRITTEN = {**DESCRIBED, "account_id": "9111-1111-1111", "trusts_bowline": "on"}


ROLE = "arn:aws:iam::911111111111:role/"


def words(response: Any) -> str:
    """Read a page without its tags."""
    return " ".join(re.sub("<[^>]*>", "", response.content.decode()).split())


def test_it_is_described(operator) -> None:
    response = operator.post("/managing/", {**WRITTEN, "new": "1"})

    assert response["Location"] == "/managing/"
    row = ManagingAccount.objects.get()
    assert (row.name, row.account_id, row.trusts_bowline) == (
        "core",
        "911111111111",
        True,
    )


def test_a_second_one_is_refused_in_a_friendly_way(operator) -> None:
    managing_row(name="first")

    response = operator.post("/managing/", {**WRITTEN, "new": "1"})

    assert (
        "Your changes weren&#x27;t saved. Someone else set up the managing account"
    ) in response.content.decode()
    assert ManagingAccount.objects.get().name == "first"


def test_two_people_who_describe_it_at_once_get_one() -> None:
    form = ManagingForm(WRITTEN, instance=ManagingAccount())
    assert form.is_valid()
    managing_row(name="first")

    assert not saved(form, person("operator"))
    assert form.non_field_errors() == [DESCRIBED_ALREADY]


def test_onboarding_it_too_is_offered(operator, managing) -> None:
    response = operator.get("/managing/")

    assert "/accounts/new/?itself=1" in response.content.decode()


def test_once_onboarded_it_is_linked(operator) -> None:
    account = account_row(account_id=managing_row().account_id)

    response = operator.get("/managing/")

    assert "itself=1" not in response.content.decode()
    assert account.get_absolute_url() in response.content.decode()


def test_an_edit_outdates_plans(operator) -> None:
    row = managing_row(state=State.VERIFIED)

    operator.post("/managing/", {**WRITTEN, "name": "renamed"})

    edited = ManagingAccount.objects.get()
    assert edited.version == row.version + 1
    assert edited.state == State.OUTDATED


def test_the_same_again_outdates_nothing(operator) -> None:
    row = managing_row(state=State.VERIFIED)

    operator.post("/managing/", WRITTEN)

    same = ManagingAccount.objects.get()
    assert (same.version, same.state) == (row.version, State.VERIFIED)


def test_it_is_planned_alone(operator, managing) -> None:
    response = operator.post("/managing/plan/")

    run = Run.objects.get()
    assert run.kind == Run.Kind.MANAGING
    assert response["Location"] == run.get_absolute_url()


def test_a_plan_that_is_being_made_is_shown(operator, managing) -> None:
    run = plan_managing(None)

    response = operator.post("/managing/plan/")

    assert response["Location"] == run.get_absolute_url()
    assert "in progress" in messages_of(response)


def test_nothing_is_planned_before_it_is_described(operator) -> None:
    response = operator.post("/managing/plan/")

    assert response["Location"] == "/managing/"
    assert "Set up the managing account first" in messages_of(response)


def test_what_cannot_be_right_is_refused_and_nothing_is_saved(operator) -> None:
    response = operator.post("/managing/", {**WRITTEN, "managed_role": "$(id)"})

    assert "“$(id)” isn&#x27;t valid" in response.content.decode()
    assert not ManagingAccount.objects.exists()


def standing(*numbers: int) -> None:
    for number in numbers:
        account_row(f"a{number}", account_id=f"{number:012}", granted_at=timezone.now())


def test_it_says_how_many_accounts_fit(operator, managing) -> None:
    standing(1, 2, 3)
    account_row("draft", account_id="4" * 12)

    page = operator.get("/managing/").content.decode()

    assert "<b>Listed accounts: 3 of 1,080</b>. With 1 more that isn&#x27;t" in page
    assert "onboarded yet, 1,076 more fit." in page
    assert "Beyond 1,080, use one line for the whole organization" in page
    assert '<meter class="room" min="0" max="1080" value="4">' in page
    assert "Policies that others attach" not in page


def test_a_list_that_is_nearly_full_stands_out(operator, room_for_two) -> None:
    managing_row(identity_kind="existing", identity_arn=f"{ROLE}Spinnaker")
    standing(1, 2)

    page = operator.get("/managing/").content.decode()

    assert "<b>Listed accounts: 2 of 2</b>.</p>" in page
    assert '<meter class="room room-near"' in page
    assert "Policies that others attach to this identity also count." in page


def test_an_organization_has_room_for_any_number(operator) -> None:
    managing_row(organization="o-a1b2c3d4e5")
    standing(1)

    page = operator.get("/managing/?switch=1").content.decode()

    assert "There is no limit. 1 exists." in page
    assert "<meter" not in page
    assert "Change from the list to the whole organization" not in page


def test_the_switch_says_what_goes_and_what_comes(operator, monkeypatch) -> None:
    roles_in_a_policy(monkeypatch, 1)
    managing_row()
    standing(1, 2, 3)

    response = operator.get("/managing/?switch=1")

    text = words(response)
    assert (
        "Today BowlineAssumeManaged, BowlineAssumeManaged-2 and BowlineAssumeManaged-3 "
        "list 3 roles. With an organization, BowlineAssumeManaged contains one line: "
        "sts:AssumeRole on arn:aws:iam::*:role/spinnakerManaged wherever the account "
        "belongs to it. 2 policies are detached and deleted."
    ) in text
    assert "Spinnaker then loses access to accounts outside the organization." in text
    assert response.context["form"]["assume"].value() == "organization"
    assert response.context["form"]["organization"].value() in ("", None)


def test_the_organization_is_asked_of_aws(operator, aws) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)

    response = looked(operator, "/managing/", {"switch": "1"})

    organization = response.context["form"]["organization"].value()
    assert organization.startswith("o-")
    assert f"belongs to {organization}." in words(response)
    assert ManagingAccount.objects.get().organization == ""


@pytest.fixture
def asks(monkeypatch) -> Callable[..., None]:
    """Let Organizations answer with an id, an error or nothing, and with members."""

    def answers(id_: str | AwsError | None, *account_ids: str) -> None:
        def told_(*_: object) -> str | None:
            if isinstance(id_, AwsError):
                raise id_
            return id_

        members = Members(tuple(MemberAccount(i, i, "", "ACTIVE") for i in account_ids))
        asked = "accounts.discover.looking"
        monkeypatch.setattr(f"{asked}.organization_accounts", lambda *_: members)
        monkeypatch.setattr(f"{asked}.organization_id", told_)

    return answers


@pytest.mark.parametrize(
    ("answer", "told_"),
    [
        (None, "isn&#x27;t allowed to read the organization of core"),
        ("", "According to AWS, core doesn&#x27;t belong to an organization"),
        (
            AwsError("", "sts:GetCallerIdentity", "No credentials.", "Give some."),
            "No credentials. Give some. Enter the ID below.",
        ),
    ],
)
def test_where_aws_does_not_tell_it_is_typed(operator, asks, answer, told_) -> None:
    asks(answer)
    managing_row()

    response = looked(operator, "/managing/", {"switch": "1"})

    assert told_ in words(response)
    assert response.context["form"]["organization"].value() == ""


@pytest.mark.parametrize(
    ("members", "told_"),
    [
        ((), "Bowline can&#x27;t read which accounts belong to the organization."),
        (
            ("000000000001", "000000000002"),
            "According to AWS, all 2 existing accounts belong to the organization.",
        ),
        (
            ("000000000002",),
            "According to AWS, a1 doesn&#x27;t belong to the organization.",
        ),
        (
            ("000000000009",),
            "According to AWS, a1, a2 don&#x27;t belong to the organization.",
        ),
    ],
)
def test_accounts_outside_the_organization_are_named(
    operator, asks, members, told_
) -> None:
    asks("o-a1b2c3d4e5", *members)
    managing_row()
    standing(1, 2)
    account_row("draft", account_id="3" * 12)

    text = words(looked(operator, "/managing/", {"switch": "1"}))

    assert "According to AWS, core belongs to o-a1b2c3d4e5." in text
    assert told_ in text


def test_where_nothing_stands_nothing_can_be_lost(operator, asks) -> None:
    asks("o-a1b2c3d4e5", "9" * 12)
    managing_row()

    text = words(looked(operator, "/managing/", {"switch": "1"}))

    assert "belong to the organization." not in text


def test_many_accounts_outside_are_counted(operator, asks) -> None:
    asks("o-a1b2c3d4e5", "9" * 12)
    managing_row()
    standing(*range(10, 22))

    text = words(looked(operator, "/managing/", {"switch": "1"}))

    assert "a18, a19, and 2 more don&#x27;t belong to the organization" in text


def test_the_switch_is_saved_like_any_other_choice(operator, managing) -> None:
    operator.post(
        "/managing/?switch=1",
        {**WRITTEN, "assume": "organization", "organization": "o-a1b2c3d4e5"},
    )

    assert ManagingAccount.objects.get().organization == "o-a1b2c3d4e5"


def test_a_plan_of_more_than_fit_is_refused_with_a_sentence(
    operator, room_for_two
) -> None:
    managing_row()
    standing(1, 2, 3)

    response = operator.post("/managing/plan/")

    assert "would list 3 accounts" in messages_of(response)
    assert not Run.objects.exists()
