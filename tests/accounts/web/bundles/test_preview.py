"""Before a bundle is built, a page says what changes, what stays and what is out."""

from __future__ import annotations

import re

import pytest

from accounts.mapping.entries import keep_verified
from accounts.models import Activity, Bundle, ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.spinnaker.bundles import build, new_bundle
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, approve_entries, run_row


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(verification=State.VERIFIED, state=State.VERIFIED)


def text(client) -> str:
    return " ".join(client.get("/bundles/next/").content.decode().split())


def built() -> Bundle:
    bundle = new_bundle(None)
    build(bundle)
    return bundle


def test_the_first_bundle_adds_them_all_by_name(operator, account) -> None:
    page = text(operator)

    assert "Bundle 1, not built yet" in page
    assert "The first bundle: 1 AWS account added." in page
    assert re.search(r"<dt>New .*>staging</a> Added to aws\.", page)
    assert "Build bundle 1</button>" in page


def test_without_any_account_left_it_says_how_spinnaker_forgets_them(
    operator, account
) -> None:
    built()
    operator.post(f"/accounts/{account.pk}/exclude/")

    page = text(operator)
    listed = " ".join(operator.get("/bundles/").content.decode().split())

    assert "1 AWS account removed." in page
    assert "Build bundle" not in page
    for shown in (page, listed):
        assert "There are no accounts for a bundle" in shown
        assert "“Undo” in the README.md" in shown


def digest_on(page: str) -> str:
    return re.search(r'name="read" value="([0-9a-f]+)"', page)[1]


def test_nothing_is_built_that_changes_otherwise_than_was_read(
    operator, account
) -> None:
    built()
    read = digest_on(text(operator))
    account.regions = ["eu-west-1"]
    account.save()
    approve_entries(account)
    keep_verified(account, State.VERIFIED)

    answer = operator.post("/bundles/build/", {"read": read}, follow=True)

    page = " ".join(answer.content.decode().split())
    assert Bundle.objects.count() == 1
    assert "Bundle 2 wasn&#x27;t built: its changes differ from the preview" in page
    assert "eu-west-1" in page
    operator.post("/bundles/build/", {"read": digest_on(page)})
    assert Bundle.objects.count() == 2


def test_the_built_bundle_counts_the_files_that_the_preview_counted(
    operator, account
) -> None:
    built()
    account.regions = ["eu-west-1"]
    account.save()
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    preview = operator.get("/bundles/next/")
    built()

    page = operator.get("/bundles/2/?tab=changes").content.decode()

    before = sum(preview.context["changes"].excerpt.paths.values())
    others = Bundle.objects.get(number=2).changes["files"] - before
    said = f"Files that differ: {before} that Spinnaker reads, {others} others."
    assert before
    assert others
    assert said in " ".join(page.split())
    assert "compares only the files that Spinnaker reads." in preview.content.decode()


def test_a_bundle_whose_earlier_one_was_deleted_counts_its_files_together(
    operator, account
) -> None:
    built()
    account.regions = ["eu-west-1"]
    account.save()
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    built()
    Bundle.objects.filter(number=1).delete()

    page = operator.get("/bundles/2/?tab=changes").content.decode()

    total = Bundle.objects.get(number=2).changes["files"]
    assert f"Files that differ: {total}." in " ".join(page.split())


def test_what_only_other_files_say_is_a_change_too(operator, account) -> None:
    built()
    read = digest_on(text(operator))
    account.providers.update(details={"launch_templates": False})
    approve_entries(account)
    keep_verified(account, State.VERIFIED)

    page = text(operator)

    assert "no account added, changed or removed, and other files differ." in page
    assert '<span class="mono">clouddriver/<wbr>clouddriver-local.yml</span>' in page
    assert "would tell Spinnaker the same" not in page
    assert digest_on(page) != read


def test_an_account_that_is_added_meanwhile_keeps_no_bundle_back(
    operator, account
) -> None:
    built()
    read = digest_on(text(operator))
    account_row("other", account_id="9" * 12, verification=State.VERIFIED)

    operator.post("/bundles/build/", {"read": read})

    assert Bundle.objects.first().accounts.count() == 2


def test_an_edit_is_no_change_until_it_is_proved(operator, account) -> None:
    built()
    account.regions = ["eu-west-1"]
    account.save()

    before = text(operator)
    approve_entries(account)
    keep_verified(account, State.VERIFIED)

    assert "Compared with bundle 1: no account added, changed or removed." in before
    assert "This bundle configures Spinnaker the same as the previous one." in before
    assert "Compared with bundle 1: 1 Spinnaker account changed (aws)." in text(
        operator
    )
    assert "eu-west-1" in text(operator)


def test_it_says_which_accounts_were_edited_and_not_proved_since(
    operator, account
) -> None:
    built()
    before = text(operator)

    account.touch()

    after = text(operator)
    assert "Edits not included" not in before
    assert "Edits not included" in after
    assert f'<a href="{account.get_absolute_url()}">staging</a>' in after


@pytest.mark.parametrize("is_excluded", [False, True])
def test_it_names_accounts_that_are_being_removed(
    operator, account, is_excluded: bool
) -> None:
    run_row(Status.DISCARDED, account=account, kind=Run.Kind.REMOVE)
    other = account_row("other", account_id="9" * 12, verification=State.VERIFIED)
    if is_excluded:
        operator.post(f"/accounts/{account.pk}/exclude/")
    before = text(operator)
    removal = run_row(Status.PLANNED, account=account, kind=Run.Kind.REMOVE)

    after = text(operator)

    assert other.name in before
    assert "being removed" not in before
    assert ("Included although they're being removed" in after) is not is_excluded
    assert (f'href="{removal.get_absolute_url()}">' in after) is not is_excluded


def test_what_failed_is_kept_and_said(operator, account) -> None:
    built()
    ManagedAccount.objects.all().fail()
    run_row(Status.FAILED, account=account, error={"message": "The trust is gone."})

    page = text(operator)

    assert "1 kept despite a failed verification" in page
    assert "Included despite a failed verification" in page
    assert "The trust is gone." in page


def fail(account: ManagedAccount) -> None:
    ManagedAccount.objects.filter(pk=account.pk).fail()


def test_what_is_broken_and_was_in_no_bundle_is_added_and_not_kept(
    operator, account
) -> None:
    built()
    fail(account)
    fail(account_row("newer", account_id="9" * 12, verification=State.VERIFIED))

    page = text(operator)

    assert "1 of the AWS accounts added despite a failed verification, 1 kept" in page
    kept, added = (
        page.index("Included despite a failed verification"),
        page.index("Added despite a failed verification"),
    )
    assert page.index("Add newer despite the failed verification") in range(added, kept)
    assert "despite the failed verification" not in page[kept:]


def test_it_is_added_only_once_a_person_decided(operator, account) -> None:
    fail(account)
    read = digest_on(text(operator))

    refused = operator.post("/bundles/build/", {"read": read}, follow=True)
    assert not Bundle.objects.exists()
    operator.post("/bundles/build/", {"read": read, "add": ["staging"]})

    said = " ".join(refused.content.decode().split())
    assert "the last bundle doesn&#x27;t include them: staging." in said
    assert Bundle.objects.get().accounts.get() == account
    assert Activity.objects.first().detail[("added despite a failed verification")] == [
        "staging"
    ]


def test_all_that_is_broken_is_added_at_once(operator, account) -> None:
    fail(account)
    fail(account_row("newer", account_id="9" * 12, verification=State.VERIFIED))

    operator.post("/bundles/build/", {"add": ["staging"]})
    assert not Bundle.objects.exists()
    operator.post("/bundles/build/", {"add": ["*"]})

    assert Bundle.objects.get().accounts.count() == 2


def test_leaving_it_out_is_a_decision_too(operator, account) -> None:
    fail(account_row("newer", account_id="9" * 12, verification=State.VERIFIED))
    newer = ManagedAccount.objects.get(name="newer")

    answer = operator.post(f"/accounts/{newer.pk}/exclude/", {"next": "1"})
    operator.post("/bundles/build/")

    assert answer.url == "/bundles/next/"
    assert Bundle.objects.get().accounts.get() == account


def test_many_that_are_broken_are_counted(operator, account, monkeypatch) -> None:
    monkeypatch.setattr("accounts.spinnaker.next_bundle.MOST_KEPT", 1)
    fail(account)
    fail(account_row("newer", account_id="9" * 12, verification=State.VERIFIED))

    page = text(operator)

    assert "2 of the AWS accounts added despite a failed verification" in page
    assert "Add all, also the 1 that aren't named here" in page


def test_building_is_the_quiet_button_where_nothing_changed(operator, account) -> None:
    first = text(operator)
    built()

    assert '<button class="btn btn-primary"' in first
    assert '<button class="btn btn-secondary">Build the bundle anyway' in text(operator)
    assert 'class="btn btn-primary"' not in text(operator)


def test_policies_of_others_are_said_before_and_after_it_is_built(
    operator, account
) -> None:
    foreign_row(account)
    foreign_row(None, policy="Theirs", alike="e" * 64, digest="e" * 64)
    foreign_row(account_row("other", account_id="8" * 12), policy="Not in it")
    built()

    for url in ("/bundles/next/", "/bundles/1/"):
        page = " ".join(operator.get(url).content.decode().split())
        assert "AdministratorAccess on role spinnakerManaged</a>" in page
        assert "Theirs on role spinnakerManaged" in page
        assert "not approved" in page
        assert "Not in it" not in page


def test_leaving_out_is_a_persons_decision_on_record(operator, account) -> None:
    built()

    operator.post(f"/accounts/{account.pk}/exclude/")

    page = text(operator)
    account.refresh_from_db()
    assert account.excluded_by.get_username() == "operator"
    assert account.excluded_by_name == "operator"
    assert str(Activity.objects.first()) == "operator excluded from bundles staging"
    assert "1 AWS account removed." in page
    assert "excluded" in page
    own = operator.get(f"/accounts/{account.pk}/?tab=history").content.decode()
    assert "Include in bundles" in own


def test_it_is_put_in_again(operator, account) -> None:
    operator.post(f"/accounts/{account.pk}/exclude/")
    operator.post(f"/accounts/{account.pk}/exclude/", {"again": "yes"})

    assert ManagedAccount.objects.ready().exists()
    assert "left out" not in text(operator)


def test_what_no_bundle_would_hold_cannot_be_left_out(operator, managing) -> None:
    draft = account_row()

    page = operator.post(f"/accounts/{draft.pk}/exclude/", follow=True)

    assert "staging wouldn&#x27;t be in a bundle anyway." in page.content.decode()


def test_without_a_managing_account_there_is_nothing_to_compare(operator) -> None:
    response = operator.get("/bundles/next/")

    assert response.url == "/bundles/"


def test_many_failures_take_no_more_queries(
    operator, account, django_assert_max_num_queries
) -> None:
    for number in range(5):
        other = account_row(
            f"a{number}", account_id=f"{number:012}", verification=State.VERIFIED
        )
        run_row(Status.FAILED, account=other, error={"message": "Gone."})
    ManagedAccount.objects.all().fail()

    with django_assert_max_num_queries(18):
        operator.get("/bundles/next/")
