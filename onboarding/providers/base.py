"""What a provider is: its details, and what follows from them on either side.

A provider is a frozen dataclass whose fields are the details it asks for. It is data
and pure functions: it calls nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from onboarding.checks import Call, Check
    from onboarding.grants import Grant
    from onboarding.resources.kinds import Resource
    from onboarding.spinnaker.entries import Entry
    from onboarding.topology import Managed, Managing


class DetailsError(ValueError):
    """A detail that cannot be right: which field, and what to write instead."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


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


KINDS_OF = {bool: "true or false", str: "text", tuple: "a list"}


def frozen(value: Any) -> Any:
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def thawed(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [thawed(v) for v in value]
    if isinstance(value, dict):
        return {k: thawed(v) for k, v in value.items()}
    return value
