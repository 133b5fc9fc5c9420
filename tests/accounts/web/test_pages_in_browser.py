"""The reading pages in a real browser: what only scripts and styles can show."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import CheckResult, ManagedAccount, Run
from accounts.models.standing import WORDS
from accounts.models.states import State, Status
from accounts.spinnaker.bundles import build, new_bundle
from onboarding.verify.result import Located, command, line_of, printed_document
from tests.accounts.web.browsing import complaints
from tests.rows import account_row, managing_row, person

STATES = [word for word in State if word in WORDS]


@pytest.fixture
def accounts(transactional_db: None) -> list[str]:
    """Describe an account of each state, and a bundle; name the pages to look at."""
    person("operator")
    managing_row()
    rows = [
        account_row(
            f"a-{state}",
            account_id=f"{number:012}",
            environment=("web", "")[number % 2],
            state=state,
            verification=State.VERIFIED if state == State.VERIFIED else "",
        )
        for number, state in enumerate(STATES)
    ]
    bundle = new_bundle(None)
    build(bundle)
    refusal = refused(rows[0])
    return ["/", "/accounts/", "/bundles/", bundle.get_absolute_url(), "/settings/"] + [
        one.get_absolute_url() for one in (refusal, *rows[:3])
    ]


def refused(account: ManagedAccount) -> Run:
    """Keep a refusal with all that explains it, which was none the day before."""
    ManagedAccount.objects.filter(pk=account.pk).update(granted_at=timezone.now())
    run = Run.objects.create(
        kind=Run.Kind.VERIFY,
        status=Status.FAILED,
        account=account,
        account_name=account.name,
        error={"message": "Assume the managed role: AWS refused it."},
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "933333333333"},
        "Action": [f"sts:Action{number}" for number in range(8)],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="chain",
        name="Assume the managed role",
        outcome=CheckResult.Outcome.FAILED,
        sentence="AWS refused it: the trust policy names 933333333333.",
        fix="Plan again.",
        located=Located.THEIR_TRUST,
        document=printed_document(document),
        line=line_of(document, ("Statement", 0, "Principal")),
        change=command("iam", "update-assume-role-policy", policy_document=document),
        worse=True,
    )
    return run


@pytest.mark.smoke
def test_no_page_breaks_the_policy_or_throws(signed_in, accounts: list[str]) -> None:
    page = signed_in()
    told = complaints(page)

    for path in accounts:
        page.goto(path)

    assert told == []


@pytest.mark.smoke
def test_a_chosen_theme_outlives_the_page(signed_in, accounts: list[str]) -> None:
    page = signed_in(color_scheme="light")
    page.goto("/")
    page.get_by_text("operator, menu").click()

    page.get_by_role("button", name="Dark").click()
    page.goto("/accounts/")

    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_places_fold_on_a_phone(signed_in, accounts: list[str]) -> None:
    page = signed_in(viewport={"width": 390, "height": 844})
    page.goto("/")
    place = page.get_by_role("link", name="Spinnaker", exact=True)
    expect(place).to_be_hidden()

    page.get_by_role("button", name="Menu").click()

    expect(place).to_be_visible()


@pytest.mark.smoke
def test_the_bar_counts_what_is_ticked(signed_in, accounts: list[str]) -> None:
    page = signed_in()
    page.goto("/accounts/")
    plan = page.get_by_role("button", name="Plan changes")
    expect(plan).to_be_hidden()

    page.get_by_label("Select a-draft").check()
    expect(page.get_by_text("1 account selected")).to_be_visible()
    page.get_by_label("Select all on this page").check()

    expect(page.get_by_text(f"{len(STATES)} accounts selected")).to_be_visible()
    expect(plan).to_be_visible()


def test_the_bar_says_when_all_pages_are_chosen(
    signed_in, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.http.PAGE", 3)
    page = signed_in()
    page.goto("/accounts/")

    page.get_by_label("Select all on this page").check()
    page.get_by_label(f"All {len(STATES)} that match, on every page").check()

    expect(page.get_by_text("All that match selected")).to_be_visible()


@pytest.mark.smoke
def test_an_account_id_is_copied(signed_in, accounts: list[str]) -> None:
    page = signed_in(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/accounts/")

    page.get_by_role("button", name="Copy account ID 000000000003").click()

    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "000000000003"


def test_a_node_of_the_picture_is_reached_by_keyboard(
    signed_in, accounts: list[str]
) -> None:
    page = signed_in()
    page.goto("/")
    node = page.get_by_role("link", name=re.compile(r"a-failed .*: failed")).first

    node.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("a-failed")


def test_it_all_works_without_scripts(signed_in, accounts: list[str]) -> None:
    page = signed_in(java_script_enabled=False)
    page.goto("/accounts/")

    page.get_by_label("Select a-verified").check()
    page.get_by_role("button", name="Plan changes").click()

    expect(page.get_by_text("Started to plan 1 account.")).to_be_visible()
