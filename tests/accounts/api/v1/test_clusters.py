"""EKS clusters by the API: searched, listed, and added to their accounts."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import FoundCluster, ManagedAccount, Question
from tests.accounts.api.calling import detail
from tests.rows import account_row

SEARCHES = "/clusters/searches"


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row()


@pytest.fixture
def search(operator, account) -> str:
    """Begin a search by the API, and find two clusters as a worker does."""
    pk = operator.post(SEARCHES, {"accounts": ["staging"]}).json()["id"]
    for name in ("apps", "batch"):
        FoundCluster.objects.create(
            search_id=pk,
            account=account,
            name=name,
            region="us-east-1",
            endpoint="public",
            mode="API",
        )
    Question.objects.update(answered_at=timezone.now())
    return f"{SEARCHES}/{pk}"


def clusters_of(account: ManagedAccount) -> list[str]:
    one = account.providers.filter(key="eks").first()
    return [c["account_name"] for c in one.details["clusters"]] if one else []


def ids(operator, search: str, **asked: str) -> list[int]:
    found = operator.read(f"{search}/clusters", **asked).json()["items"]
    return [one["id"] for one in found]


def test_accounts_are_searched_once_for_one_key_and_one_search_at_a_time(
    operator, account
):
    body = {"accounts": ["staging"]}

    first = operator.post(SEARCHES, body, key="one")
    repeated = operator.post(SEARCHES, body, key="one")
    another = operator.post(SEARCHES, body)

    assert first.status_code == 202, first.content
    assert repeated.json() == first.json()
    shown = operator.read(f"{SEARCHES}/{first.json()['id']}").json()
    assert (shown["accounts"], shown["read"], shown["finished_at"]) == (1, 0, None)
    assert detail(another) == "Your last search is still in progress."
    assert Question.objects.count() == 1


def test_accounts_are_found_by_a_filter(operator, account):
    nobody = operator.post(SEARCHES, {})
    found = operator.post(SEARCHES, {"filter": {"text": "stag"}})

    assert found.json()["accounts"] == 1
    assert "Name the accounts" in detail(nobody, 422)


def test_what_was_found_is_listed(operator, search):
    items = operator.read(f"{search}/clusters").json()["items"]

    assert [(one["name"], one["account"], one["added"]) for one in items] == [
        ("apps", "staging", False),
        ("batch", "staging", False),
    ]
    assert ids(operator, search, region="eu-west-1") == []
    assert len(ids(operator, search, account="stag")) == 2


def test_clusters_that_fit_a_pattern_are_paged(operator, account, search):
    pk = search.rpartition("/")[2]
    for name in ("apps-1", "apps-2", "apps-10"):
        FoundCluster.objects.create(search_id=pk, account=account, name=name)

    asked = {"like": "apps-?", "limit": 1, "total": True}
    first = operator.read(f"{search}/clusters", **asked).json()
    second = operator.read(f"{search}/clusters", **asked, cursor=first["next"]).json()

    pages = [[one["name"] for one in page["items"]] for page in (first, second)]
    assert pages == [["apps-1"], ["apps-2"]]
    assert (first["total"], second["next"]) == (2, None)


def test_accounts_that_could_not_be_read_are_named(operator, search):
    Question.objects.get().accounts.update(message="It is denied.", hint="Allow.")

    items = operator.read(f"{search}/unread").json()["items"]

    assert items == [
        {"account": "staging", "message": "It is denied.", "hint": "Allow."}
    ]


def test_chosen_clusters_become_part_of_their_account(operator, account, search):
    first, second = ids(operator, search)

    answer = operator.post(
        f"{search}/add",
        {"clusters": [first], "pattern": "{account}-k8s-{cluster}"},
    )
    again = operator.post(f"{search}/add", {"clusters": [first]})
    rest = operator.post(f"{search}/add", {"clusters": [second], "namespaces": []})

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"accounts": ["staging"]}
    assert "already added: 1 of" in detail(again, 422)
    assert rest.status_code == 200, rest.content
    assert clusters_of(account) == ["staging-k8s-apps", "staging-batch"]


def test_what_was_selected_on_the_page_is_not_added(operator, account, search):
    FoundCluster.objects.filter(name="batch").update(ticked=True)
    first, _ = ids(operator, search)

    operator.post(f"{search}/add", {"clusters": [first]})

    assert clusters_of(account) == ["staging-apps"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pattern": "{team}-{cluster}"}, "“{team}” isn't a known placeholder"),
        ({"rights": "everything"}, "everything"),
        ({"namespaces": ["No_Name"]}, "No_Name"),
        ({"clusters": [999]}, "already added: 1 of these clusters"),
    ],
)
def test_what_the_page_refuses_is_refused(operator, account, search, wrong, sentence):
    body = {"clusters": ids(operator, search), **wrong}

    refused = operator.post(f"{search}/add", body)

    assert sentence in detail(refused, 422)
    assert clusters_of(account) == []
