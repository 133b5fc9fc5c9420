"""Accounts in moto, and what people do in them by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

from onboarding.aws.session import Sessions
from onboarding.partitions import PARTITIONS, arn
from onboarding.topology import Reach
from script.emulated_organization import (
    ACCESS_ROLE,
    seed_network,
    trusting,
)
from tests.onboarding.aws.field import session

numbers = count(1)


@dataclass
class Accounts:
    """A managing account in which Bowline is a user, and an account to be managed."""

    endpoint: str
    partition: str = "aws"
    managing_id: str = field(default_factory=lambda: f"33{next(numbers):010}")
    managed_id: str = field(default_factory=lambda: f"44{next(numbers):010}")
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def region(self) -> str:
        return PARTITIONS[self.partition].home_region

    def client(self, account: str, service: str) -> Any:
        """Give a client of an account: moto lets everybody assume any role."""
        if account not in self.keys:
            self.keys[account] = self.entered(account)
        return session().client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            **self.keys[account],
        )

    def entered(self, account: str) -> dict[str, str]:
        sts = session().client(
            "sts",
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="anybody",
            aws_secret_access_key="any",
        )
        role = arn(self.partition, "iam", account, "role/anything")
        found = sts.assume_role(RoleArn=role, RoleSessionName="person")["Credentials"]
        return {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }

    @cached_property
    def iam(self) -> Any:
        return self.client(self.managed_id, "iam")

    def seed(self) -> dict[str, str]:
        """Make Bowline's user and what checks look for; return its environment."""
        iam = self.client(self.managing_id, "iam")
        iam.create_user(UserName="bowline")
        key = iam.create_access_key(UserName="bowline")["AccessKey"]
        managing = arn(self.partition, "iam", self.managing_id, "root")
        self.iam.create_role(
            RoleName=ACCESS_ROLE, AssumeRolePolicyDocument=trusting({"AWS": managing})
        )
        ec2 = self.client(self.managed_id, "ec2")
        seed_network(ec2)
        ec2.create_key_pair(KeyName="staging-keypair")
        self.client(self.managed_id, "ecs").create_cluster(clusterName="services")
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def trust(self, role: str) -> Any:
        """Give the one statement of who may assume a role of the managed account."""
        found = self.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        (statement,) = found["Statement"]
        return statement

    def roles(self) -> set[str]:
        """Name the managed account's roles, without AWS's own."""
        return {
            role["RoleName"]
            for role in self.iam.list_roles()["Roles"]
            if not role["Path"].startswith("/aws-service-role/")
        }

    def policies(self) -> list[str]:
        """Name what the managed account has of policies, without AWS's own."""
        found = self.iam.list_policies(Scope="Local")["Policies"]
        return [policy["PolicyName"] for policy in found]

    @property
    def sessions(self) -> Sessions:
        return Sessions("test", self.partition)

    @property
    def own(self) -> Reach:
        return Reach(self.managing_id)

    @property
    def reach(self) -> Reach:
        return Reach(self.managed_id, ACCESS_ROLE)

    def file(self, providers: str) -> str:
        """Describe both accounts in an accounts file."""
        return (
            f"managing: {{name: core, account_id: '{self.managing_id}', "
            f"partition: {self.partition}}}\n"
            "accounts:\n"
            f"- {{name: staging, account_id: '{self.managed_id}', "
            f"regions: [{self.region}], access_role: {ACCESS_ROLE}, "
            f"external_id: false, providers: {providers}}}\n"
        )
