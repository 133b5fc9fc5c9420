"""What a topology means in Clouddriver's words, not said by the bundle's own code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from onboarding.topology import Managed, OtherName, Permissions, Topology
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.conformance.clouddriver import Answer
from tests.factories import managed, provider, topology

WHOLE = "clouddriver/clouddriver-local.yml"
GREEK = managed(provider("ec2"), name="δ", account_id="933333333333")


@dataclass(frozen=True, slots=True)
class Stock:
    """What an installation has of itself, before any account."""

    key_pairs: str = ""
    ignored: tuple[str, ...] = ()
    """What it says that only others than Clouddriver read."""

    def key_pair_of(self, account: str) -> str | None:
        return self.key_pairs.format(account) or None


def whole(bundled: Topology) -> str:
    return files_of(bundled)[WHOLE]


def account_as(bundled: Topology, one: Managed, stock: Stock) -> dict[str, Any]:
    """Say what the topology means by an account, in Clouddriver's words."""
    arn = f"arn:{bundled.managing.partition}:iam::{one.account_id}"
    ec2 = next((p for p in one.providers if p.key == "ec2"), None)
    return {
        "name": one.name,
        "accountId": one.account_id,
        "environment": one.environment or one.name,
        "regions": list(one.regions),
        "keyPair": getattr(ec2, "key_pair", "") or stock.key_pair_of(one.name),
        "lambda": any(p.key == "lambda" for p in one.providers),
        "permissions": {
            verb: sorted(role.strip().lower() for role in roles)
            for verb, roles in (
                ("READ", one.permissions.read),
                ("WRITE", one.permissions.write),
            )
            if roles
        },
        "role": f"{arn}:role/{bundled.managing.managed_role}",
        "externalId": one.external_id or None,
        "session": one.session_name,
        "sts": {
            "aws": "sts.amazonaws.com",
            "aws-us-gov": "sts.us-gov-west-1.amazonaws.com",
            "aws-cn": "sts.cn-north-1.amazonaws.com.cn",
        }[bundled.managing.partition],
        "launchTemplates": bool(getattr(ec2, "launch_templates", False)),
    }


def assert_loads(
    answer: Answer, bundled: Topology, stock: Stock = Stock("{}-keypair")
) -> None:
    """Assert that Clouddriver knows what the topology says, and nothing else."""
    assert answer.failure == ""
    assert answer.ignored == stock.ignored
    assert answer.enabled == any(one.in_aws_provider for one in bundled.managed)
    assert answer.baseRole == bundled.managing.base_role
    assert {one["name"]: one for one in answer.accounts} == {
        one.name: account_as(bundled, one, stock)
        for account in bundled.managed
        if account.in_aws_provider
        for one in by_each_name(account)
    }


def by_each_name(account: Managed) -> Iterator[Managed]:
    """Yield the account as Spinnaker is to know it by each of its names."""
    yield account
    for other in account.other_names:
        yield replace(
            account,
            name=other.name,
            regions=other.regions,
            permissions=other.permissions,
        )


def everything() -> Managed:
    return managed(
        provider("ec2", key_pair="ops key"),
        provider("ecs"),
        provider("lambda"),
        eks(),
        environment="pre-production",
        permissions=Permissions(("dev", "ops team"), (" Ops ",)),
    )


PLAIN_TEMPLATES = managed(
    provider("ec2", launch_templates=False), name="old", account_id="944444444444"
)
KINDS = {
    "the managing account alone": topology(core()),
    "every provider": with_every_provider(),
    "every field": topology(core(), everything()),
    "EC2 only": topology(managed(provider("ec2"), external_id="e1")),
    "Lambda only": topology(managed(provider("lambda"), external_id="e1")),
    "ECS only": topology(managed(provider("ecs"))),
    "some with launch templates": topology(core(), staging(), PLAIN_TEMPLATES),
    "none with launch templates": topology(PLAIN_TEMPLATES),
    "other roles": topology(core(), staging(), managed_role="A_Role", base_role="B"),
    "a session name": topology(staging(session_name="corp@=,+.-")),
    "several names": topology(
        staging(
            other_names=(
                OtherName("staging-eu", ("eu-west-1",), Permissions(("sre",))),
                OtherName("staging-all", ("eu-west-1", "us-east-1")),
            )
        )
    ),
    "GovCloud": topology(staging(regions=("us-gov-west-1",)), partition="aws-us-gov"),
    "China": topology(staging(regions=("cn-north-1",)), partition="aws-cn"),
    "baking": topology(core(), staging(), bakes=True),
    "a name that is not ASCII": topology(GREEK),
}


def accounts_with(field: str, values: tuple[str, ...], **fields: Any) -> Topology:
    """Give each value to an account of its own, so that one question asks for all."""
    return topology(
        *(
            managed(
                provider("ec2"),
                **{"name": f"a{n}", "account_id": f"{n:012}", **fields, field: value},
            )
            for n, value in enumerate(values, start=1)
        )
    )
