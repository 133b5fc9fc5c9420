"""Closed sets of words, as requests and answers have them: each has a name, by which
clients that are generated know it.
"""

from __future__ import annotations

from typing import Annotated

from accounts.closed_sets import OneOf
from accounts.models import Bundle, CheckResult, Delivery, Rollout, Run, Step
from accounts.models.standing import WORDS
from accounts.models.states import State, Status
from onboarding.delivery.verdicts import Verb
from onboarding.description.fields import MAKERS
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
