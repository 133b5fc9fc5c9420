"""How Bowline reaches an account, and what its owner does, and what is accepted
of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Field, Query, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.operations import operation
from accounts.api.problems import Code, Problem, answer_of, asked_of
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import account_named, router
from accounts.api.v1.foreign import ForeignPolicyListed
from accounts.api.v1.runs import RunInFull, read_decided
from accounts.api.v1.texts import IN_PROGRESS, READ_AGAIN, Name, Typed
from accounts.discover.access import (
    just_answered,
    policies_for,
    reach_of,
    report_of,
    tested_access,
    texts,
    who_is_bowline,
)
from accounts.discover.questions import seen
from accounts.external_ids import (
    accepted_now,
    cancel_rotation,
    finish_rotation,
    rotate,
    stages,
)
from accounts.http import full_url
from accounts.mapping.edits import edit_account
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Question, Run
from accounts.review.as_found import Reading, RoleSaid, Said, reviewed
from accounts.runs.owners.hand_offs import (
    NOT_HANDED_OFF,
    NotHandedOff,
    Subject,
    hand_out,
    last_hand_off,
    waiting_run,
)
from accounts.runs.owners.looking import NoOneWaits, take_word
from onboarding import names
from onboarding.desired import POLICY_SET
from onboarding.handoff.words import about, package
from onboarding.review.permissions import Topic


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


NOT_TESTED = "No one tested this role in the last minute. Test it: send a POST here."


class RoleAsked(Request):
    access_role: Typed | None = Field(
        None, description="null: the one in the account's settings"
    )


class Statement(Schema):
    says: str
    text: str


class AccessTest(Schema):
    is_tested: bool = Field(description="Whether a worker is testing it")
    works: bool | None = Field(description="null: no answer yet")
    role_arn: str
    bowline: str = Field(description="Bowline’s own principal, which the role trusts")
    sentence: str
    hint: str
    statements: list[Statement] = Field(description="What must be allowed, and where")


@changes(
    router, "/{name}/access-test", "Test an account’s access role", {202: AccessTest}
)
def test_access_role(request: ApiRequest, name: Name, body: RoleAsked) -> Any:
    """Test whether Bowline can assume the role. Nothing in AWS changes."""
    question = access_question(request, name, body.access_role)
    return Status(202, test_of(asked_of(question, request.user, again=True)))


@router.get(
    "/{name}/access-test",
    auth=OPERATES,
    response=AccessTest,
    summary="Read the test of an access role",
)
def read_access_test(
    request: ApiRequest, name: Name, role: Query[RoleAsked]
) -> dict[str, Any]:
    """Read what a test of the last minute found."""
    asked = seen(access_question(request, name, role.access_role))
    if asked is None:
        raise Problem(Code.NOT_TESTED, NOT_TESTED)
    return test_of(asked)


def access_question(request: ApiRequest, name: str, role: str | None) -> Question:
    account = account_named(name)
    edit_account.refuse(account, request.user, locks=False)
    try:
        reach = reach_of(account, account.access_role if role is None else role)
    except names.BadName as error:
        raise Problem(Code.INVALID, str(error)) from error
    return tested_access.at(managing_row().partition, reach)


def test_of(asked: Question) -> dict[str, Any]:
    said: dict[str, Any] = {
        "is_tested": asked.waits,
        "works": None,
        "role_arn": "",
        "bowline": "",
        "sentence": asked.message,
        "hint": asked.hint,
        "statements": [],
    }
    if asked.waits or asked.message:
        return said
    report = report_of(asked)
    return said | {
        "works": report.works,
        "role_arn": report.role_arn,
        "bowline": report.caller.principal if report.caller else "",
        "sentence": report.sentence,
        "hint": report.hint,
        "statements": policies_for(report),
    }


class AccessRoleTexts(Schema):
    path: str = Field(description=READ_AGAIN)
    in_progress: bool = Field(description=IN_PROGRESS)
    name: str
    bowline: str = Field(description="Bowline’s own principal, which the role trusts")
    template: str = Field(description="For CloudFormation")
    terraform: str = Field(description="The same as bowline-access.tf.json")
    commands: list[Statement] = Field(description="How to create it in every account")
    own_policy: dict[str, Any] = Field(
        description="What Bowline’s identity needs to assume it"
    )


@router.get(
    "/{name}/access-role",
    auth=OPERATES,
    response={200: AccessRoleTexts, 202: AccessRoleTexts},
    summary="Read how to create an access role",
)
def read_access_role(request: ApiRequest, name: Name) -> Any:
    """Read the template of a role that trusts only Bowline. Until a worker knows who
    Bowline is, the answer is 202.
    """
    account = account_named(name)
    said: dict[str, Any] = {
        "path": f"/accounts/{name}/access-role",
        "in_progress": True,
        "name": "",
        "bowline": "",
        "template": "",
        "terraform": "",
        "commands": [],
        "own_policy": {},
    }
    question = who_is_bowline()
    found = just_answered() or seen(question) or asked_of(question, request.user)
    if found.waits:
        return Status(202, said)
    answer_of(found)
    shown = texts(account, found)
    role = shown["role"]
    return said | {
        "in_progress": False,
        "name": role.name,
        "bowline": role.bowline,
        "template": role.template,
        "terraform": role.terraform,
        "commands": [*shown["commands"], shown["by_itself"]],
        "own_policy": role.own_policy,
    }


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
    account = account_named(name)
    uses, rotates = account.uses_external_id, account.former_external_id
    return {
        "external_id": account.spinnakers_external_id if uses else "",
        "previous": rotates,
        "accepted": accepted_now(account),
        "stages": stages(account) if rotates else [],
    }


decides = partial(
    operation,
    router,
    response={200: ExternalId},
    find=account_named,
    answer=lambda request, account, _: read_external_id(request, account.name),
)
decides(
    "/{name}/external-id/rotate",
    rotate,
    "rotate_external_id",
    "Rotate an account’s external ID",
    says="Create a new external ID. Plan the account again, so that AWS accepts both.",
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


class Allowed(Schema):
    topic: str = Field(description="A provider, or what every account needs")
    capability: str
    access: str = Field(description="read or write")
    action: str
    resources: list[str]
    condition: dict[str, Any]
    reason: str
    sources: list[str] = Field(description="Where Spinnaker or Packer calls it")


class LinkOfChain(Schema):
    title: str
    arn: str
    sentence: str


class OtherRole(Schema):
    arn: str
    reason: str
    trust: str = Field(description="What AWS had of its trust policy, as a sentence")
    policies_of_others: list[str]
    services: list[str]
    policies: list[str]


class TrustFound(Schema):
    sentence: str = Field(description="As the page says it")
    is_as_planned: bool = Field(description="false only where AWS had another one")
    found: list[dict[str, Any]] = Field(
        description="The statements that AWS had, where they aren’t those planned"
    )


class Found(Schema):
    """What AWS had when its roles were last read, in the sentences of the page."""

    sentence: str
    read_at: datetime | None = Field(description="null: nothing was read yet")
    unread: str = Field(description="Why it couldn’t be read since, or empty if it was")
    differs: list[str] = Field(description="What a plan would have changed then")
    policies_of_others: list[ForeignPolicyListed] = Field(
        description="Those first that aren't accepted"
    )
    trust: TrustFound | None = Field(description="null: no such role is planned")
    boundary: str


class RoleFound(Found):
    size: str = Field(description="How many actions, next to PowerUserAccess")
    actions: int = Field(description="As found; as planned where nothing was read")


class PermissionsInFull(Schema):
    page: str = Field(description="Where people read it")
    policy_set: int = Field(description="Which policies this describes")
    has_policy_set: int = Field(description="Which AWS has; 0: none yet")
    verified_at: datetime | None
    is_as_verified: bool = Field(
        description="Whether AWS had exactly this, and nothing of others, when it was "
        "last read, and the account is verified or evaluated"
    )
    found: RoleFound = Field(description="In the account, and of the managed role")
    identity_found: Found = Field(description="In the managing account")
    other_assumers: list[str] = Field(
        description="Who else could assume the managed role when it was last read, the "
        "widest access first"
    )
    chain: list[LinkOfChain] = Field(description="Who may assume what, and how")
    trust: list[dict[str, Any]] = Field(description="Of the managed role")
    boundary: str
    warnings: list[str]
    allowed: list[Allowed] = Field(description="What the managed role can do")
    power_user_by: list[str] = Field(
        description="Providers for which PowerUserAccess is attached, too"
    )
    other_roles: list[OtherRole]
    identity_trust: list[dict[str, Any]] = Field(
        description="Of Spinnaker’s identity, or empty if it existed before Bowline"
    )
    identity_allowed: list[Allowed] = Field(
        description="What the identity can do in addition to assuming the managed roles"
    )


@router.get(
    "/{name}/permissions",
    response=PermissionsInFull,
    summary="Read what Spinnaker can do in an account",
)
def read_permissions(request: HttpRequest, name: Name) -> dict[str, Any]:
    """Read who may assume the managed role, what it may do, and why, as planned; and
    under `found`, what AWS had when it was last read, policies of others included.
    """
    rows = ManagedAccount.objects.prefetch_related("providers")
    row = get_object_or_404(rows, name=name)
    shown = reviewed(managing_of(managing_row()), managed_of(row), row)
    review, reading, size = shown["review"], shown["reading"], shown["size"]
    has_role = bool(shown["chain"].role)
    role = shown["found"] if has_role else None
    found = found_of(reading, shown["verdict"], role)
    found["size"] = size.sentence if has_role else ""
    found["actions"] = size.comparison.granted if has_role else 0
    return {
        "page": full_url(request, reverse("accounts:permissions", args=[row.pk])),
        "policy_set": POLICY_SET,
        "has_policy_set": row.policy_set,
        "verified_at": row.verified_at,
        "is_as_verified": shown["is_as_verified"],
        "found": found,
        "identity_found": found_of(
            shown["managings"], shown["identity_verdict"], shown["identity_found"]
        ),
        "other_assumers": shown["other_assumers"] if has_role else [],
        "chain": shown["chain"].links,
        "trust": review.trust if has_role else [],
        "boundary": review.boundary if has_role else "",
        "warnings": review.warnings,
        "allowed": list(allowed_by(review.topics)) if has_role else [],
        "power_user_by": review.power_user_by,
        "other_roles": [
            {
                "arn": one.arn,
                "reason": one.reason,
                "services": one.services,
                "policies": one.policies,
                "trust": said.trust.sentence,
                "policies_of_others": said.policies,
            }
            for one, said in shown["other_roles"]
        ],
        "identity_trust": shown["identity_trust"],
        "identity_allowed": list(allowed_by(shown["identity_topics"])),
    }


def found_of(reading: Reading, verdict: Said, role: RoleSaid | None) -> dict[str, Any]:
    trust = role and {
        "sentence": role.trust.sentence,
        "is_as_planned": not role.trust.is_other,
        "found": role.trust.statements,
    }
    return {
        "sentence": verdict.sentence,
        "read_at": reading.read_at,
        "unread": reading.unread,
        "differs": reading.differs,
        "policies_of_others": reading.policies,
        "trust": trust,
        "boundary": role.boundary.sentence if role else "",
    }


def allowed_by(topics: Iterable[Topic]) -> Iterable[dict[str, Any]]:
    for topic in topics:
        for capability in topic.capabilities:
            for one in capability.allowed:
                yield {
                    "topic": topic.title,
                    "capability": capability.title,
                    "access": capability.access,
                    "action": one.action,
                    "resources": one.resources,
                    "condition": one.condition,
                    "reason": one.evidence.reason,
                    "sources": one.evidence.sources,
                }
