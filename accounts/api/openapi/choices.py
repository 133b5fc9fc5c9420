"""Closed sets of words, as requests and answers have them: each has a name, by which
clients that are generated know it.
"""

from __future__ import annotations

from typing import Annotated

from accounts.closed_sets import OneOf
from accounts.lists import accounts, members
from accounts.lists.runs import IN_PROGRESS
from accounts.models import (
    Activity,
    Bundle,
    CheckResult,
    Delivery,
    FoundRoles,
    Rollout,
    Run,
    Step,
)
from accounts.models.standing import TOGETHER, WORDS
from accounts.models.states import State, Status
from onboarding.delivery.verdicts import Verb
from onboarding.description.fields import MAKERS
from onboarding.providers import PROVIDERS

AccountState = Annotated[str, OneOf("AccountState", WORDS)]
AccountStateFilter = Annotated[str, OneOf("AccountStateFilter", (*WORDS, *TOGETHER))]
ManagingState = Annotated[str, OneOf("ManagingState", State.values)]
RoleMaker = Annotated[str, OneOf("RoleMaker", MAKERS)]
ProviderKey = Annotated[str, OneOf("ProviderKey", PROVIDERS)]
VerificationFilter = Annotated[str, OneOf("VerificationFilter", [accounts.STALE])]
ChecksFilter = Annotated[str, OneOf("ChecksFilter", [accounts.FAILED])]
PoliciesFilter = Annotated[str, OneOf("PoliciesFilter", [accounts.OLDER])]
ExistingRolesFilter = Annotated[
    str, OneOf("ExistingRolesFilter", FoundRoles.Taken.values)
]
WriteFilter = Annotated[str, OneOf("WriteFilter", [accounts.EVERYONE])]
MembershipFilter = Annotated[
    str, OneOf("MembershipFilter", [accounts.INACTIVE, accounts.NEW])
]
CheckOutcome = Annotated[str, OneOf("CheckOutcome", CheckResult.Outcome.values)]
RunKind = Annotated[str, OneOf("RunKind", Run.Kind.values)]
RunStatus = Annotated[str, OneOf("RunStatus", Status.values)]
RunStatusFilter = Annotated[
    str, OneOf("RunStatusFilter", (*Status.values, IN_PROGRESS))
]
ChangeVerb = Annotated[str, OneOf("ChangeVerb", ("create", "update", "delete"))]
ChangeStatus = Annotated[str, OneOf("ChangeStatus", Step.Status.values)]
RolloutKind = Annotated[str, OneOf("RolloutKind", Rollout.Kind.values)]
RolloutState = Annotated[str, OneOf("RolloutState", Rollout.State.values)]
BundleStatus = Annotated[str, OneOf("BundleStatus", Bundle.Status.values)]
DeliveryStatus = Annotated[str, OneOf("DeliveryStatus", Delivery.Status.values)]
DeliveryVerb = Annotated[str, OneOf("DeliveryVerb", [one.value for one in Verb])]
MemberStateFilter = Annotated[
    str, OneOf("MemberStateFilter", ("active", "left", *members.INACTIVE))
]
JoinedFilter = Annotated[str, OneOf("JoinedFilter", members.JOINED)]
YesNo = Annotated[str, OneOf("YesNo", ("yes", "no"))]
PolicyState = Annotated[
    str, OneOf("PolicyState", ("not approved", "asked for", "accepted"))
]
ActivityWhat = Annotated[str, OneOf("ActivityWhat", Activity.What.values)]
RunBy = Annotated[
    str,
    OneOf("RunBy", ("", "halyard", "kustomize", "operator", "files", "live")),
]
