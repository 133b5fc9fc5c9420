"""The fields of an account, and closed sets of words, as requests and answers
have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Optional, TypeVar

from ninja import Field as ApiField
from ninja import Schema
from pydantic import create_model

from accounts.api.requests import Exact
from accounts.api.v1.texts import Filter
from accounts.closed_sets import OneOf
from accounts.lists.declaration import Listing
from accounts.models import Bundle, CheckResult, Delivery, Rollout, Run, Step
from accounts.models.states import WORDS, State, Status
from onboarding.delivery.verdicts import Verb
from onboarding.description.fields import FIELDS, MAKERS, Field, Kind
from onboarding.providers import PROVIDERS

AccountState = Annotated[str, OneOf("AccountState", WORDS)]
ManagingState = Annotated[str, OneOf("ManagingState", State.values)]
RoleMaker = Annotated[str, OneOf("RoleMaker", MAKERS)]
ProviderKey = Annotated[str, OneOf("ProviderKey", PROVIDERS)]
CheckOutcome = Annotated[str, OneOf("CheckOutcome", CheckResult.Outcome.values)]
RunKind = Annotated[str, OneOf("RunKind", Run.Kind.values)]
RunStatus = Annotated[str, OneOf("RunStatus", Status.values)]
ChangeVerb = Annotated[str, OneOf("ChangeVerb", ("create", "update", "delete"))]
ChangeStatus = Annotated[str, OneOf("ChangeStatus", Step.Status.values)]
RolloutKind = Annotated[str, OneOf("RolloutKind", Rollout.Kind.values)]
RolloutState = Annotated[str, OneOf("RolloutState", Rollout.State.values)]
BundleStatus = Annotated[str, OneOf("BundleStatus", Bundle.Status.values)]
DeliveryStatus = Annotated[str, OneOf("DeliveryStatus", Delivery.Status.values)]
DeliveryVerb = Annotated[str, OneOf("DeliveryVerb", [one.value for one in Verb])]
YesNo = Annotated[str, OneOf("YesNo", ("no", "yes"))]
PolicyState = Annotated[
    str, OneOf("PolicyState", ("not approved", "asked for", "accepted"))
]
RunBy = Annotated[
    str,
    OneOf("RunBy", ("", "halyard", "kustomize", "operator", "files", "live")),
]


S = TypeVar("S", bound=Schema)


def with_filters(of: Listing) -> Callable[[type[S]], type[S]]:
    """Add the filters of a list to what the API's list is asked with."""
    wanted: dict[str, tuple[Any, Any]] = {}
    for one in of.filters:
        kind: Any = Filter
        if one.choices:
            words = OneOf(one.closed_set, [value for value, _ in one.choices])
            kind = Optional[Annotated[str, words]]  # noqa: UP045
        said = one.help.replace("'", "’") or None
        usual = ApiField(None if one.choices else "", description=said)
        wanted[one.name] = kind, usual
    return added_to(wanted)


def with_fields(
    chosen: Iterable[Field], *, always: bool = False
) -> Callable[[type[S]], type[S]]:
    """Add these fields to a schema that does not say them itself; `always`: none may be
    left out, as in answers.
    """
    wanted: dict[str, tuple[Any, Any]] = {}
    for one in chosen:
        kind, usual = kind_and_default(one)
        if one.kind is Kind.INSTEAD:
            _, usual = wanted[one.keys[0]]
        wanted[one.keys[0]] = kind, usual
    if always:
        wanted = {key: (kind, ...) for key, (kind, _) in wanted.items()}

    return added_to(wanted)


def added_to(wanted: Mapping[str, tuple[Any, Any]]) -> Callable[[type[S]], type[S]]:
    """Add what a schema does not say itself."""

    def added(schema: type[S]) -> type[S]:
        own = schema.model_fields
        others: dict[str, Any] = {k: v for k, v in wanted.items() if k not in own}
        doc = schema.__doc__
        return create_model(schema.__name__, __base__=schema, __doc__=doc, **others)

    return added


def kind_and_default(one: Field) -> tuple[Any, Any]:
    """Return what its first key holds, and what that is where a request has none."""
    if one.path[1:]:
        part = PARTS[one.path[0]]
        return part, part()
    return typed(one)


def typed(one: Field) -> tuple[Any, Any]:
    return TYPES.get(one.kind, str), ... if one.is_needed else one.said(one.usual)


TYPES: Mapping[Kind, Any] = {
    Kind.TRUTH: bool,
    Kind.INSTEAD: bool | str,
    Kind.MAKER: RoleMaker,
    Kind.REGIONS: list[str],
    Kind.GROUPS: list[str],
    Kind.CARRIED: dict[str, dict[str, Any]],
    Kind.NAMES: list[dict[str, Any]],
}


def part(above: str) -> type[Exact]:
    inside: dict[str, Any] = {
        one.key: typed(one) for one in FIELDS if one.keys[:-1] == (above,)
    }
    return create_model(above.capitalize(), __base__=Exact, **inside)


PARTS = {
    above: part(above) for above in {one.path[0] for one in FIELDS if one.path[1:]}
}
"""What is inside a key of an account."""
