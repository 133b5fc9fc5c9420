"""Whether bundles hold an account, and whether Bowline keeps it."""

from __future__ import annotations

from typing import Any

from ninja import Field
from ninja.responses import Status

from accounts.api.authentication import APPROVES, ApiRequest
from accounts.api.codes import Code
from accounts.api.idempotency import changes
from accounts.api.problems import Problem
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import (
    AccountInFull,
    account_named,
    read_account,
    router,
)
from accounts.api.v1.texts import Name, Typed
from accounts.runs.deciding.confirmation import confirm_leaving
from accounts.runs.deciding.forgetting import forget_account, leave_in_aws
from accounts.spinnaker.bundles import (
    exclude_from_bundles,
    include_in_bundles,
    not_held,
)


@changes(
    router, "/{name}/exclude", "Exclude an account from bundles", {200: AccountInFull}
)
def exclude_account(request: ApiRequest, name: Name) -> Any:
    """Exclude it from later bundles. Spinnaker keeps it until you install such a
    bundle.
    """
    account = account_named(name)
    if not exclude_from_bundles(account, request.user):
        raise Problem(Code.NOT_IN_BUNDLES, not_held(account))
    return read_account(request, name)


@changes(
    router,
    "/{name}/include",
    "Include an account in bundles again",
    {200: AccountInFull},
)
def include_account(request: ApiRequest, name: Name) -> Any:
    """Let later bundles hold an account again that was excluded."""
    account = account_named(name)
    if not include_in_bundles(account, request.user):
        raise Problem(Code.NOT_IN_BUNDLES, not_held(account))
    return read_account(request, name)


@changes(router, "/{name}", "Delete an account", {204: None}, method="DELETE")
def delete_account(request: ApiRequest, name: Name) -> Any:
    """Delete an account from Bowline that doesn’t exist in AWS. To delete one in AWS,
    plan its removal first.
    """
    forget_account(account_named(name), request.user)
    return Status(204, None)


class Leaving(Request):
    confirmation: Typed = Field(description="The account’s name")


@changes(
    router,
    "/{name}/leave",
    "Delete an account and leave AWS as it is",
    {204: None},
    auth=APPROVES,
)
def leave_account(request: ApiRequest, name: Name, body: Leaving) -> Any:
    """Delete an account from Bowline whose roles were there before. Nothing changes in
    AWS: Spinnaker can still assume the account’s role, and the managing account lists
    it as kept. Spinnaker keeps the account only where its own configuration does.
    """
    account = account_named(name)
    confirm_leaving(account.name, body.confirmation)
    leave_in_aws(account, request.user)
    return Status(204, None)
