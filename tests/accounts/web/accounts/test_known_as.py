from __future__ import annotations

import pytest

from accounts.web.accounts.known_as import allowed, known_as, made
from tests.factories import MANAGING_ID, image_key
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

CLUSTERS = {"clusters": [{"name": "apps", "region": "us-east-1"}]}


def test_each_account_of_spinnakers_is_named_with_its_kind() -> None:
    managing_row()
    account = account_row(
        providers={"ec2": {}, "ecs": {}, "eks": CLUSTERS, "lambda": {}},
        uses_external_id=False,
    )

    told = [(one.name, one.provider, one.kind) for one in known_as(account)]

    assert told == [
        ("staging", "ec2", "AWS account with Lambda"),
        ("staging-ecs", "ecs", "ECS account"),
        ("staging-apps", "eks", "Kubernetes account"),
    ]


def test_a_provider_without_its_details_is_left_out() -> None:
    managing_row()
    account = account_row()
    account.providers.create(key="eks")

    assert [one.name for one in known_as(account)] == ["staging"]


def test_what_shall_stand_in_the_account_is_listed() -> None:
    managing_row()

    names = [(resource.kind, resource.name) for resource in made(account_row())]

    assert ("role", "spinnakerManaged") in names
    assert ("instance profile", "BaseIAMRole") in names


def test_what_is_allowed_is_told_in_words() -> None:
    managing_row()

    (ec2,) = [one for one in allowed(account_row()) if one.title == "EC2"]

    assert "deploy" in ec2.changes
    assert ec2.hands_over == (
        "role/BaseIAMRole and role/spinnaker-ec2/* to ec2.amazonaws.com",
    )


def test_clusters_alone_allow_nothing_in_aws() -> None:
    managing_row()

    assert allowed(account_row(providers={"eks": CLUSTERS})) == ()


def test_a_grant_on_an_image_key_is_made_for_the_account_too() -> None:
    managing_row(bakes=True, image_keys=[image_key()])

    resources = made(account_row())

    assert [r.account for r in resources if r.kind == "key grant"] == [MANAGING_ID]
