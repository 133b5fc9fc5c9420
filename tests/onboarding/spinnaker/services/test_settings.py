"""Settings of Spinnaker's services: the same rows, placed by each format."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from onboarding.delivery.switches import switches
from onboarding.spinnaker.entries import entries
from onboarding.spinnaker.services.places import Place, Service
from onboarding.spinnaker.services.rows import ROWS
from onboarding.spinnaker.services.settings import file_of, nested, of, settings
from onboarding.topology import Topology
from tests.bundles import clouddriver_once, core, files_of, staging, with_every_provider
from tests.factories import managed, provider, topology

BAKE = "default.bake.account"


def told(whole: Topology, place: Place, service: Service, **options: Any) -> Any:
    return nested(
        of(service, settings(whole.managing, entries(whole), place, **options))
    )


def templates(whole: Topology) -> Any:
    aws = yaml.safe_load(clouddriver_once(whole))["aws"]
    return aws["features"]["launch-templates"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service} {row.key}")
def test_each_row_says_why_in_one_sentence_and_what_breaks(row: Any):
    assert row.places
    assert row.why.endswith(".")
    assert row.without.rstrip(".") == row.without != ""
    assert row.is_what


@pytest.mark.parametrize("place", [*Place])
def test_a_setting_has_one_value(place: Place):
    whole = with_every_provider(bakes=True)
    known = settings(whole.managing, entries(whole), place, token=True)

    keys = [(one.service, one.key) for one in known if not one.is_offered]
    assert len(keys) == len({*keys})


@pytest.mark.parametrize(
    "place", [Place.FILES, Place.KUSTOMIZE, Place.DELIVERIES, Place.OPERATOR]
)
def test_orca_has_the_bake_account_as_soon_as_one_ec2_account_is_there(place: Place):
    found = told(topology(core()), place, Service.ORCA)

    assert found == {"default": {"bake": {"account": "core"}}}


def test_deliveries_need_the_bake_account_where_it_is_only_proposed():
    whole = topology(managed(provider("ec2")))

    texts = switches(whole.managing, entries(whole))

    assert yaml.safe_load(texts[Service.ORCA])["default"]["bake"] == {
        "account": "staging"
    }


def test_deliveries_have_files_for_each_service():
    whole = with_every_provider(bakes=True)

    texts = switches(whole.managing, entries(whole), token=True)

    assert {*texts} == {*Service}
    assert yaml.safe_load(texts[Service.ROSCO]) == {"aws": {"enabled": True}}
    assert yaml.safe_load(texts[Service.GATE]) == {"api-tokens": {"enabled": True}}
    assert 'set("feature.functions", true)' in texts[Service.DECK]
    assert Service.GATE not in switches(whole.managing, entries(whole))


# Launch templates with deliveries


@pytest.mark.parametrize("whole", [topology(), topology(core(), staging())])
def test_deliveries_launch_from_templates_in_accounts_that_come_later(whole: Topology):
    assert templates(whole) == {"enabled": True, "all-applications": {"enabled": True}}


def test_only_accounts_whose_role_may_not_are_left_out():
    plain = managed(provider("ec2", launch_templates=False))
    functions = managed(provider("lambda"), name="f", account_id="944444444444")

    assert templates(topology(core(), plain, functions)) == {
        "enabled": True,
        "all-applications": {"enabled": True},
        "excluded-accounts": "staging",
    }


def test_the_check_for_the_old_list_finds_it_in_a_bundle_and_not_in_what_replaces_it():
    """docs/spinnaker/leaving-halyard.md looks for it by these letters."""
    whole = topology(core(), staging())

    assert "allowed-accounts:" in files_of(whole)["hal/profiles/clouddriver-local.yml"]
    assert "allowed-accounts:" not in clouddriver_once(whole)


# Texts


def test_a_reason_is_said_once_for_values_that_follow_each_other():
    whole = topology()
    text = clouddriver_once(whole)

    assert text.count("# Clouddriver stores accounts in its database.") == 1
    assert yaml.safe_load(text)["account"]["storage"]["ecs"] == {"enabled": True}


def test_what_is_only_offered_is_a_comment():
    text = clouddriver_once(topology())

    assert "  # accounts: []" in text
    assert "accounts" not in yaml.safe_load(text)["aws"]


def test_a_service_without_settings_has_no_file():
    whole = topology(core())

    assert not file_of(
        Service.ROSCO, settings(whole.managing, entries(whole), Place.FILES)
    )


def test_each_service_has_one_file_of_its_own():
    files = files_of(with_every_provider(bakes=True))

    for service in (Service.ORCA, Service.DECK, Service.ROSCO):
        assert f"clouddriver/{service.file}" in files
