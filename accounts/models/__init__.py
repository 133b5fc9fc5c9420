"""What Bowline keeps: accounts as people describe them, runs, bundles."""

from __future__ import annotations

from accounts.models.checks import AwsAnswers, Findings, ForeignPolicy, FoundRoles
from accounts.models.lease import Heartbeat
from accounts.models.managed import (
    EnabledProvider,
    HandOff,
    HandOffText,
    ManagedAccount,
)
from accounts.models.managing import ManagingAccount
from accounts.models.notifications import Digest, Happened, Notification, Target
from accounts.models.organization import Member, MemberTag, Organization, Unit, Watch
from accounts.models.people import (
    AccountEnvironment,
    Activity,
    ApiToken,
    ApprovedEnvironment,
    BrowserSession,
    EnvironmentPolicy,
    EnvironmentRule,
    Identity,
    KeptAnswer,
    Kind,
    Preferences,
    RoleLimit,
)
from accounts.models.question import (
    AdoptedAccount,
    Adoption,
    FoundCluster,
    Question,
    SearchedAccount,
    Upload,
    UploadedAccount,
)
from accounts.models.runs import CheckResult, Rollout, Run, Step
from accounts.models.spinnaker import (
    Bundle,
    DeliveredAccount,
    Delivery,
    DeliveryStep,
    Spinnaker,
    SpinnakerName,
)

__all__ = [
    "AccountEnvironment",
    "Activity",
    "AdoptedAccount",
    "Adoption",
    "ApiToken",
    "ApprovedEnvironment",
    "AwsAnswers",
    "BrowserSession",
    "Bundle",
    "CheckResult",
    "DeliveredAccount",
    "Delivery",
    "DeliveryStep",
    "Digest",
    "EnabledProvider",
    "EnvironmentPolicy",
    "EnvironmentRule",
    "Findings",
    "ForeignPolicy",
    "FoundCluster",
    "FoundRoles",
    "HandOff",
    "HandOffText",
    "Happened",
    "Heartbeat",
    "Identity",
    "KeptAnswer",
    "Kind",
    "ManagedAccount",
    "ManagingAccount",
    "Member",
    "MemberTag",
    "Notification",
    "Organization",
    "Preferences",
    "Question",
    "RoleLimit",
    "Rollout",
    "Run",
    "SearchedAccount",
    "Spinnaker",
    "SpinnakerName",
    "Step",
    "Target",
    "Unit",
    "Upload",
    "UploadedAccount",
    "Watch",
]
