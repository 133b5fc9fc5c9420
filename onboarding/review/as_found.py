"""What roles may do as they were found in AWS, whoever allowed it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from onboarding.providers.roles import POWER_USER_POLICY
from onboarding.resources.foreign import Boundary, Foreign
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    KeyGrant,
    ManagedPolicy,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.policy import Policy
from onboarding.review.effective import effective
from onboarding.review.power_user import (
    DOCUMENT,
    Comparison,
    compared_counts,
    counts_of,
)

AWS_POWER_USER = f":iam::aws:policy/{POWER_USER_POLICY}"


@dataclass(frozen=True, slots=True)
class FoundRole:
    """A role as AWS had it, counted by all that was read of it."""

    name: str
    owned: bool
    """Whether it carries Bowline's mark."""
    trust: list[dict[str, Any]] | None
    """Its trust's statements; None: Bowline does not read it."""
    boundary: str
    within: bool
    """Whether its boundary was read, too, and is counted."""
    counts: dict[str, list[int]]
    uncounted: list[str]
    """Names of policies that were not read."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def comparison(self) -> Comparison:
        return compared_counts(self.counts)


def found_roles(
    observed: Collection[Resource],
    foreign: Iterable[Foreign],
    boundaries: Iterable[Boundary],
) -> Iterator[FoundRole]:
    """Yield what every role that was read may do."""
    policies = [one for one in observed if isinstance(one, ManagedPolicy)]
    documents = {f"{one.path}{one.name}": one.document for one in policies}
    theirs = {one.policy_arn: one.document for one in foreign}
    within = dict(boundaries)
    roles = {r.name: r for r in observed if isinstance(r, Role)}
    held = [r for r in observed if isinstance(r, Attachment | InlinePolicy) and r.role]
    for name in dict.fromkeys([*roles, *(one.role for one in held)]):
        read, unread = list[Policy](), list[str]()
        for one in held:
            if one.role != name:
                continue
            if document := policy_document(one, documents, theirs):
                read.append(document)
            else:
                unread.append(one.policy)
        role = roles.get(name)
        boundary = role.boundary if role else ""
        yield FoundRole(
            name=name,
            owned=role is not None and role.owned,
            trust=role.trust.document["Statement"] if role else None,
            boundary=boundary,
            within=within.get(boundary) is not None,
            counts=counts_of(effective(read, within.get(boundary))),
            uncounted=sorted(unread),
        )


def policy_document(
    one: Attachment | InlinePolicy,
    documents: Mapping[str, Policy],
    theirs: Mapping[str, Policy | None],
) -> Policy | None:
    """Return what the policy says; None: it was not read."""
    if isinstance(one, InlinePolicy):
        return one.document
    if one.policy_arn in theirs:
        return theirs[one.policy_arn]
    if one.policy_arn.endswith(AWS_POWER_USER):
        return DOCUMENT
    return documents.get(one.policy_arn.partition(":policy")[2])


def planned_digest(wanted: Iterable[Resource]) -> str:
    """Identify what should exist, as far as it is read wherever somebody else makes it:
    with another digest it was edited.
    """
    shown = sorted(
        [*one.key, json.dumps(one.as_json(), sort_keys=True)]
        for one in wanted
        if not isinstance(one, KeyGrant | ServiceLinkedRole)
    )
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()
