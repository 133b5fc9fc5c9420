"""The step of details: what AWS knows is looked up, what a person says is kept."""

from __future__ import annotations

import pytest

from accounts.models import ManagedAccount
from script.emulated_organization import ACCESS_ROLE, MEMBERS
from tests.accounts.web.answers import looked, url
from tests.rows import account_row

pytestmark = pytest.mark.usefixtures("managing")

DEV = MEMBERS[0]


def again(account: ManagedAccount) -> ManagedAccount:
    return ManagedAccount.objects.get(pk=account.pk)


def test_details_need_a_provider(operator) -> None:
    account = account_row(providers={})

    response = operator.get(url(account, "details"))

    assert response["Location"] == url(account, "providers")


def test_details_are_looked_up_while_the_page_stands(operator) -> None:
    account = account_row(regions=["us-east-1", "us-west-2"])

    response = operator.get(url(account, "details"))

    html = response.content.decode()
    assert "Asking EC2 in us-east-1, us-west-2…" in html
    assert 'hx-trigger="load"' in html


def test_the_clusters_of_the_account_are_offered(operator, aws) -> None:
    account = account_row(
        account_id=DEV.account_id, access_role=ACCESS_ROLE, providers={}
    )
    account.providers.create(key="eks")

    response = looked(
        operator,
        url(account, "details"),
        {"provider": "eks"},
        headers={"HX-Request": "true"},
    )

    html = response.content.decode()
    assert "Cluster apps in us-east-1" in html
    assert 'name="cluster-0-use"' in html
    assert "<html" not in html


def test_details_are_typed_where_aws_cannot_be_asked(operator) -> None:
    response = looked(operator, url(account_row(), "details"))

    html = response.content.decode()
    assert "Bowline couldn't read the account" in html
    assert 'name="key_pair"' in html


DETAILS = {
    "access": "deploy",
    "launch_templates": "on",
    "load_balancers": "on",
    "roles_path": "/spinnaker-ec2/",
}


def test_details_are_saved_and_lead_to_the_next_provider(operator) -> None:
    account = account_row(providers={})
    for key in ("ec2", "lambda"):
        account.providers.create(key=key)

    response = operator.post(
        url(account, "details") + "?provider=ec2&look=no",
        {**DETAILS, "key_pair": "ops"},
    )

    assert response["Location"] == url(account, "details") + "?provider=lambda"
    enabled = account.providers.get(key="ec2")
    assert enabled.has_details
    assert enabled.details["key_pair"] == "ops"


def test_providers_that_are_described_are_no_step_of_their_own(operator) -> None:
    account = account_row(providers={"ec2": {}, "lambda": {}})

    response = operator.post(url(account, "details") + "?provider=ec2&look=no", DETAILS)

    assert response["Location"] == url(account, "review")


def test_those_that_are_as_proposed_are_named(operator) -> None:
    account = account_row(
        providers={"ec2": {}, "ecs": {}, "lambda": {"code_buckets": ["code"]}},
        uses_external_id=False,
    )
    account.providers.create(key="eks")

    response = operator.get(url(account, "details") + "?look=no")

    assert response.context["current"].key == "eks"
    assert "EC2 and ECS use default values." in response.content.decode()


def test_a_cluster_is_added_and_nothing_is_saved(operator) -> None:
    account = account_row(providers={})
    account.providers.create(key="eks")
    row = {"cluster-0-name": "apps", "cluster-0-namespaces": "web", "rows": "1"}

    response = operator.post(
        url(account, "details") + "?provider=eks&look=no", {**row, "add": "1"}
    )

    form = response.context["form"]
    assert form["cluster-0-name"].value() == "apps"
    assert form["cluster-0-namespaces"].value() == "web"
    assert not form["cluster-0-use"].value()
    assert form["cluster-1-name"].value() is None
    assert not form.errors
    assert "autofocus" in str(form["cluster-1-name"])
    assert not account.providers.get().has_details


def test_enter_saves_and_adds_no_cluster(operator) -> None:
    account = account_row(providers={})
    account.providers.create(key="eks")

    html = operator.get(url(account, "details") + "?look=no").content.decode()

    first = html[html.index('id="details"') :]
    assert first.index("<button hidden") < first.index('name="add"')


def test_the_same_details_again_outdate_nothing(operator) -> None:
    account = account_row()

    operator.post(url(account, "details") + "?look=no", DETAILS)

    assert again(account).version == account.version


def test_hostile_details_are_refused_by_name(operator) -> None:
    account = account_row()

    response = operator.post(
        url(account, "details") + "?look=no", {**DETAILS, "roles_path": "/$(id)/"}
    )

    assert response.status_code == 200
    assert "roles_path" in response.context["form"].errors
    assert account.providers.get().details == {}


def test_details_that_can_no_longer_be_read_are_mended_here(operator) -> None:
    account = account_row(providers={"ec2": {"roles_path": "/"}})

    page = operator.get(url(account, "details") + "?look=no").content.decode()
    operator.post(url(account, "details") + "?look=no", DETAILS)

    assert "“/” alone, Spinnaker could pass every role" in page
    assert account.providers.get().details["roles_path"] == "/spinnaker-ec2/"


def test_a_discouraged_choice_is_warned_of_as_soon_as_it_is_saved(operator) -> None:
    account = account_row(providers={"ec2": {}, "lambda": {}})
    form = f"{url(account, 'details')}?provider=ec2&look=no"

    saved = operator.post(form, {**DETAILS, "access": "power-user"}, follow=True)

    page = saved.content.decode()

    assert "<b>Not recommended for EC2.</b> With PowerUserAccess, Spinnaker" in page
    assert "Not recommended" in operator.get(url(account, "review")).content.decode()
