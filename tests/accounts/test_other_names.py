"""The other names of an AWS account, through every door of the app."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.forms.account import ProvidersForm
from accounts.mapping.accounts_file import register
from accounts.mapping.accounts_file.comparison import exported_account
from accounts.mapping.accounts_file.uploading import text
from accounts.mapping.edits import editing
from accounts.mapping.entries import (
    described_entries,
    keep_verified,
    managed_from,
    unplanned_entries,
)
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.spinnaker import NameTaken, claim_names
from accounts.models import ManagedAccount, SpinnakerName
from accounts.models.states import State
from accounts.runs.verifying import regions_in_use
from accounts.spinnaker.bundles import build, new_bundle
from accounts.spinnaker.deliveries.planning import environments, wanted_bodies
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.spinnaker.bundle.contents import accounts_in
from tests.rows import account_row, approve_entries, managing_row, person

pytestmark = pytest.mark.django_db

EU: dict[str, Any] = {
    "name": "staging-eu",
    "regions": ["eu-west-1"],
    "permissions": {"READ": ["sre"], "WRITE": []},
}
FILE = """\
accounts:
- name: {name}
  account_id: "{account_id}"
  regions: [us-east-1]
  external_id: false
  also_as: [{also_as}]
  providers: {{ec2: {{}}}}
"""


def file(also_as: str = "", name: str = "staging", account_id: str = "9" * 12) -> Any:
    text = FILE.format(also_as=also_as, name=name, account_id=account_id)
    return read_accounts_file(text.encode())


def names() -> set[str]:
    return {*SpinnakerName.objects.values_list("name", flat=True)}


def with_names(*others: dict[str, Any], **fields: Any) -> ManagedAccount:
    plain = {"uses_external_id": False, "environment": "staging"}
    account = account_row(also_as=[*(others or (EU,))], **{**plain, **fields})
    claim_names(account)
    return account


def verified(account: ManagedAccount) -> ManagedAccount:
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    ManagedAccount.objects.update(state=State.VERIFIED, verification=State.VERIFIED)
    account.refresh_from_db()
    return account


def test_an_accounts_file_gives_them_and_gets_them_back(managing) -> None:
    (account,) = register(file("{name: a, regions: [eu-west-1]}, {name: b}"), None)

    assert names() == {"staging", "a", "b"}
    said = exported_account(account, account.providers.all())["also_as"]
    assert said == [{"name": "a", "regions": ["eu-west-1"]}, {"name": "b"}]
    (account,) = register(file(), None)
    assert (account.also_as, names()) == ([], {"staging"})


@pytest.mark.parametrize("name", ["staging-eu", "Staging-EU"])
def test_a_name_is_had_once_whatever_the_door(name: str, managing) -> None:
    with_names()

    with pytest.raises(FileProblems, match=r"(?i)staging-eu"):
        register(file(name=name), None)
    with pytest.raises(FileProblems, match=r"(?i)staging-eu"):
        register(file(f"{{name: {name}}}", name="other"), None)
    by_page = account_row(name, account_id="3" * 12)
    with pytest.raises(NameTaken, match="already belongs to staging"):
        claim_names(by_page)
    with pytest.raises(NameTaken, match="two accounts named"):
        claim_names(account_row("b", account_id="4" * 12, also_as=[{"name": "B"}]))


def test_another_accounts_name_is_taken(managing) -> None:
    claim_names(account_row("other", account_id="3" * 12))

    with pytest.raises(FileProblems, match="other"):
        register(file("{name: other}"), None)


def test_an_edit_of_them_waits_for_its_approval() -> None:
    managing = managing_of(managing_row())
    account = verified(account_row(uses_external_id=False))

    with editing(account, person("operator")):
        account.also_as = [EU]
        account.save()

    account.refresh_from_db()
    changes = unplanned_entries(managing, account)
    assert [(one.verb, one.name) for one in changes] == [("create", "staging-eu")]
    assert account.version > account.approved_version
    assert account.verification == State.VERIFIED


def test_bundles_and_deliveries_have_each_name_once_it_was_verified(managing) -> None:
    account = verified(with_names())

    bundle = new_bundle(None)
    build(bundle)
    bundle.refresh_from_db()

    assert [one["name"] for one in accounts_in(bundle.archive).aws] == [
        "staging",
        "staging-eu",
    ]
    assert [one.name for one in wanted_bodies()] == ["staging", "staging-eu"]
    assert environments(["staging-eu"]) == ["staging"]
    assert managed_from(account.verified) == managed_of(account)


def test_a_dropped_name_leaves_the_next_bundle() -> None:
    managing = managing_of(managing_row())
    account = verified(with_names())
    build(new_bundle(None))
    account.also_as = []
    account.save()
    (change,) = unplanned_entries(managing, account)
    verified(account)

    bundle = new_bundle(None)
    build(bundle)
    bundle.refresh_from_db()

    assert (change.verb, change.name) == ("delete", "staging-eu")
    assert [one["name"] for one in accounts_in(bundle.archive).aws] == ["staging"]
    assert "hal/removed.yml" in {one["path"] for one in bundle.files}
    assert [one.name for one in wanted_bodies()] == ["staging"]


def test_all_names_are_in_one_environment() -> None:
    managing = managing_of(managing_row())
    account = verified(with_names())

    documents = described_entries(managing, managed_of(account))

    assert {one["environment"] for one in documents} == {"staging"}
    assert account.environments == {"staging"}


def test_the_managing_account_is_verified_where_any_of_them_works(managing) -> None:
    with_names(granted_at=timezone.now())
    none: Any = SimpleNamespace(grants=ManagedAccount.objects.none())

    assert regions_in_use(none) == ["us-east-1", "eu-west-1"]


def test_an_account_of_clusters_cannot_keep_them() -> None:
    form = ProvidersForm({"providers": ["eks"]}, account=with_names())
    other = ProvidersForm({"providers": ["ecs"]}, account=with_names_of("b"))

    assert "other names, too" in form.errors["providers"][0]
    assert other.is_valid()


def with_names_of(name: str) -> ManagedAccount:
    return with_names({"name": f"{name}-eu"}, name=name, account_id="5" * 12)


def test_its_page_shows_each_with_what_it_has_there(client: Client, managing) -> None:
    hooks = {"carried": {"aws": {"accountType": "main"}}}
    account = with_names({**EU, **hooks}, {"name": "staging-all"})
    client.force_login(person("viewer"))

    page = client.get(account.get_absolute_url(), {"tab": "settings"}).content.decode()

    panel = page.partition('id="other-names"')[2].partition("</section>")[0]
    for said in ("staging-eu", "eu-west-1", "sre", "everyone", "accountType", "main"):
        assert said in panel
    assert "us-east-1" in panel.partition("staging-all")[2]


def test_a_preview_says_them_in_one_order_as_a_file_does() -> None:
    stored = [{"regions": ["eu-west-1"], "name": "a", "carried": {"aws": {"b": 1}}}]

    said = "[{name: a, regions: [eu-west-1], carried: {aws: {b: 1}}}]"
    assert text("also_as", stored) == said
    assert text("also_as", []) == text("carried", {}) == ""
    assert text("carried", {"ecs": {"x": "y"}, "aws": {"d": 1, "c": 2}}) == (
        "{aws: {c: 2, d: 1}, ecs: {x: y}}"
    )
