from __future__ import annotations

import pytest

from accounts.web.accounts.account import allowed, known_as
from tests.factories import managed, provider, topology


def test_each_account_of_spinnakers_is_named_with_its_kind() -> None:
    chosen = (provider(key) for key in ("ec2", "ecs", "eks", "lambda"))

    known = known_as(topology(managed(*chosen)))

    assert [(one.name, one.provider, one.kind) for one in known] == [
        ("staging", "ec2", "AWS account with EC2 and Lambda"),
        ("staging-ecs", "ecs", "ECS account"),
        ("staging-apps", "eks", "Kubernetes account"),
    ]


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        (["ec2"], "AWS account with EC2"),
        (["lambda"], "AWS account with Lambda"),
        (["ecs"], "AWS account"),
    ],
)
def test_an_aws_account_names_what_was_chosen(chosen: list[str], kind: str) -> None:
    known = known_as(topology(managed(*(provider(key) for key in chosen))))

    assert next(known).kind == kind


def test_what_is_allowed_is_told_in_words() -> None:
    of_one = topology(managed(provider("ec2")))

    (ec2,) = [one for one in allowed(of_one) if one.title == "EC2"]

    assert "deploy" in ec2.changes
    assert ec2.hands_over == (
        "role/BaseIAMRole and role/spinnaker-ec2/* to ec2.amazonaws.com",
    )


def test_clusters_alone_allow_nothing_in_aws() -> None:
    assert allowed(topology(managed(provider("eks")))) == ()
