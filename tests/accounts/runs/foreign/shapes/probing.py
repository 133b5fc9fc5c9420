"""Spinnaker at work: it asks AWS again after every write that Bowline makes.

Steps are counted, and no time: what AWS answered once, it must answer after each.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError

from accounts.models import ManagedAccount
from onboarding.aws.shared_clients import shared_client
from onboarding.partitions import arn
from script.emulated_organization import MANAGING, Account, Credentials
from tests.accounts.runs.carried import root
from tests.accounts.runs.foreign.shapes.in_aws import InAws
from tests.accounts.runs.foreign.shapes.walking import kind
from tests.onboarding.adopting.shapes import Shape
from tests.strict_aws.answer import Answer
from tests.strict_aws.policies import is_met, names
from tests.strict_aws.proxy import Behaviour, StrictAws, strict_aws
from tests.strict_aws.request import Request

Keys = Mapping[str, str]
Call = Callable[[], object]
DENIED = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden")
PRINCIPAL_ARN = "aws:principalarn"
NOTHING = "bowline-has-no-such-thing"
"""What changes are asked of, so that they change nothing."""


class Chain(NamedTuple):
    """A role that Spinnaker assumes, as its configuration says."""

    account: str
    where: Account
    arn: str
    session: str
    external_id: str
    providers: frozenset[str]

    @property
    def asked(self) -> dict[str, str]:
        given = {"RoleArn": self.arn, "RoleSessionName": self.session}
        return {
            **given,
            **({"ExternalId": self.external_id} if self.external_id else {}),
        }


CALLS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "ec2": {
        "ec2:describe_instances": {},
        "ec2:describe_images": {"Owners": ["self"]},
        "autoscaling:describe_auto_scaling_groups": {},
        "autoscaling:update_auto_scaling_group": {
            "AutoScalingGroupName": NOTHING,
            "MinSize": 1,
        },
        "elbv2:describe_load_balancers": {},
    },
    "ecs": {
        "ecs:list_clusters": {},
        "ecs:deregister_task_definition": {"taskDefinition": f"{NOTHING}:1"},
    },
    "lambda": {
        "lambda:list_functions": {},
        "lambda:update_function_configuration": {"FunctionName": NOTHING},
    },
    "": {"sts:get_caller_identity": {}},
}
"""By provider, a read and a change of each service; without one, who one is."""


@dataclass
class Probe(Behaviour):
    """Asks as Spinnaker does whenever a write was done."""

    there: Credentials
    """Where AWS answers without a probe."""
    identity: Keys
    identity_arn: str
    calls: dict[str, Call] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    """What was answered before and no longer is, with the write before it."""
    writes: list[str] = field(default_factory=list)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if request.is_write and answer.done:
            with self.one_at_a_time:
                self.writes.append(f"{request.operation} {request.role}".strip())
                self.probe()
        return answer

    def probe(self) -> None:
        for name, call in self.calls.items():
            if is_answered(call):
                self.answered.add(name)
            elif name in self.answered:
                after = self.writes[-1] if self.writes else "nothing"
                self.refused.append(f"{name} after {after}")

    def assumes(self, chains: list[Chain]) -> None:
        """Begin to work in these accounts, as the identity and in each role."""
        sts = client("sts", self.there, self.identity)
        self.calls = dict(
            calls_of("the identity", self.there, self.identity, ("", "ec2"))
        )
        for chain in chains:
            assume = partial(self.assume, sts, chain)
            self.calls[f"{chain.account}: sts:assume_role"] = assume
            keys = session_in(self.there, chain.where, chain.arn.rpartition("/")[2])
            self.calls |= calls_of(
                chain.account, self.there, keys, ("", *sorted(chain.providers))
            )
        self.probe()

    def assume(self, sts: Any, chain: Chain) -> None:
        """Assume the role. The emulator compares `aws:PrincipalArn` with the session's
        ARN, and AWS with the role's: what says no for that alone is judged here.
        """
        try:
            sts.assume_role(**chain.asked)
        except ClientError:
            iam = root(self.there, chain.where, "iam")
            role = iam.get_role(RoleName=chain.arn.rpartition("/")[2])["Role"]
            by_arn = {PRINCIPAL_ARN: self.identity_arn}
            if not any(
                one["Principal"] == {"AWS": "*"} and is_met(one, by_arn)
                for one in role["AssumeRolePolicyDocument"]["Statement"]
                if names(one, PRINCIPAL_ARN)
            ):
                raise


def calls_of(
    who: str, there: Credentials, keys: Keys, providers: tuple[str, ...]
) -> Iterator[tuple[str, Call]]:
    for provider in providers:
        for name, given in CALLS.get(provider, {}).items():
            service, _, operation = name.partition(":")
            method = getattr(client(service, there, keys), operation)
            yield f"{who}: {name}", partial(method, **given)


def is_answered(call: Call) -> bool:
    """Return whether IAM let it through, whatever became of it."""
    try:
        call()
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        return not any(word in code for word in DENIED)
    return True


def client(service: str, there: Credentials, keys: Keys) -> Any:
    return boto3.client(
        service,
        region_name=there.region,
        endpoint_url=there.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
    )


def keys_of_identity(there: Credentials, in_aws: InAws) -> Keys:
    """Be Spinnaker, as its host or its access key is."""
    old = in_aws.identity
    if old.trust:
        return session_in(there, MANAGING, old.name)
    iam = root(there, MANAGING, "iam")
    made: Keys = iam.create_access_key(UserName=old.name)["AccessKey"]
    return made


def session_in(there: Credentials, account: Account, name: str) -> Keys:
    """Have a session of the role, whose trust policy is open for a moment."""
    iam = root(there, account, "iam")
    role = iam.get_role(RoleName=name)["Role"]
    owner = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    opened = {"Version": "2012-10-17", "Statement": [owner]}
    for trust in (opened, role["AssumeRolePolicyDocument"]):
        if trust is not opened:
            session = root(there, account, "sts").assume_role(
                RoleArn=role["Arn"], RoleSessionName="i-0123456789abcdef0"
            )
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    keys: Keys = session["Credentials"]
    return keys


def chain_of(
    account: ManagedAccount, shape: Shape, in_aws: InAws, where: Account
) -> Chain:
    """Return what Spinnaker's own configuration says, not what Bowline has of it."""
    (said,) = (
        one for one in shape.providers["aws"]["accounts"] if one["name"] == account.name
    )
    role = in_aws.roles[account.name][0]
    return Chain(
        account.name,
        where,
        arn(shape.partition, "iam", where.account_id, f"role{role.path}{role.name}"),
        said.get("sessionName", "Spinnaker"),
        said.get("externalId", ""),
        frozenset(account.providers.values_list("key", flat=True)),
    )


@contextmanager
def probing(
    there: Credentials, in_aws: InAws, patch: pytest.MonkeyPatch
) -> Iterator[Probe]:
    """Be Bowline, with Spinnaker at work."""
    old = in_aws.identity
    name = f"{kind(old)}{old.path}{old.name}"
    its_arn = arn("aws", "iam", MANAGING.account_id, name)
    probe = Probe(there, keys_of_identity(there, in_aws), its_arn)
    with strict_aws(there.endpoint, MANAGING.account_id, probe) as proxy:
        patch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        shared_client.cache_clear()
        yield probe
