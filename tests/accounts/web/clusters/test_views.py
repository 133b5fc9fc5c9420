"""The page of EKS clusters of many accounts: what is shown, kept and saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import FoundCluster, ManagedAccount, Question, Rollout, Run
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, search_row

ALIKE = {
    "pattern": "{account}-{cluster}",
    "rights": "edit",
    "namespaces": "default",
    "access": "entry",
}

pytestmark = pytest.mark.usefixtures("managing")


@pytest.fixture
def search(operator) -> Question:
    by = ManagedAccount.created_by.field.related_model.objects.get()
    return search_row(by, answered_at=timezone.now())


def account(number: int) -> ManagedAccount:
    return account_row(f"a{number:03}", account_id=f"{number:012}")


def found(search: Question, row: ManagedAccount, *names: str) -> None:
    FoundCluster.objects.bulk_create(
        FoundCluster(
            search=search,
            account=row,
            name=name,
            region="us-east-1",
            endpoint="public",
            mode="API",
        )
        for name in names
    )


def send(client: Any, search: Question, *names: str, **fields: Any) -> Any:
    """Press a button on the page that shows all, with these clusters selected."""
    shown = search.clusters.filter(added=False)[:50]
    sent = {
        **ALIKE,
        "shown": [cluster.pk for cluster in shown],
        "cluster": [cluster.pk for cluster in shown if cluster.name in names],
        **fields,
    }
    return client.post(search.get_absolute_url(), sent)


def ticked(search: Question) -> list[str]:
    rows = search.clusters.filter(ticked=True)
    return list(rows.order_by("name").values_list("name", flat=True))


def test_the_bulk_menu_starts_a_search_and_shows_how_far_it_is(operator) -> None:
    rows = [account(1), account(2)]
    menu = operator.get("/accounts/").content.decode()

    response = operator.post(
        "/accounts/clusters/", {"account": [row.pk for row in rows]}
    )

    page = operator.get(response.url)
    assert 'formaction="/accounts/clusters/"' in menu
    assert "0 of 2 accounts read" in page.content.decode()
    part = operator.get(response.url, headers={"hx-request": "true"})
    assert part.templates[0].name == "clusters/_progress.html"
    Question.objects.update(answered_at=timezone.now())
    assert operator.get(response.url, headers={"hx-request": "true"})["HX-Refresh"]
    assert "No clusters found" in operator.get(response.url).content.decode()


def test_without_a_selection_nothing_is_searched(operator) -> None:
    response = operator.post("/accounts/clusters/?text=web")

    assert "Select accounts first" in messages_of(response)
    assert response.url == "/accounts/?text=web"
    assert not Question.objects.exists()


def test_the_list_says_what_each_cluster_is(operator, search) -> None:
    found(search, account(1), "apps")
    FoundCluster.objects.update(endpoint="restricted", mode="API_AND_CONFIG_MAP")

    html = operator.get(search.get_absolute_url()).content.decode()

    for part in (
        "a001",
        "000000000001",
        "us-east-1",
        ">apps<",
        "public for some networks",
        "API_AND_CONFIG_MAP",
        "a001-apps",
        "Edit: deploy workloads",
        'value="default"',
    ):
        assert part in html


def test_accounts_that_could_not_be_read_are_named(operator, search) -> None:
    search.accounts.create(account=account(1), message="It is denied.", hint="Allow.")

    page = operator.get(search.get_absolute_url()).content.decode()
    why = operator.get(f"{search.get_absolute_url()}?show=refused").content.decode()

    assert "1 account couldn't be read" in page
    assert "a001" in why
    assert "It is denied. Allow." in why


def test_a_shell_pattern_counts_and_selects_what_matches(operator, search) -> None:
    found(search, account(1), "prod-web", "prod-db", "staging")
    found(search, account(2), "prod-web", "my-prod-1")

    html = operator.get(f"{search.get_absolute_url()}?like=prod-*").content.decode()
    send(operator, search, like="prod-*", all="1")

    assert "3 clusters match." in html
    assert "my-prod-1" not in html
    assert ticked(search) == ["prod-db", "prod-web", "prod-web"]
    send(operator, search, *ticked(search), like="*-db", none="1")
    assert ticked(search) == ["prod-web", "prod-web"]


def test_what_is_selected_stays_on_other_pages_and_filters(operator, search) -> None:
    found(search, account(1), *(f"c{number:03}" for number in range(60)))

    response = send(operator, search, "c001", "c002", page="2", pattern="{cluster}")
    second = operator.get(response.url).content.decode()
    operator.post(search.get_absolute_url(), {**ALIKE, "filter": "1", "like": "c05*"})

    assert response.url == f"{search.get_absolute_url()}?page=2"
    assert "c059" in second
    assert "2 clusters selected" in second
    assert ticked(search) == ["c001", "c002"]


def test_what_is_unselected_is_no_longer(operator, search) -> None:
    found(search, account(1), "apps", "batch")
    send(operator, search, "apps", "batch", names="1")

    send(operator, search, "batch", names="1")

    assert ticked(search) == ["batch"]


def test_the_selected_are_added_and_planned_as_one_rollout(operator, search) -> None:
    found(search, account(1), "apps")
    found(search, account(2), "apps")

    response = send(operator, search, "apps", describe="1", plan="on")

    rollout = Rollout.objects.get()
    assert response.url == rollout.get_absolute_url()
    assert Run.objects.filter(rollout=rollout, kind="onboard").count() == 2
    assert "Added their clusters to 2 accounts" in messages_of(response)


def test_they_can_be_added_without_a_plan(operator, search) -> None:
    found(search, account(1), "apps", "batch")

    response = send(operator, search, "apps", describe="1")

    assert response.url == search.get_absolute_url()
    assert not Run.objects.exists()
    assert "already added" in operator.get(response.url).content.decode()


def test_wrong_names_are_said_and_nothing_is_lost(operator, search) -> None:
    found(search, account(1), "apps")
    found(search, account(2), "apps")

    html = send(
        operator, search, "apps", describe="1", pattern="{cluster}"
    ).content.decode()

    assert "Nothing is saved yet." in html
    assert "called “apps”" in html
    assert 'value="{cluster}"' in html
    assert html.count(" checked>") == 3  # both clusters, and the plan
    assert ticked(search) == ["apps", "apps"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("pattern", "{account}-{vpc}", "“{vpc}” isn&#x27;t a known placeholder."),
        ("namespaces", "Not-One", "A namespace has 1 to 63"),
        ("rights", "everything", "Select a valid choice"),
    ],
)
def test_wrong_settings_are_said(operator, search, field, value, sentence) -> None:
    found(search, account(1), "apps")

    html = send(operator, search, "apps", describe="1", **{field: value})

    assert sentence in html.content.decode()
    assert not Run.objects.exists()
    assert ticked(search) == ["apps"]


def test_nothing_selected_is_said(operator, search) -> None:
    found(search, account(1), "apps")

    response = send(operator, search, describe="1")

    assert "Select clusters first." in response.content.decode()


@pytest.mark.parametrize("wrong", ["x", "-1", "9" * 30, "²"])
def test_keys_that_are_none_change_nothing(operator, search, wrong) -> None:
    found(search, account(1), "apps")

    response = send(operator, search, shown=[wrong], cluster=[wrong], names="1")

    assert response.status_code == 302
    assert ticked(search) == []


def test_what_is_a_day_old_is_gone(operator, search) -> None:
    Question.objects.update(expires_at=timezone.now())

    assert operator.get(search.get_absolute_url()).status_code == 404


def test_the_page_asks_as_much_for_many(
    operator, search, django_assert_max_num_queries
) -> None:
    for number in range(60):
        found(search, account(number), *(f"c{one}" for one in range(5)))

    with django_assert_max_num_queries(22):
        html = operator.get(f"{search.get_absolute_url()}?page=2").content.decode()

    assert "51–100 of 300 clusters" in html
