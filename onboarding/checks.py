"""What must succeed in AWS, as data: the call, what to expect, how to fix it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import jmespath
from jmespath import functions

from onboarding.subnets import purposes


class Call(NamedTuple):
    """One read-only AWS call, as data. `parameters` are sorted (name, value) pairs."""

    service: str
    operation: str
    region: str = ""
    """Empty: the partition's home region."""
    parameters: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, service: str, operation: str, region: str, **given: Any) -> Call:
        return cls(service, operation, region, tuple(sorted(given.items())))

    @classmethod
    def iam(cls, operation: str, **given: Any) -> Call:
        return cls.of("iam", operation, "", **given)


class Outcome(StrEnum):
    """How far a check got. The words are those that people read."""

    PASSED = "passed"
    EVALUATED = "evaluated"
    NOT_TESTABLE = "not testable"
    CANNOT_DEPLOY = "cannot deploy"
    """Something is missing that a deployment in the region needs."""
    FAILED = "failed"


class Functions(functions.Functions):  # type: ignore[misc]  # jmespath has no types
    """JMESPath's own functions, and those that expectations use in addition."""

    @functions.signature(  # type: ignore[untyped-decorator]  # nor have decorators
        {"types": ["array", "null"]}
    )
    def _func_purposes(self, subnets: list[dict[str, Any]] | None) -> list[str]:
        return sorted(purposes(subnets or []))


@dataclass(frozen=True, slots=True)
class Check:
    """A read that must succeed, as whom, and the sentence that fixes a refusal."""

    name: str
    """What is shown, e.g. “List server groups in us-east-1”."""
    call: Call
    fix: str
    expects: str = ""
    """A JMESPath over the answer that must be true; empty: any answer will do. It
    knows `purposes(subnets)` too."""
    missing: str = ""
    """The sentence where `expects` is not met."""
    advice: bool = False
    """Whether an unmet `expects` fails nothing: it is shown with `missing`, as “not
    testable”. A refused call still fails the account."""
    deploys_in: str = ""
    """The region in which nothing can be deployed while `expects` is not met."""
    as_managed_role: bool = True
    """False: asked by the account's access role, for what the chain cannot see."""
    change: str = ""
    """A command that fixes what is missing, to be copied."""
    success: Outcome = Outcome.PASSED
    """What success is worth."""
    untested: str = ""
    """Why success proves nothing; it is “not testable” then."""
    decides_writes: bool = False
    """Whether it is unknown, while this isn't tested, what Spinnaker may change."""

    def is_met_by(self, answer: Any) -> bool:
        if not self.expects:
            return True
        options = jmespath.Options(custom_functions=Functions())
        return bool(jmespath.search(self.expects, answer, options))


def allow(action: str) -> str:
    """Write the sentence that fixes a refused read of the managed role."""
    return (
        f"The managed role must be allowed {action}. Where Bowline's policies are "
        "attached, check the organization's service control policies and the role's "
        "permissions boundary."
    )
