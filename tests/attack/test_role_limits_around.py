"""Tried: get around the limit of a role: move an account in or out, by its form, in
bulk or by a file; use a page that was opened before the limit, or before the account
moved; hide an account among many of a rollout, a group or a file.

Refused: accounts are judged where they are when it is decided, before and after an
edit; rollouts, groups and files as a whole, with names; and no page offers any of it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ManagedAccount, Question, Rollout, Run
from accounts.models.states import Status
from accounts.runs import rollouts
from tests.accounts.runs.rollouts.rows import SAME, plan
from tests.accounts.web.answers import read
from tests.attack.limited import (
    IDENTITY,
    PRODUCTION,
    STAGING,
    browser_of,
    draft,
    limited,
    many,
    of,
    olga,
    other,
    refused,
    waiting,
    web,
)
from tests.rows import account_row, run_row

__all__ = ["olga"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("since", "to"), [(STAGING, "test"), ("test", STAGING)])
@pytest.mark.parametrize("in_bulk", [False, True])
def test_an_account_is_moved_by_whoever_has_the_role_in_both(
    since: str, to: str, in_bulk: bool, olga: User
) -> None:
    row = draft(environment=since)
    act = of(row, "identity", **IDENTITY, environment=to)
    if in_bulk:
        said = {"environment_how": "set", "environment": to, "apply": "1"}
        act = many("edit", row, **said)
    limited(olga, STAGING)

    refused(browser_of(olga).post(act.url, act.data))

    assert ManagedAccount.objects.get().environment == since
    limited(olga, STAGING, "test")
    browser_of(olga).post(act.url, act.data)
    assert ManagedAccount.objects.get().environment == to


def test_a_new_account_is_described_inside_only(olga: User) -> None:
    limited(olga, STAGING)
    browser = browser_of(olga)

    refused(browser.post("/accounts/new/", {**IDENTITY, "environment": ""}))

    assert not ManagedAccount.objects.exists()
    browser.post("/accounts/new/", {**IDENTITY, "environment": STAGING})
    assert ManagedAccount.objects.get().environment == STAGING


def test_an_account_that_moved_since_its_plan_is_judged_where_it_is(olga) -> None:
    run = waiting()
    limited(olga, STAGING)
    browser = browser_of(olga)
    form = read(run)
    ManagedAccount.objects.update(environment=PRODUCTION)

    refused(browser.post(f"/runs/{run.pk}/approve/", form))

    assert Run.objects.get().status == Status.PLANNED
    ManagedAccount.objects.update(environment=STAGING)
    browser.post(f"/runs/{run.pk}/approve/", form)
    assert Run.objects.get().status == Status.APPLYING


def test_a_limit_counts_on_pages_that_were_opened_before_it(olga: User) -> None:
    run = waiting()
    browser = browser_of(olga)
    page = browser.get(f"/runs/{run.pk}/")
    form = read(run)
    limited(olga, PRODUCTION)

    answer = browser.post(f"/runs/{run.pk}/approve/", form)

    assert "Approve and\n      apply" in page.content.decode()
    assert "role of olga applies to" in refused(answer)
    assert Run.objects.get().status == Status.PLANNED


def test_one_account_outside_refuses_its_whole_rollout_and_group(olga: User) -> None:
    rows = [web(), other(granted_at=timezone.now())]
    limited(olga, STAGING)
    browser = browser_of(olga)
    ManagedAccount.objects.filter(name="shop").update(environment="")

    said = refused(browser.post(*many("plan", *rows)))

    assert "shop is in no environment." in said
    assert not Rollout.objects.exists()
    row = rollouts.start(rows, Rollout.Kind.ONBOARD, None)
    plan(row)
    numbers = Run.objects.filter(rollout=row).values_list("number", flat=True)
    form = {"read": " ".join(map(str, numbers))}
    url = f"/runs/rollouts/{row.number}/same/{SAME}/approve/"
    assert "shop is in no environment." in refused(browser.post(url, form))
    assert not Run.objects.filter(status=Status.APPROVED).exists()


def test_names_and_counts_of_many_outside_are_said(olga: User) -> None:
    rows = [
        account_row(f"web-{n}", account_id=f"{n:012}", environment=PRODUCTION)
        for n in range(1, 9)
    ]
    limited(olga, STAGING)

    said = refused(browser_of(olga).post(*many("plan", *rows)))

    assert f"8 accounts are outside (8 in {PRODUCTION}): web-1, web-2" in said
    assert "web-5, and 3 more." in said


FILE = """\
name,account_id,environment,regions,external_id,ec2
web,9999-9999-9999,{},us-east-1,yes,yes
shop,8888-8888-8888,{},us-east-1,yes,yes
"""


def uploaded(browser: Client, *environments: str) -> Any:
    file = ContentFile(FILE.format(*environments).encode(), name="a.csv")
    return browser.post("/accounts/file/", {"file": file})


@pytest.mark.parametrize("environments", [(STAGING, PRODUCTION), (STAGING, "")])
def test_a_file_is_refused_as_a_whole_with_line_and_name(environments, olga) -> None:
    limited(olga, STAGING)

    said = refused(uploaded(browser_of(olga), *environments))

    assert f"shop is in {environments[1] or 'no environment'}." in said
    assert "web is in" not in said
    assert not ManagedAccount.objects.exists()


def test_a_file_moves_no_account_out_and_the_limit_counts_when_it_is_saved(
    olga: User,
) -> None:
    other(environment=PRODUCTION)
    limited(olga, STAGING)
    browser = browser_of(olga)

    refused(uploaded(browser, STAGING, STAGING))  # it was in production until now

    limited(olga, STAGING, PRODUCTION)
    preview = uploaded(browser, STAGING, PRODUCTION).url
    seen = browser.get(preview).context["upload"].digest
    limited(olga, PRODUCTION)
    refused(browser.post(preview, {"seen": seen}))
    assert [row.name for row in ManagedAccount.objects.all()] == ["shop"]


def test_clusters_are_searched_inside_only(olga: User) -> None:
    row = web()
    limited(olga, PRODUCTION)
    act = many("clusters", row)

    refused(browser_of(olga).post(act.url, act.data))

    assert not Question.objects.exists()
    limited(olga, STAGING)
    browser_of(olga).post(act.url, act.data)
    assert Question.objects.count() == 1


def test_pages_offer_nothing_that_would_be_refused_and_say_why(olga: User) -> None:
    run = waiting()
    account = ManagedAccount.objects.get()
    urls = (f"/runs/{run.pk}/", f"/accounts/{account.pk}/", f"/runs/same/{SAME}/")
    limited(olga, PRODUCTION)
    browser = browser_of(olga)

    for url in urls:
        page = browser.get(url).content.decode()
        assert f"applies to {PRODUCTION} only." in page
        assert "This is in staging." in page
        assert "(anna)" in page
        assert 'method="post" action="/accounts/' not in page
        assert "/discard/" not in page
        assert "Approve and" not in page
    limited(olga, STAGING)
    for url in urls:
        assert "only." not in browser_of(olga).get(url).content.decode()


def test_only_accounts_inside_can_be_selected(olga: User) -> None:
    row, outside = web(), other(environment=PRODUCTION)
    limited(olga, STAGING)
    browser = browser_of(olga)

    page = browser.get("/accounts/").content.decode()
    browser.post("/accounts/verify/", {"everything": "on"})

    assert f'name="account" value="{row.pk}"' in " ".join(page.split())
    assert f'value="{outside.pk}"' not in page
    assert Run.objects.get().account == row


def test_what_waits_is_counted_for_whoever_may_approve_it(olga: User) -> None:
    waiting()
    run_row(account=other(environment=PRODUCTION))
    run_row(account=None, kind=Run.Kind.MANAGING)
    browser = browser_of(olga)
    all_that_wait = browser.get("/").content.decode()
    limited(olga, STAGING)

    page = browser.get("/").content.decode()
    listed = browser.get("/runs/?waits=me")

    assert "3 plans need approval." in all_that_wait
    assert "The plan for web needs approval." in page
    assert [row.run.account_name for row in listed.context["rows"]] == ["web"]


def test_the_number_of_queries_does_not_grow(olga: User) -> None:
    limited(olga, STAGING, "test")
    browser = browser_of(olga)
    counts = []
    for first in (1, 3):
        for n in range(first, first * 3):
            name, key = f"web-{first}-{n}", f"{first}{n:011}"
            account_row(name, account_id=key, environment=["test", ""][n % 2])
        with CaptureQueriesContext(connection) as queries:
            browser.get("/accounts/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
