"""What a provider is: its details, and what follows from them on either side.

A provider is a frozen dataclass whose fields are the details it asks for. It is data
and pure functions: it calls nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import jmespath
from jmespath import functions

if TYPE_CHECKING:
    from onboarding.resources.kinds import Resource
    from onboarding.spinnaker.entries import Entry
    from onboarding.topology import Managed, Managing


class DetailsError(ValueError):
    """A detail that cannot be right: which field, and what to write instead."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class Access(StrEnum):
    READ = "read"
    WRITE = "write"
    PASS_ROLE = "pass role"


@dataclass(frozen=True, slots=True)
class Grant:
    """One allowing statement of the managed role, with the capability it serves."""

    sid: str
    access: Access
    capability: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    condition: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def statement(self) -> dict[str, Any]:
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            statement["Condition"] = dict(self.condition)
        return statement


class Call(NamedTuple):
    """One read-only AWS call, as data. `parameters` are sorted (name, value) pairs."""

    service: str
    operation: str
    region: str = ""
    """Empty: the partition's home region."""
    parameters: tuple[tuple[str, Any], ...] = ()


class Outcome(StrEnum):
    """How far a check got. The words are those that people read."""

    PROVED = "proved"
    EVALUATED = "evaluated"
    NOT_PROVED = "not proved from here"
    FAILED = "failed"


class Beside(functions.Functions):  # type: ignore[misc]  # jmespath has no types
    """What an expectation may ask beside JMESPath's own functions."""

    @functions.signature(  # type: ignore[untyped-decorator]  # nor have decorators
        {"types": ["string"]}, {"types": ["string"]}
    )
    def _func_split(self, text: str, by: str) -> list[str]:
        return text.split(by)


@dataclass(frozen=True, slots=True)
class Check:
    """A read that must succeed, as whom, and the sentence that mends a refusal."""

    name: str
    """What is shown, e.g. “List server groups in us-east-1”."""
    call: Call
    fix: str
    expects: str = ""
    """A JMESPath over the answer that must be true; empty: any answer will do. It
    knows `split(text, by)` too."""
    missing: str = ""
    """The sentence where `expects` is not met, or why success proves nothing."""
    advice: bool = False
    """Whether an unmet `expects` fails nothing: it is shown with `missing`, as “not
    proved from here”. A refused call fails the account all the same."""
    as_managed_role: bool = True
    """False: asked by the account's access role, for what the chain cannot see."""
    change: str = ""
    """A command that mends what is missing, to be copied."""
    success: Outcome = Outcome.PROVED
    """What success is worth; with “not proved from here”, `missing` says why."""

    def is_met_by(self, answer: Any) -> bool:
        if not self.expects:
            return True
        options = jmespath.Options(custom_functions=Beside())
        return bool(jmespath.search(self.expects, answer, options))


@dataclass(frozen=True, slots=True)
class Provider:
    """The base of EC2, ECS, EKS and Lambda; see CONTRIBUTING for adding one."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    """One sentence for the step where providers are chosen."""
    needs_aws_entry: ClassVar[bool] = True
    """Whether it rides on the account's `aws` entry and so on the managed role."""
    needs_open_trust: ClassVar[bool] = False
    """Whether Clouddriver drops the external ID for it, so none may be required."""
    do_not_call_in_templates: ClassVar[bool] = True
    """Django's templates would make an instance of the class wherever they meet it."""

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Self:
        """Read stored or written details; raise DetailsError for a wrong one."""
        known = {f.name: f for f in fields(cls)}
        for name in details:
            if name not in known:
                raise DetailsError(
                    name,
                    f"{cls.title} has no detail “{name}”; it knows "
                    f"{', '.join(known) or 'none'}.",
                )
        for name, f in known.items():
            required = f.default is MISSING and f.default_factory is MISSING
            if required and name not in details:
                raise DetailsError(name, f"{cls.title} needs the detail “{name}”.")
        return cls(**{name: cls.read(name, value) for name, value in details.items()})

    @classmethod
    def read(cls, name: str, value: Any) -> Any:
        """Read one detail as JSON gives it."""
        default = next(f.default for f in fields(cls) if f.name == name)
        value = frozen(value)
        if default is not MISSING and type(value) is not type(default):
            raise DetailsError(name, f"“{name}” must be {KINDS_OF[type(default)]}.")
        return value

    @property
    def details(self) -> dict[str, Any]:
        """Give the details as JSON, the inverse of from_details."""
        return {name: thawed(value) for name, value in asdict(self).items()}

    @classmethod
    def searches(cls, managed: Managed) -> tuple[Call, ...]:
        """Name what to ask of AWS (by the access role) before the form is shown."""
        return ()

    def suit(self, managed: Managed) -> None:
        """Raise DetailsError where the details do not suit the account."""

    def choices(self) -> Self:
        """Return itself with only what a person chose, nothing that was looked up."""
        return self

    def warnings(self) -> tuple[str, ...]:
        """Say what is discouraged among the choices made, and why."""
        return ()

    def lookups(self, managed: Managed) -> tuple[Call, ...]:
        """Name what must be asked of AWS (by the access role) to know the rest."""
        return ()

    def learned(self, answers: Mapping[Call, Any]) -> Self:
        """Return itself with what the lookups answered filled in.

        Raise DetailsError where an answer rules a detail out.
        """
        return self

    def trusted_services(self) -> tuple[str, ...]:
        """Name the services that must be able to become the managed role."""
        return ()

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        """List what the managed role must be allowed for this provider."""
        return ()

    def resources(self, managing: Managing, managed: Managed) -> tuple[Resource, ...]:
        """List what it needs in the managed account beside the managed role."""
        return ()

    def checks(self, managing: Managing, managed: Managed) -> tuple[Check, ...]:
        """List the reads that must succeed before Spinnaker hears of the account.

        What every `aws` entry needs stands in `managed_side.checks` beside these.
        """
        return ()

    def entries(self, managing: Managing, managed: Managed) -> tuple[Entry, ...]:
        """List the accounts under which Spinnaker will know it."""
        return ()

    def names(self, managed: Managed) -> tuple[str, ...]:
        """List the Spinnaker account names it takes beside the account's own."""
        return ()


def allow(action: str) -> str:
    """Write the sentence that mends a refused read of the managed role."""
    return (
        f"The managed role must be allowed {action}. Where Bowline's policies are "
        "attached, look for a service control policy of the organization, or for a "
        "permissions boundary."
    )


KINDS_OF = {bool: "true or false", str: "text", tuple: "a list"}


def frozen(value: Any) -> Any:
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def thawed(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [thawed(v) for v in value]
    if isinstance(value, dict):
        return {k: thawed(v) for k, v in value.items()}
    return value
