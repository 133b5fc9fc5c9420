"""Fresh emulated accounts for one test, and what people do in them by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import count
from typing import Any, ClassVar

import boto3
from botocore.awsrequest import AWSResponse

from onboarding.aws.apply import apply
from onboarding.aws.known import VERSIONS
from onboarding.aws.observe import observe
from onboarding.aws.session import Clock, Sessions
from onboarding.aws.shared_clients import SIGNER
from onboarding.checks import Call, Check
from onboarding.providers.base import Provider
from onboarding.resources.kinds import Resource
from onboarding.resources.plan import Change, diff
from onboarding.topology import Managed, Managing, Reach, Topology

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCESS_ROLE = "Access"
numbers = count(1)


@cache
def session() -> Any:
    return boto3.session.Session()


def trusting(principal: str, **statement: Any) -> str:
    whole = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        **statement,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


@dataclass
class Field:
    """A managing account in which Bowline is a user, and an account to be managed."""

    endpoint: str
    managing_id: str = field(default_factory=lambda: f"11{next(numbers):010}")
    managed_id: str = field(default_factory=lambda: f"22{next(numbers):010}")

    def root(
        self, account: str, service: str = "iam", region: str = "us-east-1"
    ) -> Any:
        """Give a client with the rights of an account's root, for a person's hands."""
        return session().client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="any",
        )

    @property
    def iam(self) -> Any:
        return self.root(self.managed_id)

    @cached_property
    def key(self) -> str:
        """Make a KMS key in the managed account, and return its ARN."""
        kms = self.root(self.managed_id, "kms")
        arn: str = kms.create_key()["KeyMetadata"]["Arn"]
        return arn

    def prepare(self) -> dict[str, str]:
        """Make Bowline's user and the access role; return Bowline's environment."""
        iam = self.root(self.managing_id)
        iam.create_user(UserName="bowline")
        iam.attach_user_policy(UserName="bowline", PolicyArn=ADMINISTRATOR)
        key = iam.create_access_key(UserName="bowline")["AccessKey"]
        self.make_access_role(self.managed_id)
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_access_role(self, account: str) -> None:
        iam = self.root(account)
        iam.create_role(
            RoleName=ACCESS_ROLE, AssumeRolePolicyDocument=trusting(self.bowline)
        )
        iam.attach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)

    @property
    def bowline(self) -> str:
        return f"arn:aws:iam::{self.managing_id}:user/bowline"

    @property
    def own(self) -> Reach:
        return Reach(self.managing_id)

    @property
    def reach(self) -> Reach:
        return Reach(self.managed_id, ACCESS_ROLE)

    def sessions(self) -> Sessions:
        return Sessions("test")

    def managing(self, **fields: Any) -> Managing:
        plain = {"name": "core", "account_id": self.managing_id}
        return Managing(**{**plain, "bowline": self.bowline, **fields})

    def managed(self, *providers: Provider, **fields: Any) -> Managed:
        plain: dict[str, Any] = {
            "name": "staging",
            "account_id": self.managed_id,
            "regions": ("us-east-1",),
            "providers": providers or (Probe(),),
            "external_id": "3f1c-9a",
            "access_role": ACCESS_ROLE,
        }
        return Managed(**{**plain, **fields})

    def topology(self, *providers: Provider, **fields: Any) -> Topology:
        return Topology(self.managing(), (self.managed(*providers, **fields),))

    def bring_about(
        self, reach: Reach, wanted: tuple[Resource, ...]
    ) -> tuple[Change, ...]:
        """Observe, compare, apply, as another process; return what was changed."""
        sessions = self.sessions()
        changes = diff(wanted, observe(sessions, reach, wanted))
        for change in changes:
            apply(sessions, reach, change, backoff_seconds=0)
        VERSIONS.clear()
        return changes

    def left(self, reach: Reach, wanted: tuple[Resource, ...]) -> tuple[Change, ...]:
        return diff(wanted, observe(self.sessions(), reach, wanted))


@dataclass(frozen=True, slots=True)
class Probe(Provider):
    """A provider with whatever checks a test wants."""

    key: ClassVar[str] = "probe"
    title: ClassVar[str] = "Probe"
    made: tuple[Check, ...] = (
        Check("List zones", Call("ec2", "describe_vpcs"), "Allow ec2:DescribeVpcs."),
    )
    more: tuple[Resource, ...] = ()

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        return self.made

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        return self.more


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    then: Callable[[], None] = lambda: None
    """What else happens while somebody sleeps."""

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        self.then()


class Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Iterator[bytes]:
        yield self.content


def failing(client: Any, operation: str, code: str, message: str, times: int) -> None:
    """Let AWS answer the operation's next calls with an error, before it is made."""
    if client.meta.service_model.protocol == "json":
        body = json.dumps({"__type": code, "Message": message})
    else:
        error = f"<Code>{code}</Code><Message>{message}</Message>"
        body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
    answering(client, operation, body, status=400, times=times)


def answering(
    client: Any, operation: str, body: str, *, status: int = 200, times: int = 1
) -> None:
    """Let AWS answer this client's next calls of the operation so; none is made."""
    left = iter(range(times))

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if SIGNER.get() is not client.signer or next(left, None) is None:
            return None
        return AWSResponse(request.url, status, {}, Body(body.encode()))

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"before-send.{service}.{operation}", answer)
