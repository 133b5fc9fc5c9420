"""Searching many accounts for EKS clusters, side by side and in slices."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.discover import clusters as searching
from accounts.discover.clusters import begin_search
from accounts.models import FoundCluster, ManagedAccount, Question
from accounts.tasks import carry_on
from onboarding.aws import discover
from onboarding.aws.errors import AwsError
from onboarding.topology import Managed
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, UNTRUSTING
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

OPEN = {"mode": "API", "is_public": True, "is_open": True}


def accounts(count: int) -> list[ManagedAccount]:
    managing_row()
    return [account_row(f"a{n}", account_id=f"{n:012}") for n in range(count)]


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Say what AWS answers for each account: clusters, or what is raised."""
    answers: dict[str, Any] = {}

    def eks_clusters(_: object, managed: Managed) -> tuple[discover.FoundCluster, ...]:
        answer = answers.get(managed.name, ())
        if isinstance(answer, Exception):
            raise answer
        return tuple(
            discover.FoundCluster(name, "us-east-1", **{**OPEN, **differs})
            for name, differs in dict(answer).items()
        )

    monkeypatch.setattr(discover, "eks_clusters", eks_clusters)
    return answers


def test_clusters_are_found_in_every_account_and_region(aws, prompt_worker) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    rows = [
        account_row(
            member.name,
            account_id=member.account_id,
            access_role=ACCESS_ROLE,
            regions=["us-east-1", "us-west-2"],
        )
        for member in MEMBERS
    ]

    begin_search(rows, person("operator"))

    search = Question.objects.get()
    carry_on("question", str(search.pk))
    search.refresh_from_db()
    found = search.clusters.values_list("name", "region", "mode", "account__name")
    refused = search.accounts.exclude(message="").get()
    assert search.answered_at
    assert {(name, mode) for name, _, mode, _ in found} == {
        ("apps", "API_AND_CONFIG_MAP")
    }
    assert refused.account.name == UNTRUSTING.name
    assert UNTRUSTING.account_id in refused.message


def test_an_account_that_cannot_be_read_stops_no_other(clusters) -> None:
    rows = accounts(4)
    rows[3].regions = []
    rows[3].save()
    clusters["a0"] = AwsError("1", "eks:ListClusters", "It is denied.", "Allow it.")
    clusters["a1"] = KeyError("clusters")
    clusters["a2"] = {"apps": {}}
    search = begin_search(rows, person("operator"))

    carry_on("question", str(search.pk))

    said = dict(search.accounts.values_list("account__name", "message"))
    assert said == {
        "a0": "It is denied.",
        "a1": searching.FAILED,
        "a2": "",
        "a3": searching.NO_REGIONS,
    }
    assert search.accounts.get(account=rows[0]).hint == "Allow it."
    assert search.clusters.get().name == "apps"


def test_the_endpoint_and_what_is_described_are_told(clusters) -> None:
    rows = accounts(1)
    known = {"clusters": [{"name": "old", "region": "us-east-1"}]}
    rows[0].providers.create(key="eks", details=known, has_details=True)
    clusters["a0"] = {
        "old": {},
        "some": {"is_open": False},
        "none": {"is_open": False, "is_public": False, "mode": "CONFIG_MAP"},
    }
    search = begin_search(rows, person("operator"))

    carry_on("question", str(search.pk))

    endpoint = FoundCluster.Endpoint
    assert {(c.name, c.endpoint, c.added) for c in search.clusters.all()} == {
        ("old", endpoint.PUBLIC, True),
        ("some", endpoint.RESTRICTED, False),
        ("none", endpoint.PRIVATE, False),
    }


def test_a_slice_that_is_over_sends_for_the_next(clusters, monkeypatch) -> None:
    sent: list[Question] = []
    monkeypatch.setattr("accounts.work.queue.wake", sent.append)
    monkeypatch.setattr(searching, "SLICE", 0.0)
    search = begin_search(accounts(2), person("operator"))

    carry_on("question", str(search.pk))
    waits = search.accounts.filter(read_at=None).count()
    monkeypatch.setattr(searching, "SLICE", 15.0)
    carry_on("question", str(search.pk))

    assert sent == [search]
    assert waits == 2
    assert not search.accounts.filter(read_at=None).exists()


def test_accounts_are_read_side_by_side_with_few_queries(
    clusters, django_assert_max_num_queries
) -> None:
    rows = accounts(2 * searching.BATCH)
    clusters |= {row.name: {"apps": {}} for row in rows}
    search = begin_search(rows, person("operator"))

    with django_assert_max_num_queries(2 * searching.BATCH + 40):
        carry_on("question", str(search.pk))

    assert search.clusters.count() == len(rows)
