"""The report on an existing Spinnaker as programs read it: what rows may have of it,
the API answers with it, and docs/adopt.schema.json is made of it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from accounts.closed_sets import OneOf
from onboarding.adopting.report import OF_ACCOUNTS
from onboarding.adopting.values import PROVIDERS, SourceKind
from onboarding.carried.table import Treatment

SOURCES = [kind.name.lower() for kind in SourceKind]
AdoptedSource = Annotated[str, OneOf("AdoptedSource", SOURCES)]
AdoptedProvider = Annotated[str, OneOf("AdoptedProvider", PROVIDERS)]
AdoptedOutcome = Annotated[str, OneOf("AdoptedOutcome", OF_ACCOUNTS)]
FieldOutcome = Annotated[str, OneOf("FieldOutcome", Treatment)]
Value = Annotated[
    Any,
    Field(
        description='As Spinnaker reads it. A secret is {"secret": true}, or '
        '{"reference": …} where the source only refers to it.'
    ),
]


class ReportSource(BaseModel):
    kind: AdoptedSource
    title: str = Field(description="The files, or the requests to Gate.")
    accounts: dict[str, int] = Field(description="How many, by provider.")


class ReportCounts(BaseModel):
    taken: int
    left: int
    waiting: int = Field(
        0, description="Of those that are left, how many wait for a confirmation alone."
    )
    other_providers: dict[str, int] = Field(
        description="Accounts of providers that Bowline doesn't know."
    )


class ReportRole(BaseModel):
    partition: str
    name: str


class ReportField(BaseModel):
    field: str
    outcome: FieldOutcome
    value: Value
    says: str = Field(
        description="Why the field isn't taken, or what becomes of it; may be empty."
    )
    note: str = Field(description="How the value was read; may be empty.")


class ReportRoleInAws(BaseModel):
    name: str
    exists: bool
    strangers: bool = Field(description="Whether anybody in AWS can assume it.")
    widest: str = Field(
        "",
        description="How many can assume it: anybody, many (every identity of an "
        "account, an organization or a provider), named, service, or none. Empty if "
        "the look is of an earlier version.",
    )
    assumed_by: list[str] = Field(description="Who can assume it, the widest first.")
    trusted: list[str] = Field(
        default_factory=list,
        description="The roles and users that it trusts by name, as ARNs.",
    )
    managed_by: str = Field(
        description="A CloudFormation stack, or what tags say; may be empty."
    )
    actions: int = Field(description="How many it can call, of all that was read.")
    can: list[str] = Field(description="What it can do, and what limits that.")


class ReportInAws(BaseModel):
    """What AWS had of an account's roles."""

    at: str = Field(description="When the look began.")
    account_id: str
    roles: list[ReportRoleInAws] = Field(
        description="The role that Spinnaker assumes, then the one for its instances."
    )
    unread: str = Field(description="Why the roles weren't read; may be empty.")
    hint: str


class ReportInSpinnaker(BaseModel):
    """How Spinnaker has an account otherwise than the source describes it."""

    loaded: bool = Field(description="false if Spinnaker hasn't loaded it at all.")
    differs: list[str] = Field(description="The fields with another value.")
    confirmed: bool = Field(
        description="Whether someone confirmed the account as the source has it."
    )
    waits: bool = Field(description="Whether it is left until someone confirms it.")
    says: str


class ReportAccount(BaseModel):
    type: AdoptedProvider
    name: str
    source: str = Field(description="The file and the line.")
    outcome: AdoptedOutcome
    reasons: list[str] = Field(description="Why it is left; empty where it is taken.")
    in_spinnaker: ReportInSpinnaker | None = Field(
        None,
        description="null where Spinnaker has it so, or Gate's list of loaded accounts "
        "isn't among the sources.",
    )
    fields: list[ReportField] = Field(
        description="Every field that says something else than Spinnaker's default. Of "
        "an account that is left, what would become of the field."
    )
    in_aws: ReportInAws | None = Field(
        None,
        description="Of an AWS account that is taken, if Bowline looked at AWS.",
    )


class ReportSetting(BaseModel):
    provider: AdoptedProvider
    setting: str
    outcome: FieldOutcome
    value: Value
    says: str


class ReportFinding(BaseModel):
    kind: str = Field(description="For programs: the same for all findings of a kind.")
    says: str
    accounts: list[str]


class ReportLook(BaseModel):
    """How many accounts Bowline has looked at in AWS."""

    role: str = Field(description="The role that Bowline assumes in each account.")
    at: str
    accounts: int
    looked: int
    identity: str = Field(
        "",
        description="The ARN that the role of every account trusts by name, which "
        "Spinnaker runs as; empty if that is none, or more than one.",
    )


class StoredReport(BaseModel):
    """The report but for its accounts, which have rows of their own."""

    version: int = Field(description="1, until a key means something else.")
    sources: list[ReportSource] = Field(
        description="What was read, those first that Spinnaker prefers."
    )
    counts: ReportCounts
    confirmed: list[str] = Field(
        default_factory=list,
        description="Accounts that are taken as the source has them, because someone "
        "confirmed them.",
    )
    managed_role: ReportRole | None = Field(
        description="The usual role of the accounts that are taken: an account with "
        "another one names it in the accounts file. null where none has one."
    )
    settings: list[ReportSetting] = Field(
        description="What a provider says next to its accounts."
    )
    findings: list[ReportFinding] = Field(
        description="What to know, or decide, before Bowline takes over."
    )
    not_sources: list[str] = Field(
        description="Files of folders that hold no accounts."
    )
    look: ReportLook | None = Field(
        None, description="How far Bowline looked at AWS; null if it wasn't asked to."
    )


class SpinnakerReport(StoredReport):
    """What an existing Spinnaker's accounts are, and what Bowline can take of them. The
    same sources give the same report, except for what AWS had. Keys may be added within
    a version.
    """

    accounts: list[ReportAccount]


class ReportFile(BaseModel):
    """A file that was read: what it is called, and what it was."""

    name: str
    sha256: str
