"""An account of a test: what stands for it, and its verification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onboarding.aws.errors import AwsError
from onboarding.checks import Check
from onboarding.desired.managed import CACHING, managed_side
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing, Topology
from onboarding.verify.result import Result
from onboarding.verify.verification import verify
from tests.factories import side_of
from tests.onboarding.aws.field import ACCESS_ROLE, Field, Probe

ORGANIZATION = (
    "AWS refused it (AccessDenied: not authorized to perform: {} with an explicit deny "
    "in a service control policy)."
)


class Verified:
    def __init__(self, field: Field, managing: Managing, managed: Managed) -> None:
        self.field, self.managing, self.managed = field, managing, managed

    def stand(self) -> Verified:
        topology = Topology(self.managing, (self.managed,))
        self.field.bring_about(self.field.own, tuple(side_of(topology)))
        self.field.bring_about(
            self.field.reach, tuple(managed_side(self.managing, self.managed))
        )
        return self

    def results(self, **options: Any) -> list[Result]:
        return list(self.checks(**{"backoff_seconds": 0, **options}))

    def checks(self, **options: Any) -> Iterator[Result]:
        return verify(
            options.pop("sessions", None) or self.field.sessions(),
            self.managing,
            self.managed,
            **{"reach": self.field.reach, **options},
            identity_reach=self.field.own,
        )

    def found(self, name: str, **options: Any) -> Result:
        return next(r for r in self.results(**options) if r.name.startswith(name))


def having(made: Verified, *checks: Check) -> Verified:
    managed = replace(made.managed, providers=(Probe(made=checks),))
    return Verified(made.field, made.managing, managed)


def outcomes(results: list[Result]) -> dict[str, str]:
    """Give the outcomes by name, without the reads that every account is asked for."""
    return {r.name: r.outcome.value for r in results if r.provider != CACHING}


def denying(*actions: str) -> str:
    allowing = Policy.allowing({"Action": list(actions), "Resource": "*"})
    return allowing.text.replace('"Allow"', '"Deny"')


def blind(made: Verified) -> None:
    """Keep Bowline from reading the managed side, as if IAM were not up to date."""
    made.field.iam.put_role_policy(
        RoleName=ACCESS_ROLE, PolicyName="Blind", PolicyDocument=denying("iam:*")
    )


def refused(*, by: str) -> AwsError:
    message = ORGANIZATION.format(by)
    return AwsError("922222222222", by, message, code="AccessDenied")
