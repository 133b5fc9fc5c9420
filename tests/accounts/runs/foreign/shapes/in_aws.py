"""The twelve shapes as they are in AWS: roles that people, stacks and modules made.

In documents, `$OWN` is the account that has the role, and `$MANAGING` is the account
that Spinnaker runs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
NOTHING: Mapping[str, Any] = {}
POWER_USER = "arn:aws:iam::aws:policy/PowerUserAccess"
EC2, ECS, TASKS, SCALING = (
    f"{name}.amazonaws.com"
    for name in ("ec2", "ecs", "ecs-tasks", "application-autoscaling")
)
DELETED = ("AROAJ2UCCR6DPCEXAMPLE", "AIDAJQABLZS4A3EXAMPLE")
"""What IAM shows in place of a role and of a user that were deleted."""


@dataclass(frozen=True, kw_only=True)
class Old:
    """A role or user that was there before Bowline."""

    name: str
    trust: Document = field(default_factory=dict)
    """Empty: it is a user."""
    path: str = "/"
    attached: tuple[str, ...] = ()
    own: Mapping[str, Document] = field(default_factory=dict)
    """Policies of the account's own, attached to it."""
    inside: Mapping[str, Document] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    boundary: str = ""
    profile: str = ""
    """The instance profile that it is in."""


@dataclass(frozen=True, kw_only=True)
class InAws:
    identity: Old
    roles: Mapping[str, tuple[Old, ...]]
    """By the account's name in Spinnaker."""


def allowing(*statements: Document, **others: Any) -> Document:
    """Write a document as people do: with what IAM does not need."""
    allowed = [{"Effect": "Allow", **one} for one in statements]
    return {"Version": "2012-10-17", **others, "Statement": allowed}


def trusting(*principals: Document, sid: str = "") -> Document:
    named = {"Sid": sid} if sid else {}
    return allowing(
        *({**named, "Principal": one, "Action": "sts:AssumeRole"} for one in principals)
    )


PASS_ALL = allowing({"Action": ["iam:PassRole"], "Resource": ["*"]})
BASE = Old(name="BaseIAMRole", trust=trusting({"Service": [EC2]}))
AUTH_ARN = "arn:aws:iam::$MANAGING:role/SpinnakerAuthRole"
ASSUMES = allowing(
    {"Action": "sts:AssumeRole", "Resource": ["arn:aws:iam::*:role/spinnakerManaged"]}
)


def auth(**others: Any) -> Old:
    return Old(
        **{
            "name": "SpinnakerAuthRole",
            "trust": trusting({"Service": EC2}),
            "attached": (POWER_USER,),
            "inside": {"SpinnakerAssumeRolePolicy": ASSUMES},
            **others,
        }
    )


def user(**others: Any) -> Old:
    return Old(**{"name": "spinnakerManaging", "inside": {"Assume": ASSUMES}, **others})


def managed(name: str = "spinnakerManaged", **others: Any) -> Old:
    return Old(
        **{
            "name": name,
            "trust": trusting({"AWS": [AUTH_ARN]}),
            "attached": (POWER_USER,),
            "inside": {"PassRole": PASS_ALL},
            **others,
        }
    )


TEMPLATES = (
    managed(tags={"Stack": "spinnaker-managed"}),
    Old(name="BaseIAMRole", trust=BASE.trust, profile="BaseInstanceProfile"),
)
BY_HAND = managed(
    trust=trusting(
        {"Service": EC2}, {"AWS": "arn:aws:iam::$MANAGING:user/spinnakerManaging"}
    ),
    attached=("arn:aws:iam::aws:policy/AdministratorAccess",),
    inside={
        "PassRole-and-Certificates": allowing(
            {
                "Sid": "",
                "Action": ["iam:ListServerCertificates", "iam:PassRole"],
                "Resource": ["*"],
            },
            Id="Policy1476461229000",
        )
    },
)


def of_module(account: str) -> tuple[Old, ...]:
    """Return what the Terraform module makes: everybody in one statement. Its tags name
    a team: as long as they name Terraform, the roles are changed there.
    """
    name = f"acme-{account}-spinnaker-managed"
    everybody = {
        "AWS": ["arn:aws:iam::$OWN:root", AUTH_ARN, *DELETED],
        "Service": [SCALING, ECS, TASKS],
    }
    power = allowing(
        {"NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        {
            "Action": ["iam:CreateServiceLinkedRole", "organizations:Describe*"],
            "Resource": "*",
        },
    )
    return (
        Old(
            name=name,
            trust=trusting(everybody),
            own={f"{name}-poweruser": power},
            inside={"pass": PASS_ALL},
            tags={"managed-by": "platform", "Owner": "platform"},
        ),
        Old(
            name="BaseIAMRole",
            trust=trusting({"Service": [EC2, TASKS]}),
            profile="BaseIAMRole",
            tags={"Managed-By": "platform"},
        ),
    )


OLDER = managed(
    "SpinnakerManaged",
    trust=trusting(
        {"AWS": [AUTH_ARN, "arn:aws:iam::$MANAGING:user/ci"]}, sid="Callers"
    ),
    own={
        f"spinnaker-{name}": allowing({"Action": actions, "Resource": "*"})
        for name, actions in {
            "bake": ["ec2:*", "ec2:GetPasswordData", "iam:PassRole"],
            "ec2read": "ec2:Describe*",
            "kms": ["kms:Decrypt", "kms:CreateGrant"],
        }.items()
    },
)
BOUNDED = managed(boundary="arn:aws:iam::aws:policy/AdministratorAccess")
"""In an account of the same shape, whose people have to bound each role."""
IN_AWS = {
    "Spinnaker's own templates": InAws(
        identity=auth(), roles={"prod": TEMPLATES, "dev": (BOUNDED, BASE)}
    ),
    "the guide by hand, with a user's keys": InAws(
        identity=user(), roles={"prod": (BY_HAND,)}
    ),
    "a module with a role name for each account": InAws(
        identity=auth(), roles={name: of_module(name) for name in ("dev", "prod")}
    ),
    "its older version, with one role name": InAws(
        identity=auth(), roles=dict.fromkeys(("dev", "prod"), (OLDER, BASE))
    ),
    "roles under a path": InAws(
        identity=auth(path="/spinnaker/"),
        roles={
            "dev": (managed(trust=trusting({"AWS": "$MANAGING"})),),
            "prod": (
                managed(
                    "managed", path="/spinnaker/", trust=trusting({"AWS": "$MANAGING"})
                ),
            ),
        },
    ),
    "a node role that assumes a role of a free name": InAws(
        identity=auth(name="spinnaker-nodes"),
        roles={
            "prod": (
                managed(
                    "corp-deployer",
                    trust=allowing(
                        {
                            "Principal": {"AWS": "*"},
                            "Action": ["sts:AssumeRole"],
                            "Condition": {
                                "ArnLike": {
                                    "aws:PrincipalArn": [
                                        "arn:aws:iam::$MANAGING:role/spinnaker-*"
                                    ]
                                }
                            },
                        }
                    ),
                ),
            )
        },
    ),
    "variables with defaults": InAws(
        identity=auth(name="SpinnakerInstanceProfile"),
        roles={
            "prod": (
                managed(
                    "SpinnakerManagedProfile",
                    trust=trusting({"AWS": "arn:aws:iam::$MANAGING:root"}),
                ),
            )
        },
    ),
    "China, with whole ARNs": InAws(identity=auth(), roles={"beijing": (managed(),)}),
    "the operator's examples": InAws(
        identity=auth(), roles={"hooked": (managed("x"),)}
    ),
    "a hal script": InAws(
        identity=user(path="/system/"),
        roles={
            "prod": (
                managed(
                    trust=trusting(
                        {"AWS": "arn:aws:iam::$MANAGING:root"},
                        {"Service": [ECS, TASKS]},
                    )
                ),
                BASE,
            )
        },
    ),
}
