"""The list of accounts: filters, sorting, pages, and what is done to many."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.models import EnabledProvider, ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from tests.rows import account_row, managing_row

QUERIES = 20
"""Session, person, two of permissions, saved filters, environments of roles, trouble,
count, page, providers, names, who of them left the organization, the managing account,
whose last run failed, whose checks did."""


def names(response: Any) -> list[str]:
    return [account.name for account in response.context["page"]]


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def three() -> list[ManagedAccount]:
    web = account_row("web", account_id="911111111111", state=State.VERIFIED)
    for name in ("web-ecs", "shop-ro"):
        web.spinnaker_names.create(name=name)
    return [
        web,
        account_row(
            "data",
            account_id="922222222222",
            environment="staging",
            state=State.FAILED,
            providers={"ec2": {}, "lambda": {}},
        ),
        account_row("api", account_id="933333333333", environment="production"),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["api", "data", "web"]),
        ("text=AT", ["data"]),
        ("text=9333-3333", ["api"]),
        ("text=B-ecs", ["web"]),
        ("text=shop-ro", ["web"]),
        ("text=%25", []),
        ("state=failed", ["data"]),
        ("provider=lambda", ["data"]),
        ("environment=production", ["api"]),
        ("environment=-", ["web"]),
        ("state=failed&environment=production", []),
        ("sort=-name", ["web", "data", "api"]),
        ("sort=account_id", ["web", "data", "api"]),
        ("sort=password", ["api", "data", "web"]),
        ("page=99", ["api", "data", "web"]),
        ("page=x", ["api", "data", "web"]),
        ("policies=green", []),
        ("verification=young", []),
        ("added=x", []),
        ("added=2026-02-31T00:00:00Z", []),
        ("added=2026-02-03T04:05", []),
    ],
)
def test_the_url_says_what_is_shown(operator, query: str, found: list[str]) -> None:
    three()

    assert names(operator.get(f"/accounts/?{query}")) == found


def test_what_was_described_together_is_found_by_its_moment(operator) -> None:
    web, data, _ = three()
    moment = timezone.now()
    ManagedAccount.objects.filter(pk__in=[web.pk, data.pk]).update(created_at=moment)

    response = operator.get("/accounts/", {"added": moment.isoformat()})

    assert names(response) == ["data", "web"]
    html = response.content.decode()
    assert "Showing only the accounts that were added together." in html
    assert f'name="added" value="{moment.isoformat()}"' in html


def test_an_empty_list_teaches(operator) -> None:
    page = operator.get("/accounts/").content.decode()

    assert "No accounts yet" in page
    assert 'href="/accounts/new/"' in page
    assert 'href="/accounts/organization/"' in page


def test_a_filter_without_a_match_offers_all(operator) -> None:
    three()

    page = operator.get("/accounts/?text=zzz").content.decode()

    assert "No account matches" in page


def test_a_sorted_column_says_so_and_turns_round(operator) -> None:
    three()

    page = operator.get("/accounts/?sort=state&state=").content.decode()

    assert re.search(r'aria-sort="ascending"><a href="\?sort=-state', page)


@pytest.mark.parametrize("count", [3, 2000])
def test_it_is_as_quick_for_many(
    operator, django_assert_num_queries, count: int
) -> None:
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n}", account_id=f"{n:012}", environment=f"e{n % 9}")
        for n in range(count)
    )
    EnabledProvider.objects.bulk_create(
        EnabledProvider(account=row, key=key) for row in rows for key in ("ec2", "ecs")
    )

    with django_assert_num_queries(QUERIES):
        response = operator.get("/accounts/?sort=-state")

    assert len(names(response)) == min(count, 50)


def test_the_ticked_ones_are_planned(operator, managing) -> None:
    web, data, _ = three()

    response = operator.post("/accounts/plan/", {"account": [web.pk, data.pk]})

    rollout = Rollout.objects.get()
    assert response.url == rollout.get_absolute_url()
    assert set(rollout.runs.values_list("account_name", "kind", "status")) == {
        ("core", "managing", "planning"),
        ("web", "onboard", "planning"),
        ("data", "onboard", "planning"),
    }
    assert told(response) == [
        f"{rollout} is started. Nothing in AWS changes until the plans are approved."
    ]


def test_one_account_is_planned_by_itself(operator, managing) -> None:
    web, *_ = three()

    response = operator.post("/accounts/plan/", {"account": [web.pk]})

    assert response.url == "/runs/"
    assert Run.objects.get().rollout is None


def test_all_that_match_are_planned(operator, managing) -> None:
    three()

    operator.post("/accounts/plan/?environment=-", {"everything": "on"})

    assert Run.objects.get().account_name == "web"


def test_a_draft_that_is_not_described_is_named(operator, managing) -> None:
    account = account_row(providers={})

    response = operator.post("/accounts/plan/?state=draft", {"account": account.pk})

    assert response.url == "/accounts/?state=draft"
    (message,) = told(response)
    assert message.startswith("Couldn't plan 1: staging: These steps are incomplete: ")
    assert "providers" in message


def test_one_that_is_busy_does_not_stop_the_others(operator, managing) -> None:
    web, data, api = three()
    Run.objects.create(account=web, account_name="web", status=Status.APPLYING)

    response = operator.post("/accounts/plan/", {"account": [web.pk, data.pk, api.pk]})

    rollout = Rollout.objects.get()
    planned = rollout.runs.exclude(account=None)
    assert set(planned.values_list("account_name", flat=True)) == {"data", "api"}
    assert "1 account excluded. See below." in told(response)
    assert " of web is in progress" in rollout.excluded[0]


def test_many_refusals_are_counted(operator, managing) -> None:
    for n in range(8):
        account_row(f"a{n}", account_id=f"{n:012}", providers={})

    response = operator.post("/accounts/plan/", {"everything": "on"})

    (message,) = told(response)
    assert message.startswith("Couldn't plan 8: a0, a1, a2, a3, a4, and 3 more: ")
    assert message.count("These steps are incomplete") == 1


def test_only_what_stands_is_verified(operator, managing) -> None:
    web, data, _ = three()
    ManagedAccount.objects.filter(pk=web.pk).update(granted_at=timezone.now())

    response = operator.post("/accounts/verify/", {"account": [web.pk, data.pk]})

    run = Run.objects.get()
    assert (run.account, run.status) == (web, Status.VERIFYING)
    assert response.url == run.rollout.get_absolute_url()
    (reason,) = run.rollout.excluded
    assert "data: Bowline hasn't created anything in data yet" in reason


def test_a_waiting_plan_is_not_put_aside_by_a_verification(operator, managing) -> None:
    web, *_ = three()
    ManagedAccount.objects.filter(pk=web.pk).update(granted_at=timezone.now())
    waiting = Run.objects.create(account=web, account_name="web", status=Status.PLANNED)

    response = operator.post("/accounts/verify/", {"account": [web.pk]})

    assert list(Run.objects.all()) == [waiting]
    assert "a plan for web, needs approval. Approve or discard it." in told(response)[0]


def test_of_drafts_alone_nothing_is_verified(operator, managing) -> None:
    three()

    response = operator.post("/accounts/verify/", {"everything": "on"})

    assert told(response) == ["Select accounts that exist in AWS. Nothing was started."]


@pytest.mark.parametrize("ticked", [[], ["no-uuid"], ["0" * 32]])
def test_nothing_ticked_starts_nothing(operator, ticked: list[str]) -> None:
    three()

    response = operator.post("/accounts/plan/", {"account": ticked})

    assert Run.objects.count() == 0
    assert told(response) == ["Select accounts first. Nothing was started."]


def test_those_that_are_too_many_for_one_rollout_are_counted(
    operator, monkeypatch
) -> None:
    monkeypatch.setattr("accounts.web.bulk.views.MOST_IN_ROLLOUT", 2)
    managing_row()
    three()

    first = operator.post("/accounts/plan/", {"everything": "on"})

    assert "1 more account left. To plan the rest, select all" in told(first)[0]
    assert Run.objects.exclude(account=None).count() == 2


def test_of_all_those_verified_longest_ago_come_first(operator, monkeypatch) -> None:
    monkeypatch.setattr("accounts.web.bulk.views.MOST_IN_ROLLOUT", 2)
    managing_row()
    now = timezone.now()
    account_row("draft", account_id="0" * 12)
    for n, days in enumerate((1, 3, 2)):
        account_row(
            f"{days}-days",
            account_id=f"{n:012}1"[1:],
            granted_at=now,
            verified_at=now - timedelta(days=days),
        )

    response = operator.post("/accounts/verify/", {"everything": "on"})

    names_ = set(Run.objects.values_list("account_name", flat=True))
    assert names_ == {"3-days", "2-days"}
    assert told(response)[0].startswith("1 more account left. To verify the rest")


def test_those_on_older_policies_are_found_and_planned_at_once(
    operator, three_policy_sets
) -> None:
    managing_row()
    for n in range(4):
        account_row(f"on-{n}", account_id=f"{n:012}", policy_set=n)

    response = operator.get("/accounts/?policies=older")
    operator.post("/accounts/plan/?policies=older", {"everything": "on"})

    assert names(response) == ["on-1", "on-2"]
    assert "policy version 1" in response.content.decode()
    planned = Run.objects.exclude(account=None)
    assert set(planned.values_list("account_name", flat=True)) == {"on-1", "on-2"}
