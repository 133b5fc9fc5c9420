"""The site that pictures are taken of, as far as no other program is needed."""

from __future__ import annotations

import pytest
import yaml

from accounts.models import FoundRoles, ManagedAccount
from script.pictured_site import APPROVE_MANAGING, MANY, halyard_config


@pytest.mark.django_db
def test_the_accounts_of_a_larger_site_are_as_the_models_have_them() -> None:
    exec(MANY, {})

    assert ManagedAccount.objects.count() == 64
    assert ManagedAccount.objects.filter(verification="verified").exists()
    assert FoundRoles.objects.count() == 16


@pytest.mark.django_db
def test_who_approves_the_managing_account_finds_what_the_code_has() -> None:
    found: dict[str, object] = {}

    exec(APPROVE_MANAGING, found)

    assert {"approve", "carry_on"} <= found.keys()


def test_the_config_of_a_spinnaker_has_a_name_that_is_left() -> None:
    (deployment,) = yaml.safe_load(halyard_config())["deploymentConfigurations"]

    names = [one["name"] for one in deployment["providers"]["aws"]["accounts"]]
    assert len(names) == 12
    assert names[-1] == "-Prod"
