"""Whether bundles hold an account, and whether Bowline keeps it."""

from __future__ import annotations

from functools import partial
from typing import Any

from ninja import Field

from accounts.api.operations import operation
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import (
    AccountInFull,
    account_named,
    read_decided_account,
    router,
)
from accounts.api.v1.texts import Typed
from accounts.models import ManagedAccount
from accounts.runs.deciding.confirmation import confirm_leaving
from accounts.runs.deciding.forgetting import forget_account, leave_in_aws
from accounts.spinnaker.bundles import exclude_from_bundles


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
