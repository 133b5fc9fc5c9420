"""The organization's accounts: their names in Spinnaker, and drafts made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import pytest
from django.db import IntegrityError

from accounts.discover.organization import members
from accounts.discover.organization.members import (
    OFFERED,
    Listed,
    MembersRefused,
    describe_all,
    listed_members,
    proposed_names,
)
from accounts.mapping.spinnaker import claim_names
from accounts.models import ManagedAccount, Member, Organization, SpinnakerName
from accounts.models.states import State
from accounts.web.wizard.steps import undone
from onboarding import names
from onboarding.providers import PROVIDERS
from tests.accounts.discover.organization.organizations import CORE, member_row, shared
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

SHARED = shared(
    regions=["us-east-1", "eu-west-1"],
    environment="staging",
    providers=[*OFFERED],
    access_role="OrganizationAccountAccessRole",
    uses_external_id=False,
    read_roles=["developers"],
    write_roles=["operators"],
)


class Account(NamedTuple):
    account_id: str
    name: str
    state: str = "ACTIVE"


WEB = Account("100000000001", "Web (prod)")
DATA = Account("100000000002", "Data")


def rows_of(*accounts: Account) -> list[Member]:
    return [member_row(*one) for one in accounts]


def listed(*accounts: Account) -> list[Listed]:
    return listed_members(rows_of(*accounts), CORE)


def proposed(*accounts: Account) -> list[str]:
    found = proposed_names(rows_of(*accounts), CORE)
    return [found.get(one.account_id, "") for one in accounts]


def describe(
    *accounts: Account, ids: list[str] | None = None, **fields: Any
) -> datetime:
    """Describe them all, with what differs of what they share."""
    rows_of(*accounts)
    ids = [one.account_id for one in accounts] if ids is None else ids
    said = {**SHARED, **fields}
    return describe_all(Organization.objects.get(), ids, said, person("operator"))


def described(*accounts: Account, **fields: Any) -> list[ManagedAccount]:
    describe(*accounts, **fields)
    return list(ManagedAccount.objects.order_by("account_id"))


def test_every_provider_that_has_defaults_is_offered() -> None:
    assert list(OFFERED) == [key for key in PROVIDERS if key != "eks"]


def test_a_name_is_made_of_the_organizations() -> None:
    assert proposed(WEB, DATA) == ["web-prod", "data"]


def test_accounts_of_one_name_are_told_apart_by_their_ids() -> None:
    twins = [Account(f"1000000000{n}", "Web") for n in (31, 21, 11)]

    assert proposed(*twins) == ["web-0031", "web-0021", "web"]


def test_a_twin_on_another_page_has_the_same_name_taken() -> None:
    rows_of(Account("100000000011", "Web"))

    (one,) = listed(Account("100000000021", "web"))

    assert one.name == "web-0021"


def test_where_four_digits_are_taken_there_are_more() -> None:
    account_row("Web", account_id="933333333333")
    account_row("web-0001", account_id="944444444444")

    assert proposed(Account("100000000001", "Web")) == ["web-00000001"]


def test_a_name_leaves_room_for_the_ecs_accounts_of_others() -> None:
    claim_names(account_row(providers={"ecs": {}}, uses_external_id=False))
    accounts = [
        Account("100000000001", "staging ECS"),
        Account("100000000002", "Prod"),
        Account("100000000003", "Prod ECS"),
    ]

    assert proposed(*accounts) == ["staging-ecs-0001", "prod", "prod-ecs-0003"]


def test_a_name_without_a_letter_of_ours_is_its_id() -> None:
    assert proposed(Account("100000000042", "本番")) == ["account-0042"]


def test_a_long_name_is_cut_so_that_its_ecs_account_fits() -> None:
    long = [Account(f"10000000000{n}", "x" * 200) for n in (1, 2)]

    first, second = proposed(*long)

    assert (len(first), len(second)) == (56, 56)
    assert second.endswith("xx-0002")
    assert names.ACCOUNT_NAME(f"{second}-ecs")


def test_a_name_that_cannot_be_found_is_said() -> None:
    for number, name in enumerate(["web", "web-0001", "web-00000001"]):
        account_row(name, account_id=f"93333333333{number}")
    account_row("web-100000000001", account_id="944444444444")

    (one,) = listed(Account("100000000001", "Web"))

    assert "All names that Bowline can propose" in one.refusal


def test_the_managing_account_is_proposed_by_the_name_it_has() -> None:
    assert proposed(Account(CORE.account_id, "Root account")) == ["core"]


def test_accounts_are_listed_with_what_is_known() -> None:
    row = account_row("webby", account_id=WEB.account_id, state=State.VERIFIED)
    closed = Account("100000000003", "Old", "PENDING_CLOSURE")
    own = Account(CORE.account_id, "Core")

    rows = {one.member.name: one for one in listed(WEB, DATA, closed, own)}

    assert rows["Web (prod)"].added == row
    assert rows["Web (prod)"].name == "webby"
    assert "already in Bowline, as “webby”" in rows["Web (prod)"].refusal
    assert (rows["Old"].member.word, rows["Old"].name) == ("pending closure", "")
    assert "isn't active" in rows["Old"].refusal
    assert rows["Core"].is_managing
    assert (rows["Data"].refusal, rows["Data"].added) == ("", None)


def test_an_account_whose_state_is_not_told_says_so() -> None:
    (one,) = listed(Account("100000000001", "Web", ""))

    assert one.member.word == "unknown"
    assert one.refusal


def test_they_become_drafts_as_the_wizard_would_make_them(managing) -> None:
    web, data = described(WEB, DATA)

    assert (web.name, data.name) == ("web-prod", "data")
    assert web.state == State.DRAFT
    assert web.regions == ["us-east-1", "eu-west-1"]
    assert web.environment == "staging"
    assert (web.read_roles, web.write_roles) == (["developers"], ["operators"])
    assert not web.uses_external_id
    assert web.created_by is not None
    held = {provider.key: provider.details for provider in web.providers.all()}
    assert held == {key: usual.details for key, usual in OFFERED.items()}
    assert set(SpinnakerName.objects.values_list("name", flat=True)) == {
        *("web-prod", "web-prod-ecs", "data", "data-ecs"),
    }


def test_they_lack_nothing_that_a_plan_needs(managing) -> None:
    assert [undone(row) for row in described(WEB, DATA)] == [[], []]


def test_they_have_the_moment_by_which_they_are_found(managing) -> None:
    account_row("other")

    moment = describe(WEB, DATA)

    found = ManagedAccount.objects.filter(created_at=moment)
    assert {row.name for row in found} == {"web-prod", "data"}


def test_each_has_an_external_id_of_its_own(managing) -> None:
    providers = ["ec2"]

    web, data = described(WEB, DATA, uses_external_id=True, providers=providers)

    assert web.uses_external_id
    assert web.external_id != data.external_id


def test_the_managing_account_is_entered_as_it_is_there() -> None:
    managing_row(access_role="Admin")

    web, own = described(WEB, Account(CORE.account_id, "Core"))

    assert web.access_role == "OrganizationAccountAccessRole"
    assert own.access_role == "Admin"


def test_one_that_is_refused_stops_all_and_each_is_told(managing) -> None:
    account_row("webby", account_id=WEB.account_id)
    closed = Account("100000000003", "Old", "SUSPENDED")
    ids = [DATA.account_id, WEB.account_id, closed.account_id, "1'; --"]

    with pytest.raises(MembersRefused) as caught:
        describe(WEB, DATA, closed, ids=ids)

    assert list(caught.value.sentences) == ids[1:]
    assert "“1'; --” isn't an account of the organization." in str(caught.value)
    assert ManagedAccount.objects.count() == 1


def test_what_the_rows_forbid_is_told_by_account(managing) -> None:
    with pytest.raises(MembersRefused) as caught:
        describe(WEB, environment="Not a name")

    (said,) = caught.value.sentences.values()
    assert said.startswith("Web (prod): Use 1 to 60")
    assert not ManagedAccount.objects.exists()


def test_an_account_that_is_ticked_twice_is_described_once(managing) -> None:
    describe(WEB, ids=[WEB.account_id] * 2)

    assert ManagedAccount.objects.count() == 1


def test_whoever_comes_second_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise IntegrityError("UNIQUE constraint failed")

    managing_row()
    monkeypatch.setattr(members, "save", taken)

    with pytest.raises(MembersRefused, match="Someone else added"):
        describe(WEB)
