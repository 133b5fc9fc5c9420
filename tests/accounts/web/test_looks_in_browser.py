"""Every page of the site at every width, in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from playwright.sync_api import Browser, Page, Request

from accounts.models import CheckResult, ManagedAccount, Question, Run
from accounts.models.states import State, Status
from tests.accounts.web.browsing import ONLY_CONTRAST, complaints, violations
from tests.accounts.web.looks import axe_findings, faults
from tests.attack.pages import walk
from tests.attack.whole_site import whole_site
from tests.rows import account_row, person, run_row

LONG = "payments-{}-of-a-department-with-a-rather-long-name"
CALLER = {
    "account_id": "911111111111",
    "arn": "arn:aws:sts::911111111111:assumed-role/bowline-of-the-platform-team/i-0a1",
    "principal": "arn:aws:iam::911111111111:role/bowline-of-the-platform-team",
}
ALIKE = re.compile("/admin/(?!$|accounts/run/|accounts/managedaccount/|auth/user/)")
"""Pages of the admin site that are made of the same parts as the others."""

STRANGER = ["/sign-in/", "/nowhere/"]


@pytest.fixture
def addresses(
    transactional_db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Make every row, with long names; name each page that a person can open."""
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: None)
    site = whole_site()
    for number, account in enumerate(site.accounts):
        ManagedAccount.objects.filter(pk=account.pk).update(name=LONG.format(number))
        Run.objects.filter(account=account).update(account_name=LONG.format(number))
    Question.objects.update(answer=CALLER)
    client.force_login(person("administrator", is_superuser=True))
    named = [*site.one_of_each(), *site.admin_addresses()]
    seen = {address.partition("?")[0] for address in named}
    named += sorted({*addresses_of_no_row()} - seen)
    return [*(address for address in named if is_page(client, address)), *STRANGER]


def addresses_of_no_row() -> Iterator[str]:
    """Yield each address of the whole site that is the same for everybody."""
    for route, _ in walk(get_resolver().url_patterns):
        if not route.startswith("api/") and not {*"<(^"} & {*route}:
            yield f"/{route}"


def is_page(client: Client, address: str) -> bool:
    answer = client.get(address)
    is_html = "html" in answer["Content-Type"]
    return answer.status_code == 200 and is_html and b"<html" in answer.content


def test_nothing_sticks_out_or_is_cut_or_breaks_the_policy(
    signed_in, addresses: list[str]
) -> None:
    page = signed_in("administrator")
    told = complaints(page)
    found = []

    for address in addresses:
        page.goto(address)
        found += faults(page)

    assert not found, "\n".join(found)
    assert [one for one in told if "404 (Not Found)" not in one] == []


def test_axe_finds_nothing(signed_in, addresses: list[str]) -> None:
    page = signed_in("administrator", bypass_csp=True)
    found = []

    for address in (one for one in addresses if not ALIKE.match(one)):
        page.goto(address)
        found += axe_findings(page)

    assert not found, "\n".join(found)


def test_axe_looks_at_each_kind_of_row_once(page: Page) -> None:
    row = '<div class="diff-row"><b class="{}" style="color: #eee">Words</b></div>'
    page.set_content(
        "<style>[hidden] { display: none }</style>"
        + "".join(map(row.format, ("same", "same", "other")))
    )

    found = violations(page, **ONLY_CONTRAST)

    assert [place.split(": ")[2].split(".")[-1] for place in found] == ["same", "other"]
    assert page.locator(".diff-row:visible").count() == 3


def test_the_pages_of_an_empty_site_look_right(
    signed_in, transactional_db: None
) -> None:
    person("operator")
    page = signed_in(bypass_csp=True)
    found = []

    for address in ("/", "/accounts/", "/runs/", "/bundles/", "/bundles/next/"):
        page.goto(address)
        found += faults(page) + axe_findings(page)

    assert not found, "\n".join(found)


def test_the_font_is_the_sites_own_and_is_loaded_once(
    browser: Browser, live_server: Any, transactional_db: None
) -> None:
    page = browser.new_page(base_url=live_server.url)
    fonts: list[str] = []
    page.on("requestfinished", lambda one: fonts.extend(own_fonts(one)))

    page.goto("/sign-in/", wait_until="networkidle")

    assert page.evaluate("document.fonts.check('16px Inter')")
    assert fonts == [f"{live_server.url}/static/fonts/Inter%5Bopsz%2Cwght%5D.ttf"]


def own_fonts(request: Request) -> list[str]:
    return [request.url] if request.resource_type == "font" else []


@pytest.fixture
def verified(transactional_db: None) -> str:
    """Keep checks of two groups, whose words differ in length; name their page."""
    person("operator")
    account = account_row(verification=State.VERIFIED, granted_at=timezone.now())
    run = run_row(Status.VERIFIED, account=account)
    ended = [
        ("chain", CheckResult.Outcome.PASSED),
        ("ec2", CheckResult.Outcome.NOT_TESTABLE),
        ("ec2", CheckResult.Outcome.EVALUATED),
    ]
    for position, (provider, outcome) in enumerate(ended):
        CheckResult.objects.create(
            run=run, position=position, provider=provider, name="List", outcome=outcome
        )
    return run.get_absolute_url()


def test_the_columns_of_checks_are_the_same_in_each_group(
    signed_in, verified: str
) -> None:
    page = signed_in()
    page.goto(verified)

    lefts = page.locator(".check-what").evaluate_all(
        "found => found.map((one) => one.getBoundingClientRect().left)"
    )

    assert len(lefts) == 3
    assert len({*lefts}) == 1


def test_a_badge_stands_on_the_line_of_its_neighbour(signed_in, verified: str) -> None:
    page = signed_in()
    page.goto(verified)

    found = page.locator(".check").evaluate_all(BASELINES)

    assert [abs(badge - text) < 0.5 for badge, text in found] == [True] * 3


# Where the first line of a check's badge has its baseline, and that of its name.
BASELINES = """(checks) => {
  const baseline = (node) => {
    const mark = document.createElement("span");
    mark.style.display = "inline-block";
    node.before(mark);
    const found = mark.getBoundingClientRect().bottom;
    mark.remove();
    return found;
  };
  const text = (one) => [...one.childNodes].find(
    (node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return checks.map((check) => [".state", ".check-what"].map(
    (part) => baseline(text(check.querySelector(part)))));
}"""
