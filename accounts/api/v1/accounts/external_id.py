"""The external ID of an account: which one AWS accepts, and its rotation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from ninja import Field, Schema

from accounts.api.authentication import ApiRequest
from accounts.api.idempotency import changes
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

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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


@changes(
    router,
    "/{name}/external-id/rotate",
    "Rotate an account’s external ID",
    {200: ExternalId},
)
def rotate_external_id(request: ApiRequest, name: Name) -> Any:
    """Create a new external ID. Plan the account again: AWS then accepts both."""
    return decided(rotate, name, request.user)


@changes(
    router,
    "/{name}/external-id/finish",
    "Finish the rotation of an external ID",
    {200: ExternalId},
)
def finish_external_id(request: ApiRequest, name: Name) -> Any:
    """Drop the previous external ID, once Spinnaker has the new one. Plan the account
    again: AWS then accepts the new one only.
    """
    return decided(finish_rotation, name, request.user)


@changes(
    router,
    "/{name}/external-id/cancel",
    "Cancel the rotation of an external ID",
    {200: ExternalId},
)
def cancel_external_id(request: ApiRequest, name: Name) -> Any:
    """Restore the previous external ID. Plan the account again."""
    return decided(cancel_rotation, name, request.user)


def decided(
    decide: Callable[[ManagedAccount, User], None], name: str, by: User
) -> dict[str, Any]:
    decide(account_named(name), by)
    return external_id_of(account_named(name))


def external_id_of(account: ManagedAccount) -> dict[str, Any]:
    uses, rotates = account.uses_external_id, account.former_external_id
    return {
        "external_id": account.spinnakers_external_id if uses else "",
        "previous": rotates,
        "accepted": accepted_now(account),
        "stages": [one._asdict() for one in stages(account)] if rotates else [],
    }
