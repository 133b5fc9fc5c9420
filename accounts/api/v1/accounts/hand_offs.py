"""Hand-offs: what an account's owner receives, and what somebody says of the owner."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.operations import operation
from accounts.api.v1.accounts.describing import account_named, router
from accounts.api.v1.runs import RunInFull, read_decided
from accounts.api.v1.texts import Name
from accounts.models import Run
from accounts.runs.owners.hand_offs import (
    NOT_HANDED_OFF,
    NotHandedOff,
    Subject,
    hand_out,
    last_hand_off,
    waiting_run,
)
from accounts.runs.owners.looking import NoOneWaits, take_word
from onboarding.handoff.words import about, package


class HandOffFile(Schema):
    path: str
    text: str
    executable: bool


class HandOff(Schema):
    about: list[str] = Field(description="What to tell the owner")
    approved: bool = Field(description="Whether a plan with exactly this is approved")
    waiting_run: int | None = Field(description="The run that waits for the owner")
    files: list[HandOffFile]


@router.get(
    "/{name}/hand-off",
    auth=OPERATES,
    response=HandOff,
    summary="Read what an account’s owner receives",
)
def read_hand_off(request: ApiRequest, name: Name) -> dict[str, Any]:
    """Read the files with which the owner creates the roles. The activity log says who
    did.
    """
    return taken(request, account_named(name))


def taken(request: ApiRequest, account: Subject) -> dict[str, Any]:
    """Give the files, and record who took them."""
    run = waiting_run(account)
    removes = run is not None and run.kind == Run.Kind.REMOVE
    one = hand_out(account, request.user, removes=removes)
    last = last_hand_off(account)
    return {
        "about": list(about(one)),
        "approved": last is not None and last.text_id == one.digest,
        "waiting_run": run.number if run else None,
        "files": package(one),
    }


def waiting_of(name: Name) -> Run:
    account = account_named(name)
    if not account.is_handed_off:
        raise NotHandedOff(NOT_HANDED_OFF)
    run = waiting_run(account)
    if run is None:
        raise NoOneWaits(f"{account.name} doesn't wait for an owner.")
    return run


operation(
    router,
    "/{name}/hand-off/updated",
    take_word,
    "report_hand_off_updated",
    "Report that an owner has updated the stack",
    {202: RunInFull},
    says="""Record the owner’s word that the stack is updated, where Bowline can’t see
    it. Bowline then verifies the account.
    """,
    find=waiting_of,
    answer=read_decided,
)
