"""A test of the access role: may Bowline assume it?"""

from __future__ import annotations

from typing import Any

from ninja import Field, Query, Schema
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.codes import Code
from accounts.api.idempotency import changes
from accounts.api.problems import Problem, asked_of
from accounts.api.requests import Request
from accounts.api.v1.accounts.describing import account_named, router
from accounts.api.v1.texts import Name, Typed
from accounts.discover.access import policies_for, reach_of, report_of, tested_access
from accounts.discover.questions import seen
from accounts.mapping.edits import edit_account
from accounts.mapping.managing import managing_row
from accounts.models import Question
from onboarding import names

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
        "statements": [one._asdict() for one in policies_for(report)],
    }
