"""The AWS of a rehearsed month: the organization next to which an older database was
recorded, with more members; what others change in it; and how it fails for a night.
"""

from __future__ import annotations

import io
import json
import lzma
import random
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from script.bench_onboarding import members
from script.emulated_members import Entry
from script.emulated_members import account as listed
from script.emulated_organization import (
    ACCESS_ROLE,
    MANAGING,
    MEMBERS,
    Account,
    Credentials,
    Edge,
    bowline_credentials,
    seed_member,
    seed_network,
    trusting,
)
from script.servers import emulated_aws
from script.usage import emulator
from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import Behaviour, StrictAws, strict_aws
from tests.strict_aws.request import Request

ROLE = "spinnakerManaged"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
FIRST = 500_000_000_100
BUSY = Refusal("Throttling", "Rate exceeded", 400)
DOWN = Refusal("ServiceFailure", "The request processing has failed.", 500)
DENIED = Refusal("AccessDenied", "Denied by a service control policy.", 403)


@dataclass
class Failing(Behaviour):
    """AWS refuses a share of the calls of some accounts, until it no longer does."""

    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By account."""
    share: float = 1.0
    refused: int = 0

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        account = aws.account(request)
        if request.operation == "AssumeRole":
            account = request.parameters["RoleArn"].split(":")[4]
        refusal = self.refusals.get(account)
        # A protocol that words refusals otherwise is let through.
        if refusal is None or request.protocol != "query":
            return None
        if random.random() >= self.share:
            return None
        self.refused += 1
        return refusal.answer(request)


@dataclass
class Organization:
    """All accounts, behind the proxy that Bowline calls."""

    near: str
    """Where the emulator itself answers: Bowline doesn't call it."""
    credentials: Credentials
    failing: Failing
    aws: StrictAws
    group: int
    accounts: list[Account]
    session: Any

    def edge(self, account_id: str) -> Edge:
        """Give the account's AWS with the rights of its root."""
        return Edge(self.session, self.near, Account(name="", account_id=account_id))

    def iam(self, account_id: str) -> Any:
        return self.edge(account_id).client("iam")

    def as_spinnaker(self) -> Any:
        """Give STS as Spinnaker's identity, which Bowline may assume, too."""
        own = self.credentials
        answer = self.session.client(
            "sts",
            region_name=own.region,
            endpoint_url=self.near,
            aws_access_key_id=own.access_key_id,
            aws_secret_access_key=own.secret_access_key,
        ).assume_role(
            RoleArn=MANAGING.arn("role/SpinnakerAuthRole"), RoleSessionName="rehearsal"
        )["Credentials"]
        return self.session.client(
            "sts",
            region_name=own.region,
            endpoint_url=self.near,
            aws_access_key_id=answer["AccessKeyId"],
            aws_secret_access_key=answer["SecretAccessKey"],
            aws_session_token=answer["SessionToken"],
        )

    def listed(self) -> set[str]:
        """Read the roles that Spinnaker's identity may assume."""
        iam, found = self.iam(MANAGING.account_id), set[str]()
        paginator = iam.get_paginator("list_policies")
        for page in paginator.paginate(Scope="Local", PathPrefix="/bowline/managing/"):
            for policy in page["Policies"]:
                if not policy["PolicyName"].startswith("BowlineAssumeManaged"):
                    continue
                version = iam.get_policy_version(
                    PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
                )["PolicyVersion"]
                for statement in version["Document"]["Statement"]:
                    named = statement["Resource"]
                    found |= {named} if isinstance(named, str) else {*named}
        return found

    def has_role(self, account_id: str, name: str = ROLE) -> bool:
        try:
            self.iam(account_id).get_role(RoleName=name)
        except self.iam(account_id).exceptions.NoSuchEntityException:
            return False
        return True


@contextmanager
def organization_of(
    folder: Path, recorded: bytes, count: int
) -> Iterator[Organization]:
    """Run it as it was recorded, with so many members more."""
    state = folder / "aws"
    state.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(recorded))) as tar:
        tar.extractall(state, filter="data")
    accounts = members(count, first=FIRST)
    join(state / "organizations.json", accounts)
    with emulated_aws(state) as near:
        session: Any = boto3.Session()
        for account in MEMBERS:  # what a deployment needs was no part of a proof then
            seed_network(Edge(session, near, account).client("ec2"))
        for account in accounts:
            seed_member(Edge(session, near, account), account)
        own = bowline_credentials(Edge(session, near, MANAGING))
        failing = Failing()
        with strict_aws(near, MANAGING.account_id, failing) as aws:
            credentials = own._replace(endpoint=aws.endpoint)
            group = emulator()
            yield Organization(
                near, credentials, failing, aws, group, accounts, session
            )


def join(file: Path, accounts: list[Account]) -> None:
    """Write the accounts into the emulator's own file: it gives others' ids else."""
    held = json.loads(file.read_text())
    known = held["payload"]["accounts"]["data"]
    for one in accounts:
        entry = Entry(one.account_id, one.name)
        known[f"{MANAGING.account_id}\0{one.account_id!r}"] = listed(entry)
    file.write_text(json.dumps(held))


# What others do behind Bowline's back


def detach(iam: Any) -> None:
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=attached[0]["PolicyArn"])


def trust_another(iam: Any) -> None:
    iam.update_assume_role_policy(
        RoleName=ROLE, PolicyDocument=trusting({"AWS": MEMBERS[0].arn("root")})
    )


def delete_role(iam: Any) -> None:
    for policy in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    iam.delete_role(RoleName=ROLE)


def make_administrator(iam: Any) -> None:
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)


def lock_out(iam: Any) -> None:
    iam.update_assume_role_policy(
        RoleName=ACCESS_ROLE, PolicyDocument=trusting({"AWS": MEMBERS[0].arn("root")})
    )


DRIFT: dict[str, Callable[[Any], None]] = {
    "a policy detached": detach,
    "a role that trusts another account": trust_another,
    "a role deleted": delete_role,
    "an administrator's policy attached": make_administrator,
}
"""What a plan puts right."""


def let_in(iam: Any) -> None:
    iam.update_assume_role_policy(
        RoleName=ACCESS_ROLE, PolicyDocument=trusting({"AWS": MANAGING.arn("root")})
    )


OWNERS: dict[str, tuple[Callable[[Any], None], Callable[[Any], None]]] = {
    "the access role locked": (lock_out, let_in),
}
"""What only the account's owner can put right, and how."""
