"""An account of a test whose IAM simulates as AWS's does, without an emulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.providers.ec2 import Ec2
from onboarding.providers.ecs import Ecs
from onboarding.providers.lambda_ import Lambda
from onboarding.resources.kinds import MANAGED_PATH
from onboarding.topology import Managed, Managing
from onboarding.verify.denial import Holder
from onboarding.verify.result import Result
from onboarding.verify.simulation.named import Subnet
from onboarding.verify.simulation.writes import (
    Answered,
    granted_changes,
    simulated_writes,
)
from tests.onboarding.verify.test_denial import ACCOUNT, ExistingPolicies, document
from tests.strict_aws.policies import Statement, concerns, is_met, keys, listed

MANAGING = Managing(
    name="core", account_id="911111111111", bowline="arn:aws:iam::911111111111:role/B"
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{MANAGING.managed_role}"
EAST, WEST = "us-east-1", "eu-west-1"
ORGANIZATION = "o-a1b2c3d4e5"
ROLE_ID = "AROAEXAMPLEROLEID000"


def deny(*actions: str, condition: Any = None, **fields: Any) -> Statement:
    given = {"Condition": condition} if condition else {}
    named = {} if "NotAction" in fields else {"Action": list(actions)}
    on = {} if "NotResource" in fields else {"Resource": "*"}
    return {"Effect": "Deny", **on, **named, **given, **fields}


def managed_account(*regions: str, ec2_only: bool = True) -> Managed:
    return Managed(
        name="staging",
        account_id=ACCOUNT,
        regions=regions or (EAST,),
        providers=(Ec2(),) if ec2_only else (Ec2(), Ecs(), Lambda()),
        external_id="3f1c-9a",
    )


@dataclass
class Simulated(ExistingPolicies):
    """Holds what Bowline grants, and what a test adds."""

    account: Managed = field(default_factory=managed_account)
    organization: tuple[Statement, ...] = ()
    """What its policies deny."""
    refuses: AwsError | None = None
    """Why nobody may simulate."""
    belongs_to: str | None = ORGANIZATION
    subnets: tuple[Subnet, ...] = ()
    answered: tuple[Answered, ...] = ()
    """Reads that AWS just answered."""
    tags: dict[str, str] = field(default_factory=dict)
    """Of the managed role."""
    unreadable: AwsError | None = None
    """Why nobody may read the role."""
    knows_no_conditions: bool = False
    names_outside: bool = False
    """Whether it names the keys that only policies of the organization look at."""
    invalid: frozenset[str] = frozenset()
    most: int = 10_000
    """Actions times resources that are answered in time."""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        grants = [
            {"Effect": "Allow", **grant.statement}
            for one in granted_changes(MANAGING, self.account)
            for grant in one.grants
        ]
        self.inline = {"BowlineGranted": document(*grants), **self.inline}

    def call_all(self, operation: str, doing: str, **given: Any) -> Any:
        if operation != "simulate_principal_policy":
            return super().call_all(operation, doing, **given)
        self.requests.append(given)
        actions, resources = given["ActionNames"], given["ResourceArns"]
        if self.refuses:
            raise self.refuses
        if bad := self.invalid & {*actions}:
            raise AwsError(ACCOUNT, operation, f"{bad} is wrong.", code="InvalidInput")
        if len(actions) * len(resources) > self.most:
            raise AwsError(ACCOUNT, operation, "No answer in 15 s.", retryable=True)
        context = {
            entry["ContextKeyName"].lower(): entry["ContextKeyValues"][0]
            for entry in given["ContextEntries"]
        }
        return {
            "EvaluationResults": [
                self.judged(action, resources, context) for action in actions
            ]
        }

    def judged(
        self, action: str, resources: list[str], context: dict[str, str]
    ) -> dict[str, Any]:
        outside = False
        decisions = {}
        missing = {key for rule in self.held for key in keys(rule)}
        for resource in resources:
            met = [
                rule
                for rule in self.organization
                if concerns(rule, action, resource) and is_met(rule, context)
            ]
            decisions[resource] = self.decision(action, resource, context)
            if met:
                outside, decisions[resource] = True, "explicitDeny"
            if self.names_outside:
                missing |= {key for rule in met for key in keys(rule)}
        named = sorted(missing - context.keys())
        return {
            "EvalActionName": action,
            "EvalDecision": min(decisions.values()),
            "MissingContextValues": named,
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": not outside},
            "ResourceSpecificResults": [
                {
                    "EvalResourceName": name,
                    "EvalResourceDecision": decision,
                    "MissingContextValues": named,
                }
                for name, decision in decisions.items()
                if resources != ["*"]
            ],
        }

    @property
    def held(self) -> list[Statement]:
        documents = [*self.inline.values(), *self.attached.values()]
        return [rule for one in documents for rule in listed(one["Statement"])]

    def find(self, operation: str, doing: str, **given: Any) -> Any:
        found = super().find(operation, doing, **given)
        if self.unreadable:
            raise self.unreadable
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        found["Role"] |= {"RoleId": ROLE_ID, "Tags": tags}
        return found

    def decision(self, action: str, resource: str, context: dict[str, str]) -> str:
        if self.knows_no_conditions:
            context = {}
        bounds = listed(self.boundary["Statement"]) if self.boundary else []
        met = self.met([*self.held, *bounds], action, resource, context)
        allowed = self.met(self.held, action, resource, context).count("Allow")
        if self.boundary and not self.met(bounds, action, resource, context):
            allowed = 0
        if "Deny" in met:
            return "explicitDeny"
        return "allowed" if allowed else "implicitDeny"

    def met(
        self, rules: Any, action: str, resource: str, context: dict[str, str]
    ) -> list[str]:
        return [
            rule["Effect"]
            for rule in rules
            if concerns(rule, action, resource) and is_met(rule, context)
        ]

    @property
    def holder(self) -> Holder:
        return Holder(cast(AccountClient, self), ROLE, MANAGED_PATH)

    def writes(self) -> list[Result]:
        return list(
            simulated_writes(
                self.holder,
                MANAGING,
                self.account,
                organization=lambda: self.belongs_to,
                subnets=self.subnets,
                answered=self.answered,
            )
        )

    def failed(self) -> list[Result]:
        return [one for one in self.writes() if one.outcome is Outcome.FAILED]

    def sizes(self) -> Iterator[int]:
        for one in self.requests:
            yield len(one["ActionNames"]) * len(one["ResourceArns"])


def outcomes(results: list[Result]) -> Counter[str]:
    return Counter(one.outcome.value for one in results)
