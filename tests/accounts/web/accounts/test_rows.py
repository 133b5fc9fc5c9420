"""Rows of the list of accounts: the pinned one, failed checks, what fits each."""

from __future__ import annotations

from django.utils import timezone

from accounts.lists.accounts import ACCOUNTS
from accounts.models import ManagedAccount
from accounts.models.states import State, Status
from tests.accounts.web.accounts.test_views import names, three
from tests.rows import account_row, managing_row, run_row


def test_the_managing_account_is_on_top_of_the_first_page(viewer) -> None:
    managing_row(name="core")
    three()
    pinned = 'id="row-managing"'

    assert pinned in viewer.get("/accounts/").content.decode()
    assert pinned in viewer.get("/accounts/?sort=-state").content.decode()
    assert pinned in viewer.get("/accounts/?text=cor").content.decode()
    for others in ("?text=web", "?state=draft"):
        page = viewer.get(f"/accounts/{others}").content.decode()
        assert pinned not in page
        assert "core</a>, isn't in this list." in page


def test_where_only_the_managing_account_matches_the_list_says_so(viewer) -> None:
    managing_row(name="core")
    three()

    page = viewer.get("/accounts/?text=core").content.decode()

    assert "Only the managing account matches the filters." in page
    assert "No account matches" not in page


def test_failed_checks_of_the_last_verification_are_counted_and_found(viewer) -> None:
    web, data, _ = three()
    ManagedAccount.objects.filter(pk=data.pk).update(state=State.VERIFIED)
    older = run_row(Status.FAILED, account=web)
    newer = run_row(Status.FAILED, account=web)
    cured = [
        run_row(Status.FAILED, account=data),
        run_row(Status.VERIFIED, account=data),
    ]
    for run, outcomes in (
        (older, ["failed", "failed", "failed"]),
        (newer, ["failed", "cannot deploy", "passed"]),
        (cured[0], ["failed"]),
        (cured[1], ["passed"]),
    ):
        for position, outcome in enumerate(outcomes):
            run.checks.create(
                position=position, provider="ec2", name="List", outcome=outcome
            )
    run_row(Status.PLANNING, account=web)

    listed = viewer.get("/accounts/")
    found = viewer.get("/accounts/?checks=failed")

    counts = {row.account.name: row.failed_checks for row in listed.context["rows"]}
    assert (counts[web.name], counts[data.name]) == (2, 0)
    assert list(counts.values()).count(None) == 1
    assert "2 failed</a>" in listed.content.decode()
    assert names(found) == [web.name]
    assert names(viewer.get("/accounts/?checks=other")) == []


def test_a_row_says_which_actions_fit_it(operator) -> None:
    web, data, lab = three()
    ManagedAccount.objects.filter(pk=web.pk).update(granted_at=timezone.now())
    run_row(Status.FAILED, account=data)

    rows = operator.get("/accounts/").context["rows"]

    facts = {row.account.name: set(row.facts.split()) for row in rows}
    assert {"granted", "in-aws"} <= facts[web.name]
    assert "failed" not in facts[web.name]
    assert facts[data.name] == {"failed"}
    assert facts[lab.name] == set()


def test_everything_that_filters_accounts_is_in_the_form(operator) -> None:
    three()
    for key in (one.name for one in ACCOUNTS.filters):
        form = operator.get("/accounts/", {key: "x"}).context["filter_form"]

        assert form.is_filtered, key


def test_a_failed_account_does_not_say_that_nothing_failed(viewer) -> None:
    account = account_row(state=State.FAILED)
    run_row(Status.VERIFIED, account=account).checks.create(
        position=1, provider="ec2", name="List", outcome="passed"
    )

    (row,) = viewer.get("/accounts/").context["rows"]

    assert row.failed_checks is None
