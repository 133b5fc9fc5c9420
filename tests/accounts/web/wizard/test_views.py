"""The wizard's pages: each saves one step, and nothing changes in AWS."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.discover.access import tested_access
from accounts.mapping.spinnaker import claim_names
from accounts.models import ManagedAccount, ManagingAccount, SpinnakerName
from onboarding.topology import Reach
from script.emulated_organization import MANAGING
from tests.accounts.web.answers import again, looked, messages_of, url
from tests.rows import account_row, question_row

pytestmark = pytest.mark.usefixtures("managing")


IDENTITY = {"name": "dev", "account_id": "3333-3333-3333"}


def test_the_managing_account_comes_first(operator, managing) -> None:
    managing.delete()

    response = operator.get("/accounts/new/")

    assert response["Location"] == "/managing/"
    assert "Set up the managing account first" in messages_of(response)


def test_a_new_account_may_be_chosen_from_the_organization(operator) -> None:
    link = 'href="/accounts/organization/"'

    new = operator.get("/accounts/new/").content.decode()
    begun = operator.get(url(account_row(), "identity")).content.decode()

    assert link in new
    assert link not in begun


def test_an_identity_becomes_a_draft_and_leads_on(operator) -> None:
    response = operator.post("/accounts/new/", IDENTITY)

    account = ManagedAccount.objects.get()
    assert response["Location"] == url(account, "providers")
    assert (account.name, account.account_id) == ("dev", "333333333333")
    assert account.created_by.username == "operator"


def test_it_can_be_left_and_resumed_from_the_list(operator) -> None:
    response = operator.post("/accounts/new/", {**IDENTITY, "leave": "1"})

    assert response["Location"] == "/accounts/"
    assert "dev is saved" in messages_of(response)


def test_the_managing_account_is_proposed_with_what_is_known(operator) -> None:
    response = operator.get("/accounts/new/?itself=1")

    assert response.context["form"]["name"].value() == "core"
    assert response.context["form"]["account_id"].value() == "911111111111"


def test_the_managing_account_is_entered_as_it_is_there(operator) -> None:
    ManagingAccount.objects.update(account_id="333333333333", access_role="Admin")

    operator.post("/accounts/new/", IDENTITY)

    assert ManagedAccount.objects.get().access_role == "Admin"


def test_a_name_that_another_accounts_ecs_has_is_refused(operator) -> None:
    claim_names(account_row(providers={"ecs": {}}, uses_external_id=False))

    response = operator.post("/accounts/new/", {**IDENTITY, "name": "staging-ecs"})

    assert "“staging-ecs”" in response.context["form"].errors["name"][0]
    assert "staging (922222222222)" in response.context["form"].errors["name"][0]
    assert ManagedAccount.objects.count() == 1


def test_a_saved_account_holds_its_names(operator) -> None:
    operator.post("/accounts/new/", IDENTITY)

    assert SpinnakerName.objects.get().name == "dev"


def test_an_unknown_step_is_not_found(operator) -> None:
    response = operator.get(url(account_row(), "nothing"))

    assert response.status_code == 404


@pytest.mark.parametrize("step", ["identity", "access", "providers", "review"])
def test_each_step_is_opened_by_its_address(operator, step: str) -> None:
    response = operator.get(url(account_row(), step))

    assert response.status_code == 200
    assert 'aria-current="step"' in response.content.decode()


def test_an_edit_outdates_plans(operator) -> None:
    account = account_row()
    data = {**IDENTITY, "name": "staging", "account_id": account.account_id}

    operator.post(url(account, "identity"), {**data, "environment": "test"})

    assert again(account).version == account.version + 1


def test_providers_are_chosen_and_taken_away(operator) -> None:
    account = account_row(providers={"lambda": {}})

    response = operator.post(url(account, "providers"), {"providers": ["ec2", "eks"]})

    assert response["Location"] == url(account, "access")
    described = {p.key: p.has_details for p in account.providers.all()}
    assert described == {"ec2": True, "eks": False}
    assert account.providers.get(key="ec2").details["access"] == "deploy"
    assert again(account).version == account.version + 1


def test_a_described_provider_stays_described(operator) -> None:
    account = account_row(providers={"ec2": {"key_pair": "ops"}})

    operator.post(url(account, "providers"), {"providers": ["ec2"]})

    assert account.providers.get().details == {"key_pair": "ops"}
    assert again(account).version == account.version


def test_ecs_takes_the_external_id_from_a_draft_without_a_conflict(operator) -> None:
    account = account_row(providers={}, regions=[])

    response = operator.post(url(account, "providers"), {"providers": ["ec2", "ecs"]})

    assert response["Location"] == url(account, "access")
    assert not again(account).uses_external_id


def test_ecs_offers_to_turn_off_the_external_id_that_a_role_requires(operator) -> None:
    account = account_row(providers={}, granted_at=timezone.now())

    response = operator.post(url(account, "providers"), {"providers": ["ecs"]})

    assert "Clouddriver drops it" in response.content.decode()
    assert "Turn off the external ID and continue" in response.content.decode()
    assert not account.providers.exists()


def test_a_choice_of_nothing_offers_nothing_of_the_external_id(operator) -> None:
    account = account_row(providers={}, granted_at=timezone.now())

    response = operator.post(url(account, "providers"), {"leave": ""})

    assert "Choose at least one provider." in response.content.decode()
    assert "Turn off the external ID" not in response.content.decode()


def test_the_external_id_is_turned_off_with_the_choice(operator) -> None:
    account = account_row(providers={}, granted_at=timezone.now())

    operator.post(
        url(account, "providers"), {"providers": ["ecs"], "drop_external_id": "1"}
    )

    assert not again(account).uses_external_id
    assert account.providers.get().key == "ecs"


def test_an_ecs_name_that_another_account_has_is_refused(operator) -> None:
    claim_names(account_row("staging-ecs", account_id="944444444444"))
    account = account_row(providers={}, uses_external_id=False)

    response = operator.post(url(account, "providers"), {"providers": ["ecs"]})

    error = response.context["form"].errors["providers"][0]
    assert "“staging-ecs”" in error
    assert not account.providers.exists()


def test_the_review_lists_what_is_still_to_describe(operator) -> None:
    account = account_row(providers={})

    response = operator.get(url(account, "review"))

    html = response.content.decode()
    assert "Before you can plan" in html
    assert "Plan changes" not in html


def test_the_review_says_what_will_be_made_and_allowed(operator) -> None:
    response = operator.get(url(account_row(), "review"))

    html = response.content.decode()
    assert "Plan changes" in html
    assert "until an approver approves" in html
    assert "BowlineEC2Read" in html
    assert "ec2.amazonaws.com" in html


@pytest.mark.parametrize(
    ("made_by", "who"),
    [("owner", "account&#x27;s owner"), ("organization", "organization")],
)
def test_the_review_says_who_else_creates_the_resources(
    operator, made_by: str, who: str
) -> None:
    html = operator.get(url(account_row(made_by=made_by), "review")).content.decode()

    html = html.replace("'", "&#x27;")
    assert f"What the {who} will create or keep in staging" in html
    assert "Bowline creates" not in html
    assert "What Bowline will create" not in html


@pytest.mark.parametrize("works", [True, False])
def test_a_failed_test_of_the_access_role_is_not_ready_to_plan(operator, works) -> None:
    account = account_row()
    reach = Reach(account.account_id, account.access_role)
    report = {"caller": None, "role_arn": "", "works": works, "sentence": "Said."}
    question_row(
        tested_access.at("aws", reach), answer=report, answered_at=timezone.now()
    )

    review = operator.get(url(account, "review"))
    access = operator.get(url(account, "access"))

    html = review.content.decode()
    assert ("Ready to plan" in html) is works
    assert ("Access doesn't work" in html) is not works
    assert "Plan changes" in html
    marks = {mark.slug: mark.state for mark in review.context["marks"]}
    assert marks["access"] == ("done" if works else "to fix")
    warned = "The last test of the saved access role" in access.content.decode()
    assert warned is not works


def test_an_empty_managed_role_is_named(operator) -> None:
    ManagingAccount.objects.update(managed_role="spinnakerElsewhere")

    access = operator.get(url(account_row(), "access")).content.decode()

    assert "Leave empty for spinnakerElsewhere." in access


def test_a_test_of_another_role_says_nothing_of_the_saved_one(operator) -> None:
    account = account_row()
    report = {"caller": None, "role_arn": "", "works": False, "sentence": "Said."}
    other = tested_access.at("aws", Reach(account.account_id, "Other"))
    question_row(other, answer=report, answered_at=timezone.now())

    assert "Ready to plan" in operator.get(url(account, "review")).content.decode()


def test_the_panel_shows_the_account_as_spinnaker_will_know_it(operator) -> None:
    account = account_row(
        providers={"ec2": {}, "ecs": {}, "lambda": {}}, uses_external_id=False
    )

    response = operator.get(url(account, "identity"))

    known = {one.name: one.kind for one in response.context["known"]}
    assert known == {
        "staging": "AWS account with EC2 and Lambda",
        "staging-ecs": "ECS account",
    }


def test_the_managing_account_can_be_managed_too(operator, aws) -> None:
    ManagingAccount.objects.update(account_id=MANAGING.account_id)
    account = account_row(account_id=MANAGING.account_id)

    response = looked(operator, url(account, "test-access"), {"access_role": ""})

    assert response.context["report"].works


def two_that_stand() -> None:
    for number in (1, 2):
        account_row(f"a{number}", account_id=f"{number:012}", granted_at=timezone.now())


def test_the_review_warns_while_the_list_is_nearly_full(operator, room_for_two) -> None:
    account_row(granted_at=timezone.now())
    account = account_row("last", account_id="1" * 12)

    page = operator.get(url(account, "review")).content.decode()

    assert "nearly full: 1 of 2, and 1 more isn&#x27;t onboarded yet" in page
    assert "Plan changes" in page


def test_an_account_that_fits_no_more_is_told_before_it_is_planned(
    operator, room_for_two
) -> None:
    two_that_stand()
    account = account_row("late", account_id="3" * 12)

    page = operator.get(url(account, "review")).content.decode()

    assert "This account no longer fits" in page
    assert 'href="/managing/?switch=1#switch"' in page
    assert "Plan changes" not in page


def test_an_account_of_clusters_only_is_not_bothered_with_the_list(
    operator, room_for_two
) -> None:
    two_that_stand()
    clusters = {"eks": {"clusters": [{"name": "apps", "region": "us-east-1"}]}}
    account = account_row("eks", account_id="3" * 12, providers=clusters)

    page = operator.get(url(account, "review")).content.decode()

    assert "Plan changes" in page
    assert "nearly full" not in page
