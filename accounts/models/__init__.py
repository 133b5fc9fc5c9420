"""What Bowline keeps: accounts as people describe them, runs, bundles."""

from __future__ import annotations

from accounts.models.activity import Activity
from accounts.models.api.idempotency import KeptAnswer
from accounts.models.api.token import ApiToken
from accounts.models.bundles import Bundle
from accounts.models.checks.findings import Findings
from accounts.models.checks.foreign_policy import ForeignPolicy
from accounts.models.checks.found_roles import FoundRoles
from accounts.models.lease import Heartbeat
from accounts.models.managed import EnabledProvider, ManagedAccount
from accounts.models.managing import ManagingAccount
from accounts.models.notifications.happened import Digest, Happened
from accounts.models.notifications.kinds import Kind
from accounts.models.notifications.notification import Notification
from accounts.models.notifications.target import Target
from accounts.models.operations.aws_answers import AwsAnswers
from accounts.models.organization.members import Member, MemberTag, Unit
from accounts.models.organization.reading import Organization
from accounts.models.organization.watch import Watch
from accounts.models.owners.hand_offs import HandOff, HandOffText
from accounts.models.people.account_environment import AccountEnvironment
from accounts.models.people.browser_session import BrowserSession
from accounts.models.people.environment_policy import EnvironmentPolicy
from accounts.models.people.environment_rule import EnvironmentRule
from accounts.models.people.identity import Identity
from accounts.models.people.preferences import Preferences
from accounts.models.people.role_limit import RoleLimit
from accounts.models.question import FoundCluster, Question, SearchedAccount
from accounts.models.rollouts.rollout import Rollout
from accounts.models.runs import CheckResult, Run
from accounts.models.spinnaker.connection import Spinnaker
from accounts.models.spinnaker.delivered import DeliveredAccount
from accounts.models.spinnaker.delivery import Delivery, DeliveryStep
from accounts.models.spinnaker.name import SpinnakerName
from accounts.models.steps import Step
from accounts.models.uploads.adoption import AdoptedAccount, Adoption
from accounts.models.uploads.upload import Upload, UploadedAccount

__all__ = [
    "AccountEnvironment",
    "Activity",
    "AdoptedAccount",
    "Adoption",
    "ApiToken",
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
