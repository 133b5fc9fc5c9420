"""More shapes than the twelve: what people did to a role that Spinnaker assumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.accounts.runs.foreign.shapes.in_aws import (
    ASSUMES,
    AUTH_ARN,
    BASE,
    EC2,
    ECS,
    PASS_ALL,
    POWER_USER,
    TASKS,
    InAws,
    Old,
    allowing,
    auth,
    managed,
    trusting,
    user,
)
from tests.onboarding.adopting.documents import aws
from tests.onboarding.adopting.shapes import Shape, on

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


class More(NamedTuple):
    shape: Shape
    in_aws: InAws


def only_if(**conditions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Trust the identity where these conditions are met."""
    return allowing(
        {
            "Principal": {"AWS": AUTH_ARN},
            "Action": "sts:AssumeRole",
            "Condition": conditions,
        }
    )


def one(
    *roles: Old, identity: Old | None = None, name: str = "prod", **said: Any
) -> More:
    """Have one account with these roles, and what Spinnaker's configuration says."""
    others = {key: said.pop(key) for key in ("ecs",) if key in said}
    given = {"assumeRole": f"role{roles[0].path}{roles[0].name}", **said}
    providers = {"aws": on(aws(name, **given)), **others}
    return More(
        Shape(providers, {}), InAws(identity=identity or auth(), roles={name: roles})
    )


MORE: Mapping[str, More] = {
    "an external ID that somebody chose": one(
        managed(trust=only_if(StringEquals={"sts:ExternalId": "corp-1"})),
        externalId="corp-1",
    ),
    "an external ID next to the one before": one(
        managed(trust=only_if(StringEquals={"sts:ExternalId": ["corp-0", "corp-1"]})),
        externalId="corp-1",
    ),
    "an external ID that no trust policy requires": one(managed(), externalId="corp-1"),
    "a role that everybody with the external ID can assume": one(
        managed(
            trust=allowing(
                {
                    "Principal": "*",
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "corp-1"}},
                }
            )
        ),
        externalId="corp-1",
    ),
    "a role under a deep path": one(managed(path="/corp/teams/delivery/")),
    "containers and functions": one(
        managed(trust=trusting({"AWS": AUTH_ARN}, {"Service": [ECS, TASKS]})),
        BASE,
        lambdaEnabled=True,
        ecs=on({"name": "prod-containers", "awsAccount": "prod"}),
    ),
    "a role with a deny of its own": one(
        managed(
            inside={
                "PassRole": PASS_ALL,
                "Guard": {
                    "Version": "2012-10-17",
                    "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
                },
            }
        )
    ),
    "everything inside the role, nothing attached": one(
        managed(
            attached=(),
            inside={"all": allowing({"NotAction": "organizations:*", "Resource": "*"})},
        )
    ),
    "a user with a policy of the account's own": one(
        managed(
            trust=trusting({"AWS": "arn:aws:iam::$MANAGING:user/spinnakerManaging"})
        ),
        identity=user(inside={}, own={"spinnaker-assumes": ASSUMES}),
    ),
    "a user under a path, and more actions than one": one(
        managed(
            trust=allowing(
                {
                    "Sid": "Spinnaker",
                    "Principal": {"AWS": ["arn:aws:iam::$MANAGING:user/bots/spin"]},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                }
            )
        ),
        identity=user(name="spin", path="/bots/"),
    ),
    "the same identity in two statements": one(
        managed(
            trust=trusting({"AWS": AUTH_ARN}, {"AWS": [AUTH_ARN, "$OWN"]}, sid="Twice")
        )
    ),
    "a role that a session name opens": one(
        managed(trust=only_if(StringLike={"sts:RoleSessionName": "corp*"})),
        sessionName="corp-spinnaker",
    ),
    "a pipeline of others next to Spinnaker": one(
        managed(
            trust=allowing(
                {"Principal": {"AWS": AUTH_ARN}, "Action": "sts:AssumeRole"},
                {
                    "Principal": {
                        "Federated": "arn:aws:iam::$OWN:oidc-provider/ci.example.com"
                    },
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {
                            "ci.example.com:aud": "sts.amazonaws.com",
                            "ci.example.com:sub": "project:shop:environment:prod",
                        }
                    },
                },
            )
        )
    ),
    "a base role with policies, that tasks use, too": one(
        managed(),
        Old(
            name="BaseIAMRole",
            trust=trusting({"Service": [EC2, TASKS]}),
            attached=(READ_ONLY,),
            profile="instances",
        ),
    ),
    "a role and an account with other characters": one(
        managed("Spin_Managed+ci=prod@corp.x-1"), name="Prod_1.eu"
    ),
    "an identity that is as wide as its roles": one(
        managed(attached=(READ_ONLY, POWER_USER)),
        identity=auth(attached=("arn:aws:iam::aws:policy/AdministratorAccess",)),
    ),
}

TAGGED_AS_BOWLINES = one(managed(tags={"managed-by": "bowline"}))
"""Whoever tags a role so says that Bowline made it."""
