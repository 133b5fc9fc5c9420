"""What a topology holds of a provider: its key and its details, from and to JSON. Pure.

What follows from the details is the provider's own: onboarding/providers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, ClassVar, Self

from onboarding.names import LONGEST_QUOTED, BadName, NameFormat, short


class DetailsError(ValueError):
    """A detail that cannot be right: which field, and what to write instead."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ProviderDetails:
    """A provider as far as its details go: they are the fields of its dataclass."""

    key: ClassVar[str]
    title: ClassVar[str]
    needs_aws_entry: ClassVar[bool] = True
    """Whether it uses the account's `aws` entry and so the managed role."""
    needs_open_trust: ClassVar[bool] = False
    """Whether Clouddriver drops the external ID for it, so none may be required."""

    @property
    def is_learned(self) -> bool:
        """Return whether everything is known that only AWS can say."""
        return True

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Self:
        """Read stored or written details; raise DetailsError for a wrong one."""
        known = {f.name: f for f in fields(cls)}
        for name in details:
            if name not in known:
                raise DetailsError(
                    name,
                    f"{cls.title} has no detail “{short(str(name))}”; it knows "
                    f"{', '.join(known) or 'none'}.",
                )
        for name, f in known.items():
            required = f.default is MISSING and f.default_factory is MISSING
            if required and name not in details:
                raise DetailsError(name, f"{cls.title} needs the detail “{name}”.")
        return cls(**{name: cls.read(name, value) for name, value in details.items()})

    @classmethod
    def refuse_unsaid(cls, written: Mapping[str, Any]) -> None:
        """Raise DetailsError for what a person must write, of details that are right
        apart from that: what is stored already keeps its default.
        """

    @classmethod
    def read(cls, name: str, value: Any) -> Any:
        """Read one detail as JSON gives it."""
        default = cls.__dataclass_fields__[name].default
        value = frozen(value)
        if default is not MISSING and type(value) is not type(default):
            raise DetailsError(name, f"“{name}” must be {KINDS_OF[type(default)]}.")
        return value

    @property
    def details(self) -> dict[str, Any]:
        """Return the details as JSON, the inverse of from_details."""
        return {f.name: thawed(getattr(self, f.name)) for f in fields(self)}


KINDS_OF = {bool: "true or false", str: "text", tuple: "a list"}


def frozen(value: Any) -> Any:
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def thawed(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [thawed(v) for v in value]
    if isinstance(value, dict):
        return {k: thawed(v) for k, v in value.items()}
    if is_dataclass(value):
        return {f.name: thawed(getattr(value, f.name)) for f in fields(value)}
    return value


def require(field: str, wanted: NameFormat, *values: str) -> None:
    """Raise DetailsError for the first value that is not in this format."""
    for value in values:
        try:
            wanted(value)
        except BadName as error:
            raise DetailsError(field, str(error)) from error


def require_one_of(field: str, known: Iterable[str], value: str) -> None:
    if value not in known:
        raise DetailsError(
            field,
            f"“{short(str(value), LONGEST_QUOTED)}” isn't valid. Choose one of "
            f"{', '.join(known)}.",
        )


def require_at_most(
    field: str, most: int, values: Collection[str], *, called: str
) -> None:
    if len(values) > most:
        raise DetailsError(
            field,
            f"{len(values)} {called} are too many for one policy: name {most} at most.",
        )


def require_no_doubles(
    field: str, values: Iterable[str], *, same: Callable[[str], str] = str
) -> None:
    """Refuse what is listed twice: values are the same where `same` says the same."""
    seen: set[str] = set()
    for value in values:
        if same(value) in seen:
            raise DetailsError(field, f"“{value}” is listed twice.")
        seen.add(same(value))
