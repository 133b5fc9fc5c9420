"""The external ID of an account: which one AWS accepts, and its rotation."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest
from ninja import Field, Schema

from accounts.api.operations import operation
from accounts.api.v1.accounts.describing import account_named, router
from accounts.api.v1.texts import Name
from accounts.external_ids import (
    accepted_now,
    cancel_rotation,
    finish_rotation,
    rotate,
    stages,
)
from accounts.models import ManagedAccount


class RotationStage(Schema):
    title: str
    done: bool
    to_do: str = Field(description="What makes it done")


class ExternalId(Schema):
    external_id: str = Field(description="The account’s own, or empty if it uses none")
    previous: str = Field(description="The one before, while a rotation is open")
    accepted: str = Field(description="What else AWS accepts, or empty if nothing")
    stages: list[RotationStage] = Field(
        description="What has to be done before the rotation can be finished, in order"
    )


@router.get(
    "/{name}/external-id", response=ExternalId, summary="Read an account’s external ID"
)
def read_external_id(request: HttpRequest, name: Name) -> dict[str, Any]:
    """Read the external ID, and how far its rotation is."""
    return external_id_of(account_named(name))


def read_decided_id(request: HttpRequest, account: ManagedAccount, _: None) -> Any:
    return read_external_id(request, account.name)


decides = partial(
    operation,
    router,
    response={200: ExternalId},
    find=account_named,
    answer=read_decided_id,
)
decides(
    "/{name}/external-id/rotate",
    rotate,
    "rotate_external_id",
    "Rotate an account’s external ID",
    says="Create a new external ID. Plan the account again: AWS then accepts both.",
)
decides(
    "/{name}/external-id/finish",
    finish_rotation,
    "finish_external_id",
    "Finish the rotation of an external ID",
    says="""Drop the previous external ID, once Spinnaker has the new one. Plan the
    account again: AWS then accepts the new one only.
    """,
)
decides(
    "/{name}/external-id/cancel",
    cancel_rotation,
    "cancel_external_id",
    "Cancel the rotation of an external ID",
    says="Restore the previous external ID. Plan the account again.",
)


def external_id_of(account: ManagedAccount) -> dict[str, Any]:
    uses, rotates = account.uses_external_id, account.former_external_id
    return {
        "external_id": account.spinnakers_external_id if uses else "",
        "previous": rotates,
        "accepted": accepted_now(account),
        "stages": [one._asdict() for one in stages(account)] if rotates else [],
    }
