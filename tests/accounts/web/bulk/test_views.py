"""Many accounts at once: edited, removed, left out of bundles, retried."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of
from accounts.models import (
    Activity,
    Bundle,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
)
from accounts.models.states import State, Status
from tests.accounts.web.answers import again, messages_of
from tests.rows import account_row, bundle_row, run_row

EVERY = ["edit", "remove", "exclude", "retry", "rotate"]
KEEP = {
    "environment_how": "",
    "regions_how": "",
    "read_roles_how": "",
    "write_roles_how": "",
}


def verified(name: str, number: int, **fields: Any) -> ManagedAccount:
    plain = {"state": State.VERIFIED, "verification": State.VERIFIED, "applied": [{}]}
    return account_row(
        name,
        account_id=f"{number:012}",
        granted_at=timezone.now(),
        **{**plain, **fields},
    )


@pytest.fixture
def web(managing) -> ManagedAccount:
    return verified("web", 1, environment="lab", regions=["us-east-1", "eu-west-1"])


@pytest.fixture
def data(web: ManagedAccount) -> ManagedAccount:
    return verified("data", 2, regions=["us-east-1"], read_roles=["ops"])


def send(client: Client, what: str, *accounts: ManagedAccount, **fields: str) -> Any:
    sent = {"account": [account.pk for account in accounts], **fields}
    return client.post(f"/accounts/{what}/", sent)


def edit(client: Client, *accounts: ManagedAccount, **fields: str) -> Any:
    return send(client, "edit", *accounts, **{**KEEP, "apply": "1", **fields})


# Edit


def test_first_it_shows_what_they_are(operator, web, data) -> None:
    page = send(operator, "edit", web, data)

    html = page.content.decode()
    assert "Edit 2 accounts" in html
    assert html.count('name="account"') == 2
    assert again(web).version == web.version


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([{"name": "data-ro"}], False),
        ([{"name": "data-ro", "regions": ["us-east-1"]}], True),
        ([{"name": "data-ro", "permissions": {"READ": ["ops"], "WRITE": []}}], True),
    ],
)
def test_it_says_of_which_names_the_own_settings_stay(
    operator, web, data, others: list[dict[str, Any]], said: bool
) -> None:
    ManagedAccount.objects.filter(pk=data.pk).update(also_as=others)

    html = " ".join(send(operator, "edit", web, data).content.decode().split())

    assert (
        "Other names in Spinnaker keep their own Regions and groups: data-ro." in html
    ) is said
    edit(operator, data, regions_how="set", regions="eu-west-1")
    assert again(data).also_as == others


def test_the_environment_is_set(operator, web, data) -> None:
    response = edit(operator, web, data, environment_how="set", environment="staging")

    assert [again(web).environment, again(data).environment] == ["staging"] * 2
    assert "Edited 2 accounts." in messages_of(response)


@pytest.mark.parametrize(
    ("change", "values", "of_web", "of_data"),
    [
        ("add", "eu-west-1", ["us-east-1", "eu-west-1"], ["us-east-1", "eu-west-1"]),
        ("set", "eu-west-1", ["eu-west-1"], ["eu-west-1"]),
    ],
)
def test_regions_are_added_or_set(
    operator, web, data, change: str, values: str, of_web: Any, of_data: Any
) -> None:
    edit(operator, web, data, regions_how=change, regions=values)

    assert (again(web).regions, again(data).regions) == (of_web, of_data)


def test_an_account_that_cannot_be_edited_is_named_and_keeps_no_other(
    operator, web, data
) -> None:
    response = edit(operator, web, data, regions_how="take", regions="us-east-1")

    assert again(web).regions == ["eu-west-1"]
    assert again(data).regions == ["us-east-1"]
    assert "Edited 1 account." in messages_of(response)
    assert "Couldn't edit 1: data: no Region would be left." in messages_of(response)


def test_taking_the_last_role_opens_no_account_to_everybody(
    operator, web, data
) -> None:
    response = edit(operator, data, read_roles_how="take", read_roles="ops")

    assert again(data).read_roles == ["ops"]
    assert "everyone could read" in messages_of(response)


def test_roles_can_be_set_to_nobody_in_particular(operator, web, data) -> None:
    edit(operator, data, read_roles_how="set", read_roles="")

    assert again(data).read_roles == []


def test_an_edit_outdates_is_on_record_and_approves_nothing(operator, web) -> None:
    edit(operator, web, write_roles_how="add", write_roles="deployers")

    row = again(web)
    assert (row.state, row.version) == (State.OUTDATED, web.version + 1)
    assert [one.username for one in row.authors.all()] == ["operator"]
    entry = Activity.objects.first()
    assert (entry.what, entry.about) == (Activity.What.EDIT, "web")
    assert entry.detail["changed"]["write_roles"] == [[], ["deployers"]]
    assert not Run.objects.exists()


def test_the_edited_ones_are_planned_if_asked(operator, web, data) -> None:
    response = edit(
        operator, web, data, environment_how="set", environment="lab", plan="on"
    )

    assert response.url == "/runs/"
    run = Run.objects.get()
    assert (run.account_name, run.kind, run.status) == (
        "data",
        Run.Kind.ONBOARD,
        Status.PLANNING,
    )


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Choose at least one change."),
        ({"regions_how": "add"}, "Enter at least one."),
        ({"regions_how": "set"}, "Enter at least one."),
        ({"regions_how": "add", "regions": "moon-1"}, "moon-1"),
        ({"environment_how": "set", "environment": "A b"}, "letters, digits"),
    ],
)
def test_what_cannot_be_right_is_refused_before_any_edit(
    operator, web, data, fields: dict[str, str], error: str
) -> None:
    page = edit(operator, web, data, **fields)

    assert page.status_code == 200
    assert error in page.content.decode()
    assert again(web).version == web.version


def test_all_that_match_are_edited(operator, web, data) -> None:
    page = operator.post("/accounts/edit/?environment=lab", {"everything": "on"})

    assert [account.name for account in page.context["accounts"]] == ["web"]


def test_of_very_many_the_first_are_edited_and_the_others_counted(
    operator, web, data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.web.bulk.views.MOST_EDITED", 1)

    page = send(operator, "edit", web, data)

    assert [account.name for account in page.context["accounts"]] == ["data"]
    assert "1 more account matches. Edit the rest afterwards." in page.content.decode()


# Remove


def test_it_asks_for_the_number_before_it_plans_a_removal(operator, web, data) -> None:
    page = send(operator, "remove", web, data).content.decode()
    assert '<span class="mono">remove 2 accounts</span>' in page

    wrong = send(operator, "remove", web, data, apply="1", confirm="remove 1 account")

    assert "nothing was planned" in wrong.content.decode()
    assert not Run.objects.exists()


def test_each_removal_is_planned(operator, web, data) -> None:
    response = send(
        operator, "remove", web, data, apply="1", confirm="Remove 2 accounts"
    )

    assert response.url == Rollout.objects.get().get_absolute_url()
    found = Run.objects.values_list("account_name", "kind", "status")
    assert {*found} == {
        ("core", Run.Kind.MANAGING, Status.PLANNING),
        ("web", Run.Kind.REMOVE, Status.PLANNING),
        ("data", Run.Kind.REMOVE, Status.PLANNING),
    }
    assert "Nothing is deleted until the plans are approved." in messages_of(response)


def test_what_spinnaker_has_is_kept_and_named(operator, web, data) -> None:
    bundled(web)

    page = send(operator, "remove", web, data).content.decode()

    assert "1 can be removed now" in page
    assert '<span class="mono">remove 1 account</span>' in page
    assert "Spinnaker has web, in bundle 1." in page


def test_a_draft_and_an_account_at_work_are_kept(operator, web, data) -> None:
    draft = account_row("draft", account_id="000000000003")
    run_row(Status.APPLYING, account=web)

    page = send(operator, "remove", web, draft).content.decode()

    assert "A run is in progress" in page
    assert "Bowline hasn&#x27;t created anything in this account." in page
    assert 'name="confirm"' not in page


def bundled(account: ManagedAccount) -> Bundle:
    topology = topology_of(managing_of(ManagingAccount.objects.get()), [account])
    bundle = bundle_row(topology, 1)
    bundle.accounts.add(account)
    Bundle.objects.update(installed_at=timezone.now())
    return bundle


# Leave out of bundles


def test_they_are_left_out_of_bundles_first(operator, web, data) -> None:
    response = send(operator, "exclude", web)

    assert again(web).excluded_at
    assert again(data).excluded_at is None
    assert "Excluded from later bundles: 1 account." in messages_of(response)
    assert Activity.objects.first().what == Activity.What.EXCLUDE


# Retry


def test_only_what_failed_is_started_again(operator, web, data) -> None:
    run_row(Status.VERIFIED, account=web)
    run_row(Status.FAILED, account=data, kind=Run.Kind.VERIFY)

    response = send(operator, "retry", web, data)

    newest = Run.objects.order_by("-created_at").first()
    assert (newest.account_name, newest.kind) == ("data", Run.Kind.VERIFY)
    assert Run.objects.count() == 3
    assert "The last run of 1 account didn't fail." in messages_of(response)


def test_a_failure_that_was_tried_again_since_is_none(operator, web) -> None:
    run_row(Status.FAILED, account=web)
    run_row(Status.VERIFIED, account=web)

    response = send(operator, "retry", web)

    assert Run.objects.count() == 2
    assert response.url == "/accounts/?"


@pytest.mark.parametrize("kind", [Run.Kind.ONBOARD, Run.Kind.REMOVE, Run.Kind.VERIFY])
def test_a_retry_is_of_the_same_kind(operator, web, kind: str) -> None:
    run_row(Status.ERRORED, account=web, kind=kind)

    send(operator, "retry", web)

    assert Run.objects.order_by("-created_at").first().kind == kind


@pytest.mark.parametrize("kind", Rollout.Kind.values)
def test_more_than_one_of_a_kind_are_retried_as_a_rollout(
    operator, web, data, kind: str
) -> None:
    for account in (web, data):
        run_row(Status.FAILED, account=account, kind=kind)

    response = send(operator, "retry", web, data)

    rollout = Rollout.objects.get()
    mine = rollout.runs.exclude(account=None).values_list("account_name", "kind")
    assert response.url == rollout.get_absolute_url()
    assert rollout.kind == kind
    assert {*mine} == {("web", kind), ("data", kind)}


def test_different_kinds_are_retried_apart(operator, web, data) -> None:
    third = verified("third", 3)
    run_row(Status.FAILED, account=web, kind=Run.Kind.VERIFY)
    for account in (data, third):
        run_row(Status.FAILED, account=account, kind=Run.Kind.REMOVE)

    response = send(operator, "retry", web, data, third)

    assert response.url == "/runs/"
    assert Rollout.objects.get().kind == Rollout.Kind.REMOVE
    assert not Rollout.objects.get().runs.filter(account=web).exists()
    assert Run.objects.get(status=Status.VERIFYING).account == web


# All of them


@pytest.mark.parametrize("what", EVERY)
def test_nothing_chosen_changes_nothing(operator, web, what: str) -> None:
    response = operator.post(f"/accounts/{what}/", {"account": ["x"]}, follow=True)

    assert response.status_code == 200
    assert not Run.objects.exists()


def test_the_list_has_the_buttons(operator, web) -> None:
    page = operator.get("/accounts/?state=verified").content.decode()

    for what in ("edit", "remove", "retry", "rotate"):
        assert f'formaction="/accounts/{what}/?state=verified"' in page
