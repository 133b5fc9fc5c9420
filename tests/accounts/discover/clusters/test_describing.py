"""Chosen clusters become part of their accounts, or none does."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.discover.clusters import ClustersRefused, describe_ticked
from accounts.models import (
    Activity,
    EnabledProvider,
    FoundCluster,
    ManagedAccount,
    Question,
    SpinnakerName,
)
from accounts.models.states import State
from tests.accounts.web.answers import again
from tests.rows import account_row, person, search_row


@pytest.fixture
def search(managing) -> Question:
    return search_row(person("operator"), answered_at=timezone.now())


@pytest.fixture
def web(search: Question) -> ManagedAccount:
    return account_row("web", account_id="1" * 12, regions=["us-east-1", "eu-west-1"])


def found(
    search: Question, account: ManagedAccount, name: str, **fields: Any
) -> FoundCluster:
    plain = {"region": "us-east-1", "endpoint": "public", "mode": "API", "ticked": True}
    return search.clusters.create(account=account, name=name, **{**plain, **fields})


def clusters_of(account: ManagedAccount) -> list[dict[str, Any]]:
    return EnabledProvider.objects.get(account=account, key="eks").details["clusters"]


def refused(search: Question) -> list[str]:
    """Say what is wrong, and that nothing was saved."""
    with pytest.raises(ClustersRefused) as caught:
        describe_ticked(search, search.asked_by)
    assert not EnabledProvider.objects.filter(key="eks").exists()
    assert not SpinnakerName.objects.exists()
    assert not search.clusters.filter(added=True).exists()
    return caught.value.sentences


def test_ticked_clusters_are_added_as_the_wizard_proposes(search, web) -> None:
    data = account_row("data", account_id="2" * 12, providers={})
    found(search, web, "apps")
    found(search, web, "Batch_2", region="eu-west-1")
    found(search, data, "apps")
    found(search, data, "not-ticked", ticked=False)

    edited = describe_ticked(search, search.asked_by)

    assert [row.name for row in edited] == ["data", "web"]
    assert [
        (one["name"], one["region"], one["account_name"]) for one in clusters_of(web)
    ] == [
        ("Batch_2", "eu-west-1", "web-batch-2"),
        ("apps", "us-east-1", "web-apps"),
    ]
    assert [one["rights"] for one in clusters_of(data)] == ["edit"]
    assert [one["namespaces"] for one in clusters_of(data)] == [["default"]]
    assert web.providers.filter(key="ec2").exists()
    assert {*SpinnakerName.objects.values_list("name", flat=True)} == {
        "web",
        "web-apps",
        "web-batch-2",
        "data",
        "data-apps",
    }


def test_accounts_are_outdated_and_the_edits_recorded(search, web) -> None:
    ManagedAccount.objects.update(state=State.VERIFIED, verification=State.VERIFIED)
    found(search, web, "apps")

    describe_ticked(search, search.asked_by)

    assert again(web).state == State.OUTDATED
    assert again(web).version == web.version + 1
    record = Activity.objects.get(what=Activity.What.EDIT)
    assert (record.person, record.about) == (search.asked_by, "web")
    assert "eks" in record.detail["changed"]


def test_clusters_that_were_there_stay_as_they_are(search, web) -> None:
    known = {"name": "old", "region": "us-east-1", "rights": "view"}
    web.providers.create(key="eks", details={"clusters": [known]}, has_details=True)
    found(search, web, "old")
    found(search, web, "new")

    describe_ticked(search, search.asked_by)

    old, new = clusters_of(web)
    assert (old["name"], old["rights"]) == ("old", "view")
    assert (new["name"], new["rights"]) == ("new", "edit")
    assert not search.clusters.filter(added=False).exists()


def test_a_name_that_two_clusters_would_have_is_said(search, web) -> None:
    search.input["pattern"] = "{cluster}"
    data = account_row("data", account_id="2" * 12)
    found(search, web, "apps")
    found(search, data, "apps")

    (sentence,) = refused(search)

    assert "called “apps”" in sentence
    assert "data" in sentence
    assert "web" in sentence


def test_a_name_that_another_account_has_is_said(search, web) -> None:
    SpinnakerName.objects.create(name="web-apps", account=account_row("other"))
    found(search, web, "apps")

    with pytest.raises(ClustersRefused, match="“web-apps”, which already belongs"):
        describe_ticked(search, search.asked_by)


def test_every_invalid_name_is_said(search, web) -> None:
    search.input["pattern"] = "K8s:{cluster}"
    found(search, web, "apps")
    found(search, web, "batch")

    sentences = refused(search)

    assert len(sentences) == 2
    assert "web: Cluster apps in us-east-1" in sentences[0]
    assert "“K8s:apps” isn't valid" in sentences[0]


def test_a_name_that_is_too_long_is_said_and_never_cut(search, web) -> None:
    found(search, web, "x" * 80)

    (sentence,) = refused(search)

    assert "Use 1 to 60" in sentence


def test_a_cluster_without_access_entries_says_what_to_do(search, web) -> None:
    found(search, web, "apps", mode="CONFIG_MAP")

    (sentence,) = refused(search)

    assert "does not support access entries" in sentence
    search.input["access"] = "aws-auth"
    describe_ticked(search, search.asked_by)
    assert clusters_of(web)[0]["access"] == "aws-auth"


def test_a_region_that_the_account_gave_up_is_said(search, web) -> None:
    found(search, web, "apps", region="eu-north-1")

    (sentence,) = refused(search)

    assert "Cluster apps is in eu-north-1" in sentence


def test_many_accounts_take_few_queries(search, django_assert_max_num_queries) -> None:
    for number in range(60):
        row = account_row(f"a{number}", account_id=f"{number:012}")
        found(search, row, "apps")

    with django_assert_max_num_queries(60):
        edited = describe_ticked(search, search.asked_by)

    assert len(edited) == 60
