"""What search finds, for whom, and at which cost."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.web.search.views import DESTINATIONS, MOST, find
from tests.bundles import with_every_provider
from tests.rows import account_row, bundle_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

QUERIES = 10
"""Two of them find what the person may do."""


@pytest.fixture
def viewer() -> User:
    return person("viewer")


def titles(by: User, text: str) -> dict[str, list[str]]:
    return {group.title: [hit.title for hit in group.hits] for group in find(by, text)}


@pytest.mark.parametrize(
    "text", ["stag", "STAGING", "9222", "9222-2222-2222", "staging-k8s"]
)
def test_an_account_is_found_by_name_id_and_name_in_spinnaker(
    viewer: User, text: str
) -> None:
    account = account_row("staging")
    account.spinnaker_names.create(name="staging-k8s")
    account_row("other", account_id="933333333333")

    assert titles(viewer, text)["Accounts"] == ["staging"]


def test_what_begins_with_the_text_comes_first(viewer: User) -> None:
    for number, name in enumerate(("a-web", "web-2", "web")):
        account_row(name, account_id=f"{number:012}")

    assert titles(viewer, "web")["Accounts"] == ["web", "web-2", "a-web"]


def test_one_character_finds_what_begins_with_it(viewer: User) -> None:
    for number, name in enumerate(("web", "data-w")):
        account_row(name, account_id=f"{number:012}")

    assert titles(viewer, "w")["Accounts"] == ["web"]


def test_an_account_shows_its_id_its_other_name_and_its_state(viewer: User) -> None:
    account = account_row(environment="lab", state=State.FAILED)
    account.spinnaker_names.create(name="staging-ecs")

    (group,) = (one for one in find(viewer, "staging") if one.title == "Accounts")

    assert group.hits[0].note == "922222222222 · lab · staging-ecs in Spinnaker"
    assert group.hits[0].word == "failed"


def test_the_managing_account_is_found(viewer: User, managing) -> None:
    assert titles(viewer, "911111")["Accounts"] == ["core"]


def test_an_account_that_cannot_be_read_is_found(viewer: User) -> None:
    account_row()
    ManagedAccount.objects.update(regions={"not": "a list"})

    assert titles(viewer, "staging")["Accounts"] == ["staging"]


def test_a_run_is_found_by_its_number_its_reference_and_its_account(
    viewer: User,
) -> None:
    run = run_row()
    run_row(Status.VERIFIED, account=None, account_name="elsewhere")

    found = [f"Run {run.number}: Onboard staging"]
    assert titles(viewer, run.reference)["Runs"] == found
    assert titles(viewer, str(run.pk))["Runs"] == found
    assert titles(viewer, f"run {run.number}")["Runs"] == found
    assert titles(viewer, f"#{run.number}")["Runs"] == found
    assert titles(viewer, "stagin")["Runs"] == found


@pytest.mark.parametrize("kind", Run.Kind.values)
def test_a_run_is_called_as_its_own_page_calls_it(
    viewer: User, client: Client, kind: str
) -> None:
    client.force_login(viewer)
    managing_row()
    account = account_row(granted_at=timezone.now())
    run = run_row(Status.VERIFIED, account=account, kind=kind)

    (found,) = titles(viewer, "staging")["Runs"]

    page = unescape(client.get(run.get_absolute_url()).content.decode())
    assert f"<h1>{found}</h1>" in page


def test_a_run_of_a_deleted_account_is_found(viewer: User) -> None:
    run = run_row(Status.VERIFIED)
    ManagedAccount.objects.all().delete()

    found = [f"Run {run.number}: Onboard staging"]
    assert titles(viewer, "staging") == {"Runs": found}


@pytest.mark.parametrize("text", ["7", "#7", "bundle 7", "Bundle #7", "bundles"])
def test_a_bundle_is_found_by_its_number(viewer: User, text: str) -> None:
    bundle_row(with_every_provider(), 7)

    assert titles(viewer, text)["Bundles"] == ["Bundle 7"]


def test_a_page_is_found_by_what_people_call_it(viewer: User) -> None:
    assert titles(viewer, "four eyes")["Pages"] == ["Require a second approver"]


@pytest.mark.parametrize("text", ["iam policy", "rollback", "undo"])
def test_what_has_no_name_of_its_own_is_found_in_documents(
    viewer: User, text: str
) -> None:
    account_row()

    (found,) = titles(viewer, text).items()

    assert found[0] == "Documentation"
    assert 0 < len(found[1]) <= MOST


def test_nothing_typed_lists_the_pages(viewer: User) -> None:
    account_row()

    assert list(titles(viewer, "  ")) == ["Pages"]


def test_a_percent_sign_is_a_character_like_others(viewer: User) -> None:
    account_row()

    assert titles(viewer, "%") == {}
    assert titles(viewer, "_") == {}


@pytest.mark.parametrize("text", ["\0", "x" * 5000, "9" * 5000, "[", "\\", "٣" * 12])
def test_whatever_is_typed_finds_something_or_nothing(viewer: User, text: str) -> None:
    account_row()

    assert find(viewer, text) is not None


def test_a_part_of_a_page_is_there(client: Client, managing) -> None:
    client.force_login(person("administrator", is_superuser=True))
    parts = [one for one in DESTINATIONS if one.tail.startswith("?tab=")]

    for one in parts:
        page = client.get(one.path).content.decode()
        assert f"{one.title}</h2>" in page, one.title
    assert parts


def test_days_are_in_the_zone_of_the_person(viewer: User) -> None:
    run = run_row()
    moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    Run.objects.filter(pk=run.pk).update(created_at=moment)

    with timezone.override("Asia/Tokyo"):
        (group,) = (one for one in find(viewer, run.reference) if one.title == "Runs")

    assert group.hits[0].note.endswith("2 Jul 2026")


def test_a_viewer_finds_no_page_for_operators_or_administrators(viewer: User) -> None:
    pages = titles(viewer, "")["Pages"]

    assert {"Onboard an account", "Admin site"}.isdisjoint(pages)
    assert "Settings" in pages


def test_every_page_for_all_roles_is_found() -> None:
    everything = person("operator", is_superuser=True)

    assert len(titles(everything, "")["Pages"]) == len(DESTINATIONS)


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_as_much_for_many(
    viewer: User, django_assert_max_num_queries: Any, count: int
) -> None:
    for number in range(count):
        account = account_row(f"web-{number}", account_id=f"{number:012}")
        account.spinnaker_names.create(name=f"web-{number}-k8s")
        run_row(Status.VERIFIED, account=account)
    bundle_row(with_every_provider(), 1)

    with django_assert_max_num_queries(QUERIES):
        find(viewer, "web")


def test_no_kind_fills_the_whole_list(viewer: User) -> None:
    for number in range(20):
        run_row(
            Status.VERIFIED,
            account=account_row(f"w-{number}", account_id=f"{number:012}"),
        )

    found = titles(viewer, "w-")

    assert (len(found["Accounts"]), len(found["Runs"])) == (8, 8)
    assert Run.objects.count() == 20
