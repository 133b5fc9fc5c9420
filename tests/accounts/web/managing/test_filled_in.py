"""The managing page asks little: AWS fills it in, and the next step is named."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ManagingAccount, Question
from accounts.models.states import State
from script.emulated_organization import MANAGING
from tests.accounts.web.answers import looked
from tests.accounts.web.managing.described import DESCRIBED
from tests.rows import account_row, managing_row


def test_a_new_one_is_filled_in_from_aws(operator, aws) -> None:
    response = looked(operator, "/managing/")

    form = response.context["form"]
    assert form["name"].value() == MANAGING.name
    assert form["account_id"].value() == MANAGING.account_id
    assert form["partition"].value() == "aws"
    assert "Filled in from AWS" in response.content.decode()
    assert not ManagingAccount.objects.exists()


@pytest.mark.parametrize(
    ("region", "partition"),
    [("", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")],
)
def test_aws_is_asked_in_the_partition_of_bowlines_region(
    operator, monkeypatch, region: str, partition: str
) -> None:
    monkeypatch.setenv("AWS_REGION", region)

    operator.get("/managing/", {"look": "1"})

    assert Question.objects.get().input["partition"] == partition


def test_what_is_typed_while_aws_is_asked_is_kept(operator, aws) -> None:
    response = looked(operator, "/managing/", {"name": "mine", "account_id": ""})

    form = response.context["form"]
    assert form["name"].value() == "mine"
    assert form["account_id"].value() == MANAGING.account_id


def test_the_page_asks_aws_by_itself_and_the_form_is_there_meanwhile(operator) -> None:
    html = operator.get("/managing/").content.decode()

    assert "Getting Bowline's account from STS" in html
    assert 'hx-trigger="load"' in html
    assert 'id="id_name"' in html


def test_only_the_line_that_asks_is_fetched_again(operator) -> None:
    html = operator.get("/managing/?look=1", headers={"HX-Request": "true"})

    assert 'id="home-asked"' in html.content.decode()
    assert "<form" not in html.content.decode()


def test_where_sts_does_not_answer_the_account_is_typed(operator) -> None:
    response = looked(operator, "/managing/")

    assert "own AWS credentials" in response.content.decode()
    assert "Enter the account below." in response.content.decode()
    assert response.context["form"]["account_id"].value() in ("", None)


def test_a_refused_description_is_not_asked_for_again(operator, aws) -> None:
    looked(operator, "/managing/")

    response = operator.post("/managing/", {**DESCRIBED, "name": "My account"})

    assert "Filled in from AWS" in response.content.decode()
    assert response.context["form"]["name"].value() == "My account"


def test_once_it_is_saved_the_next_step_is_a_link(operator) -> None:
    response = operator.post("/managing/", {**DESCRIBED, "new": "1"}, follow=True)

    html = response.content.decode()
    assert "Onboard the first account that Spinnaker deploys to" in html
    assert "a plan for it and one for this account" in html
    assert '<a class="btn btn-primary" href="/accounts/new/">' in html


def test_an_edit_names_its_plan_as_the_next_step(operator) -> None:
    managing_row(state=State.OUTDATED)
    account_row()

    html = operator.get("/managing/").content.decode()

    assert 'href="#changes"' in html
    assert 'id="changes"' in html


def test_nothing_is_next_where_all_is_applied(operator) -> None:
    managing_row(state=State.VERIFIED)
    account_row()

    assert operator.get("/managing/").context["next"] is None


@pytest.mark.parametrize(("count", "proposed"), [(2, 2), (3, 0)])
def test_owners_of_images_are_proposed_while_they_are_few(
    operator, monkeypatch, count: int, proposed: int
) -> None:
    monkeypatch.setattr("accounts.web.managing.views.MOST_PROPOSED", 2)
    managing_row()
    for number in range(count):
        account_row(f"a{number}", account_id=f"{number:012}")

    html = operator.get("/managing/?edit=1").content.decode()

    assert html.count('<option value="a') - html.count('<option value="aws') == proposed


def test_the_page_costs_as_many_queries_for_many_accounts(
    operator, django_assert_num_queries
) -> None:
    managing_row()
    account_row()
    with CaptureQueriesContext(connection) as few:
        operator.get("/managing/")
    for number in range(60):
        account_row(f"a{number}", account_id=f"{number:012}")

    with django_assert_num_queries(len(few)):
        response = operator.get("/managing/")

    assert "a59" not in response.content.decode()
