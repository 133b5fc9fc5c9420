"""What people decide: each decision once, on record, and by whoever may."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.mapping.plans import plan_of
from accounts.models import CheckResult, EnabledProvider, ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.spinnaker.bundles import build, install, new_bundle
from tests.accounts.web.answers import messages_of, read
from tests.rows import account_row, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")


def test_an_approval_is_on_record_and_begins_the_apply(approver) -> None:
    run = run_row()
    step_row(run)

    response = approver.post(f"{run.get_absolute_url()}approve/", read(run))

    approved = Run.objects.get()
    assert response["Location"] == run.get_absolute_url()
    assert approved.status == Status.APPLYING
    assert approved.approved_by.username == "approver"


def test_a_plan_that_deletes_asks_for_the_accounts_name(approver) -> None:
    run = run_row()
    step_row(run, verb="delete", before={"name": "x"}, after=None)

    response = approver.post(f"{run.get_absolute_url()}approve/", read(run))

    html = response.content.decode()
    assert Run.objects.get().status == Status.PLANNED
    assert "This plan deletes 1 resource in AWS" in html
    assert "Type the account&#x27;s name, staging" in html


def test_a_run_that_has_ended_is_not_asked_to_be_reviewed_again(approver) -> None:
    run = run_row(Status.VERIFIED)

    response = approver.post(
        f"{run.get_absolute_url()}approve/", {"read": "0" * 64, "comment": ""}
    )

    assert "verified" in messages_of(response)
    assert "Review the updated plan" not in messages_of(response)


def test_an_edited_account_makes_its_plan_outdated(both) -> None:
    run = run_row(account=account_row(version=2), version=1)

    html = both.get(run.get_absolute_url()).content.decode()
    response = both.post(f"{run.get_absolute_url()}approve/", read(run))

    assert "This plan is outdated" in html
    assert "Plan again" in html
    assert "Approve and apply" not in html
    assert Run.objects.get().status == Status.PLANNED
    assert "Plan again" in messages_of(response)


def test_a_plan_is_put_aside(approver) -> None:
    run = run_row()

    response = approver.post(f"{run.get_absolute_url()}discard/")

    assert Run.objects.get().status == Status.DISCARDED
    assert "Nothing changed in AWS" in messages_of(response)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Run.Kind.ONBOARD, Status.PLANNING),
        (Run.Kind.REMOVE, Status.PLANNING),
        (Run.Kind.VERIFY, Status.VERIFYING),
        (Run.Kind.MANAGING, Status.PLANNING),
    ],
)
def test_it_is_started_again(operator, kind: str, status: str) -> None:
    stands = timezone.now()
    account = None if kind == Run.Kind.MANAGING else account_row(granted_at=stands)
    old = run_row(Status.FAILED, kind=kind, account=account)

    response = operator.post(f"{old.get_absolute_url()}again/")

    new = Run.objects.exclude(pk=old.pk).get()
    assert (new.kind, new.status, new.account) == (kind, status, account)
    assert response["Location"] == new.get_absolute_url()


def test_a_run_that_is_open_is_shown_instead_of_a_second_one(operator) -> None:
    account = account_row()
    working = run_row(Status.APPLYING, account=account)

    response = operator.post(f"/accounts/{account.pk}/plan/")

    assert response["Location"] == working.get_absolute_url()
    assert "in progress" in messages_of(response)
    assert Run.objects.count() == 1


def test_an_account_is_planned(operator) -> None:
    account = account_row()

    response = operator.post(f"/accounts/{account.pk}/plan/")

    run = Run.objects.get()
    assert run.created_by.username == "operator"
    assert response["Location"] == run.get_absolute_url()


def test_a_half_described_account_leads_to_what_is_missing(operator) -> None:
    account = account_row()
    EnabledProvider.objects.create(account=account, key="eks")

    response = operator.post(f"/accounts/{account.pk}/plan/")

    assert response["Location"] == f"/accounts/{account.pk}/details/"
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("action", "kind"), [("verify", Run.Kind.VERIFY), ("remove", Run.Kind.REMOVE)]
)
def test_an_account_is_verified_or_removed(operator, action: str, kind: str) -> None:
    account = account_row(granted_at=timezone.now())

    operator.post(f"/accounts/{account.pk}/{action}/")

    assert Run.objects.get().kind == kind


def test_an_account_that_spinnaker_has_is_not_removed(operator) -> None:
    account = account_row(granted_at=timezone.now(), verification=State.VERIFIED)
    bundle = new_bundle(None)
    build(bundle)
    install(bundle, None)

    url = f"/accounts/{account.pk}/remove/"
    page = operator.post(url, follow=True).content.decode()

    assert not Run.objects.exists()
    assert "Spinnaker has staging, in bundle 1." in page


def test_an_account_that_spinnaker_may_have_is_removed_by_typing_its_name(
    operator,
) -> None:
    account = account_row(granted_at=timezone.now(), verification=State.VERIFIED)
    build(new_bundle(None))
    url = f"/accounts/{account.pk}/remove/"

    page = operator.post(url, {"never_told": "stagin"}, follow=True).content.decode()
    operator.post(url, {"never_told": "staging"})

    assert "Bowline doesn&#x27;t know which bundle Spinnaker has" in page
    assert Run.objects.get().kind == Run.Kind.REMOVE


def test_the_last_account_is_removed_once_spinnaker_was_made_to_forget_it(
    operator,
) -> None:
    account = account_row(granted_at=timezone.now(), verification=State.VERIFIED)
    install_next()
    operator.post(f"/accounts/{account.pk}/exclude/")

    tab = {"tab": "remove"}
    shown = operator.get(account.get_absolute_url(), tab).content.decode()
    url = f"/accounts/{account.pk}/remove/"
    refused = operator.post(url, follow=True).content.decode()
    operator.post(url, {"never_told": "staging"})

    for page in (shown, refused):
        assert "so there&#x27;s no bundle without it" in page
        assert "“Undo” in the README.md of bundle 1" in page
    assert "After it&#x27;s removed from Spinnaker, type staging" in shown
    assert Run.objects.get().kind == Run.Kind.REMOVE


def test_an_account_that_left_spinnaker_is_removed(operator) -> None:
    account = account_row(granted_at=timezone.now(), verification=State.VERIFIED)
    account_row("other", account_id="9" * 12, verification=State.VERIFIED)
    install_next()
    operator.post(f"/accounts/{account.pk}/exclude/")
    install_next()

    operator.post(f"/accounts/{account.pk}/remove/")

    assert Run.objects.get().kind == Run.Kind.REMOVE


def install_next() -> None:
    bundle = new_bundle(None)
    build(bundle)
    install(bundle, None, "gone")


@pytest.mark.parametrize("says", ["installed", "put in again and built"])
def test_a_removal_is_not_approved_once_spinnaker_may_have_the_account_again(
    approver, says: str
) -> None:
    account = account_row(granted_at=timezone.now(), verification=State.VERIFIED)
    if says == "installed":
        before = new_bundle(None)
        build(before)
    run = run_row(kind=Run.Kind.REMOVE, account=account)
    if says == "installed":
        install(before, None)
    else:
        build(new_bundle(None))

    page = approver.post(
        f"/runs/{run.pk}/approve/", {"read": plan_of(run).digest}, follow=True
    ).content.decode()

    run.refresh_from_db()
    assert run.status == Status.PLANNED
    assert "Then remove it from AWS." in page


def test_a_removal_of_what_spinnaker_never_had_is_approved(approver) -> None:
    account = account_row(granted_at=timezone.now(), verification=State.VERIFIED)
    build(new_bundle(None))
    run = run_row(kind=Run.Kind.REMOVE, account=account)

    approver.post(f"/runs/{run.pk}/approve/", {"read": plan_of(run).digest})

    run.refresh_from_db()
    assert run.status == Status.APPLYING


def test_old_checks_of_a_removed_account_are_history(operator) -> None:
    account = account_row()
    run = run_row(Status.VERIFIED, account=account)
    CheckResult.objects.create(
        run=run, position=0, provider="chain", name="Walked", outcome="passed"
    )

    page = operator.get(f"/accounts/{account.pk}/").content.decode()

    assert "These are the checks of the last verification" in page
    assert '<div class="checks-history">' in page


def test_a_draft_has_nothing_to_verify(operator) -> None:
    account = account_row()

    response = operator.post(f"/accounts/{account.pk}/verify/")

    assert response["Location"] == account.get_absolute_url()
    assert "Bowline hasn't created anything in staging yet" in messages_of(response)
    assert not Run.objects.exists()


def test_an_acceptance_is_on_record(approver) -> None:
    account = account_row(state=State.EVALUATED, verification=State.EVALUATED)
    run = run_row(Status.EVALUATED, account=account)

    approver.post(f"/accounts/{account.pk}/accept/")

    html = approver.get(run.get_absolute_url()).content.decode()
    assert ManagedAccount.objects.get().accepted_by.username == "approver"
    assert ">Accept<" not in html
    assert "approver accepted it" in html
