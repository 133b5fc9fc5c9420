"""Accounts that get the same IAM are alike, whatever they are called in Spinnaker."""

from __future__ import annotations

from dataclasses import replace

from onboarding.desired.alike import interchangeable
from onboarding.providers.eks import Cluster, Eks
from tests import factories


def test_names_in_spinnaker_and_what_was_looked_up_make_no_difference() -> None:
    managing, cluster = factories.managing(), Cluster("apps", "us-east-1")
    named = replace(cluster, account_name="web-apps", arn="", mode="API")
    other = replace(cluster, rights="admin")

    one, same, another = (
        interchangeable(managing, factories.managed(Eks((each,)), account_id=number))
        for number, each in (("1" * 12, cluster), ("2" * 12, named), ("1" * 12, other))
    )

    assert one == same
    assert one != another


def test_whether_roles_are_adopted_makes_no_difference() -> None:
    managing = factories.managing()

    kinds = {
        interchangeable(managing, factories.managed(adopts=adopts))
        for adopts in (True, False)
    }

    assert len(kinds) == 1
