from __future__ import annotations

import pytest

from accounts.mapping.completeness import problem
from accounts.models import EnabledProvider, ManagedAccount
from accounts.models.states import State
from accounts.web.wizard.steps import (
    STEPS,
    marks,
    next_step,
    step_after,
    undone,
)
from tests.rows import account_row

pytestmark = pytest.mark.django_db


def states(account: ManagedAccount) -> dict[str, str]:
    return {mark.slug: mark.state for mark in marks(account, "identity")}


def test_a_new_account_has_every_step_before_it() -> None:
    shown = marks(None, "identity")

    assert [mark.slug for mark in shown] == [step.slug for step in STEPS]
    assert {mark.state for mark in shown} == {"to do"}
    assert [mark.slug for mark in shown if mark.is_current] == ["identity"]


def test_each_step_has_its_own_address() -> None:
    account = account_row()

    urls = [mark.url for mark in marks(account, "access")]

    assert urls == [f"/accounts/{account.pk}/{step.slug}/" for step in STEPS]


def test_providers_are_asked_for_before_the_access_and_its_external_id() -> None:
    slugs = [step.slug for step in STEPS]

    assert slugs == ["identity", "providers", "access", "details", "review"]


def test_an_identity_alone_leads_to_the_providers() -> None:
    account = account_row(providers={}, regions=[])

    assert states(account)["identity"] == "done"
    assert next_step(account) == "providers"


def test_an_account_without_regions_leads_to_the_access() -> None:
    account = account_row(regions=[])

    assert next_step(account) == "access"


def test_regions_of_an_earlier_release_do_not_say_how_it_is_entered() -> None:
    account = account_row(providers={})

    assert states(account)["access"] == "to do"


def test_no_access_role_counts_once_providers_are_chosen() -> None:
    account = account_row(access_role="")

    assert states(account)["access"] == "done"


def test_a_provider_that_nobody_described_leads_to_the_details() -> None:
    account = account_row()
    EnabledProvider.objects.create(account=account, key="eks")

    assert next_step(account) == "details"


def test_proposed_details_are_not_done_before_the_steps_ahead() -> None:
    account = account_row(regions=[])

    assert states(account)["details"] == "to do"


def test_a_described_account_leads_to_the_review() -> None:
    account = account_row()

    assert next_step(account) == "review"
    assert undone(account) == []
    assert states(account)["review"] == "to do"


def test_a_planned_account_is_through() -> None:
    account = account_row(state=State.PLANNED)

    assert set(states(account).values()) == {"done"}


def test_an_external_id_that_ecs_cannot_send_is_to_be_mended() -> None:
    account = account_row(providers={"ecs": {}})

    assert states(account)["access"] == "to fix"
    assert "ECS can't be combined with an external ID" in problem(account, "access")
    assert [mark.slug for mark in undone(account)] == ["access"]


def test_a_cluster_outside_the_regions_is_to_be_mended(managing) -> None:
    clusters = [{"name": "apps", "region": "eu-west-1"}]
    account = account_row(providers={"eks": {"clusters": clusters}})

    assert states(account)["details"] == "to fix"
    assert "eu-west-1" in problem(account, "details")


def test_the_last_step_is_followed_by_itself() -> None:
    assert step_after("identity") == "providers"
    assert step_after("review") == "review"
