"""Accounts: described, read, listed, removed; and what is accepted of them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from accounts.api.authentication import APPROVES, OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.openapi import (
    AccountState,
    CheckOutcome,
    ProviderKey,
    with_fields,
    with_filters,
)
from accounts.api.operations import operation
from accounts.api.paging import Page, PageQuery, page_of
from accounts.api.problems import Code, Problem
from accounts.api.requests import Exact, Request
from accounts.api.v1.texts import Name, Number, Typed
from accounts.decisions.many import MOST_REASONS, each
from accounts.lists.accounts import ACCOUNTS, matching_accounts
from accounts.mapping.accounts_file import register
from accounts.mapping.accounts_file.comparison import exported_account
from accounts.mapping.managing import managing_row
from accounts.models import HandOff, ManagedAccount, Run
from accounts.models.states import OPEN
from accounts.runs.actions import accept
from accounts.runs.deciding.confirmation import confirm_leaving
from accounts.runs.deciding.forgetting import forget_account, leave_in_aws
from accounts.runs.deciding.starting import MOST_AT_ONCE, waiting_for
from accounts.runs.owners.hand_offs import hand_out
from accounts.slices import in_slices
from accounts.spinnaker.bundles import exclude_from_bundles
from onboarding import names
from onboarding.accounts_file import read_accounts_file
from onboarding.description.fields import FIELDS
from onboarding.details import DetailsError

accepting = Router()

NO_ACCOUNT = "There is no account {}."


class EvaluatedAccount(Schema):
    name: str = Field(alias="account.name")
    account_id: str = Field(alias="account.account_id")
    environment: str = Field(alias="account.environment")
    evaluated_at: datetime | None = Field(alias="account.verified_at")
    refused: str = Field(
        description="Why the token’s person can’t accept it, or empty if they can"
    )


class EvaluatedAcceptance(Request):
    accounts: list[
        Annotated[str, Field(max_length=60, pattern=f"^{names.ACCOUNT_NAME.pattern}$")]
    ] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="The names of the accounts that you read",
    )


class AcceptedAccounts(Schema):
    accepted: list[str] = Field(description="By name")
    left: int = Field(description="How many of the accounts aren’t accepted")
    refused: list[str] = Field(
        description=f"Why; of the first {MOST_REASONS} that are left"
    )


@accepting.get("", response=list[EvaluatedAccount], summary="List evaluated accounts")
def list_evaluated_accounts(request: ApiRequest) -> Any:
    """List the accounts that wait until an approver accepts them, by name: the first
    200. Bowline only read their policies, because it can’t assume Spinnaker’s identity.
    """
    return waiting_for(request.user)


@changes(
    accepting,
    "/accept",
    "Accept evaluated accounts",
    {200: AcceptedAccounts},
    auth=APPROVES,
)
def accept_evaluated_accounts(request: ApiRequest, body: EvaluatedAcceptance) -> Any:
    """Accept each of these accounts that was evaluated, not verified: bundles hold it
    then. Each is decided separately, and one that is left keeps no other back.
    """
    many = each(accept, accounts_named(sorted(body.accounts)), request.user)
    return {
        "accepted": [one.name for one in many.done],
        "left": len(many.left),
        "refused": many.reasons,
    }


router = Router()

WIDE = ("verified", "applied", "approved_entries")
"""Columns that only runs and bundles read."""
OTHER_NAME = "The name in the body isn't the name in the path."


@with_filters(ACCOUNTS)
class AccountFilters(Request):
    """What the list of accounts is searched by, as on its page."""


class Account(Schema):
    id: UUID
    name: str
    account_id: str
    environment: str
    regions: list[str]
    providers: list[ProviderKey]
    made_by: str
    state: AccountState = Field(alias="word")
    verified_at: datetime | None
    stale_since: datetime | None
    created_at: datetime
    created_by: str = Field(alias="created_by_name")

    @staticmethod
    def resolve_providers(row: ManagedAccount) -> list[str]:
        return [one.key for one in row.providers.all()]


class Check(Schema):
    provider: str
    name: str
    outcome: CheckOutcome
    sentence: str
    fix: str


class Verification(Schema):
    """What the newest verification found."""

    run: int = Field(alias="number")
    checks: list[Check]


class AccountInFull(Account):
    sentences: list[str] = Field(
        alias="standing.sentences", description="What someone must know, and do"
    )
    open_run: int | None = Field(description="The number of the run in progress")
    excluded_at: datetime | None = Field(
        description="When it was excluded from bundles"
    )
    settings: dict[str, Any] | None = Field(
        description="What PUT would take; null: it isn’t complete"
    )
    verification: Verification | None

    @staticmethod
    def resolve_open_run(row: ManagedAccount) -> int | None:
        runs = row.runs.filter(status__in=OPEN)
        return runs.values_list("number", flat=True).first()

    @staticmethod
    def resolve_settings(row: ManagedAccount) -> dict[str, Any] | None:
        try:
            return exported_account(row, row.providers.all())
        except DetailsError:
            return None

    @staticmethod
    def resolve_verification(row: ManagedAccount) -> Run | None:
        return row.runs.filter(checks__isnull=False).only("number").first()


@with_fields(FIELDS)
class AccountSettings(Exact):
    """An account as an accounts file describes it."""

    name: str = Field("", description="By default the name in the path")
    providers: dict[str, dict[str, Any]]


@router.get("", response=Page[Account], summary="List accounts")
def list_accounts(
    request: HttpRequest, asked: Query[PageQuery], filters: Query[AccountFilters]
) -> dict[str, Any]:
    """List the accounts by name, as the filters ask."""
    return page_of(matching_accounts(request.GET).defer(*WIDE), "name", asked)


@router.get("/{name}", response=AccountInFull, summary="Read an account")
def read_account(request: HttpRequest, name: Name) -> ManagedAccount:
    """Read an account: its description, its state, and its last verification."""
    return account_named(name)


@changes(
    router,
    "/{name}",
    "Describe an account",
    {200: AccountInFull, 201: AccountInFull},
    method="PUT",
    guards=True,
)
def put_account(request: ApiRequest, name: Name, body: AccountSettings) -> Any:
    """Describe a new account, or an existing one again. The same twice changes nothing.

    What is left out is at its default. AWS is unchanged until a plan is approved.
    """
    existed = ManagedAccount.objects.filter(name=name).exists()
    written = {"name": name, **body.model_dump(exclude_unset=True)}
    written["name"] = written["name"] or name
    if written["name"] != name:
        raise Problem(Code.INVALID, OTHER_NAME)
    file = read_accounts_file(
        as_file({"accounts": [written]}), partition=managing_row().partition
    )
    (row,) = register(file, request.user)
    return Status(200 if existed else 201, row)


def as_file(written: dict[str, Any]) -> bytes:
    """Write an accounts file: JSON is YAML."""
    text = json.dumps(written, ensure_ascii=False)
    return text.encode(errors="surrogatepass")  # the reader refuses what is no UTF-8


def account_named(name: Name) -> ManagedAccount:
    """Find an account; 404 where there is none."""
    rows = ManagedAccount.objects.prefetch_related("providers").defer(*WIDE)
    return get_object_or_404(rows, name=name)


def accounts_named(names: list[str]) -> list[ManagedAccount]:
    """Find accounts by their names, in that order; raise Problem for an unknown one."""
    wanted = list(dict.fromkeys(names))
    rows = ManagedAccount.objects.prefetch_related("providers")
    found = {
        row.name: row
        for some in in_slices(wanted)
        for row in rows.filter(name__in=some)
    }
    if unknown := [name for name in wanted if name not in found]:
        raise Problem(Code.UNKNOWN_NAME, NO_ACCOUNT.format(", ".join(unknown[:5])))
    return [found[name] for name in wanted]


def read_decided_account(
    _: HttpRequest, account: ManagedAccount, *__: Any
) -> ManagedAccount:
    """Answer with the account that a decision was about."""
    return account_named(account.name)


class Leaving(Request):
    confirmation: Typed = Field(description="The account’s name")

    def given(self, account: ManagedAccount) -> dict[str, Any]:
        confirm_leaving(account.name, self.confirmation)
        return {}


decides = partial(operation, router, find=account_named)
shown: dict[str, Any] = {
    "response": {200: AccountInFull},
    "answer": read_decided_account,
}
decides(
    "/{name}/exclude",
    exclude_from_bundles,
    "exclude_account",
    "Exclude an account from bundles",
    **shown,
    says="""Exclude it from later bundles. Spinnaker keeps it until you install such a
    bundle.
    """,
)
decides(
    "/{name}/include",
    exclude_from_bundles,
    "include_account",
    "Include an account in bundles again",
    **shown,
    says="Let later bundles include an account again that was excluded.",
    given={"again": True},
)
decides(
    "/{name}",
    forget_account,
    "delete_account",
    "Delete an account",
    {204: None},
    says="""Delete an account from Bowline that doesn’t exist in AWS. To delete one in
    AWS, plan its removal first.
    """,
    method="DELETE",
)
decides(
    "/{name}/leave",
    leave_in_aws,
    "leave_account",
    "Delete an account and leave AWS as it is",
    {204: None},
    says="""Delete an account from Bowline whose roles were there before. Nothing
    changes in AWS: Spinnaker can still assume the account’s role, and the managing
    account lists it as kept. Spinnaker keeps the account only where its own
    configuration does.
    """,
    body=Leaving,
)


class VersionListed(Schema):
    number: int
    stack_name: str
    region: str
    at: datetime
    by: str = Field(alias="by_name")
    found_at: datetime | None = Field(description="When Bowline found it in AWS")
    said_at: datetime | None = Field(description="When someone reported that it exists")
    said_by: str = Field(alias="said_by_name")
    removed_at: datetime | None = Field(description="When its account was removed")


class VersionInFull(VersionListed):
    template: str = Field(alias="text.text")


@router.get(
    "/{name}/hand-off/versions",
    auth=OPERATES,
    response=Page[VersionListed],
    summary="List the hand-off versions of an account",
)
def list_hand_off_versions(
    request: ApiRequest, name: Name, asked: Query[PageQuery]
) -> dict[str, Any]:
    """List the versions of the templates, newest first."""
    account = account_named(name)
    hand_out.refuse(account, request.user, locks=False)
    return page_of(HandOff.objects.filter(account=account), "-number", asked)


@router.get(
    "/{name}/hand-off/versions/{number}",
    auth=OPERATES,
    response=VersionInFull,
    summary="Read a hand-off version of an account",
)
def read_hand_off_version(request: ApiRequest, name: Name, number: Number) -> HandOff:
    """Read the templates of this version."""
    account = account_named(name)
    hand_out.refuse(account, request.user, locks=False)
    rows = HandOff.objects.select_related("text")
    return get_object_or_404(rows, account=account, number=number)
